"""Sampling with probability proportional to size, for the audit of the registry."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from replication.errors import DegenerateDataError


def inclusion_probabilities(sizes: NDArray[np.number], n: int) -> NDArray[np.float64]:
    """Probability with which each unit is drawn: proportional to its size, and at most 1.

    Units so large that they would be drawn more than once are taken with certainty, and the rest
    of the sample is spread over the others in proportion, until none exceeds 1.

    Parameters
    ----------
    sizes
        Positive sizes (N,).
    n
        Size of the sample, at most N.

    Returns
    -------
    numpy.ndarray
        Probabilities (N,) that add up to n.
    """
    size = np.asarray(sizes, dtype=float)
    if not 0 < n <= len(size) or (size <= 0).any():
        raise DegenerateDataError(
            f"{n} of {len(size)} units cannot be drawn by size", "give positive sizes, n ≤ N"
        )
    certain = np.zeros(len(size), dtype=bool)
    while True:
        left = n - certain.sum()
        rest = size[~certain].sum()
        share = np.where(certain, 1.0, left * size / rest if rest else 1.0)
        over = ~certain & (share >= 1)
        if not over.any():
            return share
        certain |= over


def systematic(probabilities: NDArray[np.float64], seed: int) -> NDArray[np.bool_]:
    """Draw a sample of fixed size with the given inclusion probabilities.

    Units are put in random order, their probabilities laid end to end, and every unit is taken
    that holds one of the points u, u + 1, u + 2, … with u uniform on [0, 1).

    Parameters
    ----------
    probabilities
        Inclusion probabilities (N,), which add up to a whole number.
    seed
        Seed of the order and of the start.

    Returns
    -------
    numpy.ndarray
        Whether each unit is drawn (N,).
    """
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(probabilities))
    ends = np.cumsum(probabilities[order])
    ends[-1] = round(ends[-1])  # the sum is whole but for rounding
    points = np.floor(ends - generator.random())
    drawn = np.diff(points, prepend=-1.0) > 0
    chosen = np.zeros(len(probabilities), dtype=bool)
    chosen[order] = drawn
    return chosen
