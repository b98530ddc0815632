"""The specification grid: by hand, against the loop over specifications, and on the bundled panel."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from small import pivoted, synthetic_definitions, synthetic_repositories

from replication.analysis import choices
from replication.analysis import grid as grids
from replication.analysis.cells import Repositories
from replication.analysis.credit import left_by
from replication.analysis.lead import LEAD, statistics
from replication.analysis.scopes import masks_of_scopes
from replication.analysis.specification import DIMENSIONS, choices_of, headline
from replication.attribution import scope
from replication.definitions import Definitions, load_definitions
from replication.errors import DegenerateDataError
from replication.files import read_csv
from replication.inference.bootstrap import Bootstrap
from replication.run import ROOT


def small_grid() -> Definitions:
    """The packaged definitions with few replicates, a short grid, and one window."""
    definitions = synthetic_definitions()
    grid = dataclasses.replace(
        definitions.grid, age_limits_days=(365,), frozen_rules=("as-read",), replicates=200
    )
    return dataclasses.replace(
        definitions, grid=grid, windows=definitions.windows[-1:], grid_windows=()
    )


DEFINITIONS = small_grid()
TABLE = synthetic_repositories(DEFINITIONS)
HEAD = DEFINITIONS.headline.estimand


def variants_of(table: pd.DataFrame, definitions: Definitions) -> pd.DataFrame:
    """Downloads of the synthetic window, the same in every variant."""
    columns = {v.id: table[HEAD] for v in definitions.variants}
    return pd.DataFrame({"repository": table["repository"], **columns})


VARIANTS = variants_of(TABLE, DEFINITIONS)
TASKS = scope.load()


@pytest.fixture(scope="module")
def grid() -> pd.DataFrame:
    """Every specification of the synthetic panel."""
    return grids.multiverse(Repositories(TABLE, DEFINITIONS, VARIANTS, TASKS))


def pick(grid: pd.DataFrame, **chosen: str) -> pd.Series:
    """The one specification that makes these choices and else the headline's."""
    wanted = headline(DEFINITIONS).choices | chosen
    found = grid[(grid[list(wanted)] == pd.Series(wanted)).all(axis=1)]
    assert len(found) == 1
    return found.iloc[0]


def test_a_grid_of_eight_by_hand() -> None:
    """Two credits, two treatments, with telemetry and without: exact measures, and who is drawn.

    By uploader China has 600 and the USA 310 of 1,000, of which 60 are telemetry and 90 of users.
    """
    few = dataclasses.replace(
        DEFINITIONS.grid, attributions=("uploader", "origin"), labels=("study",), scopes=("all",),
        treatments=("own", "left-out"), exclusions=("none", "telemetry"), replicates=150,
    )  # fmt: skip
    definitions = dataclasses.replace(DEFINITIONS, grid=few)
    variants, lines = variants_of(TABLE, definitions), []
    found = grids.multiverse(Repositories(TABLE, definitions, variants, TASKS), lines.append)
    assert lines[0] == "uploader · study · own · none · all"
    assert lines[-2:] == ["origin · study · left-out · telemetry · all", "resampling"]
    every = pd.MultiIndex.from_product(choices_of(definitions).values(), names=DIMENSIONS)
    assert list(found[list(DIMENSIONS)].itertuples(index=False, name=None)) == list(every)
    assert found["total"].tolist() == [1000, 940, 910, 850, 1000, 940, 950, 890]
    assert found["n_developers"].tolist() == [7, 6, 5, 4, 4, 3, 3, 2]
    china = [0.6, 600 / 940, 600 / 910, 600 / 850, 0.7, 700 / 940, 700 / 950, 700 / 890]
    assert found["china"].tolist() == pytest.approx(china, abs=5e-7)
    usa = [0.31, 250 / 940, 310 / 910, 250 / 850, 0.25, 190 / 940, 250 / 950, 190 / 890]
    assert found["usa"].tolist() == pytest.approx(usa, abs=5e-7)
    assert found["lead"].tolist() == pytest.approx(
        [a - b for a, b in zip(china, usa, strict=True)], abs=1e-6
    )
    squares = 400**2 + 200**2 + 50**2 + 150**2 + 100**2 + 60**2 + 40**2
    assert found["n_effective"][0] == pytest.approx(1000**2 / squares, abs=5e-7)
    # Without Qwen China has 200 of 600; without meta the USA 160 of 850.
    assert found["without_lower"][0] == pytest.approx(-110 / 600, abs=5e-7)
    assert found["without_upper"][0] == pytest.approx(440 / 850, abs=5e-7)
    # Of two developers a replicate that draws one alone is 1 or −1.
    assert found["without_lower"][7] == -1
    assert found["without_upper"][7] == 1
    assert found.loc[7, ["lower", "upper"]].tolist() == [-1, 1]
    assert found["china_leads"][7] == pytest.approx(0.75, abs=0.15)
    assert set(found["distinct"]) == {"yes"}
    assert (found["lower"] < found["lead"]).all()
    assert (found["lead"] < found["upper"]).all()
    twice = dataclasses.replace(few, attributions=("uploader",), treatments=("own",))
    plain = TABLE.assign(kinds="")
    found = grids.multiverse(
        Repositories(plain, dataclasses.replace(definitions, grid=twice), variants, TASKS)
    )
    assert found["distinct"].tolist() == ["yes", "no"]
    assert found.iloc[1, 9:].tolist() == found.iloc[0, 9:].tolist()


