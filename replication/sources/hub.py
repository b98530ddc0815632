"""The Hub through its own client: a file of a dataset, and what a failure means to the user.

The client retries, waits as long as the Hub says, resumes and caches. What it does not do is here:
a bound on the size before the download, and messages with a remedy, which quote none of the client's
text, since that may hold a token.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from replication.definitions import COMMIT
from replication.errors import HubError, OutputError, ReplicationError, SourceError
from replication.sources import hub_lists

if TYPE_CHECKING:
    from huggingface_hub import HfFileMetadata
    from huggingface_hub.errors import HfHubHTTPError

# huggingface_hub is imported inside the functions: it reads its HF_* variables when it is imported,
# and the command line must start without it.

HOST, DATASET, ADDRESS, CONTENT = "host", "dataset", "address", "content"
"""What a `HubError` blames: the host where every dataset of it would fail alike; the one dataset; the
address where the dataset answers that it has no such revision or file; the content that arrived."""
MOST = 10**12
"""Largest count that is believed: the whole Hub is downloaded fewer times in a year."""
MAY_PASS = frozenset({408, 429, 500, 502, 503, 504})
_SHORT_COMMIT = re.compile(r"[0-9a-f]{7,39}")
_RATE_LIMIT = re.compile(r";\s*r\s*=\s*(\d+)\s*;\s*t\s*=\s*(\d+)")
_BUNDLED = "or work without the network (DATA=bundled)"

T = TypeVar("T")


@dataclass(frozen=True)
class Address:
    """One file of one dataset, or a folder of it."""

    repository: str
    revision: str
    filename: str
    section: str
    """Section of definitions.toml that names it, for remedies."""


def client() -> str:
    """Name and version of the client."""
    return f"huggingface_hub {version('huggingface_hub')}"


def host() -> str:
    """Name of the Hub's host, without the rest of a URL that may hold a password."""
    from huggingface_hub import constants

    return urlsplit(constants.ENDPOINT).hostname or "the Hub"


def offline() -> bool:
    """Whether the user has forbidden the client to use the network."""
    from huggingface_hub import is_offline_mode

    return is_offline_mode()


def commit_of(address: Address) -> str:
    """Return the commit that the revision of `address` names now.

    Raises
    ------
    HubError
        The Hub refuses, fails, or has no such branch, tag or commit.
    SourceError
        A short hash begins several commits.
    """
    name = address.revision
    if COMMIT.fullmatch(name):
        return name
    if _SHORT_COMMIT.fullmatch(name):
        matches = {commit for commit in ask(_commits, address) if commit.startswith(name)}
        if len(matches) > 1:
            raise SourceError(
                f"{name} begins {len(matches)} commits of {address.repository}",
                "give more digits of the commit, best all 40",
            )
        if matches:
            return matches.pop()
    commit = ask(_metadata, address).commit_hash
    if commit is None or COMMIT.fullmatch(commit) is None:
        raise _not_the_hub(address)
    return commit


def cached(address: Address) -> Path | None:
    """Return the copy in the client's own cache, None where it has none."""
    from huggingface_hub import try_to_load_from_cache

    path = ask(
        lambda a: try_to_load_from_cache(
            a.repository, a.filename, revision=a.revision, repo_type="dataset"
        ),
        address,
    )
    return Path(path) if isinstance(path, str) else None


def require_size(address: Address, most: int) -> None:
    """Refuse, before any content moves, an answer that is not the Hub's and a file that is too large.

    Raises
    ------
    HubError
        The Hub refuses or fails, or the answer names another commit or no size.
    SourceError
        The file has more bytes than `most`.
    """
    metadata = ask(_metadata, address)
    if metadata.commit_hash != address.revision or metadata.size is None:
        raise _not_the_hub(address)
    refuse_large(address.filename, metadata.size, most, address.section)


def refuse_large(filename: str, size: int, most: int, section: str) -> None:
    """Refuse a file of more bytes than are allowed."""
    if size > most:
        raise SourceError(
            f"{filename} has {size:,} bytes, more than the {most:,} that are allowed",
            f"check the file on the dataset's page; if it is right, raise {section}.max_bytes in "
            "definitions.toml",
        )


def download(
    address: Address, most: int, *, cache: Path | None = None, again: bool = False
) -> Path:
    """Download a file at a commit into the client's cache, or into `cache`, and return its path.

    Parameters
    ----------
    address
        The file.
    most
        Bytes at which the transfer is ended, whatever size was announced.
    cache
        Folder in place of the client's own.
    again
        Whether a copy that is there already is not to be used.

    Raises
    ------
    HubError
        The Hub refused, failed or could not be reached, or sent another number of bytes.
    OutputError
        The cache cannot be written.
    """
    from huggingface_hub import constants, hf_hub_download

    # Over HTTP a transfer can be resumed and its failures can be distinguished; the variable is read
    # when the client is imported, the constant at every download.
    constants.HF_HUB_DISABLE_XET = True
    path = ask(
        lambda a: hf_hub_download(
            a.repository,
            a.filename,
            repo_type="dataset",
            revision=a.revision,
            cache_dir=cache,
            force_download=again,
            tqdm_class=_bounded(most, address.filename),
        ),
        address,
    )
    return Path(path)


