"""The figures of the rebuilt window: what stands in them is what the tables say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from math import exp
from pathlib import Path

import pandas as pd
import pytest
from figure_texts import assert_legible
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from small_window_tables import ANSWERS, DATES, LEAD, PASSING, RATIOS, SIZES, window_tables

from replication import tables
from replication.definitions import load_definitions
from replication.errors import StageOrderError
from replication.files import write_json
from replication.plots import (
    FIGURES,
    WINDOW_FIGURES,
    figures_of,
    records_agreement,
    rendered,
    style,
    window_months,
    window_pair,
    words,
)
from replication.plots.results import Results

DEFINITIONS = load_definitions()
COLOURS = style.colours_of(DEFINITIONS)
WHOLE = load_definitions(whole=True)
CHINA, USA = (COLOURS[side].lower() for side in style.SIDES)
SMALLER = ["OpenAI", "Google", "Meta"]
CHINESE = {"Alibaba (Qwen)", "DeepSeek"}
PUBLISHED = (17.1, 15.8)


def results(published: Sequence[float] = PUBLISHED, **changes: object) -> Results:
    """The synthetic tables of the window, and who is of which country."""
    credited = pd.DataFrame([
        {"developer": t.developer, "group": "China" if t.developer in CHINESE else "USA"}
        for t in DEFINITIONS.tracked
    ]).assign(attribution="uploader", labels="registry")  # fmt: skip
    tables = {"leave_one_out": credited} | window_tables(DEFINITIONS, **changes)
    claims = pd.DataFrame({"id": ["study-china", "study-usa"][: len(published)]})
    return Results(tables | {"claims": claims.assign(published=list(published))}, {})


def drawn(name: str, tables: Results) -> style.Drawing:
    """The figure with its texts laid out."""
    with style.context(DEFINITIONS):
        figure = FIGURES[name](tables, DEFINITIONS)
        figure.canvas.draw()
    return figure


def title(name: str, tables: Results) -> str:
    """Title of the figure, with plain blanks."""
    return drawn(name, tables).title.replace(words.TOGETHER, " ").replace(words.NARROW, "")


def part(figure: Figure, gid: str) -> str:
    """The deck or the footer on one line, with plain blanks."""
    found = next(t.get_text() for t in figure.texts if t.get_gid() == gid)
    return found.replace("\n", " ").replace(words.TOGETHER, " ")


def texts(ax: Axes) -> list[str]:
    """Texts in a panel, with plain percent signs."""
    return [text.get_text().replace(words.NARROW, "") for text in ax.texts]


def spans(ax: Axes) -> list[tuple[float, float, str]]:
    """Lowest and highest end of each line inside the scale, and its colour."""
    lines = [line for line in ax.lines if line.get_transform() == ax.transData]
    return [
        (min(line.get_ydata()), max(line.get_ydata()), to_hex(line.get_color())) for line in lines
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", WINDOW_FIGURES)
def test_no_text_is_small_clipped_or_covered(name: str) -> None:
    """Texts have at least 7.5 pt, lie on the page and do not overlap."""
    assert_legible(drawn(name, results()))


@pytest.mark.slow
@pytest.mark.parametrize("name", WINDOW_FIGURES)
def test_the_same_tables_give_the_same_bytes(name: str) -> None:
    """In any order of the rows of dates and months."""
    tables = results()
    names = ("hub_dates", "window_months", "window_passing")
    mixed = {x: getattr(tables, x).sample(frac=1, random_state=1) for x in names}
    for suffix in ("svg", "png"):
        one, two = (drawn(name, x) for x in (tables, Results({**tables.tables, **mixed}, {})))
        assert rendered(one, suffix) == rendered(two, suffix)


@pytest.mark.slow
@pytest.mark.parametrize("name", WINDOW_FIGURES)
def test_the_footer_names_the_records_with_their_dates(name: str) -> None:
    """The window, the lists, the size, and who computed."""
    assert part(drawn(name, results()), "footer") == (
        "Data: public records of the Hub’s download counts, 27 Aug 2024 – 27 Aug 2025, with lists "
        "of the Hub of 11 Jul 2024, 1 Dec 2024, 21 Mar 2025. 3,000 million first-year downloads, "
        "2,000 million of them of repositories in the records. Computed by this replication."
    )


def test_a_run_on_the_whole_hub_has_no_such_figures(tmp_path: Path) -> None:
    """Its tables are read as empty ones; elsewhere a missing table is an error."""
    assert set(FIGURES) - set(figures_of(WHOLE)) == set(WINDOW_FIGURES)
    assert figures_of(DEFINITIONS) == FIGURES
    assert list(FIGURES)[:3] == list(WINDOW_FIGURES)
    write_json(tmp_path / "manifest.json", {})
    of_head = {table.name for table in tables.of(whole=False)}
    of_window = of_head - {table.name for table in tables.of(whole=True)}
    assert {"window_answers", "hub_dates", "window_movers"} < of_window
    whole, head = (Results.read(tmp_path, whole=whole) for whole in (True, False))
    for name in of_window:
        assert getattr(whole, name).empty
        with pytest.raises(StageOrderError):
            getattr(head, name)
    with pytest.raises(StageOrderError):
        _ = whole.estimates


@pytest.mark.slow
def test_columns_are_as_high_as_the_shares() -> None:
    """Published, the dates and the window, China in its colour before the USA in its own."""
    ax = drawn("window_pair", results()).axes[0]
    window = (ANSWERS["China"][0], ANSWERS["USA"][0])
    pairs = [PUBLISHED, *((100 * a, 100 * b) for a, b in (*DATES.values(), window))]
    heights = [share for pair in pairs for share in pair]
    assert [bar.get_height() for bar in ax.patches] == pytest.approx(heights)
    assert [to_hex(bar.get_facecolor()) for bar in ax.patches] == [CHINA, USA] * len(pairs)
    assert [bar.get_x() for bar in ax.patches] == sorted(bar.get_x() for bar in ax.patches)
    printed = [text for text in texts(ax) if re.fullmatch(r"(?:China\n|USA\n)?\d+\.\d%?", text)]
    plain, large = [f"{share:.1f}" for share in heights], {0, 1, len(heights) - 2, len(heights) - 1}
    assert printed == [
        f"{style.SIDES[n % 2]}\n{share}%" if n in large else share for n, share in enumerate(plain)
    ]


@pytest.mark.slow
def test_who_is_ahead_stands_below_the_columns() -> None:
    """With the lead in points, in the colour of who leads."""
    ax = drawn("window_pair", results()).axes[0]
    leads = [t for t in ax.texts if "+" in t.get_text()]
    assert [t.get_text() for t in leads] == [
        "China +1.3", "USA +12.0", "USA +6.0", "USA +13.0", "USA +12.0",
    ]  # fmt: skip
    sides = ["China", "USA", "USA", "USA", "USA"]
    with style.context(DEFINITIONS):
        assert [t.get_color() for t in leads] == [style.text_colour(side) for side in sides]


@pytest.mark.slow
def test_both_ranges_of_the_window_are_drawn_and_printed() -> None:
    """By the records, thick, and without any one developer."""
    ax, key = drawn("window_pair", results()).axes
    for side, colour in zip(style.SIDES, (CHINA, USA), strict=True):
        _, *ends = (100 * end for end in ANSWERS[side])
        for low, high in (ends[:2], ends[2:]):
            assert any(
                span == (pytest.approx(low), pytest.approx(high), colour) for span in spans(ax)
            )
    assert texts(key) == [
        f"what the records leave open (95%): China 11 to 18, USA 21 to 33; {LEAD} −16 to −8 points",
        f"without any one developer: China 6 to 17, USA 23 to 30; {LEAD} −24 to −7 points",
    ]


@pytest.mark.slow
def test_sections_are_named_and_divided() -> None:
    """Two grey lines between three headings; one where nothing is known to be published."""
    names = ["Published", "One full list, two top lists", "The window, rebuilt"]
    for published, left_out in ((PUBLISHED, 0), ((), 1)):
        ax = drawn("window_pair", results(published)).axes[0]
        assert [text for text in texts(ax) if text in names] == names[left_out:]
        dividers = [x for x in ax.lines if x.get_color() == window_pair.DIVIDER]
        assert len(dividers) == 2 - left_out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "the USA 8 to 16 ahead, and ahead in all three lists of the Hub"),
        ({"lead": (0.02, 0.05)}, "China 2 to 5 ahead, and ahead in none of three lists of the Hub"),
        (
            {"lead": (-0.02, 0.05), "dates": {**DATES, "2024-12-01": (0.3, 0.2)}},
            "China 2 points behind to 5 ahead; China ahead in one of three lists of the Hub",
        ),
    ],
)
def test_the_title_of_the_pair_follows_the_ranges(changes: dict[str, object], told: str) -> None:
    """A clear lead of either side, and none."""
    ours = f"Rebuilt from public records: {told}"
    assert title("window_pair", results(**changes)) == f"Published: China 1.3 points ahead. {ours}"
    assert title("window_pair", results((), **changes)) == ours


@pytest.mark.slow
def test_a_date_before_the_window_is_called_so() -> None:
    """In the deck, and only where there is one."""
    told = "(11 Jul 2024: before the window)"
    assert told in part(drawn("window_pair", results()), "deck")
    later = {day: pair for day, pair in DATES.items() if day > "2024-08-27"}
    assert "before the window" not in part(drawn("window_pair", results(dates=later)), "deck")


def lines_of(ax: Axes) -> list[Line2D]:
    """The series of a panel: one point a month."""
    months = window_months.months_between(
        DEFINITIONS.published_window.start, DEFINITIONS.published_window.end
    )
    return [line for line in ax.lines if len(line.get_xdata()) == len(months)]


@pytest.mark.slow
def test_months_are_divided_by_their_days_in_the_window() -> None:
    """Four days of the first and all but four of the last; corrected lines are solid."""
    tables = results()
    rows = tables.window_months[tables.window_months["scope"] == "all"]
    found = lines_of(drawn("window_months", tables).axes[0])
    order = [(side, m) for m in ("corrected", "estimate") for side in style.SIDES]
    days = [4, 30, 31, 30, 31, 31, 28, 31, 30, 31, 30, 31, 27]
    for line, (side, measure) in zip(found, order, strict=True):
        values = rows.loc[rows["series"] == side, measure] / 1e6 / days
        assert list(line.get_ydata()) == pytest.approx(values.tolist())
        assert to_hex(line.get_color()) == COLOURS[side].lower()
        assert (line.get_linestyle() == "-") is (measure == "corrected")
        assert line.get_xdata()[1] == date2num(date(2024, 9, 16))
    deck = part(drawn("window_months", tables), "deck")
    assert "(August 2024: 4 days; August 2025: 27 days)" in deck


@pytest.mark.slow
def test_the_ends_of_the_lines_are_named() -> None:
    """With the last month's millions a day."""
    upper, lower = drawn("window_months", results()).axes
    assert {
        "China 3.6",
        "USA 5.2",
        "China, in records only 3.4",
        "USA, in records only 2.7",
    } <= set(texts(upper))
    rates = {t.name: f"{3 * (n + 2 + 12) / 27:.1f}" for n, t in enumerate(DEFINITIONS.tracked)}
    own = {f"{name} {value}" for name, value in rates.items() if name not in SMALLER}
    ends = [rates[name] for name in SMALLER]
    rest = f"{', '.join(SMALLER)}, {words.together(f'{min(ends)} to {max(ends)}')}"
    assert set(texts(lower)) == {*own, rest}


