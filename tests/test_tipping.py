"""Tipping points: by hand, and against every possible set of wrong labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from released_files import EXAMPLES
from small import synthetic_definitions, synthetic_repositories

from replication.analysis import tipping
from replication.analysis.cells import Repositories
from replication.inference.cells import HALVES, Cells

DEFINITIONS = synthetic_definitions()
TABLE = synthetic_repositories(DEFINITIONS)
GROUPS = ("China", "USA", "France", "User")
Rows = Sequence[Sequence[int]]

developer = st.lists(st.integers(0, 7), min_size=4, max_size=4).filter(any)
few_developers = st.lists(developer, min_size=1, max_size=5)
more_developers = st.lists(developer, min_size=1, max_size=7)


def synthetic_cells(rows: Rows) -> Cells:
    """Synthetic developers: half downloads in China, the USA, France and of users."""
    counts = np.array([[*row, 0] for row in rows], dtype=np.int64)
    return Cells(tuple("abcdefg"[: len(rows)]), GROUPS, counts)


def turned(before: Rows, after: Rows) -> bool:
    """Whether the side that was ahead, China where both are equal, is now strictly behind."""
    then, now = (sum(row[0] - row[1] for row in rows) for rows in (before, after))
    return now < 0 if then >= 0 else now > 0


def relabelled(rows: Rows, changed: Sequence[int], target: int) -> list[list[int]]:
    """The cells with all that these developers hold given to one group."""
    return [
        [sum(row) if place == target else 0 for place in range(4)] if n in changed else [*row]
        for n, row in enumerate(rows)
    ]


def left(rows: Rows, changed: Sequence[int], ahead: int) -> list[list[int]]:
    """The cells with what these developers hold of the side ahead given to no country."""
    return [
        [0 if place == ahead else cell for place, cell in enumerate(row[:3])]
        + [row[3] + row[ahead]]
        if n in changed
        else [*row]
        for n, row in enumerate(rows)
    ]


def sides(rows: Rows) -> tuple[int, int]:
    """Places of the side ahead and of the side behind."""
    return (0, 1) if sum(row[0] for row in rows) >= sum(row[1] for row in rows) else (1, 0)


def subsets(rows: Rows) -> Iterator[tuple[int, ...]]:
    """Every set of developers, the smallest first."""
    for size in range(1, len(rows) + 1):
        yield from combinations(range(len(rows)), size)


def moved(before: Rows, after: Rows) -> int:
    """Half downloads whose label differs."""
    return sum(max(0, a - b) for row, new in zip(before, after, strict=True)
               for a, b in zip(row, new, strict=True))  # fmt: skip


def test_tipping_points_by_hand() -> None:
    """China leads by 11 half downloads; relabelling gains 40, 11, 0, 12 and 3.

    So a or d would do alone, and b would only make both sides equal; 6 half downloads from one
    side to the other are the fewest that turn it.
    """
    rows = [[20, 0, 0, 0], [5, 0, 1, 0], [0, 18, 0, 0], [3, 0, 2, 4], [1, 0, 1, 0]]
    got = tipping.tipping_point(synthetic_cells(rows))
    assert got == {
        "leader": "China",
        "lead_downloads": 5.5,
        "fewest_developers": 1,
        "developers": "a",
        "fewest_leaving": 1,
        "fewest_downloads": 3.0,
        "fewest_share": 6 / 55,
        "alone": "d",
        "alone_share": 9 / 55,
    }


def test_where_the_usa_lead_their_developers_are_moved() -> None:
    """The USA lead by 9: two of four equal developers turn it, and three where they only leave."""
    rows = [[0, 4, 0, 0]] * 4 + [[7, 0, 0, 0]]
    got = tipping.tipping_point(synthetic_cells(rows))
    assert (got["leader"], got["lead_downloads"]) == ("USA", 4.5)
    assert (got["fewest_developers"], got["developers"]) == (2, "a; b")
    assert got["fewest_leaving"] == 3
    assert got["fewest_downloads"] == 2.5
    assert got["alone"] == ""
    assert np.isnan(got["alone_share"])


def test_equal_sides_count_as_a_lead_of_nothing() -> None:
    """China leads by nothing, and any download would turn it, even one of a user."""
    got = tipping.tipping_point(synthetic_cells([[5, 0, 0, 0], [0, 5, 0, 0], [0, 0, 0, 1]]))
    assert (got["leader"], got["lead_downloads"]) == ("China", 0)
    assert (got["fewest_developers"], got["fewest_downloads"]) == (1, 0.5)
    assert (got["alone"], got["alone_share"]) == ("c", 1 / 11)


def test_a_lead_is_not_turned_by_making_both_sides_equal() -> None:
    """Moving 5 of a lead of 10 leaves equal sides; it takes one more."""
    got = tipping.tipping_point(synthetic_cells([[5, 0, 0, 0], [15, 0, 0, 0], [0, 10, 0, 0]]))
    assert got["lead_downloads"] == 5
    assert (got["fewest_developers"], got["alone"]) == (1, "b")
    assert got["fewest_downloads"] == 3


def test_a_side_without_downloads_cannot_be_reached_by_leaving() -> None:
    """If all of China's developers leave, the USA still have nothing: one more than there are."""
    got = tipping.tipping_point(synthetic_cells([[5, 0, 0, 0], [3, 0, 2, 0]]))
    assert got["fewest_leaving"] == 3
    assert got["fewest_developers"] == 1


