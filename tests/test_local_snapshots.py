"""Which files of a folder are snapshots, of which day, and what is said of all the others."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from command_line import invoke

from replication.definitions import PACKAGED, load_definitions
from replication.errors import ContractError, SourceError
from replication.files import read_csv
from replication.panel.table import Panel
from replication.panel.whole_hub import fetch_defects
from replication.sources import left_out, manifest, snapshots
from replication.sources.defect import Defect, to_frame
from replication.sources.left_out import LeftOut
from replication.sources.snapshots import local, sidecar
from replication.sources.snapshots.local import find

LABELS = ["2025-03-05", "2025-03-12", "2025-03-19", "2025-03-26"]
ABOUT = replace(load_definitions(whole=True).snapshots, since=date.min, until=date.max)


def write(path: Path, scale: int = 1, **columns: pa.Array) -> Path:
    """Write a snapshot of three repositories; `scale` tells one from another."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = {
        "_id": pa.array([f"66ce6e00{n:016x}" for n in range(3)]),
        "id": pa.array([f"a/m{n}" for n in range(3)]),
        "downloads": pa.array([n * scale for n in range(3)]),
    }
    pq.write_table(pa.table(table | columns), path)
    return path


def fetch(local: Path, folder: Path, about: snapshots.Snapshots = ABOUT) -> manifest.Manifest:
    """Fetch from a folder."""
    return snapshots.fetch(about, folder, local=local, today="2026-11-23", progress=lambda _: None)


@pytest.mark.parametrize("name", [
    "2025-03-05.parquet", "models_2025-03-05.parquet", "hub 2025-03-05 (copy).parquet",
    "2025-03-05.PARQUET", "2025-03-05T00:00.Parquet", "v2-2025-03-05_2025-03-05.parquet",
    "2025-03-05/models.parquet", "week=2025-03-05/models.parquet", "models/2025-03-05/models.parquet",
    "models/snapshot 2025-03-05/MODELS.PARQUET",
])  # fmt: skip
def test_a_date_is_read_wherever_it_stands(tmp_path: Path, name: str) -> None:
    """In the name of the file, or of its folder, among whatever else."""
    write(tmp_path / name)
    found, left = find(tmp_path)
    assert [(one.label, one.filename) for one in found] == [("2025-03-05", name)]
    assert left == []


@pytest.mark.parametrize(("name", "label", "reason"), [
    ("latest.parquet", "", left_out.UNDATED),
    ("2025-02-30.parquet", "", left_out.UNDATED),
    ("2025-W05-5.parquet", "", left_out.UNDATED),
    ("20250305.parquet", "", left_out.UNDATED),
    ("12025-03-055.parquet", "", left_out.UNDATED),
    ("latest/models.parquet", "", left_out.UNDATED),
    ("2025-03-05 to 2025-03-12.parquet", "", left_out.SEVERAL_DATES),
    ("2025-04-05.csv", "2025-04-05", left_out.NOT_PARQUET),
    ("2025-04-05.parquet.gz", "2025-04-05", left_out.NOT_PARQUET),
    ("2025-04-05/models.csv", "2025-04-05", left_out.NOT_PARQUET),
    ("datasets/2025-04-05/datasets.parquet", "", left_out.ELSEWHERE),
    ("old/2025-04-05.parquet", "", left_out.ELSEWHERE),
    ("a/b/c/2025-04-05.PARQUET", "", left_out.ELSEWHERE),
])  # fmt: skip
def test_what_is_left_out_is_told(tmp_path: Path, name: str, label: str, reason: str) -> None:
    """Every file that could be meant as a snapshot and is not read has a row with its reason."""
    write(tmp_path / "2025-03-05.parquet")
    write(tmp_path / name)
    found, left = find(tmp_path)
    assert [one.label for one in found] == ["2025-03-05"]
    assert left == [LeftOut(label, name, reason)]


