"""The preferred interval with fewer degrees of freedom: those that developers of unequal size are worth.

The jackknife's t has one degree of freedom less than there are developers. Where a few hold nearly
everything, the variance rests on few terms, and fewer degrees would be honest. How often the wider
intervals hold the truth is not measured.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from replication.analysis.cells import Repositories
from replication.analysis.lead import LEAD, SIDES, statistics
from replication.analysis.specification import Specification, rivals
from replication.inference.bootstrap import Bootstrap
from replication.inference.cells import Cells
from replication.inference.intervals import jackknife_logit
from replication.inference.statistics import effective_number

UNITS, EFFECTIVE, OF_TWO = "developers", "effective", "effective-of-two"
"""Whose number less one are the degrees: all developers, equal ones that weigh as much, and those of
China and the USA alone that do."""


def degrees(repositories: Repositories, window: Repositories) -> pd.DataFrame:
    """The jackknife on the logit scale under three rules for its degrees of freedom.

    Parameters
    ----------
    repositories
        The released file: its headline, and the increments that end with it.
    window
        The population of the published window: its headline.

    Returns
    -------
    pandas.DataFrame
        One row an estimand, rule and statistic (China, USA, the lead): ``estimand, rule, degrees,
        group, point, lower, upper``. The rule `UNITS` gives the preferred interval. The ends are NaN
        where that is refused, and where the degrees are not positive.
    """
    chosen = [(repositories, spec) for spec in rivals(repositories.definitions)]
    parts = [*chosen, (window, window.headline)]
    return pd.DataFrame([row for each in parts for row in _of_specification(*each)])


def _of_specification(table: Repositories, spec: Specification) -> Iterator[dict[str, object]]:
    """Rows of one specification."""
    cells, names = table.cells(spec), statistics(table.definitions)
    drawn = Bootstrap(cells.counts, names, table.definitions.inference)
    point, level = names.values(drawn.point), table.definitions.inference.level
    for rule, number in _numbers(cells).items():
        found = jackknife_logit(drawn.point, drawn.without_each, level, number - 1)
        ends = [names.values(end) for end in found]
        for group in (*SIDES, LEAD):
            place = names.place(group)
            yield {
                "estimand": spec.estimand, "rule": rule, "degrees": number - 1, "group": group,
                "point": point[place], "lower": ends[0][place], "upper": ends[1][place],
            }  # fmt: skip


def _numbers(cells: Cells) -> dict[str, float]:
    """How many developers there are by each rule."""
    of_two = cells.beside_rest(SIDES)[:, : len(SIDES)].sum(axis=1)
    return {
        UNITS: len(cells.units),
        EFFECTIVE: effective_number(cells.sizes),
        OF_TWO: effective_number(of_two),
    }
