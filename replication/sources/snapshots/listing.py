"""The list of a Hub dataset's snapshots at one commit, asked for once and then kept."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from replication.definitions import COMMIT
from replication.errors import ContractError, HubError
from replication.files import has_its_types, read_json, write_json
from replication.sources.hub import Address, ask, host
from replication.sources.snapshots.cost import Progress

if TYPE_CHECKING:
    from replication.definitions import Snapshots

# huggingface_hub is imported inside the functions: it reads its HF_* variables when it is imported,
# and the command line must start without it.

NAME = "listing.json"
_TREE = "models"
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
    for file in files:
        if not file.sha256:
            raise HubError(
                f"{host()} states no SHA-256 of {file.filename}",
                "check that HF_ENDPOINT is a Hub and not a mirror that keeps no file metadata",
            )
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
    """Return the commit that `main` has, with the retries that `HfApi.dataset_info` lacks."""
    from huggingface_hub import constants
    from huggingface_hub.utils import (  # type: ignore[attr-defined]
        build_hf_headers,
        hf_raise_for_status,
        http_backoff,
    )

    url = f"{constants.ENDPOINT}/api/datasets/{quote(address.repository)}"
    response = http_backoff("GET", url, headers=build_hf_headers())
    hf_raise_for_status(response)
    return str(response.json()["sha"])


def _listed(address: Address) -> tuple[list[Remote], list[str]]:
    """Return the snapshots at a commit and other Parquet files; none where there is no folder."""
    from huggingface_hub import HfApi, RepoFile
    from huggingface_hub.errors import RemoteEntryNotFoundError

    try:
        tree = list(
            HfApi().list_repo_tree(
                address.repository,
                address.filename,
                recursive=True,
                revision=address.revision,
                repo_type="dataset",
            )
        )
    except RemoteEntryNotFoundError:
        return [], []
    files, undated = [], []
    for entry in tree:
        match = _SNAPSHOT.fullmatch(entry.path)
        if not isinstance(entry, RepoFile):
            continue
        if match is not None and label_of(match[1]):
            sha256 = entry.lfs.sha256 if entry.lfs is not None else ""
            files.append(Remote(match[1], entry.path, entry.size, sha256))
        elif entry.path.lower().endswith(".parquet"):
            undated.append(entry.path)
    return files, sorted(undated)
