"""The crawl of the Hub's list of models: what it does not believe, and where the token does not go."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote

import httpx2
import huggingface_hub.constants
import pytest
from crawls import LONG, TODAY, TOKEN, WAITS, Desk, desk

from replication.errors import ContractError, HubError, ReplicationError, SourceError
from replication.sources.crawl import pages, remarks
from replication.sources.crawl.queries import next_link, next_query, with_page_size
from replication.validation.synthetic.server import FakeHub, hub
from replication.validation.synthetic.server_api import PageFault, answer, synthetic_models

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


FOREIGN = [
    "http://localhost:{other}/api/models?cursor={cursor}",
    "https://127.0.0.1:{port}/api/models?cursor={cursor}",
    "https://huggingface.co/api/models?cursor={cursor}",
    "https://user:pass@huggingface.co:8443/mirror/api/models/?cursor={cursor}&limit=3#x",
    "//localhost:{other}/api/models?cursor={cursor}",
    "/api/models?cursor={cursor}&cursor={cursor}",
    "?sort=likes&author=nobody&cursor={cursor}&expand[]=sha",
    "http://127.0.0.1:99999999/api/models?cursor={cursor}",
]
NO_LIST = [
    "http://127.0.0.1:{port}/api/datasets?cursor=x",
    "http://127.0.0.1:{port}/api/models/../x?cursor=x",
    "http://127.0.0.1:{port}/api/models",
    "http://127.0.0.1:{port}/api/models?limit=10&sort=createdAt",
    "http://[::1/api/models?cursor=x",
    "file:///etc/passwd?x",
    "javascript:x?y",
    "",
]


@contextmanager
def two_hubs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Desk, FakeHub]]:
    """Return a place to crawl with a token, and another server, which must be asked nothing."""
    with hub({}) as other, desk(folder, monkeypatch, token=TOKEN) as place:
        yield place, other
        assert other.requests == []


def cursor_after(place: Desk, size: int) -> str:
    """Cursor that the server gives with its first page."""
    link = answer(place.server.models, f"limit={size}", "").headers["Link"]
    return link.partition("cursor=")[2].partition(">")[0]


@pytest.mark.slow
@pytest.mark.parametrize("link", FOREIGN)
def test_a_link_that_names_another_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: str
) -> None:
    """Of a link only the place in the list is taken: all pages are asked of HF_ENDPOINT."""
    with two_hubs(tmp_path, monkeypatch) as (place, other):
        ports = {
            name: at.endpoint.rpartition(":")[2]
            for name, at in {"port": place.server, "other": other}.items()
        }
        target = link.format(**ports, cursor=cursor_after(place, 10))
        place.fault(headers={"Link": f'<{target}>; rel="next"'})
        assert place.run().rows == 35
        first, *others = map(parse_qsl, place.queries)
        assert len(others) == 3
        assert all([pair for pair in asked if pair[0] != "cursor"] == first for asked in others)


@pytest.mark.parametrize("link", NO_LIST)
def test_a_link_to_no_list_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: str
) -> None:
    """A next page that is no page of a list of models is never asked for."""
    with two_hubs(tmp_path, monkeypatch) as (place, _):
        port = place.server.endpoint.rpartition(":")[2]
        place.fault(headers={"Link": f'<{link.format(port=port)}>; rel="next"'})
        fails(place, "link to the next page leads to no list of models")
        assert len(place.queries) == 1
    assert not place.pages.exists()


@pytest.mark.slow
def test_a_mirror_that_passes_on_the_links_of_the_hub(place: Desk) -> None:
    """Every link names the Hub, the mirror has a path of its own, and HF_ENDPOINT a slash."""
    place.server.models.linked_to = "https://huggingface.co"
    place.server.prefix = "/hf/mirror"
    monkeypatch = pytest.MonkeyPatch()
    with monkeypatch.context() as patch:
        patch.setattr(huggingface_hub.constants, "ENDPOINT", f"{place.server.endpoint}/hf/mirror/")
        place.stop_after(2)
        found = place.run()
    assert found.rows == 35
    assert found.url == f"{place.server.endpoint}/hf/mirror/api/models"
    assert len(place.queries) == 4


@pytest.mark.parametrize(
    ("header", "target"),
    [
        (['<a>; rel="next"'], "a"),
        (["<a>; rel=next"], "a"),
        (['<a>; rel="prev next"'], "a"),
        (['<a>; rel="prev", <b>; rel="next last", <c>; rel="next"'], "b"),
        (['<a>; rel="nextish"'], None),
        (['<a?next>; rel="prev"'], None),
        ([], None),
    ],
)
def test_next_link(header: list[str], target: str | None) -> None:
    """The link is found among others and among its relations."""
    assert next_link(linked(header)) == target


@pytest.mark.parametrize(
    "header",
    [
        ["<a>;REL = 'x'; Rel=NEXT"],
        ['<a>; rel="prev"', '<b?x=1,2>; title="a, <c>; d"; rel="next"'],
        ["a; rel=next"],
        ['<a; rel="next"'],
    ],
)
def test_a_next_link_in_another_form_is_never_overlooked(header: list[str]) -> None:
    """What names a next page and cannot be made out leads to no list, and is no end of one."""
    link = next_link(linked(header))
    assert link is not None
    assert next_query(link, "limit=5") is None


def linked(header: list[str]) -> httpx2.Response:
    """Return an answer with these headers Link."""
    return httpx2.Response(200, headers=[("Link", value) for value in header])


@pytest.mark.parametrize(
    ("link", "query"),
    [
        ("/api/models?cursor=x", "limit=5&cursor=x"),
        ("?cursor=x%3D", "limit=5&cursor=x%3D"),
        ("https://hub.example/api/models?cursor=x#y", "limit=5&cursor=x"),
        ("/api/models?skip=10&limit=7&expand=sha", "limit=5&skip=10"),
        ("/api/models?cursor=a&cursor=b", "limit=5&cursor=b"),
        ("/api/models?limit=5", None),
        ("", None),
    ],
)
def test_next_query(link: str, query: str | None) -> None:
    """What is asked for stays the crawl's own; only the place in the list is the link's."""
    assert next_query(link, "limit=5&cursor=before") == query


@pytest.mark.parametrize("cap", [None, 10], ids=["no links", "no links and small pages"])
def test_a_list_without_links_is_not_believed_to_end(place: Desk, cap: int | None) -> None:
    """Where a proxy takes the links away, the first page is not taken for the whole list."""
    place.server.models.links = False
    fails(place, "links to the next pages are missing", page_size=cap or 1000)
    assert not place.pages.exists()
    place.server.models.rows = place.server.models.rows[:1]
    assert place.run().rows == 1


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
    ("status", "words", "asked"),
    [
        (400, r"answered 400", 1 + 10 + 1),
        (401, r"refuses the reader \(401\)", 1),
        (403, r"refuses the reader \(403\)", 1),
        (404, r"answered 404", 1),
        (204, r"answered 204", 1),
    ],
)
def test_a_final_refusal(place: Desk, status: int, words: str, asked: int) -> None:
    """What will not change is not asked for again, but for fields that may be what is refused."""
    place.fault(status=status, times=99)
    fails(place, words)
    assert len(place.queries) == asked
    assert place.slept == []


def expanded(query: str) -> set[str]:
    """Fields that a query asks for."""
    return {value for key, value in parse_qsl(query) if key == "expand[]"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("refused", "words"),
    [
        ({"baseModels"}, "the fields baseModels: base models are taken from the tags"),
        ({"downloadsAllTime"}, "downloadsAllTime: the all-time counters are missing"),
        ({"downloads"}, "downloads: the downloads of 30 days are missing"),
        (
            {"baseModels", "downloadsAllTime"},
            "the all-time counters are missing and base models are taken from the tags",
        ),
        ({"author", "library_name"}, "author, library_name: nothing that a panel needs"),
    ],
    ids=lambda value: "-".join(sorted(value)) if isinstance(value, set) else value,
)
def test_refused_fields(place: Desk, refused: set[str], words: str) -> None:
    """A field that the Hub refuses is empty, which the crawl says; no page asks for it again."""
    place.server.models.refused = frozenset(refused)
    place.stop_after(2)
    assert place.told == []
    place.run()
    assert all(not expanded(query) & refused for query in place.queries[-3:])
    assert len(place.queries) == 1 + 10 + 4
    assert place.told[-1].refused == tuple(sorted(refused))
    assert str(place.told[-1]).endswith(f", without {', '.join(sorted(refused))}")
    for model in place.server.models.rows:
        row = place.rows()[model["_id"]]
        assert {name for name, value in row.items() if value is None} >= refused
        assert row["tags"] == model["tags"]
    assert place.record()["refused_fields"] == sorted(refused)
    (said,) = remarks(place.folder, TODAY)
    assert said.endswith(words)


@pytest.mark.slow
def test_refused_fields_of_namespaces(place: Desk) -> None:
    """What one list refuses, the lists of the other namespaces are not asked for."""
    place.server.models.refused = frozenset({"baseModels"})
    place.run(mode="namespaces", namespaces=("owner-1", "owner-2"), page_size=20)
    assert len(place.queries) == 1 + 10 + 1 + 1
    assert len(place.rows()) == 23


@pytest.mark.slow
def test_a_list_that_knows_no_fields(place: Desk) -> None:
    """Where the parameter itself is refused, the list is read as it comes."""
    place.server.models.refused = frozenset({"expand[]"})
    place.run()
    assert len(place.rows()) == 35
    assert {row["downloads"] for row in place.rows().values()} > {1_000_000}
    assert remarks(place.folder, TODAY) == []


@pytest.mark.slow
def test_a_list_that_gives_no_counts(place: Desk) -> None:
    """Without any of the counts there is no reading."""
    place.server.models.refused = frozenset({"downloads", "downloadsAllTime"})
    with pytest.raises(ContractError, match="page 1 states no downloads"):
        place.run()
    with pytest.raises(SourceError, match="no model of the list states its downloads"):
        place.run(mode="namespaces", namespaces=("owner-1",), page_size=4)


def test_a_parameter_that_is_refused(place: Desk) -> None:
    """Where it is no field that the Hub refuses, that is the end."""
    place.server.models.refused = frozenset({"sort"})
    fails(place, "answered 400")


def test_a_page_that_is_too_large(place: Desk) -> None:
    """More bytes than a page may have are not read, whatever length is stated."""
    place.fault(body=b" " * 100_001, times=9)
    fails(place, "more than the 100,000 bytes", max_bytes=100_000)
    assert sizes(place) == [10, 5, 2, 1, 1, 1]


def sizes(place: Desk) -> list[int]:
    """Models that each page was asked for."""
    return [int(dict(parse_qsl(query))["limit"]) for query in place.queries]


@pytest.mark.slow
def test_a_page_that_is_too_large_is_asked_for_in_parts(place: Desk) -> None:
    """Models with long tags make a page too large: it is asked for with fewer models."""
    for model in place.server.models.rows[12:15]:
        model["tags"] = ["x" * 3_000] * 10
    assert place.run(max_bytes=70_000).rows == 35
    assert 5 in sizes(place)
    assert sizes(place)[-1] > 5


def test_a_page_that_is_too_large_when_unpacked(place: Desk) -> None:
    """What counts is the size after decompression."""
    packed = gzip.compress(b" " * 10_000_000, mtime=0)
    assert len(packed) < 100_000
    place.fault(body=packed, headers={"Content-Encoding": "gzip"}, times=9)
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
    monkeypatch.setattr(pages, "BODY_SECONDS", -1)
    fails(place, "does not end")
    assert place.slept == WAITS


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
        timeout=LONG,
    )
    text = done.stdout + done.stderr
    assert_nowhere(folder, text)
    return {"text": text, **json.loads(done.stdout.splitlines()[-1])}


@pytest.mark.slow
def test_the_token_is_sent_and_kept_nowhere(tmp_path: Path) -> None:
    """The Hub gets the token with every page; no file, log, manifest or message has it."""
    with hub({}, models=synthetic_models(35), token=TOKEN) as server:
        got = run_child(tmp_path, server.endpoint)
        listed = [seen for seen in server.requests if seen.path == "/api/models"]
    assert got["manifest"]["rows"] == 35
    assert [seen.headers["authorization"] for seen in listed] == [f"Bearer {TOKEN}"] * 4


@pytest.mark.slow
@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
def test_the_token_is_in_no_failure(tmp_path: Path, status: int) -> None:
    """A server that repeats the token in the headers and the body of its refusal is not quoted."""
    echo = {"X-Error-Message": TOKEN, "Retry-After": "86400", "WWW-Authenticate": TOKEN}
    with hub({}, models=synthetic_models(35)) as server:
        fault = PageFault(99, status, echo, TOKEN.encode(), after=2)
        server.models.faults.append(fault)
        got = run_child(tmp_path, server.endpoint)
    assert f"{status}" in got["message"]
    assert not got["chained"]
    assert (tmp_path / "record/pages/000002.jsonl.gz").is_file()


@pytest.mark.slow
def test_a_malformed_token_is_not_quoted(tmp_path: Path) -> None:
    """A token that no header can carry, which the transport would quote, is not quoted."""
    with hub({}, models=synthetic_models(35)) as server:
        got = run_child(tmp_path, server.endpoint, f"{TOKEN}…")
    assert "characters of HF_TOKEN" in got["message"]
    assert not got["chained"]


@pytest.mark.slow
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


@pytest.mark.slow
def test_no_token_is_needed(place: Desk) -> None:
    """Without a token the list is read all the same, and no Authorization is sent."""
    assert place.run(today=TODAY).rows == 35
    assert all("authorization" not in seen.headers for seen in place.server.requests)
