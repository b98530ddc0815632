"""Snapshots of a whole Hub to its panel: seconds, memory and disk.

A synthetic Hub without defects is read once a week. Each snapshot is written by another process,
extracted, and dropped, so that one lies on disk at a time; only extracting, rebuilding and assembling
are timed. What the bench leaves empty in a snapshot (cards, formats) an extract does not read.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import NamedTuple
from unittest.mock import patch

import numpy as np

from bench.measure import Disk
from replication import processes
from replication.cli.outcome import peak_mb
from replication.definitions import AS_READ, INTERPOLATED, Definitions, load_definitions
from replication.panel.whole_hub import assembly, engine_duckdb, engines, rebuild, statements
from replication.panel.whole_hub.arrays.building import Building
from replication.sources.snapshots.extract import extract
from replication.sources.snapshots.local import AT_A_TIME
from replication.validation.synthetic.defects import COUNTER_SINCE, WEEK
from replication.validation.synthetic.snapshots import weekly_labels, write_snapshots
from replication.validation.synthetic.truth import SyntheticHub, seconds, synthetic_hub

DEFINITIONS = load_definitions(whole=True)
MOST = 57
"""Weekly snapshots of the study's window, the last one that of `UNTIL`."""
UNTIL = DEFINITIONS.snapshots.until
COMPARED = next(w for w in DEFINITIONS.windows if w.kind == "increments")
"""The window that plain pandas computes."""
TOLERANCE = 0.001
"""Largest relative difference of the downloads that ours and plain pandas find in `COMPARED`: ours
dates a reading by its newest repository, minutes before the label by which pandas dates it."""
LABELLED = {"synthetic-0001": DEFINITIONS.groups[0]}
"""The study's group of the namespaces that it labels: here one is enough."""
PER_NAMESPACE = 6
"""Repositories of a namespace, on average, as in the benchmark of namespaces."""
_SEED, _DRAFT, _MB = 0, 20_000, 1e6


@dataclass(frozen=True)
class Found:
    """What one piece of work took and found.

    Attributes
    ----------
    rows, snapshots, repositories
        Rows of all snapshots, how many snapshots, and repositories of the Hub.
    downloads
        First-year downloads in `COMPARED`, by which two pieces of work are compared.
    extract_s, panel_s
        Seconds of the extracts, and of rebuilding and assembling the panel.
    extract_mb
        Peak memory in MB of the processes that extract, together.
    disk_mb, kept_mb
        Most MB that lay on disk at a time, and MB of all extracts.
    parts
        Seconds of each step, the longest first.
    cpu_s
        Processor seconds of all that was timed.
    """

    rows: int
    snapshots: int
    repositories: int
    downloads: int
    extract_s: float = 0.0
    panel_s: float = 0.0
    extract_mb: float = 0.0
    disk_mb: float = 0.0
    kept_mb: float = 0.0
    parts: Mapping[str, float] = field(default_factory=dict)
    cpu_s: float = 0.0


class One(NamedTuple):
    """Of one extract: its rows, processor seconds, and the process with its peak memory so far in MB."""

    rows: int
    cpu_s: float
    process: int
    peak_mb: float


class Extracts(NamedTuple):
    """Of all extracts: rows, seconds, processor seconds, and the peaks of all processes together in MB."""

    rows: int
    seconds: float
    cpu_s: float
    peak_mb: float


def weeks(snapshots: int) -> tuple[date, ...]:
    """Labels of so many snapshots, at most `MOST`, evenly over the weeks of the window."""
    every = weekly_labels(UNTIL - (MOST - 1) * WEEK, UNTIL)
    chosen = np.linspace(0, MOST - 1, snapshots).round().astype(int)
    return tuple(every[n] for n in chosen)


def counted() -> tuple[date, ...]:
    """Labels of all snapshots with cumulative counters."""
    return tuple(weekly_labels(COUNTER_SINCE, UNTIL))


@cache
def size(rows: int, labels: tuple[date, ...]) -> int:
    """Repositories of a Hub whose snapshots have so many rows on average, as it grows."""
    draft = synthetic_hub(_DRAFT, 2, _SEED, end=UNTIL)
    alive = np.mean([draft.alive(seconds(label)) for label in labels])
    return round(rows * _DRAFT / alive)


