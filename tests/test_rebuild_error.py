"""The error of the rebuilt part: against a simulation of its model, and carried into the estimates."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from small import synthetic_definitions, synthetic_repositories

from replication.analysis.cells import Repositories
from replication.analysis.estimates import estimate
from replication.analysis.lead import LEAD, SIDES
from replication.analysis.rebuild_error import (
    COMBINED,
    METHOD,
    of_chained,
    standard_error,
    with_rebuild_error,
)

USED = {"factor": 1.05, "factor_error": 0.004, "spread": 0.03}
ALL = synthetic_definitions()
DEFINITIONS = replace(ALL, windows=ALL.windows[:2], exclusions=())
TABLE = synthetic_repositories(DEFINITIONS)
REPOSITORIES = Repositories(TABLE, DEFINITIONS)
WINDOW = DEFINITIONS.windows[0].id
SAME = ["estimand", "attribution", "labels", "group"]


@pytest.fixture(scope="module")
def base() -> pd.DataFrame:
    """The estimates of the small synthetic panel."""
    return estimate(Repositories(TABLE, DEFINITIONS))


def chain(**changed: float) -> pd.DataFrame:
    """A chain whose scale and errors are those in the row "used"."""
    return pd.DataFrame(
        [{"stretch": "births", "factor": 9.0}, {"stretch": "used", **USED, **changed}]
    )


def chained(part: float) -> pd.DataFrame:
    """Such a part of the downloads of the first window is chained; none of the others'."""
    table = TABLE[["repository"]].copy()
    for window in DEFINITIONS.windows:
        table[window.id] = np.floor(part * TABLE[window.id] * (window.id == WINDOW)).astype("int64")
    return table


def moves(labels: str, role: str, side: str, part: float) -> tuple[float, np.ndarray]:
    """A statistic of the small panel and what each developer's chained downloads move it by."""
    group = TABLE[f"{labels}_group_{role}"]
    weight = (group == side).astype(float)
    if side == LEAD:
        weight = (group == "China").astype(float) - (group == "USA")
    downloads = TABLE[WINDOW]
    value = (weight * downloads).sum() / downloads.sum()
    each = (weight - value) * np.floor(part * downloads) / downloads.sum()
    return value, each.groupby(TABLE[f"{role}_developer"]).sum().to_numpy()


def test_the_standard_error_is_that_of_the_model() -> None:
    """A common error of the factor and an own one of each developer, drawn 40,000 times."""
    rng = np.random.default_rng(11)
    k = 30
    downloads = rng.pareto(1.3, k) + 1
    rebuilt = downloads * rng.uniform(0, 1, k)
    china = rng.random(k) < 0.4
    share = downloads[china].sum() / downloads.sum()
    common = USED["factor_error"] / USED["factor"] * rng.standard_normal((40_000, 1))
    own = USED["spread"] * rng.standard_normal((40_000, k))
    drawn = downloads + rebuilt * (common + own)
    simulated = (drawn[:, china].sum(axis=1) / drawn.sum(axis=1)).std()
    told = standard_error((china - share) * rebuilt / downloads.sum(), USED)
    assert told == pytest.approx(simulated, rel=0.03)


@pytest.mark.parametrize("left", ["factor_error", "spread"])
def test_each_part_of_the_error_matters(left: str) -> None:
    """The parts add in quadrature."""
    each = np.array([0.1, -0.02, 0.05])
    without = standard_error(each, USED | {left: 0.0})
    alone = standard_error(each, USED | {"factor_error": 0.0, "spread": 0.0} | {left: USED[left]})
    assert standard_error(each, USED) == pytest.approx(math.hypot(without, alone))
    assert 0 < without < standard_error(each, USED)


def test_moves_that_cancel_leave_the_own_errors() -> None:
    """A wrong scale for all alike does not move a share whose sides are rebuilt alike."""
    told = standard_error(np.array([0.05, -0.05]), USED)
    assert told == pytest.approx(USED["spread"] * 0.05 * math.sqrt(2))


