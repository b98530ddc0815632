"""The figure of measured coverage: what stands in it is what the synthetic tables say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from figure_texts import overlaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from small_coverage import BEST, NUMBERS, Shown, synthetic_coverage

from replication.analysis import methods as analysed
from replication.definitions import load_definitions
from replication.inference import simulation
from replication.plots import calibration, rendered, style
from replication.plots.interval_looks import ALIKE, LOOKS, MAIN, MODELS, Method

DEFINITIONS = load_definitions()
BCA = Method("developer", "multinomial", "bca")
SHOWN = {method: look for method, look in LOOKS.items() if method not in ALIKE}


@pytest.fixture(scope="module")
def shown() -> Shown:
    """The synthetic tables."""
    return Shown(**synthetic_coverage(DEFINITIONS))


def changed(shown: Shown, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Shown:
    """The tables with another table of coverage."""
    return replace(shown, calibration=change(shown.calibration.copy()))


def covering(shown: Shown, values: dict[Method, float], **others: float) -> Shown:
    """The tables with the same coverage of a method in every model, and other columns."""

    def change(table: pd.DataFrame) -> pd.DataFrame:
        for method, value in values.items():
            table.loc[_is(table, method), ["coverage", *others]] = [value, *others.values()]
        return table

    return changed(shown, change)


def _is(table: pd.DataFrame, method: Method) -> pd.Series:
    return (table[["unit", "scheme", "method"]] == list(method)).all(axis=1)


def drawn(tables: Shown) -> style.Drawing:
    """The figure with its texts laid out."""
    with style.context(DEFINITIONS):
        figure = calibration.draw(tables, DEFINITIONS)
        figure.canvas.draw()
    return figure


def titled(tables: Shown) -> str:
    """Title of the figure with plain blanks."""
    return drawn(tables).title.replace("\N{NARROW NO-BREAK SPACE}", " ")


def texts(ax: Axes) -> list[str]:
    """Texts in a panel."""
    return [text.get_text() for text in ax.texts]


def headings(figure: Figure) -> list[str]:
    """Names of the panels."""
    return [t.get_text() for t in figure.texts if t.get_weight() == "bold" and not t.get_gid()]


@pytest.mark.slow
def test_the_title_names_the_best_method_and_its_worst_coverage(shown: Shown) -> None:
    """Both are as the results say."""
    assert titled(shown) == (
        f"In synthetic data the best 95 % interval, {BEST}, holds the truth at worst in 81 % of "
        "data sets"
    )


@pytest.mark.slow
def test_no_coverage_of_the_headline_is_told(shown: Shown) -> None:
    """Other data may lack the window."""
    elsewhere = changed(shown, lambda table: table.assign(estimand="another"))
    figure = drawn(elsewhere)
    assert titled(elsewhere) == "The coverage of the headline’s intervals was not measured"
    assert figure.axes == []
    assert overlaps(figure) == []


@pytest.mark.slow
def test_marks_stand_at_coverage_in_the_row_of_their_method(shown: Shown) -> None:
    """Every method has one mark a model, in percent, with twice its error as a bar."""
    figure = drawn(shown)
    table = shown.calibration
    for ax, model in zip(figure.axes[:4], MODELS, strict=True):
        rows = table[(table["model"] == model) & (table["power"] == 1)]
        single = [line for line in ax.lines if len(line.get_xdata()) == 1]
        places = sorted((float(x.get_ydata()[0]), float(x.get_xdata()[0])) for x in single)
        found = [100 * rows.loc[_is(rows, method), "coverage"].item() for method in SHOWN]
        assert np.array(places) == pytest.approx(np.array([*enumerate(found)]))
        bars = [line.get_xdata() for line in ax.lines if line.get_zorder() == calibration.BARS]
        lengths = sorted(np.ptp(bar) for bar in bars)
        errors = [rows.loc[_is(rows, method), "error"].item() for method in SHOWN]
        assert lengths == pytest.approx(sorted(400 * error for error in errors))


@pytest.mark.slow
def test_every_method_is_named_once_beside_its_row(shown: Shown) -> None:
    """The names stand left of the first panel of each two, at the height of the marks."""
    figure = drawn(shown)
    for n, ax in enumerate(figure.axes[:4]):
        places = {text.get_text(): text.get_position()[1] for text in ax.texts}
        found = [texts(ax).count(look.text) for look in SHOWN.values()]
        assert found == [int(n % 2 == 0)] * len(SHOWN)
        assert not any(look.text in places for method, look in LOOKS.items() if method in ALIKE)
        for line in (x for x in ax.lines if len(x.get_xdata()) == 1 and n % 2 == 0):
            named = [
                look.text for look in SHOWN.values() if places[look.text] == line.get_ydata()[0]
            ]
            assert [look.marker for look in SHOWN.values() if look.text in named] == [
                line.get_marker()
            ]


@pytest.mark.slow
def test_width_and_refusals_are_printed_in_the_row(shown: Shown) -> None:
    """A width in whole points for every method, and how often BCa refuses."""
    table = shown.calibration
    for ax, model in zip(drawn(shown).axes[:4], MODELS, strict=True):
        rows = table[(table["model"] == model) & (table["power"] == 1)]
        numbers = [text for text in texts(ax) if text.isdigit()]
        widths = [rows.loc[_is(rows, method), "width"].item() for method in SHOWN]
        assert sorted(numbers) == sorted(f"{100 * width:.0f}" for width in widths)
        assert texts(ax).count("50\N{NARROW NO-BREAK SPACE}%") == 1


@pytest.mark.slow
def test_repositories_alone_are_hollow(shown: Shown) -> None:
    """Methods by developer are filled."""
    for ax in drawn(shown).axes[:4]:
        single = [line for line in ax.lines if len(line.get_xdata()) == 1]
        hollow = [line.get_marker() for line in single if line.get_markerfacecolor() == "white"]
        assert hollow == ["s"]


@pytest.mark.slow
def test_a_method_that_always_refuses_is_named_and_has_no_mark(shown: Shown) -> None:
    """Its coverage and width are not known."""
    nothing = {"refused": 1.0, "width": np.nan, "error": np.nan}
    figure = drawn(covering(shown, {BCA: np.nan}, **nothing))
    assert "100\N{NARROW NO-BREAK SPACE}%" in texts(figure.axes[0])
    assert "BCa" in texts(figure.axes[0])
    assert len([x for x in figure.axes[0].lines if len(x.get_xdata()) == 1]) == len(SHOWN) - 1
    assert overlaps(figure) == []


@pytest.mark.slow
def test_a_method_unknown_to_the_figure_is_named_as_in_the_table(shown: Shown) -> None:
    """A scheme that is added later is drawn below the others."""
    later = changed(
        shown, lambda table: table.assign(scheme=table["scheme"].replace("poisson", "wild"))
    )
    figure = drawn(later)
    assert "developer, wild, percentile" in texts(figure.axes[0])
    assert "Poisson weights" not in texts(figure.axes[0])
    assert overlaps(figure) == []


@pytest.mark.slow
def test_flatter_sizes_are_drawn_against_the_effective_number(shown: Shown) -> None:
    """A panel for each model that was run with them; the panel's own number comes first."""
    figure = drawn(shown)
    assert headings(figure)[4:] == ["Hits", "Developers"]
    for ax in figure.axes[4:]:
        assert list(ax.get_xticks()) == sorted(NUMBERS.values())
        assert texts(ax)[:2] == ["the panel", "trusted from 30"]
        assert sorted(texts(ax)[2:]) == ["jackknife", "percentile", "studentised"]
        lines = [line for line in ax.lines if len(line.get_xdata()) == len(NUMBERS)]
        assert len(lines) == 3
        model = MODELS["hits" if ax is figure.axes[4] else "developers"][0].lower()
        rows = shown.calibration[shown.calibration["model"] == model].sort_values("n_effective")
        for line, method in zip(lines, MAIN, strict=True):
            wanted = 100 * rows.loc[_is(rows, method), "coverage"]
            assert list(line.get_ydata()) == pytest.approx(list(wanted))


