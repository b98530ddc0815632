"""One range of ids, read of every extract: the counts of each repository at each reading, in the order of the ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replication.panel.whole_hub.arrays.copies import merged
from replication.panel.whole_hub.arrays.known import Known
from replication.panel.whole_hub.arrays.reading import (
    ABSENT,
    UNDATED,
    Counts,
    Extract,
    Ints,
    Mask,
    NotOrdinaryError,
    Rows,
    Texts,
    Words,
)

_LATE = np.iinfo(np.int64).max
_MORE = 1.25
Where = slice | NDArray[np.int32]


@dataclass(frozen=True)
class Part:
    """Some rows of one reading: what is asked of them when all numbers were read.

    Attributes
    ----------
    reading
        Place of the reading.
    where
        Numbers of the repositories.
    counts, named, copies, texts
        As in `Rows`.
    """

    reading: int
    where: Where
    counts: Mask
    named: Mask | None
    copies: Ints | None
    texts: Texts


@dataclass(frozen=True)
class Range:
    """The repositories of one range that were ever downloaded, in the order of their ids.

    Attributes
    ----------
    ids
        Digits of the id of each.
    created
        Unix seconds.
    first, last
        Places of the first and the last reading at which each counts.
    counter, rolling
        (readings, n), as in `Block`.
    number, known
        Number by which the parts name each, and how many numbers there are.
    parts
        Of every reading, the last one first.
    """

    ids: Words
    created: Ints
    first: Ints
    last: Ints
    counter: Counts
    rolling: Counts
    number: Ints
    known: int
    parts: list[Part]


class _Grid:
    """Counts by reading and number, and what follows of them, for as many numbers as there come to be."""

    def __init__(self, readings: int, size: int) -> None:
        self.counts: Counts = np.full((2, readings, size), ABSENT, dtype=np.int32)
        self.counted = np.zeros((readings, size), dtype=bool)
        self.created = np.full(size, _LATE, dtype=np.int64)

    def hold(self, size: int, most: int) -> None:
        """Make room for so many numbers, and for counts up to the largest."""
        has = len(self.created)
        if most > np.iinfo(self.counts.dtype).max:
            self.counts = self.counts.astype(np.int64)
        if size > has:
            more = int(_MORE * size) - has
            shapes = (*self.counts.shape[:2], more), (len(self.counted), more)
            added = np.full(shapes[0], ABSENT, dtype=self.counts.dtype)
            self.counts = np.concatenate([self.counts, added], axis=2)
            self.counted = np.concatenate([self.counted, np.zeros(shapes[1], dtype=bool)], axis=1)
            self.created = np.append(self.created, np.full(more, _LATE, dtype=np.int64))

    def add(self, reading: int, where: Where, rows: Rows) -> None:
        """The rows of one reading."""
        self.counts[0, reading, where] = rows.counter
        self.counts[1, reading, where] = rows.rolling
        self.counted[reading, where] = rows.counts
        earlier = rows.counts & (rows.created < self.created[where]) & (rows.created != UNDATED)
        some = np.flatnonzero(earlier)
        if len(some):
            at = some + where.start if isinstance(where, slice) else where[some]
            self.created[at] = rows.created[some]


def laid(extracts: Sequence[Extract], span: tuple[int, int], earliest: int) -> Range:
    """Read a range of ids of the extracts of all readings.

    The last reading comes first, as it holds nearly every id that the others hold.

    Parameters
    ----------
    extracts
        Of each reading, in order.
    span
        Seconds in which the ids were made.
    earliest
        Repositories that were created before are too old to count.
    """
    known, parts = Known(), []
    grid = _Grid(len(extracts), max(one.most(*span) for one in extracts))
    for reading in reversed(range(len(extracts))):
        for rows, numbers in _met(extracts[reading], span, earliest, known):
            most = max(rows.counter.max(initial=0), rows.rolling.max(initial=0))
            grid.hold(len(known.number), int(most))
            where = _where(numbers)
            grid.add(reading, where, rows)
            parts.append(Part(reading, where, rows.counts, rows.named, rows.copies, rows.texts))
    return _range(grid, known, parts)


def _met(
    extract: Extract, span: tuple[int, int], earliest: int, known: Known
) -> list[tuple[Rows, Ints]]:
    """The rows of one extract, with their numbers."""
    rows = extract.rows(*span, earliest)
    if rows is not None:
        found = [known.met(one.ids) for one in rows]
        pairs = [(one, at) for one, at in zip(rows, found, strict=True) if at is not None]
        if len(pairs) == len(rows) and _follow(rows, known):
            return pairs
    one = merged(extract, *span, earliest)
    numbers = known.met(one.ids)
    if numbers is None:
        raise NotOrdinaryError
    return [(one, numbers)]


def _follow(rows: list[Rows], known: Known) -> bool:
    """Whether the ids of each part come after those of the part before."""
    ends = [one.ids[at : at + 1 or None] for one in rows for at in (0, -1)]
    return not ends or known.are_in_order(np.concatenate(ends))


def _where(numbers: Ints) -> Where:
    """The numbers, as a slice where each is the next one."""
    if not len(numbers):
        return slice(0, 0)
    first, last = int(numbers[0]), int(numbers[-1])
    if last - first == len(numbers) - 1 and (np.diff(numbers) == 1).all():
        return slice(first, last + 1)
    return numbers.astype(np.int32)


def _range(grid: _Grid, known: Known, parts: list[Part]) -> Range:
    """What was read, of those repositories that were ever downloaded, in the order of their ids."""
    size = len(known.number)
    first, last = (np.full(size, -1, dtype=np.int64) for _ in range(2))
    for reading, counted in enumerate(grid.counted[:, :size]):
        np.copyto(last, reading, where=counted)
        np.copyto(first, reading, where=counted & (first < 0))
    created = grid.created[:size]
    kept, ids = known.in_order((last >= 0) & (created < _LATE))
    counter, rolling = (np.take(one, kept, axis=1) for one in grid.counts)
    return Range(ids, created[kept], first[kept], last[kept], counter, rolling, kept, size, parts)
