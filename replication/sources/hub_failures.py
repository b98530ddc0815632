"""What a failure of the Hub, of its client or of the connection means to the user.

A message has a remedy and quotes none of the client's text, since that may hold a token. What is no such failure is a
fault of the code, and shows as one.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping
from typing import TYPE_CHECKING

from replication.definitions import COMMIT
from replication.errors import HubError, OutputError, ReplicationError, SourceError
from replication.sources.hub_address import Address, host

if TYPE_CHECKING:
    from huggingface_hub.errors import HfHubHTTPError

# huggingface_hub is imported inside the functions: it reads its HF_* variables when it is imported,
# and the command line must start without it.

HOST, DATASET, ADDRESS, CONTENT = "host", "dataset", "address", "content"
"""What a `HubError` blames: the host where every dataset of it would fail alike; the one dataset; the
address where the dataset answers that it has no such revision or file; the content that arrived."""
MAY_PASS = frozenset({408, 429, 500, 502, 503, 504})
BUNDLED = "or work without the network (DATA=bundled)"
_RATE_LIMIT = re.compile(r";\s*r\s*=\s*(\d+)\s*;\s*t\s*=\s*(\d+)")
_PACKAGE = __name__.partition(".")[0]


def is_failure(error: Exception) -> bool:
    """Whether an exception says that the Hub, its client or the connection failed, and no fault of the code.

    Settings of the user that the client cannot use (a proxy, a token of other characters than a header can
    hold) are a ValueError or an ImportError, which only the client may raise.
    """
    import httpx2
    from huggingface_hub.errors import OIDCError

    reason = _reason(error)
    if isinstance(reason, ValueError | ImportError):
        modules = [
            frame.f_globals["__name__"] for frame, _ in traceback.walk_tb(reason.__traceback__)
        ]
        return not modules[-1].startswith(f"{_PACKAGE}.")
    transport = (OSError, httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError)
    return isinstance(reason, (ReplicationError, OIDCError, *transport))


def explain(error: Exception, address: Address) -> ReplicationError:
    """Say in one line what failed and what to do, without a word of the client's own text."""
    if isinstance(error, ReplicationError):
        return error
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    reason = _reason(error)
    if isinstance(reason, HfHubHTTPError):
        return _refused(reason, address)
    if isinstance(reason, OfflineModeIsEnabled):
        return blamed(
            HOST,
            f"{address.filename} is not in the Hub client's cache, and HF_HUB_OFFLINE is set",
            f"unset HF_HUB_OFFLINE, {BUNDLED}",
        )
    if isinstance(reason, HFValidationError):
        return SourceError(
            f"{address.repository!r} is not the name of a dataset",
            f"give {address.section}.repository in definitions.toml as owner/name",
        )
    return _broken(reason, address)


def _reason(error: BaseException) -> BaseException:
    """Return what is below the exceptions in which the client wraps a failed look-up."""
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    while error.__cause__ is not None and not isinstance(error, HfHubHTTPError):
        if not isinstance(error, LocalEntryNotFoundError | ValueError):
            break
        error = error.__cause__
    return error


def blamed(fault: str, what: str, remedy: str) -> HubError:
    """Return the error that blames the host, the dataset or the address."""
    error = HubError(what, remedy)
    error.fault = fault
    return error


def _refused(error: HfHubHTTPError, address: Address) -> HubError:
    """Explain an answer with an error status."""
    from huggingface_hub import errors

    status, section = error.response.status_code, address.section
    if isinstance(error, errors.RevisionNotFoundError):
        kind = "commit" if COMMIT.fullmatch(address.revision) else "branch, tag or commit"
        return blamed(
            ADDRESS,
            f"dataset {address.repository} has no {kind} {address.revision}",
            f"check {section}.revision in definitions.toml against the dataset's history",
        )
    if isinstance(error, errors.RemoteEntryNotFoundError):
        return blamed(
            ADDRESS,
            f"dataset {address.repository} has no file {address.filename} at that revision",
            f"check {section}.filename in definitions.toml against the dataset's files",
        )
    if isinstance(error, errors.RepositoryNotFoundError) or status in (401, 403):
        return HubError(  # private, gated, disabled or missing: the Hub may not say which
            f"{host()} gives no access to dataset {address.repository} ({status})",
            "set HF_TOKEN to a token that may read it, accept the terms on the dataset's page, and "
            f"check its name in definitions.toml, {BUNDLED}",
        )
    if status in MAY_PASS or status >= 500:
        what, remedy = not_now(status, announced_wait(status, error.response.headers))
        return blamed(HOST if status == 429 else DATASET, what, f"{remedy}, {BUNDLED}")
    return HubError(
        f"{host()} answered {status} for {address.filename}",
        f"check HF_ENDPOINT and {section} in definitions.toml, {BUNDLED}",
    )


def not_now(status: int, seconds: int | None) -> tuple[str, str]:
    """Say what failed that may pass, with the wait that the Hub announced, and the remedy."""
    wait = f"and says to wait {seconds} s" if seconds is not None else "and names no wait"
    if status != 429:
        return f"{host()} failed ({status}) {wait}", "run again later"
    remedy = (
        "run again after that time, or after five minutes where none is named; with HF_TOKEN the "
        "limit is higher"
    )
    return f"{host()} takes no more requests for now (429) {wait}", remedy


def no_connection(error: BaseException) -> tuple[str, str]:
    """Say what failed where there was no answer, without a word of its text, and the remedy."""
    return (
        f"the connection to {host()} failed ({type(error).__name__})",
        "check the network, the proxy settings, HF_ENDPOINT and the characters of HF_TOKEN",
    )


def _broken(error: BaseException, address: Address) -> ReplicationError:
    """Explain a failure without an answer: of the disk, of the transfer or of the connection."""
    if isinstance(error, ConnectionError | TimeoutError) or not isinstance(error, OSError):
        what, remedy = no_connection(error)
        return blamed(HOST, what, f"{remedy}, {BUNDLED}")
    if error.errno is not None:
        return OutputError(
            f"the Hub client cannot use its cache: {error.strerror}",
            "free disk space, or set HF_HOME to a writable folder",
        )
    return blamed(  # the client's own check, which has no class of its own
        CONTENT,
        f"the download of {address.filename} ended with another size than announced",
        f"run again, {BUNDLED}",
    )


def not_the_hub(address: Address) -> HubError:
    """Explain an answer that lacks what every answer of the Hub has."""
    return HubError(
        f"the answer of {host()} does not state the commit and the size of {address.filename}",
        "check that HF_ENDPOINT is a Hub and that no proxy or login page answers in its place",
    )


def announced_wait(status: int, headers: Mapping[str, str]) -> int | None:
    """Return the seconds that an answer of the Hub says to wait, None where it does not say.

    `RateLimit: "api";r=0;t=12` counts only on a 429 with nothing remaining, because the Hub puts
    the header on every answer; `Retry-After` counts on every failure that may pass.
    """
    limit = _RATE_LIMIT.search(headers.get("RateLimit", ""))
    after = headers.get("Retry-After", "").strip()
    try:
        if status == 429 and limit is not None and int(limit[1]) == 0:
            return int(limit[2])
        return int(after) if status in MAY_PASS and after.isdecimal() else None
    except ValueError:  # a number of thousands of digits
        return None
