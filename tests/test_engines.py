"""DuckDB as the panel's engine: what it leaves on disk, and what it says when it fails."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from replication.errors import OutputError, SourceError
from replication.panel.whole_hub import engines, statements
from replication.panel.whole_hub.engine_duckdb import DuckDB

SORTED = "SELECT range, hash(range) AS h FROM range(10000000) ORDER BY h LIMIT 3 OFFSET 9000000"
LISTED = "SELECT list(range) FROM range(50000000)"
"""A list is one value, which cannot go to disk in parts."""


def extract(path: Path, rows: int = 3) -> Path:
    """A small file with the columns that the tests ask for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = [f"synthetic/{n}" for n in range(rows)]
    pq.write_table(pa.table({"name": names, "created": range(rows)}), path, compression="zstd")
    return path


def on_disk(folder: Path) -> list[Path]:
    """Files below a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


def spilling(folder: Path, text: str) -> pd.DataFrame:
    """Run a statement in less memory than its rows take."""
    with DuckDB(folder, memory="60MB", threads=1) as engine:
        return engine.frame(text)


def failing(folder: Path) -> None:
    """Fail with a table on disk."""
    with DuckDB(folder) as engine:
        engine.put("given_rows", pd.DataFrame({"n": range(1000)}))
        assert on_disk(folder) != []
        raise KeyError


def read_all(folder: Path, files: dict[int, Path]) -> pd.DataFrame:
    """Read every value of the extracts."""
    with DuckDB(folder) as engine:
        engine.extracts(files)
        return engine.frame("SELECT sum(hash(COLUMNS(*))) FROM extracts")


@pytest.mark.slow
def test_what_does_not_fit_in_memory_goes_to_disk_and_is_removed(tmp_path: Path) -> None:
    """A sort of more than the memory gives what a sort in memory gives, and nothing is left."""
    expected = duckdb.sql(SORTED).df()
    pd.testing.assert_frame_equal(spilling(tmp_path, SORTED), expected)
    assert on_disk(tmp_path) == []


def test_nothing_is_left_where_the_block_fails(tmp_path: Path) -> None:
    """The database goes whatever ended the block."""
    with pytest.raises(KeyError):
        failing(tmp_path)
    assert on_disk(tmp_path) == []


def test_the_leftover_of_a_killed_run_is_removed(tmp_path: Path) -> None:
    """A broken database and old spill are no obstacle, and stay no longer."""
    for name in ("panel.duckdb", "panel.duckdb.wal", "spill/duckdb_temp_storage-0.tmp"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"left by a run that was killed")
    with DuckDB(tmp_path) as engine:
        assert engine.frame("SELECT 1 AS one")["one"].tolist() == [1]
    assert on_disk(tmp_path) == []


def test_out_of_memory_is_said(tmp_path: Path) -> None:
    """What can neither be held nor spilled is the user's business, with a remedy."""
    with pytest.raises(OutputError, match="ran out of memory or disk") as caught:
        spilling(tmp_path, LISTED)
    assert "OUT=folder" in caught.value.remedy
    assert on_disk(tmp_path) == []


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "overwritten"])
def test_an_unreadable_extract_is_named(tmp_path: Path, damage: str) -> None:
    """However an extract is damaged, the message names it and says what to do."""
    good, bad = extract(tmp_path / "good.parquet"), tmp_path / "2025-03-05.parquet"
    whole = extract(tmp_path / "whole.parquet", 10_000).read_bytes()
    third = len(whole) // 3
    content = {
        "empty": b"",
        "cut": whole[:third],
        "overwritten": whole[:third] + bytes(third) + whole[2 * third :],
    }
    if damage in content:
        bad.write_bytes(content[damage])
    with pytest.raises(SourceError, match=r"2025-03-05\.parquet") as caught:
        read_all(tmp_path / "engine", {1: good, 2: bad})
    assert "fetch again" in caught.value.remedy


def test_a_mistake_in_a_statement_is_no_fault_of_the_user(tmp_path: Path) -> None:
    """An error that names no extract stays what it is."""
    with pytest.raises(duckdb.Error), DuckDB(tmp_path) as engine:
        engine.frame("SELECT error('a mistake')")


def test_extracts_by_label_are_those_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table made label by label has the rows of one that is made at once; names may hold anything."""
    folder = tmp_path / "a [b] {c}, it's 100%20"
    files = {n: extract(folder / f"{n}.parquet", n) for n in (5, 7, 11)}
    monkeypatch.setattr(statements, "SQL", tmp_path)
    (tmp_path / "counted.sql").write_text(
        "SELECT label, count(*) AS n FROM extracts GROUP BY label"
    )
    with DuckDB(tmp_path / "engine") as engine:
        engine.extracts(files)
        engine.make_by_label("counted", [5, 11])
        rows = engine.frame("SELECT label, n FROM counted ORDER BY label")
        at_once = engine.frame(
            "SELECT label, count(*) AS n FROM extracts GROUP BY label ORDER BY 1"
        )
        engine.drop("counted")
        engine.drop("counted")
    assert rows.to_numpy().tolist() == [[5, 5], [11, 11]]
    assert at_once.to_numpy().tolist() == [[5, 5], [7, 7], [11, 11]]


def test_an_engine_that_there_is_not_is_refused(tmp_path: Path) -> None:
    """The message names those that there are."""
    with pytest.raises(SourceError, match="no engine 'sqlite'") as caught:
        engines.engine("sqlite", tmp_path).__enter__()
    assert "ENGINE=duckdb or ENGINE=spark" in caught.value.remedy
