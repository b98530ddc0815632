"""The released source, with the real Hub client against a local server.

The client reads its HF_* variables when it is imported, so each fetch runs in its own process, with
an environment that holds nothing of the caller's. In that process `time.sleep` returns at once and
notes for how long it was asked to sleep.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import huggingface_hub
import huggingface_hub.constants
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from replication.errors import HubError, OutputError, ReplicationError, SourceError
from replication.sources import manifest, released
from replication.sources.released import COUNTERS, Release, announced_wait, decide, fetch
from replication.synthetic.server import REPOSITORY, REVISION, hub

ROOT = Path(__file__).resolve().parents[1]
TODAY = "2026-11-23"
LATER = "2026-12-24"
BLOCK = huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE
TOKEN = "hf_THISisTHEsecretOFtheTEST"
NAME = "one_year_rolling.parquet"
RELEASE = Release(
    repository=REPOSITORY,
    revision=REVISION,
    filename=NAME,
    title="A title",
    citation="A citation",
    url="https://example.org/dataset",
    licence="none stated",
    max_bytes=1_000_000,
)
CHILD = """
import json, sys, time
from pathlib import Path

slept = []
time.sleep = slept.append
from replication.errors import ReplicationError
from replication.sources.released import Release, fetch

release, folder, today = json.loads(sys.argv[1])
answer = {"slept": slept}
try:
    answer["manifest"] = fetch(Release(**release), Path(folder), today=today).to_dict()
except ReplicationError as error:
    answer["error"] = type(error).__name__
    answer["message"] = str(error)
    answer["chained"] = error.__cause__ is not None or error.__context__ is not None
answer["imported"] = "huggingface_hub" in sys.modules
print(json.dumps(answer))
"""


@dataclass(frozen=True)
class Outcome:
    """What one fetch in its own process did."""

    slept: list[float]
    imported: bool
    """Whether the Hub client was imported at all."""
    stderr: str
    manifest: dict[str, Any] | None = None
    error: str = ""
    message: str = ""
    chained: bool = False


@dataclass(frozen=True)
class Place:
    """The folders of one test."""

    folder: Path
    home: Path
    """HF_HOME, with the client's cache."""

    @property
    def counters(self) -> Path:
        """Path of the fetched file."""
        return self.folder / COUNTERS


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return fresh folders for the run and for the client."""
    return Place(tmp_path / "run", tmp_path / "home")


def parquet(first: int = 0, rows: int = 5_000, compression: str = "snappy") -> bytes:
    """Return a Parquet file of one column that counts from `first`."""
    sink = io.BytesIO()
    table = pa.table({"downloadsAllTime": np.arange(first, first + rows)})
    pq.write_table(table, sink, compression=compression, use_dictionary=False)
    return sink.getvalue()


GOOD = parquet()
OTHER = parquet(first=1)


def run_fetch(
    place: Place,
    endpoint: str,
    *,
    release: Release = RELEASE,
    today: str = TODAY,
    **variables: str,
) -> Outcome:
    """Fetch in a new process with these HF_* variables and no others."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(place.home),
        "PYTHONPATH": str(ROOT),
        "NO_PROXY": "*",
        "HF_HOME": str(place.home),
        "HF_ENDPOINT": endpoint,
        **variables,
    }
    task = json.dumps([asdict(release), str(place.folder), today])
    command = [sys.executable, "-c", CHILD, task]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return Outcome(stderr=done.stderr, **json.loads(done.stdout))


def assert_nothing_written(place: Place) -> None:
    """Check that neither data nor a manifest was left in the run's folder."""
    assert not place.counters.exists()
    assert manifest.read(place.folder) is None


def test_success(place: Place) -> None:
    """The file arrives byte for byte, with a manifest that describes it."""
    with hub({NAME: GOOD}) as server:
        outcome = run_fetch(place, server.endpoint)
    assert place.counters.read_bytes() == GOOD
    assert outcome.manifest == {
        "source": "released",
        "title": "A title",
        "citation": "A citation",
        "url": "https://example.org/dataset",
        "repository": REPOSITORY,
        "revision": REVISION,
        "filename": NAME,
        "sha256": hashlib.sha256(GOOD).hexdigest(),
        "bytes": len(GOOD),
        "rows": 5_000,
        "accessed": TODAY,
        "licence": "none stated",
        "client": f"huggingface_hub {huggingface_hub.__version__}",
    }
    assert manifest.read(place.folder).to_dict() == outcome.manifest


