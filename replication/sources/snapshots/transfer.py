"""Snapshots of a Hub dataset: each is fetched whole, examined, extracted and removed.

While one is extracted the next one is fetched, where the disk has space for two. What is on its way
lies in a folder of the run, in the layout of the client's cache: what a run that was killed left
there is used again where it is whole, and cannot be mistaken for the user's own copies.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from replication.errors import HashMismatchError, HubError, SourceError
from replication.files import sha256_file
from replication.sources import hub
from replication.sources.hub_address import Address
from replication.sources.hub_failures import CONTENT
from replication.sources.parquet import footer
from replication.sources.snapshots import sidecar
from replication.sources.snapshots.cost import EXTRACT_SHARE, Pace, Progress, require_free
from replication.sources.snapshots.extract import reader
from replication.sources.snapshots.listing import Listing, Remote
from replication.sources.snapshots.sidecar import FROM_PATH, OF_CONTENT, OF_HUB, Sidecar

if TYPE_CHECKING:
    from replication.definitions import Snapshots

ON_ITS_WAY = "downloads"
"""Folder of what is being fetched, gone when the run ends."""


def wanted(file: Remote, revision: str, today: str) -> Sidecar:
    """Return the sidecar of a file as far as it is known before its content is."""
    return Sidecar(
        label=file.label,
        label_from=FROM_PATH,
        filename=file.filename,
        revision=revision,
        sha256=file.sha256,
        sha256_from=OF_CONTENT,
        bytes=file.bytes,
        rows=0,
        missing=(),
        accessed=today,
        reader=reader(),
        client=hub.client(),
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
    fresh, copies = sidecar.split(folder, due)
    progress(
        f"{len(sidecars) - len(due)} of {len(sidecars)} snapshots are here, {len(fresh)} to fetch, "
        f"{len(copies)} of a content that is here or among them"
    )
    if fresh:
        _fetch(about, folder, listed, fresh, progress)
    shutil.rmtree(folder / ON_ITS_WAY, ignore_errors=True)
    sidecar.copy_all(folder, [replace(one, sha256_from=OF_HUB) for one in copies])


def _is_due(folder: Path, wanted: Sidecar, progress: Progress) -> bool:
    """Whether a snapshot must be read; say so where its content is another than before."""
    known = sidecar.read(folder, wanted.label)
    if sidecar.stands(wanted, known):
        return False
    if known is not None:
        progress(f"{wanted.filename} has changed since commit {known.revision[:12]}: read anew")
    return True


def _fetch(
    about: Snapshots, folder: Path, listed: Listing, due: Sequence[Sidecar], progress: Progress
) -> None:
    """Fetch, extract and remove one snapshot after the other."""
    from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined]

    by_label = {file.label: file for file in listed.files}
    files = [by_label[one.label] for one in due]
    place = folder / ON_ITS_WAY
    _tidy(place, files)
    ahead = _require_space(about, folder, files, progress)
    pace = Pace(len(files), sum(file.bytes for file in files))
    with disable_progress_bars():
        paths = _each(partial(_copy_of, listed, place), files, ahead=ahead)
        for path, one in zip(paths, due, strict=True):
            done = sidecar.make(folder, path, one)
            shutil.rmtree(place / one.label, ignore_errors=True)
            progress(pace.after(done))


def _tidy(place: Path, files: Sequence[Remote]) -> None:
    """Remove what a run that was killed left, but for whole copies of `files`."""
    due = {file.label for file in files}
    for path in place.glob("*"):
        if path.name not in due:
            shutil.rmtree(path, ignore_errors=True)
    for path in place.rglob("*.incomplete"):
        path.unlink(missing_ok=True)


def _require_space(
    about: Snapshots, folder: Path, files: Sequence[Remote], progress: Progress
) -> bool:
    """Check that the disk can hold what it must, and return whether it can hold two snapshots."""
    largest = max(files, key=lambda file: file.bytes)
    hub.refuse_large(largest.filename, largest.bytes, about.max_bytes, "snapshots")
    extracts = int(EXTRACT_SHARE * sum(file.bytes for file in files))
    require_free(folder, largest.bytes + extracts)
    two = shutil.disk_usage(folder).free >= 2 * largest.bytes + extracts
    at_a_time = min(2 if two else 1, len(files))
    progress(
        f"{sum(file.bytes for file in files):,} bytes to read; on disk at most {at_a_time} x "
        f"{largest.bytes:,} bytes on their way and about {extracts:,} bytes of extracts"
    )
    return two


def _each(
    fetch: Callable[[Remote], Path], files: Sequence[Remote], *, ahead: bool
) -> Iterator[Path]:
    """Yield a copy of each file, and fetch the next one while the caller works on it."""
    following: Future[Path] | None = None
    for file, after in zip(files, [*files[1:], None], strict=True):
        path = fetch(file) if following is None else following.result()
        following = _started(fetch, after) if ahead and after is not None else None
        yield path


def _started(fetch: Callable[[Remote], Path], file: Remote) -> Future[Path]:
    """Start to fetch a file beside this thread.

    The thread does not keep the process alive: a run that fails or is interrupted ends at once.
    """
    future: Future[Path] = Future()

    def work() -> None:
        try:
            future.set_result(fetch(file))
        except BaseException as error:  # noqa: BLE001 (raised where the result is asked for)
            future.set_exception(error)

    Thread(target=work, daemon=True).start()
    return future


def _copy_of(listed: Listing, place: Path, file: Remote) -> Path:
    """Return a copy that is what the listing states; a download that is not is repeated once.

    Raises
    ------
    HubError
        The Hub refused, failed or could not be reached, or sent another number of bytes.
    HashMismatchError
        The content is not what the listing states.
    SourceError
        What arrived is not Parquet.
    """
    address = Address(listed.repository, listed.revision, file.filename, "snapshots")
    owned = hub.cached(address)
    if owned is not None and not _difference(owned, file):
        return owned
    try:
        return _downloaded(address, file, place / file.label)
    except SourceError as error:
        if isinstance(error, HubError) and error.fault != CONTENT:
            raise
    return _downloaded(address, file, place / file.label)


def _downloaded(address: Address, file: Remote, cache: Path) -> Path:
    """Download a file, and remove it where it is not what the listing states."""
    try:
        path = hub.download(address, file.bytes, cache=cache)
        footer(path, file.filename)
        difference = _difference(path, file)
        if difference:
            raise HashMismatchError(
                f"{file.filename} has {difference} where the Hub states {file.sha256[:12]}…",
                "the content was changed on its way: run again; if it stays so, check "
                "HF_ENDPOINT, your proxy and your mirror",
            )
    except SourceError:
        shutil.rmtree(cache, ignore_errors=True)
        raise
    return path


def _difference(path: Path, file: Remote) -> str:
    """What a copy has in place of the content that the listing states; empty where it is that."""
    sha256 = sha256_file(path)
    return "" if sha256 == file.sha256 else f"SHA-256 {sha256[:12]}…"
