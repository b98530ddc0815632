"""The weekly series and the first lasting crossing, on synthetic weeks."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import synthetic_definitions, synthetic_weeks

from replication.analysis import crossover
from replication.analysis.cells import Weeks
from replication.analysis.crossover import _crossing, series
from replication.analysis.weekly import first_lasting, resampled, smoothed
from replication.definitions import Definitions
from replication.errors import DegenerateDataError
from replication.inference.resampling import replicate_totals

DEFINITIONS = synthetic_definitions()


def unsmoothed(definitions: Definitions = DEFINITIONS) -> Definitions:
    """Judge the crossing week by week."""
    return dataclasses.replace(
        definitions, time=dataclasses.replace(definitions.time, smoothing_weeks=1)
    )


@pytest.mark.slow
@given(st.lists(st.booleans(), min_size=1, max_size=30))
def test_first_lasting_is_the_start_of_the_last_run(leads: list[bool]) -> None:
    """All weeks from the crossing on lead, and the week before it does not."""
    at = int(first_lasting(np.array(leads)))
    assert all(leads[at:])
    assert at == 0 or not leads[at - 1]


def test_first_lasting_works_on_stacks() -> None:
    """Replicates stand on the first axis."""
    leads = np.array([[True, True], [False, True], [True, False]])
    assert first_lasting(leads).tolist() == [0, 1, 2]


def test_smoothing_sums_consecutive_weeks() -> None:
    """Sums over three weeks, by hand, also on a stack."""
    weekly = np.array([[1.0, 2, 3, 4], [0, 0, 0, 9]])
    assert smoothed(weekly, 3).tolist() == [[6, 9], [0, 9]]
    assert smoothed(weekly, 1).tolist() == weekly.tolist()


@pytest.mark.slow
def test_the_crossing_is_the_first_lasting_week() -> None:
    """A lead that is lost again does not count."""
    weeks = synthetic_weeks([True, False, False, True, True, True])
    _, crossings = series(Weeks(weeks, unsmoothed()))
    assert (crossings["week"] == "2025-03-26").all()


@pytest.mark.slow
def test_no_lasting_lead_is_never() -> None:
    """Where the last week does not lead there is no crossing, in all replicates that agree."""
    _, crossings = series(Weeks(synthetic_weeks([True, True, False]), unsmoothed()))
    assert (crossings["week"] == "never").all()
    assert (crossings["never_fraction"] > 0.5).all()


@pytest.mark.slow
def test_weekly_shares_by_hand() -> None:
    """China has 33 of 96 downloads in a week in which it does not lead: 10 + 11 + 12 of 33 + 63."""
    shares, _ = series(Weeks(synthetic_weeks([False, True]), unsmoothed()))
    row = shares[(shares["group"] == "China") & (shares["week"] == "2025-03-05")].iloc[0]
    assert row["share"] == pytest.approx(33 / 96)
    assert row["lower"] <= row["share"] <= row["upper"]


def test_one_series_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """China has 33 or 93 of a week, the USA 63: sums of two weeks are named by the second."""
    monkeypatch.setattr(crossover, "LABELS", ("study",))
    monkeypatch.setattr(crossover, "WEEKLY_CREDIT", ("uploader",))
    time = dataclasses.replace(DEFINITIONS.time, smoothing_weeks=2)
    definitions = dataclasses.replace(DEFINITIONS, time=time, exclusions=())
    found, crossings = series(Weeks(synthetic_weeks([False, False, True, True]), definitions))
    assert [*found.columns] == [
        "series", "attribution", "labels", "week", "group", "share", "lower", "upper",
    ]  # fmt: skip
    assert found[["series", "attribution", "labels"]].drop_duplicates().to_numpy().tolist() == [
        ["weekly", "uploader", "study"]
    ]
    shares = found.pivot_table(index="week", columns="group", values="share")
    assert [*shares.index] == ["2025-03-12", "2025-03-19", "2025-03-26"]
    assert shares["China"].tolist() == pytest.approx([66 / 192, 126 / 252, 186 / 312])
    assert shares["USA"].tolist() == pytest.approx([126 / 192, 126 / 252, 126 / 312])
    (row,) = crossings.to_dict("records")
    assert (row["series"], row["attribution"], row["labels"]) == ("weekly", "uploader", "study")
    assert (row["week"], row["judged_until"]) == ("2025-03-26", "2025-03-26")


def test_shares_of_a_week_add_up_to_one() -> None:
    """Every series, attribution and label source is complete in every week."""
    shares, _ = series(Weeks(synthetic_weeks([True] * 6), DEFINITIONS))
    total = shares.groupby(["series", "attribution", "labels", "week"])["share"].sum()
    assert np.allclose(total, 1, atol=1e-12)
    assert shares["week"].nunique() == 6 - DEFINITIONS.time.smoothing_weeks + 1


def test_a_crossing_is_judged_until_the_last_week_that_is_not_thin() -> None:
    """China leads from the second of four weeks; of the last, which is thin, nothing is said."""
    totals = np.zeros((len(DEFINITIONS.groups), 4))
    totals[DEFINITIONS.groups.index("China")] = [10, 30, 30, 0]
    totals[DEFINITIONS.groups.index("USA")] = [20, 20, 20, 1]
    found = _crossing(totals, totals[None], ("a", "b", "c", "d"), DEFINITIONS)
    assert found == {
        "week": "b", "lower": "b", "upper": "b", "never_fraction": 0.0, "judged_until": "c",
    }  # fmt: skip


def test_fewer_weeks_than_a_smoothed_sum_are_refused() -> None:
    """A file of a few weeks is refused by name; as many weeks as one sum takes are enough."""
    width = DEFINITIONS.time.smoothing_weeks
    with pytest.raises(DegenerateDataError, match=f"fewer than smoothing_weeks = {width} weeks"):
        series(Weeks(synthetic_weeks([True] * (width - 1)), DEFINITIONS))
    assert series(Weeks(synthetic_weeks([True] * width), DEFINITIONS))[0]["week"].nunique() == 1


def test_groups_multiplied_alone_give_the_same_totals() -> None:
    """A developer of two groups counts in both, and a group without any has nothing."""
    drawn = np.random.default_rng(2).integers(0, 9, (12, 4, 5))
    of_group = np.arange(12)[:, None] % 3 == np.arange(4)
    of_group[0] = [True, True, False, False]
    counts = drawn * of_group[..., None]
    rules = dataclasses.replace(DEFINITIONS.inference, replicates=25, chunk=10)
    at_once = replicate_totals(counts.reshape(12, -1), 25, 10, rules.seed).reshape(25, 4, 5)
    assert np.array_equal(resampled(counts, rules), at_once)
    assert not at_once[:, 3].any()


def test_totals_too_large_to_be_exact_are_refused() -> None:
    """As of any cells: where a sum could be too large, all are multiplied at once and checked."""
    counts = np.full((3, 1, 1), 1 << 52)
    with pytest.raises(DegenerateDataError, match="not exact"):
        resampled(counts, DEFINITIONS.inference)
