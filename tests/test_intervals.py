"""Interval methods: hand values, brute force, refusals, and simulated coverage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from released_files import EXAMPLES
from scipy import stats
from scipy.special import expit, logit

from replication.inference import intervals
from replication.inference.resampling import replicate_totals, totals_without_each

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


@pytest.mark.parametrize("undefined", [0.0, 0.1, 1.0])
def test_percentiles_at_several_shifts_are_those_at_each(undefined: float) -> None:
    """To the last digit, in the order that was asked for."""
    rng, shifts = np.random.default_rng(5), (0.0, -1.0, 1.0, 2.5)
    replicates = rng.random((501, 4))
    replicates[rng.random(501) < undefined, 1] = np.nan
    found = intervals.percentiles(replicates, LEVEL, shifts)
    for shift, ends in zip(shifts, found, strict=True):
        assert np.array_equal(ends, intervals.percentile(replicates, LEVEL, shift), equal_nan=True)
    assert (found[1][0] < found[0][0])[0]
    assert (found[2][1] > found[0][1])[0]


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


def test_leave_one_out_ranges_leave_out_what_is_undefined() -> None:
    """One cluster without which the statistic is undefined does not hide the others."""
    low, high = intervals.leave_one_out_range(
        np.array([[0.2, np.nan], [np.nan, np.nan], [0.1, np.nan]]),
        np.array([[0.3, np.nan], [np.nan, np.nan], [0.6, np.nan]]),
    )
    assert (low[0], high[0]) == (0.1, 0.6)
    assert np.isnan([low[1], high[1]]).all()


def synthetic_replicates(n: int, seed: int = 0) -> np.ndarray:
    """Synthetic replicates (n, 1) around one half."""
    return expit(np.random.default_rng(seed).normal(0, 0.3, (n, 1)))


EVEN = np.linspace(-1, 1, 21)[:, None]
"""Synthetic statistics without each cluster that pull to neither side."""


def test_bca_without_bias_or_pull_is_the_percentile_interval() -> None:
    """Half of the replicates below the point and a symmetric jackknife correct nothing."""
    replicates = synthetic_replicates(1001)
    corrected = intervals.bca(np.median(replicates, axis=0), EVEN, replicates, LEVEL)
    assert np.allclose(corrected, intervals.percentile(replicates, LEVEL), rtol=0, atol=1e-12)


def test_bca_counts_half_of_the_replicates_that_equal_the_point() -> None:
    """Three in ten below and four in ten equal are as good as five in ten below."""
    replicates = np.repeat([0.1, 0.2, 0.3], [300, 400, 300])[:, None]
    low, high = intervals.bca(np.array([0.2]), EVEN, replicates, LEVEL)
    assert (low[0], high[0]) == (0.1, 0.3)


REFUSALS = {
    "too few replicates beyond an end": (synthetic_replicates(399), 0.5, EVEN),
    "a bias that leads into the tail": (synthetic_replicates(1000), 0.4, EVEN),
    "a pull that leads into the tail": (
        synthetic_replicates(1000), 0.5, np.array([[0.2], *[[0.5]] * 40]),
    ),
    "all replicates on one side": (synthetic_replicates(1000), 0.01, EVEN),
    "one replicate is undefined": (np.vstack([synthetic_replicates(999), [[np.nan]]]), 0.5, EVEN),
    "no variation without each": (synthetic_replicates(1000), 0.5, np.full((9, 1), 0.5)),
    "no variation at all": (np.full((1000, 1), 0.5), 0.5, np.full((9, 1), 0.5)),
    "an undefined point": (synthetic_replicates(1000), np.nan, EVEN),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
def test_bca_refuses(case: str) -> None:
    """Both ends are missing, and there is no warning; a column beside it is not refused."""
    replicates, point, without = REFUSALS[case]
    good = np.resize(synthetic_replicates(2000), (len(replicates), 1))
    low, high = intervals.bca(
        np.array([point, np.median(good)]),
        np.hstack([without, np.resize(EVEN, without.shape)]),
        np.hstack([replicates, good]),
        LEVEL,
    )
    assert np.isnan([low[0], high[0]]).all()
    assert np.isnan(low[1]) == ("too few" in case)


@EXAMPLES
@given(st.integers(0, 10**6), st.integers(400, 3000), st.floats(0.47, 0.53), st.floats(0.5, 2))
def test_bca_never_ends_in_a_thin_tail(seed: int, n: int, point: float, power: float) -> None:
    """What is not refused has its ten replicates beyond either end, and the ends in order."""
    replicates = synthetic_replicates(n, seed)
    without = np.linspace(0, 1, 30)[:, None] ** power
    low, high = intervals.bca(np.array([point]), without, replicates, LEVEL)
    if not np.isnan(low[0]):
        assert (replicates <= low).sum() >= intervals.BEYOND
        assert (replicates >= high).sum() >= intervals.BEYOND
        assert low[0] <= high[0]


def test_studentised_is_the_textbook_loop() -> None:
    """Roots sorted by hand, and their order statistics mapped back."""
    rng = np.random.default_rng(4)
    replicates, errors = rng.uniform(0.2, 0.6, (999, 1)), rng.uniform(0.1, 0.3, (999, 1))
    point, error = np.array([0.35]), np.array([0.25])
    roots = sorted(
        (np.log(r / (1 - r)) - np.log(0.35 / 0.65)) / e
        for r, e in zip(replicates[:, 0], errors[:, 0], strict=True)
    )
    low, high = intervals.studentised(point, error, replicates, errors, LEVEL)
    assert low[0] == pytest.approx(expit(np.log(0.35 / 0.65) - roots[974] * 0.25), rel=1e-12)
    assert high[0] == pytest.approx(expit(np.log(0.35 / 0.65) - roots[24] * 0.25), rel=1e-12)


@pytest.mark.parametrize(("ones", "refused"), [(4, False), (7, True)])
def test_studentised_refuses_where_an_infinite_root_decides(ones: int, refused: bool) -> None:
    """Of 200 replicates five lie beyond the end: four at 1 do not matter, and seven do."""
    replicates = synthetic_replicates(200)
    replicates[:ones] = 1.0
    errors = np.where(replicates == 1, np.inf, 0.3)
    point, error = np.array([0.5]), np.array([0.3])
    low, high = intervals.studentised(point, error, replicates, errors, LEVEL)
    assert np.isnan([low[0], high[0]]).all() == refused
    assert np.isnan([low[0], high[0]]).any() == refused


@pytest.mark.parametrize("change", ["point", "error", "replicate", "errors"])
def test_studentised_refuses_what_is_undefined(change: str) -> None:
    """A point or a replicate without the statistic, or no error to divide by."""
    replicates, errors = synthetic_replicates(200), np.full((200, 1), 0.3)
    point, error = np.array([0.5]), np.array([0.3])
    if change in {"point", "error"}:
        point, error = (np.array([np.nan if change == x else 0.5]) for x in ("point", "error"))
    else:
        (replicates if change == "replicate" else errors)[3] = np.nan
    found = intervals.studentised(point, error, replicates, errors, LEVEL)
    assert np.isnan(found).all()


def test_monte_carlo_error_is_that_of_a_quantile() -> None:
    """Of evenly spread replicates it is √(p(1 − p)/B), for both ends."""
    replicates = np.linspace(0, 1, 10_001)[:, None]
    errors = intervals.monte_carlo_error(lambda s: intervals.percentile(replicates, 0.8, s))
    expected = np.sqrt(0.1 * 0.9 / 10_001)
    assert np.allclose(errors, expected, rtol=1e-6)


def test_monte_carlo_error_of_bca_counts_the_bias() -> None:
    """Without pull, a bias z₀ moves the level Φ(2z₀ + z) by 2φ(z)/φ(0) of its own error."""
    replicates = np.linspace(0, 1, 10_001)[:, None]
    point = np.array([0.5])
    errors = intervals.monte_carlo_error(lambda s: intervals.bca(point, EVEN, replicates, 0.8, s))
    slope = 2 * stats.norm.pdf(stats.norm.ppf(0.1)) / stats.norm.pdf(0)
    variance = 0.1 * 0.9 - 2 * slope * (0.1 - 0.1 * 0.5) + slope**2 / 4
    assert np.allclose(errors, np.sqrt(variance / 10_001), rtol=1e-3)


@pytest.mark.parametrize("end", [np.nan, np.inf])
def test_an_end_that_is_not_finite_has_no_error(end: float) -> None:
    """Refused or infinite, and without a warning."""
    low, high = intervals.monte_carlo_error(lambda _: (np.array([end]), np.array([1.0])))
    assert np.isnan(low[0])
    assert high[0] == 0


def synthetic_group(rng: np.random.Generator, n: int = 60) -> np.ndarray:
    """Synthetic light-tailed clusters, each in the group with probability 0.4: the true share."""
    size = np.maximum(rng.lognormal(6, 0.5, n), 1).astype(np.int64)
    member = rng.random(n) < 0.4
    return np.stack([size * member, size * ~member], axis=1)


@pytest.mark.slow
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


@pytest.mark.slow
def test_percentile_covers_as_much_as_theory_says() -> None:
    """The percentile interval reaches z·√((n − 1)/n) where Student's t is due: a known shortfall."""
    rng, runs, n, covered = np.random.default_rng(2), 800, 60, 0
    for run in range(runs):
        totals = replicate_totals(synthetic_group(rng, n), 500, 500, run)
        low, high = intervals.percentile(shares(totals), LEVEL)
        covered += bool(low[0] <= 0.4 <= high[0])
    expected = 2 * stats.t.cdf(stats.norm.ppf(0.975) * np.sqrt((n - 1) / n), n - 1) - 1
    assert stats.binomtest(covered, runs, expected).pvalue > 0.01, (covered / runs, expected)


@pytest.mark.slow
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
