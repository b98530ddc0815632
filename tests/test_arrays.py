"""The two ways of the whole Hub, by statements and on whole arrays: the same tables to the last bit."""

from __future__ import annotations

import errno
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from both_ways import TABLES, compare, made
from hub_rows import WINDOWS, definitions, hub, snapshots, write

from replication.errors import OutputError
from replication.panel.whole_hub.arrays import reading, repositories
from replication.panel.whole_hub.arrays.building import Building
from replication.panel.whole_hub.arrays.reading import NotOrdinaryError, packed
from replication.panel.whole_hub.engine_duckdb import DuckDB
from replication.panel.whole_hub.rebuild import _census
from replication.panel.whole_hub.ways import Statements
from replication.sources.snapshots import ordinary, parents, sums, texts
from replication.validation.recovery import experiment


@pytest.fixture(scope="module")
def every_defect(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A synthetic Hub with every defect, through its snapshots."""
    folder = tmp_path_factory.mktemp("defects")
    return experiment.prepare(3, 400, folder, lambda _: None)


@pytest.mark.slow
@pytest.mark.parametrize("size", [1 << 17, 60], ids=["one range", "many ranges"])
def test_every_defect(
    every_defect: Any, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spikes, falls, freezes, copies, gaps and late readings are mended alike, whatever the ranges."""
    monkeypatch.setattr(reading, "RANGE_ROWS", size)
    monkeypatch.setattr(repositories, "BLOCK", size)
    files = every_defect.extracts
    if size < 1000:
        files = {label: regrouped(path, tmp_path / path.name) for label, path in files.items()}
    tables = compare(files, every_defect.definitions, tmp_path)
    assert [name for name in (*TABLES, "weekly") if not len(tables[name])] in ([], ["spikes"])


def regrouped(source: Path, target: Path) -> Path:
    """The same extract in row groups of a few rows."""
    pq.write_table(pq.read_table(source), target, row_group_size=50)
    return target


def test_rows_in_any_order_and_copies(tmp_path: Path) -> None:
    """Copies of an id are one repository; the order of the rows says nothing."""
    contents = snapshots(hub())
    for n, rows in enumerate(contents.values()):
        rows.reverse()
        older = dict(rows[0], counter=None if n % 2 else 3, name=f"other/{n}", parents="a/b")
        rows[1:1] = [older, dict(rows[-1], rolling=None, name=None)]
    compare(write(tmp_path / "extracts", contents), definitions(WINDOWS), tmp_path)


def test_rows_without_an_id(tmp_path: Path) -> None:
    """Rows without an id take it from the same name, or one made of the name, in both ways."""
    contents = snapshots(hub())
    for n, rows in enumerate(contents.values()):
        for row in rows[n % 3 :: 3]:
            row["repository"] = None
    files = write(tmp_path / "extracts", contents)
    tables = compare(files, definitions(WINDOWS), tmp_path)
    assert len(tables["repositories"]) == len(hub())


def test_spikes_and_falls(tmp_path: Path) -> None:
    """Counters that rise and are taken back, and counters that fall, are mended alike."""
    contents = snapshots(hub())
    for n, rows in enumerate(contents.values()):
        for row in rows:
            number = int(row["repository"], 16)
            if row["counter"] is not None and (n, number % 3) in {(17, 0), (20, 1), (24, 1)}:
                row["counter"] *= 9
            if row["counter"] is not None and n > 21 and number % 3 == 2:
                row["counter"] //= 2
    files = write(tmp_path / "extracts", contents)
    tables = compare(files, definitions(WINDOWS), tmp_path)
    assert len(tables["spikes"]) > 5
    assert len(tables["envelopes"]) > 5


def test_gaps_in_the_counts(tmp_path: Path) -> None:
    """Counts that are missing at the start, between others and at the end are drawn alike."""
    contents = snapshots(hub())
    for n, rows in enumerate(contents.values()):
        for row in rows:
            if (n + int(row["repository"], 16)) % 5 < 2:
                row["rolling"] = None
    compare(write(tmp_path / "extracts", contents), definitions(WINDOWS), tmp_path)


@pytest.mark.parametrize("change", [{"repository": "x"}, {"rolling": -1}, {"counter": 1 << 41}])
def test_what_is_not_ordinary_is_left_to_the_statements(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    """An id or a count that arrays cannot hold is read by the statements."""
    contents = snapshots(hub())
    contents[max(contents)][0].update(change)
    files = write(tmp_path / "extracts", contents)
    made(DuckDB, files, definitions(WINDOWS), tmp_path, Statements)


@pytest.mark.parametrize("writer", ["numpy.save", "pickle.dump"])
def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writer: str) -> None:
    """What cannot be kept is the user's business, with a remedy, and nothing is left."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    files = write(tmp_path / "extracts", snapshots(hub()))
    monkeypatch.setattr(writer, full)
    with pytest.raises(OutputError, match="No space left") as caught:
        made(DuckDB, files, definitions(WINDOWS), tmp_path / "engine", Building)
    assert "OUT=folder" in caught.value.remedy
    assert [path for path in (tmp_path / "engine").rglob("*") if path.is_file()] == []


def test_the_census_of_footers_is_that_of_the_statement(tmp_path: Path) -> None:
    """Sums in the footers say what the statement counts, and only of the rows that are there."""
    contents = snapshots(hub())
    first, second, *_ = contents
    for row in contents[first]:
        row |= {"created": None, "counter": None}
    contents[second][0] |= {"repository": None, "rolling": None, "created": None}
    contents[max(contents)].clear()
    counted = write(tmp_path / "counted", contents)
    summed = {label: tmp_path / path.name for label, path in counted.items()}
    for label, path in summed.items():
        table = pq.read_table(counted[label])
        assert ordinary.write([table[:3], table[3:3], table[3:]], path) == len(table)
    assert all(sums.read(path) for path in summed.values())
    assert not any(sums.read(path) for path in counted.values())
    summed[second] = counted[second]
    with DuckDB(tmp_path / "engine") as engine:
        both = [_census(engine, by_days(files)) for files in (summed, counted)]
    pd.testing.assert_frame_equal(*both, check_dtype=False)
    pq.write_table(pq.read_table(summed[first]).slice(1), summed[first])
    assert sums.read(summed[first]) is None
    assert sums.read(tmp_path / "nowhere.parquet") is None


def by_days(files: dict[date, Path]) -> dict[int, Path]:
    """Files by days since 1970-01-01."""
    return {(label - date(1970, 1, 1)).days: path for label, path in files.items()}


def test_two_numbers_tell_ids_apart() -> None:
    """The two numbers are the digits of the id, and bad ids are refused."""
    ids = [f"{n * 0x1234567890ABCDEF12345:024x}" for n in range(1, 5)]
    high, low = packed(pa.array(ids))
    again = [
        f"{h >> 32:08x}{m:08x}{h & 0xFFFFFFFF:08x}"
        for h, m in zip(high.tolist(), low.tolist(), strict=True)
    ]
    assert again == ids
    for bad in (["A" * 24], ["0" * 23], ["g" * 24], [None]):
        with pytest.raises(NotOrdinaryError):
            packed(pa.array(bad, pa.string()))


def test_ids_that_ascend() -> None:
    """Ids stand in the order of their first, last and middle digits, also across parts."""
    ids = pa.array([f"{first:08x}{middle:08x}{last:08x}" for first, last, middle in [
        (1, 5, 9), (2, 0, 9), (2, 7, 1), (2, 7, 2), (2, 7, 2), (9, 0, 0), (2**32 - 1, 0, 0),
    ]])  # fmt: skip
    none = pa.array([], pa.string())
    assert texts.ascend(none, none)
    assert all(texts.ascend(ids[:n], ids[n:]) for n in range(len(ids)))
    for n in [0, 1, 2, 4, 5]:
        turned = ids.take(pa.array([n + 1, n]))
        assert not texts.ascend(none, turned)
        assert not texts.ascend(turned[:1], turned[1:])


def test_ids_that_share_their_first_number(tmp_path: Path) -> None:
    """Ids of one second and one count differ in the digits between, and stay apart."""
    contents = snapshots(hub())
    for rows in contents.values():
        for row in rows:
            number = int(row["repository"], 16)
            row["repository"] = f"{7:08x}{number % 13:08x}{number // 13:08x}"
    tables = compare(write(tmp_path / "extracts", contents), definitions(WINDOWS), tmp_path)
    assert tables["repositories"]["repository"].is_monotonic_increasing
    assert tables["repositories"]["id"].tolist() == [*range(1, len(tables["repositories"]) + 1)]


def test_texts_that_begin_elsewhere() -> None:
    """A part of an array is read as what it is."""
    names = pa.array(["a/b", "no name", "c/d", "e"])
    assert texts.are_names(names.slice(2))
    assert not texts.are_names(names.slice(1))
    places, data = texts.content(names.slice(2))
    assert np.diff(places).tolist() == [3, 1]
    assert bytes(data) == b"c/de"


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["base_model:a/b", "base_model:quantized:a/b"], "a/b"),
        (["base_model:merge:a/b", "base_model:c/d", "base_model:a/b", "x:y/z"], "a/b c/d"),
        (["base_model:x:y:z/w", "base_model::q/r", "base_model:", "base_model"], "y:z/w q/r"),
        (
            [
                "base_model:a b/c",
                "base_model:a/b/c",
                "base_model:/a",
                "base_model:a/",
                "base_model:a",
            ],
            None,
        ),
        ([None, "base_model:ü/ß", "base_model:a/b\n"], "ü/ß"),
        (["base_model:a/b", "base_model:odd", "base_model:a/b"], "a/b"),
        (["base_model:a/b", "base_model:odd", "base_model:c/d", "base_model:a/b"], "a/b c/d"),
        (["", "b", "base_model:merge:a/b", "", "base_model:merge:adapter:c/d"], "a/b adapter:c/d"),
        (["base_model:own:a/b", "base_model:merge", "base_model:merge:"], "a/b"),
        ([], None),
        (None, None),
    ],
)
def test_parents_of_tags(tags: list[str] | None, expected: str | None) -> None:
    """What follows the relation is a name where it has two parts; each counts once, in stated order."""
    column = pa.array([["base_model:f/g"], tags, ["base_model:h/i"]], pa.list_(pa.string()))
    for rows in (column, pa.concat_arrays([column.slice(2), column]).slice(1)):
        found = parents.of_rows(None, rows, 3)
        found.validate(full=True)
        assert found.to_pylist() == ["f/g", expected, "h/i"]
