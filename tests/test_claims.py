"""The claims ledger: both answers on synthetic tables, and the shipped ledger."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pandas as pd
import pytest
from small import synthetic_definitions, synthetic_repositories

from replication.analysis.lead import LEAD
from replication.errors import DefinitionError
from replication.report import claim_tables, claim_text, claims, judgement
from replication.report.answers import (
    CONTRADICTED,
    FRAGILE,
    NOT_TESTABLE,
    REPRODUCED,
    ROBUST,
    threshold,
)
from replication.report.claims import Claim
from replication.run import ROOT

DEFINITIONS = synthetic_definitions()
FAMILY = "DeepSeek and Qwen / China"
LEDGER = ROOT / "paper" / "claims.toml"
DECEMBER = "increments-2025-12"
MEASURES = ["china", "usa", "international", "lead", "family"]


def claim(judge: str, value: str, **more: str) -> Claim:
    """A synthetic claim, about China unless another group is named."""
    keys = ["id", "statement", "period", "definition", "denominator", "source", "url", "grade"]
    fixed = {"unit": "month", "group": "China", "read": "in full"}  # any text as value
    own = dict.fromkeys(keys, "x") | fixed | more
    return Claim(**own, value=value, judge=judge)


def window_tables(
    *changes: tuple[str, str, dict[str, float]],
    half: float = 0.02,
    corrected: str = "never",
    **head: float,
) -> dict[str, pd.DataFrame]:
    """Tables of the window: a headline, what changes it, and what the records leave open."""
    own = dict.fromkeys(MEASURES, 0.2) | head
    rows = [("headline", "as it is", {}), *changes]
    table = pd.DataFrame([
        {"kind": kind, "label": label, **own, **moved} for kind, label, moved in rows
    ])  # fmt: skip
    table["shift"] = table["lead"] - table["lead"].iloc[0]
    answers = pd.DataFrame([
        {"statistic": name, "point": point, "records_upper": point + half, "error": half / 2}
        for name, point in (("China", own["china"]), ("USA", own["usa"]), (LEAD, own["lead"]))
    ] + [{"statistic": "total", "point": 1_000.0, "records_upper": 1_200.0, "error": 100.0}])  # fmt: skip
    passing = pd.DataFrame([
        {"scope": "all", "measure": "estimate", "lasting": "2025-06"},
        {"scope": "all", "measure": "corrected", "lasting": corrected},
        {"scope": "fixed", "measure": "corrected", "lasting": "2024-10"},
    ])  # fmt: skip
    return {
        "window_answers": answers,
        "window_changes": table,
        "window_passing": passing,
        "window_months": pd.DataFrame(columns=["scope", "series", "estimate", "seen", "ceiling"]),
    }


def by_window(found: Claim, window: dict[str, pd.DataFrame]) -> pd.Series:
    """A claim judged by the window from public records; the released file has nothing to say."""
    nothing = pd.DataFrame()
    return judgement.judge([found], {}, nothing, DEFINITIONS, window).iloc[0]


def synthetic_estimates(
    group: str,
    point: float,
    out: tuple[float, float],
    bounds: tuple[float, float],
    estimand: str = DECEMBER,
    measured: tuple[float, float] | None = None,
) -> pd.DataFrame:
    """Synthetic rows of a window, with a bootstrap and repositories that would decide otherwise."""
    head = DEFINITIONS.headline
    about = {"estimand": estimand, "attribution": head.attribution, "labels": head.labels}
    rows = [
        {**about, "group": group, "unit": unit, "method": method, "point": point,
         "lower": ends[0], "upper": ends[1]}
        for unit, method, ends in (
            ("developer", "leave-one-out", out), ("none", "bounds", bounds),
            ("developer", "percentile", (-0.99, 0.99)), ("repository", "leave-one-out", (-9.0, 9.0)),
            *([("none", "rebuild-error", measured)] if measured else []),
        )
    ]  # fmt: skip
    return pd.DataFrame(rows)


def by_file(found: Claim, *estimates: pd.DataFrame) -> pd.Series:
    """A claim about another window, judged by the released file."""
    table = pd.concat(estimates) if estimates else pd.DataFrame()
    repositories = synthetic_repositories(DEFINITIONS)
    head = {"estimates": table}
    return judgement.judge([found], head, repositories, DEFINITIONS, window_tables()).iloc[0]


@pytest.mark.parametrize(
    ("published", "answer"),
    [
        ("20.0", REPRODUCED),
        ("22.9", REPRODUCED),
        ("17.1", REPRODUCED),
        ("23.1", CONTRADICTED),
        ("16.9", CONTRADICTED),
    ],
)
def test_a_share_of_the_window(published: str, answer: str) -> None:
    """20 %, two points left open by the records and one of margin: from 17 to 23 it comes out."""
    found = by_window(claim("share", published), window_tables())
    assert found["answer"] == answer
    assert (found["survives"], found["turned_by"]) == (ROBUST, "")
    assert (found["estimate"], found["lower"], found["upper"]) == pytest.approx((20, 18, 22))
    assert "±2.0 points" in found["reason"]


def test_a_share_that_one_developer_turns_is_fragile() -> None:
    """The smallest change that turns the answer is named: a repository before a developer."""
    window = window_tables(
        ("choice", "another choice", {"china": 0.4, "lead": 0.21}),
        ("developer", "without Q", {"china": 0.1, "lead": 0.1}),
        ("developer", "without D", {"china": 0.1, "lead": 0.15}),
        ("repository", "without r", {"china": 0.19, "lead": 0.19}),
    )
    found = by_window(claim("share", "20"), window)
    assert (found["answer"], found["survives"], found["turned_by"]) == (
        REPRODUCED, FRAGILE, "without D",
    )  # fmt: skip


def test_a_contradiction_can_be_fragile_too() -> None:
    """A change under which the share comes out turns the answer that it does not."""
    window = window_tables(("choice", "another choice", {"china": 0.29}))
    found = by_window(claim("share", "30"), window)
    assert (found["answer"], found["survives"]) == (CONTRADICTED, FRAGILE)
    assert found["turned_by"] == "another choice"


def test_a_smaller_group_has_the_relative_error_of_all() -> None:
    """The total of 1,000 is known to 200: 20 % give or take four points, whatever the level."""
    own = claim("share", "24.9", group="International / Online")
    found = by_window(own, window_tables())
    assert (found["lower"], found["upper"]) == pytest.approx((16, 24))
    assert found["answer"] == REPRODUCED
    more = claim("share", "25.1", group="International / Online")
    assert by_window(more, window_tables())["answer"] == CONTRADICTED


def test_the_usa_is_judged_by_its_own_share() -> None:
    """The group of a claim chooses the measure."""
    window = window_tables(usa=0.4)
    assert by_window(claim("share", "40", group="USA"), window)["answer"] == REPRODUCED
    assert by_window(claim("share", "40"), window)["answer"] == CONTRADICTED


@pytest.mark.parametrize(
    ("lead", "moved", "answer", "survives"),
    [
        (0.1, 0.05, REPRODUCED, ROBUST),
        (0.1, -0.05, REPRODUCED, FRAGILE),
        (-0.1, -0.05, CONTRADICTED, ROBUST),
        (-0.1, 0.05, CONTRADICTED, FRAGILE),
        (0.0, 0.0, CONTRADICTED, ROBUST),
    ],
)
def test_a_lead_of_the_window_is_a_sign(
    lead: float, moved: float, answer: str, survives: str
) -> None:
    """China leads where it is ahead, by however little, and as far as no change turns the sign."""
    window = window_tables(("developer", "without Q", {"lead": moved}), lead=lead)
    found = by_window(claim("lead", "1.3"), window)
    assert (found["answer"], found["survives"]) == (answer, survives)
    assert found["turned_by"] == ("without Q" if survives == FRAGILE else "")
    assert (found["estimate"], found["upper"]) == pytest.approx((100 * lead, 100 * lead + 2))


@pytest.mark.parametrize(
    ("family", "half", "great"),
    [
        (0.8, REPRODUCED, REPRODUCED),
        (0.6, REPRODUCED, CONTRADICTED),
        (0.5, CONTRADICTED, CONTRADICTED),
    ],
)
def test_a_majority_of_the_window(family: float, half: str, great: str) -> None:
    """More than half, and more than three quarters; exactly half is none."""
    window = window_tables(family=family)
    assert by_window(claim("family", "majority"), window)["answer"] == half
    assert by_window(claim("family", "vast majority"), window)["answer"] == great


def test_a_family_survives_the_loss_of_a_member() -> None:
    """To leave out one of the family would change the claim; a choice or a repository turns it."""
    fewer = ("developer", "without Q", {"family": 0.1})
    found = by_window(claim("family", "majority"), window_tables(fewer, family=0.6))
    assert found["survives"] == ROBUST
    for kind in ("choice", "repository"):
        window = window_tables(fewer, (kind, f"a {kind}", {"family": 0.4}), family=0.6)
        found = by_window(claim("family", "majority"), window)
        assert (found["survives"], found["turned_by"]) == (FRAGILE, f"a {kind}")


def test_a_first_lead_is_that_of_the_corrected_months() -> None:
    """All scopes but that of everything, and what is estimated alone, have another month."""
    window = window_tables(lead=0.1, corrected="2025-08")
    found = by_window(claim("first-lead", "2025"), window)
    assert found["estimate"] == "from 2025-08"
    assert (found["answer"], found["survives"]) == (REPRODUCED, ROBUST)
    assert "from 2025-06" in found["reason"]
    assert (found["lower"], found["upper"]) == ("", "")


def test_a_first_lead_is_of_the_twelve_months() -> None:
    """Where China is not ahead over them, that is shown; its last months are said to be open."""
    found = by_window(claim("first-lead", "2025"), window_tables(lead=-0.1, corrected="2025-08"))
    assert (found["answer"], found["survives"]) == (CONTRADICTED, ROBUST)
    assert found["estimate"] == "not over the year"
    assert "who led in the last of them is open" in found["reason"]
    assert "from 2025-08" in found["reason"]


@pytest.mark.parametrize(
    ("lead", "month", "answer"),
    [
        (0.1, "2025-03", REPRODUCED),
        (0.1, "2024-10", CONTRADICTED),
        (-0.1, "2025-03", CONTRADICTED),
    ],
)
def test_a_first_lead_needs_the_lead_and_the_year(lead: float, month: str, answer: str) -> None:
    """China is ahead over the window, and to its end from a month of the published year."""
    found = by_window(claim("first-lead", "2025"), window_tables(lead=lead, corrected=month))
    assert found["answer"] == answer
    assert ("China is ahead of the USA" in found["reason"]) == (lead > 0)
    assert ("the USA is ahead of China" in found["reason"]) == (lead < 0)


@pytest.mark.parametrize("lead", [0.1, -0.1])
def test_a_first_lead_that_one_change_turns_is_fragile(lead: float) -> None:
    """It hangs on the lead over the whole window, as the claim of the lead does."""
    window = window_tables(
        ("repository", "without r", {"lead": -lead}), lead=lead, corrected="2025-03"
    )
    found = by_window(claim("first-lead", "2025"), window)
    assert (found["survives"], found["turned_by"]) == (FRAGILE, "without r")


def test_the_window_is_named_or_meant() -> None:
    """A claim that names no window is about the published one, as is one that names it."""
    own = claim("share", "20", estimand=DEFINITIONS.published_window.id)
    assert by_window(own, window_tables())["answer"] == REPRODUCED
    assert by_window(claim("share", "20"), window_tables())["answer"] == REPRODUCED


@pytest.mark.parametrize(
    ("published", "point", "bounds", "answer"),
    [
        ("17.1", 0.175, (0.17, 0.18), REPRODUCED),
        ("17.1", 0.182, (0.17, 0.19), NOT_TESTABLE),
        ("17.1", 0.480, (0.10, 0.65), NOT_TESTABLE),
        ("17.1", 0.480, (0.48, 0.65), CONTRADICTED),
        ("47.1", 0.500, (0.48, 0.65), NOT_TESTABLE),
        ("46.9", 0.500, (0.48, 0.65), CONTRADICTED),
    ],
)
def test_a_share_by_the_released_file(
    published: str, point: float, bounds: tuple[float, float], answer: str
) -> None:
    """Contradicted only where no country of the unattributed, within the margin, brings it about."""
    rows = synthetic_estimates("China", point, (point, point), bounds)
    found = by_file(claim("share", published, estimand=DECEMBER), rows)
    assert found["answer"] == answer
    assert (found["lower"], found["upper"]) == pytest.approx((100 * bounds[0], 100 * bounds[1]))
    assert f"gives {100 * point:.1f} %" in found["reason"]
    assert ("it would take" in found["reason"]) == (answer == NOT_TESTABLE)
    assert (found["survives"] == "") == (answer == NOT_TESTABLE)


def test_the_nearest_specification_is_named() -> None:
    """Among all windows and labels, whatever the claim's own."""
    rows = [
        synthetic_estimates("China", point, (point, point), (0.48, 0.65), estimand)
        for point, estimand in ((0.5, DECEMBER), (0.3, "cohort-2025-08"), (0.9, "increments-all"))
    ]
    found = by_file(claim("share", "17.1", estimand=DECEMBER), *rows)
    assert "the nearest of 3 specifications gives 30.0 %" in found["reason"]


