"""A folder of weekly snapshots of a few repositories, each downloaded at its own even pace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

FIRST, WEEKS = date(2024, 7, 24), 60
COUNTERS_FROM = date(2025, 2, 26)


class Model(NamedTuple):
    """A repository: its name, the days from the first label to its birth, downloads a day."""

    name: str
    born: int
    rate: int


MODELS = [
    Model("deepseek-ai/r1", 60, 900),
    Model("Qwen/qwen", 20, 1_500),
    Model("Qwen/late", 230, 700),
    Model("google/gemma", 40, 2_000),
    Model("meta-llama/llama", -100, 1_800),
    Model("openai/oss", 250, 1_200),
    Model("mistralai/small", 90, 600),
    Model("sentence-transformers/minilm", 30, 400),
    Model("nobody-knows-this/model", 70, 300),
]


def write_hub(
    folder: Path,
    models: Sequence[Model] = MODELS,
    weeks: Iterable[int] = range(WEEKS),
    counters_from: date = COUNTERS_FROM,
) -> Path:
    """Write ``models/<label>/models.parquet`` for every week; one more repository is born in each."""
    births = [Model(f"newcomer-{n}/model", 7 * n - 3, 40) for n in range(1, WEEKS)]
    for week in weeks:
        label = FIRST + timedelta(weeks=week)
        read = _moment(label)
        there = [(n, m) for n, m in enumerate([*models, *births]) if _birth(m) < read]
        ages = [(read - _birth(m)).total_seconds() / 86_400 for _, m in there]
        columns = {
            "_id": pa.array(
                [f"{int(_birth(m).timestamp()):08x}{n:016x}" for n, m in there], pa.string()
            ),
            "id": pa.array([m.name for _, m in there], pa.string()),
            "createdAt": pa.array([_birth(m) for _, m in there], pa.timestamp("ms", "UTC")),
            "downloads": pa.array(
                [round(m.rate * min(age, 30)) for (_, m), age in zip(there, ages, strict=True)],
                pa.int64(),
            ),
        }
        if label >= counters_from:
            columns["downloadsAllTime"] = pa.array(
                [round(m.rate * age) for (_, m), age in zip(there, ages, strict=True)],
                pa.int64(),
            )
        path = folder / "models" / label.isoformat() / "models.parquet"
        path.parent.mkdir(parents=True)
        pq.write_table(pa.table(columns), path)
    return folder


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def _birth(model: Model) -> datetime:
    return _moment(FIRST) + timedelta(days=model.born, hours=1)