def test_second_run_asks_nothing(place: Place) -> None:
    """A folder that holds the file is kept, without a request and without the client."""
    with hub({NAME: GOOD}) as server:
        first = run_fetch(place, server.endpoint)
        asked = len(server.requests)
        second = run_fetch(place, server.endpoint, today=LATER)
        assert len(server.requests) == asked
    assert second.manifest == first.manifest
    assert not second.imported


def test_redirect_to_another_origin(place: Place) -> None:
    """A large file comes from the store it is redirected to, which never sees the token."""
    with hub({NAME: GOOD}, token=TOKEN, redirect=True) as server:
        outcome = run_fetch(place, server.endpoint, HF_TOKEN=TOKEN)
        stored = [seen for seen in server.requests if seen.path.startswith("/store/")]
    assert outcome.manifest is not None
    assert place.counters.read_bytes() == GOOD
    assert [seen.method for seen in stored] == ["GET"]
    assert "authorization" not in stored[0].headers


def test_revision_must_be_a_commit(place: Place) -> None:
    """A branch is refused before anything else happens, because its content may change."""
    with pytest.raises(SourceError, match="not a commit") as caught:
        fetch(replace(RELEASE, revision="main"), place.folder, today=TODAY)
    assert "40 hexadecimal digits" in caught.value.remedy
    assert_nothing_written(place)


def test_new_revision_replaces_the_old(place: Place) -> None:
    """Another commit is another address: its content replaces the known content."""
    revision = "f" * 40
    with hub({NAME: GOOD}) as server:
        run_fetch(place, server.endpoint)
    with hub({NAME: OTHER}, revision=revision) as server:
        outcome = run_fetch(
            place, server.endpoint, release=replace(RELEASE, revision=revision), today=LATER
        )
    assert place.counters.read_bytes() == OTHER
    assert outcome.manifest["accessed"] == LATER


def test_changed_content_is_refused(place: Place, tmp_path: Path) -> None:
    """Other content at the same commit is refused, and the old file and manifest stay."""
    with hub({NAME: GOOD}) as server:
        known = run_fetch(place, server.endpoint).manifest
        place.counters.write_bytes(b"damaged")
        server.files[NAME] = OTHER
        elsewhere = replace(place, home=tmp_path / "other home")
        outcome = run_fetch(elsewhere, server.endpoint)
    assert outcome.error == "HashMismatchError"
    assert place.counters.read_bytes() == b"damaged"
    assert manifest.read(place.folder).to_dict() == known


def test_refused_content_is_not_believed_from_the_cache(place: Place, tmp_path: Path) -> None:
    """After a mirror served wrong content, the client's cache of it does not outlive the fault."""
    with hub({NAME: GOOD}) as server:
        run_fetch(place, server.endpoint)
        place.counters.unlink()
        elsewhere = replace(place, home=tmp_path / "other home")
        server.files[NAME] = OTHER
        assert run_fetch(elsewhere, server.endpoint).error == "HashMismatchError"
        server.files[NAME] = GOOD
        assert run_fetch(elsewhere, server.endpoint).manifest is not None
    assert place.counters.read_bytes() == GOOD


@pytest.mark.parametrize("damage", ["changed", "removed", "emptied"])
def test_damaged_file_is_repaired(place: Place, damage: str) -> None:
    """A local file that is not what the manifest says is restored, with its first date."""
    with hub({NAME: GOOD}) as server:
        first = run_fetch(place, server.endpoint)
        if damage == "removed":
            place.counters.unlink()
        else:
            place.counters.write_bytes(GOOD[:-1] + b"?" if damage == "changed" else b"")
        second = run_fetch(place, server.endpoint, today=LATER)
    assert place.counters.read_bytes() == GOOD
    assert second.manifest == first.manifest


