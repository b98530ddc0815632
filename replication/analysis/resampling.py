"""The cluster bootstrap by weights, and the totals without each unit.

Resampling n clusters with replacement gives each cluster a multinomial weight; the totals of a
replicate are the weights times the cells. No matrix of n × B indices is made, and sums of whole
numbers below 2⁵³ are exact in floating point, so that the result depends on nothing but cells and
seed.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from replication.errors import DegenerateDataError

EXACT = 2.0**53
AT_ONCE = 1 << 18
"""Clusters drawn at a time: little enough to stay in the processor's cache."""
KEPT = 1000
"""Weights of more clusters than this are not kept for the next specification: memory."""


def replicate_totals(
    counts: NDArray[np.int64], replicates: int, chunk: int, seed: int
) -> NDArray[np.float64]:
    """Totals of bootstrap replicates that draw whole clusters with replacement.

    Parameters
    ----------
    counts
        Cells (n, k): one row a cluster.
    replicates
        Number of replicates B.
    chunk
        Replicates drawn from one seed, ``SeedSequence(seed, spawn_key=(chunk number,))``; fewer
        replicates are a prefix of more.
    seed
        Root of all seeds.

    Returns
    -------
    numpy.ndarray
        Totals (B, k), whole numbers.

    Raises
    ------
    DegenerateDataError
        There are fewer than two clusters, or totals too large to add up exactly.

    Notes
    -----
    Sampling whole clusters with replacement is the cluster bootstrap of Field and Welsh (2007).
    """
    n = len(counts)
    if n < 2:
        raise DegenerateDataError(
            f"{n} developer has all downloads: nothing can be resampled", "widen the window"
        )
    values = counts.astype(float)
    draw = cluster_weights if n <= KEPT else cluster_weights.__wrapped__
    chunks = [draw(n, chunk, seed, number) @ values for number in range(-(-replicates // chunk))]
    totals = np.concatenate(chunks)[:replicates]
    if totals.max() >= EXACT:
        raise DegenerateDataError("totals reach 2**53 and are not exact", "use smaller units")
    return totals


@lru_cache(maxsize=64)  # specifications with as many clusters share their weights
def cluster_weights(n: int, chunk: int, seed: int, number: int) -> NDArray[np.float64]:
    """Weights (chunk, n) of one chunk of replicates: how often each cluster was drawn; read-only.

    Drawing n whole numbers below n and counting them is multinomial sampling without its floating
    point: the weights are the same on every machine. A few rows are drawn at a time, which bounds
    the memory and leaves the stream of numbers as it is.
    """
    generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number,)))
    weights = np.empty((chunk, n))
    step = max(1, AT_ONCE // n)
    for start in range(0, chunk, step):
        rows = min(step, chunk - start)
        drawn = generator.integers(n, size=(rows, n)) + n * np.arange(rows)[:, None]
        weights[start : start + rows] = np.bincount(drawn.ravel(), minlength=rows * n).reshape(
            rows, n
        )
    weights.setflags(write=False)
    return weights


def totals_without_each(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Totals (n, k) of the cells without each of the n clusters."""
    return np.asarray(counts.sum(axis=0) - counts)
