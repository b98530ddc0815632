"""What a release consists of: packed files with the same bytes, an archive that runs alone, notes, a list of what is left."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from command_line import environment
from test_citation import tracked
from typer.testing import CliRunner

from release import archive, distributions, notes, packing, rehearsal, source
from release.__main__ import app
from release.source import ReleaseError
from replication import __version__
from replication.errors import OutputError
from replication.run import ROOT

WHEN = datetime(2026, 1, 2, tzinfo=UTC)
ENTRIES = [("a/b.txt", b"text" * 99, 0o644), ("a/run", b"#!/bin/sh\n", 0o755)]
DEAF = """
import runpy, sys

def refuse(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo"}:
        raise OSError("no network here")

sys.addaudithook(refuse)
sys.argv = ["replication", *sys.argv[1:]]
runpy.run_module("replication", run_name="__main__")
"""
"""Runs the command line without a network."""


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_packed_bytes_follow_from_the_contents(kind: str, tmp_path: Path) -> None:
    """Time zone, umask and the day leave no trace, and what is packed comes out again."""
    write, read = {
        "zip": (packing.zipped, packing.of_zip),
        "tar": (packing.tarred, packing.of_tar),
    }[kind]
    write(tmp_path / "one", ENTRIES, WHEN)
    old = os.umask(0o077)
    try:
        write(tmp_path / "two", ENTRIES, WHEN)
    finally:
        os.umask(old)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert [(name, content) for name, content, _ in read(tmp_path / "one")] == [
        x[:2] for x in ENTRIES
    ]


def test_a_zip_file_keeps_what_can_be_run(tmp_path: Path) -> None:
    """The mode of a file is kept, and its time is the one that is given."""
    packing.zipped(tmp_path / "one.zip", ENTRIES, WHEN)
    with zipfile.ZipFile(tmp_path / "one.zip") as packed:
        assert [one.external_attr >> 16 & 0o777 for one in packed.infolist()] == [0o644, 0o755]
        assert {one.date_time for one in packed.infolist()} == {(2026, 1, 2, 0, 0, 0)}


def test_notes_are_the_section_of_the_version() -> None:
    """The present version has notes, without those of another."""
    told = CliRunner().invoke(app, ["notes"])
    assert told.exit_code == 0
    assert told.stdout == notes.of(ROOT, __version__)
    assert told.stdout.startswith("- ")
    assert "\n## " not in told.stdout
    assert __version__ in notes.versions(ROOT)[:2]  # the next one may have begun
    older = CliRunner().invoke(app, ["notes", notes.versions(ROOT)[-1]])
    assert older.stdout not in {"", told.stdout}


def test_a_version_without_notes_is_refused(tmp_path: Path) -> None:
    """One without a section, and one whose section is empty."""
    (tmp_path / notes.CHANGELOG).write_text(
        "# Changes\n\n## 2\n\n## 1\n\n- first\n", encoding="utf-8"
    )
    assert notes.of(tmp_path, "1") == "- first\n"
    for version in ("2", "3", "."):
        with pytest.raises(ReleaseError, match="says nothing of"):
            notes.of(tmp_path, version)


def clone(folder: Path) -> Path:
    """A small repository of its own, all committed."""
    folder.mkdir()
    (folder / "run").write_text("#!/bin/sh\n", encoding="utf-8")
    (folder / "run").chmod(0o755)
    (folder / "ö x.txt").write_text("text\n", encoding="utf-8")
    (folder / "CITATION.cff").write_text(
        "authors: [{name: us}]\ndate-released: 2026-01-02\n", encoding="utf-8"
    )
    user = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    for line in (("init", "-q"), ("add", "-A"), (*user, "commit", "-qm", "all")):
        subprocess.run(["git", *line], cwd=folder, capture_output=True, check=True)
    return folder


needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


@pytest.mark.slow
@needs_git
def test_an_archive_is_of_a_commit(tmp_path: Path) -> None:
    """It holds what is tracked with sums and the commit, the same bytes twice, and refuses what is not committed."""
    root = clone(tmp_path / "clone")
    first, again = (archive.write(root, tmp_path / name) for name in ("a", "b"))
    assert first.read_bytes() == again.read_bytes()
    with zipfile.ZipFile(first) as packed:
        inside = {name.split("/", 1)[1]: packed.read(name) for name in packed.namelist()}
        modes = {
            x.filename.split("/", 1)[1]: x.external_attr >> 16 & 0o777 for x in packed.infolist()
        }
    assert set(inside) == {"run", "ö x.txt", "CITATION.cff", "COMMIT", "SHA256SUMS"}
    assert modes["run"], modes["CITATION.cff"] == (0o755, 0o644)
    assert inside["COMMIT"].decode().strip() == source.git(root, "rev-parse", "HEAD").strip()
    sums = dict(line.split("  ", 1)[::-1] for line in inside["SHA256SUMS"].decode().splitlines())
    assert set(sums) == set(inside) - {"SHA256SUMS"}
    assert all(hashlib.sha256(inside[name]).hexdigest() == digest for name, digest in sums.items())
    (root / "new.txt").write_text("new", encoding="utf-8")
    with pytest.raises(ReleaseError, match=r"1 files differ .* new\.txt"):
        archive.write(root, tmp_path / "c")


def test_without_a_clone_nothing_is_released(tmp_path: Path) -> None:
    """Only git knows what belongs to a release."""
    with pytest.raises(OutputError, match="is no clone"):
        source.tracked(tmp_path)


@pytest.mark.slow
@needs_git
def test_what_is_left_to_do_is_what_is_missing(tmp_path: Path) -> None:
    """Authors, address, DOI and tag are named until they are there."""
    root = clone(tmp_path / "clone")
    todo = rehearsal.by_hand(root)
    assert [w for w in ("authors", "address", "DOI", "tag") if any(w in line for line in todo)] == [
        "authors", "address", "DOI", "tag",
    ]  # fmt: skip
    full = {
        "authors": [{"family-names": "A"}],
        "doi": "10.1/x",
        "repository-code": "https://example.org",
    }
    (root / "CITATION.cff").write_text(yaml.safe_dump(full), encoding="utf-8")
    source.git(root, "tag", __version__)
    assert len(rehearsal.by_hand(root)) == len(todo) - 4


def test_versions_that_differ_stop_a_release(tmp_path: Path) -> None:
    """The version of the code, of the citation and of the newest notes are one."""
    about = {"version": __version__, "date-released": "2026-01-02"}
    (tmp_path / "CITATION.cff").write_text(yaml.safe_dump(about), encoding="utf-8")
    (tmp_path / notes.CHANGELOG).write_text(f"## {__version__}\n\n- x\n", encoding="utf-8")
    assert rehearsal._one_version(tmp_path) == f"{__version__} of 2026-01-02"
    (tmp_path / notes.CHANGELOG).write_text("## 99\n\n- x\n", encoding="utf-8")
    with pytest.raises(ReleaseError, match=r"99 in CHANGELOG\.md"):
        rehearsal._one_version(tmp_path)


@pytest.mark.slow
def test_distributions_are_the_same_bytes_and_make_one_wheel(tmp_path: Path) -> None:
    """Built under another umask and time zone they are the same; what they say of themselves is valid."""
    tracked()
    first = distributions.build(ROOT, tmp_path / "one")
    old = os.umask(0o077)
    try:
        again = distributions.build(ROOT, tmp_path / "two")
    finally:
        os.umask(old)
    assert [x.read_bytes() for x in first] == [x.read_bytes() for x in again]
    about = distributions.check(first[0])
    assert str(about.version) == __version__
    assert about.requires_python is not None


def test_metadata_that_break_a_rule_are_refused(tmp_path: Path) -> None:
    """A version that is none, and a wheel without a description."""
    head = b"Metadata-Version: 2.4\nName: x\nVersion: %s\n"
    for version, what in ((b"one", "version"), (b"1", "no description")):
        packing.zipped(
            tmp_path / "x.whl", [("x-1.dist-info/METADATA", head % version, 0o644)], WHEN
        )
        with pytest.raises(ReleaseError, match=what):
            distributions.check(tmp_path / "x.whl")


@pytest.mark.slow
def test_the_unpacked_archive_runs_without_a_network(tmp_path: Path) -> None:
    """What is tracked, without history, installs from itself and makes the same tables with no network."""
    copied = tmp_path / "unpacked here"
    names = source.copy(ROOT, copied) if tracked() else []
    assert "requirements.lock" in names
    command = [sys.executable, "-c", DEAF]
    for line in (["fetch"], ["panel"], ["summary"]):
        done = subprocess.run(
            [*command, *line],
            cwd=copied,
            env=environment(),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert "What nobody can tell" in done.stdout
    assert (copied / "results" / "defects.csv").read_bytes() == (
        ROOT / "results" / "defects.csv"
    ).read_bytes()
    pip = [
        "-m",
        "pip",
        "--isolated",
        "install",
        "--quiet",
        "--no-index",
        "--no-deps",
        "--no-build-isolation",
    ]
    done = subprocess.run(
        [sys.executable, *pip, "--target", str(tmp_path / "packages"), str(copied)],
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    if "No module named pip" in done.stderr:
        pytest.skip("this environment has no pip")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "packages" / "replication" / "data" / "registry.csv").is_file()


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
@pytest.mark.parametrize(("packages", "offline"), [("wheels/x.whl", True), ("other/x.whl", False)])
def test_make_installs_from_the_archive_s_packages(
    packages: str, offline: bool, tmp_path: Path
) -> None:
    """Where the packages lie beside the Makefile, nothing is asked for elsewhere."""
    for name in ("Makefile", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / packages).parent.mkdir()
    (tmp_path / packages).touch()
    done = subprocess.run(
        ["make", "--dry-run", ".venv/ready"],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    installs = re.findall(r"pip install .*requirements\.lock", done.stdout)
    assert len(installs) == 2
    assert all(("--no-index -f wheels" in line) is offline for line in installs)


@pytest.mark.slow
@needs_git
def test_a_rehearsal_does_every_step_in_a_clone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It makes, verifies, builds twice, installs and unpacks, in this order; a file that changes stops it."""
    root, goals = clone(tmp_path / "clone"), []
    about = {"version": __version__, "date-released": "2026-01-02", "authors": [{"name": "us"}]}
    (root / "CITATION.cff").write_text(yaml.safe_dump(about), encoding="utf-8")
    (root / notes.CHANGELOG).write_text(f"## {__version__}\n\n- x\n", encoding="utf-8")
    user = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    source.git(root, "add", "-A")
    source.git(root, *user, "commit", "-qm", "a version")

    def make(folder: Path, *words: str) -> None:
        assert folder != root
        goals.append(words[0])
        if words[0] == "dataset":
            target = Path(words[1].removeprefix("OUT="))
            target.mkdir(parents=True)
            (target / "a.csv").write_bytes(b"a\n")
            (target / "SHA256SUMS").write_text(archive.sums({"a.csv": b"a\n"}), encoding="utf-8")

    def build(folder: Path, target: Path) -> list[Path]:
        packing.zipped(target / "x.whl", ENTRIES, WHEN)
        return [target / "x.whl"]

    monkeypatch.setattr(rehearsal, "_make", make)
    monkeypatch.setattr(rehearsal.distributions, "build", build)
    monkeypatch.setattr(rehearsal, "_installed", lambda *_: iter([("wheel, installed", "same")]))
    told = dict(rehearsal.rehearse(root, tmp_path / "release", lambda _: None))
    assert goals == ["all", "verify", "dataset"]
    steps = [
        "commit",
        "version",
        "notes",
        "make all",
        "make verify",
        "dataset",
        "x.whl",
        f"{source.stem()}.zip",
        "wheel, installed",
        "archive",
    ]
    assert list(told) == steps
    assert told["archive"] == f"{len(source.tracked(root)) + 1} files as SHA256SUMS says"
    monkeypatch.setattr(rehearsal, "_make", lambda folder, *_: (folder / "run").write_text("other"))
    with pytest.raises(ReleaseError, match=r"1 files differ .* run"):
        list(rehearsal.rehearse(root, tmp_path / "again", lambda _: None))
