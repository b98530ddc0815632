"""First-year downloads: increments, cohort levels and weeks, against truth worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from released_files import (
    DAY,
    EXAMPLES,
    FIRST,
    counters_of,
    id_of,
    label,
    repository,
    synthetic_release,
    synthetic_rows,
)

from replication.definitions import Window
from replication.panel import defects, increments

NO_LABELS = pd.DataFrame(columns=["check", "column", "value", "reason", "treatment"])
SECOND = pd.Timedelta("1s")
Rows = list[dict[str, Any]]


def mended(rows: Rows) -> defects.Mended:
    """Mended synthetic readings."""
    return defects.mend(counters_of(synthetic_release(rows)), 0.99, NO_LABELS)


def first_year(rows: Rows) -> pd.DataFrame:
    """First-year increments under the study's rules."""
    readings = mended(rows).readings
    return increments.first_year(readings, age_limit_days=365, birth_margin_days=7)


def gained(rows: Rows, number: int = 1) -> list[int]:
    """Increments of one repository, reading by reading."""
    table = first_year(rows)
    return table.loc[table["repository"] == id_of(number), "increment"].tolist()


def weeks(rows: Rows) -> pd.DataFrame:
    """The weekly series."""
    return increments.weekly(first_year(rows), mended(rows).frozen)


def by_week(rows: Rows, number: int = 1) -> list[int]:
    """Weekly downloads of one repository."""
    return weeks(rows).loc[id_of(number)].tolist()


def window(kind: str, start: pd.Timestamp, end: pd.Timestamp) -> Window:
    """A window of whole days."""
    return Window("window", kind, start.date(), end.date(), "A window")


def total(rows: Rows, kind: str, start: pd.Timestamp, end: pd.Timestamp) -> dict[str, int]:
    """First-year downloads in one window by repository."""
    return increments.window_total(first_year(rows), window(kind, start, end)).to_dict()


OLD = "2024-10-01"  # older than the file, and a year old only after it
FROZEN = repository(1, [100, 200, 200, 200, 500, 600], created=OLD)
FROZEN += repository(2, [0, 10, 10, 10, 110, 120], created=OLD)


@pytest.mark.slow
def test_an_increment_is_what_the_counter_gained() -> None:
    """Increments are differences of consecutive readings, in their own repository."""
    rows = repository(1, [100, 150, 175], created=OLD) + repository(2, [7, 9, 9], created=OLD)
    assert gained(rows, 1) == [0, 50, 25]
    assert gained(rows, 2) == [0, 2, 0]
    assert first_year(rows)["increment"].dtype == np.int64


def test_a_missed_reading_is_made_up_by_the_next() -> None:
    """The increment after a gap holds all that was gained in it."""
    assert gained(repository(1, [100, None, None, 400, 410], created=OLD)) == [0, 300, 10]


def test_a_fall_is_not_counted_twice() -> None:
    """After a fall only what exceeds the running maximum counts."""
    assert gained(repository(1, [100, 200, 150, 190, 260], created=OLD)) == [0, 100, 0, 0, 60]


@pytest.mark.parametrize(
    ("created", "counted"),
    [
        (FIRST - 7 * DAY, True),
        (FIRST - 7 * DAY - SECOND, False),
        (FIRST - 6 * DAY, True),
        (FIRST + 6 * DAY, True),
        (FIRST - 100 * DAY, False),
    ],
)
def test_a_first_reading_counts_for_newborns_only(created: pd.Timestamp, counted: bool) -> None:
    """Born at most seven days before the first reading of all: what it shows was gained since."""
    assert gained(repository(1, [40, 50], created=created)) == [40 if counted else 0, 10]


