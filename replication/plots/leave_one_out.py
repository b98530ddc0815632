"""The lead without each of the developers that move it most."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replication.plots.results import (
    LEAD,
    Choice,
    Results,
    headline,
    increments_to_headline,
    select,
)
from replication.plots.style import (
    BODY,
    COLOURS,
    INK,
    MARKERS,
    QUIET,
    SHADE,
    SMALL,
    WIDTH,
    Page,
    page,
)
from replication.plots.words import points, signed
from replication.study import Study

MOST, ROW, HEAD, GUTTER, BETWEEN = 10, 0.2, 0.5, 2.9, 0.5


def draw(results: Results, study: Study) -> Figure:
    """Draw one panel for the headline and one for the increments to the same end."""
    choices = list(dict.fromkeys([headline(study), increments_to_headline(study)]))
    panel = HEAD + MOST * ROW
    height = len(choices) * (panel + BETWEEN)
    deck = (
        f"China − USA, points, in full and without each of the {MOST} developers whose removal "
        "moves it most; uploader, study’s labels"
    )
    sheet = page(height, title(results, choices[0]), deck, results.footer(study))
    names = {e.id: e.label for e in study.estimands}
    limits = _limits(results, choices)
    for n, choice in enumerate(choices):
        bottom = height - (n + 1) * (panel + BETWEEN) + BETWEEN
        _panel(sheet, bottom, results, choice, names[choice.estimand], limits)
    return sheet.figure


def title(results: Results, choice: Choice) -> str:
    """Whether the removal of one developer turns the lead."""
    rows, full = movers(results, choice), 100 * _full(results, choice)
    turned = rows[rows["lead"] * full < 0]
    ahead = "China’s" if full > 0 else "the USA’s"
    if turned.empty:
        return f"No single developer’s removal turns {ahead} lead of {points(full)}"
    first = turned.iloc[0]
    others = f", and {len(turned) - 1} other removals turn it too" if len(turned) > 1 else ""
    return (
        f"Without {first['developer']}, {ahead} lead of {points(full)} becomes a deficit of "
        f"{abs(100 * first['lead']):.1f}{others}"
    )


def movers(results: Results, choice: Choice) -> pd.DataFrame:
    """The developers whose removal moves the lead most, strongest first."""
    rows = select(results.leave_one_out, choice)
    order = rows.assign(size=rows["shift"].abs())
    return order.sort_values(["size", "developer"], ascending=[False, True]).head(MOST)


def _full(results: Results, choice: Choice) -> float:
    return results.estimate(choice, LEAD).point / 100


def _limits(results: Results, choices: Iterable[Choice]) -> tuple[float, float]:
    """One range of points for all panels, with room for the numbers."""
    ends: list[float] = [0]
    for choice in choices:
        ends += [*results.estimate(choice, LEAD).bounds, *(100 * movers(results, choice)["lead"])]
    room = 0.14 * (max(ends) - min(ends))
    return min(ends) - room, max(ends) + room


def _panel(
    sheet: Page,
    bottom: float,
    results: Results,
    choice: Choice,
    name: str,
    limits: tuple[float, float],
) -> None:
    """One estimand: the bounds as a band, the full lead as a line, a row for each developer."""
    ax = sheet.axes(GUTTER, bottom, WIDTH - GUTTER - 0.05, MOST * ROW)
    ax.set(xlim=limits, ylim=(MOST - 0.5, -0.5), yticks=[])
    ax.xaxis.grid(visible=True)
    ax.xaxis.set_major_formatter(lambda x, _: signed(x, 0))
    found = results.estimate(choice, LEAD)
    ax.axvspan(*found.bounds, color=SHADE, zorder=0.5)
    ax.axvline(0, color=INK, lw=0.9, zorder=2)
    ax.axvline(found.point, color=QUIET, lw=0.9, ls=(0, (3, 2)), zorder=2)
    for place, row in enumerate(movers(results, choice).to_dict("records")):
        _row(ax, place, row, found.point)
    ax.text(
        -GUTTER / (WIDTH - GUTTER - 0.05), 1 + 0.3 / (MOST * ROW), name, transform=ax.transAxes,
        size=BODY, weight="bold", va="bottom",
    )  # fmt: skip
    ax.annotate(
        f"full lead {signed(found.point)}", (found.point, 1), xycoords=ax.get_xaxis_transform(),
        xytext=(0, 3), textcoords="offset points", ha="center", size=SMALL, color=QUIET,
    )  # fmt: skip


def _row(ax: Axes, place: int, row: dict[Any, Any], full: float) -> None:
    """A line from the full lead to the lead without this developer."""
    lead, colour = 100 * row["lead"], COLOURS[row["group"]]
    ax.plot([full, lead], [place, place], color=colour, lw=1.6, zorder=3)
    ax.plot([lead], [place], MARKERS.get(row["group"], "D"), color=colour, ms=5.5, mec="white",
            mew=0.7, zorder=4)  # fmt: skip
    side = 1 if lead >= full else -1
    ax.annotate(
        signed(lead), (lead, place), xytext=(6 * side, 0), textcoords="offset points", size=SMALL,
        ha="left" if side > 0 else "right", va="center_baseline", color=colour,
    )  # fmt: skip
    ax.annotate(
        row["developer"], (0, place), xycoords=ax.get_yaxis_transform(), xytext=(-6, 0),
        textcoords="offset points", ha="right", va="center_baseline", size=SMALL, color=colour,
    )  # fmt: skip
