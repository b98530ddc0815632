"""Sums of gains over windows: `sql/window_totals.sql` and `sql/totals_as_read.sql`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from replication.panel.whole_hub.arrays.gains import CHAINED, TIMED, Gains
from replication.panel.whole_hub.arrays.levels import Steps
from replication.panel.whole_hub.arrays.reading import Ints
from replication.panel.whole_hub.periods import Period

LEAST = 1000
"""Thousandths of a download, rounded, below which nothing is kept."""


class Downloads(NamedTuple):
    """Downloads of some repositories, by their numbers, and of these what the chain alone says; without those that are none."""

    id: Ints
    total: Ints
    chained: Ints


class Sums:
    """Sums of some repositories' gains over windows.

    Parameters
    ----------
    found
        The gains.
    moment
        (readings,) unix seconds.
    frozen
        As `periods.frozen_times` makes it.
    """

    def __init__(self, found: Gains, moment: Ints, frozen: pd.DataFrame) -> None:
        self._found, self._moment = found, moment
        self._cut = _AsCut(found, moment)
        self._read = _AsRead(found, moment, frozen)
        self._inside: dict[tuple[int, ...], tuple[Ints, Ints]] = {}

    def as_cut(self, window: Period) -> Downloads:
        """Downloads of each repository in one window, and of these what the chain alone says.

        Parameters
        ----------
        window
            As `periods.period` makes it.

        """
        row, until = self._those_in(window)
        return self._rounded(row, *self._cut.totals(row, window.since, until))

    def as_read(self, window: Period) -> Downloads:
        """The same without cutting: what was gained falls whole at the reading that found it, and the chain says none."""
        row, until = self._those_in(window)
        skips = bool(window.skips_caught_up)
        total = self._read.totals(row, window.since, until, skips=skips)
        return self._rounded(row, total, np.zeros_like(total))

    def _those_in(self, window: Period) -> tuple[Ints, Ints]:
        """Repositories that can count in a window, and until when each does."""
        key, created = _limits(window), self._found.created
        if key not in self._inside:
            until = np.minimum(window.until, created + window.age_limit)
            is_born = (created >= window.born_since) & (created < window.born_until)
            row = np.flatnonzero(is_born & (until > window.since))
            self._inside[key] = row, until[row]
        return self._inside[key]

    def _rounded(self, row: Ints, total: Ints, chained: Ints) -> Downloads:
        """Thousandths, rounded to whole downloads; those that are none are left out."""
        total = total + 500
        kept = np.flatnonzero(total >= LEAST)
        found = self._found.first_id + row[kept], total[kept] // 1000, (chained[kept] + 500) // 1000
        return Downloads(*(smallest(one) for one in found))


def smallest(values: Ints) -> Ints:
    """The values in 32 bits where they fit."""
    fits = not len(values) or values.max() <= np.iinfo(np.int32).max
    return values.astype(np.int32) if fits else values


def on_end(parts: list[Downloads]) -> pa.Table:
    """One table of them."""
    columns = [np.concatenate(several) for several in zip(*parts, strict=True)]
    return pa.table(dict(zip(Downloads._fields, columns, strict=True)))


def alike(is_cut: bool, window: Period, has_caught_up: bool) -> tuple[int, ...]:
    """What tells apart the sums of two windows.

    Parameters
    ----------
    is_cut
        Whether gains are cut at its ends.
    window
        As `periods.period` makes it.
    has_caught_up
        Whether a reading caught up, which a window can leave out.
    """
    return int(is_cut), *_limits(window), int(has_caught_up and window.skips_caught_up)


def _limits(window: Period) -> tuple[int, ...]:
    """What tells apart who counts in a window, and until when."""
    return window._replace(skips_caught_up=0)


class _Ends:
    """Where gains stand that are in the order of their repositories and of the readings at which they end.

    Those of a window are a range for each repository.
    """

    def __init__(self, row: Ints, place: Ints, size: int, moment: Ints) -> None:
        self._moment, self._readings = moment, len(moment)
        ended = np.bincount(row * self._readings + place, minlength=size * self._readings)
        self._before = running(ended)

    def after(self, row: Ints, when: Ints | int) -> Ints:
        """The first gain of each row that ends after a moment, or the first of a later row."""
        place = np.searchsorted(self._moment, when, side="right")
        return np.asarray(self._before[row * self._readings + place])

    def last(self, row: Ints) -> Ints:
        """The first gain of a later row."""
        return np.asarray(self._before[(row + 1) * self._readings])


class _AsCut:
    """Gains that are cut at the ends of windows.

    No two gains of a repository share a time, so that one at most is cut at each end.
    """

    def __init__(self, found: Gains, moment: Ints) -> None:
        self._steps = found.steps
        self._ends = _Ends(found.steps.row, found.place, len(found.created), moment)
        self._is_chained = found.kind == CHAINED
        self._total = running(found.steps.gain)
        self._chained = running(np.where(self._is_chained, found.steps.gain, 0))

    def totals(self, row: Ints, since: int, until: Ints) -> tuple[Ints, Ints]:
        """Thousandths between two moments, and of these what the chain alone says."""
        start, stop = self._ends.after(row, since), self._ends.after(row, until)
        total = self._total[stop] - self._total[start]
        chained = self._chained[stop] - self._chained[start]
        began = np.append(self._steps.began, 0)
        first = np.flatnonzero((start < stop) & (began[start] < since))
        at = start[first]
        lost = cut(self._steps, at, self._steps.ended[at] - since) - self._steps.gain[at]
        last = np.flatnonzero((stop < self._ends.last(row)) & (began[stop] < until))
        to = stop[last]
        more = cut(self._steps, to, until[last] - np.maximum(began[to], since))
        for rows, places, gain in ((first, at, lost), (last, to, more)):
            total[rows] += gain
            chained[rows] += np.where(self._is_chained[places], gain, 0)
        return total, chained


class _AsRead:
    """Gains as they were read; those over a frozen time fall at the reading that caught up, or are left out."""

    def __init__(self, found: Gains, moment: Ints, frozen: pd.DataFrame) -> None:
        row, place, gain = found.steps.row, found.place, found.steps.gain
        if len(found.frozen.row):
            kept = np.flatnonzero(found.kind != TIMED)
            late = np.searchsorted(moment, found.frozen.ended)
            row = np.append(row[kept], found.frozen.row)
            place, gain = np.append(place[kept], late), np.append(gain[kept], found.frozen.gain)
            order = np.argsort(row * len(moment) + place, kind="stable")
            row, place, gain = row[order], place[order], gain[order]
        self._ends = _Ends(row, place, len(found.created), moment)
        self._total = self._without = running(gain)
        caught_up = np.isin(moment, frozen.loc[frozen["caught_up"] == 1, "until"].to_numpy())
        if caught_up.any():
            self._without = running(np.where(caught_up[place], 0, gain))

    def totals(self, row: Ints, since: int, until: Ints, *, skips: bool) -> Ints:
        """Thousandths between two moments."""
        sums = self._without if skips else self._total
        return np.asarray(sums[self._ends.after(row, until)] - sums[self._ends.after(row, since)])


def running(values: Ints) -> Ints:
    """Sum of all before each place, and of all."""
    out = np.zeros(len(values) + 1, dtype=np.int64)
    np.cumsum(values, out=out[1:])
    return out


def cut(steps: Steps, some: Ints, inside: Ints) -> Ints:
    """What falls within a part of each gain's time."""
    span = steps.ended[some] - steps.began[some]
    return np.asarray(np.floor(steps.gain[some] * (1.0 * inside / span)).astype(np.int64))
