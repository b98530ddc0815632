"""Public records brought into a run: tables, manifests, what stands, and Git repositories."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from record_files import (
    CRAWL,
    CREATED,
    TOP,
    crawled,
    git,
    git_commit,
    git_repository,
    values,
    write_all,
    write_created,
    write_top,
)

from replication.definitions.records import Record, load_records
from replication.errors import ContractError, HashMismatchError, SourceError, StageOrderError
from replication.files import sha256_file
from replication.sources import manifest, records
from replication.sources.manifest import Manifest
from replication.sources.records import git as transport
from replication.sources.records import source as source_of_records
from replication.sources.records.git import Limits

DAY, LATER = "2026-11-27", "2026-12-24"
Said = list[str]


def fetch(
    local: Path | None, folder: Path, *wanted: Record, today: str = DAY
) -> tuple[Manifest, Said]:
    """Fetch, and return what was said on the way."""
    said: Said = []
    found = records.fetch(local, folder, wanted, today=today, progress=said.append)
    return found, said


def listed(folder: Path) -> dict[str, dict[str, Any]]:
    """Records of the manifest by their ids."""
    rows = json.loads((folder / "records_manifest.json").read_text())["records"]
    return {row["id"]: row for row in rows}


@pytest.mark.slow
def test_fetch_writes_the_tables_and_both_manifests(tmp_path: Path) -> None:
    """The tables come back as they were read, and every record is named with its content."""
    source, run = tmp_path / "records", tmp_path / "run"
    source.mkdir()
    wanted = write_all(source)
    found, said = fetch(source, run, *wanted)
    assert len(said) == 5
    assert manifest.read(run) == found
    assert (found.source, found.rows, found.accessed) == ("records", 2 + 2 + 2 + 3 + 1, DAY)
    assert found.bytes == sum(p.stat().st_size for p in source.rglob("*") if p.is_file())
    made, again = records.read(source, wanted), records.load(run)
    for name, table in made.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])
    rows = listed(run)
    assert list(rows) == ["whole", "top", "crawl", "counted", "born"]
    crawl, top = rows["crawl"], rows["top"]
    assert (crawl["rows"], crawl["first"], crawl["last"]) == (2, "2025-01-14", "2025-02-14")
    assert top["sha256"] == sha256_file(source / "top.csv")
    assert (top["title"], top["licence"], top["path"]) == ("A whole Hub", "none", "top.csv")
    assert (rows["born"]["first"], rows["born"]["rows"]) == ("", 1)
    texts = (run / "records_manifest.json").read_text() + (run / "manifest.json").read_text()
    assert str(tmp_path) not in texts


@pytest.mark.slow
def test_content_that_stands_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only changed content, other definitions or a damaged table are a reason to read."""
    source, run = tmp_path / "records", tmp_path / "run"
    source.mkdir()
    wanted = write_all(source)
    first, _ = fetch(source, run, *wanted)
    monkeypatch.setattr(source_of_records, "read_located", lambda *_: pytest.fail("read again"))
    assert fetch(source, run, *wanted, today=LATER) == (first, [])
    monkeypatch.undo()
    (run / "covered.parquet").write_bytes(b"")
    again, said = fetch(source, run, *wanted, today=LATER)
    assert (again, len(said)) == (first, 5)
    assert len(records.load(run).covered) == 2
    other = tuple(replace(r, cut_off=2_000) if r.id == "top" else r for r in wanted)
    fetch(source, run, *other)
    assert records.load(run).lists["cut_off"].tolist() == [0, 2_000]


@pytest.mark.slow
def test_changed_content_is_read_and_dated_anew(tmp_path: Path) -> None:
    """The date of access of a record is that of the first reading of its content."""
    source, run = tmp_path / "records", tmp_path / "run"
    source.mkdir()
    wanted = write_all(source)
    first, _ = fetch(source, run, *wanted)
    write_top(source, "id,downloads", "a/one,7000")
    second, _ = fetch(source, run, *wanted, today=LATER)
    assert first.sha256 != second.sha256
    assert second.accessed == LATER
    dates = {name: row["accessed"] for name, row in listed(run).items()}
    assert dates == {"whole": DAY, "top": LATER, "crawl": DAY, "counted": DAY, "born": DAY}
    assert ("a/one", "2025-03-21", 7_000) in values(records.load(run))


@pytest.mark.slow
def test_a_refused_record_leaves_the_run_as_it_was(tmp_path: Path) -> None:
    """Neither a changed hash nor a malformed cell touches what was fetched before."""
    source, run = tmp_path / "records", tmp_path / "run"
    source.mkdir()
    path = write_top(source, "id,downloads", "a/one,5000")
    pinned = replace(TOP, sha256=(sha256_file(path),))
    first, _ = fetch(source, run, pinned)
    write_top(source, "id,downloads", "a/one,5M")
    with pytest.raises(HashMismatchError):
        fetch(source, run, pinned)
    with pytest.raises(ContractError):
        fetch(source, run, TOP)
    assert manifest.read(run) == first
    assert values(records.load(run)) == [("a/one", "2025-03-21", 5_000)]