def test_nothing_downloaded_has_no_measure() -> None:
    """Nor has one unit an interval; without the only one there is no lead."""
    empty = grids.exact_measures(np.zeros((0, 3), dtype=np.int64))
    assert empty == {"total": 0, "n_developers": 0}
    one = grids.exact_measures(np.array([[8, 0, 10]]))
    assert {name: one[name] for name in ("total", "n_effective", "china", "lead")} == {
        "total": 5, "n_effective": 1, "china": 0.8, "lead": 0.8,
    }  # fmt: skip
    assert np.isnan(one["without_lower"])
    drawn = grids._resampled([np.array([[8, 0, 10]])], DEFINITIONS.inference, 10)
    assert all(np.isnan(measure).all() for measure in drawn)


def test_a_grid_of_nothing_has_every_measure_and_no_value() -> None:
    """Where no specification has any downloads the columns are those of every grid."""
    different = grids._DifferentCells()
    nothing = np.zeros((2, 3, 1), dtype=np.int64)
    different.add(nothing, nothing)
    found = grids._measured(different, DEFINITIONS)
    assert [*found.columns[: len(grids.EXACT)]] == grids.EXACT
    assert found[["total", "n_developers"]].to_numpy().tolist() == [[0, 0]]
    assert found.drop(columns=["total", "n_developers"]).isna().all(axis=None)


