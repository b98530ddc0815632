"""The contract: columns, types and values that a released file must have before any use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from replication import names
from replication.errors import ContractError
from replication.sources.counters.eras import earlier_value, other_era

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
# Of so many counters that are so large, few end with 00 unless a program has rounded them.
_LARGE, _ENOUGH = 1_000_000, 100
# Names by column, and what messages call them.
_NAMES = {
    "name": (names.REPOSITORY, "author/name"),
    "author": (names.NAMESPACE, "a namespace of the Hub"),
    "origin": (names.NAMESPACE, "a namespace of the Hub"),
}


def require_columns(name: str, schema: pa.Schema) -> None:
    """Refuse a file of another era, one that lacks columns, and one that repeats them."""
    earlier = earlier_value(schema)
    if earlier:
        raise other_era(name, earlier)
    missing = [column for column in COLUMNS if column not in schema.names]
    if missing:
        raise ContractError(f"{name} has no column {', '.join(missing)}", REMEDY)
    refuse_repeated(name, schema.names)


def refuse_repeated(name: str, header: Sequence[str]) -> None:
    """Refuse a file that has a column which is read twice."""
    repeated = [column for column in (*COLUMNS, PARENTS) if header.count(column) > 1]
    if repeated:
        raise ContractError(f"{name} has more than one column {', '.join(repeated)}", REMEDY)


def _is_text(kind: pa.DataType) -> bool:
    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(is_kind(kind) for is_kind in kinds)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


_IS_TYPE: dict[str, tuple[Callable[[Any], bool], str]] = {
    "time": (pa.types.is_timestamp, "a timestamp"),
    "created": (pa.types.is_timestamp, "a timestamp"),
    "downloadsAllTime": (_is_number, "an integer"),
}


def require_types(name: str, schema: pa.Schema) -> None:
    """Check the Arrow type of every column of the contract."""
    for column in COLUMNS:
        kind = schema.field(column).type
        is_type, want = _IS_TYPE.get(column, (_is_text, "text"))
        if not is_type(stored(kind)):
            raise ContractError(f"{name}: column {column} is {kind}, not {want}", REMEDY)


def stored(kind: pa.DataType) -> pa.DataType:
    """The plain type of a column's cells."""
    while isinstance(kind, pa.BaseExtensionType) or pa.types.is_dictionary(kind):
        is_extension = isinstance(kind, pa.BaseExtensionType)
        kind = kind.storage_type if is_extension else kind.value_type
    return kind


def require_values(name: str, table: pd.DataFrame, groups: Sequence[str], max_counter: int) -> None:
    """Check identities, counters, dates and labels, row by row."""
    counter = table["counter"]
    refuse(
        name,
        table,
        ~table["repository"].str.fullmatch(r"[0-9a-f]{24}"),
        "_id is not 24 hexadecimal digits",
        "repository",
    )
    for column, (pattern, kind) in _NAMES.items():
        wrong = ~names.well_formed(table[column], pattern)
        what = f"{RELEASED_NAME[column]} is not {kind}"
        refuse(name, table, wrong, what, column, f"{names.RULE}; {REMEDY}")
    refuse(name, table, counter < 0, "downloadsAllTime is negative", "counter")
    refuse(
        name, table, counter > max_counter, f"downloadsAllTime is above {max_counter:,}", "counter"
    )
    _refuse_rounded(name, table)
    for column in ("reading", "created"):
        inside = table[column].between(EARLIEST, LATEST)
        refuse(name, table, ~inside, f"date not from {EARLIEST:%Y} to {LATEST:%Y}", column)
    for column in ("study_group_uploader", "study_group_origin"):
        refuse(
            name,
            table,
            ~table[column].isin(groups),
            "country group not in definitions.toml",
            column,
        )
    first = table.groupby("repository")["created"].transform("first")
    refuse(name, table, table["created"] != first, "one _id has two creation dates", "repository")


def _refuse_rounded(name: str, table: pd.DataFrame) -> None:
    """Refuse large counters of which more than half end with 00: of counts, one in a hundred does."""
    large = table["counter"] >= _LARGE
    round_ = large & (table["counter"] % 100 == 0)
    if large.sum() >= _ENOUGH and round_.sum() > large.sum() / 2:
        what = "downloadsAllTime is rounded, as most large counters of the file are"
        refuse(name, table, round_, what, "counter")


def refuse_inexact(name: str, table: pd.DataFrame) -> None:
    """Refuse counters of a floating type that are not whole, or too large to be exact in it."""
    counter = table["downloadsAllTime"]
    if not pd.api.types.is_float_dtype(counter):
        return
    wrong = counter % 1 != 0
    refuse(name, table, wrong, "downloadsAllTime is not a whole number", "downloadsAllTime")
    exact = 2.0 ** (np.finfo(counter.dtype).nmant + 1)
    what = f"downloadsAllTime is {counter.dtype} and above {exact:,.0f}, where it is rounded"
    refuse(name, table, counter > exact, what, "downloadsAllTime")
    table["downloadsAllTime"] = counter.astype("int64")  # a narrow type holds no large bound


def refuse_empty(name: str, table: pd.DataFrame, columns: Sequence[str]) -> None:
    """Refuse null cells and empty text, column by column."""
    for column in columns:
        empty = table[column].isna()
        if column in TEXT:
            empty |= table[column] == ""
        refuse(name, table, empty, f"empty cell in {column}")


def refuse(
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
