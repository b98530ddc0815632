"""The lead under every choice, and what exclusions and single rules remove, by hand."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from released_files import EXAMPLES
from small import synthetic_definitions, synthetic_repositories

from replication.analysis import choices, estimates
from replication.analysis.cells import Repositories
from replication.attribution import assign, registry, rules
from replication.attribution.registry import ALWAYS, Developer, Registry, Tenure
from replication.attribution.rules import Rule
from replication.definitions import Definitions
from replication.panel import table as panels
from replication.sources import bundled

DEFINITIONS = synthetic_definitions()
TABLE = synthetic_repositories(DEFINITIONS)
HEAD = "cohort-2025-08"
SMALL = dataclasses.replace(DEFINITIONS, windows=DEFINITIONS.windows[-1:], exclusions=())
"""One window and no exclusion."""

# China and the USA of a total, by treatment. Without a country are other-cn (50) and someone (40)
# by the study, and the packager (100) and someone by the registry; someone's origin is meta's, the
# packager's is Qwen's, and other-cn's is its own.
BY_HAND = {
    ("uploader", "study"): {
        "own": (600, 310, 1000),
        "left-out": (600, 310, 910),
        "lineage": (600, 350, 1000),
        "to-China": (690, 310, 1000),
        "to-USA": (600, 400, 1000),
    },
    ("uploader", "registry"): {
        "own": (650, 210, 1000),
        "left-out": (650, 210, 860),
        "lineage": (750, 250, 1000),
        "to-China": (790, 210, 1000),
        "to-USA": (650, 350, 1000),
    },
    ("origin", "study"): {
        "own": (700, 250, 1000),
        "left-out": (700, 250, 950),
        "lineage": (700, 250, 1000),
        "to-China": (750, 250, 1000),
        "to-USA": (700, 300, 1000),
    },
    ("origin", "registry"): dict.fromkeys(choices.TREATMENTS, (750, 250, 1000)),
    ("split", "study"): {
        "own": (650, 280, 1000),
        "left-out": (650, 280, 930),
        "lineage": (650, 300, 1000),
        "to-China": (720, 280, 1000),
        "to-USA": (650, 350, 1000),
    },
    ("split", "registry"): {
        "own": (700, 230, 1000),
        "left-out": (700, 230, 930),
        "lineage": (750, 250, 1000),
        "to-China": (770, 230, 1000),
        "to-USA": (700, 300, 1000),
    },
    ("maker", "study"): {
        "own": (700, 210, 1000),
        "left-out": (700, 210, 910),
        "lineage": (700, 250, 1000),
        "to-China": (790, 210, 1000),
        "to-USA": (700, 300, 1000),
    },
    ("maker", "registry"): {
        "own": (750, 210, 1000),
        "left-out": (750, 210, 960),
        "lineage": (750, 250, 1000),
        "to-China": (790, 210, 1000),
        "to-USA": (750, 250, 1000),
    },
}
for _labels in ("study", "registry"):
    BY_HAND["base_maker", _labels] = BY_HAND["maker", _labels]


def chosen(table: pd.DataFrame, definitions: Definitions = DEFINITIONS) -> pd.DataFrame:
    """Every choice, found by its keys."""
    return choices.choices(Repositories(table, definitions)).set_index(choices.KEYS).sort_index()


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Every choice on the synthetic panel."""
    return chosen(TABLE)


@pytest.mark.slow
@pytest.mark.parametrize(("attribution", "labels"), list(BY_HAND))
@pytest.mark.parametrize("treatment", choices.TREATMENTS)
def test_choices_by_hand(rows: pd.DataFrame, attribution: str, labels: str, treatment: str) -> None:
    """Who is credited, by whose labels, and what is done with the rest, with pencil and paper."""
    china, usa, total = BY_HAND[attribution, labels][treatment]
    for window in DEFINITIONS.windows:
        row = rows.loc[window.id, "none", attribution, labels, treatment]
        expected = [total, china / total, usa / total, (china - usa) / total]
        assert row[["total", "china", "usa", "lead"]].tolist() == expected


