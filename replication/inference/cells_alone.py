"""Replicates of cells without what is drawn beside them, for methods that ask for no standard errors.

Of many clusters equal rows are merged, and the order of these rows, which decides what is drawn, is that of cells
and products together. So the products stand in the rows until they are merged, and are left out of the sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from replication.inference.merging import Merged
from replication.inference.resampling import FEW
from replication.inference.schemes import MULTINOMIAL, Draw, Scheme


@dataclass(frozen=True)
class CellsAlone:
    """A scheme that gives totals of the first columns of its rows, the same as with all columns."""

    scheme: Scheme
    columns: int
    name: ClassVar[str] = "cells-alone"

    def weights(self, generator: np.random.Generator, size: int, n: int) -> NDArray[np.float64]:
        """Weights (size, n) as of the scheme itself."""
        return self.scheme.weights(generator, size, n)

    def merged(self, rows: Merged) -> Draw:
        """Prepare to draw totals (size, `columns`) of merged rows."""
        return self.scheme.merged(Merged(rows.rows[:, : self.columns], rows.times))


def multinomial(counts: NDArray[np.int64]) -> Scheme:
    """The multinomial scheme for percentiles of cells (n, k): a few clusters have no products beside them."""
    return MULTINOMIAL if len(counts) <= FEW else CellsAlone(MULTINOMIAL, counts.shape[1])