@pytest.mark.slow
def test_the_largest_developers_of_a_country_have_its_colour_and_the_rest_are_grey() -> None:
    """With dots and without, so that no two of one country have the same line; all are solid."""
    tables = results()
    lines = lines_of(drawn("window_months", tables).axes[1])
    looks = [(to_hex(x.get_color()), x.get_marker()) for x in lines]
    own = [(USA, ""), (USA, "o"), (CHINA, ""), (CHINA, "o")]
    assert sorted(looks) == sorted([*own, *[(style.QUIET, "")] * len(SMALLER)])
    assert {line.get_linestyle() for line in lines} == {"-"}
    wide = {colour: {x.get_linewidth() for x in lines if to_hex(x.get_color()) == colour}
            for colour in (CHINA, USA, style.QUIET)}  # fmt: skip
    assert wide == {CHINA: {1.6}, USA: {1.6}, style.QUIET: {0.7}}
    known = {line.name: line for line in window_months.developers(tables, DEFINITIONS)}
    assert [name for name, line in known.items() if not line.own] == SMALLER
    data = drawn("window_months", tables).data
    assert set(known) <= set(data["line"])


@pytest.mark.slow
def test_without_smaller_developers_nothing_is_grey() -> None:
    """Two of a country are both named; of three the one that is left has its own rate."""
    for number, said in ((4, ""), (5, "Meta")):
        some = replace(DEFINITIONS, tracked=DEFINITIONS.tracked[:number])
        lines = window_months.developers(results(), some)
        names = window_months._together([line for line in lines if not line.own])
        assert [name.text.rpartition(" ")[0] for name in names] == [said] * bool(said)


