"""Cells, laws of tails, refusals: what inference does at its edges, by hand or from theory."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats
from scipy.special import expit, ndtr, ndtri
from small import synthetic_definitions

from replication.errors import DegenerateDataError
from replication.inference import intervals, merging, pareto, tail_models
from replication.inference.cells import Cells, cells_of, largest_first
from replication.inference.post_stratification import REST, Model, WithDust, possible
from replication.inference.resampling import generator_of
from replication.inference.schemes import Subsample
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
    assert found.counts.dtype == np.int64
    plain = rows.rename(columns={"where": "group", "n": "downloads"})
    wide = cells_of(plain, "who", ["z", "x", "y"])
    assert (wide.units, wide.counts.tolist()) == (("a", "b"), [[0, 0, 10, 0], [0, 14, 2, 0]])
    with pytest.raises(DegenerateDataError) as error:
        cells_of(plain.assign(downloads=0), "who", ["x", "y"])
    assert error.value.what == "nothing was downloaded"
    assert error.value.remedy == "choose a window inside the data"


@pytest.mark.parametrize("dtype", ["object", "category"])
def test_a_group_outside_the_list_is_nobodys(dtype: str) -> None:
    """Whatever the type of the columns, and without a warning of pandas."""
    rows = pd.DataFrame(
        [("a", "x", 2), ("a", "elsewhere", 5), ("b", "y", 1), ("c", "elsewhere", 3)],
        columns=["who", "group", "downloads"],
    ).astype({"who": dtype, "group": dtype})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = cells_of(rows, "who", ["x", "y"])
    assert (found.units, found.counts.tolist()) == (("a", "b"), [[4, 0, 0], [0, 2, 0]])


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


def test_equally_large_ones_keep_their_order() -> None:
    """So many of each size that a sort that is not stable would mix them, whatever the machine."""
    sizes = np.arange(2_000) % 7
    wanted = sorted(range(len(sizes)), key=lambda place: (-sizes[place], place))
    for some in (sizes, sizes.astype(float)):
        assert largest_first(some).tolist() == wanted
    assert largest_first(np.array([3, 9, 3, 9, 1])).tolist() == [1, 3, 0, 2, 4]


@pytest.mark.parametrize("unit", [0.2, 3.0])
def test_likelihoods_are_scipys(unit: float) -> None:
    """Of the exponential law with the sample's mean, and of the normal law cut off where it fits."""
    above = unit * np.abs(np.random.default_rng(5).normal(1.0, 0.8, 50))
    exponential = stats.expon(scale=above.mean()).logpdf(above)
    assert tail_models._pareto(above) == pytest.approx(exponential, rel=1e-12)
    found = tail_models.compare(above, 9, np.random.default_rng(1))
    cut = stats.truncnorm(-found.place / found.spread, np.inf, found.place, found.spread)
    assert tail_models._lognormal(above) == pytest.approx(cut.logpdf(above), rel=1e-9)
    ratios = cut.logpdf(above) - exponential
    assert found.likelihood_ratio == pytest.approx(ratios.sum(), rel=1e-9)
    vuong = ratios.sum() / (math.sqrt(50) * ratios.std())
    assert found.vuong == pytest.approx(vuong, rel=1e-9)
    assert found.vuong_p == pytest.approx(math.erfc(vuong / math.sqrt(2)), rel=1e-9)
    assert found.index == pytest.approx(1 / above.mean())


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


def test_a_subsample_is_of_the_smallest_random_numbers() -> None:
    """All of them, the last one too: 150 of 300, in each of a thousand."""
    scheme = Subsample(math.log(150) / math.log(300.01))
    numbers = generator_of(3, 0).random((1000, 300))
    taken = scheme.weights(generator_of(3, 0), 1000, 300)
    bound = np.sort(numbers, axis=1)[:, [149]]
    assert np.array_equal(taken, numbers <= bound)


@pytest.mark.parametrize("pull", [-0.2, 0.0, 0.15])
@pytest.mark.parametrize("below", [0.4, 0.5, 0.65])
@pytest.mark.parametrize("z", [-1.28, 1.28])
def test_the_error_of_bca_is_that_of_two_fractions(pull: float, below: float, z: float) -> None:
    """To first order: of replicates below the end, less what those below the point move its level.

    How much that is comes from the level at two fractions close together.
    """

    def level(fraction: float) -> float:
        bias = ndtri(fraction)
        return float(ndtr(bias + (bias + z) / (1 - pull * (bias + z))))

    p, step = level(below), 1e-5
    slope = (level(below + step) - level(below - step)) / (2 * step)
    together = min(p, below) - p * below
    variance = p * (1 - p) - 2 * slope * together + slope**2 * below * (1 - below)
    found, error = intervals._corrected(np.array([below]), np.array([pull]), z, 400)
    assert found[0] == pytest.approx(p, rel=1e-12)
    assert error[0] == pytest.approx(math.sqrt(variance / 400), rel=1e-6)


def test_replicates_at_zero_have_the_lowest_roots_and_those_at_one_the_highest() -> None:
    """With four at either edge of 201 the sixth from either side decides: the second inside."""
    roots = np.linspace(-1, 1, 193)
    replicates = np.concatenate([np.zeros(4), expit(roots), np.ones(4)])[:, None]
    errors, half = np.full((201, 1), 0.5), np.array([0.5])
    low, high = intervals.studentised(half, half, replicates, errors, level=0.95)
    assert high[0] == pytest.approx(expit(-roots[1]), rel=1e-12)
    assert low[0] == pytest.approx(expit(roots[1]), rel=1e-12)


@pytest.mark.parametrize(
    ("size", "step"), [(1, 256), (100, 2), (128, 2), (129, 1), (256, 1), (999, 1), (0, 256)]
)
def test_parts_of_rows_are_as_many_weights_as_go_at_once(
    monkeypatch: pytest.MonkeyPatch, size: int, step: int
) -> None:
    """A power of two of rows, so that there are at most so many weights, but a row at least."""
    monkeypatch.setattr(merging, "AT_ONCE", 256)
    rows = merging.Merged(sparse.csr_array(np.eye(5)), np.arange(1, 6))
    starts = range(0, 5, step)
    assert rows.parts(size) == [slice(start, min(start + step, 5)) for start in starts]


def test_clusters_drawn_singly_are_rows_by_their_times() -> None:
    """As many as are asked for in each replicate, none of another, each row by its times."""
    rows = merging.Merged(sparse.csr_array(np.array([[1.0, 0], [0, 1]])), np.array([1, 3]))
    several = np.array([0, 2, 40_000, 0, 1])
    totals = rows.drawn_singly(generator_of(3, 1), several)
    assert totals.sum(axis=1).tolist() == several.tolist()
    assert (totals == np.rint(totals)).all()
    assert abs(totals[2, 1] - 30_000) < 5 * math.sqrt(40_000 * 3 / 16)


def test_rows_that_are_merged_stand_for_no_more_than_they_may() -> None:
    """Seven equal ones for three at most: two for three each and one for the one that is left."""
    counts = np.array([[4, 1]] * 7 + [[0, 2]] * 2)
    found = merging.merged(counts, 3)
    assert found.times.tolist() == [1, 2, 3, 3]
    assert found.rows.toarray().tolist() == [[4, 1], [0, 2], [4, 1], [4, 1]]
    assert found.clusters == 9
    totals, sums = found.totals(2, lambda part, _: np.array([[1, 0], [1, 1], [0, 5], [0, 0]])[part])
    assert totals.tolist() == [[4, 3], [20, 7]]
    assert sums.tolist() == [2, 6]