def test_damaged_cache_is_repaired(place: Place) -> None:
    """A copy that was damaged inside the client's cache is fetched again."""
    with hub({NAME: GOOD}) as server:
        run_fetch(place, server.endpoint)
        place.counters.unlink()
        for blob in place.home.glob("hub/*/blobs/*"):
            blob.write_bytes(GOOD[: len(GOOD) // 2])
        outcome = run_fetch(place, server.endpoint)
    assert outcome.manifest is not None
    assert place.counters.read_bytes() == GOOD


def test_missing_file(place: Place) -> None:
    """A file that the dataset does not have is named."""
    with hub({"another.parquet": GOOD}) as server:
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == "HubError"
    assert f"no file {NAME}" in outcome.message
    assert "released.filename" in outcome.message
    assert_nothing_written(place)


def test_missing_revision(place: Place) -> None:
    """A commit that the dataset does not have is named."""
    with hub({NAME: GOOD}, revision="f" * 40) as server:
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == "HubError"
    assert f"no commit {REVISION}" in outcome.message
    assert "released.revision" in outcome.message


def test_missing_repository(place: Place) -> None:
    """A dataset that is not there is reported like one that may not be read, as the Hub does."""
    with hub({NAME: GOOD}, repository="owner/another") as server:
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == "HubError"
    assert f"no access to dataset {REPOSITORY}" in outcome.message
    assert "check its name" in outcome.message


def test_malformed_repository(place: Place) -> None:
    """A name that no dataset can have is refused by name."""
    outcome = run_fetch(
        place, "http://127.0.0.1:9", release=replace(RELEASE, repository="not/a/name")
    )
    assert outcome.error == "SourceError"
    assert "'not/a/name'" in outcome.message


def test_token_is_needed(place: Place) -> None:
    """A gated dataset is refused without a token, with the remedy, and read with one."""
    with hub({NAME: GOOD}, token=TOKEN) as server:
        without = run_fetch(place, server.endpoint)
        wrong = run_fetch(place, server.endpoint, HF_TOKEN="hf_wrong")
        right = run_fetch(place, server.endpoint, HF_TOKEN=TOKEN)
    for outcome in (without, wrong):
        assert outcome.error == "HubError"
        assert "(401)" in outcome.message
        assert "set HF_TOKEN" in outcome.message
        assert "accept the terms" in outcome.message
    assert right.manifest is not None
    assert place.counters.read_bytes() == GOOD


def test_token_without_the_right(place: Place) -> None:
    """A token whose owner has not accepted the terms is told to accept them."""
    with hub({NAME: GOOD}) as server:
        server.faults.refuse(403, {"X-Error-Code": "GatedRepo"}, times=9)
        outcome = run_fetch(place, server.endpoint, HF_TOKEN=TOKEN)
    assert outcome.error == "HubError"
    assert "(403)" in outcome.message
    assert "accept the terms" in outcome.message


def assert_token_is_nowhere(outcome: Outcome, place: Place, token: str = TOKEN) -> None:
    """Check everything that is shown or kept for the token and for exceptions that carry it."""
    assert token not in outcome.message
    assert token not in outcome.stderr
    assert token not in json.dumps(outcome.manifest)
    assert not outcome.chained
    for path in place.folder.rglob("*"):
        assert token.encode() not in path.read_bytes()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
def test_token_is_never_shown_on_failure(place: Place, status: int) -> None:
    """The token stays out of messages even where the server repeats it in its answer."""
    echo = {"X-Error-Message": f"Bearer {TOKEN} is not enough", "Retry-After": "3600"}
    with hub({NAME: GOOD}) as server:
        server.faults.refuse(status, echo, times=99)
        outcome = run_fetch(place, server.endpoint, HF_TOKEN=TOKEN)
        assert server.of_file("HEAD")[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert outcome.error == "HubError"
    assert_token_is_nowhere(outcome, place)


def test_token_is_never_shown_on_success(place: Place) -> None:
    """The token is sent and recorded nowhere."""
    with hub({NAME: GOOD}, token=TOKEN) as server:
        outcome = run_fetch(place, server.endpoint, HF_TOKEN=TOKEN)
    assert outcome.manifest is not None
    assert_token_is_nowhere(outcome, place)


def test_malformed_token_is_not_quoted(place: Place) -> None:
    """A token that no header can carry, which the transport would quote, is not quoted."""
    with hub({NAME: GOOD}) as server:
        outcome = run_fetch(place, server.endpoint, HF_TOKEN=f"{TOKEN}…")
    assert outcome.error == "HubError"
    assert "characters of HF_TOKEN" in outcome.message
    assert_token_is_nowhere(outcome, place)


def test_password_in_the_endpoint_is_not_quoted(place: Place) -> None:
    """A message names the host of HF_ENDPOINT and not the credentials in front of it."""
    outcome = run_fetch(place, f"http://user:{TOKEN}@127.0.0.1:{closed_port()}")
    assert "127.0.0.1" in outcome.message
    assert TOKEN not in outcome.message


@pytest.mark.parametrize("method", ["HEAD", "GET"])
@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"RateLimit": '"resolver";r=0;t=12'}, 12),
        ({"Retry-After": "7"}, 7),
        ({"RateLimit": '"resolver";r=0;t=12', "Retry-After": "7"}, 12),
    ],
    ids=["RateLimit", "Retry-After", "both"],
)
def test_rate_limit_then_success(
    place: Place, method: str, headers: dict[str, str], wait: int
) -> None:
    """A 429 is waited out for as long as the Hub says, and then the file arrives."""
    with hub({NAME: GOOD}) as server:
        server.faults.refuse(429, headers, methods=(method,))
        outcome = run_fetch(place, server.endpoint)
    assert place.counters.read_bytes() == GOOD
    assert outcome.slept == [wait + 1]  # the client adds one second


