"""The synthetic Hub: its truth against brute force, and each defect at its rate or not at all."""

from __future__ import annotations

import dataclasses
import json
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hub_edges import hub_edges
from hypothesis import given
from hypothesis import strategies as st
from released_files import EXAMPLES, counters_of, id_of, real_file, repository, synthetic_release

from replication.definitions import Window, load_definitions
from replication.errors import DegenerateDataError
from replication.inference.pareto import hill_index, tail_size
from replication.panel import increments, lineage
from replication.sources.snapshots.extract import extract
from replication.validation.synthetic import snapshots
from replication.validation.synthetic.curves import DAY
from replication.validation.synthetic.defects import (
    BAD_COLUMNS,
    COUNTER_SINCE,
    FIRST_LABEL,
    SWING,
    WEEK,
    DefectRates,
    Reading,
    Schedule,
    schedule,
)
from replication.validation.synthetic.lineage import RELATIONS
from replication.validation.synthetic.truth import (
    FLOOR,
    GROUPS,
    SyntheticHub,
    seconds,
    synthetic_hub,
)

DEFINITIONS = load_definitions()
SIZE, END = 20_000, date(2026, 2, 1)
HUB = synthetic_hub(SIZE, 2_000, 7, end=END)
NONE, REALISTIC = DefectRates.none(), DefectRates.realistic()
USUAL = date(2025, 3, 12)
"""A label of which only the shares of single repositories are wrong."""
FIRST, LAST = seconds(FIRST_LABEL), seconds(END)
moments = st.integers(FLOOR - DAY, LAST + 400 * DAY)


def read(rates: DefectRates, label: date = USUAL, seed: int = 3) -> Reading:
    """A reading that there is."""
    found = schedule(HUB, rates, seed).read(HUB, label)
    assert found is not None
    return found


def only(**rates: object) -> DefectRates:
    """Rates of which only the named ones are not none."""
    return dataclasses.replace(NONE, **rates)  # type: ignore[arg-type]


def near(count: int, size: int, share: float) -> bool:
    """Whether a count is within five standard deviations of a binomial's mean."""
    return abs(count - size * share) <= 5 * np.sqrt(size * share * (1 - share)) + 1


@given(moments, st.integers(0, 400 * DAY))
@EXAMPLES
def test_counters_never_fall_and_are_zero_before_birth(at: int, later: int) -> None:
    """At any two seconds, for every repository."""
    before, after = HUB.counters(at), HUB.counters(at + later)
    assert (after >= before).all()
    assert not before[HUB.created >= at].any()


def test_counters_do_not_fall_from_one_second_to_the_next() -> None:
    """Rounding never takes a download back: 2,000 consecutive seconds of the largest curves."""
    rows = np.argsort(-HUB.counters(LAST))[:200]
    levels = np.stack([HUB.counters(LAST + n, rows) for n in range(2_000)])
    assert (np.diff(levels, axis=0) >= 0).all()
    assert (levels[-1] > levels[0]).any()


def test_counters_equal_the_curve_written_by_hand() -> None:
    """A second implementation, repository by repository, in plain Python."""
    curves, at = HUB.curves, seconds(date(2025, 6, 1))
    got = HUB.counters(at)
    for row in range(0, SIZE, 97):
        age = max(at - int(HUB.created[row]), 0)
        total = curves.launch[row] * (1 - 1 / (1 + age / curves.settling[row]))
        total += curves.pace[row] * age
        for k in range(2):
            done = (age - curves.begins[k, row]) / curves.lasts[k, row]
            done = min(max(done, 0.0), 1.0)
            part = 2 * done * done if done < 0.5 else 1 - 2 * (1 - done) * (1 - done)
            total += curves.burst[k, row] * part
        assert got[row] == int(total)


@pytest.mark.slow
@given(moments, st.integers(0, 500))
@EXAMPLES
def test_first_year_is_the_sum_of_daily_increments(start: int, days: int) -> None:
    """Day by day, each day cut at the first birthday."""
    few = slice(0, SIZE, 499)
    created, total = HUB.created[few], 0
    end = start + days * DAY
    limit = created + 365 * DAY
    for day in range(days):
        left, right = start + day * DAY, start + (day + 1) * DAY
        cut = [np.minimum(moment, np.maximum(limit, start)) for moment in (left, right)]
        total = total + HUB.counters(cut[1], few) - HUB.counters(cut[0], few)
    np.testing.assert_array_equal(HUB.first_year(start, end)[few], total + 0 * created)


