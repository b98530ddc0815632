"""The source of snapshots, with the real Hub client against a local server and on local folders.

As in test_released.py each fetch from the Hub runs in its own process, with an environment that
holds nothing of the caller's; `time.sleep` returns at once there and notes how long it was to be.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import huggingface_hub
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from replication.errors import DefinitionError, OutputError, ReplicationError, SourceError
from replication.sources import manifest
from replication.sources.snapshots import Snapshots, extracts, fetch, missing_weeks, sidecar
from replication.sources.snapshots.extract import reader
from replication.validation.synthetic.server import REPOSITORY, REVISION, FakeHub, hub

ROOT = Path(__file__).resolve().parents[1]
TODAY, LATER = "2026-11-23", "2026-12-24"
TOKEN = "hf_THISisTHEsecretOFtheTEST"
LABELS = ["2025-03-05", "2025-03-12", "2025-03-26"]
OTHER = "f" * 40
ABOUT = Snapshots(
    repository=REPOSITORY,
    revision=REVISION,
    since=date(2025, 3, 1),
    until=date(2025, 3, 31),
    title="A title",
    citation="A citation",
    url="https://example.org/dataset",
    licence="ODbL",
    max_bytes=10**6,
)
CHILD = """
import json, os, shutil, signal, sys, time
from datetime import date
from pathlib import Path

slept = []
time.sleep = slept.append
from replication.errors import ReplicationError
from replication.sources.snapshots import Snapshots, fetch, sidecar

about, folder, today, options = json.loads(sys.argv[1])
about["since"], about["until"] = map(date.fromisoformat, (about["since"], about["until"]))
if "free" in options:
    shutil.disk_usage = lambda path: shutil._ntuple_diskusage(10**9, 10**9, options["free"])
true_extract, calls = sidecar.extract, []
def counted(*arguments, **named):
    calls.append(1)
    if len(calls) == options.get("die_at"):
        os.kill(os.getpid(), signal.SIGKILL)
    return true_extract(*arguments, **named)
sidecar.extract = counted
lines = []
answer = {"slept": slept, "lines": lines}
try:
    found = fetch(Snapshots(**about), Path(folder), local=None, today=today, progress=lines.append)
    answer["manifest"] = found.to_dict()
except ReplicationError as error:
    answer["error"] = type(error).__name__
    answer["message"] = str(error)
    answer["chained"] = error.__cause__ is not None or error.__context__ is not None
answer["imported"] = "huggingface_hub" in sys.modules
print(json.dumps(answer))
"""


def models(first: int = 0, rows: int = 400) -> bytes:
    """Return a synthetic snapshot; the repositories are numbered from `first`."""
    numbers = range(first, first + rows)
    table = pa.table(
        {
            "_id": pa.array([f"{n:024x}" for n in numbers]),
            "id": pa.array([f"maker{n}/model" for n in numbers]),
            "createdAt": pa.array([1_700_000_000 + n for n in numbers], pa.timestamp("s")),
            "downloads": pa.array([n % 7 for n in numbers], pa.int64()),
            "tags": pa.array([["x", f"base_model:maker{n // 2}/model"] for n in numbers]),
            "cardData": pa.array([hashlib.shake_256(b"%d" % n).hexdigest(300) for n in numbers]),
        }
    )
    sink = io.BytesIO()
    pq.write_table(table, sink, row_group_size=rows // 2)
    return sink.getvalue()


def path_of(label: str) -> str:
    """Path of a snapshot inside the dataset."""
    return f"models/{label}/models.parquet"


SNAPSHOTS = {label: models(1_000 * n) for n, label in enumerate(LABELS)}
FILES = {path_of(label): data for label, data in SNAPSHOTS.items()} | {
    "README.md": b"A card",
    "models/latest/models.parquet": b"",
    "models/2025-03-05/notes.txt": b"",
    "datasets/2025-03-05/datasets.parquet": b"",
}
SIZE = len(SNAPSHOTS[LABELS[0]])


@dataclass(frozen=True)
class Outcome:
    """What one fetch in its own process did."""

    slept: list[float]
    lines: list[str]
    imported: bool
    """Whether the Hub client was imported at all."""
    stderr: str
    manifest: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    message: str = ""
    chained: bool = False

    def said(self, words: str) -> bool:
        """Whether a line of progress holds the words."""
        return any(words in line for line in self.lines)


@dataclass(frozen=True)
class Place:
    """The folders of one test."""

    folder: Path
    home: Path
    """HF_HOME, with the client's cache."""

    def extract(self, label: str) -> Path:
        """Path of an extract."""
        return sidecar.extract_path(self.folder, label)

    def sidecar(self, label: str) -> dict[str, Any]:
        """Content of a sidecar."""
        return json.loads(sidecar.sidecar_path(self.folder, label).read_text())

    def rows(self, label: str) -> list[tuple[Any, ...]]:
        """Rows of an extract, in order."""
        return sorted(
            (tuple(row.values()) for row in pq.read_table(self.extract(label)).to_pylist()), key=str
        )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return fresh folders for the run and for the client."""
    return Place(tmp_path / "run", tmp_path / "home")


def start(place: Place, endpoint: str, about: Snapshots, today: str, options: Any, variables: Any):
    """Run one fetch in a new process with these HF_* variables and no others."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(place.home),
        "PYTHONPATH": str(ROOT),
        "NO_PROXY": "*",
        "HF_HOME": str(place.home),
        "HF_ENDPOINT": endpoint,
        **variables,
    }
    task = json.dumps([asdict(about), str(place.folder), today, options], default=str)
    command = [sys.executable, "-c", CHILD, task]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def run_fetch(
    place: Place,
    endpoint: str,
    about: Snapshots = ABOUT,
    *,
    today: str = TODAY,
    free: int | None = None,
    **variables: str,
) -> Outcome:
    """Fetch in a new process and return what it did."""
    options = {} if free is None else {"free": free}
    done = start(place, endpoint, about, today, options, variables)
    assert done.returncode == 0, done.stderr
    return Outcome(stderr=done.stderr, **json.loads(done.stdout))


