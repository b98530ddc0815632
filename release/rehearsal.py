"""A rehearsal of the release: everything that a release does, in a clean clone, and nothing published."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from release import archive, distributions, environments, notes, source, surroundings
from release.source import ReleaseError
from replication import __version__
from replication.files import read_text, sha256_file

Say = Callable[[str], None]
Line = tuple[str, str]
"""A step, and what it found."""


def rehearse(root: Path, target: Path, say: Say) -> Iterator[Line]:
    """Do every step and yield what each found; the first that fails ends it.

    Parameters
    ----------
    root
        The repository, all committed.
    target
        Where the files of the release go.
    say
        Called with what is being done.

    Raises
    ------
    ReleaseError
        A step fails.
    """
    yield "commit", source.require_clean(root)
    yield "version", _one_version(root)
    yield "notes", f"{len(notes.of(root, __version__).splitlines())} lines of CHANGELOG.md"
    with tempfile.TemporaryDirectory() as name:
        clone = Path(name) / "clone"
        source.git(root, "clone", "--quiet", "--no-hardlinks", str(root), str(clone))
        for goal in ("all", "verify"):
            say(f"make {goal} in a clean clone")
            _make(clone, goal)
            source.require_clean(clone)
            yield f"make {goal}", "nothing differs from the commit"
        say("dataset")
        _make(clone, "dataset", f"OUT={target / 'dataset'}")
        yield "dataset", _unchanged_sums(target / "dataset")
        say("distributions and archive")
        built = distributions.build(clone, target)
        again = distributions.build(clone, Path(name) / "again")
        built.append(archive.write(clone, target))
        again.append(archive.write(clone, Path(name) / "again"))
        for one, other in zip(built, again, strict=True):
            _require(sha256_file(one) == sha256_file(other), f"{one.name} differs when built again")
            yield one.name, f"{one.stat().st_size:,} bytes, SHA-256 {sha256_file(one)}"
        yield from _installed(root, built[0], Path(name), say)
        yield "archive", _unpacked(built[-1], Path(name) / "unpacked")


def by_hand(root: Path) -> list[str]:
    """What a maintainer still has to do, of what the repository can tell."""
    citation = yaml.safe_load(read_text(root / "CITATION.cff"))
    todo = []
    if not any("family-names" in author for author in citation["authors"]):
        todo.append("name the authors, with identifiers, in CITATION.cff and pyproject.toml")
    if "repository-code" not in citation:
        todo.append("give the public address of the repository in CITATION.cff (repository-code)")
    if "doi" not in citation:
        todo.append("reserve a DOI at an archive, and write it into CITATION.cff before the tag")
    if __version__ not in source.git(root, "tag", "--list").split():
        todo.append(f"tag the commit: git tag --sign {__version__}")
    return [
        *todo,
        "upload the files of the release to the archive, with the notes as description",
        "ask someone outside to run make verify, and record who did, when and on what machine",
    ]


def _one_version(root: Path) -> str:
    """The version, the same wherever it stands, and the day of the release."""
    citation = yaml.safe_load(read_text(root / "CITATION.cff"))
    places = {
        "replication/__init__.py": __version__,
        "CITATION.cff": str(citation["version"]),
        notes.CHANGELOG: notes.versions(root)[0],
    }
    told = ", ".join(f"{version} in {place}" for place, version in places.items())
    _require(len(set(places.values())) == 1, f"versions differ: {told}")
    return f"{__version__} of {citation['date-released']}"


def _make(clone: Path, *goals: str) -> None:
    """Run make in the clone by the present Python."""
    variables = {name: value for name, value in os.environ.items() if name != "MAKEFLAGS"}
    done = subprocess.run(
        ["/usr/bin/env", "make", f"PYTHON={sys.executable}", *goals],
        cwd=clone, env=variables, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    last = " / ".join((done.stderr or done.stdout).strip().splitlines()[-4:])
    _require(done.returncode == 0, f"make {goals[0]} fails in a clean clone: {last}")


def _unchanged_sums(folder: Path) -> str:
    """Check every file against the folder's checksums."""
    lines = read_text(folder / archive.SUMS).splitlines()
    wrong = [
        n for digest, n in (x.split("  ", 1) for x in lines) if sha256_file(folder / n) != digest
    ]
    _require(not wrong, f"{folder.name}: {', '.join(wrong[:5])} is not what {archive.SUMS} says")
    return f"{len(lines)} files as {archive.SUMS} says"


def _installed(root: Path, wheel: Path, desk: Path, say: Say) -> Iterator[Line]:
    """Install the wheel into an empty environment, run it in an empty folder, and compare."""
    say("the wheel in an empty environment")
    environment = environments.make(sys.executable, desk / "environment", root, wheel)
    (surrounding,) = [one for one in surroundings.ALL if one.form == surroundings.WHEEL]
    outcome = surroundings.run(surrounding, environment, root, desk / "installed")
    _require(outcome.same, "the wheel makes other results: " + ", ".join(outcome.wrong[:5]))
    counts = ", ".join(f"{count} {how}" for how, count in outcome.counts.items())
    yield "wheel, installed", f"{counts} ({outcome.surrounding.words})"


def _unpacked(path: Path, folder: Path) -> str:
    """Unpack the archive and check its sums."""
    with zipfile.ZipFile(path) as packed:
        packed.extractall(folder)
    (inner,) = folder.iterdir()
    return _unchanged_sums(inner)


def _require(holds: bool, what: str) -> None:
    """Refuse the release where something does not hold."""
    if not holds:
        raise ReleaseError(what, "mend it, commit, and rehearse again: make rehearsal")
