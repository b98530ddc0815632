"""Lineage and rules, against what one would use instead.

Lineage: shares of every repository among its roots, against networkx with a dictionary of shares a
node. Rules: which of the packaged rules match which names, against pandas and regular expressions.
"""

from __future__ import annotations

import fnmatch
from time import perf_counter

import networkx as nx
import numpy as np
import pandas as pd

from bench import synthetic
from replication.attribution import rules
from replication.panel import lineage

Found = tuple[float, list[float]]
"""Seconds, and sums of what was found, by which two pieces of work can be compared."""


def our_lineage(size: int) -> Found:
    """Seconds of our walk; pairs of repository and root, and the sum of their squared shares."""
    names, edges = synthetic.edges(size)
    began = perf_counter()
    found = lineage.trace(names, edges).weights.data
    return perf_counter() - began, [len(found), (found**2).sum()]


def networkx_lineage(size: int) -> Found:
    """Seconds of a walk in topological order with one dictionary of shares a node; the same sums."""
    names, edges = synthetic.edges(size)
    began = perf_counter()
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
    seconds = perf_counter() - began
    found = np.array([share for node in shares.values() for share in node.values()])
    return seconds, [len(found), (found**2).sum()]


def our_rules(size: int) -> Found:
    """Seconds of our matching of every packaged rule; how many names match each."""
    names, known = pd.Series(synthetic.edges(size)[0]), rules.load()
    began = perf_counter()
    found = rules.matched(names, known)
    return perf_counter() - began, found.sum().tolist()


def pandas_rules(size: int) -> Found:
    """Seconds of the same with pandas and one regular expression a rule; the same numbers."""
    names, known = pd.Series(synthetic.edges(size)[0], dtype=object), rules.load()
    began = perf_counter()
    lower = names.str.lower()
    found = [lower.str.match(fnmatch.translate(rule.pattern.lower())) for rule in known]
    return perf_counter() - began, [matches.sum() for matches in found]
