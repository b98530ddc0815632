"""Sampling with probability proportional to size, for the audit of the registry."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.attribution.registry import Registry
from replication.errors import DegenerateDataError

_ROLES = ("uploader", "origin")


def inclusion_probabilities(sizes: NDArray[np.number], n: int) -> NDArray[np.float64]:
    """Probability with which each unit is drawn: proportional to its size, and at most 1.

    Units so large that they would be drawn more than once are taken with certainty, and the rest
    of the sample is spread over the others in proportion, until none exceeds 1.

    Parameters
    ----------
    sizes
        Positive sizes (N,).
    n
        Size of the sample, at most N.

    Returns
    -------
    numpy.ndarray
        Probabilities (N,) that add up to n.
    """
    size = np.asarray(sizes, dtype=float)
    if not 0 < n <= len(size) or (size <= 0).any():
        raise DegenerateDataError(
            f"{n} of {len(size)} units cannot be drawn by size",
            f"give positive sizes, and draw from 1 to {len(size)}",
        )
    certain = np.zeros(len(size), dtype=bool)
    while True:
        left = n - certain.sum()
        rest = size[~certain].sum()
        share = np.where(certain, 1.0, left * size / rest if rest else 1.0)
        over = ~certain & (share >= 1)
        if not over.any():
            return share
        certain |= over


def systematic(probabilities: NDArray[np.float64], seed: int) -> NDArray[np.bool_]:
    """Draw a sample of fixed size with the given inclusion probabilities.

    Units are put in random order, their probabilities laid end to end, and every unit is taken
    that holds one of the points u, u + 1, u + 2, … with u uniform on [0, 1).

    Parameters
    ----------
    probabilities
        Inclusion probabilities (N,), which add up to a whole number.
    seed
        Seed of the order and of the start.

    Returns
    -------
    numpy.ndarray
        Whether each unit is drawn (N,).
    """
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(probabilities))
    ends = np.cumsum(probabilities[order])
    ends[-1] = round(ends[-1])  # the sum is whole but for rounding
    points = np.floor(ends - generator.random())
    drawn = np.diff(points, prepend=-1.0) > 0
    chosen = np.zeros(len(probabilities), dtype=bool)
    chosen[order] = drawn
    return chosen


def frame(
    repositories: pd.DataFrame, registry: Registry, windows: Sequence[str], n: int, seed: int
) -> pd.DataFrame:
    """Every developer of a panel with its size, and which of them an audit draws.

    Parameters
    ----------
    repositories
        Repositories with ``uploader``, ``origin`` and the columns of downloads.
    registry
        Says which namespaces are one developer's; a unit is named by the first of them, so that a
        coder learns nothing from it.
    windows
        Columns of downloads; a developer's size is the largest of its sums over them and over
        both roles.
    n, seed
        Size and seed of the sample.

    Returns
    -------
    pandas.DataFrame
        ``unit, namespaces, size, probability, sampled`` (yes or no), the largest first.
    """
    sizes: dict[str, int] = {}
    members: dict[str, set[str]] = {}
    for role in _ROLES:
        developers = repositories[role].map(registry.developer_of)
        sums = repositories.groupby(developers)[list(windows)].sum().max(axis=1)
        for name, size in sums.items():
            sizes[str(name)] = max(sizes.get(str(name), 0), int(size))
        for name, namespace in zip(developers, repositories[role], strict=True):
            members.setdefault(name, set()).add(namespace)
    rows = [(min(members[k]), " ".join(sorted(members[k])), v) for k, v in sizes.items() if v]
    table = pd.DataFrame(rows, columns=["unit", "namespaces", "size"])
    table = table.sort_values(["size", "unit"], ascending=[False, True], ignore_index=True)
    table["probability"] = inclusion_probabilities(table["size"].to_numpy(), n)
    drawn = systematic(table["probability"].to_numpy(), seed)
    return table.assign(sampled=np.where(drawn, "yes", "no"))
