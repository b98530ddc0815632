"""Why a page of the Hub's list of models is not there, said without a word that holds a token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from replication.sources.hub_failures import announced_wait, host

_MAY_PASS = frozenset({408, 429})


@dataclass(frozen=True)
class Failure:
    """Why there is no page."""

    what: str
    remedy: str
    wait: float | None = None
    """Seconds that the Hub names; None where it names none."""
    final: bool = False
    """Whether asking again is of no use."""
    smaller: bool = False
    """Whether a smaller page may do."""
    parameter: bool = False
    """Whether a parameter of the query may be what is refused."""


def refusal(status: int, headers: Mapping[str, str]) -> Failure:
    """Explain an answer with another status than 200."""
    if status in _MAY_PASS or status >= 500:
        return _not_now(status, _wait(status, headers))
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


def _wait(status: int, headers: Mapping[str, str]) -> int | None:
    """Return the seconds that the Hub says to wait."""
    try:
        return announced_wait(status, headers)
    except ValueError:  # a number of thousands of digits
        return None


def _not_now(status: int, wait: int | None) -> Failure:
    """Explain a failure that may pass."""
    named = f"and says to wait {wait} s" if wait is not None else "and names no wait"
    if status == 429:
        return Failure(
            f"{host()} takes no more requests for now (429) {named}",
            "run again after that time, or after five minutes where none is named; with HF_TOKEN "
            "the limit is higher",
            wait,
        )
    what = f"{host()} failed ({status}) {named}"
    return Failure(what, "run again later", wait, smaller=status == 504)


def broken(error: Exception) -> Failure:
    """Explain a failure without an answer, without a word of its text, which may hold a token."""
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
    return Failure(
        f"the connection to {host()} failed ({type(error).__name__})",
        "check the network, the proxy settings, HF_ENDPOINT and the characters of HF_TOKEN",
        final=not isinstance(error, passing),
    )