def test_the_choices_of_one_window_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the study's labels alone, which are few: who is credited, and what is done with the rest."""
    monkeypatch.setattr(choices, "LABELLED", ("study",))
    found, window = chosen(TABLE, SMALL), SMALL.windows[0].id
    assert list(found.columns) == ["total", "china", "usa", "lead"]
    assert len(found) == 5 * 5
    for attribution in ("uploader", "origin", "split", "maker", "base_maker"):
        for treatment, (china, usa, total) in BY_HAND[attribution, "study"].items():
            row = found.loc[window, "none", attribution, "study", treatment]
            assert row.tolist() == [total, china / total, usa / total, (china - usa) / total]


def test_which_exclusions_are_choices() -> None:
    """Those that remove something of a window and leave something."""

    def pairs(table: pd.DataFrame) -> set[tuple[str, str]]:
        each = list(choices._specifications(Repositories(table, DEFINITIONS)))
        assert len(each) == len(set(each))
        assert {s.age_limit_days for s in each} == {DEFINITIONS.panel.age_limit_days}
        return {(s.window, s.exclusion) for s in each}

    windows, left = (
        [w.id for w in DEFINITIONS.windows],
        ["none", "telemetry", "not-chosen", "repackaged"],
    )
    assert pairs(TABLE) == {(window, name) for window in windows for name in left}
    assert pairs(TABLE.assign(kinds="telemetry")) == {(window, "none") for window in windows}
    without = TABLE.assign(**{HEAD: TABLE[HEAD].where(TABLE["kinds"] != "telemetry", 0)})
    assert pairs(without) == pairs(TABLE) - {(HEAD, "telemetry"), (HEAD, "not-chosen")}


@pytest.mark.slow
def test_every_choice_has_one_row(rows: pd.DataFrame) -> None:
    """Four windows, whole and without each exclusion that removes something, and the grid."""
    assert not rows.index.has_duplicates
    assert len(rows) == 4 * (1 + 3) * 5 * 4 * 5
    grid = rows.loc[HEAD, "none"].index
    assert set(grid.get_level_values("attribution")) == {
        *("uploader", "origin", "split", "maker", "base_maker")
    }
    assert set(grid.get_level_values("labels")) == {
        *("study", "registry", "registry-low", "registry-high")
    }


@pytest.mark.slow
def test_an_exclusion_that_removes_nothing_is_no_choice(rows: pd.DataFrame) -> None:
    """Nothing is distilled or uploaded in masses here; nor is all of it telemetry."""
    assert set(rows.index.get_level_values("exclusion")) == {
        *("none", "telemetry", "not-chosen", "repackaged")
    }
    without = chosen(TABLE.assign(kinds=TABLE["kinds"].replace("telemetry", "")))
    assert set(without.index.get_level_values("exclusion")) == {"none", "repackaged"}


@pytest.mark.slow
def test_an_exclusion_that_leaves_nothing_is_no_choice() -> None:
    """Of telemetry alone nothing remains to be shared out."""
    found = chosen(TABLE.assign(kinds="telemetry"))
    assert set(found.index.get_level_values("exclusion")) == {"none"}


@pytest.mark.slow
def test_an_exclusion_is_judged_in_each_window() -> None:
    """Where the excluded have no downloads in a window, that window has no such choice."""
    table = TABLE.copy()
    table.loc[table["kinds"] == "telemetry", HEAD] = 0
    found = chosen(table).index
    assert (HEAD, "telemetry") not in found.droplevel([2, 3, 4])
    assert ("increments-all", "telemetry") in found.droplevel([2, 3, 4])


@pytest.mark.slow
def test_an_exclusion_by_hand(rows: pd.DataFrame) -> None:
    """Without the telemetry's 60 or the repackaged 100, with users left out."""
    row = rows.loc[HEAD, "telemetry", "uploader", "study", "left-out"]
    assert row.tolist() == [850, 600 / 850, 250 / 850, 350 / 850]
    row = rows.loc[HEAD, "repackaged", "uploader", "study", "left-out"]
    assert row.tolist() == [810, 600 / 810, 210 / 810, 390 / 810]


