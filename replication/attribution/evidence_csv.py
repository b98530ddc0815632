"""Tables of evidence that people edit: read strictly, refused with the line and the remedy."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import TypeVar

from replication.errors import RegistryError

Cells = dict[str, str]
T = TypeVar("T")
_FORMULA = "=+-@\t\r"
"""A spreadsheet runs a cell that starts like this."""


def read_rows(path: Path, header: Sequence[str]) -> list[tuple[str, Cells]]:
    """Read every row of a CSV file with just this header.

    Parameters
    ----------
    path
        UTF-8 file, comma separated, quoted where needed.
    header
        Names of the columns in their order.

    Returns
    -------
    list of tuple
        Where each row stands ("registry.csv, line 2"), and its cells by column.

    Raises
    ------
    RegistryError
        The file is missing, is not UTF-8, has broken quoting, another header, a row of another
        width, or a cell that a spreadsheet would take for a formula.
    """
    try:
        text = path.read_bytes().decode("utf-8")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        columns = next(reader, [])
        rows = [(f"{path.name}, line {reader.line_num}", row) for row in reader]
    except OSError as error:
        what = f"cannot read {path.name or path}: {error.strerror}"
        raise RegistryError(what, "name an existing file, or restore it") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        what = f"cannot read {path.name}, line {line}: byte {error.start} is not UTF-8"
        raise RegistryError(what, "save the file as UTF-8") from None
    except csv.Error as error:
        what = f"cannot read {path.name}, line {reader.line_num}: {error}"
        raise RegistryError(what, "close every quote; write a quote inside a cell twice") from None
    if text.startswith("\ufeff"):
        what = f"{path.name}, line 1: the file starts with a byte order mark"
        raise RegistryError(what, "save the file as UTF-8 without it")
    if columns != list(header):
        what = f"{path.name}, line 1: the header is not {','.join(header)}"
        raise RegistryError(what, "restore the header; columns are added in the code first")
    return [(where, _cells(where, header, row)) for where, row in rows]


def read_rules(
    path: Path, kind: type[T], checks: Callable[[T], Iterable[tuple[bool, str, str]]]
) -> tuple[T, ...]:
    """Read rows that have a name each, in their order.

    Parameters
    ----------
    path
        As for `read_rows`.
    kind
        A dataclass whose fields are the columns, ``rule`` among them: the name.
    checks
        What a row must hold, as for `require`.

    Raises
    ------
    RegistryError
        As for `read_rows`; a name stands twice; a check does not hold.
    """
    rows: dict[str, T] = {}
    for where, cells in read_rows(path, [f.name for f in fields(kind)]):  # type: ignore[arg-type]
        row, name = kind(**cells), cells["rule"]
        once = name not in rows
        require(where, [(once, f"rule {name!r} has two rows", "rename one"), *checks(row)])
        rows[name] = row
    return tuple(rows.values())


def _cells(where: str, header: Sequence[str], row: list[str]) -> Cells:
    """Cells of one row by column."""
    if len(row) != len(header):
        raise RegistryError(
            f"{where}: {len(row)} cells where {len(header)} are due",
            "quote a cell that holds a comma; leave an empty cell empty, but keep its comma",
        )
    for column, cell in zip(header, row, strict=True):
        if cell[:1] and cell[0] in _FORMULA:
            what = f"{where}: {column} starts with {cell[0]!r}, like a formula"
            raise RegistryError(what, "begin the cell with a word")
        if cell != cell.strip() or not cell.isprintable():
            what = f"{where}: {column} has a line break, a control character or blanks at an end"
            raise RegistryError(what, "remove them")
    return dict(zip(header, row, strict=True))


def require(where: str, rules: Iterable[tuple[bool, str, str]]) -> None:
    """Raise for the first rule that does not hold: (holds, what is wrong, remedy)."""
    for holds, what, remedy in rules:
        if not holds:
            raise RegistryError(f"{where}: {what}", remedy)


def is_date(text: str) -> bool:
    """Whether `text` is an ISO 8601 date."""
    try:
        return date.fromisoformat(text).isoformat() == text  # not another form, such as a week
    except ValueError:
        return False


def is_partial_date(text: str) -> bool:
    """Whether `text` is a year, a month or a day in ISO 8601: 2026, 2026-11 or 2026-11-23."""
    return len(text) in {4, 7, 10} and is_date(f"{text}-01-01"[:10])


def is_url(text: str) -> bool:
    """Whether `text` is an address that a reader can open."""
    return bool(re.fullmatch(r"https?://[^\s/]+\.[^\s/]+(/\S*)?", text))
