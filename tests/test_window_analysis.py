"""The published window on a small attributed panel: every table against numbers worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from small_window import HUB, LATE, LISTS, LOW, REPOSITORIES, TOP, lists_of, small_window

from replication.analysis.cells import DEVELOPER, REPOSITORY
from replication.analysis.credit import left_by
from replication.analysis.window import changes as window_changes
from replication.analysis.window import errors as window_errors
from replication.analysis.window import facts as window_facts
from replication.analysis.window import grid as window_grid
from replication.analysis.window import lists as window_lists
from replication.analysis.window import months as window_months
from replication.analysis.window import records as window_records
from replication.analysis.window import targets as window_targets
from replication.analysis.window.capture import NONE
from replication.analysis.window.changes import CHOICE, HEADLINE
from replication.analysis.window.data import estimate, headline_column
from replication.analysis.window.errors import SIDES
from replication.definitions import Definitions
from replication.panel.window import CEILING, COUNTED, SEEN, column, columns

DATA = small_window()
DEFINITIONS = DATA.definitions
WINDOW = DEFINITIONS.published_window.id
TABLE = DATA.population.table
Z = float(stats.norm.ppf(0.975))


@cache
def changes() -> pd.DataFrame:
    """Every single change of the small window."""
    return window_changes.changes(DATA)


@cache
def grid() -> pd.DataFrame:
    """Every specification of the small window."""
    return window_grid.grid(DATA)


def halved(lists: pd.DataFrame, suffix: str) -> pd.DataFrame:
    """Lists in which the downloads of one age limit are half as many."""
    names = [
        f"{name}{suffix}" for name in lists if name == "downloads" or name.startswith("held_by_")
    ]
    names = [name for name in names if name in lists and name.count("/") == suffix.count("/")]
    return lists.assign(**{name: lists[name] // 2 for name in names})


@pytest.mark.parametrize("rule", ["proportion", "level"])
def test_another_age_limit_is_as_a_run_by_it(rule: str) -> None:
    """What its estimates lack is of lists counted up to that age, and so is who is given it."""
    choice = replace(DATA, lists=halved(DATA.lists, "/180"))
    panel = replace(DEFINITIONS.panel, age_limit_days=180)
    own = replace(DATA, lists=halved(DATA.lists, ""), definitions=replace(DEFINITIONS, panel=panel))
    name = column(180, DEFINITIONS.fillings[0].id)
    np.testing.assert_array_equal(choice.downloads(name, rule), own.downloads(name, rule))
    assert choice.downloads(name, rule).sum() < DATA.downloads(name, rule).sum()
    headline = headline_column(DEFINITIONS)
    np.testing.assert_array_equal(choice.downloads(headline, rule), DATA.downloads(headline, rule))
    level, proportion = (DATA.downloads(headline, name).sum() for name in ("level", "proportion"))
    assert level != proportion


@cache
def months() -> pd.DataFrame:
    """The small window month by month."""
    return window_months.months(DATA)


def shares(
    table: pd.DataFrame, downloads: str = WINDOW, group: str = "registry_group_uploader"
) -> dict[str, float]:
    """Shares of China, of the USA, and the lead, by plain sums."""
    sums = table.groupby(group)[downloads].sum()
    china, usa = float(sums.get("China", 0)), float(sums.get("USA", 0))
    total = float(sums.sum())
    return {"china": china / total, "usa": usa / total, "lead": (china - usa) / total,
            "part": china / (china + usa)}  # fmt: skip


def change(kind: str, name: str) -> dict[str, float]:
    """The measures of one change."""
    table = changes()
    rows = table[(table["kind"] == kind) & (table["change"] == name)]
    assert len(rows) == 1
    return rows.iloc[0][["china", "usa", "lead", "part"]].to_dict()


def same(found: dict[str, float], wanted: dict[str, float]) -> None:
    """Compare measures."""
    assert found == pytest.approx(wanted, rel=1e-12)


def test_the_headline_is_what_plain_sums_say() -> None:
    """The first row has the shares of the population, its total, and no shift."""
    head = changes().iloc[0]
    assert (head["kind"], head["change"], head["shift"]) == ("headline", "headline", 0.0)
    same(head[["china", "usa", "lead", "part"]].to_dict(), shares(TABLE))
    assert head["total"] == TABLE[WINDOW].sum()
    family = TABLE["uploader"].isin(["Qwen", "deepseek-ai"])
    china = TABLE["registry_group_uploader"] == "China"
    sums = TABLE[WINDOW]
    assert head["family"] == pytest.approx(sums[family].sum() / sums[china].sum())
    club = TABLE["uploader"] == "club"
    assert head["international"] == pytest.approx(sums[club].sum() / sums.sum())


def test_what_was_estimated_without_correction() -> None:
    """China has 840 a month of 2,670, and the USA 1,490: of estimates and of what was seen."""
    wanted = {"china": 840 / 2670, "usa": 1490 / 2670, "lead": -650 / 2670, "part": 840 / 2330}
    same(change(CHOICE, "uncorrected"), wanted)
    same(change(CHOICE, "seen"), wanted)


@pytest.mark.parametrize("kind", [DEVELOPER, REPOSITORY])
def test_leaving_one_out_is_computing_without_it(kind: str) -> None:
    """Every developer and repository: the shares of the table without its rows."""
    who = {DEVELOPER: "uploader_developer", REPOSITORY: "repository"}[kind]
    rows = changes()[changes()["kind"] == kind]
    names = rows["change"]
    assert rows["label"].tolist() == [f"without {name}" for name in names]
    table = TABLE
    assert set(names) == set(table.loc[table[WINDOW] > 0, who])
    for name in names:
        same(change(kind, name), shares(table[table[who] != name]))


def test_the_largest_are_left_out_first() -> None:
    """Developers and repositories stand in the order of their size."""
    for kind in (DEVELOPER, REPOSITORY):
        totals = changes().loc[changes()["kind"] == kind, "total"]
        assert totals.is_monotonic_increasing


@pytest.mark.parametrize("role", ["origin", "maker"])
def test_credit_to_another_role(role: str) -> None:
    """The same downloads under another role's group."""
    wanted = shares(TABLE, group=f"registry_group_{role}")
    same(change(CHOICE, f"credit/{role}"), wanted)


def test_split_credit_is_half_of_both() -> None:
    """Shares of the split lie half way between those of uploader and origin."""
    both = [shares(TABLE, group=f"registry_group_{r}") for r in ("uploader", "origin")]
    found = change(CHOICE, "credit/split")
    for name in ("china", "usa", "lead"):
        assert found[name] == pytest.approx((both[0][name] + both[1][name]) / 2)


@pytest.mark.parametrize("labels", ["study", "registry-low", "registry-high"])
def test_other_labels(labels: str) -> None:
    """The study's labels, and every doubt of the registry resolved towards one side."""
    wanted = shares(TABLE, group=f"{labels}_group_uploader")
    same(change(CHOICE, f"labels/{labels}"), wanted)


