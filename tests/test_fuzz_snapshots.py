"""Ten thousand nearly valid snapshots: schemas, names of files and rows, read as extract.sql says."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fuzzed_parquet import KINDS, bent_parquet
from fuzzing import NUMBERS, bent_text, odd_text, take_each, writes_only_in

from replication.errors import SourceError
from replication.sources.hub import MOST
from replication.sources.snapshots import columns, extract, local
from replication.sources.snapshots.extract import AHEAD
from replication.sources.snapshots.listing import label_of

LABEL = "2025-01-31"
TYPES = {
    "_id": pa.string(), "id": pa.string(), "createdAt": pa.timestamp("us", "UTC"), "downloads": pa.int64(),
    "downloadsAllTime": pa.int64(), "tags": pa.list_(pa.string()), "lastModified": pa.timestamp("us", "UTC"),
    "baseModels": pa.struct([("models", pa.list_(pa.struct([("id", pa.string())])))]),
}  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS)
def test_schemas(number: int) -> None:
    """A schema is read with what is known of each column, or refused by the name of the column."""

    def make(r: Random) -> pa.Schema:
        fields = list(TYPES.items())
        for _ in range(r.choice([1, 1, 2, 3])):
            place = r.randrange(len(fields))
            name, kind = fields[place]
            change = r.randrange(4)
            if change == 0 and len(fields) > 1:
                del fields[place]
            elif change == 1:
                fields[place] = (bent_text(r, name), kind)
            elif change == 2:
                fields.append((name.swapcase() if r.random() < 0.5 else name, kind))
            else:
                fields[place] = (name, r.choice(KINDS))
        return pa.schema(fields)

    def take(schema: pa.Schema) -> None:
        select, missing, unread = columns.chosen(schema, "models.parquet")
        assert {"_id", "id"} & set(schema.names)
        assert {"downloads", "downloadsAllTime"} & set(schema.names)
        assert select.count(" AS ") == 10
        assert set(re.findall(r'"(\w+)" AS', select)) <= set(schema.names)
        assert not set(missing) & set(unread)
        assert set(unread) <= {"baseModels", "tags"}

    take_each("schema", number, make, take, "models.parquet")


@pytest.mark.parametrize("number", NUMBERS)
def test_names_of_files(number: int) -> None:
    """A snapshot has the one date of its name, that of a day that there was."""

    def make(r: Random) -> tuple[Path, str]:
        text = r.choice(
            ["2025-01-31", "hub_2025-01-31_all", "models", "2025-01-31_2025-02-07", odd_text(r)]
        )
        return Path(r.choice(["x.parquet", "x.PARQUET", "x.csv"])), bent_text(r, text)

    def take(given: tuple[Path, str]) -> None:
        label, reason = local._label(*given)
        if reason:
            raise SourceError(reason, "name it by its date")
        assert label in given[1]
        assert date.fromisoformat(label).isoformat() == label == label_of(label)

    take_each("files", number, make, take)


def moment(value: int | None) -> int | None:
    """Unix seconds of a time in microseconds, where a model of a snapshot of `LABEL` may have it."""
    end = datetime.fromisoformat(LABEL).replace(tzinfo=UTC) + AHEAD
    first, last = 1_451_606_400 * 10**6, int(end.timestamp()) * 10**6
    return value // 10**6 if value is not None and first <= value <= last else None


def born(key: str | None) -> int | None:
    """Unix seconds that an id tells, between the Hub's first ids and the end of the century."""
    if key is None or not is_id(key):
        return None
    seconds = int(key[:8], 16)
    return seconds if 1_646_179_200 <= seconds <= 4_102_444_799 else None


def is_id(text: str) -> bool:
    """Whether a text is 24 hexadecimal digits."""
    return len(text) == 24 and set(text) <= set("0123456789abcdef")


def is_name(text: str) -> bool:
    """Whether a text is a name of a repository, with or without its namespace."""
    parts = text.split("/")
    letters = {chr(n) for n in range(128) if chr(n).isalnum()} | set("_.-")
    return len(parts) <= 2 and all(
        part and len(part) <= 96 and set(part) <= letters for part in parts
    )


def count(value: int | None) -> int | None:
    """A count that is believed."""
    return value if value is not None and 0 <= value <= MOST else None


def parents(tags: list[str | None] | None) -> str | None:
    """Distinct names of base models among tags, in their order."""
    stated = [tag for tag in tags or () if tag is not None and tag.startswith("base_model:")]
    found = [re.sub(r"^base_model:([^:]*:)?", "", tag) for tag in stated]
    kept = [name for name in found if re.fullmatch(r"[^/\s]+/[^/\s]+", name, re.ASCII)]
    return " ".join(dict.fromkeys(kept)) or None


