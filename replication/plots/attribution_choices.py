"""The lead under one choice of attribution at a time away from the headline's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from replication.definitions import Definitions, Exclusion, Window
from replication.plots import ranges
from replication.plots.layout import BODY, SMALL, height_of, width_of, wrap
from replication.plots.results import (
    LEAD,
    Choice,
    Ends,
    Results,
    headline,
    increments_to_headline,
    select,
    window_of,
)
from replication.plots.style import (
    COLOURS,
    INK,
    INNER,
    LEADERS,
    MARKERS,
    QUIET,
    RULE,
    page,
    text_colour,
)
from replication.plots.words import CREDIT, LABELS, UNATTRIBUTED, points, signed

ROW, BLOCK, LAST, BELOW, ABOVE, APART, INDENT = 0.168, 0.235, 0.08, 0.36, 0.2, 0.16, 0.1
BESIDE, EDGE = 0.065, 0.13  # inches from a dot to its value, and from a tick to the edge
NOTHING = "removes nothing"
# Kinds of draws behind the ranges of the last block, and the words for what was drawn anew.
REDRAWN = {
    "labels-unsettled": "unsettled labels redrawn",
    "both-unsettled": "unsettled labels and developers redrawn",
}


class Row(NamedTuple):
    """A choice and the lead under it in points; no lead where the choice removes nothing."""

    label: str
    lead: float | None
    own: bool  # the headline makes this choice


class Range(NamedTuple):
    """A lead in points and the range of it that one kind of draws gives."""

    label: str
    lead: float
    ends: Ends


Blocks = dict[str, list[Row]]


class Panel(NamedTuple):
    """A window: the lead under the headline's choices, under every other one, and its ranges."""

    window: Window
    baseline: float
    blocks: Blocks
    ranges: list[Range]

    def rows(self) -> dict[str, Sequence[Row | Range]]:
        """Everything that is drawn, by the name of its block."""
        shown: dict[str, Sequence[Row | Range]] = {**self.blocks}
        return shown | ({"Error of the labels": self.ranges} if self.ranges else {})


def draw(results: Results, definitions: Definitions) -> Figure:
    """Draw one panel for the headline's window and one for the increments to the same end."""
    panels = panels_of(results, definitions)
    gutter = max(width_of(text, SMALL) for text in _labels(panels[0])) + INDENT + 0.12
    wide = (INNER - gutter - APART * (len(panels) - 1)) / len(panels)
    names = [wrap(p.window.label, wide, BODY, bold=True) for p in panels]
    heading = max(height_of(lines, BODY) for lines in names) + ABOVE
    tall = BLOCK * len(panels[0].rows()) + ROW * len(_labels(panels[0]))
    tall += LAST * bool(panels[0].ranges)
    few = results.too_few(definitions)
    deck = (
        "China − USA, points, when one choice at a time departs from the headline’s (dashed line, "
        "hollow marks)"
    )
    if panels[0].ranges:
        deck += (
            f". Last rows: {100 * definitions.inference.level:.0f} % ranges with the registry’s labels "
            "redrawn at a second coder’s rates of disagreement; the thin ones, which go on beyond the "
            "arrows, "
        )
        deck += "are not to be trusted with so few developers" if few else "redraw developers too"
    sheet = page(heading + tall + BELOW, title(panels), deck, results.footer(definitions))
    span = _span(panels, wide)
    for n, (panel, lines) in enumerate(zip(panels, names, strict=True)):
        left = gutter + n * (wide + APART)
        ax = sheet.axes(left, BELOW, wide, tall)
        ax.set(xlim=[panel.baseline + end for end in span], ylim=(tall, 0), yticks=[])
        sheet.heading(left, BELOW + tall + ABOVE, "\n".join(lines))
        _scale(ax, wide, panel.baseline, "headline" if n == 0 else "same choices")
        _sides(ax, wide, gutter if n == 0 else 0)
        _panel(ax, panel, gutter / wide if n == 0 else None, wide)
    return sheet.figure


def title(panels: Sequence[Panel]) -> str:
    """How many single choices turn the lead, in the headline and in the increments."""
    told = []
    for n, panel in enumerate(panels):
        turned, total = _turned(panel)
        side = "China’s" if panel.baseline > 0 else "the USA’s"
        lead = f"{side} lead of {points(panel.baseline)}"
        verb = "turn" if len(turned) > 1 else "turns"
        if n == 0:
            many = f"{len(turned)} of {total} single choices" if turned else "No single choice"
            only = f" ({turned[0]})" if len(turned) == 1 else ""
            told.append(f"{many} {verb} {lead} in the headline{only}")
        else:
            many = f"{len(turned)} of {total}" if turned else "none"
            told.append(f"in the {panel.window.kind} {many} {verb} {lead}")
    return "; ".join(told)


def panels_of(results: Results, definitions: Definitions) -> list[Panel]:
    """The headline's window and, where it is another, its rival's."""
    chosen = (headline(definitions), increments_to_headline(definitions))
    windows = {w.id: w for w in (window_of(definitions, choice) for choice in chosen)}
    return [
        Panel(
            window,
            _lead(results, window, _headline(definitions)),
            blocks(results, definitions, window),
            ranges_of(results, definitions, window),
        )
        for window in windows.values()
    ]


