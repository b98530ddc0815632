"""Parquet files from outside: what their footer states, and errors and bounds for those that are none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from replication.errors import SourceError

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.parquet import FileMetaData

MOST_ROWS = 100_000_000
"""Rows of a file that is read into memory at once: a few bytes can stand for any number of them."""
MOST_BYTES = 16_000_000_000
"""Bytes of such a file after decompression, as its footer states them."""


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
        found = parquet.read_metadata(path)
        list(found.schema.to_arrow_schema().names)  # a name may be no text
    except (ArrowException, OSError, ValueError) as error:
        raise SourceError(
            f"{name} is {_kind(path)} instead of Parquet",
            "a proxy, a login page or a mirror may have answered in the Hub's place, or the file "
            "was cut short: check where it came from (HF_ENDPOINT), and get it again",
        ) from error
    return found


@contextmanager
def readable(name: str, remedy: str) -> Iterator[None]:
    """Say in one line that a file is no sound Parquet, whatever a library raises while it is read.

    Parameters
    ----------
    name
        The file in messages.
    remedy
        What can be done about it.

    Raises
    ------
    SourceError
        The file cannot be read.
    """
    from pyarrow import ArrowException

    try:
        yield
    except (ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        what = f"{name} is not a readable Parquet file: {first_line(error)}"
        raise SourceError(what, remedy) from None


def read(path: Path, columns: Sequence[str]) -> pa.Table:
    """Read columns of a Parquet file into memory; their text is UTF-8 and their offsets lead to cells.

    Raises
    ------
    pyarrow.ArrowException, OSError, ValueError
        The file is damaged, or states more rows or bytes than are read; see `readable`.
    """
    from pyarrow import parquet

    _require_bounds(parquet.read_metadata(path))
    table = parquet.read_table(path, columns=list(columns))
    table.validate(full=True)
    return table


def _require_bounds(about: FileMetaData) -> None:
    """Refuse what a footer states to be larger than anything that is read into memory.

    Its column chunks are not looked at: of a damaged footer, that ends the whole process (pyarrow 26).
    """
    if about.num_rows > MOST_ROWS:
        raise ValueError(f"it states {about.num_rows:,} rows, more than {MOST_ROWS:,}")
    groups = (about.row_group(number) for number in range(about.num_row_groups))
    stated = sum(group.total_byte_size for group in groups)
    if stated > MOST_BYTES:
        raise ValueError(f"it states {stated:,} bytes of cells, more than {MOST_BYTES:,}")


def first_line(error: BaseException) -> str:
    """The first line of what an error says, or its kind where it says nothing."""
    return next(iter(str(error).splitlines()), type(error).__name__)


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
