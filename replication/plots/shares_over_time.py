"""Weekly shares of the country groups, with and without each exclusion."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import date2num, num2date

from replication import months
from replication.definitions import Definitions
from replication.plain import quantity
from replication.plots import scales
from replication.plots.layout import SMALL, spread
from replication.plots.results import Choice, Results, headline, select
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
from replication.plots.words import basis, day, percent, short_day

TALL, HEADING, NOTES, BELOW, LEFT, RIGHT = 2.2, 0.24, 0.17, 0.42, 0.4, 1.75
WIDE = INNER - LEFT - RIGHT
NAMED = 3.0  # percent: a group that never exceeds it is left out
NOTE, NOTE_HIGH = 1.4, 0.3  # inches that the note on the crossing takes
NEVER = "never"


def draw(results: Results, definitions: Definitions) -> Drawing:
    """Draw one panel for all downloads and one for each exclusion."""
    choice = _credited(results, definitions)
    panels = {"weekly": "All repositories"}
    panels |= {
        f"weekly-without-{x.id}": x.label.capitalize() for x in definitions.estimated_exclusions
    }
    panel = TALL + HEADING + BELOW
    height = len(panels) * panel + NOTES
    few = ", too few to be trusted" if results.too_few(definitions) else ""
    deck = (
        f"Share of {definitions.young} downloads, %, in the {definitions.time.smoothing_weeks} weeks up to each "
        f"week; {basis(choice.attribution, choice.labels)}. Bands: {100 * definitions.inference.level:.0f} % bootstrap "
        f"over developers{few}. Groups always below {NAMED:.0f} % are left out"
    )
    until = _judged_until(results, choice._replace(estimand="weekly"))
    if until < results.weekly_shares["week"].max():
        deck += f". Weeks after {day(until)} hold too few downloads and are not drawn"
    sheet = page(height, title(results, definitions), deck, results.footer(definitions))
    for n, (series, name) in enumerate(panels.items()):
        bottom = height - (n + 1) * panel - NOTES + BELOW
        ax = _panel(sheet, bottom, results, choice._replace(estimand=series))
        sheet.heading(0, bottom + TALL + HEADING - 0.15 + (NOTES if n == 0 else 0), name)
        _defects(ax, results, named=n == 0)
    shown = pd.concat(_drawn(results, choice._replace(estimand=series)) for series in panels)
    return sheet.describe(alt(results, choice, panels), data(shown))


def alt(results: Results, choice: Choice, panels: Mapping[str, str]) -> str:
    """Both countries' shares at both ends of every panel."""
    parts = []
    for series, name in panels.items():
        rows = _drawn(results, choice._replace(estimand=series))
        ends = []
        for side in SIDES:
            line = rows[rows["group"] == side]["share"]
            first, last = (percent(100 * line.iloc[n]) for n in (0, -1))
            ends.append(f"{side} from {first} to {last}")
        parts.append(f"{name}: {', '.join(ends)}")
    return f"Lines of shares by week. {'. '.join(parts)}."


def data(shown: pd.DataFrame) -> pd.DataFrame:
    """Every line with its band, in percent."""
    named = ["series", "week", "group"]
    ends = ("share", "lower", "upper")
    return shown[named].assign(**{f"{end}_percent": 100 * shown[end] for end in ends})


def _drawn(results: Results, choice: Choice) -> pd.DataFrame:
    """A series up to its last week, of the groups that ever exceed `NAMED` and of both sides."""
    rows = select(results.weekly_shares, choice, "series").sort_values("week")
    rows = rows[rows["week"] <= _judged_until(results, choice)]
    highest = rows.groupby("group")["share"].transform("max")
    return rows[(100 * highest > NAMED) | rows["group"].isin(SIDES)]


