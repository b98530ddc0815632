"""``python -m bench.engines``: the whole Hub's panel by arrays, by statements on DuckDB, and by Spark, at growing sizes.

All three make the same panel of the same extracts of synthetic snapshots; only rebuilding and assembling
are timed, with the start of the engine. Seconds are fitted by a line in the rows, seconds = start + rows ×
seconds a row, weighted to fit each size alike. From it follows how many machines of this kind Spark needs to
be as fast as arrays on one, if it loses nothing between machines, and from how many rows on more machines pay.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from unittest.mock import patch

import numpy as np
from rich.console import Console, Group

from bench import snapshots
from bench.measure import in_child, processor_s, table
from replication.panel.whole_hub import assembly, engines, rebuild
from replication.panel.whole_hub.engine_duckdb import DuckDB

ARRAYS, STATEMENTS, SPARK = "arrays", "statements on DuckDB", "Spark"
WAYS = (ARRAYS, STATEMENTS, SPARK)
SIZES = (2_700, 10_800, 43_200)
"""Rows of a snapshot on average: with all 57, 0.15, 0.6 and 2.5 million rows in all."""
MACHINES = (4, 10, 30, 100)


COLUMNS = ["way", "rows", "seconds", "processor_s", "times the seconds of arrays"]


@dataclass(frozen=True)
class Found:
    """Processor seconds of one way, Java's included, and the sum of all numbers of the panel."""

    processor_s: float
    total: int


@dataclass(frozen=True)
class Line:
    """Seconds to start, and seconds a million rows."""

    start: float
    per_million: float

    def seconds(self, rows: int) -> float:
        """Seconds at so many rows."""
        return self.start + self.per_million * rows / 1e6


def fitted(rows: Sequence[int], seconds: Sequence[float]) -> Line:
    """The line with the least squares of relative errors."""
    weights = 1 / np.asarray(seconds)
    design = np.column_stack([np.ones(len(rows)), np.asarray(rows) / 1e6])
    (start, slope), *_ = np.linalg.lstsq(
        design * weights[:, None], np.asarray(seconds) * weights, rcond=None
    )
    return Line(float(start), float(slope))


def machines_needed(spark: Line, one: Line) -> float:
    """Machines on which Spark takes as many seconds a row as `one` on one, if it loses nothing between them."""
    return spark.per_million / one.per_million


def rows_from(spark: Line, one: Line, machines: int) -> float:
    """Rows from which on Spark on so many machines is faster than `one`; infinite where it never is."""
    saved = one.per_million - spark.per_million / machines
    return max(spark.start - one.start, 0.0) / saved * 1e6 if saved > 0 else float("inf")


def panel(way: str, folder: str) -> tuple[float, Found]:
    """Seconds of one way from the extracts in `folder` to the panel, the engine's start included."""
    files = {date.fromisoformat(path.stem): path for path in sorted(Path(folder).glob("*.parquet"))}
    definitions, began, before = snapshots.DEFINITIONS, perf_counter(), processor_s(own=True)
    rules = definitions.whole_hub
    with (
        TemporaryDirectory(prefix="bench-") as place,
        patch.object(DuckDB, "by_arrays", way == ARRAYS),
        engines.engine("spark" if way == SPARK else "duckdb", Path(place)) as engine,
    ):
        share = rules.truncated_share
        rebuilt = rebuild.rebuild(files, definitions, engine, truncated_share=share)
        made = assembly.assemble(
            rebuilt, engine, definitions, snapshots.LABELLED, rules.tail_downloads
        )
        spent = perf_counter() - began
    end_java()
    total = int(made.panel.variants.select_dtypes("number").to_numpy().sum())
    return spent, Found(processor_s(own=True) - before, total)


def end_java() -> None:
    """End the Java machine, so that its seconds count: pyspark keeps it as long as Python lives."""
    if "pyspark" not in sys.modules:
        return
    from pyspark import SparkContext

    gateway, SparkContext._gateway, SparkContext._jvm = SparkContext._gateway, None, None  # noqa: SLF001
    if gateway is not None:
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait(timeout=60)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; 1 where two ways make different panels, else 0."""
    asked = _parser().parse_args(arguments)
    sizes, rows, seconds, wrong = [], [], {way: [] for way in WAYS}, 0
    labels = snapshots.weeks(snapshots.MOST)
    for each in asked.rows:
        with TemporaryDirectory(prefix="bench-") as folder:
            size = snapshots.size(each, labels)
            files, made = snapshots.extracts(size, labels, Path(folder))
            read, place = made.rows, str(next(iter(files.values())).parent)
            sizes.append(read)
            measured = {way: in_child(panel, way, place) for way in WAYS}
        wrong += len({one.found.total for one in measured.values()}) > 1
        for way, one in measured.items():
            seconds[way].append(one.seconds)
            times = one.seconds / measured[ARRAYS].seconds
            rows.append([way, read, one.seconds, one.found.processor_s, times])
    lines = {way: fitted(sizes, seconds[way]) for way in WAYS}
    Console(width=120).print(
        table("synthetic snapshots to the panel", COLUMNS, rows), *_tables(lines), sep="\n"
    )
    if wrong:
        print("error: not all ways make the same panel", file=sys.stderr)
    return int(wrong > 0)


def _tables(lines: dict[str, Line]) -> list[Group]:
    """The lines, and what they say of Spark on several machines."""
    fits = [[way, line.start, line.per_million] for way, line in lines.items()]
    needed = [
        [way, machines_needed(lines[SPARK], lines[way])]
        + [_millions(rows_from(lines[SPARK], lines[way], n)) for n in MACHINES]
        for way in (ARRAYS, STATEMENTS)
    ]
    columns = [
        "against",
        "machines needed at least",
        *(f"on {n} from million rows" for n in MACHINES),
    ]
    return [
        table("seconds = start + rows × seconds a row", ["", "start_s", "s a million rows"], fits),
        table("Spark, if it loses nothing between machines", columns, needed),
    ]


def _millions(rows: float) -> str:
    return "never" if rows == float("inf") else f"{rows / 1e6:,.1f}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m bench.engines", description=__doc__)
    parser.add_argument(
        "--rows", nargs="+", type=int, default=SIZES, help="of a snapshot on average (%(default)s)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
