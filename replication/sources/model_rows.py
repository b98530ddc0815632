"""Rows of the Hub's list of models: what may stand in each field, and the table that they make.

A field that the list does not have is null. A cell that cannot be right becomes null too and is
told of; a row without an `_id`, by which rows are joined, is left out and told of. What is told
names the page, the row and the field, and the kind of value that was found, never the value: what a
server sends may repeat what was sent to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from replication.errors import ContractError
from replication.sources.extract import MOST

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]

COUNTS = ("downloads", "downloadsAllTime")
TIMES = ("createdAt", "lastModified")
_ID = re.compile(r"[0-9a-f]{24}")
_NAME = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}", re.ASCII)
_TIME = re.compile(r"(?:19[7-9]\d|20\d\d)-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z", re.ASCII)
_REMEDY = "check that HF_ENDPOINT is a Hub; if it is, its list of models has changed"
NO_COUNTS = "check that HF_ENDPOINT is a Hub: a mirror may not know the parameter expand[]"


FEW = 5
"""Malformed rows that any page may hold, however short it is."""
SHARE = 0.1
"""Part of a page's rows that may be malformed; above it, the page is no page of models."""


@dataclass(frozen=True)
class Malformed:
    """A cell that cannot be right, or a row without an `_id`."""

    page: int
    """From 1."""
    row: int
    """Within the page, from 1."""
    repository: str
    """`_id` of the row, empty where it has none."""
    name: str
    """Name of the row, empty where it has none."""
    field: str
    """Empty where the whole row is no object."""
    found: str
    """Kind of what stands there."""

    @property
    def column(self) -> str:
        """Column that it counts for: what is no object has no `_id` either."""
        return self.field or "_id"

    def __str__(self) -> str:
        place = f"page {self.page:,}, row {self.row:,}"
        if not self.field:
            return f"{place} is {self.found} and no object"
        return (
            f"{place}: field {self.field} is {self.found} where {FIELDS[self.field][1]} must stand"
        )


def checked(items: list[Any], page: int) -> tuple[list[Row], list[Malformed]]:
    """Return the rows of one page, with the fields of `schema` and no others, and what was wrong.

    Parameters
    ----------
    items
        The page as JSON gave it.
    page
        Its number, from 1.

    Raises
    ------
    ContractError
        More than `FEW` rows and more than `SHARE` of them are malformed, or a page of more than
        `FEW` rows states no count.
    """
    rows: list[Row] = []
    wrong: list[Malformed] = []
    for number, item in enumerate(items, 1):
        row, faults = _checked(item, page, number)
        wrong += faults
        rows += [] if row is None else [row]
    _require_models(rows, wrong, page, len(items))
    return rows, wrong


def _require_models(rows: list[Row], wrong: list[Malformed], page: int, size: int) -> None:
    """Refuse a page of which too much is malformed, or that states no downloads."""
    bad = len({fault.row for fault in wrong})
    if bad > max(FEW, SHARE * size):
        raise ContractError(
            f"page {page:,} holds {bad:,} malformed rows among {size:,}, the first: {wrong[0]}",
            _REMEDY,
        )
    if len(rows) > FEW and not any(map(has_count, rows)):
        raise ContractError(f"page {page:,} states no downloads", NO_COUNTS)


def has_count(row: Row) -> bool:
    """Whether the row states any of its counts."""
    return any(row[count] is not None for count in COUNTS)


def _checked(item: Any, page: int, number: int) -> tuple[Row | None, list[Malformed]]:
    """Return the known fields of one row, None where it has no `_id`, and what was wrong."""
    if not isinstance(item, dict):
        return None, [Malformed(page, number, "", "", "", _kind(item))]
    row = {name: item.get(name) for name in FIELDS}
    odd = [name for name, (fits, _) in FIELDS.items() if not fits(row[name])]
    row |= dict.fromkeys(odd)
    told = [
        Malformed(page, number, row["_id"] or "", row["id"] or "", name, _kind(item.get(name)))
        for name in odd
    ]
    if row["_id"] is None:
        return None, [fault for fault in told if fault.field == "_id"]
    row["baseModels"] = _parents(row["baseModels"])
    return row, told


