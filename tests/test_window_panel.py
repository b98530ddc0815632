"""The panel of the window from hand-made records: births, months, lists, agreement, what is left out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_records import (
    COUNTERS,
    CRAWL,
    DATED,
    HUB,
    LISTS,
    LOW,
    TOP,
    Sources,
    small_window_study,
)

from replication.errors import ContractError
from replication.panel import window
from replication.panel.window import (
    CEILING,
    COUNTED,
    ESTIMATE,
    SEEN,
    WindowPanel,
    evidence,
    held_column,
    lists,
)
from replication.panel.window.evidence import MARGIN, Prepared
from replication.panel.window.paths import paths
from replication.sources.records import Records

DEFINITIONS = small_window_study()
RECORDS = DATED.padded().records()
PANEL = window.build(RECORDS, DEFINITIONS)
HEAD = window.column(365, "standard")
FIRST = pd.Timestamp("2024-08-28")
"""First day whose downloads the window holds."""


def prepared(sources: Sources) -> Prepared:
    """What the paths of these sources are drawn from."""
    return evidence.prepare(sources.padded().records(), DEFINITIONS)


def beside(sources: Sources) -> Sources:
    """The dated sources and these."""
    both = {name: {**said, **getattr(sources, name)} for name, said in vars(DATED).items()}
    both["lists"] = {n: {**DATED.lists[n], **sources.lists.get(n, {})} for n in DATED.lists}
    return Sources(**both)


def built(sources: Sources) -> WindowPanel:
    """The panel of the dated sources and these."""
    return window.build(beside(sources).padded().records(), DEFINITIONS)


def births_of(sources: Sources) -> dict[str, tuple[str, str]]:
    """First and last possible day of birth by name."""
    known = prepared(sources)
    days = [
        [f"{known.origin_day + pd.Timedelta(days=int(n)):%Y-%m-%d}" for n in ends]
        for ends in (known.births.earliest, known.births.latest)
    ]
    return dict(zip(known.facts["name"], zip(*days, strict=True), strict=True))


def months_of(panel: WindowPanel, name: str, column: str) -> dict[str, int]:
    """Downloads of a repository by month in one column, those without any left out."""
    rows = panel.window_months[panel.window_months["repository"] == name]
    sums = rows.set_index("month")[column]
    return sums[sums > 0].to_dict()


def followed(name: str, panel: WindowPanel = PANEL) -> str:
    """Since when a repository is followed."""
    rows = panel.window_repositories.set_index("repository")
    return str(rows["followed_from"][name])


def test_a_stated_date_is_the_day_of_birth() -> None:
    """Where a record dates a name nothing else is asked, not even a list that lacks it."""
    found = births_of(DATED)
    assert found["acme/new"] == ("2024-10-01", "2024-10-01")
    assert found["delta/older"] == ("2024-05-01", "2024-05-01")


def test_the_most_trusted_date_is_taken() -> None:
    """Records that describe models are in order of trust, whatever the order of the names."""
    models = pd.concat([
        RECORDS.models, RECORDS.models.assign(record="later", created=pd.Timestamp("2024-12-24")),
    ])  # fmt: skip
    created = evidence.created_of(replace(RECORDS, models=models))
    assert created["acme/new"] == pd.Timestamp("2024-10-01")


def test_absence_from_the_whole_hub_dates_a_birth() -> None:
    """Absent from the list of the whole Hub, it was born on a day between that and its first count."""
    found = births_of(Sources(lists={HUB: {"other/one": 5}, TOP: {"gamma/undated": 2_000}}))
    assert found == {"gamma/undated": ("2024-07-12", "2025-01-14")}


def test_a_crawl_of_its_namespace_dates_a_birth() -> None:
    """Every crawl before its first count held the namespace without it; the last of them counts."""
    crawls = {
        "2024-11-14": {"beta": 0, "gamma": 0}, "2024-12-14": {"beta/other": 50},
        "2025-02-14": {"beta/undated": 900}, "2025-03-14": {"gamma": 0},
    }  # fmt: skip
    found = births_of(Sources(crawls=crawls))
    assert found["beta/undated"] == ("2024-12-15", "2025-02-14")


def test_a_count_of_zero_is_no_birth_yet_seen() -> None:
    """A birth is at the latest on the day of the first download that a record holds."""
    crawls = {"2025-02-14": {"beta/undated": 0}, "2025-03-14": {"beta/undated": 40}}
    assert births_of(Sources(crawls=crawls)) == {"beta/undated": ("2025-02-15", "2025-03-14")}


def test_what_the_whole_hub_held_undated_was_born_before() -> None:
    """A name of the whole list without a date has no day before which it was not there."""
    sources = Sources(lists={HUB: {"gamma/undated": 2}, TOP: {"gamma/undated": 2_000}})
    assert births_of(sources) == {"gamma/undated": ("2024-07-11", "2024-07-11")}


def test_only_what_may_be_young_in_the_window_is_chosen() -> None:
    """Neither what was too old, nor what the list of the whole Hub alone holds, is a row."""
    names = set(prepared(DATED).facts["name"])
    assert "acme/ancient" not in names
    assert "zeta/small" not in names
    assert {"acme/old", "delta/older"} <= names


@pytest.mark.parametrize(
    ("born", "chosen"), [("2023-08-28", False), ("2023-08-29", True), ("2025-08-28", False)]
)
def test_the_age_limit_chooses(born: str, chosen: bool) -> None:
    """On 28 August 2024 one may be 365 days old; one born after the window is no part of it."""
    sources = beside(Sources(born={"a/b": born}, lists={LOW: {"a/b": 900}}))
    assert ("a/b" in set(prepared(sources).facts["name"])) == chosen


def test_facts_of_repositories() -> None:
    """The uploader is the namespace, the origin that of the base model, the month that of birth."""
    rows = PANEL.window_repositories.set_index("repository")
    assert rows.loc["beta/one", ["uploader", "origin", "created"]].tolist() == [
        "beta", "acme", "2024-12",
    ]  # fmt: skip


@pytest.mark.slow
def test_a_repository_without_a_date_has_no_month() -> None:
    """Its birth lies between two dates, which may be of two months."""
    undated = built(Sources(lists={TOP: {"gamma/undated": 2_000}})).window_repositories
    assert undated.set_index("repository")["created"]["gamma/undated"] == ""


def test_what_follows_a_repository() -> None:
    """A crawl since the month that it counts, a counter since its first day, or birth within."""
    assert followed("acme/new") == "2024-10-16"
    assert followed("delta/counted") == "2024-12-01"
    assert followed("delta/older") == "2025-03-01"
    assert followed("zeta/tail") == ""


@pytest.mark.slow
def test_the_earlier_of_two_followers_counts() -> None:
    """Crawled from January and counted since a birth in March: from January."""
    sources = Sources(
        born={"a/b": "2025-03-10"},
        crawls={"2025-01-14": {"a": 0}, "2025-05-14": {"a/b": 10}},
        counters={"a/b": {"2025-04-01": 50}},
    )
    assert followed("a/b", built(sources)) == "2024-12-16"


def test_counters_of_a_newborn_are_its_months() -> None:
    """91 days with a hundred a day by its first counter: three whole months and one day."""
    found = months_of(PANEL, "delta/counted", COUNTED)
    assert [found[month] for month in ("2024-12", "2025-01", "2025-02")] == [3_100, 3_100, 2_800]
    # March: 1 day at 100, 10 days at 100 and 20 at 9,900 / 173.
    assert found["2025-03"] == round(1_100 + 20 * 9_900 / 173)
    for column in (SEEN, HEAD, CEILING):
        assert months_of(PANEL, "delta/counted", column) == found


def test_a_count_is_cut_at_the_ends_of_the_window() -> None:
    """Of the 30 days to 20 September four are of August and inside, and of twenty a day."""
    found = months_of(PANEL, "acme/old", SEEN)
    assert (found["2024-08"], found["2024-09"]) == (4 * 200, 20 * 200)


def test_the_age_limit_ends_a_path() -> None:
    """Born on 1 June 2024: at most 365 days old through 1 June 2025, 180 through 28 November."""
    year, half = HEAD, window.column(180, "standard")
    assert max(months_of(PANEL, "acme/old", year)) == "2025-06"
    assert max(months_of(PANEL, "acme/old", half)) == "2024-11"
    day = months_of(PANEL, "acme/old", year)["2025-06"]
    assert 0 < day < 100  # one day alone: less than the rate of any count
    whole = {m: n for m, n in months_of(PANEL, "acme/old", year).items() if m < "2024-11"}
    assert {m: n for m, n in months_of(PANEL, "acme/old", half).items() if m < "2024-11"} == whole


def test_absence_from_a_list_by_task_is_bounded_by_its_cut() -> None:
    """Absent with the cut of its task, or with that of the list where its task has none."""
    sources = Sources(
        born=dict.fromkeys(["a/speech", "a/text", "a/there"], "2024-09-01"),
        crawls={"2024-11-14": dict.fromkeys(["a/speech", "a/text", "a/there"], 30_000)},
        lists={TOP: {"a/there": 4_000}},
        tasks={"a/speech": "speech", "a/there": "speech"},
        task_cuts={"speech": 50},
    )
    known = prepared(sources)
    rows = known.evidence.absences
    assert rows["source"].unique().tolist() == [LOW, TOP]
    own = rows[rows["source"] == TOP]
    found = dict(zip(known.facts["name"][own["row"]], own["value"], strict=True))
    assert found == {"a/speech": 50, "a/text": 1_000}


def test_absence_needs_a_birth_before_the_list() -> None:
    """A name that may have been born after a list is not said to be absent from it."""
    sources = Sources(
        born={"a/late": "2025-01-15"},
        crawls={"2025-03-14": {"a/late": 10, "a/unknown": 10}},
    )
    assert prepared(sources).evidence.absences.empty


def test_months_are_whole_numbers_that_add_up() -> None:
    """All columns are int64, and a repository's months are its total in the table of left out."""
    numbers = PANEL.window_months.drop(columns=window.MONTH)
    assert (numbers.dtypes == np.int64).all()
    totals = PANEL.window_months.groupby("repository")[HEAD].sum()
    left_out = PANEL.window_left_out.set_index("repository")[ESTIMATE]
    assert totals.to_dict() == left_out.to_dict()


