"""Each named check on a few readings, whole: what it says, where, how many rows, how it is treated."""

from __future__ import annotations

from typing import Any

import pandas as pd

from replication.panel import defects
from replication.sources.defect import Defect

WEEK, DAY = pd.Timedelta(days=7), pd.Timedelta(days=1)
FIRST = pd.Timestamp("2025-03-05")


def day(week: float) -> pd.Timestamp:
    """The label of a week; half a week is 3.5 days."""
    return FIRST + week * WEEK


def readings(**counters: dict[float, int]) -> pd.DataFrame:
    """Readings of repositories by name: counters by week, in the order given."""
    return pd.DataFrame(
        [
            {
                "repository": f"id-{name}",
                "name": f"owner/{name}",
                "reading": day(week),
                "counter": n,
            }
            for name, weeks in counters.items()
            for week, n in weeks.items()
        ]
    )


def test_one_spelling_changes_the_rows_of_the_others() -> None:
    """The commonest of both columns holds; a row with either in another spelling counts once."""
    table = pd.DataFrame(
        {"uploader": ["A", "a", "A", "b", "a"], "origin": ["A", "A", "a", "b", "a"]}
    )
    table.loc[len(table)] = ["A", "A"]
    assert defects.case_variants(table) == (
        Defect(
            "case-variants",
            "one namespace in several spellings that differ in case alone",
            "a → A",
            3,
            "one developer, as on the Hub; the commonest spelling holds",
        ),
    )
    assert defects.case_variants(table.iloc[[0, 3]]) == ()
    names = [name for n in range(9) for name in (f"X{n}", f"X{n}", f"x{n}")]
    many = defects.case_variants(pd.DataFrame({"uploader": names, "origin": "o"}))[0]
    assert many.where == ", ".join(f"x{n} → X{n}" for n in range(8)) + ", … (9 spellings)"
    assert many.rows == 9
    few = defects.case_variants(pd.DataFrame({"uploader": names[:24], "origin": "o"}))[0]
    assert few.where == ", ".join(f"x{n} → X{n}" for n in range(8))


def test_an_alias_is_another_namespace_whatever_the_case() -> None:
    """Each pair once, every row counted."""
    table = pd.DataFrame({"author": ["AX", "z", "z", "y"], "uploader": ["ax", "ax", "ax", "b"]})
    text = ("author-aliases", "the author column joins namespaces under one alias")
    treatment = "the uploader is the namespace in the repository's name"
    assert defects.aliases(table) == Defect(*text, "ax→z, b→y", 3, treatment)
    assert defects.aliases(table.iloc[:1]) == Defect(*text, "none", 0, treatment)


def test_a_row_after_a_later_reading_is_unsorted() -> None:
    """Of its own repository, equal days are in order."""
    table = readings(a={0: 1, 2: 1, 1: 1, 1.5: 1, 3: 1}, b={0: 1})
    table = pd.concat([table, table.tail(1)], ignore_index=True)
    assert defects.unsorted_rows(table) == Defect(
        "unsorted-rows",
        "rows are not in time order",
        "whole file",
        2,
        "sorted by repository and reading before any difference",
    )


def test_an_origin_annotated_anew_is_recorded() -> None:
    """All rows of its repository count."""
    table = readings(a={0: 1, 1: 1, 2: 1}, b={0: 1}).assign(origin=["x", "y", "y", "z"])
    assert defects.revised_origins(table) == Defect(
        "revised-origins",
        "the annotated origin changes between readings",
        "x → y",
        3,
        "the latest annotation holds for all readings",
    )


def test_a_fall_is_as_large_as_its_envelopes_are_apart() -> None:
    """a: 10 between the maximum before and the minimum after; b: 95; the first is not above 10."""
    table = readings(a={0: 10, 1: 30, 2: 20, 3: 25, 4: 50}, b={0: 5, 1: 100, 2: 5}, c={0: 1, 1: 2})
    what = "the running maximum forward and the running minimum backward differ by more than {}"
    treatment = "the running maximum holds; the panel could be lower by the difference"
    total = "at most 105 downloads too many in all repositories"
    for margin, where, rows in (
        (10, f"{total}: owner/b (95)", 1),
        (9, f"{total}: owner/b (95), owner/a (10)", 2),
        (1000, total, 0),
    ):
        text = what.format(f"{margin:,}")
        expected = Defect("uncertain-counters", text, where, rows, treatment)
        assert defects.uncertain_counters(table, margin) == expected
    assert defects.uncertain_counters(table[table["name"] == "owner/c"], 0).where == "none"


