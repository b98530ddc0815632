"""Changes between periods: by hand, by a plain loop over replicates, and what pairing does."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from released_files import EXAMPLES
from small import synthetic_definitions
from small_weeks import synthetic_labels, synthetic_many, synthetic_series

from replication.analysis import change
from replication.analysis.cells import Weeks
from replication.analysis.change import INDEPENDENT, PAIRED
from replication.analysis.weekly import GROUPS, TOO_SHORT
from replication.definitions import Definitions
from replication.errors import DegenerateDataError
from replication.inference.resampling import cluster_weights

DEFINITIONS = synthetic_definitions()
RULES = DEFINITIONS.inference
MANY = synthetic_many(31)
LABELS = synthetic_labels(31)


def changes(weekly: pd.DataFrame, definitions: Definitions = DEFINITIONS) -> pd.DataFrame:
    """Changes of attributed weekly downloads."""
    return change.changes(Weeks(weekly, definitions))


few_changes = hnp.arrays(float, st.integers(1, 40), elements=st.integers(-3, 3).map(float))


def rows_of(table: pd.DataFrame, weights: str = PAIRED, place: int = 0) -> pd.DataFrame:
    """Rows of one kind of weights in the whole series, by group; of the first or second periods."""
    whole = table[(table["series"] == "weekly") & (table["weights"] == weights)]
    periods = whole["periods"].unique()[place]
    return whole[whole["periods"] == periods].set_index("group")


def shares(weighted: dict[str, float]) -> dict[str, float]:
    """Shares of China and the USA and the lead from sums by group."""
    total = sum(weighted.values())
    china, usa = weighted["China"] / total, weighted["USA"] / total
    return {"China": china, "USA": usa, "China − USA": china - usa}


def in_replicate(number: int, within: list[str]) -> dict[str, float]:
    """Shares within some weeks in one replicate, developer by developer."""
    table = MANY[MANY["week"].isin(within)]
    sums = table.groupby(["uploader_developer", "study_group_uploader"])["downloads"].sum()
    chunk, row = divmod(number, RULES.chunk)
    weights = cluster_weights(len(sums), RULES.chunk, RULES.seed, chunk)[row]
    weighted = {"China": 0.0, "USA": 0.0, "France": 0.0}
    for weight, ((_, group), downloads) in zip(weights, sums.items(), strict=True):
        weighted[group] += float(weight) * int(downloads)
    return shares(weighted)


def test_changes_by_hand() -> None:
    """Of five weeks the middle one counts in neither half, and thirteen weeks are too many."""
    table = synthetic_series({("a", "China"): [1, 2, 99, 4, 5], ("b", "USA"): [6, 3, 0, 2, 1]})
    labels, found = synthetic_labels(5), changes(table)
    halves = rows_of(found, place=1)
    assert set(halves["periods"]) == {f"{labels[0]} … {labels[1]}, {labels[3]} … {labels[4]}"}
    assert halves.loc["China", ["before", "after"]].tolist() == pytest.approx([3 / 12, 9 / 12])
    assert halves.loc["USA", ["before", "after"]].tolist() == pytest.approx([9 / 12, 3 / 12])
    assert halves["change"].tolist() == pytest.approx([0.5, -0.5, 1.0])
    short = rows_of(found, place=0)
    assert set(short["periods"]) == {TOO_SHORT}
    assert short.index.tolist() == [*GROUPS]
    assert short[["before", "after", "change", "lower", "upper", "p_value"]].isna().all(axis=None)


def test_the_columns_and_the_periods() -> None:
    """Thirteen weeks at either end, then fifteen of thirty-one, each under both kinds of weights."""
    found = changes(MANY)
    names = ["series", "periods", "group", "before", "after", "change", "lower", "upper"]
    assert found.columns.tolist() == [*names, "p_value", "weights"]
    assert found["periods"].unique().tolist() == [
        f"{LABELS[0]} … {LABELS[12]}, {LABELS[18]} … {LABELS[30]}",
        f"{LABELS[0]} … {LABELS[14]}, {LABELS[16]} … {LABELS[30]}",
    ]
    keys = ["series", "periods", "group", "weights"]
    assert len(found) == 2 * 2 * 3 * 2 == len(found.drop_duplicates(keys))


def test_halves_of_thirteen_weeks_are_compared_once() -> None:
    """Of twenty-six weeks the halves are the first and last thirteen."""
    found = changes(synthetic_many(26))
    labels = synthetic_labels(26)
    assert set(found["periods"]) == {f"{labels[0]} … {labels[12]}, {labels[13]} … {labels[25]}"}
    assert len(found) == 2 * 3 * 2


@pytest.mark.slow
@pytest.mark.parametrize("weights", [PAIRED, INDEPENDENT])
def test_intervals_and_p_values_by_brute_force(weights: str) -> None:
    """Independent weights take for the second period the replicates after those of the first."""
    later = RULES.replicates if weights == INDEPENDENT else 0
    drawn = []
    for number in range(RULES.replicates):
        before = in_replicate(number, LABELS[:13])
        after = in_replicate(number + later, LABELS[-13:])
        drawn.append([after[group] - before[group] for group in GROUPS])
    found = rows_of(changes(MANY), weights)
    for column, group in zip(zip(*drawn, strict=True), GROUPS, strict=True):
        ends = np.quantile(column, [0.025, 0.975])
        assert found.loc[group, ["lower", "upper"]].tolist() == pytest.approx(ends)
        down, up = sum(x <= 0 for x in column), sum(x >= 0 for x in column)
        p = min(1, 2 * (1 + min(down, up)) / (1 + RULES.replicates))
        assert found.loc[group, "p_value"] == pytest.approx(p)


def test_what_does_not_change_cancels_under_paired_weights_alone() -> None:
    """Every developer has as much in both periods: paired replicates are all zero."""
    constant = {
        (f"{group} {n}", group): [10 * (n + 1)] * 26 for group in ("China", "USA") for n in range(9)
    }
    found = changes(synthetic_series(constant))
    paired, independent = rows_of(found, PAIRED), rows_of(found, INDEPENDENT)
    assert (paired[["change", "lower", "upper"]] == 0).all(axis=None)
    assert (paired["p_value"] == 1).all()
    assert (independent["lower"] < 0).all()
    assert (independent["upper"] > 0).all()


def test_independent_weights_have_the_variance_of_both_periods_together() -> None:
    """For n equal developers, a share p has variance p(1 − p)/n in each period."""
    n, p = 60, 1 / 3
    table = synthetic_series(
        {(f"{m:02}", "China" if m < p * n else "USA"): [10] * 26 for m in range(n)}
    )
    rules = dataclasses.replace(RULES, replicates=4000, level=0.6827)
    found = changes(table, dataclasses.replace(DEFINITIONS, inference=rules))
    row = rows_of(found, INDEPENDENT).loc["China"]
    expected = np.sqrt(2 * p * (1 - p) / n)
    assert (row["upper"] - row["lower"]) / 2 == pytest.approx(expected, rel=0.1)


def test_before_and_after_do_not_depend_on_the_weights() -> None:
    """They are shares of the panel itself."""
    found = changes(MANY)
    values = ["before", "after", "change"]
    assert rows_of(found, PAIRED)[values].equals(rows_of(found, INDEPENDENT)[values])


def test_a_p_value_by_hand() -> None:
    """One of nine at zero; all above; all zero; and undefined ones, which count as beyond."""
    columns = np.ones((9, 4))
    columns[0, 0] = columns[:, 2] = 0
    columns[:2, 3] = np.nan
    assert change.p_value(columns).tolist() == pytest.approx([0.4, 0.2, 1.0, 0.6])


@pytest.mark.slow
@EXAMPLES
@given(few_changes)
def test_a_p_value_has_two_sides(replicates: np.ndarray) -> None:
    """It is the same for the opposite change, and lies between 2/(1 + B) and 1."""
    column = replicates[:, None]
    found = change.p_value(column)
    assert found == change.p_value(-column)
    assert min(1, 2 / (1 + len(column))) <= found[0] <= 1


def test_an_interval_without_zero_has_a_small_p_value() -> None:
    """Of many columns of replicates, those whose 95 % interval lies on one side have p below 0.06."""
    columns = np.random.default_rng(5).normal(np.linspace(-3, 3, 80), 1, (999, 80))
    low, high = np.quantile(columns, [0.025, 0.975], axis=0)
    apart = (low > 0) | (high < 0)
    p = change.p_value(columns)
    assert (p[apart] < 0.06).all()
    assert (p[~apart] > 0.04).all()
    assert 0 < apart.sum() < 80


def test_the_order_of_rows_does_not_matter() -> None:
    """Developers are sorted before anything is drawn, and a second run gives the same bytes."""
    plain = changes(MANY).to_csv()
    assert changes(MANY.sample(frac=1, random_state=2)).to_csv() == plain


def test_a_period_without_downloads_has_neither_share_nor_p_value() -> None:
    """The change from it is undefined."""
    table = synthetic_series({("a", "China"): [0, 0, 3, 4], ("b", "USA"): [0, 0, 5, 1]})
    found = rows_of(changes(table), place=1)
    assert found[["before", "change", "lower", "upper", "p_value"]].isna().all(axis=None)
    assert found.loc["China", "after"] == 7 / 13


@pytest.mark.parametrize(
    ("table", "what"),
    [
        (MANY.iloc[:0], "there are no weeks"),
        (synthetic_many(1), "no halves"),
        (synthetic_series({("a", "China"): [1, 2, 3, 4]}), "nothing can be resampled"),
    ],
)
def test_too_little_to_compare_is_refused(table: pd.DataFrame, what: str) -> None:
    """No weeks, one week, and one developer."""
    with pytest.raises(DegenerateDataError, match=what):
        changes(table)
