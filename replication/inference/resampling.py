"""The resampling engine: totals of replicates under any scheme, and the totals without each unit.

A replicate weights clusters; its totals are the weights times the cells. No matrix of n × B
indices is made, and sums of whole numbers below 2⁵³ are exact in floating point.

A few clusters are drawn one by one: the result depends on nothing but cells, scheme and seed. Of
many, equal rows are merged first, and the scheme draws how often each different row counts. This
is the same law, and its cost grows with the number of different rows. Its probabilities are
floating-point numbers, so that another machine may draw others.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from replication.errors import DegenerateDataError
from replication.inference.schemes import AT_ONCE, MULTINOMIAL, Scheme

EXACT = 2.0**53
FEW = 1000
"""Up to this many clusters are drawn one by one, and their weights kept for the next specification."""
RARE = 1
"""Rows that occur at most this often are kept one by one, others with how often each occurs."""


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
        draw = partial(_merged_totals, merged(counts), chunk, seed, scheme)
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


def generator_of(seed: int, *key: int) -> np.random.Generator:
    """The generator of one chunk, which depends on the root seed and the key alone."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


@dataclass(frozen=True)
class Merged:
    """Rows of cells with equal ones merged.

    Attributes
    ----------
    common
        The c different rows (c, k) that occur often, and in `times` how often each does, ascending.
    rare
        The other r rows, one a column (k, r), repeated as often as they occur.
    """

    common: NDArray[np.float64]
    times: NDArray[np.int64]
    rare: sparse.csr_array

    @property
    def clusters(self) -> int:
        """Number of clusters n."""
        return int(self.times.sum()) + int(self.rare.shape[1])


def merged(counts: NDArray[np.int64], rare: int = RARE) -> Merged:
    """Merge equal rows of cells (n, k); rows that occur at most `rare` times stay apart."""
    rows, times = _different_rows(counts)
    order = np.argsort(times, kind="stable")
    rows, times = rows[order], times[order]
    often = times > rare
    apart = np.repeat(rows[~often], times[~often], axis=0).astype(float)
    return Merged(rows[often].astype(float), times[often], sparse.csr_array(apart.T))


def _different_rows(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The different rows of (n, k), and how often each occurs.

    Rows are sorted by one hash each, which is much faster than by all columns; should two
    different rows share a hash, they are sorted by all columns.
    """
    drawn = np.random.default_rng(0).integers(1 << 62, size=counts.shape[1], dtype=np.uint64)
    odd: NDArray[np.uint64] = np.asarray(drawn, dtype=np.uint64) | np.uint64(1)
    hashed = counts.view(np.uint64) @ odd
    _, first, where, times = np.unique(
        hashed, return_index=True, return_inverse=True, return_counts=True
    )
    rows = counts[first]
    step = max(1, AT_ONCE // counts.shape[1])
    parts = (slice(start, start + step) for start in range(0, len(counts), step))
    if all(np.array_equal(counts[part], rows[where[part]]) for part in parts):
        return rows, times
    rows, times = np.unique(counts, axis=0, return_counts=True)
    return rows, times


def _merged_totals(
    rows: Merged, chunk: int, seed: int, scheme: Scheme, number: int
) -> NDArray[np.float64]:
    """Totals (chunk, k) of one chunk of replicates of merged rows."""
    apart = int(rows.rare.shape[1])
    generator = generator_of(seed, number)
    step = max(1, AT_ONCE // (apart + len(rows.times)))
    totals = np.empty((chunk, rows.common.shape[1]))
    often = sparse.csr_array(rows.common.T)
    for start in range(0, chunk, step):
        block = totals[start : start + step]
        common, rare = scheme.merged(generator, len(block), rows.times, apart)
        block[:] = (often @ common.T).T + (rows.rare @ rare.T).T
    return totals


def totals_without_each(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Totals (n, k) of the cells without each of the n clusters."""
    return np.asarray(counts.sum(axis=0) - counts)