def test_the_unattributed_left_out_and_by_lineage() -> None:
    """Individuals and clubs have no country: without them, or where their models come from."""
    table = TABLE
    nowhere = table["registry_group_uploader"].isin(["User", "International / Online"])
    same(change(CHOICE, "unattributed/left-out"), shares(table[~nowhere]))
    group = table["registry_group_uploader"].mask(nowhere, table["registry_group_origin"])
    same(change(CHOICE, "unattributed/lineage"), shares(table.assign(g=group), group="g"))


@pytest.mark.parametrize("name", ["telemetry", "automated", "burst", "not-chosen"])
def test_every_exclusion_of_the_window_is_a_choice(name: str) -> None:
    """Without the rows of its kinds; where no row is of them nothing moves."""
    exclusion = next(x for x in DEFINITIONS.exclusions if x.id == name)
    same(change(CHOICE, f"without/{name}"), shares(TABLE[left_by(TABLE, exclusion)]))


def reordered(definitions: Definitions) -> dict[str, Definitions]:
    """Definitions whose headline is one of the other choices, by the name of the change."""
    rules, own = definitions.fillings, definitions.capture
    grid = replace(definitions.grid, age_limits_days=(365,))  # others go with the first filling
    definitions = replace(definitions, grid=grid)
    found = {
        column(365, rule.id): replace(
            definitions, fillings=(rule, *(r for r in rules if r != rule))
        )
        for rule in rules[1:3]
    }
    found["capture/level"] = replace(
        definitions, capture=replace(own, rules=("level", "proportion"))
    )
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", list(reordered(DEFINITIONS)))
def test_a_choice_is_the_headline_of_other_definitions(name: str) -> None:
    """With another rule of filling or capture first, the headline is the row of that change."""
    other = replace(DATA, definitions=reordered(DEFINITIONS)[name])
    same(change(CHOICE, name), shares(other.population.table))


def test_each_change_stands_once() -> None:
    """No change has two rows of its kind, and the shift is that of the lead."""
    table = changes()
    assert not table.duplicated(["kind", "change"]).any()
    np.testing.assert_allclose(table["shift"], table["lead"] - table["lead"].iloc[0])


def of_shifts(*rows: tuple[str, str, float]) -> pd.DataFrame:
    """Changes by kind, label and shift after the headline."""
    return pd.DataFrame([("headline", "as it is", 0.0), *rows], columns=["kind", "label", "shift"])


def test_the_smallest_turn_is_a_repository_then_a_developer_then_a_choice() -> None:
    """Of one kind the change that moves the lead least; a smaller kind comes before a smaller shift."""
    table = of_shifts(
        (CHOICE, "a choice", 0.01), (DEVELOPER, "a developer", -0.02), (REPOSITORY, "large", 0.30),
        (REPOSITORY, "small", -0.20), (REPOSITORY, "smaller", 0.10),
    )  # fmt: skip
    holds = [True, False, False, False, False, True]
    for turned, wanted in ((holds, "small"), ([*holds[:3], True, True, True], "a developer")):
        assert window_changes.smallest_turn(table, dict(enumerate(turned))) == wanted
    only_choice = dict(enumerate([False, True, False, False, False, False]))
    assert window_changes.smallest_turn(table, only_choice) == "a choice"
    assert window_changes.smallest_turn(table, dict.fromkeys(range(6), True)) == ""


def test_a_lead_of_nothing_is_none_of_china() -> None:
    """So that a change turns it that puts China ahead, and none that leaves the USA so."""
    rows = pd.DataFrame({
        "kind": [HEADLINE, CHOICE, CHOICE, CHOICE], "lead": [0.0, 0.1, -0.1, 0.0],
    })  # fmt: skip
    found = dict(window_facts._of_changes(rows))
    assert (found["changes-choices"], found["turning-choices"]) == (3, 1)
    assert (found["changes-choices-lowest"], found["changes-choices-highest"]) == (-0.1, 0.1)


def test_movers_are_sorted_and_beyond_the_gap() -> None:
    """Those that move the lead most first, whatever the sign; none at the gap or below."""
    found = window_changes.movers(changes(), 0.05)
    assert (found["shift"].abs() > 0.05).all()
    assert found["shift"].abs().is_monotonic_decreasing
    assert len(found) == (changes()["shift"].abs() > 0.05).sum()
    table = of_shifts((CHOICE, "at", 0.05), (CHOICE, "less", -0.06), (DEVELOPER, "most", 0.2))
    assert window_changes.movers(table, 0.05)["label"].tolist() == ["most", "less"]


@pytest.mark.slow
def test_the_grid_holds_every_combination_once() -> None:
    """Seven estimates under three rules, and what was seen, by every other choice and all doubts."""
    choices = DEFINITIONS.grid
    others = len(choices.attributions) * (len(choices.labels) + 2) * len(choices.treatments) * 5
    assert len(grid()) == (7 * 3 + 1) * others
    assert not grid().duplicated(window_grid.DIMENSIONS).any()


def specification(**changed: object) -> pd.Series:
    """One row of the grid: the headline's with other choices."""
    head = {"filling": "standard", "age_limit_days": 365, "capture": "proportion",
            "attribution": "uploader", "labels": "registry", "treatment": "own",
            "exclusion": "none"}  # fmt: skip
    where = pd.Series(head | changed)
    return grid()[(grid()[list(where.index)] == where).all(axis=1)].iloc[0]


@pytest.mark.slow
def test_the_headline_of_the_grid_is_that_of_the_changes() -> None:
    """Shares, total, and the range without any one developer."""
    own, head = specification(), changes().iloc[0]
    for name in ("china", "usa", "lead", "part"):
        assert own[name] == pytest.approx(head[name], abs=1e-6)
    assert own["total"] == head["total"]
    each = changes().loc[changes()["kind"] == DEVELOPER, "lead"]
    assert own["without_lower"] == pytest.approx(each.min(), abs=1e-6)
    assert own["without_upper"] == pytest.approx(each.max(), abs=1e-6)
    sizes = TABLE.groupby("uploader_developer")[WINDOW].sum()
    wanted = sizes.sum() ** 2 / (sizes**2).sum()
    assert own["n_effective"] == pytest.approx(wanted, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "choice"),
    [
        ("uncorrected", {"capture": "none"}),
        ("seen", {"filling": "seen", "capture": "none"}),
        ("capture/level", {"capture": "level"}),
        ("estimate/365/geometric", {"filling": "geometric"}),
        ("estimate/180/standard", {"age_limit_days": 180}),
        ("credit/split", {"attribution": "split"}),
        ("labels/study", {"labels": "study"}),
        ("unattributed/lineage", {"treatment": "lineage"}),
        ("unattributed/left-out", {"treatment": "left-out"}),
        ("without/not-chosen", {"exclusion": "not-chosen"}),
    ],
)
def test_single_changes_are_cells_of_the_grid(name: str, choice: dict[str, object]) -> None:
    """Two programs that share little: the grid's matrix product and the table of changes."""
    found = specification(**choice)
    for measure, value in change(CHOICE, name).items():
        assert found[measure] == pytest.approx(value, abs=1e-6)