def test_rate_limit_for_ever(place: Place) -> None:
    """A 429 that does not end gives the wait that the Hub announced, after the client's retries."""
    with hub({NAME: GOOD}) as server:
        server.faults.refuse(429, {"RateLimit": '"resolver";r=0;t=12'}, times=999)
        outcome = run_fetch(place, server.endpoint)
        assert len(server.requests) < 20
    assert outcome.error == "HubError"
    assert "(429) and says to wait 12 s" in outcome.message
    assert outcome.slept == [13] * 5
    assert_nothing_written(place)


@pytest.mark.parametrize(
    ("method", "status", "wait"), [("HEAD", 429, 86_400), ("GET", 429, 301), ("HEAD", 503, 3_600)]
)
def test_long_wait_is_not_taken(place: Place, method: str, status: int, wait: int) -> None:
    """A wait longer than the limit is reported at once and not slept."""
    with hub({NAME: GOOD}) as server:
        server.faults.refuse(status, {"Retry-After": str(wait)}, methods=(method,), times=9)
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == "HubError"
    assert f"({status}) and says to wait {wait} s" in outcome.message
    assert outcome.slept == []


def test_waits_are_bounded_in_sum(place: Place) -> None:
    """Waits that are short one by one end when together they exceed the limit."""
    with hub({NAME: GOOD}) as server:
        server.faults.refuse(429, {"RateLimit": '"api";r=0;t=140'}, times=99)
        outcome = run_fetch(place, server.endpoint)
    assert outcome.slept == [141, 141]
    assert "says to wait 140 s" in outcome.message


def test_server_error_then_success(place: Place) -> None:
    """A short failure of the server is outlived."""
    with hub({NAME: GOOD}) as server:
        server.faults.refuse(503, times=2, methods=("HEAD",))
        outcome = run_fetch(place, server.endpoint)
    assert outcome.manifest is not None
    assert outcome.slept == [1, 2]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_server_error_for_ever(place: Place, status: int) -> None:
    """A server that keeps failing is reported as such, after the client's retries."""
    with hub({NAME: GOOD}) as server:
        server.faults.refuse(status, times=999)
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == "HubError"
    assert f"failed ({status})" in outcome.message
    assert "DATA=bundled" in outcome.message


