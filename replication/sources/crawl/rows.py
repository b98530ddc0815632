"""Rows of the Hub's list of models: what may stand in each field, and the table that they make.

A field that the list does not have is null. A cell that cannot be right becomes null too and is
reported; a row without an `_id`, by which rows are joined, is left out and reported. A report names
the page, the row and the field, and the kind of value that stands there, never the value: what a
server sends may repeat what was sent to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, TypeAdapter, ValidationError

from replication.errors import ContractError
from replication.sources.hub import MOST

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]

COUNTS = ("downloads", "downloadsAllTime")
TIMES = ("createdAt", "lastModified")
FEW = 5
"""Malformed rows that any page may hold, however short it is."""
SHARE = 0.1
"""Part of a page's rows that may be malformed; above it, the page is no page of models."""
_REMEDY = "check that HF_ENDPOINT is a Hub; if it is, its list of models has changed"
NO_COUNTS = "check that HF_ENDPOINT is a Hub: a mirror may not know the parameter expand[]"


def _existing(moment: str) -> str:
    """Refuse a moment that no calendar has."""
    datetime.fromisoformat(moment)
    return moment


def _written(text: str) -> str:
    """Refuse text that UTF-8 cannot write: half of a surrogate pair."""
    text.encode()
    return text


_Id = Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")]
_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,96}/[A-Za-z0-9_.-]{1,96}$")]
_Text = Annotated[str, AfterValidator(_written)]
_Count = Annotated[int, Field(ge=0, le=MOST)]
_Moment = Annotated[
    str,
    Field(
        pattern=r"^(19[7-9][0-9]|20[0-9]{2})-[0-9]{2}-[0-9]{2}"
        r"T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z$"
    ),
    AfterValidator(_existing),
]


class _Parent(BaseModel):
    """A model that another derives from."""

    key: _Id | None = Field(None, alias="_id")
    id: _Text


class _Lineage(BaseModel):
    """Parents of a model, and how it derives from them."""

    relation: _Text | None = None
    models: list[_Parent]


_COUNT = (TypeAdapter(_Count | None), f"a whole number from 0 to {MOST:.0e}")
_MOMENT = (TypeAdapter(_Moment | None), "a moment such as 2025-02-26T00:00:00.000Z")
_TEXT = (TypeAdapter(_Text | None), "text")
FIELDS: Mapping[str, tuple[TypeAdapter[Any], str]] = {
    "_id": (TypeAdapter(_Id), "an id of 24 hexadecimal digits"),
    "id": (TypeAdapter(_Name), "a name as owner/name"),
    "author": _TEXT,
    "createdAt": _MOMENT,
    "lastModified": _MOMENT,
    "downloads": _COUNT,
    "downloadsAllTime": _COUNT,
    "likes": _COUNT,
    "tags": (TypeAdapter(list[_Text] | None), "a list of text"),
    "baseModels": (TypeAdapter(_Lineage | None), "{relation, models: [{_id, id}]}"),
    "pipeline_tag": _TEXT,
    "library_name": _TEXT,
}
"""What may stand in each field of a row, and how a message says it."""


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
    """What stands there, in the words of JSON."""

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
    row: Row = dict.fromkeys(FIELDS)
    odd = []
    for name, (kind, _) in FIELDS.items():
        try:
            row[name] = kind.validate_python(item.get(name), strict=True)
        except ValidationError:
            odd.append(name)
    wrong = [
        Malformed(page, number, row["_id"] or "", row["id"] or "", name, _kind(item.get(name)))
        for name in odd
    ]
    if row["_id"] is None:
        return None, [fault for fault in wrong if fault.field == "_id"]
    if row["baseModels"] is not None:
        row["baseModels"] = row["baseModels"].model_dump(by_alias=True)
    return row, wrong


def _kind(value: Any) -> str:
    """What a value is, in the words of JSON."""
    if value is None:
        return "null or missing"
    names = {bool: "a truth value", int: "a number", float: "a number", str: "text", list: "a list"}
    return names.get(type(value), "an object")


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
