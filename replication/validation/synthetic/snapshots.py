"""Weekly snapshots of a synthetic Hub, in the layout and the schemas of the real ones.

Columns come and go between eras, as they do in the real snapshots:

1. before `COUNTER_SINCE`: no cumulative counter, parents only in the tags, creation in ms;
2. from then on: the counter, creation in μs with a zone;
3. from `FIELDS_SINCE` on, a date that is ours: `baseModels`, `safetensors` and `gguf` as well;
4. on demand: the columns of hub-stats, which has no `_id` and no zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from replication import files
from replication.sources.local_snapshots import MARKER
from replication.validation.synthetic import columns as texts
from replication.validation.synthetic.curves import Ints
from replication.validation.synthetic.defects import (
    COUNTER_SINCE,
    FIRST_LABEL,
    WEEK,
    DefectRates,
    Reading,
    Schedule,
    schedule,
)
from replication.validation.synthetic.truth import SyntheticHub

FIELDS_SINCE = date(2025, 7, 30)
"""First label whose snapshot has `baseModels`, `safetensors` and `gguf`."""
COUNTER = "downloadsAllTime"
_LEFT_OUT = {"cardData", "safetensors", "gguf"}
_ROW_GROUP = 1 << 18
_MS, _US_UTC, _US = pa.timestamp("ms"), pa.timestamp("us", tz="UTC"), pa.timestamp("us")


@dataclass(frozen=True)
class Era:
    """Which columns a snapshot has, and how it writes times."""

    number: int
    ids: bool
    counter: bool
    fields: bool
    times: pa.DataType


ERAS = (
    Era(1, ids=True, counter=False, fields=False, times=_MS),
    Era(2, ids=True, counter=True, fields=False, times=_US_UTC),
    Era(3, ids=True, counter=True, fields=True, times=_US_UTC),
    Era(4, ids=False, counter=True, fields=True, times=_US),
)


def weekly_labels(since: date = FIRST_LABEL, until: date = FIRST_LABEL) -> list[date]:
    """Labels of the snapshots in [since, until]: the Wednesdays from `FIRST_LABEL` on."""
    skipped = max(-((FIRST_LABEL - since) // WEEK), 0)
    count = (until - FIRST_LABEL) // WEEK + 1
    return [FIRST_LABEL + n * WEEK for n in range(skipped, count)]


def era_of(label: date, *, without_ids: bool = False) -> Era:
    """The era of a label."""
    if without_ids:
        return ERAS[3]
    return ERAS[(label >= COUNTER_SINCE) + (label >= FIELDS_SINCE)]


def write_snapshots(
    hub: SyntheticHub,
    labels: Iterable[date],
    defects: Schedule | None,
    folder: Path,
    *,
    lean: bool = False,
    without_ids: bool = False,
) -> list[Path]:
    """Write the snapshots of `labels` with `write_snapshot`; returns those that there are."""
    written = [
        write_snapshot(hub, label, defects, folder, lean=lean, without_ids=without_ids)
        for label in labels
    ]
    return [path for path in written if path]


def write_snapshot(
    hub: SyntheticHub,
    label: date,
    defects: Schedule | None,
    folder: Path,
    *,
    lean: bool = False,
    without_ids: bool = False,
) -> Path | None:
    """Write one snapshot, and beside the snapshots a file that says that they are synthetic.

    Parameters
    ----------
    hub
        The Hub that is read.
    label
        Wednesday that the snapshot is named after.
    defects
        What goes wrong; nothing where it is None.
    folder
        The file is ``folder/models/<label>/models.parquet``.
    lean
        Whether to leave `cardData`, `safetensors` and `gguf` empty, which is faster.
    without_ids
        Whether to write the fourth era, whatever the label.

    Returns
    -------
    pathlib.Path or None
        The file, or None where the schedule has no snapshot of this label.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    defects = defects or schedule(hub)
    reading = defects.read(hub, label)
    if reading is None:
        return None
    era = era_of(reading.content, without_ids=without_ids)
    schema = schema_of(era, empty_counter=reading.content in defects.rates.null_counters)
    empty = (_LEFT_OUT if lean else set()) | (set() if era.counter else {COUNTER})
    path = folder / "models" / f"{label}" / "models.parquet"
    with files.replaced(path) as temporary, pq.ParquetWriter(temporary, schema) as writer:
        for batch in _batches(hub, reading, schema, empty):
            writer.write_batch(batch)
    files.write_json(folder / MARKER, description(hub, defects))
    return path