def test_the_largest_gains_are_named_first_and_at_most_three() -> None:
    """Of equal gains the first name comes first."""
    rows = [[1, 0, 0, 0], [2, 0, 0, 0], [2, 0, 0, 0], [2, 0, 0, 0], [2, 0, 0, 0], [0, 1, 0, 0]]
    got = tipping.tipping_point(synthetic_cells(rows))
    assert got["fewest_developers"] == 3
    assert got["developers"] == "b; c; d"
    wider = [[2, 0, 0, 0]] * 6 + [[0, 1, 0, 0]]
    got = tipping.tipping_point(synthetic_cells(wider))
    assert (got["fewest_developers"], got["developers"]) == (3, "a; b; c")
    widest = [[2, 0, 0, 0]] * 7
    got = tipping.tipping_point(synthetic_cells(widest))
    assert (got["fewest_developers"], got["developers"]) == (4, "a; b; c")


@EXAMPLES
@given(st.lists(st.integers(0, 9), min_size=1, max_size=8), st.integers(0, 40))
def test_fewest_is_the_smallest_number_of_any_gains(gains: list[int], gap: int) -> None:
    """No choice of fewer adds up to more than the gap; n + 1 where all together do not."""
    enough = [
        size
        for size in range(1, len(gains) + 1)
        if any(sum(chosen) > gap for chosen in combinations(gains, size))
    ]
    expected = min(enough, default=len(gains) + 1)
    assert tipping.fewest(np.array(gains), gap) == expected


@EXAMPLES
@given(more_developers)
def test_no_smaller_set_of_developers_turns_the_lead(rows: Rows) -> None:
    """The number is the size of the smallest set whose relabelling to the side behind turns it."""
    ahead, behind = sides(rows)
    got = tipping.tipping_point(synthetic_cells(rows))
    assert got["leader"] == GROUPS[ahead]
    turning = [s for s in subsets(rows) if turned(rows, relabelled(rows, s, behind))]
    assert got["fewest_developers"] == len(turning[0])
    leaving = [s for s in subsets(rows) if turned(rows, left(rows, s, ahead))]
    expected = len(leaving[0]) if leaving else len(rows) + 1
    assert got["fewest_leaving"] == expected


@EXAMPLES
@given(more_developers)
def test_the_developers_named_turn_the_lead(rows: Rows) -> None:
    """Where all of them are named, relabelling them turns it."""
    behind = sides(rows)[1]
    got = tipping.tipping_point(synthetic_cells(rows))
    named = ["abcdefg".index(name) for name in str(got["developers"]).split("; ")]
    assert len(named) == min(int(str(got["fewest_developers"])), 3)
    if len(named) == got["fewest_developers"]:
        assert turned(rows, relabelled(rows, named, behind))


@EXAMPLES
@given(more_developers)
def test_the_developer_that_would_do_alone_is_the_smallest(rows: Rows) -> None:
    """Of all that turn the lead by themselves none has fewer downloads."""
    behind = sides(rows)[1]
    got = tipping.tipping_point(synthetic_cells(rows))
    able = [n for n in range(len(rows)) if turned(rows, relabelled(rows, [n], behind))]
    if not able:
        assert got["alone"] == ""
        assert np.isnan(got["alone_share"])
    else:
        smallest = min(sum(rows[n]) for n in able)
        first = next(n for n in able if sum(rows[n]) == smallest)
        assert got["alone"] == "abcdefg"[first]
        assert got["alone_share"] == smallest / sum(map(sum, rows))


@pytest.mark.slow
@EXAMPLES
@given(few_developers)
def test_no_wrong_labels_undercut_the_bound_on_downloads(rows: Rows) -> None:
    """Whatever group each whole developer is given, a turned lead took as many downloads or more."""
    got = tipping.tipping_point(synthetic_cells(rows))
    bound = float(str(got["fewest_downloads"])) * HALVES
    for targets in product((None, 0, 1, 2, 3), repeat=len(rows)):
        after: list[list[int]] = [[*row] for row in rows]
        for n, target in enumerate(targets):
            if target is not None:
                after = relabelled(after, [n], target)
        if turned(rows, after):
            assert moved(rows, after) >= bound
    assert got["fewest_share"] == bound / sum(map(sum, rows))