def test_first_year_of_a_cohort_is_its_counter() -> None:
    """Whoever is born inside a year's window gains its whole counter in it."""
    start, end = seconds(date(2024, 8, 27)), seconds(date(2025, 8, 27))
    born = (HUB.created > start) & (HUB.created <= end)
    np.testing.assert_array_equal(HUB.first_year(start, end)[born], HUB.counters(end)[born])
    assert born.any()


def test_monthly_rates_change_within_a_month() -> None:
    """Of busy repositories in their first year many gain half as much again in one half month."""
    at = seconds(date(2025, 10, 1))
    young = (HUB.created > at - 300 * DAY) & (HUB.created < at - 60 * DAY)
    halves = [
        HUB.counters(at + k * 15 * DAY) - HUB.counters(at + (k - 1) * 15 * DAY) for k in (0, 1)
    ]
    busy = young & (halves[0] + halves[1] > 50)
    ratio = (halves[0][busy] + 1) / (halves[1][busy] + 1)
    assert (np.maximum(ratio, 1 / ratio) > 1.5).mean() > 0.1


def test_the_rolling_field_is_kappa_times_the_growth() -> None:
    """Each repository's part is within [0.91, 0.97], and that of all is 3 to 9 % short."""
    growth = HUB.counters(LAST) - HUB.counters(LAST - 30 * DAY)
    field = HUB.rolling(LAST)
    assert (field <= 0.97 * growth).all()
    assert (field >= 0.91 * growth - 1).all()
    assert 0.91 < field.sum() / growth.sum() < 0.97
    assert HUB.kappa.std() > 0.005


def test_the_same_seed_draws_the_same_hub() -> None:
    """And another seed another one."""
    again, other = (synthetic_hub(SIZE, 2_000, seed, end=END) for seed in (7, 8))
    assert HUB.ids().equals(again.ids())
    assert HUB.names().equals(again.names())
    np.testing.assert_array_equal(HUB.counters(LAST), again.counters(LAST))
    np.testing.assert_array_equal(HUB.parents, again.parents)
    assert (HUB.counters(LAST) != other.counters(LAST)).mean() > 0.5


def test_developers_have_a_heavy_tail() -> None:
    """Hill's index of the developers' downloads is about 1.1: a mean, but no variance."""
    hub = synthetic_hub(100_000, 20_000, 11, end=END)
    sizes = np.bincount(hub.developer, weights=hub.counters(LAST))
    index = hill_index(sizes[sizes > 0])[tail_size(20_000) - 1]
    assert 0.8 < index < 1.5


def test_about_half_of_the_repositories_are_quiet() -> None:
    """Ten downloads or fewer in their first year."""
    year = HUB.first_year(FLOOR, LAST)
    assert 0.4 < (year <= 10).mean() < 0.65
    assert year.max() > 1_000 * np.median(year)


def test_identities_are_those_of_the_hub() -> None:
    """24 hex digits, unique, the first eight the time of creation."""
    ids = HUB.ids().to_pylist()
    assert len(set(ids)) == SIZE
    assert {len(i) for i in ids} == {24}
    np.testing.assert_array_equal([int(i[:8], 16) for i in ids], HUB.created)
    assert HUB.ids(np.array([5, 3])).to_pylist() == [ids[5], ids[3]]


def test_births_begin_with_a_clump_and_grow_in_number() -> None:
    """The oldest share one moment; every year has more than the one before."""
    assert (HUB.created == FLOOR).sum() >= SIZE // 20
    edges = [FLOOR + 1, *(seconds(date(year, 3, 2)) for year in (2023, 2024, 2025)), LAST]
    counts, _ = np.histogram(HUB.created, edges)
    assert (np.diff(counts) > 0).all()
    assert HUB.created.max() < LAST
    assert HUB.alive(FLOOR - 1) == 0
    assert HUB.alive(LAST) == SIZE