def test_distinct_specifications_are_counted_once() -> None:
    """One that is not distinct has the numbers of an earlier one; the first of its kind is."""
    numbers = [
        "total",
        "n_effective",
        "china",
        "usa",
        "lead",
        "part",
        "without_lower",
        "without_upper",
    ]
    again = grid()["distinct"] == "no"
    repeated = grid().duplicated(numbers)
    assert not (again & ~repeated).any()
    assert specification(exclusion="burst")["distinct"] == "no"
    assert specification()["distinct"] == "yes"
    assert specification(exclusion="telemetry")["distinct"] == "yes"
    assert 0 < again.sum() < len(again)


GOALS = {"china": 0.30, "usa": 0.30, "lead": 0.10}


@cache
def targets() -> pd.DataFrame:
    """What would have to be true for each goal."""
    return window_targets.targets(DATA, GOALS)


def test_each_target_stands_beside_its_published_figure() -> None:
    """In every row, in the order of the columns that a reader goes by."""
    rows = targets()
    assert list(rows.columns) == [
        "target", "published", "ours", "treatment", "step", "developer", "value", "reached",
    ]  # fmt: skip
    assert rows["published"].tolist() == [GOALS[target] for target in rows["target"]]
    assert rows.notna().all(axis=None)


def test_every_other_rule_of_capture_is_a_change() -> None:
    """But for the one that adds nothing, which is a measure of its own; the first is the headline's."""
    rules = DATA.definitions.capture.rules
    assert (rules[0], rules[-1]) == ("proportion", "none")
    found = {name: label for name, label, _ in window_changes._of_measures(DATA)}
    kept = [name for name in found if name.startswith("capture/")]
    assert kept == [f"capture/{rule}" for rule in rules[1:-1]] == ["capture/level"]
    assert found["capture/level"] == "what no record follows at its level"
    assert "seen" in found


def test_another_age_limit_is_named_as_such_and_another_filling_by_its_label() -> None:
    """Each by the column of its estimates, under the headline's rule of capture."""
    (first, *fillings), rule = DEFINITIONS.fillings, DEFINITIONS.capture.rules[0]
    label = {column(365, filling.id): filling.label for filling in fillings}
    label[column(180, first.id)] = "age limit 180 days"
    rows = [*window_changes._of_measures(DATA)]
    assert {name: rest for name, *rest in rows if name.startswith("estimate")} == {
        name: [what, estimate(name, rule)] for name, what in label.items()
    }


def test_a_target_is_reached_with_the_last_step() -> None:
    """Steps go up from the headline, come nearer each, and the last alone is at the goal."""
    for (target, treatment), rows in targets().groupby(["target", "treatment"], sort=False):
        goal, ours = GOALS[target], changes().iloc[0][target]
        assert rows["step"].tolist() == list(range(len(rows)))
        assert rows["value"].iloc[0] == pytest.approx(ours)
        assert (np.diff((goal - rows["value"]) * np.sign(goal - ours)) < 0).all()
        reached = np.sign(goal - ours) * (rows["value"] - goal) >= 0
        assert (reached == (rows["reached"] == "yes")).all()
        assert not reached.iloc[:-1].any()
        if treatment == "left-out":
            assert reached.iloc[-1]


def test_the_value_of_a_step_is_that_without_its_developers() -> None:
    """Left out they leave the total too; counted without a country they stay in it."""
    table = TABLE
    for (target, treatment), rows in targets().groupby(["target", "treatment"]):
        taken: list[str] = []
        for developer, value in zip(rows["developer"][1:], rows["value"][1:], strict=True):
            taken.append(developer)
            own = table["uploader_developer"].isin(taken)
            group = table["registry_group_uploader"].mask(own, "nowhere")
            kept = table[~own] if treatment == "left-out" else table.assign(g=group)
            by = "registry_group_uploader" if treatment == "left-out" else "g"
            assert value == pytest.approx(shares(kept, group=by)[target])


def test_the_last_step_takes_no_more_than_is_needed() -> None:
    """No smaller developer would have been enough in place of the last."""
    sizes = TABLE.groupby("uploader_developer")[WINDOW].sum()
    table = TABLE
    rows = targets()[(targets()["target"] == "usa") & (targets()["treatment"] == "left-out")]
    assert len(rows) == 2
    last = rows["developer"].iloc[-1]
    for smaller in sizes.index[sizes < sizes[last]]:
        kept = table[table["uploader_developer"] != smaller]
        assert shares(kept)["usa"] > GOALS["usa"]


def test_a_target_out_of_reach_ends_without_it() -> None:
    """China cannot have 99 % by counting others without a country: they stay in the total."""
    found = window_targets.targets(DATA, {"china": 0.99})
    rows = found[found["treatment"] == "without-country"]
    assert rows["reached"].tolist() == ["no"]
    assert rows["step"].tolist() == [0]


def test_a_target_that_is_met_needs_no_step() -> None:
    """Where our figure is the published one it is reached without a developer."""
    ours = float(changes().iloc[0]["china"])
    found = window_targets.targets(DATA, {"china": ours})
    assert found["reached"].tolist() == ["yes", "yes"]
    assert found["step"].tolist() == [0, 0]


def known_errors(downloads: list[float], error: list[float]) -> pd.DataFrame:
    """A table of errors with one component."""
    return pd.DataFrame({"side": SIDES, "component": "all", "downloads": downloads, "error": error})


def test_denominators_by_hand() -> None:
    """200 at 20 % imply 1,000, 150 at 10 % 1,500: a ratio of 1.5, with its errors."""
    errors = known_errors([200.0, 150.0, 900.0], [10.0, 15.0, 40.0])
    published = {"China": 20.0, "USA": 10.0}
    found = window_targets.denominators(errors, published, 2_200.0, DATA).set_index("what")
    assert found["value"].to_dict() == pytest.approx({
        "implied by China": 1_000, "implied by USA": 1_500, "ratio of the two": 1.5,
        "rebuilt total": 1_250, "printed by the study": 2_200,
    })  # fmt: skip
    assert found.loc["implied by China", "upper"] == pytest.approx(1_000 + Z * 50)
    assert found.loc["implied by USA", "lower"] == pytest.approx(1_500 - Z * 150)
    spread = np.hypot(0.05, 0.10)
    assert found.loc["ratio of the two", "lower"] == pytest.approx(1.5 * np.exp(-Z * spread))
    total = np.sqrt(10**2 + 15**2 + 40**2)
    assert found.loc["rebuilt total", "upper"] == pytest.approx(1_250 + Z * total)
    assert found.loc["printed by the study", ["lower", "upper"]].tolist() == [2_200, 2_200]


