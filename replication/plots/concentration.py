"""How heavy the tail of the sizes is, and how few units carry the downloads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes

from replication.definitions import Definitions, Window
from replication.plots.layout import SMALL, spread, width_of
from replication.plots.results import Results, headline, increments_to_headline, window_of
from replication.plots.scales import decades
from replication.plots.style import (
    COLOURS,
    INK,
    INNER,
    MARGIN,
    MARKERS,
    QUIET,
    RULE,
    Drawing,
    Page,
    page,
    text_colour,
)
from replication.plots.words import percent

LEFT, TALL, HEADING, AXIS, NAMES, BETWEEN = 0.2, 1.45, 0.25, 0.36, 1.1, 0.14
WIDE = (INNER - BETWEEN) / 2 - LEFT - NAMES
APART, HEADS, TITLE, ROW, TICKS = 0.3, 0.22, 0.19, 0.31, 0.2
GUTTER, GAP = 1.9, 0.26
COLUMN = (INNER - GUTTER + GAP) / 5 - GAP
TOP = 3.0  # the largest tail index on the scale
# Above these indices a Pareto law has the moment.
MOMENTS = {1.0: "finite mean ↑", 2.0: "finite variance ↑"}
UNITS = {"developer": "Developers", "repository": "Repositories"}
EVERYWHERE = "all"
SCOPES = {EVERYWHERE: "All", "China": "China", "USA": "USA"}
REFUSED, HALF = "refused", 0.5


PERCENT, INDEX, NUMBER = "percent", "from 0 to 1", "from 1 on"


class Measure(NamedTuple):
    """A measure of concentration: its name in the table and in words, and how it is printed."""

    name: str
    words: str
    scale: str


MEASURES = (
    Measure("top-1", "the largest, %", PERCENT),
    Measure("top-5", "5 largest, %", PERCENT),
    Measure("top-10", "10 largest, %", PERCENT),
    Measure("gini", "Gini", INDEX),
    Measure("effective", "effective number", NUMBER),
)


class Index(NamedTuple):
    """Hill's index of the tail that was chosen, and its interval."""

    size: int
    alpha: float
    lower: float
    upper: float


def draw(results: Results, definitions: Definitions) -> Drawing:
    """Draw Hill's index by unit above the measures of the headline's window."""
    windows, measured = windows_of(results, definitions), _measured(results, definitions)
    units = [u for u in UNITS if u in set(measured["unit"])]
    lower = (TICKS + len(units) * TITLE + ROW * _rows(measured) + HEADS) * bool(units)
    upper = (AXIS + TALL + HEADING) * bool(windows)
    height = lower + upper + APART * bool(units)
    sheet = page(
        height, title(results, definitions), deck(windows, definitions), results.footer(definitions)
    )
    for n, unit in enumerate(UNITS if windows else ()):
        left = LEFT + n * (LEFT + WIDE + NAMES + BETWEEN)
        ax = sheet.axes(left, height - HEADING - TALL, WIDE, TALL)
        sheet.heading(left - LEFT, height - HEADING + 0.08, f"{UNITS[unit]}: tail index α")
        _hill(ax, results, windows, unit)
    if units:
        _table(sheet, measured, units)
        sheet.heading(0, lower + 0.02, window_of(definitions, headline(definitions)).label)
    return sheet.describe(alt(measured), data(results, windows, measured))


def alt(measured: pd.DataFrame) -> str:
    """What the largest developer and the largest repository hold, by scope."""
    rows = measured[(measured["measure"] == MEASURES[0].name) & measured["point"].notna()]
    if rows.empty:
        return "Nothing was measured."
    largest = rows.set_index(["unit", "scope"])["point"].to_dict()
    texts = [
        f"{words} ({UNITS[unit].lower()}) {percent(100 * largest[unit, scope], 0)}"
        for unit in UNITS
        for scope, words in SCOPES.items()
        if (unit, scope) in largest
    ]
    return (
        "Hill’s tail index above, measures of concentration below. What the largest holds: "
        f"{', '.join(texts)}."
    )


