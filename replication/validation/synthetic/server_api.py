"""The synthetic Hub's list of models: pages, cursors, a rate limit, and what can go wrong with them."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Any
from urllib.parse import parse_qsl, urlencode

PATH = "/api/models"
LARGEST_PAGE = 1_000
LONGEST_HOLD = 600.0
"""Seconds after which an answer that is held goes on its way by itself."""
ALWAYS = ("_id", "id")
"""Fields that every row has, whatever is asked for."""

Model = dict[str, Any]


@dataclass
class Hold:
    """Holds an answer back until it is let go, so that nobody has to guess how long things take."""

    reached: Event = field(default_factory=Event)
    """Set when the request is there."""
    released: Event = field(default_factory=Event)
    """What the answer waits for."""


@dataclass
class PageFault:
    """What goes wrong with the next answers of the list, a number of times."""

    times: int = 1
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers besides, or in place of, the true ones."""
    body: bytes | None = None
    """Sent in place of the page."""
    cut: int | None = None
    """Bytes after which the connection is cut."""
    longer: int = 0
    """Bytes by which the stated length exceeds the body's; negative where it falls short."""
    hold: Hold | None = None
    """Holds the answer back."""
    after: int = 0
    """Answers that are sound before the fault sets in."""


@dataclass
class Quota:
    """Requests that the list answers in a window, counted from the window's first request."""

    requests: int
    seconds: float = 300.0
    clock: Callable[[], float] = time.monotonic
    counts: list[int] = field(default_factory=list)
    """Requests of each window so far, those refused with them."""
    _begun: float = 0.0

    def take(self) -> tuple[int, int]:
        """Count one request; returns those that remain, −1 where it is refused, and the seconds."""
        now = self.clock()
        if not self.counts or now >= self._begun + self.seconds:
            self._begun = now
            self.counts.append(0)
        self.counts[-1] += 1
        left = self._begun + self.seconds - now
        return max(self.requests - self.counts[-1], -1), int(left) + 1


@dataclass
class ModelList:
    """The list of models, which a test reads and changes while the server runs."""

    rows: list[Model] = field(default_factory=list)
    quota: Quota | None = None
    faults: list[PageFault] = field(default_factory=list)
    refused: frozenset[str] = frozenset()
    """Fields and parameters that are refused with 400."""
    linked_to: str = ""
    """Address that the links to the next pages name, in place of the server's own."""
    links: bool = True
    """Whether there are such links at all."""
    endless: bool = False
    """Whether every page is the first one and names a next one."""
    served: int = 0
    """Answers so far."""

    def fault(self) -> PageFault:
        """Take the fault that is due; one without effect where none is."""
        for fault in self.faults:
            if fault.times > 0:
                if fault.after:
                    fault.after -= 1
                    break
                fault.times -= 1
                return fault
        return PageFault()


@dataclass(frozen=True)
class Answer:
    """What to send: the stated length, and the bytes that are sent before the connection ends."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    length: int
    whole: bool
    """Whether the connection may go on after the body."""


def answer(models: ModelList, query: str, endpoint: str) -> Answer:
    """Answer a request for a page of the list.

    Parameters
    ----------
    models
        The models, the limit and the faults.
    query
        `author`, `sort` (descending), `limit`, `expand[]` or `expand`, and the `cursor` of an
        earlier answer.
    endpoint
        Scheme, host and port that the link to the next page names.
    """
    models.served += 1
    fault = models.fault()
    if fault.hold is not None:
        fault.hold.reached.set()
        fault.hold.released.wait(LONGEST_HOLD)
    limit: dict[str, str] = {}
    if models.quota is not None:
        remaining, seconds = models.quota.take()
        limit = _limit_headers(models.quota, remaining, seconds)
        if remaining < 0:
            return Answer(429, limit, b"", 0, whole=True)
    if fault.status != 200:
        body = fault.body or b""
        return Answer(fault.status, {**limit, **fault.headers}, body, len(body), whole=True)
    if refusal := _refusal(models, query):
        return refusal
    headers, page = _page(models, query, models.linked_to or endpoint)
    return _spoilt({**limit, **headers}, json.dumps(page).encode(), fault)


def _refusal(models: ModelList, query: str) -> Answer | None:
    """Refuse a query that holds a refused parameter or asks for a refused field."""
    asked = {word for pair in parse_qsl(query) for word in pair}
    if asked.isdisjoint(models.refused):
        return None
    words = {"error": "Invalid option: expected one of author, createdAt, downloads, …"}
    body = json.dumps(words).encode()
    return Answer(400, {"Content-Type": "application/json"}, body, len(body), whole=True)


def _limit_headers(quota: Quota, remaining: int, seconds: int) -> dict[str, str]:
    """Headers in which the Hub states its limit."""
    return {
        "RateLimit": f'"api";r={max(remaining, 0)};t={seconds}',
        "RateLimit-Policy": f'"fixed window";"api";q={quota.requests};w={quota.seconds:.0f}',
    }


def _spoilt(headers: dict[str, str], body: bytes, fault: PageFault) -> Answer:
    """Return the sound answer with the fault's changes."""
    body = body if fault.body is None else fault.body
    sent = body if fault.cut is None else body[: fault.cut]
    length = len(body) + fault.longer
    return Answer(200, {**headers, **fault.headers}, sent, length, whole=len(sent) == length)


