"""Records in tables: the whole list as Parquet, tops as CSV, released counters, creation dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from replication.definitions import Definitions
from replication.errors import ContractError, SourceError
from replication.names import keys
from replication.sources import parquet
from replication.sources.counters import mending, reading
from replication.sources.counters.mending import Readings
from replication.sources.defect import Defect
from replication.sources.records import values
from replication.sources.records.one_record import (
    CUMULATIVE,
    OBSERVATIONS,
    Located,
    Part,
    empty,
    models,
    observations,
)
from replication.sources.records.values import Place

_REMEDY = "use an unchanged copy of the record"
_TEXT = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
_LIST = ("_id", "id", "downloads", "createdAt", "pipeline_tag", "base_models", "tags")
_PARENTS = {
    "base_model": values.parents,
    "base_models": values.parents,
    "tags": values.tagged_parents,
}


def read_list(located: Located) -> Part:
    """Read a list of the whole Hub from Parquet: id, downloads, createdAt, perhaps more.

    The snapshot of a crawl is such a list too: base models are in base_models or among the tags,
    and a crawl's rows without a name or a count are left out.
    """
    record, place = located.record, Place(located.name(located.files[0]), "row")
    whole = _parquet(located.files[0], place.file, _LIST)
    _require(place.file, whole.column_names, ("id", "downloads"))
    with parquet.readable(place.file, _REMEDY):
        table = _named_and_counted(whole)
        bases = _bases_of_list(table, place)
    counts = _whole(table["downloads"], place)
    names = values.names(_texts(table, "id", place), place)
    created = None
    if "createdAt" in table.column_names:
        created = values.in_range(_times(table, "createdAt", place), place, "createdAt")
    described = models(
        record,
        names,
        created,
        base_models=bases,
        task=_texts(table, "pipeline_tag", place),
    )
    counted = observations(record, names, pd.Timestamp(record.date), counts)
    return Part(record, len(whole), counted, described, defects=_left_out(record.id, whole, table))


def _named_and_counted(table: pa.Table) -> pa.Table:
    """Rows of a crawl that have a name and a count; of any other list, which must have them, all."""
    if "_id" not in table.column_names:
        return table
    return table.filter(pc.and_(table["id"].is_valid(), table["downloads"].is_valid()))


def _left_out(record: str, whole: pa.Table, table: pa.Table) -> tuple[Defect, ...]:
    """The defect of rows that are left out, where there are any."""
    rows = len(whole) - len(table)
    defect = Defect(
        "crawled-without-name-or-count",
        "a row of a crawl states no name, or no downloads of 30 days",
        f"{record} ({rows:,})",
        rows,
        "left out: the model is not counted by this record",
    )
    return (defect,) if rows else ()


def _bases_of_list(table: pa.Table, place: Place) -> pd.Series | str:
    """Return the base models of a list: of base_models, else of the tags, else none."""
    has_lists = "tags" in table.column_names and pa.types.is_list(table.schema.field("tags").type)
    if "base_models" in table.column_names or not has_lists:
        return _joined_lists(table, "base_models", place)
    lists = table["tags"].combine_chunks()
    cells = pc.list_flatten(lists).to_pandas().set_axis(pc.list_parent_indices(lists).to_pandas())
    tagged = cells[cells.str.startswith("base_model:").fillna(value=False).astype(bool)]
    named = tagged.groupby(level=0).agg(values.of_tags)
    filled = named.reindex(range(len(table)), fill_value="")
    return filled.set_axis(pd.RangeIndex(1, len(table) + 1)).astype("str")


def read_top(located: Located) -> Part:
    """Read the most downloaded models from CSV.

    The name is in id or modelId. Where there is a value_date, it is the date of the count. Base
    models are in base_model (a name or a printed list) or among the tags.
    """
    record, place = located.record, Place(located.name(located.files[0]))
    table = _csv(located.files[0], place.file)
    name = "modelId" if "id" not in table else "id"
    _require(place.file, list(table), (name, "downloads"))
    names = values.names(table[name], place)
    counts = values.counts(table["downloads"], place)
    day: pd.Series | pd.Timestamp = pd.Timestamp(record.date)
    if "value_date" in table:
        day = values.moments(table["value_date"], place, "value_date")
        values.refuse(table["value_date"], day.isna(), "value_date is empty", place)
    created = None
    if "createdAt" in table:
        created = values.moments(table["createdAt"], place, "createdAt")
    described = models(
        record,
        names,
        created,
        base_models=_bases(table, place),
        task=_first(table, ("tasks", "pipeline_tag")),
        listed=_first(table, ("lists",)),
    )
    as_text = int(table["downloads"].str.contains(",", regex=False).sum())
    seen = observations(record, names, day, counts)
    return Part(record, len(table), seen, described, counts_as_text=as_text)


def read_created(located: Located) -> Part:
    """Read creation dates from Parquet: name, created."""
    place = Place(located.name(located.files[0]), "row")
    table = _parquet(located.files[0], place.file, ("name", "created"))
    _require(place.file, table.column_names, ("name", "created"))
    names = values.names(_texts(table, "name", place), place)
    created = values.in_range(_times(table, "created", place), place, "created")
    described = models(located.record, names, created)
    return Part(located.record, len(table), empty([*OBSERVATIONS, "crawl"]), described)


def read_counters(located: Located, definitions: Definitions) -> Part:
    """Read a released file: cumulative counters, mended, without its frozen readings.

    The date is that of the reading: the label and the record's lag. The name is the latest of the
    repository's immutable id.
    """
    record, rules = located.record, definitions.panel
    file = located.files[0]
    counters = reading.read_counters(
        file, definitions.groups, rules.max_counter, located.name(file)
    )
    readings = mending.clean(counters, rules.frozen_share)
    mended = readings.mended
    moving = mended[~mended["reading"].isin(readings.frozen)]
    last = mended.groupby("repository").last()
    dates = moving["reading"] + pd.Timedelta(days=record.lag_days)
    seen = observations(record, moving["name"], dates, moving["counter"], kind=CUMULATIVE)
    bases = [values.joined(w for w in reading.words(text) if "/" in w) for text in last["parents"]]
    described = models(
        record,
        last["name"],
        last["created"],
        base_models=pd.Series(bases, last.index, dtype="str"),
        origin=last["origin"],
    )
    return Part(
        record,
        len(counters),
        seen,
        described,
        renames=_renames(counters, last["name"]),
        defects=_defects_of_counters(readings, len(mended) - len(moving)),
    )


def _renames(counters: pd.DataFrame, latest: pd.Series) -> dict[str, str]:
    """Latest name of each older name, by its key, that is no other repository's latest."""
    pairs = counters[["repository", "name"]].drop_duplicates()
    present = pairs["repository"].map(latest)
    folded = keys(pairs["name"])
    older = (folded != keys(present)) & ~folded.isin(set(keys(latest)))
    return dict(zip(folded[older], present[older], strict=True))


