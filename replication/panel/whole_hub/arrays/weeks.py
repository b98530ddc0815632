"""Sums of gains over weeks: `sql/week_totals.sql`."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.panel.whole_hub.arrays.gains import Gains
from replication.panel.whole_hub.arrays.reading import Ints, Mask
from replication.panel.whole_hub.arrays.sums import LEAST, cut


def week_totals(
    every: Iterable[Gains], weeks: pd.DataFrame, pairs: Ints, moment: Ints
) -> pd.DataFrame:
    """Downloads of each pair of uploader and origin in each week.

    Parameters
    ----------
    every
        All gains, some repositories at a time.
    weeks
        As `periods.weeks` makes it: weeks that follow on each other.
    pairs
        Number of the pair of each repository by its own number; 0 where it is in none.
    moment
        (readings,) unix seconds.

    Returns
    -------
    pandas.DataFrame
        ``pair, week, downloads``, by week and pair.
    """
    size = int(pairs.max(initial=0)) + 1
    total = np.zeros((len(weeks), size), dtype=np.int64)
    if len(weeks):
        starts, age = weeks["since"].to_numpy(), int(weeks["age_limit"].iloc[0])
        step = int(weeks["until"].iloc[0] - starts[0])
        shares = _shares(moment, starts, step)
        for found in every:
            of = pairs[found.first_id + np.arange(len(found.created))]
            old = found.created + age
            is_whole = _is_whole(found, old, moment)
            _add_whole(
                total, found, of, np.flatnonzero(is_whole & (of > 0)[found.steps.row]), shares
            )
            _add_cut(total, found, of, np.flatnonzero(~is_whole), old, starts, step)
    total += 500
    week, pair = np.nonzero(total >= LEAST)
    ends = weeks["period"].to_numpy()
    downloads = total[week, pair] // 1000
    return pd.DataFrame({"pair": pair, "week": ends[week], "downloads": downloads})


def _is_whole(found: Gains, old: Ints, moment: Ints) -> Mask:
    """Whether each gain is of the whole time between two readings that follow on each other."""
    before = np.append(np.int64(-1), moment[:-1])
    steps = found.steps
    return np.asarray((steps.began == before[found.place]) & (steps.ended <= old[steps.row]))


def _shares(moment: Ints, starts: Ints, step: int) -> list[tuple[Ints, NDArray[np.float64]]]:
    """The week of each part of the time before each reading, and its share of that time: one array for each such part."""
    began = np.append(moment[0], moment[:-1])
    at, week, inside = _parts(began, moment, starts, step)
    part = np.arange(len(at)) - np.searchsorted(at, at)
    out = []
    for number in range(int(part.max(initial=-1)) + 1):
        some = np.flatnonzero(part == number)
        weeks, shares = np.zeros(len(moment), dtype=np.int64), np.zeros(len(moment))
        weeks[at[some]] = week[some]
        shares[at[some]] = 1.0 * inside[some] / (moment - began)[at[some]]
        out.append((weeks, shares))
    return out


def _parts(began: Ints, until: Ints, starts: Ints, step: int) -> tuple[Ints, Ints, Ints]:
    """The parts of spans of time by weeks: number of the span, week, and seconds."""
    first = np.maximum((began - starts[0]) // step, 0)
    last = np.minimum(-((starts[0] - until) // step) - 1, len(starts) - 1)
    many = np.maximum(last - first + 1, 0)
    at = np.repeat(np.arange(len(began)), many)
    week = first[at] + np.arange(len(at)) - np.repeat(np.cumsum(many) - many, many)
    inside = np.minimum(until[at], starts[week] + step) - np.maximum(began[at], starts[week])
    some = np.flatnonzero(inside > 0)
    return at[some], week[some], inside[some]


def _add_whole(
    total: Ints, found: Gains, of: Ints, some: Ints, shares: list[tuple[Ints, NDArray[np.float64]]]
) -> None:
    """Add gains of the whole time between two readings, which all have the same parts."""
    place, gain, pair = found.place[some], found.steps.gain[some], of[found.steps.row[some]]
    for weeks, share in shares:
        part = np.floor(gain * share[place]).astype(np.int64)
        _add(total, weeks[place], pair, part)


def _add_cut(
    total: Ints, found: Gains, of: Ints, some: Ints, old: Ints, starts: Ints, step: int
) -> None:
    """Add gains of other times, up to the age limit."""
    row = found.steps.row[some]
    some, row = some[of[row] > 0], row[of[row] > 0]
    until = np.minimum(found.steps.ended[some], old[row])
    at, week, inside = _parts(found.steps.began[some], until, starts, step)
    gain = cut(found.steps, some[at], inside)
    _add(total, week, of[row[at]], gain)


def _add(total: Ints, week: Ints, pair: Ints, gain: Ints) -> None:
    """Add gains to the sums of their weeks and pairs."""
    np.add.at(total.reshape(-1), week * total.shape[1] + pair, gain)
