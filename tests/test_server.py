"""The synthetic Hub's list of models answers as the Hub's does, and fails as it is told to."""

from __future__ import annotations

import json
import select
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from crawls import LONG
from hypothesis import given
from hypothesis import strategies as st

from replication.validation.synthetic.server import hub
from replication.validation.synthetic.server_api import (
    Hold,
    ModelList,
    PageFault,
    Quota,
    answer,
    synthetic_models,
)
from replication.validation.synthetic.server_state import FakeHub

ENDPOINT = "http://hub.example"


def pages(models: ModelList, query: str) -> Iterator[list[dict[str, Any]]]:
    """Yield every page of a list, following its links."""
    while query:
        got = answer(models, query, ENDPOINT)
        yield json.loads(got.body)
        link = got.headers.get("Link", "")
        query = urlsplit(link.partition(">")[0]).query if link else ""


def ask(server: FakeHub, query: str = "limit=2") -> tuple[int, dict[str, str], bytes]:
    """Send one request to a running server."""
    connection = HTTPConnection(urlsplit(server.endpoint).netloc, timeout=LONG)
    try:
        connection.request("GET", f"/api/models?{query}")
        got = connection.getresponse()
        return got.status, dict(got.getheaders()), got.read()
    finally:
        connection.close()


@pytest.mark.slow
@given(
    count=st.integers(0, 40),
    limit=st.integers(1, 50),
    sort=st.sampled_from(["downloads", "createdAt", "likes"]),
)
def test_pages_are_a_partition_of_the_sorted_list(count: int, limit: int, sort: str) -> None:
    """Whatever the size of a page and however many values are equal, each model comes once, in order."""
    models = ModelList(synthetic_models(count))
    met = [model for page in pages(models, f"sort={sort}&limit={limit}") for model in page]
    assert sorted(m["_id"] for m in met) == sorted(m["_id"] for m in models.rows)
    assert [m[sort] for m in met] == sorted((m[sort] for m in met), reverse=True)


@pytest.mark.parametrize("sort", ["downloads", "createdAt"])
def test_odd_values_come_last(sort: str) -> None:
    """A value of another type breaks no page: its model is met once, after all others."""
    models = ModelList(synthetic_models(9))
    models.rows[2][sort] = None
    models.rows[4]["_id"] = None
    met = [model for page in pages(models, f"sort={sort}&limit=2") for model in page]
    assert len(met) == 9
    assert met[-1][sort] is None


@pytest.mark.parametrize(("query", "status"), [("expand[]=tags", 400), ("tags=1", 400), ("", 200)])
def test_refused_parameters(query: str, status: int) -> None:
    """A field or a parameter that is refused is refused wherever it stands."""
    models = ModelList(synthetic_models(3), refused=frozenset({"tags"}))
    assert answer(models, query, ENDPOINT).status == status


def test_a_page_holds_a_thousand_models_at_most() -> None:
    """More are not given, as on the Hub."""
    assert [len(page) for page in pages(ModelList(synthetic_models(1_201)), "limit=5000")] == [
        1_000,
        201,
    ]


def test_author_and_expand() -> None:
    """The list holds one namespace, in whatever case, and each row its ids and what is asked for."""
    models = ModelList(synthetic_models(7))
    (page,) = pages(models, "author=OWNER-1&expand[]=likes&expand=downloads")
    assert {row["id"].split("/")[0] for row in page} == {"owner-1"}
    assert all(set(row) == {"_id", "id", "likes", "downloads"} for row in page)
    (whole,) = pages(models, "author=owner-1")
    assert "private" in whole[0]


def test_the_cursor_keeps_the_other_parameters() -> None:
    """The link to the next page repeats the whole query."""
    got = answer(ModelList(synthetic_models(5)), "sort=likes&limit=2&expand[]=likes", ENDPOINT)
    asked = parse_qs(urlsplit(got.headers["Link"].partition(">")[0]).query)
    assert {key: asked[key] for key in ("sort", "limit", "expand[]")} == {
        "sort": ["likes"],
        "limit": ["2"],
        "expand[]": ["likes"],
    }


def test_a_model_that_falls_in_rank_comes_twice() -> None:
    """The place of a cursor is a value, so that what changes in between moves across it."""
    models = ModelList(synthetic_models(6))
    met = []
    for page in pages(models, "sort=downloads&limit=2"):
        met += [model["id"] for model in page]
        models.rows[0]["downloads"] = 1
    assert met.count(models.rows[0]["id"]) == 2


