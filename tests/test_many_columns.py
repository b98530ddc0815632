"""The percentile interval of many columns is that of each of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replication.inference import intervals, many_columns


def agree(replicates: np.ndarray, level: float) -> bool:
    """Whether both give the same bits."""
    pairs = zip(
        many_columns.percentile(replicates, level),
        intervals.percentile(replicates, level),
        strict=True,
    )
    return all(np.array_equal(one, other, equal_nan=True) for one, other in pairs)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_both_ends_are_the_same_bits(order: str, level: float) -> None:
    """In either layout, with ties, with a column of one value, and without changing what is given."""
    drawn = np.random.default_rng(1).normal(size=(203, 40))
    drawn[:, 3], drawn[:, 4] = 0, np.round(drawn[:, 4])
    replicates = np.array(drawn, order="F" if order == "F" else "C")
    assert agree(replicates, level)
    assert np.array_equal(replicates, drawn)


@pytest.mark.slow
@given(st.lists(st.integers(-5, 5), min_size=1, max_size=60), st.floats(0.01, 0.999))
def test_few_replicates_are_the_same_too(column: list[int], level: float) -> None:
    """Down to one."""
    assert agree(np.array([column, column[::-1]], dtype=float).T / 3, level)


def test_what_is_undefined_is_left_out_as_elsewhere() -> None:
    """In a column with undefined replicates, and in one without any other."""
    drawn = np.random.default_rng(1).random((30, 3))
    drawn[4, 0], drawn[:, 1] = np.nan, np.nan
    assert agree(drawn, 0.95)
    assert np.isnan(many_columns.percentile(drawn, 0.95)[0]).tolist() == [False, True, False]
