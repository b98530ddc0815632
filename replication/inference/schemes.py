"""Resampling schemes: how often, or with what weight, each cluster counts in a replicate.

A scheme knows nothing of the statistic. It can draw the weights of n clusters one by one, and it
can draw the weights of rows that are merged because they are equal: how often a row that occurs t
times is drawn has a law of its own, which saves drawing each of the t.

Merged multinomial weights are made from Poisson numbers, which are multinomial given their sum and
come from tables at a few nanoseconds each.

Weights are whole numbers, or whole multiples of 2⁻¹⁶, so that weighted sums of counts are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Drawn = tuple[NDArray[np.number], NDArray[np.number]]
GRAIN = 2.0**16
AT_ONCE = 1 << 18
"""Clusters drawn at a time: little enough to stay in the processor's cache."""
LARGEST = 128
"""Rows that occur at most this often have tables of their Poisson numbers."""
SLOTS, AGAIN = 1 << 13, 255
"""Slots of a table, and the mark of a slot whose number takes a second draw."""
MARGIN = 4.0
"""Standard errors by which Poisson numbers are aimed below the sum that they must not exceed."""


class Scheme(Protocol):
    """What the engine asks of a scheme."""

    name: ClassVar[str]

    def __hash__(self) -> int:
        """Schemes are frozen: weights that were drawn are kept under them."""
        ...

    def weights(self, generator: np.random.Generator, size: int, n: int) -> Floats:
        """Draw weights (size, n) of n clusters."""
        ...

    def merged(self, generator: np.random.Generator, size: int, times: Ints, apart: int) -> Drawn:
        """Draw weights (size, c) of rows that occur `times` (c,), and (size, apart) of others."""
        ...


