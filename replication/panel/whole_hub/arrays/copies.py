"""Rows of an extract that hold several of one id, or stand in another order: put in order, copies as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from replication.panel.whole_hub.arrays import reading
from replication.panel.whole_hub.arrays.reading import (
    NUMBERS,
    TEXTS,
    UNDATED,
    Extract,
    Ints,
    Mask,
    Rows,
)

_LATE = np.iinfo(np.int64).max


@dataclass(frozen=True)
class _Held:
    """Texts in memory."""

    columns: dict[str, pa.Array]

    def take(self, column: str, rows: Ints) -> pa.Array:
        """As `Texts.take`."""
        return self.columns[column].take(pa.array(rows))


def merged(extract: Extract, since: int, until: int, earliest: int) -> Rows:
    """The rows of ids that were made in [since, until), in the order of their ids, one an id.

    Of several of one id the largest counts, names and parents hold, and the least moment of creation of
    those that are young enough and were ever downloaded.
    """
    batch = extract.whole(extract.groups(since, until), [*TEXTS, *NUMBERS])
    high, low = reading.packed(batch["repository"])
    order = np.lexsort((low, high))
    order = order[(high[order] >> np.uint64(32) >= since) & (high[order] >> np.uint64(32) < until)]
    batch, high, low = batch.take(pa.array(order)), high[order], low[order]
    created, rolling, counter, counts = reading.numbers(batch, earliest)
    is_head = np.ones(len(high), dtype=bool)
    is_head[1:] = (high[1:] != high[:-1]) | (low[1:] != low[:-1])
    heads = np.flatnonzero(is_head)
    late = np.where(counts & (created != UNDATED), created, _LATE)
    least = _of_each(np.minimum, late, heads)
    texts = {name: _largest(batch[name], heads) for name in ("name", "parents")}
    named = counts & np.asarray(batch["name"].is_valid().to_numpy(zero_copy_only=False))
    return Rows(
        reading.digits(batch["repository"].take(pa.array(heads))),
        np.where(least == _LATE, UNDATED, least),
        _of_each(np.maximum, rolling, heads), _of_each(np.maximum, counter, heads),
        _of_each(np.logical_or, counts, heads), _Held(texts),
        _of_each(np.logical_or, named, heads), np.diff(heads, append=len(high)) - 1,
    )  # fmt: skip


def _of_each(what: np.ufunc, values: Ints | Mask, heads: Ints) -> Any:
    """One value of each run of copies."""
    return what.reduceat(values, heads) if len(heads) else values


def _largest(words: pa.Array, heads: Ints) -> pa.Array:
    """The largest text of each run of copies, null where none has one."""
    sizes = np.diff(heads, append=len(words))
    several = np.flatnonzero(sizes > 1)
    runs = (words.slice(heads[n], sizes[n]).drop_null().to_pylist() for n in several)
    best = pa.array([max(run, default=None) for run in runs], words.type)
    mask = np.zeros(len(heads), dtype=bool)
    mask[several] = True
    return pc.replace_with_mask(words.take(pa.array(heads)), pa.array(mask), best)