def test_two_shares_of_one_total_imply_it_twice() -> None:
    """Where the published shares are ours the ratio is one and the total is implied."""
    errors = known_errors([200.0, 150.0, 650.0], [1.0, 1.0, 1.0])
    found = window_targets.denominators(errors, {"China": 20.0, "USA": 15.0}, 0.0, DATA)
    assert found["value"].tolist()[:4] == pytest.approx([1_000, 1_000, 1, 1_000])


def test_luck_against_simulation() -> None:
    """Developers of equal size who fall to China, the USA or others: the error of the lead."""
    found = window_targets.luck(DATA, 0.013).iloc[0]
    own = shares(TABLE)
    random, n = np.random.default_rng(20251203), 150
    china, usa, rest = own["china"], own["usa"], 1 - own["china"] - own["usa"]
    drawn = random.multinomial(n, [china, usa, rest], size=40_000)
    leads = (drawn[:, 0] - drawn[:, 1]) / n
    assert found["spread"] / np.sqrt(n) == pytest.approx(leads.std(), rel=0.02)
    assert Z * found["spread"] / np.sqrt(found["needed"]) == pytest.approx(0.013)
    sizes = TABLE.groupby("uploader_developer")[WINDOW].sum()
    assert found["developers"] == len(sizes)
    assert found["effective"] == pytest.approx(sizes.sum() ** 2 / (sizes**2).sum())
    cells = DATA.population.cells(DATA.population.headline)
    small = replace(cells, units=("(small namespaces)", *cells.units[1:]))
    population = SimpleNamespace(headline=None, cells=lambda _: small)
    data: Any = SimpleNamespace(population=population, definitions=DEFINITIONS)
    without = window_targets.luck(data, 0.013).iloc[0]
    assert without["developers"] == found["developers"] - 1


sizes = st.floats(1e3, 1e6)


@settings(deadline=None, max_examples=30)
@given(st.tuples(sizes, sizes, sizes))
def test_propagation_against_a_numerical_derivative(downloads: tuple[float, ...]) -> None:
    """A standard error in one side alone is its size times the slope of the statistic."""
    about = np.array(downloads)
    for side in range(3):
        error = np.zeros(3)
        error[side] = 1.0
        step = about[side] * 1e-4
        ends = [
            window_errors.propagated(about + sign * step * error, np.zeros(3)) for sign in (1, -1)
        ]
        for name, (_, found) in window_errors.propagated(about, error).items():
            slope = (ends[0][name][0] - ends[1][name][0]) / (2 * step)
            assert found == pytest.approx(abs(slope), rel=1e-4, abs=1e-6 / about.sum())


def test_propagation_against_draws() -> None:
    """Independent normal errors of a few percent: the spread of every statistic of the draws."""
    about, error = np.array([900.0, 1_200.0, 1_900.0]), np.array([30.0, 20.0, 60.0])
    random = np.random.default_rng(20251203)
    china, usa, rest = (about + error * random.standard_normal((100_000, 3))).T
    total = china + usa + rest
    drawn = {
        "China": china / total, "USA": usa / total, "China − USA": (china - usa) / total,
        "China / (China + USA)": china / (china + usa), "total": total,
    }  # fmt: skip
    found = window_errors.propagated(about, error)
    assert list(found) == list(drawn)
    for name, values in drawn.items():
        assert found[name][0] == pytest.approx(values.mean(), rel=0.01)
        assert found[name][1] == pytest.approx(values.std(), rel=0.02)


@cache
def errors() -> pd.DataFrame:
    """Standard errors of the small window, by side and component."""
    return (
        window_errors.errors(DATA)
        .pivot_table(index="side", columns="component", values="error")
        .loc[list(SIDES)]
    )


def test_the_error_of_filling_by_hand() -> None:
    """Counts alone are a tenth too high everywhere: a tenth of what no counter holds."""
    loose = 0.9 * np.array([840, 1490, 340]) * 3
    np.testing.assert_allclose(errors()["filling"], 0.1 * loose)


@pytest.mark.slow
def test_a_side_without_counters_has_the_error_of_all() -> None:
    """Nothing is compared of the USA: its error of filling is that of all together."""
    rows = DATA.agreement.assign(rebuilt=DATA.agreement["exact"])
    usa = rows["registry_group_uploader"] == "USA"
    rows.loc[rows["registry_group_uploader"] == "China", "rebuilt"] *= 2
    rows = rows[~usa]
    china = rows["registry_group_uploader"] == "China"
    found = window_errors._filling(replace(DATA, agreement=rows))
    pooled = rows.loc[china, "exact"].sum() / rows["exact"].sum()
    loose = 0.9 * np.array([840, 1490, 340]) * 3
    np.testing.assert_allclose(found, loose * [1.0, pooled, 0.0])


def test_the_error_of_births_by_hand() -> None:
    """Half of the difference between all births early and all births late."""
    held = DATA.by_month.groupby("registry_group_uploader")[
        [column(365, "early-births"), column(365, "late-births")]
    ].sum()
    half = np.abs(held.iloc[:, 0] - held.iloc[:, 1]) / 2
    assert errors().loc["China", "births"] == pytest.approx(half["China"])
    assert half["China"] > 0
    others = half.drop(["China", "USA"])
    assert errors().loc["all others", "births"] == pytest.approx(others.sum())


@pytest.mark.parametrize("birth", ["earliest", "latest"])
def test_births_have_no_error_where_an_extreme_is_not_estimated(birth: str) -> None:
    """Both are needed: what one of them differs by from itself is nothing known."""
    kept = tuple(rule for rule in DEFINITIONS.fillings if rule.birth != birth)
    assert len(kept) < len(DEFINITIONS.fillings)
    data = replace(DATA, definitions=replace(DEFINITIONS, fillings=kept))
    assert window_errors._births(data).tolist() == [0, 0, 0]


def test_the_error_of_capture_is_a_jackknife_over_lists() -> None:
    """Each of the three lists left out: the root of two thirds of the sum of squares."""
    each, groups = [], DATA.hot_deck.facts["registry_group_uploader"].to_numpy()
    for name in (LOW, TOP, LATE):
        given = pd.Series(DATA.hot_deck.totals(DATA.shortfall(without=name).missing))
        sums = given.groupby(groups).sum()
        each.append([sums["China"], sums["USA"], sums.drop(["China", "USA"]).sum()])
    spread = np.array(each) - np.mean(each, axis=0)
    np.testing.assert_allclose(errors()["capture"], np.sqrt(2 / 3 * (spread**2).sum(axis=0)))