def test_ends_move_out_in_quadrature() -> None:
    """Of estimates that are written by hand: the error alone around the point, and both together."""
    roles, labels = ("uploader", "origin"), ("study", "registry")
    every = [(role, label, side) for role in roles for label in labels for side in (*SIDES, LEAD)]
    plain = {"estimand": WINDOW, "unit": "developer", "point": 0.5, "lower": 0.4, "upper": 0.7}
    plain |= {"error_lower": 1.0, "error_upper": 1.0, "n_developers": 7}
    rows = [
        {**plain, "attribution": role, "labels": label, "group": side, "method": method}
        for role, label, side in every
        for method in ("percentile", "jackknife-logit")
    ]
    base = pd.DataFrame(rows)
    base.loc[base["method"] == "percentile", ["lower", "upper"]] = [0.0, 1.0]
    assert with_rebuild_error(base, REPOSITORIES, chained(0.0), chain()) is base
    # The one repository that the chain lacks has nothing chained.
    found = with_rebuild_error(base, REPOSITORIES, chained(0.5).iloc[:-1], chain())
    pd.testing.assert_frame_equal(found.iloc[: len(base)], base)
    added = found.iloc[len(base) :].set_index([*SAME[1:], "method"])
    assert len(added) == 2 * len(every)
    z = 1.959963984540054  # 97.5 % of the normal law
    for role, label, side in every:
        sizes = np.floor(0.5 * TABLE[WINDOW]).where(TABLE.index != TABLE.index[-1], 0)
        group = TABLE[f"{label}_group_{role}"]
        weight = sum(sign * (group == one) for one, sign in weights_of(side).items())
        value = (weight * TABLE[WINDOW]).sum() / TABLE[WINDOW].sum()
        each = (weight - value) * sizes / TABLE[WINDOW].sum()
        half = z * standard_error(each.groupby(TABLE[f"{role}_developer"]).sum().to_numpy(), USED)
        alone = added.loc[(role, label, side, METHOD)]
        assert alone[["lower", "upper"]].tolist() == pytest.approx([0.5 - half, 0.5 + half])
        both = added.loc[(role, label, side, COMBINED)]
        ends = [0.5 - math.hypot(0.1, half), 0.5 + math.hypot(0.2, half)]
        assert both[["lower", "upper"]].tolist() == pytest.approx(ends)
        assert (alone["unit"], both["unit"], both["n_developers"]) == ("none", "developer", 7)
        assert pd.isna([both["error_lower"], both["error_upper"]]).all()


def test_the_chained_share_is_of_the_headline_s_window() -> None:
    """50 of each of seven repositories, which have 1,000 together."""
    whole = Repositories(synthetic_repositories(ALL), ALL)
    sizes = pd.DataFrame({w.id: [1] * 7 for w in ALL.windows} | {whole.headline.window: [50] * 7})
    assert of_chained(whole, sizes) == {"chained_share": 0.35}


def weights_of(side: str) -> dict[str, int]:
    """What a statistic adds of each side."""
    return {"China": 1, "USA": -1} if side == LEAD else {side: 1}


@pytest.mark.slow
def test_no_row_is_added_where_nothing_is_chained(base: pd.DataFrame) -> None:
    """Windows of counters alone have no such error."""
    found = with_rebuild_error(base, REPOSITORIES, chained(0.0), chain())
    pd.testing.assert_frame_equal(found, base)


@pytest.mark.slow
def test_rows_are_added_for_the_window_that_is_chained(base: pd.DataFrame) -> None:
    """The first window gets two rows for each side and the lead; all others stay as they were."""
    found = with_rebuild_error(base, REPOSITORIES, chained(0.5), chain())
    pd.testing.assert_frame_equal(found.iloc[: len(base)], base)
    added = found.iloc[len(base) :]
    assert set(added["estimand"]) == {WINDOW}
    assert added.groupby(["attribution", "labels"]).size().tolist() == [6] * 4
    assert set(added["group"]) == {*SIDES, LEAD}
    assert added[["error_lower", "error_upper"]].isna().all(axis=None)


@pytest.mark.slow
@pytest.mark.parametrize("labels", ["study", "registry"])
@pytest.mark.parametrize("role", ["uploader", "origin"])
@pytest.mark.parametrize("side", [*SIDES, LEAD])
def test_ends_are_those_of_the_formula(
    base: pd.DataFrame, labels: str, role: str, side: str
) -> None:
    """1.96 standard errors alone, and in quadrature with each half of the jackknife's interval."""
    found = with_rebuild_error(base, REPOSITORIES, chained(0.5), chain())
    here = found[(found[SAME] == [WINDOW, role, labels, side]).all(axis=1)]
    rows = here[here["unit"] != "repository"].set_index("method")
    value, each = moves(labels, role, side, 0.5)
    half = 1.959964 * standard_error(each, USED)
    alone, both, jackknife = (rows.loc[m] for m in (METHOD, COMBINED, "jackknife-logit"))
    assert alone[["point", "lower", "upper"]].tolist() == pytest.approx(
        [value, value - half, value + half], rel=1e-6
    )
    # Where the jackknife refuses, the ends are unknown with the error as they are without it.
    below, above = (math.hypot(jackknife[end] - value, half) for end in ("lower", "upper"))
    assert value - both["lower"] == pytest.approx(below, nan_ok=True)
    assert both["upper"] - value == pytest.approx(above, nan_ok=True)
    assert alone["unit"] == "none"
    assert both["unit"] == "developer"


@pytest.mark.slow
def test_a_repository_without_chained_downloads_has_none(base: pd.DataFrame) -> None:
    """Rows that the table of chained downloads lacks count as zero, in whatever order it stands."""
    table = chained(0.5)
    table.loc[table.index[-2:], WINDOW] = 0
    whole = with_rebuild_error(base, REPOSITORIES, table, chain())
    short = with_rebuild_error(base, REPOSITORIES, table.iloc[-3::-1], chain())
    pd.testing.assert_frame_equal(whole, short)
