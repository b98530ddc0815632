"""The named checks: each finds its synthetic defect, counts its rows and mends by its rule."""

from __future__ import annotations

import dataclasses
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from released_files import (
    DAY,
    EXAMPLES,
    clean_rows,
    counters_of,
    id_of,
    in_time_order,
    label,
    repository,
    synthetic_release,
    synthetic_rows,
)

from replication.definitions import load_definitions
from replication.errors import ContractError
from replication.panel import defects
from replication.panel import table as panels
from replication.sources.counters.mending import spiked
from replication.sources.defect import Defect, to_frame

DEFINITIONS = load_definitions()
KNOWN = pd.DataFrame(
    [
        ("coded-user", "uploader", "moonshotai", "a company", "kept"),
        ("coded-user", "uploader", "zai-org", "another company", "kept"),
        ("miscredited", "name", "microsoft/mdeberta", "a text encoder", "kept"),
    ],
    columns=["check", "column", "value", "reason", "treatment"],
)
CLEAN = clean_rows()
Rows = list[dict[str, Any]]


def mend(rows: Rows, known: pd.DataFrame = KNOWN) -> defects.Mended:
    """Mend the synthetic rows in the order in which they stand."""
    return defects.mend(counters_of(synthetic_release(rows)), 0.99, known)


def found(rows: Rows, check: str) -> Defect:
    """What one check records of the synthetic rows, in time order."""
    return next(d for d in mend(in_time_order(rows)).defects if d.check == check)


def counters(mended: defects.Mended, number: int) -> list[int]:
    """Mended counters of one repository, in time order."""
    readings = mended.readings
    return readings.loc[readings["repository"] == id_of(number), "counter"].tolist()


def labels(*numbers: int) -> str:
    """Weekly labels as the record lists them."""
    return ", ".join(f"{label(n):%Y-%m-%d}" for n in numbers)


def without(rows: Rows, number: int, *weeks: int) -> Rows:
    """The rows without some readings of one repository."""
    gone = {(id_of(number), label(week)) for week in weeks}
    return [row for row in rows if (row["_id"], row["time"]) not in gone]


def edited(rows: Rows, number: int, week: int, **changes: Any) -> Rows:
    """The rows with one reading of one repository changed."""
    key = (id_of(number), label(week))
    return [row | changes if (row["_id"], row["time"]) == key else row for row in rows]


def frozen(rows: Rows, *weeks: int) -> Rows:
    """The rows with every counter at the given weeks as it was the week before."""
    table = {(row["_id"], row["time"]): row["downloadsAllTime"] for row in rows}
    for week in weeks:
        for name, day in list(table):
            if day == label(week) and (name, label(week - 1)) in table:
                table[name, day] = table[name, label(week - 1)]
    return [row | {"downloadsAllTime": table[row["_id"], row["time"]]} for row in rows]


def test_clean_data_have_no_defect() -> None:
    """On clean data every check counts no row; the size of the last reading is always stated."""
    mended = mend(in_time_order(CLEAN))
    counted = {d.check: d.rows for d in mended.defects if d.rows}
    assert counted == {"ageing-cohort": 9}
    assert mended.frozen == ()


def test_clean_data_are_not_changed() -> None:
    """Mending clean data sorts them and changes nothing else."""
    release = counters_of(synthetic_release())
    expected = release.sort_values(["repository", "reading"], ignore_index=True)
    pd.testing.assert_frame_equal(mend(in_time_order(CLEAN)).readings, expected)


def test_every_check_is_recorded_once_with_a_treatment() -> None:
    """The record names each check once, whether or not it found anything."""
    table = to_frame(mend(CLEAN).defects)
    assert list(table.columns) == ["check", "what", "where", "rows", "treatment"]
    assert table["check"].is_unique
    assert len(table) == 19 + KNOWN["check"].nunique()
    assert (table[["check", "what", "treatment"]] != "").all(axis=None)


