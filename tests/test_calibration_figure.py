"""The figure of measured coverage: what stands in it is what the synthetic tables say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from figure_texts import overlaps
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from small_coverage import METHODS, NUMBERS, Shown, synthetic_coverage

from replication.analysis import methods as analysed
from replication.definitions import load_definitions
from replication.inference import simulation
from replication.plots import calibration, callouts, rendered, style
from replication.plots.callouts import Box, Column, Mark
from replication.plots.method_marks import KEYED, NAMED, PERCENTILE, WITHOUT, Method

DEFINITIONS = load_definitions()
BCA = Method("developer", "multinomial", "bca")
SUBSAMPLE = Method("developer", "subsample", "studentised-logit")


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


def drawn(tables: Shown) -> Figure:
    """The figure with its texts laid out."""
    with style.context():
        figure = calibration.draw(tables, DEFINITIONS)
        figure.canvas.draw()
    return figure


def titled(tables: Shown) -> str:
    """Title of the figure with plain blanks."""
    return style.title_of(drawn(tables)).replace("\N{NARROW NO-BREAK SPACE}", " ")


def texts(ax: Axes) -> list[str]:
    """Texts in a panel."""
    return [text.get_text() for text in ax.texts]


def headings(figure: Figure) -> list[str]:
    """Names of the panels."""
    return [t.get_text() for t in figure.texts if t.get_weight() == "bold" and not t.get_gid()]


def test_the_title_names_the_best_and_the_usual_methods_in_their_worst_model(shown: Shown) -> None:
    """The worst model is the last, three points below the first."""
    assert titled(shown) == (
        "In synthetic data no method keeps its 95 % in every model: at worst percentile 87 %, "
        "jackknife 79 %, repositories 63 %"
    )


def test_the_title_names_the_narrowest_method_that_keeps_its_level(shown: Shown) -> None:
    """Two keep it within two standard errors; the leave-one-out range is no such method."""
    found = covering(shown, {SUBSAMPLE: 0.94, PERCENTILE: 0.99, WITHOUT: 0.999})
    assert titled(found) == (
        "In synthetic data subsampling keeps its 95 % in every model: at worst jackknife 79 %, "
        "percentile 99 %, repositories 63 %"
    )


def test_a_refusal_holds_nothing(shown: Shown) -> None:
    """A method that covers always when it gives an interval, but gives few, is not the best."""
    assert "BCa" not in titled(covering(shown, {BCA: 1.0}))
    assert "BCa keeps" in titled(covering(shown, {BCA: 1.0}, refused=0.0))


def test_no_coverage_of_the_headline_is_told(shown: Shown) -> None:
    """Other data may lack the window."""
    elsewhere = changed(shown, lambda table: table.assign(estimand="another"))
    figure = drawn(elsewhere)
    assert titled(elsewhere) == "The coverage of the headline’s intervals was not measured"
    assert figure.axes == []
    assert overlaps(figure) == []


def test_marks_stand_at_coverage_and_width(shown: Shown) -> None:
    """Every method has one mark a model, in percent and points, with twice its error as a bar."""
    figure = drawn(shown)
    table = shown.calibration
    for ax, model in zip(figure.axes[:4], calibration.MODELS, strict=True):
        rows = table[(table["model"] == model) & (table["power"] == 1)]
        single = [line for line in ax.lines if len(line.get_xdata()) == 1]
        places = sorted((float(x.get_xdata()[0]), float(x.get_ydata()[0])) for x in single)
        wanted = sorted(zip(100 * rows["width"], 100 * rows["coverage"], strict=True))
        assert np.array(places) == pytest.approx(np.array(wanted))
        bars = [line.get_ydata() for line in ax.lines if len({*line.get_xdata()}) == 1]
        lengths = sorted(np.ptp(bar) for bar in bars if len(bar) == 2)
        assert lengths == pytest.approx(sorted(400 * rows["error"]))


def test_the_methods_that_matter_are_named_once_in_every_panel(shown: Shown) -> None:
    """The others are in the key, and the refusals of BCa are told."""
    figure = drawn(shown)
    for ax in figure.axes[:4]:
        found = texts(ax)
        assert [found.count(look.text) for look in NAMED.values()] == [1] * len(NAMED)
        assert "BCa refused in 50\N{NARROW NO-BREAK SPACE}%" in found
        assert not {look.text for look in KEYED.values()} & {*found}
    key = texts(figure.axes[4])
    assert {look.text for look in KEYED.values()} < {*key}
    assert "other" not in key


def test_repositories_alone_are_hollow(shown: Shown) -> None:
    """Methods by developer are filled."""
    for ax in drawn(shown).axes[:4]:
        single = [line for line in ax.lines if len(line.get_xdata()) == 1]
        hollow = [line.get_marker() for line in single if line.get_markerfacecolor() == "white"]
        assert hollow == ["s"]


def test_a_method_that_always_refuses_is_told_and_has_no_mark(shown: Shown) -> None:
    """Its coverage and width are not known."""
    nothing = {"refused": 1.0, "width": np.nan, "error": np.nan}
    figure = drawn(covering(shown, {BCA: np.nan}, **nothing))
    assert "BCa refused in 100\N{NARROW NO-BREAK SPACE}%" in texts(figure.axes[0])
    assert "BCa" not in texts(figure.axes[0])
    assert len([x for x in figure.axes[0].lines if len(x.get_xdata()) == 1]) == len(METHODS) - 1
    assert overlaps(figure) == []


def test_a_method_unknown_to_the_figure_is_in_the_key_as_other(shown: Shown) -> None:
    """A scheme that is added later is drawn without a name."""
    later = changed(
        shown, lambda table: table.assign(scheme=table["scheme"].replace("poisson", "wild"))
    )
    key = texts(drawn(later).axes[4])
    assert "other" in key
    assert "Poisson weights" not in key


def test_flatter_sizes_are_drawn_against_the_effective_number(shown: Shown) -> None:
    """A panel for each model that was run with them; the panel's own number comes first."""
    figure = drawn(shown)
    assert headings(figure)[4:] == ["Hits", "Developers"]
    for ax in figure.axes[5:]:
        assert list(ax.get_xticks()) == sorted(NUMBERS.values())
        assert texts(ax)[:2] == ["the panel", "trusted from 30"]
        assert sorted(texts(ax)[2:]) == ["jackknife", "percentile", "studentised"]
        lines = [line for line in ax.lines if len(line.get_xdata()) == len(NUMBERS)]
        assert len(lines) == 3
        assert [float(line.get_ydata()[0]) for line in lines] == sorted(
            (float(line.get_ydata()[0]) for line in lines), reverse=True
        )


