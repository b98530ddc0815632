"""The published pair above this replication's estimates of it."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes

from replication.definitions import Definitions
from replication.plots import ranges, scales
from replication.plots.layout import BODY, SMALL, wrap
from replication.plots.results import (
    LEAD,
    Choice,
    Ends,
    Results,
    headline,
    increments_to_headline,
    window_of,
)
from replication.plots.style import (
    COLOURS,
    INK,
    INNER,
    MARKERS,
    QUIET,
    RULE,
    SHADE,
    SIDES,
    Drawing,
    Page,
    page,
    text_colour,
)
from replication.plots.words import CREDIT, LABELS, percent, points, signed

ROW, HALF, HEADING, KEY = 0.5, 0.115, 0.18, 0.95
GUTTER, LEADS = 1.95, 0.75
PLOT = INNER - GUTTER - LEADS


class Row(NamedTuple):
    """One specification under the name that the figure gives it."""

    label: str
    choice: Choice


def draw(results: Results, definitions: Definitions) -> Drawing:
    """Draw the published pair and our estimates with their ranges."""
    rows = rows_of(results, definitions)
    published = [results.published(f"study-{side.lower()}") for side in SIDES]
    pair = [value for value in published if value is not None]
    height = ROW * (len(rows) + bool(pair))
    below_title = deck(definitions, results.part)
    sheet = page(
        KEY + height + HEADING, title(results, rows, pair), below_title, results.footer(definitions)
    )
    ax = _axes(sheet, height, max(_ends(results, rows)))
    if pair:
        _published(ax, pair, height - ROW / 2)
    for n, row in enumerate(reversed(rows)):
        _estimates(ax, row, results, ROW * (n + 0.5))
    _key(sheet, ax, results, definitions)
    return sheet.describe(alt(results, rows, pair), data(results, rows, pair))


def alt(results: Results, rows: list[Row], pair: list[float]) -> str:
    """Both shares in every row."""
    shown = [("Published", pair)] if pair else []
    shown += [(r.label, [results.estimate(r.choice, side).point for side in SIDES]) for r in rows]
    texts = [
        f"{label}: "
        + " and ".join(f"{side} {percent(x)}" for side, x in zip(SIDES, values, strict=True))
        for label, values in shown
    ]
    return f"One row a specification, with ranges. {'. '.join(texts)}."


def data(results: Results, rows: list[Row], pair: list[float]) -> pd.DataFrame:
    """Every share with its three ranges, in percent."""
    published = [
        {"row": "published", "group": side, "share_percent": value}
        for side, value in zip(SIDES, pair, strict=False)
    ]
    ours = []
    for row, side in product(rows, SIDES):
        point, *ranges_of_it = (estimate := results.estimate(row.choice, side))
        ours.append(
            {"row": row.label, **row.choice._asdict(), "group": side, "share_percent": point}
            | {
                f"{name}_{end}": value
                for name, ends in zip(estimate._fields[1:], ranges_of_it, strict=True)
                for end, value in ends._asdict().items()
            }
        )
    return pd.DataFrame([*published, *ours])


def deck(definitions: Definitions, part: str = "") -> str:
    """What the shares are of, and what the rows have in common; `part` of the Hub, or all of it."""
    first = headline(definitions)
    of = "published for the whole Hub, ours for the released file"
    if definitions.whole:
        of = "published and rebuilt for the whole Hub"
        if part:
            of = f"published for the whole Hub, ours for {part}"
    return (
        f"Share of {definitions.young} downloads, %: {of}. "
        "Cohort: every download of the repositories created in the window; increments: downloads "
        f"gained in the window. Credited to the {CREDIT[first.attribution]} under the "
        f"{LABELS[first.labels]}’s country labels unless a row says otherwise"
    )


def rows_of(results: Results, definitions: Definitions) -> list[Row]:
    """The headline first, then what changes when one of its choices changes."""
    first, rival = headline(definitions), increments_to_headline(definitions)
    names = {e.id: e.label for e in definitions.estimands}
    longest = max((w for w in definitions.windows if w.kind == "increments"), key=lambda w: w.end)
    excluded = [f"{rival.estimand}-without-{x.id}" for x in definitions.estimated_exclusions]
    without = [rival._replace(estimand=estimand) for estimand in excluded]
    cohorts = [first._replace(estimand=w.id) for w in definitions.windows if w.kind == "cohort"]
    windows = [first, rival, *without, first._replace(estimand=longest.id), *cohorts]
    kind = "Same window" if definitions.whole else f"Same {window_of(definitions, first).kind}"
    other = next(labels for labels in ("registry", "study") if labels != first.labels)
    choices = [choice for choice in dict.fromkeys(windows) if results.holds(choice)]
    return [
        *(Row(names[choice.estimand], choice) for choice in choices),
        *(
            Row(f"{kind}, credited to the {CREDIT[role]}", first._replace(attribution=role))
            for role in ("origin", "maker")
        ),
        Row(f"{kind}, {LABELS[other]}’s labels", first._replace(labels=other)),
    ]


def title(results: Results, rows: list[Row], pair: list[float]) -> str:
    """What was published against what the rows show."""
    leads = [results.estimate(row.choice, LEAD).point for row in rows]
    low, high = min(leads), max(leads)
    if low < 0 < high:
        ours = f"{abs(low):.1f} behind to {high:.1f} ahead"
    else:
        small, large = sorted((abs(low), abs(high)))
        ours = f"{small:.1f} to {large:.1f} {'ahead' if high > 0 else 'behind'}"
    ours += " in the rows below"
    if not pair:
        return f"China is {ours}, in points"
    side = "ahead" if pair[0] >= pair[1] else "behind"
    return f"Published: China {points(pair[0] - pair[1])} {side}. Recomputed: {ours}"


def _ends(results: Results, rows: list[Row]) -> list[float]:
    """Upper ends of every range that is drawn."""
    estimates = [results.estimate(row.choice, side) for row in rows for side in SIDES]
    return [max(e.without.upper, e.bounds.upper, e.interval.upper) for e in estimates]


def _axes(sheet: Page, height: float, largest: float) -> Axes:
    """Percent across, inches up, with the heading of the column of leads."""
    ax = sheet.axes(GUTTER, KEY, PLOT, height)
    ax.set(xlim=(0, largest + 2), ylim=(0, height), yticks=[])
    scales.shares(ax.xaxis, largest)
    _beside(ax, height + 0.05, "China − USA, points", QUIET, va="baseline")
    return ax


def _published(ax: Axes, pair: list[float], y: float) -> None:
    """The published shares, which came without an interval."""
    ax.axhspan(y - ROW / 2, y + ROW / 2, xmin=-1, xmax=2, color=SHADE, zorder=0, clip_on=False)
    _label(ax, "Published by the study, no interval given", y, weight="bold")
    for side, value, offset in zip(SIDES, pair, (HALF, -HALF), strict=True):
        ranges.point(ax, value, y + offset, COLOURS[side], MARKERS[side])
        ax.text(
            value + 2, y + offset, f"{side} {percent(value)}", color=text_colour(side), size=BODY,
            weight="bold", va="center_baseline",
        )  # fmt: skip
    _beside(ax, y, signed(pair[0] - pair[1]), INK)


def _estimates(ax: Axes, row: Row, results: Results, y: float) -> None:
    """Both countries with their ranges, the numbers above the points."""
    if y > ROW:
        ax.axhline(y - ROW / 2, color=RULE, lw=0.6, xmin=-1, xmax=2, clip_on=False)
    _label(ax, row.label, y)
    for side, offset in zip(SIDES, (HALF, -HALF), strict=True):
        estimate, at = results.estimate(row.choice, side), y + offset - 0.055
        ranges.horizontal(ax, estimate, at, COLOURS[side], MARKERS[side])
        ax.text(
            estimate.point, at + 0.06, percent(estimate.point), color=text_colour(side), size=SMALL,
            weight="bold", ha="center", va="baseline",
        )  # fmt: skip
    _beside(ax, y, signed(results.estimate(row.choice, LEAD).point), INK)


def _label(ax: Axes, text: str, y: float, weight: str = "normal") -> None:
    """Name of a row in the gutter, wrapped."""
    lines = wrap(text, GUTTER - 0.15, BODY, bold=weight == "bold")
    ax.text(
        -GUTTER / PLOT, y, "\n".join(lines), transform=ax.get_yaxis_transform(), size=BODY,
        va="center", weight=weight, linespacing=1.1,
    )  # fmt: skip


def _beside(ax: Axes, y: float, text: str, colour: str, va: str = "center_baseline") -> None:
    """A text at the right edge of the column of leads."""
    ax.text(
        1 + LEADS / PLOT, y, text, transform=ax.get_yaxis_transform(), ha="right", va=va,
        color=colour, size=BODY,
    )  # fmt: skip


def _key(sheet: Page, scale: Axes, results: Results, definitions: Definitions) -> None:
    """How to read the marks of one row."""
    height, wide = KEY - 0.3, INNER - GUTTER
    ax = sheet.axes(GUTTER, 0, wide, height)
    ax.set(xlim=(0, scale.get_xlim()[1] * wide / PLOT), ylim=(0, height))
    ax.set_axis_off()
    effective = results.effective_developers(headline(definitions))
    interval = f"{100 * definitions.inference.level:.0f} % jackknife"
    if results.too_few(definitions):
        interval += f", not to be trusted: {effective:.1f} effective developers in the headline"
    rows = [height - 0.1 - 0.16 * n for n in range(4)]
    texts = (
        "share of the downloads in the window",
        "range when any one developer is left out: read this first",
        "with all downloads of no known country given to this side",
        interval,
    )
    ranges.point(ax, 4, rows[0], INK, "o")
    ranges.without(ax, Ends(0, 8), rows[1], INK)
    ranges.bounds(ax, Ends(4, 4.4), rows[2], INK, 4)
    ranges.interval(ax, Ends(0, 8), rows[3], INK)
    for place, text in zip(rows, texts, strict=True):
        ax.text(10, place, text, size=SMALL, color=QUIET, va="center_baseline")