def test_author_aliases() -> None:
    """Rows whose author is an alias are counted; the uploader is the namespace in the name."""
    rows = repository(1, [1, 2], name="meta-llama/Llama") + repository(2, [1, 2])
    rows = [row | {"author": row["author"].replace("meta-llama", "facebook")} for row in rows]
    defect = found(rows, "author-aliases")
    assert (defect.rows, defect.where) == (2, "meta-llama→facebook")
    assert set(mend(rows).readings["uploader"]) == {"meta-llama", "maker2"}


def test_unsorted_rows() -> None:
    """Rows that stand after a later reading of the same repository are counted, and sorted."""
    mended = mend(in_time_order(CLEAN)[::-1])
    defect = next(d for d in mended.defects if d.check == "unsorted-rows")
    assert defect.rows == len(CLEAN) - 9  # all but the first row of each of nine repositories
    assert mended.readings.groupby("repository")["reading"].is_monotonic_increasing.all()


@pytest.mark.slow
def test_duplicate_readings_keep_the_largest() -> None:
    """Of several readings under one label the largest counter stays, wherever it stands."""
    spare = repository(1, [1240, 1290, 1250], first=label(2), step=0 * DAY, created="2024-11-30")
    rows = [row for row in CLEAN if row["_id"] == id_of(1)]
    defect = found([*spare, *rows], "duplicate-readings")
    assert (defect.rows, defect.where) == (3, labels(2))
    for several in (rows + spare, spare + rows):
        assert counters(mend(several), 1) == [1000, 1100, 1290, 1300, 1400, 1500, 1600, 1700]


@pytest.mark.slow
def test_renamed_repositories_are_joined_on_their_id() -> None:
    """The latest name holds for all readings, and the counter goes on under it."""
    rows = CLEAN
    for week in range(3):
        rows = edited(rows, 1, week, model="THUDM/old")
    defect = found(rows, "renamed-repositories")
    assert (defect.rows, defect.where) == (8, "THUDM/old → maker1/model1")
    readings = mend(rows).readings
    mine = readings[readings["repository"] == id_of(1)]
    assert set(mine["name"]) == {"maker1/model1"}
    assert set(mine["uploader"]) == {"maker1"}
    assert mine["counter"].is_monotonic_increasing


@pytest.mark.slow
def test_revised_origins_take_the_latest_annotation() -> None:
    """The last origin and the last country groups hold for all readings."""
    changes = {"derived_author": "first", "merged_derived_country_groups_single": "UK"}
    rows = edited(edited(CLEAN, 2, 0, **changes), 2, 1, **changes)
    defect = found(rows, "revised-origins")
    assert (defect.rows, defect.where) == (8, "first → maker2")
    mine = mend(rows).readings.query(f"repository == '{id_of(2)}'")
    assert set(mine["origin"]) == {"maker2"}
    assert set(mine["study_group_origin"]) == {"China"}


@pytest.mark.slow
def test_an_origin_that_comes_back_is_a_revision() -> None:
    """An annotation that changes and changes back is recorded; the last one holds."""
    rows = edited(CLEAN, 1, 3, derived_author="other")
    assert found(rows, "revised-origins").where == "maker1 → other"
    assert set(mend(rows).readings.query(f"repository == '{id_of(1)}'")["origin"]) == {"maker1"}


@pytest.mark.slow
def test_falling_counters_become_a_running_maximum() -> None:
    """A fall is counted once, what comes back is not counted again, and a pause is no fall."""
    rows = repository(1, [100, 200, 150, 180, 260], name="tencent/three")
    rows += repository(2, [10, 20, 20, 40, 35])
    defect = found(rows, "falling-counters")
    assert defect.rows == 2
    assert defect.where == f"worst -50: tencent/three, {labels(2)}"
    assert counters(mend(rows), 1) == [100, 200, 200, 200, 260]
    assert counters(mend(rows), 2) == [10, 20, 20, 40, 40]


