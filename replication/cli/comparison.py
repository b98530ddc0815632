"""What the command `compare` prints."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from replication.cli.terminal import print_table
from replication.plain import plain_lines
from replication.validation.compare import Section, load, sections

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
    print_table(console, section.columns, shown)
    if len(section.rows) > len(shown):
        console.print(f"  and {len(section.rows) - len(shown)} more: --all", markup=False)