@pytest.mark.parametrize(
    ("published", "point", "out", "survives"),
    [
        ("17.1", 0.175, (0.172, 0.178), ROBUST),
        ("17.1", 0.175, (0.140, 0.178), FRAGILE),
        ("17.1", 0.480, (0.300, 0.545), ROBUST),
        ("17.1", 0.480, (0.180, 0.545), FRAGILE),
    ],
)
def test_one_developer_decides_whether_a_share_survives(
    published: str, point: float, out: tuple[float, float], survives: str
) -> None:
    """It leaves the margin without one, or comes within it; the repositories' range is not asked."""
    rows = synthetic_estimates("China", point, out, (max(point, 0.3), 0.65))
    rows.loc[rows["method"] == "bounds", "lower"] = point
    found = by_file(claim("share", published, estimand=DECEMBER), rows)
    assert found["survives"] == survives
    assert found["turned_by"] == ("one developer left out" if survives == FRAGILE else "")


@pytest.mark.slow
def test_a_group_without_a_country_may_hold_what_others_are_said_to() -> None:
    """Its share is contradicted only where all groups without a country together fall short of it."""
    groups = DEFINITIONS.unattributed
    parts = [synthetic_estimates(g, 0.10, (0.1, 0.1), (0.10, 0.10)) for g in groups]
    rows = pd.concat(parts, ignore_index=True)
    answers = [
        by_file(claim("share", value, group="User", estimand=DECEMBER), rows)["answer"]
        for value in ("10.5", "25", "40")
    ]
    assert answers == [REPRODUCED, NOT_TESTABLE, CONTRADICTED]


