"""Intervals for proportions: percentile bootstrap, jackknife on the logit scale, leave-one-out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import expit, logit

Floats = NDArray[np.float64]
Interval = tuple[Floats, Floats]


def percentile(replicates: Floats, level: float) -> Interval:
    """Percentile interval of each column (surveyed by DiCiccio and Efron 1996).

    Parameters
    ----------
    replicates
        Proportions (B, m); NaN where a replicate leaves the statistic undefined.
    level
        Nominal coverage, such as 0.95.

    Returns
    -------
    tuple of numpy.ndarray
        Lower and upper ends, each (m,); NaN where no replicate defines the statistic.
    """
    tail = (1 - level) / 2
    undefined = np.isnan(replicates).all(axis=0)
    filled = np.where(undefined, 0.0, replicates)
    low, high = np.nanquantile(filled, [tail, 1 - tail], axis=0)
    return np.where(undefined, np.nan, low), np.where(undefined, np.nan, high)


def jackknife_logit(point: Floats, without_each: Floats, level: float) -> Interval:
    """Delete-one-cluster jackknife interval on the logit scale with Student's t.

    With z the logit of the statistic without cluster i, the variance is (n − 1)/n · Σ(z − z̄)²,
    the delete-one-cluster jackknife that MacKinnon, Nielsen and Webb (2023, arXiv 2301.04527) find
    more reliable than others where cluster sizes vary much; the ends point ± t·se are mapped back.

    Parameters
    ----------
    point
        Proportions (m,).
    without_each
        Proportions (n, m) without each cluster.
    level
        Nominal coverage.

    Returns
    -------
    tuple of numpy.ndarray
        Lower and upper ends, each (m,); NaN where the method refuses, which it does where a
        proportion is 0 or 1, or becomes so without one cluster: the logit is then infinite.
    """
    n = len(without_each)
    inside = (point > 0) & (point < 1) & ((without_each > 0) & (without_each < 1)).all(axis=0)
    safe = np.where(inside, without_each, 0.5)
    deviations = logit(safe) - logit(safe).mean(axis=0)
    error = np.sqrt((n - 1) / n * (deviations**2).sum(axis=0))
    reach = stats.t.ppf((1 + level) / 2, n - 1) * error
    centre = logit(np.where(inside, point, 0.5))
    low, high = expit(centre - reach), expit(centre + reach)
    return np.where(inside, low, np.nan), np.where(inside, high, np.nan)


def leave_one_out_range(lower: Floats, upper: Floats) -> Interval:
    """Smallest lower and largest upper end (n, m) without one cluster; NaN where never defined.

    For a statistic without bounds of its own, both ends are the statistic.
    """
    return np.fmin.reduce(lower, axis=0), np.fmax.reduce(upper, axis=0)
