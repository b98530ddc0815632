"""Every interval method on the same cells, side by side.

The replicates of a scheme serve all its methods, so that methods differ by what they make of the
same luck and not by luck.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.analysis.cells import Weeks
from replication.analysis.lead import SIDES
from replication.analysis.weekly import headline_series
from replication.definitions import Definitions, Estimand, Inference
from replication.errors import DegenerateDataError
from replication.inference import intervals
from replication.inference.blocks import (
    MovingBlocks,
    StationaryBlocks,
    block_length,
    product_totals,
)
from replication.inference.bootstrap import Bootstrap, Intervals
from replication.inference.cells import credit, leave_out
from replication.inference.schemes import DIRICHLET, MULTINOMIAL, POISSON, Subsample
from replication.inference.simulation import CLASSES
from replication.inference.statistics import LEAD, RATIO, Statistics

STATISTICS = Statistics(CLASSES, SIDES, "none", "China", ())
JUDGED = ("China", "USA", LEAD, RATIO)
DEVELOPER, REPOSITORY, WEEK, PRODUCT = "developer", "repository", "week", "developer × week"
NOTHING = "none"
"""The scheme of a method that draws nothing."""
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Method:
    """What is resampled, by which scheme, and what is made of the replicates."""

    unit: str
    scheme: str
    name: str


def methods(
    developers: Ints, repositories: Ints, rules: Inference
) -> Iterator[tuple[Method, Intervals]]:
    """Yield the intervals of every method that needs no weeks.

    Parameters
    ----------
    developers, repositories
        Cells (n, 3) in `CLASSES` by either unit.
    rules
        Replicates, chunk, seed, level and the exponent of subsampling.
    """
    whole, parts = (_bootstrap(c, rules) for c in (developers, repositories))
    drawn = {
        "percentile": whole.percentile,
        "basic": lambda: _reversed(whole),
        "bca": whole.bca,
        "studentised-logit": whole.studentised,
    }
    for name, made in drawn.items():
        yield Method(DEVELOPER, MULTINOMIAL.name, name), made()
    yield Method(DEVELOPER, NOTHING, "jackknife-logit"), whole.jackknife()
    without = whole.without_each
    ends = intervals.leave_one_out_range(without, without)
    yield Method(DEVELOPER, NOTHING, "leave-one-out"), whole.exact("leave-one-out", ends)
    for scheme in (POISSON, DIRICHLET):
        found = replace(whole, scheme=scheme).percentile()
        yield Method(DEVELOPER, scheme.name, "percentile"), found
    subsample = Subsample(rules.subsample_exponent)
    found = replace(whole, scheme=subsample).studentised()
    yield Method(DEVELOPER, subsample.name, "studentised-logit"), found
    yield Method(REPOSITORY, MULTINOMIAL.name, "percentile"), parts.percentile()


def interval_methods(
    table: pd.DataFrame, weekly: pd.DataFrame, definitions: Definitions
) -> pd.DataFrame:
    """Intervals of the headline, and of the increments that end with it, by every method.

    Parameters
    ----------
    table
        Attributed repositories.
    weekly
        Attributed weekly downloads.
    definitions
        Definitions.

    Returns
    -------
    pandas.DataFrame
        One row an estimand, method and statistic: ``estimand, unit, scheme, method, group, point,
        lower, upper, error_lower, error_upper, note``. Where weeks are resampled, which a cohort
        does not have, the point is that of the weekly series, whose frozen readings are
        interpolated.
    """
    parts = []
    for estimand in rivals(definitions):
        found = [*methods(*cells_by_unit(table, estimand, definitions), definitions.inference)]
        found += _over_weeks(weekly, estimand, definitions)
        parts += [_rows(made, estimand, method) for method, made in found]
    return pd.concat(parts, ignore_index=True)


def rivals(definitions: Definitions) -> list[Estimand]:
    """The headline's estimand, and the increments that end with it."""
    head = definitions.headline_estimand
    others = [
        e
        for e in definitions.estimands
        if e.exclusion is None and e.window.kind == "increments" and e.window.end == head.window.end
    ]
    return [head, *(e for e in others if e != head)]


