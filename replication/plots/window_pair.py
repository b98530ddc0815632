"""The published pair beside lists of the Hub on single dates and the window rebuilt from records."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes

from replication import months
from replication.definitions import Definitions
from replication.plots import scales
from replication.plots.layout import BODY, HEAD, SMALL
from replication.plots.results import LEAD, Ends, Results
from replication.plots.style import (
    COLOURS,
    INNER,
    MARKERS,
    QUIET,
    SIDES,
    Drawing,
    Page,
    leader,
    page,
    text_colour,
)
from replication.plots.words import (
    MINUS,
    credited,
    in_words,
    percent,
    points,
    short_day,
    together,
)

LEFT, TALL, ABOVE, BELOW, KEY = 0.38, 2.5, 0.3, 0.72, 0.42
WIDE = INNER - LEFT
SIDE_PANEL = 1.36  # inches for the published pair, and for the rebuilt window
COLUMN, NARROWER = 0.46, 0.32  # inches that a column is wide there, and on the dates
APART, NEARER = 0.16, 0.07  # inches between two columns there, and on the dates
ASIDE, FOOT = 0.15, 0.05  # inches: bracket from a column's middle, its feet
STEP = 10  # percent between lines
LARGE = HEAD - 1
SPACE = 2.3 * LARGE / 72  # inches above the highest range for a name and a number
DIVIDER = "#bdbdbd"
RECORDS, WITHOUT = "records", "without"


class Pair(NamedTuple):
    """China's and the USA's share in percent under a label, with ranges by their name."""

    label: str
    shares: tuple[float, float]
    lead: float
    ranges: dict[str, tuple[Ends, Ends]]


class Section(NamedTuple):
    """Pairs of one kind, the inches that each takes, and whether they are what matters most."""

    heading: str
    pairs: list[Pair]
    wide: float
    large: bool


def draw(results: Results, definitions: Definitions) -> Drawing:
    """Draw columns of both countries: published, on the dates, rebuilt."""
    sections = sections_of(results, definitions)
    sheet = page(
        KEY + BELOW + TALL + ABOVE,
        title(results, definitions),
        deck(results, definitions),
        results.records_footer(definitions),
    )
    ax = _axes(sheet, sections)
    left = 0.0
    for number, section in enumerate(sections):
        right = left + section.wide * len(section.pairs)
        _frame(ax, section.heading, left, right, first=number == 0)
        for n, pair in enumerate(section.pairs):
            _pair(ax, pair, left + section.wide * (n + 0.5), large=section.large)
        left = right
    _key(sheet, results, definitions)
    return sheet.describe(alt(sections), data(sections))


def alt(sections: list[Section]) -> str:
    """Every pair of columns in words."""
    parts = []
    for section in sections:
        pairs = [
            " and ".join(f"{side} {percent(x)}" for side, x in zip(SIDES, pair.shares, strict=True))
            + (f" ({_one_line(pair.label)})" if len(section.pairs) > 1 else "")
            for pair in section.pairs
        ]
        parts.append(f"{section.heading}: {'; '.join(pairs)}")
    return f"Columns of both countries’ shares. {'. '.join(parts)}."


def data(sections: list[Section]) -> pd.DataFrame:
    """Every column with its ranges, in percent."""
    return pd.DataFrame(
        [
            {"part": section.heading, "period": _one_line(pair.label), "group": side}
            | {"share_percent": pair.shares[n], "lead_points": pair.lead}
            | {
                f"{name}_{end}": value
                for name, ends in pair.ranges.items()
                for end, value in ends[n]._asdict().items()
            }
            for section in sections
            for pair in section.pairs
            for n, side in enumerate(SIDES)
        ]
    )


def _one_line(label: str) -> str:
    """A label without its break."""
    return label.replace("\n", " ")


def deck(results: Results, definitions: Definitions) -> str:
    """What the shares are of, and what stands below the columns."""
    about = definitions.published_window
    early = [d for d in _dates(results, definitions).index if date.fromisoformat(d) < about.start]
    dates = ", ".join(together(short_day(d)) for d in early)
    outside = f" ({dates}: before the window)" if early else ""
    return (
        f"Share of {definitions.young} downloads, %; {credited(about.attribution, about.labels)}. "
        f"Lists{outside}: such downloads of the 30 days before; to a list of the most downloaded "
        "models the others are added. Below the columns: who is ahead, by how many points"
    )


def title(results: Results, definitions: Definitions) -> str:
    """What was published against what the records show in the window and on the dates."""
    ours = f"Rebuilt from public records: {_told(results, definitions)}"
    pair = _published(results)
    if not pair:
        return ours
    stated = "ahead" if pair[0] >= pair[1] else "behind"
    return f"Published: China {points(pair[0] - pair[1])} {stated}. {ours}"


def _told(results: Results, definitions: Definitions) -> str:
    """Who is ahead in the window, by the range that the records leave open, and on the dates."""
    lead, dates = 100 * _answers(results).loc[LEAD], _dates(results, definitions)[LEAD]
    low, high = _ends(lead, RECORDS)
    if low < 0 < high:
        size = together(f"{-low:.0f} points behind to {high:.0f} ahead")
        return f"China {size}; {_ahead(dates, 1)}"
    sign = 1 if low > 0 else -1
    small, large = sorted((abs(low), abs(high)))
    size = together(f"{small:.0f} to {large:.0f} ahead")
    return f"{_name(sign)} {size}, {_ahead(dates, sign).replace(_name(sign), 'and')}"


def _ahead(leads: pd.Series, sign: int) -> str:
    """In how many lists a side is ahead."""
    count = int((sign * leads > 0).sum())
    number = f"{in_words(count) if count else 'none'} of {in_words(len(leads))}"
    if count == len(leads):
        number = f"all {in_words(count)}"
    return f"{_name(sign)} ahead in {number} lists of the Hub"


def _name(sign: float) -> str:
    """The side whose lead has this sign, as a sentence names it."""
    return SIDES[0] if sign > 0 else f"the {SIDES[1]}"


def sections_of(results: Results, definitions: Definitions) -> list[Section]:
    """The published pair where there is one, the dates, and the window."""
    dates, pair = _dates(results, definitions), _published(results)
    ends = (definitions.published_window.start, definitions.published_window.end)
    period = " –\n".join(months.short_with_year(d) for d in ends)
    each = [
        Pair(_two_lines(str(day)), (row[SIDES[0]], row[SIDES[1]]), row[LEAD], {})
        for day, row in dates.iterrows()
    ]
    published = [Pair(period, (pair[0], pair[1]), pair[0] - pair[1], {})] if pair else []
    space = WIDE - SIDE_PANEL * (1 + bool(pair))
    sections = [
        Section("Published", published, SIDE_PANEL, large=True),
        Section(
            _kinds(results, definitions),
            each,
            space / max(len(each), 1),
            large=False,
        ),
        Section("The window, rebuilt", [_rebuilt(results, period)], SIDE_PANEL, large=True),
    ]
    return [section for section in sections if section.pairs]


def _kinds(results: Results, definitions: Definitions) -> str:
    """How many lists hold the whole Hub, and how many its most downloaded models, with the rest added."""
    full = _full(results, definitions)
    counts = {"full": int(full.sum()), "top": int((~full).sum())}
    parts = [f"{in_words(n)} {kind} list{'s' * (n > 1)}" for kind, n in counts.items() if n]
    return ", ".join(parts).capitalize()


def _two_lines(day: str) -> str:
    """A date with the year on a line of its own."""
    return "\n".join(short_day(day).rsplit(" ", 1))


def _rebuilt(results: Results, period: str) -> Pair:
    """The window's shares with both ranges."""
    table = 100 * _answers(results)
    china, usa = (table.loc[side] for side in SIDES)
    ranges = {name: (_ends(china, name), _ends(usa, name)) for name in (RECORDS, WITHOUT)}
    return Pair(period, (china["point"], usa["point"]), table.loc[LEAD, "point"], ranges)


