"""What no record follows: each rule by hand, and that what is missing is shared out whole."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_window import (
    HELD,
    HUB,
    LATE,
    LOW,
    TOP,
    Repository,
    lists_of,
    small_window,
    window_definitions,
)

from replication.analysis.window import capture
from replication.analysis.window.capture import LEVEL, NONE, PROPORTION, HotDeck
from replication.analysis.window.data import REST
from replication.analysis.window.lists import (
    FOLLOWED,
    GROUP,
    OTHER,
    CompleteLists,
    deeper_lists,
    tail_factor,
)
from replication.definitions import Definitions, load_definitions
from replication.panel.window import column

DEFINITIONS = load_definitions()
GROUPS = ("China", "USA")
HEAD = column(365, "standard")
JANUARY = "2025-01"
MONTHS = ("2024-12", JANUARY, "2025-02")
# The middle of January is the 16th; a list counts around the 15th day before its date.
EARLY, LATER = "2025-01-21", "2025-02-10"


def list_rows(
    name: str, date: str, held: dict[str, tuple[str, str, int]], cut: int = 10
) -> pd.DataFrame:
    """Rows of one list: group, followed from, downloads, by name."""
    rows = [
        {"list": name, "date": date, "cut_off": cut, "name": n, GROUP: group,
         "followed_from": since, "downloads": count, "kinds": ""}
        for n, (group, since, count) in held.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def two_lists(first: tuple[int, int, int, int], second: tuple[int, int, int, int]) -> CompleteLists:
    """Two lists of equal cut-off: China followed and not, the USA followed and not."""
    names = {"cn/seen": ("China", "2024-01-01"), "cn/not": ("China", ""),
             "us/seen": ("USA", "2024-01-01"), "us/not": ("USA", "")}  # fmt: skip
    parts = [
        list_rows(name, date, {n: (*names[n], count) for n, count in zip(names, held, strict=True)})
        for name, date, held in (("a", EARLY, first), ("b", LATER, second))
    ]
    return CompleteLists(pd.concat(parts, ignore_index=True), GROUPS, MONTHS)


def estimates(rows: list[tuple[str, str, str, int]], kinds: str = "") -> pd.DataFrame:
    """Estimates by month: group, month, followed from, downloads."""
    table = pd.DataFrame(rows, columns=[GROUP, "month", "followed_from", HEAD])
    return table.assign(kinds=kinds)


def test_the_middle_and_the_length_of_a_month() -> None:
    """January has 31 days around the 16th; of August 2024 four days are inside the window."""
    middles, lengths = capture.month_days(("2024-08", JANUARY), DEFINITIONS)
    assert lengths.tolist() == [4, 31]
    assert pd.Timestamp(0) + pd.Timedelta(days=middles[1]) == pd.Timestamp("2025-01-16")
    assert pd.Timestamp(0) + pd.Timedelta(days=middles[0]) == pd.Timestamp("2024-08-29 12:00")


def test_the_day_of_a_list_is_the_middle_of_its_count() -> None:
    """Lists stand in the order of their dates, fifteen days before them; the whole Hub is none."""
    known = two_lists((1, 1, 1, 1), (1, 1, 1, 1))
    rows = pd.concat([known.rows, list_rows("whole", "2024-07-11", {"x/y": ("USA", "", 5)}, cut=0)])
    found = replace(known, rows=rows.iloc[::-1])
    assert found.names == ("a", "b")
    days = pd.Timestamp(0) + pd.to_timedelta(found.days(), unit="D")
    assert days.strftime("%Y-%m-%d").tolist() == ["2025-01-06", "2025-01-26"]


@pytest.mark.parametrize(("month", "part"), [("2024-12", OTHER), (JANUARY, FOLLOWED)])
def test_a_row_is_followed_from_its_month_on(month: str, part: str) -> None:
    """What is followed from 20 January on counts as followed in January, not before."""
    rows = list_rows("a", EARLY, {"cn/one": ("China", "2025-01-20", 70)})
    found = CompleteLists(rows, GROUPS, MONTHS).parts("a", month)
    assert found.loc["China", part] == 70
    assert found.to_numpy().sum() == 70
    assert found.index.tolist() == list(GROUPS)


def test_in_proportion_to_what_is_followed() -> None:
    """Half way between 40 to 60 and 20 to 80 the part is the mean of both ratios, of 900."""
    known = two_lists((60, 40, 90, 10), (80, 20, 90, 10))
    followed = np.array([[0.0, 900.0, 0.0], [0.0, 90.0, 0.0]])
    found = capture.expected_of(followed, known, PROPORTION, DEFINITIONS)
    assert found[0].tolist() == pytest.approx([0, 900 * (40 / 60 + 20 / 80) / 2, 0])
    assert found[1].tolist() == pytest.approx([0, 10, 0])


def test_outside_the_lists_the_nearest_one_holds() -> None:
    """December lies before both lists and has the first one's ratio, February the second one's."""
    known = two_lists((60, 40, 90, 10), (80, 20, 90, 10))
    found = capture.expected_of(np.full((2, 3), 600.0), known, PROPORTION, DEFINITIONS)
    assert found[0, [0, 2]].tolist() == pytest.approx([400, 150])


def test_at_its_level() -> None:
    """Half way between 40 and 20 in thirty days it is 31 in January, whatever is followed."""
    known = two_lists((60, 40, 90, 10), (80, 20, 90, 10))
    for followed in (np.zeros((2, 3)), np.full((2, 3), 1e6)):
        found = capture.expected_of(followed, known, LEVEL, DEFINITIONS)
        assert found[0].tolist() == pytest.approx([40 * 31 / 30, 30 * 31 / 30, 20 * 28 / 30])


def test_a_group_that_is_hardly_followed_keeps_its_level() -> None:
    """At one date less than three tenths of the USA are followed, so that it goes by its level."""
    known = two_lists((60, 40, 29, 71), (80, 20, 90, 10))
    found = capture.expected_of(np.full((2, 3), 900.0), known, PROPORTION, DEFINITIONS)
    assert found[1, 1] == pytest.approx((71 + 10) / 2 * 31 / 30)
    known = two_lists((60, 40, 30, 70), (80, 20, 90, 10))
    found = capture.expected_of(np.full((2, 3), 900.0), known, PROPORTION, DEFINITIONS)
    assert found[1, 1] == pytest.approx(900 * (70 / 30 + 10 / 90) / 2)


def test_a_list_can_be_left_out() -> None:
    """Without the first list the second holds in every month."""
    known = two_lists((60, 40, 90, 10), (80, 20, 90, 10))
    followed = np.full((2, 3), 800.0)
    found = capture.expected_of(followed, known, PROPORTION, DEFINITIONS, without="a")
    assert found[0].tolist() == pytest.approx([200] * 3)
    alone = replace(known, rows=known.rows[known.rows["list"] == "b"])
    np.testing.assert_allclose(found, capture.expected_of(followed, alone, PROPORTION, DEFINITIONS))


def test_the_shortfall_is_what_the_estimates_do_not_hold() -> None:
    """Of 200 expected in February the estimates hold 50 that no record follows, and 150 lack."""
    known = two_lists((60, 40, 90, 10), (80, 20, 90, 10))
    months = estimates([
        ("China", "2025-02", "2024-01-01", 800), ("China", "2025-02", "", 30),
        ("China", "2025-02", "2025-03-01", 20), ("China", "2024-12", "", 7),
    ])  # fmt: skip
    found = capture.shortfall(months, HEAD, known, PROPORTION, DEFINITIONS)
    assert found.followed[0].tolist() == [0, 0, 800]
    assert found.expected[0, 2] == pytest.approx(200)
    assert found.missing[0, 2] == pytest.approx(150)
    assert found.missing[0, 0] == 0  # it holds 7 and nothing is followed: never negative


def test_what_looks_automated_says_nothing_of_others() -> None:
    """Estimates of automated and of burst repositories are neither followed nor held."""
    known = two_lists((60, 40, 90, 10), (80, 20, 90, 10))
    plain = [("China", "2025-02", "2024-01-01", 800)]
    alone = capture.shortfall(estimates(plain), HEAD, known, PROPORTION, DEFINITIONS)
    for kind in ("automated", "burst", "telemetry burst"):
        odd = estimates(
            [("China", "2025-02", "2024-01-01", 9_000), ("China", "2025-02", "", 150)], kind
        )
        both = pd.concat([estimates(plain), odd], ignore_index=True)
        found = capture.shortfall(both, HEAD, known, PROPORTION, DEFINITIONS)
        np.testing.assert_array_equal(found.missing, alone.missing)
    rows = known.rows.assign(kinds=np.where(known.rows["name"] == "cn/not", "automated", ""))
    dates = CompleteLists.of(rows, DEFINITIONS, MONTHS)
    assert set(dates.rows["name"]) == {"cn/seen", "us/seen", "us/not"}


def test_without_a_rule_nothing_is_missing() -> None:
    """The rule none leaves the estimates as they are."""
    known = two_lists((60, 40, 90, 10), (80, 20, 90, 10))
    months = estimates([("China", "2025-02", "2024-01-01", 800)])
    assert not capture.shortfall(months, HEAD, known, NONE, DEFINITIONS).missing.any()
    assert capture.shortfall(months, HEAD, known, LEVEL, DEFINITIONS).missing.any()


count = st.integers(0, 10_000)
four = st.tuples(*[st.integers(1, 1_000)] * 4)
month_rows = st.lists(
    st.tuples(
        st.sampled_from(GROUPS),
        st.sampled_from(MONTHS),
        st.sampled_from(["", "2024-01-01", "2025-01-20"]),
        count,
    ),
    min_size=1,
    max_size=6,
)


@pytest.mark.slow
@settings(deadline=None, max_examples=10)
@given(four, four, month_rows, st.sampled_from([PROPORTION, LEVEL, NONE]))
def test_a_shortfall_is_never_negative(
    first: tuple[int, ...], second: tuple[int, ...], rows: list, rule: str
) -> None:
    """And with what the estimates hold it is at least what is expected, where a rule applies."""
    months = estimates(rows)
    found = capture.shortfall(months, HEAD, two_lists(first, second), rule, DEFINITIONS)
    assert (found.missing >= 0).all()
    assert (found.expected >= 0).all()
    held = months[
        (months["followed_from"] == "") | (months["followed_from"].str[:7] > months["month"])
    ]
    total = held[HEAD].sum() + found.missing.sum()
    if rule != NONE:
        assert total >= found.expected.sum() - 1e-6


def test_the_nearest_deeper_list_is_chosen() -> None:
    """Of lists with a lower cut-off the nearest in time, before or after; of the whole Hub none."""
    rows = lists_of(HELD)
    assert deeper_lists(rows) == {LATE: TOP, TOP: LOW, LOW: HUB, HUB: ""}
    moved = rows.assign(date=rows["date"].where(rows["list"] != HUB, "2025-01-20"))
    assert deeper_lists(moved)[TOP] == HUB


def test_the_tail_is_what_a_higher_cut_off_would_have_missed() -> None:
    """1,000 with 800 above the cut-off: a factor of 1.25; the tail's own tail goes on top."""
    full, own, above = (np.array([china, 500.0]) for china in (1_100.0, 1_000.0, 800.0))
    found = tail_factor(full, own, above)
    assert found.tolist() == pytest.approx([1_100 / 800, 1.0])


