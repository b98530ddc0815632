"""The published pair with intervals under models of the Hub, and under other concentrations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from replication.definitions import Definitions
from replication.plots import ranges, scales
from replication.plots.layout import BODY, SMALL, width_of, wrap
from replication.plots.results import LEAD, Ends, Results
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
    leader,
    page,
    text_colour,
)
from replication.plots.words import percent, points, signed, whose

GUTTER, SHARES, APART, EDGE = 1.72, 2.46, 0.3, 0.16
LEADS = INNER - GUTTER - SHARES - APART - EDGE
LEFT = 0.42
WIDE = INNER - LEFT - EDGE / 2
ROW, HALF, HEADING, TICKS = 0.7, 0.155, 0.28, 0.22
CURVE, AXIS, ABOVE = 2.35, 0.34, 0.62
SEPARATE = 0.06  # inches between neighbouring labels of powers
THICK, THIN = "jackknife-logit", "percentile"
# What the models are called, and what each assumes, in few words; the table has it in full.
NAMES = {
    "pair": ("Pair", "shares as published; within each group, developers as in the panel"),
    "head-and-dust": (
        "Head and dust",
        "as the pair, but the rest is countless tiny repositories, which do not vary",
    ),
}


class Drawn(NamedTuple):
    """A statistic with both intervals, in percent or points."""

    point: float
    thick: Ends
    thin: Ends


def draw(results: Results, definitions: Definitions) -> Drawing:
    """Draw the intervals by model above the lead's interval against concentration."""
    names = [name for name in NAMES if name in set(results.published_pair["model"])]
    tall = ROW * len(names)
    lower = AXIS + CURVE + ABOVE
    height = lower + TICKS + tall + HEADING
    sheet = page(height, title(results), deck(results, definitions), results.footer(definitions))
    _models(sheet, results.published_pair, names, lower + TICKS)
    sheet.heading(
        0,
        AXIS + CURVE + ABOVE - 0.22,
        f"{LEAD}, points, if the Hub were less concentrated (model: pair)",
    )
    ax = sheet.axes(LEFT, AXIS, WIDE, CURVE)
    _curve(ax, results, definitions)
    return sheet.describe(alt(results, names), data(results, names))


def alt(results: Results, names: Sequence[str]) -> str:
    """The lead's interval in every model."""
    table = results.published_pair
    rows = table[(table["group"] == LEAD) & (table["method"] == THICK)].set_index("model")
    spans = "; ".join(f"{NAMES[name][0]}: {_span(rows.loc[name])}" for name in names)
    return f"Jackknife intervals of the lead in points, by model. {spans}."


def data(results: Results, names: Sequence[str]) -> pd.DataFrame:
    """Every interval, in percent or points, and the curve below."""
    pairs = results.published_pair[results.published_pair["model"].isin(list(names))]
    curve = results.concentration_curve.assign(model="pair, less concentrated", group=LEAD)
    columns = ["model", "power", "n_effective", "group", "method"]
    rows = pd.concat([pairs.assign(power=1.0), curve], ignore_index=True)
    ends = ("point", "lower", "upper")
    return rows[columns].assign(**{f"{end}_percent": 100 * rows[end] for end in ends})


def title(results: Results) -> str:
    """The interval of the lead by the first model, as concentrated as the panel and all equal."""
    rows = _by_power(results.concentration_curve, THICK)
    ours, equal = rows.iloc[0], rows.iloc[-1]
    return (
        f"A model: {whose(ours['point'])} published lead of {points(100 * ours['point'])} has an interval of "
        f"{_span(ours)}, and of {_span(equal)} were developers equal"
    )


def deck(results: Results, definitions: Definitions) -> str:
    """What is modelled, what the marks are, and why not to trust them."""
    level = percent(100 * definitions.inference.level, 0)
    first = results.published_pair.iloc[0]
    scaled = "no data regenerate the published shares. The panel’s developers are scaled to them"
    if definitions.whole:
        scaled = "the panel’s developers are scaled to the published shares"
    text = (
        f"A model of the whole Hub, not an estimate: {scaled} and resampled. "
        f"Thick: {level} jackknife interval; thin: {level} percentile interval"
    )
    least = definitions.inference.min_effective_developers
    if first["n_effective"] < least:
        text += (
            f". Neither is to be trusted with {first['n_effective']:.1f} effective developers in the "
            f"first model, fewer than {least:g}: read their width alone"
        )
    return text


