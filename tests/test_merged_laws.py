"""The tables behind merged weights: exact probabilities, and the laws of what is drawn from them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from replication.inference import schemes
from replication.inference.resampling import generator_of
from replication.inference.schemes import AGAIN, LARGEST, MULTINOMIAL, SLOTS

SEED = 11
TIMES = np.array([1, 1, 2, 5, 40, 128, 300, 400])
"""Synthetic rows: a few with tables, two too frequent for them, in 923 clusters with those apart."""
APART = 46


@pytest.mark.parametrize("rate", [1.0, 0.9, 0.01, 0.0])
def test_tables_have_the_probabilities_of_poisson_laws(rate: float) -> None:
    """Slots and remainders add up to the Poisson probabilities, to the rounding of a double."""
    slots, remainders = schemes._tables(rate)
    for times, row in enumerate(slots.reshape(LARGEST + 1, SLOTS)):
        filled = np.bincount(row, minlength=AGAIN + 1) / SLOTS
        left = np.diff(remainders[times], prepend=0.0) * filled[AGAIN]
        wanted = stats.poisson.pmf(np.arange(AGAIN), rate * times)
        assert np.abs(filled[:AGAIN] + left - wanted).max() < 1e-14


def test_no_poisson_number_reaches_the_mark() -> None:
    """Numbers that the tables cannot hold are less likely than the rounding of a double."""
    assert stats.poisson.sf(AGAIN - 1, LARGEST) < np.finfo(float).eps


def assert_law(drawn: np.ndarray, law: stats.rv_discrete) -> None:
    """Whole numbers pass a chi-squared test at 1 in 10,000."""
    observed = np.bincount(drawn.astype(int))
    expected = law.pmf(np.arange(len(observed))) * len(drawn)
    often = expected >= 5
    counts = np.append(observed[often], observed[~often].sum())
    sums = np.append(expected[often], max(len(drawn) - expected[often].sum(), 1.0))
    chi2 = ((counts - sums) ** 2 / sums).sum()
    assert chi2 < stats.chi2.ppf(0.9999, often.sum())


def test_numbers_from_tables_are_poisson() -> None:
    """At the smallest, at middle and at the largest means."""
    times = np.array([1, 2, 9, 64, LARGEST])
    drawn = schemes._poisson(generator_of(SEED, 0), 200_000, times, 0.97)
    for column, mean in zip(drawn.T, times * 0.97, strict=True):
        assert_law(column, stats.poisson(mean))


@pytest.mark.slow
def test_spread_numbers_are_multinomial() -> None:
    """Whatever the sum, each row is binomial, and pairs of rows have the multinomial covariance."""
    times, size = np.array([1, 3, 20, 120, 100, 6]), 40_000
    for several in (1, 180, 250, 400):  # far below the mean, near it, at it and above
        drawn = schemes._spread(generator_of(SEED, several), np.full(size, several), times)
        assert (drawn.sum(axis=1) == several).all()
        for column, p in zip(drawn.T, times / 250, strict=True):
            assert_law(column, stats.binom(several, p))
        wanted = several * (np.diag(times) / 250 - np.outer(times, times) / 250**2)
        products = (drawn - several * times / 250)[:, :, None] * (drawn - several * times / 250)[
            :, None
        ]
        off = np.abs(products.mean(axis=0) - wanted)
        assert (off <= 5 * products.std(axis=0) / np.sqrt(size) + 1e-12).all()


@pytest.mark.slow
def test_merged_weights_are_multinomial() -> None:
    """Rows with tables, rows without and rows apart: each is binomial, and sums are exact."""
    common, apart = MULTINOMIAL.merged(generator_of(SEED, 1), 40_000, TIMES, APART)
    weights = np.hstack([common, np.array(list(apart))])
    clusters = TIMES.sum() + APART
    assert (weights.sum(axis=1) == clusters).all()
    for column, times in zip(weights.T, [*TIMES, *[1] * APART], strict=True):
        assert_law(column, stats.binom(clusters, times / clusters))


def test_rows_in_any_order_have_the_same_law() -> None:
    """A frequent row that comes first sends all after it to the slower way, and to no other law."""
    common, _ = MULTINOMIAL.merged(generator_of(SEED, 2), 40_000, TIMES[::-1], 0)
    for column, times in zip(common.T, TIMES[::-1], strict=True):
        assert_law(column, stats.binom(TIMES.sum(), times / TIMES.sum()))