@pytest.mark.slow
def test_leaving_out_is_spreading_in_proportion(rows: pd.DataFrame) -> None:
    """Give every country its proportion of the unattributed: the shares are those without them."""
    for attribution, labels in BY_HAND:
        china, usa, total = (Fraction(n) for n in BY_HAND[attribution, labels]["own"])
        nowhere = total - BY_HAND[attribution, labels]["left-out"][2]
        spread = [part + nowhere * part / (total - nowhere) for part in (china, usa)]
        got = rows.loc[HEAD, "none", attribution, labels, "left-out"]
        assert got[["china", "usa"]].tolist() == [float(part / total) for part in spread]


@pytest.mark.slow
def test_given_to_either_side_the_lead_meets_its_bounds(rows: pd.DataFrame) -> None:
    """The shares and the lead with all given to one side are the bounds of the estimates."""
    bounds = estimates.estimate(Repositories(TABLE, DEFINITIONS)).query("method == 'bounds'")
    ends = bounds.set_index(["estimand", "attribution", "labels", "group"]).sort_index()
    compared = 0
    for window, exclusion, attribution, labels, treatment in rows.index:
        if exclusion in {"none", "telemetry"} and attribution != "base_maker":
            suffix = "" if exclusion == "none" else f"-without-{exclusion}"
            if labels in assign.LABELS and treatment in {"to-China", "to-USA"}:
                got = rows.loc[window, exclusion, attribution, labels, treatment]
                of = ends.loc[f"{window}{suffix}", attribution, labels]
                end = "upper" if treatment == "to-China" else "lower"
                assert got["lead"] == pytest.approx(of.loc["China − USA", end], abs=1e-14)
                side = treatment.removeprefix("to-")
                assert got[side.lower()] == pytest.approx(of.loc[side, "upper"], abs=1e-14)
                compared += 1
    assert compared == 4 * 2 * 4 * 2 * 2


@pytest.mark.slow
def test_untreated_choices_are_the_estimates(rows: pd.DataFrame) -> None:
    """Under the study's and the registry's labels the points are the same."""
    found = estimates.estimate(Repositories(TABLE, DEFINITIONS)).query("method == 'bounds'")
    compared = 0
    for (estimand, attribution, labels), part in found.groupby(
        ["estimand", "attribution", "labels"]
    ):
        window, _, exclusion = estimand.partition("-without-")
        got = rows.loc[window, exclusion or "none", attribution, labels, "own"]
        points = part.set_index("group")["point"]
        assert got["china"] == points["China"]
        assert got["usa"] == points["USA"]
        assert got["lead"] == pytest.approx(points["China − USA"], abs=1e-14)
        compared += 1
    assert compared == 4 * 2 * 4 * 2


@pytest.mark.slow
def test_maker_and_base_maker_are_credited_apart() -> None:
    """A distilled repository of someone's counts for its teacher, and for its base where asked."""
    someone = TABLE["uploader"] == "someone"
    table = TABLE.assign(
        study_group_maker=TABLE["study_group_maker"].mask(someone, "China"),
        study_group_base_maker=TABLE["study_group_base_maker"].mask(someone, "USA"),
    )
    found = chosen(table, SMALL).loc[HEAD, "none"]
    assert found.loc["maker", "study", "own"].tolist()[1:3] == [0.74, 0.21]
    assert found.loc["base_maker", "study", "own"].tolist()[1:3] == [0.70, 0.25]


@pytest.mark.slow
def test_lineage_stops_at_an_origin_without_a_country(rows: pd.DataFrame) -> None:
    """Other-cn is a user by origin as well, and stays one: the total counts it for neither side."""
    row = rows.loc[HEAD, "none", "uploader", "study", "lineage"]
    assert row["china"] + row["usa"] == pytest.approx(1 - 0.05, abs=1e-15)


