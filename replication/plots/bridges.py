"""From one published lead to another: what each choice accounts for, and what none does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd
from matplotlib.axes import Axes

from replication.definitions import Definitions
from replication.plots import scales
from replication.plots.layout import BODY, SMALL, width_of
from replication.plots.results import LEAD, Results
from replication.plots.style import (
    COLOURS,
    INK,
    INNER,
    QUIET,
    SHADE,
    SIDES,
    Drawing,
    leader,
    page,
    text_colour,
)
from replication.plots.words import DIMENSIONS, choices, points, signed

ROW, BAR, HEADING, APART, BELOW = 0.18, 0.12, 0.21, 0.18, 0.36
BESIDE, BETWEEN = 0.05, 0.12  # inches from a bar to its value, and from a name to the bars
ASIDE = 0.125  # inches from zero to the names of the sides
DIRECTIONS = f"{SIDES[0]} leads →", f"← {SIDES[1]} leads"
STEP = "#c2c2c2"
PUBLISHED, UNEXPLAINED, NEAREST, CHOICE = "published", "unexplained", "cell", "choice"
NOTHING = "nothing downloaded"


class Step(NamedTuple):
    """One row of a waterfall: the lead before and after it, in points; before a whole, zero."""

    kind: str
    label: str
    before: float
    after: float

    @property
    def whole(self) -> bool:
        """Whether it is a lead, and not a change of one."""
        return self.kind in {PUBLISHED, NEAREST}

    @property
    def change(self) -> float:
        """Length of the bar; NaN where nothing was downloaded."""
        return self.after - self.before

    @property
    def text(self) -> str:
        """What stands beside the bar."""
        return NOTHING if pd.isna(self.change) else signed(self.change)


Bridges = dict[str, list[Step]]


def draw(results: Results, definitions: Definitions) -> Drawing:
    """Draw one waterfall for each bridge, all on one scale."""
    bridges = bridges_of(results.bridges, definitions)
    rows = [step for steps in bridges.values() for step in steps]
    gutter = max(width_of(s.label, SMALL, bold=s.whole) for s in rows) + BETWEEN
    wide, span = INNER - gutter, _span(rows, INNER - gutter)
    height = len(rows) * ROW + len(bridges) * HEADING + (len(bridges) - 1) * APART + BELOW
    sheet = page(height, title(results.bridges), deck(), results.footer(definitions))
    top = height
    for n, (name, steps) in enumerate(bridges.items()):
        sheet.heading(0, top - 0.11, name)
        tall = len(steps) * ROW
        ax = sheet.axes(gutter, top - HEADING - tall, wide, tall)
        ax.set(xlim=span, ylim=(tall, 0), yticks=[])
        _scale(ax, named=n == len(bridges) - 1)
        _waterfall(ax, steps, gutter / wide, (span[1] - span[0]) / wide)
        top -= HEADING + tall + APART
    return sheet.describe(alt(bridges), data(bridges))


def alt(bridges: Bridges) -> str:
    """Every bridge, step by step."""
    texts = [
        f"{name}: {', '.join(f'{step.label} {step.text}' for step in steps)}"
        for name, steps in bridges.items()
    ]
    return f"Waterfalls of leads in points. {'. '.join(texts)}."


def data(bridges: Bridges) -> pd.DataFrame:
    """Every bar, in points."""
    return pd.DataFrame(
        [
            {"bridge": name, "kind": step.kind, "step": step.label}
            | {
                "before_points": step.before,
                "after_points": step.after,
                "change_points": step.change,
            }
            for name, steps in bridges.items()
            for step in steps
        ]
    )


def bridges_of(table: pd.DataFrame, definitions: Definitions) -> Bridges:
    """Steps of every bridge by its heading, in the order of the table."""
    labels, ends = (
        {c.id: c.label for c in definitions.published_specifications},
        {b.id: b for b in definitions.bridges},
    )
    steps = {}
    for name, rows in table.groupby("bridge", sort=False):
        bridge = ends[str(name)]
        heading = f"{_capital(labels[bridge.start])} → {labels[bridge.end]}"
        if rows["kind"].iloc[-1] == NEAREST:
            heading += " (no share published)"
        steps[heading] = [
            Step(
                row["kind"], _label(row, labels, definitions), 100 * row["from"], 100 * row["lead"]
            )
            for row in _with_starts(rows).to_dict("records")
        ]
    return steps


def title(table: pd.DataFrame) -> str:
    """By how much published leads differ, what one choice moves, and what none explains."""
    leads = table[table["kind"] == PUBLISHED]["lead"]
    moved, left = (_largest(table, kind) for kind in (CHOICE, UNEXPLAINED))
    parts = [f"A single choice moves the lead by up to {points(moved)}"]
    apart = 100 * float(leads.max() - leads.min()) if len(leads) else 0.0
    if apart:
        parts = [
            f"Published leads differ by up to {points(apart)}",
            f"a single choice moves ours by up to {moved:.1f}",
        ]
    rest = f", and up to {left:.1f} remain unexplained" if len(leads) else ""
    return "; ".join(parts) + rest


def deck() -> str:
    """What the bars are."""
    return (
        f"{LEAD}, points. Coloured: leads, published (shaded rows) and in the nearest cell of our "
        "specification grid. Grey: what a choice moves the lead by, averaged over all orders in "
        "which the choices can be changed. Hatched: what is left unexplained"
    )


def _largest(table: pd.DataFrame, kind: str) -> float:
    """The largest change of a kind in points, whatever its sign; zero where there is none."""
    sizes = 100 * table.loc[table["kind"] == kind, "change"].abs()
    return float(sizes.max()) if sizes.notna().any() else 0.0


def _with_starts(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a bridge with the lead before each step; before a whole, zero."""
    whole = rows["kind"].isin([PUBLISHED, NEAREST])
    return rows.assign(**{"from": rows["lead"].shift().mask(whole, 0.0)})


