"""Pages of the Hub's list of models: asked for with bounded waits, and believed only where sound.

`HfApi.list_models` gives models and no cursor, so that a long listing cannot be resumed; what is
used of the client is therefore its session, its headers and its endpoint. A wait is a number of
seconds that is slept, never the difference of two times of day: a clock that is set in between
changes nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from replication.errors import HubError
from replication.sources.hub_failures import host
from replication.sources.model_rows import Malformed, Row, checked
from replication.sources.page_failures import Failure, broken, refusal
from replication.sources.page_queries import (
    PATH,
    fields,
    next_link,
    next_query,
    of_one_model,
    smaller,
    without_fields,
)

if TYPE_CHECKING:
    from httpx2 import Response

# huggingface_hub is imported inside the functions: it reads its HF_* variables when it is imported,
# and the command line must start without it.

BACKOFF = (1.3, 2.6, 4.3, 8.9, 17.2)
"""Seconds before asking again after a failure that names no wait: doubled each time, and each a
little off its power of two, so that clients that failed together do not come back together."""
WINDOW = 300
"""Length in seconds of the Hub's rate-limit window: the longest pause between two sound pages."""
NEAR = 20
"""Requests left in the window from which on they are spread over the rest of it."""
_STEPS = 20
"""Sound pages after which a page that was made smaller has its full size again, or nearly."""

Waiting = Callable[[float], None]


@dataclass(frozen=True)
class Limits:
    """What one run may cost."""

    page_size: int
    """Models a page at most."""
    max_bytes: int
    """Of one page, after decompression."""
    patience: float
    """Seconds of waiting, all told, that failures may cost."""
    timeout: float
    """Seconds without a byte after which a connection counts as cut."""


@dataclass(frozen=True)
class Page:
    """One sound page."""

    rows: list[Row]
    malformed: list[Malformed]
    following: str
    """Query of the next page, empty where this is the last."""
    refused: tuple[str, ...]
    """Fields that the Hub refused to give, and that the next pages are not asked for."""


@dataclass(frozen=True)
class _Answer:
    """A page as it came."""

    items: list[Any]
    following: str
    pause: float
    """Seconds to leave before the next request."""


