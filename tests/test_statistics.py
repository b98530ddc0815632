"""Statistics and bounds: shares, lead, ratio and family as functions of one proportion."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from replication.analysis.lead import LEAD, RATIO
from replication.inference.statistics import Statistics

GROUPS = ("China", "USA", "France", "International / Online", "User")
NAMES = Statistics(GROUPS, ("China", "USA"), "family", "China", ("International / Online", "User"))
TOTALS = np.array([400, 200, 100, 50, 250, 300])  # five groups, then the family inside China

counts = hnp.arrays(np.int64, 5, elements=st.integers(1, 10**9))


def value(proportions: np.ndarray, name: str) -> float:
    """One statistic on its own scale."""
    return float(NAMES.values(proportions)[NAMES.names.index(name)])


def test_values_by_hand() -> None:
    """Shares, lead, ratio and family are what their definitions say."""
    found = NAMES.proportions(TOTALS)
    assert value(found, "China") == 0.4
    assert value(found, "User") == 0.25
    assert value(found, LEAD) == pytest.approx(0.2, abs=1e-15)
    assert value(found, RATIO) == pytest.approx(2.0, rel=1e-14)
    assert value(found, "family") == 0.75


def test_bounds_by_hand() -> None:
    """The unattributed 300 of 1,000 go wholly to either side."""
    low, high = NAMES.bounds(TOTALS)
    assert (value(low, "China"), value(high, "China")) == (0.4, 0.7)
    assert (value(low, "USA"), value(high, "USA")) == (0.2, 0.5)
    assert value(low, LEAD) == pytest.approx(-0.1, abs=1e-15)
    assert value(high, LEAD) == pytest.approx(0.5, abs=1e-15)
    assert value(low, RATIO) == pytest.approx(0.8, rel=1e-14)
    assert value(high, RATIO) == pytest.approx(3.5, rel=1e-14)
    assert (value(low, "User"), value(high, "User")) == (0.0, 0.25)
    assert value(low, "family") == pytest.approx(300 / 700, rel=1e-15)
    assert value(high, "family") == 0.75


@pytest.mark.slow
@given(counts)
def test_shares_sum_to_one(groups: np.ndarray) -> None:
    """Shares of all groups add up to one."""
    shares = NAMES.proportions(np.append(groups, 0))[: len(GROUPS)]
    assert shares.sum() == pytest.approx(1.0, abs=1e-12)


@pytest.mark.slow
@given(counts, st.integers(2, 1000))
def test_scale_does_not_matter(groups: np.ndarray, factor: int) -> None:
    """Counting in half downloads changes nothing."""
    totals = np.append(groups, groups[0])
    assert np.allclose(NAMES.proportions(totals), NAMES.proportions(totals * factor), rtol=1e-14)


@pytest.mark.slow
@given(counts, st.data())
def test_no_attribution_of_the_rest_leaves_the_bounds(
    groups: np.ndarray, data: st.DataObject
) -> None:
    """However the unattributed are shared out, every country's statistic stays inside its bounds."""
    totals = np.append(groups, 0)
    low, high = NAMES.bounds(totals)
    moved = totals.copy()
    for place in (3, 4):
        to_china = data.draw(st.integers(0, int(moved[place])))
        to_usa = data.draw(st.integers(0, int(moved[place]) - to_china))
        moved[0] += to_china
        moved[1] += to_usa
        moved[2] += moved[place] - to_china - to_usa
        moved[place] = 0
    found = NAMES.proportions(moved)
    for name in ("China", "USA", "France", LEAD, RATIO):
        place = NAMES.names.index(name)
        assert low[place] - 1e-12 <= found[place] <= high[place] + 1e-12


def test_a_vanishing_denominator_is_infinite_and_not_an_error() -> None:
    """Without US downloads the ratio is infinite, and without both it is undefined."""
    assert value(NAMES.proportions(np.array([5, 0, 1, 0, 0, 0])), RATIO) == np.inf
    assert np.isnan(value(NAMES.proportions(np.array([0, 0, 1, 0, 0, 0])), RATIO))


def test_a_stack_of_totals_is_worked_at_once() -> None:
    """Replicates stand on the first axis, statistics on the last."""
    stacked = NAMES.proportions(np.stack([TOTALS, 2 * TOTALS]))
    assert stacked.shape == (2, len(GROUPS) + 3)
    assert np.array_equal(stacked[0], stacked[1])
