"""Credit, work lists and coverage of a few synthetic rows whose answers are worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from replication.attribution import agreement, assign, coverage
from replication.attribution.registry import ALWAYS, Developer, Registry, Tenure
from replication.attribution.rules import PANEL, REPACKAGED, TELEMETRY, Rule
from replication.attribution.window import Credit
from replication.errors import ContractError

EMPTY = Developer("", (), "", (), "", "", "", "", "", "", "", "", "")
EAST = replace(
    EMPTY, developer="East", country="CN", alternative_country=("US", "SG"), confidence="high",
    evidence_url="https://east.example", note="A note.",
)  # fmt: skip
WEST = replace(EMPTY, developer="West", country="US", alternative_country=("CN",))
ALONE = replace(EMPTY, developer="Alone", country="individual")
SILENT = replace(EMPTY, developer="Silent", country="unknown")
REGISTRY = Registry(
    (EAST, WEST, ALONE, SILENT),
    {
        "east": (Tenure(*ALWAYS, EAST),),
        "east-2": (Tenure(*ALWAYS, EAST),),
        "moved": (Tenure("", "2025-03-01", WEST), Tenure("2025-03-01", "9999-12-31", EAST)),
        "alone": (Tenure(*ALWAYS, ALONE),),
        "silent": (Tenure(*ALWAYS, SILENT),),
    },
)
GROUP_OF = {
    "CN": "China",
    "US": "USA",
    "individual": "User",
    "unknown": "Unknown",
    "SG": "Singapore",
}
UNATTRIBUTED = ["User", "Unknown"]
RULES = (
    Rule("packed", REPACKAGED, "alone/*-pack", "", "", PANEL, "", "", ""),
    Rule("counted", TELEMETRY, "alone/x*", "", "", PANEL, "", "", ""),
)


def repositories() -> pd.DataFrame:
    """A copy of the attributed repositories, for a test to change."""
    return attributed().copy()


@cache
def attributed() -> pd.DataFrame:
    """Five attributed repositories; alone/x-pack and alone/y-pack are one pair of the weeks."""
    rows = pd.DataFrame(
        [
            ("alone/x-pack", "alone", "east", "User", "China", "2025-01", 1, 10),
            ("alone/y-pack", "alone", "east", "User", "China", "2025-01", 2, 20),
            ("MOVED/a", "MOVED", "MOVED", "USA", "USA", "2025-02", 4, 40),
            ("silent/b", "silent", "moved", "Unknown", "USA", "2025-03", 8, 5),
            ("nobody/c", "nobody", "nobody", "Else", "Else", "2025-03", 16, 160),
        ],
        columns=[
            "name", "uploader", "origin", "study_group_uploader", "study_group_origin", "created",
            "first", "second",
        ],
    )  # fmt: skip
    rows.index = pd.Index([9, 7, 5, 3, 1])
    rows["traced_origin"] = ["east-2", "moved", np.nan, "nobody moved", "nobody"]
    return assign.attributed(rows, REGISTRY, RULES, GROUP_OF)


def test_every_role_has_its_developer_and_groups() -> None:
    """A namespace without a row stands for itself; a maker has the study's group, else ours."""
    rows = repositories()
    assert rows["uploader_developer"].tolist() == ["Alone", "Alone", "West", "Silent", "nobody"]
    assert rows["maker_developer"].tolist() == ["East", "East", "West", "Silent", "nobody"]
    assert rows["origin_developer"].tolist() == ["East", "East", "West", "East", "nobody"]
    assert rows["registry_group_origin"].tolist() == ["China", "China", "USA", "China", "Unknown"]
    assert rows["registry-high_group_uploader"].tolist()[2] == "China"
    assert rows["registry-low_group_uploader"].tolist()[2] == "USA"
    assert rows["study_group_maker"].tolist() == ["China", "China", "USA", "Unknown", "Else"]
    assert rows["study_group_base_maker"].tolist() == rows["study_group_maker"].tolist()
    assert rows["kinds"].tolist() == ["telemetry repackaged", "repackaged", "", "", ""]
    unlabelled = rows[[*rows.columns[:3], "created"]].assign(
        maker="", study_group_uploader="Else", study_group_origin="Else"
    )
    teacher = replace(RULES[0], kind="distillation", pattern="*", teacher="moved")
    made = assign.attributed(
        unlabelled[unlabelled["origin"] == "east"], REGISTRY, (teacher,), GROUP_OF
    )
    assert made["study_group_maker"].tolist() == ["USA", "USA"]


