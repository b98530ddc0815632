"""What is asked of the record: a file, and what it is said to cover, looked at before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from replication.errors import SourceError

WHOLE, HEAD = "hub", "top"
"""Kinds of complete lists: of every model, and of the most downloaded."""
SMALLEST = -1
"""Stands for the smallest count of a list as its cut-off, until its cells are read."""
_SAY = (
    "say it: COVERS=all (every model of the Hub), COVERS=top (the most downloaded, down to its "
    "smallest count) or COVERS=top:12000 (complete down to so many downloads)"
)


@dataclass(frozen=True)
class Extent:
    """What a list covers: its kind, and the count down to which it is complete."""

    kind: str
    cut_off: int

    def agrees(self, kind: str, cut_off: int) -> bool:
        """Whether a list that is known may be what this says."""
        return self.kind == kind and (
            SMALLEST in {self.cut_off, cut_off} or self.cut_off == cut_off
        )


def file_of(file: Path) -> Path:
    """A file that is there.

    Raises
    ------
    SourceError
        It is not.
    """
    if not file.is_file():
        raise SourceError(f"there is no file {file}", "name a file: READING=file DATE=2024-09-20")
    return file


def extent_of(covers: str) -> Extent | None:
    """What `all`, `top` or `top:N` says; None where nothing is said.

    Raises
    ------
    SourceError
        It says something else.
    """
    kind, colon, least = covers.partition(":")
    if kind == "all" and not colon:
        return Extent(WHOLE, 0)
    if kind == HEAD and (not colon or (least.isascii() and least.isdigit())):
        return Extent(HEAD, int(least) if colon else SMALLEST)
    if covers:
        raise SourceError(f"what COVERS={covers} means is not known", _SAY)
    return None


def unsaid(file: Path) -> SourceError:
    """The refusal of a list of which nobody says what it covers."""
    return SourceError(f"what {file} covers is not known", _SAY)
