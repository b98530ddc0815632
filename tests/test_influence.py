"""Influence: removal sets against every subset, and shifts against deleting the rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from released_files import EXAMPLES
from small import pivoted, synthetic_definitions, synthetic_repositories

from replication.analysis import estimates, influence
from replication.analysis.cells import Repositories
from replication.errors import DegenerateDataError
from replication.inference.cells import Cells

DEFINITIONS = synthetic_definitions()
TABLE = synthetic_repositories(DEFINITIONS)
GROUPS = ("China", "USA", "France", "User")
HEAD, WINDOW = "cohort-2025-08", "increments-2025-08"
Rows = Sequence[Sequence[int]]

# A unit may hold downloads of both countries, as a developer does under split attribution.
units = st.lists(
    st.lists(st.integers(0, 7), min_size=4, max_size=4).filter(any), min_size=1, max_size=8
)


def synthetic_cells(rows: Rows) -> Cells:
    """Synthetic units: half downloads in China, the USA, France and of users."""
    counts = np.array([[*row, 0] for row in rows], dtype=np.int64)
    return Cells(tuple("abcdefgh"[: len(rows)]), GROUPS, counts)


def lead(rows: Rows) -> float:
    """China's share less that of the USA."""
    return sum(row[0] - row[1] for row in rows) / sum(map(sum, rows))


def turning(rows: Rows) -> list[tuple[int, ...]]:
    """Every set of units without which the other side leads, the smallest first."""
    sign = 1 if lead(rows) >= 0 else -1
    return [
        chosen
        for size in range(1, len(rows) + 1)
        for chosen in combinations(range(len(rows)), size)
        if sign * sum(r[0] - r[1] for n, r in enumerate(rows) if n not in chosen) < 0
    ]


@EXAMPLES
@given(units)
@example([[4, 0, 0, 0]] * 5 + [[0, 1, 0, 0]])
@example([[0, 4, 0, 0]] * 3 + [[1, 3, 0, 0]] * 2 + [[2, 0, 1, 0]] * 3)
def test_no_smaller_set_turns_the_lead(rows: Rows) -> None:
    """Of all subsets none that turns the lead is smaller, and the set named is one of them."""
    found = influence.removal_set(synthetic_cells(rows))
    sets = turning(rows)
    assert found.leader == ("China" if lead(rows) >= 0 else "USA")
    assert found.lead == pytest.approx(lead(rows), abs=1e-15)
    if not sets:
        assert found.units == ()
        assert np.isnan([found.share, found.lead_after]).all()
        return
    named = tuple(sorted("abcdefgh".index(unit) for unit in found.units))
    assert len(named) == len(sets[0])
    assert named in sets
    left = [row for n, row in enumerate(rows) if n not in named]
    assert found.lead_after == pytest.approx(lead(left), abs=1e-15)
    assert found.share == pytest.approx(1 - sum(map(sum, left)) / sum(map(sum, rows)))


def test_a_removal_set_by_hand() -> None:
    """China leads by 11 of 70: a adds 20, and d, which holds both, 2; b alone adds too little."""
    rows = [[20, 0, 0, 0], [9, 0, 1, 0], [0, 20, 0, 0], [8, 6, 2, 4]]
    found = influence.removal_set(synthetic_cells(rows))
    assert (found.leader, found.lead, found.units) == ("China", 11 / 70, ("a",))
    assert (found.share, found.lead_after) == (20 / 70, -9 / 50)


def test_to_make_both_sides_equal_is_not_enough() -> None:
    """Without a both sides have 5: it takes b as well, first by name of two equal ones."""
    rows = [[6, 0, 0, 0], [2, 0, 0, 0], [2, 0, 0, 0], [1, 0, 0, 0], [0, 5, 0, 0]]
    found = influence.removal_set(synthetic_cells(rows))
    assert (found.units, found.lead_after) == (("a", "b"), -2 / 8)


def test_a_side_without_any_supporter_cannot_lead() -> None:
    """Each unit holds more of China's than of the USA's, so that no set turns the lead."""
    found = influence.removal_set(synthetic_cells([[5, 4, 0, 0], [3, 0, 2, 0], [2, 2, 0, 0]]))
    assert (found.leader, found.units) == ("China", ())
    assert np.isnan(found.share)


