"""Repositories that were ever downloaded, laid out as one row each and one column a reading."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from replication.panel.whole_hub.arrays.reading import (
    ABSENT,
    UNDATED,
    Extract,
    Ints,
    Mask,
    Rows,
    Words,
    ranges,
)

_LATE = np.iinfo(np.int64).max
BLOCK = 1 << 14
"""Repositories that are computed together: what a processor keeps near."""


@dataclass(frozen=True)
class Block:
    """Some repositories at every reading.

    Attributes
    ----------
    first_id
        Number of the first repository; the others follow.
    created
        (n,) unix seconds.
    last
        (n,) place of the last reading at which each counts.
    counter, rolling
        (n, readings); `NULL` where a row has none, `ABSENT` where there is no row.
    """

    first_id: int
    created: Ints
    last: Ints
    counter: Ints
    rolling: Ints


@dataclass
class Laid:
    """All repositories, and what was counted while they were laid out.

    Attributes
    ----------
    facts
        As the table `repositories` of the SQL.
    movers
        (readings, 4): counters that were read before, of these moved, fell, and their copies.
    missed
        Readings that repositories miss between their first and their last, and how many miss one.
    """

    facts: pa.Table
    movers: Ints
    missed: tuple[int, int]
    parts: list[tuple[Path, int, Ints, Ints]]

    def drop(self) -> None:
        """Free the disk."""
        for path, *_ in self.parts:
            path.unlink()
        self.parts = []

    def blocks(self) -> Iterator[Block]:
        """The repositories, some at a time."""
        for path, first_id, created, last in self.parts:
            both = np.load(path, mmap_mode="r")
            for at in range(0, len(created), BLOCK):
                part = slice(at, at + BLOCK)
                counter, rolling = (np.asarray(both[n, part]) for n in (0, 1))
                yield Block(first_id + at, created[part], last[part], counter, rolling)


class _Known:
    """The ids that were met, in order, each with the number of its arrival."""

    def __init__(self) -> None:
        self.high: Words = np.zeros(0, dtype=np.uint64)
        self.low: Words = np.zeros(0, dtype=np.uint64)
        self.number: Ints = np.zeros(0, dtype=np.int64)

    def met(self, rows: Rows) -> Ints:
        """Numbers of the rows; those that were not met get the next ones."""
        place = np.searchsorted(self.high, rows.high)
        is_known = self._are_known(place, rows)
        if self._pass(place, rows, np.flatnonzero(~is_known)):
            is_known = self._are_known(place, rows)
        new = np.flatnonzero(~is_known)
        numbers = np.empty(len(place), dtype=np.int64)
        numbers[is_known] = self.number[place[is_known]]
        numbers[new] = len(self.high) + np.arange(len(new))
        if len(new):
            self.number = np.insert(self.number, place[new], numbers[new])
            self.low = np.insert(self.low, place[new], rows.low[new])
            self.high = np.insert(self.high, place[new], rows.high[new])
        return numbers

    def in_order(self, kept: Mask) -> Ints:
        """Numbers of those that are kept, in the order of their ids as text."""
        some = np.flatnonzero(kept[self.number])
        high, middle = self.high[some], self.low[some]
        last = high & np.uint64(0xFFFFFFFF)
        order = np.lexsort((last, middle, high >> np.uint64(32)))
        return self.number[some[order]]

    def _are_known(self, place: Ints, rows: Rows) -> Mask:
        """Whether each id stands at its place."""
        if not len(self.high):
            return np.zeros(len(place), dtype=bool)
        inside = np.minimum(place, len(self.high) - 1)
        is_known = (self.high[inside] == rows.high) & (self.low[inside] == rows.low)
        return np.asarray(is_known & (place < len(self.high)))

    def _pass(self, place: Ints, rows: Rows, moving: Ints) -> bool:
        """Move some places behind ids of the same first number that are smaller; whether any moved."""
        moved = False
        while len(moving := self._smaller(place, rows, moving)):
            place[moving] += 1
            moved = True
        return moved

    def _smaller(self, place: Ints, rows: Rows, some: Ints) -> Ints:
        """Those of some at whose place an id of the same first number is smaller."""
        some = some[place[some] < len(self.high)]
        at = place[some]
        is_before = (self.high[at] == rows.high[some]) & (self.low[at] < rows.low[some])
        return np.asarray(some[is_before])


def laid_out(
    extracts: Sequence[Extract],
    labels: Sequence[int],
    earliest: int,
    folder: Path,
    progress: Callable[[str], None],
) -> Laid:
    """Lay out the extracts of all readings.

    Parameters
    ----------
    extracts, labels
        Extract and label of each reading, in order.
    earliest
        Repositories that were created before are too old to count.
    folder
        Receives what is laid out.
    progress
        Called with a line of text before each range of ids.

    Raises
    ------
    NotOrdinaryError
        The extracts hold what only the SQL reads.
    """
    out = Laid(pa.table({}), np.zeros((len(extracts), 4), dtype=np.int64), (0, 0), [])
    tables: list[pa.Table] = []
    spans = ranges(extracts)
    for number, (since, until) in enumerate(spans):
        progress(f"repositories at every reading: part {number + 1} of {len(spans)}")
        rows = [one.rows(since, until, earliest) for one in extracts]
        path = folder / f"laid-{number}.npy"
        first_id = 1 + sum(len(table) for table in tables)
        tables.append(_lay(rows, np.asarray(labels), first_id, path, out))
    out.facts = pa.concat_tables(tables)
    return out


def _lay(rows: list[Rows], labels: Ints, first_id: int, path: Path, out: Laid) -> pa.Table:
    """Lay out one range of ids: write its counts, add to what is counted, and return its facts."""
    known = _Known()
    numbers = [known.met(one) for one in rows]
    size, readings = len(known.number), len(rows)
    counter = np.full((readings, size), ABSENT, dtype=np.int64)
    rolling = np.full((readings, size), ABSENT, dtype=np.int64)
    first, last, named = (np.full(size, -1, dtype=np.int64) for _ in range(3))
    created = np.full(size, _LATE, dtype=np.int64)
    for place, (one, number) in enumerate(zip(rows, numbers, strict=True)):
        counter[place, number], rolling[place, number] = one.counter, one.rolling
        counts = number[one.counts]
        born = one.created[one.counts]
        created[counts] = np.minimum(created[counts], np.where(born == UNDATED, _LATE, born))
        last[counts] = place
        fresh = first[counts] < 0
        first[counts[fresh]] = place
        named[number[one.named]] = place
    kept = known.in_order((last >= 0) & (created < _LATE))
    _count(counter, kept, numbers, rows, out)
    both = np.stack([counter[:, kept].T, rolling[:, kept].T])
    np.save(path, both)
    out.parts.append((path, first_id, created[kept], last[kept]))
    texts = {
        "repository": _at(first, kept, numbers, [one.ids for one in rows]),
        "first_name": _at(first, kept, numbers, [one.names for one in rows]),
        "name": _at(named, kept, numbers, [one.names for one in rows]),
        "parents": _at(last, kept, numbers, [one.parents for one in rows]),
    }
    name = pc.coalesce(texts["name"], texts["repository"])
    return pa.table({
        "id": first_id + np.arange(len(kept)), "repository": texts["repository"],
        "created": created[kept], "first_label": labels[first[kept]],
        "last_label": labels[last[kept]],
        "first_name": pc.coalesce(texts["first_name"], name), "name": name,
        "parents": texts["parents"],
    })  # fmt: skip


def _at(where: Ints, kept: Ints, numbers: list[Ints], words: list[pa.Array]) -> pa.Array:
    """Texts of each repository at the reading that `where` names; null where it names none."""
    found, owners = [pa.nulls(1, pa.string())], [np.array([-1])]
    for place, (number, texts) in enumerate(zip(numbers, words, strict=True)):
        chosen = np.flatnonzero(where[number] == place)
        found.append(texts.take(pa.array(chosen)))
        owners.append(number[chosen])
    source = np.zeros(len(where) + 1, dtype=np.int64)  # a repository without one has the null
    source[np.concatenate(owners)] = np.arange(sum(len(one) for one in owners))
    source[-1] = 0
    return pa.concat_arrays(found).take(pa.array(source[kept]))


def _count(counter: Ints, kept: Ints, numbers: list[Ints], rows: list[Rows], out: Laid) -> None:
    """Add how many counters moved and fell at each reading, and the readings that are missed."""
    is_kept = np.zeros(counter.shape[1], dtype=bool)
    is_kept[kept] = True
    before = np.where(
        is_kept, np.int64(0), np.int64(-1)
    )  # one that is not kept is never read again
    read, first, final = (np.zeros(counter.shape[1], dtype=np.int64) for _ in range(3))
    for place, (now, number, one) in enumerate(zip(counter, numbers, rows, strict=True)):
        is_read = (now > 0) & is_kept
        again = is_read & (before > 0)
        copies = one.copies[again[number]].sum()
        out.movers[place] += [
            again.sum(), (again & (now > before)).sum(), (again & (now < before)).sum(), copies,
        ]  # fmt: skip
        before = np.where(is_read, now, before)
        present = now != ABSENT
        first = np.where(present & (read == 0), place, first)
        final = np.where(present, place, final)
        read += present
    missed = (final - first + 1 - read)[kept]
    out.missed = (out.missed[0] + int(missed.sum()), out.missed[1] + int((missed > 0).sum()))


def movers(laid: Laid, labels: Sequence[int]) -> pd.DataFrame:
    """The table of `sql/movements.sql`."""
    table = pd.DataFrame(laid.movers, columns=["n_again", "n_moved", "n_fell", "n_copies"])
    table.insert(0, "label", np.asarray(labels, dtype=np.int64))
    return table[table["n_again"] > 0].reset_index(drop=True)
