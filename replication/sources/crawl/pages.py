"""Pages of the Hub's list of models: asked for again where they fail, and believed only where sound.

`HfApi.list_models` gives models and no cursor, so that a long list cannot be resumed. The client's
own `http_backoff` reads an answer of any size and waits for a day where the Hub says so; its
streaming form asks no more once a body has begun. What is used of the client is therefore its
session, its headers and its endpoint; tenacity repeats.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from replication.errors import HubError
from replication.sources.crawl.extent import Crawl
from replication.sources.crawl.failures import Failure, broken, items_of, refusal
from replication.sources.crawl.queries import (
    PATH,
    fields,
    next_link,
    next_query,
    of_one_model,
    smaller,
    without_fields,
)
from replication.sources.crawl.rows import Malformed, Row, checked
from replication.sources.hub_address import host
from replication.sources.hub_failures import is_failure
from replication.sources.hub_lists import without_telemetry

if TYPE_CHECKING:
    from httpx2 import Response
    from tenacity import RetryCallState

# huggingface_hub is imported inside the functions: it reads its HF_* variables when it is imported,
# and the command line must start without it.

ATTEMPTS = 6
BODY_SECONDS = 300
"""Seconds after which a body that still arrives is given up."""
_LONGEST = 32
"""Seconds of the longest wait where the Hub names none."""
_STEPS = 20
"""Sound pages after which a page that was made smaller has its full size again, or nearly."""


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


class Pages:
    """Asks the Hub for pages, one after the other.

    Parameters
    ----------
    crawl
        What a page may cost.
    waiting
        Called with the seconds of every wait before it begins.
    """

    def __init__(self, crawl: Crawl, waiting: Callable[[float], None]) -> None:
        self._crawl = crawl
        self._size = crawl.largest_page
        self._waiting = waiting
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
            The Hub refuses, keeps failing, or sends what is no page of models.
        ContractError
            Too much of the page is malformed.
        """
        refused: tuple[str, ...] = ()
        answer = self._ask(query)
        if isinstance(answer, Failure) and answer.parameter:
            refused = self._refused(query)
            answer = self._ask(without_fields(query, refused)) if refused else answer
        sound = _required(answer, number, kept)
        rows, malformed = checked(sound.items, number)
        return Page(rows, malformed, sound.following, refused)

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
        answer: _Answer | Failure = self._ask(of_one_model(query))
        if isinstance(answer, _Answer) and not answer.following:
            answer = Failure(
                "the links to the next pages are missing from the answers",
                "a proxy or a mirror may take the header Link away: check the connection and "
                "HF_ENDPOINT",
            )
        _required(answer, number, kept)

    def _refused(self, query: str) -> tuple[str, ...]:
        """Return the fields of a query that the Hub refuses when each is asked for alone."""
        refused = []
        for name in fields(query):
            others = [other for other in fields(query) if other != name]
            answer = self._ask(of_one_model(without_fields(query, others)))
            if isinstance(answer, Failure) and answer.parameter:
                refused.append(name)
        return tuple(refused)

    def _ask(self, query: str) -> _Answer | Failure:
        """Ask until there is an answer or no use in asking."""
        import tenacity

        ask = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda a: isinstance(a, Failure) and not a.final),
            wait=_wait,
            stop=tenacity.stop_after_attempt(ATTEMPTS)
            | tenacity.stop_before_delay(self._crawl.page_seconds),
            before_sleep=lambda state: self._waiting(state.upcoming_sleep),
            retry_error_callback=_last,
        )
        answer: _Answer | Failure = ask(self._attempt, query)
        if isinstance(answer, _Answer):
            most = self._crawl.largest_page
            self._size = min(self._size + max(most // _STEPS, 1), most)
            self._linked = self._linked or bool(answer.following)
        return answer

    def _attempt(self, query: str) -> _Answer | Failure:
        """Ask once; after a failure that a smaller page may avoid, the next one is half as large."""
        try:
            answer = self._read(smaller(query, self._size))
        except Exception as error:
            if not is_failure(error):
                raise
            answer = broken(error)
        if isinstance(answer, Failure) and answer.smaller:
            self._size = max(self._size // 2, 1)
        return answer

    def _read(self, query: str) -> _Answer | Failure:
        """Send the request and read the answer, not more of it than a page may hold."""
        from huggingface_hub import get_session

        with get_session().stream(
            "GET",
            f"{address()}?{query}",
            headers=self._headers,
            timeout=self._crawl.timeout,
            follow_redirects=False,
        ) as response:
            if response.status_code != 200:
                return refusal(response)
            body = self._body(response)
            link = next_link(response)
        items = body if isinstance(body, Failure) else items_of(body)
        if isinstance(items, Failure):
            return items
        following = "" if link is None else next_query(link, query)
        if following is None:
            return Failure(
                "the link to the next page leads to no list of models",
                f"check that HF_ENDPOINT is a Hub: its next links end in {PATH}?cursor=…",
                final=True,
            )
        return _Answer(items, following)

    def _body(self, response: Response) -> bytes | Failure:
        """Return the body, bounded in its size and in the time that it takes."""
        until = time.monotonic() + BODY_SECONDS
        body = bytearray()
        for block in response.iter_bytes():
            body += block
            if len(body) > self._crawl.max_bytes:
                return Failure(
                    f"the answer has more than the {self._crawl.max_bytes:,} bytes of a page",
                    "check that HF_ENDPOINT is a Hub",
                    smaller=True,
                )
            if time.monotonic() > until:
                return Failure(f"the answer of {host()} does not end", "run again later")
        return bytes(body)


def _required(answer: _Answer | Failure, number: int, kept: str) -> _Answer:
    """Return the answer, or raise its failure with what is kept."""
    if isinstance(answer, Failure):
        raise HubError(f"page {number:,}: {answer.what}", f"{answer.remedy}; {kept}")
    return answer


def _wait(state: RetryCallState) -> float:
    """Seconds before the next attempt: those that the Hub names and one, else doubled each time."""
    failure = _last(state)
    if isinstance(failure, Failure) and failure.wait is not None:
        return failure.wait + 1  # the Hub counts whole seconds
    return float(min(2 ** (state.attempt_number - 1), _LONGEST))


def _last(state: RetryCallState) -> Any:
    """What the last attempt returned."""
    return state.outcome.result() if state.outcome else None


def _client_headers() -> dict[str, str]:
    """Return the headers of the client, with the token where there is one."""
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    without_telemetry()
    try:
        return dict(build_hf_headers())
    except Exception as error:
        if not is_failure(error):
            raise
        kind = type(error).__name__
    raise HubError(f"there is no token to send ({kind})", "set HF_TOKEN, or unset HF_OIDC_RESOURCE")


def address() -> str:
    """Return the address of the list of models, at the Hub that HF_ENDPOINT names."""
    from huggingface_hub import constants

    return f"{constants.ENDPOINT.rstrip('/')}{PATH}"