@dataclass(frozen=True)
class Multinomial:
    """Clusters drawn with replacement: the cluster bootstrap of Field and Welsh (2007)."""

    name: ClassVar[str] = "multinomial"

    def weights(self, generator: np.random.Generator, size: int, n: int) -> Floats:
        """Count n whole numbers below n: multinomial sampling without its floating point.

        A few rows are drawn at a time, which bounds the memory and leaves the stream of numbers as
        it is.
        """
        weights = np.empty((size, n))
        step = max(1, AT_ONCE // n)
        for start in range(0, size, step):
            rows = min(step, size - start)
            drawn = generator.integers(n, size=(rows, n)) + n * np.arange(rows)[:, None]
            counted = np.bincount(drawn.ravel(), minlength=rows * n)
            weights[start : start + rows] = counted.reshape(rows, n)
        return weights

    def merged(self, generator: np.random.Generator, size: int, times: Ints, apart: int) -> Drawn:
        """One multinomial says how often each frequent row, and all others together, are drawn."""
        others, few = _with_tables(times, apart)
        parts = np.append(others.sum(), times[few:])
        drawn = generator.multinomial(parts.sum(), parts / parts.sum(), size=size)
        weights = _spread(generator, drawn[:, 0], others)
        return np.hstack([weights[:, apart:], drawn[:, 1:]]), weights[:, :apart]


@dataclass(frozen=True)
class Poisson:
    """Each cluster counts a Poisson number of times with mean one: n itself varies."""

    name: ClassVar[str] = "poisson"

    def weights(self, generator: np.random.Generator, size: int, n: int) -> Floats:
        """Independent Poisson(1) weights."""
        return generator.poisson(1.0, size=(size, n)).astype(float)

    def merged(self, generator: np.random.Generator, size: int, times: Ints, apart: int) -> Drawn:
        """Poisson numbers add up to Poisson numbers."""
        others, few = _with_tables(times, apart)
        drawn = generator.poisson(times[few:].astype(float), size=(size, len(times) - few))
        weights = _poisson(generator, size, others)
        return np.hstack([weights[:, apart:], drawn]), weights[:, :apart]


@dataclass(frozen=True)
class Dirichlet:
    """Exponential weights: the Bayesian bootstrap, whose normalised weights are Dirichlet.

    A share is the same whether its weights are normalised or not.
    """

    name: ClassVar[str] = "dirichlet"

    def weights(self, generator: np.random.Generator, size: int, n: int) -> Floats:
        """Independent standard exponential weights, in multiples of 2⁻¹⁶."""
        return _grained(generator.standard_exponential((size, n)))

    def merged(self, generator: np.random.Generator, size: int, times: Ints, apart: int) -> Drawn:
        """Exponential weights add up to gamma weights."""
        common = _grained(generator.standard_gamma(times.astype(float), size=(size, len(times))))
        return common, _grained(generator.standard_exponential((size, apart)))


@dataclass(frozen=True)
class Subsample:
    """Clusters drawn without replacement, ⌈n^exponent⌉ of them: subsampling."""

    exponent: float
    name: ClassVar[str] = "subsample"

    def drawn(self, n: int) -> int:
        """Clusters in a subsample of n."""
        return min(n, int(np.ceil(n**self.exponent)))

    def spread(self, n: int) -> float:
        """How a subsample's error, made as if all n were drawn with replacement, must be scaled.

        b of n clusters without replacement spread by √(1 − b/n) less, and their sample variance
        divides by b − 1 and not by n − 1.
        """
        b = self.drawn(n)
        return float(np.sqrt((1 - b / n) * (b / (b - 1)) * ((n - 1) / n)))

    def weights(self, generator: np.random.Generator, size: int, n: int) -> Floats:
        """Weights 1 of the clusters that come first in a random order, else 0."""
        order = generator.random((size, n)).argpartition(self.drawn(n) - 1, axis=1)
        weights = np.zeros((size, n))
        np.put_along_axis(weights, order[:, : self.drawn(n)], 1.0, axis=1)
        return weights

    def merged(self, generator: np.random.Generator, size: int, times: Ints, apart: int) -> Drawn:
        """One hypergeometric draw says how many of each row, and of the rows apart, are taken."""
        clusters = int(times.sum()) + apart
        drawn = generator.multivariate_hypergeometric(
            np.append(times, apart), self.drawn(clusters), size=size, method="marginals"
        )
        return drawn[:, :-1], np.array(
            [_some(generator, several, apart) for several in drawn[:, -1]]
        )


MULTINOMIAL, POISSON, DIRICHLET = Multinomial(), Poisson(), Dirichlet()


def _with_tables(times: Ints, apart: int) -> tuple[Ints, int]:
    """Times of the rows that tables serve, those apart first, and how many of `times` are there.

    They end at the first row that occurs too often: all of them, where `times` ascend.
    """
    few = int(np.argmax(np.append(times, LARGEST + 1) > LARGEST))
    return np.append(np.ones(apart, dtype=np.int64), times[:few]), few


def _spread(generator: np.random.Generator, several: Ints, times: Ints) -> Floats:
    """Multinomial weights (size, r), with sums `several` (size,), of rows that occur `times`.

    Poisson numbers are multinomial given their sum, and remain so with further draws added. So
    they are aimed a little below `several`, given up where their sum exceeds it all the same, and
    what is missing is drawn one by one.
    """
    clusters = max(int(times.sum()), 1)
    rate = max(0.0, 1 - MARGIN / np.sqrt(clusters))
    weights = _poisson(generator, len(several), times, rate)
    sums = weights.sum(axis=1)
    weights[sums > several] = 0
    missing = (several - np.where(sums > several, 0, sums)).astype(np.int64)
    replicate = np.repeat(np.arange(len(several)), missing)
    row = generator.integers(clusters, size=len(replicate))
    if clusters > len(times):  # else every cluster is a row
        row = np.repeat(np.arange(len(times)), times)[row]
    np.add.at(weights.ravel(), replicate * len(times) + row, 1.0)
    return weights


def _poisson(generator: np.random.Generator, size: int, times: Ints, rate: float = 1.0) -> Floats:
    """Independent Poisson numbers (size, r) with means `rate` × `times`."""
    slots, remainders = _tables(rate)
    bits = generator.integers(1 << 16, size=(size, len(times)), dtype=np.uint16)
    drawn = slots.take(times.astype(np.uint32) * SLOTS + (bits & (SLOTS - 1)), mode="wrap")
    again = np.flatnonzero(drawn == AGAIN)
    numbers = drawn.astype(float)
    if len(again):
        below = remainders[times[again % len(times)]] < generator.random((len(again), 1))
        numbers.ravel()[again] = below.sum(axis=1)
    return numbers


@lru_cache(maxsize=8)
def _tables(rate: float) -> tuple[NDArray[np.uint8], Floats]:
    """Tables of the Poisson laws with means `rate` × (0, 1, … `LARGEST`), one after the other.

    Each number fills as many slots as the whole part of `SLOTS` times its probability. The
    remainders, cumulative (LARGEST + 1, AGAIN), are the law of the slots left over. That makes the
    law exact to the rounding of a double, and numbers from `AGAIN` on are less likely than that.
    """
    means = rate * np.arange(LARGEST + 1)[:, None]
    mass = stats.poisson.pmf(np.arange(AGAIN), means) * SLOTS
    whole = np.floor(mass).astype(np.int64)
    slots = np.full((len(means), SLOTS), AGAIN, dtype=np.uint8)
    for row, filled in zip(slots, whole, strict=True):
        row[: filled.sum()] = np.repeat(np.arange(AGAIN), filled)
    remainders = np.cumsum(mass - whole, axis=1)
    return slots.ravel(), remainders / np.maximum(remainders[:, -1:], np.finfo(float).tiny)


def _some(generator: np.random.Generator, several: int, apart: int) -> Ints:
    """Take `several` different ones of `apart` rows."""
    taken = np.zeros(apart, dtype=np.int64)
    taken[generator.choice(apart, several, replace=False, shuffle=False)] = 1
    return taken


def _grained(weights: Floats) -> Floats:
    return np.floor(weights * GRAIN) / GRAIN