def test_a_lead_of_nothing_turns_without_any_of_its_side() -> None:
    """China counts as the leader of equal sides, and the larger of its units is named."""
    found = influence.removal_set(synthetic_cells([[2, 0, 0, 0], [3, 0, 0, 0], [0, 5, 0, 0]]))
    assert (found.leader, found.lead, found.units) == ("China", 0, ("b",))


@pytest.fixture(scope="module")
def removal() -> pd.DataFrame:
    """Removal sets of every specification of the synthetic panel."""
    found = influence.removal_sets(Repositories(TABLE, DEFINITIONS))
    return found.set_index(["estimand", "attribution", "labels", "unit"])


def test_every_specification_and_unit_has_one_row(removal: pd.DataFrame) -> None:
    """The same that are estimated, by developer and by repository."""
    expected = [
        (*spec.keys.values(), unit)
        for spec in Repositories(TABLE, DEFINITIONS).specifications
        for unit in ("developer", "repository")
    ]
    assert [*removal.index] == expected


def test_uploaders_of_the_synthetic_panel_by_hand(removal: pd.DataFrame) -> None:
    """China has 600 and the USA 310: without Qwen's 400 it is 200 of 600."""
    row = removal.loc[HEAD, "uploader", "study", "developer"]
    assert (row["leader"], row["lead"]) == ("China", 0.29)
    assert (row["fewest"], row["names"], row["share"]) == (1, "Qwen", 0.4)
    assert row["lead_after"] == pytest.approx(-110 / 600)
    assert removal.loc[HEAD, "uploader", "study", "repository"]["names"] == "Qwen/model"


def test_the_repositories_named_turn_the_lead(removal: pd.DataFrame) -> None:
    """Estimated anew without their rows, the lead is the one that the table tells."""
    for attribution in ("uploader", "origin", "split", "maker"):
        row = removal.loc[HEAD, attribution, "registry", "repository"]
        left = TABLE[~TABLE["name"].isin(row["names"].split("; "))]
        held = pivoted(left, HEAD, attribution, "registry", DEFINITIONS, "repository")
        china, usa = (held.totals[held.groups.index(name)] for name in ("China", "USA"))
        assert row["fewest"] <= 3
        assert row["lead_after"] == pytest.approx((china - usa) / held.by_group.sum(), abs=1e-15)
        assert row["lead_after"] * row["lead"] < 0


def test_at_most_three_are_named_and_none_where_none_will_do() -> None:
    """Five equal repositories of China against a small one of the USA; then against none."""
    rows = pd.concat([TABLE.iloc[[0]]] * 5 + [TABLE.iloc[[3]]], ignore_index=True)
    rows = rows.assign(repository=[*"abcdef"], name=[f"{x}/model" for x in "abcdef"])
    found = influence.removal_sets(Repositories(rows, DEFINITIONS)).set_index(
        ["estimand", "attribution", "unit"]
    )
    row = found[found["labels"] == "study"].loc[HEAD, "uploader", "repository"]
    assert (row["fewest"], row["names"]) == (5, "a/model; b/model; c/model")
    alone = influence.removal_sets(Repositories(rows.iloc[:5], DEFINITIONS))
    assert alone[["fewest", "share", "lead_after"]].isna().all(axis=None)
    assert set(alone["names"]) == {""}


@pytest.fixture(scope="module")
def ranked() -> pd.DataFrame:
    """Influence of each unit of the synthetic panel."""
    return influence.dfbeta(Repositories(TABLE, DEFINITIONS))


@pytest.mark.parametrize("unit", ["developer", "repository"])
def test_influence_equals_a_loop_over_deleted_rows(ranked: pd.DataFrame, unit: str) -> None:
    """Each unit's rows deleted in turn, the lead computed anew, its spread by the textbook."""
    column = "uploader_developer" if unit == "developer" else "name"
    without = {}
    for name in TABLE[column]:
        left = TABLE[TABLE[column] != name]
        totals = left.groupby("study_group_uploader")[HEAD].sum()
        without[name] = (totals["China"] - totals["USA"]) / left[HEAD].sum()
    mean = sum(without.values()) / 7
    error = np.sqrt(6 / 7 * sum((value - mean) ** 2 for value in without.values()))
    rows = ranked[(ranked["window"] == HEAD) & (ranked["unit"] == unit)].set_index("name")
    assert set(rows.index) == set(without)
    for name, value in without.items():
        assert rows.loc[name, "shift"] == pytest.approx(value - 0.29, abs=1e-12)
        assert rows.loc[name, "dfbeta"] == pytest.approx(abs(value - 0.29) / error, rel=1e-9)