@pytest.mark.slow
def test_a_fall_between_repositories_is_none() -> None:
    """The first counter of the next repository is not a fall of the one before."""
    rows = repository(1, [1000, 1100]) + repository(2, [1, 2])
    assert (found(rows, "falling-counters").rows, found(rows, "falling-counters").where) == (
        0,
        "none",
    )


SPIKES: dict[str, tuple[list[int], list[int]]] = {
    "one reading": ([100, 110, 9000, 120, 130, 140], [2]),
    "a small one that later readings pass": ([100, 110, 165, 120, 130, 140, 150, 170, 180], [2]),
    "the first reading": ([90_000, 110, 120, 130], [0]),
    "the first of many that stand still": ([90_000, 110, 110, 110], [0]),
    "the last but one": ([100, 110, 9000, 120], [2]),
    "read again while all stands still": ([100, 110, 9000, 9000, 9000, 120, 130], [2, 3, 4]),
    "two": ([100, 9000, 110, 8000, 120, 130], [1, 3]),
    "two, the second higher": ([100, 8000, 110, 9000, 120, 130], [1, 3]),
    "before a fall": ([100, 200, 300, 9000, 150, 160, 170], [3]),
    "within a fall": ([100, 200, 300, 150, 9000, 160, 170], [4]),
}
NO_SPIKES = {
    "a fall that stays": [100, 200, 300, 250, 260, 270],
    "a fall below the reading before that stays": [100, 200, 300, 150, 160, 170],
    "a deep fall that stays": [100, 200, 300, 60, 65, 70],
    "a fall that comes back": [100, 200, 300, 60, 65, 350],
    "a reading too low": [20, 25, 30, 28, 35],
    "a reading far too low": [200, 250, 300, 3, 350],
    "the last reading, which nothing takes back": [100, 110, 120, 9000],
    "the last reading too low": [100, 200, 300, 0],
    "a run of several": [100, 110, 9000, 9100, 120, 130],
    "a first reading above the next": [1000, 600, 610, 620],
}


@pytest.mark.slow
@pytest.mark.parametrize(("levels", "wrong"), SPIKES.values(), ids=SPIKES)
def test_a_spike_is_not_read(levels: list[int], wrong: list[int]) -> None:
    """What the next reading takes back is left out and named; the others are the running maximum."""
    kept = [value for n, value in enumerate(levels) if n not in wrong]
    expected = [max(kept[: n + 1]) for n in range(len(kept))]
    rows = repository(1, levels, name="google/one")
    assert counters(mend(rows), 1) == expected
    defect = found(rows, "spikes")
    assert defect.rows == len(wrong)
    for n in wrong:
        assert f"google/one {label(n):%Y-%m-%d} (" in defect.where
    assert found(rows, "missed-readings").rows == 0


@pytest.mark.slow
@pytest.mark.parametrize("levels", NO_SPIKES.values(), ids=NO_SPIKES)
def test_another_defect_is_no_spike(levels: list[int]) -> None:
    """Falls, readings too low and what nothing takes back stay under the running maximum."""
    rows = repository(1, levels)
    assert found(rows, "spikes") == spiked(0, {})
    assert counters(mend(rows), 1) == [max(levels[: n + 1]) for n in range(len(levels))]


def test_spikes_are_listed_by_their_size() -> None:
    """The largest first, with its height above its neighbours; eight of them are named."""
    rows = repository(0, [10, 5000, 30, 40], name="a/least")
    for n in range(1, 10):
        rows += repository(n, [10, 20, 10_000 * n, 30, 40], name=f"a/m{n}")
    defect = found(rows, "spikes")
    assert defect.rows == 10
    assert defect.where.startswith(f"a/m9 {label(2):%Y-%m-%d} (89,970), a/m8 ")
    assert defect.where.endswith(", … (10)")
    assert "least" not in defect.where


