"""Downloads a day, month by month: both countries, and the developers that readers know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import date2num, num2date
from matplotlib.ticker import MaxNLocator

from replication import months
from replication.definitions import Definitions
from replication.plots.layout import SMALL, spread, wrap
from replication.plots.results import Results
from replication.plots.style import (
    COLOURS,
    INK,
    INNER,
    QUIET,
    SHADE,
    SIDES,
    Drawing,
    page,
    text_colour,
)
from replication.plots.words import credited, month, short_day, together

LEFT, RIGHT, HEADING, NAMED, GAP, BELOW = 0.38, 2.2, 0.22, 0.17, 0.38, 0.32
UPPER, LOWER = 1.8, 2.1  # inches that the panels are high
WIDE = INNER - LEFT - RIGHT
ALL, FOLLOWED, CORRECTED, NEVER = "all", "estimate", "corrected", "never"
DASHED = (0, (3, 1.5))
DOTS = ("", "o")
"""Marks at the months of the developers of one country, the largest first; smaller ones are thin and grey."""
LEADER, SAMPLE, TEXT, THIN = 0.12, (0.2, 0.42), 0.47, "#bdbdbd"
"""Where a line to a name ends, its sample lies and the name begins, inches from the panel; grey, as it is no data."""
NOTE, NOTE_HIGH = 1.45, 0.46  # inches that the note on the passing takes


class Line(NamedTuple):
    """A series in millions a day: its name, country group, line style and width, and its months.

    One that is not `own` is grey and shares its name with others.
    """

    name: str
    group: str
    style: object
    wide: float
    days: list[float]
    rates: list[float]
    dot: str = ""
    own: bool = True

    @property
    def colour(self) -> str:
        """The colour of its country group, or grey."""
        return COLOURS[self.group] if self.own else QUIET


class Name(NamedTuple):
    """A line of text at the end of a series, with a sample of it unless the text goes on."""

    text: str
    end: float
    line: Line
    sampled: bool = True


def draw(results: Results, definitions: Definitions) -> Drawing:
    """Draw a panel of both countries above one of the developers."""
    height = 2 * HEADING + NAMED + UPPER + LOWER + GAP + BELOW
    sheet = page(
        height,
        title(results.window_passing),
        deck(definitions),
        results.records_footer(definitions),
    )
    both, each = countries(results, definitions), developers(results, definitions)
    for top, tall, lines, name in (
        (height - HEADING - NAMED, UPPER, both, "China and the USA"),
        (BELOW + LOWER, LOWER, each, "Developers, with what no record holds"),
    ):
        ax = sheet.axes(LEFT, top - tall, WIDE, tall)
        _lines(ax, lines, tall, definitions)
        sheet.heading(0, top + HEADING - 0.13 + NAMED * (lines is both), name)
        _after(ax, results, named=lines is both)
        if lines is both:
            _mark(ax, results.window_passing, both, definitions)
    return sheet.describe(alt(both, each), data([*both, *each]))


def alt(both: Sequence[Line], each: Sequence[Line]) -> str:
    """Where every line ends."""
    ends = [", ".join(f"{x.name} {rate(x.rates[-1])}" for x in lines) for lines in (both, each)]
    return (
        f"Lines of millions of downloads a day. In the last month, both countries: {ends[0]}; "
        f"developers: {ends[1]}."
    )


def data(lines: Sequence[Line]) -> pd.DataFrame:
    """Every line, at the middles of its months."""
    return pd.DataFrame(
        [
            {"line": x.name, "group": x.group, "middle_of_month": f"{num2date(at):%Y-%m-%d}"}
            | {"millions_a_day": rate}
            for x in lines
            for at, rate in zip(x.days, x.rates, strict=True)
        ]
    )


def deck(definitions: Definitions) -> str:
    """What is drawn, and which months are not whole."""
    about = definitions.published_window
    names = months_between(about.start, about.end)
    parts = [(name, *_inside(name, definitions)) for name in (names[0], names[-1])]
    first_and_last = "; ".join(f"{month(name)}: {days} days" for name, _, days in parts)
    return (
        f"Millions of {definitions.young} downloads a day, by month ({first_and_last}); "
        f"{credited(about.attribution, about.labels)}. Solid: with what no record holds, which is "
        "estimated from the lists of the Hub; dashed: what the records hold that month"
    )


def title(passing: pd.DataFrame) -> str:
    """When China passes the USA to stay ahead, without and with what no record holds."""
    alone, whole = lasting(passing, FOLLOWED), lasting(passing, CORRECTED)
    verb = "never passes the USA to stay ahead"
    if alone != NEVER:
        verb = f"passes the USA to stay ahead {_when(alone)}"
    if alone == whole:
        return f"China {verb}, with or without what no record holds"
    return f"In the records alone, China {verb}; with the rest added, {_when(whole)}"


def lasting(passing: pd.DataFrame, measure: str) -> str:
    """The month from which China is ahead to the end by a measure, or never."""
    rows = passing[(passing["scope"] == ALL) & (passing["measure"] == measure)]
    return str(rows["lasting"].iloc[0])


def _when(name: str) -> str:
    return NEVER if name == NEVER else f"in {month(name)}"


def months_between(start: date, end: date) -> list[str]:
    """Months in which a day after `start` up to `end` lies."""
    first = start + timedelta(days=1)
    numbers = range(12 * first.year + first.month - 1, 12 * end.year + end.month)
    return [f"{n // 12}-{n % 12 + 1:02}" for n in numbers]


def _inside(name: str, definitions: Definitions) -> tuple[float, int]:
    """Middle of a month's days after the window's start up to its end, and their number."""
    year, number = map(int, name.split("-"))
    next_month = date(year + number // 12, number % 12 + 1, 1)
    first = max(date(year, number, 1), definitions.published_window.start + timedelta(days=1))
    last = min(next_month - timedelta(days=1), definitions.published_window.end)
    return (_number(first) + _number(last) + 1) / 2, (last - first).days + 1


def _number(when: date) -> float:
    """Place of a date on the axis."""
    return float(date2num(when))


def countries(results: Results, definitions: Definitions) -> list[Line]:
    """Both countries with what no record holds, and by what the records hold alone."""
    kinds = {CORRECTED: ("{}", "solid", 2.2), FOLLOWED: ("{}, in records only", DASHED, 1.4)}
    return [
        Line(label.format(side), side, style, wide, *_series(results, side, measure, definitions))
        for measure, (label, style, wide) in kinds.items()
        for side in SIDES
    ]


def developers(results: Results, definitions: Definitions) -> list[Line]:
    """The tracked developers that have a month, the largest first; the first of each country are `own`."""
    about, table = definitions.published_window, results.leave_one_out
    rows = table[
        (table[["attribution", "labels"]] == [about.attribution, about.labels]).all(axis=1)
    ]
    groups = rows.drop_duplicates("developer").set_index("developer")["group"]
    lines = [
        Line(t.name, str(groups.get(t.developer, definitions.unknown)), "solid", 1.6,
             *_series(results, t.name, CORRECTED, definitions, kind="developer"))
        for t in definitions.tracked
    ]  # fmt: skip
    lines = sorted((line for line in lines if line.rates), key=lambda line: -sum(line.rates))
    places = {g: [x.name for x in lines if x.group == g] for g in {x.group for x in lines}}
    return [_looking(line, places[line.group].index(line.name)) for line in lines]


def _looking(line: Line, place: int) -> Line:
    """The line of a developer as it is drawn, by its place among those of its country."""
    if place < len(DOTS):
        return line._replace(dot=DOTS[place])
    return line._replace(own=False, wide=0.7)


def _series(
    results: Results, name: str, measure: str, definitions: Definitions, kind: str = "group"
) -> tuple[list[float], list[float]]:
    """Middles of the months, and millions a day."""
    rows = results.window_months
    chosen = (rows["scope"] == ALL) & (rows["series"] == name) & (rows["kind"] == kind)
    rows = rows[chosen].sort_values("month")
    inside = [_inside(str(name), definitions) for name in rows["month"]]
    values = [x / 1e6 / days for x, (_, days) in zip(rows[measure], inside, strict=True)]
    return [middle for middle, _ in inside], values


def _lines(ax: Axes, lines: Sequence[Line], tall: float, definitions: Definitions) -> None:
    """Lines with their names and last rates at the end."""
    about = definitions.published_window
    top = max(x for line in lines for x in line.rates)
    ax.set(xlim=(_number(about.start), _number(about.end) + 1), ylim=(0, 1.06 * top))
    names = months_between(about.start, about.end)[1::2]
    ax.set_xticks([_inside(name, definitions)[0] for name in names], _month_names(names))
    ax.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    ax.grid(visible=True)
    for line in lines:
        ax.plot(
            line.days, line.rates, color=line.colour, ls=line.style, lw=line.wide, marker=line.dot,
            ms=3.2, zorder=4 if line.own else 3, dash_capstyle="butt",
        )  # fmt: skip
    _names(ax, lines, tall)


def _month_names(names: Iterable[str]) -> list[str]:
    """Short names, with the year where it is the first of it."""
    texts, years = [], set[int]()
    for name in names:
        first = date.fromisoformat(f"{name}-01")
        texts.append(months.short_name(first) + ("" if first.year in years else f"\n{first.year}"))
        years.add(first.year)
    return texts


def _names(ax: Axes, lines: Sequence[Line], tall: float) -> None:
    """Names and last rates beside the ends of the lines, moved apart, with samples of the lines."""
    names = [Name(f"{x.name} {rate(x.rates[-1])}", x.rates[-1], x) for x in lines if x.own]
    names += _together([line for line in lines if not line.own])
    places = spread([name.end for name in names], 0.14 * ax.get_ylim()[1] / tall, 0)
    across = ax.get_yaxis_transform()
    for (text, end, line, sampled), place in zip(names, places, strict=True):
        if line.own:
            ax.plot(
                [_across(ax, line.days[-1]), 1 + LEADER / WIDE], [end, place], transform=across,
                color=THIN, lw=0.6, clip_on=False, zorder=3,
            )  # fmt: skip
        if sampled:
            ax.plot(
                [1 + x / WIDE for x in (SAMPLE[0], sum(SAMPLE) / 2, SAMPLE[1])], [place] * 3,
                transform=across, color=line.colour, ls=line.style, lw=max(0.7 * line.wide, 0.7),
                marker=line.dot, markevery=[1], ms=3.2, clip_on=False,
            )  # fmt: skip
        ax.text(
            1 + TEXT / WIDE, place, text, transform=across, size=SMALL, va="center_baseline",
            color=text_colour(line.group) if line.own else QUIET,
            weight="bold" if line.wide > 2 else "normal",
        )  # fmt: skip


def _together(lines: Sequence[Line]) -> list[Name]:
    """The one name of the grey lines, from its last line of text up, as equal ends are set."""
    if not lines:
        return []
    ends = [line.rates[-1] for line in lines]
    low, high = rate(min(ends)), rate(max(ends))
    names = ", ".join(line.name for line in lines)
    text = f"{names} {high}" if low == high else f"{names}, {together(f'{low} to {high}')}"
    rows = list(enumerate(wrap(text, RIGHT - TEXT, SMALL)))
    return [Name(row, sum(ends) / len(ends), lines[0], not n) for n, row in reversed(rows)]


def _across(ax: Axes, day: float) -> float:
    """Place of a day as a part of the panel's width."""
    start, end = ax.get_xlim()
    return (day - start) / (end - start)


