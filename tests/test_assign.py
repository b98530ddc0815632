"""Assignment, coverage and origins, and what the bundled panel covers."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest
from small import synthetic_definitions, synthetic_repositories

from replication.attribution import agreement, assign, coverage, registry, rules
from replication.errors import ContractError
from replication.files import read_csv
from replication.panel import table
from replication.sources import bundled

DEFINITIONS = synthetic_definitions()
REGISTRY = registry.load(DEFINITIONS.group_of)
RULES = rules.load()
WINDOWS = [window.id for window in DEFINITIONS.windows]
FACTS = (*table.FACTS, *WINDOWS)


@pytest.fixture(scope="module")
def repositories() -> pd.DataFrame:
    """The bundled panel, attributed."""
    panel = table.read(bundled.FOLDER)
    return assign.attributed(panel.repositories, REGISTRY, RULES, DEFINITIONS.group_of)


def test_the_registry_covers_what_it_must(repositories: pd.DataFrame) -> None:
    """At least 99.5 % of the downloads of every window are those of a registered developer."""
    registered = set(REGISTRY.tenures)
    for window in WINDOWS:
        for role in assign.ROLES:
            held = repositories.loc[repositories[role].isin(registered), window].sum()
            assert held / repositories[window].sum() >= 0.995, (window, role)


def test_a_row_without_evidence_is_registered_and_not_evidenced(repositories: pd.DataFrame) -> None:
    """What says unknown counts as a row of the registry and as unattributed."""
    found = coverage.of_panel(repositories, REGISTRY, WINDOWS, DEFINITIONS.unattributed)
    assert (found["evidenced_percent"] < found["registered_percent"]).all()
    ours = found[found["labels"] == "registry"]
    assert (ours["attributed_percent"] <= ours["evidenced_percent"]).all()


def test_groups_follow_the_registry(repositories: pd.DataFrame) -> None:
    """Qwen is Alibaba's and Chinese; the alias facebook is Meta's."""
    by = repositories.set_index("uploader")
    assert set(by.loc["Qwen", "uploader_developer"]) == {"Alibaba (Qwen)"}
    assert set(by.loc["Qwen", "registry_group_uploader"]) == {"China"}
    assert set(repositories.loc[repositories["origin"] == "facebook", "origin_developer"]) == {
        "Meta"
    }


def test_a_namespace_without_a_row_stands_for_itself(repositories: pd.DataFrame) -> None:
    """Its developer is its own name, and its group Unknown under every end of the registry."""
    row = repositories.iloc[[0]].assign(uploader="nobody-knows")
    found = assign.attributed(row[list(FACTS)], REGISTRY, RULES, DEFINITIONS.group_of).iloc[0]
    assert found["uploader_developer"] == "nobody-knows"
    for labels in ("registry", *assign.RANGE):
        assert found[f"{labels}_group_uploader"] == "Unknown"


def test_the_maker_looks_through_packages(repositories: pd.DataFrame) -> None:
    """A repackaged model is its origin's, a distilled one the teacher's or the base's developer's."""
    by = repositories.set_index("name")
    packed = by.loc["bartowski/DeepSeek-R1-Distill-Qwen-14B-GGUF"]
    assert (packed["maker"], packed["base_maker"]) == ("deepseek-ai", "Qwen")
    assert packed["kinds"] == "repackaged distillation"
    assert by.loc["Comfy-Org/Wan_2.1_ComfyUI_repackaged", "study_group_maker"] == "China"
    trained = by.loc["Qwen/Qwen2.5-7B-Instruct"]
    assert (trained["maker"], trained["kinds"]) == ("Qwen", "")


def test_doubt_goes_towards_one_side() -> None:
    """Of a developer's country and alternatives, each end takes the one nearest to its side."""
    empty = dict.fromkeys((field.name for field in dataclasses.fields(registry.Developer)), "")
    doubt = {"country": "FR", "alternative_country": ("CN", "US"), "namespaces": ("x",)}
    row = registry.Developer(**empty | doubt)
    plain = dataclasses.replace(row, alternative_country=("DE",))
    chinese = dataclasses.replace(row, country="CN", alternative_country=("DE",))
    groups = [
        [assign._group(d, labels, DEFINITIONS.group_of) for labels in ("registry", *assign.RANGE)]
        for d in (row, plain, chinese)
    ]
    assert groups == [
        ["France", "USA", "China"],
        ["France", "France", "France"],
        ["China", "Germany", "China"],
    ]


