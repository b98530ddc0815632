"""Every estimate of every specification: point, intervals, bounds and leave-one-out range."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd

from replication.analysis.concentration import Concentration, concentration
from replication.analysis.lead import statistics
from replication.attribution.assign import LABELS
from replication.definitions import Definitions, Estimand, Inference
from replication.inference import intervals
from replication.inference.bootstrap import Bootstrap, Intervals
from replication.inference.cells import CREDIT, Cells, cells, credit, leave_out
from replication.inference.resampling import totals_without_each
from replication.inference.statistics import Statistics
from replication.names import spellings

UNITS = ("developer", "repository")


@dataclass(frozen=True)
class Specification:
    """One cell of the grid: what is estimated, who is credited, and by whose labels."""

    estimand: Estimand
    attribution: str
    labels: str

    def keys(self) -> dict[str, str]:
        """The columns that name the specification in every table."""
        return {
            "estimand": self.estimand.id,
            "attribution": self.attribution,
            "labels": self.labels,
        }


def specifications(table: pd.DataFrame, definitions: Definitions) -> Iterator[Specification]:
    """Every estimand, attribution and label source.

    An exclusion that removes nothing is left out, unless it is the headline's.

    Parameters
    ----------
    table
        Attributed repositories.
    definitions
        Definitions.
    """
    for estimand, attribution, labels in product(definitions.estimands, CREDIT, LABELS):
        own = estimand.exclusion is None or estimand.id == definitions.headline.estimand
        if own or removed(table, estimand) > 0:
            yield Specification(estimand, attribution, labels)


def removed(table: pd.DataFrame, estimand: Estimand) -> int:
    """Downloads that the estimand's exclusion removes from its window."""
    column = table[estimand.window.id]
    return int(column.sum() - leave_out(table, estimand.exclusion)[estimand.window.id].sum())


def cells_of(
    table: pd.DataFrame, spec: Specification, unit: str, definitions: Definitions
) -> Cells:
    """Cells of one specification from the attributed repositories."""
    kept = leave_out(table, spec.estimand.exclusion)
    credited = credit(kept, spec.estimand.window.id, spec.attribution, spec.labels)
    namespaces = spellings(definitions.family.namespaces, credited["namespace"])
    family = replace(definitions.family, namespaces=namespaces)
    return cells(credited, unit, definitions.groups, family)


def estimate(
    table: pd.DataFrame,
    definitions: Definitions,
    progress: Callable[[str], None] = lambda _: None,
    units: Sequence[str] = UNITS,
) -> pd.DataFrame:
    """Estimate everything for every specification.

    Parameters
    ----------
    table
        Attributed repositories.
    definitions
        Definitions, replicates and seeds.
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
    names = statistics(definitions)
    parts = []
    for spec in specifications(table, definitions):
        progress(" · ".join(spec.keys().values()))
        developers = cells_of(table, spec, "developer", definitions)
        held = _concentration_columns(developers, names)
        rows = [*_by_developer(developers, names, definitions.inference)]
        if "repository" in units:
            repositories = cells_of(table, spec, "repository", definitions)
            rows += _by_repository(repositories, names, definitions.inference)
        parts += [row.assign(**spec.keys(), **held) for row in rows]
    columns = ["estimand", "attribution", "labels", "group", "unit", "method"]
    columns += ["point", "lower", "upper", "error_lower", "error_upper"]
    columns += ["n_developers", "n_effective", "top_share", "note"]
    return pd.concat(parts, ignore_index=True)[columns]


def leave_one_out(table: pd.DataFrame, definitions: Definitions) -> pd.DataFrame:
    """China, USA, lead and ratio without each developer, for every specification.

    Returns
    -------
    pandas.DataFrame
        One row a specification and developer, largest first: ``developer, group`` (the one that
        holds most of it), ``share`` of the total, ``china, usa, lead, ratio`` without it, and
        ``shift``, by which the lead moves.
    """
    names = statistics(definitions)
    parts = []
    for spec in specifications(table, definitions):
        held = cells_of(table, spec, "developer", definitions)
        without = names.values(names.proportions(totals_without_each(held.counts)))
        lead = names.values(names.proportions(held.totals))[names.names.index("China − USA")]
        rows = pd.DataFrame(
            {
                "developer": held.units,
                "group": [held.groups[i] for i in held.by_group.argmax(axis=1)],
                "share": held.by_group.sum(axis=1) / held.by_group.sum(),
                "china": without[:, names.names.index("China")],
                "usa": without[:, names.names.index("USA")],
                "lead": without[:, names.names.index("China − USA")],
                "ratio": without[:, names.names.index("China / USA")],
            }
        )
        rows["shift"] = rows["lead"] - lead
        rows = rows.sort_values(["share", "developer"], ascending=[False, True])
        parts.append(rows.assign(**spec.keys()))
    found = pd.concat(parts, ignore_index=True)
    return found[["estimand", "attribution", "labels", *found.columns.drop(list(spec.keys()))]]


def _by_developer(held: Cells, names: Statistics, rules: Inference) -> Iterator[pd.DataFrame]:
    """Bootstrap, jackknife, leave-one-out, bounds, and both together, by developer."""
    resampled = Bootstrap(held.counts, names, rules)
    yield _rows(resampled.percentile(), "developer")
    yield _rows(resampled.jackknife(), "developer")
    without = resampled.without_each
    exact = {
        "leave-one-out": intervals.leave_one_out_range(without, without),
        "bounds": names.bounds(held.totals),
        "leave-one-out-bounds": intervals.leave_one_out_range(
            *names.bounds(totals_without_each(held.counts))
        ),
    }
    for method, ends in exact.items():
        unit = "developer" if method != "bounds" else "none"
        yield _rows(resampled.exact(method, ends), unit)


def _by_repository(held: Cells, names: Statistics, rules: Inference) -> Iterator[pd.DataFrame]:
    """Percentile bootstrap with repositories as units: too narrow, printed for comparison."""
    yield _rows(Bootstrap(held.counts, names, rules).percentile(), "repository")


def _rows(found: Intervals, unit: str) -> pd.DataFrame:
    """One row a statistic."""
    return found.to_frame().assign(unit=unit, method=found.method)


def _concentration_columns(held: Cells, names: Statistics) -> dict[str, list[float]]:
    """Concentration beside every statistic: of its denominator, which for the family is a group."""
    whole = concentration(held.by_group.sum(axis=1))
    inside = held.counts[:, held.groups.index(names.within)]
    within = concentration(inside) if inside.any() else Concentration(0, np.nan, np.nan)
    each = [whole] * (len(names.names) - 1) + [within]
    return {key: [vars(c)[key] for c in each] for key in vars(whole)}