@pytest.mark.slow
def test_a_late_first_reading_counts_for_newborns_only() -> None:
    """A repository that enters later counts in full where it was born during the readings."""
    rows = repository(1, [1, 2, 3, 4, 5], created=OLD)
    rows += repository(2, [40, 50], created=label(2), first=label(3))
    rows += repository(3, [40, 50], created=OLD, first=label(3))
    assert gained(rows, 2) == [40, 10]
    assert gained(rows, 3) == [0, 10]


def test_the_birth_margin_is_a_parameter() -> None:
    """A wider margin takes older repositories for newborns."""
    readings = mended(repository(1, [40, 50], created=FIRST - 8 * DAY)).readings
    table = increments.first_year(readings, age_limit_days=365, birth_margin_days=8)
    assert table["increment"].tolist() == [40, 10]


@pytest.mark.parametrize(
    ("age", "kept"),
    [
        (364 * DAY, True),
        (365 * DAY, True),
        (366 * DAY - SECOND, True),
        (366 * DAY, False),
        (400 * DAY, False),
    ],
)
def test_the_age_limit_is_365_whole_days(age: pd.Timedelta, kept: bool) -> None:
    """A reading counts until the repository is 366 days old, and no longer."""
    rows = repository(1, [100, 130], created=label(1) - age)
    assert sum(gained(rows)) == (30 if kept else 0)


def test_the_age_limit_is_a_parameter() -> None:
    """Another limit cuts elsewhere."""
    readings = mended(repository(1, [0, 10, 20], created=FIRST)).readings
    table = increments.first_year(readings, age_limit_days=7, birth_margin_days=7)
    assert table["increment"].tolist() == [0, 10]


@pytest.mark.slow
def test_the_age_limit_cuts_a_repository_between_two_readings() -> None:
    """What is gained after the first year is left out of windows, cohorts and weeks alike."""
    rows = repository(1, [100, 110, 140, 200], created=label(1) - 365 * DAY)
    assert gained(rows) == [0, 10]
    assert total(rows, "increments", FIRST, label(9)) == {id_of(1): 10}
    assert total(rows, "cohort", FIRST - 400 * DAY, label(9)) == {id_of(1): 110}
    assert weeks(rows + repository(2, [1, 2, 3, 4])).loc[id_of(1)].tolist() == [10, 0, 0]


@pytest.mark.slow
def test_the_edges_of_a_window_are_inside() -> None:
    """Readings on the first and the last day count; those a week outside do not."""
    rows = repository(1, [0, 1, 10, 110, 1110, 11110], created=OLD)
    assert total(rows, "increments", label(2), label(4)) == {id_of(1): 9 + 100 + 1000}
    assert total(rows, "increments", label(2) + DAY, label(4) - DAY) == {id_of(1): 100}
    assert total(rows, "increments", label(3), label(3)) == {id_of(1): 100}


@pytest.mark.slow
def test_the_last_day_of_a_window_is_inside_to_its_end() -> None:
    """A reading or a birth in the afternoon of the last day belongs to the window."""
    noon = pd.Timedelta(hours=12)
    rows = repository(1, [0, 5, 25], created=OLD, first=FIRST + noon)
    assert total(rows, "increments", FIRST, label(1)) == {id_of(1): 5}
    born = repository(1, [1, 2], created=label(1) + noon, first=label(1))
    rows = born + repository(2, [1, 2, 3], created=label(2), first=label(2))
    assert total(rows, "cohort", FIRST, label(1)) == {id_of(1): 1}


@pytest.mark.parametrize(
    ("created", "inside"),
    [
        (label(1) - SECOND, False),
        (label(1), True),
        (label(2), True),
        (label(2) + DAY - SECOND, True),
        (label(2) + DAY, False),
    ],
)
def test_a_cohort_is_born_inside_its_window(created: pd.Timestamp, inside: bool) -> None:
    """Created from the first moment of the first day to the last moment of the last."""
    rows = repository(1, [10, 20, 30, 40], created=created)
    assert total(rows, "cohort", label(1), label(2)) == ({id_of(1): 30} if inside else {})