def killed_fetch(place: Place, endpoint: str, *, at: int) -> None:
    """Fetch in a new process that is killed when it begins its extract number `at`.

    The disk has no space for a second snapshot, so that none is being fetched at that moment.
    """
    options = {"die_at": at, "free": 2 * SIZE}
    assert start(place, endpoint, ABOUT, TODAY, options, {}).returncode == -9


def gets(server: FakeHub, label: str) -> int:
    """How often the content of a snapshot was asked for."""
    return sum(path_of(label) in request.path for request in server.of_file("GET"))


def expected_rows(first: int, rows: int = 400) -> list[tuple[Any, ...]]:
    """Rows that the extract of `models` must have."""
    return sorted(
        (
            (
                f"{n:024x}",
                f"maker{n}/model",
                1_700_000_000 + n,
                n % 7,
                None,
                f"maker{n // 2}/model",
            )
            for n in range(first, first + rows)
        ),
        key=str,
    )


def digest(contents: dict[str, bytes]) -> str:
    """Hash that the manifest must have, by its definition."""
    lines = [f"{label} {hashlib.sha256(data).hexdigest()}\n" for label, data in contents.items()]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def assert_complete(place: Place) -> None:
    """Check that every extract is there and that nothing else of the snapshots is."""
    assert extracts(place.folder) == [place.extract(label) for label in LABELS]
    for number, label in enumerate(LABELS):
        assert place.rows(label) == expected_rows(1_000 * number)
    assert not (place.folder / "downloads").exists()
    names = {path.suffix for path in place.folder.rglob("*") if path.is_file()}
    assert names == {".parquet", ".json", ".csv"}


@pytest.mark.slow
def test_success(place: Place) -> None:
    """Every snapshot of the range leaves its extract and its sidecar, and a manifest of all."""
    with hub(FILES) as server:
        outcome = run_fetch(place, server.endpoint)
    assert_complete(place)
    assert outcome.manifest == {
        "source": "snapshots",
        "title": "A title",
        "citation": "A citation",
        "url": "https://example.org/dataset",
        "repository": REPOSITORY,
        "revision": REVISION,
        "filename": "models/2025-03-05…2025-03-26",
        "sha256": digest(SNAPSHOTS),
        "bytes": sum(map(len, SNAPSHOTS.values())),
        "rows": 1_200,
        "accessed": TODAY,
        "licence": "ODbL",
        "client": f"huggingface_hub {huggingface_hub.__version__}",
        "extent": "all",
        "left_out": "1 file left out (no date in its name: models/latest/models.parquet)",
    }
    assert manifest.read(place.folder).to_dict() == outcome.manifest
    assert place.sidecar(LABELS[1]) == {
        "label": LABELS[1],
        "label_from": "path",
        "filename": path_of(LABELS[1]),
        "revision": REVISION,
        "sha256": hashlib.sha256(SNAPSHOTS[LABELS[1]]).hexdigest(),
        "sha256_from": "content",
        "bytes": len(SNAPSHOTS[LABELS[1]]),
        "rows": 400,
        "missing": ["downloadsAllTime", "baseModels"],
        "accessed": TODAY,
        "reader": reader(),
        "client": f"huggingface_hub {huggingface_hub.__version__}",
        "dated_by_id": 0,
        "bad_cells": {},
        "unread": {},
        "same_as": "",
        "layout": sidecar.LAYOUT,
    }


@pytest.mark.slow
def test_progress_says_what_a_reader_needs(place: Place) -> None:
    """The weeks without a snapshot, the bound of the disk and every finished file are said."""
    with hub(FILES) as server:
        outcome = run_fetch(place, server.endpoint)
    largest = max(map(len, SNAPSHOTS.values()))
    assert outcome.said("no snapshot in 1 weeks of the range: 2025-03-19")
    assert outcome.said(f"at most 2 x {largest:,} bytes on their way")
    assert outcome.said("3 of 3 snapshots, 1,200 rows; ")
    assert outcome.said(" MB/s, about 0 s left")
    assert outcome.stderr == ""


