"""Extracts read by ranges of ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from replication.sources.snapshots import texts

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]
Mask = NDArray[np.bool_]
NULL, ABSENT = -1, -2
"""In place of a count: not read, and no row at this reading."""
UNDATED = np.int64(-1 << 62)
BITS = 40
"""A count is below two to this power."""
RANGE_ROWS = 1 << 16
"""Rows of the largest extract that are read together, about."""
_NUMBERS = ("created", "rolling", "counter")
_COLUMNS = ["repository", "name", *_NUMBERS, "parents"]
_END = 1 << 32
"""A second after every id's."""


class NotOrdinaryError(Exception):
    """The extracts hold what only the SQL reads."""


@contextmanager
def _ordinary() -> Iterator[None]:
    """Leave what cannot be read to the statements, which say so."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        raise NotOrdinaryError from error


@dataclass(frozen=True)
class Rows:
    """Rows of one extract in the order of their ids, one an id.

    Attributes
    ----------
    high, low
        The id as two numbers, by which the rows are in order.
    created
        Unix seconds: the least of the copies that are young enough and were ever downloaded.
    rolling, counter
        The largest of the copies; `NULL` where none has one.
    names, parents
        The largest of the copies.
    counts
        Whether any copy is young enough and was ever downloaded.
    named
        Whether any such copy has a name.
    copies
        Rows of the same id beside the first.
    ids
        As text.
    """

    high: Words
    low: Words
    created: Ints
    rolling: Ints
    counter: Ints
    counts: Mask
    named: Mask
    copies: Ints
    ids: pa.Array
    names: pa.Array
    parents: pa.Array


class Extract:
    """One extract: the ranges of ids of its row groups, and the rows of any range."""

    def __init__(self, path: Path) -> None:
        with _ordinary():
            self._file = pq.ParquetFile(path)
        schema, self._has_ids = self._file.schema_arrow, True
        if not (
            set(_COLUMNS) <= set(schema.names)
            and all(schema.field(name).type == pa.int64() for name in _NUMBERS)
            and all(schema.field(n).type == pa.string() for n in ("repository", "name", "parents"))
        ):
            raise NotOrdinaryError
        with _ordinary():
            self._ends = [self._group(n) for n in range(self._file.num_row_groups)]

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

    def _group(self, number: int) -> tuple[int, int]:
        """The seconds in which the first and the last id of a row group were made."""
        found = self._file.metadata.row_group(number).column(self._column).statistics
        if found is None or not found.has_min_max or found.null_count is None:
            self._has_ids = False
            return 0, _END - 1
        self._has_ids &= not found.null_count
        return int(found.min[:8], 16), int(found.max[:8], 16)

    @property
    def _column(self) -> int:
        names = [self._file.schema.column(n).path for n in range(len(self._file.schema))]
        return names.index("repository")

    def rows(self, since: int, until: int, earliest: int) -> Rows:
        """The rows of ids that were made in [since, until), in unix seconds.

        Parameters
        ----------
        since, until
            The range.
        earliest
            Repositories that were created before are too old to count.
        """
        groups = [
            n for n, (first, last) in enumerate(self._ends) if first < until and last >= since
        ]
        with _ordinary():
            table = self._file.read_row_groups(groups, columns=_COLUMNS, use_threads=False)
        batch = table.combine_chunks().to_batches()
        if not batch:
            batch = [pa.RecordBatch.from_pylist([], table.schema)]
        high, low = packed(batch[0]["repository"])
        if not texts.in_order(high, low):
            order = np.lexsort((low, high))
            batch, high, low = [batch[0].take(pa.array(order))], high[order], low[order]
        first = np.searchsorted(high, np.uint64(since << 32))
        stop = np.searchsorted(high, np.uint64((until << 32) - 1), side="right")
        part = slice(int(first), int(stop))
        return _rows(
            batch[0].slice(part.start, part.stop - part.start), high[part], low[part], earliest
        )


def ranges(extracts: Sequence[Extract]) -> list[tuple[int, int]]:
    """Ranges of seconds in which ids were made, of about `RANGE_ROWS` rows of the largest extract."""
    largest = max(extracts, key=lambda one: one.size)
    step = max(RANGE_ROWS * len(largest.starts) // max(largest.size, 1), 1)
    inner = sorted({start for start in largest.starts[step::step] if start > 0})
    return list(zip([0, *inner], [*inner, _END], strict=True))


def packed(ids: pa.Array) -> tuple[Words, Words]:
    """Each id as two numbers, in the order of which extracts stand."""
    found = texts.keys(ids)
    if found is None:
        raise NotOrdinaryError
    return found


def _rows(batch: pa.RecordBatch, high: Words, low: Words, earliest: int) -> Rows:
    """The rows, copies of one id as one."""
    created, rolling, counter = (
        batch[name].fill_null(none).to_numpy()
        for name, none in zip(_NUMBERS, (UNDATED, NULL, NULL), strict=True)
    )
    for count, name in ((rolling, "rolling"), (counter, "counter")):
        low_end, is_null = count.min(initial=0), batch[name].null_count
        if count.max(initial=0) >> BITS or low_end < (NULL if is_null else 0) or (
            is_null and (count < 0).sum() > is_null
        ):  # fmt: skip
            raise NotOrdinaryError
    counts = ((created >= earliest) | (created == UNDATED)) & ((rolling > 0) | (counter > 0))
    ids, names, parents = (batch[name] for name in ("repository", "name", "parents"))
    named = counts & np.asarray(names.is_valid().to_numpy(zero_copy_only=False))
    is_head = np.ones(len(high), dtype=bool)
    is_head[1:] = (high[1:] != high[:-1]) | (low[1:] != low[:-1])
    if is_head.all():
        copies = np.zeros(len(high), dtype=np.int64)
        return Rows(
            high, low, created, rolling, counter, counts, named, copies, ids, names, parents
        )
    heads = np.flatnonzero(is_head)
    late = np.where(counts & (created != UNDATED), created, np.iinfo(np.int64).max)
    least = np.minimum.reduceat(late, heads)
    return Rows(
        high[heads], low[heads],
        np.where(least == np.iinfo(np.int64).max, UNDATED, least),
        np.maximum.reduceat(rolling, heads), np.maximum.reduceat(counter, heads),
        np.logical_or.reduceat(counts, heads), np.logical_or.reduceat(named, heads),
        np.diff(heads, append=len(high)) - 1,
        ids.take(pa.array(heads)), _largest(names, heads), _largest(parents, heads),
    )  # fmt: skip


def _largest(words: pa.Array, heads: Ints) -> pa.Array:
    """The largest text of each run of copies, null where none has one."""
    sizes = np.diff(heads, append=len(words))
    several = np.flatnonzero(sizes > 1)
    runs = (words.slice(heads[n], sizes[n]).drop_null().to_pylist() for n in several)
    best = pa.array([max(run, default=None) for run in runs], words.type)
    mask = np.zeros(len(heads), dtype=bool)
    mask[several] = True
    return pc.replace_with_mask(words.take(pa.array(heads)), pa.array(mask), best)