def test_the_panels_tell_from_which_number_on_all_keep_their_level(shown: Shown) -> None:
    """A number below which one falls short does not count, even if all cover there."""

    def told(kept: dict[float, float]) -> list[str]:
        def change(table: pd.DataFrame) -> pd.DataFrame:
            return table.assign(coverage=table["n_effective"].map(kept), error=0.001)

        found = [t.get_text() for t in drawn(changed(shown, change)).texts]
        return [t.replace("\N{NARROW NO-BREAK SPACE}", " ") for t in found if "evened" in t]

    assert told({5.0: 0.8, 25.0: 0.949, 100.0: 0.96}) == ["sizes evened: all keep 95 % from 25"] * 2
    assert told({5.0: 0.96, 25.0: 0.9, 100.0: 0.95}) == ["sizes evened: all keep 95 % from 100"] * 2
    assert told({5.0: 0.96, 25.0: 0.9, 100.0: 0.9}) == ["sizes evened: not all ever keep 95 %"] * 2
    assert told({5.0: 0.96, 25.0: 0.96, 100.0: 0.95})[0].endswith("from 5.0")


@pytest.mark.parametrize("number", [0.5, 24.0, 29.0, 29.9, 31.0])
def test_the_panel_and_the_number_to_trust_do_not_collide(shown: Shown, number: float) -> None:
    """Their names are moved apart where the panel nearly has enough developers."""

    def change(table: pd.DataFrame) -> pd.DataFrame:
        numbers = {5.0: number, 25.0: number + 10, 100.0: number + 100}
        return table.assign(n_effective=table["n_effective"].map(numbers))

    assert overlaps(drawn(changed(shown, change))) == []


