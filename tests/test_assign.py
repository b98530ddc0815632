"""Assignment, coverage and disagreements, and what the bundled panel covers."""

from __future__ import annotations

import pandas as pd
import pytest
from small import synthetic_repositories, synthetic_study

from replication.attribution import assign, registry
from replication.errors import ContractError
from replication.files import read_csv
from replication.panel import table
from replication.sources import bundled

STUDY = synthetic_study()
REGISTRY = registry.load(STUDY.group_of)
WINDOWS = [window.id for window in STUDY.windows]


@pytest.fixture(scope="module")
def repositories() -> pd.DataFrame:
    """The bundled panel, attributed."""
    panel = table.read(bundled.FOLDER)
    return assign.attributed(panel.repositories, REGISTRY, STUDY.group_of)


def test_the_registry_covers_what_it_must(repositories: pd.DataFrame) -> None:
    """At least 95 % of the downloads of every window are those of a registered developer."""
    registered = set(REGISTRY.by_namespace)
    for window in WINDOWS:
        for role in assign.ROLES:
            held = repositories.loc[repositories[role].isin(registered), window].sum()
            assert held / repositories[window].sum() >= 0.95, (window, role)


def test_a_row_without_evidence_is_registered_and_not_evidenced(repositories: pd.DataFrame) -> None:
    """What says unknown counts as a row of the registry and as unattributed."""
    found = assign.coverage(repositories, REGISTRY, WINDOWS, STUDY.unattributed)
    assert (found["evidenced_percent"] < found["registered_percent"]).all()
    ours = found[found["labels"] == "registry"]
    assert (ours["attributed_percent"] <= ours["evidenced_percent"]).all()


def test_groups_follow_the_registry(repositories: pd.DataFrame) -> None:
    """Qwen is Alibaba's and Chinese; the alias facebook is Meta's; an unknown namespace is Unknown."""
    by = repositories.set_index("uploader")
    assert set(by.loc["Qwen", "uploader_developer"]) == {"Alibaba (Qwen)"}
    assert set(by.loc["Qwen", "registry_group_uploader"]) == {"China"}
    assert set(repositories.loc[repositories["origin"] == "facebook", "origin_developer"]) == {
        "Meta"
    }
    strangers = repositories[~repositories["uploader"].isin(set(REGISTRY.by_namespace))]
    assert set(strangers["registry_group_uploader"]) == {"Unknown"}


def test_coverage_by_hand() -> None:
    """Of 1,000 synthetic downloads 910 have a country by the study and 860 by ours.

    Of their uploaders the registry has Qwen, deepseek-ai and unslothai, with 660.
    """
    found = assign.coverage(synthetic_repositories(STUDY), REGISTRY, WINDOWS, STUDY.unattributed)
    row = found.set_index(["estimand", "labels", "attribution"])
    assert row.loc[(WINDOWS[0], "study", "uploader"), "attributed_percent"] == 91.0
    assert row.loc[(WINDOWS[0], "registry", "uploader"), "attributed_percent"] == 86.0
    assert row.loc[(WINDOWS[0], "registry", "uploader"), "registered_percent"] == 66.0
    assert row.loc[(WINDOWS[0], "study", "uploader"), "evidenced_percent"] == 66.0


def test_the_largest_unattributed_come_first(repositories: pd.DataFrame) -> None:
    """The work list is sorted by downloads within each role and names only groups without country."""
    found = assign.largest_unattributed(repositories, WINDOWS, STUDY.unattributed)
    for _, part in found.groupby("attribution"):
        assert part[WINDOWS[-1]].is_monotonic_decreasing
    assert set(found["registry_group"]) <= set(STUDY.unattributed)


def test_disagreements_carry_evidence(repositories: pd.DataFrame) -> None:
    """Every namespace on which the sources differ is listed with the registry's evidence."""
    found = assign.disagreements(repositories, REGISTRY, WINDOWS)
    assert {"moonshotai", "zai-org", "PaddlePaddle"} <= set(found["namespace"])
    assert found["evidence_url"].str.startswith("http").all()
    assert (found["study_group"] != found["registry_group"]).all()


def test_weeks_are_labelled_like_repositories() -> None:
    """The study's groups reach the weekly series by namespace."""
    panel = table.read(bundled.FOLDER)
    weeks = assign.with_study_groups(panel.weekly, panel.repositories)
    assert len(weeks) == len(panel.weekly)
    assert weeks["study_group_origin"].isin(STUDY.groups).all()


def test_two_groups_for_one_namespace_are_refused() -> None:
    """A weekly series could not be labelled then; the message names the namespace."""
    repositories = synthetic_repositories(STUDY)
    twice = pd.concat([repositories, repositories.iloc[[0]].assign(study_group_uploader="USA")])
    weeks = pd.DataFrame({"week": ["2025-03-05"], "uploader": ["Qwen"], "origin": ["Qwen"]})
    with pytest.raises(ContractError, match="'Qwen' two country groups"):
        assign.with_study_groups(weeks, twice)


def test_known_wrong_labels_have_a_reason_a_source_and_a_date() -> None:
    """Corrections are data."""
    known = read_csv(bundled.FOLDER / "label_defects.csv")
    assert (known[["check", "column", "value", "reason", "source", "date", "treatment"]] != "").all(
        axis=None
    )
