"""The weekly series of shares, and the first week from which China leads to the end.

A file of repositories under an age limit can run out before its last reading: none are added, and all
grow too old. The end is therefore the last week that is not thin (`judged_weeks`).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.attribution.assign import LABELS
from replication.definitions import Definitions, Exclusion
from replication.errors import DegenerateDataError
from replication.inference import intervals
from replication.inference.cells import WEEKLY_CREDIT, credit, leave_out
from replication.inference.resampling import replicate_totals

NEVER = "never"
Floats = NDArray[np.float64]


def series(weekly: pd.DataFrame, definitions: Definitions) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Weekly shares with bands, and the crossing with its bootstrap distribution.

    Parameters
    ----------
    weekly
        Attributed weekly downloads.
    definitions
        Definitions; shares are taken over sums of ``smoothing_weeks`` weeks.

    Returns
    -------
    tuple of pandas.DataFrame
        Shares: ``series, attribution, labels, week, group, share, lower, upper``. Crossings:
        ``series, attribution, labels, week, lower, upper, never_fraction, judged_until``, a week
        being the first from which China leads the USA in every smoothed week to the last that is
        judged.

    Raises
    ------
    DegenerateDataError
        The weeks are fewer than one smoothed sum takes.
    """
    weeks = _smoothed_weeks(weekly, definitions)
    if not weeks:
        raise DegenerateDataError(
            f"the data span fewer than smoothing_weeks = {definitions.time.smoothing_weeks} weeks",
            "use a file whose readings span more weeks, or smooth over fewer",
        )
    shares, crossings = [], []
    for keys, totals, replicates in _each(weekly, definitions):
        shares.append(_shares(totals, replicates, weeks, definitions).assign(**keys))
        crossings.append({**keys, **_crossing(totals, replicates, weeks, definitions)})
    names = ["series", "attribution", "labels"]
    table = pd.concat(shares, ignore_index=True)
    return table[[*names, *table.columns.drop(names)]], pd.DataFrame(crossings)


def judged_weeks(sums: Floats, thin_share: float) -> int:
    """How many of the first sums (t,) are judged: all up to the last one that is not thin.

    A sum is thin that holds less than `thin_share` of the median one.
    """
    full = np.flatnonzero(sums >= thin_share * np.median(sums))
    return int(full[-1]) + 1


def first_lasting(leads: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Position of the first week from which all weeks (…, t) lead; t where the last does not."""
    behind_later = np.flip(np.logical_or.accumulate(np.flip(~leads, axis=-1), axis=-1), axis=-1)
    return np.asarray(behind_later.sum(axis=-1), dtype=np.int64)


def middle(positions: NDArray[np.int64], level: float) -> tuple[int, int]:
    """The positions (B,) between which the middle of them lie, as order statistics."""
    tail = (1 - level) / 2
    low, high = np.quantile(positions, [tail, 1 - tail], method="inverted_cdf")
    return int(low), int(high)


def smoothed(weekly: NDArray[np.float64], width: int) -> Floats:
    """Sums (…, t − width + 1) over `width` consecutive weeks of (…, t)."""
    padded = np.concatenate([np.zeros_like(weekly[..., :1]), weekly.cumsum(axis=-1)], axis=-1)
    return np.asarray(padded[..., width:] - padded[..., :-width])


def _each(
    weekly: pd.DataFrame, definitions: Definitions
) -> Iterator[tuple[dict[str, str], Floats, Floats]]:
    """Totals (groups, weeks) and replicates (B, groups, weeks) of every series."""
    choices: tuple[Exclusion | None, ...] = (None, *definitions.estimated_exclusions)
    for exclusion, attribution, labels in product(choices, WEEKLY_CREDIT, LABELS):
        credited = credit(leave_out(weekly, exclusion), "downloads", attribution, labels)
        counts = _counts(credited, sorted(weekly["week"].unique()), definitions)
        shape = (-1, len(definitions.groups), counts.shape[1] // len(definitions.groups))
        rules = definitions.inference
        drawn = replicate_totals(counts, rules.replicates, rules.chunk, rules.seed)
        keys = {
            "series": f"weekly-without-{exclusion.id}" if exclusion else "weekly",
            "attribution": attribution,
            "labels": labels,
        }
        width = definitions.time.smoothing_weeks
        totals = counts.sum(axis=0, dtype=float).reshape(shape)[0]
        yield keys, smoothed(totals, width), smoothed(drawn.reshape(shape), width)


def _counts(
    credited: pd.DataFrame, weeks: list[str], definitions: Definitions
) -> NDArray[np.int64]:
    """Half downloads (developers, groups × weeks)."""
    columns = pd.MultiIndex.from_product([definitions.groups, weeks], names=["group", "week"])
    table = credited.pivot_table(
        index="developer",
        columns=["group", "week"],
        values="half_downloads",
        aggfunc="sum",
        fill_value=0,
    )
    return np.asarray(table.reindex(columns=columns, fill_value=0), dtype=np.int64)


def _smoothed_weeks(weekly: pd.DataFrame, definitions: Definitions) -> list[str]:
    """Names of the weeks in which a smoothed sum ends."""
    return sorted(weekly["week"].unique())[definitions.time.smoothing_weeks - 1 :]


def _shares(
    totals: Floats, replicates: Floats, weeks: list[str], definitions: Definitions
) -> pd.DataFrame:
    """Share of every group in every smoothed week with its percentile band.

    NaN where nothing was downloaded, as in a replicate whose developers have no download that week.
    """
    with np.errstate(invalid="ignore"):
        share = totals / totals.sum(axis=0)
        drawn = replicates / replicates.sum(axis=1, keepdims=True)
    low, high = intervals.percentile(drawn.reshape(len(drawn), -1), definitions.inference.level)
    grid = pd.MultiIndex.from_product([definitions.groups, weeks], names=["group", "week"])
    columns = {"share": share.ravel(), "lower": low, "upper": high}
    return pd.DataFrame(columns, index=grid).reset_index()[["week", "group", *columns]]


def _crossing(
    totals: Floats, replicates: Floats, weeks: list[str], definitions: Definitions
) -> dict[str, str | float]:
    """The crossing, the order statistics of its replicates, and how many never cross."""
    china, usa = definitions.groups.index("China"), definitions.groups.index("USA")
    judged = judged_weeks(totals.sum(axis=0), definitions.time.thin_share)
    names = [*weeks[:judged], NEVER]
    point = int(first_lasting(totals[china, :judged] > totals[usa, :judged]))
    drawn = first_lasting(replicates[:, china, :judged] > replicates[:, usa, :judged])
    low, high = middle(drawn, definitions.inference.level)
    return {
        "week": names[point],
        "lower": names[low],
        "upper": names[high],
        "never_fraction": float((drawn == judged).mean()),
        "judged_until": weeks[judged - 1],
    }