@pytest.mark.slow
def test_second_run_asks_nothing(place: Place) -> None:
    """A folder that is complete is kept, without a request and without the client."""
    with hub(FILES) as server:
        first = run_fetch(place, server.endpoint)
        asked = len(server.requests)
        second = run_fetch(place, server.endpoint, today=LATER)
        assert len(server.requests) == asked
    assert second.manifest == first.manifest
    assert not second.imported


@pytest.mark.slow
def test_fetching_ahead_changes_nothing(place: Place, tmp_path: Path) -> None:
    """With space for one snapshot and for two, extracts, sidecars and manifest are the same."""
    elsewhere = replace(place, folder=tmp_path / "other run")
    with hub(FILES, redirect=True) as server:
        for where, free in ((place, 2 * SIZE), (elsewhere, 10 * SIZE)):
            outcome = run_fetch(where, server.endpoint, free=free)
            assert outcome.said(f"at most {1 if where is place else 2} x ")
            assert_complete(where)
    for label in LABELS:
        assert place.sidecar(label) == elsewhere.sidecar(label)
    assert manifest.read(place.folder) == manifest.read(elsewhere.folder)


@pytest.mark.slow
def test_main_is_pinned_once(place: Place) -> None:
    """Without a commit the one that main has is taken, and kept when main has moved on."""
    about = replace(ABOUT, revision="")
    with hub(FILES) as server:
        first = run_fetch(place, server.endpoint, about)
        place.extract(LABELS[0]).unlink()
        server.listing.refuse(500, times=99)
        second = run_fetch(place, server.endpoint, about)
    assert first.manifest["revision"] == second.manifest["revision"] == REVISION
    assert_complete(place)


@pytest.mark.slow
def test_newer_commit(place: Place) -> None:
    """Under a newer commit only what has changed is read anew, and the run says so."""
    changed = FILES | {path_of(LABELS[1]): models(5_000), path_of("2025-03-19"): models(6_000)}
    with hub(FILES) as server:
        run_fetch(place, server.endpoint)
    with hub(changed, revision=OTHER) as server:
        outcome = run_fetch(place, server.endpoint, replace(ABOUT, revision=OTHER), today=LATER)
        asked = [gets(server, label) for label in LABELS]
    assert asked == [0, 1, 0]
    assert outcome.said(f"{path_of(LABELS[1])} has changed since commit {REVISION[:12]}")
    assert outcome.manifest["accessed"] == LATER
    assert place.rows(LABELS[1]) == expected_rows(5_000)
    assert [path.stem for path in extracts(place.folder)] == sorted([*LABELS, "2025-03-19"])
    assert place.sidecar(LABELS[0])["accessed"] == TODAY


@pytest.mark.slow
@pytest.mark.parametrize("finished", [True, False], ids=["whole run", "single file"])
def test_changed_content_is_refused(place: Place, finished: bool) -> None:
    """Other content at the same commit is refused, and the old extract stays."""
    with hub(FILES) as server:
        run_fetch(place, server.endpoint)
        (place.folder / "listing.json").unlink()
        if not finished:
            (place.folder / "manifest.json").unlink()
        server.files[path_of(LABELS[1])] = models(5_000)
        outcome = run_fetch(place, server.endpoint)
        assert [gets(server, label) for label in LABELS] == [1, 1, 1]
    assert outcome.error == "HashMismatchError"
    assert place.rows(LABELS[1]) == expected_rows(1_000)


@pytest.mark.slow
def test_stray_extract_is_removed(place: Place) -> None:
    """An extract between the first and the last that is not of this commit does not stay."""
    with hub(FILES | {path_of("2025-03-19"): models(6_000)}, revision=OTHER) as server:
        run_fetch(place, server.endpoint, replace(ABOUT, revision=OTHER))
    with hub(FILES) as server:
        outcome = run_fetch(place, server.endpoint)
    assert outcome.said("2025-03-19 is of other data and is removed")
    assert_complete(place)


@pytest.mark.slow
def test_shorter_range_keeps_what_was_fetched(place: Place) -> None:
    """A narrower range names fewer extracts and costs nothing when it is widened again."""
    with hub(FILES) as server:
        run_fetch(place, server.endpoint)
        run_fetch(place, server.endpoint, replace(ABOUT, until=date(2025, 3, 20)))
        assert extracts(place.folder) == [place.extract(label) for label in LABELS[:2]]
        asked = len(server.requests)
        run_fetch(place, server.endpoint)
        assert len(server.requests) == asked
    assert_complete(place)


@pytest.mark.slow
def test_no_snapshot_in_the_range(place: Place) -> None:
    """A range without snapshots is refused with the dates that there are."""
    with hub(FILES) as server:
        about = replace(ABOUT, since=date(2026, 1, 1), until=date(2026, 2, 1))
        outcome = run_fetch(place, server.endpoint, about)
    assert outcome.error == "SourceError"
    assert "between 2026-01-01 and 2026-02-01: there are " + ", ".join(LABELS) in outcome.message
    assert "since and until" in outcome.message


@pytest.mark.slow
def test_dataset_without_snapshots(place: Place) -> None:
    """A dataset that has no folder of snapshots has none in any range."""
    with hub({"README.md": b"A card"}) as server:
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == "SourceError"
    assert "there are none" in outcome.message