def test_about_half_derive_from_an_earlier_repository() -> None:
    """Two steps deep at most, and only merges have two parents."""
    first, second = HUB.parents.T
    derived = first >= 0
    assert near(int(derived.sum()), SIZE, 0.5)
    assert (HUB.parents[derived] < np.flatnonzero(derived)[:, None]).all()
    assert set(HUB.relation[second >= 0]) == {RELATIONS.index("merge")}
    grand = HUB.parents[first[derived], 0]
    assert (grand >= 0).any()
    assert (HUB.parents[grand[grand >= 0], 0] == -1).all()
    np.testing.assert_array_equal(HUB.relation == 0, ~derived)


def test_shares_by_origin_are_those_of_the_lineage() -> None:
    """The panel's own walk to the roots finds the same shares."""
    hub = synthetic_hub(2_000, 100, 5, end=END)
    downloads = hub.first_year(FIRST, LAST)
    names = hub.names().to_pylist()
    edges = [(names[n], names[p], None, "derived") for n, p in zip(*_edges(hub), strict=True)]
    walk = lineage.trace(names, pd.DataFrame(edges, columns=lineage.EDGES))
    held = walk.weights.T @ downloads.astype(float)
    groups = np.array(hub.groups)[hub.developer]
    for group, share in hub.shares(downloads, "origin").items():
        assert share == pytest.approx(held[groups == group].sum() / downloads.sum())


def _edges(hub: SyntheticHub) -> tuple[list[int], list[int]]:
    child, side = np.nonzero(hub.parents >= 0)
    return child.tolist(), hub.parents[child, side].tolist()


def test_shares_by_uploader_are_sums_over_groups() -> None:
    """By a plain loop over the repositories."""
    downloads, sums = HUB.first_year(FIRST, LAST), dict.fromkeys(GROUPS, 0)
    for developer, count in zip(HUB.developer, downloads.tolist(), strict=True):
        sums[HUB.groups[developer]] += count
    shares = HUB.shares(downloads)
    assert shares == {g: sums[g] / sum(sums.values()) for g in sorted(GROUPS) if g in shares}
    assert sum(shares.values()) == pytest.approx(1)


def test_given_names_are_the_largest_developers() -> None:
    """The others are numbered on from there."""
    hub = synthetic_hub(500, 20, 1, end=END, namespaces=[("Qwen", "China"), ("meta", "USA")])
    assert hub.namespaces[:3] == ("Qwen", "meta", "synthetic-0003")
    assert hub.groups[:2] == ("China", "USA")
    assert len(set(hub.namespaces)) == 20
    owners = {name.partition("/")[0] for name in hub.names().to_pylist()}
    assert owners == {hub.namespaces[n] for n in hub.developer}


@pytest.mark.parametrize(
    ("repositories", "developers", "names", "end"),
    [
        (0, 1, [], END),
        (1, 0, [], END),
        (5, 1, [("a", "China"), ("b", "USA")], END),
        (5, 3, [("a", "China"), ("a", "USA")], END),
        (5, 3, [], date(2022, 3, 1)),
        (1 << 24, 3, [], END),
    ],
)
def test_a_hub_that_cannot_be_drawn_is_refused(
    repositories: int, developers: int, names: list[tuple[str, str]], end: date
) -> None:
    """With a named error, before anything is drawn."""
    with pytest.raises(DegenerateDataError, match=r"Hub has|names for"):
        synthetic_hub(repositories, developers, 1, end=end, namespaces=names)


def test_shares_of_no_downloads_are_refused() -> None:
    """They are not defined."""
    with pytest.raises(DegenerateDataError, match="no downloads"):
        HUB.shares(HUB.first_year(FLOOR, FLOOR))


@pytest.mark.parametrize("label", [FIRST_LABEL, date(2024, 8, 14), USUAL, date(2025, 6, 11)])
def test_without_defects_a_reading_is_the_truth(label: date) -> None:
    """Every repository that there is, once, at the first moment of the label."""
    found = read(NONE, label)
    at = seconds(label)
    assert (found.label, found.content, found.read) == (label, label, at)
    np.testing.assert_array_equal(found.rows, np.arange(HUB.alive(at)))
    np.testing.assert_array_equal(found.counters, HUB.counters(at)[found.rows])
    np.testing.assert_array_equal(found.rolling, HUB.rolling(at)[found.rows])
    assert not found.renamed.any()
    assert found.namespaces == HUB.namespaces


