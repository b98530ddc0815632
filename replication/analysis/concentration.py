"""How few developers carry a total."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replication.errors import DegenerateDataError


@dataclass(frozen=True)
class Concentration:
    """Number of developers, their effective number, and the largest one's share of the total."""

    n_developers: int
    n_effective: float
    top_share: float


def concentration(downloads: NDArray[np.int64]) -> Concentration:
    """Concentration of the downloads (n,) of n developers.

    The effective number (ΣD)²/ΣD² is the inverse of Simpson's index, the Hill number of order 2
    (as `skbio.diversity.alpha.hill` documents it): the number of equal developers that would be as
    concentrated.

    Raises
    ------
    DegenerateDataError
        There are no downloads.
    """
    held = np.asarray(downloads, dtype=float)
    held = held[held > 0]
    if held.size == 0:
        raise DegenerateDataError("nothing was downloaded", "choose a window inside the data")
    total = held.sum()
    return Concentration(
        int(held.size), float(total**2 / (held**2).sum()), float(held.max() / total)
    )
