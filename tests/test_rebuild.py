"""First-year downloads from snapshots: hand-made extracts whose downloads are known exactly."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hub_rows import (
    COUNTED,
    LABELS,
    Repository,
    Rows,
    Snapshots,
    day,
    definitions,
    exact,
    hub,
    midnight,
    newcomers,
    noon,
    rebuilt,
    running,
    snapshots,
    totals,
    window,
    write,
)

from replication.errors import ContractError, DefinitionError, OutputError, SourceError
from replication.panel.increments import counters_at
from replication.panel.whole_hub import periods, rebuild
from replication.panel.whole_hub.engine_duckdb import DuckDB
from replication.panel.whole_hub.engines import engine
from replication.panel.whole_hub.readings import DAY, Readings

HUB = hub()
OLD, YOUNG, NEW = HUB[:3]
LATER = 20
"""Place of a label in the time of the counters, at which all three are read."""
EARLIER = 8
"""Place of a label before the counters."""


def found_rows(contents: Snapshots, place: int, number: int) -> Rows:
    """The rows of one repository at one label."""
    identity = f"{number:024x}"
    return [row for row in contents[LABELS[place]] if row["repository"] == identity]


def stall(contents: Snapshots) -> None:
    """The counter of one repository shows its last value for two weeks."""
    for place in (LATER, LATER + 1):
        before = found_rows(contents, LATER - 1, 3)[0]["counter"]
        found_rows(contents, place, 3)[0]["counter"] = before


def rollback(contents: Snapshots) -> None:
    """A counter falls to half, and comes back."""
    for place in (LATER, LATER + 1):
        found_rows(contents, place, 3)[0]["counter"] //= 2


def missing_reading(contents: Snapshots) -> None:
    """One repository is missing from two snapshots, one of each regime."""
    for place, number in ((LATER, 3), (EARLIER, 2)):
        (row,) = found_rows(contents, place, number)
        contents[LABELS[place]].remove(row)


def missing_snapshots(contents: Snapshots) -> None:
    """There is no snapshot at two labels, one of each regime."""
    del contents[LABELS[LATER]], contents[LABELS[EARLIER]]


def duplicate(contents: Snapshots) -> None:
    """A snapshot lists one repository a second time, as it was a week before."""
    contents[LABELS[LATER]].insert(0, dict(found_rows(contents, LATER - 1, 3)[0]))
    contents[LABELS[EARLIER]].append(dict(found_rows(contents, EARLIER - 3, 2)[0]))


def rename(contents: Snapshots) -> None:
    """Two repositories have had another name until a label."""
    for number, until in ((2, EARLIER), (3, LATER)):
        for place in range(until):
            for row in found_rows(contents, place, number):
                row["name"] = f"before/model-{number}"


def without_id(contents: Snapshots) -> None:
    """Two snapshots, one of each regime, carry no id."""
    for place in (EARLIER, LATER):
        for row in contents[LABELS[place]]:
            row["repository"] = None


def truncated(contents: Snapshots) -> None:
    """Two snapshots hold only their first third."""
    for place in (EARLIER, LATER):
        rows = contents[LABELS[place]]
        del rows[len(rows) // 3 :]


def repeated(contents: Snapshots) -> None:
    """Two snapshots are those of the label before."""
    for place in (EARLIER, LATER):
        contents[LABELS[place]] = contents[LABELS[place - 1]]


def freeze(contents: Snapshots) -> None:
    """No counter moves for three weeks, and no new one appears; the 30-day field moves."""
    known = {row["repository"]: row["counter"] for row in contents[LABELS[LATER - 1]]}
    for place in range(LATER, LATER + 3):
        for row in contents[LABELS[place]]:
            row["counter"] = known.get(row["repository"])


def spikes(contents: Snapshots) -> None:
    """Three counters are many times too large at one reading: the first, one between, the last but one."""
    for place, number in ((COUNTED, 1), (LATER, 3), (LATER + 2, 3), (len(LABELS) - 2, 3)):
        for row in found_rows(contents, place, number):
            row["counter"] *= 1000


def overcounts(contents: Snapshots) -> None:
    """A 30-day count is a thousand times too large at one reading before the counters, and at one after."""
    for place, number in ((EARLIER, 2), (LATER, 3)):
        (row,) = found_rows(contents, place, number)
        row["rolling"] *= 1000


def without_counts(contents: Snapshots) -> None:
    """Five snapshots in a row, and that of the first counters, have no 30-day field."""
    for place in (*range(EARLIER, EARLIER + 5), COUNTED):
        for row in contents[LABELS[place]]:
            row["rolling"] = None


def without_dates(contents: Snapshots) -> None:
    """Snapshots of both regimes have no creation dates, and the last has none of three."""
    last = [found_rows(contents, len(LABELS) - 1, number)[0] for number in (1, 2, 3)]
    for row in [*contents[LABELS[EARLIER]], *contents[LABELS[LATER]], *last]:
        row["created"] = None


def without_names(contents: Snapshots) -> None:
    """Two repositories have no name at their last reading, and one at its first."""
    for place, number in ((len(LABELS) - 1, 3), (len(LABELS) - 1, 2), (3, 2)):
        for row in found_rows(contents, place, number):
            row["name"] = None


def without_ids_or_dates(contents: Snapshots) -> None:
    """Two snapshots, one of each regime, carry neither ids nor dates: the name tells which it is."""
    without_id(contents)
    for place in (EARLIER, LATER):
        for row in contents[LABELS[place]]:
            row["created"] = None


MISHAPS = [
    stall, rollback, missing_reading, missing_snapshots, duplicate, rename, without_id, truncated,
    repeated, freeze, spikes, overcounts, without_counts, without_dates, without_names, without_ids_or_dates,
]  # fmt: skip


def spoilt(mishap: Callable[[Snapshots], None]) -> Snapshots:
    """The snapshots of the hand-made Hub after a mishap."""
    contents = {label: [dict(row) for row in rows] for label, rows in snapshots(HUB).items()}
    mishap(contents)
    return contents


@pytest.mark.slow
def test_a_constant_rate_gives_rate_times_days(tmp_path: Path) -> None:
    """In any window, across the age limit and in both regimes, downloads are exact."""
    found = rebuilt(tmp_path, snapshots(HUB))
    assert totals(found) == exact(HUB)
    assert len(found.read.table) == len(LABELS)
    assert found.scale.factor == pytest.approx(1, abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("mishap", MISHAPS, ids=lambda mishap: mishap.__name__)
def test_a_mishap_changes_nothing(tmp_path: Path, mishap: Callable[[Snapshots], None]) -> None:
    """Whatever goes wrong in a snapshot, the downloads at a constant rate are exact."""
    assert totals(rebuilt(tmp_path, spoilt(mishap))) == exact(HUB)


@pytest.mark.slow
def test_a_renamed_repository_keeps_both_names(tmp_path: Path) -> None:
    """The latest name holds, and the first is known."""
    facts = rebuilt(tmp_path, spoilt(rename)).facts.set_index("name")["first_name"]
    assert facts["new/model"] == "before/model-3"
    assert facts["old/model"] == "old/model"


@pytest.mark.slow
def test_a_name_that_one_reading_lacks_is_taken_from_the_others(tmp_path: Path) -> None:
    """The last name that is stated holds; one that is stated nowhere is the id."""
    contents = spoilt(without_names)
    for rows in contents.values():
        for row in rows:
            row["name"] = None if row["name"] == OLD.name else row["name"]
    names = set(rebuilt(tmp_path, contents).facts["name"])
    assert {f"{OLD.number:024x}", YOUNG.name, NEW.name} <= names


@pytest.mark.slow
def test_spikes_and_uncertain_counters_stay_in_the_engine(tmp_path: Path) -> None:
    """Each spike with its height above its neighbours, each fall with what its envelopes differ by."""
    contents = spoilt(spikes)
    rollback(contents)
    with running(tmp_path, contents, definitions()) as (_, duck):
        found = duck.frame("SELECT r.name, s.size FROM spikes s JOIN repositories r USING (id)")
        apart = duck.frame("SELECT r.name, a.apart FROM envelopes a JOIN repositories r USING (id)")
    assert sorted(found["name"]) == [NEW.name] * 3 + [OLD.name]
    fallen = found_rows(snapshots(HUB), LATER - 1, 3)[0]["counter"]
    low = found_rows(contents, LATER + 1, 3)[0]["counter"]
    assert apart["name"].tolist() == [NEW.name]
    assert apart["apart"].item() >= fallen - low > 0


@pytest.mark.slow
def test_counts_that_cannot_be_right_are_named_and_scale_nothing(tmp_path: Path) -> None:
    """One bad 30-day count is taken for not read, and the chain of all others keeps its scale."""
    with running(tmp_path, spoilt(overcounts), definitions()) as (found, duck):
        named = duck.frame("SELECT r.name FROM overcounts o JOIN repositories r USING (id)")
    assert sorted(named["name"]) == [NEW.name, YOUNG.name]
    assert found.scale.factor == pytest.approx(1, abs=1e-5)


@pytest.mark.slow
def test_a_repository_without_any_30_day_count_scales_nothing(tmp_path: Path) -> None:
    """A null is not a zero: it has a counter and no chain, and the others keep the scale."""
    contents = spoilt(lambda _: None)
    for rows in contents.values():
        for row in rows:
            row["rolling"] = None if row["name"] == YOUNG.name else row["rolling"]
    found = rebuilt(tmp_path, contents)
    assert found.scale.factor == pytest.approx(1, abs=1e-5)
    assert totals(found) == exact(HUB)


@pytest.mark.slow
def test_undated_repositories_are_counted(tmp_path: Path) -> None:
    """One without a date anywhere is left out and counted, with its downloads; the others are not."""
    contents = spoilt(without_dates)
    for rows in contents.values():
        for row in rows:
            row["created"] = None if row["name"] == OLD.name else row["created"]
    found = rebuilt(tmp_path, contents)
    (last,) = found_rows(contents, len(LABELS) - 1, 1)
    assert found.undated == (1, last["counter"])
    assert totals(found) == exact(HUB[1:])


@pytest.mark.slow
def test_a_chain_without_counters_is_not_measured(tmp_path: Path) -> None:
    """Where no snapshot has a counter, the chain stands as it is, and says so."""
    bare = {
        label: [{**row, "counter": None} for row in rows] for label, rows in snapshots(HUB).items()
    }
    found = rebuilt(tmp_path, bare, definitions([window("rebuild", 30, 60)]))
    assert not found.scale.measured
    assert totals(found)[3]["rebuild-30-60"] == 0
    assert totals(found)[2]["rebuild-30-60"] == YOUNG.downloads(window("rebuild", 30, 60))


@pytest.mark.slow
def test_nothing_downloaded_is_refused(tmp_path: Path) -> None:
    """Snapshots without a download, and those in which no counter moves, are no data."""
    silent = [replace(r, rate=0) for r in HUB]
    with pytest.raises(ContractError, match="no repository in the snapshots is both downloaded"):
        rebuilt(tmp_path / "silent", snapshots(silent))
    still = {
        label: [{**row, "counter": 1000} for row in rows] for label, rows in snapshots(HUB).items()
    }
    with pytest.raises(
        ContractError, match="nearly every counter stands still at 29 of 29 readings"
    ):
        rebuilt(tmp_path / "still", still)


@pytest.mark.slow
def test_movers_and_absences_are_counted(tmp_path: Path) -> None:
    """A fall, a copy and a missed reading are found at their labels."""
    contents = spoilt(rollback)
    duplicate(contents)
    contents[LABELS[EARLIER]].remove(found_rows(contents, EARLIER, 1)[0])
    found = rebuilt(tmp_path, contents)
    movers = found.movers.set_index("label")
    label = (LABELS[LATER] - LABELS[0]).days + int(found.read.table["label"].iloc[0])
    assert movers.loc[label, ["n_fell", "n_copies"]].tolist() == [0, 1]
    assert movers["n_fell"].sum() == 1
    assert found.absences == (1, 1)


@pytest.mark.slow
def test_the_order_of_rows_and_files_changes_nothing(tmp_path: Path) -> None:
    """Shuffled rows in files that are named in reverse give the same tables."""
    contents = spoilt(duplicate)
    first = rebuilt(tmp_path / "a", contents)
    rng = random.Random(7)
    shuffled = {label: rng.sample(rows, len(rows)) for label, rows in reversed([*contents.items()])}
    second = rebuilt(tmp_path / "b", shuffled)
    for name in ("facts", "totals", "chained", "movers"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(second, name))
    assert first.scale.factor == second.scale.factor


@pytest.mark.slow
def test_a_freeze_is_timed_by_the_chain(tmp_path: Path) -> None:
    """What a reading catches up after a freeze falls where the 30-day field says that it fell."""
    late = Repository(4, day(-2), 0, "late/model")
    everyone = snapshots([*HUB, late])
    contents = {label: [dict(row) for row in rows] for label, rows in everyone.items()}
    moved = LABELS[LATER + 2]  # the last frozen reading, at which the 30-day field shows the burst
    for label, rows in contents.items():
        row = next(r for r in rows if r["name"] == late.name)
        row["counter"] = None if label < LABELS[COUNTED] else 100 + 700 * (label >= moved)
        row["rolling"] = 700 * (moved <= label < moved + timedelta(days=30))
    freeze(contents)
    begun, ended = 7 * LATER, 7 * (LATER + 3)
    rules = definitions(
        [window("rebuild", -2, begun - 1), window("increments", begun, ended)], age_limit=365
    )
    found = totals(rebuilt(tmp_path, contents, rules))[4]
    # Of the four windows over each of the last five weeks so many hold the burst: 1, 2, 3, 4, 4 of
    # four. The second week ends half a day after the cut.
    weeks = [1 / 4, 2 / 4, 3 / 4, 1, 1]
    before = 700 * (weeks[0] + weeks[1] * 6.5 / 7) / sum(weeks)
    assert found[rules.windows[0].id] == pytest.approx(100 + before, abs=1)
    assert found[rules.windows[1].id] == pytest.approx(700 - before, abs=1)


@pytest.mark.slow
def test_a_deletion_during_a_freeze_is_told_by_the_chain(tmp_path: Path) -> None:
    """Of a repository last seen in a freeze, all counts up to its last reading."""
    contents = spoilt(freeze)
    gone = LATER + 2
    for place in range(gone, len(LABELS)):
        contents[LABELS[place]] = [r for r in contents[LABELS[place]] if r["name"] != NEW.name]
    rules = definitions([window("rebuild", 5, 190), window("rebuild", 100, 7 * LATER - 1)])
    found = rebuilt(tmp_path, contents, rules)
    whole, before = (totals(found)[3][w.id] for w in rules.windows)
    assert before == NEW.downloads(rules.windows[1])
    seen = (noon(LABELS[gone - 1]) - NEW.seconds) // DAY
    assert whole == NEW.rate * seen
    assert found.chained.loc[found.facts["name"] == NEW.name, rules.windows[0].id].item() > 0


@pytest.mark.slow
def test_a_repository_before_the_first_snapshot_is_chained(tmp_path: Path) -> None:
    """One that is gone before the counters has the chain alone, scaled; the others have none."""
    gone = replace(OLD, number=5, name="gone/model", part=0.5)
    everyone = [replace(r, part=0.5) for r in HUB] + [gone]
    contents = {
        label: [r for r in rows if r["name"] != gone.name or label < LABELS[EARLIER]]
        for label, rows in snapshots(everyone).items()
    }
    rules = definitions([window("rebuild", 5, 45)])
    found = rebuilt(tmp_path, contents, rules)
    assert found.scale.factor == pytest.approx(2, rel=1e-3)
    name = rules.windows[0].id
    chained = dict(zip(found.facts["name"], found.chained[name], strict=True))
    assert totals(found)[5][name] == pytest.approx(gone.downloads(rules.windows[0]), abs=1)
    assert chained["gone/model"] == totals(found)[5][name]
    assert chained["young/model"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("part", [0.3, 0.94, 1.5])
def test_the_first_counter_anchors_a_whole_life(tmp_path: Path, part: float) -> None:
    """However wrong the 30-day field is, a life that the chain covers sums to its first counter."""
    everyone = [replace(YOUNG, part=part), *HUB[2:]]
    rules = definitions([window("rebuild", 0, 7 * COUNTED), window("cohort", 5, 150)])
    found = totals(rebuilt(tmp_path, snapshots(everyone), rules))[2]
    assert found[rules.windows[1].id] == YOUNG.downloads(rules.windows[1])
    assert found[rules.windows[0].id] == YOUNG.downloads(rules.windows[0])


@pytest.mark.slow
def test_as_read_puts_a_gain_at_the_reading_that_found_it(tmp_path: Path) -> None:
    """Uncut, a reading inside the window counts whole, and one after it not at all."""
    inside = window("increments", 120, 135)  # readings on days 126 and 133
    contents = spoilt(stall)  # days 140 and 147 are without a step, 154 holds three weeks
    whole = window("increments", 150, 156)
    found = rebuilt(tmp_path, contents, definitions([inside, whole]))
    assert totals(found, "as-read")[3] == {inside.id: 14 * NEW.rate, whole.id: 21 * NEW.rate}
    assert totals(found)[3] == {inside.id: 16 * NEW.rate, whole.id: 7 * NEW.rate}


@pytest.mark.slow
def test_left_out_leaves_out_what_a_frozen_hub_caught_up(tmp_path: Path) -> None:
    """The reading after a freeze counts as read, and not where frozen readings are left out."""
    after = window("increments", 162, 166)  # the reading of day 161 catches four weeks up
    caught = window("increments", 155, 166)
    found = rebuilt(tmp_path, spoilt(freeze), definitions([after, caught]))
    assert totals(found, "as-read")[3] == {after.id: 0, caught.id: 28 * NEW.rate}
    assert totals(found, "left-out")[3][caught.id] == 0


@pytest.mark.slow
def test_a_reading_is_dated_by_the_newest_repository(tmp_path: Path) -> None:
    """Snapshots read two days after their labels give exact downloads on other days."""
    late = [replace(r, born=r.born + timedelta(days=5)) for r in newcomers()]
    steady = [YOUNG, NEW, *late]
    contents = {
        label: [
            r.row(noon(label) + 2 * DAY, counted=label >= LABELS[COUNTED])
            for r in steady
            if r.seconds <= noon(label) + 2 * DAY
        ]
        for label in LABELS[1:]
    }
    rules = definitions([window("rebuild", 20, 60), window("increments", 110, 150)])
    found = totals(rebuilt(tmp_path, contents, rules))
    for r in (YOUNG, NEW):
        assert found[r.number] == {w.id: r.downloads(w) for w in rules.windows}


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        (window("rebuild", -31, 50), "rebuild--31-50 begins on 2024-06-23, before the snapshots"),
        (window("increments", 120, 204), "increments-120-204 needs readings to 2025-02-13"),
        (window("cohort", 20, 204), "cohort-20-204 needs readings to 2025-02-13"),
    ],
)
def test_a_window_outside_the_snapshots_is_refused(
    tmp_path: Path, inside: rebuild.Window, said: str
) -> None:
    """The window is named, with what the snapshots lack."""
    with pytest.raises(DefinitionError) as caught:
        rebuilt(tmp_path, snapshots(HUB), definitions([inside]))
    assert said in caught.value.what
    assert caught.value.remedy


@pytest.mark.slow
def test_a_cohort_may_begin_before_the_snapshots(tmp_path: Path) -> None:
    """Its repositories' counters hold their whole lives, whenever they were born."""
    rules = definitions([window("cohort", -50, 150)])
    found = totals(rebuilt(tmp_path, snapshots(HUB), rules))
    assert found[2][rules.windows[0].id] == YOUNG.downloads(rules.windows[0])