def _label(row: dict[str, str], labels: dict[str, str], definitions: Definitions) -> str:
    """Name of a step."""
    if row["kind"] == CHOICE:
        dimension = row["dimension"]
        return f"{DIMENSIONS[dimension]}: {choices(definitions)[dimension][str(row['after'])]}"
    if row["kind"] == UNEXPLAINED:
        return "Not explained by these data"
    suffix = "published" if row["kind"] == PUBLISHED else "our nearest cell"
    return f"{_capital(labels[row['before']])}, {suffix}"


def _capital(text: str) -> str:
    """The text with a capital letter."""
    return text[:1].upper() + text[1:]


def _span(steps: Sequence[Step], wide: float) -> tuple[float, float]:
    """Ends of the scale in points, with space for the values beside the bars."""
    side = ASIDE + width_of(DIRECTIONS[0], BODY, bold=True)
    reach = [(0.0, 0.02, side)]  # points, and the inches needed on either side
    for step in steps:
        space = BESIDE + width_of(step.text, SMALL, bold=step.whole) + 0.02
        at = 0.0 if pd.isna(step.change) else step.after
        reach.append((at, space, 0.02) if step.change < 0 else (at, 0.02, space))
    return scales.ends_with_space(reach, wide)


def _scale(ax: Axes, *, named: bool) -> None:
    """Zero and the grid; where `named`, the numbers and who leads on either side."""
    scales.leads(ax.xaxis, 7)
    ax.tick_params(axis="x", labelbottom=named)
    ax.axvline(0, color=INK, lw=0.9, zorder=2)
    if not named:
        return
    for group, ha, text in zip(SIDES, ("left", "right"), DIRECTIONS, strict=True):
        away = 72 * (ASIDE if ha == "left" else -ASIDE)
        ax.annotate(
            text, (0, 0), xycoords=ax.get_xaxis_transform(), xytext=(away, -21),
            textcoords="offset points", size=BODY, weight="bold", ha=ha, va="center_baseline",
            color=text_colour(group),
        )  # fmt: skip


def _waterfall(ax: Axes, steps: Sequence[Step], gutter: float, an_inch: float) -> None:
    """Bars from the top down, joined where one begins at the lead at which another ends."""
    for n, step in enumerate(steps):
        y = (n + 0.5) * ROW
        if step.kind == PUBLISHED:
            ax.axhspan(y - ROW / 2, y + ROW / 2, xmin=-gutter, color=SHADE, zorder=0, clip_on=False)
        ax.text(
            -gutter, y, step.label, transform=ax.get_yaxis_transform(), size=SMALL,
            va="center_baseline", weight="bold" if step.whole else "normal",
        )  # fmt: skip
        _bar(ax, step, y)
        _value(ax, step, y, an_inch)
        if n + 1 < len(steps):
            edges = [y + BAR / 2, y + ROW - BAR / 2]
            ax.plot([step.after] * 2, edges, color=QUIET, lw=0.8, zorder=3)


def _bar(ax: Axes, step: Step, y: float) -> None:
    """A lead from zero, or a change from the lead before it."""
    if pd.isna(step.change):
        return
    look: dict[str, Any] = {"color": COLOURS[leader(step.after)] if step.whole else STEP}
    if step.kind == UNEXPLAINED:
        look = {"facecolor": "white", "edgecolor": QUIET, "hatch": "//////"}
    bars = ax.barh(y, step.change, BAR, step.before, zorder=2.5, lw=0.8, **look)
    bars[0].set_hatch_linewidth(0.6)


def _value(ax: Axes, step: Step, y: float, an_inch: float) -> None:
    """The number beside the end of a bar; `an_inch` is as many points."""
    left, lead = step.change < 0, step.whole and pd.notna(step.change)
    at = 0.0 if pd.isna(step.change) else step.after
    ax.text(
        at + (-BESIDE if left else BESIDE) * an_inch, y, step.text, size=SMALL,
        color=text_colour(leader(step.after)) if lead else QUIET, weight="bold" if lead else "normal",
        ha="right" if left else "left", va="center_baseline", zorder=2.8,
        bbox={"fc": SHADE if step.kind == PUBLISHED else "white", "ec": "none", "pad": 0.6},
    )  # fmt: skip