@pytest.mark.slow
def test_a_cohort_is_counted_at_the_end_of_its_window() -> None:
    """The counter at the last reading inside, or the last before it, all since birth."""
    rows = repository(1, [10, 20, None, 40], created=FIRST)
    rows += repository(2, [1, 2, 3, 4], created=OLD)
    assert total(rows, "cohort", FIRST, label(2)) == {id_of(1): 20}
    assert total(rows, "cohort", FIRST, label(2) + 6 * DAY) == {id_of(1): 20}
    assert total(rows, "cohort", FIRST, label(3)) == {id_of(1): 40}


def test_a_cohort_level_is_the_running_maximum() -> None:
    """A counter that has fallen by the end of the window counts at its highest."""
    rows = repository(1, [10, 500, 300], created=FIRST)
    assert total(rows, "cohort", FIRST, label(2)) == {id_of(1): 500}


def test_totals_are_integers_with_a_zero_for_everybody_else() -> None:
    """One int64 column a window, one row a repository, sorted, with zero where nothing counts."""
    rows = repository(2, [10, 20], created=FIRST) + repository(1, [10, 20], created=OLD)
    windows = [
        Window("sum", "increments", date(2025, 2, 26), date(2025, 12, 31), "Sum"),
        Window("cohort", "cohort", date(2025, 2, 26), date(2025, 12, 31), "Cohort"),
        Window("empty", "increments", date(2030, 1, 1), date(2030, 12, 31), "Empty"),
    ]
    table = increments.window_totals(first_year(rows), windows)
    assert table.index.tolist() == [id_of(1), id_of(2)]
    assert table.to_numpy().tolist() == [[10, 0, 0], [20, 20, 0]]
    assert set(table.dtypes) == {np.dtype(np.int64)}


@pytest.mark.slow
def test_large_counters_stay_whole() -> None:
    """At a million million downloads no digit is lost, in windows and in weeks."""
    top = 10**12
    rows = repository(1, [top - 3, top - 2, None, top], created=OLD)
    assert gained(rows) == [0, 1, 2]
    assert by_week(rows) == [1, 1, 1]


@pytest.mark.slow
def test_frozen_readings_are_left_for_window_sums() -> None:
    """A window that ends in the freeze has what was counted; the catch-up holds all the rest."""
    assert gained(FROZEN) == [0, 100, 0, 0, 300, 100]
    assert total(FROZEN, "increments", FIRST, label(3)) == {id_of(1): 100, id_of(2): 10}
    assert total(FROZEN, "increments", label(4), label(4)) == {id_of(1): 300, id_of(2): 100}


@pytest.mark.slow
def test_frozen_readings_are_spread_for_the_weekly_series() -> None:
    """The catch-up is shared evenly by the weeks it spans, and no download is lost in rounding."""
    table = weeks(FROZEN)
    assert table.loc[id_of(1)].tolist() == [100, 100, 100, 100, 100]
    assert table.loc[id_of(2)].tolist() == [10, 33, 33, 34, 10]
    assert table.columns.tolist() == [label(n) for n in range(1, 6)]


@pytest.mark.slow
def test_a_counter_that_moves_in_a_frozen_week_is_believed() -> None:
    """Where one in a hundred moves while the others stand, what it gained stays in its week."""
    rows = [
        row
        for n in range(1, 101)
        for row in repository(n, [0, 10, 10 + 5 * (n == 1), 40], created=OLD, name=f"a/m{n}")
    ]
    table = weeks(rows)
    assert table.loc[id_of(1)].tolist() == [10, 5, 25]
    assert table.loc[id_of(2)].tolist() == [10, 15, 15]


@pytest.mark.slow
def test_a_quiet_week_of_one_repository_is_not_frozen() -> None:
    """A counter that stands still among moving ones gained nothing in that week."""
    rows = repository(1, [0, 10, 10, 40], created=OLD) + repository(2, [0, 1, 2, 3], created=OLD)
    assert by_week(rows) == [10, 0, 30]


