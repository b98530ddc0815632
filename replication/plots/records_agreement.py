"""What counts alone rebuild of a repository's downloads, against what its counter holds."""

from __future__ import annotations

from itertools import product
from math import exp, floor, log10
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from replication.definitions import Definitions
from replication.plots.layout import BODY, SMALL, wrap
from replication.plots.results import Results
from replication.plots.style import (
    COLOURS,
    INK,
    INNER,
    MARKERS,
    QUIET,
    RULE,
    SIDES,
    Drawing,
    Page,
    page,
    text_colour,
)
from replication.plots.words import percent

LEFT, BELOW, TALL, BESIDE, ABOVE = 0.82, 0.42, 3.3, 0.35, 0.08
TABLE = INNER - LEFT - TALL - BESIDE
ROW, FIRST, SECOND = 0.2, 0.62, 0.0  # inches: a row, and columns of numbers from the right edge
ALL, OTHERS = "all", "all others"
BEFORE, AFTER = "before", "after"
SIDES_AND_OTHERS = (*SIDES, OTHERS)
MARKER = {**MARKERS, OTHERS: "^"}
UNITS = {6: " million", 9: " billion"}


def draw(results: Results, definitions: Definitions) -> Drawing:
    """Draw every repository as a point, and the ratios and errors beside them."""
    table = results.records_agreement
    sheet = page(
        BELOW + TALL + ABOVE,
        title(table),
        deck(table, definitions),
        results.records_footer(definitions),
    )
    ax = _axes(sheet, results.records_agreement_points)
    for period, side in product((BEFORE, AFTER), reversed(SIDES_AND_OTHERS)):
        _points(ax, results.records_agreement_points, side, period)
    _largest(ax, results.records_agreement_points)
    _beside(sheet, table)
    return sheet.describe(alt(table), results.records_agreement_points)


def alt(table: pd.DataFrame) -> str:
    """What is rebuilt of all repositories, and how far the median one is off."""
    before, after = _ratios(table, ALL)
    factors = [exp(_row(table, p, ALL)["median_error"]) for p in (BEFORE, AFTER)]
    return (
        "One point a repository, downloads held by the counter across and rebuilt from counts up. Of "
        f"all repositories {before} is rebuilt before the first reading and {after} after it; the median "
        f"repository is off by a factor of {factors[0]:.2f} and {factors[1]:.2f}."
    )


def title(table: pd.DataFrame) -> str:
    """What counts alone rebuild of each country's downloads."""
    china, usa = (_ratios(table, side) for side in SIDES)
    return (
        f"Counts alone rebuild {china[1]} of what counters hold for China and {usa[1]} for the USA; "
        f"before their first reading {china[0]} and {usa[0]}"
    )


def _ratios(table: pd.DataFrame, side: str) -> list[str]:
    """What is rebuilt of a side's downloads before and after the first reading."""
    return [percent(100 * _row(table, period, side)["ratio"], 0) for period in (BEFORE, AFTER)]


def deck(table: pd.DataFrame, definitions: Definitions) -> str:
    """What a point is."""
    number = {p: int(_row(table, p, ALL)["repositories"]) for p in (BEFORE, AFTER)}
    return (
        "Downloads of a repository in the window: rebuilt from its 30-day counts alone, beside what its "
        f"counter holds, before the first reading of the counter (hollow, {number[BEFORE]} "
        f"repositories) and after it (filled, {number[AFTER]}). Country: {definitions.published_window.attribution}, "
        f"{definitions.published_window.labels}’s labels. On the line both agree"
    )


def _row(table: pd.DataFrame, period: str, side: str, size: str = ALL) -> pd.Series:
    """One row of the agreement."""
    keys = ["period", "side", "size"]
    return table[(table[keys] == [period, side, size]).all(axis=1)].iloc[0]


def _axes(sheet: Page, points: pd.DataFrame) -> Axes:
    """Both scales logarithmic and alike, with the line of equal values."""
    ax = sheet.axes(LEFT, BELOW, TALL, TALL)
    values = points[["exact", "rebuilt"]].clip(lower=1)
    low, high = values.min().min() / 1.6, values.max().max() * 1.6
    ax.set(xscale="log", yscale="log", xlim=(low, high), ylim=(low, high))
    ticks = [10**n for n in range(floor(log10(low)) + 1, floor(log10(high)) + 1)]
    names = [count(tick) for tick in ticks]
    ax.set_yticks(ticks, names)
    # Every other name: all of them would touch.
    ax.set_xticks(ticks, ["" if n % 2 else name for n, name in enumerate(names)])
    ax.minorticks_off()
    ax.grid(visible=True)
    ax.plot([low, high], [low, high], color=INK, lw=0.8, zorder=2)
    ax.set_xlabel("held by the counter")
    ax.set_ylabel("rebuilt from counts alone", labelpad=2)
    return ax


