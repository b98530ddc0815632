"""Intervals for proportions, from replicates or from leaving one cluster out.

Each method is a pure function of arrays with one column a statistic. Methods that use replicates
take `shift`: it moves both quantile levels by so many standard errors of a simulated quantile,
√(p(1 − p)/B), and so measures the Monte-Carlo error of the ends. A method refuses, with NaN for
both ends, where it is not defined or would mislead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtr, ndtri, stdtrit

Floats = NDArray[np.float64]
Interval = tuple[Floats, Floats]
BEYOND = 10
"""BCa refuses where fewer replicates than this lie beyond an end."""


def percentile(replicates: Floats, level: float, shift: float = 0.0) -> Interval:
    """Percentile interval of each column (surveyed by DiCiccio and Efron 1996).

    Parameters
    ----------
    replicates
        Proportions (B, m); NaN where a replicate leaves the statistic undefined.
    level
        Nominal coverage, such as 0.95.
    shift
        Standard errors by which the quantile levels are moved.

    Returns
    -------
    tuple of numpy.ndarray
        Lower and upper ends, each (m,); NaN where no replicate defines the statistic.
    """
    return percentiles(replicates, level, [shift])[0]


def percentiles(replicates: Floats, level: float, shifts: Sequence[float]) -> list[Interval]:
    """The intervals of `percentile` at several shifts, from replicates that are put in order once."""
    undefined = np.isnan(replicates).all(axis=0)
    filled = np.where(undefined, 0.0, replicates)
    quantile = np.nanquantile if np.isnan(filled).any() else np.quantile  # the same, and faster
    levels = [_levels(level, shift, len(replicates)) for shift in shifts]
    ends = np.where(undefined, np.nan, quantile(filled, np.concatenate(levels), axis=0))
    return [*zip(ends[::2], ends[1::2], strict=True)]


def bca(
    point: Floats, without_each: Floats, replicates: Floats, level: float, shift: float = 0.0
) -> Interval:
    """Bias-corrected and accelerated interval (surveyed by DiCiccio and Efron 1996).

    The acceleration comes from the statistics without each cluster. It refuses where the
    correction leads into a tail of fewer than `BEYOND` replicates, as it does where one cluster
    decides the statistic, and where some replicate is undefined.

    Parameters
    ----------
    point, without_each, replicates
        Proportions (m,), without each cluster (n, m), and of B replicates (B, m).
    level, shift
        As for `percentile`; the bias is simulated as well, and one standard error counts both.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        below = (replicates < point).mean(axis=0) + (replicates == point).mean(axis=0) / 2
        deviations = without_each.mean(axis=0) - without_each
        pull = (deviations**3).sum(axis=0) / (6 * (deviations**2).sum(axis=0) ** 1.5)
        normal = ndtri(_levels(level, 0.0, len(replicates)))
        found = [_corrected(below, pull, z, len(replicates)) for z in normal]
    corrected = [p for p, _ in found]
    ends = [_quantiles(replicates, p, shift * error) for p, error in found]
    thin = np.min([np.minimum(p, 1 - p) for p in corrected], axis=0) * len(replicates) < BEYOND
    backwards = corrected[0] >= corrected[1]
    one_side = (below <= 0) | (below >= 1)
    bad = thin | backwards | np.isnan(replicates).any(axis=0) | np.isnan(pull) | one_side
    return np.where(bad, np.nan, ends[0]), np.where(bad, np.nan, ends[1])