def test_snapshots_without_rows_are_no_readings(tmp_path: Path) -> None:
    """Where nothing is left, that is said."""
    with pytest.raises(ContractError, match="no snapshot is a reading"):
        rebuilt(tmp_path, {label: [] for label in LABELS[:3]})


@pytest.mark.slow
def test_a_snapshot_without_rows_is_named(tmp_path: Path) -> None:
    """It is no reading, and no mere week without one: the label stands among the truncated ones."""
    contents = spoilt(lambda _: None)
    contents[LABELS[EARLIER]] = []
    found = rebuilt(tmp_path, contents)
    assert totals(found) == exact(HUB)
    named = {d.check: d.where for d in found.read.defects}
    assert named["truncated-snapshots"] == LABELS[EARLIER].isoformat()


@pytest.mark.slow
def test_snapshots_without_dates_say_so(tmp_path: Path) -> None:
    """Names and counts alone tell no age: the message names what is missing."""
    bare = spoilt(lambda _: None)
    for rows in bare.values():
        for row in rows:
            row.update(repository=None, created=None)
    with pytest.raises(ContractError, match="has a date of creation"):
        rebuilt(tmp_path, bare)


@pytest.mark.slow
def test_repositories_too_old_to_matter_are_left_out(tmp_path: Path) -> None:
    """One past its age limit before any window, and one never downloaded, make no row."""
    ancient = Repository(6, day(-400), 50, "ancient/model")
    silent = Repository(7, day(30), 0, "silent/model")
    found = rebuilt(tmp_path, snapshots([*HUB, ancient, silent]))
    assert totals(found) == exact(HUB)


