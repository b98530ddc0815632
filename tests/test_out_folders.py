"""Where a run may write, and what it may read: empty paths, the repository, files and the data."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from command_line import assert_one_message, files_in, invoke

from replication import places
from replication.definitions import PACKAGED
from replication.errors import OutputError
from replication.kinds import BUNDLED
from replication.run import ROOT, Run, folder_for

ELSEWHERE = "--out FOLDER"
SYNTHETIC = "_id,downloadsAllTime\n1,2\n"


def refused(done: Result, what: str) -> str:
    """Check that one message says `what`, with code 1; return the remedy."""
    return assert_one_message(done.exit_code, done.stderr, what)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A file that looks like data."""
    path = tmp_path / "data" / "synthetic.csv"
    path.parent.mkdir()
    path.write_text(SYNTHETIC, encoding="utf-8")
    return path


@pytest.mark.parametrize("empty", ["", " "])
@pytest.mark.parametrize(
    "command",
    [
        ("fetch", "--out"),
        ("fetch", "--definitions"),
        ("fetch", "--data"),
        ("fetch", "--data", "records", "--records"),
        ("crawl", "--top", "1", "--out"),
        ("bundle", "--from"),
        ("bundle", "--from", "x.csv", "--folder"),
        ("who", "Qwen", "--registry"),
        ("registry", "coverage", "--data"),
    ],
    ids=" ".join,
)
def test_an_empty_path_is_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], empty: str
) -> None:
    """No option takes an empty text for the current folder; nothing runs and nothing is written."""
    monkeypatch.chdir(tmp_path)
    done = invoke(*command, empty)
    assert done.exit_code == 2, done.output
    assert command[-1] in done.stderr
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("out", [".", str(ROOT), f"{ROOT}/", "replication/..", "LINK"])
def test_the_repository_takes_no_other_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: Path, out: str
) -> None:
    """However the repository is written, other data and other definitions are refused."""
    monkeypatch.chdir(ROOT)
    manifest = (ROOT / "results" / "manifest.json").read_bytes()
    link = tmp_path / "link"
    link.symlink_to(ROOT, target_is_directory=True)
    out = out.replace("LINK", str(link))
    mine = tmp_path / "mine.toml"
    mine.write_bytes(PACKAGED.read_bytes())
    for options in (["--data", str(data)], ["--definitions", str(mine)], ["--data", "released"]):
        remedy = refused(invoke("fetch", *options, "--out", out), "is the repository")
        assert ELSEWHERE in remedy
    assert (ROOT / "results" / "manifest.json").read_bytes() == manifest


@pytest.mark.parametrize("out", ["/", "//", "~", "HOME/.."])
def test_a_folder_of_other_things_is_no_folder_of_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: Path, out: str
) -> None:
    """The root, as $UNSET/ is, and the user's folder are refused; a folder inside is not."""
    inner = tmp_path / "inner"
    inner.mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    out = out.replace("HOME/..", str(inner / ".."))
    refused(invoke("fetch", "--data", data, "--out", out), "is no folder of a run")
    refused(invoke("crawl", "--top", "1", "--out", out), "is no folder of a run")
    places.check_out(inner)
    monkeypatch.setattr(places, "is_repository", lambda folder: folder == places.ROOT == tmp_path)
    monkeypatch.setattr(places, "ROOT", tmp_path)
    places.check_out(tmp_path, committed=True)  # the repository may be the user's folder


def test_a_link_to_itself_is_no_folder(tmp_path: Path, data: Path) -> None:
    """A circle of links is told as one, for every path."""
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    for options in (["--data", data, "--out", circle], ["--data", circle]):
        refused(invoke("fetch", *options), "leads to itself")


@pytest.mark.parametrize(
    "inner", [".github", "replication", "results", "figures", "paper", "tests/new", "results/a/b"]
)
def test_folders_of_the_repository_are_its_own(data: Path, inner: str) -> None:
    """Not even the bundled run writes into a folder that holds other files of the repository."""
    for options in ([], ["--data", str(data)]):
        refused(invoke("fetch", *options, "--out", ROOT / inner), "the repository's own files")
    refused(invoke("crawl", "--top", "1", "--out", ROOT / inner), "the repository's own files")
    refused(
        invoke("bundle", "--from", data, "--folder", ROOT / inner), "the repository's own files"
    )


def test_another_copy_of_the_repository_is_one_too(tmp_path: Path) -> None:
    """The bundled run of this copy does not write into another one, nor a crawl."""
    for name in ("pyproject.toml", "replication/definitions/definitions.toml"):
        path = tmp_path / "clone" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(parents=True) if path.suffix == "" else path.write_text("", encoding="utf-8")
    for command in (["fetch"], ["crawl", "--top", "1"]):
        done = invoke(*command, "--out", tmp_path / "clone")
        refused(done, "is the repository")