def test_the_deck_says_from_which_number_on_the_jackknife_is_near_its_level(shown: Shown) -> None:
    """As the results say; nothing where it never is, or where no sizes were evened."""

    def told(tables: Shown) -> str:
        rows = calibration.rows_of(tables, DEFINITIONS)
        return calibration.deck(tables, rows, DEFINITIONS).replace("\N{NARROW NO-BREAK SPACE}", " ")

    end = "from 40 effective developers on the jackknife is within two points of 95 %"
    assert told(shown).endswith(end)
    never = shown.summary.assign(value=shown.summary["value"].replace("40", np.nan))
    assert "sizes are evened" not in told(replace(shown, summary=never))
    full = changed(shown, lambda table: table[table["power"] == 1])
    assert "sizes are evened" not in told(full)


@pytest.mark.slow
@pytest.mark.parametrize("number", [0.5, 24.0, 29.0, 29.9, 31.0])
def test_the_panel_and_the_number_to_trust_do_not_collide(shown: Shown, number: float) -> None:
    """Their names are moved apart where the panel nearly has enough developers."""

    def change(table: pd.DataFrame) -> pd.DataFrame:
        numbers = {5.0: number, 25.0: number + 10, 100.0: number + 100}
        return table.assign(n_effective=table["n_effective"].map(numbers))

    assert overlaps(drawn(changed(shown, change))) == []


