"""Resampling schemes: their laws against theory, drawn one by one and merged."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from released_files import EXAMPLES
from scipy import sparse, stats

from replication.inference.merging import Merged
from replication.inference.resampling import cluster_weights, generator_of, replicate_totals
from replication.inference.schemes import DIRICHLET, GRAIN, MULTINOMIAL, POISSON, Scheme, Subsample

SEED, DRAWS = 7, 40_000
SUBSAMPLE = Subsample(2 / 3)
SCHEMES = (MULTINOMIAL, POISSON, DIRICHLET, SUBSAMPLE)
WHOLE = (MULTINOMIAL, POISSON, SUBSAMPLE)
TIMES, APART = np.array([3, 2]), 3
"""Eight synthetic clusters: three equal rows, two others that are equal, and three apart."""
BLOCKS = np.array([*TIMES, *[1] * APART])

every_scheme = pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: s.name)


def covariance(scheme: Scheme, n: int) -> np.ndarray:
    """Covariance (n, n) of the weights of n clusters, by the scheme's definition."""
    if isinstance(scheme, Subsample):
        b = scheme.drawn(n)
        return b / n * (1 - b / n) * (n * np.eye(n) - 1) / (n - 1)
    return np.eye(n) - 1 / n if scheme is MULTINOMIAL else np.eye(n)


def mean(scheme: Scheme, n: int) -> float:
    """Mean weight of one of n clusters, by the scheme's definition."""
    return scheme.drawn(n) / n if isinstance(scheme, Subsample) else 1.0


def assert_moments(weights: np.ndarray, means: np.ndarray, covariances: np.ndarray) -> None:
    """Means and covariances of weights (size, n) are within five of their standard errors."""
    size = np.sqrt(len(weights))
    centred = weights - means
    assert np.abs(centred.mean(axis=0)).max() <= 5 * weights.std(axis=0).max() / size
    products = centred[:, :, None] * centred[:, None, :]
    off = np.abs(products.mean(axis=0) - covariances)
    assert (off <= 5 * products.std(axis=0) / size + 1e-12).all()


def drawn_merged(
    scheme: Scheme, times: np.ndarray = TIMES, apart: int = APART, size: int = DRAWS
) -> np.ndarray:
    """Weights (size, c + apart) of merged rows and of rows apart, side by side."""
    all_times = np.array([*times, *[1] * apart])
    order = np.argsort(all_times, kind="stable")
    each = sparse.csr_array(np.eye(len(order))[order])
    return scheme.merged(Merged(each, all_times[order]))(generator_of(SEED, 1), size)


def assert_law(weights: np.ndarray, law: stats.rv_discrete, *parameters: object) -> None:
    """Whole-number weights (size, n) pass a chi-squared test at 1 in 1,000 against a joint law."""
    outcomes, observed = np.unique(weights.astype(int), axis=0, return_counts=True)
    expected = np.ravel(law.pmf(outcomes, *parameters)) * len(weights)
    often = expected >= 5
    counts = np.append(observed[often], len(weights) - observed[often].sum())
    sums = np.append(expected[often], len(weights) - expected[often].sum())
    kept = sums > 1e-9 * len(weights)
    assert (counts[~kept] == 0).all()
    chi2 = ((counts - sums)[kept] ** 2 / sums[kept]).sum()
    assert chi2 < stats.chi2.ppf(0.999, kept.sum() - 1)


@pytest.mark.slow
@every_scheme
@pytest.mark.parametrize("n", [2, 12])
def test_weights_have_the_moments_of_their_law(scheme: Scheme, n: int) -> None:
    """Mean, variance and covariance of every pair of clusters are what theory says."""
    weights = scheme.weights(generator_of(SEED, 0), DRAWS, n)
    assert weights.shape == (DRAWS, n)
    assert_moments(weights, np.full(n, mean(scheme, n)), covariance(scheme, n))


@pytest.mark.slow
@every_scheme
def test_merged_weights_have_the_moments_of_sums_of_single_ones(scheme: Scheme) -> None:
    """A row that occurs t times has the sum of t weights, and rows apart have one each."""
    n = int(BLOCKS.sum())
    sums = np.repeat(np.eye(len(BLOCKS)), BLOCKS, axis=1)
    assert_moments(
        drawn_merged(scheme), mean(scheme, n) * BLOCKS, sums @ covariance(scheme, n) @ sums.T
    )


@pytest.mark.slow
def test_multinomial_weights_have_their_joint_law() -> None:
    """Three clusters, and eight merged to five rows: every outcome is as frequent as it should."""
    single = MULTINOMIAL.weights(generator_of(SEED, 0), DRAWS, 3)
    assert_law(single, stats.multinomial, 3, np.full(3, 1 / 3))
    assert_law(drawn_merged(MULTINOMIAL), stats.multinomial, 8, BLOCKS / 8)


@pytest.mark.slow
def test_subsamples_have_their_joint_law() -> None:
    """Four of eight clusters, single and merged: a multivariate hypergeometric law."""
    assert SUBSAMPLE.drawn(8) == 4
    single = SUBSAMPLE.weights(generator_of(SEED, 0), DRAWS, 8)
    assert_law(single, stats.multivariate_hypergeom, np.ones(8, dtype=int), 4)
    assert_law(drawn_merged(SUBSAMPLE), stats.multivariate_hypergeom, BLOCKS, 4)


