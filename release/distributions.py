"""The wheel and the source distribution, the same bytes wherever they are built."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.metadata import Metadata

from release import packing, source
from release.source import ReleaseError
from replication.child import child_environment

_PROGRAM = "from setuptools.build_meta import build_{0}; print(build_{0}({1!r}))"
KINDS = ("wheel", "sdist")


def build(root: Path, target: Path) -> list[Path]:
    """Build both from the tracked files, check them, and return their paths.

    Raises
    ------
    ReleaseError
        The build fails, its metadata are not valid, or the source distribution makes another wheel.
    """
    with tempfile.TemporaryDirectory() as name:
        copied = Path(name) / "copy"
        source.copy(root, copied)
        when = source.released(root)
        paths = [_built(kind, copied, Path(name) / kind) for kind in KINDS]
        made = [target / path.name for path in paths]
        packing.zipped(made[0], packing.of_zip(paths[0]), when)
        packing.tarred(made[1], packing.of_tar(paths[1]), when)
        _require_same_wheel(paths[0], made[1], Path(name))
    check(made[0])
    return made


def _built(kind: str, folder: Path, target: Path) -> Path:
    """Build one kind in `folder` by the backend that pyproject.toml names, and return its path."""
    target.mkdir(parents=True)
    done = subprocess.run(
        [sys.executable, "-P", "-c", _PROGRAM.format(kind, str(target))],
        cwd=folder,
        env=child_environment(target),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:]
        raise ReleaseError(f"the {kind} cannot be built: {' '.join(last)}", "see pyproject.toml")
    (path,) = target.iterdir()
    return path


def _require_same_wheel(wheel: Path, sdist: Path, folder: Path) -> None:
    """Refuse a source distribution whose wheel holds other files than that of the repository."""
    unpacked = folder / "unpacked"
    for name, content, _ in packing.of_tar(sdist):
        path = unpacked / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (inner,) = unpacked.iterdir()
    again = packing.of_zip(_built("wheel", inner, folder / "again"))
    ours = packing.of_zip(wheel)
    if again != ours:
        other = sorted({name for name, *_ in set(again) ^ set(ours)})
        what = f"the source distribution makes another wheel: {', '.join(other[:5])}"
        raise ReleaseError(what, "name what it lacks in pyproject.toml")


def check(wheel: Path) -> Metadata:
    """Validate the metadata of a wheel by the rules of the core metadata, and return them.

    Raises
    ------
    ReleaseError
        They break a rule, or give no description.
    """
    (text,) = [c for name, c, _ in packing.of_zip(wheel) if name.endswith(".dist-info/METADATA")]
    remedy = "mend [project] in pyproject.toml"
    try:
        metadata = Metadata.from_email(text, validate=True)
    except ExceptionGroup as wrong:
        what = "; ".join(str(one) for one in wrong.exceptions)
        raise ReleaseError(f"{wheel.name}: {what}", remedy) from None
    if not metadata.description or metadata.description_content_type != "text/markdown":
        raise ReleaseError(f"{wheel.name} has no description in Markdown", remedy)
    return metadata