def test_the_error_of_what_was_rebuilt_widens_the_bounds() -> None:
    """What was rebuilt may be three points off, so that 45 % are within bounds of 48 to 65."""
    plain = synthetic_estimates("China", 0.5, (0.5, 0.5), (0.48, 0.65))
    wide = synthetic_estimates("China", 0.5, (0.5, 0.5), (0.48, 0.65), measured=(0.47, 0.52))
    own = claim("share", "45", estimand=DECEMBER)
    assert by_file(own, plain)["answer"] == CONTRADICTED
    found = by_file(own, wide)
    assert found["answer"] == NOT_TESTABLE
    assert (found["lower"], found["upper"]) == pytest.approx((45, 67))


@pytest.mark.parametrize(
    ("point", "out", "answer", "survives"),
    [
        (0.2, (0.1, 0.3), REPRODUCED, ROBUST),
        (0.2, (-0.1, 0.3), REPRODUCED, FRAGILE),
        (-0.2, (-0.3, -0.1), CONTRADICTED, ROBUST),
        (-0.2, (-0.3, 0.1), CONTRADICTED, FRAGILE),
    ],
)
def test_a_lead_by_the_released_file(
    point: float, out: tuple[float, float], answer: str, survives: str
) -> None:
    """The sign, and whether it is the same without any one developer; bounds decide nothing."""
    rows = synthetic_estimates(LEAD, point, out, (-0.9, 0.9))
    found = by_file(claim("lead", "1.3", estimand=DECEMBER), rows)
    assert (found["answer"], found["survives"]) == (answer, survives)
    assert found["reason"] == f"China leads in {int(point > 0)} of 1 specifications"


