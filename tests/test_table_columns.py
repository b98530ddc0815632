"""Tables of small synthetic data have the columns of the published ones, in their order."""

from __future__ import annotations

import re
from functools import cache, reduce
from importlib import import_module
from typing import Any

import pandas as pd
import pytest
from small import synthetic_definitions, synthetic_repositories
from small_weeks import synthetic_series
from small_window import small_window

from replication import files, tables
from replication.analysis import summary_table
from replication.analysis.cells import Repositories, Weeks
from replication.attribution import audit, registry, rules
from replication.run import ROOT

RESULTS = ROOT / "results"
DEFINITIONS = synthetic_definitions(50)
QUICK = (
    "window_errors", "window_changes", "window_movers", "window_luck", "window_turnover",
    "turnover", "turnover_leaders", "implied_denominators", "hub_dates", "capture",
    "records_agreement", "records_agreement_points", "records_left_out", "changes",
    "jackknife_degrees", "concentration", "hill", "tail_models", "tail_plateaus", "removal_sets",
    "influence", "tipping_points",
)  # fmt: skip
SLOW = (
    "window_months", "window_passing", "window_specifications", "window_estimates", "window_answers", "window_summary",
    "leave_one_out", "intervals", "choices",
)  # fmt: skip


@cache
def offered() -> dict[str, Any]:
    """What tables of small data are made of, by the names of tables.py."""
    weeks = {("Qwen", "China"): [10] * 26 + [30] * 26, ("Meta", "USA"): [30] * 26 + [10] * 26}
    window = small_window()
    return {
        "window": window,
        "repositories": Repositories(synthetic_repositories(DEFINITIONS), DEFINITIONS),
        "weeks": Weeks(synthetic_series(weeks), window.definitions),
        "definitions": DEFINITIONS,
        "published_gap": 0.013,
        "published_shares": {"China": 0.171, "USA": 0.158},
        "study_downloads": 10**6,
    }


@cache
def made(name: str) -> pd.DataFrame:
    """A table of small data, with those that it reads."""
    table = tables.row(name)
    module, _, function = table.function.rpartition(".")
    maker = getattr(import_module(module), function)
    found = maker(*map(argument, table.arguments), **table.options)
    return found if table.part is None else found[table.part]


def argument(name: str | list[str]) -> Any:
    """What is offered under a name, a table, or several tables."""
    if isinstance(name, list):
        return {one: made(one) for one in name}
    first, *parts = name.split(".")
    return reduce(getattr, parts, offered()[first]) if first in offered() else made(name)


@pytest.mark.parametrize(
    "name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]
)
def test_a_table_has_the_published_columns(name: str) -> None:
    """Those of the committed file in its order, with rows numbered from nought."""
    header = (RESULTS / tables.row(name).file).read_text(encoding="utf-8").partition("\n")[0]
    found = made(name)
    assert [*found.columns] == header.split(",")
    assert len(found)
    assert found.index.tolist() == list(range(len(found)))


@cache
def committed(name: str) -> pd.DataFrame:
    """A table of the committed results."""
    return files.read_csv(RESULTS / f"{name}.csv")


class Committed(dict[str, pd.DataFrame]):
    """Committed tables, each read when it is asked for."""

    def __missing__(self, name: str) -> pd.DataFrame:
        return committed(name)


def assert_committed(found: dict[str, Any]) -> None:
    """Numbers and words are those of the committed summary."""
    held = committed("summary").set_index("name")["value"].to_dict()
    for name, value in found.items():
        if isinstance(value, str):
            assert held[name] == value, name
        else:
            assert float(held[name]) == pytest.approx(float(value), rel=1e-9, nan_ok=True), name


def test_counts_of_the_text_are_those_of_the_committed_tables() -> None:
    """Each number that the summary makes of other tables, made of them again."""
    parts = list(summary_table._of_results(Committed(), DEFINITIONS))
    found = {name: value for part in parts for name, value in part.items()}
    assert len(found) == sum(map(len, parts))
    assert_committed(found)


OF_REPOSITORIES = re.compile(
    "repositor|uploaders|omitted|cohort|reading|origins_|uncompared|headline|published_|implied"
)
"""Numbers of the summary that are made of the panel, here a small one."""


def test_the_summary_joins_its_parts() -> None:
    """Its names in the published order; what is made of committed tables and evidence is as there."""
    repositories, group_of = offered()["repositories"], DEFINITIONS.group_of
    frame, codings = audit.load(group_of)
    confusion = audit.confusion(codings, group_of, set(DEFINITIONS.unattributed))
    found = summary_table.summary(
        Committed(),
        repositories,
        None,
        {"China": 17.1, "USA": 15.8},
        registry.load(group_of),
        rules.load(),
        summary_table.Audit(frame, codings, confusion),
        DEFINITIONS,
    )
    assert found["name"].tolist() == committed("summary")["name"].tolist()
    values = found.set_index("name")["value"].to_dict()
    small = {name for name in values if OF_REPOSITORIES.search(name)}
    assert_committed({name: values[name] for name in values if name not in small})
    assert (values["repositories"], values["uploaders"]) == (7, 7)
    assert values["headline_total"] == 1000
    assert values["published_ratio"] == pytest.approx(17.1 / 15.8)