def test_weeks_carry_the_labels_and_the_kinds_that_a_pair_shares() -> None:
    """The study's group by namespace in any case, ours by the week, missing where there is none."""
    weekly = pd.DataFrame(
        [
            ("2025-02-26", "alone", "east", 1),
            ("2025-03-05", "moved", "ALONE", 2),
            ("2025-02-26", "moved", "moved", 3),
            ("2025-03-05", "new", "silent", 4),
        ],
        columns=["week", "uploader", "origin", "downloads"],
    )
    known = repositories()
    known.loc[5, "kinds"] = "b a"
    weeks = assign.attributed_weeks(weekly, known, REGISTRY, GROUP_OF)
    assert weeks["downloads"].tolist() == [1, 2, 3, 4]
    assert weeks["study_group_uploader"].fillna("-").tolist() == ["User", "USA", "USA", "-"]
    assert weeks["study_group_origin"].fillna("-").tolist() == ["China", "-", "USA", "-"]
    assert weeks["kinds"].tolist() == ["repackaged", "", "", ""]
    assert weeks["uploader_developer"].tolist() == ["Alone", "East", "West", "new"]
    assert weeks["registry_group_uploader"].tolist() == ["User", "China", "USA", "Unknown"]
    one = assign.attributed_weeks(
        weekly.assign(uploader="MOVED", origin="MOVED"), known, REGISTRY, GROUP_OF
    )
    assert one["kinds"].tolist() == ["a b"] * 4
    twice = known.assign(study_group_origin=["China", "USA", "USA", "USA", "Else"])
    with pytest.raises(ContractError) as error:
        assign.attributed_weeks(weekly, twice, REGISTRY, GROUP_OF)
    assert error.value.what == "study_group_origin gives 'east' two country groups"
    assert error.value.remedy == "label it one way"


def test_the_window_is_credited_by_the_study_where_it_labels() -> None:
    """Else by the registry in the month of creation."""
    credit = Credit.of(repositories(), REGISTRY, RULES, GROUP_OF)
    asked = pd.DataFrame({
        "name": ["ALONE/z-pack", "east-2/q", "moved/x"], "uploader": ["ALONE", "east-2", "moved"],
        "origin": ["moved", "east-2", "silent"], "created": ["2025-02", None, "2025-02"],
    })  # fmt: skip
    rows = credit.attributed(asked)
    assert rows["study_group_uploader"].tolist() == ["User", "China", "USA"]
    assert rows["study_group_origin"].tolist() == ["USA", "China", "Unknown"]
    assert rows["created"].tolist() == ["2025-02", "", "2025-02"]
    assert rows["origin_developer"].tolist() == ["West", "East", "Silent"]
    assert rows["maker"].tolist() == ["moved", "east-2", "moved"]


def test_the_window_without_months_is_credited_to_who_has_it_now() -> None:
    """What the study does not label has the registry's group."""
    credit = Credit.of(repositories(), REGISTRY, RULES, GROUP_OF)
    asked = pd.DataFrame({
        "name": ["ALONE/z-pack", "moved/x"], "uploader": ["ALONE", "moved"],
        "origin": ["moved", "silent"],
    })  # fmt: skip
    now = credit.attributed(asked)
    assert now["created"].tolist() == ["", ""]
    assert now["origin_developer"].tolist() == ["East", "Silent"]
    assert now["study_group_uploader"].tolist() == ["User", "USA"]
    unlabelled = replace(credit, labels={}).attributed(asked)
    assert unlabelled["study_group_uploader"].tolist() == ["User", "China"]


def test_the_work_list_names_what_has_no_country() -> None:
    """By role, the most of the last window first, names in order where they have as many."""
    rows = repositories()
    found = assign.largest_unattributed(rows, ["first", "second"], UNATTRIBUTED)
    assert list(found.columns) == [
        "namespace", "registry_group", "study_group", "first", "second", "attribution",
    ]  # fmt: skip
    assert found.to_numpy().tolist() == [
        ["nobody", "Unknown", "Else", 16, 160, "uploader"],
        ["alone", "User", "User", 3, 30, "uploader"],
        ["silent", "Unknown", "Unknown", 8, 5, "uploader"],
        ["nobody", "Unknown", "Else", 16, 160, "origin"],
        ["nobody", "Unknown", "Else", 16, 160, "maker"],
        ["silent", "Unknown", "Unknown", 8, 5, "maker"],
    ]
    assert found.index.tolist() == list(range(6))
    first = assign.largest_unattributed(rows.assign(second=30), ["second"], UNATTRIBUTED, most=2)
    names = first.loc[first["attribution"] == "uploader", "namespace"]
    assert names.tolist() == ["alone", "nobody"]


