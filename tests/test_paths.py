"""Daily paths from counts, absences and counters: by hand, and what must hold of any evidence."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replication.definitions import Filling
from replication.panel.window.paths import (
    COUNTED,
    GEOMETRIC,
    LINEAR,
    NEAREST,
    Births,
    Evidence,
    Ints,
    Paths,
    _painted,
    limits,
    paths,
    segments,
)

DAYS = 150
INSIDE = 40
"""First day of the window in these tests."""
LONG_AGO = -1_000
COUNT = ["row", "day", "value", "source"]
Said = Sequence[tuple[int, int, float]]


def filling(carry: int = 30, between: str = LINEAR, birth: str = "middle") -> Filling:
    """A rule of filling."""
    return Filling("rule", "a rule", carry, between, birth)


def table(rows: Said, source: str = "a list") -> pd.DataFrame:
    """Counts, absences or counters of one source."""
    frame = pd.DataFrame([(*row, source) for row in rows], columns=COUNT)
    return frame.astype({"row": "int64", "day": "int64", "value": "int64"})


def births(*days: int | tuple[int, int]) -> Births:
    """Births on known days, or between two."""
    pairs = [day if isinstance(day, tuple) else (day, day) for day in days]
    return Births(np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs]))


def evidence(born: Births, counts: Said = (), absences: Said = (), counters: Said = ()) -> Evidence:
    """Evidence of counts, absences and counters."""
    said, known = table(counters), np.where(born.earliest == born.latest, born.latest, -(10**6))
    return Evidence(
        table(counts),
        table(absences),
        segments(said[["row", "day", "value"]], known, INSIDE),
        limits(said[["row", "day", "value"]], known, INSIDE),
    )


def drawn(
    *born: int | tuple[int, int],
    rule: Filling | None = None,
    counts: Said = (),
    absences: Said = (),
    counters: Said = (),
) -> Paths:
    """Paths of repositories born on these days."""
    when = births(*born)
    return paths(evidence(when, counts, absences, counters), when, DAYS, rule or filling())


def span(path: np.ndarray, first: int, last: int, row: int = 0) -> np.ndarray:
    """The days first … last of one path."""
    return path[row, first : last + 1]


def test_a_count_covers_thirty_days() -> None:
    """A count of 3,000 is a hundred a day on its thirty days, and nothing else is seen."""
    found = drawn(LONG_AGO, rule=filling(carry=0), counts=[(0, 100, 3_000)])
    assert span(found.seen, 71, 100) == pytest.approx(100)
    assert found.seen.sum() == pytest.approx(3_000)
    np.testing.assert_array_equal(found.estimate, found.seen)
    assert not found.counted.any()


def test_a_count_of_a_young_repository_covers_its_life() -> None:
    """Ten days after a known birth the count is of eleven days, the day of birth among them."""
    found = drawn(90, rule=filling(carry=0), counts=[(0, 100, 1_100)])
    assert span(found.seen, 90, 100) == pytest.approx(100)
    assert found.seen.sum() == pytest.approx(1_100)


def test_an_unknown_birth_concentrates_no_count() -> None:
    """Born some time in the last ninety days: the count stays spread over its thirty."""
    for birth in ("earliest", "middle", "latest"):
        found = drawn((10, 100), rule=filling(birth=birth), counts=[(0, 100, 3_000)])
        assert found.seen.max() == pytest.approx(100)
        assert span(found.seen, 71, 100) == pytest.approx(100)


def test_an_unknown_birth_shortens_a_count_as_far_as_it_is_known() -> None:
    """Born at the earliest ten days before the count: it covers these and no more."""
    found = drawn((91, 99), counts=[(0, 100, 1_000)])
    assert span(found.seen, 91, 100) == pytest.approx(100)


@pytest.mark.parametrize(("birth", "day"), [("earliest", 50), ("middle", 60), ("latest", 71)])
def test_the_rule_says_when_an_unknown_birth_was(birth: str, day: int) -> None:
    """What is filled begins with the day that the rule takes, and the middle is rounded down."""
    found = drawn((50, 71), rule=filling(carry=90, birth=birth), counts=[(0, 110, 3_000)]).estimate
    assert births((50, 71)).day(birth).tolist() == [day]
    assert not span(found, 0, day - 1).any()
    assert span(found, day, 110) == pytest.approx(100)


def test_overlapping_counts_are_averaged() -> None:
    """Where two counts cover a day their mean rate holds."""
    found = drawn(LONG_AGO, counts=[(0, 80, 3_000), (0, 100, 6_000)]).seen
    assert span(found, 51, 70) == pytest.approx(100)
    assert span(found, 71, 80) == pytest.approx(150)
    assert span(found, 81, 100) == pytest.approx(200)


def test_a_gap_is_drawn_as_a_straight_line() -> None:
    """Between a hundred a day on day 50 and two hundred on day 71 each day gains the same."""
    found = drawn(LONG_AGO, counts=[(0, 50, 3_000), (0, 100, 6_000)]).estimate
    np.testing.assert_allclose(span(found, 50, 71), np.linspace(100, 200, 22))


def test_a_gap_is_drawn_geometrically() -> None:
    """One more than the rate grows by the same factor each day."""
    rule = filling(between=GEOMETRIC)
    found = drawn(LONG_AGO, rule=rule, counts=[(0, 50, 30), (0, 100, 30_000)]).estimate
    np.testing.assert_allclose(span(found, 50, 71), np.geomspace(2, 1_001, 22) - 1)


def test_a_gap_has_the_rate_of_the_nearer_end() -> None:
    """Half of a gap is at the rate before, half at the rate after."""
    rule = filling(between=NEAREST)
    found = drawn(LONG_AGO, rule=rule, counts=[(0, 50, 3_000), (0, 100, 6_000)]).estimate
    assert span(found, 50, 60) == pytest.approx(100)
    assert span(found, 61, 71) == pytest.approx(200)


@pytest.mark.parametrize("carry", [0, 1, 7, 30])
def test_a_rate_is_kept_for_the_stated_days(carry: int) -> None:
    """Before the first and after the last count the rate holds for so many days, then nothing."""
    found = drawn(LONG_AGO, rule=filling(carry=carry), counts=[(0, 90, 3_000)]).estimate
    assert span(found, 61 - carry, 90 + carry) == pytest.approx(100)
    assert found.sum() == pytest.approx(100 * (COUNTED + 2 * carry))


def test_absence_keeps_a_gap_below_the_cut_off() -> None:
    """Absent from a list with a cut-off of 600, a path of a hundred a day falls to twenty."""
    found = drawn(
        LONG_AGO,
        counts=[(0, 40, 3_000), (0, 140, 3_000)],
        absences=[(0, 90, 600)],
    )
    assert span(found.estimate, 61, 90) == pytest.approx(20)
    np.testing.assert_allclose(span(found.estimate, 40, 61), np.linspace(100, 20, 22))
    assert span(found.ceiling, 61, 90) == pytest.approx(20)
    assert not span(found.seen, 61, 90).any()


def test_absence_raises_nothing() -> None:
    """A cut-off above the path leaves the line as it is."""
    counts = [(0, 40, 3_000), (0, 140, 3_000)]
    found = drawn(LONG_AGO, counts=counts, absences=[(0, 90, 9_000)])
    np.testing.assert_allclose(found.estimate, drawn(LONG_AGO, counts=counts).estimate)


def test_absence_alone_is_no_download() -> None:
    """Of a repository that no count holds, absence says that it may have had less, not how much."""
    found = drawn(LONG_AGO, absences=[(0, 90, 600)])
    assert not found.estimate.any()


def test_a_count_is_worth_more_than_an_absence() -> None:
    """On days that a count covers too, absence changes nothing."""
    found = drawn(LONG_AGO, counts=[(0, 100, 3_000)], absences=[(0, 100, 30)])
    assert span(found.seen, 71, 100) == pytest.approx(100)


def test_the_lower_of_two_cut_offs_holds() -> None:
    """Of two lists that a repository is absent from, of one day or two, the lower keeps it down."""
    counts = [(0, 30, 30_000), (0, 149, 30_000)]
    for pair in ([(0, 80, 300), (0, 90, 600)], [(0, 90, 600), (0, 80, 300)]):
        found = drawn(LONG_AGO, counts=counts, absences=pair).estimate
        assert span(found, 51, 80) == pytest.approx(10)
        assert span(found, 81, 90) == pytest.approx(20)
    for pair in ([(0, 90, 300), (0, 90, 600)], [(0, 90, 600), (0, 90, 300)]):
        found = drawn(LONG_AGO, counts=counts, absences=pair).estimate
        assert span(found, 61, 90) == pytest.approx(10)


def test_absence_of_a_young_repository_covers_its_life() -> None:
    """Born ten days before a list: less than its cut-off was gained on ten days, not on thirty."""
    found = drawn(81, counts=[(0, 149, 30_000)], absences=[(0, 90, 600)], rule=filling(carry=90))
    assert span(found.estimate, 81, 90) == pytest.approx(60)


def test_counters_without_counts_are_spread_evenly() -> None:
    """Between two counters nothing says when, so that every day has the same."""
    found = drawn(LONG_AGO, counters=[(0, 50, 1_000), (0, 60, 2_500)])
    assert span(found.counted, 51, 60) == pytest.approx(150)
    assert found.counted.sum() == pytest.approx(1_500)


def test_counters_say_how_much_and_counts_say_when() -> None:
    """The path of the counts keeps its shape and is scaled to the gain of the counters."""
    counts = [(0, 70, 3_000), (0, 100, 9_000)]
    found = drawn(LONG_AGO, counts=counts, counters=[(0, 60, 0), (0, 80, 2_000)])
    assert span(found.estimate, 61, 70) == pytest.approx(50)
    assert span(found.estimate, 71, 80) == pytest.approx(150)
    assert span(found.estimate, 81, 100) == pytest.approx(300)


def test_counts_elsewhere_say_when_where_the_rule_is_silent() -> None:
    """No rate is kept, yet the line between far counts gives the counters' gain its shape."""
    rule = filling(carry=0)
    counts = [(0, 30, 3_000), (0, 140, 9_000)]
    found = drawn(LONG_AGO, rule=rule, counts=counts, counters=[(0, 60, 0), (0, 80, 2_000)])
    own = span(found.counted, 61, 80)
    assert own.sum() == pytest.approx(2_000)
    np.testing.assert_allclose(np.diff(own), np.diff(own)[0])
    assert own[0] < own[-1]


