"""The month-by-month record: shares of both countries in the window that each reading closes."""

from __future__ import annotations

from datetime import date

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, date2num, num2date

from replication import months
from replication.definitions import Definitions
from replication.plots.layout import SMALL, spread
from replication.plots.style import COLOURS, MARKERS, QUIET, SIDES, Drawing, page, text_colour

LEFT, RIGHT, HIGH, BELOW = 0.38, 0.95, 2.5, 0.32  # inches
LEAST_DAYS = 365
"""Days of a whole window: the marks of shorter ones are empty."""


def draw(table: pd.DataFrame, definitions: Definitions) -> Drawing:
    """Draw the shares of both countries by the day on which their window ends.

    Parameters
    ----------
    table
        One row a window and country: ``day, days, statistic, point, records_lower,
        records_upper``, in fractions; empty where it is not known.
    definitions
        The look.
    """
    known = table[table["statistic"].isin(SIDES) & table["point"].notna()]
    sheet = page(HIGH + BELOW, title(known), deck(definitions), footer(table))
    ax = sheet.axes(LEFT, BELOW, 6.38 - LEFT - RIGHT, HIGH)
    ends = [_line(ax, known[known["statistic"] == side], side) for side in SIDES]
    _axes(ax)
    _names(ax, [end for end in ends if end is not None])
    return sheet.describe(alt(known), known)


def title(known: pd.DataFrame) -> str:
    """The newest shares."""
    if known.empty:
        return "No share is known yet"
    newest = known[known["day"] == known["day"].max()].set_index("statistic")["point"]
    china, usa = (f"{100 * newest[side]:.1f} %" for side in SIDES)
    return f"China {china}, USA {usa} in the window that ends on {known['day'].max()}"


def deck(definitions: Definitions) -> str:
    """What is drawn."""
    return (
        f"Shares of {definitions.young} downloads of the whole Hub in the twelve months before "
        "each reading, in percent. Lines upward and downward: 95 % range of what the readings "
        "leave open, where it is known; empty marks: fewer than twelve months are covered"
    ).replace("95 %", f"{100 * definitions.inference.level:g} %")


def footer(table: pd.DataFrame) -> str:
    """Where the data are from."""
    days = sorted(table["day"].unique())
    count = "1 reading" if len(days) == 1 else f"{len(days)} days of readings"
    return f"Data: {count} of the Hub, {days[0]} to {days[-1]}. Computed by this replication."


def alt(known: pd.DataFrame) -> str:
    """First and last shares of both countries."""
    parts = []
    for side in SIDES:
        rows = known[known["statistic"] == side].sort_values("day")
        if len(rows):
            ends = [
                f"{100 * rows['point'].iloc[n]:.1f} % on {rows['day'].iloc[n]}" for n in (0, -1)
            ]
            parts.append(f"{side} " + ", ".join(dict.fromkeys(ends)))
    return f"Lines of the shares, first and last: {'; '.join(parts) or 'none'}."


def _line(ax: Axes, rows: pd.DataFrame, side: str) -> tuple[str, float] | None:
    """One country's points with their ranges; return its name and last share."""
    rows = rows.sort_values("day")
    if rows.empty:
        return None
    at = [float(date2num(date.fromisoformat(day))) for day in rows["day"]]
    points = (100 * rows["point"]).tolist()
    colour = COLOURS[side]
    ax.plot(at, points, color=colour, lw=1.4, zorder=3)
    ends = zip(at, 100 * rows["records_lower"], 100 * rows["records_upper"], strict=True)
    for x, low, high in ends:
        if low == low and high == high:  # noqa: PLR0124 -- NaN is not known
            ax.plot([x, x], [low, high], color=colour, lw=2.4, alpha=0.35, zorder=2)
    for x, y, days in zip(at, points, rows["days"], strict=True):
        face = colour if days >= LEAST_DAYS else "white"
        ax.plot([x], [y], MARKERS[side], ms=5, mfc=face, mec=colour, zorder=4)
    return side, points[-1]


def _axes(ax: Axes) -> None:
    """Scales: percent from zero, days."""
    ax.set_ylim(0, max(ax.get_ylim()[1], 10))
    ax.margins(x=0.04)
    locator = AutoDateLocator(minticks=2, maxticks=6)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(lambda x, _: months.short_with_year(num2date(x)))
    ax.grid(visible=True, axis="y")


def _names(ax: Axes, ends: list[tuple[str, float]]) -> None:
    """Names and last shares beside the ends of the lines, moved apart."""
    places = spread([y for _, y in ends], 0.16 * ax.get_ylim()[1] / HIGH, 0)
    for (side, value), place in zip(ends, places, strict=True):
        ax.text(
            1.015, place, f"{side} {value:.1f} %", transform=ax.get_yaxis_transform(), size=SMALL,
            va="center_baseline", color=text_colour(side), weight="bold",
        )  # fmt: skip
    if not ends:
        ax.text(0.5, 0.5, "not known", transform=ax.transAxes, color=QUIET, ha="center")