def _bounded(most: int, filename: str) -> Any:
    """A bar of progress that ends a transfer of more bytes than may come: the client has no bound."""
    from huggingface_hub.utils import tqdm  # type: ignore[attr-defined]

    class Bar(tqdm):
        """Counts what arrives, whether it is shown or not."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)  # type: ignore[no-untyped-call]
            self._arrived = int(options.get("initial") or 0)

        def update(self, n: float | None = 1) -> bool | None:
            """Count some more bytes; fewer than none where a transfer begins anew."""
            self._arrived += int(n or 0)
            if self._arrived > most:
                raise _blamed(
                    CONTENT,
                    f"{filename} does not end after the {most:,} bytes that it may have",
                    f"check HF_ENDPOINT and your mirror, {_BUNDLED}",
                )
            shown: bool | None = super().update(n)
            return shown

    return Bar


def ask(call: Callable[[Address], T], address: Address) -> T:
    """Return what `call` returns, or raise one of this package's errors in place of the client's."""
    hub_lists.without_telemetry()
    try:
        return call(address)
    # Every class: the client's transports raise their own, which are not part of its interface.
    except Exception as error:  # noqa: BLE001
        failure = explain(error, address)
    # Outside the handler: a chained exception would carry the request, and the token with it.
    raise failure


def _commits(address: Address) -> list[str]:
    """Every commit of the dataset's main branch."""
    listed = hub_lists.pages(hub_lists.dataset(address.repository, "commits", "main"))
    entries = [entry for page in listed for entry in page if isinstance(entry, dict)]
    commits = [str(entry.get("id")) for entry in entries]
    return [commit for commit in commits if COMMIT.fullmatch(commit)]


def _metadata(address: Address) -> HfFileMetadata:
    """What the Hub says of the file without its content."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    url = hf_hub_url(
        address.repository, address.filename, repo_type="dataset", revision=address.revision
    )
    return get_hf_file_metadata(url, retry_on_errors=True)


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


def explain(error: Exception, address: Address) -> ReplicationError:
    """Say in one line what failed and what to do, without a word of the client's own text."""
    if isinstance(error, ReplicationError):
        return error
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    reason = _reason(error)
    if isinstance(reason, HfHubHTTPError):
        return _refused(reason, address)
    if isinstance(reason, OfflineModeIsEnabled):
        return _blamed(
            HOST,
            f"{address.filename} is not in the Hub client's cache, and HF_HUB_OFFLINE is set",
            f"unset HF_HUB_OFFLINE, {_BUNDLED}",
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


def _blamed(fault: str, what: str, remedy: str) -> HubError:
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
        return _blamed(
            ADDRESS,
            f"dataset {address.repository} has no {kind} {address.revision}",
            f"check {section}.revision in definitions.toml against the dataset's history",
        )
    if isinstance(error, errors.RemoteEntryNotFoundError):
        return _blamed(
            ADDRESS,
            f"dataset {address.repository} has no file {address.filename} at that revision",
            f"check {section}.filename in definitions.toml against the dataset's files",
        )
    if isinstance(error, errors.RepositoryNotFoundError) or status in (401, 403):
        return HubError(  # private, gated, disabled or missing: the Hub may not say which
            f"{host()} gives no access to dataset {address.repository} ({status})",
            "set HF_TOKEN to a token that may read it, accept the terms on the dataset's page, and "
            f"check its name in definitions.toml, {_BUNDLED}",
        )
    if status in MAY_PASS or status >= 500:
        what, remedy = not_now(status, announced_wait(status, error.response.headers))
        return _blamed(HOST if status == 429 else DATASET, what, f"{remedy}, {_BUNDLED}")
    return HubError(
        f"{host()} answered {status} for {address.filename}",
        f"check HF_ENDPOINT and {section} in definitions.toml, {_BUNDLED}",
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
        return _blamed(HOST, what, f"{remedy}, {_BUNDLED}")
    if error.errno is not None:
        return OutputError(
            f"the Hub client cannot use its cache: {error.strerror}",
            "free disk space, or set HF_HOME to a writable folder",
        )
    return _blamed(  # the client's own check, which has no class of its own
        CONTENT,
        f"the download of {address.filename} ended with another size than announced",
        f"run again, {_BUNDLED}",
    )


def _not_the_hub(address: Address) -> HubError:
    """Explain an answer that lacks what every answer of the Hub has."""
    return HubError(
        f"the answer of {host()} does not state the commit and the size of {address.filename}",
        "check that HF_ENDPOINT is a Hub and that no proxy or login page answers in its place",
    )