def test_origins_are_those_of_another_developer() -> None:
    """Annotated or traced; a repackaged model is there for its maker."""
    found = assign.origins(repositories(), REGISTRY, ["first"])
    assert found["name"].tolist() == ["alone/y-pack", "alone/x-pack"]
    assert found["traced_origin"].tolist() == ["moved", "east-2"]
    assert found["origin_differs"].tolist() == ["no", "no"]
    other = repositories().assign(traced_origin=["alone", "", "east", "", ""])
    found = assign.origins(other, REGISTRY, ["first"]).set_index("name")
    assert found["origin_differs"].to_dict() == {
        "MOVED/a": "yes", "alone/x-pack": "yes", "alone/y-pack": "no",
    }  # fmt: skip


def test_coverage_of_counts_is_that_of_developers() -> None:
    """Of 100, 40 are East's, 30 a person's, 20 of a row without evidence, 10 of nobody known."""
    names = pd.Index(["EAST", "alone", "silent", "nobody"], name="namespace")
    counts = pd.DataFrame({"n": [40.0, 30, 20, 10], "m": [0.0, 5, 0, 0]}, index=names)
    found = coverage.of_counts(counts, REGISTRY)
    assert list(found["weight"]) == ["n", "m"]
    assert found.iloc[0, 1:].tolist() == [100, 90, 70, 100 * 60 / 70, 100 * 40 / 70]
    assert found.iloc[1, 1:4].tolist() == [5, 100, 100]
    assert found.iloc[1, 4:].isna().all()
    lacking = coverage.missing(counts, REGISTRY)
    assert lacking.to_numpy().tolist() == [
        ["silent", "unknown", 20, 0, 20],
        ["nobody", "no row", 10, 0, 10],
    ]
    assert list(lacking.columns) == ["namespace", "status", "n", "m", "percent"]


def test_coverage_of_lists_with_and_without_what_looks_automated() -> None:
    """Every list by its date, first as it is, then without repositories of two kinds."""
    rows = pd.DataFrame({
        "list": ["b", "a", "b", "b", "b"], "date": ["2", "1", "2", "2", "1"],
        "kinds": ["", "burst", "automated repackaged", np.nan, "telemetry"],
        "downloads": [10, 3, 20, 30, 40],
    })  # fmt: skip
    for role in assign.ROLES:
        rows[role] = ["east", "east", "alone", "silent", "nobody"]
        rows[f"registry_group_{role}"] = ["China", "China", "User", "Unknown", "Unknown"]
    rows.index = pd.Index([5, 4, 3, 2, 1])
    found = coverage.of_lists(rows, REGISTRY, UNATTRIBUTED)
    head = ["list", "date", "exclusion", "attribution", "total"]
    percents = ["registered_percent", "evidenced_percent", "attributed_percent"]
    assert list(found.columns) == head + percents
    maker = found[found["attribution"] == "maker"].drop(columns="attribution").fillna(-1)
    assert maker.to_numpy().tolist() == [
        ["b", "2", "none", 60, 100, 50, 100 * 10 / 60],
        ["b", "2", "automated", 40, 100, 25, 25],
        ["a", "1", "none", 3, 100, 100, 100],
        ["a", "1", "automated", 0, -1, -1, -1],
        ["b", "1", "none", 40, 0, 0, 0],
        ["b", "1", "automated", 40, 0, 0, 0],
    ]


def test_a_disagreement_has_both_labels_and_the_evidence() -> None:
    """Not of a namespace that the registry does not know; the largest of the last window first."""
    rows = repositories()
    rows.loc[[9, 7], "study_group_origin"] = "USA"
    found = agreement.disagreements(rows, REGISTRY, ["first", "second"], "Unknown")
    evidence = ["US SG", "high", "https://east.example", "A note."]
    assert list(found.columns) == [
        "namespace", "study_group", "registry_group", "first", "second", "attribution",
        "alternative_country", "confidence", "evidence_url", "note",
    ]  # fmt: skip
    assert found.to_numpy().tolist() == [
        ["east", "USA", "China", 3, 30, "origin", *evidence],
        ["moved", "USA", "China", 8, 5, "origin", *evidence],
    ]
    every = agreement.disagreements(rows, REGISTRY, ["first"], "China")
    assert every.iloc[0].tolist() == ["nobody", "Else", "Unknown", 16, "uploader", "", "", "", ""]
    assert set(every["namespace"]) == {"nobody"}