@pytest.mark.slow
def test_tables_that_are_missing_or_damaged_are_named(tmp_path: Path) -> None:
    """With the stage to run as the remedy."""
    with pytest.raises(StageOrderError, match=r"observations\.parquet is missing"):
        records.load(tmp_path)
    write_top(tmp_path, "id,downloads", "a/one,5000")
    fetch(tmp_path, tmp_path / "run", TOP)
    (tmp_path / "run/lists.parquet").write_bytes(b"PAR1")
    with pytest.raises(ContractError, match=r"lists\.parquet is damaged") as caught:
        records.load(tmp_path / "run")
    assert "fetch again" in caught.value.remedy


# Git


def line(name: str, downloads: int, day: str) -> str:
    """One line of a crawl as text."""
    return json.dumps(crawled(name, downloads, day)) + "\n"


@pytest.fixture(params=["whole", "filtered"])
def served(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Path, Record]:
    """A repository with two crawls, other files and a later commit, and the record of the first.

    One knows no filter and sends all files of the commit; the other, like GitHub, sends files when
    they are asked for.
    """
    folder = tmp_path / "served"
    commit = git_repository(
        folder,
        {
            "data/2025-01-14/models.jsonl": line("a/one", 5, "2025-01-14"),
            "data/2025-02-14/models.jsonl": line("a/one", 6, "2025-02-14"),
            "data/2025-02-14/other.jsonl": "much else\n",
            "README.md": "not needed\n",
        },
    )
    git_commit(folder, {"data/2025-01-14/models.jsonl": line("a/one", 9, "2025-01-14")})
    git(folder, "config", "uploadpack.allowFilter", str(request.param == "filtered").lower())
    return folder, replace(CRAWL, repository=folder.as_uri(), commit=commit)


@pytest.mark.slow
def test_git_brings_only_the_needed_files_of_the_commit(
    tmp_path: Path, served: tuple[Path, Record]
) -> None:
    """Not the branch, not the other files, and nothing of git stays; a second run asks nothing."""
    folder, record = served
    run = tmp_path / "run"
    found, said = fetch(None, run, record)
    assert values(records.load(run)) == [("a/one", "2025-01-14", 5), ("a/one", "2025-02-14", 6)]
    assert said[0] == f"crawl: {folder.as_uri()} at {record.commit[:12]}"
    assert found.client.startswith("git ")
    checkout = run / "repositories/crawl"
    here = sorted(p.relative_to(checkout).as_posix() for p in checkout.rglob("*") if p.is_file())
    assert here == [".commit", "data/2025-01-14/models.jsonl", "data/2025-02-14/models.jsonl"]
    assert listed(run)["crawl"]["commit"] == record.commit
    folder.rename(tmp_path / "gone")
    assert fetch(None, run, record, today=LATER) == (found, [])


@pytest.mark.slow
def test_another_commit_or_path_is_brought_anew(
    tmp_path: Path, served: tuple[Path, Record]
) -> None:
    """The checkout of an older commit does not stand for a newer one."""
    folder, record = served
    fetch(None, tmp_path / "run", record)
    newer = git_commit(folder, {"data/2025-03-07/models.jsonl": line("a/one", 7, "2025-03-07")})
    fetch(None, tmp_path / "run", replace(record, commit=newer))
    assert [n for _, _, n in values(records.load(tmp_path / "run"))] == [9, 6, 7]


def test_a_commit_that_is_gone_is_named(tmp_path: Path, served: tuple[Path, Record]) -> None:
    """With RECORDS=folder as a remedy, and nothing half done left behind."""
    gone = replace(served[1], commit="0123456789" * 4)
    with pytest.raises(SourceError, match=r"has no commit 0123456789.* any more") as caught:
        fetch(None, tmp_path / "run", gone)
    assert "RECORDS=folder" in caught.value.remedy
    assert list((tmp_path / "run/repositories").iterdir()) == []


def test_a_repository_that_is_gone_is_named(tmp_path: Path, served: tuple[Path, Record]) -> None:
    """What git says is told without an address, which may hold a password."""
    nowhere = replace(served[1], repository=(tmp_path / "nowhere").as_uri())
    with pytest.raises(SourceError, match="git could not fetch crawl") as caught:
        fetch(None, tmp_path / "run", nowhere)
    assert "RECORDS=folder" in caught.value.remedy


