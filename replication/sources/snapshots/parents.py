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
_RELATIONS = tuple(map(len, ("merge", "adapter", "finetune", "quantized")))
"""Bytes of the relations that the Hub knows; another one is found as well, but not as fast."""
_COLON, _SLASH = ord(":"), ord("/")
_BLANKS = b"\t\n\f\r "
_ABOVE_BLANKS = max(_BLANKS) + 1
_ADJACENT = 2
"""Names of a row that are all beside each other: a repeated one is next to the first."""
Ints = NDArray[np.int64]
Rows = NDArray[np.int32]


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
    names = pc.struct_field(models.flatten(), "id").fill_null("")
    places, _ = content(names)
    return pc.if_else(is_stated, joined(_rows(_sizes(models)), names, places[:-1], rows), found)


def _sizes(lists: pa.Array) -> Ints:
    """Members of each list."""
    return np.asarray(pc.list_value_length(lists).fill_null(0).to_numpy(), dtype=np.int64)


def _rows(sizes: Ints) -> Rows:
    """The row of each member."""
    return np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)


def _tagged(tags: pa.Array, asked: Mask) -> pa.Array:
    """Parents that tags state: base_model:RELATION:NAME and base_model:NAME; of some rows."""
    every, sizes = tags.flatten(), _sizes(tags)
    places, data = content(every)
    if not len(data):
        return pa.nulls(len(tags), pa.string())
    # A text without a byte shows the first one of the next, and is no tag that begins so.
    some = np.flatnonzero(np.take(data, places[:-1], mode="clip") == ord(_TAG[0]))
    row = _rows(sizes)[some]
    if not asked.all():
        some, row = some[asked[row]], row[asked[row]]
    named = every.take(pa.array(some))
    is_base = _as_mask(pc.starts_with(named, _TAG).fill_null(False))
    if not is_base.all():
        named, row = named.filter(pa.array(is_base)), row[is_base]
    return joined(row, named, _after_relation(named), len(tags))


def _after_relation(tags: pa.Array) -> Places:
    """Where what follows the second colon of each tag begins, or the first where there is one alone."""
    places, data = content(tags)
    begin = places[:-1] + np.int32(len(_TAG))
    start, found = begin.copy(), len(tags)
    for size in _RELATIONS:
        end = begin + np.int32(size)
        is_end = (np.take(data, end, mode="clip") == _COLON) & (end < places[1:])
        some = np.flatnonzero(is_end & (start == begin))
        start[some], found = end[some] + 1, found + len(some)
    is_colon = data == _COLON
    if np.count_nonzero(is_colon) == found:  # no tag has another colon
        return start
    colons = np.append(np.flatnonzero(is_colon), len(data))
    second = colons[np.searchsorted(colons, begin)]
    return np.where(second < places[1:], second + 1, begin).astype(np.int32)


def joined(row: Rows, texts: pa.Array, start: Places, rows: int) -> pa.Array:
    """The distinct names of each row in the order in which they are stated, separated by blanks.

    Parameters
    ----------
    row, texts
        Rows in order, and the texts that they state.
    start
        Where the name begins in the bytes of each text; what is no name is left out.
    rows
        How many rows there are.
    """
    if not len(texts):
        return pa.nulls(rows, pa.string())
    row, names = _unlike_the_one_before(row, texts, start)
    are = _are_names(names)
    if not are.all():  # two equal ones may be next to each other now
        names = names.filter(pa.array(are))
        row, names = _unlike_the_one_before(row[are], names, content(names)[0][:-1])
    sizes = np.bincount(row, minlength=rows)
    several = np.flatnonzero((sizes > _ADJACENT)[row])
    if len(several):
        first = np.ones(len(row), dtype=bool)
        first[several] = _are_first(row[several], names.take(pa.array(several)))
        row, names = row[first], names.filter(pa.array(first))
        sizes = np.bincount(row, minlength=rows)
    ends = np.append(0, np.cumsum(sizes)).astype(np.int32)
    lists = pa.ListArray.from_arrays(pa.array(ends), names, mask=pa.array(sizes == 0))
    return pc.binary_join(lists, " ")


def _unlike_the_one_before(row: Rows, texts: pa.Array, start: Places) -> tuple[Rows, pa.Array]:
    """What stands in each text from its start on, without what repeats the text before in its row."""
    places, data = content(texts)
    both = np.empty(2 * len(texts) + 1, dtype=np.int32)  # what is left out and what is kept in turn
    both[::2], both[1::2] = places, start
    parts = pa.StringArray.from_buffers(2 * len(texts), pa.py_buffer(both), pa.py_buffer(data))
    kept = np.ones(len(texts), dtype=bool)
    kept[1:] = (row[1:] != row[:-1]) | ~_as_mask(pc.equal(parts[3:], parts[1:-2]))[::2]
    at = np.flatnonzero(kept)
    return row[at], parts.take(pa.array(2 * at + 1))


def _as_mask(booleans: pa.Array) -> Mask:
    """Booleans without a null as an array."""
    return np.asarray(booleans.to_numpy(zero_copy_only=False))


def _are_names(texts: pa.Array) -> Mask:
    """Whether each text is of two parts with a slash between, and without a blank."""
    places, data = content(texts)
    start, end = places[:-1], places[1:]
    inside = np.flatnonzero(data == _SLASH)
    are = np.ones(len(texts), dtype=bool)
    if len(inside) != len(texts) or not ((inside > start) & (inside < end - 1)).all():
        at = np.searchsorted(inside, places)
        inside = np.append(inside, -1)[at[:-1]]
        are = (np.diff(at) == 1) & (inside > start) & (inside < end - 1)
    if data.min(initial=_ABOVE_BLANKS) < _ABOVE_BLANKS:
        are &= ~_with_blanks(places, data)
    return np.asarray(are)


def _with_blanks(places: Places, data: Bytes) -> Mask:
    """Whether each text has a blank."""
    blanks = np.flatnonzero(np.isin(data, list(_BLANKS)))
    return np.asarray(np.diff(np.searchsorted(blanks, places)) > 0)


def _are_first(row: Rows, names: pa.Array) -> Mask:
    """Whether each name is the first of its kind in its row."""
    codes = names.dictionary_encode().indices.to_numpy().astype(np.int64)
    _, first = np.unique(row.astype(np.int64) << 32 | codes, return_index=True)
    out = np.zeros(len(row), dtype=bool)
    out[first] = True
    return out
