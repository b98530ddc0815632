"""Other age limits and rules for frozen readings, against truth worked out by hand."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from released_files import EXAMPLES, counters_of, id_of, label, repository, synthetic_release

from replication.definitions import (
    AS_READ,
    INTERPOLATED,
    LEFT_OUT,
    Variant,
    Window,
    load_definitions,
)
from replication.panel import defects, increments, variants
from replication.panel.table import read
from replication.sources import bundled

NO_LABELS = pd.DataFrame(columns=["check", "column", "value", "reason", "treatment"])
# A counter that gains 700 a week, stands still at labels 3 and 4, and catches up at label 5.
STALLED = [1000, 1700, 2400, 2400, 2400, 4500, 5200]
OLD = [100 * week for week in range(7)]


def total(variant: Variant, *, created: str = "2025-02-22", number: int = 1) -> int:
    """Downloads of the synthetic repository `number` in one variant."""
    rows = [
        row
        for n, when in enumerate([created, "2024-10-01", "2024-11-01"], 1)
        for row in repository(n, STALLED, created=when)
    ]
    mended = defects.mend(counters_of(synthetic_release(rows)), 0.99, NO_LABELS)
    young = increments.first_year(mended.readings, age_limit_days=365, birth_margin_days=7)
    found = variants.variant_total(young, mended.frozen, variant)
    return int(found.get(id_of(number), 0))


def window(last: int, kind: str = "increments", until: date | None = None) -> Window:
    """A window from the first label to label `last`."""
    return Window("w", kind, label(0).date(), label(last).date(), "W", until)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("last", "as_read", "interpolated", "left_out"),
    [(2, 2400, 2400, 2400), (3, 2400, 3100, 2400), (4, 2400, 3800, 2400), (5, 4500, 4500, 2400),
     (6, 5200, 5200, 3100)],
)  # fmt: skip
def test_a_freeze_by_each_rule(last: int, as_read: int, interpolated: int, left_out: int) -> None:
    """Downloads of a newborn fall where they were read, on a straight line, or nowhere."""
    found = [total(Variant(window(last), 365, rule)) for rule in (AS_READ, INTERPOLATED, LEFT_OUT)]
    assert found == [as_read, interpolated, left_out]


@pytest.mark.slow
def test_what_an_old_repository_had_before_does_not_count() -> None:
    """Its counter of 1,000 at the first reading belongs to no window."""
    for rule in (AS_READ, INTERPOLATED):
        assert total(Variant(window(6), 365, rule), number=2) == 4200


@pytest.mark.slow
def test_the_age_limit_cuts_at_a_reading_or_on_the_day() -> None:
    """At 12 days a repository born four days before the first label has had one label more.

    Interpolated, eight days of 100 downloads each have gone by since the first label.
    """
    assert total(Variant(window(6), 12, AS_READ)) == 1700
    assert total(Variant(window(6), 12, INTERPOLATED)) == 1800


@pytest.mark.slow
def test_a_cohort_read_until_later() -> None:
    """Only repositories born inside the window count, with what they gain until the last day."""
    cohort = Window("c", "cohort", date(2025, 2, 1), date(2025, 2, 26), "C", label(6).date())
    for rule in (AS_READ, INTERPOLATED, LEFT_OUT):
        assert total(Variant(cohort, 365, rule)) == 5200
        assert total(Variant(cohort, 365, rule), number=2) == 0
    short = Window("c", "cohort", date(2025, 2, 1), date(2025, 2, 26), "C")
    assert total(Variant(short, 365, AS_READ)) == 1000


@pytest.mark.slow
@EXAMPLES
@given(
    st.lists(st.integers(0, 10_000), min_size=7, max_size=7),
    st.integers(5, 60),
    st.sampled_from(["increments", "cohort"]),
)
def test_more_age_never_means_fewer_downloads(gains: list[int], age: int, kind: str) -> None:
    """Under every rule a higher age limit counts at least as much, and the limit of all the most."""
    counters = [int(c) for c in pd.Series(gains).cumsum()]
    rows = [row for n in (1, 2) for row in repository(n, counters, created="2025-02-25")]
    rows += repository(3, OLD, created="2024-12-01")
    mended = defects.mend(counters_of(synthetic_release(rows)), 0.99, NO_LABELS)
    young = increments.first_year(mended.readings, age_limit_days=365, birth_margin_days=7)
    start = date(2025, 2, 20) if kind == "cohort" else label(0).date()
    span = Window("w", kind, start, label(6).date(), "W")
    for rule in (AS_READ, INTERPOLATED, LEFT_OUT):
        less, more, most = (
            variants.variant_total(young, mended.frozen, Variant(span, limit, rule)).sum()
            for limit in (age, age + 9, 365)
        )
        assert 0 <= less <= more <= most <= sum(c[-1] for c in (counters, counters, OLD))


def test_the_packaged_variants_hold_the_windows_of_the_panel() -> None:
    """At the panel's age limit and as read, a variant is the panel's own column, byte for byte."""
    definitions, panel = load_definitions(), read(bundled.FOLDER)
    for found in definitions.windows:
        same = Variant(found, definitions.panel.age_limit_days, AS_READ).id
        assert panel.variants[same].tolist() == panel.repositories[found.id].tolist()
    assert panel.variants["repository"].tolist() == panel.repositories["repository"].tolist()


def test_left_out_and_as_read_agree_where_no_counter_was_frozen() -> None:
    """Before the freeze the rules give the same downloads."""
    table = read(bundled.FOLDER).variants
    before = Variant(load_definitions().grid_windows[0], 365, AS_READ)
    assert before.window.end < date(2025, 6, 4)
    left_out = Variant(before.window, 365, LEFT_OUT)
    assert table[before.id].tolist() == table[left_out.id].tolist()
