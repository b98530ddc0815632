"""Small synthetic records in each of their shapes, and the real ones where they are."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from released_files import ROOT, repository, synthetic_release, write

from replication.definitions.records import Record
from replication.sources import records
from replication.sources.records import Records

PAGES = "whole/models_page*.json"
CRAWLS = "crawl/data/*/models.jsonl"
WHOLE = Record(
    id="whole", shape="list", paths=("whole.parquet", PAGES), date=date(2024, 7, 11),
    title="A whole Hub", citation="nobody", url="https://example.org/whole", repository="",
    commit="", licence="none", licence_note="joined by hand",
)  # fmt: skip
TOP = replace(
    WHOLE, id="top", shape="top", paths=("top.csv",), date=date(2025, 3, 21), cut_off=1_000
)
CRAWL = replace(WHOLE, id="crawl", shape="crawl", paths=(CRAWLS,), date=None)
COUNTERS = replace(
    WHOLE, id="counted", shape="counters", paths=("released.parquet",), date=None, lag_days=4
)
CREATED = replace(WHOLE, id="born", shape="created", paths=("born.parquet",), date=None)


def real_records() -> Path:
    """Folder of the real records, or skip the test that needs them."""
    folder = Path(os.environ.get("REPLICATION_DATA") or ROOT.parent / "shared" / "data")
    if not (folder / "records" / "hub_2024-07-11.parquet").is_file():
        pytest.skip("the public records are not here: set REPLICATION_DATA to their folder")
    return folder / "records"


def model(name: str, downloads: Any, **fields: Any) -> dict[str, Any]:
    """One model as the API's list gives it."""
    born = "2024-01-05T10:00:00.000Z"
    return {"id": name, "downloads": downloads, "createdAt": born, "tags": [], **fields}


def write_list(folder: Path, models: Sequence[dict[str, Any]], **types: pa.DataType) -> Path:
    """Write a whole list as Parquet: id, downloads, createdAt, pipeline_tag, base_models."""
    rows = {
        "id": [m["id"] for m in models],
        "downloads": [m["downloads"] for m in models],
        "createdAt": pd.to_datetime([m["createdAt"] for m in models], utc=True, format="ISO8601"),
        "pipeline_tag": [m.get("pipeline_tag") for m in models],
        "base_models": [m.get("base_models") for m in models],
    }
    kinds = {
        "id": pa.large_string(), "downloads": pa.int64(), "createdAt": pa.timestamp("us", "UTC"),
        "pipeline_tag": pa.large_string(), "base_models": pa.list_(pa.string()), **types,
    }  # fmt: skip
    path = folder / "whole.parquet"
    pq.write_table(pa.table(rows, schema=pa.schema(kinds)), path)
    return path


def write_pages(folder: Path, *pages: Sequence[dict[str, Any]]) -> Path:
    """Write a whole list as numbered pages of JSON."""
    (folder / "whole").mkdir(exist_ok=True)
    for number, page in enumerate(pages, 1):
        (folder / f"whole/models_page{number}.json").write_text(json.dumps(page))
    return folder / "whole"


def write_top(folder: Path, header: str, *rows: str) -> Path:
    """Write a top as CSV."""
    path = folder / "top.csv"
    path.write_text("\n".join([header, *rows, ""]))
    return path


def crawled(name: str, downloads: Any, day: str, **fields: Any) -> dict[str, Any]:
    """One line of a crawl."""
    space, _, rest = name.partition("/")
    line = {"repo": space, "model_name": rest, "downloads_last_month": downloads}
    return {**line, "date_crawl": day, "error_msg": None, **fields}


def write_crawl(folder: Path, label: str, *lines: dict[str, Any] | str) -> Path:
    """Write one crawl; a line that is text stands as it is."""
    path = folder / f"crawl/data/{label}/models.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("".join(f"{text}\n" for text in texts))
    return path


def write_crawls(folder: Path, counts: dict[str, dict[str, Any]]) -> None:
    """Write crawls of counts by label and name, each dated as its folder."""
    for label, models in counts.items():
        write_crawl(folder, label, *(crawled(n, count, label) for n, count in models.items()))


def write_released(folder: Path, *repositories: Sequence[dict[str, Any]]) -> Path:
    """Write released counters."""
    rows = [row for one in repositories for row in one]
    return write(synthetic_release(rows), folder / "released.parquet")


def write_created(folder: Path, **born: str) -> Path:
    """Write creation dates; `__` in a name stands for its slash."""
    names = [name.replace("__", "/") for name in born]
    days = [date.fromisoformat(day) for day in born.values()]
    path = folder / "born.parquet"
    pq.write_table(pa.table({"name": names, "created": pa.array(days, pa.date32())}), path)
    return path


def write_all(folder: Path) -> tuple[Record, ...]:
    """Write one small record of each shape, without a defect."""
    write_list(
        folder,
        [
            model("a/one", 900, pipeline_tag="text-generation"),
            model("b/two", 0, base_models=[" a/one", "a/one", "old-name"]),
        ],
    )
    write_top(folder, "id,downloads,tasks", "a/one,5000,text-generation", "c/three,1000,")
    write_crawls(folder, {"2025-01-14": {"a/one": 4000}, "2025-02-14": {"a/one": 4500}})
    write_released(folder, repository(1, [10, 40, 70], name="c/three", group="USA"))
    write_created(folder, d__four="2024-12-01")
    return WHOLE, TOP, CRAWL, COUNTERS, CREATED


def read(folder: Path, *definitions: Record) -> Records:
    """Read records of a folder."""
    return records.read(folder, definitions)


def values(found: Records, **wanted: str) -> list[tuple[str, str, int]]:
    """Name, day and value of the observations whose columns have these values, in order."""
    table = found.observations
    for column, value in wanted.items():
        table = table[table[column] == value]
    days = table["date"].dt.strftime("%Y-%m-%d")
    return sorted(zip(table["name"], days, table["value"].tolist(), strict=True))


def defect(found: Records, check: str) -> dict[str, Any]:
    """The one defect of this check."""
    rows = found.defects[found.defects["check"] == check]
    assert len(rows) == 1, found.defects["check"].tolist()
    return dict(rows.iloc[0])


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder with settings of the test's own."""
    settings = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    done = subprocess.run(
        ["git", *settings, "-C", str(folder), *arguments],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def git_repository(folder: Path, files: dict[str, str]) -> str:
    """Make a repository with one commit of these files; return the commit."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet")
    return git_commit(folder, files)


def git_commit(folder: Path, files: dict[str, str]) -> str:
    """Commit these files; return the commit."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "files")
    return git(folder, "rev-parse", "HEAD")
