"""Synthetic extracts of snapshots written by hand: repositories with a constant daily rate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from replication.definitions import Definitions, Window, load_definitions
from replication.panel.whole_hub.engine_duckdb import DuckDB
from replication.panel.whole_hub.readings import DAY, NOON
from replication.panel.whole_hub.rebuild import Detailed, detailed, rebuild

SCHEMA = pa.schema([
    ("repository", pa.string()), ("name", pa.string()), ("created", pa.int64()),
    ("rolling", pa.int64()), ("counter", pa.int64()), ("parents", pa.string()),
])  # fmt: skip
FIRST = date(2024, 7, 24)
LABELS = [FIRST + timedelta(weeks=n) for n in range(30)]
COUNTED = 14
"""Place of the first label whose snapshot holds cumulative counters."""
AGE_LIMIT = 100
TRUNCATED = 0.5
MONTH = 30
Rows = list[dict[str, Any]]
Snapshots = dict[date, Rows]


@dataclass(frozen=True)
class Repository:
    """A synthetic repository that is downloaded `rate` times a day from its birth on, at even pace."""

    number: int
    born: datetime
    rate: int
    name: str = ""
    part: float = 1.0
    """What part of its growth the 30-day field holds."""
    parents: str = ""

    def row(self, moment: int, *, counted: bool) -> dict[str, Any]:
        """What a snapshot that is read at `moment` says of it."""
        age = (moment - self.seconds) / DAY
        return {
            "repository": f"{self.number:024x}",
            "name": self.name or f"maker-{self.number}/model",
            "created": self.seconds,
            "rolling": round(self.part * self.rate * min(age, MONTH)),
            "counter": round(self.rate * age) if counted else None,
            "parents": self.parents,
        }

    @property
    def seconds(self) -> int:
        """Its birth in unix seconds."""
        return int(self.born.timestamp())

    def downloads(self, window: Window, age_limit: int = AGE_LIMIT) -> int:
        """Its exact downloads in a window, until it is so many days old."""
        limit = self.born + timedelta(days=age_limit)
        since, until = midnight(window.start), midnight(window.last) + timedelta(days=1)
        if window.kind == "cohort":
            inside = since <= self.born < midnight(window.end) + timedelta(days=1)
            since = self.born if inside else until
        return int(self.rate * max(min(limit, until) - max(since, self.born), timedelta()) / _DAY)


_DAY = timedelta(days=1)


def midnight(day: date, hours: int = 0) -> datetime:
    """The moment at which a day begins, UTC, and so many hours."""
    return datetime.combine(day, time(), UTC) + timedelta(hours=hours)


def noon(day: date) -> int:
    """Unix seconds of noon: when a snapshot is taken to be read where nothing new is in it."""
    return int(midnight(day).timestamp()) + NOON


def day(number: int, hours: int = 12) -> datetime:
    """So many days after the first label, at noon unless told."""
    return midnight(FIRST + timedelta(days=number), hours)


def newcomers() -> list[Repository]:
    """One more repository before every label, without which steady snapshots would look repeated."""
    return [Repository(100 + n, day(7 * n - 3), 2) for n in range(1, len(LABELS))]


def hub() -> list[Repository]:
    """Three repositories, older than the chain, born under it and after the counters; newcomers."""
    return [
        Repository(1, day(-40), 10, "old/model"),
        Repository(2, day(17), 24, "young/model"),
        Repository(3, day(101), 36, "new/model"),
        *newcomers(),
    ]


def snapshots(
    repositories: Iterable[Repository], labels: Iterable[date] = LABELS, counted: int = COUNTED
) -> Snapshots:
    """The rows of every snapshot, read at noon of its label."""
    listed = list(repositories)
    return {
        label: [
            r.row(noon(label), counted=label >= LABELS[counted])
            for r in listed
            if r.seconds < noon(label)
        ]
        for label in labels
    }


def write(folder: Path, contents: Snapshots) -> dict[date, Path]:
    """Write the extracts."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for label, rows in contents.items():
        files[label] = folder / f"{label}.parquet"
        pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), files[label])
    return files


def window(kind: str, start: int, end: int, **more: Any) -> Window:
    """A window from one day after the first label to another, both inside it."""
    first, last = (FIRST + timedelta(days=n) for n in (start, end))
    return Window(f"{kind}-{start}-{end}", kind, first, last, "synthetic", **more)


WINDOWS = (
    window("rebuild", 5, 190),
    window("rebuild", 30, 60),
    window("rebuild", 90, 130),
    window("increments", 101, 171),
    window("increments", 150, 150),
    window("cohort", 10, 150),
)


def definitions(
    windows: Iterable[Window] = WINDOWS,
    age_limit: int = AGE_LIMIT,
    frozen: tuple[str, ...] = ("interpolated", "as-read", "left-out"),
) -> Definitions:
    """The definitions of the whole Hub with these windows, one age limit and no window of the grid."""
    found = load_definitions(whole=True)
    return replace(
        found,
        windows=tuple(windows),
        grid_windows=(),
        panel=replace(found.panel, age_limit_days=age_limit),
        grid=replace(found.grid, age_limits_days=(age_limit,), frozen_rules=frozen),
    )


@contextmanager
def running(
    folder: Path, contents: Snapshots, rules: Definitions
) -> Iterator[tuple[Detailed, DuckDB]]:
    """What is rebuilt of snapshots, and the engine that still holds its tables."""
    files = write(folder / "extracts", contents)
    with DuckDB(folder / "engine", memory="500MB") as engine:
        found = rebuild(files, rules, engine, truncated_share=TRUNCATED)
        yield detailed(found, engine, rules), engine


def rebuilt(folder: Path, contents: Snapshots, rules: Definitions | None = None) -> Detailed:
    """What is rebuilt of snapshots."""
    with running(folder, contents, rules or definitions()) as (found, _):
        return found


def totals(found: Detailed, rule: str = "interpolated") -> dict[int, dict[str, int]]:
    """Rebuilt downloads by number of the repository and window, under one rule."""
    kept = [column for column in found.totals if column.endswith(f"/{rule}")]
    numbers = [int(text, 16) for text in found.facts["repository"]]
    return {
        number: {column.split("/")[0]: int(found.totals[column].iloc[row]) for column in kept}
        for row, number in enumerate(numbers)
    }


def exact(
    repositories: Iterable[Repository], windows: Iterable[Window] = WINDOWS
) -> dict[int, dict[str, int]]:
    """The exact downloads, as `totals` gives them."""
    listed = list(windows)
    return {r.number: {w.id: r.downloads(w) for w in listed} for r in repositories}