def _span(row: pd.Series) -> str:
    """Both ends of an interval in points: “−31.4 to +33.6”."""
    return f"{signed(100 * row['lower'])} to {signed(100 * row['upper'])}"


def _models(sheet: Page, table: pd.DataFrame, names: Sequence[str], bottom: float) -> None:
    """One row a model: China and the USA on a scale of percent, the lead on one of points."""
    tall = ROW * len(names)
    shares = sheet.axes(GUTTER, bottom, SHARES, tall)
    leads = sheet.axes(GUTTER + SHARES + APART, bottom, LEADS, tall)
    leads.patch.set_visible(False)  # the lines between rows cross it
    statistics = {n: {g: _drawn(table, n, g) for g in (*SIDES, LEAD)} for n in names}
    _share_scale(shares, [statistics[n][side] for n in names for side in SIDES], tall)
    _lead_scale(leads, [statistics[n][LEAD] for n in names], tall)
    for place, name in enumerate(reversed(names)):
        y, first = ROW * (place + 0.5), place == len(names) - 1
        if place:
            _rule(shares, ROW * place)
        _name(shares, name, y)
        for side, offset in zip(SIDES, (HALF, -HALF), strict=True):
            _share(shares, statistics[name][side], y + offset, side, named=first)
        ahead = table.loc[(table["model"] == name) & (table["method"] == THIN), "china_leads"]
        _lead(leads, statistics[name][LEAD], y, float(ahead.iloc[0]))


def _drawn(table: pd.DataFrame, model: str, group: str) -> Drawn:
    """One statistic of one model."""
    rows = table[(table["model"] == model) & (table["group"] == group)].set_index("method")
    thick, thin = (
        Ends(100 * rows.loc[m, "lower"], 100 * rows.loc[m, "upper"]) for m in (THICK, THIN)
    )
    return Drawn(100 * float(rows.loc[THICK, "point"]), thick, thin)


def _share_scale(ax: Axes, statistics: Sequence[Drawn], tall: float) -> None:
    """Percent across, inches up."""
    largest = max(end for f in statistics for end in (f.thick.upper, f.thin.upper) if pd.notna(end))
    ax.set(xlim=(0, largest + 2), ylim=(0, tall), yticks=[])
    scales.shares(ax.xaxis, largest)
    _above(ax, tall, "Share of the Hub’s downloads")


def _lead_scale(ax: Axes, statistics: Sequence[Drawn], tall: float) -> None:
    """Points across, zero in the middle, inches up."""
    ends = [abs(end) for f in statistics for end in (*f.thick, *f.thin, f.point) if pd.notna(end)]
    reach = 1.05 * max(ends)
    ax.set(xlim=(-reach, reach), ylim=(0, tall), yticks=[])
    scales.leads(ax.xaxis, 5)
    ax.axvline(0, color=INK, lw=0.9, zorder=1)
    _above(ax, tall, f"{LEAD}, points")


def _above(ax: Axes, tall: float, text: str) -> None:
    """Heading of a column."""
    ax.text(0, tall + 0.08, text, transform=_across(ax), size=SMALL, color=QUIET, va="baseline")


def _across(ax: Axes) -> Any:
    """Coordinates in parts of the width and inches of height."""
    return ax.get_yaxis_transform()


def _rule(ax: Axes, y: float) -> None:
    """A line between two rows, across the page."""
    ends = [-GUTTER / SHARES, (INNER - GUTTER) / SHARES]
    ax.plot(ends, [y, y], transform=_across(ax), color=RULE, lw=0.6, clip_on=False, zorder=0)