def blocks(results: Results, definitions: Definitions, window: Window) -> Blocks:
    """Every choice with its lead, by what is chosen."""
    named = {"attribution": CREDIT, "labels": LABELS, "treatment": UNATTRIBUTED}
    titles = dict(zip(named, ("Credit", "Labels", "Unattributed"), strict=True))
    own = _headline(definitions)
    made = {
        titles[key]: [
            Row(text, _lead(results, window, {**own, key: choice}), choice == own[key])
            for choice, text in texts.items()
        ]
        for key, texts in named.items()
    }
    without = [
        _without(results, window, x, exclusion_name(definitions, x)) for x in definitions.exclusions
    ]
    return made | {"Left out": [Row("nothing", _lead(results, window, own), own=True), *without]}


def ranges_of(results: Results, definitions: Definitions, window: Window) -> list[Range]:
    """The ranges that errors of the registry's labels give the lead, without and with luck."""
    choice = Choice(window.id, headline(definitions).attribution, "registry")
    rows = select(results.label_error, choice)
    rows = rows[rows["group"] == LEAD].set_index("source")
    return [
        Range(text, 100 * row["point"], Ends(100 * row["lower"], 100 * row["upper"]))
        for source, text in REDRAWN.items()
        for _, row in rows.loc[rows.index == source].iterrows()
    ]


def _headline(definitions: Definitions) -> dict[str, str]:
    """The headline's choices in the table of choices."""
    own = definitions.headline
    return {
        "exclusion": "none",
        "attribution": own.attribution,
        "labels": own.labels,
        "treatment": "own",
    }


def _lead(results: Results, window: Window, choice: Mapping[str, str]) -> float:
    """The lead in points under every choice named."""
    sought = {"window": window.id, **choice}
    table = results.choices
    return 100 * float(
        table.loc[(table[[*sought]] == [*sought.values()]).all(axis=1), "lead"].item()
    )


def exclusion_name(definitions: Definitions, exclusion: Exclusion) -> str:
    """What an exclusion leaves out; one that joins all before it is named by that."""
    before = definitions.exclusions[: definitions.exclusions.index(exclusion)]
    if len(before) > 1 and set(exclusion.kinds) == {kind for x in before for kind in x.kinds}:
        return "all of the above"
    return exclusion.label.removeprefix("without ")


def _without(results: Results, window: Window, exclusion: Exclusion, label: str) -> Row:
    """The lead in points without what an exclusion leaves out."""
    table = results.exclusions
    sought = ["exclusion", exclusion.id, window.id]
    found = table[(table[["by", "exclusion", "window"]] == sought).all(axis=1)].iloc[0]
    lead = 100 * float(found["lead_without"]) if found["downloads"] else None
    return Row(label, lead, own=False)


def _turned(panel: Panel) -> tuple[list[str], int]:
    """The choices that turn the headline's lead, and how many there are beside its own."""
    others = [
        (f"{block.lower()}: {row.label}", row.lead)
        for block, rows in panel.blocks.items()
        for row in rows
        if not row.own and row.lead is not None
    ]
    return [name for name, lead in others if lead * panel.baseline < 0], len(others)


def _labels(panel: Panel) -> list[str]:
    """Names of the rows."""
    return [row.label for rows in panel.rows().values() for row in rows]


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
    """Points on either side of the baseline, alike in all panels, with room beside the marks."""
    reach = []  # a distance from the baseline in points, and the inches needed on either side
    for panel in panels:
        reach += [(0 - panel.baseline, EDGE + 0.01, EDGE + 0.01)]  # zero is always marked
        for row in (row for rows in panel.blocks.values() for row in rows):
            moved = 0 if row.lead is None else row.lead - panel.baseline
            room = BESIDE + width_of(_text(row), SMALL) + 0.02
            left = _to_the_left(row, panel.baseline)
            reach += [(moved, room, EDGE / 2) if left else (moved, EDGE / 2, room)]
        for found in panel.ranges:
            shown = panel.ranges[0].ends
            room = BESIDE + width_of(_between(found.ends), SMALL) + 0.02
            reach += [(shown.lower - panel.baseline, EDGE, 0)]
            reach += [(shown.upper - panel.baseline, 0, room)]
    low, high = min(x for x, *_ in reach), max(x for x, *_ in reach)
    for _ in range(50):  # the scale depends on the ends, which depend on the scale
        scale = (high - low) / wide
        low = min(x - left * scale for x, left, _ in reach)
        high = max(x + right * scale for x, _, right in reach)
    return low, high


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
    side = _leader(lead)
    colour, words = (QUIET, QUIET) if row.lead is None else (COLOURS[side], text_colour(side))
    ax.plot([baseline, lead], [y, y], color=colour, lw=1.1, zorder=3)
    ax.plot(
        [lead], [y], MARKERS[side], color="white" if row.own else colour, ms=5,
        mec=colour if row.own else "white", mew=1.1 if row.own else 0.7, zorder=4,
    )  # fmt: skip
    _value(ax, lead, y, _text(row), words, left=_to_the_left(row, baseline))


def _range(ax: Axes, y: float, found: Range, at: float, *, trusted: bool) -> None:
    """The lead under the registry's labels with one range, which is printed from `at` on."""
    side = _leader(found.lead)
    colour, text = COLOURS[side], _between(found.ends)
    if trusted:
        ranges.without(ax, found.ends, y, colour)
    else:
        ranges.interval(ax, found.ends, y, colour)
        _arrows(ax, y, found.ends, colour)
    ax.plot([found.lead], [y], MARKERS[side], color=colour, ms=3, mew=0, zorder=4)
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


def _leader(lead: float) -> str:
    """The side that leads."""
    return LEADERS[0] if lead > 0 else LEADERS[1]
