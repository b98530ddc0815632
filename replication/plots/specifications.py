"""The lead in every specification of the grid, the choices behind it, and how much each weighs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from replication.definitions import Definitions
from replication.plots import specification_choices
from replication.plots.layout import BODY, SMALL, spread, wrap
from replication.plots.results import LEAD, Results
from replication.plots.style import (
    COLOURS,
    INK,
    INNER,
    MARKERS,
    QUIET,
    SIDES,
    Drawing,
    leader,
    page,
    text_colour,
)
from replication.plots.words import DIMENSIONS, NARROW, percent, signed

TALL, ABOVE = 2.0, 0.08
LINE = (
    0.145  # inches between labels of published specifications, and between lines of a wrapped label
)
AWAY, BELOW = 0.1, 0.13  # inches from a published specification to its label, across and up
POINTS = 200 / TALL  # points an inch
ENDS = ("lower", "upper", "without_lower", "without_upper")
Floats = NDArray[np.float64]


class Published(NamedTuple):
    """A published specification: its name, its place on the curve as a fraction, its lead in points."""

    label: str
    place: float
    lead: float


def draw(results: Results, definitions: Definitions) -> Drawing:
    """Draw the curve above the rows of choices, with the shares of variance beside them."""
    curve = ordered(results.specifications)
    dimensions = specification_choices.dimensions_of(results, curve, definitions)
    low = specification_choices.height_of(dimensions)
    sheet = page(
        low + TALL + ABOVE, title(curve), deck(curve, definitions), results.footer(definitions)
    )
    left = specification_choices.gutter_of(dimensions)
    wide = INNER - left - specification_choices.RIGHT
    ax = sheet.axes(left, low, wide, TALL)
    ax.set(xlim=(0, 1), ylim=(-100, 100), yticks=range(-100, 101, 50))
    _bands(ax, curve)
    _leads(ax, curve)
    _all_published(ax, published_of(results.published_cells, curve), wide)
    _sides(ax, curve, wide)
    _names_of_bands(ax, curve, definitions, wide)
    specification_choices.draw(sheet, dimensions, left, _turn(curve))
    published = published_of(results.published_cells, curve)
    return sheet.describe(alt(curve, published, dimensions), data(curve, published, dimensions))


def alt(
    curve: pd.DataFrame,
    published: Sequence[Published],
    dimensions: Sequence[specification_choices.Dimension],
) -> str:
    """The ends of the curve, the published specifications, and the dimension that weighs most."""
    leads = curve["lead"]
    if curve.empty:
        return "No specification has downloads."
    marks = "; ".join(f"{one.label} {signed(one.lead)}" for one in published)
    text = f"A curve of leads from {signed(leads.iloc[0])} to {signed(leads.iloc[-1])} points"
    text += f"; nearest to published definitions: {marks}" if marks else ""
    first = dimensions[0]
    if np.isnan(first.alone):
        return f"{text}."
    return (
        f"{text}. {first.name} accounts for {percent(100 * first.alone, 0)} of the variance alone."
    )


def data(
    curve: pd.DataFrame,
    published: Sequence[Published],
    dimensions: Sequence[specification_choices.Dimension],
) -> pd.DataFrame:
    """Bands and tones by bin of ranks, marks, and shares of variance; leads in points."""
    edges = specification_choices.edges_of(len(curve))
    bands = medians_of(curve).assign(part="median of a bin", start=edges[:-1], end=edges[1:])
    tones = [
        {"part": "choice", "dimension": d.name, "choice": row.label, "start": start, "end": end}
        | {"share_of_specifications": share}
        for d in dimensions
        for row in d.rows
        for start, end, share in zip(edges, edges[1:], row.shares, strict=False)
    ]
    marks = [
        {"part": "published", "choice": x.label, "start": x.place, "lead": x.lead}
        for x in published
    ]
    weights = [
        {"part": "variance", "dimension": d.name, "alone": d.alone, "with_others": d.together}
        for d in dimensions
    ]
    return pd.concat([bands, *map(pd.DataFrame, (marks, tones, weights))], ignore_index=True)


def ordered(table: pd.DataFrame) -> pd.DataFrame:
    """Every specification with downloads, smallest lead first; leads and ends in points."""
    measures = ["lead", *ENDS]
    rows = table[table["lead"].notna()].sort_values(["lead", *DIMENSIONS], ignore_index=True)
    return rows.assign(**{name: 100 * rows[name] for name in measures})


def title(curve: pd.DataFrame) -> str:
    """In what fraction of the specifications China leads, and in how many one developer decides."""
    ahead = curve["lead"] > 0
    turned = int(np.where(ahead, curve["without_lower"] < 0, curve["without_upper"] > 0).sum())
    text = f"China leads in {_fraction(int(ahead.sum()), len(curve))} specifications"
    if not turned:
        return f"{text}, and the removal of no single developer turns the sign in any"
    where = "all" if turned == len(curve) else f"{turned:,} ({_percent(turned, len(curve))})"
    return f"{text}; the removal of one developer turns the sign in {where}"


def deck(curve: pd.DataFrame, definitions: Definitions) -> str:
    """What is shown, and how far the intervals are to be trusted."""
    distinct, sizes = int((curve["distinct"] == "yes").sum()), curve["n_effective"]
    near = -(-len(curve) // specification_choices.BINS)
    bands = f"median ends over {near} neighbours" if near > 1 else "one for each"
    text = (
        f"{LEAD}, points, under every combination of the choices below, smallest lead first "
        f"({distinct:,} of them distinct). Bands: {bands}. Marks: nearest to published "
        "definitions. Dark names: the headline’s choices"
    )
    if 0 < _turn(curve) < 1:
        text += ". Dotted: where the lead turns"
    if sizes.max() < definitions.inference.min_effective_developers:
        text += (
            f". No interval is to be trusted with {sizes.min():.1f} to {sizes.max():.1f} "
            "effective developers"
        )
    return text


def published_of(table: pd.DataFrame, curve: pd.DataFrame) -> list[Published]:
    """The published specifications with downloads, from the left; each after the leads as small as its own."""
    rows = table[table["lead"].notna()]
    leads = 100 * rows["lead"].to_numpy(dtype=float)
    after = np.searchsorted(curve["lead"].to_numpy(dtype=float), leads, side="right")
    places = (after - 0.5) / max(len(curve), 1)
    return sorted(map(Published, rows["label"], places, leads), key=lambda x: x[1:])


def _fraction(some: int, total: int) -> str:
    """A part of the specifications: “95 % of 12,096”, “none of 40”, “all 40”."""
    if some in {0, total}:
        return f"all {total:,}" if some else f"none of {total:,}"
    return f"{_percent(some, total)} of {total:,}"


def _percent(some: int, total: int) -> str:
    """A part in percent, never rounded to nothing or to everything."""
    share = 100 * some / total
    if some in {0, total} or 0.5 <= share < 99.5:
        return percent(share, 0)
    return f"less than 1{NARROW}%" if share < 1 else f"more than 99{NARROW}%"


def _turn(curve: pd.DataFrame) -> float:
    """The place from which China leads."""
    return float((curve["lead"] <= 0).mean())


def _bands(ax: Axes, curve: pd.DataFrame) -> None:
    """Both ranges of the lead as tints in the colour of the side that leads."""
    medians = medians_of(curve)
    edges = specification_choices.edges_of(len(curve))
    for (low, high), alpha in (((ENDS[0], ENDS[1]), 0.13), ((ENDS[2], ENDS[3]), 0.33)):
        for side, ahead in zip(SIDES, (medians["lead"] > 0, medians["lead"] <= 0), strict=True):
            ax.stairs(
                np.where(ahead, medians[high], np.nan), edges,
                baseline=np.where(ahead, medians[low], np.nan),
                fill=True, color=COLOURS[side], alpha=alpha, lw=0, zorder=1,
            )  # fmt: skip


def medians_of(curve: pd.DataFrame) -> pd.DataFrame:
    """Medians of the leads and of the ends of their ranges, in points, one row a bin of ranks."""
    return curve[["lead", *ENDS]].groupby(specification_choices.bins_of(len(curve))).median()


def _leads(ax: Axes, curve: pd.DataFrame) -> None:
    """The leads themselves, in two colours, and zero."""
    ax.yaxis.grid(visible=True)
    ax.yaxis.set_major_formatter(lambda y, _: signed(y, 0))
    ax.axhline(0, color=INK, lw=0.9, zorder=2)
    ticks = np.linspace(0, 1, 5)
    ax.set_xticks(ticks, [percent(100 * x, 0) if x == 1 else f"{100 * x:.0f}" for x in ticks])
    ax.get_xticklabels()[-1].set_horizontalalignment("right")  # the next column begins there
    places = (np.arange(len(curve)) + 0.5) / max(len(curve), 1)
    lead = curve["lead"].to_numpy(dtype=float)
    for side, mine in zip(SIDES, (lead > 0, lead <= 0), strict=True):
        ax.plot(places[mine], lead[mine], color=COLOURS[side], lw=2, zorder=3)


def _all_published(ax: Axes, published: Sequence[Published], wide: float) -> None:
    """The published specifications, labelled below the curve on its left half and above it on its right."""
    for side in (1, -1):
        half = [x for x in published if (x.place < 0.5) == (side > 0)]
        at = max((side * x.place for x in half), default=0.0) * side + side * AWAY / wide
        y = side * np.inf
        for one in sorted(half, key=lambda x: -side * x.lead):
            y = side * min(side * one.lead - POINTS * BELOW, side * y - POINTS * LINE)
            if abs(y) < POINTS * LINE / 2:  # the line at zero would cross it
                y = -side * POINTS * LINE * 0.6
            _one_published(ax, one, (at, y), "left" if side > 0 else "right")


def _one_published(ax: Axes, one: Published, at: tuple[float, float], ha: str) -> None:
    """A published specification as a point, with a line to its label."""
    side = leader(one.lead)
    ax.plot([one.place, at[0]], [one.lead, at[1]], color=INK, lw=0.6, zorder=4)
    ax.plot(
        [one.place], [one.lead], MARKERS[side], color=COLOURS[side], ms=5, mec="white", mew=0.8,
        zorder=5,
    )  # fmt: skip
    ax.annotate(
        f"{one.label} {signed(one.lead)}", at, xytext=(2 if ha == "left" else -2, 0),
        textcoords="offset points", size=SMALL, ha=ha, va="center_baseline", zorder=6,
    )  # fmt: skip


def _sides(ax: Axes, curve: pd.DataFrame, wide: float) -> None:
    """Who leads above and below zero, and in how many specifications."""
    counts = int((curve["lead"] > 0).sum()), int((curve["lead"] < 0).sum())
    for side, y, count in zip(SIDES, (25, -25), counts, strict=True):
        for line, text, weight in ((0.5, f"{side} leads", "bold"), (-0.5, f"{count:,}", "normal")):
            ax.text(
                -0.06 / wide, y + line * LINE * POINTS, text, transform=ax.get_yaxis_transform(),
                size=BODY, weight=weight, color=text_colour(side), ha="right", va="center_baseline",
            )  # fmt: skip


def _names_of_bands(ax: Axes, curve: pd.DataFrame, definitions: Definitions, wide: float) -> None:
    """What the tints are, beside their ends on the right."""
    known = medians_of(curve).dropna()
    if known.empty:
        return
    last = known.iloc[-1]
    places = [(last[ENDS[2]] + last[ENDS[3]]) / 2, (last[ENDS[0]] + last[ENDS[2]]) / 2]
    texts = [
        "without any one developer",
        f"{percent(100 * definitions.inference.level, 0)} bootstrap of developers",
    ]
    lines = [
        wrap(text, specification_choices.RIGHT - specification_choices.BESIDE, SMALL)
        for text in texts
    ]
    for y, text in zip(spread(places, 3 * LINE * POINTS, -90), lines, strict=True):
        ax.text(
            1 + specification_choices.BESIDE / wide, y, "\n".join(text), transform=ax.get_yaxis_transform(),
            size=SMALL, color=QUIET, va="center", linespacing=1.15,
        )  # fmt: skip