@pytest.mark.parametrize(
    ("point", "low", "answer", "survives"),
    [
        (0.9, 0.8, REPRODUCED, ROBUST),
        (0.9, 0.4, REPRODUCED, FRAGILE),
        (0.4, 0.2, CONTRADICTED, ROBUST),
    ],
)
def test_a_majority_by_the_released_file(
    point: float, low: float, answer: str, survives: str
) -> None:
    """It survives where it is one though all without a country were China's."""
    rows = synthetic_estimates(FAMILY, point, (0.0, 1.0), (low, point))
    found = by_file(claim("family", "majority", estimand=DECEMBER), rows)
    assert (found["answer"], found["survives"]) == (answer, survives)
    assert ("China" in found["turned_by"]) == (survives == FRAGILE)


@pytest.mark.parametrize(
    ("weeks", "answer", "survives"),
    [
        (("2025-07-02", "2025-09-03"), REPRODUCED, ROBUST),
        (("2025-07-02", "never"), REPRODUCED, FRAGILE),
        (("never", "never"), CONTRADICTED, ""),
        (("never", "2025-07-02"), NOT_TESTABLE, ""),
        (("2026-01-07", "never"), NOT_TESTABLE, ""),
    ],
)
def test_a_first_lead_by_a_weekly_series(
    weeks: tuple[str, str], answer: str, survives: str
) -> None:
    """Without tables of the window: the headline's series, and the other one beside it."""
    rows = [
        {"series": series, "attribution": "uploader", "labels": "study", "week": week}
        for series, week in zip(("weekly", "smoothed"), weeks, strict=True)
    ]
    head = {"crossings": pd.DataFrame(rows)}
    found = judgement.judge(
        [claim("first-lead", "2025")], head, pd.DataFrame(), DEFINITIONS, {}
    ).iloc[0]
    assert (found["answer"], found["survives"]) == (answer, survives)
    assert (found["estimate"], found["lower"]) == (weeks[0], min(weeks))
    assert f"begins on {DEFINITIONS.snapshots.since}" in found["reason"]


