"""Weekly shares of the country groups, with and without each exclusion."""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import date2num
from matplotlib.figure import Figure

from replication.plots.results import Choice, Results, headline, select
from replication.plots.style import (
    BODY,
    COLOURS,
    INK,
    QUIET,
    SHADE,
    SMALL,
    WIDTH,
    Page,
    page,
    spread,
)
from replication.plots.words import MONTHS, day, percent, short_day
from replication.study import Study

TALL, HEAD, BETWEEN, LEFT, RIGHT = 2.35, 0.42, 0.42, 0.36, 1.85
NAMED = 3.0  # percent: a group that never exceeds it is drawn without a name
ROOM = 16.0  # points between both lines that a note needs
LEADERS = ("China", "USA")
NEVER = "never"


def draw(results: Results, study: Study) -> Figure:
    """Draw one panel for all downloads and one for each exclusion."""
    choice = headline(study)
    panels = {"weekly": "All repositories"}
    panels |= {f"weekly-without-{x.id}": x.label.capitalize() for x in study.exclusions}
    height = len(panels) * (TALL + HEAD + BETWEEN)
    width = study.time.smoothing_weeks
    deck = (
        f"Share of first-year downloads, %, in the {width} weeks up to each week; uploader, study’s "
        f"labels. Bands: {100 * study.inference.level:.0f} % bootstrap over developers, too few to trust"
    )
    sheet = page(height, title(results, list(panels), choice), deck, results.footer(study))
    for n, (series, name) in enumerate(panels.items()):
        bottom = height - (n + 1) * (TALL + HEAD + BETWEEN) + BETWEEN
        _panel(sheet, bottom, results, choice._replace(estimand=series), name, first=n == 0)
    return sheet.figure


def title(results: Results, series: list[str], choice: Choice) -> str:
    """When China passes the USA for the rest of the series, with and without the exclusion."""
    weeks = [_crossing(results, choice._replace(estimand=name)) for name in series]
    if weeks[0] == NEVER:
        return "China does not pass the USA for good in the weekly downloads"
    told = f"China’s weekly downloads pass the USA’s for good in the week of {day(weeks[0])}"
    if len(weeks) == 1 or weeks[1] == NEVER:
        return told
    apart = (date.fromisoformat(weeks[0]) - date.fromisoformat(weeks[1])).days // 7
    if apart == 0:
        return f"{told}, with or without telemetry counters"
    order = "earlier" if apart > 0 else "later"
    plural = "" if abs(apart) == 1 else "s"
    return f"{told}; {abs(apart)} week{plural} {order} without telemetry counters"


def _crossing(results: Results, choice: Choice) -> str:
    return str(select(results.crossings, choice, "series")["week"].iloc[0])


def _panel(
    sheet: Page, bottom: float, results: Results, choice: Choice, name: str, *, first: bool
) -> None:
    """One series: context first, then the small groups, then China and the USA."""
    width = WIDTH - LEFT - RIGHT
    ax = sheet.axes(LEFT, bottom, width, TALL)
    rows = select(results.weekly_shares, choice, "series").sort_values("week")
    weeks = [date2num(date.fromisoformat(week)) for week in rows["week"].unique()]
    top = 100 * rows.loc[rows["group"].isin(LEADERS), "upper"].max()
    ax.set(xlim=(weeks[0], weeks[-1]), ylim=(0, min(100, top + 4)))
    _scales(ax, weeks)
    ax.text(-LEFT / width, 1 + 0.24 / TALL, name, transform=ax.transAxes, size=BODY, weight="bold")
    _frozen(ax, results, named=first)
    _closed(ax, results, named=first)
    lines = {str(g): 100 * line.set_index("week")["share"] for g, line in rows.groupby("group")}
    for group, line in rows.groupby("group"):
        _line(ax, str(group), line, weeks)
    _names(ax, {g: float(x.iloc[-1]) for g, x in lines.items() if x.max() > NAMED})
    _mark(ax, results, choice, lines)


