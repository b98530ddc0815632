"""The chain of 30-day windows: its scale and its error, measured where the counters are known too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

STRETCHES = ("births", "month", "quarter")
SCALED_ON = ("births", "quarter")
"""Stretches that the factor is taken from: a month is too short to tell a scale from a burst."""
UNMEASURED = 1.0
"""Relative error where nothing measures it: as much as the chain itself says, a bound and no estimate."""


@dataclass(frozen=True)
class Scale:
    """By what the chain is multiplied, and how wrong it then is.

    Attributes
    ----------
    factor
        Downloads that the counters gain for each that the chain sums.
    factor_error
        Standard error of the factor: what its two measurements differ by, or their jackknife error.
    spread
        Standard deviation of an uploader's relative error after scaling, weighted by size.
    measured
        Whether factor and both errors come from counters; each that does not is 1: the chain as it
        is, and `UNMEASURED`.
    stretches
        One row a stretch: ``stretch, uploaders, chained, counted, factor, factor_error, spread``;
        downloads.
    """

    factor: float
    factor_error: float
    spread: float
    measured: bool
    stretches: pd.DataFrame


def measure(known: pd.DataFrame) -> Scale:
    """Measure the chain where both it and the counters are known.

    Parameters
    ----------
    known
        ``uploader, stretch, chained, counted`` in thousandths of a download, one row an uploader and
        stretch (`sql/chain_and_counters.sql`).

    Returns
    -------
    Scale
        Of the chain as it is where nothing is known, and then not `measured`.

    Notes
    -----
    Uploaders err independently of each other, in proportion to their size: with the residuals
    r = counted − factor · chained, the spread is √(Σr² / Σ(factor · chained)²). The largest decide,
    as they do for a share. The factor is measured twice, on repositories from their birth to their
    first counter and on all that had one in the quarter after it; half of what the two differ by counts as
    its error where that is more than the delete-one-uploader jackknife's. The spread is the largest of
    three: over a month it is mostly that of the ends, where a window's mean rate cannot say on which
    side of the cut a burst fell, and what has to be rebuilt is often no longer than that.
    """
    rows = [_stretch(name, known[known["stretch"] == name]) for name in STRETCHES]
    table = pd.DataFrame(rows)
    positive = table[table["chained"] > 0]
    used = positive[positive["stretch"].isin(SCALED_ON)]
    if used.empty or not used["counted"].any():
        return Scale(1.0, UNMEASURED, UNMEASURED, False, table)
    factor = float(used["counted"].sum() / used["chained"].sum())
    errors = used["factor_error"].tolist()
    if len(used) > 1:
        errors.append((used["factor"].max() - used["factor"].min()) / 2)
    error, spread = pd.Series(errors, dtype=float).max(), positive["spread"].max()
    known_errors = bool(np.isfinite([error, spread]).all())
    return Scale(
        factor,
        float(error) if np.isfinite(error) else UNMEASURED * factor,
        float(spread) if np.isfinite(spread) else UNMEASURED,
        known_errors,
        table,
    )


def _stretch(name: str, known: pd.DataFrame) -> dict[str, object]:
    """Factor, its jackknife error and the spread of one stretch."""
    chained = known["chained"].to_numpy(dtype=float) / 1000
    counted = known["counted"].to_numpy(dtype=float) / 1000
    factor = counted.sum() / chained.sum() if chained.sum() > 0 else float("nan")
    several = (chained > 0).sum() > 1
    return {
        "stretch": name,
        "uploaders": len(known),
        "chained": chained.sum(),
        "counted": counted.sum(),
        "factor": factor,
        "factor_error": _jackknife(chained, counted),
        # The factor fits one uploader exactly, and says nothing of the next.
        "spread": _spread(counted - factor * chained, factor * chained) if several else np.nan,
    }


def _jackknife(chained: np.ndarray, counted: np.ndarray) -> float:
    """Standard error of a ratio of sums, one uploader left out at a time."""
    n = len(chained)
    if n < 2 or (chained == chained.sum()).any():
        return float("nan")
    without = (counted.sum() - counted) / (chained.sum() - chained)
    return float(np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum()))


def _spread(residual: np.ndarray, size: np.ndarray) -> float:
    return float(np.sqrt((residual**2).sum() / (size**2).sum())) if size.any() else float("nan")