def test_models_and_flatter_sizes_may_be_missing(shown: Shown) -> None:
    """What was not measured has no panel."""
    full = changed(shown, lambda table: table[table["power"] == 1])
    assert headings(drawn(full)) == ["Labels", "Hits", "Developers", "Pareto"]
    few = changed(shown, lambda table: table[table["model"].isin(["hits", "pareto", "new"])])
    assert headings(drawn(few)) == ["Hits", "Pareto", "Hits"]
    one = changed(full, lambda table: table[table["model"] == "hits"])
    assert headings(drawn(one)) == ["Hits"]
    assert [overlaps(drawn(tables)) for tables in (full, few, one)] == [[], [], []]


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
    assert set(calibration.MODELS) == set(simulation.MODELS)
    cells = np.array([[400, 0, 0], [0, 300, 0], [50, 0, 200], [0, 40, 30]], dtype=np.int64)
    rules = replace(DEFINITIONS.inference, replicates=40, chunk=40)
    found = {Method(m.unit, m.scheme, m.name) for m, _ in analysed.methods(cells, cells, rules)}
    assert found == {*NAMED, *KEYED}


def test_the_deck_says_that_the_data_are_synthetic(shown: Shown) -> None:
    """It tells the level and how many data sets there are."""
    rows = calibration.rows_of(shown, DEFINITIONS)
    told = calibration.deck(rows, DEFINITIONS).replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert "400 synthetic data sets, made of the panel’s own developer sizes" in told
    assert "nominal 95 % intervals of China − USA" in told


def test_the_order_of_the_rows_changes_no_byte(shown: Shown) -> None:
    """The figure sorts what it reads."""
    mixed = changed(shown, lambda table: table.sample(frac=1, random_state=1))
    assert rendered(drawn(shown), "svg") == rendered(drawn(mixed), "svg")


FRAME, COLUMN = Box(0, 0, 2, 1.2), Column(2.1, 0, 1.2, 0.13)
PLACES = st.lists(
    st.tuples(st.floats(0.05, 1.95), st.floats(0.05, 1.15)), min_size=1, max_size=9, unique=True
)


@given(PLACES)
@settings(max_examples=25, deadline=None)
def test_names_cover_no_mark_and_no_other_name(places: list[tuple[float, float]]) -> None:
    """Each is beside its mark, or alone at a height of the column."""
    marks = [Mark(x, y, 0.5, 0.1) for x, y in places]
    taken = [Box(x, y, x, y).wider(0.045, 0.045) for x, y in places]
    names = callouts.place(marks, taken, [], FRAME, COLUMN)
    middles = [name.middle for name in names if name.line]
    assert len(set(middles)) == len(middles)
    assert set(middles) <= set(COLUMN.slots.tolist())
    boxes = [
        Box(n.left, n.middle - 0.05, n.left + 0.5, n.middle + 0.05) for n in names if not n.line
    ]
    assert all(box.left >= 0 and box.right <= 2 for box in boxes)
    assert not any(a.meets(b) for a, b in combinations(boxes, 2))
    for name, mark in zip(names, marks, strict=True):
        if not name.line:
            box = Box(name.left, name.middle, name.left + 0.5, name.middle).wider(0, 0.05)
            assert box.wider(0.09, 0.09).meets(Box(mark.x, mark.y, mark.x, mark.y))


def test_lone_marks_are_named_beside_and_crowded_ones_in_the_column() -> None:
    """Of five marks that nearly touch only the first has room; lines of the others do not cross."""
    crowd = [(1.3 + 0.1 * n, 0.8 + 0.02 * n) for n in range(5)]
    places = [(0.3, 0.2), *crowd]
    marks = [Mark(x, y, 0.5, 0.1) for x, y in places]
    taken = [Box(x, y, x, y).wider(0.06, 0.2) for x, y in places]
    names = callouts.place(marks, taken, [], FRAME, COLUMN)
    assert [name.line for name in names] == [False, False, *[True] * 4]
    heights = [name.middle for name in names[2:]]
    assert heights == sorted(heights)