def test_without_git_the_message_says_so(
    tmp_path: Path, served: tuple[Path, Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine without git can still read a folder."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match="git is not installed"):
        fetch(None, tmp_path / "run", served[1])
    assert transport.version() == ""


@pytest.mark.parametrize(
    ("limits", "said"),
    [(Limits(seconds=0), "within 0 s"), (Limits(bytes=10), "more than 10 bytes")],
)
def test_limits_stop_git(
    tmp_path: Path, served: tuple[Path, Record], limits: Limits, said: str
) -> None:
    """Time and size are bounded, and nothing half done is left behind."""
    with pytest.raises(SourceError, match=said):
        transport.check_out([served[1]], tmp_path / "cache", print, limits)
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.slow
def test_a_git_that_hangs_is_stopped(
    tmp_path: Path, served: tuple[Path, Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all that it started."""
    fake = tmp_path / "bin/git"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\n/bin/sleep 600 & echo $! > {tmp_path}/child; wait\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(fake.parent))
    child = tmp_path / "child"
    child.touch()
    passed = transport._passed
    # The limit counts from when the child is there, however long that takes to start.
    monkeypatch.setattr(transport, "_passed", lambda *a: child.read_text() and passed(*a))
    with pytest.raises(SourceError, match="did not answer in full within 0 s"):
        transport.check_out([served[1]], tmp_path / "cache", print, Limits(seconds=0.4))
    assert _ends(lambda: not _runs(int(child.read_text())))


def _runs(process: int) -> bool:
    """Whether a process runs; one that has ended and was not yet collected does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _ends(is_true: Callable[[], bool]) -> bool:
    """Wait for something to become true."""
    for _ in range(3_000):
        if is_true():
            return True
        time.sleep(0.1)
    return False


def test_git_heeds_no_setting_and_runs_no_hook(
    tmp_path: Path, served: tuple[Path, Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither of the user, nor of the repository: no hook, no filter, no symbolic link."""
    folder, record = served
    touched = tmp_path / "touched"
    home = tmp_path / "home"
    (home / "hooks").mkdir(parents=True)
    hook = home / "hooks/post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {touched}\n")
    hook.chmod(0o755)
    (home / ".gitconfig").write_text(
        f"[core]\n\thooksPath = {home}/hooks\n[init]\n\ttemplateDir = {home}\n"
        f'[filter "evil"]\n\tsmudge = touch {touched}; cat\n'
        f'[url "file:///nowhere"]\n\tinsteadOf = {folder.as_uri()}\n'
    )
    monkeypatch.setenv("HOME", str(home))
    (folder / ".gitattributes").write_text("*.jsonl filter=evil text eol=crlf\n")
    (folder / "data/link").symlink_to("/etc/hostname")
    (folder / "data/2025-04-07").mkdir()
    (folder / "data/2025-04-07/models.jsonl").symlink_to("/etc/hostname")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)  # for the test's own commit alone
    commit = git_commit(folder, {"data/2025-02-14/models.jsonl": line("a/one", 8, "2025-02-14")})
    monkeypatch.delenv("GIT_CONFIG_GLOBAL")
    transport.check_out([replace(record, commit=commit)], tmp_path / "cache", print)
    assert not touched.exists()
    crawl = tmp_path / "cache/crawl/data"
    assert b"\r" not in (crawl / "2025-02-14/models.jsonl").read_bytes()
    linked = crawl / "2025-04-07/models.jsonl"
    assert not linked.is_symlink()
    assert linked.read_text() == "/etc/hostname"


@pytest.mark.parametrize(
    "address", ["ext::sh -c true", "--upload-pack=true", "ssh://host/x", "http://host/x", "../x"]
)
def test_only_https_and_files_are_asked(
    tmp_path: Path, served: tuple[Path, Record], address: str
) -> None:
    """Any other address is refused before git is started."""
    with pytest.raises(SourceError, match="the repository of crawl is"):
        transport.check_out([replace(served[1], repository=address)], tmp_path, print)


def test_records_in_no_repository_are_named_before_anything_is_asked(tmp_path: Path) -> None:
    """The packaged ones too: tables that were joined by hand are only in a folder of records."""
    with pytest.raises(SourceError, match="no repository holds top-2025-01-14") as caught:
        fetch(None, tmp_path / "run", *load_records())
    assert "RECORDS=folder" in caught.value.remedy
    assert "top-2025-03-21" in caught.value.what
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_optional_records_in_no_repository_are_left_out(
    tmp_path: Path, served: tuple[Path, Record]
) -> None:
    """The run says so."""
    _, said = fetch(None, tmp_path / "run", served[1], replace(CREATED, optional=True))
    assert "born is in no repository and is left out" in said
    assert set(listed(tmp_path / "run")) == {"crawl"}


def test_a_folder_takes_precedence_over_repositories(
    tmp_path: Path, served: tuple[Path, Record]
) -> None:
    """Where a folder is named, nothing is asked of git."""
    write_created(tmp_path, a__one="2024-02-03")
    with pytest.raises(SourceError, match="lacks the record crawl"):
        fetch(tmp_path, tmp_path / "run", served[1], CREATED)
