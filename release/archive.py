"""The archive: everything that a run without a network needs, in files whose bytes follow from the commit."""

from __future__ import annotations

import hashlib
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from release import packing, source
from release.source import ReleaseError

SUMS, COMMIT = "SHA256SUMS", "COMMIT"
WHEELS = "wheels"
"""Folder of packages in the unpacked archive; where it is, make installs from nowhere else."""
BUILDER = "wheel==0.45.1"
"""What an older pip needs, beside setuptools, for the locked packages that come as sources alone."""


def write(root: Path, target: Path) -> Path:
    """Write the archive of the last commit: source, locks, results, figures, paper, page, checksums.

    Raises
    ------
    ReleaseError
        Something differs from the commit.
    """
    commit = source.require_clean(root)
    files = {name: ((root / name).read_bytes(), mode) for name, mode in tracked(root)}
    files[COMMIT] = f"{commit}\n".encode(), 0o644
    files[SUMS] = sums({name: content for name, (content, _) in files.items()}).encode(), 0o644
    path = target / f"{source.stem()}.zip"
    entries = ((f"{source.stem()}/{name}", *files[name]) for name in sorted(files))
    packing.zipped(path, entries, source.released(root))
    return path


def tracked(root: Path) -> list[tuple[str, int]]:
    """Tracked files with their modes, in order."""
    return sorted(source.tracked(root).items())


def sums(contents: dict[str, bytes]) -> str:
    """Checksums as `sha256sum --check` reads them."""
    lines = [f"{hashlib.sha256(contents[name]).hexdigest()}  {name}" for name in sorted(contents)]
    return "\n".join(lines) + "\n"


def write_wheels(root: Path, target: Path) -> Path:
    """Write the locked packages for this platform and Python, to be unpacked over the archive.

    Raises
    ------
    ReleaseError
        They cannot be fetched.
    """
    version = "".join(map(str, sys.version_info[:2]))
    tag = f"cp{version}-{sys.platform}-{platform.machine()}".lower()
    path = target / f"{source.stem()}-{WHEELS}-{tag}.zip"
    with tempfile.TemporaryDirectory() as name:
        _download(Path(name), "--require-hashes", "-r", str(root / "requirements.lock"))
        _download(Path(name), "--no-deps", BUILDER)
        packing.zipped(path, _packages(Path(name)), source.released(root), stored=True)
    return path


def _download(folder: Path, *what: str) -> None:
    """Fetch packages into a folder as pip would install them here."""
    quiet = ["--quiet", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", *quiet, "download", "--dest", str(folder), *what]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        last = " ".join(done.stderr.strip().splitlines()[-1:])
        raise ReleaseError(f"packages cannot be fetched: {last}", "see that an index is reached")


def _packages(folder: Path) -> Iterator[packing.Entry]:
    """Packages in order, each read when it is written: together they are large."""
    for path in sorted(folder.iterdir()):
        yield f"{source.stem()}/{WHEELS}/{path.name}", path.read_bytes(), 0o644