@pytest.mark.slow
@pytest.mark.parametrize(
    "damage", ["extract gone", "extract cut", "sidecar gone", "sidecar cut", "older layout"]
)
def test_damage_is_repaired(place: Place, damage: str) -> None:
    """An extract or a sidecar that is not sound is made anew, and no other."""
    with hub(FILES) as server:
        first = run_fetch(place, server.endpoint)
        path, how = place.extract(LABELS[1]), damage.split()[1]
        if damage.startswith("sidecar") or how == "layout":
            path = sidecar.sidecar_path(place.folder, LABELS[1])
        if how == "layout":
            path.write_text(json.dumps(place.sidecar(LABELS[1]) | {"layout": 0}))
        elif how == "gone":
            path.unlink()
        else:
            path.write_bytes(path.read_bytes()[:-20])
        second = run_fetch(place, server.endpoint)
        assert [gets(server, label) for label in LABELS] == [1, 2, 1]
    assert second.manifest == first.manifest
    assert_complete(place)


@pytest.mark.slow
def test_token_stays_with_the_hub(place: Place) -> None:
    """A gated dataset is read with the token, which the store of large files never sees."""
    with hub(FILES, token=TOKEN, redirect=True) as server:
        without = run_fetch(place, server.endpoint)
        outcome = run_fetch(place, server.endpoint, HF_TOKEN=TOKEN)
        stored = [seen for seen in server.requests if seen.path.startswith("/store/")]
    assert without.error == "HubError"
    assert "(401)" in without.message
    assert "set HF_TOKEN" in without.message
    assert outcome.manifest
    assert stored
    assert all("authorization" not in seen.headers for seen in stored)


@pytest.mark.slow
def test_absent_dataset(place: Place) -> None:
    """A dataset that is not there is reported like one that may not be read, as the Hub does."""
    with hub(FILES, repository="owner/another") as server:
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == "HubError"
    assert f"no access to dataset {REPOSITORY}" in outcome.message


@pytest.mark.slow
def test_absent_commit(place: Place) -> None:
    """A commit that the dataset does not have is named with the key of the definitions."""
    with hub(FILES, revision=OTHER) as server:
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == "HubError"
    assert f"no commit {REVISION}" in outcome.message
    assert "snapshots.revision" in outcome.message


@pytest.mark.slow
@pytest.mark.parametrize("status", [200, 401, 403, 404, 429, 500])
@pytest.mark.parametrize("where", ["listing", "faults"])
def test_token_is_never_shown(place: Place, status: int, where: str) -> None:
    """The token is in no message, line or file, even where the server repeats it."""
    echo = {"X-Error-Message": f"Bearer {TOKEN} is not enough", "Retry-After": "3600"}
    with hub(FILES) as server:
        if status != 200:
            getattr(server, where).refuse(status, echo, times=99)
        outcome = run_fetch(place, server.endpoint, HF_TOKEN=TOKEN)
        asked = [seen for seen in server.requests if REPOSITORY in seen.path]
        assert asked[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert (outcome.error == "") == (status == 200)
    assert TOKEN not in json.dumps(asdict(outcome))
    assert not outcome.chained
    for path in place.folder.rglob("*"):
        assert path.is_dir() or TOKEN.encode() not in path.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("where", ["listing", "faults"])
@pytest.mark.parametrize("revision", ["", REVISION])
def test_rate_limit_is_waited_out(place: Place, where: str, revision: str) -> None:
    """A 429 is waited out for as long as the Hub says, in the list and in the files."""
    with hub(FILES) as server:
        getattr(server, where).refuse(429, {"RateLimit": '"api";r=0;t=12'}, times=2)
        outcome = run_fetch(place, server.endpoint, replace(ABOUT, revision=revision))
    # The client adds one second, and asks once more for a file before it begins to wait.
    assert outcome.slept == [13] * (2 if where == "listing" else 1)
    assert_complete(place)


@pytest.mark.slow
@pytest.mark.parametrize("where", ["listing", "faults"])
def test_rate_limit_for_ever(place: Place, where: str) -> None:
    """A 429 that does not end gives the wait that the Hub announced, after the client's retries."""
    with hub(FILES) as server:
        getattr(server, where).refuse(429, {"Retry-After": "140"}, times=99)
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == "HubError"
    assert "(429) and says to wait 140 s" in outcome.message
    assert outcome.slept == [141] * 5


@pytest.mark.slow
def test_server_error_then_success(place: Place) -> None:
    """A short failure of the server is outlived, of the list and of a file."""
    with hub(FILES) as server:
        server.listing.refuse(503, times=2)
        server.faults.refuse(502, times=2, methods=("HEAD",))
        outcome = run_fetch(place, server.endpoint)
    assert outcome.slept == [1, 2, 1]
    assert_complete(place)


@pytest.mark.slow
@pytest.mark.parametrize("status", [500, 503, 504])
@pytest.mark.parametrize("where", ["listing", "faults"])
def test_server_error_for_ever(place: Place, where: str, status: int) -> None:
    """A server that keeps failing is reported as such, after the client's retries."""
    with hub(FILES) as server:
        getattr(server, where).refuse(status, times=999)
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == "HubError"
    assert f"failed ({status})" in outcome.message


@pytest.mark.slow
def test_cut_connection(place: Place) -> None:
    """A connection that is cut is taken up again."""
    with hub(FILES, redirect=True) as server:
        server.faults.cut(1_000, times=2)
        outcome = run_fetch(place, server.endpoint)
    assert outcome.manifest
    assert_complete(place)


@pytest.mark.slow
def test_connection_cut_for_ever(place: Place) -> None:
    """A connection that is always cut ends in an error and leaves no part of a file."""
    with hub(FILES) as server:
        server.faults.cut(0, times=999)
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == "HubError"
    assert "(RemoteProtocolError)" in outcome.message
    assert not list(place.folder.rglob("*.incomplete"))
    assert not (place.folder / "manifest.json").exists()


def other_content(length: int) -> dict[str, bytes]:
    """Wrong contents by kind, two of them of the right length."""
    flipped = bytearray(SNAPSHOTS[LABELS[0]][:length])
    flipped[length // 2] ^= 1
    html = b"<!DOCTYPE html><html>Sign in</html>"
    return {
        "changed": bytes(flipped),
        "HTML": html.ljust(length),
        "shorter": SNAPSHOTS[LABELS[0]][:-100],
    }


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["changed", "HTML", "shorter"])
def test_wrong_content_once(place: Place, kind: str) -> None:
    """Wrong content is asked for once more, from nothing, and the second answer counts."""
    with hub(FILES) as server:
        server.faults.wrong.append(other_content(SIZE)[kind])
        outcome = run_fetch(place, server.endpoint)
        assert [gets(server, label) for label in LABELS] == [2, 1, 1]
        assert [seen.headers.get("range") for seen in server.of_file("GET")] == [None] * 4
    assert outcome.manifest
    assert_complete(place)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "error", "words"),
    [
        ("changed", "HashMismatchError", "where the Hub states"),
        ("HTML", "SourceError", "is HTML instead of Parquet"),
        ("shorter", "HubError", "ended with another size"),
    ],
)
def test_wrong_content_for_ever(place: Place, kind: str, error: str, words: str) -> None:
    """Wrong content twice is refused for what it is, and nothing of it stays."""
    with hub(FILES) as server:
        server.faults.wrong.extend([other_content(SIZE)[kind]] * 2)
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == error
    assert path_of(LABELS[0]) in outcome.message
    assert words in outcome.message
    assert not list(place.folder.rglob("*.parquet"))