def test_the_dashboard_divides_its_rows_by_the_grand_total() -> None:
    """With fewer rows than the dashboard shows, the share is the group's plain share."""
    found = by_file(claim("dashboard", "60.5", estimand=DECEMBER))
    assert found["estimate"] == 60.0
    assert found["answer"] == REPRODUCED
    assert found["survives"] == ""


def test_another_share_of_the_dashboard_is_not_testable() -> None:
    """Its export is of one reading, and which it is was not printed."""
    found = by_file(claim("dashboard", "70", estimand=DECEMBER))
    assert (found["estimate"], found["answer"]) == (60.0, NOT_TESTABLE)
    assert found["reason"]


def test_what_no_public_table_holds_is_not_testable() -> None:
    """The reason is the ledger's own."""
    found = by_file(claim("none", "17", reason="there is no column of it"))
    assert (found["answer"], found["survives"]) == (NOT_TESTABLE, "")
    assert found["reason"] == "there is no column of it"
    assert found["estimate"] == ""


def test_a_window_that_was_not_rebuilt_is_not_testable() -> None:
    """The window that a claim is about is named."""
    found = by_file(claim("share", "17", estimand="increments-1999"))
    assert found["answer"] == NOT_TESTABLE
    assert "increments-1999" in found["reason"]
    own = claim("share", "17", estimand=DEFINITIONS.published_window.id)
    found = judgement.judge([own], {}, pd.DataFrame(), DEFINITIONS, {}).iloc[0]
    assert found["answer"] == NOT_TESTABLE


def test_every_row_has_both_answers_and_its_source() -> None:
    """One row a claim in the order of the ledger, the published figure after the statement."""
    ledger = [claim("share", "20"), claim("none", "1", reason="why"), claim("lead", "1")]
    table = judgement.judge(ledger, {}, pd.DataFrame(), DEFINITIONS, window_tables())
    assert table["published"].tolist() == ["20", "1", "1"]
    assert list(table) == [
        "id", "statement", "published", "unit", "period", "estimate", "lower", "upper", "answer",
        "survives", "turned_by", "reason", "source", "url", "grade", "definition", "denominator",
        "read", "through", "retells",
    ]  # fmt: skip


def test_the_shipped_ledger_is_sound() -> None:
    """Every claim has a rule or a reason, a source and an address, and an id of its own."""
    ledger = claims.load(LEDGER)
    for found in ledger:
        assert found.source
        assert found.url.startswith("https://")
        assert found.judge != "none" or found.reason
    assert len({found.id for found in ledger}) == len(ledger)


def test_the_shipped_ledger_is_judged_by_defined_windows() -> None:
    """Definitions without one of its windows are refused with the claim that needs it."""
    ledger = claims.load(LEDGER)
    claims.require_estimands(ledger, DEFINITIONS)
    wrong = [*ledger, claim("share", "1", estimand="increments-1999")]
    with pytest.raises(DefinitionError, match="increments-1999"):
        claims.require_estimands(wrong, DEFINITIONS)


def test_the_shipped_results_answer_every_claim() -> None:
    """Each claim of the ledger has one of the three answers, and a second where it is testable."""
    with (ROOT / "results" / "claims.csv").open(encoding="utf-8", newline="") as stream:
        rows = {row["id"]: row for row in csv.DictReader(stream)}
    ledger = {found.id: found for found in claims.load(LEDGER)}
    assert rows.keys() == ledger.keys()
    assert {row["answer"] for row in rows.values()} == {REPRODUCED, CONTRADICTED, NOT_TESTABLE}
    for name, row in rows.items():
        assert row["published"] == ledger[name].value
        if row["answer"] == NOT_TESTABLE:
            assert row["survives"] == ""
            assert row["reason"]
        assert (row["survives"] == FRAGILE) == bool(row["turned_by"])
    for name in ("study-china", "study-usa", "study-lead", "study-first-lead"):
        assert rows[name]["answer"] != NOT_TESTABLE


