"""How many counters moved and fell at each reading, and the readings that repositories miss."""

from __future__ import annotations

import numpy as np

from replication.panel.whole_hub.arrays.laying import Part, Range
from replication.panel.whole_hub.arrays.reading import ABSENT, Counts, Mask

_NEAR = 1 << 13
"""Repositories that are looked at together: what a processor keeps near."""


class Moves:
    """What was counted of all repositories.

    Attributes
    ----------
    counted
        (readings, 4): counters that were read before, of these moved, fell, and their copies.
    missed
        Readings that repositories miss between their first and their last, and how many miss one.
    """

    def __init__(self, readings: int) -> None:
        self.counted = np.zeros((readings, 4), dtype=np.int64)
        self.missed = (0, 0)


def add(out: Moves, found: Range) -> None:
    """Add those of one range."""
    size = found.counter.shape[1]
    again = np.zeros((len(found.counter), size), dtype=bool)
    for at in range(0, size, _NEAR):
        near = slice(at, at + _NEAR)
        _count(out, found.counter[:, near], again[:, near])
    for part in found.parts:
        if part.copies is not None:
            out.counted[part.reading, 3] += _copies(part, again[part.reading], found)


def _count(out: Moves, counter: Counts, again: Mask) -> None:
    """Count the moves and the missed readings of some repositories, and note which are read again."""
    before = np.zeros_like(counter[0])
    read, first, final = (np.zeros(len(before), dtype=np.int16) for _ in range(3))
    for place, (now, is_again) in enumerate(zip(counter, again, strict=True)):
        present = now != ABSENT
        np.copyto(first, place, where=present & (read == 0))
        np.copyto(final, place, where=present)
        read += present
        is_read = now > 0
        np.logical_and(is_read, before > 0, out=is_again)
        if is_again.any():
            out.counted[place, :3] += [
                np.count_nonzero(is_again), np.count_nonzero(is_again & (now > before)),
                np.count_nonzero(is_again & (now < before)),
            ]  # fmt: skip
        np.copyto(before, now, where=is_read)
    missed = final - first + 1 - read
    number, repositories = out.missed
    out.missed = number + int(missed.sum()), repositories + int(np.count_nonzero(missed))


def _copies(part: Part, again: Mask, found: Range) -> int:
    """Copies of the rows that are read again."""
    is_again = np.zeros(found.known, dtype=bool)
    is_again[found.number] = again
    return int(part.copies[is_again[part.where]].sum()) if part.copies is not None else 0