def title(results: Results, definitions: Definitions) -> str:
    """When China passes the USA for the rest of the series, with and without the exclusion."""
    choice = _credited(results, definitions)
    week = _crossing(results, choice._replace(estimand="weekly"))
    if week == NEVER:
        return "China’s downloads do not pass the USA’s to stay ahead"
    first = _first(results, choice._replace(estimand="weekly"))
    text = f"China’s downloads pass the USA’s in the week of {day(week)} and stay ahead"
    if week == first:
        text = "China’s downloads are ahead of the USA’s from the first week shown to the last"
    if _blurred(week, results, definitions):
        text = text.replace(" and stay", " (blurred by frozen counters) and stay")
    for exclusion in definitions.estimated_exclusions[:1]:
        other = _crossing(results, choice._replace(estimand=f"weekly-without-{exclusion.id}"))
        also = "also" if week == other == first else _apart(week, other)
        text += f"; {also} {exclusion.label}"
    return text


def _credited(results: Results, definitions: Definitions) -> Choice:
    """The headline, or by uploader: the series knows no maker, being kept by uploader and origin."""
    choice = headline(definitions)
    known = choice.attribution in set(results.crossings["attribution"])
    return choice if known else choice._replace(attribution="uploader")


def _blurred(week: str, results: Results, definitions: Definitions) -> bool:
    """Whether the smoothed week of a crossing reaches into frozen readings."""
    frozen = [
        date.fromisoformat(reading) for reading in _dates_in(results.defect("frozen-readings"))
    ]
    reach = timedelta(weeks=definitions.time.smoothing_weeks)
    end = date.fromisoformat(week)
    return any(end - reach < reading <= end + timedelta(weeks=1) for reading in frozen)


def _apart(week: str, other: str) -> str:
    """How much earlier or later another crossing comes."""
    if other == NEVER:
        return "not so"
    weeks = (date.fromisoformat(week) - date.fromisoformat(other)).days // 7
    if weeks == 0:
        return "in the same week"
    return f"{quantity(abs(weeks), 'week')} {'earlier' if weeks > 0 else 'later'}"


def _first(results: Results, choice: Choice) -> str:
    """The first week of a series."""
    return str(select(results.weekly_shares, choice, "series")["week"].min())


def _crossing(results: Results, choice: Choice) -> str:
    return str(select(results.crossings, choice, "series")["week"].iloc[0])


def _judged_until(results: Results, choice: Choice) -> str:
    """The last week of a series that is judged: those after it hold too little, and are not drawn."""
    return str(select(results.crossings, choice, "series")["judged_until"].iloc[0])


def _panel(sheet: Page, bottom: float, results: Results, choice: Choice) -> Axes:
    """One series: every group as a line, China and the USA strong and with bands."""
    ax = sheet.axes(LEFT, bottom, WIDE, TALL)
    rows = _drawn(results, choice)
    weeks = [_number(week) for week in rows["week"].unique()]
    top = 100 * rows.loc[rows["group"].isin(SIDES), "upper"].max()
    last = max(weeks[-1], weeks[0] + 1)  # a series may be a single week
    ax.set(xlim=(weeks[0], last), ylim=(0, min(100, top + 2)))
    _scales(ax, weeks)
    lines = {str(g): 100 * line.set_index("week")["share"] for g, line in rows.groupby("group")}
    for group, line in rows.groupby("group"):
        _line(ax, str(group), line, weeks)
    _names(ax, {g: float(x.iloc[-1]) for g, x in lines.items()})
    _mark(ax, results, choice, lines)
    return ax


def _number(iso: str) -> float:
    """Place of an ISO 8601 date on the axis."""
    return float(date2num(date.fromisoformat(iso)))


