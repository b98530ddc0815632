"""Cells, laws of tails, refusals: what inference does at its edges, by hand or from theory."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from small import synthetic_definitions

from replication.errors import DegenerateDataError
from replication.inference import intervals, pareto, tail_models
from replication.inference.cells import Cells, cells_of
from replication.inference.post_stratification import REST, Model, WithDust, possible
from replication.inference.statistics import Statistics

RULES = replace(synthetic_definitions().inference, replicates=10, chunk=10)


def test_downloads_are_summed_to_half_downloads_of_units_and_groups() -> None:
    """In the order of names and of groups; rows without a group or unit are nobody's."""
    rows = pd.DataFrame(
        [
            ("b", "x", 3),
            ("a", "y", 5),
            ("b", "x", 4),
            ("b", "y", 1),
            ("c", None, 9),
            (None, "x", 8),
        ],
        columns=["who", "where", "n"],
    )
    found = cells_of(rows, "who", ["y", "x"], "where", "n")
    assert found.units == ("a", "b")
    assert found.groups == ("y", "x")
    assert found.counts.tolist() == [[10, 0, 0], [2, 14, 0]]
    plain = rows.rename(columns={"where": "group", "n": "downloads"})
    wide = cells_of(plain, "who", ["z", "x", "y"])
    assert (wide.units, wide.counts.tolist()) == (("a", "b"), [[0, 0, 10, 0], [0, 14, 2, 0]])
    with pytest.raises(DegenerateDataError) as error:
        cells_of(plain.assign(downloads=0), "who", ["x", "y"])
    assert error.value.what == "nothing was downloaded"
    assert error.value.remedy == "choose a window inside the data"


@pytest.mark.parametrize(("bound", "mean"), [(0.0, math.sqrt(2 / math.pi)), (-30.0, 30.0)])
def test_draws_are_excesses_of_a_cut_off_normal_law(bound: float, mean: float) -> None:
    """Over 0 the mean is that of |Z|, √(2/π); far below, nothing is cut off, and Z + 30 is drawn."""
    drawn = tail_models._draws(bound, (200, 100), np.random.default_rng(3))
    assert np.isfinite(drawn).all()
    assert drawn.min() >= 0
    assert drawn.mean() == pytest.approx(mean, abs=5 / math.sqrt(drawn.size))
    if bound == 0:  # half of |Z| lies below the upper quartile of Z
        assert np.median(drawn) == pytest.approx(0.6745, abs=0.03)


@pytest.mark.parametrize("bound", [-6.0, -1.0, 0.0, 0.7, 5.0])
def test_the_bound_is_found_by_how_much_excesses_vary(bound: float) -> None:
    """What is cut off at a bound is fitted by that bound; over 0 the variation is √(π/2 − 1)."""
    varying = tail_models._cut_off(np.array(bound))[1]
    assert float(tail_models._bound(varying)) == pytest.approx(bound, abs=1e-6)
    if bound == 0:
        assert varying == pytest.approx(math.sqrt(math.pi / 2 - 1))
    two = tail_models._bound(np.array([varying, 1.0, 2.0]))
    assert two[1:].tolist() == [tail_models.LIMIT] * 2


def test_a_model_needs_a_developer_of_each_group_with_a_share() -> None:
    """But for dust, which has none: the rest may be it."""
    counts = np.array([[10, 0, 0, 0], [0, 20, 0, 0]])
    cells = Cells(("p", "q"), ("a", "b", "c"), counts)
    some = Model("m", "", ("a", "b"), (("a", 0.2), ("b", 0.3), (REST, 0.5)))
    assert not possible(cells, some)
    assert possible(cells, replace(some, dust=True))
    assert possible(cells, replace(some, shares=(("a", 0.5), ("b", 0.5), (REST, 0.0))))
    assert not possible(cells, replace(some, shares=(("a", 0.5), ("c", 0.5), (REST, 0.0))))


def test_equal_excesses_are_no_pareto_tail() -> None:
    """Their distance from the exponential law is at least e⁻¹; of no drawn tail is it as large."""
    above = 1 + np.linspace(-0.01, 0.01, 60)
    distance = tail_models._distance(above, normal=False)
    assert distance == pytest.approx(1 - math.exp(-0.99), abs=0.01)
    found = tail_models.compare(above, 99, np.random.default_rng(1))
    assert found.pareto_p == 1 / 100
    assert found.variation_p == 1 / 100
    assert found.index == pytest.approx(1)
    assert found.likelihood_ratio > 0
    # Quantiles of the exponential law itself: no drawn tail is nearer to it, and the lognormal is none.
    exact = -np.log1p(-(np.arange(60) + 0.5) / 60)
    assert tail_models.compare(exact, 99, np.random.default_rng(1)).pareto_p == 1


def test_half_a_distance_needs_two_finite_ends() -> None:
    """One that is infinite or missing has none, on either side."""
    down = np.array([0.0, -np.inf, 4.0, np.nan, np.inf])
    up = np.array([np.inf, 2.0, 1.0, 1.0, np.inf])
    found = intervals._half_distance(down, up)
    assert np.isnan(found).tolist() == [True, True, False, True, True]
    assert found[2] == 1.5


def test_dust_adds_nothing_to_an_error() -> None:
    """The products of the last row are nothing, those of all others stay."""
    names = Statistics(("a", "b", "rest"), ("a", "b"), "family", "a")
    counts = np.array([[10, 0, 0, 0], [0, 20, 0, 0], [0, 6, 0, 0], [0, 0, 50, 0]])
    products = WithDust(counts, names, RULES)._products
    assert not products[-1].any()
    assert all(row.any() for row in products[:-1])


def test_a_tail_without_logarithms_is_refused() -> None:
    """Sizes are positive."""
    for sizes in ([3, 0, 1], [2, -1]):
        with pytest.raises(DegenerateDataError) as error:
            pareto.hill_index(np.array(sizes))
        assert error.value.what == "a size is not positive"
        assert error.value.remedy == "leave out units without downloads"