KNOWN = prepared(DATED)
rates = st.lists(st.floats(0, 1_000), min_size=len(KNOWN.facts), max_size=len(KNOWN.facts))


@settings(deadline=None, max_examples=30)
@given(rates, st.sampled_from([1, 180, 365]))
def test_months_add_up_to_the_rounded_total(rate: list[float], limit: int) -> None:
    """Rounding takes from one month what it gives to the next, and never makes one negative."""
    ages = np.arange(KNOWN.days) - KNOWN.births.latest[:, None]
    path = np.array(rate)[:, None] * (ages >= 0)
    found = window.monthly(path, KNOWN, limit, DEFINITIONS.fillings[0])
    inside = (ages >= 0) & (ages <= limit)
    inside[:, :MARGIN] = False
    inside[:, MARGIN + 365 :] = False
    assert np.abs(found.sum(axis=1) - np.array(rate) * inside.sum(axis=1)).max() <= 0.5 + 1e-6
    assert found.dtype == np.int64
    assert (found >= 0).all()


def test_the_calendar_of_the_window() -> None:
    """365 days from 28 August 2024 on, whose months are thirteen, of which two are parts."""
    assert KNOWN.months[0] == "2024-08"
    assert KNOWN.months[-1] == "2025-08"
    assert np.diff(KNOWN.ends)[[0, 1, -1]].tolist() == [4, 30, 27]
    assert KNOWN.ends[-1] == 365
    assert KNOWN.origin_day + pd.Timedelta(days=MARGIN) == FIRST


