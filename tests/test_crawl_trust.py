"""The crawl of the Hub's list of models: what it does not believe, and where the token does not go."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import huggingface_hub.constants
import pytest
from crawls import TEN, TODAY, TOKEN, Desk, desk

from replication.errors import HubError, ReplicationError
from replication.sources import pages
from replication.sources.pages import BACKOFF, next_query, with_page_size
from replication.synthetic.server import hub
from replication.synthetic.server_api import PageFault, synthetic_models

ROOT = Path(__file__).resolve().parents[1]
CHILD = """
import json, sys, time
from pathlib import Path

time.sleep = lambda seconds: None
from replication.errors import ReplicationError
from replication.sources.crawl import Crawl, fetch

answer = {}
try:
    crawl = Crawl("all", page_size=10)
    found = fetch(crawl, Path(sys.argv[1]), today="2026-11-25", progress=print)
    answer["manifest"] = found.to_dict()
except ReplicationError as error:
    answer["message"] = str(error)
    answer["chained"] = error.__cause__ is not None or error.__context__ is not None
print(json.dumps(answer))
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Return a place to crawl 35 models in pages of ten."""
    with desk(tmp_path, monkeypatch) as found:
        yield found


def fails(place: Desk, words: str, **changes: Any) -> ReplicationError:
    """Crawl, and return the error of the Hub that it ends with."""
    with pytest.raises(HubError, match=words) as caught:
        place.run(**changes)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return caught.value


# Answers that are not believed


@pytest.mark.parametrize(
    "link",
    [
        "http://localhost:{port}/api/models?cursor=x",
        "http://127.0.0.1:{other}/api/models?cursor=x",
        "https://127.0.0.1:{port}/api/models?cursor=x",
        "http://127.0.0.1.example:{port}/api/models?cursor=x",
        "http://127.0.0.1:{port}@example.org/api/models?cursor=x",
        "//localhost:{port}/api/models?cursor=x",
        "http://127.0.0.1:{port}/api/datasets?cursor=x",
        "http://127.0.0.1:{port}/api/models/../x?cursor=x",
        "http://127.0.0.1:{port}/api/models",
        "http://[::1/api/models?cursor=x",
        "http://127.0.0.1:99999999/api/models?cursor=x",
        "file:///etc/passwd?x",
        "javascript:x?y",
    ],
)
def test_a_foreign_link_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: str
) -> None:
    """A next page at another origin or path is never asked for, with the token or without."""
    with hub({}) as other, desk(tmp_path, monkeypatch, token=TOKEN) as place:
        ports = {
            "port": place.server.endpoint.rpartition(":")[2],
            "other": other.endpoint.rpartition(":")[2],
        }
        place.fault(headers={"Link": f'<{link.format(**ports)}>; rel="next"'})
        fails(place, "link to the next page leads to another address")
        assert other.requests == []
        assert len(place.queries) == 1
    assert not place.pages.exists()


@pytest.mark.parametrize(
    ("link", "query"),
    [
        ("/api/models?cursor=x", "cursor=x"),
        ("?cursor=x%3D", "cursor=x%3D"),
        ("https://hub.example/api/models?cursor=x#y", "cursor=x"),
        ("https://hub.example:443/api/models?cursor=x", "cursor=x"),
        ("https://user:pass@hub.example/api/models?cursor=x", "cursor=x"),
        ("http://hub.example/api/models?cursor=x", None),
    ],
)
def test_next_query(link: str, query: str | None) -> None:
    """Of a link to the same address only the query is taken."""
    assert next_query(link, "https://hub.example/api/models") == query


def test_a_smaller_page_keeps_the_cursor() -> None:
    """Only the number of models is changed, and the cursor comes out as it went in."""
    query = "expand%5B%5D=likes&expand%5B%5D=tags&limit=1000&cursor=eyJhIjoxfQ%3D%3D&empty="
    assert with_page_size(query, 1_000) == query
    assert with_page_size(query, 5) == query.replace("1000", "5")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(place: Desk, status: int) -> None:
    """An answer that sends the reader elsewhere is reported and not obeyed."""
    with hub({}, models=synthetic_models(3)) as other:
        place.fault(status=status, headers={"Location": f"{other.endpoint}/api/models"})
        error = fails(place, rf"sends the reader to another address \({status}\)")
        assert other.requests == []
    assert "HF_ENDPOINT" in error.remedy
    assert place.slept == []


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, r"answered 400"),
        (401, r"refuses the reader \(401\)"),
        (403, r"refuses the reader \(403\)"),
        (404, r"answered 404"),
        (204, r"answered 204"),
    ],
)
def test_a_final_refusal(place: Desk, status: int, words: str) -> None:
    """What will not change is not asked for again."""
    place.fault(status=status, times=9)
    fails(place, words)
    assert len(place.queries) == 1
    assert place.slept == []


def test_a_page_that_is_too_large(place: Desk) -> None:
    """More bytes than a page may have are not read, whatever length is stated."""
    place.fault(body=b" " * 100_001)
    assert "--page-size" in fails(place, "more than the 100,000 bytes", max_bytes=100_000).remedy
    assert len(place.queries) == 1


def test_a_page_that_is_too_large_when_unpacked(place: Desk) -> None:
    """What counts is the size after decompression."""
    packed = gzip.compress(b" " * 10_000_000, mtime=0)
    assert len(packed) < 100_000
    place.fault(body=packed, headers={"Content-Encoding": "gzip"})
    fails(place, "more than the 100,000 bytes", max_bytes=100_000)


def test_a_compressed_page(place: Desk) -> None:
    """A page that is compressed as was offered, and in no other way, is read."""
    body = json.dumps(place.server.models.rows).encode()
    place.fault(body=gzip.compress(body, mtime=0), headers={"Content-Encoding": "gzip"})
    place.run(page_size=100)
    assert len(place.rows()) == 35
    assert [s.headers["accept-encoding"] for s in place.server.requests][-1] == "gzip"


def test_an_answer_that_does_not_end(place: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that still comes after the longest time is given up like one that was cut."""
    monkeypatch.setattr(pages, "WINDOW", -TEN.timeout - 1)
    fails(place, "does not end")
    assert place.slept == [*BACKOFF]