@cache
def hub(repositories: int) -> SyntheticHub:
    """A synthetic Hub, in the process that writes its snapshots."""
    developers = max(repositories // PER_NAMESPACE, 2)
    return synthetic_hub(repositories, developers, _SEED, end=UNTIL)


def written(repositories: int, labels: tuple[date, ...], folder: str) -> list[Path]:
    """Write snapshots of a Hub without defects."""
    return write_snapshots(hub(repositories), labels, None, Path(folder), lean=True)


def whole(rows: int, snapshots: int) -> tuple[float, Found]:
    """Seconds of ours from snapshots of so many rows on average to the whole panel."""
    return _ours(rows, weeks(snapshots), DEFINITIONS)


def one_window(rows: int) -> tuple[float, Found]:
    """Seconds of ours from the snapshots with counters to `COMPARED` alone."""
    rules = replace(
        DEFINITIONS.grid,
        age_limits_days=(DEFINITIONS.panel.age_limit_days,),
        frozen_rules=(INTERPOLATED, AS_READ),
    )
    return _ours(
        rows, counted(), replace(DEFINITIONS, windows=(COMPARED,), grid_windows=(), grid=rules)
    )


def _ours(rows: int, labels: tuple[date, ...], definitions: Definitions) -> tuple[float, Found]:
    """Extract each snapshot, then rebuild the panel and write it."""
    repositories = size(rows, labels)
    with TemporaryDirectory(prefix="bench-") as name, Disk(Path(name)) as disk:
        folder = Path(name)
        files, made = extracts(repositories, labels, folder)
        kept = disk.held()
        began, worked = perf_counter(), process_time()
        downloads, parts = _panel(files, definitions, folder)
        panel_s = perf_counter() - began
        cpu_s = made.cpu_s + process_time() - worked
    parts["opening and closing the database"] = panel_s - sum(parts.values())
    parts["extracts"] = made.seconds
    found = Found(
        made.rows, len(labels), repositories, downloads, made.seconds, panel_s, made.peak_mb,
        disk.most / _MB, kept / _MB,
        dict(sorted(parts.items(), key=lambda part: -part[1])), cpu_s,
    )  # fmt: skip
    return made.seconds + panel_s, found


def extracts(
    repositories: int, labels: tuple[date, ...], folder: Path
) -> tuple[dict[date, Path], Extracts]:
    """Write, extract and drop snapshots, as many at a time as ours extracts of a folder."""
    files = {label: folder / "extracts" / f"{label}.parquet" for label in labels}
    rows, spent, worked, peaks = 0, 0.0, 0.0, {}
    writer = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    with writer, processes.beside(1):
        for first in range(0, len(labels), AT_A_TIME):
            several = labels[first : first + AT_A_TIME]
            task = writer.submit(written, repositories, several, str(folder / "hub"))
            tasks = [(p, files[label]) for p, label in zip(task.result(), several, strict=True)]
            began = perf_counter()
            done = [what for _, what in processes.each(extracted, tasks)]
            spent += perf_counter() - began
            rows += sum(one.rows for one in done)
            worked += sum(one.cpu_s for one in done)
            peaks |= {one.process: one.peak_mb for one in done}
            for path, _ in tasks:
                path.unlink()
    return files, Extracts(rows, spent, worked, sum(peaks.values()))


def extracted(task: tuple[Path, Path]) -> One:
    """Extract one snapshot."""
    before = process_time()
    rows = extract(*task, task[1].stem).rows
    return One(rows, process_time() - before, os.getpid(), peak_mb())


def _panel(
    files: Mapping[date, Path], definitions: Definitions, folder: Path
) -> tuple[int, defaultdict[str, float]]:
    """Downloads of `COMPARED` in the panel, and seconds by statement and by what is not SQL."""
    parts: defaultdict[str, float] = defaultdict(float)
    rules = definitions.whole_hub
    with engines.engine("duckdb", folder / "engine") as engine, _clocked(parts):
        with _the_rest(parts, "rebuild, what is not SQL"):
            share = rules.truncated_share
            rebuilt = rebuild.rebuild(files, definitions, engine, truncated_share=share)
        with _the_rest(parts, "assemble, what is not SQL"):
            made = assembly.assemble(rebuilt, engine, definitions, LABELLED, rules.tail_downloads)
    with _the_rest(parts, "writing the tables"):
        made.panel.write(folder / "panel")
    column = f"{COMPARED.id}/{definitions.panel.age_limit_days}/{AS_READ}"
    return int(made.panel.variants[column].sum()), parts


@contextmanager
def _the_rest(parts: defaultdict[str, float], name: str) -> Iterator[None]:
    """Add the seconds of the block that no statement took."""
    began, before = perf_counter(), sum(parts.values())
    yield
    parts[name] += perf_counter() - began - (sum(parts.values()) - before)


@contextmanager
def _clocked(parts: defaultdict[str, float]) -> Iterator[None]:
    """Add the seconds of every statement to those of its file in `sql/`, and those of every step on arrays."""
    texts = {path.stem: path.read_text("utf-8") for path in statements.SQL.glob("*.sql")}
    run = engine_duckdb.DuckDB._run  # noqa: SLF001

    def clocked(engine: engine_duckdb.DuckDB, text: str) -> object:
        began = perf_counter()
        try:
            return run(engine, text)
        finally:
            name = next((f"sql/{name}.sql" for name, sql in texts.items() if sql in text), "")
            parts[name or "small statements"] += perf_counter() - began

    with ExitStack() as patches:
        patches.enter_context(patch.object(engine_duckdb.DuckDB, "_run", clocked))
        for name in ("repositories", "stretch_sums", "downloads", "week_totals"):
            step = _timed(parts, f"arrays: {name}", getattr(Building, name))
            patches.enter_context(patch.object(Building, name, step))
        yield


def _timed(
    parts: defaultdict[str, float], name: str, step: Callable[..., object]
) -> Callable[..., object]:
    """The step with its seconds added to those of its name, but for those of statements in it."""

    def timed(*arguments: object) -> object:
        with _the_rest(parts, name):
            return step(*arguments)

    return timed
