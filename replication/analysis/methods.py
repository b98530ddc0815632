"""Every interval method on the same cells, side by side.

The replicates of a scheme serve all its methods, so that methods differ by what they make of the
same luck and not by luck.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.analysis.cells import DEVELOPER, REPOSITORY, UNITS, Repositories, Weeks
from replication.analysis.lead import CHINA, LEAD, RATIO, SIDES
from replication.analysis.preferred import FEWER_DEGREES
from replication.analysis.specification import Specification, rivals
from replication.definitions import Inference, Window
from replication.errors import DegenerateDataError
from replication.inference import intervals
from replication.inference.blocks import (
    MovingBlocks,
    StationaryBlocks,
    block_length,
    product_totals,
)
from replication.inference.bootstrap import Bootstrap, Intervals
from replication.inference.cells import WeeklyCells
from replication.inference.schemes import DIRICHLET, MULTINOMIAL, POISSON, Subsample
from replication.inference.simulation import Population
from replication.inference.statistics import Statistics, effective_number

CLASSES = (*SIDES, "Other")
STATISTICS = Statistics(CLASSES, SIDES, "none", CHINA)
JUDGED = (*SIDES, LEAD, RATIO)
WEEK, PRODUCT = "week", "developer × week"
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
    developers: Ints, repositories: Ints, rules: Inference, *, monte_carlo: bool = True
) -> Iterator[tuple[Method, Intervals]]:
    """Yield the intervals of every method that needs no weeks.

    Parameters
    ----------
    developers, repositories
        Cells (n, 3) in `CLASSES` by either unit.
    rules
        Replicates, chunk, seed, level and the exponent of subsampling.
    monte_carlo
        Whether the Monte-Carlo errors of the ends are computed.
    """
    whole, parts = (
        replace(_bootstrap(cells, rules), monte_carlo=monte_carlo)
        for cells in (developers, repositories)
    )
    drawn = {
        "percentile": whole.percentile,
        "basic": lambda: _reversed(whole),
        "bca": whole.bca,
        "studentised-logit": whole.studentised,
    }
    for name, make in drawn.items():
        yield Method(DEVELOPER, MULTINOMIAL.name, name), make()
    yield Method(DEVELOPER, NOTHING, "jackknife-logit"), whole.jackknife()
    without = whole.without_each
    ends = intervals.leave_one_out_range(without, without)
    yield Method(DEVELOPER, NOTHING, "leave-one-out"), whole.exact("leave-one-out", ends)
    for scheme in (POISSON, DIRICHLET):
        made = replace(whole, scheme=scheme).percentile()
        yield Method(DEVELOPER, scheme.name, "percentile"), made
    subsample = Subsample(rules.subsample_exponent)
    made = replace(whole, scheme=subsample).studentised()
    yield Method(DEVELOPER, subsample.name, "studentised-logit"), made
    yield Method(REPOSITORY, MULTINOMIAL.name, "percentile"), parts.percentile()


def with_fewer_degrees(developers: Ints, rules: Inference) -> Iterator[tuple[Method, Intervals]]:
    """Yield the preferred interval with the degrees of freedom that unequal developers are worth.

    Parameters
    ----------
    developers
        Cells (n, 3) in `CLASSES`.
    rules
        The level.
    """
    whole = _bootstrap(developers, rules)
    sides = developers[:, : len(SIDES)]
    for name, counts in zip(FEWER_DEGREES, (developers, sides), strict=True):
        degrees = effective_number(counts.sum(axis=1)) - 1
        arrays = whole.point, whole.without_each
        ends = intervals.jackknife_logit(*arrays, rules.level, degrees)
        yield Method(DEVELOPER, NOTHING, name), whole.exact(name, ends)


def interval_methods(repositories: Repositories, weeks: Weeks) -> pd.DataFrame:
    """Intervals of the headline, and of the increments that end with it, by every method.

    Parameters
    ----------
    repositories, weeks
        Attributed repositories and weeks.

    Returns
    -------
    pandas.DataFrame
        One row an estimand, method and statistic: ``estimand, unit, scheme, method, group, point,
        lower, upper, error_lower, error_upper, note``. Where weeks are resampled, which a cohort
        does not have, the point is that of the weekly series, whose frozen readings are
        interpolated.
    """
    definitions, parts = repositories.definitions, []
    windows = {window.id: window for window in definitions.windows}
    for spec in rivals(definitions):
        by_developer, by_repository = (
            repositories.cells(spec, u).beside_rest(SIDES) for u in UNITS
        )
        made = [*methods(by_developer, by_repository, definitions.inference)]
        if windows[spec.window].kind == "increments":
            cells = weeks.of_headline(spec.exclusion)
            made += _over_weeks(_inside(cells, windows[spec.window]), definitions.inference)
        parts += [_rows(each, spec.estimand, method) for method, each in made]
    return pd.concat(parts, ignore_index=True)


def population(repositories: Repositories, spec: Specification) -> Population:
    """The developers of a specification, each in the class that holds most of its downloads."""
    credited, half = repositories.entries(spec)
    number = repositories.numbers[0][credited.row]
    order = np.lexsort((number, credited.developer))
    order = order[half[order] > 0]
    developer = np.unique(credited.developer[order], return_inverse=True)[1]
    classes = repositories.cells(spec).beside_rest(SIDES).argmax(axis=1)
    return Population(
        half[order].astype(float), developer.astype(np.int64), classes.astype(np.int64)
    )


def _bootstrap(counts: Ints, rules: Inference) -> Bootstrap:
    """Cells with an empty column for the family."""
    return Bootstrap(np.pad(counts, ((0, 0), (0, 1))), STATISTICS, rules)


def _reversed(drawn: Bootstrap) -> Intervals:
    """The basic or reverse percentile interval, on each statistic's own scale."""
    made = drawn.percentile()
    with np.errstate(invalid="ignore"):  # an infinite ratio has no distance to its own end
        ends = 2 * made.point - made.upper, 2 * made.point - made.lower
    errors = made.error_upper, made.error_lower
    return replace(
        made, method="basic", lower=ends[0], upper=ends[1],
        error_lower=errors[0], error_upper=errors[1],
    )  # fmt: skip