def test_a_group_that_no_higher_cut_off_holds_has_the_factor_of_all() -> None:
    """All together have 2,000 and 1,600 above: so has a group with nothing above, or nothing."""
    full = np.array([[1_000.0, 600.0, 0.0], [400.0, 0.0, 0.0]])
    above = np.array([[1_000.0, 600.0, 0.0], [0.0, 0.0, 0.0]])
    followed, other = tail_factor(full, full, above)
    assert followed.tolist() == pytest.approx([1, 1, 2_000 / 1_600])
    assert other.tolist() == pytest.approx([2_000 / 1_600] * 3)


def test_tails_are_added_list_by_list_down_to_the_whole_hub() -> None:
    """The top's part is scaled by what the low list holds, and that by what the whole Hub holds."""
    held = {HUB: {"meta-llama/l": 900, "Qwen/large": 400, "packer/l-gguf": 60},
            LOW: {"meta-llama/l": 1_500, "Qwen/large": 600, "packer/l-gguf": 300},
            TOP: {"meta-llama/l": 3_000, "packer/l-gguf": 1_000}}  # fmt: skip
    known = CompleteLists.of(lists_of(held), DEFINITIONS, MONTHS)
    # The whole Hub: of the USA 900 are followed and above 100, 60 are neither: all over above is
    # 1,360 / 1,300 for what has none above.
    pooled = 1_360 / 1_300
    low = known.parts(LOW, JANUARY)
    assert low.loc["USA", [FOLLOWED, OTHER]].tolist() == pytest.approx([1_500, 300 * pooled])
    # The low list: 1,500 above 1,000 of what is followed; of the other part nothing is.
    everything = (1_500 + 600 + 300 * pooled) / 1_500
    top = known.parts(TOP, JANUARY)
    assert top.loc["USA", [FOLLOWED, OTHER]].tolist() == pytest.approx([3_000, 1_000 * everything])
    assert known.parts(HUB, JANUARY).loc["USA"].tolist() == [900, 60]


