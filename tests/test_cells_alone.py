"""Totals of cells without the products beside them are those with them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from small import synthetic_definitions

from replication.inference import cells_alone, schemes
from replication.inference.bootstrap import Bootstrap
from replication.inference.resampling import FEW, replicate_totals
from replication.inference.statistics import Statistics

NAMES = Statistics(("China", "USA", "Other"), ("China", "USA"), "Qwen", "China", ("Other",))
RULES = dataclasses.replace(synthetic_definitions().inference, replicates=40, chunk=20)


def synthetic_cells(n: int) -> np.ndarray:
    """Synthetic heavy-tailed cells (n, 4) with many equal rows."""
    sizes = np.floor(np.random.default_rng(1).pareto(1.2, n)).astype(np.int64) + 1
    cells = np.zeros((n, 4), dtype=np.int64)
    cells[np.arange(n), np.arange(n) % 3] = sizes
    return cells


@pytest.mark.parametrize("n", [30, FEW + 50])
def test_intervals_are_the_same_without_products(n: int) -> None:
    """Few clusters have no products in any case; of many, the same ones are drawn."""
    cells = synthetic_cells(n)
    alone = Bootstrap(cells, NAMES, RULES, cells_alone.multinomial(cells)).percentile()
    beside = Bootstrap(cells, NAMES, RULES).percentile()
    for column, values in alone.columns.items():
        assert np.array_equal(values, beside.columns[column]), column


def test_the_order_of_rows_is_that_of_all_columns() -> None:
    """What is drawn depends on the columns that are left out of the sums, and the sums are of the first."""
    cells = synthetic_cells(FEW + 50)
    every = np.hstack([cells, cells**2])
    scheme = cells_alone.multinomial(cells)
    some = replicate_totals(every, 20, 20, 7, scheme=scheme)
    assert some.shape == (20, 4)
    assert np.array_equal(some, replicate_totals(every, 20, 20, 7)[:, :4])
    assert not np.array_equal(some, replicate_totals(cells, 20, 20, 7))


def test_weights_are_those_of_the_scheme() -> None:
    """One by one nothing is left out."""
    alone = cells_alone.CellsAlone(schemes.POISSON, 2)
    drawn = [one.weights(np.random.default_rng(3), 5, 9) for one in (alone, schemes.POISSON)]
    assert np.array_equal(*drawn)
