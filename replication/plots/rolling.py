"""Shares of China and the USA in rolling sums of several widths, and when China passes the USA."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import MonthLocator, date2num, num2date
from matplotlib.ticker import FuncFormatter, NullFormatter

from replication import months
from replication.definitions import Definitions
from replication.plots import scales
from replication.plots.layout import SMALL, spread
from replication.plots.results import Results, headline
from replication.plots.style import (
    COLOURS,
    INK,
    INNER,
    QUIET,
    SHADE,
    SIDES,
    Drawing,
    Page,
    page,
    text_colour,
)
from replication.plots.words import basis, day, percent, short_day, together

LEFT, RIGHT, HEADING, TALL, APART, ROW, BELOW, TICKS = 0.4, 2.0, 0.36, 0.98, 0.08, 0.155, 0.1, 0.3
WIDE = INNER - LEFT - RIGHT
ASIDE, BESIDE = 0.16, 0.28  # inches from the last week to the bar of never, and to its words
BAR, HALF_WEEK = 5.6, 3.5  # days that a bar is wide, and from a week to its middle
HIGH = 0.84  # part of a row that the highest bar fills
SERIES, NEVER, TOO_SHORT, REFUSED = "weekly", "never", "too short", "refused"


def draw(results: Results, definitions: Definitions) -> Drawing:
    """Draw a panel for each width: shares above, the distribution of the crossing below."""
    crossings = _whole(results.rolling_crossings)
    shares, bars = (_whole(t) for t in (results.rolling_shares, results.rolling_distribution))
    until = shares["width"].map(
        crossings.drop_duplicates("width").set_index("width")["judged_until"]
    )
    shares = shares[shares["week"] <= until]
    weeks = {width: week for width, week in crossed(crossings).items() if week != TOO_SHORT}
    low = ROW * crossings["scheme"].nunique()
    panel = HEADING + TALL + APART + low + BELOW
    height = len(weeks) * panel + TICKS
    firsts = {int(w): str(rows["week"].min()) for w, rows in shares.groupby("width")}
    sheet = page(
        height, title(crossings, firsts), deck(results, definitions), results.footer(definitions)
    )
    days = _days(sorted(shares["week"].unique()))
    for n, (width, week) in enumerate(weeks.items()):
        bottom = height - (n + 1) * panel + BELOW
        upper = sheet.axes(LEFT, bottom + low + APART, WIDE, TALL)
        lower = sheet.axes(LEFT, bottom, WIDE, low)
        for ax in (upper, lower):
            ax.set(xlim=(days[0] - HALF_WEEK, days[-1] + HALF_WEEK))
            _months(ax, named=ax is lower and n == len(weeks) - 1)
        rows, *drawn = (table[table["width"] == width] for table in (shares, crossings, bars))
        _shares(upper, rows, float(shares["upper"].max()))
        _distribution(lower, *drawn)
        _mark(upper, lower, rows, week)
        _breaks(upper, rows, results, place=n)
        throughout = week == firsts[width]
        _heading(sheet, bottom + low + APART + TALL + 0.21, width, week, throughout=throughout)
    return sheet.describe(alt(shares, weeks), data(shares, bars, weeks))


def alt(shares: pd.DataFrame, weeks: Mapping[int, str]) -> str:
    """The last shares of every width."""
    parts = []
    for width in weeks:
        rows = shares[shares["width"] == width].sort_values("week")
        last = [
            f"{side} {percent(100 * rows.loc[rows['group'] == side, 'share'].iloc[-1])}"
            for side in SIDES
        ]
        parts.append(f"over {width} weeks {' and '.join(last)}")
    if not parts:
        return "Too few weeks for any sum."
    return f"Lines of shares with the crossings of resampled series below. At the end: {'; '.join(parts)}."


def data(shares: pd.DataFrame, bars: pd.DataFrame, weeks: Mapping[int, str]) -> pd.DataFrame:
    """Every line and every bar; shares in percent."""
    names = {"share": "share_percent", "lower": "lower_percent", "upper": "upper_percent"}
    lines = shares[shares["group"].isin(SIDES)].rename(columns=names)
    lines = lines.assign(**{name: 100 * lines[name] for name in names.values()}, part="share")
    parts = [lines, bars.assign(part="crossing", percent_of_replicates=100 * bars["fraction"])]
    rows = pd.concat(parts, ignore_index=True).drop(columns=["series", "fraction"])
    return rows[rows["width"].isin(list(weeks))]


def crossed(crossings: pd.DataFrame) -> dict[int, str]:
    """The crossing of each width."""
    return {int(width): str(rows["week"].iloc[0]) for width, rows in crossings.groupby("width")}


def title(crossings: pd.DataFrame, firsts: Mapping[int, str] | None = None) -> str:
    """Whether the crossing depends on the width of the sums, and when it is.

    A crossing in the first sum of every width (`firsts`) is none that the series shows.
    """
    weeks_by_width = {
        width: week for width, week in crossed(crossings).items() if week != TOO_SHORT
    }
    weeks = list(weeks_by_width.values())
    if set(weeks) <= {NEVER}:
        return "In no rolling sum does China pass the USA to stay ahead"
    if firsts and all(week == firsts[width] for width, week in weeks_by_width.items()):
        widths = [str(width) for width in weeks_by_width]
        over = " or ".join(filter(None, [", ".join(widths[:-1]), widths[-1]]))
        return f"China is ahead of the USA from the first sum to the last, be it over {over} weeks"
    text = "When China passes the USA to stay ahead depends on the width of the sums"
    if len(set(weeks)) == 1:
        text = "China passes the USA to stay ahead in the same week whatever the width of the sums"
    elif weeks == sorted(set(weeks)):  # a date comes before never
        text = "The wider the sums, the later China passes the USA to stay ahead"
    dates = {w: week if week == NEVER else short_day(week) for w, week in weeks_by_width.items()}
    each = [f"{together(when)} over {w}" for w, when in dates.items()]
    return f"{text}: {', '.join([f'{each[0]} weeks', *each[1:]])}"


def deck(results: Results, definitions: Definitions) -> str:
    """What is drawn, and why not to trust the bands."""
    choice = headline(definitions)
    known = choice.attribution in set(results.crossings["attribution"])
    credited = basis(choice.attribution if known else "uploader", choice.labels)
    level = percent(100 * definitions.inference.level, 0)
    text = (
        f"Share of {definitions.young} downloads, %, in the weeks up to each week; {credited}. Bands: {level} "
        "bootstrap over developers, too few to be trusted. Bars: replicates by the week of their "
        "crossing (the first: then or earlier), developers, both, or weeks in blocks resampled; "
        f"lines: {level} of them"
    )
    short = [w for w, week in crossed(results.rolling_crossings).items() if week == TOO_SHORT]
    return text + "".join(f". Too few weeks for sums over {width}" for width in short)


def _whole(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the series without any exclusion."""
    return table[table["series"] == SERIES]