def row(r: Random) -> dict[str, Any]:
    """One row of a snapshot, of which some cells cannot be right."""
    key = f"{r.choice([0, 1_646_179_199, 1_700_000_000, 2**32 - 1]):08x}{r.randrange(2**64):016x}"
    times = [
        None,
        0,
        1_451_606_400_000_000 - 1,
        1_700_000_000_123_456,
        1_740_000_000_000_000,
        2**62,
    ]
    tags = ["base_model:a/b", "base_model:finetune:c/d", "text", "base_model:a", None, odd_text(r)]
    return {
        "_id": bent_text(r, key) if r.random() < 0.2 else r.choice([key, key, None]),
        "id": bent_text(r, "Qwen/Qwen2.5") if r.random() < 0.3 else r.choice(["a/b", "gpt2", None]),
        "createdAt": r.choice(times),
        "downloads": r.choice([None, 0, 5, -1, MOST, MOST + 1, 2**63 - 1]),
        "downloadsAllTime": r.choice([None, 0, 7, -(2**63), MOST, MOST + 1]),
        "tags": r.choice([None, [], r.sample(tags, 3)]),
    }


@pytest.mark.slow  # DuckDB takes a quarter of a second to begin
@pytest.mark.parametrize("number", NUMBERS)
def test_rows(tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell of an extract is that of its row where it may be right, and null where it cannot be."""
    monkeypatch.setattr(
        extract, "BAD_SHARE", 1.0
    )  # so that no row of this file has the others refused
    rows = [row(Random(f"row {n}")) for n in range(number)]
    schema = pa.schema([(name, TYPES[name]) for name in rows[0]])
    source, target = tmp_path / f"{LABEL}.parquet", tmp_path / "extract.parquet"
    cells = {name: [one[name] for one in rows] for name in rows[0]}
    cells["createdAt"] = pa.array(cells["createdAt"], pa.int64()).cast(TYPES["createdAt"])
    pq.write_table(pa.table(cells, schema=schema), source)
    found = extract.extract(source, target, LABEL, threads=1)
    wanted = [
        (
            one["_id"] if one["_id"] is not None and is_id(one["_id"]) else None,
            one["id"] if one["id"] is not None and is_name(one["id"]) else None,
            moment(one["createdAt"]) if moment(one["createdAt"]) is not None else born(one["_id"]),
            count(one["downloads"]),
            count(one["downloadsAllTime"]),
            parents(one["tags"]),
        )
        for one in rows
    ]  # fmt: skip
    made = pq.read_table(
        target, columns=["repository", "name", "created", "rolling", "counter", "parents"]
    )
    assert found.rows == number
    assert sorted(map(repr, zip(*made.to_pydict().values(), strict=True))) == sorted(
        map(repr, wanted)
    )
    assert found.bad_cells["_id"] == sum(o["_id"] is not None and not is_id(o["_id"]) for o in rows)
    assert found.bad_cells["downloads"] == sum(
        o["downloads"] is not None and count(o["downloads"]) is None for o in rows
    )


@pytest.mark.slow  # every file takes DuckDB a tenth of a second
@pytest.mark.parametrize("number", NUMBERS)
def test_files(tmp_path: Path, number: int) -> None:
    """A whole snapshot with its bytes or its columns changed leaves a sound extract, or none."""
    day = datetime(2024, 5, 1, tzinfo=UTC)
    sound = pa.table({
        "_id": [f"{n:024x}" for n in range(6)], "id": [f"a/m{n}" for n in range(6)],
        "createdAt": pa.array([day + n * timedelta(days=1) for n in range(6)], TYPES["createdAt"]),
        "downloads": [*range(6)], "downloadsAllTime": [*range(10, 16)], "tags": [["base_model:a/b"]] * 6,
    })  # fmt: skip
    source, target = tmp_path / f"{LABEL}.parquet", tmp_path / "extract.parquet"

    def take(data: bytes) -> None:
        source.write_bytes(data)
        target.unlink(missing_ok=True)
        try:
            rows = extract.extract(source, target, LABEL, threads=1).rows
        except SourceError:
            assert not target.exists()
            raise
        assert pq.read_table(target).num_rows == rows

    with writes_only_in(tmp_path):
        take_each("snapshot", max(number // 100, 10), bent_parquet(sound), take, source.name)
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []
