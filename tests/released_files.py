"""Synthetic files in the schema of the study's released file, and the real file where it is.

A synthetic release is made of rows whose counters are written by hand, so that the truth is known.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import settings
from hypothesis import strategies as st

from replication.sources.counters.contract import COLUMNS, PARENTS

ROOT = Path(__file__).resolve().parents[1]
FIRST = pd.Timestamp("2025-02-26")
EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True)
DAY, WEEK = pd.Timedelta(days=1), pd.Timedelta(days=7)
TEXTS = pa.list_(pa.field("element", pa.string()))
SCHEMA = {
    "_id": pa.string(),
    "model": pa.string(),
    "author": pa.string(),
    "time": pa.timestamp("ns"),
    "created": pa.timestamp("us", tz="UTC"),
    "downloadsAllTime": pa.int64(),
    "annotator": pa.float64(),
    "org_model": pa.string(),
    "org_type": pa.string(),
    "org_country": TEXTS,
    "derived_author": pa.string(),
    "org_country_single": pa.string(),
    "derived_org_country": TEXTS,
    "derived_org_country_single": pa.string(),
    "merged_country_groups_single": pa.string(),
    "merged_derived_country_groups_single": pa.string(),
    "merged_derived_from": TEXTS,
    "merged_languages": TEXTS,
    "merged_modality": pa.string(),
}


def real_file() -> Path:
    """Path of the study's released file, or skip the test that needs it."""
    folder = Path(os.environ.get("REPLICATION_DATA") or ROOT.parent / "shared" / "data")
    path = folder / "released" / "one_year_rolling.parquet"
    if not path.is_file():
        pytest.skip("the study's released file is not here: set REPLICATION_DATA to its folder")
    return path


def id_of(number: int) -> str:
    """The immutable id of synthetic repository `number`."""
    return f"{number:020x}cafe"


def label(number: int) -> pd.Timestamp:
    """Label of weekly reading `number`, counted from 0."""
    return FIRST + number * WEEK


def repository(
    number: int,
    counters: Sequence[int | None],
    *,
    created: str | pd.Timestamp = "2025-02-20",
    first: str | pd.Timestamp = FIRST,
    step: pd.Timedelta = WEEK,
    name: str = "",
    origin: str = "",
    group: str = "China",
    origin_group: str = "",
) -> list[dict[str, Any]]:
    """Rows of one synthetic repository: a counter a reading, None where it has no row."""
    name = name or f"maker{number}/model{number}"
    uploader = name.split("/", maxsplit=1)[0]
    return [
        {
            "_id": id_of(number),
            "model": name,
            "author": uploader,
            "time": pd.Timestamp(first) + k * step,
            "created": pd.Timestamp(created),
            "downloadsAllTime": counter,
            "derived_author": origin or uploader,
            "merged_country_groups_single": group,
            "merged_derived_country_groups_single": origin_group or group,
        }
        for k, counter in enumerate(counters)
        if counter is not None
    ]


def clean_rows(weeks: int = 8) -> list[dict[str, Any]]:
    """Rows without any defect: every counter grows by 100 a week, one repository is born a week.

    Repository 1 is 88 days old at the first reading and starts at 1,000; 2 is six days old and
    starts at 50; 3, 4, … are born at the labels 1, 2, … with a counter of 10.
    """
    steady = [100 * k for k in range(weeks)]
    old = repository(1, [1000 + k for k in steady], created="2024-11-30", group="USA")
    young = repository(2, [50 + k for k in steady], created="2025-02-20T12:00:00")
    born = [
        repository(2 + k, [10 + g for g in steady[: weeks - k]], created=label(k), first=label(k))
        for k in range(1, weeks)
    ]
    return [row for rows in (*zip(old, young, strict=True), *born) for row in rows]


def in_time_order(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows by reading, as an untangled file would hold them."""
    return sorted(rows, key=lambda row: (row["time"], row["_id"]))


def synthetic_release(rows: Iterable[dict[str, Any]] | None = None) -> pd.DataFrame:
    """Make a synthetic released file of `rows` (default: `clean_rows`) with all its columns."""
    table = pd.DataFrame(list(in_time_order(clean_rows()) if rows is None else rows))
    table["created"] = pd.to_datetime(table["created"], utc=True).astype("datetime64[us, UTC]")
    table["time"] = table["time"].astype("datetime64[ns]")
    for column, kind in SCHEMA.items():
        if column not in table:
            filling = {TEXTS: ["No"], pa.float64(): 1.0}.get(kind, "text")
            table[column] = [filling] * len(table)
    return table[list(SCHEMA)]


def write(table: pd.DataFrame, path: Path, **types: pa.DataType) -> Path:
    """Write a release as its suffix says; `types` replaces the Arrow type of single columns."""
    if path.suffix == ".csv":
        table.to_csv(path, index=False)
        return path
    fields = [(column, types.get(column, SCHEMA[column])) for column in table.columns]
    pq.write_table(pa.Table.from_pandas(table, pa.schema(fields), preserve_index=False), path)
    return path


def counters_of(release: pd.DataFrame) -> pd.DataFrame:
    """What the contract returns for a release that keeps it, without a file between."""
    table = release[list(COLUMNS)].rename(columns=COLUMNS)
    table["created"] = table["created"].dt.tz_localize(None)
    table["parents"] = release[PARENTS].map(" ".join)
    return table.assign(uploader=table["name"].str.partition("/")[0])


@st.composite
def synthetic_rows(draw: st.DrawFn, weeks: int = 9) -> list[dict[str, Any]]:
    """Draw a release with falls, frozen weeks, missing rows, births and repositories that age out.

    A frozen week stands still for all. The first repository is young at the first reading, so that
    the series begins there. One born just before the first reading is in it: otherwise nobody could
    say what it gained before the series begins.
    """
    frozen = draw(st.sets(st.integers(2, weeks - 1), max_size=3))
    rows = []
    for number in range(1, 1 + draw(st.integers(1, 4))):
        entry = draw(st.integers(0, weeks - 2)) if number > 1 else 0
        age = draw(st.integers(0, 6) if entry else st.integers(0, 350 if number == 1 else 400))
        if entry and draw(st.booleans()):
            age = draw(st.integers(8 + 7 * entry, 400))  # old, and late in the file
        created = label(entry) - age * DAY + draw(st.integers(0, 86_399)) * pd.Timedelta("1s")
        levels = _levels(draw, weeks - entry, {week - entry for week in frozen})
        rows += repository(number, levels, created=created, first=label(entry))
    return rows


def _levels(draw: st.DrawFn, weeks: int, frozen: set[int]) -> list[int | None]:
    """Counters of one repository from its first row on, some missing, some fallen."""
    level, levels = draw(st.integers(0, 10**9)), []
    for week in range(weeks):
        if week and week not in frozen:
            level = max(level + draw(st.integers(-500, 5000)), 0)
        missing = week > 0 and draw(st.integers(0, 4)) == 0
        levels.append(None if missing else level)
    return levels