def test_a_namespace_is_whose_it_was_at_the_time(repositories: pd.DataFrame) -> None:
    """A repository goes to the owner of its namespace in the month of its creation."""
    old, new = REGISTRY.by_name["Meta"], REGISTRY.by_name["Alibaba (Qwen)"]
    tenures = {
        "moved": (
            registry.Tenure("", "2025-01-01", old),
            registry.Tenure("2025-01-01", "9999-12-31", new),
        )
    }
    known = registry.Registry((old, new), tenures)
    rows = repositories.iloc[[0, 1]].assign(uploader="moved", created=["2024-12", "2025-01"])
    found = assign.attributed(rows[list(FACTS)], known, RULES, DEFINITIONS.group_of)
    assert list(found["registry_group_uploader"]) == ["USA", "China"]


def test_coverage_by_hand() -> None:
    """Of 1,000 synthetic downloads 910 have a country by the study and 860 by ours.

    Of their uploaders the registry has Qwen, deepseek-ai and unslothai, with 660.
    """
    found = coverage.of_panel(
        synthetic_repositories(DEFINITIONS), REGISTRY, WINDOWS, DEFINITIONS.unattributed
    )
    row = found.set_index(["estimand", "labels", "attribution"])
    assert row.loc[(WINDOWS[0], "study", "uploader"), "attributed_percent"] == 91.0
    assert row.loc[(WINDOWS[0], "registry", "uploader"), "attributed_percent"] == 86.0
    assert row.loc[(WINDOWS[0], "registry", "uploader"), "registered_percent"] == 66.0
    assert row.loc[(WINDOWS[0], "study", "uploader"), "evidenced_percent"] == 66.0


def test_the_largest_unattributed_come_first(repositories: pd.DataFrame) -> None:
    """The work list is sorted by downloads within each role and names only groups without country."""
    found = assign.largest_unattributed(repositories, WINDOWS, DEFINITIONS.unattributed)
    for _, part in found.groupby("attribution"):
        assert part[WINDOWS[-1]].is_monotonic_decreasing
    assert set(found["registry_group"]) <= set(DEFINITIONS.unattributed)


def test_origins_list_what_moves(repositories: pd.DataFrame) -> None:
    """Every row has another maker than uploader, or traced roots of other developers; none else."""
    found = assign.origins(repositories, REGISTRY, WINDOWS).set_index("name")
    by = repositories.set_index("name").loc[found.index]
    moved = by["maker_developer"] != by["uploader_developer"]
    assert (moved | (found["origin_differs"] == "yes")).all()
    assert len(found) == len(found.index.unique())
    assert found.loc["black-forest-labs/FLUX.1-Kontext-dev", "origin_differs"] == "yes"
    assert found.loc["Gensyn/Qwen2.5-0.5B-Instruct", "origin_differs"] == "no"


@pytest.mark.slow
def test_weeks_are_labelled_like_repositories(repositories: pd.DataFrame) -> None:
    """The study's groups and the kinds of rules reach the weekly series by namespace."""
    weekly = table.read(bundled.FOLDER).weekly
    weeks = assign.attributed_weeks(weekly, repositories, REGISTRY, DEFINITIONS.group_of)
    assert len(weeks) == len(weekly)
    assert weeks["study_group_origin"].isin(DEFINITIONS.groups).all()
    counted = weeks["uploader"] == "unslothai"
    assert set(weeks.loc[counted, "kinds"]) == {"telemetry"}
    assert not weeks.loc[~counted, "kinds"].str.contains("telemetry").any()


