"""A released file as a table of counters: Parquet or CSV, each cell parsed, none evaluated."""

from __future__ import annotations

import csv
import re
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from replication.errors import ContractError, SourceError
from replication.sources import parquet
from replication.sources.counters.contract import (
    COLUMNS,
    PARENTS,
    REMEDY,
    TEXT,
    refuse,
    refuse_empty,
    refuse_inexact,
    refuse_repeated,
    require_columns,
    require_types,
    require_values,
    stored,
)
from replication.sources.counters.eras import schema_of

_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}.*"
# A whole number ends with .0 where a program kept it as a float, which has all its digits.
_COUNT = r"-?[0-9]+(?:\.0+)?"
_EXPONENT = r"[+-]?[0-9.,]+[eE][+-]?[0-9]+"
_ROUNDED = "downloadsAllTime has an exponent, as spreadsheets write large numbers: its last digits are lost"
_BREAKS = re.compile(r"[\s,;'\"\[\]]+")


def read_counters(
    path: Path, groups: Sequence[str], max_counter: int, name: str = ""
) -> pd.DataFrame:
    """Read a released file and check it against the contract.

    Both released files keep it: the one of all downloads holds readings at any age, and the age
    rule of the panel leaves out what is too old. `replication.sources.counters.eras` names the variants of the
    schema that are read alike.

    Parameters
    ----------
    path
        Parquet or CSV file with at least the columns of `COLUMNS`.
    groups
        Country groups that the labels may name.
    max_counter
        Largest counter that is believed, in downloads.
    name
        What the messages call the file, where it is not its own name.

    Returns
    -------
    pandas.DataFrame
        One row a line of the file in its order, with the columns ``repository, name, reading,
        created, counter, author, origin, study_group_uploader, study_group_origin, parents,
        uploader``. Times are UTC without a zone, counters are int64, `uploader` is the namespace
        in the name, and `parents` is the list of parents as text, empty where the file has none.

    Raises
    ------
    SourceError
        The file cannot be read as what its name says.
    ContractError
        A column, a type or a value breaks the contract; the message names the file and the row.
    """
    name, is_csv = name or path.name, path.suffix.lower() == ".csv"
    table = _read_csv(path, name) if is_csv else _read_parquet(path, name)
    if table.empty:
        raise ContractError(f"{name} holds no rows", REMEDY)
    table = table.rename(columns={**COLUMNS, PARENTS: "parents"})
    require_values(name, table, groups, max_counter)
    table["uploader"] = table["name"].str.partition("/")[0]
    return table.astype({"counter": "int64"})


def _read_parquet(path: Path, name: str) -> pd.DataFrame:
    """Read the contract's columns of a Parquet file after checking their types in its footer."""
    with parquet.readable(name, REMEDY):
        schema = pq.read_schema(path)
        require_columns(name, schema)
        require_types(name, schema)
        listed = [PARENTS] if PARENTS in schema.names else []
        read = parquet.read(path, [*COLUMNS, *listed])
        # What a library wrote beside the schema, such as an index, must not change what is read.
        table = plain_types(read).to_pandas(ignore_metadata=True)
    refuse_empty(name, table, list(COLUMNS))
    refuse_inexact(name, table)
    for column in ("time", "created"):
        table[column] = pd.to_datetime(table[column], utc=True).dt.tz_localize(None)
    return table.assign(**{PARENTS: _as_text(table.get(PARENTS), len(table))})


def plain_types(table: pa.Table) -> pa.Table:
    """Write codes of a dictionary and views of text out, and extension types as what they are stored as."""
    for place, field in enumerate(table.schema):
        kind = stored(field.type)
        if pa.types.is_string_view(kind):  # pyarrow takes no rows of such a column
            kind = pa.large_string()
        if kind != field.type:
            cells = table.column(place)
            if isinstance(field.type, pa.BaseExtensionType):
                cells = pa.chunked_array(
                    [chunk.storage for chunk in cells.chunks], field.type.storage_type
                )
            table = table.set_column(place, field.name, cells.cast(kind))
    return table


def _as_text(cells: pd.Series | None, rows: int) -> list[str]:
    """Lists of parents as words; empty where a cell is neither text nor a list."""
    if cells is None:
        return [""] * rows
    lists = [[c] if isinstance(c, str) else c if np.iterable(c) else () for c in cells]
    return [" ".join(words(" ".join(map(str, parents)))) for parents in lists]


def words(text: str) -> list[str]:
    """The words of a list of parents written as text, whatever brackets and quotes it has."""
    return [word for word in _BREAKS.split(text) if word]


def _read_csv(path: Path, name: str) -> pd.DataFrame:
    """Read the contract's columns of a CSV file, each cell parsed, none evaluated."""
    table = _cells(path, name)
    require_columns(name, schema_of(table))
    parents = _as_text(table.get(PARENTS), len(table))
    table = table[list(COLUMNS)]
    refuse_empty(name, table, TEXT)
    parsed = {
        PARENTS: pd.Series(parents, index=table.index),
        "time": _parse_dates(table["time"]),
        "created": _parse_dates(table["created"]),
        "downloadsAllTime": whole_numbers(table["downloadsAllTime"]),
    }
    rounded = table["downloadsAllTime"].str.fullmatch(_EXPONENT)
    refuse(name, table, rounded, _ROUNDED, "downloadsAllTime")
    for column, values in parsed.items():
        refuse(name, table, values.isna(), f"cannot read {column}", column)
    for column in ("time", "created"):
        parsed[column] = parsed[column].dt.tz_localize(None)
    return table.assign(**parsed)


def _cells(path: Path, name: str) -> pd.DataFrame:
    """Read a CSV file as text, each cell under the column above it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # rows wider than the header
            table = pd.read_csv(path, dtype=str, keep_default_na=False, index_col=False)
    except UnicodeDecodeError:
        raise SourceError(f"{name} is not UTF-8", "save the file as UTF-8") from None
    except (
        pd.errors.ParserError, pd.errors.ParserWarning, pd.errors.EmptyDataError, OSError,
    ) as error:  # fmt: skip
        reason = parquet.first_line(error)
        raise SourceError(f"{name} is not a readable CSV file: {reason}", REMEDY) from None
    with path.open(encoding="utf-8-sig", newline="") as stream:
        header = next(csv.reader(stream))
    refuse_repeated(name, header)  # pandas would read the second under another name
    other = next((mark for mark in ";\t|" if mark in str(table.columns[0])), None)
    if other and len(table.columns) == 1:
        what = f"{name} has {other!r} between its cells, not a comma"
        raise ContractError(what, "save the file as CSV with commas")
    return table


def whole_numbers(cells: pd.Series) -> pd.Series:
    """Read counts that are written as digits alone, or as digits and ``.0``; NaN is any other text.

    What a spreadsheet makes of a count (3.14E+07, 31,433,170) is not read: its digits are lost, or
    another program reads it as another number.
    """
    digits = cells.where(cells.str.fullmatch(_COUNT)).str.replace(r"\.0+$", "", regex=True)
    return pd.to_numeric(digits, errors="coerce")


def _parse_dates(cells: pd.Series) -> pd.Series:
    """Read ISO 8601 dates; anything else, words such as "today" among it, is not a time."""
    dated = cells.where(cells.str.fullmatch(_DATE))
    return pd.to_datetime(dated, errors="coerce", utc=True, format="ISO8601")