@pytest.mark.slow
def test_wrong_length_announced(place: Place) -> None:
    """A file whose answer states another size than the list is refused."""
    with hub(FILES) as server:
        server.faults.announced = SIZE + 10
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == "HubError"
    assert "ended with another size" in outcome.message


def spoilt(cells: int) -> bytes:
    """Return a synthetic snapshot whose last counts cannot be right."""
    table = pq.read_table(io.BytesIO(models(1_000)))
    counts = [*table["downloads"].to_pylist()[: 400 - cells], *[-5] * cells]
    sink = io.BytesIO()
    pq.write_table(table.set_column(3, "downloads", pa.array(counts)), sink)
    return sink.getvalue()


@pytest.mark.slow
def test_one_bad_cell_is_null_and_counted(place: Place) -> None:
    """A single value that cannot be right does not end the run: it is null, and the sidecar says so."""
    with hub(FILES | {path_of(LABELS[1]): spoilt(1)}) as server:
        assert run_fetch(place, server.endpoint).manifest
    expected = [(*row[:3], None, *row[4:]) if row[1] == "maker1399/model" else row
                for row in expected_rows(1_000)]  # fmt: skip
    assert place.rows(LABELS[1]) == sorted(expected, key=str)
    assert [place.sidecar(label)["bad_cells"] for label in LABELS] == [{}, {"downloads": 1}, {}]


@pytest.mark.slow
def test_value_that_cannot_be_right(place: Place) -> None:
    """A snapshot with many absurd values ends the run by its name; what was done before stays."""
    with hub(FILES | {path_of(LABELS[1]): spoilt(2)}) as server:
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == "ContractError"
    assert f"{path_of(LABELS[1])} holds" in outcome.message
    assert "column downloads, row 399: '-5', one of 2 of 400 rows" in outcome.message
    assert place.rows(LABELS[0]) == expected_rows(0)
    assert not place.extract(LABELS[1]).exists()


@pytest.mark.slow
def test_disk_too_small(place: Place) -> None:
    """What the disk cannot hold is not begun."""
    with hub(FILES) as server:
        outcome = run_fetch(place, server.endpoint, free=SIZE)
        assert server.of_file("GET") == []
    assert outcome.error == "OutputError"
    assert f"{SIZE:,} bytes free" in outcome.message
    assert "another disk" in outcome.message


@pytest.mark.slow
def test_too_large(place: Place) -> None:
    """A snapshot above the bound is refused before any of its content is asked for."""
    with hub(FILES) as server:
        outcome = run_fetch(place, server.endpoint, replace(ABOUT, max_bytes=SIZE - 1))
        assert server.of_file("GET") == []
    assert outcome.error == "SourceError"
    assert "snapshots.max_bytes" in outcome.message