@pytest.mark.slow
def test_all_errors_together() -> None:
    """The root of the sum of squares, beside the downloads with what is not followed."""
    parts = errors()[["filling", "births", "capture"]]
    np.testing.assert_allclose(errors()["all"], np.sqrt((parts**2).sum(axis=1)))
    table = window_errors.errors(DATA)
    totals = table.drop_duplicates("side").set_index("side")["downloads"]
    population = TABLE.groupby("registry_group_uploader")[WINDOW].sum()
    assert totals["China"] == pytest.approx(population["China"], abs=len(DATA.headline_rest) / 2)
    assert totals.sum() == pytest.approx(population.sum(), abs=len(DATA.headline_rest) / 2)


def ranges() -> pd.DataFrame:
    """Estimates of the window with ranges that can be told apart."""
    rows = []
    for group, place in (("China", 0), ("USA", 1), ("China − USA", 2), ("China / USA", 3)):
        for unit, method in (
            ("developer", "leave-one-out"), ("developer", "jackknife-logit"), ("none", "bounds"),
            ("repository", "jackknife-logit"),
        ):  # fmt: skip
            wide = {"leave-one-out": 0.1, "jackknife-logit": 0.2, "bounds": 0.3}[method]
            wide += 10 * (unit == "repository")
            rows.append({"estimand": WINDOW, "attribution": "uploader", "labels": "registry",
                         "group": group, "unit": unit, "method": method, "lower": place + wide,
                         "upper": place + 2 * wide})  # fmt: skip
    other = pd.DataFrame(rows).assign(labels="study", lower=-99.0, upper=99.0)
    return pd.concat([other, pd.DataFrame(rows)], ignore_index=True)


def test_answers_join_every_range() -> None:
    """The records' range is the error at the level; the others are of the headline's rows alone."""
    errors_ = known_errors([900.0, 1_200.0, 1_900.0], [30.0, 20.0, 60.0])
    found = window_errors.answers(errors_, ranges(), DATA).set_index("statistic")
    wanted = window_errors.propagated(np.array([900.0, 1_200, 1_900]), np.array([30.0, 20, 60]))
    for name, (point, error) in wanted.items():
        assert found.loc[name, "point"] == pytest.approx(point)
        assert found.loc[name, "records_upper"] - point == pytest.approx(Z * error)
        assert point - found.loc[name, "records_lower"] == pytest.approx(Z * error)
    assert found.loc["USA", ["without_lower", "without_upper"]].tolist() == pytest.approx(
        [1.1, 1.2]
    )
    assert found.loc["China − USA", "developer_upper"] == pytest.approx(2.4)
    assert found.loc["China", ["bounds_lower", "bounds_upper"]].tolist() == pytest.approx(
        [0.3, 0.6]
    )
    # The part of the two is the ratio r as r / (1 + r).
    assert found.loc["China / (China + USA)", "without_lower"] == pytest.approx(3.1 / 4.1)
    assert found["uncorrected"]["China − USA"] == pytest.approx(-650 / 2670)
    assert found["seen"]["China"] == pytest.approx(840 / 2670)
    assert found["uncorrected"]["total"] == 8010


def series(scope: str, name: str, measure: str = "corrected") -> list[int]:
    """One series month by month."""
    table = months()
    rows = table[(table["scope"] == scope) & (table["series"] == name)]
    return rows.sort_values("month")[measure].tolist()


def test_months_add_up_to_the_window() -> None:
    """Groups add up to the total, tracked developers and all others of a country to its group."""
    table = months()
    keys = ["month", "scope", "series", "kind"]
    assert [*table.columns] == [*keys, "seen", "estimate", "corrected", "ceiling", "lead"]
    sums = table.groupby(["scope", "month", "kind"])[["seen", "estimate", "corrected"]].sum()
    pd.testing.assert_frame_equal(
        sums.xs("group", level="kind"), sums.xs("total", level="kind"), check_dtype=False
    )
    assert sum(series("all", "total")) == TABLE[WINDOW].sum()
    china = ["Qwen and others of Alibaba", "DeepSeek", "all others, China"]
    each = np.array([series("all", name) for name in china])
    assert each.sum(axis=0).tolist() == series("all", "China")
    assert series("all", "Qwen and others of Alibaba", "estimate") == [600] * 3


def test_the_lead_of_a_month() -> None:
    """China less the USA, corrected, on every row of the month and scope."""
    gaps = np.array(series("all", "China")) - np.array(series("all", "USA"))
    assert series("all", "total", "lead") == gaps.tolist()
    assert gaps.all()
    assert series("fixed", "USA", "lead") == [-100] * 3  # 600 of Qwen, 700 of Meta


def test_the_lead_of_a_month_by_hand() -> None:
    """China has 70 and what no record follows, 5, the USA 40: in a month without the USA China has all."""
    who, group = "uploader_developer", "registry_group_uploader"
    rows = pd.DataFrame(
        [("2025-01", "A", "China", 70), ("2025-01", "B", "USA", 40), ("2025-02", "A", "China", 9),
         ("2025-02", "C", "France", 50)],
        columns=["month", who, group, "downloads"],
    ).assign(followed_from="2024-12", kinds="")  # fmt: skip
    measured = dict.fromkeys((SEEN, CEILING, headline_column(DEFINITIONS)), rows["downloads"])
    some = tuple(g for g in DEFINITIONS.country_groups if g.name in {"China", "USA", "France"})
    data: Any = SimpleNamespace(
        definitions=replace(DEFINITIONS, country_groups=some, tracked=()),
        by_month=rows.drop(columns="downloads").assign(**measured),
        headline_rest=rows[:1].assign(downloads=5),
    )
    table = window_months._scope(data, window_months.ALL)
    assert table.groupby("month")["lead"].unique().map(list).to_dict() == {
        "2025-01": [35], "2025-02": [9],
    }  # fmt: skip
    own = table[table["series"] == "China"]
    assert own[["seen", "estimate", "corrected"]].to_numpy().tolist() == [[70, 70, 75], [9, 9, 9]]


def test_the_fixed_set_is_what_was_followed_from_the_start() -> None:
    """It needs no correction: DeepSeek and Google, followed from later, are no part of it."""
    assert series("fixed", "China") == [600] * 3
    assert series("fixed", "total") == [600 + 700 + 150 + 120] * 3
    assert series("fixed", "total", "estimate") == series("fixed", "total")


@pytest.mark.slow
def test_a_scope_without_one_country_has_its_lead() -> None:
    """Where nobody of the USA is followed from the start China leads by all it has."""
    some = tuple(
        replace(r, followed_from="") if r.name == "meta-llama/l" else r for r in REPOSITORIES
    )
    table = window_months.months(small_window(some))
    rows = table[(table["scope"] == "fixed") & (table["kind"] == "total")]
    assert rows["lead"].tolist() == [600] * 3