@pytest.mark.parametrize(
    "text",
    [
        "[[claim]]\nid = 'x'\n",
        "[[claim]]\nid = 'x'\nunknown = 'y'\n",
        "claim = 3\n",
        "[other]\nkey = 1\n",
        "= nonsense",
    ],
)
def test_a_malformed_ledger_is_refused(tmp_path: Path, text: str) -> None:
    """Missing and unknown keys, a missing list and broken TOML are one named error."""
    path = tmp_path / "claims.toml"
    path.write_text(text)
    with pytest.raises(DefinitionError, match=r"claims\.toml"):
        claims.load(path)


@pytest.mark.parametrize(
    ("unit", "value"),
    [
        ("percent", "nan"),
        ("percent", "117.1"),
        ("percent", "-17.1"),
        ("percent", "17,1"),
        ("points", "inf"),
        ("downloads", "-1"),
        ("year", "20255"),
    ],
)
def test_a_published_figure_is_a_number_of_its_unit(tmp_path: Path, unit: str, value: str) -> None:
    """A share beyond all downloads, nan and a comma for a point are refused with the claim's name."""
    path = tmp_path / "claims.toml"
    cells = {"judge": "none", "reason": "x", "read": "in full", **dict.fromkeys(KEYS, "x")}
    cells |= {"unit": unit, "value": value}
    path.write_text("[[claim]]\n" + "".join(f"{k} = '{v}'\n" for k, v in cells.items()))
    with pytest.raises(
        DefinitionError, match=r"claims\.toml: \[\[claim\]\] 1: value of x = .* must lie between"
    ):
        claims.load(path)


def test_a_ledger_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """A missing file is the same named error."""
    with pytest.raises(DefinitionError, match=r"absent\.toml"):
        claims.load(tmp_path / "absent.toml")


KEYS = [
    "id", "statement", "value", "unit", "period", "definition", "denominator", "source", "url", "grade",
]  # fmt: skip


@pytest.mark.parametrize(
    "judge",
    ["judge = 'none'", "judge = 'opinion'\nreason = 'x'", "judge = 'family'", "judge = 'Share'"],
)
def test_a_claim_without_a_rule_is_refused(tmp_path: Path, judge: str) -> None:
    """A claim that nothing judges must say why, and a majority must be one of the two."""
    path = tmp_path / "claims.toml"
    path.write_text(
        f"[[claim]]\n{judge}\nread = 'in full'\n" + "".join(f"{key} = 'month'\n" for key in KEYS)
    )
    with pytest.raises(DefinitionError, match="month is judged by no rule"):
        claims.load(path)


def test_a_verdict_of_one_s_own_is_refused(tmp_path: Path) -> None:
    """Answers are computed: the ledger has no key to set one."""
    path = tmp_path / "claims.toml"
    text = "[[claim]]\njudge = 'none'\nreason = 'x'\nread = 'in full'\nverdict = 'same'\n"
    path.write_text(text + "".join(f"{key} = 'month'\n" for key in KEYS))
    with pytest.raises(DefinitionError, match="verdict"):
        claims.load(path)


def test_the_published_pair_is_found_in_the_ledger() -> None:
    """The first share of each group, in percent; and every percentage by its claim."""
    ledger = claims.load(LEDGER)
    shares = {"China": 17.1, "USA": 15.8, "International / Online": 23.8}
    assert claims.published_shares(ledger) == shares
    percents = claims.published_percents(ledger)
    assert (percents["study-china"], percents["space-china"]) == (17.1, 41.85)
    assert "study-lead" not in percents  # which is in points


def test_the_study_s_total_is_found_in_the_ledger() -> None:
    """The downloads that its abstract prints; unknown to a ledger without that claim."""
    assert claims.study_downloads(claims.load(LEDGER)) == 2.2e9
    assert math.isnan(claims.study_downloads([claim("share", "1")]))


def test_a_first_lead_that_never_comes_can_be_fragile() -> None:
    """Where one repository left out turns the sign, the answer is fragile and names it."""
    window = window_tables(("repository", "without r", {"lead": 0.1}), lead=-0.1, corrected="never")
    found = by_window(claim("first-lead", "2025"), window)
    answers = (found["answer"], found["survives"], found["turned_by"])
    assert answers == ("contradicted", "fragile", "without r")


def test_the_reason_of_a_first_lead_that_never_comes() -> None:
    """The sentence says never, and not from never."""
    window = window_tables(lead=-0.1)
    window["window_passing"]["lasting"] = "never"
    assert "from never" not in by_window(claim("first-lead", "2025"), window)["reason"]