@pytest.mark.slow
def test_where_nobody_has_a_country_nothing_is_left_to_share() -> None:
    """Left out, all are gone and the shares are not defined; a group of their own they may be."""
    groups = {column: "User" for column in TABLE.columns if "_group_" in column}
    found = chosen(TABLE.assign(**groups), SMALL).loc[HEAD, "none", "uploader", "study"]
    assert found.loc["own"].tolist() == [1000, 0, 0, 0]
    assert found.loc["to-China"].tolist() == [1000, 1, 0, 1]
    assert found.loc["to-USA"].tolist() == [1000, 0, 1, -1]
    assert found.loc["left-out", "total"] == 0
    assert found.loc["left-out", ["china", "usa", "lead"]].isna().all()


@pytest.mark.slow
def test_the_order_of_rows_changes_nothing(rows: pd.DataFrame) -> None:
    """Shuffled input gives the same table, byte for byte."""
    shuffled = chosen(TABLE.sample(frac=1, random_state=3))
    assert shuffled.to_csv() == rows.to_csv()


def assert_range_holds_the_registry(found: pd.DataFrame) -> None:
    """The lead of the registry lies between the ends of its doubt, wherever both are defined."""
    low, own, high = (
        found["lead"].xs(labels, level="labels")
        for labels in ("registry-low", "registry", "registry-high")
    )
    assert len(own) == len(found) / 4
    assert ((low <= own) | low.isna() | own.isna()).all()
    assert ((own <= high) | own.isna() | high.isna()).all()
    assert own.notna().any()


COUNTRIES = ("CN", "US", "FR", "individual", "unknown")


def by_synthetic_registry(places: dict[str, tuple[str, ...]]) -> pd.DataFrame:
    """The synthetic panel by developers with these countries, first their own, then alternatives."""
    empty = dict.fromkeys((field.name for field in dataclasses.fields(Developer)), "")
    known = [
        Developer(
            **empty
            | {"developer": name, "country": country, "alternative_country": tuple(others)}
            | {"namespaces": (name,)}
        )
        for name, (country, *others) in places.items()
    ]
    found = Registry(tuple(known), {d.developer: (Tenure(*ALWAYS, d),) for d in known})
    plain = TABLE.drop(columns=[column for column in TABLE if str(column).startswith("registry")])
    return assign.attributed(plain, found, (), DEFINITIONS.group_of)


@pytest.mark.slow
def test_the_range_of_the_registry_by_hand() -> None:
    """Qwen's 400 may be French, meta's 150 British, someone's 40 of the USA.

    At the low end China has nothing and the USA 190, at the high end China 400 and the USA nothing.
    """
    table = by_synthetic_registry(
        {"Qwen": ("CN", "FR"), "meta": ("US", "GB"), "someone": ("individual", "US")}
    )
    leads = chosen(table, SMALL)["lead"].loc[HEAD, "none", "uploader", :, "own"]
    assert leads[["registry-low", "registry", "registry-high"]].tolist() == [-0.19, 0.25, 0.4]


@pytest.mark.slow
@EXAMPLES
@given(
    st.lists(st.lists(st.sampled_from(COUNTRIES), min_size=1, unique=True), min_size=6, max_size=6)
)
def test_the_range_of_the_registry_holds_it_whatever_the_alternatives(
    places: list[list[str]],
) -> None:
    """Six synthetic developers have any country and any alternatives."""
    names = ["Qwen", "deepseek-ai", "other-cn", "meta", "packager", "someone"]
    table = by_synthetic_registry(dict(zip(names, map(tuple, places), strict=True)))
    assert_range_holds_the_registry(chosen(table, SMALL))


@pytest.mark.slow
def test_the_range_of_the_shipped_registry_holds_it() -> None:
    """On the bundled panel, in every window, exclusion, attribution and treatment; and strictly."""
    repositories = panels.read(bundled.FOLDER).repositories
    known = registry.load(DEFINITIONS.group_of)
    found = chosen(assign.attributed(repositories, known, rules.load(), DEFINITIONS.group_of))
    assert_range_holds_the_registry(found)
    leads = found["lead"].loc[HEAD, "none", "uploader", :, "own"]
    assert leads["registry-low"] < leads["registry"] < leads["registry-high"]


