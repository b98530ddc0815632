"""Sums of gains over windows and weeks: `sql/window_totals.sql`, `sql/totals_as_read.sql` and `sql/week_totals.sql`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from replication.panel.whole_hub.arrays.gains import CHAINED, SPAN, TIMED, Gains, members
from replication.panel.whole_hub.arrays.levels import Steps
from replication.panel.whole_hub.arrays.reading import Ints

_LEAST = 1000
"""Thousandths of a download, rounded, below which nothing is kept."""


class AsCut:
    """Gains of some repositories, cut at the ends of windows.

    They stand in the order of their repositories and ends, so that those of a window are a range of places
    for each repository, whose sum is a difference of two running sums; the few at its ends are cut.

    Parameters
    ----------
    found
        The gains.
    """

    def __init__(self, found: Gains) -> None:
        order = np.argsort(_keys(found.steps.row, found.steps.ended), kind="stable")
        self._found, self._steps = found, found.steps.only(order)
        self._is_chained = found.kind[order] == CHAINED
        self._ended = _keys(self._steps.row, self._steps.ended)
        began = _keys(self._steps.row, self._steps.began)
        self._began = np.minimum.accumulate(began[::-1])[::-1]
        """Of each place, the least of it and all after it."""
        self._total = _running(self._steps.gain)
        self._chained = _running(np.where(self._is_chained, self._steps.gain, 0))

    def totals(self, window: Any) -> Ints:
        """Downloads of each repository in one window, and of these what the chain alone says.

        Parameters
        ----------
        window
            The row of a table that `periods.period` makes.

        Returns
        -------
        numpy.ndarray
            (3, n): number of the repository, downloads, those of the chain; without those that are none.
        """
        row, until = _those_in(self._found, window)
        since = np.full(len(row), window.since)
        start = np.searchsorted(self._ended, _keys(row, since), side="right")
        whole = np.maximum(np.searchsorted(self._began, _keys(row, since)), start)
        stop = np.maximum(np.searchsorted(self._ended, _keys(row, until), side="right"), whole)
        end = np.searchsorted(self._began, _keys(row, until))
        total = self._total[stop] - self._total[whole]
        chained = self._chained[stop] - self._chained[whole]
        for first, last in ((start, whole), (stop, end)):
            of, at = members(first, last)
            began, ended = self._steps.began[at], self._steps.ended[at]
            inside = np.minimum(ended, until[of]) - np.maximum(began, since[of])
            gain = _cut(self._steps, at, np.maximum(inside, 0))
            np.add.at(total, of, gain)
            np.add.at(chained, of, np.where(self._is_chained[at], gain, 0))
        return _rounded(self._found, row, total, chained)


class AsRead:
    """The same without cutting: what was gained falls whole at the reading that found it.

    Parameters
    ----------
    found
        The gains.
    frozen
        As `periods.frozen_times` makes it.
    """

    def __init__(self, found: Gains, frozen: pd.DataFrame) -> None:
        steps, kept = found.steps, np.flatnonzero(found.kind != TIMED)
        ended = np.concatenate([steps.ended[kept], found.frozen.ended])
        gain = np.concatenate([steps.gain[kept], found.frozen.gain])
        keys = _keys(np.concatenate([steps.row[kept], found.frozen.row]), ended)
        order = np.argsort(keys, kind="stable")
        self._found, self._ended = found, keys[order]
        caught_up = np.isin(ended, frozen.loc[frozen["caught_up"] == 1, "until"].to_numpy())
        self._total = _running(gain[order])
        self._without = _running(np.where(caught_up, 0, gain)[order])

    def totals(self, window: Any) -> Ints:
        """As `AsCut.totals`; the chain says none."""
        row, until = _those_in(self._found, window)
        start = np.searchsorted(self._ended, _keys(row, window.since), side="right")
        stop = np.searchsorted(self._ended, _keys(row, until), side="right")
        running = self._without if window.skips_caught_up else self._total
        total = running[stop] - running[start]
        return _rounded(self._found, row, total, np.zeros(len(row), dtype=np.int64))


def _keys(row: Ints, moment: Ints | int) -> Ints:
    """One number of a repository and a moment, in the order of both."""
    return np.asarray(row * SPAN + np.clip(moment, 0, SPAN - 1))


def _running(values: Ints) -> Ints:
    """Sum of all before each place, and of all."""
    return np.append(np.int64(0), np.cumsum(values))


def _those_in(found: Gains, window: Any) -> tuple[Ints, Ints]:
    """Repositories that can count in a window, and until when each does."""
    until = np.minimum(window.until, found.created + window.age_limit)
    is_born = (found.created >= window.born_since) & (found.created < window.born_until)
    row = np.flatnonzero(is_born & (until > window.since))
    return row, until[row]


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
        gain = _cut(found.steps, at[some], inside[some])
        np.add.at(total, week[some] * size + of[row[at[some]]], gain)
    total += 500
    kept = np.flatnonzero(total >= _LEAST)
    week, pair = np.divmod(kept, size)
    ends = weeks["period"].to_numpy()
    return pd.DataFrame({"pair": pair, "week": ends[week], "downloads": total[kept] // 1000})


def _cut(steps: Steps, some: Ints, inside: Ints) -> Ints:
    """What falls within a part of each gain's time."""
    span = steps.ended[some] - steps.began[some]
    return np.asarray(np.floor(steps.gain[some] * (1.0 * inside / span)).astype(np.int64))


def _rounded(found: Gains, row: Ints, total: Ints, chained: Ints) -> Ints:
    """Thousandths, rounded to whole downloads; those that are none are left out."""
    total, chained = total + 500, chained + 500
    kept = np.flatnonzero(total >= _LEAST)
    return np.stack([found.first_id + row[kept], total[kept] // 1000, chained[kept] // 1000])