@pytest.mark.slow
def test_poisson_weights_have_their_law() -> None:
    """Each row is Poisson with as many as it occurs; given their sum, they are multinomial."""
    weights = drawn_merged(POISSON)
    for column, times in zip(weights.T, BLOCKS, strict=True):
        assert_law(column[:, None], stats.poisson, times)
    eight = weights[weights.sum(axis=1) == 8]
    assert_law(eight, stats.multinomial, 8, BLOCKS / 8)
    assert_law(POISSON.weights(generator_of(SEED, 0), DRAWS, 2)[:, :1], stats.poisson, 1)


@pytest.mark.slow
def test_exponential_weights_have_their_law() -> None:
    """Sums of t weights are gamma(t), and a row's part of all weights is beta distributed."""
    single = DIRICHLET.weights(generator_of(SEED, 0), DRAWS, 8)
    blocks = np.add.reduceat(single, np.cumsum(BLOCKS) - BLOCKS, axis=1)
    for weights in (blocks, drawn_merged(DIRICHLET)):
        parts = weights / weights.sum(axis=1, keepdims=True)
        for place, times in enumerate(BLOCKS):
            assert stats.kstest(weights[:, place], stats.gamma(times).cdf).pvalue > 0.0005
            beta = stats.beta(times, 8 - times)
            assert stats.kstest(parts[:, place], beta.cdf).pvalue > 0.0005


@every_scheme
@pytest.mark.parametrize(("times", "apart"), [([], 6), ([6], 0), ([1, 5], 0), ([5], 1)])
def test_all_rows_may_be_merged_or_none(scheme: Scheme, times: list[int], apart: int) -> None:
    """Where one kind is missing, the other has the whole law."""
    counted = np.array(times, dtype=np.int64)
    weights = drawn_merged(scheme, counted, apart, 2000)
    blocks = np.array([*times, *[1] * apart])
    assert weights.shape == (2000, len(blocks))
    sums = np.repeat(np.eye(len(blocks)), blocks, axis=1)
    assert_moments(weights, mean(scheme, 6) * blocks, sums @ covariance(scheme, 6) @ sums.T)
    if scheme in {MULTINOMIAL, SUBSAMPLE}:
        assert (weights.sum(axis=1) == 6 * mean(scheme, 6)).all()


@EXAMPLES
@given(st.integers(1, 3000), st.floats(0.01, 0.99))
def test_a_subsample_has_as_many_clusters_as_it_says(n: int, exponent: float) -> None:
    """The next whole number from n to the exponent, each at most once, by either way of drawing."""
    scheme = Subsample(exponent)
    drawn = scheme.drawn(n)
    assert drawn - 1 < n**exponent <= drawn <= n
    single = scheme.weights(generator_of(SEED, 0), 2, n)
    assert np.isin(single, [0, 1]).all()
    apart = n // 2
    merged = drawn_merged(scheme, np.array([n - apart]), apart, 2)
    assert np.isin(merged[:, 1:], [0, 1]).all()
    for weights in (single, merged):
        assert (weights.sum(axis=1) == drawn).all()


@every_scheme
def test_weights_are_multiples_of_their_grain(scheme: Scheme) -> None:
    """Whole numbers, or whole multiples of one part in 65,536, and never negative."""
    grain = GRAIN if scheme is DIRICHLET else 1.0
    single = scheme.weights(generator_of(SEED, 0), 500, 9)
    for weights in (single, drawn_merged(scheme, size=500)):
        assert (weights * grain == np.rint(weights * grain)).all()
        assert (weights >= 0).all()
    assert (scheme in WHOLE) == bool((single == np.rint(single)).all())


@every_scheme
def test_totals_are_exact(scheme: Scheme) -> None:
    """In fractions without rounding, weights times cells are the totals: here below 2³⁷."""
    cells = np.random.default_rng(2).integers(2**31, 2**32, (9, 3))
    weights = cluster_weights(9, 30, SEED, 0, scheme)
    exact = [
        [sum(Fraction(w) * int(x) for w, x in zip(row, column, strict=True)) for column in cells.T]
        for row in weights
    ]
    found = replicate_totals(cells, 30, 30, SEED, scheme=scheme)
    assert found.max() < 2**37
    assert [[Fraction(total) for total in row] for row in found] == exact


def test_every_scheme_has_weights_of_its_own() -> None:
    """Kept weights are kept under their scheme, and nobody can write on them."""
    found = [cluster_weights(9, 30, SEED, 0, s) for s in (*SCHEMES, Subsample(0.5))]
    assert len({weights.tobytes() for weights in found}) == len(found)
    assert cluster_weights(9, 30, SEED, 0, Subsample(0.5)) is found[-1]
    with pytest.raises(ValueError, match="read-only"):
        found[0][0, 0] = 1


def test_a_share_of_equal_clusters_is_hypergeometric_in_subsamples() -> None:
    """Of 27 equal clusters nine are drawn: those of a group of ten follow the urn's law."""
    cells = np.zeros((27, 2), dtype=np.int64)
    cells[:10, 0] = cells[10:, 1] = 100
    totals = replicate_totals(cells, DRAWS, 1000, SEED, scheme=SUBSAMPLE)
    assert (totals.sum(axis=1) == 900).all()
    assert_law(totals[:, :1] / 100, stats.hypergeom, 27, 10, 9)
