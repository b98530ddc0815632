"""The claims ledger: its rules on synthetic estimates, and the shipped ledger."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest
from small import synthetic_repositories, synthetic_study

from replication.analysis.statistics import LEAD
from replication.errors import StudyError
from replication.report import claims
from replication.report.claims import Claim
from replication.run import ROOT

STUDY = synthetic_study()
FAMILY = "DeepSeek and Qwen / China"
LEDGER = ROOT / "paper" / "claims.toml"


def claim(judge: str, value: str, **more: str) -> Claim:
    """A synthetic claim."""
    keys = ["id", "statement", "unit", "period", "definition", "source", "url", "grade"]
    return Claim(**dict.fromkeys(keys, "x"), value=value, judge=judge, group="China", **more)


def synthetic_estimates(
    group: str,
    point: float,
    out: tuple[float, float],
    bounds: tuple[float, float],
    effective: float = 5,
) -> pd.DataFrame:
    """Synthetic rows of the headline, with a bootstrap that would decide otherwise."""
    head = STUDY.headline
    rows = []
    for unit, method, ends in (
        ("developer", "leave-one-out", out),
        ("none", "bounds", bounds),
        ("developer", "percentile", (-0.99, 0.99)),
        ("developer", "jackknife-logit", (-0.98, 0.98)),
        ("repository", "percentile", (-0.999, 0.999)),
    ):
        rows.append({**vars(head), "group": group, "unit": unit, "method": method, "point": point})
        rows[-1] |= {"lower": ends[0], "upper": ends[1], "n_effective": effective}
    return pd.DataFrame(rows)


def judged(found: Claim, estimates: pd.DataFrame) -> pd.Series:
    """The one row of the judged ledger."""
    crossings = pd.DataFrame()
    return claims.judge([found], estimates, crossings, synthetic_repositories(STUDY), STUDY).iloc[0]


@pytest.mark.parametrize(
    ("published", "point", "out", "bounds", "verdict", "reproduced"),
    [
        ("17.1", 0.175, (0.172, 0.178), (0.175, 0.18), "same", "yes"),
        ("17.1", 0.480, (0.163, 0.545), (0.48, 0.65), "cannot tell", "no"),
        ("17.1", 0.480, (0.300, 0.545), (0.48, 0.65), "cannot tell", "no"),
        ("17.1", 0.175, (0.172, 0.300), (0.175, 0.18), "cannot tell", "yes"),
    ],
)
def test_a_share_of_the_hub_is_never_contradicted(
    published: str,
    point: float,
    out: tuple[float, float],
    bounds: tuple[float, float],
    verdict: str,
    reproduced: str,
) -> None:
    """Same where the whole range is within the margin; else the head of the Hub cannot tell."""
    found = judged(claim("share", published), synthetic_estimates("China", point, out, bounds))
    assert (found["verdict"], found["reproduced"]) == (verdict, reproduced)


@pytest.mark.parametrize(
    ("out", "bounds", "verdict"),
    [
        ((0.1, 0.3), (0.05, 0.4), "same"),
        ((-0.2, 0.3), (0.05, 0.4), "cannot tell"),
        ((0.1, 0.3), (-0.05, 0.4), "cannot tell"),
        ((-0.3, -0.1), (-0.4, -0.05), "different"),
    ],
)
def test_a_lead_needs_one_sign(
    out: tuple[float, float], bounds: tuple[float, float], verdict: str
) -> None:
    """China's lead is confirmed only where leave-one-out and bounds agree on the sign."""
    found = judged(claim("lead", "1.2"), synthetic_estimates(LEAD, 0.2, out, bounds))
    assert found["verdict"] == verdict
    assert found["reproduced"] == "sign only"


def test_bounds_without_one_developer_are_weighed_too() -> None:
    """Leave-one-out and bounds may each agree on a sign and not both together."""
    rows = synthetic_estimates(LEAD, 0.2, (0.1, 0.3), (0.05, 0.4))
    both = rows.iloc[[0]].assign(method="leave-one-out-bounds", lower=-0.1, upper=0.5)
    found = judged(claim("lead", "1.2"), pd.concat([rows, both]))
    assert (found["lower"], found["upper"], found["verdict"]) == (-10.0, 50.0, "cannot tell")


def test_intervals_count_only_with_enough_developers() -> None:
    """With thirty effective developers the wide intervals join the range, and the verdict falls."""
    few = synthetic_estimates(LEAD, 0.2, (0.1, 0.3), (0.05, 0.4), effective=29.9)
    many = synthetic_estimates(LEAD, 0.2, (0.1, 0.3), (0.05, 0.4), effective=30.0)
    assert judged(claim("lead", "1.2"), few)["verdict"] == "same"
    assert judged(claim("lead", "1.2"), many)["verdict"] == "cannot tell"
    assert judged(claim("lead", "1.2"), many)["lower"] == -99.0