def _days(weeks: Iterable[str]) -> list[float]:
    """Places of ISO 8601 dates on the axis."""
    return [float(date2num(date.fromisoformat(week))) for week in weeks]


def _months(ax: Axes, *, named: bool) -> None:
    """A line for each month, and its name below the last panel."""
    ax.xaxis.set_major_locator(MonthLocator())
    first = next((x for x in ax.xaxis.get_majorticklocs() if x >= ax.get_xlim()[0]), 0)

    def name(x: float, _: int) -> str:
        when = num2date(x)
        year = f"\n{when.year}" if when.month == 1 or x == first else ""
        return months.short_name(when) + year

    ax.xaxis.set_major_formatter(FuncFormatter(name) if named else NullFormatter())
    ax.xaxis.grid(visible=True)


def _heading(sheet: Page, bottom: float, width: int, week: str, *, throughout: bool) -> None:
    """Name the panel by its width and its crossing."""
    ahead = "China never ahead to the end" if week == NEVER else f"China ahead from {day(week)}"
    if throughout:
        ahead = "China ahead throughout"
    sheet.heading(0, bottom, f"Sums over {width} weeks: {ahead}")


def _shares(ax: Axes, rows: pd.DataFrame, top: float) -> None:
    """Lines and bands of China and the USA, with their names and last shares at the end."""
    ax.set(ylim=(0, min(100.0, 100 * top + 2)))
    scales.shares(ax.yaxis, ax.get_ylim()[1])
    ends = {}
    for group in SIDES:
        line = rows[rows["group"] == group].sort_values("week")
        days, colour = _days(line["week"]), COLOURS[group]
        low, share, high = (100 * line[name] for name in ("lower", "share", "upper"))
        ax.fill_between(days, low, high, color=colour, alpha=0.09, lw=0, zorder=1)
        ax.plot(days, share, color=colour, lw=2.2, zorder=4)
        ends[group] = float(share.iloc[-1])
    places = spread(list(ends.values()), 0.13 * ax.get_ylim()[1] / TALL, 0)
    for (group, share), place in zip(ends.items(), places, strict=True):
        ax.text(
            1 + 0.07 / WIDE, place, f"{group} {percent(share)}", size=SMALL, weight="bold",
            transform=ax.get_yaxis_transform(), color=text_colour(group), va="center_baseline",
        )  # fmt: skip


