"""Where things lie: the package's own files, the repository, and folders into which a run may write."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from replication.errors import OutputError

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parent
"""The repository; for an installed package the folder of packages, into which nothing is written."""
DISTRIBUTION = "open-model-downloads-replication"
COMMAND = "open-model-downloads"
"""Name of the console command, and of the folder in which an installed package writes."""
_OWN = (
    ".git", ".github", ".venv", "bench", "docs", "figures", "page", "paper", "replication", "results", "tests",
)  # fmt: skip


def is_repository(folder: Path) -> bool:
    """Whether `folder` is this repository or another copy of it."""
    return all(
        (folder / name).is_file()
        for name in ("pyproject.toml", "replication/definitions/definitions.toml")
    )


IN_REPOSITORY = is_repository(ROOT)
"""Whether the package runs from the repository; else it is installed."""
PAPER = ROOT / "paper" if IN_REPOSITORY else PACKAGE / "paper"
"""Sources of the paper."""
IN_SHORT = "in_short.json"
"""Name of the finding in short, beside the paper of a run."""


def resolved(path: Path) -> Path:
    """The place that a path names, behind all links.

    Raises
    ------
    OutputError
        Its links lead in a circle.
    """
    try:
        return path.resolve()
    except RuntimeError:
        raise OutputError(f"{path} is a link that leads to itself", "name another path") from None


def home() -> Path:
    """Where results go that nobody named a folder for."""
    return ROOT if IN_REPOSITORY else Path.cwd() / COMMAND


def folder_for(name: str, definitions: Path, packaged: Path) -> Path:
    """Usual folder of a run: `home` for the bundled panel by the packaged definitions, else runs/NAME.

    Parameters
    ----------
    name
        Name of the source, or the path of a file or folder; empty for the bundled panel.
    definitions, packaged
        The run's definitions, and those that the package carries.
    """
    own = "" if definitions.exists() and definitions.samefile(packaged) else definitions.stem
    if not name and not own:
        return home()
    stem = resolved(Path(name)).stem if name else ""
    parts = [re.sub(r"[^\w.-]", "_", part).strip(".") for part in (stem, own)]
    return home() / "runs" / ("-".join(filter(None, parts)) or "run")


def require_repository(what: str) -> None:
    """Refuse what reads or writes the repository's own files where the package is installed.

    Raises
    ------
    OutputError
        The package does not run from the repository.
    """
    if not IN_REPOSITORY:
        raise OutputError(
            f"{what} needs the repository, and this package is installed",
            "clone the repository and run it there",
        )


def check_out(out: Path, *, committed: bool = False, reads: Iterable[Path] = ()) -> None:
    """Refuse a folder into which a run must not write.

    Parameters
    ----------
    out
        Folder of the outputs.
    committed
        Whether the repository's own results are what is made.
    reads
        Folders of data, which outputs must not join.

    Raises
    ------
    OutputError
        `out` is a file, the root of the file system or the user's folder, lies in a folder of the
        repository, in the package or in the data, or is the repository where other results than its
        own are made.
    """
    remedy = "name a folder of its own, such as runs/mine: --out FOLDER (make: OUT=FOLDER)"
    if _is_shared(out) and not is_repository(out):
        raise OutputError(
            f"{out} is no folder of a run: its outputs would lie among others", remedy
        )
    places = [out, *out.parents]
    existing = next(place for place in places if place.exists())
    if not existing.is_dir():
        raise OutputError(f"cannot write to {out}: {existing} is a file", remedy)
    inside = any(_same(place, PACKAGE) for place in places) or _same(out, PACKAGE.parent)
    if inside and not IN_REPOSITORY:
        raise OutputError(f"{out} holds the package itself", remedy)
    for place in places:
        if not is_repository(place):
            continue
        if _same(out, place) and not (committed and _same(place, ROOT)):
            raise OutputError(
                f"{out} is the repository, whose committed results are of the bundled panel by the "
                "packaged definitions: other data would overwrite them",
                remedy,
            )
        if any(_same(inner, place / name) for inner in places for name in _OWN):
            raise OutputError(f"{out} lies in a folder of the repository's own files", remedy)
    _check_apart(out, reads, remedy)


def _check_apart(out: Path, reads: Iterable[Path], remedy: str) -> None:
    """Refuse outputs inside a folder of data, and data inside what the outputs build."""
    places = [out, *out.parents]
    for folder in reads:
        if any(_same(place, folder) for place in places):
            raise OutputError(f"{out} lies in the folder of the data, {folder}", remedy)
        if any(_same(place, out / "build") for place in [folder, *folder.parents]):
            raise OutputError(f"the data, {folder}, lie in the folder that {out} builds in", remedy)


def _is_shared(folder: Path) -> bool:
    """Whether a folder is the root of the file system or the user's own, where other things lie."""
    with suppress(RuntimeError):  # the user may have none
        return folder == Path(folder.anchor) or _same(folder, Path.home())
    return False


def _same(one: Path, other: Path) -> bool:
    """Whether two paths are one place, whatever links and letter case they are written with."""
    return one.exists() and other.exists() and one.samefile(other)