def test_every_choice_has_its_column() -> None:
    """The headline first, every rule of filling, and the other age limit with the first rule."""
    found = window.columns(DEFINITIONS)
    assert found[0] == HEAD
    assert found == [
        *(window.column(365, rule.id) for rule in DEFINITIONS.fillings), "estimate/180/standard",
    ]  # fmt: skip
    assert list(PANEL.window_months) == [*window.MONTH, COUNTED, SEEN, CEILING, *found]
    assert [(limit, rule.id) for limit, rule in window.variants(DEFINITIONS)][-1] == (
        180,
        "standard",
    )


def test_rules_of_filling_differ_where_no_record_speaks() -> None:
    """Without a kept rate there is less, with a longer one more, and what is seen is as it was."""
    sums = PANEL.window_months.groupby("repository").sum(numeric_only=True).loc["acme/new"]
    none, own, more = (sums[window.column(365, n)] for n in ("no-carry", "standard", "long-carry"))
    assert sums[SEEN] < none < own < more < sums[CEILING]


def test_seen_estimate_and_ceiling_are_in_order() -> None:
    """Month by month, where births are known and no first counter limits what was filled."""
    rows = PANEL.window_months[PANEL.window_months["repository"] != "delta/older"]
    for lower, upper in ((COUNTED, SEEN), (SEEN, HEAD), (HEAD, CEILING)):
        assert (rows[lower] <= rows[upper] + 1).all()


