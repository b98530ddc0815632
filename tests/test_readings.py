"""Which snapshots are readings, and when each was read: hand-made censuses."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from replication.errors import ContractError
from replication.panel.whole_hub import readings
from replication.panel.whole_hub.readings import DAY, NOON, WEEK, Readings, choose

FIRST = (date(2024, 7, 24) - date(1970, 1, 1)).days
SHARE = 0.5


def census(rows: list[int], **changed: list[int]) -> pd.DataFrame:
    """A weekly census with so many rows in each snapshot, all different, none with a counter."""
    label = FIRST + WEEK * np.arange(len(rows))
    table = {
        "label": label,
        "n_rows": rows,
        "n_ids": rows,
        "n_counters": np.zeros(len(rows), dtype=int),
        "n_rolling": rows,
        "sum_created": label * 1000,
        "sum_rolling": label * 10,
        "sum_counter": np.zeros(len(rows), dtype=int),
        "newest": label * 0,
    }
    return pd.DataFrame(table | changed)


def weeks(found: Readings) -> list[int]:
    """Numbers of the weeks that are readings."""
    return [int(label - FIRST) // WEEK for label in found.table["label"]]


def defect(found: Readings, check: str) -> readings.Defect:
    """One defect by its name."""
    return next(d for d in found.defects if d.check == check)


def test_every_whole_snapshot_is_a_reading() -> None:
    """They stand in order with their places, and are dated at noon where nothing says more."""
    found = choose(census([10, 11, 12]), SHARE)
    assert weeks(found) == [0, 1, 2]
    assert found.table["place"].tolist() == [0, 1, 2]
    assert found.table["moment"].tolist() == [(FIRST + WEEK * n) * DAY + NOON for n in range(3)]
    assert {d.where for d in found.defects if d.rows == 0} == {"none", "0.5 to 0.5 days"}


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        ([10, 11, 5, 12], [0, 1, 3]),
        ([10, 11, 6, 12], [0, 1, 2, 3]),
        ([3, 10, 11], [1, 2]),
        ([5, 10, 11], [0, 1, 2]),
        ([10, 0, 11], [0, 2]),
        ([10, 4, 4, 11], [0, 3]),
    ],
)
def test_truncated_snapshots_are_left_out(rows: list[int], kept: list[int]) -> None:
    """One with fewer rows than a share of the largest before it, or the first beside the next."""
    found = choose(census(rows), SHARE)
    assert weeks(found) == kept
    missing = sum(rows) - sum(rows[n] for n in kept)
    assert defect(found, "truncated-snapshots").rows == missing


def test_a_repeated_snapshot_is_left_out() -> None:
    """The content of an earlier snapshot under a later label is no reading, wherever it stands."""
    table = census([10, 11, 12, 13])
    table.loc[3, readings.CONTENT] = table.loc[1, readings.CONTENT]
    found = choose(table, SHARE)
    assert weeks(found) == [0, 1, 2]
    assert defect(found, "repeated-snapshots").where == "2024-08-14"
    assert defect(found, "repeated-snapshots").rows == 11


def test_one_figure_makes_another_content() -> None:
    """A snapshot in which only the downloads moved is a reading."""
    table = census([10, 11])
    table.loc[1, readings.CONTENT] = table.loc[0, readings.CONTENT]
    table.loc[1, "sum_rolling"] += 1
    assert weeks(choose(table, SHARE)) == [0, 1]


def test_no_snapshot_left_is_said() -> None:
    """Empty snapshots alone are refused."""
    with pytest.raises(ContractError, match="no snapshot is a reading"):
        choose(census([0, 0]), SHARE)


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (2 * DAY + 5, True),
        (-DAY, True),
        (-DAY - 1, False),
        (14 * DAY - 1, True),
        (14 * DAY, False),
    ],
)
def test_the_newest_creation_dates_a_reading(after: int, told: bool) -> None:
    """From a day before its label to two weeks after it; otherwise noon of the label is taken."""
    start = FIRST * DAY
    moment = choose(census([10], newest=[start + after]), SHARE).table["moment"].item()
    assert moment == start + (after if told else NOON)


def test_a_snapshot_without_dates_is_of_noon() -> None:
    """One in which no row has a moment of creation is dated by its label."""
    found = choose(census([10, 11], newest=[FIRST * DAY, None]), SHARE)
    assert found.table["moment"].tolist() == [FIRST * DAY, (FIRST + WEEK) * DAY + NOON]


def test_a_first_snapshot_long_before_the_next_is_not_truncated() -> None:
    """Within a year the Hub may double: only what is read soon after says that rows are missing."""
    found = choose(census([4, 10], label=np.array([FIRST, FIRST + 52 * WEEK])), SHARE)
    assert len(found.table) == 2
    assert defect(found, "truncated-snapshots").rows == 0


def test_a_truncated_last_snapshot_is_named() -> None:
    """It is left out, and its label stands in the record."""
    found = choose(census([10, 11, 3]), SHARE)
    assert weeks(found) == [0, 1]
    assert defect(found, "truncated-snapshots").where == "2024-08-07"


def test_moments_never_fall_back() -> None:
    """Of two labels read at one moment, or in the wrong order, the later comes a second after."""
    late = FIRST * DAY + 9 * DAY
    found = choose(census([10, 11, 12], newest=[late, late, FIRST * DAY]), SHARE)
    noon = (FIRST + 2 * WEEK) * DAY + NOON
    assert found.table["moment"].tolist() == [late, late + 1, noon]


def test_the_anchor_is_the_first_reading_with_counters() -> None:
    """Snapshots that are left out do not anchor; without any counter the last reading does."""
    counted = choose(census([10, 2, 12, 13], n_counters=[0, 2, 12, 13]), SHARE)
    assert counted.anchor == counted.table["moment"].iloc[1]
    assert defect(counted, "no-cumulative-counter").where == "2024-07-24"
    bare = choose(census([10, 11]), SHARE)
    assert bare.anchor == bare.table["moment"].iloc[-1]


def test_what_was_found_is_counted() -> None:
    """Missing weeks, late readings and rows without an id have their numbers."""
    table = census([10, 11, 12, 13, 14], n_ids=[10, 8, 12, 13, 14]).drop(index=[2, 3])
    table["newest"] = table["label"] * DAY + np.array([0, 2, 3]) * DAY
    found = choose(table, SHARE)
    assert defect(found, "missing-weeks").rows == 2
    assert defect(found, "missing-weeks").where == "2024-08-21"
    assert defect(found, "label-before-reading").rows == 2
    assert defect(found, "label-before-reading").where == "0.0 to 3.0 days"
    assert defect(found, "rows-without-id").rows == 3


def test_many_labels_are_shortened() -> None:
    """Up to eight dates are listed, more are given as a range."""
    labels = pd.Series(FIRST + WEEK * np.arange(9))
    assert readings.listed(labels) == "2024-07-24 … 2024-09-18 (9 readings)"
    assert readings.listed(labels[:8]).count(",") == 7
    assert readings.listed(labels[:0]) == "none"