def _ends(row: pd.Series, name: str) -> Ends:
    """A range of one statistic."""
    return Ends(float(row[f"{name}_lower"]), float(row[f"{name}_upper"]))


def _answers(results: Results) -> pd.DataFrame:
    """Answers of the rebuilt window by statistic."""
    return results.window_answers.set_index("statistic")


def _dates(results: Results, definitions: Definitions) -> pd.DataFrame:
    """Shares in percent by date and group, credited as in the window, nothing left out."""
    rows = _rows(results, definitions)
    return 100 * rows.pivot_table(index="date", columns="group", values="share_with_tail")


def _full(results: Results, definitions: Definitions) -> pd.Series:
    """By date, whether nothing had to be added to the list."""
    rows = _rows(results, definitions)
    return (rows["share"] == rows["share_with_tail"]).groupby(rows["date"]).all()


def _rows(results: Results, definitions: Definitions) -> pd.DataFrame:
    """Rows of the lists that are credited as in the window, nothing left out."""
    rows, about = results.hub_dates, definitions.published_window
    wanted = {"attribution": about.attribution, "labels": about.labels, "exclusion": "none"}
    return rows[(rows[[*wanted]] == list(wanted.values())).all(axis=1)]


def _published(results: Results) -> list[float]:
    """The published pair in percent, or nothing."""
    values = [results.published(f"study-{side.lower()}") for side in SIDES]
    return [value for value in values if value is not None]