def test_the_most_influential_comes_first(ranked: pd.DataFrame) -> None:
    """Ranks run from one within each window and unit, and Qwen, with 400 of 1,000, leads."""
    for _, rows in ranked.groupby(["window", "unit"]):
        assert rows["rank"].tolist() == [*range(1, 8)]
        assert rows["dfbeta"].is_monotonic_decreasing
    first = ranked[ranked["rank"] == 1]
    assert set(first["name"]) == {"Qwen", "Qwen/model"}
    assert set(first["group"]) == {"China"}
    assert set(first["share"]) == {0.4}


def test_the_headline_and_the_increments_that_end_with_it(ranked: pd.DataFrame) -> None:
    """Two windows, in this order, each by developer and by repository."""
    keys = ranked[["window", "unit"]].drop_duplicates().itertuples(index=False, name=None)
    both = ("developer", "repository")
    assert [*keys] == [(window, unit) for window in (HEAD, WINDOW) for unit in both]


def test_only_increments_are_added_and_they_leave_out_the_same() -> None:
    """Another cohort with the same end is not there; an excluded developer is in neither window."""
    cohort = DEFINITIONS.headline_estimand.window
    windows = (*DEFINITIONS.windows, dataclasses.replace(cohort, id="cohort-too"))
    head = dataclasses.replace(DEFINITIONS.headline, estimand=f"{HEAD}-without-telemetry")
    other = dataclasses.replace(DEFINITIONS, windows=windows, headline=head)
    rows = influence.dfbeta(Repositories(TABLE.assign(**{"cohort-too": TABLE[HEAD]}), other))
    assert rows["window"].drop_duplicates().tolist() == [HEAD, WINDOW]
    assert "unslothai" not in set(rows["name"])
    assert rows.groupby(["window", "unit"]).size().tolist() == [6] * 4


@pytest.mark.slow
def test_shifts_are_those_of_leave_one_out(ranked: pd.DataFrame) -> None:
    """The table of every estimate without each developer has the same shifts."""
    other = estimates.leave_one_out(Repositories(TABLE, DEFINITIONS))
    spec = {"estimand": HEAD, "attribution": "uploader", "labels": "study"}
    other = other[(other[[*spec]] == pd.Series(spec)).all(axis=1)].set_index("developer")
    ours = ranked[(ranked["window"] == HEAD) & (ranked["unit"] == "developer")].set_index("name")
    assert np.allclose(ours["shift"], other.loc[ours.index, "shift"], atol=1e-14)


def test_where_nothing_moves_the_lead_influence_is_undefined() -> None:
    """All of it is China's: the lead is 1 without any of them, and there is no spread to divide by."""
    china = TABLE.iloc[:2].assign(uploader_developer=["Qwen", "deepseek-ai"])
    rows = influence.dfbeta(Repositories(china, DEFINITIONS))
    assert (rows["shift"] == 0).all()
    assert rows["dfbeta"].isna().all()
    assert rows["rank"].tolist() == [1, 2] * 4


def test_one_unit_cannot_be_left_out() -> None:
    """Without the only developer nothing is left: a named error."""
    with pytest.raises(DegenerateDataError, match="cannot be left out"):
        influence.dfbeta(Repositories(TABLE.iloc[:1], DEFINITIONS))


@pytest.mark.slow
def test_row_order_does_not_matter() -> None:
    """Shuffled input gives the same tables, byte for byte."""
    shuffled = TABLE.sample(frac=1, random_state=5)
    for table in (influence.removal_sets, influence.dfbeta):
        assert (
            table(Repositories(shuffled, DEFINITIONS)).to_csv()
            == table(Repositories(TABLE, DEFINITIONS)).to_csv()
        )