def test_a_last_jump_is_above_all_before_it() -> None:
    """Above the margin, the counter before it, and ten times the largest rise before; not equal."""
    table = readings(
        rises={0: 10, 1: 20, 2: 31, 3: 200},  # 169 > max(31, 10 · 11)
        equal={0: 10, 1: 20, 2: 31, 3: 141},  # 110 is 10 · 11
        held={0: 100, 1: 101, 2: 203},  # 102 > 101 and 10 · 1
        half={0: 100, 1: 101, 2: 202},  # 101 is all that it held
        early={
            0: 1,
            1: 11,
            2: 13,
            3: 113,
        },  # 100 is ten times its largest rise, which is not the last
        first={0: 10, 1: 500},  # no rise before
        stands={0: 10, 1: 20, 2: 500, 3: 500},  # the last rise, though not the last reading
        falls={0: 10, 1: 20, 2: 500, 3: 400},
    )
    found = defects.last_jumps(table, 50)
    listed = "owner/falls 2025-03-19 (480), owner/stands 2025-03-19 (480)"
    assert found == (
        Defect(
            "last-jumps",
            "the last rise of a counter is larger than all it held before, and no reading confirms it",
            f"{listed}, owner/rises 2025-03-26 (169), owner/held 2025-03-19 (102)",
            4,
            "kept; the panel could be lower by as much",
        ),
    )
    assert defects.last_jumps(table, 169)[0].rows == 2
    assert defects.last_jumps(table, 480) == ()


def test_what_a_freeze_holds_back_is_read_after_it() -> None:
    """After each run of frozen readings; a repository that ends inside one has lost it."""
    table = readings(a=dict.fromkeys(range(7), 1), b={0: 1, 1: 1, 2: 1}, c={0: 1, 4: 1})
    frozen = (day(1), day(2), day(4), day(6))
    assert defects.catch_up(table, frozen) == Defect(
        "catch-up-readings",
        "one reading holds the downloads of the frozen ones before it",
        "2025-03-26, 2025-04-09",
        2,
        "left as they fall for window sums; spread over the gap for time series",
    )
    assert defects.lost_in_freeze(table, frozen) == Defect(
        "lost-in-freeze",
        "repositories whose last reading is frozen: their catch-up is not in the file",
        "2025-03-19, 2025-04-02, 2025-04-16",
        3,
        "not mendable; their downloads in the frozen weeks count as zero",
    )
    assert defects.catch_up(table, ()).where == "none"


def test_a_thin_reading_gains_less_than_a_quarter_of_the_median() -> None:
    """Of weekly readings that are not frozen, over all repositories; a quarter is enough."""
    counters = {0: 0, 1: 100, 2: 124, 3: 224, 4: 249, 5: 349, 5.5: 350, 6.5: 450, 7.5: 450}
    table = readings(a=counters, b=dict.fromkeys(counters, 7))
    assert defects.thin_readings(table, (day(7.5),)) == Defect(
        "thin-readings",
        "a weekly reading gains less than a quarter of the median one, and the next makes it up",
        "2025-03-19",
        2,
        "left as they fall; sums over four weeks are little changed",
    )
    # With the last one the median is that of 0, 24, 25 and three of 100: a quarter is 15.6.
    assert defects.thin_readings(table, ()).where == "2025-04-26"


def test_a_missed_reading_lies_between_two() -> None:
    """By the readings of all repositories; before the first and after the last is none."""
    table = readings(
        a=dict.fromkeys(range(6), 1), b={0: 1, 3: 1, 5: 1}, c={2: 1, 3: 1}, d={1: 1, 3: 1}
    )
    assert defects.missed_readings(table) == Defect(
        "missed-readings",
        "a repository has no row at readings between its first and its last",
        "2 repositories",
        4,
        "the next increment holds them; spread over the gap for time series",
    )


