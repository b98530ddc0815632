"""The published window comes back from the records of synthetic Hubs whose truth is known."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from command_line import assert_one_message, invoke

from replication.sources.records import Records
from replication.sources.records.one_record import CUMULATIVE, THIRTY_DAY
from replication.validation.recovery import report, window
from replication.validation.recovery.window import STATISTICS, WindowRecovery
from replication.validation.synthetic.daily import FIRST, LAST, DailyHub, daily_hub
from replication.validation.synthetic.records import CRAWL, WHOLE, synthetic_records

HUBS = 3
SIDES = ["China", "USA", "total"]


@pytest.fixture(scope="module")
def found() -> WindowRecovery:
    """Three synthetic Hubs, rebuilt from their records."""
    return window.recover_window(HUBS)


@pytest.fixture(scope="module")
def hub() -> DailyHub:
    """A small synthetic Hub."""
    return daily_hub(800, 60, 7)


@pytest.fixture(scope="module")
def records(hub: DailyHub) -> Records:
    """Its records."""
    return synthetic_records(hub, 7)


@pytest.mark.slow
def test_the_truth_is_within_the_records_interval(found: WindowRecovery) -> None:
    """Every statistic of these three Hubs, and no interval is empty of meaning."""
    rows = found.shares
    assert rows.groupby("statistic")["ok"].sum().loc[list(STATISTICS)].tolist() == [HUBS] * 4
    assert (rows["lower"] < rows["upper"]).all()
    percent = rows[rows["statistic"].isin(["China", "USA"])]
    assert (percent["upper"] - percent["lower"]).max() < 40


@pytest.mark.slow
def test_what_no_record_follows_is_missed_less(found: WindowRecovery) -> None:
    """The shares of both countries are less than half as far from the truth with the correction."""
    table = found.summary.set_index("statistic")
    for name in ("China", "USA"):
        assert table.loc[name, "error"] < table.loc[name, "error_uncorrected"] / 2, name
        assert abs(table.loc[name, "bias"]) < table.loc[name, "bias_uncorrected"], name
    assert found.missed == []


@pytest.mark.slow
def test_seen_truth_and_ceiling_are_nested(found: WindowRecovery) -> None:
    """For both countries and all; the crossing is at most a month off or never in two Hubs of three."""
    assert found.nesting["side"].tolist() == SIDES * HUBS
    assert found.nesting["ok"].all()
    assert (found.nesting["truth"] < found.nesting["hub"]).all()
    assert len(found.crossings) == HUBS
    assert found.crossings["ok"].sum() >= HUBS - 1


@pytest.mark.slow
def test_the_truth_is_what_counters_gain(hub: DailyHub) -> None:
    """First-year downloads are gains of the counter up to the age limit, never more."""
    start, end = date(2024, 8, 27), date(2025, 8, 27)
    gained = hub.counters(end) - hub.counters(start)
    ours = hub.first_year(start, end, 365).sum(axis=1)
    ages = (end - FIRST).days - hub.born
    np.testing.assert_array_equal(ours[ages <= 365], gained[ages <= 365])
    assert (ours <= gained).all()
    assert (np.diff(hub.sums, axis=1) >= 0).all()
    before = hub.born > (start - FIRST).days
    assert not hub.counters(start)[before].any()


@pytest.mark.slow
def test_one_seed_gives_one_hub(hub: DailyHub, records: Records) -> None:
    """Hub and records are drawn from the seed alone."""
    again = synthetic_records(daily_hub(800, 60, 7), 7)
    for name, table in records.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])
    other = synthetic_records(daily_hub(800, 60, 8), 8)
    assert not records.observations.equals(other.observations)


@pytest.mark.slow
def test_records_have_the_shapes_of_the_real_ones(hub: DailyHub, records: Records) -> None:
    """Every table and column; names, kinds and records that belong together."""
    assert set(records.tables) == {field.name for field in fields(Records)}
    assert [*records.observations] == ["name", "date", "kind", "value", "record"]
    assert [*records.covered] == ["record", "crawl", "date", "namespace"]
    assert [*records.lists] == ["record", "date", "cut_off"]
    assert set(records.observations["kind"]) == {CUMULATIVE, THIRTY_DAY}
    assert set(records.observations["name"]) <= set(hub.names)
    assert records.trust[0] == WHOLE
    assert all(name.startswith("synthetic") for name in records.trust)
    undated = records.models.groupby("name")["created"].count() == 0
    assert 0 < undated.mean() < 0.5


@pytest.mark.slow
def test_lists_are_complete(hub: DailyHub, records: Records) -> None:
    """A list holds every repository above its cut-off, a crawl all of the developers that it names."""
    rows = records.observations
    for record, at, cut in records.lists.itertuples(index=False):
        held = rows.loc[rows["record"] == record, "name"]
        absent = hub.alive(at.date()) & ~np.isin(hub.names, held.to_numpy(dtype=object))
        assert (hub.rolling(at.date())[absent] < max(cut, 1)).all(), record
    last = records.covered["date"].max()
    spaces = set(records.covered.loc[records.covered["date"] == last, "namespace"])
    crawled = rows.loc[(rows["record"] == CRAWL) & (rows["date"] == last), "name"]
    own = [name for name in hub.names[hub.alive(last.date())] if name.split("/")[0] in spaces]
    assert set(crawled) == set(own)


@pytest.mark.slow
def test_more_is_followed_of_china(found: WindowRecovery) -> None:
    """What is not followed is a smaller part of China's downloads than of the others'."""
    table = found.nesting.groupby("side")[["not_followed", "hub"]].sum()
    part = table["not_followed"] / table["hub"]
    assert part["China"] < part["USA"] < part["total"]


@pytest.mark.slow
def test_counts_are_of_thirty_days(hub: DailyHub) -> None:
    """The 30-day count holds nearly all that the counter gained, and no more."""
    grown = hub.counters(LAST) - hub.counters(LAST - timedelta(days=30))
    counted = hub.rolling(LAST)
    assert (counted <= grown).all()
    assert 0.9 < counted.sum() / grown.sum() < 1


def made_up(ok: int, *, nested: bool = True, far: float = 1.0) -> WindowRecovery:
    """Ten Hubs; every statistic is within its interval in so many."""
    parts = [
        pd.DataFrame({
            "seed": range(10), "statistic": name, "truth": 10.0, "estimate": 10.0 + far,
            "uncorrected": 12.0, "lower": 8.0, "upper": 12.0, "ok": np.arange(10) < ok,
        })
        for name in STATISTICS
    ]  # fmt: skip
    nesting = pd.DataFrame({"seed": [4], "side": ["USA"], "ok": [nested]})
    crossings = pd.DataFrame({"seed": [4], "ok": [True]})
    return WindowRecovery(pd.concat(parts, ignore_index=True), nesting, crossings)


def test_missed_marks_are_named() -> None:
    """Too few Hubs, a sum out of its bounds, a correction that does not help."""
    assert made_up(9).missed == []
    assert (
        made_up(8).missed[0]
        == "window, China: within its interval in 8 of 10 Hubs, 9 are asked for"
    )
    assert len(made_up(8).missed) == len(STATISTICS)
    assert made_up(10, nested=False).missed == ["window, Hub 4: USA is not seen ≤ truth ≤ ceiling"]
    told = made_up(10, far=2.5).missed
    assert [text[:14] for text in told] == ["window, China:", "window, USA: n"]
    assert all("no nearer to the truth" in text for text in told)


@pytest.mark.slow
def test_the_command_prints_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """The summary and both counts are printed; a missed mark ends with exit code 1."""
    nothing = report.Recovery(
        pd.DataFrame({"ok": [True]}), {}, pd.DataFrame({"without": ["nothing"], "worse": [False]})
    )
    monkeypatch.setattr(report, "recover", lambda *_: nothing)
    asked = []
    outcome = [made_up(10), made_up(3)]
    monkeypatch.setattr(
        window, "recover_window", lambda hubs, _: asked.append(hubs) or outcome[len(asked) - 1]
    )
    arguments = ("recovery", "--kills", "0", "--window-hubs", "10")
    done = invoke(*arguments)
    assert done.exit_code == 0
    for text in ("10 synthetic Hubs", "China − USA", "1 sums of 1"):
        assert text in done.stdout
    failed = invoke(*arguments)
    assert asked == [10, 10]
    assert_one_message(failed.exit_code, failed.stderr, "within its interval in 3 of 10 Hubs")
