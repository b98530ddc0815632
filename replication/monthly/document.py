"""The page of a record: the newest window, the figure, what moved at each reading, what is not known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from replication.analysis.window.lists import PART
from replication.definitions import Definitions
from replication.files import write_bytes, write_csv, write_text
from replication.monthly.changes import CAUSES, DEVELOPER, EDITION, FIRST, SHARE
from replication.monthly.readings import KINDS, Reading
from replication.monthly.window import SHARES, Figures
from replication.plain import plain
from replication.plots import monthly, style
from replication.plots.writing import rendered

NAME, FIGURE, SERIES = "README.md", "shares", "shares.csv"
TOTAL, NOT_KNOWN = "total", "not known"
SHOWN = 5
"""Developers that the page names at each change; changes.csv has more."""
RANGES = {
    "records": "What the readings leave open",
    "without": "Without any one developer",
    "developer": "Other developers might have been hits",
    "bounds": "Unattributed all to one side",
}
_CAUSE = dict(
    zip(
        CAUSES,
        ("new days", "revised past", "attribution", "definitions", "code"),
        strict=True,
    )
)


@dataclass(frozen=True)
class Closed:
    """A window as it was computed: the day that it ends on, its figures, and what it rests on."""

    day: str
    figures: Figures
    about: dict[str, Any]


def write(
    folder: Path, windows: Sequence[Closed], readings: Sequence[Reading],
    definitions: Definitions, changes: pd.DataFrame,
) -> None:  # fmt: skip
    """Write the series of shares, the figure, and the page.

    Parameters
    ----------
    folder
        Folder of the record.
    windows
        Every window in the order of its day.
    readings
        Every reading.
    definitions
        The look of the figure.
    changes
        The changelog.
    """
    series = _series(windows)
    write_csv(folder / SERIES, series)
    with style.context(definitions):
        figure = monthly.draw(series, definitions)
        for suffix in ("svg", "png"):
            write_bytes(folder / f"{FIGURE}.{suffix}", rendered(figure, suffix))
    lines = [*_head(windows[-1], figure.alt), *_log(changes), *_list(readings)]
    write_text(folder / NAME, "\n".join(lines) + "\n")


def _series(windows: Sequence[Closed]) -> pd.DataFrame:
    """Shares of every window, with the days that it has and those that readings cover."""
    parts = [
        one.figures.shares.assign(
            day=one.day, days=one.about["days"], covered_days=one.about["covered_days"]
        )
        for one in windows
    ]
    return pd.concat(parts, ignore_index=True)[["day", "days", "covered_days", *SHARES]]


def _head(newest: Closed, alt: str) -> Iterator[str]:
    """The newest window with its ranges and its coverage."""
    about = newest.about
    yield f"# The record until {newest.day}"
    yield ""
    yield f"![{alt}]({FIGURE}.svg)"
    yield ""
    yield f"First-year downloads from {about['start']} to {newest.day}, {about['days']} days:"
    yield ""
    columns = ["", "Estimate", *RANGES.values()]
    yield _row(columns)
    yield _row(["---"] * len(columns))
    for row in newest.figures.shares.to_dict("records"):
        name = str(row["statistic"])
        ranges = [_range(name, row, key) for key in RANGES]
        yield _row([name, shown(name, row["point"]), *ranges])
    yield ""
    yield (
        f"{about['covered_days']} of the {about['days']} days lie in the 30 days before a reading, or "
        f"between counters; {_seen(about['seen_share'])}. Complete lists inside: "
        f"{', '.join(about['lists']) or 'none'}."
    )
    for reason in about["unknown"]:
        yield ""
        yield f"Not known: {reason}."


def _seen(share: float | None) -> str:
    if share is None:
        return "what part of the downloads was seen is not known"
    return f"{100 * share:.0f} % of the downloads were seen, the rest is filled in by rule"


def _log(changes: pd.DataFrame) -> Iterator[str]:
    """What moved, the newest first."""
    yield ""
    yield "## What moved"
    yield ""
    yield (
        "Points of the total; of the total itself, millions of downloads. *New days*: the window moved on. "
        "*Revised past*: a reading says more of days before. The rest is due to changes of the package. "
        f"Developers by what they add to the lead or take from it. All of it: [changes.csv](changes.csv), {SERIES}."
    )
    blocks = list(changes.groupby(["day", "event"], sort=False))
    for (day, event), block in reversed(blocks):
        yield ""
        yield f"### {day}" + (", definitions, registry or code changed" if event == EDITION else "")
        yield ""
        yield from _block(block)


def _block(block: pd.DataFrame) -> Iterator[str]:
    """One change as a table of Markdown."""
    columns, rows = _cells(block)
    yield _row(columns)
    yield _row(["---"] * len(columns))
    yield from map(_row, rows)


def moved_last(changes: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Columns and cells of the newest change, for the terminal."""
    *_, (_, block) = changes.groupby(["day", "event"], sort=False)
    return _cells(block)


def _cells(block: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Columns and cells of one change: the statistics, and the developers that moved the lead most."""
    causes = [c for c in CAUSES if block[c].notna().any() and (block[c].abs() > 0).any()]
    is_first = (block["event"] == FIRST).all()
    columns = ["", "Before", "After", "Change", *(_CAUSE[c].capitalize() for c in causes)]
    columns = ["", "First"] if is_first else columns
    rows = []
    developers = block[block["kind"] == DEVELOPER].head(SHOWN)
    for row in pd.concat([block[block["kind"] == SHARE], developers]).to_dict("records"):
        name = str(row["name"])
        cells = [shown(name, row[c]) for c in ("before", "after")]
        cells += [_moved(name, row[c]) for c in ("change", *causes)]
        cells = cells[1:2] if is_first else cells
        rows.append([plain(name) + (f" ({row['group']})" if row["group"] else ""), *cells])
    return columns, rows


def _list(readings: Sequence[Reading]) -> Iterator[str]:
    """The readings."""
    yield ""
    yield "## Readings"
    yield ""
    yield _row(["Day", "What it holds", "Rows", "Source", "Terms"])
    yield _row(["---"] * 5)
    for one in readings:
        depth = f", down to {one.cut_off:,} downloads" if one.cut_off else ""
        terms = one.licence or "not stated"
        cells = [one.day or "any", KINDS[one.kind] + depth, f"{one.rows:,}", one.title, terms]
        yield _row([plain(cell) for cell in cells])


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def shown(name: str, value: float) -> str:
    """A figure as the page prints it."""
    if pd.isna(value):
        return NOT_KNOWN
    if name == TOTAL:
        return f"{value / 1e6:,.0f} M"
    sign = "" if name in {"China", "USA", PART} else "+"
    return f"{100 * value:{sign}.1f} %".replace("-", "−")


def _moved(name: str, value: float) -> str:
    """A change as the page prints it."""
    if pd.isna(value):
        return NOT_KNOWN
    text = f"{value / 1e6:+,.0f}" if name == TOTAL else f"{100 * value:+.2f}"
    return text.replace("-", "−")


def _range(name: str, row: dict[str, Any], key: str) -> str:
    """A range; the total is not estimated by developer."""
    low, high = row[f"{key}_lower"], row[f"{key}_upper"]
    if pd.isna(low) or pd.isna(high):
        return "–" if name == TOTAL and key != "records" else NOT_KNOWN
    return f"{shown(name, low)} to {shown(name, high)}"
