"""Answers of a Hub that do not end, are too large or lead elsewhere: each is given up at its bound."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import huggingface_hub.constants
import pytest

from replication.errors import HubError, SourceError
from replication.sources import hub, hub_lists
from replication.sources.hub_address import Address
from replication.sources.hub_failures import CONTENT
from replication.sources.snapshots import listing

Answer = tuple[dict[str, str], bytes]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@contextmanager
def served(answer: Callable[[str], Answer]) -> Iterator[tuple[str, list[str]]]:
    """Serve what `answer` says of each path, and give the address and the paths that were asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        """Answers one request."""

        def do_GET(self) -> None:
            asked.append(self.path)
            headers, body = answer(self.path)
            self.send_response(200)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()
        thread.join(timeout=5)


@contextmanager
def asked_of(
    answer: Callable[[str], Answer], monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[str]]:
    """Make a server the Hub; give the paths that it is asked for."""
    with served(answer) as (address, asked):
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", address)
        yield asked


def entry(number: int) -> dict[str, object]:
    """One snapshot as the Hub lists it."""
    path = f"models/2025-01-{number:02}/models.parquet"
    return {"type": "file", "path": path, "size": 5, "lfs": {"oid": "a" * 64}}


def page(*numbers: int) -> bytes:
    """A page of a list."""
    return json.dumps([entry(number) for number in numbers]).encode()


def test_a_list_of_several_pages_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next page is asked of the Hub that was asked, though the link names another host."""

    def answer(path: str) -> Answer:
        link = {"Link": '<https://elsewhere.example/api/x?cursor=b>; rel="next"'}
        return ({}, page(8)) if "cursor=b" in path else (link, page(1))

    with asked_of(answer, monkeypatch) as asked:
        found = listing.list_snapshots("owner/name", COMMIT)
    assert [one.label for one in found.files] == ["2025-01-01", "2025-01-08"]
    assert [path.partition("?")[0] for path in asked] == [
        f"/api/datasets/owner/name/tree/{COMMIT}/models"
    ] * 2


def test_the_client_says_nothing_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked of the Hub is what the run needs: not what the client would tell of its surroundings."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_TELEMETRY", False)
    with asked_of(lambda _: ({}, page(1)), monkeypatch) as asked:
        listing.list_snapshots("owner/name", COMMIT)
    assert len(asked) == 1
    assert huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY


@pytest.mark.parametrize("moves", [True, False])
def test_a_list_without_an_end(monkeypatch: pytest.MonkeyPatch, moves: bool) -> None:
    """Pages that go on for ever are given up, be they new ones or one again and again."""
    count = iter(range(1_000))

    def answer(_: str) -> Answer:
        return {"Link": f'<?cursor={next(count) if moves else 0}>; rel="next"'}, b"[]"

    monkeypatch.setattr(hub_lists, "MOST_PAGES", 5)
    with asked_of(answer, monkeypatch) as asked, pytest.raises(HubError, match="does not end"):
        listing.list_snapshots("owner/name", COMMIT)
    assert len(asked) == (5 if moves else 2)


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_that_is_too_large(monkeypatch: pytest.MonkeyPatch, packed: bool) -> None:
    """What counts is the size after decompression."""
    body = b" " * 3_000_000
    sent = gzip.compress(body) if packed else body
    headers = {"Content-Encoding": "gzip"} if packed else {}
    monkeypatch.setattr(hub_lists, "MOST_BYTES", 100_000)
    with (
        asked_of(lambda _: (headers, sent), monkeypatch),
        pytest.raises(HubError, match="more than 100,000 bytes"),
    ):
        listing.list_snapshots("owner/name", "")


def test_an_answer_that_does_not_end_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that still arrives after the longest time is given up."""
    monkeypatch.setattr(hub_lists, "BODY_SECONDS", -1)
    with (
        asked_of(lambda _: ({}, b"[]"), monkeypatch),
        pytest.raises(HubError, match="does not end"),
    ):
        listing.list_snapshots("owner/name", COMMIT)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"\xff", b"[" * 100_000, b'{"a": 1}', b"[1]", b"null"]
)
def test_an_answer_that_is_no_list(monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    """What is no list of files is named as what it is not, however deep it is nested."""
    with (
        asked_of(lambda _: ({}, body), monkeypatch),
        pytest.raises(HubError, match=r"is no (JSON|list)|no list of files"),
    ):
        listing.list_snapshots("owner/name", COMMIT)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lfs": None}, "no SHA-256"), ({"lfs": {"oid": "x"}}, "no SHA-256"), ({"lfs": {"oid": 5}}, "no SHA-256"),
        ({"size": -1}, "no size"), ({"size": None}, "no size"), ({"size": True}, "no size"),
    ],
)  # fmt: skip
def test_a_file_without_a_size_or_a_hash(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, object], words: str
) -> None:
    """A snapshot whose content could not be checked is not fetched."""
    body = json.dumps([entry(1) | change]).encode()
    with asked_of(lambda _: ({}, body), monkeypatch), pytest.raises(HubError, match=words):
        listing.list_snapshots("owner/name", COMMIT)


@pytest.mark.parametrize("name", ["../x", "a/b/c", "", "owner/na me", "x" * 200])
def test_a_name_that_is_no_dataset_is_not_asked_for(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A name of definitions.toml cannot become another path of the Hub."""
    with asked_of(lambda _: ({}, b"[]"), monkeypatch) as asked:
        with pytest.raises(SourceError, match="is not the name of a dataset"):
            listing.list_snapshots(name, "")
        assert asked == []


def test_a_transfer_that_does_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A download is ended at its bound, though the server announces less and sends without an end."""

    class Handler(BaseHTTPRequestHandler):
        """Announces ten bytes and sends blocks until the reader has gone."""

        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.send_response(200)
            for name, value in {
                "ETag": '"abc"',
                "X-Repo-Commit": COMMIT,
                "Content-Length": "10",
            }.items():
                self.send_header(name, value)
            self.end_headers()

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            block = b"x" * (1 << 20)
            try:
                while True:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(block), block))
            except OSError:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    most = 30_000_000
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        template = address + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", address)
        monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        with pytest.raises(HubError, match="does not end after the 30,000,000 bytes") as caught:
            hub.download(
                Address("owner/name", COMMIT, "x.parquet", "released"), most, cache=tmp_path
            )
        server.shutdown()
    assert caught.value.fault == CONTENT
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < 2 * most