@pytest.mark.slow
def test_the_passing_is_marked_on_china_as_it_is_followed() -> None:
    """A dot in its month, with what holds when the rest is added; none where it never passes."""
    tables = results()
    ax = drawn("window_months", tables).axes[0]
    (dot,) = [line for line in ax.lines if line.get_marker() == "o"]
    followed = lines_of(ax)[2]
    place = window_months.months_between(
        DEFINITIONS.published_window.start, DEFINITIONS.published_window.end
    ).index("2025-07")
    assert [float(x[0]) for x in dot.get_data()] == [x[place] for x in followed.get_data()]
    assert any("China ahead from July 2025\nin the records alone;\nnever" in t for t in texts(ax))
    later = drawn("window_months", results(passing={"corrected": "2025-08"})).axes[0]
    assert any("\nfrom August 2025 with the rest added" in text for text in texts(later))
    never = drawn("window_months", results(passing={"estimate": "never"})).axes[0]
    assert not [line for line in never.lines if line.get_marker() == "o"]


@pytest.mark.slow
def test_what_comes_after_the_last_list_is_shaded() -> None:
    """In both panels from its date to the end, and named in the first."""
    upper, lower = drawn("window_months", results()).axes
    for ax in (upper, lower):
        (shade,) = ax.patches
        assert shade.get_x() == date2num(date.fromisoformat(max(DATES)))
        assert shade.get_x() + shade.get_width() == ax.get_xlim()[1]
    assert "after the last list of the Hub, 21 Mar 2025" in texts(upper)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("passing", "told"),
    [
        (
            {},
            (
                "In the records alone, China passes the USA to stay ahead in July 2025; with "
                "the rest added, never"
            ),
        ),
        (
            {"estimate": "never", "corrected": "2025-08"},
            (
                "In the records alone, China never passes the USA to stay ahead; with the rest "
                "added, in August 2025"
            ),
        ),
        (
            {"corrected": PASSING["estimate"]},
            "China passes the USA to stay ahead in July 2025, with or without what no record holds",
        ),
        (
            {"estimate": "never"},
            "China never passes the USA to stay ahead, with or without what no record holds",
        ),
    ],
)
def test_the_title_of_the_months_follows_the_passing(passing: dict[str, str], told: str) -> None:
    """By what is followed, with the rest, by both alike, and never."""
    assert title("window_months", results(passing=passing)) == told


