"""Facts and lists of the Hub's API, each with a bound on its bytes, its pages and where the next one is.

The client's own functions read an answer of any size, and ask whatever address a link names, without end.
What is used of it is its session, its headers and its explanations of a refusal.

Here the client's backoff asks again where an answer is refused, and a short loop where its body breaks off. Pages of a
crawl have a loop of their own (`crawl.pages`): there a failure makes the next page smaller, a wait is announced and
counts against the time that a page may take, and a refused field is left out. Neither loop does the other's work.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from replication.errors import HubError

if TYPE_CHECKING:
    from httpx2 import Response

# huggingface_hub is imported inside the functions: it reads its HF_* variables when it is imported,
# and the command line must start without it.

MOST_BYTES = 64_000_000
"""Of one answer, after decompression."""
MOST_PAGES = 1_000
"""Of one list: a thousand pages of a thousand entries."""
BODY_SECONDS = 300
"""Seconds after which a body that still arrives is given up."""
WAITS = (1, 2, 4)
"""Seconds before an answer that broke off is asked for again."""
_CHECK = "check that HF_ENDPOINT is a Hub, and that no proxy answers in its place"


def without_telemetry() -> None:
    """Have the client say nothing of the machine: else it asks the Hub for a list of what to look for.

    The variable is read when the client is imported, the constant at every request.
    """
    from huggingface_hub import constants

    constants.HF_HUB_DISABLE_TELEMETRY = True


def fact(path: str) -> Any:
    """Return what the API answers to one request, as JSON gives it.

    Raises
    ------
    HubError
        The answer is too large, does not end, or is no JSON.
    Exception
        Whatever the client raises where the Hub refuses or fails.
    """
    return _asked(path, "")[0]


def pages(path: str, query: str = "") -> Iterator[list[Any]]:
    """Yield the pages of a list of the API, each as JSON gives it.

    The next page is asked of the same address as the first, whatever its link names: of the link only the
    query is taken.

    Parameters
    ----------
    path
        Path of the list below the Hub's endpoint.
    query
        Query of its first page.

    Raises
    ------
    HubError
        As for `fact`; or the list does not end.
    """
    asked: set[str] = set()
    while True:
        asked.add(query)
        page, link = _asked(path, query)
        if not isinstance(page, list):
            raise HubError(f"the answer of the Hub to {path} is no list", _CHECK)
        yield page
        if link is None:
            return
        query = _query(link)
        if not query or query in asked or len(asked) >= MOST_PAGES:
            raise HubError(f"the list {path} of the Hub does not end", _CHECK)


def dataset(repository: str, *parts: str) -> str:
    """Path of what the API says of a dataset.

    Raises
    ------
    huggingface_hub.errors.HFValidationError
        It is no name of a dataset.
    """
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

    validate_repo_id(repository)
    return "/".join(["/api/datasets", quote(repository), *(quote(part, safe="") for part in parts)])


def _query(link: str) -> str:
    """Query of a link; empty where it has none."""
    try:
        return urlsplit(link).query
    except ValueError:
        return ""


def _asked(path: str, query: str) -> tuple[Any, str | None]:
    """Ask the API, and return the answer and the link to the next page."""
    from huggingface_hub import constants
    from huggingface_hub.utils import (  # type: ignore[attr-defined]
        build_hf_headers,
        hf_raise_for_status,
        http_stream_backoff,
    )

    without_telemetry()
    url = f"{constants.ENDPOINT.rstrip('/')}{path}" + (f"?{query}" if query else "")
    # gzip alone: the size of what one block of it can hold is bounded.
    headers = {**build_hf_headers(), "accept-encoding": "gzip"}
    for wait in (*WAITS, 0):
        # What breaks off inside the client's context is caught there: it would ask again, and fail.
        with http_stream_backoff("GET", url, headers=headers) as response:
            hf_raise_for_status(response)
            body, broken = _body(response, path)
            link = response.links.get("next", {}).get("url")
        if broken is None:
            break
        if not wait:
            raise broken
        time.sleep(wait)
    try:
        return json.loads(body), link
    except (ValueError, RecursionError):
        raise HubError(f"the answer of the Hub to {path} is no JSON", _CHECK) from None


def _body(response: Response, path: str) -> tuple[bytes, Exception | None]:
    """The body of an answer, bounded in its size and time, and what broke it off, if anything did."""
    from httpx2 import TransportError

    until, body = time.monotonic() + BODY_SECONDS, bytearray()
    try:
        for block in response.iter_bytes():
            body += block
            if len(body) > MOST_BYTES:
                what = f"the answer of the Hub to {path} has more than {MOST_BYTES:,} bytes"
                raise HubError(what, _CHECK)
            if time.monotonic() > until:
                raise HubError(f"the answer of the Hub to {path} does not end", "run again later")
    except TransportError as error:
        return b"", error
    return bytes(body), None
