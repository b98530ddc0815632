"""Who derives from whom in a synthetic Hub: chains of at most two steps, some with two parents."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from replication.validation.synthetic.curves import Floats, Ints

RELATIONS = ("", "finetune", "quantized", "adapter", "merge")
"""What a repository is of its parents; the first has none."""
NO_PARENT = -1
DEPTH = 2
_MERGE = RELATIONS.index("merge")
_AT_DEPTH = (0.5, 0.4, 0.1)
_KINDS = (0.0, 0.4, 0.35, 0.15, 0.1)
_CANDIDATES = 3


def draw_lineage(
    scale: Floats, rng: np.random.Generator
) -> tuple[NDArray[np.int8], NDArray[np.int32]]:
    """Draw what every repository derives from.

    Parameters
    ----------
    scale
        Size (n,) of each repository, in order of creation: a larger one is likelier as a parent.
    rng
        Source of the draws.

    Returns
    -------
    tuple of numpy.ndarray
        Place (n,) in `RELATIONS`, and rows (n, 2) of the parents, each earlier than the child
        and one step nearer to a root; −1 for none. Only a merge has two.
    """
    size = len(scale)
    depth = rng.choice(DEPTH + 1, size, p=_AT_DEPTH)
    relation = rng.choice(len(RELATIONS), size, p=_KINDS).astype(np.int8)
    parents = np.full((size, 2), NO_PARENT, dtype=np.int32)
    for step in range(1, DEPTH + 1):
        child = np.flatnonzero(depth == step)
        pool = np.flatnonzero(depth == step - 1)
        # One that nothing could precede is a root, but stays out of the pool of roots.
        child = child[np.searchsorted(pool, child) > 0]
        parents[child, 0] = _chosen(child, pool, scale, rng)
        merged = child[relation[child] == _MERGE]
        second = _chosen(merged, pool, scale, rng)
        parents[merged, 1] = np.where(second == parents[merged, 0], NO_PARENT, second)
    relation[parents[:, 0] == NO_PARENT] = 0
    return relation, parents


def _chosen(child: Ints, pool: Ints, scale: Floats, rng: np.random.Generator) -> Ints:
    """The largest of a few earlier members of `pool`, for each child."""
    earlier = np.searchsorted(pool, child)
    drawn = pool[(rng.random((_CANDIDATES, len(child))) * earlier).astype(np.int64)]
    largest = scale[drawn].argmax(axis=0)
    return np.asarray(drawn[largest, np.arange(len(child))], dtype=np.int64)


def pushed_to_roots(credit: Ints, parents: NDArray[np.int32]) -> Ints:
    """Give what each repository holds to its roots, equally among the parents at each step.

    Parameters
    ----------
    credit
        int64 (n,), in quarters, so that two halvings leave whole numbers.
    parents
        Rows (n, 2) of the parents, −1 for none.

    Returns
    -------
    numpy.ndarray
        int64 (n,) with the same sum, zero for whatever derives from another.
    """
    credit = np.array(credit, dtype=np.int64)
    several = (parents != NO_PARENT).sum(axis=1)
    for _ in range(DEPTH):
        child = np.flatnonzero((several > 0) & (credit > 0))
        given = credit[child] // several[child]
        credit[child] = 0
        for side in parents[child].T:
            np.add.at(credit, side[side != NO_PARENT], given[side != NO_PARENT])
    return credit