@pytest.mark.parametrize(
    ("levels", "rise"),
    [
        ([100, 110, 120, 1320], 1200),
        ([100, 110, 120, 1320, 1320], 1200),  # it stands still afterwards
        ([100, 110, 120, 1320, 1330], 0),  # it goes on from there
        ([100, 110, 120, 219], 0),  # within the margin
        ([100, 300, 1500], 0),  # within ten times its largest rise
        ([2000, 2010, 2020, 3320], 0),  # less than it held
        ([100, 1500], 0),  # there is no rise before
        ([100, 1500, 120, 130], 0),  # a spike, which is taken back
    ],
)
def test_a_last_jump_is_told(levels: list[int], rise: int) -> None:
    """A last rise that nothing leads to and nothing confirms has a row, and is kept."""
    rows = repository(1, levels, name="a/jumps") + repository(2, [10, 20, 30, 40, 50])
    mended = defects.mend(counters_of(synthetic_release(rows)), 0.99, KNOWN, 100)
    told = [d for d in mended.defects if d.check == "last-jumps"]
    assert [d.where for d in told] == ([f"a/jumps {label(3):%Y-%m-%d} ({rise:,})"] if rise else [])
    if rise:
        assert counters(mended, 1) == levels


@pytest.mark.slow
def test_uncertain_counters_bound_the_panel() -> None:
    """What the envelopes differ by is summed; repositories above the margin are named."""
    rows = repository(1, [100, 200, 300, 250, 260, 270], name="a/stays")
    rows += repository(2, [100, 200, 150, 300], name="b/comes-back")
    rows += repository(3, [100, 110, 9000, 9100, 120, 130], name="c/run")
    rows += repository(4, [100, 110, 9000, 120, 130], name="d/spike")
    counters_ = counters_of(synthetic_release(rows))
    record = {d.check: d for d in defects.mend(counters_, 0.99, KNOWN, 50).defects}
    defect = record["uncertain-counters"]
    assert defect.rows == 1
    assert defect.where == (
        f"at most {50 + 50 + 8980:,} downloads too many in all repositories: c/run (8,980)"
    )
    every = {d.check: d for d in defects.mend(counters_, 0.99, KNOWN, 49).defects}
    assert every["uncertain-counters"].rows == 3
    assert every["uncertain-counters"].where.endswith("a/stays (50), b/comes-back (50)")


@pytest.mark.slow
@EXAMPLES
@given(levels=st.lists(st.integers(0, 1000), min_size=1, max_size=12))
def test_mended_counters_are_the_running_maximum(levels: list[int]) -> None:
    """Whatever the counters do, a mended one is the largest so far of the readings that are kept."""
    mended = mend(repository(1, levels))
    spikes = next(d for d in mended.defects if d.check == "spikes").rows
    kept = [levels[place] for place in places(mended)]
    assert len(kept) == len(levels) - spikes
    assert counters(mended, 1) == [max(kept[: n + 1]) for n in range(len(kept))]


@pytest.mark.slow
@EXAMPLES
@given(steps=st.lists(st.integers(0, 1000), min_size=3, max_size=12), data=st.data())
def test_one_wrong_reading_moves_no_total(steps: list[int], data: st.DataObject) -> None:
    """A counter that never falls, with one reading many times too large, ends where it did."""
    levels = [sum(steps[: n + 1]) + 1 for n in range(len(steps))]
    place = data.draw(st.integers(0, len(levels) - 2))
    wrong = [*levels[:place], 100 * levels[-1], *levels[place + 1 :]]
    assert counters(mend(repository(1, wrong)), 1)[-1] == levels[-1]


