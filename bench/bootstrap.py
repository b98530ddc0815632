"""Speed of the cluster bootstrap against scipy.stats.bootstrap, at the same work in the same run.

Prints a table and writes bench/latest.csv. The data are synthetic: Pareto sizes in 13 groups.
"""

from __future__ import annotations

import csv
import resource
import sys
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from replication.analysis.resampling import replicate_totals  # the checkout, not an install

GROUPS, REPLICATES = 13, 10_000
COLUMNS = [
    "task",
    "n",
    "clusters",
    "replicates",
    "ours_s",
    "other",
    "other_s",
    "ratio",
    "peak_mb",
    "extrapolated",
]


def synthetic_cells(clusters: int) -> np.ndarray:
    """Synthetic cells (clusters, groups): each cluster in one group, sizes Pareto(1.1)."""
    rng = np.random.default_rng(0)
    cells = np.zeros((clusters, GROUPS), dtype=np.int64)
    sizes = (1000 * (rng.pareto(1.1, clusters) + 1)).astype(np.int64)
    cells[np.arange(clusters), rng.integers(0, GROUPS, clusters)] = sizes
    return cells


def synthetic_repositories(size: int) -> np.ndarray:
    """Synthetic cells of a Hub: most repositories have few downloads, and some are equal."""
    rng = np.random.default_rng(0)
    cells = np.zeros((size, GROUPS), dtype=np.int64)
    downloads = np.minimum(np.floor(5 * rng.pareto(0.75, size)), 3e8).astype(np.int64)
    cells[np.arange(size), rng.integers(0, GROUPS, size)] = downloads
    return cells


def synthetic_namespaces(size: int, namespaces: int) -> np.ndarray:
    """Synthetic cells of namespaces that hold `size` such repositories, the first ones most."""
    rng = np.random.default_rng(1)
    owner = (namespaces * rng.random(size) ** 2).astype(np.int64)
    downloads = synthetic_repositories(size).sum(axis=1)
    cells = np.zeros((namespaces, GROUPS), dtype=np.int64)
    group = rng.integers(0, GROUPS, namespaces)
    cells[np.arange(namespaces), group] = np.bincount(owner, downloads, minlength=namespaces)
    return cells


def ours(cells: np.ndarray) -> float:
    """Seconds for all replicates of all group shares and the lead."""
    began = time.perf_counter()
    totals = replicate_totals(cells, REPLICATES, 500, 0)
    shares = totals / totals.sum(axis=1, keepdims=True)
    np.quantile(np.column_stack([shares, shares[:, 0] - shares[:, 1]]), [0.025, 0.975], axis=0)
    return time.perf_counter() - began


def scipys(cells: np.ndarray, replicates: int) -> float:
    """Seconds that scipy takes for the same statistics from `replicates` replicates."""

    def statistic(*columns: np.ndarray, axis: int) -> np.ndarray:
        sums = np.stack([column.sum(axis=axis) for column in columns])
        shares = sums / sums.sum(axis=0)
        return np.concatenate([shares, shares[:1] - shares[1:2]])

    began = time.perf_counter()
    stats.bootstrap(
        tuple(cells.T),
        statistic,
        paired=True,
        n_resamples=replicates,
        method="percentile",
        batch=10,
        rng=np.random.default_rng(0),
    )
    return time.perf_counter() - began


TASKS = (
    ("developers", 187, lambda: synthetic_cells(187), REPLICATES),
    ("developers", 5_000, lambda: synthetic_cells(5_000), 1_000),
    ("repositories", 851_000, lambda: synthetic_repositories(851_000), 20),
    ("namespaces", 3_000_000, lambda: synthetic_namespaces(3_000_000, 500_000), 20),
)
"""Task, repositories, maker of the cells, and how many of the replicates scipy draws."""


def main() -> None:
    """Measure, print and write the table."""
    rows = []
    for task, n, make, done in TASKS:
        cells = make()
        mine = ours(cells)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # of all tasks so far
        theirs = scipys(cells, done) * REPLICATES / done
        row = [task, f"{n:,}", f"{len(cells):,}", f"{REPLICATES:,}", f"{mine:.2f}"]
        row += ["scipy", f"{theirs:.2f}", f"{theirs / mine:.1f}", f"{peak:.0f}"]
        rows.append([*row, "yes" if done < REPLICATES else "no"])
    table = Table(*COLUMNS)
    for row in rows:
        table.add_row(*map(str, row))
    Console(width=130).print(table)
    with (Path(__file__).parent / "latest.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([COLUMNS, *rows])


if __name__ == "__main__":
    main()