def _page(models: ModelList, query: str, endpoint: str) -> tuple[dict[str, str], list[Model]]:
    """Headers and rows of one page."""
    pairs = parse_qsl(query, keep_blank_values=True)
    asked = {"sort": "createdAt", "limit": str(LARGEST_PAGE), **dict(pairs)}
    rows = _sorted(models.rows, asked.get("author"), asked["sort"])
    if not models.endless:
        rows = _after(rows, asked.get("cursor"), asked["sort"])
    size = min(int(asked["limit"]), LARGEST_PAGE)
    wanted = [value for key, value in pairs if key in {"expand[]", "expand"}]
    headers = {"Content-Type": "application/json"}
    if models.links and rows and (models.endless or len(rows) > size):
        cursor = _cursor(rows[:size][-1], asked["sort"], models.served)
        rest = [(key, value) for key, value in pairs if key != "cursor"]
        target = f"{endpoint}{PATH}?{urlencode([*rest, ('cursor', cursor)])}"
        headers["Link"] = f'<{target}>; rel="next"'
    return headers, [_row(model, wanted) for model in rows[:size]]


def _sorted(models: list[Model], author: str | None, sort: str) -> list[Model]:
    """Models of an author, from the largest value down; equal values in the order of their ids."""
    owned = [model for model in models if author is None or _owner(model) == author.casefold()]
    by_id = sorted(owned, key=_identity)
    return sorted(by_id, key=lambda model: _rank(model, sort), reverse=True)


def _identity(model: Model) -> str:
    """Id of a model as text, whatever it is."""
    return str(model["_id"])


def _rank(model: Model, sort: str) -> Any:
    """Value by which a model is sorted; what is of another type comes last."""
    least: Any = "" if sort in {"createdAt", "lastModified"} else -1
    return model[sort] if isinstance(model[sort], type(least)) else least


def _owner(model: Model) -> str:
    """Namespace of a model, without regard to case."""
    return str(model["id"]).partition("/")[0].casefold()


def _cursor(model: Model, sort: str, salt: int) -> str:
    """Place of a model in the list, in the form of the Hub's: Base64 of JSON; no two are equal."""
    place = {"value": _rank(model, sort), "_id": _identity(model), "salt": salt}
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _after(models: list[Model], cursor: str | None, sort: str) -> list[Model]:
    """Models that come after the place of the cursor as they stand now.

    A model whose value has changed since may come twice, or never, as on the Hub.
    """
    if cursor is None:
        return models
    place = json.loads(base64.urlsafe_b64decode(cursor))
    value, identity = place["value"], place["_id"]
    return [
        m
        for m in models
        if _rank(m, sort) < value or (_rank(m, sort) == value and _identity(m) > identity)
    ]


def _row(model: Model, wanted: list[str]) -> Model:
    """The fields that are asked for, all where none is named."""
    if not wanted:
        return model
    return {name: model[name] for name in (*ALWAYS, *wanted) if name in model}


def synthetic_models(count: int, owners: int = 3) -> list[Model]:
    """Return models that say nothing of any real one, the first with the most downloads.

    Every third derives from the one before it; every fifth has no task.
    """
    return [_model(number, owners) for number in range(count)]


def _model(number: int, owners: int) -> Model:
    """One model."""
    owner = f"owner-{number % owners}"
    identity = f"{number:024x}"
    parent = f"owner-{(number - 1) % owners}/model-{number - 1}"
    derived = number % 3 == 2
    minute, hour, day = number % 60, number // 60 % 24, number // 1440 % 28 + 1
    return {
        "_id": identity,
        "id": f"{owner}/model-{number}",
        "author": owner,
        "createdAt": f"2025-03-{day:02}T{hour:02}:{minute:02}:00.000Z",
        "lastModified": f"2025-04-{day:02}T{hour:02}:{minute:02}:30.500Z",
        "downloads": max(1_000_000 - 10 * number, 0),
        "downloadsAllTime": 10_000_000 - 10 * number,
        "likes": number % 7,
        "private": False,
        "tags": ["transformers", *([f"base_model:finetune:{parent}"] if derived else [])],
        "baseModels": {
            "relation": "finetune",
            "models": [{"_id": f"{number - 1:024x}", "id": parent}],
        }
        if derived
        else None,
        "pipeline_tag": None if number % 5 == 4 else "text-generation",
        "library_name": "transformers",
    }