@pytest.mark.slow
@pytest.mark.parametrize("at", [1, 2, 3])
def test_killed_run_goes_on(place: Place, at: int) -> None:
    """A run that is killed before an extract goes on there, and downloads nothing twice."""
    with hub(FILES) as server:
        killed_fetch(place, server.endpoint, at=at)
        assert len(sidecar.labels(place.folder)) == at - 1
        outcome = run_fetch(place, server.endpoint)
        assert [gets(server, label) for label in LABELS] == [1, 1, 1]
    assert outcome.said(f"{at - 1} of 3 snapshots are here")
    assert_complete(place)


@pytest.mark.slow
def test_what_a_killed_run_left_is_removed(place: Place) -> None:
    """Parts of files, and whole files of other data, do not stay on the disk."""
    with hub(FILES) as server:
        killed_fetch(place, server.endpoint, at=2)
        part = next(place.folder.glob("downloads/*/*/blobs")) / "abc.123.incomplete"
        part.write_bytes(b"part")
        (place.folder / "downloads" / "2020-01-01").mkdir()
        (place.extract(LABELS[0]).parent / ".2025-03-05.parquet.x.part").write_bytes(b"part")
        outcome = run_fetch(place, server.endpoint, replace(ABOUT, until=date(2025, 3, 6)))
    assert outcome.manifest
    assert not (place.folder / "downloads").exists()
    left = {path.name for path in place.extract(LABELS[0]).parent.iterdir()}
    assert left == {f"{LABELS[0]}.parquet", f"{LABELS[0]}.json"}


@pytest.mark.slow
def test_damaged_copy_of_a_killed_run(place: Place) -> None:
    """A whole copy that a killed run left is examined like any other, and fetched again."""
    with hub(FILES) as server:
        killed_fetch(place, server.endpoint, at=1)
        for blob in place.folder.glob("downloads/*/*/blobs/*"):
            blob.write_bytes(b"damaged")
        outcome = run_fetch(place, server.endpoint)
        assert gets(server, LABELS[0]) == 2
    assert outcome.manifest
    assert_complete(place)


@pytest.mark.slow
def test_offline_with_extracts(place: Place) -> None:
    """Offline, a complete folder needs nobody."""
    with hub(FILES) as server:
        first = run_fetch(place, server.endpoint)
    outcome = run_fetch(place, "http://127.0.0.1:9", HF_HUB_OFFLINE="1")
    assert outcome.manifest == first.manifest


@pytest.mark.slow
@pytest.mark.parametrize("listed", [False, True])
def test_offline_without_extracts(place: Place, listed: bool) -> None:
    """Offline, what would have to be fetched is named, and nobody is asked."""
    with hub(FILES) as server:
        if listed:
            run_fetch(place, server.endpoint)
            place.extract(LABELS[1]).unlink()
            server.requests.clear()
        outcome = run_fetch(place, server.endpoint, HF_HUB_OFFLINE="1")
        assert server.requests == []
    assert outcome.error == "HubError"
    assert "unset HF_HUB_OFFLINE" in outcome.message


@pytest.mark.slow
def test_copy_in_the_users_cache(place: Place, tmp_path: Path) -> None:
    """A sound copy in the client's own cache is used and left; one that is not sound is not used."""
    cache = place.home / "hub" / f"datasets--{REPOSITORY.replace('/', '--')}" / "snapshots"
    for label, content in zip(LABELS, [SNAPSHOTS[LABELS[0]], b"damaged"], strict=False):
        copy = cache / REVISION / path_of(label)
        copy.parent.mkdir(parents=True)
        copy.write_bytes(content)
    with hub(FILES) as server:
        assert run_fetch(place, server.endpoint).manifest
        assert [gets(server, label) for label in LABELS] == [0, 1, 1]
    assert len(list(cache.rglob("*.parquet"))) == 2
    assert_complete(place)


@pytest.mark.slow
@pytest.mark.parametrize("redirect", [False, True])
def test_nothing_comes_through_xet(place: Place, redirect: bool) -> None:
    """Where the Hub offers Xet, files come by HTTP all the same."""
    with hub(FILES, redirect=redirect, xet=True) as server:
        outcome = run_fetch(place, server.endpoint, HF_HUB_DISABLE_XET="0")
        assert not [seen for seen in server.requests if "xet" in seen.path]
    assert outcome.manifest
    assert_complete(place)


@pytest.mark.slow
def test_copies_are_fetched_once(place: Place) -> None:
    """Of files of one content one is asked for; the sidecars of the others say of which they are."""
    copies = FILES | {path_of(label): SNAPSHOTS[LABELS[0]] for label in ("2025-03-19", LABELS[2])}
    with hub(copies) as server:
        outcome = run_fetch(place, server.endpoint)
        asked = [gets(server, label) for label in (*LABELS, "2025-03-19")]
    assert [number > 0 for number in asked] == [True, True, False, False]
    assert outcome.said("2 to fetch, 2 of a content that is here or among them")
    assert place.rows("2025-03-19") == place.rows(LABELS[2]) == expected_rows(0)
    told = place.sidecar("2025-03-19")
    assert (told["same_as"], told["rows"], told["missing"]) == (
        LABELS[0], 400, ["downloadsAllTime", "baseModels"],
    )  # fmt: skip
    assert told["sha256_from"] == "statement of the Hub"
    assert outcome.manifest["rows"] == 1_600


