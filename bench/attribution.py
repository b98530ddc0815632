"""Speed of lineage and rules against what one would use instead, at the same work in the same run.

Lineage: shares of every repository among its roots, against networkx with a dictionary of shares a
node. Rules: which of the packaged rules match which names, against pandas and regular expressions.
Prints a table and writes bench/attribution.csv. The data are synthetic.
"""

from __future__ import annotations

import csv
import fnmatch
import resource
import sys
import time
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from replication.attribution import rules  # the checkout, not an install
from replication.panel import lineage

COLUMNS = ["task", "n", "ours_s", "other", "other_s", "ratio", "peak_mb", "extrapolated"]
COMPARED, WHOLE_HUB = 200_000, 3_000_000


def synthetic_edges(size: int) -> tuple[list[str], pd.DataFrame]:
    """Synthetic Hub: half of the repositories derive, a tenth of these are merges of two."""
    rng = np.random.default_rng(0)
    names = np.array([f"space{n % 5000}/model{n}" for n in range(size)], dtype=object)
    child = np.flatnonzero(rng.random(size) < 0.5)[1:]
    parents = [(rng.random(len(child)) ** 3 * child).astype(int)]  # older ones have more children
    merged = rng.random(len(child)) < 0.1
    second = (rng.random(merged.sum()) ** 3 * child[merged]).astype(int)
    edges = pd.DataFrame(
        {
            "repository": np.concatenate([names[child], names[child[merged]]]),
            "parent": np.concatenate([names[parents[0]], names[second]]),
        }
    )
    return list(names), edges.assign(parent_id=None, relation=lineage.FINETUNE)


def ours(names: list[str], edges: pd.DataFrame) -> float:
    """Seconds of our walk."""
    began = time.perf_counter()
    lineage.trace(names, edges)
    return time.perf_counter() - began


def networkx_walk(names: list[str], edges: pd.DataFrame) -> float:
    """Seconds of a walk in topological order with one dictionary of shares a node."""
    began = time.perf_counter()
    graph = nx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from(zip(edges["parent"], edges["repository"], strict=True))
    shares: dict[str, dict[str, float]] = {}
    for node in nx.topological_sort(graph):
        parents = list(graph.predecessors(node))
        if not parents:
            shares[node] = {node: 1.0}
            continue
        mixed: dict[str, float] = {}
        for parent in parents:
            for root, share in shares[parent].items():
                mixed[root] = mixed.get(root, 0.0) + share / len(parents)
        shares[node] = mixed
    return time.perf_counter() - began


def ours_matched(names: pd.Series) -> float:
    """Seconds of our matching of every packaged rule."""
    known = rules.load()
    began = time.perf_counter()
    rules.matched(names, known)
    return time.perf_counter() - began


def pandas_matched(names: pd.Series) -> float:
    """Seconds of the same with pandas and one regular expression a rule."""
    known = rules.load()
    names = names.astype(object)
    began = time.perf_counter()
    lower = names.str.lower()
    for rule in known:
        lower.str.match(fnmatch.translate(rule.pattern.lower()))
    return time.perf_counter() - began


def main() -> None:
    """Measure, print and write the table."""
    rows = []
    for size in (COMPARED, WHOLE_HUB):
        names, edges = synthetic_edges(size)
        mine = ours(names, edges)
        other = networkx_walk(names, edges) if size == COMPARED else None
        rows.append(_row("lineage to the roots", size, mine, "networkx", other))
        column = pd.Series(names)
        mine = ours_matched(column)
        other = pandas_matched(column) if size == COMPARED else None
        rows.append(_row("rules on names", size, mine, "pandas str.match", other))
    table = Table(*COLUMNS)
    for row in rows:
        table.add_row(*row)
    Console(width=130).print(table)
    with (Path(__file__).parent / "attribution.csv").open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([COLUMNS, *rows])


def _row(task: str, size: int, mine: float, other: str, theirs: float | None) -> list[str]:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    shown = ["", ""] if theirs is None else [f"{theirs:.2f}", f"{theirs / mine:.1f}"]
    return [task, f"{size:,}", f"{mine:.2f}", other, *shown, f"{peak:.0f}", "no"]


if __name__ == "__main__":
    main()