def studentised(
    point: Floats,
    error: Floats,
    replicates: Floats,
    errors: Floats,
    level: float,
    shift: float = 0.0,
) -> Interval:
    """Bootstrap-t interval on the logit scale (surveyed by DiCiccio and Efron 1996).

    The roots (z* − z)/se* of the replicates, with z the logit, take the place of Student's t. A
    replicate at 0 or 1 has an infinite root; an end that such a root decides is refused. With the
    replicates of subsamples the same roots give the subsampling interval, whose rate of
    convergence need not be known because the roots are studentised.

    Parameters
    ----------
    point, error
        Proportions (m,) and their standard errors on the logit scale.
    replicates, errors
        The same (B, m) of the replicates.
    level, shift
        As for `percentile`.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        roots = (logit(replicates) - logit(point)) / errors
    edge = (replicates <= 0) | (replicates >= 1)
    roots = np.where(edge, np.where(replicates <= 0, -np.inf, np.inf), roots)
    bad = np.isnan(roots).any(axis=0) | ~(error > 0)
    levels = _levels(level, shift, len(replicates))
    low, high = np.quantile(
        np.where(np.isnan(roots), 0.0, roots), levels, axis=0, method="inverted_cdf"
    )
    bad |= ~np.isfinite(low) | ~np.isfinite(high)
    safe, width = np.where(bad, 0.5, point), np.where(bad, 0.0, error)
    low, high = np.where(bad, 0.0, low), np.where(bad, 0.0, high)
    ends = expit(logit(safe) - high * width), expit(logit(safe) - low * width)
    return np.where(bad, np.nan, ends[0]), np.where(bad, np.nan, ends[1])


def monte_carlo_error(interval: Callable[[float], Interval]) -> Interval:
    """Standard error of both ends that comes of the replicates being finite in number.

    Parameters
    ----------
    interval
        The interval as a function of `shift`.

    Returns
    -------
    tuple of numpy.ndarray
        Standard errors of the lower and the upper end, each (m,); NaN where an end is refused or
        infinite.
    """
    down, up = interval(-1.0), interval(1.0)
    return _half_distance(down[0], up[0]), _half_distance(down[1], up[1])


def jackknife_logit(
    point: Floats, without_each: Floats, level: float, degrees: float | None = None
) -> Interval:
    """Delete-one-cluster jackknife interval on the logit scale with Student's t.

    With z the logit of the statistic without cluster i, the variance is (n − 1)/n · Σ(z − z̄)²,
    the delete-one-cluster jackknife that MacKinnon, Nielsen and Webb (2023, arXiv 2301.04527) find
    more reliable than others where cluster sizes vary much; the ends point ± t·se are mapped back.
    For the ratio of two shares, whose logit is the logarithm of the ratio, it is the interval on
    the log-ratio scale.

    Parameters
    ----------
    point
        Proportions (m,).
    without_each
        Proportions (n, m) without each cluster.
    level
        Nominal coverage.
    degrees
        Degrees of freedom of t; n − 1 unless told.

    Returns
    -------
    tuple of numpy.ndarray
        Lower and upper ends, each (m,); NaN where the method refuses, which it does where a
        proportion is 0 or 1, or becomes so without one cluster: the logit is then infinite. It
        refuses everywhere where the degrees are not positive.
    """
    n = len(without_each)
    degrees = n - 1 if degrees is None else degrees
    inside = (point > 0) & (point < 1) & ((without_each > 0) & (without_each < 1)).all(axis=0)
    safe = np.where(inside, without_each, 0.5)
    deviations = logit(safe) - logit(safe).mean(axis=0)
    error = np.sqrt((n - 1) / n * (deviations**2).sum(axis=0))
    reach = stdtrit(degrees, (1 + level) / 2) * error  # NaN without degrees of freedom
    centre = logit(np.where(inside, point, 0.5))
    low, high = expit(centre - reach), expit(centre + reach)
    return np.where(inside, low, np.nan), np.where(inside, high, np.nan)


def leave_one_out_range(lower: Floats, upper: Floats) -> Interval:
    """Smallest lower and largest upper end (n, m) without one cluster; NaN where never defined.

    For a statistic without bounds of its own, both ends are the statistic.
    """
    return np.fmin.reduce(lower, axis=0), np.fmax.reduce(upper, axis=0)


def _half_distance(down: Floats, up: Floats) -> Floats:
    """Half of |up − down|; NaN where one of them is not finite."""
    finite = np.isfinite(down) & np.isfinite(up)
    return np.where(finite, np.abs(np.where(finite, up, 0) - np.where(finite, down, 0)) / 2, np.nan)


def _levels(level: float, shift: float, replicates: int) -> Floats:
    """Both quantile levels, each moved by `shift` of its own standard errors."""
    tail = (1 - level) / 2
    reach = shift * np.sqrt(tail * (1 - tail) / replicates)
    return np.asarray(np.clip(np.array([tail, 1 - tail]) + reach, 0, 1))


def _corrected(below: Floats, pull: Floats, z: float, replicates: int) -> Interval:
    """A normal quantile's level (m,) after both corrections, and its Monte-Carlo standard error.

    The error is that of the level less the fraction of replicates below the end. The bias comes
    from the fraction below the point, of the same replicates, so that the two are correlated.
    """
    bias = ndtri(below)
    rest = 1 - pull * (bias + z)
    moved = bias + (bias + z) / rest
    p = ndtr(moved)
    slope = (1 + 1 / rest**2) * np.exp((bias**2 - moved**2) / 2)  # of p by the fraction below
    both = np.minimum(p, below) - p * below
    variance = p * (1 - p) - 2 * slope * both + slope**2 * below * (1 - below)
    return np.asarray(p), np.asarray(np.sqrt(np.maximum(variance, 0) / replicates))


def _quantiles(replicates: Floats, levels: Floats, moves: Floats) -> Floats:
    """A quantile (m,) of each column of replicates (B, m), each at its own level, moved."""
    at = np.where(np.isnan(levels + moves), 0.5, np.clip(levels + moves, 0, 1))
    columns = zip(np.where(np.isnan(replicates), 0.0, replicates).T, at, strict=True)
    return np.array([np.quantile(column, q) for column, q in columns])
