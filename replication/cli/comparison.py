"""What the command `compare` prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from replication.plain import plain_lines
from replication.validation.compare import NONE, Section, Texts, load, sections

SHOWN = 40
"""Rows of a table that are shown where not all are asked for."""


def show(old: Path, new: Path, console: Console, *, every: bool = False) -> bool:
    """Print what differs between two runs; return whether they are the same.

    Parameters
    ----------
    old, new
        Folders of the runs.
    console
        A terminal gets tables, a pipe plain text.
    every
        Print every row of every table.
    """
    runs = load(old), load(new)
    differences = [*sections(*runs)]  # an error comes before anything is printed
    for letter, folder in (("A", old), ("B", new)):
        console.print(f"{letter}  {plain_lines(str(folder))}", markup=False)
    for section in differences:
        _print(section, console, None if every else SHOWN)
    same = not any(section.rows for section in differences)
    if same:
        console.print("the two runs are the same")
    return same


def _print(section: Section, console: Console, most: int | None) -> None:
    """Print one table, or that it has no rows."""
    if not section.rows:
        console.print(f"\n{section.title}: no difference", markup=False)
        return
    console.print(f"\n{section.title}", markup=False)
    shown = section.rows[:most]
    if console.is_terminal:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for name in section.columns:
            table.add_column(name, overflow="fold")
        for row in shown:
            table.add_row(*map(_plain, row))
        console.print(table)
    else:
        for line in aligned([section.columns, *shown]):
            console.print(line, markup=False)
    if len(section.rows) > len(shown):
        console.print(f"  and {len(section.rows) - len(shown)} more: --all", markup=False)


def aligned(rows: Iterable[Texts]) -> Iterator[str]:
    """Rows as lines of plain text, each column as wide as its widest cell."""
    rows = [tuple(" ".join(plain_lines(cell).split()) or NONE for cell in row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  " + "  ".join(map(str.ljust, row, widths)).rstrip()


def _plain(cell: str) -> str:
    """A cell in which nothing is read as markup or moves the cursor."""
    return escape(plain_lines(cell))
