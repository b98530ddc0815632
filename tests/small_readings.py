"""Readings of a small Hub whose downloads are known: files as somebody might hand them in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

YEAR, COUNTED = 365, 30


@dataclass(frozen=True)
class Model:
    """A model that is downloaded at one rate a day since its birth, until its last day if it has one."""

    name: str
    born: date
    rate: int
    until: date | None = None

    def gained(self, start: date, end: date, oldest: int = YEAR) -> int:
        """What it gains after `start` up to `end`, while at most so many days old."""
        first = max(start + timedelta(days=1), self.born)
        last = min(end, self.born + timedelta(days=oldest), self.until or end)
        return max((last - first).days + 1, 0) * self.rate

    def count(self, day: date) -> int:
        """The 30-day count of a day."""
        return self.gained(day - timedelta(days=COUNTED), day, 10_000)

    def counter(self, day: date) -> int:
        """The cumulative counter of a day."""
        return self.gained(self.born - timedelta(days=1), day, 10_000)


HUB = (
    Model("Qwen/one", date(2024, 3, 1), 4_000),
    Model("Qwen/two", date(2024, 9, 10), 9_000),
    Model("deepseek-ai/r", date(2024, 11, 1), 6_000),
    Model("meta-llama/l", date(2024, 2, 1), 12_000),
    Model("google/g", date(2024, 8, 15), 5_000),
    Model("google/h", date(2024, 5, 20), 2_500, until=date(2024, 10, 15)),
    Model("mistralai/m", date(2024, 7, 5), 3_000),
    Model("nobody-we-know/x", date(2024, 6, 1), 2_000),
    Model("google/old", date(2020, 1, 1), 8_000),
)
GROUP = {"Qwen": "China", "deepseek-ai": "China", "meta-llama": "USA", "google": "USA"}


def truth(start: date, end: date) -> dict[str, float]:
    """Shares of China and the USA in first-year downloads, and their total."""
    gained = {model.name: model.gained(start, end) for model in HUB}
    total = sum(gained.values())
    sides = {"China": 0.0, "USA": 0.0}
    for name, value in gained.items():
        side = GROUP.get(name.partition("/")[0])
        if side:
            sides[side] += value / total
    return {**sides, "total": total}


def whole(folder: Path, day: date, *, counters: bool = False, rows: int | None = None) -> Path:
    """Write the list of every model of a day as Parquet."""
    alive = [model for model in HUB if model.born <= day][:rows]
    columns = {
        "_id": [f"{n:024x}" for n in range(len(alive))],
        "id": [model.name for model in alive],
        "downloads": [model.count(day) for model in alive],
        "createdAt": pa.array(
            [pd.Timestamp(model.born, tz="UTC") for model in alive], pa.timestamp("us", tz="UTC")
        ),
    }
    if counters:
        columns["downloadsAllTime"] = [model.counter(day) for model in alive]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"whole-{day}.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def top(folder: Path, day: date, least: int) -> Path:
    """Write the models with at least so many downloads of a day as CSV."""
    alive = [model for model in HUB if model.born <= day and model.count(day) >= least]
    rows = [{"id": model.name, "downloads": model.count(day)} for model in alive]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"top-{day}.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def crawl(folder: Path, day: date, spaces: tuple[str, ...] = ("Qwen", "google")) -> Path:
    """Write the pages of some namespaces of a day as JSON lines."""
    alive = [m for m in HUB if m.born <= day and m.name.partition("/")[0] in spaces]
    lines = [
        json.dumps(
            {
                "repo": model.name.partition("/")[0],
                "model_name": model.name.partition("/")[2],
                "downloads_last_month": model.count(day),
                "date_crawl": str(day),
            }
        )
        for model in alive
    ]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"crawl-{day}.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
