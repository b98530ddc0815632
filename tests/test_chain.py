"""The chain's scale: by hand, and against a jackknife that leaves uploaders out one by one."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from replication.panel.whole_hub.chain import STRETCHES, UNMEASURED, measure


def known(stretch: str, chained: list[float], counted: list[float]) -> pd.DataFrame:
    """Uploaders of one stretch, downloads in thousandths."""
    table = pd.DataFrame({"chained": chained, "counted": counted}) * 1000
    names = [f"maker-{n}" for n in range(len(chained))]
    return table.astype("int64").assign(uploader=names, stretch=stretch)


def test_a_ratio_by_hand() -> None:
    """The factor is a ratio of sums, the spread weighs residuals by size."""
    scale = measure(known("births", [100, 300], [150, 350]))
    assert scale.factor == pytest.approx(1.25)
    residual, size = [150 - 125, 350 - 375], [125, 375]
    assert scale.spread == pytest.approx(math.hypot(*residual) / math.hypot(*size))
    row = scale.stretches.set_index("stretch").loc["births"]
    assert row[["uploaders", "chained", "counted"]].tolist() == [2, 400, 500]


def test_the_factor_error_is_a_jackknife() -> None:
    """It equals the loop that leaves out one uploader at a time."""
    rng = np.random.default_rng(3)
    chained = rng.integers(1, 1000, 40).tolist()
    counted = rng.integers(1, 1000, 40).tolist()
    without = []
    for left in range(40):
        kept = [n for n in range(40) if n != left]
        without.append(sum(counted[n] for n in kept) / sum(chained[n] for n in kept))
    mean = sum(without) / 40
    expected = math.sqrt(39 / 40 * sum((value - mean) ** 2 for value in without))
    assert measure(known("quarter", chained, counted)).factor_error == pytest.approx(expected)


def test_two_measurements_are_pooled() -> None:
    """The factor is of births and quarter; half of what they differ by is its error at least."""
    rows = [known("births", [100, 100], [110, 110]), known("quarter", [300, 300], [270, 270])]
    scale = measure(pd.concat(rows))
    assert scale.factor == pytest.approx((220 + 540) / 800)
    assert scale.factor_error == pytest.approx((1.1 - 0.9) / 2)


def test_a_month_tells_the_spread_alone() -> None:
    """A month is too short to tell a scale, and its spread is the largest."""
    even = [known(name, [100, 100], [100, 100]) for name in ("births", "quarter")]
    scale = measure(pd.concat([*even, known("month", [100, 100], [300, 500])]))
    assert scale.factor == 1
    assert scale.factor_error == 0
    assert scale.spread == pytest.approx(math.hypot(100, 100) / math.hypot(400, 400))


def test_the_order_of_uploaders_changes_nothing() -> None:
    """Sums are of whole thousandths, whatever the order of the rows."""
    table = pd.concat([known(name, [7, 11, 13], [8, 10, 15]) for name in STRETCHES])
    turned = measure(table.iloc[::-1])
    assert turned.factor == measure(table).factor
    assert turned.spread == pytest.approx(measure(table).spread, rel=1e-14)


@pytest.mark.parametrize(
    "table",
    [
        known("births", [], []),
        known("births", [0, 0], [5, 6]),
        known("month", [100, 200], [110, 190]),
    ],
    ids=["nothing", "no chain", "a month alone"],
)
def test_where_nothing_is_known_the_factor_is_one(table: pd.DataFrame) -> None:
    """An error that cannot be measured is bounded by the chain itself, and said to be a bound."""
    scale = measure(table)
    assert not scale.measured
    assert (scale.factor, scale.factor_error, scale.spread) == (1, UNMEASURED, UNMEASURED)
    assert scale.stretches["stretch"].tolist() == [*STRETCHES]


@pytest.mark.parametrize(("chained", "counted"), [([100], [120]), ([100, 0], [120, 5])])
def test_one_uploader_has_no_jackknife(chained: list[float], counted: list[float]) -> None:
    """Its ratio is known, the error of the ratio is not."""
    scale = measure(known("births", chained, counted))
    assert scale.factor == pytest.approx(sum(counted) / 100)
    assert scale.stretches.loc[0, ["factor_error", "spread"]].isna().all()
    assert not scale.measured
    assert (scale.factor_error / scale.factor, scale.spread) == (UNMEASURED, UNMEASURED)


def test_errors_that_counters_tell_are_measured() -> None:
    """Two uploaders are enough, in one stretch or in two."""
    rows = [known("births", [100, 100], [110, 90]), known("quarter", [300, 300], [270, 280])]
    assert measure(rows[0]).measured
    assert measure(pd.concat(rows)).measured