@EXAMPLES
@given(few_developers)
def test_the_bound_on_downloads_is_reached_by_single_downloads(rows: Rows) -> None:
    """That many half downloads taken from the side ahead turn the lead, and one fewer does not."""
    ahead, behind = sides(rows)
    bound = round(float(str(tipping.tipping_point(synthetic_cells(rows))["fewest_downloads"])) * 2)
    totals = [sum(row[place] for row in rows) for place in range(4)]
    for taken, turns in ((bound, True), (bound - 1, False)):
        after = [*totals]
        after[ahead] -= taken
        after[behind] += taken
        assert turned([totals], [after]) == turns


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Tipping points of every specification of the synthetic panel."""
    found = tipping.tipping_points(Repositories(TABLE, DEFINITIONS))
    return found.set_index(["estimand", "attribution", "labels"])


def test_every_specification_has_one_row(table: pd.DataFrame) -> None:
    """The same that are estimated, and none twice."""
    expected = [
        tuple(spec.keys.values()) for spec in Repositories(TABLE, DEFINITIONS).specifications
    ]
    assert [*table.index] == expected
    assert not table.index.has_duplicates


def test_uploaders_of_the_synthetic_panel_by_hand(table: pd.DataFrame) -> None:
    """China has 600 and the USA 310: Qwen's 400 are more than enough, deepseek-ai's 200 suffice."""
    row = table.loc["cohort-2025-08", "uploader", "study"]
    assert (row["leader"], row["lead_downloads"]) == ("China", 290)
    assert (row["fewest_developers"], row["developers"], row["fewest_leaving"]) == (1, "Qwen", 1)
    assert (row["fewest_downloads"], row["fewest_share"]) == (145.5, 0.1455)
    assert (row["alone"], row["alone_share"]) == ("deepseek-ai", 0.2)


def test_the_registry_makes_the_lead_harder_to_turn(table: pd.DataFrame) -> None:
    """650 against 210: deepseek-ai's 200 gain 400 of 440, and without Qwen China still leads."""
    row = table.loc["cohort-2025-08", "uploader", "registry"]
    assert row["lead_downloads"] == 440
    assert (row["fewest_developers"], row["fewest_leaving"]) == (1, 2)
    assert row["fewest_downloads"] == 220.5
    assert (row["alone"], row["alone_share"]) == ("Qwen", 0.4)


def test_an_exclusion_changes_the_gap(table: pd.DataFrame) -> None:
    """Without the telemetry's 60 the USA have 250 and the total is 940."""
    row = table.loc["cohort-2025-08-without-telemetry", "uploader", "study"]
    assert row["lead_downloads"] == 350
    assert row["fewest_downloads"] == 175.5
    assert row["fewest_share"] == 351 / 1880


def test_the_split_counts_half_downloads(table: pd.DataFrame) -> None:
    """Qwen has 400 as uploader and 700 as origin: 550, of China's 650 against 280."""
    row = table.loc["cohort-2025-08", "split", "study"]
    assert row["lead_downloads"] == 370
    assert (row["fewest_developers"], row["developers"]) == (1, "Qwen")
    assert (row["alone"], row["alone_share"]) == ("Qwen", 0.55)


@EXAMPLES
@given(few_developers, st.data())
def test_no_smaller_set_of_doubts_turns_the_lead(rows: Rows, data: st.DataObject) -> None:
    """Of developers whose doubt favours the side behind, brute force needs as many, or none do."""
    behind = sides(rows)[1]
    doubted = [
        relabelled([row], [0], data.draw(st.sampled_from([behind, 2])))[0]
        if row[behind] == 0 and data.draw(st.booleans())
        else list(row)
        for row in rows
    ]
    got = tipping.fewest_doubtful(synthetic_cells(rows), synthetic_cells(doubted))
    enough = [
        len(chosen)
        for chosen in subsets(rows)
        if turned(rows, [doubted[i] if i in chosen else list(r) for i, r in enumerate(rows)])
    ]
    assert got == min(enough) if enough else np.isnan(got)


def test_doubts_are_told_of_the_registry_alone(table: pd.DataFrame) -> None:
    """The study's labels have no doubts, and the synthetic registry has none that would do."""
    assert table["fewest_doubtful"].isna().all()
    doubted = TABLE.assign(**{"registry-low_group_uploader": "USA"})
    found = tipping.tipping_points(Repositories(doubted, DEFINITIONS)).set_index(
        ["estimand", "attribution", "labels"]
    )
    assert found.loc[("cohort-2025-08", "uploader", "registry"), "fewest_doubtful"] == 1
    assert np.isnan(found.loc[("cohort-2025-08", "uploader", "study"), "fewest_doubtful"])
