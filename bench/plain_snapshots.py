"""What ours is compared with on the same snapshots: plain pandas, and one statement of DuckDB.

Plain pandas does one window of cumulative counters and credits it to uploaders: less than ours does, which is
given the same snapshots and that window alone. The statement does the bare work of the whole window in both
regimes, and is compared with the whole panel. Both are compared in processor seconds, which the number of
threads and what runs beside hardly change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import duckdb
import pandas as pd
import pyarrow.parquet as pq

from bench import snapshots
from bench.snapshots import Found
from replication.validation.synthetic.defects import COUNTER_SINCE

BARE = """
SELECT split_part(name, '/', 1) AS uploader, CAST(sum(gained) AS BIGINT) AS downloads
FROM (
    SELECT
        arg_max(id, place) AS name,
        greatest(coalesce(max(counter) - min(counter), 0), 0)
        + coalesce(sum(downloads) FILTER (place < {counted} AND ({counted} - place) % 4 = 0), 0) AS gained
    FROM (
        SELECT _id, id, downloads, "downloadsAllTime" AS counter, CAST(file_index AS BIGINT) AS place
        FROM read_parquet([{paths}], union_by_name = true)
    ) read
    GROUP BY _id
) repositories
GROUP BY 1
"""
"""The least that a window in both regimes takes: every fourth 30-day count before the first counters, what
the counters gain after it, and the sums by uploader. No age, lineage, defect or cut is looked at."""


@contextmanager
def _lying(rows: int, labels: tuple[date, ...]) -> Iterator[tuple[int, list[Path]]]:
    """How many repositories a Hub has, and its snapshots, written by another process."""
    repositories = snapshots.size(rows, labels)
    with TemporaryDirectory(prefix="bench-") as name:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as writer:
            paths = writer.submit(snapshots.written, repositories, labels, name).result()
        yield repositories, paths


def plain(rows: int) -> tuple[float, Found]:
    """Seconds of plain pandas from the snapshots with counters to `COMPARED` alone."""
    labels = snapshots.counted()
    with _lying(rows, labels) as (repositories, paths):
        files = dict(zip(labels, paths, strict=True))
        began, before = perf_counter(), process_time()
        table = _read(files)
        credited = _credited(table, labels[0])
        spent, cpu_s = perf_counter() - began, process_time() - before
    found = Found(len(table), len(labels), repositories, int(credited.sum()), cpu_s=cpu_s)
    return spent, found


def bare(rows: int, number: int) -> tuple[float, Found]:
    """Seconds of `BARE` on the snapshots that `whole` reads."""
    labels = snapshots.weeks(number)
    with _lying(rows, labels) as (repositories, paths):
        read = sum(pq.read_metadata(path).num_rows for path in paths)
        counted = sum(label < COUNTER_SINCE for label in labels)
        listed = ", ".join(f"'{path}'" for path in paths)
        began, before = perf_counter(), process_time()
        with duckdb.connect(config={"threads": 2, "memory_limit": "2GB"}) as connection:
            connection.execute("SET enable_progress_bar = false")
            credited = connection.execute(BARE.format(paths=listed, counted=counted)).df()
        spent, cpu_s = perf_counter() - began, process_time() - before
    total = int(credited["downloads"].sum())
    return spent, Found(read, len(labels), repositories, total, cpu_s=cpu_s)


def _read(files: Mapping[date, Path]) -> pd.DataFrame:
    """All rows of all snapshots; ids and names as categories, which sort and compare as numbers."""
    columns = ["_id", "id", "createdAt", "downloadsAllTime"]
    parts = [
        pd.read_parquet(path, columns=columns).assign(date=pd.Timestamp(label, tz="UTC"))
        for label, path in files.items()
    ]
    return pd.concat(parts, ignore_index=True).astype({"_id": "category", "id": "category"})


def _credited(table: pd.DataFrame, first: date) -> pd.Series:
    """First-year downloads in `COMPARED` by uploader, as one would write it.

    What a repository gained falls whole at the reading that found it; the first counter counts for
    repositories born after the first snapshot.
    """
    start, end, before = (
        pd.Timestamp(day, tz="UTC")
        for day in (snapshots.COMPARED.start, snapshots.COMPARED.end, first)
    )
    limit = pd.Timedelta(days=snapshots.DEFINITIONS.panel.age_limit_days)
    table = table.sort_values(["_id", "date"]).drop_duplicates(["_id", "date"], keep="last")
    one = table["_id"].cat.codes
    level = table["downloadsAllTime"].groupby(one).cummax()
    gain = level.groupby(one).diff().fillna(level.where(table["createdAt"] >= before))
    inside = (table["date"] > start) & (table["date"] <= end)
    young = table["date"] - table["createdAt"] <= limit
    totals = gain[inside & young].groupby(table["_id"], observed=True).sum()
    names = table.drop_duplicates("_id", keep="last").set_index("_id")["id"].astype("str")
    named = totals.to_frame("downloads").join(names)
    return named["downloads"].groupby(named["id"].str.partition("/")[0]).sum()
