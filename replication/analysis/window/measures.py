"""The statistics of the window, of half downloads by country group."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from replication.analysis.lead import SIDES
from replication.analysis.window.data import WindowData
from replication.inference.cells import HALVES

MEASURES = ("china", "usa", "international", "lead", "part", "family")
INTERNATIONAL = "International / Online"
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def measures(counts: NDArray[np.number], groups: tuple[str, ...]) -> dict[str, Floats]:
    """The statistics of half downloads (…, g + 1) by group, the family's last.

    Returns
    -------
    dict
        Fractions (…,) by the names of `MEASURES`: of the total, China's part of the two, and the
        family's of China.
    """
    sums = np.asarray(counts, dtype=float)
    china, usa, international = (sums[..., groups.index(g)] for g in (*SIDES, INTERNATIONAL))
    total, family = sums[..., :-1].sum(axis=-1), sums[..., -1]
    with np.errstate(divide="ignore", invalid="ignore"):
        values = (
            china / total, usa / total, international / total, (china - usa) / total,
            china / (china + usa), family / china,
        )  # fmt: skip
    return dict(zip(MEASURES, map(np.asarray, values), strict=True))


def side_downloads(downloads: Ints, data: WindowData) -> Floats:
    """Downloads (3,) of China, of the USA and of all others, credited as in the headline.

    Parameters
    ----------
    downloads
        Downloads (r,) of the population.
    data
        The window.
    """
    head = data.population.headline
    credited = data.population.credited(head.attribution, head.labels)
    everyone = np.zeros_like(credited.row)
    sums = data.population.side_cells(credited, everyone, downloads[:, None])
    china, usa, total = sums[0, :, 0] / HALVES
    return np.array([china, usa, total - china - usa])