def rule(name: str, pattern: str) -> Rule:
    """A synthetic rule on repository names."""
    return Rule(name, "telemetry", pattern, "", "", "panel", "synthetic", "a test", "2026-11-23")


def removals(*ruled: Rule, table: pd.DataFrame = TABLE) -> pd.DataFrame:
    """What exclusions and these rules remove from the headline's window."""
    found = choices.exclusions(Repositories(table, DEFINITIONS), ruled)
    return found[found["window"] == HEAD].set_index(["by", "exclusion"]).drop(columns="window")


def test_exclusions_by_hand() -> None:
    """Every exclusion of the study has a row, with its downloads, share and the lead without it."""
    got = removals()
    assert {name: row.tolist() for (_, name), row in got.iterrows()} == {
        "telemetry": [60, 0.06, 0.29, 350 / 940],
        "mass-upload": [0, 0.0, 0.29, 0.29],
        "automated": [0, 0.0, 0.29, 0.29],
        "burst": [0, 0.0, 0.29, 0.29],
        "not-chosen": [60, 0.06, 0.29, 350 / 940],
        "repackaged": [100, 0.1, 0.29, 390 / 900],
        "distillation": [0, 0.0, 0.29, 0.29],
    }
    assert set(got.index.get_level_values("by")) == {"exclusion"}


def test_single_rules_by_hand() -> None:
    """Each rule that matches something is left out by itself, whatever its kind and the case."""
    got = removals(
        rule("qwen", "qwen/*"), rule("nobody", "nobody/*"), rule("two", "*m*e*/model")
    ).loc["rule"]
    assert {name: row.tolist() for name, row in got.iterrows()} == {
        "qwen": [400, 0.4, 0.29, (200 - 310) / 600],
        "two": [190, 0.19, 0.29, (600 - 160) / 810],  # meta's 150 and someone's 40
    }


def test_a_rule_that_matches_everything_leaves_no_lead() -> None:
    """Nothing remains of which a lead could be a fraction."""
    row = removals(rule("all", "*/model")).loc["rule", "all"]
    assert row[["downloads", "share", "lead"]].tolist() == [1000, 1, 0.29]
    assert pd.isna(row["lead_without"])


def test_exclusions_have_a_row_for_every_window() -> None:
    """Each window's downloads are its own."""
    table = TABLE.assign(**{"increments-all": 2 * TABLE["increments-all"]})
    found = choices.exclusions(Repositories(table, DEFINITIONS), [rule("qwen", "Qwen/*")])
    assert list(found.columns) == [
        *("exclusion", "by", "window", "downloads", "share", "lead", "lead_without")
    ]
    assert not found.duplicated(["exclusion", "by", "window"]).any()
    assert len(found) == (len(DEFINITIONS.exclusions) + 1) * len(DEFINITIONS.windows)
    qwen = found[found["exclusion"] == "qwen"].set_index("window")["downloads"]
    assert qwen.to_dict() == {
        w.id: 800 if w.id == "increments-all" else 400 for w in DEFINITIONS.windows
    }


def test_exclusions_follow_the_headline() -> None:
    """Under the registry's labels of origins the lead is 500 of 1,000."""
    head = dataclasses.replace(DEFINITIONS.headline, attribution="origin", labels="registry")
    definitions = dataclasses.replace(DEFINITIONS, headline=head)
    found = choices.exclusions(Repositories(TABLE, definitions), [rule("qwen", "Qwen/*")])
    last = found.iloc[-1]
    assert (last["lead"], last["lead_without"]) == (0.5, (350 - 250) / 600)


@pytest.mark.slow
def test_removed_exclusions_agree_with_choices(rows: pd.DataFrame) -> None:
    """The lead without an exclusion is that of the choice that makes it."""
    for (_, name), row in removals().iterrows():
        key = name if row["downloads"] else "none"
        expected = rows.loc[
            HEAD, key, DEFINITIONS.headline.attribution, DEFINITIONS.headline.labels, "own"
        ]
        assert row["lead_without"] == expected["lead"]
