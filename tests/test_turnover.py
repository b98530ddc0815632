"""How leaders and lead changed from period to period, against plain sums and by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from small_weeks import synthetic_series
from small_window import small_window

from replication.analysis.cells import Weeks
from replication.analysis.window import turnover
from replication.analysis.window.data import headline_column

SMALL = small_window()
RULES = replace(SMALL.definitions.inference, replicates=2_000)
DATA = replace(SMALL, definitions=replace(SMALL.definitions, inference=RULES))
PERIODS = ["series", "kind", "earlier", "later"]


def weeks_of(downloads: dict[tuple[str, str], list[int]]) -> Weeks:
    """A weekly series of such downloads, thirteen weeks each."""
    series = {who: [n for n in counts for _ in range(13)] for who, counts in downloads.items()}
    return Weeks(synthetic_series(series), DATA.definitions)


FOUR = weeks_of({
    ("Qwen", "China"): [10, 30, 30, 30], ("Meta", "USA"): [30, 10, 10, 10],
    ("other", "France"): [10, 10, 10, 10],
})  # fmt: skip
TWELVE = weeks_of({
    **{(f"firm {n:02}", "France"): [100, 100] for n in range(9)},
    ("Old", "USA"): [50, 2], ("New", "China"): [1, 50], ("Small", "USA"): [3, 6],
})  # fmt: skip


@cache
def changes(weeks: Weeks) -> pd.DataFrame:
    """Every change of the small window and of a weekly series."""
    return turnover.changes(DATA, weeks)


def weekly(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Rows of the weekly series."""
    return table[(table["series"] == turnover.WEEKLY) & (table["kind"] == kind)]


def test_a_lead_that_turns_by_hand() -> None:
    """From 10 against 30 of 50 to 30 against 10: the same leaders turn a lead of −0.4 to 0.4."""
    quarters = weekly(changes(FOUR), "quarter")
    assert quarters["earlier"].iloc[0] == "2025-03-05–2025-05-28"
    assert quarters["lead"].tolist() == pytest.approx([-0.4, 0.4, 0.4])
    assert quarters["change"].tolist() == pytest.approx([0.8, 0, 0])
    assert quarters["by_staying"].tolist() == pytest.approx([0.8, 0, 0])
    assert quarters["moved"].tolist() == pytest.approx([0.4, 0, 0])
    first = quarters.iloc[0]
    assert (first["growth_smallest"], first["growth_largest"]) == pytest.approx((1 / 3, 3))
    halves = weekly(changes(FOUR), "half-year")
    assert halves["change"].tolist() == pytest.approx([0.4])


def test_what_does_not_change_leaves_no_luck_to_the_model() -> None:
    """Where every leader keeps its share both ends are the lead."""
    last = weekly(changes(FOUR), "quarter").iloc[-1]
    assert (last["model_lower"], last["model_upper"]) == pytest.approx((0.4, 0.4))


def test_the_models_ends_by_all_cases() -> None:
    """Three developers and three factors have twenty-seven leads; the ends are their quantiles."""
    row = weekly(changes(FOUR), "quarter").iloc[0]
    factors = np.array([3, 1 / 3, 1.0])
    a, b, c = (grid.ravel() for grid in np.meshgrid(factors, factors, factors))
    leads = (40 * a - 40 * b) / (40 * a + 40 * b + 20 * c)
    assert row["model_lower"] == pytest.approx(leads.min())
    assert row["model_upper"] == pytest.approx(leads.max())


def test_who_enters_and_who_leaves_by_hand() -> None:
    """Nine stay; Old's 50 of 954 become 2 of 958, and New's 1 becomes 50."""
    row = weekly(changes(TWELVE), "quarter").iloc[0]
    assert (row["leaders"], row["stay"]) == (10, 9)
    assert row["by_staying"] == 0
    assert row["by_leaving"] == pytest.approx(50 / 954 - 2 / 958)
    assert row["by_entering"] == pytest.approx(50 / 958 - 1 / 954)
    assert row["by_others"] == pytest.approx(3 / 954 - 6 / 958)
    assert row["share"] == pytest.approx(950 / 954)
    assert row["later_share"] == pytest.approx(902 / 958)
    leaders = weekly(turnover.leaders(DATA, TWELVE), "quarter").set_index("developer")
    assert leaders.loc["Old", "rank"] == 10
    assert leaders.loc["Old", "later_rank"] == 12
    assert leaders.loc["Old", "group"] == "USA"
    assert "New" not in leaders.index


def test_whoever_ends_has_no_place() -> None:
    """A leader without downloads in the later period has rank 0 and a growth of nothing."""
    ended = weeks_of({("Old", "USA"): [50, 0], ("New", "China"): [1, 50]})
    leaders = weekly(turnover.leaders(DATA, ended), "quarter").set_index("developer")
    assert leaders.loc["Old", ["later_share", "later_rank"]].tolist() == [0, 0]
    assert weekly(turnover.changes(DATA, ended), "quarter")["growth_smallest"].iloc[0] == 0


@pytest.mark.parametrize("weeks", [FOUR, TWELVE])
def test_the_parts_add_up(weeks: Weeks) -> None:
    """Staying, leaving, entering and others make the whole change, of both series."""
    table = changes(weeks)
    parts = table.filter(like="by_").sum(axis=1)
    assert parts.tolist() == pytest.approx(table["change"].tolist(), abs=1e-12)
    assert (table["lead"] + table["change"]).tolist() == pytest.approx(table["later_lead"].tolist())
    assert set(table["series"]) == {turnover.WINDOW, turnover.WEEKLY}
    assert not table.duplicated(PERIODS).any()


def test_the_window_by_plain_sums() -> None:
    """January against February and March, without what looks automated."""
    rows = pd.concat([
        DATA.by_month.assign(downloads=DATA.by_month[headline_column(DATA.definitions)]),
        DATA.headline_rest,
    ])  # fmt: skip
    rows = rows[rows["kinds"] != "automated"]
    table = changes(FOUR)
    row = table[(table["series"] == turnover.WINDOW) & (table["kind"] == "half-year")].iloc[0]
    assert (row["earlier"], row["later"]) == ("2025-01–2025-01", "2025-02–2025-03")
    for name, chosen in (
        ("lead", rows["month"] == "2025-01"),
        ("later_lead", rows["month"] > "2025-01"),
    ):
        own = rows[chosen].groupby("registry_group_uploader")["downloads"].sum()
        assert row[name] == pytest.approx((own["China"] - own["USA"]) / own.sum())
