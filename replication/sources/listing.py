"""The list of a Hub dataset's snapshots at one commit, and questions to the Hub with bounded waits."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from replication.definitions import COMMIT, Release
from replication.errors import ContractError, HubError
from replication.files import read_json, write_json
from replication.sources.hub_failures import explain, host
from replication.sources.hub_file import MAX_WAIT, Patience, heard_by

if TYPE_CHECKING:
    from httpx2 import Response

# huggingface_hub is imported inside the functions: it reads its HF_* variables when it is imported,
# and the command line must start without it.

NAME = "listing.json"
_TREE = "models"
_SNAPSHOT = re.compile(r"models/([^/]+)/models\.parquet")

T = TypeVar("T")


@dataclass(frozen=True)
class Remote:
    """One snapshot as the Hub lists it."""

    label: str
    """ISO 8601 date, from the path."""
    filename: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Listing:
    """All snapshots of a dataset at one commit, in order."""

    repository: str
    revision: str
    """Commit, 40 hexadecimal digits."""
    files: tuple[Remote, ...]
    undated: tuple[str, ...] = ()
    """Other Parquet files beside them, whose path names no date."""


def read(folder: Path) -> Listing | None:
    """Return the listing that an earlier run kept, None where there is none that can be read."""
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        value = read_json(path)
        files = tuple(Remote(**one) for one in value["files"])
        return Listing(value["repository"], value["revision"], files, tuple(value["undated"]))
    except (ContractError, TypeError, KeyError):
        return None


def write(folder: Path, listing: Listing) -> None:
    """Keep a listing: the commit that a run began with is the one that it goes on with."""
    write_json(folder / NAME, asdict(listing))


def list_snapshots(repository: str, revision: str) -> Listing:
    """Ask the Hub for the snapshots of a dataset.

    Parameters
    ----------
    repository
        Owner and name of the dataset.
    revision
        Commit, or empty for the one that `main` has now.

    Raises
    ------
    HubError
        The Hub refused, failed, could not be reached, or states no hash of a file.
    SourceError
        The repository is no name of a dataset.
    """
    commit = revision or ask(lambda: _newest_commit(repository), repository, "main", _TREE)
    if COMMIT.fullmatch(commit) is None:
        raise HubError(f"{host()} names no commit of {repository}", "check HF_ENDPOINT")
    found, undated = ask(lambda: _listed(repository, commit), repository, commit, _TREE)
    for file in found:
        if not file.sha256:
            raise HubError(
                f"{host()} states no SHA-256 of {file.filename}",
                "check that HF_ENDPOINT is a Hub and not a mirror that keeps no file metadata",
            )
    files = tuple(sorted(found, key=lambda file: file.label))
    return Listing(repository, commit, files, tuple(undated))


def label_of(text: str) -> str:
    """Return `text` where it is an ISO 8601 date that exists, else an empty string."""
    try:
        day = date.fromisoformat(text).isoformat()
    except ValueError:
        return ""
    return text if text == day else ""  # 2025-W05-5 is a date too, of another form


def ask(call: Callable[[], T], repository: str, revision: str, filename: str) -> T:
    """Return what `call` returns, or raise one of this package's errors.

    Parameters
    ----------
    call
        Asks the Hub, in this thread.
    repository, revision, filename
        What is asked for, as an error names it.

    Raises
    ------
    HubError
        The Hub refused, failed, asked for too long a wait, or could not be reached.
    SourceError
        The repository is no name of a dataset.
    OutputError
        The disk failed.
    """
    try:
        with heard_by(_OwnPatience()):
            return call()
    # Every class: the client's transports raise their own, which are not part of its interface.
    except Exception as error:  # noqa: BLE001
        asked = Release(repository, revision, filename, "", "", "", "", max_bytes=1)
        failure = explain(error, asked)
    # Outside the handler: a chained exception would carry the request, and the token with it.
    raise type(failure)(failure.what, failure.remedy.replace("released", "snapshots"))


class _OwnPatience(Patience):
    """Hears only its own thread: the client has one session, whose answers all threads would hear."""

    def __init__(self) -> None:
        super().__init__(MAX_WAIT)
        self._thread = get_ident()

    def __call__(self, response: Response) -> None:
        """Listen to one answer."""
        if get_ident() == self._thread:
            super().__call__(response)


def _newest_commit(repository: str) -> str:
    """Return the commit that `main` has, with the retries that `HfApi.dataset_info` lacks."""
    from huggingface_hub import constants
    from huggingface_hub.utils import (  # type: ignore[attr-defined]
        build_hf_headers,
        hf_raise_for_status,
        http_backoff,
    )

    url = f"{constants.ENDPOINT}/api/datasets/{quote(repository)}"
    response = http_backoff("GET", url, headers=build_hf_headers())
    hf_raise_for_status(response)
    return str(response.json()["sha"])


def _listed(repository: str, commit: str) -> tuple[list[Remote], list[str]]:
    """Return the snapshots at a commit and other Parquet files; none where there is no folder."""
    from huggingface_hub import HfApi, RepoFile
    from huggingface_hub.errors import RemoteEntryNotFoundError

    try:
        tree = list(
            HfApi().list_repo_tree(
                repository, _TREE, recursive=True, revision=commit, repo_type="dataset"
            )
        )
    except RemoteEntryNotFoundError:
        return [], []
    found, undated = [], []
    for entry in tree:
        match = _SNAPSHOT.fullmatch(entry.path)
        if not isinstance(entry, RepoFile):
            continue
        if match is not None and label_of(match[1]):
            sha256 = entry.lfs.sha256 if entry.lfs is not None else ""
            found.append(Remote(match[1], entry.path, entry.size, sha256))
        elif entry.path.lower().endswith(".parquet"):
            undated.append(entry.path)
    return found, sorted(undated)