def count(value: float) -> str:
    """A power of ten with its unit: “1,000”, “10 million”."""
    power = round(log10(value)) if value > 0 else 0
    unit = max((u for u in UNITS if u <= power), default=0)
    return f"{value / 10**unit:,.0f}{UNITS.get(unit, '')}"


def _points(ax: Axes, points: pd.DataFrame, side: str, period: str) -> None:
    """The repositories of one side and period: hollow before, filled after."""
    rows = points[(points["side"] == side) & (points["period"] == period)]
    colour = _colour(side)
    ax.plot(
        rows["exact"], rows["rebuilt"].clip(lower=1), MARKER[side], ls="none", ms=4.6, mec=colour,
        mfc="none" if period == BEFORE else colour, mew=0.9,
        alpha=0.85 if side in SIDES else 0.45,
        zorder=4 if side in SIDES else 3,
    )  # fmt: skip


def _largest(ax: Axes, points: pd.DataFrame) -> None:
    """The name of the repository with the most downloads, whose error weighs most."""
    row = points.loc[points["exact"].idxmax()]
    side = str(row["side"])
    ax.annotate(
        str(row["name"]).split("/")[-1], (row["exact"], row["rebuilt"]), xytext=(-6, 4),
        textcoords="offset points", ha="right", size=SMALL, zorder=6,
        color=text_colour(side) if side in SIDES else QUIET,
    )  # fmt: skip


def _colour(side: str) -> str:
    """The country's colour, grey for all others."""
    return COLOURS[side] if side in SIDES else QUIET


def _beside(sheet: Page, table: pd.DataFrame) -> None:
    """Two small tables: what is rebuilt by side, and the median error by size."""
    ax = sheet.axes(LEFT + TALL + BESIDE, BELOW, TABLE, TALL)
    ax.set(xlim=(0, TABLE), ylim=(0, TALL))
    ax.set_axis_off()
    top = _head(ax, TALL - 0.1, "Rebuilt, % of the counter")
    for side in SIDES_AND_OTHERS:
        top = _line(ax, top, side, _ratios(table, side), side)
    top = _line(ax, top, ALL, _ratios(table, ALL))
    top = _head(ax, top - 0.25, "Median repository is off by a factor of")
    sizes = set(table.loc[table["side"] == ALL, "size"]) - {ALL}
    for size in [*sorted(sizes, key=_least, reverse=True), ALL]:
        factors = [exp(_row(table, p, ALL, size)["median_error"]) for p in (BEFORE, AFTER)]
        top = _line(ax, top, _size(size), [f"{factor:.2f}" for factor in factors])


def _size(size: str) -> str:
    """A class of size in words."""
    least = 0 if size == ALL else _least(size)
    return f"from {count(least)}" if least else {ALL: ALL}.get(size, "fewer")


def _least(size: str) -> int:
    """Lower end of a class of size."""
    return int(size.removeprefix("from ").replace(",", ""))


def _head(ax: Axes, top: float, text: str) -> float:
    """Name a table and its columns; return where its rows begin."""
    lines = wrap(text, TABLE, BODY, bold=True)
    ax.text(0, top, "\n".join(lines), size=BODY, weight="bold", va="top", linespacing=1.15)
    y = top - 0.14 * len(lines) - 0.12
    for name, right in ((BEFORE, FIRST), (AFTER, SECOND)):
        ax.text(TABLE - right, y, name, size=SMALL, color=QUIET, ha="right", va="center_baseline")
    ax.plot([0, TABLE], [y - 0.1, y - 0.1], color=RULE, lw=0.8)
    return y - ROW - 0.02


def _line(ax: Axes, y: float, name: str, numbers: list[str], side: str = "") -> float:
    """One row of a table, with the marks of a side; return where the next one stands."""
    colour = (text_colour(side) if side in SIDES else QUIET) if side else INK
    weight = "bold" if side in SIDES else "normal"
    if side:
        for x, fill in ((0.05, "none"), (0.17, _colour(side))):
            ax.plot([x], [y + 0.01], MARKER[side], ms=4.6, mec=_colour(side), mfc=fill, mew=0.9)
    style: dict[str, Any] = {
        "size": SMALL,
        "color": colour,
        "weight": weight,
        "va": "center_baseline",
    }
    ax.text(0.27 if side else 0, y, name, **style)
    for text, right in zip(numbers, (FIRST, SECOND), strict=True):
        ax.text(TABLE - right, y, text, ha="right", **style)
    return y - ROW