BETA = {"2025-01-14": {"beta": 0}, "2025-02-14": {"beta/undated": 3_000}}
"""Crawls that date a birth between 15 January and 14 February, and count 3,000 since."""


def undated() -> pd.DataFrame:
    """The months of a repository whose birth no record dates."""
    rows = built(Sources(crawls={**DATED.crawls, **BETA})).window_months
    return rows[rows["repository"] == "beta/undated"]


@pytest.mark.slow
def test_an_unknown_birth_takes_nothing_from_a_count() -> None:
    """All of a count was gained since birth and inside the window, whenever that was."""
    rows = undated()
    assert rows[SEEN].sum() == 3_000
    for name in window.columns(DEFINITIONS):
        assert (rows[name] >= rows[SEEN]).all()


@pytest.mark.slow
def test_the_ceiling_of_an_unknown_birth_lies_above_the_estimates() -> None:
    """Month by month, under every rule of birth."""
    rows = undated()
    for name in [SEEN, *window.columns(DEFINITIONS)]:
        assert (rows[CEILING] >= rows[name]).all()


def without(records: Records, source: str) -> Records:
    """The records without one, or without one month of the crawls."""
    record, _, month = source.partition(" ")
    rows = records.observations
    own = (rows["record"] == record) & rows["date"].dt.strftime("%Y-%m").str.startswith(month)
    own &= rows["name"] != "pad/pad"
    lists = records.lists[records.lists["record"] != record]
    return replace(records, observations=rows[~own].reset_index(drop=True), lists=lists)


SOURCES = [LOW, TOP, COUNTERS, f"{CRAWL} 2024-11", f"{CRAWL} 2025-02", f"{CRAWL} 2025-07"]


@pytest.mark.parametrize("source", SOURCES)
def test_leaving_a_record_out_is_rebuilding_without_it(source: str) -> None:
    """Where every birth is dated the two are the same, repository by repository."""
    known, rule = (
        evidence.prepare(without(RECORDS, source), DEFINITIONS),
        DEFINITIONS.fillings[0],
    )
    path = paths(known.evidence, known.births, known.days, rule).estimate
    rebuilt = window.monthly(path, known, 365, rule).sum(axis=1)
    totals = pd.Series(rebuilt, known.facts["name"])
    found = PANEL.window_left_out.set_index("repository")[source]
    assert found.to_dict() == totals.reindex(found.index, fill_value=0).to_dict()
    assert (found != PANEL.window_left_out.set_index("repository")[ESTIMATE]).any()


def test_every_record_is_left_out_once() -> None:
    """Lists, each month of a crawl, and the counters as one."""
    assert set(PANEL.window_left_out) == {"repository", ESTIMATE, HUB, *SOURCES}


def test_lists_hold_young_repositories_with_downloads() -> None:
    """What is older than a year at the date of a list, or has no download, is no row of it."""
    table = PANEL.window_dates
    assert "acme/ancient" not in set(table["name"])
    rows = table[table["list"] == HUB].set_index("name")
    assert rows["downloads"].to_dict() == {"acme/old": 3_000, "zeta/small": 60, "zeta/tail": 40}
    assert rows["created"]["zeta/small"] == "2024-07"
    assert list(table["list"].drop_duplicates()) == list(LISTS)
    assert table.drop_duplicates("list")["cut_off"].tolist() == [0, 100, 1_000]


def test_what_a_list_would_have_held_of_a_deeper_one() -> None:
    """By its cut-off, or by that of its task; and nothing is said of lists that are not deeper."""
    table = PANEL.window_dates.set_index(["list", "name"])
    low, top = held_column(LOW), held_column(TOP)
    assert table.loc[(HUB, "acme/old"), [low, top]].tolist() == [3_000, 3_000]
    assert table.loc[(HUB, "zeta/small"), [low, top]].tolist() == [0, 0]
    assert table.loc[(LOW, "delta/older"), [low, top]].tolist() == [0, 0]
    assert table.loc[(LOW, "zeta/tail"), [low, top]].tolist() == [0, 300]
    assert not table.loc[TOP, [low, top]].any(axis=None)