@pytest.mark.slow
def test_a_copy_of_what_is_here_is_not_fetched(place: Place) -> None:
    """A later label of a content that an earlier run has read costs no request for a file."""
    with hub(FILES | {path_of(LABELS[2]): SNAPSHOTS[LABELS[0]]}) as server:
        run_fetch(place, server.endpoint, replace(ABOUT, until=date(2025, 3, 20)))
        assert run_fetch(place, server.endpoint).manifest
        assert [gets(server, label) for label in LABELS] == [1, 1, 0]
    assert place.rows(LABELS[2]) == expected_rows(0)


@pytest.mark.slow
def test_what_is_out_of_the_range_is_told(place: Place) -> None:
    """Snapshots of the dataset that the range leaves out are in the table of what is left out."""
    with hub(FILES) as server:
        outcome = run_fetch(place, server.endpoint, replace(ABOUT, until=date(2025, 3, 20)))
    assert outcome.manifest["left_out"] == (
        f"2 files left out (after the range: {path_of(LABELS[2])}; no date in its name: "
        "models/latest/models.parquet)"
    )


def local_run(place: Place, local: Path, about: Snapshots = ABOUT, today: str = TODAY):
    """Fetch from this machine; return the manifest and the lines of progress."""
    lines: list[str] = []
    found = fetch(about, place.folder, local=local, today=today, progress=lines.append)
    return found, lines


LAYOUTS = {"models": "models/{}/models.parquet", "dated": "{}/models.parquet", "flat": "{}.parquet"}


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
def test_local_folder(place: Place, tmp_path: Path, layout: str) -> None:
    """A folder of snapshots on this machine is read where it lies, in any of its layouts."""
    local = tmp_path / "local"
    for label, data in SNAPSHOTS.items():
        path = local / LAYOUTS[layout].format(label)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    found, _ = local_run(place, local)
    assert_complete(place)
    assert (found.sha256, found.rows, found.revision) == (digest(SNAPSHOTS), 1_200, "")
    assert (found.repository, found.client, found.url) == ("", "", "")
    assert place.sidecar(LABELS[0])["filename"] == LAYOUTS[layout].format(LABELS[0])
    assert "huggingface_hub" not in place.sidecar(LABELS[0])["client"]


ALL = {"mode": "all", "limit": 0, "namespaces": []}
TOP, LOWER = {**ALL, "mode": "top", "limit": 500}, {**ALL, "mode": "top", "limit": 90}
OWNERS = {**ALL, "mode": "namespaces", "namespaces": ["Qwen", "google"]}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scopes", "words"),
    [
        ([None, None, None], ""),
        ([ALL, ALL, ALL], "all"),
        ([TOP, TOP, TOP], "top 500"),
        ([OWNERS, OWNERS, OWNERS], "namespaces: Qwen, google"),
        ([ALL, TOP, LOWER], "top 90"),
        ([OWNERS, {**OWNERS, "namespaces": ["Qwen"]}, TOP], "namespaces: Qwen"),
        ([ALL, None, ALL], ""),
        ([TOP, None, ALL], "top 500"),
        (["damaged", {"mode": "top", "limit": "9"}, {"mode": "other"}], ""),
    ],
    ids=["none", "all", "top", "owners", "lower top", "fewer owners", "one silent", "both", "bad"],
)
def test_extent_of_a_folder(place: Place, tmp_path: Path, scopes: list[Any], words: str) -> None:
    """The manifest says what the readings cover together, as their crawls record it."""
    local = tmp_path / "local"
    for (label, data), scope in zip(SNAPSHOTS.items(), scopes, strict=True):
        path = local / LAYOUTS["models"].format(label)
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
        if scope is not None:
            text = "{" if scope == "damaged" else json.dumps({"scope": scope})
            path.with_name("crawl.json").write_text(text)
    found, _ = local_run(place, local)
    assert found.extent == words
    assert manifest.read(place.folder).to_dict().get("extent", "") == words


@pytest.mark.slow
def test_extent_counts_what_is_read(place: Place, tmp_path: Path) -> None:
    """A reading outside the range has no say, and neither has a record beside a plain file."""
    local = flat(tmp_path / "local")
    (local / "crawl.json").write_text(json.dumps({"scope": TOP}))
    assert local_run(place, local)[0].extent == ""
    path = local / "2026-01-07/models.parquet"
    path.parent.mkdir()
    path.write_bytes(models())
    path.with_name("crawl.json").write_text(json.dumps({"scope": TOP}))
    assert local_run(place, local)[0].extent == ""
    later = replace(ABOUT, until=date(2026, 2, 1))
    assert local_run(place, path, later)[0].extent == "top 500"


def flat(folder: Path, contents: dict[str, bytes] = SNAPSHOTS) -> Path:
    """Write snapshots as `<date>.parquet` and return their folder."""
    folder.mkdir(exist_ok=True)
    for label, data in contents.items():
        (folder / f"{label}.parquet").write_bytes(data)
    return folder