def test_what_was_not_chosen_is_left_out() -> None:
    """Without the repository that looks automated the USA has 300 a month less."""
    gaps = np.array(series("all", "USA")) - np.array(series("not-chosen-left-out", "USA"))
    assert gaps.tolist() == [300] * 3


def race(china: list[int], usa: list[int]) -> pd.DataFrame:
    """Months of two groups with the same numbers in every measure."""
    rows = [
        {"month": f"2025-0{n + 1}", "scope": "all", "series": name, "kind": "group",
         "seen": value, "estimate": value, "corrected": value}
        for name, values in (("China", china), ("USA", usa))
        for n, value in enumerate(values)
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("china", "usa", "first", "lasting", "ahead", "cumulative"),
    [
        ([1, 3, 1, 3], [2, 2, 2, 2], "2025-02", "2025-04", 2, "never"),
        ([3, 3, 3, 3], [2, 2, 2, 2], "2025-01", "2025-01", 4, "2025-01"),
        ([3, 1, 1, 1], [2, 2, 2, 2], "2025-01", "never", 1, "2025-01"),
        ([2, 2, 2, 2], [2, 2, 2, 2], "never", "never", 0, "never"),
        ([1, 1, 9, 2], [2, 2, 2, 1], "2025-03", "2025-03", 2, "2025-03"),
    ],
)
def test_when_china_passes(
    china: list[int], usa: list[int], first: str, lasting: str, ahead: int, cumulative: str
) -> None:
    """The first month ahead, the first that lasts, and the first in which the sum is ahead."""
    found = window_months.passing(race(china, usa))
    assert found["measure"].tolist() == ["seen", "estimate", "corrected"]
    assert (found["scope"] == "all").all()
    for _, row in found.iterrows():
        assert (row["first"], row["lasting"]) == (first, lasting)
        assert (row["months_ahead"], row["of_months"]) == (ahead, 4)
        assert row["cumulative"] == cumulative


def test_a_month_without_downloads_of_one_side_is_one_of_none() -> None:
    """China is ahead in a month in which the USA has no row, and sums go on from it."""
    table = race([1, 1, 9], [2, 2, 2])
    found = window_months.passing(table[(table["series"] != "USA") | (table["month"] != "2025-02")])
    for _, row in found.iterrows():
        assert (row["first"], row["lasting"], row["months_ahead"]) == ("2025-02", "2025-02", 2)
        assert row["cumulative"] == "2025-03"


@pytest.mark.slow
def test_without_china_the_lead_is_all_that_the_usa_have() -> None:
    """Where nobody is Chinese by the headline's labels."""
    group = DATA.group
    none = {group: lambda table: table[group].replace("China", "France")}
    other = replace(
        DATA, repositories=DATA.repositories.assign(**none), lists=DATA.lists.assign(**none)
    )
    table = window_months._scope(other, window_months.PLAIN)
    usa = table[table["series"] == "USA"].set_index("month")["corrected"]
    leads = table.groupby("month")["lead"].first()
    assert (usa > 0).all()
    assert leads.loc[usa.index].tolist() == (-usa).tolist()


def test_equally_large_developers_have_places_of_their_own_in_the_other_half() -> None:
    """In the order of their names, as ranks within a half are."""
    equal = replace(DATA, months=DATA.months.assign(**{headline_column(DEFINITIONS): 10**6}))
    found = window_months.turnover(equal)
    assert found.groupby("half")["share"].nunique().max() < found.groupby("half").size().max()
    for half, rows in found.groupby("half"):
        ranks = found[found["half"] != half].set_index("developer")["rank"]
        assert rows["other_rank"].is_unique
        both = rows[rows["developer"].isin(ranks.index)]
        assert both["other_rank"].tolist() == ranks[both["developer"]].tolist()


def test_leaders_of_one_half_and_what_they_hold_of_the_other() -> None:
    """January against February and March, without what looks automated."""
    found = window_months.turnover(DATA)
    assert "Robot" not in set(found["developer"])
    rows = pd.concat(
        [
            DATA.by_month.assign(downloads=DATA.by_month[headline_column(DEFINITIONS)]),
            DATA.headline_rest,
        ]
    )
    rows = rows[rows["kinds"] != "automated"]
    for half, chosen in (
        ("first", rows["month"] == "2025-01"),
        ("second", rows["month"] > "2025-01"),
    ):
        own = rows[chosen].groupby("uploader_developer")["downloads"].sum()
        own = own / own.sum()
        part = found[found["half"] == half].set_index("developer")
        other = found[found["half"] != half].set_index("developer")
        assert part["rank"].tolist() == list(range(1, len(part) + 1))
        assert part["share"].is_monotonic_decreasing
        for name, share in part["share"].items():
            assert share == pytest.approx(own[name])
        for name, row in other.iterrows():
            assert row["other_share"] == pytest.approx(own[name])
    assert found.set_index(["half", "developer"]).loc[("first", "Meta"), "group"] == "USA"


def plain_study() -> Definitions:
    """Definitions of the window without an exclusion."""
    return replace(
        DEFINITIONS, published_window=replace(DEFINITIONS.published_window, exclusions=())
    )


HELD = {
    HUB: {"meta-llama/l": 900, "Qwen/large": 400, "mistral/m": 60, "robot/r": 50},
    TOP: {"meta-llama/l": 3_000, "Qwen/large": 2_000, "someone/tuned": 1_000, "robot/r": 4_000},
}  # fmt: skip
TAIL_CUT = 500
"""The tests' top would have held of the whole Hub what has this many downloads."""


@cache
def dated() -> pd.DataFrame:
    """Shares at a list of the whole Hub and at one with a cut-off."""
    lists = lists_of(HELD)
    kept = lists["downloads"].where(lists["downloads"] >= TAIL_CUT, 0)
    lists[f"held_by_{TOP}"] = kept.where(lists["list"] == HUB, 0)
    return window_lists.hub_dates(lists, plain_study())


def at(name: str, group: str, attribution: str = "uploader") -> pd.Series:
    """One row of the table of dates, by the registry's labels."""
    rows = dated()[
        (dated()["list"] == name) & (dated()["group"] == group) & (dated()["labels"] == "registry")
    ]
    return rows[rows["attribution"] == attribution].iloc[0]


@pytest.mark.slow
def test_shares_at_the_date_of_a_list() -> None:
    """Above the cut-off the top holds 10,000: 2,000 of China, 7,000 of the USA."""
    assert at(TOP, "China")["share"] == pytest.approx(0.2)
    assert at(TOP, "USA")["downloads"] == 7_000
    assert at(TOP, "China − USA")["share"] == pytest.approx(-0.5)
    assert at(TOP, "China / (China + USA)")["share"] == pytest.approx(2 / 9)
    assert at(TOP, "China", "origin")["downloads"] == 3_000  # someone's is tuned from Qwen's
    assert set(dated()["exclusion"]) == {"none"}
    assert at(TOP, "USA")["date"] == LISTS[TOP][0]


