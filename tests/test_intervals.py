"""Interval methods: hand values, brute force, refusals, and simulated coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from replication.analysis import intervals
from replication.analysis.resampling import replicate_totals, totals_without_each

LEVEL = 0.95


def shares(totals: np.ndarray) -> np.ndarray:
    """The share of the first column as an array (…, 1)."""
    return (totals[..., :1]) / totals.sum(axis=-1, keepdims=True)


def test_percentile_by_hand() -> None:
    """The ends are the quantiles of the replicates, column by column."""
    replicates = np.stack([np.linspace(0, 1, 1001), np.linspace(0.2, 0.4, 1001)], axis=1)
    low, high = intervals.percentile(replicates, LEVEL)
    assert np.allclose(low, [0.025, 0.205], atol=1e-12)
    assert np.allclose(high, [0.975, 0.395], atol=1e-12)


def test_percentile_leaves_out_undefined_replicates() -> None:
    """A replicate without the statistic does not count; a column without any stays undefined."""
    replicates = np.array([[0.1, np.nan], [np.nan, np.nan], [0.3, np.nan]])
    low, high = intervals.percentile(replicates, 0.5)
    assert low[0] == pytest.approx(0.15)
    assert high[0] == pytest.approx(0.25)
    assert np.isnan([low[1], high[1]]).all()


def test_jackknife_equals_brute_force() -> None:
    """The vectorised jackknife is the textbook loop."""
    cells = np.random.default_rng(5).integers(1, 1000, (17, 3))
    point = shares(cells.sum(axis=0))
    low, high = intervals.jackknife_logit(point, shares(totals_without_each(cells)), LEVEL)
    deleted = []
    for i in range(len(cells)):
        rest = np.delete(cells, i, axis=0)
        deleted.append(logit(rest[:, 0].sum() / rest.sum()))
    variance = 16 / 17 * sum((z - np.mean(deleted)) ** 2 for z in deleted)
    reach = stats.t.ppf(0.975, 16) * np.sqrt(variance)
    assert low[0] == pytest.approx(expit(logit(point[0]) - reach), rel=1e-12)
    assert high[0] == pytest.approx(expit(logit(point[0]) + reach), rel=1e-12)


def test_jackknife_stays_inside_zero_and_one() -> None:
    """The logit keeps an interval of a share between 0 and 1, however few the clusters."""
    cells = np.array([[1, 1000], [500, 1], [3, 900]])
    low, high = intervals.jackknife_logit(
        shares(cells.sum(axis=0)), shares(totals_without_each(cells)), LEVEL
    )
    assert 0 < low[0] < high[0] < 1


def test_jackknife_refuses_a_group_of_one_developer() -> None:
    """Without its only developer a group is empty, the logit infinite, and the interval refused."""
    cells = np.array([[5, 0], [0, 7], [0, 9]])
    low, high = intervals.jackknife_logit(
        shares(cells.sum(axis=0)), shares(totals_without_each(cells)), LEVEL
    )
    assert np.isnan([low[0], high[0]]).all()


def test_leave_one_out_range_by_hand() -> None:
    """The range is the smallest and the largest value without one cluster."""
    cells = np.array([[60, 0], [20, 10], [0, 10]])
    low, high = intervals.leave_one_out_range(*[shares(totals_without_each(cells))] * 2)
    assert (low[0], high[0]) == (20 / 40, 80 / 90)


def synthetic_group(rng: np.random.Generator, n: int = 60) -> np.ndarray:
    """Synthetic light-tailed clusters, each in the group with probability 0.4: the true share."""
    size = np.maximum(rng.lognormal(6, 0.5, n), 1).astype(np.int64)
    member = rng.random(n) < 0.4
    return np.stack([size * member, size * ~member], axis=1)


def test_jackknife_covers_where_it_should() -> None:
    """On synthetic light-tailed clusters the jackknife cannot be told from 95 % coverage."""
    rng, runs, covered = np.random.default_rng(1), 3000, 0
    for _ in range(runs):
        cells = synthetic_group(rng)
        low, high = intervals.jackknife_logit(
            shares(cells.sum(axis=0)), shares(totals_without_each(cells)), LEVEL
        )
        covered += bool(low[0] <= 0.4 <= high[0])
    assert stats.binomtest(covered, runs, LEVEL).pvalue > 0.01, covered / runs


def test_percentile_covers_as_much_as_theory_says() -> None:
    """The percentile interval reaches z·√((n − 1)/n) where Student's t is due: a known shortfall."""
    rng, runs, n, covered = np.random.default_rng(2), 800, 60, 0
    for run in range(runs):
        totals = replicate_totals(synthetic_group(rng, n), 500, 500, run)
        low, high = intervals.percentile(shares(totals), LEVEL)
        covered += bool(low[0] <= 0.4 <= high[0])
    expected = 2 * stats.t.cdf(stats.norm.ppf(0.975) * np.sqrt((n - 1) / n), n - 1) - 1
    assert stats.binomtest(covered, runs, expected).pvalue > 0.01, (covered / runs, expected)


def test_coverage_fails_where_the_paper_says_it_fails() -> None:
    """Synthetic sizes as unequal as Pareto(1): the percentile interval misses the truth too often.

    This is why no interval is trusted below thirty effective developers.
    """
    rng, runs, n = np.random.default_rng(12), 400, 100
    covered = 0
    for run in range(runs):
        size = (1000 / rng.random(n)).astype(np.int64)
        member = rng.random(n) < 0.3
        cells = np.stack([size * member, size * ~member], axis=1)
        low, high = intervals.percentile(shares(replicate_totals(cells, 300, 300, run)), LEVEL)
        covered += bool(low[0] <= 0.3 <= high[0])
    assert stats.binomtest(covered, runs, LEVEL, alternative="less").pvalue < 0.001, covered / runs
