"""A lognormal beside the Pareto law above one threshold: both fits, and tests of which one holds.

The logarithms of what the sizes of a tail are above its threshold, here *excesses*, follow the
exponential law where the tail is Pareto, and the normal law cut off at zero where it is lognormal. The
unit of the sizes and the threshold fall out. Downloads are whole numbers and are treated as continuous:
of sizes far above one, as those of a tail are, this changes nothing that can be seen.

The cut-off normal law approaches the exponential as its place goes to −∞: the Pareto law is a limit of
the lognormal, whose likelihood is therefore never the smaller.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr, ndtri

from replication.errors import DegenerateDataError
from replication.inference.pareto import hill_index

LIMIT = 30.0
"""Standard deviations from the normal law's place to the threshold, beyond which nothing differs from Pareto."""
_HALVINGS = 50
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """Both laws fitted to one tail, and how well each fits.

    Attributes
    ----------
    index
        The Pareto law's index, Hill's.
    place, spread
        Mean and standard deviation of the lognormal's normal law, in logarithms above the threshold;
        NaN where the best lognormal is its Pareto limit.
    likelihood_ratio
        Logarithm of the lognormal's likelihood over the Pareto law's.
    vuong, vuong_p
        Its normalised value, positive for the lognormal, and the two-sided p-value of the normal law.
    variation, variation_p
        Coefficient of variation of the excesses, and the part of Pareto tails in which it is no larger.
    pareto_p, lognormal_p
        Part of the tails drawn from the fitted law, and fitted themselves, that are as far from their
        fit by the distance of Kolmogorov and Smirnov.
    """

    index: float
    place: float
    spread: float
    likelihood_ratio: float
    vuong: float
    vuong_p: float
    variation: float
    variation_p: float
    pareto_p: float
    lognormal_p: float


def excesses(sizes: NDArray[np.number], size: int) -> Floats:
    """Logarithms (k,) of the k = `size` largest sizes over the next one, largest first.

    Raises
    ------
    DegenerateDataError
        All are as large as the next one: there is no tail.
    """
    ordered = np.log(np.sort(np.asarray(sizes, dtype=float))[::-1])
    above = ordered[:size] - ordered[size]
    if not above.any():
        raise DegenerateDataError("all sizes of a tail are equal", "choose a longer tail")
    return np.asarray(above)


def variation(above: Floats) -> Floats:
    """Coefficient of variation (…) of excesses (…, k): 1 of a long Pareto tail, less of a lognormal."""
    return np.asarray(above.std(axis=-1) / above.mean(axis=-1))


def compare(above: Floats, replicates: int, generator: np.random.Generator) -> Comparison:
    """Fit both laws to excesses (k,) and compare them.

    Parameters
    ----------
    above
        Excesses, of which some are positive.
    replicates
        Tails drawn for the p-values.
    generator
        What draws them.

    Notes
    -----
    The log-likelihood ratio over its standard error is Vuong's statistic (1989), as Clauset, Shalizi
    and Newman (2009) use it. It takes neither law for the limit of the other and so rejects too seldom.
    Malevergne, Pisarenko and Sornette (2011) therefore test the Pareto law against the lognormal by the
    uniformly most powerful unbiased test. Of all lognormal tails it rejects those whose excesses vary
    least around their mean; its p-value is drawn here, since it depends on k alone.
    """
    bound, mean = _bound(variation(above)), above.mean()
    unit, _ = _cut_off(bound)
    ratios = _lognormal(above) - _pareto(above)
    limit = bool(bound >= LIMIT)
    spread = np.nan if limit else float(mean / unit)
    score = 0.0 if limit else float(ratios.sum() / np.sqrt(len(above)) / ratios.std())
    drawn = generator.standard_exponential((replicates, len(above)))
    pareto_p = _part(_distance(drawn, normal=False) >= _distance(above, normal=False))
    from_fit = _draws(float(bound), drawn.shape, generator)
    far = _distance(from_fit, normal=True) >= _distance(above, normal=True)
    return Comparison(
        index=float(1 / mean),
        place=-float(bound) * spread,
        spread=spread,
        likelihood_ratio=float(ratios.sum()),
        vuong=score,
        vuong_p=float(2 * ndtr(-abs(score))),
        variation=float(variation(above)),
        variation_p=_part(variation(drawn) <= variation(above)),
        pareto_p=pareto_p,
        lognormal_p=pareto_p if limit else _part(far),
    )


