"""The cluster bootstrap of all group shares and the lead, against scipy and arch.

All compute the same statistics of the same clusters. The others are given the fastest form that we
found: a cluster is in one group, so that one pass of `bincount` over two columns makes the totals.
scipy is also measured as its manual shows it, with one array a group.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import numpy as np
from arch.bootstrap import IIDBootstrap
from numpy.typing import NDArray
from scipy import stats

from bench import synthetic
from replication.analysis.lead import LEAD
from replication.inference import intervals
from replication.inference.resampling import replicate_totals

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
RULES = synthetic.DEFINITIONS.inference
LEVEL, CHUNK, SEED = RULES.level, RULES.chunk, RULES.seed
GROUPS = len(synthetic.GROUPS)
NAMES = (*synthetic.GROUPS, LEAD)
CHINA, USA = (synthetic.GROUPS.index(name) for name in ("China", "USA"))


def shares_and_lead(totals: NDArray[np.number]) -> Floats:
    """All group shares and the lead China − USA (…, g + 1) of totals (…, g)."""
    shares = totals / totals.sum(axis=-1, keepdims=True)
    lead = shares[..., CHINA] - shares[..., USA]
    return np.concatenate([shares, lead[..., None]], axis=-1)


def ours(n: int, clusters: int, replicates: int, workers: int = 0) -> tuple[float, Floats]:
    """Seconds of ours from repositories to intervals, and the replicates (B, m)."""
    hub = synthetic.hub(n, clusters)
    began = perf_counter()
    totals = replicate_totals(hub.cells(), replicates, CHUNK, SEED, workers)
    found = shares_and_lead(totals)
    intervals.percentile(found, LEVEL)
    return perf_counter() - began, found


def scipy_columns(n: int, clusters: int, replicates: int, done: int) -> tuple[float, Floats]:
    """Seconds of scipy with one array a group, as its manual shows it; see `_others`."""

    def columns(cells: Ints) -> tuple[Ints, ...]:
        return tuple(np.ascontiguousarray(cells.T))

    def statistic(*columns: Floats, axis: int) -> Floats:
        totals = np.stack([column.sum(axis=axis) for column in columns], axis=-1)
        return np.moveaxis(shares_and_lead(totals), -1, 0)

    def drawn(*columns: NDArray[np.number]) -> Floats:
        return _scipy(columns, statistic, done, batch=10)

    return _others(n, clusters, replicates, done, columns, drawn)


def scipy_bincount(n: int, clusters: int, replicates: int, done: int) -> tuple[float, Floats]:
    """Seconds of scipy with a column of groups and one of downloads; see `_others`."""

    def statistic(group: Ints, downloads: Floats, axis: int) -> Floats:  # noqa: ARG001
        pairs = zip(np.atleast_2d(group), np.atleast_2d(downloads), strict=True)
        totals = np.stack([np.bincount(g, d, minlength=GROUPS) for g, d in pairs])
        return shares_and_lead(totals.reshape(*group.shape[:-1], GROUPS)).T

    def drawn(*columns: NDArray[np.number]) -> Floats:
        return _scipy(columns, statistic, done, batch=1)

    return _others(n, clusters, replicates, done, _two_columns, drawn)


def arch_bincount(n: int, clusters: int, replicates: int, done: int) -> tuple[float, Floats]:
    """Seconds of arch with the same two columns; see `_others`."""

    def statistic(group: Ints, downloads: Floats) -> Floats:
        return shares_and_lead(np.bincount(group, downloads, minlength=GROUPS))

    def drawn(*columns: NDArray[np.number]) -> Floats:
        sampler = IIDBootstrap(*columns, seed=np.random.default_rng(SEED + 2))
        return np.asarray(sampler.apply(statistic, reps=done))

    return _others(n, clusters, replicates, done, _two_columns, drawn)


def apart(ours: Floats, others: Floats) -> tuple[float, str]:
    """Largest difference of the ends of the intervals in Monte-Carlo standard errors, and of what.

    At an end of the other's interval, as large a part of our replicates (B, m) should be below as
    of its own (B', m). The standard error is that of the difference of the two parts.
    """
    tail = (1 - LEVEL) / 2
    error = np.sqrt(tail * (1 - tail) * (1 / len(ours) + 1 / len(others)))
    low, high = intervals.percentile(others, LEVEL)
    below = np.stack([(ours < low).mean(axis=0) - tail, (ours < high).mean(axis=0) - (1 - tail)])
    far = np.abs(below).max(axis=0) / error
    return float(far.max()), NAMES[int(far.argmax())]


def _two_columns(cells: Ints) -> tuple[NDArray[np.number], ...]:
    """The group of each cluster and its downloads: here a cluster is in one group only."""
    return cells.argmax(axis=1), cells.sum(axis=1).astype(float)


def _scipy(
    columns: tuple[NDArray[np.number], ...], statistic: Callable[..., Floats], done: int, batch: int
) -> Floats:
    """Replicates (done, m) of scipy."""
    found = stats.bootstrap(
        columns,
        statistic,
        paired=True,
        vectorized=True,
        n_resamples=done,
        batch=batch,
        confidence_level=LEVEL,
        method="percentile",
        rng=np.random.default_rng(SEED + 1),
    )
    return np.asarray(found.bootstrap_distribution.T)


def _others(
    n: int,
    clusters: int,
    replicates: int,
    done: int,
    columns: Callable[[Ints], tuple[NDArray[np.number], ...]],
    drawn: Callable[..., Floats],
) -> tuple[float, Floats]:
    """Seconds of another package for all replicates, and those that it did (done, m).

    Making its columns from repositories counts once, the replicates that were done in proportion.
    """
    hub = synthetic.hub(n, clusters)
    began = perf_counter()
    made = columns(hub.cells())
    ready = perf_counter()
    found = drawn(*made)
    seconds = (ready - began) + (perf_counter() - ready) * replicates / done
    return seconds, found