def _name(ax: Axes, model: str, y: float) -> None:
    """A model's name in the gutter, with what it assumes below."""
    name, assumed = NAMES[model]
    lines = wrap(assumed, GUTTER - 0.14, SMALL)
    step, left = 0.125, -GUTTER / SHARES
    top = y + step * len(lines) / 2
    ax.text(left, top, name, transform=_across(ax), size=BODY, weight="bold", va="center_baseline")
    for n, line in enumerate(lines, 1):
        place = top - 0.01 - step * n
        ax.text(
            left, place, line, transform=_across(ax), size=SMALL, color=QUIET, va="center_baseline"
        )


def _share(ax: Axes, statistic: Drawn, y: float, side: str, *, named: bool) -> None:
    """A country's share with both intervals, and its published value above the point."""
    at = y - 0.055
    _ranges(ax, statistic, at, COLOURS[side])
    ranges.point(ax, statistic.point, at, COLOURS[side], MARKERS[side])
    text = f"{side} {percent(statistic.point)}" if named else percent(statistic.point)
    ax.text(
        statistic.point, at + 0.06, text, color=text_colour(side), size=SMALL, weight="bold",
        ha="center", va="baseline",
    )  # fmt: skip


def _lead(ax: Axes, statistic: Drawn, y: float, ahead: float) -> None:
    """The lead with both intervals, its ends above, and how often China is ahead below."""
    _ranges(ax, statistic, y, INK)
    ranges.point(ax, statistic.point, y, INK, "D")
    middle: dict[str, Any] = {"ha": "center", "size": SMALL, "color": INK, "va": "center_baseline"}
    ends = f"{signed(statistic.thick.lower)} to {signed(statistic.thick.upper)}"
    ax.text(0, y + 0.165, ends, weight="bold", bbox=_patch(), **middle)
    share = percent(100 * ahead, 0)
    ax.text(0, y - 0.165, f"China ahead in {share} of draws", bbox=_patch(), **middle)


def _patch() -> dict[str, Any]:
    """White behind a text that lies on a line."""
    return {"facecolor": "white", "edgecolor": "none", "pad": 0.8}


def _ranges(ax: Axes, statistic: Drawn, y: float, colour: str) -> None:
    """Thick and thin interval; none where a method refuses."""
    ranges.without(ax, statistic.thick, y, colour)
    ranges.interval(ax, statistic.thin, y, colour)


def _by_power(curve: pd.DataFrame, method: str) -> pd.DataFrame:
    """Rows of one method, from as concentrated as the panel to all equal."""
    return curve[curve["method"] == method].sort_values("power", ascending=False)


def _curve(ax: Axes, results: Results, definitions: Definitions) -> None:
    """The interval of the lead against the effective number of developers."""
    thick, thin = (_by_power(results.concentration_curve, m) for m in (THICK, THIN))
    x = thick["n_effective"].to_numpy()
    ax.set_xscale("log")
    ax.fill_between(x, 100 * thick["lower"], 100 * thick["upper"], color=INK, alpha=0.16, lw=0)
    for end in ("lower", "upper"):
        ax.plot(thin["n_effective"], 100 * thin[end], color=INK, lw=0.9)
    lead = 100 * float(thick["point"].iloc[0])
    ax.axhline(0, color=INK, lw=0.9)
    ahead = text_colour(leader(lead))
    ax.axhline(lead, color=ahead, lw=1.1, ls=(0, (3, 2)))
    _curve_scale(ax, x)
    _powers(ax, x, [float(power) for power in thick["power"]])
    ax.annotate(
        f"published lead {signed(lead)}", (x[0], lead), xytext=(3, 3), textcoords="offset points",
        size=SMALL, color=ahead, weight="bold", va="bottom",
    )  # fmt: skip
    _methods(ax, thick, thin)
    _needed(ax, results.detectable_gap, thick)
    _trusted(ax, definitions.inference.min_effective_developers, x)


