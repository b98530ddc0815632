"""Why there is no page of the Hub's list of models, and whether asking again is of use."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from replication.sources.hub_address import host
from replication.sources.hub_failures import MAY_PASS, announced_wait, no_connection, not_now
from replication.sources.parquet import kind_of

if TYPE_CHECKING:
    from httpx2 import Response

# huggingface_hub is imported inside the function: it reads its HF_* variables when it is imported, and
# the command line must start without it.


@dataclass(frozen=True)
class Failure:
    """Why there is no page, without a word that may hold a token."""

    what: str
    remedy: str
    wait: float | None = None
    """Seconds that the Hub says to wait."""
    final: bool = False
    """Whether asking again is of no use."""
    smaller: bool = False
    """Whether a smaller page may do."""
    parameter: bool = False
    """Whether a parameter of the query may be what is refused."""


def items_of(body: bytes) -> list[Any] | Failure:
    """Return the list that the body holds."""
    try:
        items = json.loads(body)
    except (ValueError, RecursionError):
        items = None
    if isinstance(items, list):
        return items
    return Failure(
        f"the answer of {host()} is {kind_of(body[:256])} instead of a list of models",
        "a proxy, a login page or a mirror may have answered in the Hub's place: check the "
        "connection and HF_ENDPOINT, and run again",
    )


def refusal(response: Response) -> Failure:
    """Explain an answer with another status than 200."""
    status = response.status_code
    if status in MAY_PASS or status >= 500:
        wait = announced_wait(status, response.headers)
        return Failure(*not_now(status, wait), wait, smaller=status == 504)
    if status in (401, 403):
        return Failure(
            f"{host()} refuses the reader ({status})",
            "set HF_TOKEN to a token that is valid, or unset it: models are listed without one",
            final=True,
        )
    if 300 <= status < 400:
        return Failure(
            f"{host()} sends the reader to another address ({status})",
            "set HF_ENDPOINT to that address if it is a Hub that you trust",
            final=True,
        )
    return Failure(
        f"{host()} answered {status}",
        "check that HF_ENDPOINT is a Hub; a next page that was kept for days may also have expired",
        final=True,
        parameter=status in (400, 422),
    )


def broken(error: Exception) -> Failure:
    """Explain a failure without an answer."""
    import httpx2
    from huggingface_hub.errors import OfflineModeIsEnabled

    if isinstance(error, OfflineModeIsEnabled):
        return Failure("HF_HUB_OFFLINE is set", "unset HF_HUB_OFFLINE", final=True)
    passing = (
        httpx2.TimeoutException,
        httpx2.NetworkError,
        httpx2.ProxyError,
        httpx2.RemoteProtocolError,
        httpx2.DecodingError,
    )
    return Failure(*no_connection(error), final=not isinstance(error, passing))