@pytest.mark.slow
def test_a_list_holds_what_is_at_its_cut_off() -> None:
    """A count that equals the cut of the list, or of its task, would have been held; one less not."""
    counts = {"a/at": 1_000, "a/less": 999, "a/task": 50, "a/low": 49}
    sources = Sources(
        born=dict.fromkeys(counts, "2024-07-01"),
        lists={LOW: counts},
        tasks={"a/task": "speech", "a/low": "speech"},
    )
    rows = built(sources).window_dates
    own = rows[(rows["list"] == LOW) & rows["name"].isin(counts)].set_index("name")
    assert own[held_column(TOP)].to_dict() == {"a/at": 1_000, "a/less": 0, "a/task": 50, "a/low": 0}


@pytest.mark.slow
def test_joining_small_ones_in_lists_loses_nothing() -> None:
    """Sums by list, of downloads and of what lists would have held, are those of all names."""
    joined = window.build(RECORDS, small_window_study(least=5_000)).window_dates
    numbers = ["downloads", held_column(LOW), held_column(TOP)]
    sums = [t.groupby("list")[numbers].sum() for t in (joined, PANEL.window_dates)]
    pd.testing.assert_frame_equal(*sums)
    assert len(joined) < len(PANEL.window_dates)


@pytest.mark.slow
def test_joining_small_ones_in_the_window_loses_nothing() -> None:
    """Sums by month are the same, and what is followed from different days stays apart."""
    panel = window.build(RECORDS, small_window_study(least=50_000))
    months = [
        p.window_months.groupby("month").sum(numeric_only=True).astype("int64")
        for p in (panel, PANEL)
    ]
    pd.testing.assert_frame_equal(*months)
    names = panel.window_repositories["repository"]
    assert names.is_unique
    assert names.str.contains(r"\[not followed\]").sum() == 1
    assert names.str.contains(r"\[2025-03\]").sum() == 1
    left_out = panel.window_left_out.sum(numeric_only=True)
    assert left_out.to_dict() == PANEL.window_left_out.sum(numeric_only=True).to_dict()


def test_counts_that_are_right_rebuild_the_counter() -> None:
    """A steady hundred a day, by a counter and by counts of each month: the same downloads."""
    crawls = {f"2025-0{n}-14": {"a/steady": 3_000} for n in range(1, 8)}
    days = pd.date_range("2025-02-01", "2025-07-01", freq="MS")
    born = pd.Timestamp("2024-12-01")
    counters = {f"{day:%Y-%m-%d}": 100 * ((day - born).days + 1) for day in days}
    sources = Sources({"a/steady": "2024-12-01"}, {}, crawls, {"a/steady": counters})
    found = lists.agreement(prepared(sources), DEFINITIONS).set_index("period")
    # The days from 1 to 15 December lie within thirty of the first count.
    assert found.loc["before", ["exact", "rebuilt"]].tolist() == [6_300, 6_300]
    assert found.loc["after", ["exact", "rebuilt"]].tolist() == [15_000, 15_000]
    assert found["uploader"].tolist() == ["a", "a"]


def test_agreement_ends_with_the_window() -> None:
    """A counter of the window's last day is compared, one of the day after is not."""
    end = DEFINITIONS.published_window.end
    names = {"a/in": f"{end}", "a/out": f"{end + pd.Timedelta(days=1):%Y-%m-%d}"}
    counts = {day: dict.fromkeys(names, 3_000) for day in ("2025-06-14", "2025-08-14")}
    counters = {name: {"2025-07-01": 9, day: 99} for name, day in names.items()}
    sources = Sources(dict.fromkeys(names, "2025-06-01"), {}, counts, counters)
    found = lists.agreement(prepared(sources), DEFINITIONS)
    assert found[["name", "period"]].to_numpy().tolist() == [
        ["a/in", "before"], ["a/out", "before"], ["a/in", "after"],
    ]  # fmt: skip


def test_a_list_cuts_a_task_by_its_own_count() -> None:
    """Never above the list's; the first record that states a task of a name holds."""
    models = pd.DataFrame(
        [("a", "speech", "one"), ("a", "image", "two"), ("b", "image", "one"), ("c", "", "one")],
        columns=["name", "task", "record"],
    )
    cuts = pd.DataFrame(
        [(TOP, "speech", 50), (TOP, "image", 2_000), (LOW, "speech", 7)],
        columns=["record", "task", "cut"],
    )
    whole = pd.DataFrame({"record": [LOW, TOP], "cut_off": [100, 1_000]})
    records = SimpleNamespace(models=models, task_cuts=cuts, lists=whole)
    tasks = pd.Series(["a", "b", "c", "d"]).map(evidence.tasks_of(records))
    assert evidence.cut_offs(tasks, TOP, records).tolist() == [50, 1_000, 1_000, 1_000]
    assert evidence.cut_offs(tasks[:2], LOW, records).tolist() == [7, 100]


