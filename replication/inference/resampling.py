"""The resampling engine: totals of replicates under any scheme, and the totals without each unit.

A replicate weights clusters; its totals are the weights times the cells. No matrix of n × B
indices is made, and sums of whole numbers below 2⁵³ are exact in floating point.

A few clusters are drawn one by one. Of many, equal rows are merged first, and the scheme draws how
often each different row counts. This is the same law, and its cost grows with the number of
different rows. Either way multinomial and Poisson weights are the same on every machine: the
result depends on nothing but cells, scheme and seed.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from replication.errors import DegenerateDataError
from replication.inference.merging import merged
from replication.inference.poisson import LARGEST
from replication.inference.schemes import MULTINOMIAL, Draw, Scheme

EXACT = 2.0**53
FEW = 1000
"""Up to this many clusters are drawn one by one, and their weights kept for the next specification."""


def replicate_totals(
    counts: NDArray[np.int64],
    replicates: int,
    chunk: int,
    seed: int,
    workers: int = 0,
    scheme: Scheme = MULTINOMIAL,
) -> NDArray[np.float64]:
    """Totals of replicates that resample whole clusters.

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
    workers
        Threads that draw chunks, which changes no number; 0 for one a core.
    scheme
        How clusters are weighted, with replacement unless told.

    Returns
    -------
    numpy.ndarray
        Totals (B, k), exact.

    Raises
    ------
    DegenerateDataError
        There are fewer than two clusters, or totals too large to add up exactly.
    """
    n = len(counts)
    if n < 2:
        raise DegenerateDataError(
            f"{n} developer has all downloads: nothing can be resampled", "widen the window"
        )
    numbers = range(-(-replicates // chunk))
    if n <= FEW:
        values = counts.astype(float)
        chunks = [cluster_weights(n, chunk, seed, number, scheme) @ values for number in numbers]
    else:
        draw = partial(_chunk, scheme.merged(merged(counts, LARGEST)), chunk, seed)
        with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
            chunks = list(pool.map(draw, numbers))
    totals = np.concatenate(chunks)[:replicates]
    if totals.max() >= EXACT:
        raise DegenerateDataError("totals reach 2**53 and are not exact", "use smaller units")
    return totals


@lru_cache(maxsize=128)  # specifications with as many clusters share their weights
def cluster_weights(
    n: int, chunk: int, seed: int, number: int, scheme: Scheme = MULTINOMIAL
) -> NDArray[np.float64]:
    """Weights (chunk, n) of one chunk of replicates; read-only."""
    weights = scheme.weights(generator_of(seed, number), chunk, n)
    weights.setflags(write=False)
    return weights


def _chunk(draw: Draw, chunk: int, seed: int, number: int) -> NDArray[np.float64]:
    """Totals (chunk, k) of one chunk of replicates of merged rows."""
    return draw(generator_of(seed, number), chunk)


def generator_of(seed: int, *key: int) -> np.random.Generator:
    """The generator of one chunk, which depends on the root seed and the key alone."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def totals_without_each(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Totals (n, k) of the cells without each of the n clusters."""
    return np.asarray(counts.sum(axis=0) - counts)