@pytest.mark.parametrize("redirect", [False, True], ids=["direct", "redirect"])
def test_cut_connection_is_resumed(place: Place, redirect: bool) -> None:
    """A connection that is cut goes on after the last whole block that the client has kept."""
    large = parquet(rows=3 * BLOCK // 16, compression="none")
    with hub({NAME: large}, redirect=redirect) as server:
        server.faults.cut(BLOCK + 1_000)
        server.faults.cut(1_000)
        outcome = run_fetch(place, server.endpoint, release=replace(RELEASE, max_bytes=len(large)))
        ranges = [seen.headers.get("range") for seen in server.of_file("GET")]
    assert ranges == [None, f"bytes={BLOCK}-", f"bytes={BLOCK}-"]
    assert outcome.manifest["sha256"] == hashlib.sha256(large).hexdigest()
    assert place.counters.read_bytes() == large


def test_cut_connection_of_a_small_file(place: Place) -> None:
    """A file smaller than one block is asked for again from its start."""
    with hub({NAME: GOOD}) as server:
        server.faults.cut(1_000, times=2)
        outcome = run_fetch(place, server.endpoint)
        assert [seen.headers.get("range") for seen in server.of_file("GET")] == [None] * 3
    assert outcome.manifest is not None
    assert place.counters.read_bytes() == GOOD


def test_connection_cut_for_ever(place: Place) -> None:
    """A connection that is always cut ends in an error and leaves no part of the file."""
    with hub({NAME: GOOD}) as server:
        server.faults.cut(0, times=99)
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == "HubError"
    assert "(RemoteProtocolError)" in outcome.message
    assert_nothing_written(place)
    assert not list(place.home.rglob("*.incomplete"))


def test_offline_without_cache(place: Place) -> None:
    """Offline and without a cached copy, the remedies are named and nobody is asked."""
    with hub({NAME: GOOD}) as server:
        outcome = run_fetch(place, server.endpoint, HF_HUB_OFFLINE="1")
        assert server.requests == []
    assert outcome.error == "HubError"
    assert "unset HF_HUB_OFFLINE" in outcome.message
    assert "DATA=bundled" in outcome.message


def test_offline_with_cache(place: Place) -> None:
    """Offline, a cached copy fills a new folder."""
    with hub({NAME: GOOD}) as server:
        run_fetch(place, server.endpoint)
        asked = len(server.requests)
        elsewhere = replace(place, folder=place.folder.with_name("second run"))
        outcome = run_fetch(elsewhere, server.endpoint, HF_HUB_OFFLINE="1")
        assert len(server.requests) == asked
    assert outcome.manifest is not None
    assert elsewhere.counters.read_bytes() == GOOD


def test_offline_with_damaged_cache(place: Place) -> None:
    """Offline, a damaged cached copy is refused for what it is."""
    with hub({NAME: GOOD}) as server:
        run_fetch(place, server.endpoint)
        place.counters.unlink()
        for blob in place.home.glob("hub/*/blobs/*"):
            blob.write_bytes(b"damaged")
        outcome = run_fetch(place, server.endpoint, HF_HUB_OFFLINE="1")
    assert outcome.error == "SourceError"
    assert "instead of Parquet" in outcome.message


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "HTML"),
        (b"PAR1 no footer", "damaged or other content"),
        (b"", "empty"),
    ],
    ids=["HTML", "damaged", "empty"],
)
def test_content_is_not_parquet(place: Place, body: bytes, kind: str) -> None:
    """What is not Parquet is refused for what it is; once the fault is gone, the file arrives."""
    with hub({NAME: GOOD}) as server:
        server.faults.body = body
        refused = run_fetch(place, server.endpoint)
        assert_nothing_written(place)
        server.faults.body = None
        accepted = run_fetch(place, server.endpoint)
    assert refused.error == "SourceError"
    assert f"{NAME} is {kind} instead of Parquet" in refused.message
    assert accepted.manifest is not None
    assert place.counters.read_bytes() == GOOD


def test_wrong_length(place: Place) -> None:
    """Content of another size than announced is refused."""
    with hub({NAME: GOOD}) as server:
        server.faults.announced = len(GOOD) + 10
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == "HubError"
    assert "another size than announced" in outcome.message
    assert_nothing_written(place)


@pytest.mark.parametrize("redirect", [False, True], ids=["direct", "redirect"])
def test_too_large(place: Place, redirect: bool) -> None:
    """A file larger than the limit is refused before any of its content is asked for."""
    with hub({NAME: GOOD}, redirect=redirect) as server:
        small = replace(RELEASE, max_bytes=len(GOOD) - 1)
        outcome = run_fetch(place, server.endpoint, release=small)
        assert server.of_file("GET") == []
    assert outcome.error == "SourceError"
    assert f"{len(GOOD):,} bytes" in outcome.message
    assert "released.max_bytes" in outcome.message


@pytest.mark.parametrize("redirect", [False, True], ids=["direct", "redirect"])
def test_unknown_size(place: Place, redirect: bool) -> None:
    """A file whose size is not stated cannot be held against the limit and is not asked for."""
    with hub({NAME: GOOD}, redirect=redirect) as server:
        server.faults.unsized = True
        outcome = run_fetch(place, server.endpoint)
        assert server.of_file("GET") == []
    assert outcome.error == "HubError"
    assert "the size" in outcome.message


def test_size_at_the_limit(place: Place) -> None:
    """A file of exactly the largest size is fetched."""
    with hub({NAME: GOOD}) as server:
        outcome = run_fetch(place, server.endpoint, release=replace(RELEASE, max_bytes=len(GOOD)))
    assert outcome.manifest is not None


def test_answer_of_another_commit(place: Place) -> None:
    """An endpoint that answers with another commit than the pinned one is not believed."""
    with hub({NAME: GOOD}) as server:
        server.faults.commit = "f" * 40
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == "HubError"
    assert "HF_ENDPOINT" in outcome.message


