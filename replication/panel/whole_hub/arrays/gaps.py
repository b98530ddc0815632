"""The chain of repositories whose 30-day counts have gaps: readings without them, or without a count."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replication.panel.whole_hub.arrays.levels import Steps, beside
from replication.panel.whole_hub.arrays.reading import ABSENT, NULL, Ints
from replication.panel.whole_hub.arrays.repositories import Block
from replication.panel.whole_hub.periods import EVER
from replication.panel.whole_hub.readings import DAY, NOON

_NEVER = -1
NO_OVERCOUNTS = (np.zeros(0, dtype=np.int64),) * 3


@dataclass(frozen=True)
class Times:
    """The readings, and the moments and spans of `periods.rules`, in seconds."""

    label: Ints
    moment: Ints
    horizon: int
    anchor: int
    chained_until: int
    month: int


@dataclass(frozen=True)
class Counts:
    """The 30-day counts of a block, one row a reading of a repository."""

    row: Ints
    place: Ints
    rolling: Ints


def chain(block: Block, times: Times) -> tuple[Steps, tuple[Ints, Ints, Ints]]:
    """What the counts say was gained between two readings, in thousandths, and ``row, place, size`` of those that cannot be right."""
    found, wrong = _counts(block, times)
    return _chain(block, found, times), wrong


def _counts(block: Block, times: Times) -> tuple[Counts, tuple[Ints, Ints, Ints]]:
    """The 30-day counts up to the end of the chain, with those that are missing drawn between others."""
    row, place = np.nonzero(block.rolling.T != ABSENT)
    rolling = block.rolling[place, row].astype(np.int64)
    above = _overcounts(row, place, rolling, times)
    found = np.flatnonzero(above > 0)
    wrong = row[found], place[found], above[found]
    rolling[found] = NULL
    is_chained = times.moment[place] <= times.chained_until
    if (rolling[is_chained] == NULL).any():
        _fill(block, row, place, rolling, times)
    kept = np.flatnonzero(is_chained & (rolling != NULL))
    return Counts(row[kept], place[kept], rolling[kept]), wrong


def _overcounts(row: Ints, place: Ints, rolling: Ints, times: Times) -> Ints:
    """By how much each count is above what the readings beside it hold together: `sql/overcounts.sql`."""
    moment = times.moment[place]
    is_read = moment <= times.chained_until + times.month
    size = np.where(is_read, rolling, NULL)
    before, after = beside(size, row, -1, NULL), beside(size, row, 1, NULL)
    above = rolling - before - after
    near = beside(moment, row, 1, EVER) - times.month <= beside(moment, row, -1, _NEVER)
    return np.where((size >= 0) & (before >= 0) & (after >= 0) & near, above, 0)


def _fill(block: Block, row: Ints, place: Ints, rolling: Ints, times: Times) -> None:
    """Draw missing counts between those before and after them: `sql/missing_counts.sql`."""
    size, known = len(row), rolling != NULL
    at = np.arange(size)
    back = np.maximum.accumulate(np.where(known, at, -1))
    on = np.minimum.accumulate(np.where(known, at, size)[::-1])[::-1]
    gaps = np.flatnonzero(~known & (times.moment[place] <= times.chained_until))
    back, on = np.maximum(back[gaps], 0), np.minimum(on[gaps], size - 1)
    owner, created = row[gaps], block.created[row[gaps]]
    before, after = (
        (np.where(known[n] & (row[n] == owner), rolling[n], NULL), place[n]) for n in (back, on)
    )
    rolling[gaps] = between(created, place[gaps], before, after, times)


def between(
    created: Ints, place: Ints, before: tuple[Ints, Ints], after: tuple[Ints, Ints], times: Times
) -> Ints:
    """Counts drawn between others.

    Parameters
    ----------
    created, place
        Of each its repository's moment of creation, and the place of its reading.
    before, after
        Counts and places of the known ones beside it; `NULL` where there is none.
    times
        The readings.

    Returns
    -------
    numpy.ndarray
        The counts; `NULL` where none is known beside it.
    """
    label, label0, label1 = (times.label[n] for n in (place, before[1], after[1]))
    rate0, rate1 = (_rate(n, times.label[at], created, times) for n, at in (before, after))
    has_before, has_after = before[0] != NULL, after[0] != NULL
    part = 1.0 * (label - label0) / np.maximum(label1 - label0, 1)
    rate = np.where(~has_before, rate1, np.where(~has_after, rate0, rate0 + (rate1 - rate0) * part))
    span = np.maximum(np.minimum(times.month, times.moment[place] - created), 1)
    drawn = np.floor(span * rate).astype(np.int64)
    return np.where(has_before | has_after, drawn, NULL)


def _rate(rolling: Ints, label: Ints, created: Ints, times: Times) -> NDArray[np.float64]:
    """Daily rate of a count, in seconds, dated by its label."""
    age = np.minimum(times.month, DAY * label + NOON - created)
    return np.asarray(1.0 * rolling / np.maximum(age, DAY))


def _chain(block: Block, found: Counts, times: Times) -> Steps:
    """What the counts say was gained between two readings: `sql/chain.sql`."""
    row, rolling = found.row, found.rolling
    moment, created = times.moment[found.place], block.created[row]
    before = beside(moment, row, -1, _NEVER)
    began = np.maximum(created, np.where(before == _NEVER, moment - times.month, before))
    kept = np.flatnonzero(began < moment)
    began_, created_, moment_ = began[kept], created[kept], moment[kept]
    total = 1.0 * rolling[kept] / np.maximum(np.minimum(times.month, moment_ - created_), 1)
    used = np.ones(len(kept), dtype=np.int64)
    for n in (1, 2, 3):
        later = beside(moment, row, n, EVER)[kept]
        covers = later - times.month <= began_
        age = np.where(covers, np.minimum(times.month, later - created_), 1)
        total += np.where(covers, 1.0 * beside(rolling, row, n, 0)[kept] / age, 0.0)
        used += covers
    gain = np.floor(1e3 * (moment_ - began_) * total / used).astype(np.int64)
    return Steps(row[kept], began_, moment_, gain)