def test_missed_readings_are_spread() -> None:
    """The increment after a gap is shared by the weeks of the gap."""
    rows = repository(1, [0, 10, None, None, 70], created=OLD)
    assert by_week(rows + repository(2, [1, 2, 3, 4, 5])) == [10, 20, 20, 20]


@pytest.mark.slow
def test_the_weeks_of_a_newborn_hold_all_it_gained() -> None:
    """A repository born during the readings starts at zero, in the week of its first label."""
    rows = repository(1, [1, 2, 3, 4, 5], created=OLD)
    rows += repository(2, [50, 60, 80], created=label(2) - 2 * DAY, first=label(2))
    assert by_week(rows, 2) == [0, 50, 10, 20]


@pytest.mark.slow
def test_a_newborn_first_read_after_some_weeks_is_spread_from_its_birth() -> None:
    """What it gained before its first row is shared by the weeks since it was born."""
    rows = repository(1, [1, 2, 3, 4, 5], created=OLD)
    rows += repository(2, [60], created=label(1), first=label(4))
    assert by_week(rows, 2) == [0, 20, 20, 20]


@pytest.mark.slow
def test_a_newborn_gains_nothing_before_its_birth() -> None:
    """Read first between two labels, a day after its birth, it is in the week of its birth alone."""
    rows = repository(1, list(range(22)), created=OLD, step=DAY)
    born = label(1) + 2 * DAY
    rows += repository(2, list(range(100, 112)), created=born, first=born + DAY, step=DAY)
    assert by_week(rows, 2) == [0, 104, 7]  # read first three days after a label, 104 at the next


@pytest.mark.slow
def test_a_label_before_its_repository_was_created_counts_in_its_week() -> None:
    """A weekly label is the start of its week: what was read days later belongs to it all the same."""
    rows = repository(1, [1, 2, 3, 4], created=OLD)
    rows += repository(2, [50, 70], created=label(2) + 3 * DAY, first=label(2))
    assert by_week(rows, 2) == [0, 50, 20]


@pytest.mark.slow
def test_a_newborn_at_the_first_label_starts_there() -> None:
    """The series begins after the first label: what was gained by then is before it."""
    rows = repository(1, [40, 55], created=FIRST - 2 * DAY)
    assert by_week(rows) == [15]
    assert gained(rows) == [40, 15]


@pytest.mark.slow
def test_an_old_repository_that_enters_late_starts_at_its_first_counter() -> None:
    """What it gained before its first row is unknown and counts in no week."""
    rows = repository(1, [1, 2, 3, 4, 5], created=OLD)
    rows += repository(2, [900, 960], created=OLD, first=label(3))
    assert by_week(rows, 2) == [0, 0, 0, 60]


@pytest.mark.slow
def test_an_old_repository_that_enters_in_a_freeze_keeps_its_base() -> None:
    """Its first counter is the base of its catch-up, though it was read while all stood still."""
    rows = FROZEN + repository(3, [700, 700, 760, 770], created=OLD, first=label(2))
    assert gained(rows, 3) == [0, 0, 60, 10]
    assert by_week(rows, 3) == [0, 0, 30, 30, 10]


@pytest.mark.slow
def test_a_repository_that_leaves_in_a_freeze_loses_its_catch_up() -> None:
    """What it gained after its last moving counter is not in the file, and no week invents it."""
    rows = FROZEN + repository(3, [0, 70, 70, 70], created=OLD)
    assert by_week(rows, 3) == [70, 0, 0, 0, 0]