def test_an_unknown_unit_is_refused(tmp_path: Path) -> None:
    """A unit that no table can print is named, with those that there are."""
    text = (ROOT / "paper" / "claims.toml").read_text(encoding="utf-8")
    path = tmp_path / "claims.toml"
    path.write_text(text.replace('unit = "percent"', 'unit = "percents"', 1), encoding="utf-8")
    with pytest.raises(DefinitionError, match="percents is none of downloads, majority") as caught:
        claims.load(path)
    assert caught.value.remedy == "write one of these"


def weekly_shares(week: str, **of: float) -> pd.DataFrame:
    """Shares of a week in the headline's series, and in one by origin in which the USA is ahead."""
    head = DEFINITIONS.headline
    own = {"series": "weekly", "attribution": head.attribution, "labels": head.labels, "week": week}
    shares = {"China": 0.5, "USA": 0.3, "User": 0.9} | of
    rows = [{**own, "group": group, "share": share} for group, share in shares.items()]
    other = [{**row, "attribution": "origin"} for row in rows]
    for row in other:
        row["share"] = {"China": 0.2, "USA": 0.4}.get(str(row["group"]), row["share"])
    return pd.DataFrame(rows + other)


def ahead(period: str, newest: str | None, weekly: pd.DataFrame) -> pd.Series:
    """The claim that China is ahead of every country on a day, by weekly shares up to it."""
    repositories = pd.DataFrame({"created": ["2024-11", newest]})
    found = claim("ahead", "first", unit="rank", period=period)
    head = {"weekly_shares": weekly}
    return judgement.judge([found], head, repositories, DEFINITIONS, {}).iloc[0]


def test_a_country_ahead_of_every_other() -> None:
    """What has no country is no rival; another series that turns it is named."""
    found = ahead("2026-01-20", "2026-01", weekly_shares("2026-01-14"))
    assert (found["answer"], found["survives"]) == (REPRODUCED, FRAGILE)
    assert (found["estimate"], found["lower"], found["upper"]) == pytest.approx((50, 20, 50))
    assert "USA) 30.0 %" in found["reason"]
    assert "ahead in 1 of 2 series" in found["reason"]
    behind = ahead("2026-01-20", "2026-01", weekly_shares("2026-01-14", China=0.1))
    assert (behind["answer"], behind["survives"]) == (CONTRADICTED, ROBUST)


def test_a_source_without_new_repositories_does_not_decide_who_is_ahead() -> None:
    """Its figure is shown, and what is missing said."""
    found = ahead("2026-01-20", "2025-07", weekly_shares("2026-01-14"))
    assert (found["answer"], found["estimate"]) == (NOT_TESTABLE, 50)
    assert "newer than 2025-07" in found["reason"]
    unknown = ahead("2026-01-20", None, weekly_shares("2026-01-14"))
    assert unknown["answer"] == NOT_TESTABLE


@pytest.mark.parametrize("week", ["2025-12-17", "2026-01-21"])
def test_no_week_before_the_day_of_a_claim(week: str) -> None:
    """A week long before, or after it, says nothing of the day."""
    found = ahead("2026-01-20", "2026-01", weekly_shares(week))
    assert (found["answer"], found["estimate"]) == (NOT_TESTABLE, "")


def test_downloads_of_named_developers_are_a_nearest_figure() -> None:
    """Sums over all months, of the whole scope; a developer that is not tracked has no figure."""
    window = window_tables()
    names = [("all", "A", 2e6), ("all", "A", 3e6), ("all", "B", 1e6), ("fixed", "A", 9e6)]
    window["window_months"] = pd.DataFrame([
        {"scope": scope, "series": name, "seen": n / 2, "estimate": n, "ceiling": 2 * n}
        for scope, name, n in names
    ])  # fmt: skip
    lists = {"developers": ("A",), "beside": ("B",)}
    own = Claim(
        **vars(claim("none", "1", reason="they count more")) | lists | {"judge": "developers"}
    )
    found = by_window(own, window)
    sums = (found["estimate"], found["lower"], found["upper"])
    assert (found["answer"], *sums) == (NOT_TESTABLE, 5e6, 2.5e6, 1e7)
    assert "A have 5 million, B have 1 million; they count more" in found["reason"]
    other = Claim(**vars(own) | {"beside": ("C",)})
    assert by_window(other, window)["estimate"] == ""


