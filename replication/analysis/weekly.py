"""Rolling sums of the weekly series, their bands, and the first from which China leads to the end.

A file of repositories under an age limit can run out before its last reading: none are added, and all
grow too old. The end is therefore the last sum that is not thin (`judged_weeks`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.analysis.cells import Weeks
from replication.analysis.lead import LEAD, SIDES
from replication.definitions import Inference
from replication.inference import many_columns
from replication.inference.resampling import EXACT, FEW, cluster_weights, replicate_totals

GROUPS = (*SIDES, LEAD)
NEVER = "never"
"""Stands for a week where China does not lead to the end."""
TOO_SHORT = "too short"
"""Stands for a week where the series has fewer weeks than a sum takes."""
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Number = TypeVar("Number", np.int64, np.float64)


def headline_series(weeks: Weeks) -> Iterator[tuple[str, Ints]]:
    """The weeks by the headline's credit, or the uploader's where the weeks do not know its role.

    Yields
    ------
    tuple of str and numpy.ndarray
        Name of the series and half downloads (n, 3, T) of China, the USA and the rest.
    """
    for name, exclusion in weeks.series.items():
        yield name, weeks.of_headline(exclusion).beside_rest(SIDES)


def resampled(counts: Ints, rules: Inference) -> Floats:
    """Totals (B, k, T) of cells (n, k, T) whose developers are resampled.

    A developer is mostly of one group, so that each group's developers alone are multiplied, where the weights of
    a few are kept and no sum can be too large to be exact: the same whole numbers of fewer products.
    """
    n, k, weeks = counts.shape
    if 1 < n <= FEW and n * int(counts.max(initial=0)) < EXACT:
        return _group_by_group(counts, rules)
    flat = counts.reshape(n, k * weeks)
    totals = replicate_totals(flat, rules.replicates, rules.chunk, rules.seed)
    return totals.reshape(-1, k, weeks)


def _group_by_group(counts: Ints, rules: Inference) -> Floats:
    """Totals (B, k, T) of cells (n, k, T), the sums of each group over the developers that it has."""
    present = np.asarray(counts.any(axis=-1)).T
    cells = [counts[among, group].astype(float) for group, among in enumerate(present)]
    totals = np.empty((*counts.shape[1:], rules.replicates))  # each sum's replicates in one piece
    for number, start in enumerate(range(0, rules.replicates, rules.chunk)):
        weights = cluster_weights(len(counts), rules.chunk, rules.seed, number)
        weights = weights[: rules.replicates - start]
        for group, among in enumerate(present):
            totals[group, :, start : start + rules.chunk] = (weights[:, among] @ cells[group]).T
    return np.moveaxis(totals, -1, 0)


def smoothed(weekly: NDArray[Number], width: int) -> NDArray[Number]:
    """Sums (…, t − width + 1) over `width` consecutive weeks of (…, t)."""
    padded = np.concatenate([np.zeros_like(weekly[..., :1]), weekly.cumsum(axis=-1)], axis=-1)
    return np.asarray(padded[..., width:] - padded[..., :-width])


def shares(totals: NDArray[np.number]) -> Floats:
    """Shares (…, g, t) of each group in totals (…, g, t); NaN where nothing was downloaded."""
    with np.errstate(invalid="ignore"):
        return np.asarray(totals / totals.sum(axis=-2, keepdims=True))


def shares_and_lead(totals: NDArray[np.number]) -> Floats:
    """Shares of China and the USA and the lead (…, 3, t), of totals (…, 3, t) of both and the rest."""
    share = shares(totals)
    china, usa = share[..., 0, :], share[..., 1, :]
    return np.stack([china, usa, china - usa], axis=-2)


def bands(
    share: Floats, replicates: Floats, groups: Sequence[str], weeks: Sequence[str], level: float
) -> pd.DataFrame:
    """Shares (g, t) with the ends of their percentile intervals over replicates (B, g, t).

    Returns
    -------
    pandas.DataFrame
        One row a group and week: ``group, week, share, lower, upper``.
    """
    low, high = many_columns.percentile(replicates.reshape(len(replicates), -1), level)
    index = pd.MultiIndex.from_product([groups, weeks], names=["group", "week"])
    columns = {"share": share.ravel(), "lower": low, "upper": high}
    return pd.DataFrame(columns, index=index).reset_index()


def judged_weeks(sums: Floats, thin_share: float) -> int:
    """How many of the first sums (t,) are judged: all up to the last one that is not thin.

    A sum is thin that holds less than `thin_share` of the median one.
    """
    full = np.flatnonzero(sums >= thin_share * np.median(sums))
    return int(full[-1]) + 1


def first_lasting(leads: NDArray[np.bool_]) -> Ints:
    """Position of the first week from which all weeks (…, t) lead; t where the last does not."""
    behind_later = np.flip(np.logical_or.accumulate(np.flip(~leads, axis=-1), axis=-1), axis=-1)
    return np.asarray(behind_later.sum(axis=-1), dtype=np.int64)


def crossing(
    leads: NDArray[np.bool_], weeks: Sequence[str], level: float
) -> tuple[dict[str, str | float], pd.DataFrame]:
    """In which week replicates (B, t) cross: the middle of them as order statistics, and all.

    Parameters
    ----------
    leads
        Whether China leads in each replicate and judged week.
    weeks
        Labels of the t weeks.
    level
        Part of the replicates that lie in the middle.

    Returns
    -------
    tuple of dict and pandas.DataFrame
        ``lower, upper, never_fraction``; and ``week, fraction`` of every week and of `NEVER`.
    """
    places, names = first_lasting(leads), [*weeks, NEVER]
    tail = (1 - level) / 2
    low, high = np.quantile(places, [tail, 1 - tail], method="inverted_cdf")
    fraction = np.bincount(places, minlength=len(names)) / len(places)
    ends: dict[str, str | float] = {"lower": names[int(low)], "upper": names[int(high)]}
    distribution = pd.DataFrame({"week": names, "fraction": fraction})
    return ends | {"never_fraction": float(fraction[-1])}, distribution
