"""Resampling schemes: how often, or with what weight, each cluster counts in a replicate.

A scheme knows nothing of the statistic. It can draw the weights of n clusters one by one, and it
can draw the weights of rows that are merged because they are equal: how often a row that occurs t
times is drawn has a law of its own, which saves drawing each of the t.

Weights are whole numbers, or whole multiples of 2⁻¹⁶, so that weighted sums of counts are exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Drawn = tuple[NDArray[np.number], Iterator[NDArray[np.number]]]
GRAIN = 2.0**16
AT_ONCE = 1 << 18
"""Clusters drawn at a time: little enough to stay in the processor's cache."""


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
        """Draw weights (size, c) of rows that occur `times` (c,) and, one replicate after the
        other, weights (apart,) of rows that stand apart."""  # noqa: D205, D209
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
        """One multinomial says how often each row, and all rows apart together, are drawn."""
        clusters = int(times.sum()) + apart
        drawn = generator.multinomial(clusters, np.append(times, apart) / clusters, size=size)
        return drawn[:, :-1], _spread(generator, drawn[:, -1], apart)


@dataclass(frozen=True)
class Poisson:
    """Each cluster counts a Poisson number of times with mean one: n itself varies."""

    name: ClassVar[str] = "poisson"

    def weights(self, generator: np.random.Generator, size: int, n: int) -> Floats:
        """Independent Poisson(1) weights."""
        return generator.poisson(1.0, size=(size, n)).astype(float)

    def merged(self, generator: np.random.Generator, size: int, times: Ints, apart: int) -> Drawn:
        """Poisson numbers add up to Poisson numbers, which spread evenly over what they add up."""
        common = generator.poisson(times.astype(float), size=(size, len(times)))
        return common, _spread(generator, generator.poisson(float(apart), size=size), apart)


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
        return common, (_grained(generator.standard_exponential(apart)) for _ in range(size))


@dataclass(frozen=True)
class Subsample:
    """Clusters drawn without replacement, ⌈n^exponent⌉ of them: subsampling."""

    exponent: float
    name: ClassVar[str] = "subsample"

    def drawn(self, n: int) -> int:
        """Clusters in a subsample of n."""
        return min(n, int(np.ceil(n**self.exponent)))

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
        return drawn[:, :-1], (_some(generator, several, apart) for several in drawn[:, -1])


MULTINOMIAL, POISSON, DIRICHLET = Multinomial(), Poisson(), Dirichlet()


def _spread(generator: np.random.Generator, several: Ints, apart: int) -> Iterator[Ints]:
    """Spread `several` draws evenly over `apart` rows, replicate by replicate."""
    for draws in several:
        hits = generator.integers(max(apart, 1), size=draws, dtype=np.uint32)
        yield np.bincount(hits, minlength=apart)


def _some(generator: np.random.Generator, several: int, apart: int) -> Ints:
    """Take `several` different ones of `apart` rows."""
    taken = np.zeros(apart, dtype=np.int64)
    taken[generator.choice(apart, several, replace=False, shuffle=False)] = 1
    return taken


def _grained(weights: Floats) -> Floats:
    return np.floor(weights * GRAIN) / GRAIN