@pytest.mark.slow
def test_every_repository_is_a_point_of_its_side_and_period() -> None:
    """Colour and marker are the side's, hollow before the first reading and filled after."""
    tables = results()
    ax = drawn("records_agreement", tables).axes[0]
    found = [line for line in ax.lines if line.get_marker() in {"o", "s", "^"}]
    colours = {"China": CHINA, "USA": USA, "all others": style.QUIET}
    looks = {}
    for line in found:
        marker, hollow = line.get_marker(), line.get_markerfacecolor() == "none"
        side = next(s for s, m in records_agreement.MARKER.items() if m == marker)
        assert to_hex(line.get_markeredgecolor()) == colours[side]
        looks[side, "before" if hollow else "after"] = line.get_data()
    points = tables.records_agreement_points.groupby(["side", "period"])
    assert set(looks) == set(points.groups)
    for key, rows in points:
        assert [list(x) for x in looks[key]] == [rows["exact"].tolist(), rows["rebuilt"].tolist()]


@pytest.mark.slow
def test_scales_are_alike_and_the_line_is_where_both_agree() -> None:
    """A point above the line is rebuilt too high; the largest is named."""
    ax = drawn("records_agreement", results()).axes[0]
    assert ax.get_xlim() == ax.get_ylim()
    assert ax.get_xscale() == ax.get_yscale() == "log"
    line = ax.lines[0]
    assert list(line.get_xdata()) == list(line.get_ydata()) == pytest.approx(ax.get_xlim())
    assert texts(ax) == ["model-2"]


@pytest.mark.slow
def test_ratios_and_errors_stand_beside_the_points() -> None:
    """Before and after, by side, then by size with the largest first."""
    beside = drawn("records_agreement", results()).axes[1]
    cells = [text for text in texts(beside) if text[-1] in "%0123456789" and "from" not in text]
    ratios = [
        f"{100 * x:.0f}%" for side in ("China", "USA", "all others", "all") for x in RATIOS[side]
    ]
    sizes = ("from 1,000,000", "from 100,000", "from 0", "all")
    factors = [f"{exp(SIZES[size] + later):.2f}" for size in sizes for later in (0, 0.1)]
    assert cells == ratios + factors
    named = ["from 1 million", "from 100,000", "fewer", "all"]
    assert [text for text in texts(beside) if text in named] == ["all", *named]


@pytest.mark.slow
def test_the_title_of_the_agreement_gives_the_ratios() -> None:
    """After the first reading, then before; the deck counts the repositories."""
    tables = results()
    assert title("records_agreement", tables) == (
        "Counts alone rebuild 90% of what counters hold for China and 102% for the USA; before "
        "their first reading 80% and 105%"
    )
    deck = part(drawn("records_agreement", tables), "deck")
    assert "(hollow, 4 repositories) and after it (filled, 5)" in deck


@pytest.mark.parametrize(
    ("value", "text"),
    [(1, "1"), (1_000, "1,000"), (100_000, "100,000"), (1e6, "1 million"), (1e8, "100 million")],
)
def test_powers_of_ten_are_named(value: float, text: str) -> None:
    """From a million on by its name."""
    assert records_agreement.count(value) == text


def test_words_of_months_and_counts() -> None:
    """Months by name, small counts as words."""
    assert words.month("2025-07") == "July 2025"
    assert [words.in_words(n) for n in (0, 4, 12)] == ["no", "four", "12"]
