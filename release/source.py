"""The source: the files that git tracks, copied with modes that no umask changes."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import yaml

from replication import __version__
from replication.child import child_environment
from replication.errors import OutputError, ReplicationError
from replication.files import read_text

NAME = "open-model-downloads"


class ReleaseError(ReplicationError):
    """What is to be released does not hold together."""


def git(root: Path, *arguments: str) -> str:
    """What a command of git prints.

    Raises
    ------
    OutputError
        `root` is no clone, or git is not installed.
    """
    program = shutil.which("git")
    remedy = "run it in a clone of the repository, with git installed"
    if program is None or not (root / ".git").exists():
        raise OutputError(f"{root} is no clone, so that nothing says what belongs to it", remedy)
    command = [program, "-c", f"safe.directory={root}", "-c", "core.quotePath=false", *arguments]
    environment = child_environment(root)
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode:
        raise OutputError(f"git {arguments[0]} failed: {done.stderr.strip()}", remedy)
    return done.stdout


def tracked(root: Path) -> dict[str, int]:
    """Mode of every tracked file by its path: 0o755 for a program, else 0o644."""
    listed = git(root, "ls-files", "--stage", "-z").split("\0")
    entries = [line.split("\t", 1) for line in listed if line]
    return {name: 0o755 if about.startswith("100755") else 0o644 for about, name in entries}


def require_clean(root: Path) -> str:
    """The commit of a clone in which nothing else than the commit lies.

    Raises
    ------
    ReleaseError
        A file differs from the commit, or is not in it.
    """
    changed = git(root, "status", "--porcelain").splitlines()
    if changed:
        what = f"{len(changed)} files differ from the last commit, the first is {changed[0][3:]}"
        raise ReleaseError(what, "commit them, or put them away (git stash)")
    return git(root, "rev-parse", "HEAD").strip()


def copy(root: Path, target: Path) -> list[str]:
    """Copy every tracked file to `target`, and return the paths in order."""
    files = tracked(root)
    for name, mode in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, path)
        path.chmod(mode)
    for folder in [target, *(p for p in target.rglob("*") if p.is_dir())]:
        folder.chmod(0o755)
    return sorted(files)


def released(root: Path) -> datetime:
    """The day of the release by CITATION.cff, which is the time of every packed file."""
    day = yaml.safe_load(read_text(root / "CITATION.cff"))["date-released"]
    return datetime.strptime(str(day), "%Y-%m-%d").replace(tzinfo=UTC)


def stem() -> str:
    """Name and version, as files of a release begin."""
    return f"{NAME}-{__version__}"