@pytest.mark.slow
def test_daily_readings_are_brought_to_weeks() -> None:
    """Days after the weekly readings add up to their weeks; the last part of a week is left out."""
    rows = repository(1, [0, 70], created=OLD)
    daily = [80, 90, 100, 110, 120, 130, 140, 150, 160]
    rows += repository(1, daily, created=OLD, first=label(1) + DAY, step=DAY)
    assert weeks(rows).columns.tolist() == [label(1), label(2)]
    assert by_week(rows) == [70, 70]
    assert sum(gained(rows)) == 160


@pytest.mark.slow
def test_weeks_between_readings_on_other_days_are_interpolated() -> None:
    """Where no reading falls on a label, its level lies on the line between those around it."""
    rows = repository(1, [0, 100], created=OLD, step=10 * DAY)
    rows += repository(1, [180], created=OLD, first=FIRST + 14 * DAY)
    assert by_week(rows) == [70, 110]


@pytest.mark.slow
def test_one_reading_makes_no_week() -> None:
    """With one label there is no week, and only newborns have an increment."""
    rows = repository(1, [40], created=FIRST) + repository(2, [40], created=OLD)
    assert weeks(rows).shape == (2, 0)
    assert (gained(rows, 1), gained(rows, 2)) == ([40], [0])


def _in_first_year(rows: Rows) -> dict[str, list[tuple[pd.Timestamp, pd.Timestamp, int]]]:
    """Reading, creation and mended counter of each repository while it is young; plain Python."""
    found: dict[str, list[tuple[pd.Timestamp, pd.Timestamp, int]]] = {}
    for row in mended(rows).readings.itertuples():
        if (row.reading - row.created).days <= 365:
            found.setdefault(row.repository, []).append((row.reading, row.created, row.counter))
    return found


@pytest.mark.slow
@EXAMPLES
@given(rows=synthetic_rows())
def test_the_weeks_add_up_to_what_the_counters_gained(rows: Rows) -> None:
    """Conservation: from the first label to the last, exactly, for every repository.

    The base is the counter at the first label, nothing for one born later, and the first counter
    of an old one that enters later. No week is negative and every week is an integer.
    """
    table, start = weeks(rows), min(row["time"] for row in rows)
    assert set(table.dtypes) <= {np.dtype(np.int64)}
    assert (table >= 0).all(axis=None)
    sums = table.sum(axis=1)
    for name, readings in _in_first_year(rows).items():
        entered, created, counter = readings[0]
        base = 0 if entered > start and created >= start - 7 * DAY else counter
        assert sums.get(name, 0) == readings[-1][2] - base


@pytest.mark.slow
@EXAMPLES
@given(rows=synthetic_rows())
def test_windows_and_weeks_agree(rows: Rows) -> None:
    """The weeks hold every increment after the first label: two ways to one sum."""
    table, start = first_year(rows), min(row["time"] for row in rows)
    after = table[table["reading"] > start]
    assert int(weeks(rows).to_numpy().sum()) == int(after["increment"].sum())


@pytest.mark.slow
@EXAMPLES
@given(rows=synthetic_rows(), cut=st.integers(0, 7))
def test_two_windows_that_meet_add_up(rows: Rows, cut: int) -> None:
    """Increments are counted once wherever a window is cut, and none is negative."""
    table = first_year(rows)
    assert (table["increment"] >= 0).all()
    halves = [(FIRST, label(cut)), (label(cut) + DAY, label(9))]
    sums = [
        increments.window_total(table, window("increments", start, end)).sum()
        for start, end in halves
    ]
    assert sum(sums) == table["increment"].sum()


@pytest.mark.slow
@EXAMPLES
@given(rows=synthetic_rows())
def test_increments_of_newborns_add_up_to_the_cohort_level(rows: Rows) -> None:
    """For repositories born during the readings both counter rules give one number."""
    start = min(row["time"] for row in rows)
    table = first_year(rows)
    born = table[table["created"] >= start]
    sums = increments.window_total(born, window("increments", start, label(9)))
    levels = increments.window_total(born, window("cohort", start, label(9)))
    assert sums.to_dict() == levels.to_dict()