def test_the_first_counter_of_a_newborn_is_exact_since_birth() -> None:
    """Born inside the window: its first counter holds its whole life, nothing else."""
    found = drawn(60, counters=[(0, 79, 2_000)])
    assert span(found.counted, 60, 79) == pytest.approx(100)
    assert found.counted.sum() == pytest.approx(2_000)


def test_the_first_counter_of_an_older_repository_is_no_gain() -> None:
    """Born before the window: what its first counter holds was gained nobody knows when."""
    found = drawn(INSIDE - 1, counters=[(0, 79, 2_000)])
    assert not found.estimate.any()


def test_a_first_counter_limits_what_was_filled_before_it() -> None:
    """It gained 3,500 in all and 3,000 in a counted month: 500 are left for the days around."""
    found = drawn(0, counts=[(0, 80, 3_000)], counters=[(0, 80, 3_500)])
    assert span(found.estimate, 51, 80) == pytest.approx(100)
    assert found.estimate[0, :51].sum() == pytest.approx(500)
    assert found.estimate[0, 81:].sum() == pytest.approx(100 * 30)


def test_a_first_counter_never_limits_what_was_counted() -> None:
    """A counter below a month's count leaves the count, and nothing for the days around."""
    found = drawn(0, counts=[(0, 80, 3_000)], counters=[(0, 80, 1_000)])
    assert found.estimate[0, :81].sum() == pytest.approx(3_000)
    assert found.ceiling[0, :81].sum() == pytest.approx(3_000)