@pytest.mark.parametrize("name", ["README.md", ".cache/x.parquet", "models/2025-03-05/crawl.json"])
def test_other_files_are_no_business(tmp_path: Path, name: str) -> None:
    """What nobody would take for a snapshot is not told."""
    write(tmp_path / "2025-03-05.parquet")
    write(tmp_path / name)
    assert find(tmp_path)[1] == []


def test_two_files_of_one_date(tmp_path: Path) -> None:
    """Of two equal files one is left out and told; two different ones are refused."""
    first = write(tmp_path / "2025-03-05.parquet")
    other = tmp_path / "2025-03-05" / "models.parquet"
    other.parent.mkdir()
    shutil.copy(first, other)
    found, left = find(tmp_path)
    assert [one.filename for one in found] == ["2025-03-05.parquet"]
    assert left == [LeftOut("2025-03-05", "2025-03-05/models.parquet", left_out.COPY)]
    write(other, scale=2)
    with pytest.raises(SourceError, match=r"2025-03-05/models.parquet and .* are of one date"):
        find(tmp_path)


def test_a_folder_of_none(tmp_path: Path) -> None:
    """A folder in which nothing is a snapshot is refused."""
    write(tmp_path / "latest.parquet")
    with pytest.raises(SourceError, match="holds no snapshot") as caught:
        find(tmp_path)
    assert "<date>.parquet" in caught.value.remedy


@pytest.mark.slow
def test_the_cache_of_the_hubs_client(tmp_path: Path) -> None:
    """Its links lead to files outside the folder, and are read like the files."""
    for number, label in enumerate(LABELS):
        blob = write(tmp_path / "blobs" / f"{number:064x}", scale=number)
        link = tmp_path / "snapshots" / "0123abcd" / "models" / label / "models.parquet"
        link.parent.mkdir(parents=True)
        link.symlink_to(os.path.relpath(blob, link.parent))
    found = fetch(tmp_path / "snapshots" / "0123abcd", tmp_path / "run")
    assert (found.rows, found.left_out) == (12, "")
    assert sidecar.labels(tmp_path / "run") == LABELS


def test_links_that_are_refused(tmp_path: Path) -> None:
    """A folder that leads out of the one that was named, a loop, a link to nothing, a folder."""
    outside = write(tmp_path / "outside" / "models.parquet")
    local = tmp_path / "local"
    write(local / "2025-03-05.parquet")
    link = local / "2025-03-12"
    link.symlink_to(outside.parent)
    with pytest.raises(SourceError, match=r"folder of 2025-03-12/models.parquet leads out of"):
        find(local)
    link.unlink()
    for target in ("2025-03-12.parquet", "nothing", "."):
        link = local / "2025-03-12.parquet"
        link.symlink_to(target)
        with pytest.raises(SourceError, match=r"2025-03-12.parquet is no file"):
            find(local)
        link.unlink()
    (local / "models").symlink_to(".")  # a loop of folders inside shows the same files again
    assert [one.label for one in find(local)[0]] == ["2025-03-05"]


def test_footers_come_first(tmp_path: Path) -> None:
    """The last file is refused by its footer before the first is extracted."""
    for label in LABELS[:3]:
        write(tmp_path / "hub" / f"{label}.parquet", scale=int(label[-2:]))
    write(tmp_path / "hub" / f"{LABELS[3]}.parquet", downloads=pa.array(["1", "2", "3"]))
    with pytest.raises(ContractError, match=r"2025-03-26.parquet: column downloads has the type"):
        fetch(tmp_path / "hub", tmp_path / "run")
    assert sidecar.labels(tmp_path / "run") == []
    (tmp_path / "hub" / f"{LABELS[3]}.parquet").write_bytes(b"<html>")
    with pytest.raises(SourceError, match=r"2025-03-26.parquet is HTML"):
        fetch(tmp_path / "hub", tmp_path / "run")
    assert sidecar.labels(tmp_path / "run") == []