def _distribution(ax: Axes, crossings: pd.DataFrame, bars: pd.DataFrame) -> None:
    """A row of bars for each scheme, to one scale, and the range of most replicates."""
    ax.set(ylim=(0, len(crossings)), yticks=[])
    bars = bars.sort_values("week")  # a date comes before never
    scale = HIGH / bars["fraction"].max() if len(bars) else HIGH
    start, end = ax.get_xlim()

    def across(weeks: Iterable[str]) -> list[float]:
        aside = end + ASIDE * (end - start) / WIDE
        return [aside if week == NEVER else _days([week])[0] for week in weeks]

    for place, row in enumerate(crossings.to_dict("records"), 1):
        base, part = len(crossings) - place, bars[bars["scheme"] == row["scheme"]]
        never = REFUSED
        if row["lower"] != REFUSED:
            never = f"{percent(100 * row['never_fraction'], 0)} never"
            ax.bar(
                across(part["week"]), scale * part["fraction"], BAR, base, color=QUIET,
                clip_on=False, zorder=3,
            )  # fmt: skip
            ends = across([row["lower"], row["upper"]])
            ax.plot(ends, [base, base], color=INK, lw=1.1, clip_on=False, zorder=4)
        ax.text(
            1 + BESIDE / WIDE, base + 0.1, f"{row['scheme']}, {never}", size=SMALL, color=QUIET,
            transform=ax.get_yaxis_transform(), va="baseline",
        )  # fmt: skip


def _mark(upper: Axes, lower: Axes, rows: pd.DataFrame, week: str) -> None:
    """The crossing as a dot on China's line, and as a line down through the bars."""
    if week == NEVER:
        return
    china = rows[(rows["group"] == SIDES[0]) & (rows["week"] == week)]
    (at,), share = _days([week]), 100 * float(china["share"].iloc[0])
    upper.plot([at, at], [0, share], color=INK, lw=0.8, zorder=5)
    upper.plot([at], [share], "o", ms=5.5, mfc="white", mec=INK, mew=1.1, zorder=6)
    lower.axvline(at, color=INK, lw=0.8, zorder=5)


def _breaks(ax: Axes, rows: pd.DataFrame, results: Results, *, place: int) -> None:
    """Shade sums that rest on frozen counters; mark where the set ages and where readings change.

    What is marked is named once: in the first panel, and the readings in the second.
    """
    weeks = rows[rows["group"] == SIDES[0]].sort_values("week")
    runs = _runs(_days(weeks.loc[weeks["frozen"], "week"]))
    for start, end in runs:
        ax.axvspan(start, end, color=SHADE, lw=0, zorder=0.5)
    edges = [end for _, end in runs[:1]]
    if weeks["ageing"].any():
        last = results.defect("closed-cohort")
        edges += _days([last])
        ax.axvline(edges[-1], color=QUIET, lw=0.8, ls=(0, (3, 2)), zorder=2)
        if place == 0:
            note = f"no repository created after {short_day(last)}: the set ages"
            _above(ax, edges[-1], note, "left")
    if runs and place == 0:
        _above(ax, min(edges), "rests on frozen counters", "right")
    for first in _days(weeks.loc[weeks["seam"], "week"].iloc[:1]):
        ax.axvline(first, color=QUIET, lw=0.9, ls=(0, (1, 1.5)), zorder=2)
        if place == 1:
            _above(ax, first, "daily readings begin", "right")


def _runs(days: list[float]) -> list[tuple[float, float]]:
    """Ranges of weeks that follow one another, each week from its middle to its middle."""
    runs: list[tuple[float, float]] = []
    for middle in days:
        start = middle - HALF_WEEK
        if runs and runs[-1][1] >= start:
            start = runs.pop()[0]
        runs.append((start, middle + HALF_WEEK))
    return runs


def _above(ax: Axes, when: float, text: str, side: str) -> None:
    """A note just above the panel, at one side of a date."""
    ax.annotate(
        text, (when, 1), xycoords=ax.get_xaxis_transform(),
        xytext=(-4 if side == "right" else 4, 3), textcoords="offset points", ha=side, size=SMALL,
        color=QUIET,
    )  # fmt: skip
