"""How the columns of a snapshot are read, whatever their types in its era."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from replication.errors import ContractError

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ("_id", "id", "createdAt", "downloads", "downloadsAllTime", "baseModels", "tags")
"""Columns of a snapshot that the extract is made of."""
MODIFIED = "lastModified"
"""Column that only helps to date a snapshot."""
LINEAGE = ("baseModels", "tags")
"""Columns of it that only name the parents: of a type that no era has they are null, and reported."""
REMEDY = (
    "get the file again from where it came; if it is as it was published, its layout is new and "
    "needs a reading of its own in replication/sources/snapshots/sql/extract.sql"
)


@dataclass(frozen=True)
class _Slot:
    """A column of the view `source` of extract.sql and what may stand in it."""

    name: str
    column: str
    null: str
    """SQL type of the null that stands there otherwise."""
    accepts: Callable[[pa.DataType], bool]


def chosen(schema: pa.Schema, name: str) -> tuple[str, tuple[str, ...], dict[str, str]]:
    """Choose how the columns of a snapshot are read, by the schema of its footer.

    Returns
    -------
    tuple of str, tuple of str, dict of str to str
        Columns of the view `source` of extract.sql as SQL, those that are missing, and the type of
        each of `LINEAGE` that is not read.

    Raises
    ------
    ContractError
        It is no snapshot of models, or a column has a type that cannot be read.
    """
    import pyarrow as pa

    _require_once(schema.names, name)
    types = {
        column: _plain(schema.field(column).type)
        for column in (*COLUMNS, MODIFIED)
        if column in schema.names and not pa.types.is_null(schema.field(column).type)
    }
    unread = _unread(name, types)
    filled = []
    for slot in _slots():
        fits = slot.column in types and slot.accepts(types[slot.column])
        value = f'"{slot.column}"' if fits else f"NULL::{slot.null}"
        filled.append(f'{value} AS "{slot.name}"')
    missing = tuple(column for column in COLUMNS if column not in types)
    return ", ".join(filled), missing, unread


def _require_once(names: Sequence[str], name: str) -> None:
    """Refuse two columns that SQL, which knows no case, would take for one another."""
    counts = Counter(column.lower() for column in names)
    for column in (*COLUMNS, MODIFIED):
        if counts[column.lower()] > 1:
            raise ContractError(f"{name} has the column {column} more than once", REMEDY)


def _unread(name: str, types: dict[str, pa.DataType]) -> dict[str, str]:
    """Columns of `LINEAGE` of a type that no era has; refuse other columns of such a type.

    A table that is not of models is refused as well.
    """
    if types.keys().isdisjoint({"_id", "id"}) or types.keys().isdisjoint(COLUMNS[3:5]):
        raise ContractError(
            f"{name} is no snapshot of models: it needs _id or id, and downloads or "
            f"downloadsAllTime, and has of these columns only {', '.join(types) or 'none'}",
            REMEDY,
        )
    slots = _slots()
    odd = {
        column: str(kind)
        for column, kind in types.items()
        if not any(slot.column == column and slot.accepts(kind) for slot in slots)
    }
    for column, kind in odd.items():
        if column not in LINEAGE:
            raise ContractError(f"{name}: column {column} has the type {kind}", REMEDY)
    return odd


def _slots() -> tuple[_Slot, ...]:
    """Columns of the view `source`, in order."""
    from pyarrow import types

    def text(kind: pa.DataType) -> bool:
        return bool(
            types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
        )

    def number(kind: pa.DataType) -> bool:
        return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))

    def time(kind: pa.DataType) -> bool:
        return bool(types.is_timestamp(kind) or types.is_date(kind) or text(kind))

    def texts(kind: pa.DataType) -> bool:
        return _is_list(kind) and text(kind.value_type)

    def models(kind: pa.DataType) -> bool:
        inner = _member(kind, "models")
        return inner is not None and _is_list(inner) and named(inner.value_type)

    def named(kind: pa.DataType) -> bool:
        inner = _member(kind, "id")
        return inner is not None and text(inner)

    return (
        _Slot("_id", "_id", "VARCHAR", text),
        _Slot("id", "id", "VARCHAR", text),
        _Slot("createdAt", "createdAt", "TIMESTAMP", time),
        _Slot(MODIFIED, MODIFIED, "TIMESTAMP", time),
        _Slot("downloads", "downloads", "BIGINT", number),
        _Slot("downloadsAllTime", "downloadsAllTime", "BIGINT", number),
        _Slot("base_struct", "baseModels", "STRUCT(models STRUCT(id VARCHAR)[])", models),
        _Slot("base_text", "baseModels", "VARCHAR", text),
        _Slot("tags_list", "tags", "VARCHAR[]", texts),
        _Slot("tags_text", "tags", "VARCHAR", text),
    )


def _plain(kind: pa.DataType) -> pa.DataType:
    """Type below a dictionary or an extension, such as JSON."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return kind.value_type
    return kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind


def _is_list(kind: pa.DataType) -> bool:
    """Whether the type is a list of any length."""
    from pyarrow import types

    return bool(types.is_list(kind) or types.is_large_list(kind))


def _member(kind: pa.DataType, name: str) -> pa.DataType | None:
    """Type of a struct's member, None where the type has none of that name."""
    from pyarrow import types

    if not types.is_struct(kind) or kind.get_field_index(name) < 0:
        return None
    return kind.field(name).type
