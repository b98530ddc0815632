"""The ids that were met in a range, and the numbers of those that a reading holds."""

from __future__ import annotations

import numpy as np

from replication.panel.whole_hub.arrays.reading import Ints, Mask, Words, as_text, packed

_STEP = 128
"""Rows of a reading of which one is looked up, and the others are compared with those that follow."""


class Known:
    """The ids that were met, in order, each with the number of its arrival.

    Two readings hold mostly the same ids in the same order, so that a row is nearly always the id that
    follows on that of the row before. What differs there is searched for.
    """

    def __init__(self) -> None:
        self._ids: Words = np.zeros((0, 3), dtype=np.uint64)
        self._high: Words = np.zeros(0, dtype=np.uint64)
        self._low: Words = np.zeros(0, dtype=np.uint64)
        self.number: Ints = np.zeros(0, dtype=np.int64)

    def met(self, ids: Words) -> Ints | None:
        """Numbers of the ids; those that were not met get the next ones. None where they are not in order, or one is there twice."""
        place, other = self._guessed(ids)
        high, low = packed(as_text(ids[other]))
        place[other], is_known = self._searched(high, low)
        new = other[~is_known]
        high, low = high[~is_known], low[~is_known]
        if not _in_order(place, new, high, low):
            return None
        if not len(new):
            return self.number[place]
        old = np.ones(len(ids), dtype=bool)
        old[new] = False
        numbers = np.empty(len(ids), dtype=np.int64)
        numbers[old] = self.number[place[old]]
        numbers[new] = len(self.number) + np.arange(len(new))
        self.number = np.insert(self.number, place[new], numbers[new])
        self._ids = np.insert(self._ids, place[new], ids[new], axis=0)
        self._low = np.insert(self._low, place[new], low)
        self._high = np.insert(self._high, place[new], high)
        return numbers

    def are_in_order(self, ids: Words) -> bool:
        """Whether ids that were met stand in order; those of a pair may be the same."""
        place, _ = self._searched(*packed(as_text(ids)))
        return bool((place[1:] >= place[:-1]).all() and (place[2::2] > place[1:-1:2]).all())

    def in_order(self, kept: Mask) -> tuple[Ints, Words]:
        """Numbers of those that are kept, in the order of their ids as text, and the ids."""
        some = np.flatnonzero(kept[self.number])
        high, middle = self._high[some], self._low[some]
        seconds, last = high >> np.uint64(32), high & np.uint64(0xFFFFFFFF)
        some = some[np.lexsort((last, middle, seconds))]
        return self.number[some], self._ids[some]

    def _guessed(self, ids: Words) -> tuple[Ints, Ints]:
        """Place of each id if it follows on the one before, and the rows where it does not."""
        rows = np.arange(len(ids))
        if not len(self._ids) or not len(ids):
            return np.zeros(len(ids), dtype=np.int64), rows
        heads = rows[::_STEP]
        high, _ = packed(as_text(ids[heads]))
        shift = np.searchsorted(self._high, high) - heads
        if (shift == shift[0]).all() and shift[0] + len(ids) <= len(self._ids):
            place = rows + shift[0]
            there = self._ids[shift[0] : shift[0] + len(ids)]
        else:
            place = rows + np.repeat(shift, _STEP)[: len(ids)]
            np.minimum(place, len(self._ids) - 1, out=place)
            there = self._ids.take(place, axis=0)
        differs = there != ids
        return place, np.flatnonzero(differs.any(axis=1)) if differs.any() else rows[:0]

    def _searched(self, high: Words, low: Words) -> tuple[Ints, Mask]:
        """Place of each id, or of the first that is larger, and whether it is there."""
        place = np.searchsorted(self._high, high)
        moving = np.flatnonzero(~self._are_at(place, high, low))
        while len(moving := self._smaller(place, high, low, moving)):
            place[moving] += 1
        return place, self._are_at(place, high, low)

    def _are_at(self, place: Ints, high: Words, low: Words) -> Mask:
        """Whether each id stands at its place."""
        if not len(self._high):
            return np.zeros(len(place), dtype=bool)
        inside = np.minimum(place, len(self._high) - 1)
        is_at = (self._high[inside] == high) & (self._low[inside] == low)
        return np.asarray(is_at & (place < len(self._high)))

    def _smaller(self, place: Ints, high: Words, low: Words, some: Ints) -> Ints:
        """Those of some at whose place an id of the same first number is smaller."""
        some = some[place[some] < len(self._high)]
        at = place[some]
        is_before = (self._high[at] == high[some]) & (self._low[at] < low[some])
        return np.asarray(some[is_before])


def _in_order(place: Ints, new: Ints, high: Words, low: Words) -> bool:
    """Whether rows stand in the order of their ids, each once: at places of ids, or as new ones before them."""
    if not len(new):
        return bool((place[1:] > place[:-1]).all())
    is_new = np.zeros(len(place), dtype=bool)
    is_new[new] = True
    rank = 2 * place + ~is_new
    both = is_new[1:] & is_new[:-1]
    rises = (high[1:] > high[:-1]) | ((high[1:] == high[:-1]) & (low[1:] > low[:-1]))
    return bool(((rank[1:] > rank[:-1]) | (both & (rank[1:] == rank[:-1]))).all() and rises.all())
