"""Synthetic Hubs to measure on: no number in them is a real download."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.definitions import load_definitions
from replication.inference.cells import HALVES, cells_of
from replication.panel import lineage

Ints = NDArray[np.int64]
DEFINITIONS = load_definitions()
GROUPS = DEFINITIONS.groups
MOST = 3e8
"""No synthetic repository has more downloads than this."""


@dataclass(frozen=True)
class Hub:
    """Synthetic repositories.

    Attributes
    ----------
    downloads, group
        Downloads (n,) and the number (n,) of the country group.
    credited
        The same as a table with namespaces; None where each repository is a cluster of its own.
    """

    downloads: Ints
    group: Ints
    credited: pd.DataFrame | None

    def cells(self) -> Ints:
        """Cells (clusters, groups), by the package's own sums where clusters are namespaces."""
        if self.credited is not None:
            return cells_of(self.credited, "namespace", GROUPS).by_group // HALVES
        found = np.zeros((len(self.group), len(GROUPS)), dtype=np.int64)
        found[np.arange(len(self.group)), self.group] = self.downloads
        return found


def hub(repositories: int, clusters: int) -> Hub:
    """Synthetic Hub: most repositories have few downloads, a few have millions.

    Namespaces, where there are fewer than repositories, differ in size and are in one group each.
    """
    rng = np.random.default_rng(0)
    heavy = np.ceil(5 * rng.pareto(0.75, repositories))
    downloads = np.clip(heavy, 1, MOST).astype(np.int64)
    if clusters == repositories:
        return Hub(downloads, rng.integers(0, len(GROUPS), repositories), None)
    others = (clusters * rng.random(repositories - clusters) ** 2).astype(np.int64)
    owner = np.concatenate([np.arange(clusters), others])
    group = rng.integers(0, len(GROUPS), clusters)[owner]
    namespace = "space" + pd.Series(owner).astype(str)
    credited = pd.DataFrame({"namespace": namespace, "downloads": downloads})
    return Hub(downloads, group, credited.assign(group=np.array(GROUPS)[group]))


def edges(size: int) -> tuple[list[str], pd.DataFrame]:
    """Synthetic lineage: half of the repositories derive, a tenth of these are merges of two."""
    rng = np.random.default_rng(0)
    names = np.array([f"space{n % 5000}/model{n}" for n in range(size)], dtype=object)
    child = np.flatnonzero(rng.random(size) < 0.5)[1:]
    parent = (rng.random(len(child)) ** 3 * child).astype(int)  # older ones have more children
    merged = child[rng.random(len(child)) < 0.1]
    second = (rng.random(len(merged)) ** 3 * merged).astype(int)
    table = pd.DataFrame(
        {
            "repository": np.concatenate([names[child], names[merged]]),
            "parent": np.concatenate([names[parent], names[second]]),
        }
    )
    return list(names), table.assign(parent_id=None, relation=lineage.FINETUNE)
