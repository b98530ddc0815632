"""The lead without each of the developers that move it most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from replication.definitions import Definitions
from replication.plots import scales
from replication.plots.layout import SMALL, width_of
from replication.plots.results import (
    LEAD,
    Choice,
    Results,
    headline,
    increments_to_headline,
    select,
)
from replication.plots.style import (
    COLOURS,
    INK,
    INNER,
    MARKERS,
    QUIET,
    SHADE,
    Drawing,
    leader,
    page,
    text_colour,
)
from replication.plots.words import basis, points, signed, whose

MOST, ROW, HEADING, BELOW, VALUES, GAP = 6, 0.185, 0.42, 0.22, 0.6, 0.12


def draw(results: Results, definitions: Definitions) -> Drawing:
    """Draw one panel for the headline and one for the increments to the same end."""
    choices = list(dict.fromkeys([headline(definitions), increments_to_headline(definitions)]))
    panel = HEADING + MOST * ROW + BELOW
    height = len(choices) * panel + (len(choices) - 1) * GAP
    credit = basis(choices[0].attribution, choices[0].labels)
    deck = (
        f"China − USA, points: in full (dashed), and without each of the {MOST} developers whose "
        "removal moves it most (circle: China then leads; square: the USA does). Band: the "
        "full lead with all downloads of no known country given to one side or the other. "
        f"{credit[0].upper()}{credit[1:]}"
    )
    sheet = page(height, title(results, choices[0]), deck, results.footer(definitions))
    names = {e.id: e.label for e in definitions.estimands}
    columns, limits = _columns(results, choices), _limits(results, choices)
    for n, choice in enumerate(choices):
        bottom = height - (n + 1) * panel - n * GAP + BELOW
        ax = sheet.axes(columns[1], bottom, INNER - columns[1] - VALUES, MOST * ROW)
        ax.set(xlim=limits, ylim=(MOST - 0.5, -0.5), yticks=[])
        sheet.heading(0, bottom + MOST * ROW + 0.27, names[choice.estimand])
        _headings(ax, columns)
        _panel(ax, columns, results, choice)
    return sheet.describe(alt(results, choices, names), data(results, choices))


def alt(results: Results, choices: Sequence[Choice], names: Mapping[str, str]) -> str:
    """The full lead, and the lead without each of the first three, in every panel."""
    parts = []
    for choice in choices:
        first = movers(results, choice).head(3).to_dict("records")
        without = ", ".join(f"without {x['developer']} {signed(100 * x['lead'])}" for x in first)
        full = signed(results.estimate(choice, LEAD).point)
        parts.append(f"{names[choice.estimand]}: in full {full}, {without}")
    return f"China − USA in points without one developer each. {'. '.join(parts)}."


def data(results: Results, choices: Sequence[Choice]) -> pd.DataFrame:
    """Every dot, in points."""
    rows = pd.concat([movers(results, choice) for choice in choices])
    return rows[["estimand", "attribution", "labels", "developer", "group"]].assign(
        lead_without_points=100 * rows["lead"], shift_points=100 * rows["shift"]
    )


def title(results: Results, choice: Choice) -> str:
    """Whether the removal of one developer turns the lead."""
    rows, full = movers(results, choice), results.estimate(choice, LEAD).point
    turned = rows[rows["lead"] * full < 0]
    ahead = whose(full)
    if turned.empty:
        return f"No single developer’s removal turns {ahead} lead of {points(full)}"
    first = turned.iloc[0]
    others = f"; {len(turned) - 1} more removals turn it" if len(turned) > 1 else ""
    return (
        f"Without {first['developer']}, {ahead} lead of {points(full)} becomes a deficit of "
        f"{abs(100 * first['lead']):.1f}{others}"
    )


def movers(results: Results, choice: Choice) -> pd.DataFrame:
    """The developers whose removal moves the lead most, strongest first."""
    rows = select(results.leave_one_out, choice)
    order = rows.assign(size=rows["shift"].abs())
    return order.sort_values(["size", "developer"], ascending=[False, True]).head(MOST)


def _columns(results: Results, choices: Sequence[Choice]) -> tuple[float, float]:
    """Where the groups and the plot start, in inches: right of the longest name."""
    rows = pd.concat([movers(results, choice) for choice in choices])
    names = max(width_of(name, SMALL) for name in rows["developer"])
    groups = max(width_of(name, SMALL) for name in rows["group"])
    return names + 0.15, names + groups + 0.3


def _limits(results: Results, choices: Sequence[Choice]) -> tuple[float, float]:
    """One range of points for all panels."""
    ends: list[float] = [0]
    for choice in choices:
        ends += [*results.estimate(choice, LEAD).bounds, *(100 * movers(results, choice)["lead"])]
    space = 0.04 * (max(ends) - min(ends))
    return min(ends) - space, max(ends) + space


def _headings(ax: Axes, columns: tuple[float, float]) -> None:
    """The scale, and the headings of the columns."""
    scales.leads(ax.xaxis, 6)
    wide = INNER - columns[1] - VALUES
    tall = MOST * ROW
    for place, text, side in (
        (-columns[1], "Without", "left"),
        (columns[0] - columns[1], "Country group", "left"),
        (wide + VALUES, "China − USA", "right"),
    ):
        ax.text(
            place / wide, 1 + 0.07 / tall, text, transform=ax.transAxes, size=SMALL, color=QUIET,
            ha=side,
        )  # fmt: skip


def _panel(ax: Axes, columns: tuple[float, float], results: Results, choice: Choice) -> None:
    """One estimand: the bounds as a band, the full lead as a line, a row for each developer."""
    estimate = results.estimate(choice, LEAD)
    ax.axvspan(*estimate.bounds, color=SHADE, zorder=0.5)
    ax.axvline(0, color=INK, lw=0.9, zorder=2)
    ax.axvline(estimate.point, color=QUIET, lw=0.9, ls=(0, (3, 2)), zorder=2)
    ax.annotate(
        f"full {signed(estimate.point)}", (estimate.point, 1), xycoords=ax.get_xaxis_transform(),
        xytext=(0, 5), textcoords="offset points", ha="center", size=SMALL, color=QUIET,
    )  # fmt: skip
    wide = INNER - columns[1] - VALUES
    for place, row in enumerate(movers(results, choice).to_dict("records")):
        _mark(ax, place, row, estimate.point)
        colour = text_colour(leader(row["lead"]))
        _entry(ax, -columns[1] / wide, place, row["developer"], INK)
        _entry(ax, (columns[0] - columns[1]) / wide, place, row["group"], QUIET)
        _entry(ax, 1 + VALUES / wide, place, signed(100 * row["lead"]), colour)


def _mark(ax: Axes, place: int, row: dict[Any, Any], full: float) -> None:
    """A line from the full lead to the lead without this developer, in the colour of who then leads."""
    lead, side = 100 * row["lead"], leader(row["lead"])
    ax.plot([full, lead], [place, place], color=COLOURS[side], lw=1.8, zorder=3)
    ax.plot(
        [lead], [place], MARKERS[side], color=COLOURS[side], ms=5.5, mec="white", mew=0.7, zorder=4
    )


def _entry(ax: Axes, x: float, place: int, text: str, colour: str) -> None:
    """A text in a row of the table around the plot: numbers end at `x`, names start there."""
    side = "right" if x > 1 else "left"
    ax.text(
        x, place, text, transform=ax.get_yaxis_transform(), size=SMALL, color=colour, ha=side,
        va="center_baseline",
    )  # fmt: skip