def test_an_old_repository_may_come_late() -> None:
    """Created more than a week before the first reading, and read after it."""
    table = readings(a={0: 1, 1: 1}, b={1: 1, 2: 1}, c={2: 1}, d={2: 1})
    created = {"id-a": day(-5), "id-b": day(-1) - DAY, "id-c": day(-1), "id-d": day(-30)}
    assert defects.late_first(table.assign(created=table["repository"].map(created))) == Defect(
        "late-first-readings",
        "repositories older than the file whose first row comes after its first reading",
        "2025-03-12, 2025-03-19",
        2,
        "what they gained before their first row is unknown and counts as zero",
    )


def test_readings_may_come_less_than_weekly_apart() -> None:
    """Their first and last are named, their rows counted; what ends inside a week is named too."""
    table = readings(a=dict.fromkeys((0, 1, 1.5, 2, 3, 3.5), 1), b={2: 1, 3: 1})
    assert defects.mixed_cadence(table) == Defect(
        "mixed-cadence",
        "weekly readings, then daily ones",
        f"{day(1.5):%Y-%m-%d} … {day(3.5):%Y-%m-%d}",
        4,
        "only increments are added up; time series are brought to weeks",
    )
    assert defects.partial_week(table) == Defect(
        "partial-week",
        "readings end inside a week",
        f"{day(3.5):%Y-%m-%d}",
        1,
        "kept for window sums; left out of time series",
    )
    weekly = readings(a={0: 1, 1: 1, 2: 1})
    assert (defects.mixed_cadence(weekly).where, defects.mixed_cadence(weekly).rows) == ("none", 0)
    assert (defects.partial_week(weekly).where, defects.partial_week(weekly).rows) == ("none", 0)


def test_ages_and_ends_of_a_cohort() -> None:
    """B is read 1.5 and 0.5 days before its birth; two readings come after it; three are left of four."""
    table = readings(a={0: 1, 1: 1, 2: 1}, b={1: 1, 2: 1, 3: 1}, c={1: 1, 3: 1}, d={1: 1, 3: 1})
    created = pd.Series(day(0), table.index).where(
        table["repository"] != "id-b", day(1) + 1.5 * DAY
    )
    table = table.assign(created=created)
    assert defects.negative_ages(table) == Defect(
        "label-before-reading",
        "readings labelled before their repository was created, since a weekly label is the "
        "start of its week",
        "down to -1.5 days",
        1,
        "kept; windows are windows of labels, and counts were read some days later",
    )
    assert defects.negative_ages(table[table["repository"] == "id-a"]).where == "none"
    assert defects.negative_ages(table[table["repository"] == "id-a"]).rows == 0
    assert defects.closed_cohort(table) == Defect(
        "closed-cohort",
        "no repository is newer than this, although readings go on",
        "2025-03-13",
        5,
        "not mendable; said beside every later share",
    )
    assert defects.closed_cohort(table.assign(created=day(1))).rows == 5
    assert defects.ageing_cohort(table) == Defect(
        "ageing-cohort",
        "repositories leave the file at one year and few are added",
        "1 at the first reading, 4 at most, 3 at the last",
        3,
        "not mendable; a late share is a share inside an ageing cohort",
    )


def test_wrong_labels_are_found_in_any_case() -> None:
    """Rows under any of them count; what the file does not hold is said."""
    table = pd.DataFrame({"uploader": ["Zai-Org", "x", "y"], "origin": ["o", "P", "y"]})
    columns = ["column", "value", "reason", "treatment"]
    known: list[Any] = [("uploader", "zai-org", "why", "kept"), ("origin", "p", "so", "kept")]
    found = defects.wrong_labels(table, "coded", pd.DataFrame(known, columns=columns))
    assert found == Defect("coded", "why; so", "zai-org, p", 2, "kept")
    gone: list[Any] = [("uploader", "q", "why", "kept"), ("origin", "r", "so", "left")]
    found = defects.wrong_labels(table, "coded", pd.DataFrame(gone, columns=columns))
    assert found == Defect("coded", "why; so", "q, r: not in this file", 0, "kept; left")