def test_offline(place: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """HF_HUB_OFFLINE is obeyed and named."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert "unset HF_HUB_OFFLINE" in fails(place, "HF_HUB_OFFLINE is set").remedy
    assert place.queries == []


# The token


def assert_nowhere(folder: Path, text: str) -> None:
    """Check every file below a folder for the token, unpacked where it is packed."""
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            data = gzip.decompress(data) if path.suffix == ".gz" else data
            assert TOKEN.encode() not in data
    assert TOKEN not in text


def run_child(
    folder: Path, endpoint: str, token: str = TOKEN, *, verbosity: str = "debug"
) -> dict[str, Any]:
    """Crawl in a process of its own, and return what it did after looking for the token."""
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder / "home"),
        "HF_HOME": str(folder / "home"),
        "PYTHONPATH": str(ROOT),
        "NO_PROXY": "*",
        "HF_ENDPOINT": endpoint,
        "HF_TOKEN": token,
        "HF_HUB_VERBOSITY": verbosity,
    }
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(folder / "record")],
        env=variables,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    text = done.stdout + done.stderr
    assert_nowhere(folder, text)
    return {"text": text, **json.loads(done.stdout.splitlines()[-1])}


def test_the_token_is_sent_and_kept_nowhere(tmp_path: Path) -> None:
    """The Hub gets the token with every page; no file, log, manifest or message has it."""
    with hub({}, models=synthetic_models(35), token=TOKEN) as server:
        got = run_child(tmp_path, server.endpoint)
        listed = [seen for seen in server.requests if seen.path == "/api/models"]
    assert got["manifest"]["rows"] == 35
    assert [seen.headers["authorization"] for seen in listed] == [f"Bearer {TOKEN}"] * 4


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
def test_the_token_is_in_no_failure(tmp_path: Path, status: int) -> None:
    """A server that repeats the token in the headers and the body of its refusal is not quoted."""
    echo = {"X-Error-Message": TOKEN, "Retry-After": "86400", "WWW-Authenticate": TOKEN}
    with hub({}, models=synthetic_models(35)) as server:
        fault = PageFault(9, status, echo, TOKEN.encode(), after=2)
        server.models.faults.append(fault)
        got = run_child(tmp_path, server.endpoint)
    assert f"{status}" in got["message"]
    assert not got["chained"]
    assert (tmp_path / "record/pages/000002.jsonl.gz").is_file()


def test_a_malformed_token_is_not_quoted(tmp_path: Path) -> None:
    """A token that no header can carry, which the transport would quote, is not quoted."""
    with hub({}, models=synthetic_models(35)) as server:
        got = run_child(tmp_path, server.endpoint, f"{TOKEN}…")
    assert "characters of HF_TOKEN" in got["message"]
    assert not got["chained"]


def test_a_password_in_the_endpoint_is_kept_nowhere(tmp_path: Path) -> None:
    """State, record, manifest and messages name the host and not the credentials before it."""
    with hub({}, models=synthetic_models(35)) as server:
        address = server.endpoint.replace("//", f"//user:{quote(TOKEN)}@")
        got = run_child(tmp_path, address, "", verbosity="warning")
    assert got["manifest"]["url"] == f"{server.endpoint}/api/models"


@pytest.mark.parametrize("where", ["row", "link"])
def test_a_token_that_comes_back_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """A page whose rows or link repeat the token is refused as a whole."""
    rows = synthetic_models(10)
    headers = {"Link": "<?cursor=x>; rel=next"}
    if where == "row":
        rows[3]["tags"] = [f"a{TOKEN}"]
    else:
        headers = {"Link": f"<?cursor={TOKEN}>; rel=next"}
    with desk(tmp_path, monkeypatch, token=TOKEN) as place:
        place.fault(body=json.dumps(rows).encode(), headers=headers)
        with pytest.raises(HubError, match="page 1 repeats the token that was sent") as caught:
            place.run()
    assert_nowhere(tmp_path, str(caught.value))
    assert not place.pages.exists()


def test_no_token_is_needed(place: Desk) -> None:
    """Without a token the list is read all the same, and no Authorization is sent."""
    assert place.run(today=TODAY).rows == 35
    assert all("authorization" not in seen.headers for seen in place.server.requests)
