"""The footer of a Parquet file, and what a file is that has none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from replication.errors import SourceError

if TYPE_CHECKING:
    from pyarrow.parquet import FileMetaData


def footer(path: Path, name: str) -> FileMetaData:
    """Return what a Parquet footer states: rows, columns and their types.

    Parameters
    ----------
    path
        The file.
    name
        Its name in messages.

    Raises
    ------
    SourceError
        The file has no such footer.
    """
    from pyarrow import ArrowException, parquet

    try:
        return parquet.read_metadata(path)
    except (ArrowException, OSError) as error:
        raise SourceError(
            f"{name} is {_kind(path)} instead of Parquet",
            "a proxy, a login page or a mirror may have answered in the Hub's place, or the file "
            "was cut short: check where it came from (HF_ENDPOINT), and get it again",
        ) from error


def _kind(path: Path) -> str:
    """Say what the content looks like."""
    with path.open("rb") as stream:
        return kind_of(stream.read(256))


def kind_of(start: bytes) -> str:
    """Say what content looks like that is not what it should be, by its first bytes."""
    start = start.lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "HTML"
    return "damaged or other content" if start else "empty"