@pytest.mark.parametrize(
    ("low", "high", "half", "great"),
    [
        (0.8, 0.9, "same", "same"),
        (0.6, 0.9, "same", "cannot tell"),
        (0.4, 0.9, "cannot tell", "cannot tell"),
        (0.2, 0.4, "different", "different"),
    ],
)
def test_a_majority_is_judged_by_its_bounds(low: float, high: float, half: str, great: str) -> None:
    """To leave one of the family out would change the claim, so that only the bounds count."""
    rows = synthetic_estimates(FAMILY, high, (0.0, 1.0), (low, high))
    assert judged(claim("family", "majority"), rows)["verdict"] == half
    assert judged(claim("family", "vast majority"), rows)["verdict"] == great


@pytest.mark.parametrize(
    ("week", "verdict"), [("2025-07-02", "cannot tell"), ("never", "different")]
)
def test_a_first_lead_cannot_be_seen_before_the_file_begins(week: str, verdict: str) -> None:
    """A crossing inside the file does not show that there was none before."""
    row = {"series": "weekly", "attribution": "uploader", "labels": "study", "week": week}
    crossings = pd.DataFrame([{**row, "lower": week, "upper": "never", "never_fraction": 0.2}])
    found = claims.judge(
        [claim("first-lead", "2025")],
        pd.DataFrame(),
        crossings,
        synthetic_repositories(STUDY),
        STUDY,
    ).iloc[0]
    assert found["verdict"] == verdict
    assert found["reproduced"] == ("no" if week == "never" else "year only")
    assert "begins on 2025-02-26" in found["reason"]


def test_the_dashboard_divides_its_rows_by_the_grand_total() -> None:
    """With fewer rows than the dashboard shows, the share is the group's plain share."""
    found = judged(claim("dashboard", "60.5", estimand="increments-2025-12"), pd.DataFrame())
    assert found["estimate"] == 60.0
    assert (found["reproduced"], found["verdict"]) == ("yes", "same")


def test_the_shipped_ledger_is_sound() -> None:
    """Every claim has a rule or a verdict with a reason, a source and an address."""
    for found in claims.load(LEDGER):
        assert found.source
        assert found.url.startswith("https://")
        assert found.judge != "none" or found.reason


def test_the_four_statements_are_judged() -> None:
    """The pair, the lead, the first lead and the family carry one of the three words."""
    with (ROOT / "results" / "claims.csv").open(encoding="utf-8", newline="") as stream:
        rows = {row["id"]: row["verdict"] for row in csv.DictReader(stream)}
    words = {"same", "different", "cannot tell"}
    names = ["study-china", "study-usa", "study-lead", "study-first-lead", "study-qwen-deepseek"]
    assert {rows[name] for name in names} <= words
    assert rows["study-size"] == "not reproducible: data not public"
    assert rows["study-models"] == "outside these data"


@pytest.mark.parametrize(
    "text",
    [
        "[[claim]]\nid = 'x'\n",
        "[[claim]]\nid = 'x'\nunknown = 'y'\n",
        "claim = 3\n",
        "= nonsense",
    ],
)
def test_a_malformed_ledger_is_refused(tmp_path: Path, text: str) -> None:
    """Missing and unknown keys and broken TOML are one named error."""
    path = tmp_path / "claims.toml"
    path.write_text(text)
    with pytest.raises(StudyError, match=r"claims\.toml"):
        claims.load(path)


def test_the_published_pair_is_found_in_the_ledger() -> None:
    """The first share of each group, in percent; and every percentage by its claim."""
    ledger = claims.load(LEDGER)
    shares = {"China": 17.1, "USA": 15.8, "International / Online": 23.8}
    assert claims.published_shares(ledger) == shares
    percents = claims.published_percents(ledger)
    assert (percents["study-china"], percents["space-china"]) == (17.1, 41.85)
    assert "study-lead" not in percents  # which is in points


def test_a_claim_without_a_rule_is_refused(tmp_path: Path) -> None:
    """A claim that nothing judges must say why."""
    path = tmp_path / "claims.toml"
    keys = ["id", "statement", "value", "unit", "period", "definition", "source", "url", "grade"]
    path.write_text("[[claim]]\njudge = 'none'\n" + "".join(f"{key} = 'x'\n" for key in keys))
    with pytest.raises(StudyError, match="judged by no rule"):
        claims.load(path)
