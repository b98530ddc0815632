"""Counts and facts for the text, on the small synthetic panel and on the bundled one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small import synthetic_repositories, synthetic_study

from replication.analysis import estimates, summary
from replication.attribution import registry
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


def test_choices_are_nested_by_hand() -> None:
    """Credit and labels, then the registry's doubt, then everything: ever wider, by hand."""
    base = {"window": STUDY.headline.estimand, "exclusion": "none", "treatment": "own"}
    rows = [
        {**base, "labels": "study", "lead": 0.2},
        {**base, "labels": "registry", "lead": -0.1},
        {**base, "labels": "registry-low", "lead": -0.3},
        {**base, "labels": "study", "treatment": "to-China", "lead": 0.5},
        {**base, "labels": "study", "exclusion": "telemetry", "lead": 0.4},
        {**base, "labels": "study", "window": "increments-2025-08", "lead": 0.1},
    ]
    found = summary.over_choices(pd.DataFrame(rows), STUDY)
    kinds = {
        kind: [
            found[f"{kind}_head{part}"] for part in ("", "_china_leads", "_smallest", "_largest")
        ]
        for kind in ("credit", "doubt", "all")
    }
    assert kinds == {
        "credit": [2, 1, -0.1, 0.2],
        "doubt": [3, 1, -0.3, 0.2],
        "all": [5, 3, -0.3, 0.5],
    }
    assert (found["all_window"], found["all_window_largest"]) == (1, 0.1)


def test_origins_are_compared_by_hand() -> None:
    """Of 1,000 downloads 400 have no usable list, and a repository with 100 ends elsewhere."""
    window = STUDY.headline.estimand
    traced = TABLE["traced_origin"].where(TABLE["uploader"] != "Qwen", "")
    moved = pd.DataFrame({"origin_differs": ["yes", "no"], window: [100, 300]})
    found = summary.of_origins(TABLE.assign(traced_origin=traced), moved, STUDY)
    assert found == {
        "origins_undocumented": 1,
        "origins_undocumented_share": 0.4,
        "origins_differ": 1,
        "origins_differ_share": 0.1,
    }


def test_disagreements_are_counted_by_hand() -> None:
    """Two of three are uploaders', one is between the two countries, 100 downloads are not compared."""
    rows = pd.DataFrame(
        {
            "attribution": ["uploader", "uploader", "origin"],
            "study_group": ["User", "USA", "China"],
            "registry_group": ["China", "UK", "USA"],
        }
    )
    found = summary.of_disagreements(TABLE, rows, 7, STUDY)
    assert found == {
        "rules": 7,
        "disagreements_uploader": 2,
        "disagreements_china_usa": 1,
        "uncompared_share": 0.1,
    }


def test_the_audit_is_counted_by_hand() -> None:
    """Alike, settled, upheld, from the same page, and certain to be drawn."""
    known = registry.load(STUDY.group_of)
    page = known.by_name["Alibaba (Qwen)"].evidence_url
    columns = ["unit", "first_country", "second_country", "resolved_country", "second_evidence_url"]
    codings = pd.DataFrame(
        [
            ("Qwen", "CN", "CN", "CN", page),
            ("google", "US", "US", "US", "https://elsewhere.example/page"),
            ("reducto", "unknown", "US", "unknown", "https://elsewhere.example/other"),
            ("glif", "US", "DE", "DE", "https://elsewhere.example/third"),
        ],
        columns=columns,
    )
    frame = pd.DataFrame({"probability": [1.0, 1.0, 0.5, 0.2, 0.3]})
    table = np.arange(16).reshape(4, 4)
    assert summary.of_audit(frame, codings, table, known) == {
        "audited": 4,
        "audited_same": 2,
        "audited_settled": 3,
        "audited_settled_same": 2,
        "audited_china_usa": 1 + 4,
        "audited_upheld": 1,
        "audited_differ": 2,
        "audited_same_page": 1,
        "audit_frame": 5,
        "audit_certain": 2,
    }
