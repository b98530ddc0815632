"""What a file that is handed in is: its kind by its columns, its terms where records.toml knows it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from replication.definitions.records import COUNTERS, CRAWL, CREATED, load_records
from replication.errors import SourceError
from replication.monthly.request import HEAD, SMALLEST, WHOLE, file_of
from replication.sources.crawl.store import RECORD as CRAWLED

COVERS = "covers"
READABLE = {
    COUNTERS: ("model", "time", "downloadsAllTime"),
    COVERS: ("id", "downloads"),
    "modelId": ("modelId", "downloads"),
    CREATED: ("name", "created"),
}
"""Columns by which a table is known, the more telling first."""
_LINES = (".jsonl", ".json", ".ndjson")


@dataclass(frozen=True)
class Known:
    """What is known of a file before its cells are read.

    Attributes
    ----------
    kind
        One of `readings.KINDS`; `COVERS` for a list of which nobody has said what it covers.
    day
        ISO 8601 date that is known for it; empty where none is.
    cut_off, task_lists, lag_days, title, licence
        As of `Reading`; a cut-off may be `SMALLEST`.
    """

    kind: str
    day: str = ""
    cut_off: int = SMALLEST
    task_lists: bool = False
    lag_days: int = 0
    title: str = ""
    licence: str = ""


def recognised(file: Path, sha256: str) -> Known:
    """Say what a file is, by its content where records.toml names it, else by its columns.

    Raises
    ------
    SourceError
        There is no such file, or it is none that can be read.
    """
    kind = CRAWL if file_of(file).suffix in _LINES else _of_columns(file)
    for record in load_records():
        if sha256 in record.sha256:
            kinds = {"list": WHOLE, "top": HEAD}
            return Known(
                kinds.get(record.shape, record.shape), record.date.isoformat() if record.date else "",
                record.cut_off, record.task_lists, record.lag_days, record.title, record.licence,
            )  # fmt: skip
    return _of_own_crawl(file) if kind == COVERS else Known(kind)


def _of_columns(file: Path) -> str:
    columns = _columns(file)
    for kind, wanted in READABLE.items():
        if columns.issuperset(wanted):
            return COVERS if kind == "modelId" else kind
    raise SourceError(
        f"{file} is no reading: its columns are {', '.join(sorted(columns)[:12])}",
        "a list has id and downloads, counters have model, time and downloadsAllTime, creation "
        "dates name and created, a crawl is a .jsonl with repo, model_name, downloads_last_month, "
        "date_crawl (docs/SOURCES.md)",
    )


def _columns(file: Path) -> set[str]:
    try:
        if file.suffix == ".csv":
            return set(pd.read_csv(file, dtype=str, nrows=0).columns)
        return set(pq.read_schema(file).names)
    except (ValueError, OSError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise SourceError(
            f"{file} cannot be read: {reason}",
            "hand in a whole file: .parquet, .csv, or .jsonl of a crawl",
        ) from None


def _of_own_crawl(file: Path) -> Known:
    """A snapshot of one's own crawl says beside it what it covers; any other list does not."""
    about = file.with_name(CRAWLED)
    try:
        record = json.loads(about.read_text(encoding="utf-8"))
        mode, day = str(record["scope"]["mode"]), str(record["label"])
    except (OSError, ValueError, KeyError, TypeError):
        return Known(COVERS)
    kind, cut = {"all": (WHOLE, 0), "top": (HEAD, SMALLEST), "namespaces": (CRAWL, SMALLEST)}[mode]
    return Known(kind, day, cut, title="A crawl of the Hub’s own list of models")
