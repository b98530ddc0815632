"""Counts and facts for the text, on the small synthetic panel and on the bundled one."""

from __future__ import annotations

import pandas as pd
import pytest
from small import synthetic_repositories, synthetic_study

from replication.analysis import estimates, summary
from replication.files import read_csv
from replication.run import ROOT

STUDY = synthetic_study()
TABLE = synthetic_repositories(STUDY)
PUBLISHED = {"China": 17.1, "USA": 15.8}


def test_specifications_are_counted_by_hand() -> None:
    """On the synthetic panel China leads everywhere, and Qwen's removal turns some of it."""
    rows, without = estimates.estimate(TABLE, STUDY), estimates.leave_one_out(TABLE, STUDY)
    found = summary.over_specifications(rows, without)
    assert found["specifications"] == found["china_leads"] == 64
    leads = (
        without.assign(turned=without["lead"] < 0).groupby(summary.SPECIFICATION)["turned"].any()
    )
    assert found["turned_by_one"] == leads.sum() > 0
    assert found["lead_smallest"] <= found["lead_median"] <= found["lead_largest"]


def test_implied_totals_by_hand() -> None:
    """600 Chinese downloads at 17.1 % need a total of 600 / 0.171."""
    found = summary.of_headline(TABLE, PUBLISHED, STUDY)
    assert found["headline_total"] == 1000
    assert found["implied_total_china"] == pytest.approx(600 / 0.171)
    assert found["implied_total_usa"] == pytest.approx(310 / 0.158)
    assert found["repository_largest_share"] == 0.4
    assert found["lead_without_largest_repository"] == pytest.approx((200 - 310) / 600)


def test_what_the_cohort_omits_by_hand() -> None:
    """A repository outside the cohort counts as omitted in the window with the same end."""
    table = TABLE.copy()
    table.loc[3, "cohort-2025-08"] = 0  # 150 US downloads of an older repository
    table.loc[0, "cohort-2025-08"] = 500  # 100 of them before the first reading
    found = summary.of_omission(table, STUDY)
    assert (found["omitted_total"], found["omitted_usa"], found["omitted_china"]) == (150, 150, 0)
    assert found["window_lead_of_cohort"] == pytest.approx((600 - 160) / 850)
    assert found["before_first_reading"] == pytest.approx(100 / 950)


def test_crossings_over_all_series() -> None:
    """Earliest and latest, those without a crossing aside."""
    crossings = pd.DataFrame({"week": ["2025-07-02", "never", "2025-05-07"]})
    found = summary.over_series(crossings)
    assert found["series"] == 3
    assert (found["crossing_earliest"], found["crossing_latest"]) == ("2025-05-07", "2025-07-02")
    assert summary.over_series(crossings.iloc[[1]])["crossing_latest"] == "never"


def test_names_of_the_committed_summary_are_unique() -> None:
    """A number of the text must lead to one row."""
    assert read_csv(ROOT / "results" / "summary.csv")["name"].is_unique
