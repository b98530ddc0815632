"""Snapshots from a dataset of the Hub: listed once, fetched within the bounds of the disk, extracted."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from threading import Event

from replication.definitions import Snapshots
from replication.errors import SourceError
from replication.sources import listing, sidecar
from replication.sources.downloads import Downloads
from replication.sources.extract import Extracted, reader
from replication.sources.listing import Listing, Remote
from replication.sources.room import EXTRACT_SHARE, copied, extracted, require_free
from replication.sources.sidecar import FROM_PATH, OF_CONTENT, OF_HUB, Sidecar
from replication.sources.workers import Job, Progress, Tally, run

ON_ITS_WAY = "downloads"
"""Folder of what is being fetched, gone when the run ends."""


def client() -> str:
    """Name and version of the client that fetches."""
    return f"huggingface_hub {version('huggingface_hub')}"


def listing_of(about: Snapshots, folder: Path, progress: Progress) -> Listing:
    """Return the listing that the folder was begun with, or ask for one and keep it."""
    known = listing.read(folder)
    if known is not None and known.repository == about.repository:
        if about.revision in {"", known.revision}:
            return known
        progress(f"the commit was {known.revision} and is {about.revision} now")
    progress(f"asking the Hub for {about.repository} @ {about.revision or 'main'}")
    found = listing.list_snapshots(about.repository, about.revision)
    progress(f"{len(found.files)} snapshots at commit {found.revision}")
    listing.write(folder, found)
    return found


def wanted(about: Snapshots, file: Remote, revision: str, today: str) -> Sidecar:
    """Return the sidecar of a file as far as it is known before its content is."""
    return Sidecar(
        label=file.label,
        label_from=FROM_PATH,
        filename=file.filename,
        revision=revision,
        sha256=file.sha256,
        sha256_from=OF_CONTENT if about.transport == "files" else OF_HUB,
        bytes=file.bytes,
        rows=0,
        missing=(),
        accessed=today,
        reader=reader(),
        client=client(),
    )


def bring(
    about: Snapshots,
    folder: Path,
    listed: Listing,
    sidecars: Sequence[Sidecar],
    progress: Progress,
) -> None:
    """Make the extracts of a listing's snapshots stand in `folder`.

    Parameters
    ----------
    about
        The dataset.
    folder
        Folder of the run.
    listed
        All snapshots at the commit.
    sidecars
        What is wanted of them, see `wanted`.
    progress
        Called with a line of text.
    """
    due = [one for one in sidecars if _is_due(folder, one, progress)]
    fresh, copies = _split(folder, due)
    progress(
        f"{len(sidecars) - len(due)} of {len(sidecars)} snapshots are here, {len(fresh)} to fetch, "
        f"{len(copies)} of a content that is here or among them"
    )
    if fresh:
        _fetch_all(about, folder, listed, fresh, progress)
    shutil.rmtree(folder / ON_ITS_WAY, ignore_errors=True)
    twins = sidecar.by_content(folder, {one.label for one in copies})
    for one in copies:
        copied(folder, twins[one.sha256], replace(one, sha256_from=OF_HUB))


def _split(folder: Path, due: Sequence[Sidecar]) -> tuple[list[Sidecar], list[Sidecar]]:
    """The first of every content that no extract is of, and the snapshots that repeat a content."""
    seen = set(sidecar.by_content(folder, {one.label for one in due}))
    fresh: list[Sidecar] = []
    copies: list[Sidecar] = []
    for one in due:
        (copies if one.sha256 in seen else fresh).append(one)
        seen.add(one.sha256)
    return fresh, copies


def _fetch_all(
    about: Snapshots, folder: Path, listed: Listing, due: Sequence[Sidecar], progress: Progress
) -> None:
    """Fetch and extract snapshots, as many at a time as the disk may hold."""
    files = {file.label: file for file in listed.files}
    remote = [files[one.label] for one in due]
    stop = Event()
    downloads = Downloads(listed, folder / ON_ITS_WAY, stop)
    downloads.tidy(remote)
    workers = _make_room(about, folder, remote, progress)
    if about.transport == "ranges":
        progress(f"the footers of {len(remote)} snapshots")
        downloads.read_footers(remote)
    jobs: list[Job] = [
        (file.bytes, partial(_fetch_one, about, folder, downloads, file, one))
        for file, one in zip(remote, due, strict=True)
    ]
    tally = Tally(len(due), sum(file.bytes for file in remote), downloads.arrived)
    run(jobs, workers, stop, tally, progress)


def _is_due(folder: Path, wanted: Sidecar, progress: Progress) -> bool:
    """Whether a snapshot must be read; say so where its content is another than before."""
    known = sidecar.read(folder, wanted.label)
    if sidecar.stands(wanted, known):
        return False
    if known is not None:
        progress(f"{wanted.filename} has changed since commit {known.revision[:12]}: read anew")
    return True


def _make_room(about: Snapshots, folder: Path, due: Sequence[Remote], progress: Progress) -> int:
    """Announce what the disk must hold, check that it can, and return how many may run at a time."""
    largest = max(due, key=lambda file: file.bytes)
    if largest.bytes > about.max_bytes:
        raise SourceError(
            f"{largest.filename} has {largest.bytes:,} bytes, more than the {about.max_bytes:,} "
            "that are allowed",
            "check the file on the dataset's page; if it is right, raise snapshots.max_bytes in "
            "definitions.toml",
        )
    workers = min(about.workers, len(due))
    one = largest.bytes
    if about.transport == "files":
        workers = min(workers, about.folder_bytes // one)
    else:
        one = int(one * EXTRACT_SHARE)
    if workers == 0:
        raise SourceError(
            f"{largest.filename} has {one:,} bytes, more than the {about.folder_bytes:,} that may "
            "lie on disk at a time",
            'raise snapshots.folder_bytes in definitions.toml, or set snapshots.transport = "ranges"',
        )
    kept = int(EXTRACT_SHARE * sum(file.bytes for file in due))
    progress(
        f"{sum(file.bytes for file in due):,} bytes to read; on disk at most {workers} x {one:,} "
        f"bytes on their way and about {kept:,} bytes of extracts"
    )
    require_free(folder, workers * one + kept)
    return workers


def _fetch_one(
    about: Snapshots, folder: Path, downloads: Downloads, file: Remote, wanted: Sidecar
) -> Extracted:
    """Bring one snapshot from the Hub, extract it and drop it."""
    path = downloads.whole(file) if about.transport == "files" else downloads.columns(file)
    found = extracted(folder, path, wanted)
    downloads.drop(file)
    return found