@pytest.mark.slow
def test_local_folder_again(place: Place, tmp_path: Path) -> None:
    """What stands is kept, and a local file that has changed is read anew."""
    local = flat(tmp_path / "local")
    first, _ = local_run(place, local)
    kept = [place.extract(label).stat().st_mtime_ns for label in LABELS]
    again, _ = local_run(place, local, today=LATER)
    assert again == first
    assert [place.extract(label).stat().st_mtime_ns for label in LABELS] == kept
    flat(local, {LABELS[1]: models(5_000)})
    changed, _ = local_run(place, local, today=LATER)
    assert changed.sha256 != first.sha256
    assert changed.accessed == LATER
    assert place.rows(LABELS[1]) == expected_rows(5_000)


@pytest.mark.slow
def test_the_hub_after_a_folder(place: Place, tmp_path: Path) -> None:
    """Extracts of a local copy of the same content serve for the Hub too."""
    local_run(place, flat(tmp_path / "local"))
    with hub(FILES) as server:
        outcome = run_fetch(place, server.endpoint)
        assert server.of_file("GET") == []
    assert outcome.manifest["repository"] == REPOSITORY
    assert outcome.manifest["sha256"] == digest(SNAPSHOTS)


@pytest.mark.parametrize("name", ["2025-03-05.parquet", "hub 2025-03-05 (copy).parquet"])
def test_local_file_with_a_date(place: Place, tmp_path: Path, name: str) -> None:
    """One file is dated by its name."""
    path = tmp_path / name
    path.write_bytes(SNAPSHOTS[LABELS[0]])
    found, _ = local_run(place, path)
    assert found.filename == "models/2025-03-05…2025-03-05"
    assert place.sidecar("2025-03-05")["label_from"] == "path"


@pytest.mark.slow
def test_local_file_without_a_date(place: Place, tmp_path: Path) -> None:
    """One file without a date in its path is dated by its rows, and the sidecar says so."""
    path = tmp_path / "frozen.parquet"
    path.write_bytes(models())
    local_run(place, path, replace(ABOUT, since=date(2023, 1, 1)))
    assert place.sidecar("2023-11-14")["label_from"] == "newest createdAt or lastModified"
    assert place.rows("2023-11-14") == expected_rows(0)


@pytest.mark.parametrize("name", ["absent", "empty"])
def test_local_folder_without_snapshots(place: Place, tmp_path: Path, name: str) -> None:
    """A folder that is not there, or holds none, is refused."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match=r"there is no folder|holds no snapshot") as caught:
        local_run(place, tmp_path / name)
    assert "models/<date>/models.parquet" in caught.value.remedy


def test_local_disk_too_small(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The room for extracts of local snapshots is checked before the start."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 10))
    with pytest.raises(OutputError, match="10 bytes free"):
        local_run(place, flat(tmp_path / "local"))
    assert not sidecar.labels(place.folder)


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["no manifest", "no extract", "other extract", "no sidecar"])
def test_extracts_that_are_not_the_manifests(place: Place, tmp_path: Path, damage: str) -> None:
    """The next stage is given no extracts but those that the manifest describes."""
    local_run(place, flat(tmp_path / "local"))
    if damage == "no manifest":
        (place.folder / "manifest.json").unlink()
    elif damage == "no extract":
        place.extract(LABELS[1]).unlink()
    elif damage == "no sidecar":
        sidecar.sidecar_path(place.folder, LABELS[1]).unlink()
    else:
        shutil.copy(place.extract(LABELS[1]), place.extract("2025-03-19"))
    with pytest.raises(SourceError, match=r"no fetched snapshots|not those"):
        extracts(place.folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("revision", "main"),
        ("revision", "ABCDEF"),
        ("until", date(2025, 2, 1)),
    ],
)
def test_values_that_cannot_be_meant(place: Place, key: str, value: Any) -> None:
    """A definition that cannot be meant is refused before anything else happens."""
    with pytest.raises(DefinitionError, match=rf"\[snapshots\] {key} = ") as caught:
        local_run(place, place.home, replace(ABOUT, **{key: value}))
    assert isinstance(caught.value, ReplicationError)
    assert not place.folder.exists()


@pytest.mark.parametrize(
    ("labels", "missing"),
    [
        (["2025-03-05", "2025-03-12", "2025-03-19", "2025-03-26"], []),
        (["2025-03-05", "2025-03-26"], ["2025-03-12", "2025-03-19"]),
        (["2025-03-19"], ["2025-03-05", "2025-03-12", "2025-03-26"]),
        (["2025-03-05", "2025-03-13", "2025-03-18", "2025-03-27"], []),
        (["2025-03-05", "2025-03-16", "2025-03-26"], ["2025-03-12"]),
        (["2025-02-28", "2025-03-08", "2025-04-04"], ["2025-03-15", "2025-03-22", "2025-03-29"]),
        (["2025-02-26"], []),
    ],
)
def test_missing_weeks(labels: list[str], missing: list[str]) -> None:
    """A week counts as missing where no snapshot is within three days of its date."""
    assert missing_weeks(labels, date(2025, 3, 1), date(2025, 3, 31)) == missing