def _defects_of_counters(readings: Readings, dropped: int) -> tuple[Defect, ...]:
    """Return the defects that decided these observations."""
    frozen = mending.frozen_record(readings.mended, readings.frozen)
    return (
        mending.duplicate_readings(readings.in_order),
        mending.renamed(readings.in_order),
        mending.spike_record(readings.distinct, readings.spikes),
        mending.falling_counters(readings.plausible),
        replace(frozen, rows=dropped, treatment="left out: no reading was made then"),
    )


def _bases(table: pd.DataFrame, place: Place) -> pd.Series | str:
    """Return the base models, from the first column that may hold them."""
    column = next((c for c in _PARENTS if c in table), None)
    return _PARENTS[column](table[column], place) if column else ""


def _first(table: pd.DataFrame, columns: Sequence[str]) -> pd.Series | str:
    """Return the first of `columns` that the table has, else empty text."""
    return next((table[c] for c in columns if c in table), "")


def _csv(path: Path, name: str) -> pd.DataFrame:
    """Read a CSV file as text, its index the number of the line."""
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, OSError) as error:
        reason = parquet.first_line(error)
        raise SourceError(f"{name} is not a readable CSV file: {reason}", _REMEDY) from None
    if not isinstance(table.index, pd.RangeIndex):
        raise SourceError(f"{name}: its rows have more cells than its header", _REMEDY)
    return table.set_index(pd.RangeIndex(2, len(table) + 2)).fillna("")


def _parquet(path: Path, name: str, columns: Sequence[str]) -> pa.Table:
    """Read those of `columns` that a Parquet file has."""
    with parquet.readable(name, _REMEDY):
        present = pq.read_schema(path).names
        return reading.plain_types(parquet.read(path, [c for c in columns if c in present]))


def _require(name: str, present: Sequence[str], columns: Sequence[str]) -> None:
    """Refuse a table without these columns."""
    for column in columns:
        if column not in present:
            raise ContractError(f"{name} has no column {column}", _REMEDY)


def _column(table: pa.Table, column: str) -> pd.Series:
    """Return a column with the number of the row, from 1, as its index."""
    return table[column].to_pandas().set_axis(pd.RangeIndex(1, len(table) + 1))


def _texts(table: pa.Table, column: str, place: Place) -> pd.Series:
    """Return a column of text; null, or a column that is not there, is empty."""
    if column not in table.column_names:
        return pd.Series("", pd.RangeIndex(1, len(table) + 1), dtype="str")
    kind = table.schema.field(column).type
    if not (any(is_type(kind) for is_type in _TEXT) or pa.types.is_null(kind)):
        raise ContractError(f"{place.file}: column {column} is {kind}, not text", _REMEDY)
    return _column(table, column).astype("str").fillna("")


def _times(table: pa.Table, column: str, place: Place) -> pd.Series:
    """Return a column of times or dates."""
    kind = table.schema.field(column).type
    if not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
        raise ContractError(f"{place.file}: column {column} is {kind}, not a time", _REMEDY)
    return pd.to_datetime(_column(table, column))


def _whole(column: pa.ChunkedArray, place: Place) -> pd.Series:
    """Return counts; a type that may round, null and a negative number are refused."""
    if not pa.types.is_integer(column.type):
        raise ContractError(
            f"{place.file}: column downloads is {column.type}, not whole numbers", _REMEDY
        )
    index = pd.RangeIndex(1, len(column) + 1)
    missing = column.is_null().to_pandas().set_axis(index)
    cells = pc.fill_null(column, 0).to_pandas().set_axis(index)
    values.refuse(cells.astype(object).where(~missing), missing, "the count is empty", place)
    values.refuse(cells, cells < 0, "the count is negative", place)
    return cells


def _joined_lists(table: pa.Table, column: str, place: Place) -> pd.Series | str:
    """Return lists of names as names separated by blanks."""
    if column not in table.column_names:
        return ""
    kind = table.schema.field(column).type
    if not pa.types.is_list(kind) or not any(is_type(kind.value_type) for is_type in _TEXT):
        raise ContractError(f"{place.file}: column {column} is {kind}, not lists", _REMEDY)
    cells = pc.fill_null(pc.binary_join(table[column], " "), "")
    text = cells.to_pandas().astype("str")
    several = pc.match_substring_regex(cells, r"\s").to_pandas()
    text[several] = text[several].map(lambda cell: values.joined([cell]))
    return text.set_axis(pd.RangeIndex(1, len(table) + 1))