def _kind(value: Any) -> str:
    """What a value is, in the words of JSON."""
    if value is None:
        return "null or missing"
    names = {bool: "a truth value", int: "a number", float: "a number", str: "text", list: "a list"}
    return names.get(type(value), "an object")


def _is_text(value: Any) -> bool:
    """Whether the value is text that UTF-8 can write; half of a surrogate pair is not."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _is_name(value: Any) -> bool:
    return _is_text(value) and _NAME.fullmatch(value) is not None


def _is_count(value: Any) -> bool:
    """Whether the value is a whole number in [0, `MOST`]; True is an int in Python, and none here."""
    return type(value) is int and 0 <= value <= MOST


def _is_time(value: Any) -> bool:
    """Whether the value is a moment in UTC of the years 1970 to 2099, as the Hub writes it."""
    if not isinstance(value, str) or _TIME.fullmatch(value) is None:
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(_is_text(item) for item in value)


def _is_lineage(value: Any) -> bool:
    """Whether the value is {relation, models: [{_id, id}]}; relation and _id may be null."""
    if not isinstance(value, dict) or not isinstance(value.get("models"), list):
        return False
    return _or_null(_is_text)(value.get("relation")) and all(
        isinstance(model, dict) and _or_null(_is_id)(model.get("_id")) and _is_text(model.get("id"))
        for model in value["models"]
    )


def _or_null(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Allow null besides."""
    return lambda value: value is None or fits(value)


_COUNT = (_or_null(_is_count), f"a whole number from 0 to {MOST:.0e}")
_MOMENT = (_or_null(_is_time), "a moment such as 2025-02-26T00:00:00.000Z")
_TEXT = (_or_null(_is_text), "text")
FIELDS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "_id": (_is_id, "an id of 24 hexadecimal digits"),
    "id": (_is_name, "a name as owner/name"),
    "author": _TEXT,
    "createdAt": _MOMENT,
    "lastModified": _MOMENT,
    "downloads": _COUNT,
    "downloadsAllTime": _COUNT,
    "likes": _COUNT,
    "tags": (_or_null(_is_texts), "a list of text"),
    "baseModels": (_or_null(_is_lineage), "{relation, models: [{_id, id}]}"),
    "pipeline_tag": _TEXT,
    "library_name": _TEXT,
}
"""What may stand in each field of a row, and how a message says it."""


def _parents(lineage: Row | None) -> Row | None:
    """Return the lineage with its known members only."""
    if lineage is None:
        return None
    models = [{"_id": model.get("_id"), "id": model["id"]} for model in lineage["models"]]
    return {"relation": lineage.get("relation"), "models": models}


def schema() -> pa.Schema:
    """Columns and types of a snapshot, as the Hub's weekly snapshots have them."""
    import pyarrow as pa

    time = pa.timestamp("us", tz="UTC")
    parent = pa.struct([("_id", pa.string()), ("id", pa.string())])
    lineage = [("relation", pa.string()), ("models", pa.list_(pa.field("element", parent)))]
    special = {
        "tags": pa.list_(pa.field("element", pa.string())),
        "baseModels": pa.struct(lineage),
        **dict.fromkeys(TIMES, time),
        **dict.fromkeys((*COUNTS, "likes"), pa.int64()),
    }
    return pa.schema([(name, special.get(name, pa.string())) for name in FIELDS])


def table(rows: Iterable[Row]) -> pa.Table:
    """Return checked rows as a table of `schema`."""
    import pyarrow as pa

    return pa.Table.from_pylist([_with_moments(row) for row in rows], schema=schema())


def _with_moments(row: Row) -> Row:
    """Return the row with its times read."""
    moments = {name: datetime.fromisoformat(row[name]) for name in TIMES if row[name]}
    return {**row, **moments}
