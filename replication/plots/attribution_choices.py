"""The lead under one choice of attribution at a time away from the headline's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from replication.definitions import Definitions
from replication.plots import ranges, scales
from replication.plots.layout import BODY, SMALL, height_of, width_of, wrap
from replication.plots.results import Ends, Results
from replication.plots.single_choices import Panel, Range, Row, panels_of
from replication.plots.style import (
    COLOURS,
    INK,
    INNER,
    MARKERS,
    QUIET,
    RULE,
    Drawing,
    leader,
    page,
    text_colour,
)
from replication.plots.words import points, signed, whose

ROW, BLOCK, LAST, BELOW, ABOVE, APART, INDENT = 0.168, 0.235, 0.08, 0.36, 0.2, 0.16, 0.1
BESIDE, EDGE = 0.065, 0.13  # inches from a dot to its value, and from a tick to the edge
NOTHING = "removes nothing"


def draw(results: Results, definitions: Definitions) -> Drawing:
    """Draw one panel for the headline's window and one for the increments to the same end."""
    panels = panels_of(results, definitions)
    gutter = max(width_of(text, SMALL) for text in panels[0].labels) + INDENT + 0.12
    wide = (INNER - gutter - APART * (len(panels) - 1)) / len(panels)
    names = [wrap(p.window.label, wide, BODY, bold=True) for p in panels]
    heading = max(height_of(lines, BODY) for lines in names) + ABOVE
    tall = BLOCK * len(panels[0].rows()) + ROW * len(panels[0].labels)
    tall += LAST * bool(panels[0].ranges)
    sheet = page(
        heading + tall + BELOW,
        title(panels),
        deck(panels, results, definitions),
        results.footer(definitions),
    )
    span = _span(panels, wide)
    for n, (panel, lines) in enumerate(zip(panels, names, strict=True)):
        left = gutter + n * (wide + APART)
        ax = sheet.axes(left, BELOW, wide, tall)
        ax.set(xlim=[panel.baseline + end for end in span], ylim=(tall, 0), yticks=[])
        sheet.heading(left, BELOW + tall + ABOVE, "\n".join(lines))
        _scale(ax, wide, panel.baseline, "headline" if n == 0 else "same choices")
        _sides(ax, wide, gutter if n == 0 else 0)
        _panel(ax, panel, gutter / wide if n == 0 else None, wide)
    return sheet.describe(alt(panels), data(panels))


def alt(panels: Sequence[Panel]) -> str:
    """In every panel, the choices under which the lead is smallest and largest."""
    parts = []
    for panel in panels:
        rows = [row for rows in panel.blocks.values() for row in rows if row.lead is not None]
        low, high = (end(rows, key=lambda row: row.lead or 0.0) for end in (min, max))
        parts.append(
            f"{panel.window.label}: {signed(panel.baseline)} under the headline’s choices, from "
            f"{_text(low)} ({low.label}) to {_text(high)} ({high.label})"
        )
    return f"China − USA in points under one other choice at a time. {'. '.join(parts)}."


def data(panels: Sequence[Panel]) -> pd.DataFrame:
    """Every dot and every range, in points."""
    rows = []
    for panel, (block, shown) in ((p, item) for p in panels for item in p.rows().items()):
        for row in shown:
            ends = row.ends._asdict() if isinstance(row, Range) else {}
            keys = {"window": panel.window.label, "block": block, "choice": row.label}
            rows.append({**keys, "lead_points": row.lead, **ends})
    return pd.DataFrame(rows)


def deck(panels: Sequence[Panel], results: Results, definitions: Definitions) -> str:
    """What the marks and the ranges are."""
    text = (
        "China − USA, points, when one choice at a time departs from the headline’s (dashed line, "
        "hollow marks)"
    )
    if not panels[0].ranges:
        return text
    few = results.too_few(definitions)
    thin = "are not to be trusted with so few developers" if few else "redraw developers too"
    return (
        f"{text}. Last rows: {100 * definitions.inference.level:.0f} % ranges with the registry’s "
        "labels redrawn at a second coder’s rates of disagreement; the thin ones, which go on "
        f"beyond the arrows, {thin}"
    )


