"""The published pair above this replication's estimates of it."""

from __future__ import annotations

from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replication.plots import ranges
from replication.plots.results import (
    LEAD,
    Choice,
    Ends,
    Results,
    headline,
    increments_to_headline,
)
from replication.plots.style import (
    BODY,
    COLOURS,
    INK,
    MARKERS,
    QUIET,
    RULE,
    SHADE,
    SMALL,
    WIDTH,
    Page,
    page,
    wrap,
)
from replication.plots.words import percent, points, signed
from replication.study import Study

ROW, HALF, GUTTER, LEADS, KEY = 0.56, 0.125, 1.72, 0.72, 1.0
SIDES = ("China", "USA")


class Row(NamedTuple):
    """One specification under the name that the figure gives it."""

    label: str
    choice: Choice


def draw(results: Results, study: Study) -> Figure:
    """Draw the published pair and our estimates with their ranges."""
    rows = rows_of(study)
    published = [results.published(f"study-{side.lower()}") for side in SIDES]
    pair = [value for value in published if value is not None]
    height = ROW * (len(rows) + bool(pair)) + KEY + 0.25
    deck = (
        "Share of first-year downloads of open models on the Hugging Face Hub, %; credited to the "
        "uploader under the study’s country labels unless a row says otherwise"
    )
    sheet = page(height, title(results, rows, pair), deck, results.footer(study))
    ax = _axes(sheet, ROW * (len(rows) + bool(pair)))
    places = [ROW * (len(rows) - 0.5 - n) for n in range(len(rows))]
    if pair:
        _published(ax, pair, ROW * (len(rows) + 0.5))
    for row, y in zip(rows, places, strict=True):
        _estimates(ax, row, results, y)
    _key(sheet, results.effective_developers(headline(study)), study)
    return sheet.figure


def rows_of(study: Study) -> list[Row]:
    """The headline first, then what changes when one of its choices changes."""
    first, rival = headline(study), increments_to_headline(study)
    names = {e.id: e.label for e in study.estimands}
    longest = max((w for w in study.windows if w.kind == "increments"), key=lambda w: w.end)
    without = [
        rival._replace(estimand=f"{rival.estimand}-without-{x.id}") for x in study.exclusions
    ]
    windows = [first, rival, *without, first._replace(estimand=longest.id)]
    return [
        *(Row(names[choice.estimand], choice) for choice in dict.fromkeys(windows)),
        Row("Top row, credited to the origin", first._replace(attribution="origin")),
        Row("Top row, this project’s labels", first._replace(labels="registry")),
    ]


def title(results: Results, rows: list[Row], pair: list[float]) -> str:
    """What was published against what the rows show."""
    leads = [results.estimate(row.choice, LEAD).point for row in rows]
    low, high = min(leads), max(leads)
    if low < 0 < high:
        ours = f"from {abs(low):.1f} behind to {points(high)} ahead, by definition"
    else:
        side = "ahead" if low >= 0 else "behind"
        small, large = sorted(map(abs, (low, high)))
        ours = f"{small:.1f} to {points(large)} {side}, by definition"
    if not pair:
        return f"China is {ours}"
    side = "ahead" if pair[0] >= pair[1] else "behind"
    return f"Published: China {points(pair[0] - pair[1])} {side}. Recomputed: {ours}"


def _axes(sheet: Page, height: float) -> Axes:
    """Percent across, inches up, with the heading of the column of leads."""
    ax = sheet.axes(GUTTER, KEY, WIDTH - GUTTER - LEADS, height)
    ax.set(xlim=(0, 100), ylim=(0, height), yticks=[], xticks=range(0, 101, 20))
    ax.set_xticklabels("100 %" if x == 100 else str(x) for x in range(0, 101, 20))
    ax.xaxis.grid(visible=True)
    _beside(ax, height + 0.06, "China − USA, points", QUIET, va="bottom")
    return ax


def _published(ax: Axes, pair: list[float], y: float) -> None:
    """The published shares, which came without an interval."""
    ax.axhspan(y - ROW / 2, y + ROW / 2, xmin=-1, xmax=2, color=SHADE, zorder=0, clip_on=False)
    _label(ax, "Published by the study, no interval given", y, weight="bold")
    for side, value, offset in zip(SIDES, pair, (HALF, -HALF), strict=True):
        ranges.point(ax, value, y + offset, COLOURS[side], MARKERS[side])
        ax.text(
            value + 2, y + offset, f"{side} {percent(value)}", color=COLOURS[side], size=BODY,
            weight="bold", va="center_baseline",
        )  # fmt: skip
    _beside(ax, y, signed(pair[0] - pair[1]), INK)


def _estimates(ax: Axes, row: Row, results: Results, y: float) -> None:
    """Both countries with their ranges, the numbers above the points."""
    ax.axhline(y + ROW / 2, color=RULE, lw=0.6, xmin=-1, xmax=2, clip_on=False)
    _label(ax, row.label, y)
    for side, offset in zip(SIDES, (HALF, -HALF), strict=True):
        found, at = results.estimate(row.choice, side), y + offset - 0.05
        ranges.horizontal(ax, found, at, COLOURS[side], MARKERS[side])
        ax.text(
            found.point, at + 0.065, percent(found.point), color=COLOURS[side], size=SMALL,
            weight="bold", ha="center", va="bottom",
        )  # fmt: skip
    _beside(ax, y, signed(results.estimate(row.choice, LEAD).point), INK)


def _label(ax: Axes, text: str, y: float, weight: str = "normal") -> None:
    """Name of a row in the gutter, wrapped."""
    lines = wrap(text, GUTTER - 0.2, BODY, bold=weight == "bold")
    place = (-GUTTER / (WIDTH - GUTTER - LEADS) + 0.012, y)
    ax.text(
        *place, "\n".join(lines), transform=ax.get_yaxis_transform(), size=BODY, va="center",
        weight=weight, linespacing=1.2,
    )  # fmt: skip


def _beside(ax: Axes, y: float, text: str, colour: str, va: str = "center") -> None:
    """A number in the right column."""
    edge = 1 + (LEADS - 0.06) / (WIDTH - GUTTER - LEADS)
    ax.text(
        edge, y, text, transform=ax.get_yaxis_transform(), ha="right", va=va, color=colour, size=BODY,
    )  # fmt: skip


def _key(sheet: Page, effective: float, study: Study) -> None:
    """How to read the marks of one row."""
    ax = sheet.axes(GUTTER, 0, WIDTH - GUTTER, KEY - 0.32)
    ax.set(xlim=(0, 100 * (WIDTH - GUTTER) / (WIDTH - GUTTER - LEADS)), ylim=(0, KEY - 0.32))
    ax.set_axis_off()
    level, least = 100 * study.inference.level, study.inference.min_effective_developers
    y, ends = [KEY - 0.42 - 0.15 * n for n in range(4)], Ends(1, 9)
    texts = (
        "point: share of all downloads in the window",
        "range without any one developer: read this first",
        "worst-case bounds: downloads of no known country given to one side",
        f"{level:.0f} % bootstrap over developers; {effective:.1f} effective ones, "
        f"too few (< {least:.0f}) to trust it",
    )
    ranges.point(ax, 5, y[0], INK, "o")
    ranges.without(ax, ends, y[1], INK)
    ranges.bounds(ax, ends, y[2], INK)
    ranges.interval(ax, ends, y[3], INK)
    for place, text in zip(y, texts, strict=True):
        ax.text(11.5, place, text, size=SMALL, color=QUIET, va="center_baseline")
