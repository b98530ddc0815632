"""Sums of gains over windows and weeks: `sql/window_totals.sql`, `sql/totals_as_read.sql` and `sql/week_totals.sql`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from replication.panel.whole_hub.arrays.gains import CHAINED, TIMED, Gains, summed
from replication.panel.whole_hub.arrays.reading import Ints

_LEAST = 1000
"""Thousandths of a download, rounded, below which nothing is kept."""


def cut_totals(found: Gains, period: pd.DataFrame) -> pd.DataFrame:
    """Downloads of each repository in one window, and of these what the chain alone says.

    Parameters
    ----------
    found
        Gains of some repositories.
    period
        As `periods.period` makes it.
    """
    window: Any = next(period.itertuples(index=False))
    until, is_born = _ends(found, window)
    row = found.steps.row
    low = np.maximum(found.steps.began, window.since)
    inside = np.minimum(found.steps.ended, until[row]) - low
    some = np.flatnonzero((inside > 0) & is_born[row])
    row, gain = row[some], _cut(found, some, inside[some])
    size = len(found.created)
    chained = np.where(found.kind[some] == CHAINED, gain, 0)
    return _table(found, summed(row, gain, size), summed(row, chained, size))


def read_totals(found: Gains, period: pd.DataFrame, frozen: pd.DataFrame) -> pd.DataFrame:
    """The same without cutting: what was gained falls whole at the reading that found it.

    Parameters
    ----------
    found, period
        As for `cut_totals`.
    frozen
        As `periods.frozen_times` makes it.
    """
    window: Any = next(period.itertuples(index=False))
    until, is_born = _ends(found, window)
    size = len(found.created)
    total = np.zeros(size, dtype=np.int64)
    caught_up = frozen.loc[frozen["caught_up"] == 1, "until"].to_numpy()
    for steps, kept in ((found.steps, found.kind != TIMED), (found.frozen, np.True_)):
        inside = (steps.ended > window.since) & (steps.ended <= until[steps.row])
        inside &= kept & is_born[steps.row]
        if window.skips_caught_up:
            inside &= ~np.isin(steps.ended, caught_up)
        some = np.flatnonzero(inside)
        total += summed(steps.row[some], steps.gain[some], size)
    return _table(found, total, np.zeros(size, dtype=np.int64))


def week_totals(every: Iterable[Gains], weeks: pd.DataFrame, pairs: Ints) -> pd.DataFrame:
    """Downloads of each pair of uploader and origin in each week.

    Parameters
    ----------
    every
        All gains, some repositories at a time.
    weeks
        As `periods.weeks` makes it: weeks that follow on each other.
    pairs
        Number of the pair of each repository by its own number; 0 where it is in none.

    Returns
    -------
    pandas.DataFrame
        ``pair, week, downloads``, by week and pair.
    """
    starts, size = weeks["since"].to_numpy(), int(pairs.max(initial=0)) + 1
    total = np.zeros(len(starts) * size, dtype=np.int64)
    age = int(weeks["age_limit"].iloc[0]) if len(weeks) else 0
    step = int(weeks["until"].iloc[0] - starts[0]) if len(weeks) else 1
    for found in every if len(weeks) else ():
        of = pairs[found.first_id + np.arange(len(found.created))]
        row = found.steps.row
        until = np.minimum(found.steps.ended, found.created[row] + age)
        first = np.maximum((found.steps.began - starts[0]) // step, 0)
        last = np.minimum(-((starts[0] - until) // step) - 1, len(starts) - 1)
        many = np.where(of[row] > 0, np.maximum(last - first + 1, 0), 0)
        at = np.repeat(np.arange(len(row)), many)
        week = first[at] + np.arange(len(at)) - np.repeat(np.cumsum(many) - many, many)
        low = np.maximum(found.steps.began[at], starts[week])
        inside = np.minimum(until[at], starts[week] + step) - low
        some = np.flatnonzero(inside > 0)
        gain = _cut(found, at[some], inside[some])
        np.add.at(total, week[some] * size + of[row[at[some]]], gain)
    total += 500
    kept = np.flatnonzero(total >= _LEAST)
    week, pair = np.divmod(kept, size)
    ends = weeks["period"].to_numpy()
    return pd.DataFrame({"pair": pair, "week": ends[week], "downloads": total[kept] // 1000})


def _ends(found: Gains, window: Any) -> tuple[Ints, Any]:
    """Until when each repository counts in a window, and whether it was born in it."""
    until = np.minimum(window.until, found.created + window.age_limit)
    is_born = (found.created >= window.born_since) & (found.created < window.born_until)
    return until, is_born


def _cut(found: Gains, some: Ints, inside: Ints) -> Ints:
    """What falls within a part of each gain's time."""
    span = found.steps.ended[some] - found.steps.began[some]
    return np.asarray(np.floor(found.steps.gain[some] * (1.0 * inside / span)).astype(np.int64))


def _table(found: Gains, total: Ints, chained: Ints) -> pd.DataFrame:
    """Thousandths, rounded to whole downloads; those that are none are left out."""
    total, chained = total + 500, chained + 500
    kept = np.flatnonzero(total >= _LEAST)
    return pd.DataFrame({
        "id": found.first_id + kept, "total": total[kept] // 1000, "chained": chained[kept] // 1000,
    })  # fmt: skip
