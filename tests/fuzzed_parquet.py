"""Nearly valid Parquet files: bytes changed, or a column's name, type, cells or place."""

from __future__ import annotations

import io
from collections.abc import Callable
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from fuzzing import bent_bytes, bent_text, odd_value

KINDS = (
    pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.int8(), pa.int64(), pa.uint64(),
    pa.float16(), pa.float32(), pa.float64(), pa.bool_(), pa.null(), pa.timestamp("s"), pa.timestamp("ns"),
    pa.timestamp("us", "UTC"), pa.timestamp("ms", "Asia/Tokyo"), pa.date32(), pa.date64(), pa.time32("s"),
    pa.duration("s"), pa.decimal128(20, 2), pa.decimal128(38, 0), pa.list_(pa.string()), pa.list_(pa.int64()),
    pa.large_list(pa.string()), pa.struct([("a", pa.string())]), pa.map_(pa.string(), pa.string()),
    pa.dictionary(pa.int32(), pa.string()), pa.dictionary(pa.int8(), pa.int64()), pa.json_(pa.string()),
    pa.struct([("models", pa.list_(pa.struct([("id", pa.string())])))]), pa.list_(pa.struct([("id", pa.string())])),
)  # fmt: skip
EDGES = (0, 1, -1, 2**63 - 1, -(2**63), 10**12, 10**18, 253_402_300_800)
_FAILS = (pa.ArrowException, ValueError, TypeError, OverflowError)


def parquet_bytes(table: pa.Table) -> bytes:
    """A table as a Parquet file."""
    stream = io.BytesIO()
    pq.write_table(table, stream)
    return stream.getvalue()


def bent_parquet(table: pa.Table) -> Callable[[Random], bytes]:
    """What makes a file that is nearly this table: half of them of its bytes, half of its columns."""
    whole = parquet_bytes(table)

    def make(r: Random) -> bytes:
        while r.random() < 0.5:
            try:
                return parquet_bytes(bent_table(r, table))
            except _FAILS:  # Parquet has no such type
                continue
        return bent_bytes(r, whole)

    return make


def bent_table(r: Random, table: pa.Table) -> pa.Table:
    """A table with one or two columns left out, doubled, renamed, of another type, or with odd cells."""
    columns = [(name, table.column(name).combine_chunks()) for name in table.column_names]
    for _ in range(r.choice([1, 1, 2])):
        place = r.randrange(len(columns))
        name, cells = columns[place]
        match r.randrange(7):
            case 0 if len(columns) > 1:
                del columns[place]
            case 1:
                columns.insert(r.randint(0, len(columns)), (name, cells))
            case 2:
                columns[place] = (bent_text(r, name), cells)
            case 3:
                columns[place] = (name, _of_kind(cells, r.choice(KINDS)))
            case 4:
                columns[place] = (name, pa.nulls(len(cells), cells.type))
            case _:
                columns[place] = (name, _with_odd_cell(r, cells))
    return pa.Table.from_arrays(
        [cells for _, cells in columns], names=[name for name, _ in columns]
    )


def _of_kind(cells: pa.Array, kind: pa.DataType) -> pa.Array:
    """Cells as another type; null where they cannot be it."""
    for convert in (lambda: pa.array(cells.to_pylist(), kind), lambda: cells.cast(kind)):
        try:
            made: pa.Array = convert()
        except _FAILS:
            continue
        return made
    return pa.nulls(len(cells), kind)


def _with_odd_cell(r: Random, cells: pa.Array) -> pa.Array:
    """Cells of which one is null, at the edge of its type, or any value that the type can hold."""
    values: list[Any] = cells.to_pylist()
    place = r.randrange(len(values))
    is_number = pa.types.is_integer(cells.type) or pa.types.is_timestamp(cells.type)
    if is_number and r.random() < 0.5:
        numbers = cells.cast(pa.int64()).to_pylist()
        numbers[place] = r.choice(EDGES)
        return pa.array(numbers, pa.int64()).cast(cells.type)
    values[place] = None if r.random() < 0.2 else odd_value(r)
    for kind in (cells.type, None):
        try:
            return pa.array(values, kind)
        except _FAILS:
            continue
    return cells
