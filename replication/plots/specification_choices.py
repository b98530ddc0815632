"""Rows under a specification curve: where on it a choice is made, and what its dimension weighs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import NDArray

from replication.definitions import Definitions
from replication.plots.layout import SMALL, width_of
from replication.plots.results import Results
from replication.plots.style import INK, INNER, QUIET, RULE, Page
from replication.plots.words import DIMENSIONS, choices, percent

LINE, GAP, HEADING, RIGHT = 0.12, 0.06, 0.42, 1.02
BINS = 80  # ranks in as many bins: finer, and neighbours that differ by chance hide the pattern
DARKEST = 3.0  # times an even spread from which a row is black
BESIDE, BETWEEN, BAR = 0.12, 0.1, 0.075
TONES = LinearSegmentedColormap.from_list("tones", ["white", INK])
Floats = NDArray[np.float64]


class ChoiceRow(NamedTuple):
    """A choice: its name, whether it is the headline's, and its share (bins,) along the curve."""

    label: str
    own: bool
    shares: Floats
    overall: float  # its share of the whole curve


class Dimension(NamedTuple):
    """A dimension with its choices and its shares of variance, alone and with others."""

    name: str
    rows: list[ChoiceRow]
    alone: float
    together: float


def dimensions_of(
    results: Results, curve: pd.DataFrame, definitions: Definitions
) -> list[Dimension]:
    """The dimensions, the one that weighs most first.

    Parameters
    ----------
    results
        Tables with the dimensions and the published specifications, of which the first is the headline's.
    curve
        Specifications, smallest lead first.
    definitions
        Definitions.
    """
    names, head = choices(definitions), results.published_cells.iloc[0]
    dimensions = []
    for dimension, table in results.dimensions.groupby("dimension", sort=False):
        values = curve[dimension].astype(str)
        labels = names[str(dimension)]
        rows = [
            ChoiceRow(labels[choice], choice == str(head[dimension]), *_along(values == choice))
            for choice in table["choice"].astype(str)
        ]
        first = table.iloc[0]
        weights = float(first["first_order"]), float(first["total_order"])
        dimensions.append(Dimension(DIMENSIONS[str(dimension)], rows, *weights))
    return sorted(dimensions, key=lambda dimension: -np.nan_to_num(dimension.together))


def bins_of(count: int) -> NDArray[np.int64]:
    """Bin (count,) of every place on the curve: at most `BINS`, alike in size to one place."""
    return np.arange(count) * min(BINS, count) // max(count, 1)


def edges_of(count: int) -> Floats:
    """Edges (bins + 1,) of the bins as fractions of the curve."""
    bins = min(BINS, count)
    return np.ceil(np.arange(bins + 1) * count / max(bins, 1)) / max(count, 1)


def _along(matches: pd.Series) -> tuple[Floats, float]:
    """Share (bins,) of the specifications in each bin that make a choice, and of all of them."""
    by_bin = matches.groupby(bins_of(len(matches))).mean()
    return by_bin.to_numpy(dtype=float), float(matches.mean())


def height_of(dimensions: list[Dimension]) -> float:
    """Inches that the rows take, with the space for the scale above them."""
    return HEADING + sum(len(d.rows) * LINE for d in dimensions) + (len(dimensions) - 1) * GAP


def gutter_of(dimensions: list[Dimension]) -> float:
    """Inches left of the rows that the names of dimensions and choices need."""
    wide = [width_of(row.label, SMALL) for d in dimensions for row in d.rows]
    firsts = [
        width_of(d.name, SMALL, bold=True) + BETWEEN + width_of(d.rows[0].label, SMALL)
        for d in dimensions
    ]
    return max(*wide, *firsts) + BESIDE


def draw(sheet: Page, dimensions: list[Dimension], left: float, turn: float) -> None:
    """Draw the rows from `left` on, a line at `turn`, and the bars of variance beside them."""
    wide, tall = INNER - left - RIGHT, height_of(dimensions) - HEADING
    ax, beside = sheet.axes(left, 0, wide, tall), sheet.axes(left + wide, 0, RIGHT, tall)
    weights = [weight for d in dimensions for weight in (d.alone, d.together)]
    largest = max((weight for weight in weights if weight > 0), default=1.0)
    ax.set(xlim=(0, 1), ylim=(tall, 0))
    beside.set(xlim=(-BESIDE / (RIGHT - BESIDE) * largest, largest), ylim=(tall, 0))
    top = 0.0
    for dimension in dimensions:
        _tones(ax, dimension, top)
        _names(ax, dimension, top, left, wide)
        _weight(beside, dimension, top)
        top += len(dimension.rows) * LINE + GAP
    if 0 < turn < 1:
        ax.axvline(turn, color=INK, lw=0.6, ls=(0, (2, 2)), zorder=3)
    _key(ax, wide)
    beside.text(
        0, -0.07, "Share of variance:\nalone, with others", size=SMALL, color=QUIET, va="bottom",
        linespacing=1.15,
    )  # fmt: skip
    ax.set_axis_off()
    beside.set_axis_off()


def _key(ax: Axes, wide: float) -> None:
    """What the tones mean, above the rows."""
    x, across = 0.0, ax.get_yaxis_transform()
    for times, text in (
        (0, "never"),
        (1, "as often as overall"),
        (DARKEST, f"{DARKEST:g} × as often or more"),
    ):
        ax.barh(
            -0.12, 0.11 / wide, left=x, height=0.09, color=TONES(times / DARKEST), ec=RULE, lw=0.6,
            transform=across, clip_on=False,
        )  # fmt: skip
        ax.text(
            x + 0.16 / wide, -0.12, text, transform=across, size=SMALL, color=QUIET,
            va="center_baseline",
        )  # fmt: skip
        x += (0.28 + width_of(text, SMALL)) / wide


def _tones(ax: Axes, dimension: Dimension, top: float) -> None:
    """The rows of one dimension from `top` down, parted by white lines."""
    tones = [row.shares / (DARKEST * row.overall or 1) for row in dimension.rows]
    low = top + len(dimension.rows) * LINE
    ax.imshow(
        np.array(tones), cmap=TONES, vmin=0, vmax=1, aspect="auto", interpolation="nearest",
        extent=(0, 1, low, top), zorder=1,
    )  # fmt: skip
    for edge in np.linspace(top, low, len(dimension.rows) + 1):
        ax.axhline(edge, color="white", lw=1.3, zorder=2)


def _names(ax: Axes, dimension: Dimension, top: float, left: float, wide: float) -> None:
    """Names of a dimension and of its choices in the gutter, `left` inches wide."""
    across, y = ax.get_yaxis_transform(), top + LINE / 2
    ax.text(
        -left / wide, y, dimension.name, transform=across, size=SMALL, weight="bold",
        va="center_baseline",
    )  # fmt: skip
    for n, row in enumerate(dimension.rows):
        ax.text(
            -BESIDE / wide, y + n * LINE, row.label, transform=across, size=SMALL, ha="right",
            va="center_baseline", color=INK if row.own else QUIET,
        )  # fmt: skip


def _weight(ax: Axes, dimension: Dimension, top: float) -> None:
    """A bar with a dimension's shares of variance, and the numbers below it."""
    if np.isnan(dimension.together):
        return
    y = top + LINE / 2
    for share, colour in ((dimension.together, "#c4c4c4"), (dimension.alone, INK)):
        ax.barh(y, share, height=BAR, color=colour, zorder=2)
    text = f"{100 * dimension.alone:.0f}, {percent(100 * dimension.together, 0)}"
    ax.text(0, y + LINE, text, size=SMALL, color=QUIET, va="center_baseline")