def movement(index: Floats, first: int) -> Floats:
    """The largest over the smallest (…) of Hill's indices (…, m) of tails of k = `first`, …, m units."""
    judged = index[..., first - 1 :]
    return np.asarray(judged.max(axis=-1) / judged.min(axis=-1))


def plateau(
    sizes: NDArray[np.number], first: int, replicates: int, generator: np.random.Generator
) -> tuple[Floats, float, float]:
    """How far Hill's index moves from tails of `first` units to half of all, and how often it would.

    Returns
    -------
    tuple of numpy.ndarray, float, float
        The indices judged; the largest over the smallest; and the part of as many sizes of an exact
        Pareto law whose index moves as far. Of such a law the excesses of all orders, weighted by
        their rank, are independent and exponential, so that no sizes need be drawn.
    """
    index = hill_index(sizes)[: len(sizes) // 2]
    rank = np.arange(1, len(index) + 1)
    drawn = generator.standard_exponential((replicates, len(index)))
    own = float(movement(index, first))
    as_far = movement(rank / np.cumsum(drawn, axis=1), first) >= own
    return index[first - 1 :], own, _part(as_far)


def _cut_off(bound: Floats) -> tuple[Floats, Floats]:
    """Mean of a standard normal variable's excess over a bound that it exceeds, and its variation."""
    hazard = np.exp(-(bound**2) / 2 - log_ndtr(-bound)) / np.sqrt(2 * np.pi)
    mean = hazard - bound
    return mean, np.sqrt((1 - bound * mean) / mean**2 - 1)


def _bound(varying: Floats) -> Floats:
    """The bound whose excesses vary as much, between −`LIMIT` and `LIMIT`: the maximum-likelihood fit.

    The cut-off normal laws are an exponential family in the sum and the sum of squares, so that the
    likelihood is largest where both moments are the sample's.
    """
    low, high = np.full_like(varying, -LIMIT), np.full_like(varying, LIMIT)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        below = _cut_off(middle)[1] < varying
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray(np.where(varying < _cut_off(np.asarray(LIMIT))[1], high, LIMIT))


def _standard(above: Floats) -> tuple[Floats, Floats, Floats]:
    """Bound, standard deviation and standardised values of the normal law fitted to (…, k)."""
    bound = _bound(variation(above))[..., None]
    spread = above.mean(axis=-1, keepdims=True) / _cut_off(bound)[0]
    return bound, spread, above / spread + bound


def _pareto(above: Floats) -> Floats:
    """Log-likelihoods (…, k) of excesses under the exponential law fitted to them."""
    mean = above.mean(axis=-1, keepdims=True)
    return np.asarray(-np.log(mean) - above / mean)


def _lognormal(above: Floats) -> Floats:
    """The same under the cut-off normal law, which at its limit is the exponential."""
    bound, spread, standard = _standard(above)
    density = -(standard**2) / 2.0 - np.log(np.sqrt(2 * np.pi))
    values = density - np.log(spread) - log_ndtr(-bound)
    return np.where(bound >= LIMIT, _pareto(above), values)


def _draws(bound: float, shape: tuple[int, ...], generator: np.random.Generator) -> Floats:
    """Excesses over a bound of standard normal values beyond it."""
    tail = 1 - generator.random(shape)  # never zero
    return np.asarray(-ndtri(tail * ndtr(-bound)) - bound)


def _distance(above: Floats, *, normal: bool) -> Floats:
    """Distance of Kolmogorov and Smirnov (…) between excesses (…, k) and the law fitted to them."""
    ordered = np.sort(above, axis=-1)
    if normal:
        bound, _, standard = _standard(ordered)
        below = -np.expm1(log_ndtr(-standard) - log_ndtr(-bound))
    else:
        below = -np.expm1(-ordered / ordered.mean(axis=-1, keepdims=True))
    k = above.shape[-1]
    steps = np.arange(1, k + 1) / k
    return np.asarray(np.maximum(steps - below, below - steps + 1 / k).max(axis=-1))


def _part(holds: NDArray[np.bool_]) -> float:
    """Part of the drawn tails for which something holds, the observed one counted among them."""
    return float((1 + holds.sum()) / (1 + len(holds)))