@pytest.mark.slow
def test_weekly_downloads_add_up(tmp_path: Path) -> None:
    """Whole weeks of a group hold its downloads at its constant rates, up to their age limits."""
    with running(tmp_path, snapshots(HUB), definitions()) as (found, engine_):
        pairs = pd.DataFrame({"id": found.facts["id"], "pair": 0})
        pairs.loc[found.facts["name"] == NEW.name, "pair"] = 1
        engine_.put("panel_pairs", pairs)
        weeks = rebuild.weekly(engine_, found)
    new = weeks[weeks["pair"] == 1].set_index("week")["downloads"]
    ends = [label for label in LABELS if midnight(label) > NEW.born]
    expected = {
        f"{end}": NEW.downloads(window("increments", place - 7, place - 1))
        for end in ends
        for place in [(end - LABELS[0]).days]
    }
    # The last reading is at noon of the last label, so that every week is whole.
    assert new.to_dict() == {week: n for week, n in expected.items() if n}


def test_a_counter_is_the_same_line_in_sql_and_in_pandas(tmp_path: Path) -> None:
    """What the SQL cuts out of gains is what the interpolated counter gains, but for its rounding."""
    rng, seconds = np.random.default_rng(7), "datetime64[s]"
    moments = np.sort(rng.choice(400 * DAY, 12, replace=False)).astype(np.int64)
    counter = np.cumsum(rng.integers(1, 10**6, 12))
    readings = pd.DataFrame({
        "reading": moments.astype(seconds), "created": pd.Timestamp(0), "counter": counter,
    })  # fmt: skip
    ends = np.sort(rng.choice(400 * DAY, 40, replace=False)).astype(np.int64)
    spans = pd.DataFrame({
        "period": range(39), "since": ends[:-1], "until": ends[1:], "born_since": 0,
        "born_until": 1, "age_limit": 500 * DAY, "skips_caught_up": 0,
    })  # fmt: skip
    gains = pd.DataFrame({
        "id": 1, "began": np.append(0, moments[:-1]), "ended": moments,
        "gain": 1000 * np.diff(counter, prepend=0), "kind": "counted",
    })  # fmt: skip
    with DuckDB(tmp_path) as duck:
        duck.put("gains", gains)
        duck.put("repositories", pd.DataFrame({"id": [1], "created": [0]}))
        duck.put("periods", spans)
        duck.view("cuts")
        cut = duck.frame("SELECT period, sum(inside) / 1e3 AS n FROM cuts GROUP BY period")
    inside = cut.set_index("period")["n"].reindex(range(39), fill_value=0).to_numpy()
    levels = counters_at(readings, ends.astype(seconds), whole_life=True)
    np.testing.assert_allclose(inside, np.diff(levels), rtol=0, atol=0.013)
    assert (inside > 0).sum() > 30