def description(hub: SyntheticHub, defects: Schedule) -> dict[str, object]:
    """What the marker says: that the data are synthetic, and what they were drawn from."""
    return {
        "synthetic": True,
        "note": "drawn at random to test this package; no figure of it describes the Hub",
        "seed": hub.seed,
        "repositories": len(hub),
        "developers": len(hub.namespaces),
        "defects_seed": defects.seed,
        "defects": _readable(defects.rates),
    }


def _readable(rates: DefectRates) -> dict[str, object]:
    """The rates that are not those of `DefectRates.none`, dates as text."""
    values = {f.name: getattr(rates, f.name) for f in fields(rates)}
    usual = asdict(DefectRates.none())
    return {name: _plain(value) for name, value in values.items() if value != usual[name]}


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return f"{value}" if isinstance(value, date) else value


def schema_of(era: Era, *, empty_counter: bool = False) -> pa.Schema:
    """Columns and types of an era; `empty_counter` adds the counter where it has none."""
    kinds: dict[str, pa.DataType] = {"_id": pa.string()} if era.ids else {}
    kinds |= {"id": pa.string(), "author": pa.string()}
    kinds |= {"createdAt": era.times, "lastModified": era.times, "downloads": pa.int64()}
    kinds |= {COUNTER: pa.int64()} if era.counter or empty_counter else {}
    kinds |= {"likes": pa.int64(), "trendingScore": pa.float64()}
    kinds |= {"tags": texts.TEXTS, "cardData": pa.string()}
    if era.fields:
        kinds |= {"safetensors": texts.SAFETENSORS, "gguf": pa.string()}
        kinds |= {"baseModels": texts.BASE_MODELS}
    return pa.schema([*kinds.items(), ("pipeline_tag", pa.string()), ("library_name", pa.string())])


def _batches(
    hub: SyntheticHub, reading: Reading, schema: pa.Schema, empty: set[str]
) -> Iterator[pa.RecordBatch]:
    """The rows of a snapshot, a row group at a time; the columns `empty` are null."""
    wanted = set(schema.names) - empty
    for first in range(0, len(reading.rows), _ROW_GROUP):
        part = slice(first, first + _ROW_GROUP)
        made = _figures(hub, reading, part) | texts.described(hub, reading, part, wanted)
        arrays = [
            made[field.name].cast(field.type)
            if field.name in wanted
            else pa.nulls(len(made["id"]), field.type)
            for field in schema
        ]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _figures(hub: SyntheticHub, reading: Reading, part: slice) -> dict[str, pa.Array]:
    """Identity, times and counts of a part of the rows, with the cells that cannot be right."""
    rows, counters, rolling = (a[part] for a in (reading.rows, reading.counters, reading.rolling))
    created = hub.created[rows]
    ids, names = hub.ids(rows), hub.names(rows, reading.namespaces, reading.renamed)
    bad_id, bad_name, bad_rolling, bad_counter = (
        np.isin(np.arange(len(reading.rows))[part], places) for places in reading.bad
    )
    owner = pa.array(reading.namespaces).take(pa.array(hub.developer[rows]))
    return {
        "_id": pc.if_else(bad_id, pc.utf8_slice_codeunits(ids, 0, 12), ids),
        "id": pc.if_else(bad_name, pc.binary_join_element_wise(names, "bad", " "), names),
        "author": owner,
        "createdAt": pc.if_else(reading.undated[rows], None, _times(created)),
        "lastModified": _times(created + (reading.read - created) // 3),
        "downloads": pa.array(np.where(bad_rolling, -1, rolling)),
        COUNTER: pa.array(np.where(bad_counter, -1, counters)),
        "likes": pa.array(np.sqrt(counters).astype(np.int64)),
        "trendingScore": pa.array(np.floor(np.sqrt(rolling))),
    }


def _times(moments: Ints) -> pa.Array:
    """Unix seconds as milliseconds, which every era's type takes."""
    return pa.array(moments * 1000).cast(_MS)