def test_the_repository_is_the_place_of_the_bundled_run() -> None:
    """Its usual folder is allowed by any name, and runs/NAME for all else."""
    assert folder_for(BUNDLED) == ROOT
    places.check_out(ROOT, committed=Run(BUNDLED, ROOT).is_committed)
    places.check_out(ROOT / "runs" / "mine")
    places.check_out(ROOT / "build" / "mine")


def test_other_data_and_definitions_have_folders_of_their_own(tmp_path: Path) -> None:
    """The folder is named for the data, for the definitions, or for both."""
    mine = tmp_path / "my definitions.toml"
    mine.write_text("", encoding="utf-8")
    runs = ROOT / "runs"
    assert folder_for("released") == runs / "released"
    assert folder_for("a/b.parquet") == runs / "b"
    assert folder_for("a/b/") == runs / "b"
    assert folder_for(BUNDLED, mine) == runs / "my_definitions"
    assert folder_for("snapshots", mine) == runs / "snapshots-my_definitions"
    assert folder_for(f"{tmp_path}/a/..") == runs / tmp_path.name
    assert not Run(BUNDLED, ROOT, mine).is_committed


def test_an_out_that_is_a_file(tmp_path: Path) -> None:
    """A file in place of the folder, or above it, is named before anything runs."""
    path = tmp_path / "file"
    path.write_text("kept", encoding="utf-8")
    for out in (path, path / "a" / "b"):
        remedy = refused(invoke("fetch", "--out", out), "is a file")
        assert ELSEWHERE in remedy
    assert path.read_text(encoding="utf-8") == "kept"


@pytest.mark.parametrize("option", ["--data", "--records"])
@pytest.mark.parametrize("below", ["", "out", "a/b"])
def test_outputs_do_not_join_the_data(tmp_path: Path, option: str, below: str) -> None:
    """A folder of data is read, and nothing is written into it."""
    folder = tmp_path / "data"
    folder.mkdir()
    asked = ["--data", "records", option] if option == "--records" else [option]
    done = invoke("fetch", *asked, folder, "--out", folder / below)
    refused(done, "the folder of the data")
    assert files_in(folder) == []


def test_data_that_a_run_of_the_same_folder_built(tmp_path: Path) -> None:
    """What a run has fetched is not its own source."""
    folder = tmp_path / "build" / "source"
    folder.mkdir(parents=True)
    refused(invoke("fetch", "--data", folder, "--out", tmp_path), "builds in")


@pytest.mark.parametrize("data", ["https://example.org/a.parquet", "hf://datasets/a/b", "s3://a/b"])
def test_an_address_is_no_path(tmp_path: Path, data: str) -> None:
    """An address as data is named as one, with what to do instead."""
    done = invoke("fetch", "--data", data, "--out", tmp_path / "out")
    assert "--data released" in refused(done, f"{data} is an address")
    assert files_in(tmp_path) == []


@pytest.mark.slow
def test_the_folder_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """~ is the user's folder in every path, though make hands it on as it is."""
    monkeypatch.setenv("HOME", str(tmp_path))
    done = invoke("fetch", "--out", "~/out", "--definitions", PACKAGED)
    assert done.exit_code == 0, done.output
    assert "results/manifest.json" in files_in(tmp_path / "out")
    done = invoke("fetch", "--data", "~/absent.parquet", "--out", "~/other")
    refused(done, f"there is no file {tmp_path / 'absent.parquet'}")


@pytest.mark.slow
def test_other_kinds_of_paths_as_data(tmp_path: Path, data: Path) -> None:
    """A slash after a file is no other file; a device and a name that is too long are no files."""
    out = ["--out", str(tmp_path / "out")]
    assert invoke("fetch", "--data", f"{data}/", *out).exit_code == 0
    for wrong in ("/dev/null", "x" * 5_000, "-"):
        done = invoke("fetch", "--data", wrong, *out)
        assert_one_message(done.exit_code, done.stderr, wrong[:20])


@pytest.mark.slow
def test_dates_of_the_command_line_have_bounds(tmp_path: Path) -> None:
    """A first label after the last, or outside the life of the Hub, is refused before any work."""
    out = ["--data", "snapshots", "--out", str(tmp_path / "out")]
    refused(invoke("fetch", "--since", "0001-01-01", *out), "snapshots.since = 0001-01-01")
    refused(
        invoke("fetch", "--since", "2025-08-01", "--until", "2025-07-01", *out),
        "snapshots.since must not lie after snapshots.until",
    )
    assert files_in(tmp_path) == []


def test_an_installed_package_writes_into_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results of an installed package go beside the user's files; its own folder is refused."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(places, "IN_REPOSITORY", False)
    home = tmp_path / places.COMMAND
    assert folder_for(BUNDLED) == home
    assert folder_for("released") == home / "runs" / "released"
    for own in (places.PACKAGE, places.PACKAGE.parent):
        with pytest.raises(OutputError, match="the package itself"):
            places.check_out(own, committed=True)
    with pytest.raises(OutputError, match="verify needs the repository"):
        places.require_repository("verify")