def title(panels: Sequence[Panel]) -> str:
    """How many single choices turn the lead, in the headline and in the increments."""
    parts = []
    for n, panel in enumerate(panels):
        turned, total = panel.turned()
        lead = f"{whose(panel.baseline)} lead of {points(panel.baseline)}"
        verb = "turn" if len(turned) > 1 else "turns"
        if n == 0:
            many = f"{len(turned)} of {total} single choices" if turned else "No single choice"
            only = f" ({turned[0]})" if len(turned) == 1 else ""
            parts.append(f"{many} {verb} {lead} in the headline{only}")
        else:
            many = f"{len(turned)} of {total}" if turned else "none"
            parts.append(f"in the {panel.window.kind} {many} {verb} {lead}")
    return "; ".join(parts)


def _between(ends: Ends) -> str:
    """A range in words."""
    return f"{signed(ends.lower)} to {signed(ends.upper)}"


def _to_the_left(row: Row, baseline: float) -> bool:
    """Whether the value stands left of the dot: away from the baseline, or from zero beside it."""
    if row.lead is None or row.lead == baseline:
        return baseline < 0
    return row.lead < baseline


def _text(row: Row) -> str:
    """What stands beside a dot."""
    return NOTHING if row.lead is None else signed(row.lead)


def _span(panels: Sequence[Panel], wide: float) -> tuple[float, float]:
    """Points on either side of the baseline, alike in all panels, with space beside the marks."""
    reach = []  # a distance from the baseline in points, and the inches needed on either side
    for panel in panels:
        reach += [(0 - panel.baseline, EDGE + 0.01, EDGE + 0.01)]  # zero is always marked
        for row in (row for rows in panel.blocks.values() for row in rows):
            moved = 0 if row.lead is None else row.lead - panel.baseline
            space = BESIDE + width_of(_text(row), SMALL) + 0.02
            left = _to_the_left(row, panel.baseline)
            reach += [(moved, space, EDGE / 2) if left else (moved, EDGE / 2, space)]
        for label_range in panel.ranges:
            shown = panel.ranges[0].ends
            space = BESIDE + width_of(_between(label_range.ends), SMALL) + 0.02
            reach += [(shown.lower - panel.baseline, EDGE, 0)]
            reach += [(shown.upper - panel.baseline, 0, space)]
    return scales.ends_with_space(reach, wide)


def _scale(ax: Axes, wide: float, baseline: float, name: str) -> None:
    """The scale, zero, and the lead under the headline's choices as a hairline."""
    low, high = ax.get_xlim()
    edge = EDGE * (high - low) / wide
    ticks = MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(low, high)
    ax.set_xticks([tick for tick in ticks if low + edge <= tick <= high - edge])
    ax.xaxis.grid(visible=True)
    ax.xaxis.set_major_formatter(lambda x, _: signed(x, 0))
    ax.axvline(0, color=INK, lw=0.9, zorder=2)
    ax.axvline(baseline, color=QUIET, lw=0.9, ls=(0, (3, 2)), zorder=2)
    text = f"{name} {signed(baseline)}"
    half = width_of(text, SMALL) / 2 / wide
    place = min(max((baseline - low) / (high - low), half), 1 - half)
    ax.annotate(
        text, (place, 1), xycoords="axes fraction", xytext=(0, 3), textcoords="offset points",
        ha="center", size=SMALL, color=QUIET,
    )  # fmt: skip


def _sides(ax: Axes, wide: float, spare: float) -> None:
    """Below the scale, on which side of zero either leads; `spare` inches are free at the left."""
    texts = {"USA": "← USA leads", "China": "China leads →"}
    sizes = {side: width_of(text, SMALL, bold=True) for side, text in texts.items()}
    low, high = ax.get_xlim()
    zero, gap = wide * (0 - low) / (high - low), 0.06
    zero = min(max(zero, sizes["USA"] + gap - spare), wide - sizes["China"] - gap)
    for side, x, ha in (("USA", zero - gap, "right"), ("China", zero + gap, "left")):
        ax.annotate(
            texts[side], (x / wide, 0), xycoords="axes fraction", xytext=(0, -23),
            textcoords="offset points", ha=ha, size=SMALL, weight="bold", color=text_colour(side),
        )  # fmt: skip


