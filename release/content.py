"""Whether two files are the same: in bytes, or in what they hold.

On one kind of machine all outputs are the same bytes. What may differ between platforms is named here
and nowhere else: how bytes are compressed (PNG, PDF), a PDF's identifier, and the last digits of a number
that a floating-point library of another make has computed.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator
from typing import Any

BYTES, CONTENT, DIFFERS = "same bytes", "same content", "differs"
RELATIVE, ABSOLUTE = 1e-10, 1e-12
"""How far two printed numbers may be apart: results have twelve digits."""
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w])")
_OF_FILE = {"/Length", "/Filter", "/DecodeParms", "/ID"}
"""Keys of PDF objects that say how, and in which file, something is stored."""
_IDENTIFIERS = re.compile(r"(DocumentID|InstanceID)([=>]\"?)[^\"<]*")


def compared(made: bytes, committed: bytes, suffix: str) -> str:
    """Say how two files of one kind compare.

    Parameters
    ----------
    made, committed
        Their bytes.
    suffix
        The ending of their names, which says how they are read.
    """
    if made == committed:
        return BYTES
    same = {".png": _same_picture, ".pdf": _same_pdf}.get(suffix, _same_bytes)
    return CONTENT if same(made, committed) else DIFFERS


def _same_picture(made: bytes, committed: bytes) -> bool:
    """Whether two pictures have the same pixels and texts."""
    from PIL import Image

    def read(data: bytes) -> tuple[Any, ...]:
        with Image.open(io.BytesIO(data)) as picture:
            return picture.mode, picture.size, picture.info, picture.tobytes()

    return read(made) == read(committed)


def _same_pdf(made: bytes, committed: bytes) -> bool:
    """Whether two PDFs have the same objects, and streams of the same content."""
    ours, theirs = dict(_objects(made)), dict(_objects(committed))
    return ours.keys() == theirs.keys() and all(
        _same_bytes(one, other)
        for key in ours
        for one, other in zip(ours[key], theirs[key], strict=True)
    )


def _objects(data: bytes) -> Iterator[tuple[int, tuple[bytes, bytes]]]:
    """Number, entries and unpacked stream of each object of a PDF."""
    from pypdf import PdfReader
    from pypdf.generic import IndirectObject, StreamObject

    reader = PdfReader(io.BytesIO(data))
    numbers = {n for table in reader.xref.values() for n in table} | set(reader.xref_objStm)
    for number in sorted(numbers - {0}):
        found = reader.get_object(IndirectObject(number, 0, reader))
        if isinstance(found, StreamObject) and found.get("/Type") in {"/ObjStm", "/XRef"}:
            continue
        stream = found.get_data() if isinstance(found, StreamObject) else b""
        yield number, (repr(_plain(found)).encode(), stream)


def _plain(value: Any) -> Any:
    """An object of a PDF as text and lists, without what says how it is stored."""
    from pypdf.generic import IndirectObject

    if isinstance(value, IndirectObject):
        return ["R", value.idnum]
    if isinstance(value, dict):
        items = value.raw_items() if hasattr(value, "raw_items") else value.items()
        return sorted([str(key), _plain(item)] for key, item in items if key not in _OF_FILE)
    if isinstance(value, list):
        return [_plain(item) for item in list.__iter__(value)]
    return str(value)


def _same_bytes(made: bytes, committed: bytes) -> bool:
    """Whether two contents are equal, or are texts that are equal but for the last digits of numbers."""
    if made == committed:
        return True
    try:
        ours, theirs = (_IDENTIFIERS.sub(r"\1\2", x.decode("utf-8")) for x in (made, committed))
    except UnicodeDecodeError:
        return False
    if _NUMBER.split(ours) != _NUMBER.split(theirs):
        return False
    pairs = zip(_NUMBER.findall(ours), _NUMBER.findall(theirs), strict=True)
    return all(a == b or _near(a, b) for a, b in pairs)


def _near(one: str, other: str) -> bool:
    """Whether two printed numbers are apart by rounding alone; whole numbers must be the same."""
    if not any("." in text or "e" in text.lower() for text in (one, other)):
        return False
    return math.isclose(float(one), float(other), rel_tol=RELATIVE, abs_tol=ABSOLUTE)
