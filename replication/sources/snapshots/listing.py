"""The list of a Hub dataset's snapshots at one commit, asked for once and then kept."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replication.definitions import COMMIT
from replication.errors import ContractError, HubError
from replication.files import has_its_types, read_json, write_json
from replication.sources import hub_lists
from replication.sources.hub import ask
from replication.sources.hub_address import Address, host
from replication.sources.snapshots.cost import Progress

if TYPE_CHECKING:
    from replication.definitions import Snapshots

NAME = "listing.json"
_TREE = "models"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CHECK = "check that HF_ENDPOINT is a Hub"
_SNAPSHOT = re.compile(r"models/([^/]+)/models\.parquet")


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
        known = Listing(value["repository"], value["revision"], files, tuple(value["undated"]))
    except (ContractError, TypeError, KeyError):
        return None
    return known if _is_sound(known) else None


def _is_sound(listing: Listing) -> bool:
    """Whether a listing that was kept holds what one from the Hub does."""
    named = all(isinstance(name, str) for name in listing.undated)
    files = all(has_its_types(one) and label_of(one.label) for one in listing.files)
    commit = has_its_types(listing) and COMMIT.fullmatch(listing.revision)
    return bool(named and files and commit)


def write(folder: Path, listing: Listing) -> None:
    """Keep a listing: the commit that a run began with is the one that it goes on with."""
    write_json(folder / NAME, asdict(listing))


def of_run(about: Snapshots, folder: Path, progress: Progress) -> Listing:
    """Return the listing that the folder was begun with, or ask for one and keep it."""
    known = read(folder)
    if known is not None and known.repository == about.repository:
        if about.revision in {"", known.revision}:
            return known
        progress(f"the commit was {known.revision} and is {about.revision} now")
    progress(f"asking the Hub for {about.repository} @ {about.revision or 'main'}")
    listing = list_snapshots(about.repository, about.revision)
    progress(f"{len(listing.files)} snapshots at commit {listing.revision}")
    write(folder, listing)
    return listing


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
    address = Address(repository, revision or "main", _TREE, "snapshots")
    commit = revision or ask(_newest_commit, address)
    if COMMIT.fullmatch(commit) is None:
        raise HubError(f"{host()} names no commit of {repository}", "check HF_ENDPOINT")
    files, undated = ask(_listed, replace(address, revision=commit))
    ordered = tuple(sorted(files, key=lambda file: file.label))
    return Listing(repository, commit, ordered, tuple(undated))


def label_of(text: str) -> str:
    """Return `text` where it is an ISO 8601 date that exists, else an empty string."""
    try:
        day = date.fromisoformat(text).isoformat()
    except ValueError:
        return ""
    return text if text == day else ""  # 2025-W05-5 is a date too, of another form


def _newest_commit(address: Address) -> str:
    """Return the commit that `main` has."""
    answer = hub_lists.fact(hub_lists.dataset(address.repository))
    return str(answer.get("sha")) if isinstance(answer, dict) else ""


def _listed(address: Address) -> tuple[list[Remote], list[str]]:
    """Return the snapshots at a commit and other Parquet files; none where there is no folder."""
    from huggingface_hub.errors import RemoteEntryNotFoundError

    path = hub_lists.dataset(address.repository, "tree", address.revision, address.filename)
    try:
        return files_of(
            [
                entry
                for page in hub_lists.pages(path, "recursive=true&expand=false")
                for entry in page
            ]
        )
    except RemoteEntryNotFoundError:
        return [], []


def files_of(entries: Any) -> tuple[list[Remote], list[str]]:
    """Snapshots among the entries of a dataset's list of files, and other Parquet files, in order.

    Parameters
    ----------
    entries
        As JSON gives them.

    Raises
    ------
    HubError
        It is no list of files, or states no size or no SHA-256 of a snapshot.
    """
    try:
        listed = [(str(e["path"]), e) for e in entries if e["type"] == "file"]
    except (TypeError, KeyError):
        raise HubError(f"{host()} gives no list of files", _CHECK) from None
    files, undated = [], []
    for path, entry in listed:
        match = _SNAPSHOT.fullmatch(path)
        if match is not None and label_of(match[1]):
            files.append(_remote(match[1], path, entry))
        elif path.lower().endswith(".parquet"):
            undated.append(path)
    return files, sorted(undated)


def _remote(label: str, path: str, entry: dict[str, Any]) -> Remote:
    """One snapshot of the list, with its size and its hash."""
    size, lfs = entry.get("size"), entry.get("lfs")
    sha256 = lfs.get("oid") if isinstance(lfs, dict) else None
    if not isinstance(sha256, str) or _SHA256.fullmatch(sha256) is None:
        raise HubError(
            f"{host()} states no SHA-256 of {path}",
            "check that HF_ENDPOINT is a Hub and not a mirror that keeps no file metadata",
        )
    if type(size) is not int or size < 0:
        raise HubError(f"{host()} states no size of {path}", _CHECK)
    return Remote(label, path, size, sha256)