def test_what_has_no_country_is_a_nearest_figure() -> None:
    """The width of the worst-case bounds, in percent."""
    window = window_tables()
    window["window_answers"]["bounds_lower"], window["window_answers"]["bounds_upper"] = 0.2, 0.65
    found = by_window(claim("unattributed", "60", reason="the measure is not stated"), window)
    assert (found["answer"], found["estimate"]) == (NOT_TESTABLE, pytest.approx(45))
    assert found["reason"].endswith("the measure is not stated")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("read = 'once'", "read of x = once is none of at second hand, in full, in part"),
        ("read = 'at second hand'", "x was read at second hand"),
        ("read = 'in full'\nretells = 'y'", "x retells y, which is no claim"),
        ("read = 'in full'\njudge = 'developers'", "x is judged by no rule"),
        ("read = 'in full'\njudge = 'ahead'", "x is judged by no rule"),
        ("read = 'in full'\njudge = 'unattributed'\nreason = ''", "x is judged by no rule"),
    ],
)
def test_a_claim_lacks_what_its_keys_need(tmp_path: Path, keys: str, said: str) -> None:
    """It is named, with what is wrong."""
    cells = dict.fromkeys(KEYS, "x") | {"unit": "month"}
    text = "".join(f"{key} = '{value}'\n" for key, value in cells.items()) + keys
    text += "" if "judge" in keys else "\njudge = 'none'"
    text += "" if "reason" in keys else "\nreason = 'x'"
    path = tmp_path / "claims.toml"
    path.write_text(f"[[claim]]\n{text}\n")
    with pytest.raises(DefinitionError, match=said):
        claims.load(path)


def test_two_claims_of_one_name_are_refused(tmp_path: Path) -> None:
    """A row of results would be another's."""
    cells = dict.fromkeys(KEYS, "x") | {"unit": "month", "judge": "none", "reason": "x"}
    text = "".join(f"{key} = '{value}'\n" for key, value in (cells | {"read": "in full"}).items())
    path = tmp_path / "claims.toml"
    path.write_text(f"[[claim]]\n{text}[[claim]]\n{text}")
    with pytest.raises(DefinitionError, match="two claims are named x"):
        claims.load(path)


def test_every_known_published_figure_is_in_the_ledger() -> None:
    """Those of the list that is shared with this project, where it lies beside it."""
    shared = ROOT.parent / "shared" / "published_figures.csv"
    if not shared.is_file():
        pytest.skip("the list lies only where the project is made")
    with shared.open(encoding="utf-8", newline="") as stream:
        figures = {row["id"]: row for row in csv.DictReader(stream)}
    ledger = {found.id: found for found in claims.load(LEDGER)}
    assert figures.keys() <= ledger.keys()
    for name, row in figures.items():
        if row["value"]:
            assert ledger[name].value == row["value"]
            assert ledger[name].unit == row["unit"]
        assert ledger[name].grade == row["grade"].removesuffix(" (new)")


def test_the_threshold_of_a_majority_is_shown() -> None:
    """Beside what was published, where a run names it."""
    row = {"published": "vast majority", "unit": "majority", "reason": threshold(75.0)}
    assert claim_text.as_asked(row) == "vast majority (we ask for more than 75 %)"
    assert claim_text.as_asked(row | {"reason": "other"}) == "vast majority"
    found = by_window(claim("family", "vast majority"), window_tables(family=0.6))
    assert found["reason"] == threshold(DEFINITIONS.verdict.vast_majority_percent)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (("-12.7", "-16.4", "-9"), "the USA is ahead of China by 12.7 points (9.0 to 16.4)"),
        (
            ("2", "-1", "5"),
            "China is ahead of the USA by 2.0 points (from the USA by 1.0 to China by 5.0)",
        ),
        (("2", "", ""), "China is ahead of the USA by 2.0 points"),
    ],
)
def test_a_lead_in_words(values: tuple[str, str, str], said: str) -> None:
    """Who is ahead, without a sign."""
    row = dict(zip(("estimate", "lower", "upper"), values, strict=True))
    assert claim_text.lead_in_words(row) == said


def test_no_main_claim_has_an_address_in_its_table() -> None:
    """The table of all has one a claim."""
    assert "About" not in claim_tables.main_claims(ROOT / "results")
    assert "About" in claim_tables.verdicts(ROOT / "results")


def test_the_main_claims_are_a_table_of_their_own() -> None:
    """The statements of the paper, each once, in the order of the ledger."""
    made = claim_tables.main_claims(ROOT / "results").splitlines()
    assert len(made) == 2 + len(claims.MAIN)
    ledger = [found for found in claims.load(LEDGER) if found.id in claims.MAIN]
    assert [found.id for found in ledger] == list(claims.MAIN)
    for line, found in zip(made[2:], ledger, strict=True):
        assert found.statement[1:20].replace("'", "’") in line.replace("\\'", "’").replace("'", "’")