def rate(value: float) -> str:
    """Millions a day: two decimals below one."""
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def _after(ax: Axes, results: Results, *, named: bool) -> None:
    """Shade what comes after the last list of the Hub."""
    last = str(results.hub_dates["date"].max())
    start, end = _number(date.fromisoformat(last)), ax.get_xlim()[1]
    ax.axvspan(start, end, color=SHADE, lw=0, zorder=0.5)
    if named:
        ax.annotate(
            f"after the last list of the Hub, {short_day(last)}", (start, 1), size=SMALL,
            xycoords=ax.get_xaxis_transform(), xytext=(0, 3), textcoords="offset points", color=QUIET,
        )  # fmt: skip


def _mark(ax: Axes, passing: pd.DataFrame, lines: Sequence[Line], definitions: Definitions) -> None:
    """A dot where China passes the USA in the records alone, and what holds with the rest."""
    name, whole = lasting(passing, FOLLOWED), lasting(passing, CORRECTED)
    if name == NEVER:
        return
    line = next(x for x in lines if x.group == SIDES[0] and x.style == DASHED)
    at = _inside(name, definitions)[0]
    value = line.rates[line.days.index(at)]
    start, end = ax.get_xlim()
    wide = (end - start) * NOTE / WIDE
    before = at > start + wide
    below = _lowest(lines, at, wide) > ax.get_ylim()[1] * NOTE_HIGH / UPPER
    ax.plot([at, at], [0 if below else ax.get_ylim()[1], value], color=INK, lw=0.7, zorder=5)
    ax.plot([at], [value], "o", ms=5.5, mfc="white", mec=INK, mew=1.1, zorder=6)
    when = "never" if whole == NEVER else f"from {month(whole)}"
    ax.annotate(
        f"China ahead from {month(name)}\nin the records alone;\n{when} with the rest added",
        (at, 0 if below else 1), xycoords=ax.get_xaxis_transform(),
        xytext=(-4 if before else 4, 4 if below else -4), textcoords="offset points",
        ha="right" if before else "left", va="bottom" if below else "top", size=SMALL,
        linespacing=1.15, zorder=7,
    )  # fmt: skip


def _lowest(lines: Sequence[Line], at: float, wide: float) -> float:
    """The lowest rate of all lines within a distance of a day."""
    near = [
        x
        for line in lines
        for d, x in zip(line.days, line.rates, strict=True)
        if abs(d - at) < wide
    ]
    return min(near)