@pytest.mark.slow
def test_a_pair_has_the_kinds_that_all_its_repositories_share(repositories: pd.DataFrame) -> None:
    """A week of an uploader and origin is distilled only if all that it may stand for is."""
    weekly = table.read(bundled.FOLDER).weekly
    weeks = assign.attributed_weeks(weekly, repositories, REGISTRY, DEFINITIONS.group_of)
    pair = weeks[(weeks["uploader"] == "bartowski") & (weeks["origin"] == "deepseek-ai")]
    assert set(pair["kinds"]) == {"repackaged"}


def test_two_groups_for_one_namespace_are_refused() -> None:
    """A weekly series could not be labelled then; the message names the namespace."""
    repositories = synthetic_repositories(DEFINITIONS)
    twice = pd.concat([repositories, repositories.iloc[[0]].assign(study_group_uploader="USA")])
    weeks = pd.DataFrame({"week": ["2025-03-05"], "uploader": ["Qwen"], "origin": ["Qwen"]})
    with pytest.raises(ContractError, match="'Qwen' two country groups"):
        assign.attributed_weeks(weeks, twice, REGISTRY, DEFINITIONS.group_of)


def test_known_wrong_labels_have_a_reason_a_source_and_a_date() -> None:
    """Corrections are data."""
    known = read_csv(bundled.FOLDER / "label_defects.csv")
    assert (known[["check", "column", "value", "reason", "source", "date", "treatment"]] != "").all(
        axis=None
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (["google", "mistralai"], ["USA", "France"]),
        (["Qwen", "mistralai"], ["China", "France"]),
        (["mistralai"], ["France"]),
        (["bartowski"], ["User"]),
        (["nobody-one", "nobody-two"], ["User", "International / Online"]),
        (["nobody-one"], ["China"]),
    ],
    ids=["no-China", "no-USA", "neither", "no-country", "no-developer", "one-unknown"],
)
def test_an_absent_group_ends_nothing(names: list[str], groups: list[str]) -> None:
    """Without a published group, a country or a registered developer every table is made."""
    rows = pd.DataFrame({"name": [f"{name}/model" for name in names], "uploader": names})
    rows = rows.assign(
        repository=rows["name"], origin=names, traced_origin="", created="2025-03",
        study_group_uploader=groups, study_group_origin=groups, **dict.fromkeys(WINDOWS, 7),
    )  # fmt: skip
    found = assign.attributed(rows, REGISTRY, RULES, DEFINITIONS.group_of)
    covered = coverage.of_panel(found, REGISTRY, WINDOWS, DEFINITIONS.unattributed)
    assert covered["attributed_percent"].between(0, 100).all()
    assert len(covered) == len(WINDOWS) * len(assign.LABELS) * len(assign.ROLES)
    unknown = DEFINITIONS.group_of[registry.UNKNOWN]
    assert len(agreement.with_study(found, WINDOWS, DEFINITIONS.unattributed, unknown)) > 0
    assert len(agreement.confusion(found, WINDOWS)) > 0
    agreement.disagreements(found, REGISTRY, WINDOWS, unknown)
    assign.largest_unattributed(found, WINDOWS, DEFINITIONS.unattributed)
    assert assign.origins(found, REGISTRY, WINDOWS).empty


def test_a_list_all_of_which_is_automated_has_no_coverage() -> None:
    """Without what looks automated nothing is left of it: its coverage is undefined, not an error."""
    rows = pd.DataFrame({
        "list": ["top"], "date": ["2025-03-21"], "kinds": ["automated"], "downloads": [5],
        **{role: ["Qwen"] for role in assign.ROLES},
        **{f"registry_group_{role}": ["China"] for role in assign.ROLES},
    })  # fmt: skip
    found = coverage.of_lists(rows, REGISTRY, DEFINITIONS.unattributed)
    assert found.loc[found["exclusion"] == "none", "attributed_percent"].eq(100).all()
    assert found.loc[found["exclusion"] == "automated", "attributed_percent"].isna().all()