def _scales(ax: Axes, weeks: list[float]) -> None:
    """Months across, percent up."""
    start = num2date(weeks[0])
    firsts = [
        date(start.year + m // 12, m % 12 + 1, 1) for m in range(start.month, start.month + 60)
    ]
    shown = [first for first in firsts if date2num(first) <= weeks[-1]]
    names = [
        months.short_name(first) + (f"\n{first.year}" if first.month == 1 or n == 0 else "")
        for n, first in enumerate(shown)
    ]
    ax.set_xticks([float(date2num(first)) for first in shown], names)
    scales.shares(ax.yaxis, ax.get_ylim()[1])


def _defects(ax: Axes, results: Results, *, named: bool) -> None:
    """Shade the frozen readings, and mark the day after which no repository joins the cohort."""
    caught = _dates_in(results.defect("catch-up-readings"))
    spans: dict[str, str] = {}
    for start in reversed(_dates_in(results.defect("frozen-readings"))):
        end = next((reading for reading in caught if reading > start), None)
        if end and _number(start) < ax.get_xlim()[1]:
            spans[end] = start
    for end, start in spans.items():
        ax.axvspan(_number(start), _number(end), color=SHADE, zorder=0.5)
    if named and spans:
        _above(ax, min(spans), "counters frozen", "right")
    for last in _dates_in(results.defect("closed-cohort"))[:1]:
        ax.axvline(_number(last), color=QUIET, lw=0.8, ls=(0, (3, 2)), zorder=2)
        if named:
            note = f"no repository created after {short_day(last)}: the set ages"
            _above(ax, last, note, "left")


def _dates_in(text: str) -> list[str]:
    """ISO 8601 dates in `text`, in order."""
    return sorted(re.findall(r"\d{4}-\d\d-\d\d", text))


def _above(ax: Axes, when: str, text: str, side: str) -> None:
    """A note just above the panel, at one side of a date."""
    ax.annotate(
        text, (_number(when), 1), xycoords=ax.get_xaxis_transform(),
        xytext=(-1 if side == "right" else 1, 4), textcoords="offset points", ha=side, size=SMALL,
        color=QUIET,
    )  # fmt: skip


def _line(ax: Axes, group: str, line: pd.DataFrame, weeks: list[float]) -> None:
    """One country group: a band and a strong line for China and the USA, else a thin line."""
    leads = group in SIDES
    if leads:
        ax.fill_between(
            weeks, 100 * line["lower"], 100 * line["upper"], color=COLOURS[group], alpha=0.09,
            lw=0, zorder=1,
        )  # fmt: skip
    ax.plot(
        weeks, 100 * line["share"], color=COLOURS[group], lw=2.2 if leads else 1.0,
        zorder=4 if leads else 3,
    )  # fmt: skip


def _names(ax: Axes, ends: dict[str, float]) -> None:
    """Names and last shares beside the ends of the lines, moved apart where they are close."""
    places = spread(list(ends.values()), 0.13 * ax.get_ylim()[1] / TALL, 0)
    for (group, share), place in zip(ends.items(), places, strict=True):
        ax.annotate(
            f"{group} {percent(share)}", (1, share), xycoords=ax.get_yaxis_transform(),
            xytext=(1 + 0.16 / WIDE, place), textcoords=ax.get_yaxis_transform(),
            va="center_baseline", size=SMALL, color=text_colour(group), annotation_clip=False,
            weight="bold" if group in SIDES else "normal",
            arrowprops={"arrowstyle": "-", "color": COLOURS[group], "lw": 0.7, "relpos": (0, 0.5),
                        "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip


def _mark(ax: Axes, results: Results, choice: Choice, lines: dict[str, pd.Series]) -> None:
    """Mark the crossing, and say in how many replicates there is none.

    The note stands above both lines, or below China's where there is no space.
    """
    week = _crossing(results, choice)
    if week == NEVER:
        return
    never = 100 * float(select(results.crossings, choice, "series")["never_fraction"].iloc[0])
    start, end = ax.get_xlim()
    at, edge = _number(week), max(_number(week), start + (end - start) * NOTE / WIDE)
    near = {g: [x for w, x in lines[g].items() if _number(str(w)) <= edge] for g in SIDES}
    highest = max(max(shares) for shares in near.values())
    above = highest + 3 < ax.get_ylim()[1] * (1 - NOTE_HIGH / TALL)
    beyond = highest + 3 if above else min(near["China"]) - 3
    place = "the first week" if at == start else short_day(week)
    ax.plot(
        [at], [lines["China"][week]], "o", ms=6, mfc="white", mec=INK, mew=1.1, zorder=6,
        clip_on=at > start,
    )  # fmt: skip
    ax.plot([at, at], [lines["China"][week], beyond], color=INK, lw=0.7, zorder=5)
    ax.text(
        edge, beyond + (1 if above else -1),
        f"China ahead from\n{place} (never in\n{percent(never, 0)} of replicates)",
        size=SMALL, ha="right", va="bottom" if above else "top", linespacing=1.1,
    )  # fmt: skip
