"""All interval methods on the same replicates of one set of cells.

The scheme says which replicates are drawn, the statistics what is computed from their totals, and
the method how an interval is made of that; any of them can be changed without the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.definitions import Inference
from replication.inference import intervals
from replication.inference.resampling import FEW, replicate_totals, totals_without_each
from replication.inference.schemes import MULTINOMIAL, Scheme, Subsample
from replication.inference.statistics import Statistics

Floats = NDArray[np.float64]
FINE = 2.0**40
"""Products of shares are kept in multiples of 2⁻⁴⁰, so that their weighted sums are exact."""
REFUSED = "refused: not defined on these data"
COLUMNS = ["group", "point", "lower", "upper", "error_lower", "error_upper", "note"]


@dataclass(frozen=True, repr=False)
class Intervals:
    """Intervals of every statistic by one method.

    Attributes
    ----------
    method
        Name of the method.
    level
        Nominal coverage.
    names
        Names of the m statistics.
    point, lower, upper
        Values (m,) on each statistic's own scale; NaN ends where the method refuses.
    error_lower, error_upper
        Monte-Carlo standard errors (m,) of the ends; 0 where nothing is simulated.
    """

    method: str
    level: float
    names: tuple[str, ...]
    point: Floats
    lower: Floats
    upper: Floats
    error_lower: Floats
    error_upper: Floats

    def to_frame(self) -> pd.DataFrame:
        """One row a statistic: ``group, point, lower, upper, error_lower, error_upper, note``."""
        return pd.DataFrame(self.columns)

    @property
    def columns(self) -> dict[str, Any]:
        """The columns of `to_frame` by name."""
        note = np.where(np.isnan(self.lower), REFUSED, "")
        values = [self.names, self.point, self.lower, self.upper]
        values += [self.error_lower, self.error_upper, note]
        return dict(zip(COLUMNS, values, strict=True))

    def __repr__(self) -> str:
        lines = [f"{self.method}, {100 * self.level:g} %"]
        rows = zip(self.names, self.point, self.lower, self.upper, strict=True)
        lines += [f"  {n:<28} {p:+.4f}  [{low:+.4f}, {high:+.4f}]" for n, p, low, high in rows]
        return "\n".join(lines)


@dataclass(frozen=True)
class Bootstrap:
    """Cells with their replicates under one scheme.

    Attributes
    ----------
    counts
        Cells (n, k): one row a cluster.
    statistics
        What is computed from totals.
    rules
        Replicates, chunk, seed and level.
    scheme
        How clusters are weighted.
    monte_carlo
        Whether the Monte-Carlo errors of the ends are computed, which takes most of the time; they
        are NaN where not.
    """

    counts: NDArray[np.int64]
    statistics: Statistics
    rules: Inference
    scheme: Scheme = MULTINOMIAL
    monte_carlo: bool = True

    @cached_property
    def point(self) -> Floats:
        """Proportions (m,) of the cells as they are."""
        return self.statistics.proportions(self.counts.sum(axis=0))

    @cached_property
    def without_each(self) -> Floats:
        """Proportions (n, m) without each cluster."""
        return self.statistics.proportions(totals_without_each(self.counts))

    @cached_property
    def replicates(self) -> Floats:
        """Proportions (B, m) of the replicates."""
        return self.statistics.proportions(self._drawn)

    @cached_property
    def error(self) -> Floats:
        """Linearised standard errors (m,) of the logits of the proportions."""
        ones = np.ones((1, len(self.counts)))
        sums = ones @ self._products.astype(float)
        found = self._errors(self.point[None], self.counts.sum(axis=0)[None], sums)
        return np.asarray(found[0])

    @cached_property
    def errors(self) -> Floats:
        """The same (B, m) of the replicates, each from its own weights."""
        n, k = self.counts.shape
        found = self._errors(self.replicates, self._drawn, self._all_drawn[:, k:])
        return found * self.scheme.spread(n) if isinstance(self.scheme, Subsample) else found

    def percentile(self) -> Intervals:
        """Percentile intervals."""
        shifts = (0.0, -1.0, 1.0) if self.monte_carlo else (0.0,)
        found = intervals.percentiles(self.replicates, self.rules.level, shifts)
        return self._simulated("percentile", dict(zip(shifts, found, strict=True)).__getitem__)

    def bca(self) -> Intervals:
        """Bias-corrected and accelerated intervals."""
        arrays = self.point, self.without_each, self.replicates
        return self._simulated("bca", lambda s: intervals.bca(*arrays, self.rules.level, s))

    def studentised(self, method: str = "studentised-logit") -> Intervals:
        """Bootstrap-t intervals on the logit scale; of subsamples, subsampling intervals."""
        arrays = self.point, self.error, self.replicates, self.errors
        return self._simulated(
            method, lambda s: intervals.studentised(*arrays, self.rules.level, s)
        )

    def jackknife(self) -> Intervals:
        """Delete-one jackknife intervals on the logit scale."""
        ends = intervals.jackknife_logit(self.point, self.without_each, self.rules.level)
        return self.exact("jackknife-logit", ends)

    def exact(self, method: str, ends: intervals.Interval) -> Intervals:
        """A range of proportions that nothing was simulated for, on the statistics' own scales."""
        nothing = np.zeros_like(self.point)
        return self._named(method, ends, (nothing, nothing))

    def _simulated(self, method: str, interval: Callable[[float], intervals.Interval]) -> Intervals:
        """Intervals on the statistics' own scales, with their Monte-Carlo errors."""

        def on_scale(shift: float) -> intervals.Interval:
            low, high = interval(shift)
            return self.statistics.values(low), self.statistics.values(high)

        unknown = np.full_like(self.point, np.nan)
        errors = intervals.monte_carlo_error(on_scale) if self.monte_carlo else (unknown, unknown)
        return self._named(method, interval(0.0), errors)

    def _named(
        self, method: str, ends: intervals.Interval, errors: intervals.Interval
    ) -> Intervals:
        point, low, high = (self.statistics.values(x) for x in (self.point, *ends))
        names, level = self.statistics.names, self.rules.level
        return Intervals(method, level, names, point, low, high, *errors)

    @cached_property
    def _drawn(self) -> Floats:
        """Totals (B, k) of the cells.

        Of a few clusters the weights are kept, so that products can be weighted later.
        """
        if len(self.counts) <= FEW:
            return self._totals_of(self.counts)
        return self._all_drawn[:, : self.counts.shape[1]]

    @cached_property
    def _all_drawn(self) -> Floats:
        """Totals (B, k + 3m) of the cells and of the products behind the standard errors."""
        return self._totals_of(np.hstack([self.counts, self._products]))

    def _totals_of(self, columns: NDArray[np.int64]) -> Floats:
        """Totals (B, …) of columns (n, …)."""
        rules = self.rules
        return replicate_totals(
            columns, rules.replicates, rules.chunk, rules.seed, scheme=self.scheme
        )

    @cached_property
    def _products(self) -> NDArray[np.int64]:
        """Products a², ab and b² (n, 3m) of each cluster's parts of numerators and denominators.

        With a and b in units of the sum of b, the variance of Σwa/Σwb is, to first order, the sum
        of w(a − ub)² over the square of Σwb.
        """
        above, below = (self.counts @ form.T for form in self.statistics.forms)
        a, b = (part / np.maximum(below.sum(axis=0), 1) for part in (above, below))
        products = np.hstack([a * a, a * b, b * b])
        return np.rint(products * FINE).astype(np.int64)

    def _errors(self, u: Floats, totals: NDArray[np.number], sums: Floats) -> Floats:
        """Standard errors (…, m) of logits from proportions, totals and sums of products.

        An error is 0, and leads to a refusal, where it cannot be told from rounding.
        """
        aa, ab, bb = np.split(sums / FINE, 3, axis=-1)
        below = self.statistics.forms[1]
        n, base = len(self.counts), np.maximum(below @ self.counts.sum(axis=0), 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            scale = (totals @ below.T) / base
            spread = aa - 2 * u * ab + u * u * bb
            spread = np.where(spread > 2 * n / FINE, spread, 0)  # less may be rounding alone
            found = np.sqrt(spread / scale**2 * n / (n - 1)) / (u * (1 - u))
        return np.asarray(found)
