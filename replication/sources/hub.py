"""The Hub through its own client: a file of a dataset, at a commit and bounded in its size.

The client retries, waits as long as the Hub says, resumes and caches. What it does not do is here:
a bound on the size before the download, and one on what arrives.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from replication.definitions import COMMIT
from replication.errors import SourceError
from replication.sources import hub_lists
from replication.sources.hub_address import Address
from replication.sources.hub_failures import (
    BUNDLED,
    CONTENT,
    blamed,
    explain,
    is_failure,
    not_the_hub,
)

if TYPE_CHECKING:
    from huggingface_hub import HfFileMetadata

# huggingface_hub is imported inside the functions: it reads its HF_* variables when it is imported,
# and the command line must start without it.

MOST = 10**12
"""Largest count that is believed: the whole Hub is downloaded fewer times in a year."""
_SHORT_COMMIT = re.compile(r"[0-9a-f]{7,39}")

T = TypeVar("T")


def client() -> str:
    """Name and version of the client."""
    return f"huggingface_hub {version('huggingface_hub')}"


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
        raise not_the_hub(address)
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
        raise not_the_hub(address)
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
                raise blamed(
                    CONTENT,
                    f"{filename} does not end after the {most:,} bytes that it may have",
                    f"check HF_ENDPOINT and your mirror, {BUNDLED}",
                )
            shown: bool | None = super().update(n)
            return shown

    return Bar


def ask(call: Callable[[Address], T], address: Address) -> T:
    """Return what `call` returns, or raise one of this package's errors in place of the client's."""
    hub_lists.without_telemetry()
    try:
        return call(address)
    except Exception as error:
        if not is_failure(error):
            raise
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