@pytest.mark.slow
def test_equal_files_are_extracted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of one content share an extract; files of one size are told apart by their content."""
    hub, run, names = tmp_path / "hub", tmp_path / "run", []
    first = write(hub / f"{LABELS[0]}.parquet", scale=3)
    shutil.copy(first, hub / f"{LABELS[1]}.parquet")
    other = write(hub / f"{LABELS[2]}.parquet", scale=4)
    assert first.stat().st_size == other.stat().st_size
    shutil.copy(first, hub / f"{LABELS[3]}.parquet")
    true = sidecar.extract
    monkeypatch.setattr(
        sidecar,
        "extract",
        lambda *args, **named: names.append(named["name"]) or true(*args, **named),
    )
    fetch(hub, run)
    assert names == [f"{LABELS[0]}.parquet", f"{LABELS[2]}.parquet"]
    told = [sidecar.read(run, label) for label in LABELS]
    assert [one.same_as for one in told] == ["", LABELS[0], "", LABELS[0]]
    assert [one.label for one in told] == LABELS
    rows = [pq.read_table(path)["rolling"].to_pylist() for path in snapshots.extracts(run)]
    assert rows == [[0, 3, 6], [0, 3, 6], [0, 4, 8], [0, 3, 6]]
    fetch(hub, run)
    assert len(names) == 2
    shutil.copy(other, first)
    fetch(hub, run)
    rows = [pq.read_table(path)["rolling"].to_pylist() for path in snapshots.extracts(run)]
    assert rows == [[0, 4, 8], [0, 3, 6], [0, 4, 8], [0, 3, 6]]


@pytest.mark.slow
def test_a_range_is_told(tmp_path: Path) -> None:
    """Files before and after a range that is asked for have rows; an open range reads them all."""
    for number, label in enumerate(LABELS):
        write(tmp_path / "hub" / f"{label}.parquet", scale=number)
    about = replace(ABOUT, since=date(2025, 3, 10), until=date(2025, 3, 20))
    found = fetch(tmp_path / "hub", tmp_path / "run", about)
    assert found.left_out == (
        "2 files left out (before the range: 2025-03-05.parquet; after the range: 2025-03-26.parquet)"
    )
    assert read_csv(tmp_path / "run" / "left_out.csv").to_numpy().tolist() == [
        ["2025-03-05", "2025-03-05.parquet", "before the range"],
        ["2025-03-26", "2025-03-26.parquet", "after the range"],
    ]
    assert fetch(tmp_path / "hub", tmp_path / "run").left_out == ""
    assert left_out.read(tmp_path / "run") == []
    with pytest.raises(
        SourceError, match=r"between the first and 2025-01-01: there are 2025-03-05"
    ):
        fetch(tmp_path / "hub", tmp_path / "run", replace(ABOUT, until=date(2025, 1, 1)))


@pytest.mark.slow
def test_the_command_tells_it_in_a_pipe(tmp_path: Path) -> None:
    """The outcome names what is left out, and a folder is read beyond the range of the definitions."""
    for label in ("2024-08-21", "2025-09-03", "2026-03-05"):
        write(tmp_path / "hub" / f"models_{label}.parquet")
    write(tmp_path / "hub" / "latest.parquet")
    options = ("--data", str(tmp_path / "hub"), "--out", str(tmp_path / "out"))
    done = invoke("fetch", *options)
    assert done.exit_code == 0, done.stderr
    assert "models/2024-08-21…2026-03-05, 9 rows" in done.stdout
    assert "1 file left out (no date in its name: latest.parquet)" in done.stdout
    done = invoke("fetch", *options, "--until", "2025-12-31")
    assert "2 files left out (no date in its name: latest.parquet; after the range: " in done.stdout


@pytest.mark.slow
def test_a_range_that_the_definitions_state_holds(tmp_path: Path) -> None:
    """A folder is read whole unless the command line or [snapshots] says from when, or up to when."""
    for label in ("2024-08-28", "2025-08-27", "2026-03-05"):
        write(tmp_path / "hub" / f"{label}.parquet")
    text = PACKAGED.read_text(encoding="utf-8")
    definitions = tmp_path / "mine.toml"
    definitions.write_text(text.replace("days_after = 7", "until = 2025-12-31\ndays_after = 7"))
    options = ("--data", str(tmp_path / "hub"), "--out", str(tmp_path / "out"))
    done = invoke("fetch", *options, "--definitions", str(definitions))
    assert "models/2024-08-28…2025-08-27, 6 rows" in done.stdout, done.stderr
    done = invoke("fetch", *options, "--definitions", str(definitions), "--until", "2026-12-31")
    assert "models/2024-08-28…2026-03-05, 9 rows" in done.stdout, done.stderr


@pytest.mark.slow
def test_what_was_found_is_in_the_record(tmp_path: Path) -> None:
    """Left-out files, bad cells, dates from ids and unread lineage are rows of defects.csv."""
    write(tmp_path / "hub" / "2025-03-05.parquet", downloads=pa.array([1, -1, 2]))
    odd = pa.array([["x"], ["y"], ["z"]])
    write(
        tmp_path / "hub" / "2025-03-12.parquet", id=pa.array(["a/b", "b c", "a/d"]), baseModels=odd
    )
    write(tmp_path / "hub" / "latest.parquet")
    fetch(tmp_path / "hub", tmp_path / "run")
    before = to_frame([Defect("one", "", "", 1, "")])
    none = before.iloc[:0]
    rows = fetch_defects.with_fetch(Panel(none, none, none, before), tmp_path / "run").defects
    assert dict(zip(rows["check"], rows["rows"], strict=True)) == {
        "left-out-files": 1, "bad-cells": 2, "dates-from-ids": 6, "unread-lineage": 3, "one": 1,
    }  # fmt: skip
    assert rows["where"].tolist()[:4] == [
        "latest.parquet (no date in its name)", "downloads 1, id 1", "2025-03-05, 2025-03-12",
        "baseModels: list<element: string>",
    ]  # fmt: skip


def test_many_names_are_few_in_a_sentence() -> None:
    """Of many files a few are named, and how many there are."""
    rows = [LeftOut("", f"{n}.parquet", left_out.UNDATED) for n in range(9)]
    assert left_out.sentence(rows) == (
        "9 files left out (no date in its name: 0.parquet, 1.parquet, 2.parquet and 6 more)"
    )
    assert left_out.sentence([]) == ""


@pytest.mark.slow
def test_two_at_a_time_are_the_same_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many bytes two processes make extracts: the same bytes, and a file that cannot be read is named."""
    for scale, label in enumerate(LABELS, 1):
        write(tmp_path / f"hub/{label}.parquet", scale)
    alone = fetch(tmp_path / "hub", tmp_path / "alone")
    monkeypatch.setattr(local, "WORTH_A_PROCESS", 0)
    monkeypatch.setattr(local, "cores", lambda: 2)
    assert fetch(tmp_path / "hub", tmp_path / "both") == alone
    for label in LABELS:
        both = [sidecar.extract_path(tmp_path / name, label) for name in ("alone", "both")]
        assert both[0].read_bytes() == both[1].read_bytes()
    torn = write(tmp_path / f"hub/{LABELS[2]}.parquet", 9)
    torn.write_bytes(b"PAR1" + b"\xff" * 60 + torn.read_bytes()[64:])
    with pytest.raises((ContractError, SourceError), match=LABELS[2]):
        fetch(tmp_path / "hub", tmp_path / "both")
    assert sidecar.read(tmp_path / "both", LABELS[2]) is None
    assert sidecar.read(tmp_path / "both", LABELS[1]) is not None