def _axes(sheet: Page, sections: list[Section]) -> Axes:
    """Inches across, percent up."""
    pairs = [pair for section in sections for pair in section.pairs]
    tops = [share for pair in pairs for share in pair.shares]
    tops += [end.upper for pair in pairs for ends in pair.ranges.values() for end in ends]
    ax = sheet.axes(LEFT, KEY + BELOW, WIDE, TALL)
    ax.set(xlim=(0, WIDE), ylim=(0, max(tops) * TALL / (TALL - SPACE)), xticks=[])
    scales.shares(ax.yaxis, max(tops), STEP)
    return ax


def _frame(ax: Axes, heading: str, left: float, right: float, *, first: bool) -> None:
    """The name of a section, and a grey line between it and the one before."""
    if not first:
        ax.plot(
            [left, left], [-BELOW / TALL, 1 + ABOVE / TALL], color=DIVIDER, lw=1.0,
            transform=ax.get_xaxis_transform(), clip_on=False, zorder=2,
        )  # fmt: skip
    ax.text(
        (left + right) / 2, 1 + 0.1 / TALL, heading, transform=ax.get_xaxis_transform(),
        ha="center", size=BODY, weight="bold",
    )  # fmt: skip


def _pair(ax: Axes, pair: Pair, middle: float, *, large: bool) -> None:
    """Both columns with their numbers, the label below them, and who is ahead."""
    wide, apart = (COLUMN, APART) if large else (NARROWER, NEARER)
    for n, side in enumerate(SIDES):
        x, share, colour = middle + (n - 0.5) * (wide + apart), pair.shares[n], COLOURS[side]
        ax.bar(x, share, wide, color=colour, alpha=0.45 if pair.ranges else 1.0, lw=0, zorder=3)
        ranges = {name: ends[n] for name, ends in pair.ranges.items()}
        if ranges:
            _ranges(ax, x, ranges, colour)
            ax.plot([x], [share], MARKERS[side], color=colour, ms=7, mec="white", mew=1, zorder=6)
        top = max(share, *(ends.upper for ends in ranges.values())) if ranges else share
        ax.annotate(
            f"{side}\n{percent(share)}" if large else f"{share:.1f}", (x, top), xytext=(0, 3),
            textcoords="offset points", ha="center", va="bottom", linespacing=1.1,
            size=LARGE if large else BODY, weight="bold", color=text_colour(side), zorder=7,
        )  # fmt: skip
    _under(ax, pair, middle, large=large)


def _under(ax: Axes, pair: Pair, middle: float, *, large: bool) -> None:
    """The label of a pair, and who is ahead by how many points."""
    side = leader(pair.lead)
    across = ax.get_xaxis_transform()
    for n, line in enumerate(pair.label.split("\n")):
        ax.text(
            middle, -(0.16 + 0.13 * n) / TALL, line, transform=across, ha="center", size=SMALL,
            color=QUIET,
        )  # fmt: skip
    ax.text(
        middle, -0.55 / TALL, f"{side} +{abs(pair.lead):.1f}", transform=across, ha="center",
        size=LARGE if large else BODY, weight="bold", color=text_colour(side),
    )  # fmt: skip


def _ranges(ax: Axes, x: float, ranges: dict[str, Ends], colour: str) -> None:
    """The records' range, thick, and the one without any one developer, a thin bracket."""
    ax.plot([x, x], ranges[RECORDS], color=colour, lw=5, zorder=5)
    low, high = ranges[WITHOUT]
    side = x + ASIDE
    ax.plot(
        [side - FOOT, side, side, side - FOOT], [low, low, high, high], color=colour, lw=1.1,
        zorder=5, solid_joinstyle="miter",
    )  # fmt: skip


def _key(sheet: Page, results: Results, definitions: Definitions) -> None:
    """What both ranges are, and their ends."""
    ax = sheet.axes(0, 0, INNER, KEY - 0.06)
    ax.set(xlim=(0, INNER), ylim=(0, KEY - 0.06))
    ax.set_axis_off()
    level = percent(100 * definitions.inference.level, 0)
    names = {
        RECORDS: f"what the records leave open ({level})",
        WITHOUT: "without any one developer",
    }
    for n, (name, text) in enumerate(names.items()):
        y = KEY - 0.16 - 0.17 * n
        table = 100 * _answers(results)
        each = ", ".join(f"{group} {_span(_ends(table.loc[group], name))}" for group in SIDES)
        lead = _span(_ends(table.loc[LEAD], name))
        line = f"{text}: {each}; {LEAD} {lead} points"
        if name == RECORDS:
            ax.plot([0.03, 0.23], [y, y], color=QUIET, lw=5)
        else:
            ax.plot(
                [0.03, 0.03, 0.23, 0.23],
                [y + 0.04, y - 0.03, y - 0.03, y + 0.04],
                color=QUIET,
                lw=1.1,
            )
        ax.text(0.32, y, line, size=SMALL, color=QUIET, va="center_baseline")


def _span(ends: Ends) -> str:
    """A range in whole percent or points: “11 to 18”."""
    return " to ".join(f"{MINUS if round(end) < 0 else ''}{abs(end):.0f}" for end in ends)