def test_a_first_counter_above_the_path_changes_nothing() -> None:
    """It is a limit: where less was filled, less it is."""
    counts = [(0, 80, 3_000)]
    found = drawn(0, counts=counts, counters=[(0, 80, 10**6)])
    np.testing.assert_array_equal(found.estimate, drawn(0, counts=counts).estimate)


def test_the_ceiling_of_what_is_limited_lies_above_the_estimate() -> None:
    """A counter leaves 1,500 beside a counted month: 1,000 are filled, 500 lie on the other days."""
    found = drawn(0, rule=filling(carry=10), counts=[(0, 80, 3_000)], counters=[(0, 80, 4_500)])
    assert span(found.ceiling, 41, 50) == pytest.approx(100)
    assert span(found.ceiling, 0, 40) == pytest.approx(500 / 41)
    assert not span(found.estimate, 0, 40).any()


def test_the_ceiling_is_the_highest_rate_on_every_unseen_day() -> None:
    """After its birth a repository may have had, on any unseen day, what it had at best."""
    found = drawn(20, counts=[(0, 60, 3_000), (0, 130, 6_000)])
    assert not span(found.ceiling, 0, 19).any()
    assert span(found.ceiling, 31, 60) == pytest.approx(100)
    unseen = (found.seen == 0) & (np.arange(DAYS) >= 20)
    assert found.ceiling[unseen] == pytest.approx(200)