@pytest.mark.parametrize(
    ("moved", "times"),
    [
        ([9, 9, 0, 0, 9], [(1, 4, 1)]),
        ([9, 9, 9, 0, 0], [(2, 4, 0)]),
        ([9, 0, 9, 0, 9], [(0, 2, 1), (2, 4, 1)]),
        ([9, 9, 9, 9, 9], []),
    ],
)
def test_frozen_times_are_runs(moved: list[int], times: list[tuple[int, int, int]]) -> None:
    """A run begins at the reading before it and ends at the one after, or at the last."""
    table = pd.DataFrame({"label": range(5), "moment": range(5), "place": range(5)})
    movers = pd.DataFrame({"label": range(5), "n_again": 10, "n_moved": moved})
    found = periods.frozen_times(movers, Readings(table, 0, ()), 0.9)
    assert [*found.itertuples(index=False, name=None)] == times


def test_an_engine_is_known_by_name(tmp_path: Path) -> None:
    """Another name is refused with those that there are."""
    with pytest.raises(SourceError, match="no engine 'sqlite'"), engine("sqlite", tmp_path):
        pass


def test_a_damaged_extract_is_said(tmp_path: Path) -> None:
    """A file that is not Parquet is one message with a remedy, not a traceback."""
    files = write(tmp_path, snapshots(HUB, LABELS[:2]))
    files[LABELS[1]].write_bytes(b"PAR1 not Parquet")
    with DuckDB(tmp_path / "engine") as duck, pytest.raises((SourceError, OutputError)) as caught:
        rebuild.rebuild(files, definitions(), duck, truncated_share=0.5)
    assert caught.value.remedy
