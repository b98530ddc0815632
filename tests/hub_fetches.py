"""Fetches of the released source, each in its own process with the real Hub client.

The client reads its HF_* variables when it is imported, so each fetch runs in its own process, with
an environment that holds nothing of the caller's. In that process `time.sleep` returns at once and
notes for how long it was asked to sleep.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from replication.sources import manifest
from replication.sources.released import COUNTERS, Release
from replication.validation.synthetic.server import REPOSITORY, REVISION, FakeHub, hub

ROOT = Path(__file__).resolve().parents[1]
TODAY = "2026-11-23"
LATER = "2026-12-24"
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
said = []
answer = {"slept": slept, "said": said}
release["mirrors"] = tuple(release["mirrors"])
try:
    found = fetch(Release(**release), Path(folder), today=today, progress=said.append)
    answer["manifest"] = found.to_dict()
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
    said: list[str] = field(default_factory=list)
    """What was told on the way."""


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
    done = subprocess.run(
        command(release, place, today),
        env=environment(place, endpoint, **variables),
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return Outcome(stderr=done.stderr, **json.loads(done.stdout))


def command(release: Release, place: Place, today: str) -> list[str]:
    """Return the command of one fetch."""
    task = json.dumps([asdict(release), str(place.folder), today])
    return [sys.executable, "-c", CHILD, task]


def environment(place: Place, endpoint: str, **variables: str) -> dict[str, str]:
    """Return an environment with these HF_* variables and no others."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(place.home),
        "PYTHONPATH": str(ROOT),
        "NO_PROXY": "*",
        "HF_HOME": str(place.home),
        "HF_ENDPOINT": endpoint,
        **variables,
    }


def assert_nothing_written(place: Place) -> None:
    """Check that neither data nor a manifest was left in the run's folder."""
    assert not place.counters.exists()
    assert manifest.read(place.folder) is None


def assert_token_is_nowhere(outcome: Outcome, place: Place, token: str = TOKEN) -> None:
    """Check everything that is shown or kept for the token and for exceptions that carry it."""
    assert token not in outcome.message
    assert token not in outcome.stderr
    assert token not in json.dumps(outcome.manifest)
    assert not outcome.chained
    for path in place.folder.rglob("*"):
        assert token.encode() not in path.read_bytes()


def closed_port() -> int:
    """Return a port of this machine on which nobody listens any more."""
    with hub({}) as server:
        return int(server.endpoint.rpartition(":")[2])


@dataclass
class Relay:
    """A server in front of others: several datasets under one endpoint, with names and history.

    `main` stands for the commit of each server, a name of `refs` for the commit there; `history` is
    what the list of commits answers.
    """

    hubs: dict[str, FakeHub]
    refs: dict[str, str] = field(default_factory=dict)
    history: list[str] = field(default_factory=list)
    stall: int = 0
    """Bytes after which the first body stops until the block ends; 0 for never."""
    reached: Event = field(default_factory=Event)
    done: Event = field(default_factory=Event)
    endpoint: str = ""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, dataset and revision of every request for a file."""

    def of(self, repository: str) -> int:
        """Return how often a dataset was asked for a file."""
        return sum(name == repository for _, name, _ in self.asked)


class _Front(BaseHTTPRequestHandler):
    """Sends each request on to the server of its dataset."""

    protocol_version = "HTTP/1.1"
    relay: Relay

    def do_GET(self) -> None:
        """Pass a request on with the body of its answer."""
        relay, path = self.relay, unquote(self.path)
        if re.search(r"/api/datasets/[^/]+/[^/]+/commits/", path):
            listed = [_commit(commit) for commit in relay.history]
            self._send(200, {"Content-Type": "application/json"}, json.dumps(listed).encode())
            return
        repository, revision = _RESOLVED.search(path).groups()
        relay.asked.append((self.command, repository, revision))
        behind = relay.hubs.get(repository) or next(iter(relay.hubs.values()))
        names = {"main": behind.revision, **relay.refs}
        path = path.replace(f"/resolve/{revision}/", f"/resolve/{names.get(revision, revision)}/")
        connection = HTTPConnection(behind.endpoint.partition("//")[2], timeout=30)
        connection.request(self.command, path, headers=dict(self.headers.items()))
        answer = connection.getresponse()
        self._send(answer.status, dict(answer.getheaders()), answer.read())
        connection.close()

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Write nothing."""

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Send an answer, and stop in the middle of the first body where that is asked for."""
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        stall, self.relay.stall = self.relay.stall, 0
        if stall:
            self.wfile.write(body[:stall])
            self.relay.reached.set()
            self.relay.done.wait(timeout=300)
            self.close_connection = True
        else:
            self.wfile.write(body)


_RESOLVED = re.compile(r"/datasets/([^/]+/[^/]+)/resolve/([^/]+)/")


def _commit(commit: str) -> dict[str, object]:
    """Return a commit as the Hub lists it."""
    about = {"authors": [], "date": "2026-02-01T00:00:00.000Z", "title": "t", "message": ""}
    return {"id": commit, **about}


@contextmanager
def relay(*hubs: FakeHub, stall: int = 0, refs: Mapping[str, str] | None = None) -> Iterator[Relay]:
    """Serve several datasets under one endpoint for as long as the block runs."""
    state = Relay({server.repository: server for server in hubs}, dict(refs or {}), stall=stall)
    handler = type("Front", (_Front,), {"relay": state})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        state.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            state.done.set()
            server.shutdown()
            thread.join(timeout=5)
