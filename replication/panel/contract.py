"""The contract: columns, types and values that a released file must have before any use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from replication.errors import ContractError, SourceError
from replication.panel.eras import earlier_value, other_era, schema_of
from replication.panel.lineage import words

REMEDY = (
    "use an unchanged copy of one of the study's released files (one_year_rolling.parquet, "
    "all_downloads_with_annotations.parquet)"
)

# Column of the released file -> our name for it.
COLUMNS = {
    "_id": "repository",
    "model": "name",
    "time": "reading",
    "created": "created",
    "downloadsAllTime": "counter",
    "author": "author",
    "derived_author": "origin",
    "merged_country_groups_single": "study_group_uploader",
    "merged_derived_country_groups_single": "study_group_origin",
}
TEXT = [c for c in COLUMNS if c not in {"time", "created", "downloadsAllTime"}]
RELEASED_NAME = {ours: theirs for theirs, ours in COLUMNS.items()}
# The list of parents may be missing, as text or as a list; it is read as text and never refused.
PARENTS = "merged_derived_from"
# Dates outside are misread, not old: there was no Hub before, and there is no reading after.
EARLIEST, LATEST = pd.Timestamp("2016-01-01"), pd.Timestamp("2100-01-01")
_DATE = r"\d{4}-\d{2}-\d{2}.*"


def read_counters(
    path: Path, groups: Sequence[str], max_counter: int, name: str = ""
) -> pd.DataFrame:
    """Read a released file and check it against the contract.

    Both released files keep it: the one of all downloads holds readings at any age, and the age
    rule of the panel leaves out what is too old. `replication.panel.eras` names the variants of the
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
    _check_values(name, table, groups, max_counter)
    table["uploader"] = table["name"].str.partition("/")[0]
    return table.astype({"counter": "int64"})


def _read_parquet(path: Path, name: str) -> pd.DataFrame:
    """Read the contract's columns of a Parquet file after checking their types in its footer."""
    try:
        schema = pq.read_schema(path)
        _require_columns(name, schema)
        _check_types(name, schema)
        listed = [PARENTS] if PARENTS in schema.names else []
        read = pq.read_table(path, columns=[*COLUMNS, *listed])
        table = _plain_text(read).to_pandas()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise SourceError(f"{name} is not a readable Parquet file: {reason}", REMEDY) from None
    _refuse_empty(name, table, list(COLUMNS))
    _refuse_inexact(name, table)
    for column in ("time", "created"):
        table[column] = pd.to_datetime(table[column], utc=True).dt.tz_localize(None)
    return table.assign(**{PARENTS: _as_text(table.get(PARENTS), len(table))})


def _plain_text(table: pa.Table) -> pa.Table:
    """Write text that is stored as codes of a dictionary out as text."""
    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            cells = table.column(place).cast(field.type.value_type)
            table = table.set_column(place, field.name, cells)
    return table


def _refuse_inexact(name: str, table: pd.DataFrame) -> None:
    """Refuse counters of a floating type that are not whole, or too large to be exact in it."""
    counter = table["downloadsAllTime"]
    if not pd.api.types.is_float_dtype(counter):
        return
    wrong = counter % 1 != 0
    _refuse(name, table, wrong, "downloadsAllTime is not a whole number", "downloadsAllTime")
    exact = 2.0 ** (np.finfo(counter.dtype).nmant + 1)
    what = f"downloadsAllTime is {counter.dtype} and above {exact:,.0f}, where it is rounded"
    _refuse(name, table, counter > exact, what, "downloadsAllTime")


def _as_text(cells: pd.Series | None, rows: int) -> list[str]:
    """Lists of parents as words; empty where a cell is neither text nor a list."""
    if cells is None:
        return [""] * rows
    lists = [[c] if isinstance(c, str) else c if np.iterable(c) else () for c in cells]
    return [" ".join(words(" ".join(map(str, parents)))) for parents in lists]


def _is_text(found: pa.DataType) -> bool:
    plain = found.value_type if pa.types.is_dictionary(found) else found
    return bool(pa.types.is_string(plain) or pa.types.is_large_string(plain))


def _is_number(found: pa.DataType) -> bool:
    return bool(pa.types.is_integer(found) or pa.types.is_floating(found))


_IS_TYPE: dict[str, tuple[Callable[[Any], bool], str]] = {
    "time": (pa.types.is_timestamp, "a timestamp"),
    "created": (pa.types.is_timestamp, "a timestamp"),
    "downloadsAllTime": (_is_number, "an integer"),
}