def places(mended: defects.Mended) -> list[int]:
    """Numbers of the weeks whose readings are kept."""
    return [(day - label(0)).days // 7 for day in mended.readings["reading"]]


def test_frozen_readings_and_their_catch_up() -> None:
    """Readings at which all stand still are frozen; the next one catches up."""
    mended = mend(in_time_order(frozen(CLEAN, 2, 3, 6)))
    record = {d.check: d for d in mended.defects}
    assert mended.frozen == (label(2), label(3), label(6))
    assert record["frozen-readings"].where == labels(2, 3, 6)
    assert record["frozen-readings"].rows == 4 + 5 + 8  # repositories with a row in those weeks
    assert record["catch-up-readings"].where == labels(4, 7)
    assert record["catch-up-readings"].rows == 6 + 9


def test_frozen_counters_are_left_as_they_are() -> None:
    """Mending invents no downloads: window sums see the counters as they stood."""
    rows = frozen(CLEAN, 2, 3)
    assert counters(mend(rows), 1) == [1000, 1100, 1100, 1100, 1400, 1500, 1600, 1700]


@pytest.mark.parametrize(
    ("moving", "share", "expected"), [(1, 0.99, 1), (2, 0.99, 0), (2, 0.98, 1)]
)
def test_a_reading_is_frozen_from_the_share_on(moving: int, share: float, expected: int) -> None:
    """Of 100 counters 99 must stand still where the share is 0.99; the limit is inside."""
    rows = [
        row
        for n in range(100)
        for row in repository(n, [100, 200, 200 + (n < moving), 300], name=f"a/m{n}")
    ]
    mended = defects.mend(counters_of(synthetic_release(rows)), share, KNOWN)
    assert len(mended.frozen) == expected


def test_a_freeze_at_the_end_has_no_catch_up() -> None:
    """A file that ends while the counters stand still has nothing to catch up with."""
    record = {d.check: d for d in mend(in_time_order(frozen(CLEAN, 6, 7))).defects}
    assert record["frozen-readings"].where == labels(6, 7)
    assert (record["catch-up-readings"].rows, record["catch-up-readings"].where) == (0, "none")


@pytest.mark.slow
@pytest.mark.parametrize(("moving", "refused"), [(0, True), (1, True), (3, False)])
def test_a_file_in_which_nothing_moves_is_refused(moving: int, refused: bool) -> None:
    """Where at nine of ten readings nearly every counter stands still there is nothing to estimate."""
    levels = [1000 + min(n, moving) for n in range(11)]
    table = counters_of(synthetic_release([*repository(1, levels), *repository(2, levels)]))
    if refused:
        with pytest.raises(ContractError, match=f"at {10 - moving} of 10 readings"):
            panels.build(table, DEFINITIONS, KNOWN)
    else:
        assert len(panels.build(table, DEFINITIONS, KNOWN).repositories) == 2


def test_lost_in_freeze() -> None:
    """Repositories whose last row is frozen are counted, one each."""
    rows = frozen(without(without(CLEAN, 1, 4, 5, 6, 7), 2, 3, 4, 5, 6, 7), 2, 3)
    defect = found(rows, "lost-in-freeze")
    assert (defect.rows, defect.where) == (2, labels(2, 3))


def test_missed_readings() -> None:
    """Readings between a repository's first and last are counted; its end is none."""
    rows = without(without(CLEAN, 1, 2, 3, 5), 2, 6, 7)
    defect = found(rows, "missed-readings")
    assert (defect.rows, defect.where) == (3, "1 repositories")


def test_late_first_readings() -> None:
    """A repository older than the file that enters it late is counted; a newborn is not."""
    rows = CLEAN + repository(50, [500, 600], created="2024-10-01", first=label(3))
    rows += repository(51, [500, 600], created="2025-02-19", first=label(4))
    defect = found(rows, "late-first-readings")
    assert (defect.rows, defect.where) == (1, labels(3))


def test_thin_readings() -> None:
    """A week that gains less than a quarter of the median week is recorded with its rows."""
    levels = [0, 100, 200, 224, 400, 500, 525, 700]  # 24 is thin where 100 is usual, 25 is not
    rows = [row for n in (1, 2) for row in repository(n, levels)]
    defect = found(rows, "thin-readings")
    assert (defect.rows, defect.where) == (2, labels(3))
    assert counters(mend(rows), 1) == levels


def test_a_frozen_or_a_daily_reading_is_not_thin() -> None:
    """Frozen weeks have their own check, and a day gains less than a week without any defect."""
    rows = repository(1, [0, 100, 200, 200, 400, 500])
    rows += repository(1, [510, 520, 530], first=label(5) + DAY, step=DAY)
    assert found(rows, "thin-readings").rows == 0


@pytest.mark.slow
def test_mixed_cadence_and_partial_week() -> None:
    """Daily readings after weekly ones are counted, and so are those after the last whole week."""
    rows = repository(1, [100, 200, 300])
    rows += repository(1, [310 + 10 * n for n in range(9)], first=label(2) + DAY, step=DAY)
    cadence, week = found(rows, "mixed-cadence"), found(rows, "partial-week")
    first, last = label(2) + DAY, label(3) + 2 * DAY
    assert (cadence.rows, cadence.where) == (9, f"{first:%Y-%m-%d} … {last:%Y-%m-%d}")
    assert (week.rows, week.where) == (2, "2025-03-20, 2025-03-21")


def test_negative_ages() -> None:
    """A label before the creation of its repository is counted, and the lowest age is stated."""
    rows = CLEAN + repository(50, [5, 50], created=label(3) + 6 * DAY, first=label(3))
    defect = found(rows, "label-before-reading")
    assert (defect.rows, defect.where) == (1, "down to -6.0 days")


def test_closed_cohort() -> None:
    """The last birth is named, and the rows of later readings are counted."""
    rows = [row for row in CLEAN if row["created"] <= label(3)]
    defect = found(rows, "closed-cohort")
    assert defect.where == f"{label(3):%Y-%m-%d}"
    assert defect.rows == 4 * 5  # four readings after it, of five repositories


def test_ageing_cohort() -> None:
    """First, largest and last size of the readings are stated."""
    rows = without(without(CLEAN, 1, 7), 2, 5, 6, 7)
    defect = found(rows, "ageing-cohort")
    assert defect.where == "2 at the first reading, 7 at most, 7 at the last"
    assert defect.rows == 7


@pytest.mark.slow
def test_wrong_labels_are_counted_and_kept() -> None:
    """Rows under labels known to be wrong are counted by check; the labels stay."""
    rows = CLEAN + repository(50, [1, 2], name="moonshotai/kimi", group="User")
    rows += repository(51, [1, 2, 3], name="zai-org/glm", group="User")
    user, mis = found(rows, "coded-user"), found(rows, "miscredited")
    assert (user.rows, user.where) == (5, "moonshotai, zai-org")
    assert (user.what, user.treatment) == ("a company; another company", "kept")
    assert (mis.rows, mis.where) == (0, "microsoft/mdeberta: not in this file")
    readings = mend(rows).readings
    assert set(readings.loc[readings["uploader"] == "zai-org", "study_group_uploader"]) == {"User"}


def test_many_dates_are_shortened() -> None:
    """A list of more than eight days is given by its ends and its length."""
    rows = [row for n in range(2) for row in repository(n, [5] + [9] * 12)]
    assert found(rows, "frozen-readings").where == f"{labels(2)} … {labels(12)} (11 readings)"


@pytest.mark.slow
@EXAMPLES
@given(rows=synthetic_rows(), data=st.data())
def test_the_order_of_the_rows_changes_nothing(rows: Rows, data: st.DataObject) -> None:
    """Any permutation of a file with duplicates, new names and new origins mends to the same.

    Only the count of unsorted rows is about the order, and may differ.
    """
    spare = [
        row | {"derived_author": "other", "model": f"other/{row['_id']}"}
        for row in data.draw(st.lists(st.sampled_from(rows), max_size=4))
    ]
    one, two = mend(rows + spare), mend(data.draw(st.permutations(rows + spare)))
    pd.testing.assert_frame_equal(
        one.readings.drop(columns="author"), two.readings.drop(columns="author")
    )
    assert one.frozen == two.frozen
    assert _unordered(one) == _unordered(two)


def _unordered(mended: defects.Mended) -> list[tuple[Any, ...]]:
    kept = [d for d in mended.defects if d.check != "unsorted-rows"]
    return [dataclasses.astuple(defect) for defect in kept]