def test_what_is_missing_is_shared_out_by_the_lists() -> None:
    """Uploaders have the mean of their shares of each list: a quarter and a half, three and one."""
    held = [
        list_rows("a", EARLY, {"cn/x": ("China", "", 25), "cn/y": ("China", "", 75)}),
        list_rows("b", LATER, {"cn/x": ("China", "", 10), "cn/y": ("China", "2025-02-01", 10)}),
    ]
    known = CompleteLists(pd.concat(held, ignore_index=True), GROUPS, ("2024-12",))
    found = HotDeck.of(known).rows(np.array([[800.0], [0.0]])).set_index("name")
    assert found["downloads"].to_dict() == {"cn/x": 300, "cn/y": 500}
    assert set(found["month"]) == {"2024-12"}


def test_weights_add_up_to_one_in_every_group() -> None:
    """In every month each group that has a row at all gives out all of it, row by row once."""
    data = small_window()
    for place, weight in zip(data.hot_deck.places, data.hot_deck.weights, strict=True):
        sums = pd.Series(weight).groupby(data.hot_deck.facts[GROUP].to_numpy()[place]).sum()
        assert sums.to_numpy() == pytest.approx(1)
        assert len(set(place)) == len(place)


@pytest.mark.slow
def test_totals_are_the_sums_of_the_months() -> None:
    """Of each row over all months, in the order of the facts; a row that is followed has none."""
    data = small_window()
    missing = data.shortfall().missing
    rows = data.hot_deck.rows(missing).groupby("name")["downloads"].sum()
    totals = pd.Series(data.hot_deck.totals(missing), data.hot_deck.facts["name"])
    assert totals[totals > 0].to_dict() == rows.to_dict()
    assert totals[f"Qwen/large{REST}"] == 0