def _check_types(name: str, schema: pa.Schema) -> None:
    """Check the Arrow type of every column of the contract."""
    for column in COLUMNS:
        found = schema.field(column).type
        is_type, want = _IS_TYPE.get(column, (_is_text, "text"))
        if not is_type(found):
            raise ContractError(f"{name}: column {column} is {found}, not {want}", REMEDY)


def _require_columns(name: str, schema: pa.Schema) -> None:
    """Refuse a file of another era, one that lacks columns, and one that repeats them."""
    earlier = earlier_value(schema)
    if earlier:
        raise other_era(name, earlier)
    missing = [column for column in COLUMNS if column not in schema.names]
    if missing:
        raise ContractError(f"{name} has no column {', '.join(missing)}", REMEDY)
    repeated = [column for column in COLUMNS if schema.names.count(column) > 1]
    if repeated:
        raise ContractError(f"{name} has more than one column {', '.join(repeated)}", REMEDY)


def _read_csv(path: Path, name: str) -> pd.DataFrame:
    """Read the contract's columns of a CSV file, each cell parsed, none evaluated."""
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise SourceError(f"{name} is not a readable CSV file: {reason}", REMEDY) from None
    _require_columns(name, schema_of(table))
    parents = _as_text(table.get(PARENTS), len(table))
    table = table[list(COLUMNS)]
    _refuse_empty(name, table, TEXT)
    parsed = {
        PARENTS: pd.Series(parents, index=table.index),
        "time": _parse_dates(table["time"]),
        "created": _parse_dates(table["created"]),
        "downloadsAllTime": pd.to_numeric(table["downloadsAllTime"], errors="coerce"),
    }
    for column, values in parsed.items():
        _refuse(name, table, values.isna(), f"cannot read {column}", column)
    whole = parsed["downloadsAllTime"] % 1 == 0
    _refuse(name, table, ~whole, "downloadsAllTime is not a whole number", "downloadsAllTime")
    for column in ("time", "created"):
        parsed[column] = parsed[column].dt.tz_localize(None)
    return table.assign(**parsed)


def _parse_dates(cells: pd.Series) -> pd.Series:
    """Read ISO 8601 dates; anything else, words such as "today" among it, is not a time."""
    dated = cells.where(cells.str.fullmatch(_DATE))
    return pd.to_datetime(dated, errors="coerce", utc=True, format="ISO8601")


def _check_values(name: str, table: pd.DataFrame, groups: Sequence[str], max_counter: int) -> None:
    """Check identities, counters, dates and labels, row by row."""
    counter = table["counter"]
    _refuse(
        name,
        table,
        ~table["repository"].str.fullmatch(r"[0-9a-f]{24}"),
        "_id is not 24 hexadecimal digits",
        "repository",
    )
    _refuse(
        name,
        table,
        ~table["name"].str.fullmatch(r"[^/\s]+/[^/\s]+"),
        "model is not author/name",
        "name",
    )
    _refuse(name, table, counter < 0, "downloadsAllTime is negative", "counter")
    _refuse(
        name, table, counter > max_counter, f"downloadsAllTime is above {max_counter:,}", "counter"
    )
    for column in ("reading", "created"):
        inside = table[column].between(EARLIEST, LATEST)
        _refuse(name, table, ~inside, f"date not from {EARLIEST:%Y} to {LATEST:%Y}", column)
    for column in ("study_group_uploader", "study_group_origin"):
        _refuse(name, table, ~table[column].isin(groups), "country group not in study.toml", column)
    first = table.groupby("repository")["created"].transform("first")
    _refuse(name, table, table["created"] != first, "one _id has two creation dates", "repository")


def _refuse_empty(name: str, table: pd.DataFrame, columns: Sequence[str]) -> None:
    """Refuse null cells and empty text, column by column."""
    for column in columns:
        empty = table[column].isna()
        if column in TEXT:
            empty |= table[column] == ""
        _refuse(name, table, empty, f"empty cell in {column}")


def _refuse(
    name: str, table: pd.DataFrame, wrong: pd.Series, what: str, column: str | None = None
) -> None:
    """Raise a `ContractError` that names the first wrong row, counted from 1 below the header."""
    wrong = wrong.fillna(True).astype(bool)
    if not wrong.any():
        return
    row = int(wrong.to_numpy().argmax())
    shown = RELEASED_NAME.get(column or "", column)
    value = f" ({shown} = {str(table[column].iloc[row])[:80]!r})" if column else ""
    count = int(wrong.sum())
    more = f"; {count - 1:,} more rows like it" if count > 1 else ""
    raise ContractError(f"{name}, row {row + 1}: {what}{value}{more}", REMEDY)
