"""Ten thousand nearly valid answers of the Hub of each kind: believed where they may be, or refused."""

from __future__ import annotations

import json
import re
from random import Random
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import pytest
from fuzzing import NUMBERS, Tree, bent_bytes, bent_text, odd_text, odd_value, take_each

from replication.definitions import COMMIT
from replication.errors import HubError
from replication.names import REPOSITORY
from replication.sources import hub_failures
from replication.sources.crawl import failures, queries, rows
from replication.sources.hub import MOST
from replication.sources.snapshots import listing

MODEL = {
    "_id": "0123456789abcdef01234567", "id": "a/b", "author": "a", "createdAt": "2025-02-26T00:00:00.000Z",
    "lastModified": "2025-02-26T00:00:00Z", "downloads": 5, "downloadsAllTime": 10, "likes": 1,
    "tags": ["base_model:a/c"], "pipeline_tag": "x", "library_name": "y",
    "baseModels": {"relation": "finetune", "models": [{"_id": "0123456789abcdef01234567", "id": "a/c"}]},
}  # fmt: skip
QUERY = "sort=createdAt&limit=5&expand%5B%5D=likes"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", re.ASCII)


def refused(what: str) -> HubError:
    """What stands for an answer that is not believed."""
    return HubError(what, "ask again")


def require_row(row: dict[str, Any]) -> None:
    """A row that was accepted has what docs say of every field, and can be written."""
    assert re.fullmatch("[0-9a-f]{24}", row["_id"])
    assert row["id"] is None or re.fullmatch(r"[\w.-]{1,96}/[\w.-]{1,96}", row["id"], re.ASCII)
    for name in ("downloads", "downloadsAllTime", "likes"):
        assert row[name] is None or (type(row[name]) is int and 0 <= row[name] <= MOST)
    for name in ("createdAt", "lastModified"):
        assert row[name] is None or MOMENT.fullmatch(row[name])
    json.dumps(row, ensure_ascii=False, allow_nan=False).encode()


@pytest.mark.parametrize("number", NUMBERS)
def test_pages(number: int) -> None:
    """A page of models: its rows become a table, and what cannot be right is named without its value."""
    tree = Tree([{**MODEL, "_id": f"{n:024x}"} for n in range(8)])

    def make(r: Random) -> bytes:
        kind = r.random()
        if kind < 0.02:
            return r.choice([b"[", b'{"a":', b'[{"tags":[']) * r.choice([10, 1_000, 100_000])
        body = json.dumps(tree.bent(r) if kind < 0.95 else odd_value(r), default=str).encode()
        return bent_bytes(r, body) if kind < 0.12 else body

    def take(body: bytes) -> None:
        items = failures.items_of(body)
        if isinstance(items, failures.Failure):
            raise HubError(items.what, items.remedy)
        found, malformed = rows.checked(items, 1)
        assert rows.table(found).num_rows == len(found) <= len(items)
        for row in found:
            require_row(row)
        assert all(len(str(one)) < 200 for one in malformed)

    take_each("page", number, make, take)


LINKS = (
    '<https://hub/api/models?cursor=x%3D&limit=5>; rel="next"', "<?cursor=x>; rel=next",
    '</api/models?cursor=a>; rel="prev next", <b>; rel="last"', "<//hub/api/models/?skip=10&a=b>;rel=next",
)  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS)
def test_links(number: int) -> None:
    """A link to the next page changes where in the list one is, and nothing of what is asked, or of whom."""

    def make(r: Random) -> str:
        link = r.choice(LINKS)
        for _ in range(r.randint(1, 3)):
            link = bent_text(r, link)
        return link

    def take(header: str) -> None:
        answer = httpx2.Response(200, headers=[("Link", header.encode("utf-8", "replace"))])
        link = queries.next_link(answer)
        query = None if link is None else queries.next_query(link, QUERY)
        if query is None:
            raise refused("no next page")
        own = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] in queries._OWN]
        assert own == parse_qsl(QUERY)
        assert query.isascii()
        assert query.isprintable()
        assert dict(parse_qsl(queries.smaller(query, 3)))["limit"] == "3"

    take_each("link", number, make, take)


@pytest.mark.parametrize("number", NUMBERS)
def test_waits(number: int) -> None:
    """The wait that the Hub announces is a whole number of seconds, or none."""

    def make(r: Random) -> tuple[int, dict[str, str]]:
        headers = {"RateLimit": bent_text(r, '"api";r=0;t=12'), "Retry-After": bent_text(r, "12")}
        return r.choice([200, 408, 429, 500, 503]), headers

    def take(given: tuple[int, dict[str, str]]) -> None:
        wait = hub_failures.announced_wait(*given)
        if wait is None:
            raise refused("no wait")
        assert type(wait) is int
        assert wait >= 0
        assert given[0] in hub_failures.MAY_PASS
        assert len(" ".join(hub_failures.not_now(given[0], wait))) < 6_000

    take_each("wait", number, make, take)


ENTRY = {
    "type": "file", "path": "models/2025-01-01/models.parquet", "size": 5, "oid": "0" * 40,
    "lfs": {"oid": "a" * 64, "size": 5, "pointerSize": 130},
}  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS)
def test_trees(number: int) -> None:
    """The files of a dataset: a snapshot has a day, a size and a hash, and no path leads elsewhere."""
    tree = Tree(
        [
            ENTRY,
            ENTRY | {"path": "models/2025-01-08/models.parquet"},
            ENTRY | {"path": "models/latest.parquet"},
            {"type": "directory", "path": "models/2025-01-08", "oid": "0" * 40},
        ]
    )

    def make(r: Random) -> Any:
        return tree.bent(r) if r.random() < 0.95 else odd_value(r)

    def take(entries: Any) -> None:
        files, undated = listing.files_of(entries)
        for file in files:
            assert re.fullmatch(rf"models/{re.escape(file.label)}/models\.parquet", file.filename)
            assert listing.label_of(file.label) == file.label
            assert type(file.bytes) is int
            assert file.bytes >= 0
            assert re.fullmatch("[0-9a-f]{64}", file.sha256)
        assert all(isinstance(path, str) for path in undated)

    take_each("tree", number, make, take)


@pytest.mark.parametrize("number", NUMBERS)
def test_words(number: int) -> None:
    """Commits, days and names of datasets: what is taken for one is one, letter by letter."""

    def make(r: Random) -> str:
        text = r.choice(
            ["0123456789abcdef0123456789abcdef01234567", "2025-01-31", "owner/name", odd_text(r)]
        )
        return bent_text(r, text) if r.random() < 0.8 else text

    def take(text: str) -> None:
        is_commit = COMMIT.fullmatch(text) is not None
        label = listing.label_of(text)
        is_name = re.fullmatch(REPOSITORY, text) is not None
        assert is_commit == (len(text) == 40 and set(text) <= set("0123456789abcdef"))
        assert not label or (
            label == text and text.isascii() and [*map(len, text.split("-"))] == [4, 2, 2]
        )
        assert not is_name or (
            text.isascii() and text.count("/") == 1 and ".." not in text.split("/")
        )
        if not (is_commit or label or is_name):
            raise refused("none of them")

    take_each("words", number, make, take)