def test_rows_have_nothing_to_do_with_each_other() -> None:
    """Two repositories together have the paths that each has alone."""
    both = drawn(
        LONG_AGO, 60, counts=[(0, 80, 3_000), (1, 100, 500)], counters=[(1, 90, 700)]
    ).estimate
    np.testing.assert_allclose(both[[0]], drawn(LONG_AGO, counts=[(0, 80, 3_000)]).estimate)
    alone = drawn(60, counts=[(0, 100, 500)], counters=[(0, 90, 700)]).estimate
    np.testing.assert_allclose(both[[1]], alone)


def test_segments_are_gains_between_counters() -> None:
    """Each ends at a counter and begins at the one before; the order of rows is of no account."""
    counters = table([(1, 70, 9), (0, 60, 150), (0, 50, 100), (0, 75, 150), (1, 50, 4)])
    found = segments(counters.drop(columns="source"), np.array([0, 45]), INSIDE)
    assert list(found.columns) == ["row", "start", "end", "gain"]
    assert found.to_numpy().tolist() == [
        [0, 50, 60, 50], [0, 60, 75, 0],
        [1, 44, 50, 4], [1, 50, 70, 5],
    ]  # fmt: skip


def test_segments_of_a_counter_on_the_day_of_birth() -> None:
    """A first counter on the day of birth is one day; one before it is none."""
    counters = table([(0, 60, 5), (1, 60, 5)]).drop(columns="source")
    found = segments(counters, np.array([60, 61]), INSIDE)
    assert found.to_numpy().tolist() == [[0, 59, 60, 5]]


def test_limits_are_first_counters_of_older_repositories() -> None:
    """One born on the first day of the window has none, and of counters the first is taken."""
    counters = table([(0, 60, 150), (0, 50, 100), (1, 50, 7)]).drop(columns="source")
    found = limits(counters, np.array([INSIDE - 1, INSIDE]), INSIDE)
    assert found.to_numpy().tolist() == [[0, 50, 100]]
    assert list(found.columns) == ["row", "end", "gain"]


