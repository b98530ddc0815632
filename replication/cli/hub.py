"""What the commands `crawl` and `recovery` do and print."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from replication.errors import VerificationError
from replication.sources.crawl.extent import Crawl

Say = Callable[[str], None]


def crawl(folder: Path, extent: Crawl, *, console: Console, say: Say) -> None:
    """Crawl the Hub's list of models into `folder` and say what was read."""
    from replication.sources import crawl as source

    today = datetime.now(UTC).date().isoformat()
    about = source.fetch(extent, folder, today=today, progress=lambda done: say(str(done)))
    console.print(
        f"crawl  {about.rows:,} models → {folder / about.filename}; to use a folder of readings: "
        f"make all DATA={folder}",
        markup=False,
    )
    for remark in source.remarks(folder, about.revision):
        console.print(f"crawl  {remark}", markup=False)


def recovery(
    repositories: int, hubs: int, kills: int, window_hubs: int, console: Console, say: Say
) -> None:
    """Print the recovery tables.

    Raises
    ------
    VerificationError
        A mark was missed; the message names each.
    """
    from replication.validation.recovery import report

    with tempfile.TemporaryDirectory() as name:
        found = report.recover(repositories, hubs, Path(name), say)
    console.print(
        "\nShares beside the known truth, synthetic Hubs with every defect (percent, points)"
    )
    console.print(_table(found.shares))
    for seed, part in found.unread.items():
        console.print(
            f"  Hub {seed}: {part:.2f} % of the rebuilt window fell between a repository's last "
            "reading and its deletion, which no snapshot saw",
            markup=False,
        )
    console.print("\nWithout each mending step: downloads misplaced (percent of all)")
    console.print(_table(found.ablation))
    missed = found.missed
    if window_hubs:
        missed += _recovered_window(window_hubs, console, say)
    if kills:
        from replication.validation.kills import interrupt

        with tempfile.TemporaryDirectory() as name:
            killed = interrupt(kills, 1, Path(name), say)
        sound = killed["same"] & (killed["left"] == 0) & (killed["torn"] == 0)
        console.print(
            f"\n{kills} kills at random moments: {int(sound.sum())} ended with the panel of a run that "
            "was never killed, no torn file on the way and none left over\n",
            markup=False,
        )
        missed += [f"kill {row.kill} in {row.stage}" for row in killed[~sound].itertuples()]
    if missed:
        raise VerificationError("; ".join(missed), "a mark of recovery is missed: see the tables")


def _recovered_window(hubs: int, console: Console, say: Say) -> list[str]:
    """Print how the window is recovered from synthetic records; return the marks that it misses."""
    from replication.validation.recovery import window

    found = window.recover_window(hubs, say)
    console.print(
        f"\nThe published window from the records of {hubs} synthetic Hubs: in how many the truth is "
        "within the records' interval, and how far the estimate is from it (points), with what no "
        "record follows and without (uncorrected)"
    )
    console.print(_table(found.summary))
    console.print(
        f"  month from which China stays ahead: at most a month off in {found.crossings['held'].sum()} "
        f"Hubs of {hubs}; seen ≤ truth ≤ ceiling in {found.nesting['held'].sum()} sums of "
        f"{len(found.nesting)}",
        markup=False,
    )
    return found.missed


def _table(rows: pd.DataFrame) -> Table:
    """A data frame as a table."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in rows.columns:
        table.add_column(column, justify="left" if rows[column].dtype == object else "right")
    for row in rows.itertuples(index=False):
        table.add_row(*map(_cell, row))
    return table


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
