"""How often every interval of the lead holds the truth in synthetic data, and how wide it is."""

from __future__ import annotations

from collections.abc import Callable
from math import log

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator
from matplotlib.transforms import Affine2D, Transform

from replication.definitions import Definitions
from replication.plots.callouts import Box, Column, Mark, place
from replication.plots.layout import BODY, LEADING, SMALL, spread, width_of
from replication.plots.method_marks import (
    JACKKNIFE,
    KEYED,
    MAIN,
    MARK,
    NAMED,
    PERCENTILE,
    REPOSITORIES,
    WITHOUT,
    Method,
    draw_key,
    draw_mark,
    look_of,
)
from replication.plots.results import LEAD, Results
from replication.plots.scales import percents
from replication.plots.style import INK, INNER, MARGIN, QUIET, SHADE, WIDTH, Page, page
from replication.plots.words import percent

LEFT, BETWEEN, TALL, HEADING, AXIS, KEY = 0.42, 0.2, 1.16, 0.27, 0.36, 0.22
WIDE = (INNER - LEFT - BETWEEN) / 2
LOW, NAMES, BETWEEN_ROWS = 0.95, 0.88, 0.48
NARROW = WIDE - NAMES
ERRORS = 2  # standard errors on either side of a mark
LINE = SMALL * LEADING / 72
CAPITAL = 0.1  # inches that small letters are high
PANEL = "the panel"
DODGE = 0.045  # inches between marks of the same effective number


# What luck draws anew in each model.
MODELS = {
    "labels": ("Labels", "countries drawn anew, sizes kept"),
    "hits": ("Hits", "developers and countries drawn anew"),
    "developers": ("Developers", "drawn anew, each keeps its country"),
    "pareto": ("Pareto", "as hits, the largest from a Pareto law"),
}