def test_downloads_under_other_rules_are_those_of_the_variant_by_repository() -> None:
    """Whatever the order of the variants' rows; who gives none is told to."""
    whole = TABLE[HEAD].to_numpy()
    given = {f"{HEAD}/180/as-read": whole // 2, f"{HEAD}/365/left-out": whole // 5}
    variants = pd.DataFrame({"repository": TABLE["repository"], **given}).iloc[::-1]
    repositories = Repositories(TABLE, DEFINITIONS, variants)
    head = repositories.headline
    assert (head.age_limit_days, head.frozen) == (365, "as-read")
    assert repositories.downloads(head).tolist() == whole.tolist()
    young = dataclasses.replace(head, age_limit_days=180)
    moving = dataclasses.replace(head, frozen="left-out")
    assert repositories.downloads(young).tolist() == (whole // 2).tolist()
    assert repositories.downloads(moving).tolist() == (whole // 5).tolist()
    assert repositories.totals(young)[:-1].sum() == 2 * 500
    with pytest.raises(DegenerateDataError, match="other rules of the panel") as caught:
        Repositories(TABLE, DEFINITIONS).downloads(young)
    assert caught.value.remedy == "pass the variants"


def test_a_scope_and_an_exclusion_leave_what_both_leave() -> None:
    """Without the repackaged repository China leads the USA by 600 to 210, without telemetry to 150."""
    repositories = Repositories(TABLE, DEFINITIONS)
    first_party = dataclasses.replace(repositories.headline, scope="first-party")
    quiet = dataclasses.replace(first_party, exclusion="telemetry")
    for spec, usa, total in ((first_party, 210, 900), (quiet, 150, 840)):
        sums = dict(zip(DEFINITIONS.groups, repositories.totals(spec)[:-1] // 2, strict=True))
        assert (sums["China"], sums["USA"], sum(sums.values())) == (600, usa, total)


@pytest.mark.slow
def test_every_combination_has_one_row_in_the_order_of_the_grid(grid: pd.DataFrame) -> None:
    """The table is the full product of the choices, the last dimension fastest."""
    every = pd.MultiIndex.from_product(choices_of(DEFINITIONS).values(), names=DIMENSIONS)
    assert list(grid[list(DIMENSIONS)].itertuples(index=False, name=None)) == list(every)


@pytest.mark.slow
def test_leads_by_hand(grid: pd.DataFrame) -> None:
    """China 600, USA 310 of 1000 by uploader; without users of 910; by origin 700 and 250."""
    assert pick(grid)["lead"] == 0.29
    assert pick(grid)["total"] == 1000
    assert pick(grid, treatment="left-out")["lead"] == pytest.approx(290 / 910, abs=1e-6)
    assert pick(grid, attribution="origin")["lead"] == 0.45
    assert pick(grid, exclusion="telemetry")["lead"] == pytest.approx(350 / 940, abs=1e-6)
    assert pick(grid, labels="registry", treatment="lineage")["lead"] == 0.5


@pytest.mark.slow
def test_scopes_by_hand(grid: pd.DataFrame) -> None:
    """The repackaged repository is no first party; names that state no size have none."""
    assert pick(grid, scope="first-party")["lead"] == pytest.approx((600 - 210) / 900, abs=1e-6)
    assert pick(grid, scope="without-distillations")["lead"] == 0.29
    assert pick(grid, scope="up-to-8B")["total"] == pick(grid, scope="over-8B")["total"] == 0
    assert np.isnan(pick(grid, scope="over-8B")["lead"])


def test_sizes_are_told_by_names() -> None:
    """A count at the limit is within it, and a repository of unknown size is in neither class."""
    names = ["a/m-8B", "a/m-8.1B", "a/m"]
    masks = masks_of_scopes(TABLE.iloc[:3].assign(name=names), DEFINITIONS.grid, TASKS)
    assert masks["up-to-8B"].tolist() == [True, False, False]
    assert masks["over-8B"].tolist() == [False, True, False]


def test_scopes_are_told_by_tasks_makers_and_rules() -> None:
    """The fourth is repackaged, the second and third are of another task or of none that is known."""
    table = TABLE.iloc[[0, 1, 2, 4]].assign(
        name=["a/m-chat", "a/m-embed", "a/m", "a/n-chat"], kinds=["", "", "distillation x", None]
    )
    about = ("a reason", "a source", "2026-11-23")
    tasks = [
        scope.TaskRule("chat", "*/*chat*", scope.TEXT_GENERATION, *about),
        scope.TaskRule("embed", "*/*embed*", "embedding", *about),
    ]
    found = masks_of_scopes(table, DEFINITIONS.grid, tasks)
    assert [*found] == [*DEFINITIONS.grid.scopes]
    assert {name: np.flatnonzero(mask).tolist() for name, mask in found.items()} == {
        "all": [0, 1, 2, 3], "text-generation": [0, 3], "first-party": [0, 1, 2],
        "first-party-text": [0], "without-distillations": [0, 1, 3], "up-to-8B": [], "over-8B": [],
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["developer", "repository"])
@pytest.mark.parametrize("attribution", ["uploader", "split"])
def test_intervals_are_those_of_the_bootstrap(
    grid: pd.DataFrame, unit: str, attribution: str
) -> None:
    """The same draws as the engine that the estimates use, one specification at a time."""
    row = pick(grid, attribution=attribution, exclusion="telemetry")
    excluded = next(x for x in DEFINITIONS.exclusions if x.id == "telemetry")
    left = TABLE[left_by(TABLE, excluded)]
    cells = pivoted(left, HEAD, attribution, "study", DEFINITIONS, unit)
    rules = dataclasses.replace(DEFINITIONS.inference, replicates=DEFINITIONS.grid.replicates)
    found = Bootstrap(cells.counts, statistics(DEFINITIONS), rules).percentile().to_frame()
    lead = found.set_index("group").loc[LEAD]
    prefix = "" if unit == "developer" else "repository_"
    ends = row[f"{prefix}lower"], row[f"{prefix}upper"]
    assert ends == pytest.approx((lead["lower"], lead["upper"]), abs=1e-6)


@pytest.mark.slow
def test_points_are_those_of_the_choices(grid: pd.DataFrame) -> None:
    """Two ways to the same arithmetic: sums a choice, and one matrix product for all."""
    table = choices.choices(Repositories(TABLE, DEFINITIONS))
    keys = ["exclusion", "attribution", "labels", "treatment"]
    first = table[table["window"] == HEAD].set_index(keys)[["china", "usa", "lead"]]
    second = grid[grid["scope"] == "all"].set_index(keys)[["china", "usa", "lead"]]
    both = first.join(second.add_suffix("_grid"), how="inner")
    assert len(both) == 4 * 2 * 3 * 2
    for name in ("china", "usa", "lead"):
        assert both[name].to_numpy() == pytest.approx(both[f"{name}_grid"].to_numpy(), abs=1e-6)


@pytest.mark.slow
def test_the_range_without_a_developer_is_that_of_deleted_rows(grid: pd.DataFrame) -> None:
    """Each uploader's rows deleted in turn."""
    leads = []
    for developer in TABLE["uploader_developer"]:
        left = TABLE[TABLE["uploader_developer"] != developer]
        sums = left.groupby("study_group_uploader")[HEAD].sum()
        leads.append((sums.get("China", 0) - sums.get("USA", 0)) / sums.sum())
    row = pick(grid)
    assert row["without_lower"] == pytest.approx(min(leads), abs=1e-6)
    assert row["without_upper"] == pytest.approx(max(leads), abs=1e-6)


@pytest.mark.slow
def test_a_specification_with_the_cells_of_an_earlier_one_is_marked(grid: pd.DataFrame) -> None:
    """Nothing is distilled here, so that leaving distillations out makes no new specification."""
    rows = grid[grid["scope"].isin(["all", "without-distillations"])]
    assert set(rows.loc[rows["scope"] == "without-distillations", "distinct"]) == {"no"}
    assert pick(grid)["distinct"] == "yes"
    measured = ["total", "n_effective", "lead", "lower", "repository_lower"]
    known = pd.MultiIndex.from_frame(grid.loc[grid["distinct"] == "yes", measured])
    assert pd.MultiIndex.from_frame(grid[measured]).isin(known).all()


@pytest.mark.slow
def test_row_order_changes_nothing(grid: pd.DataFrame) -> None:
    """Shuffled repositories give the same table, byte for byte."""
    shuffled = TABLE.sample(frac=1, random_state=3).reset_index(drop=True)
    variants = VARIANTS.sample(frac=1, random_state=4)
    again = grids.multiverse(Repositories(shuffled, DEFINITIONS, variants, TASKS))
    assert again.to_csv() == grid.to_csv()


def test_the_bundled_grid_has_what_is_declared_and_the_headlines_point() -> None:
    """Every combination is in the committed table, and its headline is that of the estimates."""
    definitions = load_definitions()
    table = read_csv(ROOT / "results" / "specifications.csv")
    assert len(table) == np.prod([len(c) for c in choices_of(definitions).values()])
    wanted = headline(definitions).choices
    row = table[(table[list(wanted)] == pd.Series(wanted)).all(axis=1)].iloc[0]
    estimates = read_csv(ROOT / "results" / "estimates.csv")
    head = pd.Series(vars(definitions.headline))
    mine = estimates[(estimates[list(head.index)] == head).all(axis=1)]
    lead = mine[(mine["group"] == LEAD) & (mine["method"] == "bounds")]["point"].iloc[0]
    assert row["lead"] == pytest.approx(lead, abs=1e-6)


def test_what_the_paper_says_of_the_usa_holds_in_the_committed_grid() -> None:
    """The USA leads only among increments that end by August 2025, with the age limit of a year."""
    table = read_csv(ROOT / "results" / "specifications.csv")
    behind = table[table["lead"] < 0]
    assert set(behind["window"]) == {"increments-2025-05", "increments-2025-08"}
    assert set(behind["age_limit_days"]) == {365}


def test_nobody_left_is_an_empty_specification() -> None:
    """Where all are left out no cell is left, and nothing fails."""
    nowhere = TABLE.assign(study_group_uploader="User")
    repositories = Repositories(nowhere, DEFINITIONS)
    credited = repositories.credited("uploader", "study", "left-out")
    downloads = np.ones((len(TABLE), 2), dtype=np.int64)
    found = repositories.side_cells(credited, credited.developer, downloads)
    assert found.shape == (1, 3, 2)
    assert not found.any()
