"""Resampling schemes: how often, or with what weight, each cluster counts in a replicate.

A scheme knows nothing of the statistic. It can draw the weights of n clusters one by one, and it
can draw the weights of rows that are merged because they are equal: how often a row that occurs t
times is drawn has a law of its own, which saves drawing each of the t.

Merged multinomial weights are made from Poisson numbers, which are multinomial given their sum.

Weights are whole numbers, or whole multiples of 2⁻¹⁶, so that weighted sums of counts are exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from replication.inference.merging import AT_ONCE, Merged
from replication.inference.poisson import RATE, PoissonNumbers

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Draw = Callable[[np.random.Generator, int], Floats]
"""Draws totals (size, k) of merged rows in so many replicates."""
GRAIN = 2.0**16
MARGIN = 2
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

    def merged(self, rows: Merged) -> Draw:
        """Prepare to draw totals (size, k) of merged rows."""
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

    def merged(self, rows: Merged) -> Draw:
        """Poisson numbers are multinomial given their sum, and remain so with more draws added.

        So they are aimed a little below n, drawn again where their sum exceeds it all the same,
        and what is missing is drawn one by one.
        """
        n = rows.clusters
        numbers = PoissonNumbers(rows.times, steps_below(n))

        def draw(generator: np.random.Generator, size: int) -> Floats:
            totals, sums = _poisson_totals(rows, numbers, generator, size)
            while len(over := np.flatnonzero(sums > n)):
                totals[over], sums[over] = _poisson_totals(rows, numbers, generator, len(over))
            return totals + rows.drawn_singly(generator, n - sums.astype(np.int64))

        return draw


@dataclass(frozen=True)
class Poisson:
    """Each cluster counts a Poisson number of times with mean one: n itself varies."""

    name: ClassVar[str] = "poisson"

    def weights(self, generator: np.random.Generator, size: int, n: int) -> Floats:
        """Independent Poisson(1) weights."""
        return generator.poisson(1.0, size=(size, n)).astype(float)

    def merged(self, rows: Merged) -> Draw:
        """Poisson numbers add up to Poisson numbers."""
        numbers = PoissonNumbers(rows.times)
        return lambda generator, size: _poisson_totals(rows, numbers, generator, size)[0]


@dataclass(frozen=True)
class Dirichlet:
    """Exponential weights: the Bayesian bootstrap, whose normalised weights are Dirichlet.

    A share is the same whether its weights are normalised or not.
    """

    name: ClassVar[str] = "dirichlet"

    def weights(self, generator: np.random.Generator, size: int, n: int) -> Floats:
        """Independent standard exponential weights, in multiples of 2⁻¹⁶."""
        return _grained(generator.standard_exponential((size, n)))

    def merged(self, rows: Merged) -> Draw:
        """Exponential weights add up to gamma weights."""
        shapes = rows.times.astype(float)[:, None]

        def draw(generator: np.random.Generator, size: int) -> Floats:
            def weights(part: slice, size: int) -> Floats:
                return _grained(
                    generator.standard_gamma(shapes[part], (part.stop - part.start, size))
                )

            return rows.totals(size, weights)[0]

        return draw


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

    def merged(self, rows: Merged) -> Draw:
        """One hypergeometric draw says how many of each row, and of all single ones, are taken."""
        single = int(np.searchsorted(rows.times, 1, side="right"))
        parts, taken = np.append(rows.times[single:], single), self.drawn(rows.clusters)

        step = max(1, AT_ONCE // len(rows.times))

        def some(generator: np.random.Generator, size: int) -> Floats:
            drawn = generator.multivariate_hypergeometric(parts, taken, size, method="marginals")
            each = np.array([_some(generator, several, single) for several in drawn[:, -1]])
            weights = np.hstack([each, drawn[:, :-1]]).T
            return rows.totals(size, lambda part, _: weights[part])[0]

        def draw(generator: np.random.Generator, size: int) -> Floats:
            starts = range(0, size, step)
            return np.vstack([some(generator, min(step, size - start)) for start in starts])

        return draw


MULTINOMIAL, POISSON, DIRICHLET = Multinomial(), Poisson(), Dirichlet()


def steps_below(n: int) -> int:
    """The factor of n means, in units of 1 / `RATE`, that aims their sum `MARGIN` errors below n."""
    return max(0, RATE - math.isqrt((MARGIN * RATE) ** 2 // n) - 1)


def _poisson_totals(
    rows: Merged, numbers: PoissonNumbers, generator: np.random.Generator, size: int
) -> tuple[Floats, Floats]:
    """Totals (size, k) of rows with Poisson weights, and sums (size,) of the weights."""
    return rows.totals(size, partial(numbers.draw, generator))


def _some(generator: np.random.Generator, several: int, apart: int) -> Ints:
    """Take `several` different ones of `apart` rows."""
    taken = np.zeros(apart, dtype=np.int64)
    taken[generator.choice(apart, several, replace=False, shuffle=False)] = 1
    return taken


def _grained(weights: Floats) -> Floats:
    return np.floor(weights * GRAIN) / GRAIN