def two_sources() -> Evidence:
    """Counts and absences of two sources, and counters, of three rows."""
    when = births(LONG_AGO, LONG_AGO, 50)
    said = evidence(when, counters=[(1, 60, 3), (1, 70, 5), (2, 60, 9)])
    counts = pd.concat([table([(0, 50, 1), (2, 60, 2)], "a"), table([(2, 90, 3)], "b")])
    absences = pd.concat([table([(1, 50, 8)], "a"), table([(2, 50, 9)], "b")])
    return Evidence(counts, absences, said.segments, said.limits)


def test_evidence_without_a_source() -> None:
    """Counts and absences of one source go; the other's and what counters say stay."""
    said = two_sources()
    found = said.without("a")
    assert found.counts[["row", "day", "value"]].to_numpy().tolist() == [[2, 90, 3]]
    assert found.absences["source"].tolist() == ["b"]
    assert found.segments is said.segments
    assert found.limits is said.limits


def test_evidence_of_counts_alone() -> None:
    """Gains and limits go, with their columns kept; counts and absences stay."""
    said = two_sources()
    found = said.counts_alone()
    assert len(said.segments) == 2
    assert len(said.limits) == 1
    assert found.segments.empty
    assert found.limits.empty
    assert list(found.segments.columns) == list(said.segments.columns)
    assert found.counts is said.counts
    assert found.absences is said.absences


def test_evidence_of_some_rows_is_numbered_anew() -> None:
    """Of the rows 1 and 2 the first is 0, in every table, and nothing of row 0 is left."""
    found = two_sources().of(np.array([1, 2]))
    assert found.counts["row"].tolist() == [1, 1]
    assert found.absences["row"].tolist() == [0, 1]
    assert found.segments["row"].tolist() == [0, 1]
    assert found.limits["row"].tolist() == [0]
    assert found.counts["value"].tolist() == [2, 3]


ROWS = 3
value = st.integers(0, 20_000)
day = st.integers(0, DAYS - 1)
rules = st.builds(
    filling,
    carry=st.sampled_from([0, 10, 30, 200]),
    between=st.sampled_from([LINEAR, GEOMETRIC, NEAREST]),
    birth=st.sampled_from(["earliest", "middle", "latest"]),
)


@st.composite
def histories(
    draw: st.DrawFn,
) -> tuple[
    Ints, list[tuple[int, int, int]], list[tuple[int, int, int]], list[tuple[int, int, int]]
]:
    """Known births, and counts, absences and counters that come after them."""
    born = draw(st.lists(st.integers(-50, DAYS - 1), min_size=ROWS, max_size=ROWS))
    places = st.tuples(st.integers(0, ROWS - 1), day, value)
    counts, absences = (
        [p for p in draw(st.lists(places, max_size=8)) if p[1] >= born[p[0]]] for _ in range(2)
    )
    absences = list({(row, at): (row, at, cut) for row, at, cut in absences}.values())
    counters = []
    for row, birth in enumerate(born):
        days = sorted(draw(st.sets(st.integers(max(birth, 0), DAYS - 1), max_size=4)))
        gains = draw(st.lists(value, min_size=len(days), max_size=len(days)))
        levels = np.cumsum(gains).tolist()
        counters += [(row, at, level) for at, level in zip(days, levels, strict=True)]
    return np.array(born), counts, absences, counters


@pytest.mark.slow
@settings(deadline=None, max_examples=20)
@given(histories(), rules)
def test_gains_of_counters_are_exact(history: tuple, rule: Filling) -> None:
    """Whatever else is said, the path between two counters adds up to what they gained."""
    born, counts, absences, counters = history
    when = Births(born, born)
    said = evidence(when, counts, absences, counters)
    found = paths(said, when, DAYS, rule)
    for row, start, end, gain in said.segments.itertuples(index=False):
        for path in (found.counted, found.seen, found.estimate, found.ceiling):
            assert span(path, start + 1, end, row).sum() == pytest.approx(gain, rel=1e-9, abs=1e-6)
    assert found.counted.sum() == pytest.approx(said.segments["gain"].sum(), rel=1e-9, abs=1e-6)


