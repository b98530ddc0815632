"""Poisson numbers from tables: exact probabilities, the laws of what is drawn, and the same stream."""

from __future__ import annotations

from decimal import Decimal, localcontext

import numpy as np
import pytest
from scipy import sparse, stats

from replication.inference import poisson, schemes
from replication.inference.merging import Merged
from replication.inference.poisson import AGAIN, GRAINS, LARGEST, PAIRED, RATE, PoissonNumbers
from replication.inference.resampling import generator_of
from replication.inference.schemes import MULTINOMIAL

SEED = 11
STEPS = [RATE, RATE * 9 // 10, RATE // 100, 0]
"""Means multiplied by one, by about 0.9 and 0.01, and by zero."""
TIMES = np.array([1, 1, 2, 5, 6, PAIRED, PAIRED + 1, 40, 120, LARGEST])
"""Synthetic rows: the first six are drawn in pairs, the others one by one."""


def exact(times: int, steps: int, numbers: range) -> list[Decimal]:
    """Poisson probabilities to sixty digits, from the exponential function."""
    with localcontext(prec=60):
        mean = Decimal(times * steps) / RATE
        found = [(-mean).exp()]
        for number in range(1, numbers.stop):
            found.append(found[-1] * mean / number)
    return found[numbers.start :]


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("times", [1, 2, PAIRED, 40, LARGEST])
def test_probabilities_are_poisson_to_two_to_minus_51(times: int, steps: int) -> None:
    """They add up to one, and what is left out at both ends is less than that altogether."""
    first, each = poisson.probabilities(times, steps)
    wanted = exact(times, steps, range(first, first + len(each)))
    assert sum(each) == 1 << GRAINS
    unit = Decimal(1 << GRAINS)
    assert all(abs(mass / unit - true) < 2 / unit for mass, true in zip(each, wanted, strict=True))
    assert 1 - sum(wanted) < 1 / unit


@pytest.mark.parametrize("two", [True, False], ids=["two", "one"])
@pytest.mark.parametrize("steps", STEPS)
def test_slots_and_remainders_have_the_probabilities(steps: int, two: bool) -> None:
    """In whole numbers without rounding, a table gives every outcome its probability."""
    means = (1, PAIRED) if two else (PAIRED + 1, LARGEST)
    table = poisson._table(means, steps, two)
    rest = 1 << (GRAINS - table.bits)
    remainders = np.diff(table.left, prepend=0)
    start = 0
    for law, (mean, slots) in enumerate(zip(means, table.slots.reshape(2, -1), strict=True)):
        outcomes, mass = poisson._law(mean, steps, two=two)
        part = slice(start, start + len(outcomes))
        filled = np.bincount(slots, minlength=1 << 16)
        assert filled[AGAIN] * rest == table.ends[law + 1] - table.ends[law]
        assert np.array_equal(table.numbers[part], outcomes)
        assert np.array_equal(filled[outcomes] * rest + remainders[part], mass)
        start = part.stop
    assert start == len(table.left)


def test_two_numbers_of_a_slot_are_independent() -> None:
    """The probability of two is the product of both, to two to minus 51."""
    first, each = poisson.probabilities(3)
    outcomes, mass = poisson._law(3, RATE, two=True)
    for pair, found in zip(outcomes.tolist(), mass.tolist(), strict=True):
        one, other = pair & 0xFF, pair >> 8
        assert abs(found - each[one - first] * each[other - first] / 2**GRAINS) < 2


def test_no_number_is_the_mark() -> None:
    """The numbers of every table are below the mark, and those of two fit into a byte."""
    for mean, most in ((PAIRED, 0xFF), (LARGEST, AGAIN)):
        first, each = poisson.probabilities(mean)
        assert first + len(each) <= most


def test_words_are_cut_from_the_stream_in_order() -> None:
    """The lowest sixteen bits of a number of 64 come first, on every machine."""
    whole = generator_of(SEED, 0).integers(0, 2**64 - 1, size=3, dtype=np.uint64, endpoint=True)
    cut = [int(number) >> place & 0xFFFF for number in whole for place in (0, 16, 32, 48)]
    assert poisson.random_words(generator_of(SEED, 0), 10).tolist() == cut[:10]


def assert_law(drawn: np.ndarray, law: stats.rv_discrete) -> None:
    """Whole numbers pass a chi-squared test at 1 in 10,000."""
    observed = np.bincount(drawn.astype(int))
    expected = law.pmf(np.arange(len(observed))) * len(drawn)
    often = expected >= 5
    counts = np.append(observed[often], observed[~often].sum())
    sums = np.append(expected[often], max(len(drawn) - expected[often].sum(), 1.0))
    chi2 = ((counts - sums) ** 2 / sums).sum()
    assert chi2 < stats.chi2.ppf(0.9999, often.sum())


@pytest.mark.parametrize("steps", STEPS[:3])
def test_numbers_from_tables_are_poisson(steps: int) -> None:
    """In pairs and one by one, at the smallest and at the largest means, over an odd number."""
    numbers = PoissonNumbers(TIMES, steps)
    drawn = numbers.draw(generator_of(SEED, 0), slice(0, len(TIMES)), 100_001)
    assert drawn.shape == (len(TIMES), 100_001)
    for row, mean in zip(drawn, TIMES * steps / RATE, strict=True):
        assert_law(row, stats.poisson(mean))
    paired = drawn[:, :100_000].reshape(len(TIMES), -1, 2).astype(float)
    for row in paired[TIMES * steps > RATE // 10]:
        assert abs(np.corrcoef(row.T)[0, 1]) < 5 / np.sqrt(len(row))


@pytest.mark.parametrize(("start", "stop"), [(0, 3), (2, 6), (4, 9), (6, 8), (9, 10), (4, 4)])
def test_numbers_of_a_part_have_the_means_of_its_rows(start: int, stop: int) -> None:
    """On either side of the border between pairs and single ones, and across it."""
    drawn = PoissonNumbers(TIMES).draw(generator_of(SEED, 3), slice(start, stop), 20_000)
    means = TIMES[start:stop]
    assert (np.abs(drawn.mean(axis=1) - means) < 5 * np.sqrt(means / 20_000)).all()


def test_numbers_with_mean_zero_are_zero() -> None:
    """Where nothing is aimed at, nothing is drawn."""
    assert not PoissonNumbers(TIMES, 0).draw(generator_of(SEED, 0), slice(0, 10), 100).any()


def weights_of(times: np.ndarray, size: int) -> np.ndarray:
    """Multinomial weights (size, r) of merged rows."""
    rows = Merged(sparse.csr_array(np.eye(len(times))), times)
    return MULTINOMIAL.merged(rows)(generator_of(SEED, 1), size)


@pytest.mark.slow
@pytest.mark.parametrize("margin", [0, 1, schemes.MARGIN, 12], ids=lambda x: f"margin {x}")
def test_merged_weights_are_multinomial(monkeypatch: pytest.MonkeyPatch, margin: int) -> None:
    """Wherever the sum is aimed: each row is binomial, pairs have their covariance, sums are exact.

    Without a margin half of the replicates are drawn again; with twelve standard errors, a third
    of all clusters is drawn one by one.
    """
    monkeypatch.setattr(schemes, "MARGIN", margin)
    times, size = np.append(np.ones(46, dtype=np.int64), TIMES), 40_000
    drawn, n = weights_of(times, size), int(times.sum())
    assert (drawn.sum(axis=1) == n).all()
    for column, several in zip(drawn.T, times, strict=True):
        assert_law(column, stats.binom(n, several / n))
    centred = drawn - times
    wanted = np.diag(times) - np.outer(times, times) / n
    for row in (0, 45, 50, 53, 55):
        products = centred * centred[:, [row]]
        off = np.abs(products.mean(axis=0) - wanted[row])
        assert (off <= 5 * products.std(axis=0) / np.sqrt(size)).all()


@pytest.mark.parametrize("n", [1, 2, 3, 1001, 851_000])
def test_means_are_aimed_below_the_sum_by_the_margin(n: int) -> None:
    """By two standard errors of a Poisson number with mean n, rounded down, and never below zero."""
    aimed = n * schemes.steps_below(n) / RATE
    wanted = max(0.0, n - schemes.MARGIN * np.sqrt(n))
    assert wanted - 2 * n / RATE <= aimed <= wanted
