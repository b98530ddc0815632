"""How often every interval of the lead holds the truth in synthetic data, and how wide it is."""

from __future__ import annotations

from math import log
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullLocator

from replication.analysis.preferred import FEWER_DEGREES
from replication.definitions import Definitions
from replication.plots.interval_looks import ALIKE, LOOKS, MAIN, MODELS, Look, Method, look_of
from replication.plots.layout import BODY, SMALL, spread, width_of
from replication.plots.results import LEAD, Results
from replication.plots.scales import percents
from replication.plots.style import (
    INK,
    INNER,
    MARGIN,
    QUIET,
    RULE,
    SHADE,
    WIDTH,
    Drawing,
    Page,
    page,
)
from replication.plots.words import percent

HEADING, AXIS, ROW = 0.25, 0.36, 0.13
HEADS = 0.16  # inches that the heads of the columns of numbers take
BETWEEN, WIDTHS, REFUSALS = 0.16, 0.36, 0.5  # inches: panels, and columns of numbers
LEFT, LOW, NAMES, BETWEEN_ROWS = 0.42, 0.95, 0.88, 0.48
WIDE = (INNER - LEFT - BETWEEN) / 2
NARROW = WIDE - NAMES
ERRORS = 2  # standard errors on either side of a mark
PANEL = "the panel"
BARS = 3.5  # above lines, below marks
DODGE = 0.045  # inches between marks of the same effective number
SEEN = 0.5  # percent of the data sets: a method that refuses less often is not said to refuse