@pytest.mark.slow
def test_the_tail_is_added_by_group() -> None:
    """What looks automated has no tail; who has nothing above the cut-off has that of all."""
    whole, above = 900 + 400 + 60, 900
    assert at(TOP, "USA")["with_tail"] == 3_000 + 4_000
    assert at(TOP, "China")["with_tail"] == round(2_000 * whole / above)
    assert at(TOP, "User")["with_tail"] == round(1_000 * whole / above)
    total = 7_000 + 3_000 * whole / above
    assert at(TOP, "USA")["share_with_tail"] == pytest.approx(7_000 / total)


def test_the_dates_of_one_role_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """The top holds 2,000 of China, 7,000 of the USA, of these 4,000 automated, and 1,000 of a user.

    Of the whole Hub's 1,360 that nobody's program fetched it would have held the USA's 900 alone.
    """
    monkeypatch.setattr(window_lists, "ROLES", ("uploader",))
    monkeypatch.setattr(window_lists, "LABELS", ("registry",))
    table = dated.__wrapped__()
    rows = table[table["list"] == TOP].set_index("group")
    assert rows[
        ["attribution", "labels", "exclusion", "date"]
    ].drop_duplicates().to_numpy().tolist() == [["uploader", "registry", "none", LISTS[TOP][0]]]
    held = {"China": 2_000, "USA": 7_000, "User": 1_000, "China − USA": -5_000,
            "China / (China + USA)": 9_000}  # fmt: skip
    assert {name: rows.loc[name, "downloads"] for name in held} == held
    assert rows["downloads"].drop([*held]).eq(0).all()
    assert rows.loc["China − USA", "share"] == pytest.approx(-0.5)
    assert rows.loc["China / (China + USA)", "share"] == pytest.approx(2 / 9)
    tail = 1_360 / 900
    full = {"China": 2_000 * tail, "USA": 7_000, "User": 1_000 * tail}
    assert {name: rows.loc[name, "with_tail"] for name in full} == pytest.approx(full, abs=0.5)
    total = sum(full.values())
    shares_ = {name: rows.loc[name, "share_with_tail"] for name in rows.index}
    assert {name: shares_[name] for name in full} == pytest.approx(
        {name: value / total for name, value in full.items()}
    )
    assert shares_["China − USA"] == pytest.approx((full["China"] - 7_000) / total)
    assert shares_["China / (China + USA)"] == pytest.approx(
        full["China"] / (full["China"] + 7_000)
    )


def test_the_list_of_the_whole_hub_has_no_tail() -> None:
    """What it holds is all there is."""
    for group in ("China", "USA", "France"):
        row = at(HUB, group)
        assert row["with_tail"] == row["downloads"]
        assert row["share_with_tail"] == pytest.approx(row["share"])


def test_what_is_followed_of_each_group_at_each_list() -> None:
    """Where no list is deeper: Qwen followed, the rest of China not; all groups in a last row."""
    held = {LOW: {"Qwen/large": 4_000, "other-cn/one": 1_000, "meta-llama/l": 900, "robot/r": 800}}
    data = replace(DATA, lists=lists_of(held))
    found = window_records.captures(data).set_index("group")
    assert found.loc["China", ["followed", "not_followed"]].tolist() == [4_000, 1_000]
    assert found.loc["China", "share"] == pytest.approx(0.8)
    assert found.loc["all", "followed"] == 4_900
    assert np.isnan(found.loc["France", "share"])
    assert found.loc["all", "share"] == pytest.approx(4_900 / 5_900)


@pytest.mark.slow
def test_asking_what_is_followed_changes_nothing() -> None:
    """The row of all groups is the table's own: the lists' parts stay those of the groups."""
    data, last = small_window(), DEFINITIONS.published_window.end.strftime("%Y-%m")
    first = window_records.captures(data)
    assert data.complete_lists.parts(LATE, last).index.tolist() == list(DEFINITIONS.groups)
    pd.testing.assert_frame_equal(window_records.captures(data), first)
    np.testing.assert_array_equal(data.shortfall().missing, DATA.shortfall().missing)


def test_agreement_by_period_side_and_size() -> None:
    """Classes by the counter, sums, their ratio, and the median of the repositories' errors."""
    rows = pd.DataFrame(
        [("a/b", "China", "before", 50_000, 100_000), ("a/c", "China", "before", 100_000, 100_000),
         ("a/d", "France", "before", 2_000_000, 1_000_000), ("a/e", "USA", "after", 0, 7)],
        columns=["name", "registry_group_uploader", "period", "exact", "rebuilt"],
    )  # fmt: skip
    data = replace(DATA, agreement=rows)
    found = window_records.agreement(data).set_index(["period", "side", "size"])
    assert found.loc[("before", "China", "from 0"), "ratio"] == 2
    assert found.loc[("before", "China", "from 100,000"), "repositories"] == 1
    assert found.loc[("before", "all others", "from 1,000,000"), "ratio"] == 0.5
    every = found.loc[("before", "all", "all")]
    assert every[["repositories", "exact", "rebuilt"]].tolist() == [3, 2_150_000, 1_200_000]
    assert every["median_error"] == pytest.approx(np.log(2))
    assert "after" not in found.index.get_level_values("period")
    points = window_records.points(data)
    assert points["name"].tolist() == ["a/d", "a/c", "a/b"]
    assert points["side"].tolist() == ["all others", "China", "China"]


def test_records_left_out_by_country() -> None:
    """Without the crawl Qwen's large model is gone, without the counters half of all."""
    found = window_records.left_out(DATA).set_index("record")
    assert found.loc["", ["china", "usa", "total"]].tolist() == [2_520, 4_470, 8_010]
    assert found.loc["crawl", ["china", "total"]].tolist() == [2_520 - 1_500, 8_010 - 1_500]
    assert found.loc["counters", "usa"] == 2_235
    assert found.loc["counters", "shift"] == pytest.approx(0)
    assert found.loc["crawl", "shift"] == pytest.approx((1_020 - 4_470) / 6_510 + 650 / 2_670)


