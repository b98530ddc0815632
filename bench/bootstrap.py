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
        batch=50,
        rng=np.random.default_rng(0),
    )
    return time.perf_counter() - began


def main() -> None:
    """Measure, print and write the table."""
    rows = []
    for clusters in (187, 1_000, 5_000):
        cells = synthetic_cells(clusters)
        done = REPLICATES if clusters < 1_000 else 1_000
        mine, theirs = ours(cells), scipys(cells, done) * REPLICATES / done
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        row = ["all shares and the lead", clusters, clusters, REPLICATES, f"{mine:.2f}"]
        row += ["scipy.stats.bootstrap", f"{theirs:.2f}", f"{theirs / mine:.0f}", f"{peak:.0f}"]
        rows.append([*row, "yes" if done < REPLICATES else "no"])
    table = Table(*COLUMNS)
    for row in rows:
        table.add_row(*map(str, row))
    Console(width=130).print(table)
    with (Path(__file__).parent / "latest.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([COLUMNS, *rows])


if __name__ == "__main__":
    main()