@pytest.mark.slow
def test_models_and_flatter_sizes_may_be_missing(shown: Shown) -> None:
    """What was not measured has no panel."""
    full = changed(shown, lambda table: table[table["power"] == 1])
    assert headings(drawn(full)) == ["Labels", "Hits", "Developers", "Pareto"]
    few = changed(shown, lambda table: table[table["model"].isin(["hits", "pareto", "new"])])
    assert headings(drawn(few)) == ["Hits", "Pareto", "Hits"]
    one = changed(full, lambda table: table[table["model"] == "hits"])
    assert headings(drawn(one)) == ["Hits"]
    assert [overlaps(drawn(tables)) for tables in (full, few, one)] == [[], [], []]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_no_texts_overlap_wherever_the_marks_are(shown: Shown, seed: int) -> None:
    """Coverage, error and width at random."""
    random = np.random.default_rng(seed)

    def change(table: pd.DataFrame) -> pd.DataFrame:
        size = len(table)
        return table.assign(
            coverage=random.uniform(0.3, 1.0, size) ** random.choice([0.1, 1.0]),
            error=random.uniform(0.0, 0.04, size),
            width=random.uniform(0.2, 1.6, size) ** random.choice([0.2, 1.0]),
        )

    assert overlaps(drawn(changed(shown, change))) == []


def test_every_model_and_method_of_the_analysis_has_words() -> None:
    """A model or method that is added to the analysis must be given some."""
    assert set(MODELS) == set(simulation.MODELS)
    cells = np.array([[400, 0, 0], [0, 300, 0], [50, 0, 200], [0, 40, 30]], dtype=np.int64)
    rules = replace(DEFINITIONS.inference, replicates=40, chunk=40)
    found = {Method(m.unit, m.scheme, m.name) for m, _ in analysed.methods(cells, cells, rules)}
    assert found == {*LOOKS}


def test_the_deck_says_that_the_data_are_synthetic(shown: Shown) -> None:
    """It tells the level and how many data sets there are."""
    rows = calibration.rows_of(shown, DEFINITIONS)
    told = calibration.deck(shown, rows, DEFINITIONS).replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert "400 synthetic data sets, made of the panel’s own developer sizes" in told
    assert "nominal 95 % intervals of China − USA" in told


@pytest.mark.slow
def test_the_order_of_the_rows_changes_no_byte(shown: Shown) -> None:
    """The figure sorts what it reads."""
    mixed = changed(shown, lambda table: table.sample(frac=1, random_state=1))
    assert rendered(drawn(shown), "svg") == rendered(drawn(mixed), "svg")
