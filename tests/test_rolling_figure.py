"""The figure of the rolling sums: what stands in it is what the tables say."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd
import pytest
from figure_texts import assert_legible
from matplotlib.axes import Axes
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from small import synthetic_definitions
from small_weeks import synthetic_labels, synthetic_many

from replication.analysis.cells import Weeks
from replication.analysis.rolling import BLOCKS, DEVELOPERS, PRODUCT, REFUSED, Breaks
from replication.analysis.rolling import rolling as analysed
from replication.analysis.weekly import NEVER
from replication.plots import rendered, rolling, style

DEFINITIONS = synthetic_definitions()
SPAN, WIDTHS = 30, (4, 13, 52)
LABELS = synthetic_labels(SPAN)
SCHEMES = (DEVELOPERS, PRODUCT, *(kind.name for kind in BLOCKS))
BREAKS = Breaks((LABELS[8], LABELS[9]), LABELS[26], LABELS[12])


@dataclass(frozen=True)
class Shown:
    """The synthetic tables that the figure reads."""

    rolling_shares: pd.DataFrame
    rolling_crossings: pd.DataFrame
    rolling_distribution: pd.DataFrame
    crossings: pd.DataFrame

    def defect(self, check: str) -> str:
        """Where a defect was found."""
        return {"closed-cohort": LABELS[12]}[check]

    def footer(self, definitions: object) -> str:
        """Source line."""
        return "Data: synthetic."

    def crossed(self, *weeks: str) -> Shown:
        """Make the widths cross in other weeks."""
        table = self.rolling_crossings
        week = table["width"].map(dict(zip(table["width"].unique(), weeks, strict=True)))
        return replace(self, rolling_crossings=table.assign(week=week))


@pytest.fixture(scope="module")
def shown() -> Shown:
    """Tables of many synthetic developers, with every mark."""
    tables = analysed(Weeks(synthetic_many(SPAN, 10), DEFINITIONS), WIDTHS, BREAKS)
    return Shown(*tables, pd.DataFrame({"attribution": ["uploader", "origin", "split"]}))


def drawn(tables: Shown) -> Figure:
    """The figure with its texts laid out."""
    with style.context(DEFINITIONS):
        figure = rolling.draw(tables, DEFINITIONS)
        figure.canvas.draw()
    return figure


def titled(tables: Shown) -> str:
    """Title of the figure, with plain blanks."""
    return rolling.title(tables.rolling_crossings).replace("\N{NO-BREAK SPACE}", " ")


def texts(ax: Axes) -> list[str]:
    """Texts in a panel."""
    return [text.get_text() for text in ax.texts]


def of(table: pd.DataFrame, width: int) -> pd.DataFrame:
    """Rows of the whole series of one width."""
    return table[(table["series"] == "weekly") & (table["width"] == width)]


@pytest.mark.slow
def test_a_width_that_fits_has_two_panels(shown: Shown) -> None:
    """A width that the series is too short for is named in the deck alone."""
    figure = drawn(shown)
    assert len(figure.axes) == 2 * 2
    headings = [t.get_text() for t in figure.texts if t.get_weight() == "bold"]
    assert [sum(f"Sums over {w} weeks" in text for text in headings) for w in WIDTHS] == [1, 1, 0]
    assert rolling.deck(shown, DEFINITIONS).endswith("Too few weeks for sums over 52")


@pytest.mark.slow
@pytest.mark.parametrize("place", [0, 1])
def test_bars_are_as_high_as_the_fractions(shown: Shown, place: int) -> None:
    """Every scheme has a row, all rows one scale, and the bar of never stands after the end."""
    ax = drawn(shown).axes[2 * place + 1]
    rows = of(shown.rolling_distribution, WIDTHS[place])
    assert len(ax.containers) == len(SCHEMES)
    highest = max(bar.get_height() for bars in ax.containers for bar in bars)
    for n, (bars, scheme) in enumerate(zip(ax.containers, SCHEMES, strict=True)):
        part = rows[rows["scheme"] == scheme]
        scale = highest / rows["fraction"].max()
        heights = [bar.get_height() for bar in bars]
        assert heights == pytest.approx((scale * part["fraction"]).tolist())
        assert {bar.get_y() for bar in bars} == {len(SCHEMES) - 1 - n}
        middles = [bar.get_x() + bar.get_width() / 2 for bar in bars]
        weeks = pd.to_datetime(part["week"].iloc[:-1]).to_numpy()
        assert middles[:-1] == pytest.approx(date2num(weeks).tolist())
        assert middles[-1] > ax.get_xlim()[1]
    assert highest < 1


@pytest.mark.slow
def test_lines_under_the_bars_end_where_the_interval_does(shown: Shown) -> None:
    """An upper end of never reaches the bar of never."""
    ax = drawn(shown).axes[1]
    aside = ax.containers[0][-1]
    rows = of(shown.rolling_crossings, 4).to_dict("records")
    lines = [line for line in ax.lines if len(set(line.get_ydata())) == 1]
    assert len(lines) == len(rows)
    assert NEVER in {row["upper"] for row in rows}
    for line, row in zip(lines, rows, strict=True):
        expected = [
            aside.get_x() + aside.get_width() / 2 if week == NEVER else date2num(pd.Timestamp(week))
            for week in (row["lower"], row["upper"])
        ]
        assert list(line.get_xdata()) == pytest.approx(expected)


@pytest.mark.slow
def test_each_scheme_says_how_often_it_never_crosses(shown: Shown) -> None:
    """A refused scheme says so and has no bars."""
    tables = shown.rolling_crossings
    told = texts(drawn(shown).axes[1])
    for text, row in zip(told, of(tables, 4).to_dict("records"), strict=True):
        assert text.startswith(f"{row['scheme']}, {100 * row['never_fraction']:.0f}")
        assert text.endswith("never")
    refused = tables["scheme"] == SCHEMES[-1]
    without = tables.assign(
        **{end: tables[end].mask(refused, REFUSED) for end in ("lower", "upper")}
    )
    ax = drawn(replace(shown, rolling_crossings=without)).axes[1]
    assert len(ax.containers) == len(SCHEMES) - 1
    assert texts(ax)[-1] == f"{SCHEMES[-1]}, refused"


@pytest.mark.slow
def test_the_crossing_is_marked_on_the_line_of_china(shown: Shown) -> None:
    """A dot at its share and week; none where China is never ahead to the end."""
    week = of(shown.rolling_crossings, 4)["week"].iloc[0]
    shares = of(shown.rolling_shares, 4)
    china = shares[(shares["group"] == "China") & (shares["week"] == week)]["share"].iloc[0]
    dots = [line for line in drawn(shown).axes[0].lines if line.get_marker() == "o"]
    assert len(dots) == 1
    (at,), (height,) = dots[0].get_data()
    assert (at, height) == pytest.approx((date2num(pd.Timestamp(week)), 100 * china))
    never = drawn(shown.crossed(NEVER, NEVER, "too short")).axes[0]
    assert not [line for line in never.lines if line.get_marker() == "o"]


@pytest.mark.slow
def test_marks_stand_where_the_tables_have_them(shown: Shown) -> None:
    """Sums that rest on frozen counters are shaded, and both breaks have a line and a name."""
    ax = drawn(shown).axes[0]
    shares = of(shown.rolling_shares, 4)
    rows = shares[shares["group"] == "China"]
    shaded = [patch.get_x() for patch in ax.patches], [patch.get_width() for patch in ax.patches]
    days = date2num(pd.to_datetime(rows.loc[rows["frozen"], "week"]).to_numpy())
    assert min(shaded[0]) == days[0] - 3.5
    assert sum(shaded[1]) == 7 * len(days)
    lines = {float(line.get_xdata()[0]) for line in ax.lines if line.get_linestyle() == "--"}
    seam = rows.loc[rows["seam"], "week"].iloc[0]
    assert {date2num(pd.Timestamp(d)) for d in (LABELS[12], seam)} == lines
    assert {text.split(" created")[0] for text in texts(ax)} >= {
        "rests on frozen counters",
        "no repository",
    }
    assert "daily readings begin" in texts(drawn(shown).axes[2])
    plain = analysed(Weeks(synthetic_many(SPAN, 10), DEFINITIONS), (4, 13))
    bare = drawn(Shown(*plain, shown.crossings))
    assert not bare.axes[0].patches
    assert [len(texts(ax)) for ax in bare.axes[::2]] == [2, 2]  # names of the two lines


def test_the_title_says_how_the_crossing_depends_on_the_width(shown: Shown) -> None:
    """Later in wider sums, the same, otherwise, and never."""
    first, later = LABELS[6], LABELS[12]
    assert titled(shown.crossed(first, later, "too short")) == (
        "The wider the sums, the later China passes the USA to stay ahead: 16 Apr 2025 over 4 "
        "weeks, 28 May 2025 over 13"
    )
    assert titled(shown.crossed(first, NEVER, "too short")).endswith("4 weeks, never over 13")
    assert titled(shown.crossed(first, first, first)).startswith(
        "China passes the USA to stay ahead in the same week whatever the width of the sums: "
    )
    for weeks in ((later, first, NEVER), (first, first, later), (NEVER, first, later)):
        assert titled(shown.crossed(*weeks)).startswith("When China passes the USA to stay ahead")
    none = shown.crossed(NEVER, NEVER, "too short")
    assert titled(none) == "In no rolling sum does China pass the USA to stay ahead"


def test_the_deck_names_the_uploader_where_the_weeks_know_no_maker(shown: Shown) -> None:
    """The headline's role, or the uploader, as in the weekly shares."""
    for attribution, told in (("maker", "uploader"), ("origin", "origin")):
        chosen = replace(
            DEFINITIONS, headline=replace(DEFINITIONS.headline, attribution=attribution)
        )
        assert f"; {told}, study’s labels." in rolling.deck(shown, chosen)


@pytest.mark.slow
def test_no_text_is_small_clipped_or_covered(shown: Shown) -> None:
    """Texts have at least 7.5 pt, lie on the page and do not overlap."""
    assert_legible(drawn(shown))


@pytest.mark.slow
def test_the_same_tables_give_the_same_bytes(shown: Shown) -> None:
    """In any order of their rows."""
    names = ("rolling_shares", "rolling_distribution")
    mixed = {name: getattr(shown, name).sample(frac=1, random_state=1) for name in names}
    for suffix in ("svg", "png"):
        plain, again = (rendered(drawn(x), suffix) for x in (shown, replace(shown, **mixed)))
        assert plain == again
