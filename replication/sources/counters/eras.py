"""Eras of the released files: whose values are cumulative counters, and must not be mixed with others.

The study's files have been written in several ways. Since commit `CUMULATIVE_SINCE` of the study's
dataset ("downloadsAllTime base data") the value is the cumulative counter. Files from before it
have another value column, which we have not seen; a 30-day count of the Hub's is the likely one.
The rest of the differences is of form, and reads alike: an index that leaked into a column,
lists written as text, narrower or floating numbers that hold whole counts, times in another unit.
"""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from replication.errors import ContractError

CUMULATIVE_SINCE = "1f3d716b685a36c27f6fbe3007f6128fe3d376c1"
VALUE = "downloadsAllTime"
COLUMNS = frozenset({
    "_id", "model", "author", "time", "created", VALUE, "annotator", "org_model", "org_type",
    "derived_author", "org_country_single", "derived_org_country_single",
    "merged_country_groups_single", "merged_derived_country_groups_single", "merged_modality",
    "org_country", "derived_org_country", "merged_derived_from", "merged_languages",
    "__index_level_0__",
})  # fmt: skip
"""The columns of the latest files; any other column of numbers may be an earlier value column."""
_LEAKED = ("__index_level_", "Unnamed: ")
"""Columns that a table's index leaves behind, in Parquet and in CSV."""


def schema_of(cells: pd.DataFrame) -> pa.Schema:
    """Give a table of text a schema: numbers where every cell of a column is one, else text."""
    kinds = [
        pa.float64() if _all_numbers(cells.iloc[:, n]) else pa.string()
        for n in range(cells.shape[1])
    ]
    return pa.schema(list(zip(map(str, cells.columns), kinds, strict=True)))


def earlier_value(schema: pa.Schema) -> str:
    """Name the value column of a file from before the cumulative counters; empty for another file.

    It is a column of numbers that no later file has, in a file without `VALUE` that has the
    identity and the time of the later ones.
    """
    if VALUE in schema.names or not {"_id", "model", "time"} <= set(schema.names):
        return ""
    others = [f for f in schema if f.name not in COLUMNS and not f.name.startswith(_LEAKED)]
    numbers = [field.name for field in others if _is_number(field.type)]
    named = [name for name in numbers if "download" in name.lower()]
    return ", ".join(named or numbers)


def other_era(name: str, value: str) -> ContractError:
    """Return the refusal of a file whose values are not cumulative counters.

    Parameters
    ----------
    name
        What the message calls the file.
    value
        Its value column.
    """
    return ContractError(
        f"{name} has no column {VALUE} but {value}: it seems to be of the era before commit "
        f"{CUMULATIVE_SINCE[:8]}…, whose values are no cumulative counters (perhaps downloads of "
        "30 days)",
        f"use the study's file at commit {CUMULATIVE_SINCE} or later (REVISION, or "
        "released.revision in definitions.toml); values of different eras must never be mixed",
    )


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _all_numbers(cells: pd.Series) -> bool:
    return len(cells) > 0 and bool(pd.to_numeric(cells, errors="coerce").notna().all())
