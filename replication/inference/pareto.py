"""Pareto tails: Hill's index of how heavy a tail is, at every size of the tail, and draws from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

from replication.errors import DegenerateDataError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tail:
    """A Pareto law for the largest units: P(X > x) = (threshold / x) ** index above the threshold.

    Attributes
    ----------
    size
        Number k of units above the threshold.
    threshold
        The largest size that is not in the tail.
    index
        The tail index: moments of its order and above do not exist.
    """

    size: int
    threshold: float
    index: float


def tail_size(n: int) -> int:
    """Number k of the n units that count as the tail: the square root of n, rounded.

    The tail must grow with n, for its index to be estimated ever better, and become an ever smaller
    part of n, for the law to hold ever better. The square root does both and leaves nothing to
    tune; tests/test_concentration.py checks that intervals made with it cover at their level.
    """
    return round(float(np.sqrt(n)))


def hill_index(sizes: NDArray[np.number]) -> Floats:
    """Hill's index for every size of the tail at once.

    Parameters
    ----------
    sizes
        Positive sizes (n,) in any order and unit.

    Returns
    -------
    numpy.ndarray
        Indices (n − 1,) for tails of k = 1, …, n − 1 units; infinite where all k are as large as the
        threshold.

    Raises
    ------
    DegenerateDataError
        A size is not positive, and has no logarithm.

    Notes
    -----
    With x₁ ≥ … ≥ xₙ the index of Hill (1975) is the inverse of the mean of log xⱼ − log xₖ₊₁ over
    the k largest, which are j ≤ k. Summed by parts, k times that mean is the sum of
    j (log xⱼ − log xⱼ₊₁) over j ≤ k: one cumulative sum gives all k, and its terms cannot cancel.
    """
    ordered = np.sort(np.asarray(sizes, dtype=float))[::-1]
    if ordered.size and ordered[-1] <= 0:
        raise DegenerateDataError("a size is not positive", "leave out units without downloads")
    rank = np.arange(1, ordered.size)
    excess = np.cumsum(-np.diff(np.log(ordered)) * rank)
    with np.errstate(divide="ignore"):
        return np.asarray(rank / excess)


def hill_interval(index: Floats, size: NDArray[np.int64], level: float) -> tuple[Floats, Floats]:
    """Interval of the index of an exact Pareto tail.

    Above the threshold the logarithms of such a tail are exponential with the index α as rate, so
    that k α / Hill's index follows the gamma law with shape k. For large k the interval approaches
    that of the asymptotic standard error, Hill's index / √k, and unlike it never crosses zero.

    Parameters
    ----------
    index, size
        Hill's indices and the tail sizes k that they were made from.
    level
        Nominal coverage, such as 0.95.

    Returns
    -------
    tuple of numpy.ndarray
        Lower and upper ends, in the shape of `index`.
    """
    low, high = (gammaincinv(size, p) / size for p in ((1 - level) / 2, (1 + level) / 2))
    return index * low, index * high


def fit_tail(sizes: NDArray[np.number], size: int) -> Tail:
    """Fit a Pareto law with Hill's index to the `size` largest of the sizes (n,), 0 < size < n."""
    ordered = np.sort(np.asarray(sizes, dtype=float))[::-1]
    return Tail(size, float(ordered[size]), float(hill_index(sizes)[size - 1]))


def draw_tail(tail: Tail, number: int, generator: np.random.Generator) -> Floats:
    """Draw sizes (number,) from the Pareto law: the logarithm of its excess is exponential."""
    excess = generator.standard_exponential(number) / tail.index
    return np.asarray(tail.threshold * np.exp(excess))
