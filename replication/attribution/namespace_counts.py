"""Downloads by namespace in a file that a person has: a released file, a table of the Hub, any CSV."""

from __future__ import annotations

import warnings
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from replication.errors import SourceError
from replication.names import NAMESPACE, RULE, unified, well_formed
from replication.panel.tail import is_bucket
from replication.sources import parquet
from replication.sources.counters.reading import plain_types, whole_numbers

_REMEDY = "give a released file, a table of the Hub's models, or a CSV with the column namespace"
# The column of names in each known kind of file, and the columns of downloads in it.
_NAMES = ("namespace", "uploader", "model", "id")
_COUNTS = ("downloadsAllTime", "downloads")
_MOST = 1e15
"""No count is larger: sums of such are still exact."""


def namespace_counts(path: Path) -> pd.DataFrame:
    """Downloads by namespace of a file.

    Parameters
    ----------
    path
        Parquet or CSV: a released file (``model``, with the last reading of each repository), a
        table of the Hub's models (``id``), this project's repositories.csv (``uploader``), or any
        table with the column ``namespace`` and columns of numbers.

    Returns
    -------
    pandas.DataFrame
        Indexed by namespace, one column of numbers each.

    Raises
    ------
    SourceError
        The file cannot be read, has no column of names or of numbers, or a name or a count is none.
    """
    table = _read(path)
    column = next((name for name in _NAMES if name in table), None)
    if column is None:
        raise SourceError(f"{path.name} has none of the columns {', '.join(_NAMES)}", _REMEDY)
    numbers = [name for name in _COUNTS if name in table] or _numeric(table, column)
    if not numbers or table.empty:
        raise SourceError(f"{path.name} has no column of numbers", _REMEDY)
    counts = pd.DataFrame({name: _counted(path, table, name) for name in numbers})
    by = {"": _namespaces(path, table, column)}
    if {"_id", "time"} <= set(table.columns):
        last = ~table.sort_values("time", kind="stable")["_id"].duplicated(keep="last")
        counts = counts.where(last.reindex(counts.index), 0.0)
    if "derived_author" in table:
        by[" by origin"] = _namespaces(path, table, "derived_author")
    one = dict(zip(by, unified(*by.values()), strict=True))
    parts = [counts.groupby(who).sum().add_suffix(suffix) for suffix, who in one.items()]
    sums = pd.concat(parts, axis=1).fillna(0).rename_axis("namespace")
    if not (sums.sum() > 0).all():
        raise SourceError(f"{path.name} counts nothing", "give a file with counts above zero")
    return sums


def _namespaces(path: Path, table: pd.DataFrame, column: str) -> pd.Series:
    """The namespace in each name of a column, each one that the Hub allows or a joint of the panel."""
    names = table[column].astype("str").fillna("").str.partition("/")[0].fillna("")
    _refuse(path, names == "", f"{column} is empty")
    wrong = ~well_formed(names, NAMESPACE) & ~names.map(is_bucket).astype(bool)
    shown = ascii(names[wrong].iloc[0][:80]) if wrong.any() else ""
    _refuse(path, wrong, f"{column} holds no name of the Hub ({shown}): {RULE}")
    return names


def _numeric(table: pd.DataFrame, names: str) -> list[str]:
    """Columns all of whose cells are numbers."""
    others = [c for c in table.columns if c != names]
    return [c for c in others if pd.to_numeric(table[c], errors="coerce").notna().all()]


def _counted(path: Path, table: pd.DataFrame, column: str) -> pd.Series:
    """A column of counts, each finite and not negative."""
    whole = column in _COUNTS and not pd.api.types.is_numeric_dtype(table[column])
    cells = table[column].astype("str")
    counts = whole_numbers(cells) if whole else pd.to_numeric(table[column], errors="coerce")
    counts = counts.astype(float)
    _refuse(path, ~(counts.between(0, _MOST)), f"{column} is not a count")
    return counts


def _refuse(path: Path, wrong: pd.Series, what: str) -> None:
    """Raise for the first wrong row, counted from 1 below the header."""
    if wrong.any():
        row = int(wrong.to_numpy().argmax()) + 1
        raise SourceError(f"{path.name}, row {row}: {what}", "correct or remove that row")


def _read(path: Path) -> pd.DataFrame:
    """Read a Parquet file, or a CSV file as text, so that no name is taken for a number or a gap."""
    try:
        if path.suffix.lower() == ".parquet":
            present = pq.read_schema(path).names
            return plain_types(parquet.read(path, present)).to_pandas(ignore_metadata=True)
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # rows wider than the header
            return pd.read_csv(path, dtype=str, keep_default_na=False, index_col=False)
    except UnicodeDecodeError:
        raise SourceError(f"cannot read {path.name}: it is not UTF-8", "save it as UTF-8") from None
    except (OSError, ValueError, OverflowError, Warning, pa.ArrowException) as error:
        reason = parquet.first_line(error)
        raise SourceError(f"cannot read {path.name or path}: {reason}", _REMEDY) from None