def test_the_quota_is_counted_in_windows() -> None:
    """Requests beyond the quota are refused until the window ends, and count all the same."""
    now = [0.0]
    quota = Quota(2, seconds=300, clock=lambda: now[0])
    models = ModelList(synthetic_models(1), quota)
    limits = []
    for moment in (0, 100, 100.5, 299, 300):
        now[0] = moment
        got = answer(models, "", ENDPOINT)
        limits.append((got.status, got.headers["RateLimit"]))
    assert limits == [
        (200, '"api";r=1;t=301'),
        (200, '"api";r=0;t=201'),
        (429, '"api";r=0;t=200'),
        (429, '"api";r=0;t=2'),
        (200, '"api";r=1;t=301'),
    ]
    assert quota.counts == [4, 1]
    assert got.headers["RateLimit-Policy"] == '"fixed window";"api";q=2;w=300'


def test_faults_come_in_turn_and_end() -> None:
    """A fault sets in after the answers it spares, lasts as often as it is told, and goes."""
    models = ModelList(synthetic_models(1), faults=[PageFault(times=2, status=503, after=1)])
    assert [answer(models, "", ENDPOINT).status for _ in range(5)] == [200, 503, 503, 200, 200]


def test_an_endless_list_names_a_new_page_every_time() -> None:
    """Each page is the first, and no two cursors are equal."""
    models = ModelList(synthetic_models(5), endless=True)
    got = [answer(models, "limit=2", ENDPOINT) for _ in range(4)]
    assert len({page.body for page in got}) == 1
    assert len({page.headers["Link"] for page in got}) == 4


def test_a_sound_answer_over_the_wire() -> None:
    """The server sends the rows, their type and the link, and notes the query."""
    with hub({}, models=synthetic_models(3)) as server:
        status, headers, body = ask(server, "limit=2&sort=downloads")
        assert server.requests[-1].query == "limit=2&sort=downloads"
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert headers["Link"].startswith(
        f"<{server.endpoint}/api/models?limit=2&sort=downloads&cursor="
    )
    assert [row["_id"] for row in json.loads(body)] == [f"{n:024x}" for n in range(2)]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (PageFault(status=504), (504, b"")),
        (PageFault(body=b"<html>"), (200, b"<html>")),
        (PageFault(body=b"[]", longer=-1), (200, b"[")),
        (PageFault(headers={"Link": '<http://elsewhere/>; rel="next"'}), (200, None)),
    ],
    ids=["status", "body", "shorter", "link"],
)
def test_faults_over_the_wire(fault: PageFault, expected: tuple[int, bytes | None]) -> None:
    """The next answer has the fault, the one after it none."""
    with hub({}, models=synthetic_models(3)) as server:
        server.models.faults.append(fault)
        status, headers, body = ask(server)
        assert len(json.loads(ask(server)[2])) == 2
    assert status == expected[0]
    assert body == expected[1] if expected[1] is not None else "elsewhere" in headers["Link"]


@pytest.mark.parametrize("fault", [PageFault(cut=5), PageFault(longer=5)], ids=["cut", "longer"])
def test_a_connection_that_ends_early(fault: PageFault) -> None:
    """A cut body and one that is shorter than stated both end before the stated length."""
    with hub({}, models=synthetic_models(3)) as server:
        server.models.faults.append(fault)
        with pytest.raises(HTTPException):
            ask(server)


def test_an_answer_that_is_held() -> None:
    """An answer that is held does not come before it is let go, and comes then."""
    hold = Hold()
    with hub({}, models=synthetic_models(1)) as server:
        server.models.faults.append(PageFault(hold=hold))
        address = urlsplit(server.endpoint)
        connection = HTTPConnection(address.netloc, timeout=LONG)
        connection.request("GET", "/api/models")
        assert hold.reached.wait(LONG)
        assert connection.sock is not None
        assert not select.select([connection.sock], [], [], 0)[0]
        hold.released.set()
        assert connection.getresponse().status == 200
        connection.close()


def test_a_wrong_token_is_refused() -> None:
    """The list is public; only a token that is shown has to be the right one."""
    with hub({}, models=synthetic_models(1), token="right") as server:
        assert ask(server)[0] == 200
        connection = HTTPConnection(urlsplit(server.endpoint).netloc, timeout=LONG)
        connection.request("GET", "/api/models", headers={"Authorization": "Bearer wrong"})
        assert connection.getresponse().status == 401
        connection.close()