def draw(results: Results, definitions: Definitions) -> Drawing:
    """Draw coverage by method and model, above coverage against the effective number."""
    rows = rows_of(results, definitions)
    full, flat = _in_full(rows), _flattened(rows)
    methods = list(dict.fromkeys(full.sort_values(["order", *Method._fields[:2]])["key"]))
    ranks = -(-full["model"].nunique() // 2)
    tall = HEADING + HEADS + ROW * len(methods)
    lower = (LOW + BETWEEN_ROWS + AXIS) * (not flat.empty)
    upper = (ranks * tall + AXIS) * (not full.empty)
    sheet = page(
        lower + upper,
        title(results, definitions),
        deck(results, rows, definitions),
        results.footer(definitions),
    )
    if not full.empty:
        _by_method(sheet, full, methods, lower + AXIS, definitions)
    if not flat.empty:
        _by_number(sheet, flat, definitions)
    return sheet.describe(alt(full), data(full, flat))


def alt(full: pd.DataFrame) -> str:
    """The lowest coverage of every method over the models."""
    lowest = full.dropna(subset="coverage").groupby("order")
    texts = [
        f"{look_of(rows['key'].iloc[0]).text} {percent(rows['coverage'].min(), 0)}"
        for _, rows in lowest
    ]
    if not texts:
        return "No coverage is drawn."
    return f"Marks of coverage by method and model. Lowest over the models: {', '.join(texts)}."


def data(full: pd.DataFrame, flat: pd.DataFrame) -> pd.DataFrame:
    """Every mark; coverage and refusals in percent, widths in points."""
    columns = ["model", "power", "n_effective", "unit", "scheme", "method", "data_sets"]
    columns += ["coverage", "error", "width", "refused"]
    return pd.concat([full, flat]).reindex(columns=columns).drop_duplicates(ignore_index=True)


def rows_of(results: Results, definitions: Definitions) -> pd.DataFrame:
    """Coverage and width of the headline's lead, in percent and points, by model and method."""
    table = results.calibration
    own = (table["estimand"] == definitions.headline.estimand) & (table["group"] == LEAD)
    drawn = table["model"].isin(list(MODELS)) & ~table["method"].isin(FEWER_DEGREES)
    rows = table[own & drawn]
    methods = [Method(*key) for key in rows[["unit", "scheme", "method"]].itertuples(index=False)]
    values = {name: 100 * rows[name] for name in ("coverage", "error", "width", "refused")}
    rank = rows["model"].map({name: n for n, name in enumerate(MODELS)})
    places = {method: n for n, method in enumerate(LOOKS)}
    order = [places.get(method, len(places)) for method in methods]
    rows = rows.assign(**values, key=methods, rank=rank, order=order)
    return rows.sort_values(
        ["rank", "power", "order", "unit", "scheme", "method"], ignore_index=True
    )


def title(results: Results, definitions: Definitions) -> str:
    """What the best interval holds in its worst setting, as the results name it."""
    facts = results.summary.set_index("name")["value"]
    if rows_of(results, definitions).empty or "calibration_best" not in facts:
        return "The coverage of the headline’s intervals was not measured"
    level = percent(100 * definitions.inference.level, 0)
    worst = percent(100 * float(facts["calibration_best_worst"]), 0)
    return (
        f"In synthetic data the best {level} interval, {facts['calibration_best']}, holds the "
        f"truth at worst in {worst} of data sets"
    )


def deck(results: Results, rows: pd.DataFrame, definitions: Definitions) -> str:
    """What is drawn, of what it is made, and that it is synthetic."""
    level = percent(100 * definitions.inference.level, 0)
    data = "synthetic data sets, made of the panel’s own developer sizes"
    if rows.empty:
        return f"Coverage is measured in {data}"
    text = (
        f"How often nominal {level} intervals of {LEAD} hold the true lead (±{ERRORS} standard "
        f"errors), in {rows['data_sets'].max():,} {data}, for each model of what luck draws anew. "
        "Numbers: median width in points, and how often a method refuses"
    )
    enough = results.summary.set_index("name")["value"].get("calibration_enough")
    if _flattened(rows).empty or pd.isna(enough):
        return text
    return (
        f"{text}. Below, sizes are evened: from {float(enough):.0f} effective developers on the "
        f"jackknife is within two points of {level}"
    )


def _in_full(rows: pd.DataFrame) -> pd.DataFrame:
    """Settings as concentrated as the panel, of methods that can be told apart."""
    return rows[(rows["power"] == 1) & ~rows["key"].isin(ALIKE)]


def _flattened(rows: pd.DataFrame) -> pd.DataFrame:
    """The main methods in the models that were run with flatter sizes, from as they are on."""
    flatter = rows.loc[rows["power"] < 1, "model"].unique()
    shown = rows["model"].isin(flatter) & rows["key"].isin(MAIN) & (rows["power"] <= 1)
    return rows[shown & rows["coverage"].notna()].sort_values(["rank", "order", "n_effective"])


def _by_method(
    sheet: Page, full: pd.DataFrame, methods: list[Method], bottom: float, definitions: Definitions
) -> None:
    """A panel for each model, two in a row, with a row for each method."""
    models = [name for name in MODELS if name in set(full["model"])]
    gutter = max(width_of(look_of(method).text, SMALL) for method in methods) + 0.12
    panel = (INNER - gutter - BETWEEN) / 2
    wide, tall = panel - WIDTHS - REFUSALS, ROW * len(methods)
    low = min((full["coverage"] - ERRORS * full["error"]).min(), 100 * definitions.inference.level)
    for n, model in enumerate(models):
        rank, column = divmod(n, 2)
        left = gutter + column * (panel + BETWEEN)
        base = bottom + ((len(models) - 1) // 2 - rank) * (HEADING + HEADS + tall)
        ax = sheet.axes(left, base, wide, tall)
        ax.set(xlim=(low - 0.04 * (100 - low), 102), ylim=(len(methods) - 0.5, -0.5), yticks=[])
        _coverage_scale(ax, definitions, named=n + 2 >= len(models))
        _name(sheet, (left, base + tall + HEADS + 0.04), *MODELS[model])
        _heads(ax, wide, 100 * definitions.inference.level)
        if column == 0:
            for place, method in enumerate(methods):
                _text(ax, -gutter / wide, place, look_of(method).text, INK, "left")
        _rows(ax, full[full["model"] == model], methods, wide)


def _rows(ax: Axes, rows: pd.DataFrame, methods: list[Method], wide: float) -> None:
    """A line across the panel for each method, with what is known of it."""
    by_method = {row["key"]: row for row in rows.to_dict("records")}
    end = 1 + (WIDTHS + REFUSALS) / wide
    for place, method in enumerate(methods):
        ax.plot(
            [0, end], [place] * 2, transform=ax.get_yaxis_transform(), color=RULE, lw=0.4,
            clip_on=False, zorder=0.5,
        )  # fmt: skip
        if method in by_method:
            _row(ax, place, by_method[method], wide)


def _coverage_scale(ax: Axes, definitions: Definitions, *, named: bool) -> None:
    """Percent across, with its numbers where `named`, and the line of the nominal level."""
    low, _ = ax.get_xlim()
    ticks = [
        x for x in MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(low, 100) if low <= x <= 100
    ]
    ax.set_xticks(ticks, [percent(x, 0) if x == ticks[-1] else f"{x:g}" for x in ticks])
    ax.tick_params(labelbottom=named)
    ax.xaxis.grid(visible=True)
    ax.axvline(100 * definitions.inference.level, color=INK, lw=0.9, zorder=1)
    if named:
        ax.set_xlabel("of the intervals hold the truth", labelpad=1)


def _heads(ax: Axes, wide: float, level: float) -> None:
    """The nominal level above its line, and heads of the columns of numbers."""
    low, high = ax.get_xlim()
    inside = level > (low + high) / 2
    for out, text in ((WIDTHS, "width"), (WIDTHS + REFUSALS, "refused")):
        ax.annotate(
            text, (1 + out / wide, 1), xycoords="axes fraction", xytext=(0, 3), ha="right",
            textcoords="offset points", size=SMALL, color=QUIET,
        )  # fmt: skip
    ax.annotate(
        percent(level, 0), (level, 1), xycoords=ax.get_xaxis_transform(), xytext=(0, 3),
        ha="right" if inside else "left", textcoords="offset points", size=SMALL, color=INK,
    )  # fmt: skip


def _row(ax: Axes, place: int, row: dict[Any, Any], wide: float) -> None:
    """A method's coverage in one model, its width, and how often it refuses."""
    if row["refused"] >= SEEN:
        text = percent(row["refused"], 0)
        _text(ax, 1 + (WIDTHS + REFUSALS) / wide, place, text, INK, "right")
    if pd.isna(row["coverage"]) or pd.isna(row["width"]):
        return
    reach = ERRORS * row["error"]
    bar = [row["coverage"] - reach, row["coverage"] + reach]
    ax.plot(bar, [place] * 2, color=INK, lw=0.8, zorder=BARS)
    _mark(ax, row["coverage"], place, look_of(row["key"]))
    _text(ax, 1 + WIDTHS / wide, place, f"{row['width']:.0f}", INK, "right")


def _text(ax: Axes, x: float, place: int, text: str, colour: str, side: str) -> None:
    """A text in a row, at a part of the panel's width."""
    ax.text(
        x, place, text, transform=ax.get_yaxis_transform(), size=SMALL, color=colour, ha=side,
        va="center_baseline",
    )  # fmt: skip


def _mark(ax: Axes, x: float, y: float, look: Look) -> None:
    """A method's mark."""
    ax.plot(
        [x], [y], look.marker, color=INK, ms=4.5, zorder=4, mew=0.9, mec=INK,
        mfc="white" if look.hollow else INK,
    )  # fmt: skip


def _name(sheet: Page, corner: tuple[float, float], name: str, text: str) -> None:
    """A panel's name in bold, and more words beside it."""
    sheet.heading(*corner, name)
    beside = corner[0] + width_of(name, BODY, bold=True) + 0.08
    tall = sheet.figure.get_figheight()
    sheet.figure.text(
        (MARGIN + beside) / WIDTH, (sheet.bottom + corner[1]) / tall, text,
        size=SMALL, color=QUIET,
    )  # fmt: skip


def _by_number(sheet: Page, flat: pd.DataFrame, definitions: Definitions) -> None:
    """A panel for each model that was run with flatter sizes."""
    bars = ERRORS * flat["error"]
    low = min((flat["coverage"] - bars).min(), 100 * definitions.inference.level)
    high = max((flat["coverage"] + bars).max(), 100 * definitions.inference.level)
    margin = 0.06 * (high - low)
    for n, model in enumerate(name for name in MODELS if name in set(flat["model"])):
        left = LEFT + n * (WIDE + BETWEEN)
        ax = sheet.axes(left, AXIS, NARROW, LOW)
        ax.set(ylim=(low - margin, high + margin))
        rows = flat[flat["model"] == model]
        _number_scale(ax, rows, definitions, up=n == 0)
        _name(sheet, (left, AXIS + LOW + 0.23), MODELS[model][0], "sizes evened")
        _lines(ax, rows)


def _number(effective: float) -> str:
    """An effective number of developers."""
    return f"{effective:.1f}" if effective < 10 else f"{effective:.0f}"


def _number_scale(ax: Axes, rows: pd.DataFrame, definitions: Definitions, *, up: bool) -> None:
    """Effective developers across on a logarithmic scale; the panel's own, and those to trust."""
    numbers = sorted(rows["n_effective"].unique())
    span = numbers[-1] / numbers[0]
    ax.set_xscale("log")
    left, right = numbers[0] / span**0.06, numbers[-1] * span**0.06
    ax.set_xlim(left, right)
    ax.set_xticks(numbers, [_number(n) for n in numbers])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel("effective number of developers", labelpad=1)
    percents(ax, ax.get_ylim()[0], up=up)
    ax.axhline(100 * definitions.inference.level, color=INK, lw=0.9, zorder=1)
    _above(ax, numbers[0], PANEL)
    least = definitions.inference.min_effective_developers
    if numbers[0] < least < numbers[-1]:
        ax.axvspan(ax.get_xlim()[0], least, color=SHADE, lw=0, zorder=0.5)
        text = f"trusted from {least:g}"
        apart = NARROW * (log(least / numbers[0]) / log(right / left))
        needed = 0.1 + (width_of(PANEL, SMALL) + width_of(text, SMALL)) / 2
        _above(ax, least, text, max(0.0, needed - apart))


def _above(ax: Axes, x: float, text: str, moved: float = 0.0) -> None:
    """A dashed line, and its name above it, moved to the right by some inches."""
    ax.axvline(x, color=QUIET, lw=0.8, ls=(0, (3, 2)), zorder=1)
    ax.annotate(
        text, (x, 1), xycoords=ax.get_xaxis_transform(), xytext=(72 * moved, 3),
        textcoords="offset points", ha="center", size=SMALL, color=QUIET,
    )  # fmt: skip


def _lines(ax: Axes, rows: pd.DataFrame) -> None:
    """A line for each main method, side by side so that none hides another, named at its end."""
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    ends = {}
    methods = [method for method in MAIN if method in set(rows["key"])]
    for n, method in enumerate(methods):
        line = rows[rows["key"] == method]
        aside = (right / left) ** (DODGE * (n - (len(methods) - 1) / 2) / NARROW)
        places = aside * line["n_effective"]
        ax.plot(places, line["coverage"], color=QUIET, lw=0.7, zorder=2)
        for x, row in zip(places, line.to_dict("records"), strict=True):
            reach = ERRORS * row["error"]
            bar = [row["coverage"] - reach, row["coverage"] + reach]
            ax.plot([x, x], bar, color=INK, lw=0.8, zorder=BARS)
            _mark(ax, x, row["coverage"], look_of(method))
        ends[method] = (float(places.iloc[-1]), float(line["coverage"].iloc[-1]))
    unit = (high - low) / LOW
    heights = spread([y for _, y in ends.values()], 0.13 * unit, low + 0.05 * unit)
    for (method, (x, y)), height in zip(ends.items(), heights, strict=True):
        ax.annotate(
            look_of(method).text, (x, y), xytext=(1 + 0.16 / NARROW, height), size=SMALL,
            textcoords=ax.get_yaxis_transform(), va="center_baseline",
            arrowprops={"arrowstyle": "-", "color": QUIET, "lw": 0.6, "shrinkA": 1, "shrinkB": 3},
        )  # fmt: skip
