"""The figure of concentration: what stands in it is what the synthetic tables say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from figure_texts import overlaps
from matplotlib.axes import Axes
from small_coverage import ALPHA, UNITS, Shown, synthetic_coverage

from replication.analysis.concentration import LEAST_UNITS, MEASURES, SCOPES
from replication.definitions import Definitions, load_definitions
from replication.inference.pareto import tail_size
from replication.plots import concentration, rendered, style
from replication.plots.concentration import Index, moments

DEFINITIONS = load_definitions()
HEADLINE, RIVAL = DEFINITIONS.headline.estimand, "increments-2025-08"


@pytest.fixture(scope="module")
def shown() -> Shown:
    """The synthetic tables."""
    return Shown(**synthetic_coverage(DEFINITIONS))


def changed(shown: Shown, name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Shown:
    """The tables with another one."""
    return replace(shown, **{name: change(getattr(shown, name).copy())})


def drawn(tables: Shown, definitions: Definitions = DEFINITIONS) -> style.Drawing:
    """The figure with its texts laid out."""
    with style.context(DEFINITIONS):
        figure = concentration.draw(tables, definitions)
        figure.canvas.draw()
    return figure


def titled(tables: Shown) -> str:
    """Title of the figure with plain blanks."""
    return drawn(tables).title.replace("\N{NARROW NO-BREAK SPACE}", " ")


def texts(ax: Axes) -> list[str]:
    """Texts in a panel with plain blanks."""
    return [text.get_text().replace("\N{NARROW NO-BREAK SPACE}", " ") for text in ax.texts]


def measured(shown: Shown, unit: str, scope: str) -> pd.DataFrame:
    """Measures of the headline's window."""
    table = shown.concentration
    keys = ["window", "unit", "scope"]
    return table[(table[keys] == [HEADLINE, unit, scope]).all(axis=1)].set_index("measure")


@pytest.mark.slow
def test_the_title_tells_the_moments_and_the_largest_share(shown: Shown) -> None:
    """Index and interval are those of the tail of √n units; a refused interval is told."""
    hill = shown.hill
    row = hill[(hill[["window", "unit", "k"]] == [HEADLINE, "developer", 10]).all(axis=1)].iloc[0]
    top = measured(shown, "developer", "all").loc["top-1", "point"]
    assert titled(shown) == (
        f"A Pareto tail of developers’ downloads has no finite variance (index {row['alpha']:.2f}, "
        f"{row['lower']:.2f} to {row['upper']:.2f}); the largest holds {100 * top:.0f} %, with no "
        "interval"
    )