def made() -> dict[str, pd.DataFrame]:
    """Small tables of which single values are taken."""
    specifications = pd.DataFrame({
        "distinct": ["yes", "yes", "no"], "lead": [-0.1, 0.2, 9.0], "china": [0.1, 0.3, 9.0],
        "usa": [0.2, 0.1, 9.0], "part": [0.3, 0.7, 9.0], "without_upper": [0.01, 0.3, 9.0],
    })  # fmt: skip
    changes_ = pd.DataFrame({
        "kind": ["headline", CHOICE, CHOICE, DEVELOPER, REPOSITORY],
        "lead": [-0.1, 0.1, -0.2, -0.3, 0.2],
    })  # fmt: skip
    dates = pd.DataFrame([
        {"list": name, "attribution": "uploader", "labels": labels, "exclusion": exclusion,
         "group": group, "downloads": 3, "with_tail": 4 if name == TOP else 3,
         "share_with_tail": share + (labels == "study") + (exclusion != "none")}
        for labels in ("study", "registry")
        for exclusion in ("none", "automated")
        for name, share in ((LOW, 0.1), (TOP, 0.3))
        for group in ("China", "USA", "China − USA")
    ])  # fmt: skip
    turnover = pd.DataFrame({
        "half": ["first", "first", "second"], "share": [0.4, 0.3, 0.9],
        "other_share": [0.2, 0.1, 0.9], "other_rank": [2, 3, 1],
    })  # fmt: skip
    left_out = pd.DataFrame({"lead": [0.0, -0.2, 0.1]})
    swings = pd.DataFrame({
        "series": ["published window"] * 3 + ["weekly"],
        "kind": ["half-year", "quarter", "quarter", "quarter"], "change": [0.9, -0.1, 0.05, 0.8],
        "stay": [1, 7, 8, 2], "moved": [0.9, 0.2, 0.3, 0.8],
    })  # fmt: skip
    answers = pd.DataFrame({
        "statistic": ["China", "China − USA"], "records_lower": [0.1, -0.2],
        "records_upper": [0.2, 0.06],
    })  # fmt: skip
    return {
        "window_specifications": specifications, "window_changes": changes_,
        "hub_dates": dates, "window_turnover": turnover, "records_left_out": left_out,
        "turnover": swings, "window_answers": answers,
    }  # fmt: skip


def test_single_values_of_the_window() -> None:
    """Counts and extremes of distinct specifications, changes, dates, leaders and records."""
    table = window_facts.summary(DATA, made(), {"China": 17.1, "USA": 15.8})
    assert table["key"].is_unique
    found = dict(zip(table["key"], table["value"], strict=True))
    assert found["specifications-all"] == 3
    assert (found["swings"], found["swing-stay-fewest"]) == (2, 7)
    assert (found["swing-smallest"], found["swing-largest"]) == (0.05, 0.1)
    assert (found["swing-moved-least"], found["swing-moved-most"]) == (0.2, 0.3)
    assert (found["specifications"], found["china-ahead"], found["china-ahead-without-one"]) == (
        2,
        1,
        2,
    )
    assert (found["grid-lead-low"], found["grid-lead-high"]) == (-0.1, 0.2)
    assert found["grid-part-median"] == pytest.approx(0.5)
    assert (found["changes-choices"], found["turning-choices"]) == (2, 1)
    assert (found["turning-developers"], found["turning-repositories"]) == (0, 1)
    assert found["changes-choices-lowest"] == -0.2
    assert (found["dates"], found["dates-china-low"], found["dates-china-high"]) == (2, 0.1, 0.3)
    assert found["tail-most"] == pytest.approx(0.25)
    assert (found["leaders"], found["leaders-stay"]) == (2, 1)
    assert found["leaders-share-later"] == pytest.approx(0.3)
    assert found["published-part"] == pytest.approx(17.1 / 32.9)
    assert (found["records"], found["records-lead-low"], found["records-lead-high"]) == (
        2,
        -0.2,
        0.1,
    )
    assert found["records-lead-half"] == pytest.approx(0.13)


def test_sums_of_the_window_in_its_summary() -> None:
    """Both countries by every measure, the family's part, and what no country has."""
    table = window_facts.summary(DATA, made(), {"China": 17.1, "USA": 15.8})
    found = dict(zip(table["key"], table["value"], strict=True))
    assert (found["estimate-china"], found["estimate-usa"], found["estimate-total"]) == (
        2_520,
        4_470,
        8_010,
    )
    assert (found["seen-total"], found["counted-total"], found["ceiling-total"]) == (
        4_005, 801, 24_030,
    )  # fmt: skip
    assert found["corrected-total"] == TABLE[WINDOW].sum()
    assert found["family-seen"] == pytest.approx(800 / 840)
    assert found["part-seen"] == pytest.approx(4_005 / TABLE[WINDOW].sum())
    for side in ("", "-china", "-usa"):
        parts = [found[f"part-{name}{side}"] for name in ("seen", "filled", "not-followed")]
        assert sum(parts) == pytest.approx(1)
        whole = found[f"corrected-{side[1:] or 'total'}"]
        assert parts[1] == pytest.approx(parts[0], abs=1 / whole), "half of the estimate is seen"
        assert parts[0] == pytest.approx(
            found[f"seen-{side[1:] or 'total'}"] / whole, abs=1 / whole
        )
    assert found["repositories"] == len(DATA.repositories)
    nowhere = TABLE["registry_group_uploader"].isin(["User", "International / Online"])
    own = TABLE.loc[nowhere, WINDOW].sum() / TABLE[WINDOW].sum()
    assert found["unattributed"] == pytest.approx(own)
    gap = abs(found["corrected-usa"] - found["corrected-china"])
    whole = TABLE[WINDOW].sum()
    assert found["unattributed-to-level"] == pytest.approx(gap / whole / own, abs=2 / whole)


def test_the_population_has_every_measure() -> None:
    """Counted, seen and the ceiling are of the records alone; the headline's is more than those."""
    sums = TABLE.sum(numeric_only=True)
    found = [sums[name] for name in (COUNTED, f"{WINDOW}-seen", f"{WINDOW}-uncorrected", CEILING)]
    assert found == [801, 4_005, 8_010, 24_030]
    assert sums[WINDOW] > 8_010
    rules = DEFINITIONS.capture.rules
    assert NONE in rules
    for name in columns(DEFINITIONS):
        under = {rule: sums[estimate(name, rule)] for rule in rules}
        assert under[NONE] == DATA.months[name].sum()
        assert all(under[rule] > under[NONE] for rule in rules if rule != NONE)


def test_credit_is_whole_whatever_the_role() -> None:
    """Every role and source of labels credits every download once, and the family within China."""
    population, total = DATA.population, 2 * TABLE[WINDOW].sum()
    china, international = (
        DEFINITIONS.groups.index(group) for group in ("China", "International / Online")
    )
    for role in ("uploader", "origin", "split", "maker"):
        sums = population.totals(replace(population.headline, attribution=role))
        assert sums[:-1].sum() == total
        assert sums[-1] <= sums[china]
    left = population.totals(replace(population.headline, treatment="left-out"))
    assert left[:-1].sum() < total
    assert left[international] == 0


def test_the_months_of_the_small_window() -> None:
    """The days after the start up to the end, month by month."""
    assert DATA.month_names == ("2025-01", "2025-02", "2025-03")
