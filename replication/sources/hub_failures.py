"""Failures of the Hub, each said in one line with its remedy and without a word that holds a token."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from replication.definitions import COMMIT, Release
from replication.errors import HubError, OutputError, ReplicationError, SourceError

if TYPE_CHECKING:
    from huggingface_hub.errors import HfHubHTTPError

_RATE_LIMIT = re.compile(r";\s*r\s*=\s*(\d+)\s*;\s*t\s*=\s*(\d+)")
_MAY_PASS = frozenset({408, 429, 500, 502, 503, 504})
Fault = Literal["host", "dataset", "address"]
_BUNDLED = "or work without the network (DATA=bundled)"


def announced_wait(status: int, headers: Mapping[str, str]) -> int | None:
    """Return the seconds that an answer of the Hub says to wait, None where it does not say.

    `RateLimit: "api";r=0;t=12` counts only on a 429 with nothing remaining, because the Hub puts
    the header on every answer; `Retry-After` counts on every failure that may pass.
    """
    limit = _RATE_LIMIT.search(headers.get("RateLimit", ""))
    if status == 429 and limit is not None and int(limit[1]) == 0:
        return int(limit[2])
    after = headers.get("Retry-After", "").strip()
    return int(after) if status in _MAY_PASS and after.isdecimal() else None


class PostponedError(Exception):
    """The Hub asks for a longer wait than is worth taking."""

    def __init__(self, status: int, seconds: int) -> None:
        super().__init__(status, seconds)
        self.status = status
        self.seconds = seconds


def explain(error: Exception, release: Release) -> ReplicationError:
    """Say in one line what failed and what to do, without a word of the client's own text.

    The client quotes URLs and the server's answer, either of which may hold a token.
    """
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    reason = _reason(error)
    if isinstance(reason, PostponedError):
        return _not_now(reason.status, reason.seconds)
    if isinstance(reason, HfHubHTTPError):
        return _refused(reason, release)
    if isinstance(reason, OfflineModeIsEnabled):
        return _offline(release)
    if isinstance(reason, HFValidationError):
        return SourceError(
            f"{release.repository!r} is not the name of a dataset",
            "give released.repository in definitions.toml as owner/name",
        )
    return _broken_off(reason, release)


def fault(error: Exception) -> Fault:
    """Say whose failure it is: of the host, of the one dataset, or of the address that was asked.

    The host is at fault where every other dataset would fail alike (no connection, too many
    requests, a longer wait than is worth taking); the address where the dataset answers that it
    has no such revision or file.
    """
    from huggingface_hub import errors

    reason = _reason(error)
    if isinstance(reason, errors.RevisionNotFoundError | errors.RemoteEntryNotFoundError):
        return "address"
    if isinstance(reason, errors.HfHubHTTPError) and reason.response.status_code != 429:
        return "dataset"
    return "host"


def _reason(error: BaseException) -> BaseException:
    """Return what is below the exceptions in which the client wraps a failed look-up."""
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    while error.__cause__ is not None and not isinstance(error, HfHubHTTPError):
        if not isinstance(error, LocalEntryNotFoundError | ValueError):
            break
        error = error.__cause__
    return error


def _refused(error: HfHubHTTPError, release: Release) -> HubError:
    """Explain an answer with an error status."""
    from huggingface_hub import errors

    status = error.response.status_code
    if isinstance(error, errors.RevisionNotFoundError):
        kind = "commit" if COMMIT.fullmatch(release.revision) else "branch, tag or commit"
        return HubError(
            f"dataset {release.repository} has no {kind} {release.revision}",
            "check released.revision in definitions.toml against the dataset's history",
        )
    if isinstance(error, errors.RemoteEntryNotFoundError):
        return HubError(
            f"dataset {release.repository} has no file {release.filename} at that revision",
            "check released.filename in definitions.toml against the dataset's files",
        )
    if isinstance(error, errors.RepositoryNotFoundError) or status in (401, 403):
        return _no_access(status, release)
    if status in _MAY_PASS or status >= 500:
        return _not_now(status, announced_wait(status, error.response.headers))
    return HubError(
        f"{host()} answered {status} for {release.filename}",
        f"check HF_ENDPOINT and released in definitions.toml, {_BUNDLED}",
    )


def _no_access(status: int, release: Release) -> HubError:
    """Explain a dataset that is private, gated, disabled or missing; the Hub may not say which."""
    return HubError(
        f"{host()} gives no access to dataset {release.repository} ({status})",
        "set HF_TOKEN to a token that may read it, accept the terms on the dataset's page, and "
        f"check its name in definitions.toml, {_BUNDLED}",
    )


def _not_now(status: int, seconds: int | None) -> HubError:
    """Explain a failure that may pass, with the wait that the Hub announced."""
    wait = f"and says to wait {seconds} s" if seconds is not None else "and names no wait"
    if status == 429:
        return HubError(
            f"{host()} takes no more requests for now (429) {wait}",
            "run again after that time, or after five minutes where none is named; with HF_TOKEN "
            f"the limit is higher; {_BUNDLED}",
        )
    return HubError(
        f"{host()} failed ({status}) {wait}",
        f"run again later, {_BUNDLED}",
    )


def _offline(release: Release) -> HubError:
    """Explain that the file would have to be fetched and may not be."""
    return HubError(
        f"{release.filename} is not in the Hub client's cache, and HF_HUB_OFFLINE is set",
        f"unset HF_HUB_OFFLINE, {_BUNDLED}",
    )


def _broken_off(error: BaseException, release: Release) -> ReplicationError:
    """Explain a failure without an answer: of the disk, of the transfer or of the connection."""
    if isinstance(error, ConnectionError | TimeoutError) or not isinstance(error, OSError):
        return HubError(
            f"the connection to {host()} failed ({type(error).__name__})",
            "check the network, the proxy settings, HF_ENDPOINT and the characters of HF_TOKEN, "
            f"{_BUNDLED}",
        )
    if error.errno is not None:
        return OutputError(
            f"the Hub client cannot use its cache: {error.strerror}",
            "free disk space, or set HF_HOME to a writable folder",
        )
    return HubError(
        f"the download of {release.filename} ended with another size than announced",
        f"run again, {_BUNDLED}",
    )


def host() -> str:
    """Return the name of the Hub's host, without the rest of a URL that may hold a password."""
    from huggingface_hub import constants

    return urlsplit(constants.ENDPOINT).hostname or "the Hub"
