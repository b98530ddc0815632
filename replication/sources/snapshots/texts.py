"""Ids and names of a snapshot as whole arrays."""

from __future__ import annotations

import binascii
from binascii import unhexlify

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

ID = 24
"""Hexadecimal digits of an id."""
_PART = 96
_NAME = r"\A([\w.-]{1,96}/)?[\w.-]{1,96}\z"
_SLASH = ord("/")
_LOWER = np.uint8(0x20)
"""The bit that every digit in lower case has, and none in upper case."""
_OF_IDS = b"0123456789abcdef"
_OF_NAMES = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.-/"
Words = NDArray[np.uint64]
Mask = NDArray[np.bool_]
Places = NDArray[np.int32]
Bytes = NDArray[np.uint8]


def content(texts: pa.Array) -> tuple[Places, Bytes]:
    """Where each text begins and the last ends, and the bytes of all."""
    _, offsets, data = texts.buffers()
    places = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    if data is None:
        return places, np.zeros(0, np.uint8)
    return places - places[0], np.frombuffer(data, np.uint8)[places[0] : places[-1]]


def _has_only(data: Bytes, allowed: bytes) -> bool:
    """Whether no byte is another than these."""
    return not data.tobytes().translate(None, allowed)


def are_ids(texts: pa.Array) -> bool:
    """Whether every text is there and is an id: 24 hexadecimal digits in lower case."""
    places, data = content(texts)
    has_size = not texts.null_count and bool((np.diff(places) == ID).all())
    return has_size and _has_only(data, _OF_IDS)


def keys(ids: pa.Array) -> tuple[Words, Words] | None:
    """Each id as two numbers: its first and last eight digits, and the eight between them.

    The first eight are the second of its creation, the last end in a number that counts, so that the
    first number alone tells nearly all ids apart.

    Returns
    -------
    tuple of numpy.ndarray or None
        None where a text is not of 24 hexadecimal digits in lower case, or is missing.
    """
    places, data = content(ids)
    if ids.null_count or not (np.diff(places) == ID).all():
        return None
    if not np.bitwise_and.reduce(data, initial=_LOWER) & _LOWER:
        return None
    try:
        packed = unhexlify(data.tobytes())
    except binascii.Error:
        return None
    words = np.frombuffer(packed, ">u4").reshape(-1, 3).astype(np.uint64)
    return words[:, 0] << np.uint64(32) | words[:, 2], words[:, 1]


def ascend(before: pa.Array, ids: pa.Array) -> bool:
    """Whether ids stand in the order of their `keys`, after those before them."""
    digits = np.concatenate([content(some)[1] for some in (before, ids)])
    first, middle, last = digits.view(">u8").reshape(-1, 3).T
    first = first.astype(np.uint64)
    at = np.flatnonzero(first[:-1] >= first[1:])
    after = at + 1
    in_last = (last[at] < last[after]) | ((last[at] == last[after]) & (middle[at] <= middle[after]))
    return bool(((first[at] == first[after]) & in_last).all())


def are_names(texts: pa.Array) -> bool:
    """Whether every text is a name of the Hub: of its alphabet, at most one namespace before it."""
    present = texts.drop_null() if texts.null_count else texts
    return _have_namespaces(present) or bool(
        pc.all(pc.match_substring_regex(present, _NAME), min_count=0).as_py()
    )


def _have_namespaces(texts: pa.Array) -> bool:
    """Whether every text is a name with its namespace: one slash in each, decided by its bytes."""
    places, data = content(texts)
    slashes = np.flatnonzero(data == _SLASH)
    if len(slashes) != len(texts) or not _has_only(data, _OF_NAMES):
        return False
    before, after = slashes - places[:-1], places[1:] - slashes - 1
    inside = (before >= 1) & (before <= _PART) & (after >= 1) & (after <= _PART)
    return bool(inside.all())