@pytest.mark.slow
@settings(deadline=None, max_examples=20)
@given(histories(), rules)
def test_what_is_seen_is_least_and_the_ceiling_most(history: tuple, rule: Filling) -> None:
    """Day by day: counted ≤ seen ≤ estimate ≤ ceiling, nothing negative, nothing before birth."""
    born, counts, absences, counters = history
    when = Births(born, born)
    found = paths(evidence(when, counts, absences, counters), when, DAYS, rule)
    steps = (np.zeros_like(found.seen), found.counted, found.seen, found.estimate, found.ceiling)
    for lower, upper in pairwise(steps):
        assert (lower <= upper * (1 + 1e-9) + 1e-9).all()
    unborn = np.arange(DAYS) < born[:, None]
    assert not found.ceiling[unborn].any()


@pytest.mark.slow
@settings(deadline=None, max_examples=20)
@given(histories(), rules)
def test_a_limit_takes_from_what_was_filled_alone(history: tuple, rule: Filling) -> None:
    """Before a first counter no more is filled than it leaves, and what was seen is as it was."""
    born, counts, absences, counters = history
    when = Births(born, born)
    said = evidence(when, counts, absences, counters)
    found = paths(said, when, DAYS, rule)
    free = Evidence(said.counts, said.absences, said.segments, said.limits[:0])
    np.testing.assert_array_equal(found.seen, paths(free, when, DAYS, rule).seen)
    for row, end, gain in said.limits.itertuples(index=False):
        for path in (found.estimate, found.ceiling):
            most = max(gain, found.seen[row, : end + 1].sum())
            assert path[row, : end + 1].sum() <= most * (1 + 1e-9) + 1e-6


@pytest.mark.slow
@settings(deadline=None, max_examples=20)
@given(histories(), rules)
def test_absence_never_raises_a_path_above_its_cut_off(history: tuple, rule: Filling) -> None:
    """On the days that only an absence covers, estimate and ceiling keep below its rate."""
    born, counts, absences, _ = history
    when = Births(born, born)
    found = paths(evidence(when, counts, absences), when, DAYS, rule)
    counted = paths(evidence(when, [(*c[:2], 1) for c in counts]), when, DAYS, rule).seen > 0
    for row, last, cut in absences:
        first = max(last - COUNTED + 1, born[row], 0)
        rate = cut / (last - max(last - COUNTED + 1, born[row]) + 1)
        own = ~counted[row, first : last + 1]
        for path in (found.estimate, found.ceiling):
            assert (span(path, first, last, row)[own] <= rate * (1 + 1e-9)).all()


@pytest.mark.slow
@settings(deadline=None, max_examples=15)
@given(histories(), rules, st.permutations(range(8)))
def test_the_order_of_what_is_said_is_of_no_account(
    history: tuple, rule: Filling, order: list[int]
) -> None:
    """Shuffled counts, absences and counters give the same paths."""
    born, counts, absences, counters = history
    when = Births(born, born)

    def shuffled(rows: list) -> list:
        return [rows[n] for n in order if n < len(rows)] + rows[8:]

    one = paths(evidence(when, counts, absences, counters), when, DAYS, rule)
    other = paths(
        evidence(when, shuffled(counts), shuffled(absences), shuffled(counters)), when, DAYS, rule
    )
    for name, path in vars(one).items():
        np.testing.assert_allclose(getattr(other, name), path, rtol=1e-9, atol=1e-9)


def test_spans_are_painted_on_their_days() -> None:
    """From the first to the last of them, both among them; what lies outside is cut off."""
    row, first, last = np.array([0, 0, 1]), np.array([-2, 2, 0]), np.array([0, 5, 0])
    found = _painted(row, first, last, np.array([1.0, 2.0, 4.0]), (2, 4))
    assert found.tolist() == [[1, 0, 2, 2], [4, 0, 0, 0]]