def data(results: Results, windows: Sequence[Window], measured: pd.DataFrame) -> pd.DataFrame:
    """Every line and band of the index, and every measure with its interval."""
    hill = results.hill[results.hill["window"].isin([w.id for w in windows])]
    lines = hill.rename(columns={"alpha": "point"}).assign(part="tail index")
    names = [m.name for m in MEASURES]
    marks = measured[measured["measure"].isin(names)].assign(part="concentration")
    columns = ["part", "window", "unit", "scope", "measure", "k", "point", "lower", "upper", "note"]
    rows = pd.concat([lines, marks], ignore_index=True).reindex(columns=columns)
    return rows.sort_values(columns[:6], ignore_index=True)


def windows_of(results: Results, definitions: Definitions) -> list[Window]:
    """The headline's window and its rival's, of which there is a Hill plot."""
    choices = (headline(definitions), increments_to_headline(definitions))
    windows = {w.id: w for w in (window_of(definitions, choice) for choice in choices)}
    return [w for name, w in windows.items() if name in set(results.hill["window"])]


def title(results: Results, definitions: Definitions) -> str:
    """What moments the developers' sizes have, and what the largest one holds."""
    measured = _measured(results, definitions)
    rows = measured[(measured["unit"] == "developer") & (measured["scope"] == EVERYWHERE)]
    if rows.empty:
        return "The concentration of the headline’s downloads was not measured"
    top = rows[rows["measure"] == "top-1"].iloc[0]
    largest = f"the largest holds {percent(100 * top['point'], 0)}"
    index = index_of(results, window_of(definitions, headline(definitions)), "developer")
    if index is None:
        return f"Developers are too few to fit a tail to their downloads: {largest}"
    text = (
        f"A Pareto tail of developers’ downloads has {moments(index)} (index {index.alpha:.2f}, "
        f"{index.lower:.2f} to {index.upper:.2f}); {largest}"
    )
    if pd.isna(top["lower"]):
        return f"{text}, with no interval"
    ends = (percent(100 * top[end], 0) for end in ("lower", "upper"))
    return f"{text} ({' to '.join(ends)})"


def moments(index: Index) -> str:
    """What the whole interval of the index says of the moments of the law."""
    if index.upper < 1:
        return "no finite mean"
    if index.upper < 2:
        return "no finite variance"
    return "a finite variance" if index.lower > 2 else "perhaps no finite variance"


def deck(windows: Sequence[Window], definitions: Definitions) -> str:
    """What the lines, the marks and the ranges are."""
    level = percent(100 * definitions.inference.level, 0)
    what = f"{windows[0].label} (line, {level} band)" if windows else "headline"
    rivals = "".join(f", {_small(w.label)} (dashed)" for w in windows[1:])
    return (
        f"Above: Hill’s index α of the k largest units’ downloads; {_small(what)}{rivals}; marks and "
        f"numbers: k = √n. Below: concentration of the first, with {level} intervals of a bootstrap "
        "with a Pareto tail, or why they are refused"
    )


def index_of(results: Results, window: Window, unit: str) -> Index | None:
    """Hill's index of the tail that the measures' intervals use; None where none was fitted."""
    table, hill = results.concentration, results.hill
    keys = ["window", "unit", "scope"]
    own = (table[keys] == [window.id, unit, EVERYWHERE]).all(axis=1)
    size = int(table.loc[own, "tail_size"].max()) if own.any() else 0
    rows = hill[(hill["window"] == window.id) & (hill["unit"] == unit) & (hill["k"] == size)]
    if rows.empty:
        return None
    row = rows.iloc[0]
    return Index(size, float(row["alpha"]), float(row["lower"]), float(row["upper"]))


def _measured(results: Results, definitions: Definitions) -> pd.DataFrame:
    """Measures of the headline's window, in the scopes that are shown."""
    table, own = results.concentration, headline(definitions)
    keys = [window_of(definitions, own).id, own.attribution, own.labels]
    rows = table[(table[["window", "attribution", "labels"]] == keys).all(axis=1)]
    return rows[rows["scope"].isin(list(SCOPES))]


def _small(label: str) -> str:
    """A label inside a sentence."""
    return label[:1].lower() + label[1:]