def _panel(ax: Axes, panel: Panel, gutter: float | None, wide: float) -> None:
    """Every row of one window; the names of blocks and rows in the gutter, if there is one."""
    for y, row in _places(panel):
        if isinstance(row, str):
            if gutter is not None:
                _name(ax, -gutter, y, row, weight="bold")
            continue
        ax.axhline(y, color=RULE, lw=0.4, zorder=0.5)
        if gutter is not None:
            _name(ax, INDENT / wide - gutter, y, row.label)
        if isinstance(row, Range):
            at = panel.ranges[0].ends.upper
            _range(ax, y, row, at, trusted=row is panel.ranges[0])
        else:
            _row(ax, y, row, panel.baseline)


def _places(panel: Panel) -> Iterator[tuple[float, str | Row | Range]]:
    """Blocks and rows with their places in inches from the top."""
    y = 0.0
    for name, rows in panel.rows().items():
        yield y + BLOCK - ROW / 2, name
        y += BLOCK
        for row in rows:
            y += LAST * (isinstance(row, Range) and row is not panel.ranges[0])
            yield y + ROW / 2, row
            y += ROW


def _name(ax: Axes, x: float, y: float, text: str, weight: str = "normal") -> None:
    """Name of a block or row, which starts at `x`."""
    ax.text(
        x, y, text, transform=ax.get_yaxis_transform(), size=SMALL, va="center_baseline",
        weight=weight,
    )  # fmt: skip


def _row(ax: Axes, y: float, row: Row, baseline: float) -> None:
    """A line from the headline's lead to the lead under one choice, with its value."""
    lead = baseline if row.lead is None else row.lead
    side = leader(lead)
    colour, words = (QUIET, QUIET) if row.lead is None else (COLOURS[side], text_colour(side))
    ax.plot([baseline, lead], [y, y], color=colour, lw=1.1, zorder=3)
    ax.plot(
        [lead], [y], MARKERS[side], color="white" if row.own else colour, ms=5,
        mec=colour if row.own else "white", mew=1.1 if row.own else 0.7, zorder=4,
    )  # fmt: skip
    _value(ax, lead, y, _text(row), words, left=_to_the_left(row, baseline))


def _range(ax: Axes, y: float, label_range: Range, at: float, *, trusted: bool) -> None:
    """The lead under the registry's labels with one range, which is printed from `at` on."""
    side = leader(label_range.lead)
    colour, text = COLOURS[side], _between(label_range.ends)
    if trusted:
        ranges.without(ax, label_range.ends, y, colour)
    else:
        ranges.interval(ax, label_range.ends, y, colour)
        _arrows(ax, y, label_range.ends, colour)
    ax.plot([label_range.lead], [y], MARKERS[side], color=colour, ms=3, mew=0, zorder=4)
    _value(ax, at, y, text, text_colour(side), above=not trusted)


def _arrows(ax: Axes, y: float, ends: Ends, colour: str) -> None:
    """An arrow where an end of a range lies outside the panel."""
    low, high = ax.get_xlim()
    for outside, limit, arrow in ((ends.lower < low, low, "<"), (ends.upper > high, high, ">")):
        if outside:
            ax.plot([limit], [y], arrow, color=colour, ms=3.5, mew=0, clip_on=False, zorder=4)


def _value(
    ax: Axes, x: float, y: float, text: str, colour: str, *, left: bool = False, above: bool = False
) -> None:
    """A text on one side of a mark, level with it or above; a line behind it is interrupted."""
    out = BESIDE * 72
    ax.annotate(
        text, (x, y), xytext=(-out if left else out, 3.4 if above else 0),
        textcoords="offset points", size=SMALL, color=colour, ha="right" if left else "left",
        va="baseline" if above else "center_baseline", zorder=2.5,
        bbox={"fc": "white", "ec": "none", "pad": 0.6},
    )  # fmt: skip