def test_an_annotated_origin_goes_before_one_that_is_traced() -> None:
    """Of several rows of a name the last holds; a name without either is its uploader's own."""
    columns = ["name", "origin", "base_models"]
    rows = [("a/b", "x", ""), ("a/b", "y", "c/d"), ("e/f", "", "g/h"), ("e/f", "", "i/j")]
    models = pd.DataFrame([*rows, ("k/l", "", "")], columns=columns)
    found = evidence.origins_of(SimpleNamespace(models=models))
    assert found.to_dict() == {"a/b": "y", "e/f": "i"}
    plain = evidence.origins_of(SimpleNamespace(models=models.assign(base_models="")))
    assert plain.to_dict() == {"a/b": "y"}
    names = pd.Series(["k/l", "e/f"], index=[7, 5])
    own = pd.Series(["k", "e"], index=[7, 5])
    assert evidence.named_origins(names, found, own).to_dict() == {7: "k", 5: "i"}


def test_agreement_is_of_newborns_with_a_count_in_the_period() -> None:
    """An older repository, and one that no count holds, are not compared."""
    found = PANEL.window_agreement
    assert set(found["name"]) == {"delta/both"}
    assert found.set_index("period")["exact"].to_dict() == {"before": 16_400, "after": 13_600}
    assert list(found.columns) == lists.AGREEMENT


def test_a_panel_without_a_column_is_refused() -> None:
    """The column that the definitions ask for is named; the whole panel passes."""
    assert window.check(PANEL, DEFINITIONS) is PANEL
    fewer = replace(PANEL, window_months=PANEL.window_months.drop(columns="estimate/180/standard"))
    with pytest.raises(ContractError, match="estimate/180/standard"):
        window.check(fewer, DEFINITIONS)


@pytest.mark.slow
def test_a_panel_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Every table comes back with its values; an empty text stays empty."""
    PANEL.write(tmp_path)
    found = window.read(tmp_path)
    for name, table in vars(PANEL).items():
        pd.testing.assert_frame_equal(getattr(found, name), table, check_dtype=False)
    assert found.window_repositories["followed_from"].tolist()[-1] == ""


@pytest.mark.slow
def test_the_order_of_rows_in_the_records_is_of_no_account() -> None:
    """Shuffled tables of records give the same panel, byte for byte."""
    shuffled = {
        name: table.sample(frac=1, random_state=7) for name, table in RECORDS.tables.items()
    }
    found = window.build(Records(**shuffled), DEFINITIONS)
    for name, table in vars(PANEL).items():
        pd.testing.assert_frame_equal(getattr(found, name), table)


@pytest.mark.slow
def test_what_was_found_is_recorded() -> None:
    """How many births no record dates, and how many repositories counters and counts share."""
    both = Sources(lists={TOP: {"gamma/undated": 2_000}})
    rows = built(both).window_defects.set_index("check")["rows"]
    assert rows.to_dict() == {"births-between-dates": 1, "counters-and-counts": 2}


@pytest.mark.slow
def test_records_without_counters_make_a_panel() -> None:
    """Nothing is counted or compared, and to leave the counters out leaves all as it is."""
    panel = window.build(replace(DATED, counters={}).records(), DEFINITIONS)
    assert not panel.window_months[COUNTED].any()
    assert panel.window_agreement.empty
    assert list(panel.window_agreement) == lists.AGREEMENT
    found = panel.window_left_out
    assert (found["cumulative"] == found[ESTIMATE]).all()


@pytest.mark.slow
def test_records_without_crawls_make_a_panel() -> None:
    """Only counters follow a repository then."""
    panel = window.build(replace(DATED, crawls={}).records(), DEFINITIONS)
    assert followed("acme/old", panel) == ""
    assert followed("delta/counted", panel) == "2024-12-01"


@pytest.mark.slow
def test_records_without_base_models_make_a_panel() -> None:
    """Everyone is its own origin."""
    rows = window.build(replace(DATED, bases={}).records(), DEFINITIONS).window_repositories
    assert (rows["origin"] == rows["uploader"]).all()