def draw(results: Results, definitions: Definitions) -> Figure:
    """Draw coverage against width by model, above coverage against the effective number."""
    rows = rows_of(results, definitions)
    full, flat = _in_full(rows), _flattened(rows)
    ranks = -(-full["model"].nunique() // 2)
    lower = (LOW + BETWEEN_ROWS + AXIS) * (not flat.empty)
    upper = (KEY + ranks * (HEADING + TALL) + AXIS) * (not full.empty)
    sheet = page(
        lower + upper,
        title(rows, definitions),
        deck(rows, definitions),
        results.footer(definitions),
    )
    if not full.empty:
        _by_width(sheet, full, lower + AXIS, definitions)
        draw_key(sheet, set(full["key"]), lower + upper - 0.1)
    if not flat.empty:
        _by_number(sheet, flat, definitions)
    return sheet.figure


def rows_of(results: Results, definitions: Definitions) -> pd.DataFrame:
    """Coverage and width of the headline's lead, in percent and points, by method and model."""
    table = results.calibration
    own = (table["estimand"] == definitions.headline.estimand) & (table["group"] == LEAD)
    rows = table[own & table["model"].isin(list(MODELS))]
    methods = [
        Method(*key) for key in zip(rows["unit"], rows["scheme"], rows["method"], strict=True)
    ]
    told = {name: 100 * rows[name] for name in ("coverage", "error", "width", "refused")}
    rank = rows["model"].map({name: n for n, name in enumerate(MODELS)})
    looks = [*NAMED, *KEYED]
    order = pd.Series([looks.index(m) if m in looks else len(looks) for m in methods], rows.index)
    rows = rows.assign(**told, key=methods, rank=rank, order=order)
    return rows.sort_values(
        ["rank", "power", "order", "unit", "scheme", "method"], ignore_index=True
    )


def title(rows: pd.DataFrame, definitions: Definitions) -> str:
    """Whether any interval keeps its level in every model, and how far the usual ones fall.

    The best comes first: the narrowest of those that keep it, or the one that falls least.
    """
    full = _in_full(rows)
    if full.empty:
        return "The coverage of the headline’s intervals was not measured"
    worst = worst_of(full)
    judged = worst[worst.index.map(lambda key: key.unit == "developer" and key != WITHOUT)]
    keeps = judged[judged["held"] + ERRORS * judged["error"] >= 100 * definitions.inference.level]
    best = keeps["width"].idxmin() if len(keeps) else judged["held"].idxmax()
    usual = [m for m in (JACKKNIFE, PERCENTILE, REPOSITORIES) if m in worst.index and m != best]
    shown = usual if len(keeps) else [best, *usual]
    told = [f"{look_of(m).text} {percent(worst.loc[m, 'held'], 0)}" for m in shown]
    held = f"{look_of(best).text} keeps" if len(keeps) else "no method keeps"
    ends = f": at worst {', '.join(told)}" if told else ""
    level = percent(100 * definitions.inference.level, 0)
    return f"In synthetic data {held} its {level} in every model{ends}"


def worst_of(full: pd.DataFrame) -> pd.DataFrame:
    """Every method in its worst model: ``held`` (a refusal holds nothing), ``error``, ``width``."""
    held = full["coverage"].fillna(0) * (1 - full["refused"] / 100)
    found = full.assign(held=held, error=full["error"].fillna(0))
    least = found.sort_values(["held", "rank"], kind="stable").drop_duplicates("key")
    return least.set_index("key")[["held", "error", "width"]]


def deck(rows: pd.DataFrame, definitions: Definitions) -> str:
    """What is drawn, of what it is made, and that it is synthetic."""
    level = percent(100 * definitions.inference.level, 0)
    told = "synthetic data sets, made of the panel’s own developer sizes"
    if rows.empty:
        return f"Coverage is measured in {told}"
    return (
        f"How often nominal {level} intervals of {LEAD} hold the true lead (±{ERRORS} standard errors), "
        f"in {rows['data_sets'].max():,} {told}, for each model of what luck draws anew"
    )


def _in_full(rows: pd.DataFrame) -> pd.DataFrame:
    """Settings as concentrated as the panel."""
    return rows[rows["power"] == 1]


def _flattened(rows: pd.DataFrame) -> pd.DataFrame:
    """The main methods in the models that were run with flatter sizes, from as they are on."""
    flatter = rows.loc[rows["power"] < 1, "model"].unique()
    kept = rows["model"].isin(flatter) & rows["key"].isin(MAIN) & (rows["power"] <= 1)
    return rows[kept & rows["coverage"].notna()].sort_values(["rank", "order", "n_effective"])


def _by_width(sheet: Page, full: pd.DataFrame, bottom: float, definitions: Definitions) -> None:
    """A panel for each model, two in a row."""
    models = [name for name in MODELS if name in set(full["model"])]
    limits = _limits(full, definitions)
    ranks = -(-len(models) // 2)
    for n, model in enumerate(models):
        rank, column = divmod(n, 2)
        left = LEFT + column * (WIDE + BETWEEN)
        base = bottom + (ranks - 1 - rank) * (HEADING + TALL)
        ax = sheet.axes(left, base, NARROW, TALL)
        ax.set(xlim=limits[0], ylim=limits[1])
        last = n + 2 >= len(models)
        _scales(ax, definitions, across=last, up=column == 0)
        if last:
            ax.set_xlabel("median width, points", labelpad=1)
        _name(sheet, (left, base + TALL + 0.07), *MODELS[model])
        _panel(ax, full[full["model"] == model], definitions)


def _limits(
    full: pd.DataFrame, definitions: Definitions
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Points across and percent up, the same for all panels, with room for names."""
    wide = full["width"].dropna()
    low = (full["coverage"] - ERRORS * full["error"]).min()
    least, most = wide.min(), wide.max()
    room = 0.06 * (most - least) or 1.0
    bottom = min(low, 100 * definitions.inference.level)
    return (least - 2 * room, most + 2 * room), (bottom - 0.26 * (100 - bottom), 104)


def _scales(ax: Axes, definitions: Definitions, *, across: bool, up: bool) -> None:
    """Grid, ticks, and the line of the nominal level."""
    ax.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    low, high = ax.get_ylim()
    percents(ax, low + 1.3 * LINE * (high - low) / TALL, up=up)
    ax.xaxis.grid(visible=True)
    if not across:
        ax.tick_params(labelbottom=False)
    ax.axhline(100 * definitions.inference.level, color=INK, lw=0.9, zorder=1)


def _name(sheet: Page, corner: tuple[float, float], name: str, told: str) -> None:
    """A panel's name in bold, and more words beside it."""
    sheet.heading(*corner, name)
    beside = corner[0] + width_of(name, BODY, bold=True) + 0.08
    tall = sheet.figure.get_figheight()
    sheet.figure.text(
        (MARGIN + beside) / WIDTH, (sheet.bottom + corner[1]) / tall, told,
        size=SMALL, color=QUIET,
    )  # fmt: skip


def _panel(ax: Axes, rows: pd.DataFrame, definitions: Definitions) -> None:
    """Every method of a model with its error bar, and the names of those that matter."""
    across, up = _inches(ax)
    nominal = up(100 * definitions.inference.level)
    taken = _refusals(ax, rows[rows["refused"] >= 0.5])
    floor = max((box.top for box in taken), default=0.0)
    marks = {}
    for row in rows.dropna(subset=["coverage", "width"]).to_dict("records"):
        look, reach = look_of(row["key"]), ERRORS * row["error"]
        x, y, bar = across(row["width"]), up(row["coverage"]), up(reach) - up(0)
        seen = reach if bar > MARK else 0.0  # a bar within a mark would change its shape
        draw_mark(ax, row["width"], row["coverage"], seen, look, plain=row["key"] not in NAMED)
        taken.append(Box(x, y, x, y).wider(MARK, max(bar, MARK)))
        if row["key"] in NAMED:
            marks[look.text] = Mark(x, y, width_of(look.text, SMALL), CAPITAL)
    frame, column = Box(0, 0, NARROW, TALL), Column(NARROW + 0.1, floor, TALL, LINE)
    line = Box(0, nominal, NARROW, nominal)
    names = place([*marks.values()], taken, [line], frame, column)
    for (text, mark), name in zip(marks.items(), names, strict=True):
        ax.text(
            name.left, name.middle, text, transform=_in_inches(ax), size=SMALL,
            va="center_baseline",
        )  # fmt: skip
        if name.line:
            ax.plot(
                [mark.x, name.left - 0.03], [mark.y, name.middle], transform=_in_inches(ax),
                color=QUIET, lw=0.5, clip_on=False, zorder=2,
            )  # fmt: skip


def _inches(ax: Axes) -> tuple[Callable[[float], float], Callable[[float], float]]:
    """From data to inches, across and up."""
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    return (
        lambda x: NARROW * (x - left) / (right - left),
        lambda y: TALL * (y - low) / (high - low),
    )


def _in_inches(ax: Axes) -> Transform:
    """Coordinates of a panel in inches."""
    return Affine2D().scale(1 / NARROW, 1 / TALL) + ax.transAxes


def _refusals(ax: Axes, refused: pd.DataFrame) -> list[Box]:
    """Say in a corner which methods refuse how often; where that stands."""
    boxes = []
    for n, row in enumerate(refused.to_dict("records")):
        y = LINE * (n + 0.5)
        text = f"{look_of(row['key']).text} refused in {percent(row['refused'], 0)}"
        ax.text(
            NARROW, y, text, size=SMALL, transform=_in_inches(ax), color=QUIET, ha="right",
            va="center_baseline",
        )  # fmt: skip
        boxes.append(Box(NARROW - width_of(text, SMALL), y, NARROW, y).wider(0, CAPITAL / 2))
    return boxes


def _by_number(sheet: Page, flat: pd.DataFrame, definitions: Definitions) -> None:
    """A panel for each model that was run with flatter sizes."""
    bars = ERRORS * flat["error"]
    low = min((flat["coverage"] - bars).min(), 100 * definitions.inference.level)
    high = max((flat["coverage"] + bars).max(), 100 * definitions.inference.level)
    room = 0.06 * (high - low)
    for n, model in enumerate(name for name in MODELS if name in set(flat["model"])):
        left = LEFT + n * (WIDE + BETWEEN)
        ax = sheet.axes(left, AXIS, NARROW, LOW)
        ax.set(ylim=(low - room, high + room))
        rows = flat[flat["model"] == model]
        _number_scale(ax, rows, definitions, up=n == 0)
        _name(sheet, (left, AXIS + LOW + 0.23), MODELS[model][0], enough(rows, definitions))
        _lines(ax, rows)


def enough(rows: pd.DataFrame, definitions: Definitions) -> str:
    """From which effective number on the main methods keep their level in one model."""
    level = 100 * definitions.inference.level
    kept = rows["coverage"] + ERRORS * rows["error"] >= level
    number = rows["n_effective"]
    failed = number[~kept].max()
    keeps = number[kept & ~(number <= failed)].min()
    told = f"all keep {percent(level, 0)} from {_number(keeps)}"
    return "sizes evened: " + (f"not all ever keep {percent(level, 0)}" if pd.isna(keeps) else told)


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
    drawn = [method for method in MAIN if method in set(rows["key"])]
    for n, method in enumerate(drawn):
        line = rows[rows["key"] == method]
        aside = (right / left) ** (DODGE * (n - (len(drawn) - 1) / 2) / NARROW)
        places = aside * line["n_effective"]
        ax.plot(places, line["coverage"], color=QUIET, lw=0.7, zorder=2)
        for x, row in zip(places, line.to_dict("records"), strict=True):
            draw_mark(ax, x, row["coverage"], ERRORS * row["error"], look_of(method), plain=False)
        ends[method] = (float(places.iloc[-1]), float(line["coverage"].iloc[-1]))
    unit = (high - low) / LOW
    heights = spread([y for _, y in ends.values()], 0.13 * unit, low + 0.05 * unit)
    for (method, (x, y)), height in zip(ends.items(), heights, strict=True):
        ax.annotate(
            look_of(method).text, (x, y), xytext=(1 + 0.16 / NARROW, height), size=SMALL,
            textcoords=ax.get_yaxis_transform(), va="center_baseline",
            arrowprops={"arrowstyle": "-", "color": QUIET, "lw": 0.6, "shrinkA": 1, "shrinkB": 3},
        )  # fmt: skip