def credited(table: pd.DataFrame, estimand: Estimand, definitions: Definitions) -> pd.DataFrame:
    """Rows with downloads by the headline's attribution and labels, in the order of their units.

    ``side`` is the place of the group in `CLASSES`.
    """
    head = definitions.headline
    rows = credit(
        leave_out(table, estimand.exclusion), estimand.window.id, head.attribution, head.labels
    )
    side = rows["group"].map({"China": 0, "USA": 1}).fillna(2).astype(int)
    rows = rows.assign(side=side)[rows["half_downloads"] > 0]
    return rows.sort_values(["developer", "repository"], ignore_index=True)


def cells_by_unit(
    table: pd.DataFrame, estimand: Estimand, definitions: Definitions
) -> tuple[Ints, Ints]:
    """Cells (n, 3) in `CLASSES` by developer and by repository."""
    rows = credited(table, estimand, definitions)
    by_developer, by_repository = (
        rows.pivot_table("half_downloads", unit, "side", "sum", fill_value=0)
        .reindex(columns=range(len(CLASSES)), fill_value=0)
        .to_numpy(dtype=np.int64)
        for unit in ("developer", "repository")
    )
    return by_developer, by_repository


def _bootstrap(counts: Ints, rules: Inference) -> Bootstrap:
    """Cells with an empty column for the family."""
    return Bootstrap(np.pad(counts, ((0, 0), (0, 1))), STATISTICS, rules)


def _reversed(drawn: Bootstrap) -> Intervals:
    """The basic or reverse percentile interval, on each statistic's own scale."""
    found = drawn.percentile()
    with np.errstate(invalid="ignore"):  # an infinite ratio has no distance to its own end
        ends = 2 * found.point - found.upper, 2 * found.point - found.lower
    errors = found.error_upper, found.error_lower
    return replace(
        found, method="basic", lower=ends[0], upper=ends[1],
        error_lower=errors[0], error_upper=errors[1],
    )  # fmt: skip


def _over_weeks(
    weekly: pd.DataFrame, estimand: Estimand, definitions: Definitions
) -> Iterator[tuple[Method, Intervals]]:
    """Percentile intervals that resample developers and weeks, or blocks of weeks alone."""
    window = estimand.window
    if window.kind != "increments":
        return
    weeks = Weeks(weekly, definitions)
    inside = [window.start.isoformat() <= week <= window.end.isoformat() for week in weeks.labels]
    counts = next(headline_series(weeks))[1][:, :, np.array(inside)]
    rules = definitions.inference
    made = product_totals(
        counts, rules.replicates, rules.chunk, rules.seed, developers=True, weeks=None
    )
    yield (
        Method(PRODUCT, "multinomial × exponential", "percentile"),
        _percentile(counts, made, rules),
    )
    shares = STATISTICS.proportions(np.pad(counts.sum(axis=0).T, ((0, 0), (0, 1))))
    for kind in (MovingBlocks, StationaryBlocks):
        try:
            length = block_length(shares[:, STATISTICS.names.index(LEAD)], kind.name)
        except DegenerateDataError:
            continue
        made = product_totals(
            counts, rules.replicates, rules.chunk, rules.seed, developers=False, weeks=kind(length)
        )
        yield Method(WEEK, kind.name, "percentile"), _percentile(counts, made, rules)


def _percentile(counts: Ints, totals: NDArray[np.float64], rules: Inference) -> Intervals:
    """Percentile intervals of weekly cells (n, 3, T) from the totals (B, 3) of replicates."""
    names = STATISTICS.names
    point, drawn = (
        STATISTICS.proportions(np.pad(sums, ((0, 0), (0, 1))))
        for sums in (counts.sum(axis=(0, 2))[None], totals)
    )

    def on_scale(shift: float) -> intervals.Interval:
        low, high = intervals.percentile(drawn, rules.level, shift)
        return STATISTICS.values(low), STATISTICS.values(high)

    errors = intervals.monte_carlo_error(on_scale)
    value = STATISTICS.values(point[0])
    return Intervals("percentile", rules.level, names, value, *on_scale(0.0), *errors)


def _rows(made: Intervals, estimand: Estimand, method: Method) -> pd.DataFrame:
    """One row a statistic that is judged."""
    rows = made.to_frame()
    rows = rows[rows["group"].isin(JUDGED)].assign(
        estimand=estimand.id, unit=method.unit, scheme=method.scheme, method=method.name
    )
    keys = ["estimand", "unit", "scheme", "method"]
    return rows[[*keys, *rows.columns.drop(keys)]]
