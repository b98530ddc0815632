"""Ten thousand damaged copies of each file that runs keep: read, made anew or refused, never half believed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fuzzing import (
    HEAVY,
    NUMBERS,
    Tree,
    bent_bytes,
    bent_rows,
    csv_bytes,
    odd_text,
    take_each,
    writes_only_in,
)
from rich.console import Console

from replication import files, places, stages
from replication.cli import outcome, summary
from replication.errors import ContractError, SourceError
from replication.report import claims
from replication.sources import manifest, snapshots
from replication.sources.crawl import remarks
from replication.sources.crawl.store import State, Store
from replication.sources.snapshots import listing, local, sidecar
from replication.sources.snapshots.listing import Listing, Remote
from replication.sources.snapshots.sidecar import Sidecar
from replication.validation import compare

ROOT = Path(__file__).resolve().parents[1]
LABEL = "2025-01-01"
DEEP = (b"[", b'{"a":', b'[{"a":[')


def bent_json(tree: Any) -> Callable[[Random], bytes]:
    """What makes JSON that is nearly this: of another value, structure or bytes, cut off, or nested deep."""
    bender = Tree(tree)

    def make(r: Random) -> bytes:
        kind = r.random()
        if kind < 0.02:
            return r.choice(DEEP) * r.choice([10, 1_000, 100_000])
        if kind < 0.1:
            return bent_bytes(r, json.dumps(tree).encode())
        return json.dumps(tree if kind < 0.12 else bender.bent(r), default=str).encode()

    return make


def try_json(folder: Path, name: str, tree: Any, number: int, read: Callable[[], None]) -> None:
    """Take damaged copies of a file of JSON; what is not believed counts as refused."""
    path = folder / name

    def take(data: bytes) -> None:
        path.write_bytes(data)
        read()

    with writes_only_in(folder):
        take_each(name, number, bent_json(tree), take, path.name, str(folder))


def no_longer(what: object, path: Path) -> None:
    """Say that a file was not believed, which makes it be made anew."""
    if what is None:
        raise SourceError(f"{path} is not believed", "make it anew")


@pytest.mark.parametrize("number", NUMBERS)
def test_manifest(tmp_path: Path, number: int) -> None:
    """manifest.json: what is believed has text and numbers where they are shown."""
    tree = json.loads((ROOT / "results" / "manifest.json").read_text(encoding="utf-8"))

    def read() -> None:
        found = manifest.read(tmp_path)
        assert found is not None
        assert found.sha256[:0] + found.revision[:0] + f"{found.rows:,}{found.bytes:,}"
        assert outcome.source_line(tmp_path)
        assert set(found.to_dict()) <= set(tree) | {"trust", "asked", "extent", "left_out"}

    try_json(tmp_path, "manifest.json", tree, number, read)


@pytest.mark.parametrize("number", NUMBERS)
def test_trace(tmp_path: Path, number: int) -> None:
    """run.json: what is believed can be compared with a sound one, either way."""
    tree = json.loads((ROOT / "results" / "run.json").read_text(encoding="utf-8"))
    tree["definitions"] = dict([*tree["definitions"].items()][:6])
    tree["evidence"] = {name: dict([*rows.items()][:2]) for name, rows in tree["evidence"].items()}
    sound = compare.Finished(tmp_path, tree)

    def read() -> None:
        found = compare.load(tmp_path)
        for one, other in ((found, sound), (sound, found)):
            rows = [*compare._made_by(one.trace, other.trace)]
            rows += compare._definitions(one.trace, other.trace)
            rows += compare._evidence(one, other)
            assert all(isinstance(cell, str) for row in rows for cell in row)

    try_json(tmp_path, "run.json", tree, number, read)


@pytest.mark.parametrize("number", NUMBERS)
def test_stage(tmp_path: Path, number: int) -> None:
    """The record of a stage: one that is damaged runs the stage again."""
    tree = {"key": "a" * 64, "code": {"content": "b", "meaning": "c"}, "outputs": {"x": "d"}}
    path = tmp_path / "panel.json"

    def read() -> None:
        found = stages._read(path)
        assert not stages._stands(found, "0", tmp_path)
        no_longer(found or None, path)

    try_json(tmp_path, path.name, tree, number, read)


@pytest.mark.parametrize("number", NUMBERS)
def test_state(tmp_path: Path, number: int) -> None:
    """state.json of a crawl: what is believed names a day and counts."""
    state = State(
        "2026-11-25",
        {"mode": "all"},
        "https://hub",
        "limit=5",
        1,
        2,
        3,
        4,
        5,
        ["likes"],
        {"_id": 1},
    )
    store = Store(tmp_path)
    store.pages.mkdir()

    def read() -> None:
        found = store.load()
        assert found is not None
        assert date.fromisoformat(found.label)
        assert all(isinstance(count, int) for count in (found.pages, found.rows, found.models))

    try_json(tmp_path, f"{store.pages.name}/state.json", asdict(state), number, read)


@pytest.mark.parametrize("number", NUMBERS)
def test_page_of_a_crawl(tmp_path: Path, number: int) -> None:
    """A kept page, packed: what unpacks are rows of JSON, and anything else is named."""
    store = Store(tmp_path)
    rows = [{"_id": f"{n:024x}", "id": f"a/m{n}", "downloads": n} for n in range(3)]
    store.save(State(LABEL, {}, "h", "", pages=1), rows, "")
    packed = store._page(1).read_bytes()

    def take(data: bytes) -> None:
        store._page(1).write_bytes(data)
        assert store.ids(1) == {0, 1, 2}

    with writes_only_in(tmp_path):
        take_each(
            "page",
            number,
            lambda r: bent_bytes(r, packed) if r.random() < 0.98 else packed,
            take,
            "pages",
        )


@pytest.mark.parametrize("number", NUMBERS)
def test_record_of_a_crawl(tmp_path: Path, number: int) -> None:
    """crawl.json beside a snapshot: what it says is repeated, or it is named as damaged."""
    fault = {"page": 1, "row": 2, "repository": "a", "name": "b", "field": "id", "found": "x"}
    tree = {
        "label": LABEL, "scope": {"mode": "top", "limit": 5, "namespaces": []}, "without_models": ["a"],
        "refused_fields": ["downloads"], "bad_cells": {"_id": 2, "id": 1}, "malformed": [fault],
    }  # fmt: skip
    snapshot = Store(tmp_path).snapshot(LABEL)
    snapshot.parent.mkdir(parents=True)

    def read() -> None:
        assert all(isinstance(one, str) for one in remarks(tmp_path, LABEL))
        assert all(count > 0 for count in local._crawled_bad_cells(snapshot).values())
        assert isinstance(local._stated_extent(snapshot), str)

    try_json(tmp_path, f"models/{LABEL}/crawl.json", tree, number, read)


@pytest.mark.parametrize("number", NUMBERS)
def test_listing(tmp_path: Path, number: int) -> None:
    """listing.json: one that is damaged is asked for again."""
    file = Remote(LABEL, f"models/{LABEL}/models.parquet", 5, "a" * 64)
    tree = asdict(Listing("a/b", "0" * 40, (file,), ("x.parquet",)))
    tree = json.loads(json.dumps(tree))

    def read() -> None:
        found = listing.read(tmp_path)
        no_longer(found, tmp_path)
        assert found is not None
        assert all(date.fromisoformat(one.label) for one in found.files)
        assert sum(one.bytes for one in found.files) is not None
        assert "".join([found.repository, found.revision, *found.undated]) is not None

    try_json(tmp_path, "listing.json", tree, number, read)


@pytest.mark.parametrize("number", NUMBERS)
def test_sidecar(tmp_path: Path, number: int) -> None:
    """The sidecar of an extract: one that is damaged has the extract made again."""
    made = Sidecar(
        LABEL, "path", "models/x", "", "a" * 64, "content", 5, 0, ("tags",), LABEL, "r", "", 0, {"_id": 1}, {"tags": "int"}
    )  # fmt: skip
    (tmp_path / "extracts").mkdir()
    pq.write_table(pa.table({"x": pa.array([], pa.int64())}), sidecar.extract_path(tmp_path, LABEL))

    def read() -> None:
        found = sidecar.read(tmp_path, LABEL)
        no_longer(found, tmp_path)
        assert found is not None
        assert sidecar.digest([found])
        assert found.rows + found.bytes + sum(found.bad_cells.values()) >= -(10**400)
        assert "".join([*found.missing, *found.unread.values(), found.revision]) is not None

    try_json(tmp_path, f"extracts/{LABEL}.json", json.loads(json.dumps(asdict(made))), number, read)


@pytest.mark.parametrize("number", NUMBERS)
def test_finding(tmp_path: Path, number: int) -> None:
    """in_short.json: what is believed is paragraphs and claims of text."""
    tree = json.loads(places.PAPER.joinpath("in_short.json").read_text(encoding="utf-8"))
    (tmp_path / "paper").mkdir()
    shown = 0

    def read() -> None:
        nonlocal shown
        said = summary._read(tmp_path)
        shown += 1
        if shown % (5 * HEAVY) == 0:  # printing takes ten times as long
            console = Console(file=io.StringIO(), width=80)
            summary.print_finding(said, console)
            summary.print_claims(said["claims"], console)

    try_json(tmp_path, "paper/in_short.json", tree, number, read)


@pytest.mark.slow  # every input is a table
@pytest.mark.parametrize("number", NUMBERS)
def test_table_of_results(tmp_path: Path, number: int) -> None:
    """A CSV table that a stage wrote: read with the columns of its header, or named as damaged."""
    table = [
        ["name", "share", "kinds"],
        ["a/b", "0.5", ""],
        ["007", "1", "telemetry"],
        ["'=x", "", "x"],
    ]
    path = tmp_path / "table.csv"

    def make(r: Random) -> bytes:
        data = csv_bytes(bent_rows(r, table, lambda r, _: odd_text(r)))
        return bent_bytes(r, data) if r.random() < 0.3 else data

    def take(data: bytes) -> None:
        path.write_bytes(data)
        found = files.read_csv(path)
        assert all(isinstance(name, str) for name in found.get("name", []))

    take_each("table", number // HEAVY, make, take, path.name)


def test_answers_that_are_damaged_are_named(tmp_path: Path) -> None:
    """The command `claim` reads a table that somebody may have saved otherwise."""
    from replication.cli import claims_text

    (tmp_path / "results").mkdir()
    path = tmp_path / "results" / "claims.csv"
    with (ROOT / "results" / "claims.csv").open(encoding="utf-8", newline="") as stream:
        sound = [*csv.reader(stream)]
    for data in (
        b"\xff\xfe",
        b"",
        csv_bytes([row[1:] for row in sound]),
        csv_bytes([row[:4] for row in sound]),
    ):
        path.write_bytes(data)
        with pytest.raises(ContractError, match=r"claims\.csv is damaged"):
            claims_text._answers(tmp_path)
    path.write_bytes(csv_bytes(sound))
    assert set(claims_text._answers(tmp_path)) == {
        one.id for one in claims.load(places.PAPER / "claims.toml")
    }


@pytest.mark.parametrize("name", ["models/2025-01-01", "x", "", "…", "models/…2025-01-01"])
def test_a_manifest_of_other_data_leads_to_no_extracts(tmp_path: Path, name: str) -> None:
    """A manifest whose file names no range of snapshots is not taken for one."""
    about = json.loads((ROOT / "results" / "manifest.json").read_text(encoding="utf-8"))
    (tmp_path / "manifest.json").write_text(json.dumps(about | {"filename": name}))
    with pytest.raises(SourceError, match="not those that its manifest describes"):
        snapshots.extracts(tmp_path)