def closed_port() -> int:
    """Return a port of this machine on which nobody listens any more."""
    with hub({}) as server:
        return int(server.endpoint.rpartition(":")[2])


def test_server_down(place: Place) -> None:
    """A server that cannot be reached is named, after the client's retries."""
    outcome = run_fetch(place, f"http://127.0.0.1:{closed_port()}")
    assert outcome.error == "HubError"
    assert "connection to 127.0.0.1 failed (ConnectError)" in outcome.message
    assert "DATA=bundled" in outcome.message
    assert outcome.slept == [1, 2, 4, 8, 8]


def test_server_down_with_cache(place: Place) -> None:
    """A cached copy is used where the server is down."""
    with hub({NAME: GOOD}) as server:
        run_fetch(place, server.endpoint)
        place.counters.unlink()
    outcome = run_fetch(place, server.endpoint)
    assert outcome.manifest is not None
    assert place.counters.read_bytes() == GOOD


def test_cache_cannot_be_written(place: Place) -> None:
    """A cache folder that cannot be made is an error of the disk, with its own remedy."""
    place.home.write_text("a file where the folder should be")
    with hub({NAME: GOOD}) as server:
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == "OutputError"
    assert "HF_HOME" in outcome.message
    assert_nothing_written(place)


def test_folder_cannot_be_written(place: Place) -> None:
    """A run's folder that cannot be made is an error of the disk."""
    place.folder.write_text("a file where the folder should be")
    with hub({NAME: GOOD}) as server:
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == "OutputError"


@pytest.mark.parametrize(
    ("raised", "expected", "words"),
    [
        (TimeoutError(errno.ETIMEDOUT, "timed out"), HubError, "TimeoutError"),
        (OSError(errno.ENOSPC, "No space left on device"), OutputError, "No space left"),
        (OSError("Consistency check failed"), HubError, "another size"),
        (RuntimeError(f"storage said {TOKEN}"), HubError, "RuntimeError"),
    ],
)
def test_failures_of_the_client(
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    raised: Exception,
    expected: type[ReplicationError],
    words: str,
) -> None:
    """Whatever the client raises becomes an error with a remedy that quotes none of its text."""

    def fail(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(place.home))
    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", fail)
    with pytest.raises(expected, match=words) as caught:
        fetch(RELEASE, place.folder, today=TODAY)
    assert TOKEN not in str(caught.value)
    assert caught.value.__context__ is None


def known_manifest(**changes: str) -> manifest.Manifest:
    """Return a manifest of the release with the hash `a`."""
    wanted = released._wanted(RELEASE, TODAY)
    return replace(wanted, **{"sha256": "a", **changes})


@pytest.mark.parametrize(
    ("known", "present", "action"),
    [
        (known_manifest(), "a", "keep"),
        (known_manifest(title="another", accessed=LATER), "a", "keep"),
        (known_manifest(), "b", "download"),
        (known_manifest(), None, "download"),
        (known_manifest(revision="f" * 40), "a", "download"),
        (known_manifest(repository="owner/another"), "a", "download"),
        (known_manifest(filename="another.parquet"), "a", "download"),
    ],
)
def test_decide(known: manifest.Manifest, present: str | None, action: str) -> None:
    """Only the known content of the same address is kept."""
    assert decide(known_manifest(sha256=""), known, present) == action


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"RateLimit": '"api";r=0;t=12'}, 12),
        (429, {"RateLimit": '"api"; r=0; t=12', "Retry-After": "3"}, 12),
        (429, {"RateLimit": '"api";r=5;t=12', "Retry-After": "3"}, 3),
        (429, {"RateLimit": '"api";r=5;t=12'}, None),
        (429, {"RateLimit": "nonsense", "Retry-After": " 3 "}, 3),
        (429, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        (429, {"Retry-After": "²"}, None),
        (503, {"RateLimit": '"api";r=0;t=12'}, None),
        (503, {"Retry-After": "3"}, 3),
        (200, {"RateLimit": '"api";r=0;t=12', "Retry-After": "3"}, None),
        (404, {"Retry-After": "3"}, None),
        (429, {}, None),
    ],
)
def test_announced_wait(status: int, headers: dict[str, str], seconds: int | None) -> None:
    """The wait is read as the client reads it, and never from an answer that is final."""
    assert announced_wait(status, headers) == seconds