def _curve_scale(ax: Axes, x: Any) -> None:
    """Effective developers across on a logarithmic scale, points up."""
    low, high = ax.get_ylim()
    reach = 1.2 * max(abs(low), abs(high))
    ax.set(xlim=(x.min() * 0.97, x.max() * 1.05), ylim=(-reach, reach))
    ticks = [
        n * 10**k for k in range(6) for n in (1, 1.5, 2, 3, 5, 7) if x.min() <= n * 10**k <= x.max()
    ]
    ax.set_xticks(ticks, [f"{tick:,g}" for tick in ticks])
    ax.xaxis.set_minor_locator(NullLocator())
    scales.leads(ax.yaxis, 5)
    ax.set_xlabel("effective number of developers", labelpad=2)


def _methods(ax: Axes, thick: pd.DataFrame, thin: pd.DataFrame) -> None:
    """Names of the methods at their lower ends."""
    for rows, text, below in ((thick, "jackknife", True), (thin, "percentile", False)):
        row = rows.iloc[1 if below else 0]
        ax.annotate(
            text, (row["n_effective"], 100 * row["lower"]), xytext=(4, -3 if below else 8),
            textcoords="offset points", size=SMALL, color=INK, va="top" if below else "bottom",
        )  # fmt: skip


def _powers(ax: Axes, x: Any, powers: Sequence[float]) -> None:
    """Ticks above the plot: the power behind each place, thinned where they would touch."""
    places = [ax.transAxes.inverted().transform(ax.transData.transform((v, 0)))[0] for v in x]
    ax.text(
        0, 1 + 0.24 / CURVE, "developers’ sizes within a group, to the power (1: as in the panel, 0: all equal)", size=SMALL,
        transform=ax.transAxes, color=QUIET, va="baseline",
    )  # fmt: skip
    last = -1.0
    for place, power in zip(places, powers, strict=True):
        text = {1.0: "1", 0.0: "0"}.get(power, f"{power:.1f}")
        half = width_of(text, SMALL) / 2
        if WIDE * place - half < last:
            continue
        last = WIDE * place + half + SEPARATE
        ax.plot([place, place], [1, 1 + 0.05 / CURVE], transform=ax.transAxes, color=QUIET,
                lw=0.8, clip_on=False)  # fmt: skip
        ax.text(
            place, 1 + 0.08 / CURVE, text, transform=ax.transAxes, size=SMALL, color=QUIET,
            ha="center", va="baseline",
        )  # fmt: skip


def _needed(ax: Axes, gaps: pd.DataFrame, thick: pd.DataFrame) -> None:
    """The leads that would have to be published for the percentile interval to exclude zero."""
    rows = gaps[(gaps["model"] == "pair") & (gaps["method"] == THIN)].dropna(subset="gap")
    tops = dict(zip(thick["power"], 100 * thick["upper"], strict=True))
    for n, row in enumerate(rows.sort_values("power", ascending=False).to_dict("records")):
        x, gap = row["n_effective"], 100 * row["gap"]
        ax.plot([x], [gap], "D", color=INK, ms=5, mec="white", mew=0.7, zorder=5)
        ax.annotate(
            f"a lead of {signed(gap)} would exclude zero, by percentiles" if n == 0 else signed(gap),
            (x, max(gap, tops[row["power"]])), xytext=(-3 if n == 0 else 3, 6),
            textcoords="offset points", size=SMALL, color=INK,
            ha="left" if n == 0 else "right", bbox=_patch(),
        )  # fmt: skip


def _trusted(ax: Axes, least: float, x: Any) -> None:
    """Where an interval begins to be trusted, if that is on the scale."""
    if not x.min() < least < x.max():
        return
    ax.axvline(least, color=QUIET, lw=0.8, ls=(0, (1, 2)))
    text = f"no interval is trusted below {least:g} "
    across = ax.transAxes.inverted().transform(ax.transData.transform((least, 0)))[0]
    left = width_of(text, SMALL) < WIDE * across
    ax.annotate(
        text, (least, 0), size=SMALL, color=QUIET, xycoords=ax.get_xaxis_transform(),
        xytext=(-2 if left else 4, 3), textcoords="offset points", ha="right" if left else "left",
        bbox=_patch(),
    )  # fmt: skip
