"""Parents that the tags and baseModels of a snapshot name, as whole arrays.

Every text is decided by its bytes: where its colons, slashes and blanks stand. No text is matched by a
pattern, and only in rows of three parents or more is one looked up among others.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from replication.sources.snapshots.texts import Bytes, Mask, Places, content

_TAG = "base_model:"
_COLON, _SLASH, _BLANK = ord(":"), ord("/"), ord(" ")
_BLANKS = b"\t\n\f\r "
_ABOVE_BLANKS = max(_BLANKS) + 1
_ADJACENT = 2
"""Names of a row that are all beside each other: a repeated one is next to the first."""
Ints = NDArray[np.int64]


def of_rows(base: pa.Array | None, tags: pa.Array | None, rows: int) -> pa.Array:
    """Parents of each row, separated by a blank: of baseModels where it is filled, else of the tags.

    Parameters
    ----------
    base, tags
        Columns of a snapshot, None where it has none.
    rows
        How many rows there are.

    Returns
    -------
    pyarrow.Array
        Distinct names in the order in which they are stated; null where none is.
    """
    models = (
        pa.nulls(rows, pa.list_(pa.null())) if base is None else pc.struct_field(base, "models")
    )
    is_stated = models.is_valid()
    stated = np.asarray(is_stated.to_numpy(zero_copy_only=False))
    found = pa.nulls(rows, pa.string()) if tags is None else _tagged(tags, ~stated)
    if not stated.any():
        return found
    names = pc.struct_field(models.flatten(), "id")
    return pc.if_else(is_stated, joined(_rows(_sizes(models)), names, rows), found)


def _sizes(lists: pa.Array) -> Ints:
    """Members of each list."""
    return np.asarray(pc.list_value_length(lists).fill_null(0).to_numpy(), dtype=np.int64)


def _rows(sizes: Ints) -> Ints:
    """The row of each member."""
    return np.repeat(np.arange(len(sizes)), sizes)


def _tagged(tags: pa.Array, asked: Mask) -> pa.Array:
    """Parents that tags state: base_model:RELATION:NAME and base_model:NAME; of some rows."""
    every, sizes = tags.flatten(), _sizes(tags)
    is_base = pc.starts_with(every, _TAG).fill_null(False).to_numpy(zero_copy_only=False)
    if not asked.all():
        is_base = is_base & np.repeat(asked, sizes)
    before = np.append(0, np.cumsum(is_base, dtype=np.int64))
    row = _rows(np.diff(before[np.append(0, np.cumsum(sizes))]))
    return joined(row, _without_relation(every.filter(pa.array(is_base))), len(tags))


def _without_relation(tags: pa.Array) -> pa.Array:
    """What follows the second colon of each tag, or the first where there is one alone."""
    if not len(tags):
        return tags
    places, data = content(tags)
    first = places[:-1] + np.int32(len(_TAG) - 1)
    colons = np.append(np.flatnonzero(data == _COLON), len(data))
    second = colons[np.searchsorted(colons, first) + 1]
    start = np.where(second < places[1:], second, first) + 1
    both = np.empty(2 * len(tags) + 1, dtype=np.int32)  # what is left out and what is kept in turn
    both[::2], both[1::2] = places, start
    parts = pa.StringArray.from_buffers(2 * len(tags), pa.py_buffer(both), pa.py_buffer(data))
    return parts.take(pa.array(np.arange(1, 2 * len(tags), 2)))


def joined(row: Ints, names: pa.Array, rows: int) -> pa.Array:
    """The distinct names of each row in the order in which they are stated, separated by blanks.

    Parameters
    ----------
    row, names
        Rows in order, and the texts that they state; what is no name is left out.
    rows
        How many rows there are.
    """
    if not len(names):
        return pa.nulls(rows, pa.string())
    kept = _are_names(names)
    kept[1:] &= (row[1:] != row[:-1]) | ~_equal(names[1:], names[:-1])
    row, names = row[kept], names if kept.all() else names.filter(pa.array(kept))
    several = np.flatnonzero((np.bincount(row, minlength=rows) > _ADJACENT)[row])
    if len(several):
        first = np.ones(len(row), dtype=bool)
        first[several] = _are_first(row[several], names.take(pa.array(several)))
        row, names = row[first], names.filter(pa.array(first))
    return _by_row(row, names, rows)


def _by_row(row: Ints, names: pa.Array, rows: int) -> pa.Array:
    """One text a row, null without a name: the names lie on end, with a blank before each that is not the first."""
    sizes = np.bincount(row, minlength=rows)
    places, data = content(names)
    follows = np.flatnonzero(row[1:] == row[:-1]) + 1
    data = np.insert(data, places[follows], _BLANK)
    blanks = np.append(0, np.cumsum(np.maximum(sizes - 1, 0)))
    ends = places[np.append(0, np.cumsum(sizes))] + blanks.astype(np.int32)
    is_valid = np.packbits(sizes > 0, bitorder="little")
    return pa.StringArray.from_buffers(rows, *map(pa.py_buffer, (ends, data, is_valid)))


def _equal(some: pa.Array, others: pa.Array) -> Mask:
    """Whether texts are equal; a null equals none."""
    equal = pc.equal(some, others).fill_null(False)
    return np.asarray(equal.to_numpy(zero_copy_only=False))


def _are_names(texts: pa.Array) -> Mask:
    """Whether each text is of two parts with a slash between, and without a blank."""
    places, data = content(texts)
    slashes = np.flatnonzero(data == _SLASH)
    at = np.searchsorted(slashes, places)
    inside = np.append(slashes, -1)[at[:-1]]
    are = (np.diff(at) == 1) & (inside > places[:-1]) & (inside < places[1:] - 1)
    if data.min(initial=_ABOVE_BLANKS) < _ABOVE_BLANKS:
        are &= ~_with_blanks(places, data)
    if texts.null_count:
        are &= texts.is_valid().to_numpy(zero_copy_only=False)
    return np.asarray(are)


def _with_blanks(places: Places, data: Bytes) -> Mask:
    """Whether each text has a blank."""
    blanks = np.flatnonzero(np.isin(data, list(_BLANKS)))
    return np.asarray(np.diff(np.searchsorted(blanks, places)) > 0)


def _are_first(row: Ints, names: pa.Array) -> Mask:
    """Whether each name is the first of its kind in its row."""
    codes = names.dictionary_encode().indices.to_numpy().astype(np.int64)
    _, first = np.unique(row << 32 | codes, return_index=True)
    out = np.zeros(len(row), dtype=bool)
    out[first] = True
    return out
