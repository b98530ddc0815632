"""Virtual environments with the locked packages, for each version of Python that is found here."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from release.source import ReleaseError
from replication.files import sha256_file

_VERSION = "import sys; print('%d.%d' % sys.version_info[:2], sys.version.split()[0])"
_LOCK = "requirements.lock"


@dataclass(frozen=True)
class Environment:
    """A Python with the packages that the lock names."""

    python: str
    version: str

    def usable_by(self, user: int) -> bool:
        """Whether a user without rights can be taken on, and may run this Python."""
        if not hasattr(os, "geteuid") or os.geteuid() != 0:
            return False
        command = [self.python, "-I", "-c", _VERSION]
        try:
            done = subprocess.run(
                command, capture_output=True, encoding="utf-8", check=False, cwd="/",
                user=user, group=user, extra_groups=[], env={"PATH": os.defpath},
            )  # fmt: skip
        except OSError:
            return False
        return done.returncode == 0 and done.stdout.split()[1:] == [self.version]


def found(version: str, pythons: Sequence[str]) -> str:
    """A program that is Python of that version, or an empty text.

    Parameters
    ----------
    version
        As 3.12.
    pythons
        Programs to try before those of PATH.
    """
    places = os.environ.get("PATH", os.defpath).split(os.pathsep)
    in_path = [shutil.which(f"python{version}", path=place) for place in places]
    for program in [*pythons, *filter(None, in_path)]:
        if answer(program)[:1] == [version]:
            return program
    return ""


def answer(program: str) -> list[str]:
    """Short and full version that a program gives; nothing where it is no Python."""
    try:
        done = subprocess.run(
            [program, "-I", "-c", _VERSION], capture_output=True, encoding="utf-8", check=False
        )
    except OSError:
        return []
    return done.stdout.split() if done.returncode == 0 else []


def make(program: str, folder: Path, root: Path, distribution: Path | None = None) -> Environment:
    """Make an environment of the locked packages, by their hashes, unless it is there already.

    Parameters
    ----------
    program
        The Python.
    folder
        Where the environment goes.
    root
        The repository, with the lock.
    distribution
        A wheel or source distribution that is installed too, as it is.

    Raises
    ------
    ReleaseError
        It cannot be installed.
    """
    python = folder / "bin" / "python"
    mark, digest = folder / "lock", sha256_file(root / _LOCK)
    if not mark.is_file() or mark.read_text(encoding="utf-8") != digest:
        shutil.rmtree(folder, ignore_errors=True)
        _run([program, "-m", "venv", str(folder)])
        _run([*_installer(python), "--require-hashes", "-r", str(root / _LOCK)])
        mark.write_text(digest, encoding="utf-8")
    if distribution:
        again = "--force-reinstall", "--no-deps", "--no-build-isolation", str(distribution)
        _run([*_installer(python), *again])
    return Environment(str(python), answer(str(python))[1])


def _installer(python: Path) -> list[str]:
    """What installs into an environment, as in the Makefile: uv where it is present, else pip."""
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--quiet", "--python", str(python)]
    quiet = ["--quiet", "--disable-pip-version-check", "--use-pep517"]
    return [str(python), "-m", "pip", "install", *quiet]


def _run(command: Iterable[str]) -> None:
    """Run a command that installs something."""
    done = subprocess.run([*command], capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        last = " ".join(done.stderr.strip().splitlines()[-2:])
        raise ReleaseError(f"packages cannot be installed: {last}", "see that an index is reached")
