"""Extracts read by ranges of ids: numbers first, texts of the rows that are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from replication.sources.snapshots import texts

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]
Mask = NDArray[np.bool_]
Counts = NDArray[np.signedinteger[Any]]
"""Counts that stand in as few bits as they need."""
NULL, ABSENT = -1, -2
"""In place of a count: not read, and no row at this reading."""
UNDATED = np.int64(-1 << 62)
BITS = 40
"""A count is below two to this power."""
RANGE_ROWS = 1 << 16
"""Rows of the largest extract that are read together, about."""
NUMBERS = ("created", "rolling", "counter")
TEXTS = ("repository", "name", "parents")
_END = 1 << 32
"""A second after every id's."""
_EIGHT = 8


class NotOrdinaryError(Exception):
    """The extracts hold what only the SQL reads."""


@contextmanager
def ordinary() -> Iterator[None]:
    """Leave what cannot be read to the statements, which say so."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        raise NotOrdinaryError from error


class Texts(Protocol):
    """Where the texts of some rows are."""

    def take(self, column: str, rows: Ints) -> pa.Array:
        """The texts of some of them in `name` or `parents`."""


@dataclass(frozen=True)
class Rows:
    """Some rows of one extract.

    Attributes
    ----------
    ids
        (n, 3): the digits of each id as they are written, eight in a number.
    created
        Unix seconds; `UNDATED` where it is not known.
    rolling, counter
        `NULL` where there is none.
    counts
        Whether each is young enough and was ever downloaded.
    texts
        Names and parents.
    named
        Whether any copy that counts has a name; None where there are no copies.
    copies
        Rows of the same id beside each; None where there are none.
    """

    ids: Words
    created: Ints
    rolling: Ints
    counter: Ints
    counts: Mask
    texts: Texts
    named: Mask | None = None
    copies: Ints | None = None


@dataclass(frozen=True)
class _Group:
    """The numbers of a row group, and the first eight digits of its ids as numbers in their order."""

    number: int
    rows: pa.RecordBatch
    ids: Words
    starts: Words


@dataclass(frozen=True)
class _Read:
    """The texts of a row group from one of its rows on."""

    extract: Extract
    group: int
    first: int

    def take(self, column: str, rows: Ints) -> pa.Array:
        """As `Texts.take`."""
        return self.extract.column(self.group, column).take(pa.array(rows + self.first))


class Extract:
    """One extract: the ranges of ids of its row groups, and the rows of any range.

    The row group that was read last is kept, as two ranges that follow on each other share one.
    """

    def __init__(self, path: Path) -> None:
        with ordinary():
            self._file = pq.ParquetFile(path)
        schema, self._has_ids = self._file.schema_arrow, True
        if not (
            {*NUMBERS, *TEXTS} <= set(schema.names)
            and all(schema.field(name).type == pa.int64() for name in NUMBERS)
            and all(schema.field(name).type == pa.string() for name in TEXTS)
        ):
            raise NotOrdinaryError
        with ordinary():
            self._ends = [self._seconds(n) for n in range(self._file.num_row_groups)]
        self._group: _Group | None = None
        self._texts: dict[str, tuple[int, pa.Array]] = {}

    @property
    def size(self) -> int:
        """Rows."""
        return int(self._file.metadata.num_rows)

    @property
    def starts(self) -> list[int]:
        """The second in which the first id of each row group was made."""
        return [first for first, _ in self._ends]

    @property
    def is_whole(self) -> bool:
        """Whether every row has an id, and the row groups stand in the order of their seconds."""
        ends = [end for both in self._ends for end in both]
        return self._has_ids and ends == sorted(ends)

    def _seconds(self, number: int) -> tuple[int, int]:
        """The seconds in which the first and the last id of a row group were made."""
        names = [self._file.schema.column(n).path for n in range(len(self._file.schema))]
        column = self._file.metadata.row_group(number).column(names.index("repository"))
        found = column.statistics
        if found is None or not found.has_min_max or found.null_count is None:
            self._has_ids = False
            return 0, _END - 1
        self._has_ids &= not found.null_count
        return int(found.min[:_EIGHT], 16), int(found.max[:_EIGHT], 16)

    def groups(self, since: int, until: int) -> list[int]:
        """Row groups that may hold ids of [since, until)."""
        return [n for n, (first, last) in enumerate(self._ends) if first < until and last >= since]

    def most(self, since: int, until: int) -> int:
        """Rows of the row groups of a range: at least as many as in the range."""
        footer = self._file.metadata
        return sum(footer.row_group(n).num_rows for n in self.groups(since, until))

    def column(self, group: int, name: str) -> pa.Array:
        """One column of a row group."""
        known, found = self._texts.get(name, (None, None))
        if known != group:
            found = self.whole([group], [name])[name]
            self._texts[name] = group, found
        return found

    def whole(self, groups: Sequence[int], columns: Sequence[str]) -> pa.RecordBatch:
        """Columns of row groups in one piece."""
        with ordinary():
            table = self._file.read_row_groups(groups, columns=columns, use_threads=False)
        found = table.combine_chunks().to_batches()
        return found[0] if found else pa.RecordBatch.from_pylist([], table.schema)

    def rows(self, since: int, until: int, earliest: int) -> list[Rows] | None:
        """The rows of ids that were made in [since, until), in unix seconds, some in each part.

        Parameters
        ----------
        since, until
            The range.
        earliest
            Repositories that were created before are too old to count.

        Returns
        -------
        list of Rows or None
            In the order of the seconds of their ids; None where they do not stand so.
        """
        out = []
        for number in self.groups(since, until):
            group = self._numbers(number)
            if (group.starts[1:] < group.starts[:-1]).any():
                return None
            ends = (_as_written(since), _as_written(until))
            first, stop = (int(n) for n in np.searchsorted(group.starts, np.array(ends, np.uint64)))
            part = group.rows.slice(first, stop - first)
            if len(part):
                where = _Read(self, number, first)
                out.append(Rows(group.ids[first:stop], *numbers(part, earliest), where))
        return out

    def _numbers(self, number: int) -> _Group:
        """The numbers of a row group."""
        if self._group is None or self._group.number != number:
            rows = self.whole([number], ["repository", *NUMBERS])
            ids = digits(rows["repository"])
            self._group = _Group(number, rows, ids, ids[:, 0].byteswap())
        return self._group


def ranges(extracts: Sequence[Extract]) -> list[tuple[int, int]]:
    """Ranges of seconds in which ids were made, of about `RANGE_ROWS` rows of the largest extract."""
    largest = max(extracts, key=lambda one: one.size)
    step = max(RANGE_ROWS * len(largest.starts) // max(largest.size, 1), 1)
    inner = sorted({start for start in largest.starts[step::step] if start > 0})
    return list(zip([0, *inner], [*inner, _END], strict=True))


def _as_written(second: int) -> int:
    """The eight digits of a second as a number that stands in the same order."""
    return int.from_bytes(b"%08x" % second, "big") if second < _END else (1 << 64) - 1


def digits(ids: pa.Array) -> Words:
    """The digits of each id as they are written, eight in a number."""
    places, data = texts.content(ids)
    if ids.null_count or (np.diff(places) != texts.ID).any():
        raise NotOrdinaryError
    return data.view(np.uint64).reshape(-1, texts.ID // _EIGHT)


def as_text(ids: Words) -> pa.Array:
    """Ids of their digits."""
    ends = pa.array(np.arange(0, texts.ID * (len(ids) + 1), texts.ID, dtype=np.int32))
    data = pa.py_buffer(np.ascontiguousarray(ids))
    return pa.Array.from_buffers(pa.string(), len(ids), [None, ends.buffers()[1], data])


def packed(ids: pa.Array) -> tuple[Words, Words]:
    """Each id as two numbers, in the order of which extracts stand."""
    found = texts.keys(ids)
    if found is None:
        raise NotOrdinaryError
    return found


def numbers(batch: pa.RecordBatch, earliest: int) -> tuple[Ints, Ints, Ints, Mask]:
    """Moment of creation, the counts, and which rows are young enough and were ever downloaded."""
    created = _filled(batch["created"], UNDATED)
    rolling, counter = (_count(batch[name]) for name in ("rolling", "counter"))
    young = created >= earliest
    if batch["created"].null_count:
        young |= created == UNDATED
    return created, rolling, counter, young & ((rolling > 0) | (counter > 0))


def _filled(column: pa.Array, none: int | np.int64) -> Ints:
    """Whole numbers, with `none` where there is none."""
    if column.null_count == len(column):
        return np.full(len(column), none, dtype=np.int64)
    return np.asarray((column.fill_null(none) if column.null_count else column).to_numpy())


def _count(column: pa.Array) -> Ints:
    """Counts, where arrays can hold them."""
    found = _filled(column, NULL)
    known = np.maximum(found, 0) if column.null_count else found
    together = np.bitwise_or.reduce(known, initial=np.int64(0))
    if not 0 <= together < 1 << BITS or (
        column.null_count and (found < 0).sum() > column.null_count
    ):
        raise NotOrdinaryError
    return found
