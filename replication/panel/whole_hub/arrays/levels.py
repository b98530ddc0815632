"""What the counters of a block gained: moves, spikes, levels and steps, as in the SQL of these names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from replication.panel.whole_hub.arrays.reading import BITS, Counts, Ints, Mask
from replication.panel.whole_hub.arrays.repositories import Block

_MASK = np.int64((1 << BITS) - 1)
NONE = -1
"""In place of a level that a repository has not."""
_NOTHING = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Steps:
    """Gains of counters between one level and the next, in thousandths; `row` is of the block."""

    row: Ints
    began: Ints
    ended: Ints
    gain: Ints

    def only(self, kept: Mask | Ints) -> Steps:
        """Some of them."""
        return Steps(self.row[kept], self.began[kept], self.ended[kept], self.gain[kept])


@dataclass(frozen=True)
class Levels:
    """The staircase of each counter of a block.

    Attributes
    ----------
    row, level, reached
        Every level, and the moment at which it was first read.
    first, first_reached, last_reached
        Of each repository; `NONE` where it has no counter.
    steps
        Between the levels.
    spikes
        ``row, place, taken_back, size``: places of readings.
    envelopes
        ``row, apart``.
    """

    row: Ints
    level: Ints
    reached: Ints
    first: Ints
    first_reached: Ints
    last_reached: Ints
    steps: Steps
    spikes: tuple[Ints, Ints, Ints, Ints]
    envelopes: tuple[Ints, Ints]


def beside(values: Ints, row: Ints, by: int, none: int) -> Ints:
    """The value so many places on (or back, where negative) in the same row, or `none`."""
    out = np.full(len(values), none, dtype=np.int64)
    if by > 0:
        here, there = slice(None, -by), slice(by, None)
    else:
        here, there = slice(-by, None), slice(None, by)
    np.copyto(out[here], values[there], where=row[here] == row[there])
    return out


def levels(block: Block, moment: Ints) -> Levels:
    """The levels of a block's counters.

    Parameters
    ----------
    block
        The repositories.
    moment
        (readings,) unix seconds.
    """
    size = len(block.created)
    row, place, level, falling = _risen(block.counter)
    spikes, envelopes = (_NOTHING,) * 4, (_NOTHING,) * 2
    if len(falling):
        kept = ~np.isin(row, falling)
        more, spikes, envelopes = _mended(np.take(block.counter, falling, axis=1), falling)
        row, place, level = (
            np.append(one[kept], other)
            for one, other in zip((row, place, level), more, strict=True)
        )
    order = by_row(row, size)
    row, level, reached = row[order], level[order], moment[place[order]]
    return Levels(
        row, level, reached, *_ends(row, level, reached, size), _steps(row, level, reached),
        spikes, envelopes,
    )  # fmt: skip


def by_row(row: Ints, size: int) -> Ints:
    """The order of rows, of each as they stand: rows below two to the 16th are sorted digit by digit."""
    return np.argsort(row.astype(np.uint16) if size <= 1 << 16 else row, kind="stable")


def _risen(counter: Counts) -> tuple[Ints, Ints, Ints, Ints]:
    """Where the counters rose above all before, reading after reading: row, place and level; and rows that ever fall."""
    highest = np.full(counter.shape[1], NONE, dtype=counter.dtype)
    falls = np.zeros(len(highest), dtype=bool)
    rows, levels_ = [], []
    for now in counter:
        risen = np.flatnonzero(now > highest)
        falls |= (now < highest) & (now >= 0)
        found = now[risen]
        highest[risen] = found
        rows.append(risen)
        levels_.append(found)
    place = np.repeat(np.arange(len(counter)), [len(one) for one in rows])
    level = np.concatenate(levels_).astype(np.int64)
    return np.concatenate(rows), place, level, np.flatnonzero(falls)


def _mended(
    counters: Counts, rows: Ints
) -> tuple[tuple[Ints, Ints, Ints], tuple[Ints, Ints, Ints, Ints], tuple[Ints, Ints]]:
    """Levels of counters that fall, their spikes, and by how much their envelopes differ."""
    row, place = np.nonzero(counters.T >= 0)
    counter = counters[place, row].astype(np.int64)
    before = beside(counter, row, -1, NONE)
    moved = np.flatnonzero(counter != before)
    row, place, counter, before = (x[moved] for x in (row, place, counter, before))
    spikes, is_spike = _spikes(row, place, counter, before)
    kept = ~is_spike
    row, place, counter = row[kept], place[kept], counter[kept]
    highest = np.maximum.accumulate((row << BITS) + counter) & _MASK
    is_level = highest != beside(highest, row, -1, NONE)
    of, apart = _envelopes(row, counter, highest)
    return (
        (rows[row[is_level]], place[is_level], highest[is_level]),
        (rows[spikes[0]], *spikes[1:]), (rows[of], apart),
    )  # fmt: skip


def _spikes(
    row: Ints, place: Ints, counter: Ints, before: Ints
) -> tuple[tuple[Ints, Ints, Ints, Ints], Mask]:
    """Steps that the next one takes back: the rule of `sql/spikes.sql`."""
    before = np.maximum(before, 0)
    after, second, third = (beside(counter, row, n, NONE) for n in (1, 2, 3))
    size = counter - np.maximum(before, after)
    bound = np.where(after >= before, after - before, 10 * (before - after))
    later = np.minimum(second, np.where(third < 0, second, third))
    is_spike = (after >= 0) & (size > bound) & ((second < 0) | (later < counter))
    found = np.flatnonzero(is_spike)
    return (
        row[found],
        place[found],
        place[np.minimum(found + 1, len(row) - 1)],
        size[found],
    ), is_spike


def _envelopes(row: Ints, counter: Ints, highest: Ints) -> tuple[Ints, Ints]:
    """By how much the running maximum forward and the running minimum backward differ, where they do."""
    if not len(row):
        return row, row
    back = ((row[-1] - row[::-1]) << BITS) + (_MASK - counter[::-1])
    lowest = _MASK - (np.maximum.accumulate(back) & _MASK)[::-1]
    heads = np.flatnonzero(np.diff(row, prepend=-1))
    apart = np.maximum.reduceat(highest - lowest, heads)
    return row[heads][apart > 0], apart[apart > 0]


def _ends(row: Ints, level: Ints, reached: Ints, size: int) -> tuple[Ints, Ints, Ints]:
    """First level of each repository, when it was read, and when the last one was."""
    out: Any = [np.full(size, NONE, dtype=np.int64) for _ in range(3)]
    heads = np.diff(row, prepend=-1) != 0
    out[0][row[heads]], out[1][row[heads]] = level[heads], reached[heads]
    out[2][row] = reached
    return out[0], out[1], out[2]


def _steps(row: Ints, level: Ints, reached: Ints) -> Steps:
    same = np.flatnonzero(row[1:] == row[:-1]) + 1
    gain = 1000 * (level[same] - level[same - 1])
    return Steps(row[same], reached[same - 1], reached[same], gain)
