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

from replication.names import commonest, folded, key, keys
from replication.sources.counters.reading import words

NOT_DERIVED = "No"
UNSURE = "Unsure"
DERIVED, QUANTISED, ADAPTER = "derived", "quantized", "adapter"
FINETUNE, MERGE, DISTILLATION = "finetune", "merge", "distillation"
RELATIONS = (DERIVED, QUANTISED, ADAPTER, FINETUNE, MERGE, DISTILLATION)
EDGES = ["repository", "parent", "parent_id", "relation"]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
_NAME = re.compile(r"[^/\s]+/[^/\s]+")
_ORDINARY = r"^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+( [A-Za-z0-9._-]+/[A-Za-z0-9._-]+)*$"
"""Names with a blank between them."""


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
        row, column, weight = self._shares()
        names, nodes = (np.asarray(n, dtype=object) for n in (self.repositories, self.nodes))
        return pd.DataFrame({"repository": names[row], "root": nodes[column], "weight": weight})

    def origins(self) -> pd.DataFrame:
        """One row a repository and root namespace: ``repository, origin, weight``, heaviest first."""
        row, origin, weight, spaces = self.namespaces()
        names = np.asarray(self.repositories, dtype=object)[row]
        origins = spaces.take(pa.array(origin)).to_pandas()
        return pd.DataFrame({"repository": names, "origin": origins, "weight": weight})

    def namespaces(self) -> tuple[Ints, Ints, Floats, pa.Array]:
        """The same in numbers: of each row the place of the repository and of the namespace, and the weight.

        Returns
        -------
        array, array, array, pyarrow.Array
            As said, then the namespaces, of which some may be the place of no row.
        """
        row, column, weight = self._shares()
        coded = namespace_of(pa.array(self.nodes, pa.large_string())).dictionary_encode()
        names, of = coded.dictionary, coded.indices.to_numpy()[column].astype(np.int64)
        of = commonest(names, np.bincount(of, minlength=len(names)))[of]
        size = max(len(names), 1)
        sums = pd.Series(weight).groupby(row * size + of, sort=False).sum()
        row, of = np.divmod(sums.index.to_numpy(dtype=np.int64), size)
        order = np.lexsort((-sums.to_numpy(), row))
        return row[order], of[order], sums.to_numpy()[order], names

    def _shares(self) -> tuple[Ints, Ints, Floats]:
        """Repository, root and weight of each share, heaviest root first, then in the order of names."""
        shares = self.weights.tocoo()
        row, column = (part.astype(np.int64) for part in shares.coords)
        several = np.flatnonzero(np.bincount(row)[row] > 1) if len(row) else row
        nodes = pa.array(self.nodes, pa.large_string()).take(pa.array(column[several]))
        name = np.zeros_like(row)
        name[several] = pc.rank(nodes, tiebreaker="dense")
        order = np.lexsort((name, -shares.data, row))
        return row[order], column[order], shares.data[order]


def namespaces(names: pd.Series) -> pd.Series:
    """The namespace in each repository name; a name without one stands for itself."""
    cells = pa.array(names, type=pa.large_string(), from_pandas=True)
    return pd.Series(namespace_of(cells).to_pandas().to_numpy(), names.index, dtype="str")


def namespace_of(names: pa.Array) -> pa.Array:
    """The same of an array."""
    return pc.list_element(pc.split_pattern(names, "/", max_splits=1), 0)


def released_edges(names: Sequence[str], parents: Sequence[str]) -> pd.DataFrame:
    """Edges of the released file's list of parents, written as text.

    Returns
    -------
    pandas.DataFrame
        `EDGES`, one row a parent that is a repository name; what a list says besides (no parent,
        unsure, two names run together) gives no edge, see `documented`.

    Raises
    ------
    ValueError
        There is not one list a name.
    """
    if len(names) != len(parents):
        raise ValueError(f"{len(names)} names and {len(parents)} lists do not zip")
    coded = pa.array(parents, pa.large_string()).dictionary_encode()
    each = _lists(coded.dictionary).take(coded.indices)
    child = pa.array(names, pa.large_string()).take(pc.list_parent_indices(each))
    parent = pc.list_flatten(each).to_pandas()
    edges = {
        "repository": child.to_pandas(),
        "parent": parent,
        "parent_id": None,
        "relation": DERIVED,
    }
    return pd.DataFrame(edges, columns=EDGES)


def _lists(texts: pa.Array) -> pa.Array:
    """The repository names in each list of parents."""
    if pc.all(pc.match_substring_regex(texts, _ORDINARY)).as_py():
        return pc.split_pattern(texts, " ")
    lists = [[w for w in words(text) if _NAME.fullmatch(w)] for text in texts.to_pylist()]
    return pa.array(lists, pa.list_(pa.large_string()))


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
    known = pc.unique(pa.array(names, pa.large_string()))
    parents = _present_names(edges, ids or {}, renames or {})
    renamed = keys(parents) != keys(edges["parent"])
    child, parent, nodes = _places(known, edges["repository"], parents)
    loops = parent == child
    pairs = np.unique(child[~loops] * max(len(nodes), 1) + parent[~loops])
    child, parent = np.divmod(pairs, max(len(nodes), 1))
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
    return Lineage(
        tuple(known.to_pylist()), tuple(nodes.to_pylist()), weights[: len(known)], counts
    )


def _present_names(
    edges: pd.DataFrame, ids: Mapping[str, str], renames: Mapping[str, str]
) -> pd.Series:
    """Each parent under its present name: by its id, else by the list of renames."""
    parents = edges["parent"]
    if renames:
        by_key = {key(older): newer for older, newer in renames.items()}
        found = pc.index_in(pa.array(keys(parents)), value_set=pa.array(list(by_key)))
        by_name = pa.array(list(by_key.values()), pa.large_string()).take(found)
        parents = pd.Series(by_name.to_pandas().to_numpy(), parents.index).fillna(parents)
    return edges["parent_id"].map(ids).astype(object).fillna(parents) if ids else parents


def _places(
    known: pa.Array, children: pd.Series, parents: pd.Series
) -> tuple[Ints, Ints, pa.Array]:
    """Numbers of children and parents among the nodes: the known repositories, then others in one spelling.

    A name is its own node where it is known as it is spelt, else that of the first known spelling of it.
    """
    both = [pa.array(names, pa.large_string(), from_pandas=True) for names in (children, parents)]
    chunks = [chunk for one in both for chunk in getattr(one, "chunks", [one])]
    coded = pa.concat_arrays([known, *chunks]).dictionary_encode()
    every, place = coded.dictionary, coded.indices.to_numpy()[len(known) :]
    code = folded(every).dictionary_encode().indices.to_numpy()
    first = np.empty_like(code)
    first[code[::-1]] = np.arange(len(code))[::-1]  # of several the last assignment stays
    node = first[code]
    node[: len(known)] = np.arange(len(known))
    is_node = node == np.arange(len(node))
    number = np.cumsum(is_node) - 1
    child, parent = np.split(number[node][place], 2)
    return child, parent, every.filter(pa.array(is_node))


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
