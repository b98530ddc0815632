"""What the command `recovery` does and prints."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from replication.cli.terminal import Say, table_box
from replication.errors import VerificationError
from replication.validation.kills import interrupt
from replication.validation.recovery import report, window


def recovery(
    repositories: int, hubs: int, kills: int, window_hubs: int, console: Console, say: Say
) -> None:
    """Print the recovery tables.

    Raises
    ------
    VerificationError
        A mark was missed; the message names each.
    """
    missed = _recovered_hubs(repositories, hubs, console, say)
    if window_hubs:
        missed += _recovered_window(window_hubs, console, say)
    if kills:
        missed += _recovered_kills(kills, console, say)
    if missed:
        raise VerificationError("; ".join(missed), "a mark of recovery is missed: see the tables")


def _recovered_hubs(repositories: int, hubs: int, console: Console, say: Say) -> list[str]:
    """Print how synthetic Hubs are rebuilt; return the marks that are missed."""
    with tempfile.TemporaryDirectory() as name:
        tables = report.recover(repositories, hubs, Path(name), say)
    console.print(
        "\nShares beside the known truth, synthetic Hubs with every defect (percent, points)"
    )
    console.print(_table(tables.shares))
    for seed, part in tables.unread.items():
        console.print(
            f"  Hub {seed}: {part:.2f} % of the rebuilt window fell between a repository's last "
            "reading and its deletion, which no snapshot saw",
            markup=False,
        )
    console.print("\nWithout each mending step: downloads misplaced (percent of all)")
    console.print(_table(tables.ablation))
    return tables.missed


def _recovered_window(hubs: int, console: Console, say: Say) -> list[str]:
    """Print how the window is recovered from synthetic records; return the marks that it misses."""
    tables = window.recover_window(hubs, say)
    console.print(
        f"\nThe published window from the records of {hubs} synthetic Hubs: in how many the truth is "
        "within the records' interval, and how far the estimate is from it (points), with what no "
        "record follows and without (uncorrected)"
    )
    console.print(_table(tables.summary))
    console.print(
        f"  month from which China stays ahead: at most a month off in {tables.crossings['ok'].sum()} "
        f"Hubs of {hubs}; seen ≤ truth ≤ ceiling in {tables.nesting['ok'].sum()} sums of "
        f"{len(tables.nesting)}",
        markup=False,
    )
    return tables.missed


def _recovered_kills(number: int, console: Console, say: Say) -> list[str]:
    """Print what came of runs that were killed; return those that did not recover."""
    with tempfile.TemporaryDirectory() as name:
        kills = interrupt(number, 1, Path(name), say)
    recovered = kills["same"] & (kills["left"] == 0) & (kills["torn"] == 0)
    console.print(
        f"\n{number} kills at random moments: {int(recovered.sum())} ended with the panel of a run that "
        "was never killed, no torn file on the way and none left over\n",
        markup=False,
    )
    return [f"kill {row.kill} in {row.stage}" for row in kills[~recovered].itertuples()]


def _table(rows: pd.DataFrame) -> Table:
    """A data frame as a table."""
    table = Table(box=table_box(), pad_edge=False)
    for column in rows.columns:
        table.add_column(column, justify="left" if rows[column].dtype == object else "right")
    for row in rows.itertuples(index=False):
        table.add_row(*map(_cell, row))
    return table


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
