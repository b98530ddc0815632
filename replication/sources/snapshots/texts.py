"""Texts of a snapshot as whole arrays: ids, names, and the parents that tags and baseModels name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

ID = 24
"""Hexadecimal digits of an id."""
_PART = 96
_NAME = r"\A([\w.-]{1,96}/)?[\w.-]{1,96}\z"
_PARENT = r"\A[^/\s]+/[^/\s]+\z"
_TAG = r"\Abase_model:([^:]*:)?"
_SLASH = ord("/")
_OF_NAMES = np.zeros(256, dtype=bool)
_OF_NAMES[list(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.-/")] = True
Ints = NDArray[np.int64]
Words = NDArray[np.uint64]


def content(texts: pa.Array) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Where each text begins and the last ends, and the bytes of all."""
    _, offsets, data = texts.buffers()
    places = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    if data is None:
        return places, np.zeros(0, np.uint8)
    return places - places[0], np.frombuffer(data, np.uint8)[places[0] : places[-1]]


def are_ids(texts: pa.Array) -> bool:
    """Whether every text is of 24 hexadecimal digits in lower case."""
    present = texts.drop_null()
    places, data = content(present)
    digits = (data - np.uint8(ord("0")) <= 9) | (data - np.uint8(ord("a")) <= 5)
    return bool((np.diff(places) == ID).all() and digits.all())


def keys(ids: pa.Array) -> tuple[Words, Words]:
    """Each id as two numbers: its first and last eight digits, and the eight between them.

    The first eight are the second of its creation, the last end in a number that counts, so that the
    first number alone tells nearly all ids apart.
    """
    _, data = content(ids)
    digits = (data & np.uint8(15)) + np.uint8(9) * (data >> np.uint8(6))
    pairs = digits.view("<u2")
    found = ((pairs << np.uint16(4)) | (pairs >> np.uint16(8))).astype(np.uint8)
    words = found.view(">u4").reshape(-1, 3).astype(np.uint64)
    return words[:, 0] << np.uint64(32) | words[:, 2], words[:, 1]


def in_order(high: Words, low: Words) -> bool:
    """Whether ids stand in the order of their two numbers."""
    before, after = high[:-1], high[1:]
    return bool(((before < after) | ((before == after) & (low[:-1] <= low[1:]))).all())


def are_names(texts: pa.Array) -> bool:
    """Whether every text is a name of the Hub: of its alphabet, at most one namespace before it."""
    present = texts.drop_null()
    return _have_namespaces(present) or bool(
        pc.all(pc.match_substring_regex(present, _NAME), min_count=0).as_py()
    )


def _have_namespaces(texts: pa.Array) -> bool:
    """Whether every text is a name with its namespace: one slash in each, decided by its bytes."""
    places, data = content(texts)
    slashes = np.flatnonzero(data == _SLASH)
    if len(slashes) != len(texts) or not _OF_NAMES[data].all():
        return False
    before, after = slashes - places[:-1], places[1:] - slashes - 1
    inside = (before >= 1) & (before <= _PART) & (after >= 1) & (after <= _PART)
    return bool(inside.all())


def by_value(texts: pa.Array, change: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Change each text that occurs once, however often it does."""
    coded = texts.dictionary_encode()
    return change(coded.dictionary).take(coded.indices)


def of_tags(tags: pa.Array) -> pa.Array:
    """The parents that tags state: base_model:RELATION:NAME and base_model:NAME."""
    return pc.replace_substring_regex(tags, _TAG, "")


def joined(found: Sequence[tuple[Ints, pa.Array]], rows: int) -> pa.Array:
    """The distinct names of each row in the order in which they are stated, separated by blanks.

    Parameters
    ----------
    found
        Rows in order, and the texts that they state; what is no name is left out.
    rows
        How many rows there are.
    """
    texts = pa.concat_arrays([pa.array([], pa.string()), *(texts for _, texts in found)])
    place = np.concatenate([np.zeros(0, dtype=np.int64), *(place for place, _ in found)])
    coded = texts.dictionary_encode()
    are_parents = pc.match_substring_regex(coded.dictionary, _PARENT)
    codes = coded.indices.fill_null(-1).to_numpy().astype(np.int64)
    is_parent = np.append(are_parents.to_numpy(zero_copy_only=False), False)[codes]
    place, codes = _distinct(place[is_parent], codes[is_parent])
    return _by_row(place, coded.dictionary.take(pa.array(codes)), rows)


def _distinct(place: Ints, codes: Ints) -> tuple[Ints, Ints]:
    """Each pair of row and code once, by row, in the order in which they are stated."""
    _, first = np.unique(place << 32 | codes, return_index=True)
    first = first[np.argsort(place[first] << 32 | first)]
    return place[first], codes[first]


def _by_row(place: Ints, names: pa.Array, rows: int) -> pa.Array:
    """One text a row: null without a name. The places are in order."""
    ends = np.searchsorted(place, np.arange(rows + 1)).astype(np.int32)
    lists = pa.ListArray.from_arrays(pa.array(ends), names)
    return pc.if_else(pa.array(np.diff(ends) > 0), pc.binary_join(lists, " "), None)
