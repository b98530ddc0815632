"""Lineage: the repositories that a repository derives from, followed to the roots.

Parents come from the released file's list of parents, or from the Hub's own fields, which
`sources/snapshots/sql/extract.sql` reads. A repository with several parents (a merge) is shared equally
among them at each step. A cycle is cut, its members staying roots of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from replication.names import key, keys, unified
from replication.sources.counters.reading import words

NOT_DERIVED = "No"
UNSURE = "Unsure"
DERIVED, QUANTISED, ADAPTER = "derived", "quantized", "adapter"
FINETUNE, MERGE, DISTILLATION = "finetune", "merge", "distillation"
RELATIONS = (DERIVED, QUANTISED, ADAPTER, FINETUNE, MERGE, DISTILLATION)
EDGES = ["repository", "parent", "parent_id", "relation"]
_NAME = re.compile(r"[^/\s]+/[^/\s]+")


@dataclass(frozen=True)
class Lineage:
    """Every repository's roots.

    Attributes
    ----------
    repositories
        Names of the n repositories that were asked about.
    nodes
        Names of the m repositories in the graph: those, then parents that are not among them.
    weights
        Sparse matrix (n, m): the share of each repository that goes to each root; rows add up to 1.
    counts
        ``derived`` repositories and those with ``several_parents``; edges to ``missing_parents``
        (not asked about), ``renamed_parents`` and ``self_parents``; repositories ``in_cycles``; and
        ``deepest``, the steps of the longest line of parents.
    """

    repositories: tuple[str, ...]
    nodes: tuple[str, ...]
    weights: sparse.csr_array
    counts: Mapping[str, int]

    def roots(self) -> pd.DataFrame:
        """One row a repository and root: ``repository, root, weight``, heaviest root first."""
        shares = self.weights.tocoo()
        row, column = shares.coords
        table = pd.DataFrame(
            {
                "repository": np.asarray(self.repositories, dtype=object)[row],
                "root": np.asarray(self.nodes, dtype=object)[column],
                "weight": shares.data,
                "order": row,
            }
        )
        table = table.sort_values(["order", "weight", "root"], ascending=[True, False, True])
        return table.drop(columns="order").reset_index(drop=True)

    def origins(self) -> pd.DataFrame:
        """One row a repository and root namespace: ``repository, origin, weight``, heaviest first."""
        table = self.roots()
        (table["origin"],) = unified(namespaces(table["root"]))
        sums = table.groupby(["repository", "origin"], as_index=False, sort=False)["weight"].sum()
        order = sums["repository"].map({name: n for n, name in enumerate(self.repositories)})
        sums = sums.assign(order=order).sort_values(["order", "weight"], ascending=[True, False])
        return sums.drop(columns="order").reset_index(drop=True)


def namespaces(names: pd.Series) -> pd.Series:
    """The namespace in each repository name; a name without one stands for itself."""
    cells = pa.array(names, type=pa.large_string(), from_pandas=True)
    heads = pc.replace_substring_regex(cells, r"(?s)/.*\z", "")
    return pd.Series(heads.to_numpy(zero_copy_only=False), names.index, dtype=object)


def released_edges(names: Sequence[str], parents: Sequence[str]) -> pd.DataFrame:
    """Edges of the released file's list of parents, written as text.

    Returns
    -------
    pandas.DataFrame
        `EDGES`, one row a parent that is a repository name; what a list says besides (no parent,
        unsure, two names run together) gives no edge, see `documented`.
    """
    rows = [
        (name, parent, None, DERIVED)
        for name, text in zip(names, parents, strict=True)
        for parent in words(text)
        if _NAME.fullmatch(parent)
    ]
    return pd.DataFrame(rows, columns=EDGES)


def documented(parents: pd.Series) -> pd.Series:
    """What each list of parents says: ``none``, ``parents``, ``malformed`` or ``unknown``."""
    return parents.map(_documented)


def _documented(text: str) -> str:
    names = [word for word in words(text) if word != UNSURE]
    if not names:
        return "unknown"
    if any(_NAME.fullmatch(word) for word in names):
        return "parents"
    return "none" if names == [NOT_DERIVED] else "malformed"


def trace(
    names: Sequence[str],
    edges: pd.DataFrame,
    ids: Mapping[str, str] | None = None,
    renames: Mapping[str, str] | None = None,
) -> Lineage:
    """Trace every repository to its roots; names are matched whatever their case.

    Parameters
    ----------
    names
        Repositories to ask about, each once.
    edges
        `EDGES`: parents of these and of any others.
    ids
        Name of each immutable id, by which a parent under an older name is recognised.
    renames
        Present name of each older name.
    """
    known = dict.fromkeys(names)
    parents = _present_names(edges, ids or {}, renames or {})
    renamed = keys(parents) != keys(edges["parent"])
    children, parents = _spelt(edges["repository"], known), _spelt(parents, known)
    loops = parents == children
    pairs = pd.DataFrame({"child": children, "parent": parents})[~loops]
    pairs = pairs.drop_duplicates()
    ends = [np.asarray(list(known), dtype=object), pairs["child"], pairs["parent"]]
    codes, nodes = pd.factorize(np.concatenate(ends))  # in order of appearance: names come first
    child, parent = np.split(codes[len(known) :], 2)
    inside, cycling = _in_cycles(child, parent, len(nodes))
    weights, deepest = _shares_at_roots(child[~inside], parent[~inside], len(nodes))
    several = np.bincount(child, minlength=len(nodes))[: len(known)]
    counts = {
        "derived": int((several > 0).sum()),
        "several_parents": int((several > 1).sum()),
        "missing_parents": int((parent >= len(known)).sum()),
        "renamed_parents": int(renamed.sum()),
        "self_parents": int(loops.sum()),
        "in_cycles": int(cycling[: len(known)].sum()),
        "deepest": deepest,
    }
    return Lineage(tuple(known), tuple(nodes), weights[: len(known)], counts)


def _present_names(
    edges: pd.DataFrame, ids: Mapping[str, str], renames: Mapping[str, str]
) -> pd.Series:
    """Each parent under its present name: by its id, else by the list of renames."""
    parents = edges["parent"].astype(object)
    by_id = edges["parent_id"].map(ids).astype(object)  # nothing found would make it numbers
    by_key = {key(older): newer for older, newer in renames.items()}
    by_name = keys(parents).astype(object).map(by_key).astype(object)
    return by_id.fillna(by_name).fillna(parents)


def _spelt(names: pd.Series, known: dict[str, None]) -> pd.Series:
    """Names as `known` spells them; those that it lacks in one spelling each."""
    others = pd.Index(names.unique()).difference(pd.Index(list(known), dtype=object), sort=False)
    spelling = {key(name): name for name in reversed(others)}
    for name in reversed(known):
        folded = key(name)
        if folded in spelling:
            spelling[folded] = name
    present = {name: spelling[key(name)] for name in others}
    return pd.Series([present.get(n, n) for n in names.to_numpy(object)], names.index, dtype=object)


def _in_cycles(
    child: NDArray[np.int64], parent: NDArray[np.int64], size: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Edges that run inside a cycle, and nodes on one: strongly connected components."""
    graph = sparse.csr_array((np.ones(len(child)), (child, parent)), shape=(size, size))
    _, component = connected_components(graph, directed=True, connection="strong")
    inside = component[child] == component[parent]
    on_cycle = np.bincount(component, minlength=size)[component] > 1
    return inside, on_cycle


def _shares_at_roots(
    child: NDArray[np.int64], parent: NDArray[np.int64], size: int
) -> tuple[sparse.csr_array, int]:
    """Share of every node that reaches every root, and the steps of the longest line of parents.

    One step takes a node to its parents, equally. Steps are repeated until all shares stand at
    roots, which ends because the graph has no cycle.
    """
    several = np.bincount(child, minlength=size)
    step = sparse.csr_array((1.0 / several[child], (child, parent)), shape=(size, size))
    root = several == 0
    ends = sparse.csr_array(sparse.diags_array(root.astype(float)))
    steps = step
    total, depth = ends, 0
    while steps.nnz:
        depth += 1
        total = total + steps @ ends
        steps = steps @ step
    return sparse.csr_array(total), depth