def _hill(ax: Axes, results: Results, windows: Sequence[Window], unit: str) -> None:
    """The index against the size of the tail, and where moments begin to exist."""
    ends: list[tuple[float, str, bool]] = []
    most = 10.0
    for n, window in enumerate(windows):
        rows = results.hill[
            (results.hill["window"] == window.id) & (results.hill["unit"] == unit)
        ].sort_values("k")
        if rows.empty:
            continue
        most = max(most, float(rows["k"].max()))
        index = index_of(results, window, unit)
        _line(ax, rows, index, own=n == 0)
        number = "" if index is None else f" {index.alpha:.2f}"
        ends.append((float(rows["alpha"].iloc[-1]), f"{window.kind}{number}", n == 0))
    _hill_scale(ax, most)
    _names(ax, ends)


def _line(ax: Axes, rows: pd.DataFrame, index: Index | None, *, own: bool) -> None:
    """One window: the headline's with its band, another dashed; a mark at the tail chosen."""
    colour, style = (INK, "-") if own else (QUIET, (0, (4, 1.5)))
    if own:
        ax.fill_between(rows["k"], rows["lower"], rows["upper"], color=INK, alpha=0.13, lw=0)
    ax.plot(
        rows["k"], rows["alpha"], color=colour, lw=1.8 if own else 1.1, ls=style, zorder=3 + own
    )
    if index is not None:
        ax.plot(
            [index.size], [index.alpha], "D", ms=5.5, mec=colour, mew=1.1, zorder=5 + own,
            mfc=colour if own else "white",
        )  # fmt: skip


def _hill_scale(ax: Axes, most: float) -> None:
    """Size of the tail across on a logarithmic scale, the index up."""
    ax.set_xscale("log")
    ax.set(xlim=(1, most), ylim=(0, TOP))
    decades(ax, most, WIDE, space=1.0)
    ax.set_yticks(range(int(TOP) + 1))
    ax.yaxis.grid(visible=True)
    ax.set_xlabel("k, units in the tail", labelpad=1)
    for index in MOMENTS:
        ax.axhline(index, color=INK, lw=0.9, zorder=2)


def _names(ax: Axes, ends: Sequence[tuple[float, str, bool]]) -> None:
    """At the right: the windows with their chosen index, and the moments above their lines."""
    unit = TOP / TALL
    items = [(min(y, TOP), text, own, True) for y, text, own in ends]
    items += [(y + 0.07 * unit, text, False, False) for y, text in MOMENTS.items()]
    heights = spread([item[0] for item in items], 0.13 * unit, 0.05 * unit)
    for (y, text, own, line), height in zip(items, heights, strict=True):
        ax.text(
            1 + 0.17 / WIDE, height, text, transform=ax.get_yaxis_transform(), size=SMALL,
            color=INK if own else QUIET, weight="bold" if own else "normal", va="center_baseline",
        )  # fmt: skip
        if line:
            ax.plot(
                [1 + 0.02 / WIDE, 1 + 0.14 / WIDE], [y, height], color=QUIET, lw=0.6,
                transform=ax.get_yaxis_transform(), clip_on=False,
            )  # fmt: skip


def _rows(measured: pd.DataFrame) -> int:
    """Rows of the table: units by scopes."""
    return len(measured[["unit", "scope"]].drop_duplicates())


def _table(sheet: Page, measured: pd.DataFrame, units: Sequence[str]) -> None:
    """A block of rows for each unit, a column for each measure."""
    tall = len(units) * TITLE + ROW * _rows(measured)
    gutter = sheet.axes(0, TICKS, GUTTER, tall)
    gutter.set(xlim=(0, GUTTER), ylim=(0, tall))
    gutter.axis("off")
    columns = [
        _column(sheet, measured, measure, GUTTER + n * (COLUMN + GAP), tall)
        for n, measure in enumerate(MEASURES)
    ]
    top = tall
    for unit in units:
        gutter.text(
            0, top - TITLE / 2, UNITS[unit], size=SMALL, weight="bold", va="center_baseline"
        )
        top -= TITLE
        for scope in SCOPES:
            rows = measured[(measured["unit"] == unit) & (measured["scope"] == scope)]
            if rows.empty:
                continue
            _scope(gutter, rows, scope, top)
            by_measure = rows.set_index("measure")
            for ax, measure in zip(columns, MEASURES, strict=True):
                if measure.name in by_measure.index:
                    _estimate(ax, by_measure.loc[measure.name], measure, scope, top)
            top -= ROW