def test_a_schedule_does_not_depend_on_the_other_labels() -> None:
    """The same seed gives the same reading, alone or after others; another seed another one."""
    plan = schedule(HUB, REALISTIC, 3)
    before = [plan.read(HUB, label) for label in snapshots.weekly_labels(until=USUAL)]
    last, alone = before[-1], read(REALISTIC)
    assert last is not None
    np.testing.assert_array_equal(last.counters, alone.counters)
    np.testing.assert_array_equal(last.rows, alone.rows)
    assert len(read(REALISTIC, seed=4).rows) != len(alone.rows)


def test_readings_come_up_to_three_days_and_six_hours_late() -> None:
    """Every number of days occurs; a label that was filled in later is read after six days."""
    plan = schedule(HUB, REALISTIC, 3)
    labels = [d for d in snapshots.weekly_labels(until=END) if d not in REALISTIC.late]
    late = [plan.read_at(d) - seconds(d) for d in labels]
    assert {(plan.read_at(d) - seconds(d)) // DAY for d in REALISTIC.late} == {6}
    assert {seconds_late // DAY for seconds_late in late} == {0, 1, 2, 3}
    assert max(late) < 3 * DAY + 6 * 3600
    assert len({seconds_late % DAY for seconds_late in late}) > 50


def test_missing_labels_have_no_snapshot(tmp_path: Path) -> None:
    """The two weeks of August 2024, and no others."""
    labels = snapshots.weekly_labels(until=date(2024, 9, 4))
    written = snapshots.write_snapshots(HUB, labels, schedule(HUB, REALISTIC), tmp_path)
    missed = {str(d) for d in labels} - {path.parent.name for path in written}
    assert missed == {"2024-08-14", "2024-08-21"}
    assert sorted(p.name for p in (tmp_path / "models").iterdir()) == [
        p.parent.name for p in written
    ]


def test_all_counters_stand_still_in_a_freeze_and_catch_up() -> None:
    """Each frozen label shows the counters of 2025-05-28; the 30-day field goes on unless told."""
    rates = dataclasses.replace(REALISTIC, absent=0.0, deleted=0.0, copied=0.0)
    before = read(rates, date(2025, 5, 28))
    for label in REALISTIC.frozen:
        found = read(rates, label)
        np.testing.assert_array_equal(found.counters[: len(before.rows)], before.counters)
        assert found.rolling[: len(before.rows)].sum() != before.rolling.sum()
    after = read(rates, date(2025, 7, 9))
    assert after.counters[: len(before.rows)].sum() > before.counters.sum()
    still = only(frozen=REALISTIC.frozen, frozen_rolling=True)
    two = [read(still, label).rolling for label in (date(2025, 5, 28), date(2025, 7, 2))]
    np.testing.assert_array_equal(two[1][: len(two[0])], two[0])


def test_a_freeze_after_a_fall_keeps_the_fallen_counters() -> None:
    """What stands still is what the reading before showed, whatever was wrong with it."""
    label = REALISTIC.falls[0]
    rates = only(falls=(label,), fallen=0.1, stalled=0.1, frozen=(label + WEEK,))
    before, after = read(rates, label), read(rates, label + WEEK)
    np.testing.assert_array_equal(after.counters[: len(before.rows)], before.counters)


def test_single_counters_stall_and_catch_up() -> None:
    """So many are late, by at most three days, and others at the next label."""
    found, following = (read(only(stalled=0.3), d) for d in (USUAL, USUAL + WEEK))
    truth = HUB.counters(seconds(USUAL))[found.rows]
    oldest = HUB.counters(seconds(USUAL) - 3 * DAY)[found.rows]
    assert (found.counters <= truth).all()
    assert (found.counters >= oldest).all()
    moving = truth - oldest > 100
    assert near(int((found.counters < truth)[moving].sum()), int(moving.sum()), 0.3)
    assert (following.counters[: len(found.rows)] >= found.counters).all()
    assert following.counters.sum() != HUB.counters(seconds(USUAL + WEEK)).sum()


def test_counters_fall_and_come_back() -> None:
    """A share shows a part of itself at the two labels of May, and the truth a week later."""
    rates = only(falls=REALISTIC.falls, fallen=0.1)
    fell = []
    for label in REALISTIC.falls:
        found = read(rates, label)
        truth = HUB.counters(seconds(label))[found.rows]
        large = truth > 10
        fell.append((found.counters < truth)[: HUB.alive(seconds(REALISTIC.falls[0]))])
        assert near(int((found.counters < truth)[large].sum()), int(large.sum()), 0.1)
        assert (found.counters >= np.floor(0.4 * truth)).all()
    assert (fell[0] & fell[1]).sum() > 0.9 * fell[0].sum()
    back = REALISTIC.falls[-1] + WEEK
    np.testing.assert_array_equal(
        read(rates, back).counters, HUB.counters(seconds(back))[read(rates, back).rows]
    )


def test_a_truncated_snapshot_holds_a_quarter() -> None:
    """And the one after it all."""
    label = REALISTIC.truncated[0]
    rates, alive = only(truncated=REALISTIC.truncated), HUB.alive(seconds(label))
    assert near(len(read(rates, label).rows), alive, 0.25)
    assert len(read(rates, label + WEEK).rows) == HUB.alive(seconds(label + WEEK))


def test_copies_are_a_week_older() -> None:
    """A small share stands twice, before and after the other rows, with smaller counters."""
    found = read(only(copied=0.02))
    times = np.bincount(found.rows)
    assert times.max() == 2
    assert near(int((times == 2).sum()), len(times), 0.02)
    copies = found.rows[: (times == 2).sum() // 2]
    older = HUB.counters(seconds(USUAL) - 7 * DAY, copies)
    np.testing.assert_array_equal(found.counters[: len(copies)], older)
    assert (np.diff(found.rows) < 0).sum() == 2


def test_renames_keep_the_identity() -> None:
    """A share of the names changes for good, and a whole namespace on its day."""
    rates = only(renamed=0.2, namespaces=REALISTIC.namespaces)
    labels = (date(2025, 7, 30), date(2026, 1, 28))
    early, late = (read(rates, label) for label in labels)
    assert not (early.renamed & ~late.renamed).any()
    assert 0 < early.renamed.sum() < late.renamed.sum() <= 0.22 * SIZE
    old, new = "synthetic-0002", "synthetic-0002-org"
    assert (old in early.namespaces, new in early.namespaces) == (True, False)
    assert (old in late.namespaces, new in late.namespaces) == (False, True)
    names = HUB.names(late.rows, late.namespaces, late.renamed).to_pylist()
    second = [name.endswith("-v2") for name in names]
    np.testing.assert_array_equal(second, late.renamed[late.rows])
    assert (
        sum(name.startswith(f"{new}/") for name in names)
        == (HUB.developer == 1).sum() - (HUB.developer[HUB.alive(late.read) :] == 1).sum()
    )


@pytest.mark.slow
def test_deleted_repositories_do_not_come_back_and_absent_ones_do() -> None:
    """Of the deleted there are more at each label; the absent are others each time."""
    labels = snapshots.weekly_labels(since=USUAL, until=END)
    gone = [_gone(only(deleted=0.3), label) for label in labels]
    assert all(not (a & ~b).any() for a, b in pairwise(gone))
    assert 0.1 < gone[-1].mean() < 0.3
    away = [_gone(only(absent=0.1), label) for label in labels[:2]]
    assert all(near(int(a.sum()), len(a), 0.1) for a in away)
    assert (away[0] & ~away[1]).any()


def _gone(rates: DefectRates, label: date) -> np.ndarray:
    """Which of those born before `USUAL` a reading lacks."""
    here = np.zeros(SIZE, dtype=bool)
    here[read(rates, label).rows] = True
    return ~here[: HUB.alive(seconds(USUAL))]


@pytest.mark.slow
def test_a_stale_upload_repeats_the_week_before(tmp_path: Path) -> None:
    """Byte for byte."""
    stale = REALISTIC.stale[0]
    plan = schedule(HUB, REALISTIC, 3)
    one, two = snapshots.write_snapshots(HUB, [stale - WEEK, stale], plan, tmp_path)
    assert one.read_bytes() == two.read_bytes()
    assert one != two


def test_the_rolling_field_swings() -> None:
    """By the factor of the day on which the Hub is read, in a straight line between two days."""
    rates = only(swing=SWING)
    for label, factor in ((FIRST_LABEL, 1.0), (date(2024, 11, 6), 1.9), (date(2025, 6, 4), 1.27),
                          (date(2024, 10, 9), 1.0 + 0.9 * 35 / 63)):  # fmt: skip
        got, plain = read(rates, label).rolling, read(NONE, label).rolling
        assert (got == np.floor(plain * factor)).all()
        assert (read(rates, label).counters == read(NONE, label).counters).all()


@pytest.mark.slow
def test_single_cells_are_bad(tmp_path: Path) -> None:
    """As many of each column as are asked for, and nothing else differs."""
    plain, bad = (
        pq.read_table(snapshots.write_snapshot(HUB, END, schedule(HUB, rates), tmp_path, lean=True))
        for rates in (NONE, only(bad=2))
    )
    differ = {name: pc.not_equal(plain[name], bad[name]) for name in plain.column_names if
              not pa.types.is_nested(plain.schema.field(name).type)}  # fmt: skip
    counts = {name: pc.sum(mask).as_py() for name, mask in differ.items()}
    assert {name: n for name, n in counts.items() if n} == dict.fromkeys(BAD_COLUMNS, 2)
    assert bad["downloads"].filter(differ["downloads"]).to_pylist() == [-1, -1]
    assert {len(text) for text in bad["_id"].filter(differ["_id"]).to_pylist()} == {12}
    assert all(text.endswith(" bad") for text in bad["id"].filter(differ["id"]).to_pylist())


@pytest.mark.slow
def test_some_have_no_date_but_an_id_that_tells_it(tmp_path: Path) -> None:
    """The same repositories in every snapshot, and the extract knows when they were created."""
    plan, missing = schedule(HUB, only(undated=0.1)), []
    for label in (USUAL, END):
        path = snapshots.write_snapshot(HUB, label, plan, tmp_path, lean=True)
        table = pq.read_table(path, columns=["_id", "createdAt"])
        missing.append(set(table["_id"].filter(table["createdAt"].is_null()).to_pylist()))
        assert near(len(missing[-1]), table.num_rows, 0.1)
    assert missing[0] < missing[1]
    found = extract(path, tmp_path / "extract.parquet", str(END))
    assert (found.dated_by_id, found.bad_cells) == (len(missing[1]), {})
    created = pq.read_table(tmp_path / "extract.parquet")["created"]
    assert sorted(created.to_pylist()) == sorted(HUB.created[: len(created)].tolist())


COMMON = [
    "id", "author", "createdAt", "lastModified", "downloads", "likes", "trendingScore", "tags",
    "cardData", "pipeline_tag", "library_name",
]  # fmt: skip
SINCE = ["downloadsAllTime"], ["safetensors", "gguf", "baseModels"]


@pytest.mark.parametrize(
    ("label", "options", "columns", "times"),
    [
        (date(2025, 1, 8), {}, ["_id", *COMMON], "timestamp[ms]"),
        (COUNTER_SINCE, {}, ["_id", *COMMON, *SINCE[0]], "timestamp[us, tz=UTC]"),
        (END, {}, ["_id", *COMMON, *SINCE[0], *SINCE[1]], "timestamp[us, tz=UTC]"),
        (END, {"without_ids": True}, [*COMMON, *SINCE[0], *SINCE[1]], "timestamp[us]"),
    ],
)
def test_each_era_has_its_columns(
    label: date, options: dict[str, bool], columns: list[str], times: str, tmp_path: Path
) -> None:
    """And its way of writing times; in none is the counter null."""
    path = snapshots.write_snapshot(HUB, label, None, tmp_path, **options)
    assert path == tmp_path / "models" / str(label) / "models.parquet"
    table = pq.read_table(path)
    assert set(table.column_names) == set(columns)
    assert str(table.schema.field("createdAt").type) == times
    assert sum(table[c].null_count for c in columns if c.startswith("downloads")) == 0


def test_the_fourth_era_is_that_of_hub_stats(tmp_path: Path) -> None:
    """Same columns in the same order, same types but for the list of number formats."""
    path = snapshots.write_snapshot(HUB, END, None, tmp_path, without_ids=True)
    ours = pq.read_schema(path)
    real = real_file().parents[1] / "hub_stats" / "hub_stats_frozen.parquet"
    theirs = pq.read_schema(real)
    assert ours.names == theirs.names
    differ = [n for n in ours.names if ours.field(n).type != theirs.field(n).type]
    assert differ == ["safetensors"]


def test_before_the_counter_its_column_may_be_there_and_empty(tmp_path: Path) -> None:
    """At the labels that the rates name, and not at the one before."""
    labels = [date(2025, 2, 5), *REALISTIC.null_counters]
    plan = schedule(HUB, REALISTIC, 3)
    absent, *empty = (
        pq.read_table(path) for path in snapshots.write_snapshots(HUB, labels, plan, tmp_path)
    )
    assert "downloadsAllTime" not in absent.column_names
    assert [t["downloadsAllTime"].null_count for t in empty] == [t.num_rows for t in empty]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    """A snapshot of the last era without defects."""
    folder = tmp_path_factory.mktemp("hub")
    return pq.read_table(snapshots.write_snapshot(HUB, END, None, folder))


def test_a_snapshot_holds_the_reading(snapshot: pa.Table) -> None:
    """Identity, name, creation and counts of every row."""
    assert snapshot["_id"].to_pylist() == HUB.ids().to_pylist()
    assert snapshot["id"].to_pylist() == HUB.names().to_pylist()
    author = [name.partition("/")[0] for name in snapshot["id"].to_pylist()]
    assert snapshot["author"].to_pylist() == author
    created = snapshot["createdAt"].cast(pa.int64()).to_numpy() // 10**6
    np.testing.assert_array_equal(created, HUB.created)
    np.testing.assert_array_equal(snapshot["downloads"].to_numpy(), HUB.rolling(LAST))
    np.testing.assert_array_equal(snapshot["downloadsAllTime"].to_numpy(), HUB.counters(LAST))


@pytest.mark.slow
def test_tags_and_base_models_name_the_parents(snapshot: pa.Table) -> None:
    """Read by the panel's own reader, from either column, they give the true edges."""
    table = snapshot.select(["id", "baseModels", "tags"]).to_pandas()
    names, ids = HUB.names().to_pylist(), HUB.ids().to_pylist()
    child, parent = _edges(HUB)
    relations = [RELATIONS[HUB.relation[n]] for n in child]
    by_field = hub_edges(table)
    assert by_field["repository"].tolist() == [names[n] for n in child]
    assert by_field["parent"].tolist() == [names[p] for p in parent]
    assert by_field["parent_id"].tolist() == [ids[p] for p in parent]
    assert by_field["relation"].tolist() == relations
    by_tag = hub_edges(table.assign(baseModels=None))
    pd.testing.assert_frame_equal(
        by_tag.drop(columns="parent_id"), by_field.drop(columns="parent_id")
    )


@pytest.mark.slow
def test_cards_are_json_and_name_the_first_parent(snapshot: pa.Table) -> None:
    """A licence everywhere, a base model where there is one."""
    cards = [json.loads(text) for text in snapshot["cardData"].to_pylist()]
    names = HUB.names().to_pylist()
    stated = [card.get("base_model") for card in cards]
    assert stated == [[names[p]] if p >= 0 else None for p in HUB.parents[:, 0]]
    assert {card["license"] for card in cards} == {"apache-2.0"}


def test_quantised_repositories_have_gguf_and_the_others_safetensors(snapshot: pa.Table) -> None:
    """One or the other, with a number of parameters."""
    quantised = HUB.relation == RELATIONS.index("quantized")
    np.testing.assert_array_equal(snapshot["gguf"].is_valid().to_numpy(), quantised)
    np.testing.assert_array_equal(snapshot["safetensors"].is_null().to_numpy(), quantised)
    told = [json.loads(text)["total"] for text in snapshot["gguf"].drop_null().to_pylist()]
    totals = [cell["total"] for cell in snapshot["safetensors"].drop_null().to_pylist()]
    assert set(told) == set(totals)
    assert min(totals) > 0


def test_a_lean_snapshot_differs_only_in_three_empty_columns(
    snapshot: pa.Table, tmp_path: Path
) -> None:
    """They are there, and null."""
    lean = pq.read_table(snapshots.write_snapshot(HUB, END, None, tmp_path, lean=True))
    left_out = ["cardData", "safetensors", "gguf"]
    assert lean.schema == snapshot.schema
    assert lean.drop(left_out).equals(snapshot.drop(left_out))
    assert {lean[column].null_count for column in left_out} == {SIZE}


@pytest.mark.slow
def test_row_groups_change_nothing(
    snapshot: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file written in small parts holds the same rows."""
    monkeypatch.setattr(snapshots, "_ROW_GROUP", 777)
    path = snapshots.write_snapshot(HUB, END, None, tmp_path)
    assert pq.ParquetFile(path).num_row_groups == -(-SIZE // 777)
    assert pq.read_table(path).equals(snapshot)


@pytest.mark.slow
def test_base_models_have_the_names_of_the_time_and_tags_the_first_ones(tmp_path: Path) -> None:
    """As on the Hub, where a tag repeats the model card."""
    plan: Schedule = schedule(HUB, only(renamed=0.5), 3)
    table = pq.read_table(snapshots.write_snapshot(HUB, END, plan, tmp_path)).to_pandas()
    now, first = (hub_edges(t) for t in (table, table.assign(baseModels=None)))
    assert now["parent"].str.endswith("-v2").mean() > 0.2
    assert not first["parent"].str.endswith("-v2").any()


def test_the_folder_says_that_the_data_are_synthetic(tmp_path: Path) -> None:
    """With seeds, sizes and the rates that are not none."""
    snapshots.write_snapshot(HUB, USUAL, schedule(HUB, only(copied=0.5), 3), tmp_path)
    told = json.loads((tmp_path / "SYNTHETIC.json").read_text())
    assert told["synthetic"] is True
    assert (told["seed"], told["defects_seed"]) == (7, 3)
    assert (told["repositories"], told["developers"]) == (SIZE, 2_000)
    assert told["defects"] == {"copied": 0.5}
    dated = snapshots.description(HUB, schedule(HUB, only(stale=REALISTIC.stale)))
    assert dated["defects"] == {"stale": ["2025-10-15"]}


def test_labels_are_wednesdays_from_the_first_snapshot_on() -> None:
    """From and to any day."""
    labels = snapshots.weekly_labels(date(2024, 1, 1), date(2026, 9, 30))
    assert (labels[0], labels[-1]) == (FIRST_LABEL, date(2026, 9, 30))
    assert {day.weekday() for day in labels} == {2}
    assert len(labels) == 115
    assert snapshots.weekly_labels(date(2024, 7, 25), date(2024, 8, 6)) == [date(2024, 7, 31)]
    assert snapshots.weekly_labels(until=date(2024, 7, 23)) == []


@pytest.mark.slow
def test_a_released_file_of_the_hub_gives_the_true_downloads() -> None:
    """The panel's window total of each repository is the closed form's, to the last download."""
    labels = [COUNTER_SINCE + n * timedelta(days=7) for n in range(46)]
    young = np.flatnonzero(HUB.created > seconds(COUNTER_SINCE) - 20 * DAY)[::20]
    counters = np.array([HUB.counters(seconds(label), young) for label in labels])
    rows = []
    for row, levels in zip(young, counters.T, strict=True):
        born = pd.Timestamp(int(HUB.created[row]), unit="s")
        since = next((n for n, label in enumerate(labels) if pd.Timestamp(label) >= born), None)
        if since is not None:
            seen = [None] * since + [int(level) for level in levels[since:]]
            rows += repository(int(row), seen, created=born, first=pd.Timestamp(labels[0]))
    readings = counters_of(synthetic_release(rows)).sort_values(["repository", "reading"])
    gained = increments.first_year(readings, age_limit_days=365, birth_margin_days=0)
    got = increments.window_total(gained, Window("all", "increments", COUNTER_SINCE, END, ""))
    place = {id_of(int(row)): n for n, row in enumerate(young)}
    truth = (counters[-1] - counters[0])[[place[name] for name in got.index]]
    np.testing.assert_array_equal(got.to_numpy(), truth)