def _scales(ax: Axes, weeks: list[float]) -> None:
    """Months across, percent up."""
    first = date.fromordinal(date(1970, 1, 1).toordinal() + int(weeks[0]))
    months = [
        date(first.year + m // 12, m % 12 + 1, 1) for m in range(first.month, first.month + 24)
    ]
    shown = [m for m in months if date2num(m) <= weeks[-1]]
    ax.set_xticks(
        [date2num(m) for m in shown],
        [MONTHS[m.month - 1][:3] + (f"\n{m.year}" if m.month == 1 or m == shown[0] else "")
         for m in shown],
    )  # fmt: skip
    ax.set_yticks(range(0, 101, 20), [*map(str, range(0, 100, 20)), "100 %"])
    ax.yaxis.grid(visible=True)


def _frozen(ax: Axes, results: Results, *, named: bool) -> None:
    """Shade each run of frozen readings up to the reading that catches up."""
    caught = _dates_in(results.defect("catch-up-readings"))
    spans: dict[date, date] = {}
    for start in reversed(_dates_in(results.defect("frozen-readings"))):
        end = next((day for day in caught if day > start), None)
        if end and date2num(start) < ax.get_xlim()[1]:
            spans[end] = start
    for end, start in spans.items():
        ax.axvspan(date2num(start), date2num(end), color=SHADE, zorder=0.5)  # type: ignore[no-untyped-call]
    if named and spans:
        _above(ax, min(spans), "counters frozen ", "right")


def _closed(ax: Axes, results: Results, *, named: bool) -> None:
    """Mark the day after which the cohort takes in no repository."""
    for last in _dates_in(results.defect("closed-cohort"))[:1]:
        ax.axvline(date2num(last), color=QUIET, lw=0.8, ls=(0, (3, 2)), zorder=2)  # type: ignore[no-untyped-call]
        if named:
            told = f" no repository created after {short_day(last.isoformat())}: the cohort ages"
            _above(ax, last, told, "left")


def _above(ax: Axes, when: date, text: str, side: Literal["left", "right"]) -> None:
    """A note just above the panel."""
    ax.text(
        date2num(when), 1.02, text, transform=ax.get_xaxis_transform(), ha=side, size=SMALL,
        color=QUIET,
    )  # fmt: skip


def _dates_in(text: str) -> list[date]:
    """ISO 8601 dates in `text`, in order."""
    return sorted(date.fromisoformat(found) for found in re.findall(r"\d{4}-\d\d-\d\d", text))


def _line(ax: Axes, group: str, line: pd.DataFrame, weeks: list[float]) -> None:
    """One country group: a band and a strong line for China and the USA, else a thin line."""
    leads = group in LEADERS
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
    per_inch = ax.get_ylim()[1] / TALL
    places = spread(list(ends.values()), 0.135 * per_inch, 0)
    last = ax.get_xlim()[1]
    for (group, share), place in zip(ends.items(), places, strict=True):
        ax.annotate(
            f"{group} {percent(share)}", (last, share), xytext=(1 + 0.16 / (WIDTH - LEFT - RIGHT), place),
            textcoords=ax.get_yaxis_transform(), va="center_baseline", size=SMALL,
            color=COLOURS[group], weight="bold" if group in LEADERS else "normal",
            arrowprops={"arrowstyle": "-", "color": COLOURS[group], "lw": 0.6, "shrinkA": 1, "shrinkB": 0,
                        "relpos": (0, 0.4)},
            annotation_clip=False,
        )  # fmt: skip


def _mark(ax: Axes, results: Results, choice: Choice, lines: dict[str, pd.Series]) -> None:
    """Mark the crossing and say in how many replicates there is none."""
    week = _crossing(results, choice)
    if week == NEVER:
        return
    never = 100 * float(select(results.crossings, choice, "series")["never_fraction"].iloc[0])
    at, share = date2num(date.fromisoformat(week)), lines["China"][week]  # type: ignore[no-untyped-call]
    ahead = lines["China"] - lines["USA"]
    wide = [w for w in ahead.index if w > week and ahead[w] > ROOM] or [ahead.index[-1]]
    free = date2num(date.fromisoformat(wide[0]))  # type: ignore[no-untyped-call]
    ax.plot([at], [share], "o", ms=6, mfc="white", mec=INK, mew=1.1, zorder=6)
    ax.annotate(
        f"China ahead from {short_day(week)}\n(never in {percent(never, 0)} of replicates)",
        (at, share), xytext=(free, (lines["China"][wide[0]] + lines["USA"][wide[0]]) / 2),
        size=SMALL, va="center", linespacing=1.2,
        arrowprops={"arrowstyle": "-", "color": INK, "lw": 0.7, "shrinkB": 3.5, "relpos": (0, 0.5)},
    )  # fmt: skip
