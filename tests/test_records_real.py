"""The real records of the Hub, where they are: rows, sums, defects, time and memory."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from record_files import (
    WHOLE,
    real_records,
)

from replication.definitions.records import load_records
from replication.sources import records
from replication.sources.records import record_set
from replication.sources.records.json_files import read_pages
from replication.sources.records.one_record import locate


@pytest.fixture(scope="module")
def real() -> records.Records:
    """All real records, where they are."""
    return records.read(real_records(), load_records())


@pytest.mark.slow
def test_real_rows(real: records.Records) -> None:
    """Rows and sums are those that the publishers state."""
    table = real.observations
    rows, sums = table.groupby("record").size(), table.groupby("record")["value"].sum()
    names = ["hub-2024-07-11", "top-2024-09-20", "top-2025-01-14", "top-2025-03-21"]
    assert rows[names].tolist() == [760_000, 9_715, 4_706, 3_690]
    assert sums[names].tolist() == [1_838_905_161, 1_368_390_199, 1_599_697_447, 2_049_813_303]
    assert table.groupby(table["name"].str.lower())["name"].nunique().max() == 1
    cuts = real.lists.set_index("record")["cut_off"]
    for name in names:
        assert (table.loc[table["record"] == name, "value"] >= cuts[name]).any()


def test_real_crawls() -> None:
    """Eleven crawls with the rows that were counted by hand, before any is left out."""
    crawl = [r for r in load_records() if r.shape == "crawl"]
    (found,) = locate(real_records(), crawl)
    rows = [file.read_bytes().count(b"\n") for file in found.files]
    assert rows == [3613, 3846, 5444, 5578, 5671, 5868, 6542, 6687, 6876, 7196, 9058]


@pytest.mark.slow
def test_real_defects(real: records.Records) -> None:
    """What is known to be wrong with the records is found."""
    rows = real.defects.set_index("check")["rows"]
    assert rows["crawl-dated-otherwise"] == 11_171
    assert rows["count-vanishes"] == 12
    assert rows["namespace-returns"] == 4
    assert rows["names-differ-in-case"] == 5  # three of them in the namespace alone
    assert rows["created-after-first-count"] == 21
    assert len(real.observations[real.observations["record"] == "osir-lmts"]) == 66_379 - 12
    assert not real.observations["name"].str.startswith(("THUDM/", "ds4sd/")).any()
    assert real.covered.groupby("crawl")["namespace"].nunique().tolist() == [
        19, 26, 39, 39, 39, 43, 46, 48, 50, 51, 65,
    ]  # fmt: skip


@pytest.mark.slow
def test_real_pages_are_the_rows_of_the_real_table(real: records.Records, tmp_path: Path) -> None:
    """The two pages that were kept as the API gave them say what the joined table says."""
    folder = real_records() / "api_list_pages"
    record = replace(WHOLE, paths=("*.json",))
    for number, file in enumerate(sorted(folder.glob("*.json")), 1):
        (tmp_path / f"models_page{number}.json").write_bytes(file.read_bytes())
    (found,) = locate(tmp_path, [record])
    part = read_pages(found)
    assert part.rows == 2_000
    table = real.observations[real.observations["record"] == "hub-2024-07-11"]
    known = table.set_index(table["name"].str.lower())["value"]
    same = (
        part.observations["value"].to_numpy()
        == known.loc[
            record_set.renamed(part.observations["name"], real.renames).str.lower()
        ].to_numpy()
    )
    assert np.mean(same) == 1


@pytest.mark.slow
def test_reading_the_real_records_is_quick_and_small() -> None:
    """Less than 15 s of computation and 1.5 GB, in a process of its own."""
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from replication.definitions.records import load_records\n"
        "from replication.sources import records\n"
        "records.read(Path(sys.argv[1]), load_records())\n"
        "used = resource.getrusage(resource.RUSAGE_SELF)\n"
        "status = Path('/proc/self/status')\n"  # ru_maxrss begins at what the parent had
        "lines = status.read_text().splitlines() if status.is_file() else []\n"
        "peak = [int(line.split()[1]) for line in lines if line.startswith('VmHWM')]\n"
        "print(used.ru_utime + used.ru_stime, *(peak or [used.ru_maxrss]))\n"
    )
    pytest.importorskip("resource")
    done = subprocess.run(
        [sys.executable, "-c", code, str(real_records())],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1],
    )  # fmt: skip
    seconds, kilobytes = map(float, done.stdout.split())
    assert seconds < 15
    assert kilobytes < 1_500_000


@pytest.mark.slow
def test_the_list_of_the_whole_hub_is_a_snapshot(tmp_path: Path) -> None:
    """The snapshot reader takes it as it is: every row, count and id, and nulls for what it lacks."""
    import duckdb

    from replication.definitions import load_definitions
    from replication.sources import snapshots

    (tmp_path / "hub").mkdir()
    path = tmp_path / "hub" / "2024-07-11.parquet"
    shutil.copyfile(real_records() / "hub_2024-07-11.parquet", path)
    about = load_definitions().snapshots
    found = snapshots.fetch(
        replace(about, since=date(2024, 7, 1), until=date(2024, 7, 31)), tmp_path / "run", local=path.parent,
        today="2026-11-27", progress=lambda _: None,
    )  # fmt: skip
    assert found.rows == 760_000
    (extract,) = snapshots.extracts(tmp_path / "run")
    read = duckdb.sql(
        "SELECT sum(rolling), count(DISTINCT repository), count(counter), min(created) > 0 "
        f"FROM '{extract}'"
    ).fetchall()
    assert read == [(1_838_905_161, 760_000, 0, True)]