@pytest.mark.slow
def test_the_title_gives_the_interval_where_there_is_one(shown: Shown) -> None:
    """With the share's own ends."""

    def change(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(lower=0.104, upper=0.826)

    assert titled(changed(shown, "concentration", change)).endswith("% (10 % to 83 %)")


@pytest.mark.parametrize(
    ("lower", "upper", "told"),
    [
        (0.3, 0.99, "no finite mean"),
        (0.3, 1.0, "no finite variance"),
        (1.1, 1.99, "no finite variance"),
        (0.3, 2.0, "perhaps no finite variance"),
        (1.9, 3.0, "perhaps no finite variance"),
        (2.1, 3.0, "a finite variance"),
    ],
)
def test_moments_are_told_by_the_whole_interval(lower: float, upper: float, told: str) -> None:
    """Only what holds for every index inside is said for certain."""
    assert moments(Index(10, 0.9, lower, upper)) == told


@pytest.mark.slow
def test_too_few_developers_have_no_tail(shown: Shown) -> None:
    """The table says so by a tail of no units."""

    def change(table: pd.DataFrame) -> pd.DataFrame:
        few = table["unit"] == "developer"
        return table.assign(tail_size=table["tail_size"].mask(few, 0))

    fewer = changed(shown, "concentration", change)
    assert titled(fewer).startswith("Developers are too few to fit a tail to their downloads: the")
    named = texts(drawn(fewer).axes[0])
    assert {"cohort", "increments"} < {*named}


@pytest.mark.slow
def test_lines_bands_and_marks_are_where_the_table_says(shown: Shown) -> None:
    """The headline's line has the band; both windows have a mark at their chosen tail."""
    figure = drawn(shown)
    for ax, unit in zip(figure.axes[:2], ALPHA, strict=True):
        rows = shown.hill[(shown.hill[["window", "unit"]] == [HEADLINE, unit]).all(axis=1)]
        line = next(x for x in ax.lines if len(x.get_xdata()) == len(rows))
        assert line.get_ydata().tolist() == rows["alpha"].tolist()
        band = ax.collections[0].get_paths()[0].vertices
        assert band[:, 1].min() == pytest.approx(rows["lower"].min())
        assert len(ax.collections) == 1
        marks = [x for x in ax.lines if len(x.get_xdata()) == 1]
        k = tail_size(UNITS[unit, "all"])
        assert [float(x.get_xdata()[0]) for x in marks] == [k, k]
        assert float(marks[0].get_ydata()[0]) == rows.set_index("k").loc[k, "alpha"]
        level = {float(x.get_ydata()[0]) for x in ax.lines if len({*x.get_ydata()}) == 1}
        assert {1.0, 2.0} <= level


@pytest.mark.slow
def test_windows_and_moments_are_named_at_the_lines(shown: Shown) -> None:
    """With the index of the chosen tail."""
    for ax, unit in zip(drawn(shown).axes[:2], ALPHA, strict=True):
        index = measured(shown, unit, "all")["tail_index"].iloc[0]
        assert set(texts(ax)) == {
            f"cohort {index:.2f}", f"increments {index:.2f}", "finite mean ↑", "finite variance ↑",
        }  # fmt: skip


@pytest.mark.slow
def test_values_and_intervals_are_drawn_and_printed(shown: Shown) -> None:
    """One mark for every unit, scope and measure; an interval where the table has one."""
    figure = drawn(shown)
    for ax, measure in zip(figure.axes[3:], concentration.MEASURES, strict=True):
        rows = [measured(shown, *keys).loc[measure.name] for keys in UNITS]
        points = [row["point"] for row in rows if not np.isnan(row["point"])]
        marks = [float(x.get_xdata()[0]) for x in ax.lines if len(x.get_xdata()) == 1]
        assert marks == pytest.approx(points)
        spans = [list(x.get_xdata()) for x in ax.lines if len(x.get_xdata()) == 2]
        ends = [[row["lower"], row["upper"]] for row in rows if not np.isnan(row["lower"])]
        assert spans == ends
        refused = sum(bool(np.isnan(row["point"])) for row in rows)
        assert texts(ax).count("refused") == refused
    assert texts(figure.axes[4]).count("refused") == 1  # four developers have no five largest


@pytest.mark.slow
def test_the_scale_of_the_gini_index_starts_at_a_half_where_all_lies_above(shown: Shown) -> None:
    """And at zero where it does not; shares start at zero whatever they are."""

    def change(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(point=0.8, lower=0.7, upper=0.9)

    for tables, start in ((shown, 0.0), (changed(shown, "concentration", change), 0.5)):
        axes = drawn(tables).axes[3:]
        assert [ax.get_xlim()[0] for ax in axes] == [0, 0, 0, start, 1]
        assert overlaps(axes[0].figure) == []


@pytest.mark.slow
def test_every_row_says_why_there_is_no_interval(shown: Shown) -> None:
    """Or the index of its tail; developers without a mean, and groups of too few units."""
    found = texts(drawn(shown).axes[2])
    assert found.count(f"refused: fewer than {LEAST_UNITS} units") == 2
    assert found.count("refused: a tail index of at most 1") == 1
    assert sum(text.startswith("tail index 1.") for text in found) == 3
    assert {"Developers", "Repositories", "All (100)", "China (12)", "USA (40)"} < {*found}


@pytest.mark.slow
def test_a_tail_that_fits_badly_is_told(shown: Shown) -> None:
    """The note of one measure stands for its row."""

    def change(table: pd.DataFrame) -> pd.DataFrame:
        ours = (table["unit"] == "repository") & (table["measure"] == "gini")
        return table.assign(note=table["note"].mask(ours, "outside: a Pareto tail fits badly"))

    figure = drawn(changed(shown, "concentration", change))
    assert texts(figure.axes[2]).count("outside: a Pareto tail fits badly") == 3
    assert overlaps(figure) == []


@pytest.mark.slow
def test_what_is_missing_is_not_drawn(shown: Shown) -> None:
    """Other data may lack a window, a unit or a scope."""
    nothing = changed(shown, "concentration", lambda t: t[t["window"] != HEADLINE])
    nothing = changed(nothing, "hill", lambda t: t[~t["window"].isin([HEADLINE, RIVAL])])
    assert titled(nothing) == "The concentration of the headline’s downloads was not measured"
    assert drawn(nothing).axes == []
    alone = changed(shown, "hill", lambda t: t[t["window"] == HEADLINE])
    assert not any("increments" in text for text in texts(drawn(alone).axes[0]))
    half = changed(shown, "concentration", lambda t: t[t["unit"] == "repository"])
    assert "Developers" not in texts(drawn(half).axes[2])
    fewer = changed(shown, "concentration", lambda t: t[t["scope"] != "USA"])
    assert not any(text.startswith("USA") for text in texts(drawn(fewer).axes[2]))
    assert [overlaps(drawn(x)) for x in (nothing, alone, half, fewer)] == [[]] * 4


@pytest.mark.slow
def test_a_headline_of_increments_has_one_line(shown: Shown) -> None:
    """Its rival is itself."""
    own = replace(DEFINITIONS.headline, estimand=RIVAL)
    figure = drawn(shown, replace(DEFINITIONS, headline=own))
    assert not any("cohort" in text for text in texts(figure.axes[0]))
    assert overlaps(figure) == []


@pytest.mark.slow
@pytest.mark.parametrize(("factor", "n"), [*product((0.2, 1.0, 3.0), (12, 90_000))])
def test_no_texts_overlap_in_other_data(shown: Shown, factor: float, n: int) -> None:
    """Lighter and heavier tails, and far more units."""
    columns = ["alpha", "lower", "upper"]
    tables = changed(shown, "hill", lambda t: t.assign(**{c: factor * t[c] for c in columns}))
    scale = n / 300

    def change(table: pd.DataFrame) -> pd.DataFrame:
        many = table["measure"] == "effective"
        ends = {c: table[c].mask(many, table[c] * scale) for c in ("point", "lower", "upper")}
        return table.assign(n=n, **ends)

    stretched = changed(tables, "hill", lambda t: t.assign(k=(t["k"] * max(scale, 1)).astype(int)))
    assert overlaps(drawn(changed(stretched, "concentration", change))) == []


def test_every_scope_and_shown_measure_is_the_analysis_own() -> None:
    """What the analysis measures is what the figure asks for."""
    assert set(concentration.SCOPES) == set(SCOPES)
    assert {measure.name for measure in concentration.MEASURES} < set(MEASURES)


@pytest.mark.slow
def test_the_order_of_the_rows_changes_no_byte(shown: Shown) -> None:
    """The figure sorts what it reads."""
    mixed = shown
    for name in ("concentration", "hill"):
        mixed = changed(mixed, name, lambda table: table.sample(frac=1, random_state=1))
    assert rendered(drawn(shown), "svg") == rendered(drawn(mixed), "svg")