def test_only_who_is_not_followed_has_a_part() -> None:
    """From the month on in which an uploader is followed the others have all of it."""
    rows = list_rows("a", EARLY, {"cn/x": ("China", "", 50), "cn/y": ("China", "2025-02-01", 50)})
    known = CompleteLists(rows, GROUPS, MONTHS)
    found = HotDeck.of(known).rows(np.array([[100.0, 100.0, 100.0], [0.0, 0.0, 0.0]]))
    shares = found.set_index(["month", "name"])["downloads"]
    assert shares.to_dict() == {
        ("2024-12", "cn/x"): 50, ("2024-12", "cn/y"): 50, (JANUARY, "cn/x"): 50,
        (JANUARY, "cn/y"): 50, ("2025-02", "cn/x"): 100,
    }  # fmt: skip


@pytest.mark.slow
@settings(deadline=None, max_examples=20)
@given(
    st.lists(st.integers(1, 500), min_size=4, max_size=4),
    st.lists(st.integers(1, 500), min_size=4, max_size=4),
    st.lists(st.floats(0, 1e6), min_size=2, max_size=2),
)
def test_all_that_is_missing_is_shared_out(
    first: list[int], second: list[int], amounts: list[float]
) -> None:
    """By group the rows add up to it but for the rounding of each row, whatever the lists hold."""
    names = ["cn/x", "cn/y", "us/x", "us/y"]
    held = [
        list_rows(
            n,
            d,
            {
                m: (("China", "USA")[k // 2], "", c)
                for k, (m, c) in enumerate(zip(names, counts, strict=True))
            },
        )
        for n, d, counts in (("a", EARLY, first), ("b", LATER, second))
    ]
    known = CompleteLists(pd.concat(held, ignore_index=True), GROUPS, (JANUARY,))
    deck, missing = HotDeck.of(known), np.array(amounts)[:, None]
    found = deck.rows(missing)
    sums = found.groupby(GROUP)["downloads"].sum().reindex(GROUPS, fill_value=0)
    assert np.abs(sums.to_numpy() - amounts).max() <= 0.5 * 2 + 1e-6
    assert found["downloads"].dtype == np.int64
    assert deck.totals(missing).sum() == found["downloads"].sum()


@pytest.mark.slow
def test_the_window_holds_what_is_missing() -> None:
    """In the population estimates and what they lack add up; measures of records lack it."""
    data = small_window()
    table, id_ = data.population.table, data.definitions.published_window.id
    rest = table[table["name"].str.endswith(REST)]
    missing = data.shortfall().missing
    rows = len(data.headline_rest)
    assert abs(rest[id_].sum() - missing.sum()) <= rows / 2
    assert not rest[[f"{id_}-uncorrected", f"{id_}-seen"]].any(axis=None)
    own = table[~table["name"].str.endswith(REST)]
    assert own[id_].sum() == data.months[HEAD].sum()
    assert own[f"{id_}-seen"].sum() == data.months["seen"].sum()
    assert table["repository"].is_unique


@pytest.mark.slow
def test_leaving_out_the_list_that_knows_a_group_changes_its_part() -> None:
    """Without the low list the shortfall is that of a window that never had it."""
    data = small_window()
    found = data.shortfall(without=LATE).missing
    without = small_window(held={name: held for name, held in HELD.items() if name != LATE})
    np.testing.assert_allclose(found, without.shortfall().missing)
    assert not math.isclose(found.sum(), data.shortfall().missing.sum())


@pytest.mark.slow
def test_an_uploader_who_is_followed_lacks_nothing() -> None:
    """Where every row of the lists is followed, nothing is missing and nothing is shared out."""
    everyone = (
        Repository("Qwen/large", "Qwen", 500),
        Repository("meta-llama/l", "meta-llama", 700),
    )
    held = {name: {r.name: 3_000 for r in everyone} for name in (HUB, LOW, TOP)}
    data = small_window(everyone, held)
    assert not data.shortfall().missing.any()
    assert data.headline_rest.empty
    assert (
        data.population.table[data.definitions.published_window.id].sum() == data.months[HEAD].sum()
    )


def level_study() -> Definitions:
    """Definitions whose headline takes every level."""
    definitions = window_definitions()
    return replace(definitions, capture=replace(definitions.capture, rules=(LEVEL, PROPORTION)))


@pytest.mark.slow
def test_the_first_rule_is_the_headline_s() -> None:
    """The window's shortfall is by the first rule unless another is named."""
    data = small_window(definitions=level_study())
    np.testing.assert_array_equal(data.shortfall().missing, data.shortfall(rule=LEVEL).missing)
    assert (data.shortfall().missing != data.shortfall(rule=PROPORTION).missing).any()