class Asker:
    """Asks the Hub for pages, one after the other.

    Parameters
    ----------
    limits
        What the run may cost.
    waiting
        Is told the seconds of every wait before it begins.
    """

    def __init__(self, limits: Limits, waiting: Waiting) -> None:
        self._limits = limits
        self._left = limits.patience
        self._size = limits.page_size
        self._waiting = waiting
        self._pause = 0.0
        self._linked = False
        # gzip alone: the size of what one block of it can hold is bounded.
        self._headers = {**_client_headers(), "accept-encoding": "gzip"}

    @property
    def secret(self) -> str:
        """The token that is sent, empty where none is."""
        return self._headers.get("authorization", "").removeprefix("Bearer ")

    def page(self, query: str, number: int, kept: str) -> Page:
        """Return one page.

        A page that is too large, or that the Hub does not make in time, is asked for with half as
        many models. Where the Hub refuses a parameter, the fields are asked for one by one, and the
        page without those that are refused.

        Parameters
        ----------
        query
            Query of its address.
        number
            Number of the page in the crawl, from 1, for messages.
        kept
            What a message says of the pages that are there already.

        Raises
        ------
        HubError
            The Hub refuses, keeps failing, asks for more patience than there is, or sends what is
            no page of models.
        ContractError
            Too much of the page is malformed.
        """
        self._sleep(self._pause)
        self._pause = 0.0
        refused: tuple[str, ...] = ()
        got = self._ask(query)
        if isinstance(got, Failure) and got.parameter:
            refused = self._refused(query)
            got = self._ask(without_fields(query, refused)) if refused else got
        if isinstance(got, Failure):
            raise HubError(f"page {number:,}: {got.what}", f"{got.remedy}; {kept}")
        self._pause = got.pause
        rows, malformed = checked(got.items, number)
        return Page(rows, malformed, got.following, refused)

    def require_links(self, query: str, number: int, kept: str) -> None:
        """Make sure that a list of a single page has no more of them.

        A proxy may take the link to the next page out of an answer, and a list that is cut there
        would read as a small Hub. Unless a link was seen before, the same list is asked for with
        one model a page.

        Parameters
        ----------
        query
            Query of the page, which named no next one and holds more than one model.
        number, kept
            As for `page`.

        Raises
        ------
        HubError
            The answer to that names no next page either, or fails.
        """
        if self._linked:
            return
        got = self._ask(of_one_model(query))
        if isinstance(got, _Answer) and not got.following:
            got = Failure(
                "the links to the next pages are missing from the answers",
                "a proxy or a mirror may take the header Link away: check the connection and "
                "HF_ENDPOINT",
            )
        if isinstance(got, Failure):
            raise HubError(f"page {number:,}: {got.what}", f"{got.remedy}; {kept}")

    def _refused(self, query: str) -> tuple[str, ...]:
        """Return the fields of a query that the Hub refuses when each is asked for alone."""
        refused = []
        for name in fields(query):
            others = [other for other in fields(query) if other != name]
            got = self._ask(of_one_model(without_fields(query, others)))
            if isinstance(got, Failure) and got.parameter:
                refused.append(name)
        return tuple(refused)

    def _ask(self, query: str) -> _Answer | Failure:
        """Ask until there is an answer or no use in asking."""
        backoffs = iter(BACKOFF)
        while isinstance(got := self._attempt(smaller(query, self._size)), Failure):
            self._size = max(self._size // 2, 1) if got.smaller else self._size
            backoff = next(backoffs, None)
            # One second more than is named: the Hub counts whole seconds.
            wait = backoff if got.wait is None else got.wait + 1
            if got.final or backoff is None or wait is None or wait > self._left:
                return got
            self._left -= wait
            self._sleep(wait)
        most = self._limits.page_size
        self._size = min(self._size + max(most // _STEPS, 1), most)
        self._linked = self._linked or bool(got.following)
        return got

    def _sleep(self, seconds: float) -> None:
        """Wait, and say so."""
        if seconds > 0:
            self._waiting(seconds)
            time.sleep(seconds)

    def _attempt(self, query: str) -> _Answer | Failure:
        """Ask once."""
        try:
            return self._read(query)
        # Every class: the client's transports raise their own, which are not part of its interface.
        except Exception as error:  # noqa: BLE001
            return broken(error)

    def _read(self, query: str) -> _Answer | Failure:
        """Send the request and read the answer, not more of it than a page may hold."""
        from huggingface_hub import get_session

        with get_session().stream(
            "GET",
            f"{address()}?{query}",
            headers=self._headers,
            timeout=self._limits.timeout,
            follow_redirects=False,
        ) as response:
            if response.status_code != 200:
                return refusal(response.status_code, response.headers)
            body = self._body(response)
            link = next_link(response.headers.get_list("link"))
        if isinstance(body, Failure):
            return body
        items = _items(body)
        following = "" if link is None else next_query(link, query)
        if isinstance(items, Failure):
            return items
        if following is None:
            return Failure(
                "the link to the next page leads to no list of models",
                f"check that HF_ENDPOINT is a Hub: its next links end in {PATH}?cursor=…",
                final=True,
            )
        return _Answer(items, following, pause(response.headers))

    def _body(self, response: Response) -> bytes | Failure:
        """Return the body, bounded in its size and in the time that it takes."""
        until = time.monotonic() + self._limits.timeout + WINDOW
        body = bytearray()
        for block in response.iter_bytes():
            body += block
            if len(body) > self._limits.max_bytes:
                return Failure(
                    f"the answer has more than the {self._limits.max_bytes:,} bytes of a page",
                    "check that HF_ENDPOINT is a Hub",
                    smaller=True,
                )
            if time.monotonic() > until:
                return Failure(f"the answer of {host()} does not end", "run again later")
        return bytes(body)


def _client_headers() -> dict[str, str]:
    """Return the headers of the client, with the token where there is one."""
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    try:
        return dict(build_hf_headers())
    except Exception as error:  # noqa: BLE001 (an exchange of tokens has failures of its own)
        kind = type(error).__name__
    raise HubError(f"there is no token to send ({kind})", "set HF_TOKEN, or unset HF_OIDC_RESOURCE")


def address() -> str:
    """Return the address of the list of models, at the Hub that HF_ENDPOINT names."""
    from huggingface_hub import constants

    return f"{constants.ENDPOINT.rstrip('/')}{PATH}"


def pause(headers: Mapping[str, str]) -> float:
    """Return the seconds to leave before the next request, from the limit that an answer states.

    With r requests left for t seconds, from `NEAR` left on, each takes t / (r + 1) of them: the
    last requests of a window are spread over it, and with none left the whole rest is waited out.
    """
    from huggingface_hub.utils import parse_ratelimit_headers  # type: ignore[attr-defined]

    try:
        limit = parse_ratelimit_headers(headers)
    except ValueError:  # a number of thousands of digits
        return 0.0
    if limit is None or limit.remaining > NEAR:
        return 0.0
    return min(limit.reset_in_seconds, WINDOW) / (limit.remaining + 1)


def _items(body: bytes) -> list[Any] | Failure:
    """Return the list that the body holds."""
    try:
        items = json.loads(body)
    except (ValueError, RecursionError):
        items = None
    if isinstance(items, list):
        return items
    html = body.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html"))
    kind = "HTML" if html else "damaged or other content"
    return Failure(
        f"the answer of {host()} is {kind} instead of a list of models",
        "a proxy, a login page or a mirror may have answered in the Hub's place: check the "
        "connection and HF_ENDPOINT, and run again",
    )
