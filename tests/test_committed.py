"""Verification: a changed byte, a missing file and a file that nothing makes are found."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from command_line import assert_one_message, invoke, stages_told

from replication.errors import VerificationError
from replication.files import PART
from replication.pipeline import STAGES
from replication.places import IN_SHORT
from replication.report import codebook, datapackage, documents, licences, provenance, readme
from replication.run import Run
from replication.validation import committed as validation
from replication.validation.committed import compare, verify_committed

TREE = {
    "results/shares.csv": b"group,share\nChina,0.5\nUSA,0.25\n",
    "results/numbers.json": b"{}\n",
    "figures/pair.png": b"\x89PNG\x00\xff",
    **{f"paper/{name}": b"text\n" for name in (*documents.outputs(), IN_SHORT)},
    "page/index.html": b"text\n",
}


def plant(folder: Path) -> Path:
    """Write a synthetic tree of outputs."""
    for name, content in TREE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path]:
    """Two equal trees: what was made and what is committed."""
    return plant(tmp_path / "made"), plant(tmp_path / "committed")


def test_equal_trees(trees: tuple[Path, Path]) -> None:
    """Equal trees differ nowhere, and every file is counted once."""
    assert compare(*trees) == ([], len(TREE))


@pytest.mark.parametrize("name", TREE)
def test_changed_byte(trees: tuple[Path, Path], name: str) -> None:
    """One changed byte in any file is found, and the file is named."""
    path = trees[1] / name
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.write_bytes(content)
    wrong, compared = compare(*trees)
    assert compared == len(TREE)
    assert len(wrong) == 1
    assert wrong[0].startswith(f"{name} differs")


def test_changed_text_shows_the_line(trees: tuple[Path, Path]) -> None:
    """Of a text that differs the first line is shown as committed and as made."""
    path = trees[1] / "results" / "shares.csv"
    path.write_bytes(path.read_bytes().replace(b"0.25", b"0.26"))
    wrong, _ = compare(*trees)
    assert wrong == ["results/shares.csv differs: -USA,0.26 +USA,0.25"]


@pytest.mark.parametrize("name", TREE)
def test_missing_file(trees: tuple[Path, Path], name: str) -> None:
    """A file that is made but not committed is found."""
    (trees[1] / name).unlink()
    assert compare(*trees) == ([f"{name} is not committed"], len(TREE))


@pytest.mark.parametrize("name", TREE)
def test_file_that_nothing_makes(trees: tuple[Path, Path], name: str) -> None:
    """A file that is committed but not made any more is found."""
    (trees[0] / name).unlink()
    assert compare(*trees) == ([f"{name} is made by nothing"], len(TREE))


@pytest.mark.parametrize("name", ["results/old.csv", "figures/old.svg", "results/.hidden"])
def test_further_file(trees: tuple[Path, Path], name: str) -> None:
    """A further file beside the outputs, hidden or not, is found."""
    (trees[1] / name).write_bytes(b"left over")
    assert compare(*trees) == ([f"{name} is made by nothing"], len(TREE) + 1)


def test_part_of_a_killed_run_is_no_output(trees: tuple[Path, Path]) -> None:
    """What a killed run left unfinished, which git ignores, is not compared."""
    (trees[1] / "results" / f".shares.csv.abc{PART}").write_bytes(b"group,sh")
    assert compare(*trees) == ([], len(TREE))


def test_all_differences_are_told(trees: tuple[Path, Path]) -> None:
    """Several differences are told in one list."""
    (trees[1] / "results" / "numbers.json").unlink()
    (trees[1] / "figures" / "pair.png").write_bytes(b"")
    (trees[1] / "paper" / "paper.pdf").write_bytes(b"")
    wrong, _ = compare(*trees)
    assert [line.split()[0] for line in wrong] == [
        "results/numbers.json",
        "figures/pair.png",
        "paper/paper.pdf",
    ]


@pytest.fixture
def committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A synthetic repository, whose one stage makes the tree and whose README is fresh."""
    root = plant(tmp_path / "repository")
    for name in readme.DOCUMENTS:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("fresh", encoding="utf-8")
    (root / datapackage.NAME).write_text("{}", encoding="utf-8")

    def act(run: Run, progress: Callable[[str], None]) -> list[Path]:
        plant(run.out)
        return [run.out / name for name in TREE]

    monkeypatch.setattr(validation, "STAGES", (replace(STAGES[0], action=act),))
    monkeypatch.setattr(readme, "rendered", lambda *_: "fresh")
    for document in (provenance, codebook, licences):
        monkeypatch.setattr(document, "rendered", lambda results, definitions: "fresh")
        (root / document.NAME).parent.mkdir(exist_ok=True)
        (root / document.NAME).write_text("fresh", encoding="utf-8")
    monkeypatch.setattr(datapackage, "package", lambda results, definitions: {})
    return root


def test_verified_repository(committed: Path) -> None:
    """A repository that holds what is made is verified, its README included."""
    told: list[str] = []
    assert verify_committed(told.append, committed) == len(TREE) + 4 + len(readme.DOCUMENTS)
    assert told == ["fetch"]


@pytest.mark.parametrize("name", readme.DOCUMENTS, ids=str)
def test_stale_readme(committed: Path, name: Path) -> None:
    """A README, or another document, whose generated parts are stale is found."""
    (committed / name).write_text("stale", encoding="utf-8")
    with pytest.raises(VerificationError, match=rf"{name.name}: its generated parts are stale"):
        verify_committed(lambda _: None, committed)


@pytest.mark.parametrize("name", [provenance.NAME, codebook.NAME, licences.NAME])
def test_stale_document(committed: Path, name: Path) -> None:
    """A generated document that is stale, or is not there, is found."""
    for lose in (lambda: (committed / name).write_text("old"), (committed / name).unlink):
        lose()
        with pytest.raises(VerificationError, match=rf"{name.as_posix()}: it is stale"):
            verify_committed(lambda _: None, committed)


def test_stale_description(committed: Path) -> None:
    """A description of the tables that is not theirs is found."""
    (committed / datapackage.NAME).write_text('{"name": "old"}', encoding="utf-8")
    with pytest.raises(VerificationError, match=r"datapackage\.json: it does not describe"):
        verify_committed(lambda _: None, committed)


def test_verification_changes_nothing(committed: Path) -> None:
    """Verification works in a folder of its own: a wrong file stays as it is, for the reader."""
    path = committed / "results" / "shares.csv"
    path.write_bytes(b"edited")
    with pytest.raises(VerificationError, match=r"results/shares\.csv differs") as caught:
        verify_committed(lambda _: None, committed)
    assert "make all" in caught.value.remedy
    assert path.read_bytes() == b"edited"
    assert not (committed / "build").exists()


def test_command_fails_with_the_list(committed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`verify` prints every difference in one message and exits with 1."""
    monkeypatch.setattr(validation, "verify_committed", _verifying(committed))
    shutil.rmtree(committed / "figures")
    (committed / "paper" / "paper.tex").unlink()
    done = invoke("verify")
    assert_one_message(done.exit_code, done.stderr, "figures/pair.png is not committed")
    assert "paper/paper.tex is not committed" in done.stderr
    assert stages_told(done.stdout) == {}


def _verifying(root: Path) -> Callable[..., int]:
    """Verification of another root than this repository, and of nothing else."""
    return lambda progress, **_: verify_committed(progress, root)
