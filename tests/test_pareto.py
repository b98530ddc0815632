"""Pareto tails: Hill's index against its definition, against scipy, and against its own law."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from released_files import EXAMPLES
from scipy import stats
from small import SYNTHETIC, synthetic_definitions, synthetic_repositories

from replication.analysis import concentration
from replication.analysis.cells import Repositories
from replication.errors import DegenerateDataError
from replication.inference import pareto

DEFINITIONS = synthetic_definitions()
TABLE = synthetic_repositories(DEFINITIONS)
HEAD = "cohort-2025-08"

several_sizes = st.lists(st.integers(1, 10**9), min_size=2, max_size=40)


def synthetic_pareto(index: float, shape: tuple[int, ...], seed: int = 1) -> np.ndarray:
    """Synthetic sizes from an exact Pareto law above 1."""
    return np.random.default_rng(seed).pareto(index, shape) + 1


def textbook(sizes: list[int], k: int) -> float:
    """Hill's index by its definition: the inverse of the mean excess of the logarithms."""
    ordered = sorted(sizes, reverse=True)
    mean = sum(np.log(ordered[j]) - np.log(ordered[k]) for j in range(k)) / k
    return np.inf if mean == 0 else 1 / mean


@EXAMPLES
@given(several_sizes)
def test_all_tail_sizes_equal_the_textbook_loop(sizes: list[int]) -> None:
    """The cumulative sum gives for every k what its own mean of logarithms gives."""
    got = pareto.hill_index(np.array(sizes))
    expected = [textbook(sizes, k) for k in range(1, len(sizes))]
    assert np.allclose(1 / got, [1 / e for e in expected], rtol=1e-9, atol=1e-12)


@EXAMPLES
@given(several_sizes, st.integers(1, 1000), st.randoms(use_true_random=False))
def test_neither_order_nor_unit_matters(sizes: list[int], factor: int, luck: st.DataObject) -> None:
    """Shuffled sizes give the same numbers, and counting in other units nearly the same."""
    shuffled = [*sizes]
    luck.shuffle(shuffled)  # type: ignore[attr-defined]
    plain = pareto.hill_index(np.array(sizes))
    assert np.array_equal(pareto.hill_index(np.array(shuffled)), plain)
    scaled = pareto.hill_index(np.array(sizes) * factor)
    assert np.allclose(1 / scaled, 1 / plain, rtol=1e-9, atol=1e-12)


def test_scipy_fits_the_same_index() -> None:
    """Above its threshold Hill's index is the maximum-likelihood fit of scipy.stats.pareto."""
    sizes = np.exp(np.random.default_rng(2).normal(0, 2, 300))
    tail = pareto.fit_tail(sizes, 40)
    above = sizes[sizes > tail.threshold]
    index, _, _ = stats.pareto.fit(above, floc=0, fscale=tail.threshold)
    assert len(above) == tail.size == 40
    assert tail.index == pytest.approx(index, rel=1e-9)


def test_the_index_of_an_exact_pareto_law_is_found() -> None:
    """Its mean over samples is within four standard errors; its spread is index over √k."""
    index, k, samples = 1.7, 400, 300
    found = np.array(
        [pareto.fit_tail(x, k).index for x in synthetic_pareto(index, (samples, 2000))]
    )
    error = index / np.sqrt(k)
    assert found.mean() == pytest.approx(index * k / (k - 1), abs=4 * error / np.sqrt(samples))
    assert found.std() == pytest.approx(error, rel=4 / np.sqrt(2 * samples))


def test_the_interval_covers_at_its_level_even_for_a_short_tail() -> None:
    """With five units in the tail 95 % of the intervals hold the index of the law."""
    index, k, samples = 0.8, 5, 2000
    found = [pareto.fit_tail(x, k).index for x in synthetic_pareto(index, (samples, 50))]
    low, high = pareto.hill_interval(np.array(found), np.full(samples, k), 0.95)
    covered = int(((low <= index) & (index <= high)).sum())
    assert stats.binomtest(covered, samples, 0.95).pvalue > 0.001


def test_the_interval_approaches_the_asymptotic_error() -> None:
    """For a long tail its ends are 1.96 standard errors away."""
    low, high = pareto.hill_interval(np.array([2.0]), np.array([10**6]), 0.95)
    reach = stats.norm.ppf(0.975) * 2.0 / 1000
    assert np.allclose([low[0], high[0]], [2.0 - reach, 2.0 + reach], atol=1e-5)


def test_the_interval_is_the_likelihoods_pivot() -> None:
    """Twice the tail size times index over estimate is chi-squared with twice as many degrees."""
    low, high = pareto.hill_interval(np.array([1.3]), np.array([7]), 0.9)
    ends = np.array([low[0], high[0]]) * 2 * 7 / 1.3
    assert stats.chi2.cdf(ends, 14) == pytest.approx([0.05, 0.95], rel=1e-9)


def test_draws_follow_the_law() -> None:
    """Kolmogorov and Smirnov find no difference from scipy's Pareto law."""
    tail = pareto.Tail(10, 250.0, 1.4)
    drawn = pareto.draw_tail(tail, 20_000, np.random.default_rng(3))
    assert stats.kstest(drawn, stats.pareto(1.4, scale=250.0).cdf).pvalue > 0.001
    assert drawn.min() >= 250.0


def test_equal_sizes_have_no_tail() -> None:
    """Where the largest are as large as the threshold, the index is infinite, without a warning."""
    assert np.isinf(pareto.hill_index(np.array([5, 5, 5]))).all()
    assert pareto.hill_index(np.array([5])).size == 0
    assert pareto.hill_index(np.array([])).size == 0


def test_a_size_of_nothing_is_a_named_error() -> None:
    """Nothing has no logarithm."""
    with pytest.raises(DegenerateDataError, match="not positive"):
        pareto.hill_index(np.array([3, 0, 2]))


def test_the_tail_is_a_small_part_that_grows() -> None:
    """The square root: 10 of 100 and 100 of 10,000."""
    assert [pareto.tail_size(n) for n in (30, 100, 10_000)] == [5, 10, 100]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Hill's index of the synthetic panel."""
    return concentration.hill(Repositories(TABLE, DEFINITIONS))


def test_the_table_by_hand(table: pd.DataFrame) -> None:
    """Tails of up to three of seven developers with 400, 200, 150 and 100 downloads, of 1,000."""
    part = table[(table["window"] == HEAD) & (table["unit"] == "developer")]
    assert part["k"].tolist() == [1, 2, 3]
    assert part["threshold"].tolist() == [200, 150, 100]
    assert part["share"].tolist() == [0.4, 0.6, 0.75]
    expected = [textbook([row[-1] for row in SYNTHETIC], k) for k in (1, 2, 3)]
    assert part["alpha"].tolist() == pytest.approx(expected, rel=1e-12)
    assert part["error"].tolist() == pytest.approx(expected / np.sqrt([1, 2, 3]), rel=1e-12)
    assert ((part["lower"] < part["alpha"]) & (part["alpha"] < part["upper"])).all()


def test_every_window_and_unit_is_there(table: pd.DataFrame) -> None:
    """Once each."""
    keys = table[["window", "unit"]].drop_duplicates()
    assert len(keys) == len(DEFINITIONS.windows) * 2
    assert not table.duplicated(["window", "unit", "k"]).any()


def test_row_order_does_not_matter(table: pd.DataFrame) -> None:
    """Shuffled input gives the same table, byte for byte."""
    shuffled = TABLE.sample(frac=1, random_state=5)
    assert concentration.hill(Repositories(shuffled, DEFINITIONS)).to_csv() == table.to_csv()