def _column(
    sheet: Page, measured: pd.DataFrame, measure: Measure, left: float, tall: float
) -> Axes:
    """The scale of a measure, with its name above."""
    ax = sheet.axes(left, TICKS, COLUMN, tall)
    ax.set(ylim=(0, tall), yticks=[])
    ax.patch.set_visible(False)  # the lines between rows cross it
    rows = measured[measured["measure"] == measure.name]
    if measure.scale == NUMBER:
        most = max(10.0, 1.15 * float(rows[["point", "upper"]].max().max()))
        ax.set_xscale("log")
        ax.set_xlim(1, most)
        decades(ax, most, COLUMN, space=MARGIN)
    else:
        high = measure.scale == INDEX and rows[["point", "lower"]].min().min() > HALF
        ax.set_xlim(HALF if high else 0, 1)
        ticks, unit = [HALF, 1] if high else [0, HALF, 1], 100 if measure.scale == PERCENT else 1
        ax.set_xticks(ticks, [f"{unit * tick:g}" for tick in ticks])
    ax.xaxis.grid(visible=True)
    last = measure is MEASURES[-1]  # whose name is longer than its scale
    ax.text(
        float(last), tall + 0.06, measure.words, transform=ax.get_yaxis_transform(), size=SMALL,
        color=QUIET, ha="right" if last else "left",
    )  # fmt: skip
    return ax


def _scope(ax: Axes, rows: pd.DataFrame, scope: str, top: float) -> None:
    """Whose units a row is about and how many they are; below, why there is no interval."""
    colour = text_colour(scope) if scope in COLOURS else INK
    ax.text(
        0.1, top - 0.09, f"{SCOPES[scope]} ({rows['n'].iloc[0]:,})", size=SMALL, color=colour,
        weight="bold", va="center_baseline",
    )  # fmt: skip
    ax.text(0.1, top - 0.21, note(rows), size=SMALL, color=QUIET, va="center_baseline")
    ax.plot([0, INNER], [top, top], color=RULE, lw=0.6, clip_on=False, zorder=0)


def note(rows: pd.DataFrame) -> str:
    """What the table says against the intervals of a row, in short; else the index of the tail."""
    notes = [text for text in rows.loc[rows["point"].notna(), "note"].dropna() if text]
    if notes:
        return str(notes[0]).removeprefix("interval ").partition(",")[0]
    index = rows["tail_index"].iloc[0]
    return REFUSED if pd.isna(index) else f"tail index {index:.2f}"


def _estimate(ax: Axes, row: pd.Series, measure: Measure, scope: str, top: float) -> None:
    """A measure with its interval, and its value above."""
    colour = COLOURS.get(scope, INK)
    if pd.isna(row["point"]):
        ax.text(0.0, top - 0.2, REFUSED, size=SMALL, color=QUIET, va="center_baseline",
                transform=ax.get_yaxis_transform())  # fmt: skip
        return
    y, x = top - 0.23, float(row["point"])
    if pd.notna(row["lower"]):
        ax.plot([row["lower"], row["upper"]], [y, y], color=colour, lw=1.6, zorder=3)
    ax.plot(
        [x], [y], MARKERS.get(scope, "D"), color=colour, ms=5, mec="white", mew=0.7, zorder=4,
        clip_on=False,
    )  # fmt: skip
    text = _value(x, measure)
    half = width_of(text, SMALL) / COLUMN / 2
    place = ax.transAxes.inverted().transform(ax.transData.transform((x, 0)))[0]
    ax.text(
        min(max(place, half), 1 - half), top - 0.095, text, size=SMALL, color=INK, ha="center",
        va="center_baseline", transform=ax.get_yaxis_transform(),
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.3},
    )  # fmt: skip


def _value(x: float, measure: Measure) -> str:
    """A value as its measure is printed."""
    if measure.scale == PERCENT:
        return percent(100 * x, 0)
    return f"{x:.2f}" if measure.scale == INDEX else f"{x:.1f}"
