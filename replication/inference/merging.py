"""Equal rows of cells merged, and sums of weighted rows.

Of many clusters most are alike: small ones with the same downloads in the same group. A row is
kept once, with how many clusters it stands for, and a scheme draws how often they count together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
AT_ONCE = 1 << 18
"""Weights drawn at a time: little enough to stay in the processor's cache."""
Weights = Callable[[slice, int], NDArray[np.number]]
"""Weights (rows, size) of the rows of a part in `size` replicates."""


@dataclass(frozen=True, eq=False)
class Merged:
    """Rows of cells with equal ones merged.

    Attributes
    ----------
    rows
        Cells (r, k): one row for all clusters that it stands for.
    times
        For how many clusters (r,) each stands, ascending.
    """

    rows: sparse.csr_array
    times: Ints

    @cached_property
    def clusters(self) -> int:
        """Number of clusters n."""
        return int(self.times.sum())

    def totals(self, size: int, weights: Weights) -> tuple[Floats, Floats]:
        """Totals (size, k) of weighted rows, and sums (size,) of the weights, a part at a time."""
        found = np.zeros((self.rows.shape[1] + 1, size))
        for part, columns in zip(self.parts(size), self._columns(size), strict=True):
            found += columns @ weights(part, size).astype(float)
        return np.ascontiguousarray(found[:-1].T), found[-1]

    def parts(self, size: int) -> list[slice]:
        """Rows of which `AT_ONCE` weights are drawn at a time, or half of that, for `size` replicates."""
        step = 1 << (max(1, AT_ONCE // max(size, 1)).bit_length() - 1)
        starts = range(0, len(self.times), step)
        return [slice(start, min(start + step, len(self.times))) for start in starts]

    def drawn_singly(self, generator: np.random.Generator, several: Ints) -> Floats:
        """Totals (size, k) of so many clusters (size,), each drawn from all with replacement."""
        ends = np.append(0, np.cumsum(several))
        row = self._row_of_cluster.take(generator.integers(self.clusters, size=ends[-1]))
        ones = np.ones(len(row))
        chosen = sparse.csr_array((ones, row, ends), shape=(len(several), len(self.times)))
        return np.asarray((chosen @ self.rows).toarray())

    def _columns(self, size: int) -> list[sparse.csc_array]:
        """The rows of each part as columns, with a one at the end that counts the weights."""
        parts = self.parts(size)
        if len(parts) not in self._kept:
            counting = sparse.csc_array(np.ones((1, len(self.times))))
            columns = sparse.vstack([self.rows.T, counting], format="csc")
            self._kept[len(parts)] = [columns[:, part] for part in parts]
        return self._kept[len(parts)]

    @cached_property
    def _kept(self) -> dict[int, list[sparse.csc_array]]:
        """Columns of the parts, by the number of parts."""
        return {}

    @cached_property
    def _row_of_cluster(self) -> NDArray[np.int32]:
        """The row (n,) that stands for each cluster."""
        return np.repeat(np.arange(len(self.times), dtype=np.int32), self.times)


def merged(counts: Ints, most: int) -> Merged:
    """Merge equal rows of cells (n, k), so that one stands for `most` clusters and no more."""
    rows, times = different_rows(counts)
    pieces = -(-times // most)
    rows, last = np.repeat(rows, pieces, axis=0), np.cumsum(pieces) - 1
    whole = np.full(len(rows), most)
    whole[last] = times - (pieces - 1) * most
    order = np.argsort(whole, kind="stable")
    return Merged(sparse.csr_array(rows[order].astype(float)), whole[order])


def different_rows(counts: Ints) -> tuple[Ints, Ints]:
    """The different rows of (n, k), in an order of their own, and how often each occurs.

    Rows are told apart by one hash each, which is much faster than by all columns; should two
    different rows share a hash, they are sorted by all columns.
    """
    drawn = np.random.default_rng(0).integers(1 << 62, size=counts.shape[1], dtype=np.uint64)
    odd = np.asarray(drawn, dtype=np.uint64) | np.uint64(1)
    where, hashes = pd.factorize(counts.view(np.uint64) @ odd, size_hint=AT_ONCE)
    first = np.empty(len(hashes), dtype=np.int64)
    first[where] = np.arange(len(counts))
    rows = counts[first]
    step = max(1, AT_ONCE // counts.shape[1])
    parts = (slice(start, start + step) for start in range(0, len(counts), step))
    if all(np.array_equal(counts[part], rows.take(where[part], axis=0)) for part in parts):
        order = np.argsort(hashes)
        return rows[order], np.bincount(where)[order]
    rows, times = np.unique(counts, axis=0, return_counts=True)
    return rows, times
