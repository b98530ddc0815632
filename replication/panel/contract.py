"""The contract: columns, types and values that a released file must have before any use."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from replication import names
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
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}.*"
# A whole number ends with .0 where a program kept it as a float, which has all its digits.
_COUNT = r"-?[0-9]+(?:\.0+)?"
_EXPONENT = r"[+-]?[0-9.,]+[eE][+-]?[0-9]+"
_ROUNDED = "downloadsAllTime has an exponent, as spreadsheets write large numbers: its last digits are lost"
# Of so many counters that are so large, few end with 00 unless a program has rounded them.
_LARGE, _ENOUGH = 1_000_000, 100
# Names by column, and what messages call them.
_NAMES = {
    "name": (names.REPOSITORY, "author/name"),
    "author": (names.NAMESPACE, "a namespace of the Hub"),
    "origin": (names.NAMESPACE, "a namespace of the Hub"),
}


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
        # What a library wrote beside the schema, such as an index, must not change what is read.
        table = plain(read).to_pandas(ignore_metadata=True)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise SourceError(f"{name} is not a readable Parquet file: {reason}", REMEDY) from None
    _refuse_empty(name, table, list(COLUMNS))
    _refuse_inexact(name, table)
    for column in ("time", "created"):
        table[column] = pd.to_datetime(table[column], utc=True).dt.tz_localize(None)
    return table.assign(**{PARENTS: _as_text(table.get(PARENTS), len(table))})


def plain(table: pa.Table) -> pa.Table:
    """Write codes of a dictionary out, and extension types as what they are stored as."""
    for place, field in enumerate(table.schema):
        found = _stored(field.type)
        if found != field.type:
            cells = table.column(place)
            if isinstance(field.type, pa.BaseExtensionType):
                cells = pa.chunked_array(
                    [chunk.storage for chunk in cells.chunks], field.type.storage_type
                )
            table = table.set_column(place, field.name, cells.cast(found))
    return table


def _stored(found: pa.DataType) -> pa.DataType:
    """The plain type of a column's cells."""
    while isinstance(found, pa.BaseExtensionType) or pa.types.is_dictionary(found):
        is_extension = isinstance(found, pa.BaseExtensionType)
        found = found.storage_type if is_extension else found.value_type
    return found


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
    table["downloadsAllTime"] = counter.astype("int64")  # a narrow type holds no large bound


def _as_text(cells: pd.Series | None, rows: int) -> list[str]:
    """Lists of parents as words; empty where a cell is neither text nor a list."""
    if cells is None:
        return [""] * rows
    lists = [[c] if isinstance(c, str) else c if np.iterable(c) else () for c in cells]
    return [" ".join(words(" ".join(map(str, parents)))) for parents in lists]


def _is_text(found: pa.DataType) -> bool:
    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(is_kind(found) for is_kind in kinds)


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
        if not is_type(_stored(found)):
            raise ContractError(f"{name}: column {column} is {found}, not {want}", REMEDY)


def _require_columns(name: str, schema: pa.Schema) -> None:
    """Refuse a file of another era, one that lacks columns, and one that repeats them."""
    earlier = earlier_value(schema)
    if earlier:
        raise other_era(name, earlier)
    missing = [column for column in COLUMNS if column not in schema.names]
    if missing:
        raise ContractError(f"{name} has no column {', '.join(missing)}", REMEDY)
    _refuse_repeated(name, schema.names)


def _refuse_repeated(name: str, header: Sequence[str]) -> None:
    """Refuse a file that has a column which is read twice."""
    repeated = [column for column in (*COLUMNS, PARENTS) if header.count(column) > 1]
    if repeated:
        raise ContractError(f"{name} has more than one column {', '.join(repeated)}", REMEDY)


def _read_csv(path: Path, name: str) -> pd.DataFrame:
    """Read the contract's columns of a CSV file, each cell parsed, none evaluated."""
    table = _cells(path, name)
    _require_columns(name, schema_of(table))
    parents = _as_text(table.get(PARENTS), len(table))
    table = table[list(COLUMNS)]
    _refuse_empty(name, table, TEXT)
    parsed = {
        PARENTS: pd.Series(parents, index=table.index),
        "time": _parse_dates(table["time"]),
        "created": _parse_dates(table["created"]),
        "downloadsAllTime": whole_numbers(table["downloadsAllTime"]),
    }
    rounded = table["downloadsAllTime"].str.fullmatch(_EXPONENT)
    _refuse(name, table, rounded, _ROUNDED, "downloadsAllTime")
    for column, values in parsed.items():
        _refuse(name, table, values.isna(), f"cannot read {column}", column)
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
        reason = str(error).splitlines()[0]
        raise SourceError(f"{name} is not a readable CSV file: {reason}", REMEDY) from None
    with path.open(encoding="utf-8-sig", newline="") as stream:
        header = next(csv.reader(stream))
    _refuse_repeated(name, header)  # pandas would read the second under another name
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
    for column, (pattern, kind) in _NAMES.items():
        wrong = ~names.well_formed(table[column], pattern)
        what = f"{RELEASED_NAME[column]} is not {kind}"
        _refuse(name, table, wrong, what, column, f"{names.RULE}; {REMEDY}")
    _refuse(name, table, counter < 0, "downloadsAllTime is negative", "counter")
    _refuse(
        name, table, counter > max_counter, f"downloadsAllTime is above {max_counter:,}", "counter"
    )
    _refuse_rounded(name, table)
    for column in ("reading", "created"):
        inside = table[column].between(EARLIEST, LATEST)
        _refuse(name, table, ~inside, f"date not from {EARLIEST:%Y} to {LATEST:%Y}", column)
    for column in ("study_group_uploader", "study_group_origin"):
        _refuse(
            name,
            table,
            ~table[column].isin(groups),
            "country group not in definitions.toml",
            column,
        )
    first = table.groupby("repository")["created"].transform("first")
    _refuse(name, table, table["created"] != first, "one _id has two creation dates", "repository")


def _refuse_rounded(name: str, table: pd.DataFrame) -> None:
    """Refuse large counters of which more than half end with 00: of counts, one in a hundred does."""
    large = table["counter"] >= _LARGE
    round_ = large & (table["counter"] % 100 == 0)
    if large.sum() >= _ENOUGH and round_.sum() > large.sum() / 2:
        what = "downloadsAllTime is rounded, as most large counters of the file are"
        _refuse(name, table, round_, what, "counter")


def _refuse_empty(name: str, table: pd.DataFrame, columns: Sequence[str]) -> None:
    """Refuse null cells and empty text, column by column."""
    for column in columns:
        empty = table[column].isna()
        if column in TEXT:
            empty |= table[column] == ""
        _refuse(name, table, empty, f"empty cell in {column}")


def _refuse(
    name: str,
    table: pd.DataFrame,
    wrong: pd.Series,
    what: str,
    column: str | None = None,
    remedy: str = REMEDY,
) -> None:
    """Raise a `ContractError` that names the first wrong row, counted from 1 below the header.

    The cell is shown with what is not seen, or looks like another letter, spelt out.
    """
    wrong = wrong.fillna(True).astype(bool)
    if not wrong.any():
        return
    row = int(wrong.to_numpy().argmax())
    shown = RELEASED_NAME.get(column or "", column)
    value = f" ({shown} = {str(table[column].iloc[row])[:80]!a})" if column else ""
    count = int(wrong.sum())
    more = f"; {count - 1:,} more rows like it" if count > 1 else ""
    raise ContractError(f"{name}, row {row + 1}: {what}{value}{more}", remedy)