def _inside(cells: WeeklyCells, window: Window) -> Ints:
    """Half downloads (n, 3, t) in `CLASSES` in the weeks of a window."""
    start, end = window.start.isoformat(), window.end.isoformat()
    inside = np.array([start <= week <= end for week in cells.weeks])
    return cells.beside_rest(SIDES)[:, :, inside]


def _over_weeks(counts: Ints, rules: Inference) -> Iterator[tuple[Method, Intervals]]:
    """Percentile intervals that resample developers and weeks, or blocks of weeks alone."""
    draw = partial(product_totals, counts, rules.replicates, rules.chunk, rules.seed)
    both = draw(developers=True, weeks=None)
    yield (
        Method(PRODUCT, "multinomial × exponential", "percentile"),
        _percentile(counts, both, rules),
    )
    shares = STATISTICS.proportions(np.pad(counts.sum(axis=0).T, ((0, 0), (0, 1))))
    for kind in (MovingBlocks, StationaryBlocks):
        try:
            length = block_length(shares[:, STATISTICS.place(LEAD)], kind.name)
        except DegenerateDataError:
            continue
        blocks = draw(developers=False, weeks=kind(length))
        yield Method(WEEK, kind.name, "percentile"), _percentile(counts, blocks, rules)


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


def _rows(made: Intervals, estimand: str, method: Method) -> pd.DataFrame:
    """One row a statistic that is judged."""
    rows = made.to_frame()
    rows = rows[rows["group"].isin(JUDGED)].assign(
        estimand=estimand, unit=method.unit, scheme=method.scheme, method=method.name
    )
    keys = ["estimand", "unit", "scheme", "method"]
    return rows[[*keys, *rows.columns.drop(keys)]]
