"""Every estimate of every specification: point, intervals, bounds and leave-one-out range."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from replication.analysis.cells import DEVELOPER, REPOSITORY, UNITS, Repositories, SpecifiedCells
from replication.analysis.concentration import Concentration, concentration
from replication.analysis.lead import CHINA, LEAD, RATIO, USA, statistics
from replication.definitions import Inference
from replication.inference import cells_alone, intervals
from replication.inference.bootstrap import Bootstrap, Intervals
from replication.inference.cells import Cells
from replication.inference.resampling import totals_without_each
from replication.inference.statistics import Statistics

Columns = dict[str, Any]
"""Columns of some rows by name: arrays, lists, or one value for all."""


def estimate(
    repositories: Repositories,
    progress: Callable[[str], None] = lambda _: None,
    units: Sequence[str] = UNITS,
) -> pd.DataFrame:
    """Estimate everything for every specification.

    Parameters
    ----------
    repositories
        Attributed repositories, with the definitions: replicates and seeds.
    progress
        Called with a line of text before each specification.
    units
        What is resampled: developers, and beside them repositories, whose intervals are too narrow.

    Returns
    -------
    pandas.DataFrame
        One row an estimate: ``estimand, attribution, labels, group, unit, method, point, lower,
        upper, error_lower, error_upper, n_developers, n_effective, top_share, note``. Shares and
        the lead are fractions; errors are Monte-Carlo standard errors of the ends.
    """
    names, rules = statistics(repositories.definitions), repositories.definitions.inference
    parts: list[Columns] = []
    for spec in repositories.specifications:
        progress(" · ".join(spec.keys.values()))
        developers = repositories.cells(spec, DEVELOPER)
        rows = [*_by_developer(developers, names, rules)]
        if REPOSITORY in units:
            rows += _by_repository(repositories.cells(spec, REPOSITORY), names, rules)
        about = spec.keys | _concentration_columns(developers, names)
        parts += [row | about for row in rows]
    columns = ["estimand", "attribution", "labels", "group", "unit", "method"]
    columns += ["point", "lower", "upper", "error_lower", "error_upper"]
    columns += ["n_developers", "n_effective", "top_share", "note"]
    return _stacked(parts, columns, len(names.names))


def leave_one_out(repositories: Repositories) -> pd.DataFrame:
    """China, USA, lead and ratio without each developer, for every specification.

    Returns
    -------
    pandas.DataFrame
        One row a specification and developer, largest first: ``developer, group`` (the one that
        holds most of it), ``share`` of the total, ``china, usa, lead, ratio`` without it, and
        ``shift``, by which the lead moves.
    """
    names = statistics(repositories.definitions)
    parts = [
        _without_each(repositories.cells(spec, DEVELOPER), names)
        for spec in repositories.specifications
    ]
    return pd.concat(parts, ignore_index=True)


def _without_each(cells: SpecifiedCells, names: Statistics) -> pd.DataFrame:
    """Rows of `leave_one_out` of one specification."""
    without = names.values(names.proportions(totals_without_each(cells.counts)))
    lead = names.values(names.proportions(cells.totals))[names.place(LEAD)]
    shown = {"china": CHINA, "usa": USA, "lead": LEAD, "ratio": RATIO}
    rows = pd.DataFrame(
        {
            **cells.specification.keys,
            "developer": cells.units,
            "group": cells.main_groups,
            "share": cells.sizes / cells.sizes.sum(),
            **{column: without[:, names.place(name)] for column, name in shown.items()},
        }
    )
    rows["shift"] = rows["lead"] - lead
    return rows.sort_values(["share", "developer"], ascending=[False, True])


def _by_developer(cells: Cells, names: Statistics, rules: Inference) -> Iterator[Columns]:
    """Bootstrap, jackknife, leave-one-out, bounds, and both together, by developer."""
    resampled = _replicates(cells, names, rules)
    yield _rows(resampled.percentile(), DEVELOPER)
    yield _rows(resampled.jackknife(), DEVELOPER)
    without = resampled.without_each
    bounds = names.bounds(totals_without_each(cells.counts))
    exact = {
        "leave-one-out": intervals.leave_one_out_range(without, without),
        "bounds": names.bounds(cells.totals),
        "leave-one-out-bounds": intervals.leave_one_out_range(*bounds),
    }
    for method, ends in exact.items():
        unit = DEVELOPER if method != "bounds" else "none"
        yield _rows(resampled.exact(method, ends), unit)


def _by_repository(cells: Cells, names: Statistics, rules: Inference) -> Iterator[Columns]:
    """Percentile bootstrap with repositories as units: too narrow, printed for comparison."""
    yield _rows(_replicates(cells, names, rules).percentile(), REPOSITORY)


def _replicates(cells: Cells, names: Statistics, rules: Inference) -> Bootstrap:
    """Replicates for intervals that need no standard errors."""
    return Bootstrap(cells.counts, names, rules, cells_alone.multinomial(cells.counts))


def _rows(made: Intervals, unit: str) -> Columns:
    """One row a statistic."""
    return made.columns | {"unit": unit, "method": made.method}


def _stacked(parts: Sequence[Columns], columns: Sequence[str], rows: int) -> pd.DataFrame:
    """One table of parts of so many rows each, which is much faster than of as many tables."""
    return pd.DataFrame({
        name: np.concatenate([np.broadcast_to(np.asarray(part[name]), rows) for part in parts])
        for name in columns
    })  # fmt: skip


def _concentration_columns(cells: Cells, names: Statistics) -> dict[str, list[float]]:
    """Concentration beside every statistic: of its denominator, which for the family is a group."""
    whole = concentration(cells.sizes)
    inside = cells.of(names.within)
    within = concentration(inside) if inside.any() else Concentration(0, np.nan, np.nan)
    each = [whole] * (len(names.names) - 1) + [within]
    return {key: [vars(c)[key] for c in each] for key in vars(whole)}
