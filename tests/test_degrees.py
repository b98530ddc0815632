"""The preferred interval under other degrees of freedom: against itself, scipy's t, and by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import logit
from small import synthetic_definitions
from small_window import small_window
from test_concentration import synthetic_many

from replication.analysis import degrees
from replication.analysis.cells import Repositories
from replication.analysis.lead import LEAD, statistics
from replication.inference.bootstrap import Bootstrap

DEFINITIONS = synthetic_definitions()
MANY = synthetic_many()
WINDOW = small_window().population
HEAD = DEFINITIONS.headline.estimand
ENDS = ["point", "lower", "upper"]


def found(rows: pd.DataFrame = MANY) -> pd.DataFrame:
    """The table by its keys."""
    table = degrees.degrees(Repositories(rows, DEFINITIONS), WINDOW)
    return table.set_index(["estimand", "rule", "group"])


def with_sizes(sizes: list[int], groups: list[str]) -> pd.DataFrame:
    """As many developers, with such downloads and groups."""
    rows = MANY.iloc[: len(sizes)]
    columns = {window.id: sizes for window in DEFINITIONS.windows}
    return rows.assign(study_group_uploader=groups, **columns)


def test_with_all_developers_it_is_the_preferred_interval() -> None:
    """The ends of the jackknife that the estimates have."""
    repositories = Repositories(MANY, DEFINITIONS)
    cells = repositories.cells(repositories.headline)
    own = Bootstrap(cells.counts, statistics(DEFINITIONS), DEFINITIONS.inference).jackknife()
    for group in ("China", "USA", LEAD):
        row, place = found().loc[(HEAD, degrees.UNITS, group)], own.names.index(group)
        values = own.point[place], own.lower[place], own.upper[place]
        assert tuple(row[ENDS]) == pytest.approx(values, rel=1e-9)
        assert row["degrees"] == 59


def test_the_degrees_by_hand() -> None:
    """Sizes 4, 2, 1, 1 weigh as much as 64/22 equal ones, and those of both countries as 49/21."""
    rows = with_sizes([400, 200, 100, 100], ["China", "USA", "USA", "France"])
    numbers = found(rows).loc[HEAD].xs("China", level="group")["degrees"]
    expected = {degrees.UNITS: 3, degrees.EFFECTIVE: 64 / 22 - 1, degrees.OF_TWO: 49 / 21 - 1}
    assert numbers.to_dict() == pytest.approx(expected)


@pytest.mark.parametrize("group", ["China", "USA"])
def test_ends_are_as_far_as_their_t(group: str) -> None:
    """On the logit scale the reach over the quantile of t is the same standard error by every rule."""
    table = found().xs(group, level="group")
    reach = logit(table["upper"]) - logit(table["point"])
    errors = reach / stats.t.ppf(0.975, table["degrees"])
    for estimand in table.index.unique("estimand"):
        own = errors[estimand].to_numpy()
        assert own == pytest.approx(own[0], rel=1e-9, nan_ok=True)
    assert (table["upper"] - table["lower"]).loc[HEAD].is_monotonic_increasing


def test_where_the_jackknife_refuses_so_does_every_rule() -> None:
    """One developer holds all of a country: without it the share is nothing, the lead still something."""
    rows = with_sizes([400, 200, 100], ["China", "USA", "France"])
    ends = found(rows).loc[HEAD][["lower", "upper"]]
    assert ends.drop(index=LEAD, level="group").isna().to_numpy().all()
    assert ends.xs(LEAD, level="group").notna().to_numpy().all()


def test_without_degrees_there_are_no_ends() -> None:
    """Of both countries one alone has downloads: no degree of freedom is left to them."""
    rows = with_sizes([400, 200, 100, 50], ["China", "France", "France", "France"])
    row = found(rows).loc[(HEAD, degrees.OF_TWO, "China")]
    assert row["degrees"] == 0
    assert np.isnan(row[["lower", "upper"]].astype(float)).all()


def test_the_window_is_one_more_estimand() -> None:
    """Three rules and three statistics of each."""
    table = found()
    assert WINDOW.headline.estimand in table.index.unique("estimand")
    assert len(table) == 9 * table.index.unique("estimand").size
