"""Counts and facts for the text, on the small synthetic panel and on the bundled one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from small import synthetic_definitions, synthetic_repositories

from replication.analysis import estimates, facts, preferred
from replication.analysis.cells import Repositories
from replication.analysis.lead import LEAD
from replication.attribution import registry
from replication.files import read_csv
from replication.run import ROOT

DEFINITIONS = synthetic_definitions()
TABLE = synthetic_repositories(DEFINITIONS)
PUBLISHED = {"China": 17.1, "USA": 15.8}


def test_specifications_are_counted_by_hand() -> None:
    """Three with downloads: the USA leads one, one developer turns two, one interval tells."""
    rows = pd.DataFrame(
        {
            "distinct": ["yes", "yes", "no", "yes"],
            "lead": [0.2, -0.1, 0.2, np.nan],
            "china": [0.5, 0.3, 0.5, np.nan],
            "usa": [0.3, 0.4, 0.3, np.nan],
            "n_effective": [3.0, 8.0, 3.0, np.nan],
            "without_lower": [-0.1, -0.3, 0.1, np.nan],
            "without_upper": [0.4, 0.1, 0.4, np.nan],
            "lower": [-0.3, -0.5, 0.1, np.nan],
            "upper": [0.5, 0.3, 0.5, np.nan],
            "repository_lower": [0.1, -0.3, 0.1, np.nan],
            "repository_upper": [0.3, -0.01, 0.3, np.nan],
        }
    )
    found = facts.over_specifications(rows)
    assert (found["specifications"], found["specifications_distinct"]) == (3, 2)
    assert (found["leading"], found["leading_distinct"]) == (2 / 3, 1 / 2)
    assert (found["usa_leads"], found["turned_by_one"]) == (1, 2)
    assert (found["told_by_developer"], found["told_by_repository"]) == (1 / 3, 1)
    assert (found["china_leads_distinct"], found["turned_by_one_distinct"]) == (1, 2)
    assert (found["china_largest"], found["usa_smallest"], found["usa_largest"]) == (0.5, 0.3, 0.4)
    assert (found["told_differently"], found["china_smallest"]) == (2 / 3, 0.3)
    assert (found["lead_smallest"], found["lead_median"], found["lead_largest"]) == (-0.1, 0.2, 0.2)
    assert (found["effective_smallest"], found["effective_largest"]) == (3, 8)


@pytest.mark.slow
def test_the_unattributed_could_decide_by_hand() -> None:
    """Bounds on both sides of zero are counted, over the specifications estimated in full."""
    rows = estimates.estimate(Repositories(TABLE, DEFINITIONS))
    lead = rows[(rows["group"] == LEAD) & (rows["method"] == "bounds")]
    found = facts.over_estimates(rows)
    assert found["estimated"] == len(lead) == 64
    assert found["sign_inside_bounds"] == ((lead["lower"] < 0) & (lead["upper"] > 0)).sum()


def synthetic_coverage(coverage: dict[str, tuple[float, float]]) -> pd.DataFrame:
    """Coverage of the lead by method in two models; half as concentrated it is nominal."""
    rows = [
        {"estimand": DEFINITIONS.headline.estimand, "model": model, "power": power, "group": LEAD}
        | {"unit": "developer", "scheme": "none" if name == "jackknife-logit" else "multinomial"}
        | {
            "method": "studentised-logit" if name == "subsampling" else name,
            "coverage": held if power == 1 else 0.95,
            "error": 0.005,
        }
        | {"refused": 0.9 if name == "bca" else 0.0, "n_effective": 40.0 if power < 1 else 5.0}
        for name, each in coverage.items()
        for power in (1.0, 0.5)
        for model, held in zip(("hits", "developers"), each, strict=True)
    ]
    repository = {**rows[0], "unit": "repository", "method": "percentile", "coverage": 0.4}
    return pd.DataFrame([*rows, repository])


def test_the_best_method_is_that_of_the_best_worst_model() -> None:
    """Not the best on average, and not one that mostly refuses."""
    table = synthetic_coverage(
        {"jackknife-logit": (0.9, 0.8), "percentile": (0.99, 0.7), "bca": (0.95, 0.95)}
    )
    found = preferred.of_calibration(table, DEFINITIONS)
    assert found["calibration_best"] == "the jackknife on the logit scale"
    assert found["calibration_best_worst"] == 0.8
    assert "therefore the interval" in found["calibration_preferred"]
    assert found["calibration_repository_worst"] == 0.4
    assert found["calibration_enough"] == 40


@pytest.mark.parametrize(("worst", "told"), [(0.805, "falls short"), (0.85, "does not support")])
def test_the_sentence_follows_the_table(worst: float, told: str) -> None:
    """Another method that is better is said to be, unless chance may have made it so."""
    table = synthetic_coverage({"jackknife-logit": (0.9, 0.8), "percentile": (0.9, worst)})
    assert told in preferred.of_calibration(table, DEFINITIONS)["calibration_preferred"]


def test_the_index_of_the_tail_that_is_used() -> None:
    """The row of Hill's index at the tail's size, for the headline and its rival."""
    windows = [DEFINITIONS.headline.estimand, "increments-2025-08"]
    hill = pd.DataFrame(
        [
            {"window": w, "unit": "developer", "k": k, "alpha": k / 10, "lower": 0.1, "upper": 2.0}
            for w in windows
            for k in (9, 10, 11)
        ]
    )
    sizes = pd.DataFrame({"window": windows, "tail_size": [10, 11]})
    sizes = sizes.assign(scope="all", measure="hhi", unit="developer")
    found = facts.of_tails(hill, sizes, DEFINITIONS)
    assert (found["tail_head_alpha"], found["tail_window_alpha"]) == (1.0, 1.1)
    assert (found["tail_head_lower"], found["tail_head_upper"]) == (0.1, 2.0)


def test_leads_from_the_first_sum_by_hand() -> None:
    """The first week of each width, under developers alone."""
    rows = pd.DataFrame(
        {
            "series": "weekly",
            "width": [4, 4, 13, 4],
            "scheme": ["developers", "developers", "developers", "moving blocks"],
            "fraction": [0.2, 0.8, 0.3, 0.9],
        }
    )
    assert facts.of_first_sums(rows) == {"from_first_4": 0.2, "from_first_13": 0.3}


def test_changes_are_those_of_the_whole_series() -> None:
    """The first and last weeks of the lead, with either kind of weights."""
    rows = [
        {"series": series, "group": LEAD, "change": change, "lower": 0.1, "upper": 0.9}
        | {"p_value": p, "weights": weights}
        for series, change in (("weekly", 0.5), ("weekly-without-telemetry", 0.7))
        for weights, p in (("paired", 0.02), ("independent", 0.2))
    ]
    found = facts.of_changes(pd.DataFrame(rows))
    assert found["change"] == 0.5
    assert (found["change_paired_p"], found["change_independent_p"]) == (0.02, 0.2)
    assert (found["change_paired_lower"], found["change_paired_upper"]) == (0.1, 0.9)


def test_implied_totals_by_hand() -> None:
    """600 Chinese downloads at 17.1 % need a total of 600 / 0.171."""
    found = facts.of_headline(Repositories(TABLE, DEFINITIONS), PUBLISHED)
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
    found = facts.of_omission(Repositories(table, DEFINITIONS))
    assert (found["omitted_total"], found["omitted_usa"], found["omitted_china"]) == (150, 150, 0)
    assert found["window_lead_of_cohort"] == pytest.approx((600 - 160) / 850)
    assert found["before_first_reading"] == pytest.approx(100 / 950)


def test_only_a_cohort_beside_increments_of_the_same_end_omits_anything() -> None:
    """Nothing is said where the headline is of increments, or where none end with it."""
    (cohort,) = (w for w in DEFINITIONS.windows if w.id == DEFINITIONS.headline.estimand)
    assert cohort.kind == "cohort"
    alone = tuple(w for w in DEFINITIONS.windows if w.kind != "increments" or w.end != cohort.end)
    assert 0 < len(alone) < len(DEFINITIONS.windows)
    assert facts.of_omission(Repositories(TABLE, replace(DEFINITIONS, windows=alone))) == {}
    (rival,) = (w for w in DEFINITIONS.windows if w not in alone)
    head = replace(DEFINITIONS.headline, estimand=rival.id)
    assert facts.of_omission(Repositories(TABLE, replace(DEFINITIONS, headline=head))) == {}


def test_crossings_over_all_series() -> None:
    """Earliest and latest, those without a crossing aside."""
    crossings = pd.DataFrame({"week": ["2025-07-02", "never", "2025-05-07"]})
    found = facts.over_series(crossings)
    assert found["series"] == 3
    assert (found["crossing_earliest"], found["crossing_latest"]) == ("2025-05-07", "2025-07-02")
    assert facts.over_series(crossings.iloc[[1]])["crossing_latest"] == "never"


def test_names_of_the_committed_summary_are_unique() -> None:
    """A number of the text must lead to one row."""
    assert read_csv(ROOT / "results" / "summary.csv")["name"].is_unique


def test_choices_are_nested_by_hand() -> None:
    """Credit and labels, then the registry's doubt, then everything: ever wider, by hand."""
    base = {"window": DEFINITIONS.headline.estimand, "exclusion": "none", "treatment": "own"}
    rows = [
        {**base, "labels": "study", "lead": 0.2},
        {**base, "labels": "registry", "lead": -0.1},
        {**base, "labels": "registry-low", "lead": -0.3},
        {**base, "labels": "study", "treatment": "to-China", "lead": 0.5},
        {**base, "labels": "study", "exclusion": "telemetry", "lead": 0.4},
        {**base, "labels": "study", "window": "increments-2025-08", "lead": 0.1},
    ]
    found = facts.over_choices(pd.DataFrame(rows), DEFINITIONS)
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
    window = DEFINITIONS.headline.estimand
    traced = TABLE["traced_origin"].where(TABLE["uploader"] != "Qwen", "")
    moved = pd.DataFrame({"origin_differs": ["yes", "no"], window: [100, 300]})
    found = facts.of_origins(Repositories(TABLE.assign(traced_origin=traced), DEFINITIONS), moved)
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
    found = facts.of_disagreements(Repositories(TABLE, DEFINITIONS), rows, 7)
    assert found == {
        "rules": 7,
        "disagreements_uploader": 2,
        "disagreements_china_usa": 1,
        "uncompared_share": 0.1,
    }


def test_the_audit_is_counted_by_hand() -> None:
    """Alike, settled, upheld, from the same page, and certain to be drawn."""
    known = registry.load(DEFINITIONS.group_of)
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
    assert facts.of_audit(frame, codings, table, known) == {
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
