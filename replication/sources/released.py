"""Source "released": one file of a Hub dataset at a pinned commit, fetched once and then kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from replication.errors import HubError, SourceError
from replication.files import copy_file, sha256_file
from replication.sources import manifest
from replication.sources.hub_failures import PostponedError, announced_wait, explain, host
from replication.sources.manifest import Manifest

if TYPE_CHECKING:
    from httpx2 import Response
    from huggingface_hub import HfFileMetadata

# huggingface_hub is imported inside the functions: it reads its HF_* variables when it is imported,
# and the command line must start without it.

COUNTERS = "counters.parquet"
MAX_WAIT = 300
"""Seconds of waiting, all told, that the Hub may ask for: the length of its rate-limit window."""

Action = Literal["keep", "download"]
T = TypeVar("T")

_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Release:
    """One file of a Hub dataset at one commit, as study.toml names it."""

    repository: str
    """Owner and name of the dataset."""
    revision: str
    """Commit, 40 hexadecimal digits."""
    filename: str
    """Path of the file inside the dataset."""
    title: str
    citation: str
    url: str
    licence: str
    max_bytes: int
    """Larger content is refused before it is downloaded."""


def fetch(release: Release, folder: Path, *, today: str) -> Manifest:
    """Bring the released file into `folder` and return its manifest.

    Nothing is asked of the network where the folder already holds the file that its manifest
    describes. Otherwise the Hub client's own cache is used where its copy is sound.

    Parameters
    ----------
    release
        The file to fetch.
    folder
        Folder of the run; it receives `COUNTERS` and then the manifest.
    today
        ISO 8601 date, recorded as the date of access of content that was not known before.

    Returns
    -------
    Manifest
        Provenance of the content that is in `folder` now.

    Raises
    ------
    SourceError
        The revision is no commit, the file is too large, or it is not Parquet.
    HashMismatchError
        The content at the pinned commit is not the content that was first read there.
    HubError
        The Hub refused, failed or could not be reached.
    OutputError
        The folder or the Hub client's cache cannot be written.

    """
    _require_commit(release)
    known = manifest.read(folder)
    wanted = _wanted(release, today)
    counters = folder / COUNTERS
    if known is not None and decide(wanted, known, _sha256_if_readable(counters)) == "keep":
        return known
    path, found = _obtain(_Hub(release), wanted, known)
    copy_file(path, counters)
    # After the data: a run that dies in between leaves a hash that does not match, not a false one.
    manifest.write(folder, found)
    return found


def decide(wanted: Manifest, known: Manifest, present: str | None) -> Action:
    """Decide from what is on disk whether the file must be fetched.

    Parameters
    ----------
    wanted
        Manifest with the address that is asked for.
    known
        Manifest of the content that was fetched before.
    present
        SHA-256 of the local file, None where there is none that can be read.

    """
    same = known.same_address(wanted) and present == known.sha256
    return "keep" if same else "download"


def _require_commit(release: Release) -> None:
    """Refuse a branch or a tag, whose content may change."""
    if _COMMIT.fullmatch(release.revision) is None:
        raise SourceError(
            f"revision {release.revision!r} of {release.repository} is not a commit",
            "give released.revision in study.toml the 40 hexadecimal digits of a commit, "
            "in lower case",
        )


def _wanted(release: Release, today: str) -> Manifest:
    """Return the manifest as far as it is known before the content is."""
    return Manifest(
        source="released",
        title=release.title,
        citation=release.citation,
        url=release.url,
        repository=release.repository,
        revision=release.revision,
        filename=release.filename,
        sha256="",
        bytes=0,
        rows=0,
        accessed=today,
        licence=release.licence,
        client=f"huggingface_hub {version('huggingface_hub')}",
    )


def _sha256_if_readable(path: Path) -> str | None:
    """Return the hash of the local file; one that cannot be read is as good as none."""
    try:
        return sha256_file(path)
    except OSError:
        return None


def _obtain(hub: _Hub, wanted: Manifest, known: Manifest | None) -> tuple[Path, Manifest]:
    """Return a sound copy in the client's cache, and its manifest.

    A copy that is already in the cache is examined like any other: an interrupted disk or an
    earlier answer of a proxy must not be believed for ever because it is filed under a commit.
    """
    cached = hub.cached()
    if cached is not None:
        try:
            return cached, _inspect(cached, wanted, known)
        except SourceError:
            if hub.offline():
                raise
    fresh = hub.download(unsound=cached)
    return fresh, _inspect(fresh, wanted, known)


def _inspect(path: Path, wanted: Manifest, known: Manifest | None) -> Manifest:
    """Return the manifest of the content at `path`, or refuse the content."""
    rows = _count_rows(path, wanted.filename)
    found = replace(wanted, sha256=sha256_file(path), bytes=path.stat().st_size, rows=rows)
    manifest.check_unchanged(known, found)
    if known is not None and known.sha256 == found.sha256:
        return replace(found, accessed=known.accessed)
    return found


def _count_rows(path: Path, filename: str) -> int:
    """Return the number of rows that the Parquet footer states."""
    from pyarrow import ArrowException, parquet

    try:
        return int(parquet.read_metadata(path).num_rows)
    except (ArrowException, OSError) as error:
        raise SourceError(
            f"{filename} is {_kind(path)} instead of Parquet",
            "a proxy, a login page or a mirror may have answered in the Hub's place: check the "
            "connection and HF_ENDPOINT, and run again",
        ) from error


def _kind(path: Path) -> str:
    """Say what the content looks like that is not Parquet."""
    with path.open("rb") as stream:
        start = stream.read(256).lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "HTML"
    return "damaged or other content" if start else "empty"


class _Hub:
    """The Hub client for one release, bounded in its waits and with errors to act on."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self._patience = _Patience(MAX_WAIT)

    def offline(self) -> bool:
        """Whether the user has forbidden the client to use the network."""
        from huggingface_hub import is_offline_mode

        return is_offline_mode()

    def cached(self) -> Path | None:
        """Return the client's own copy of the pinned file, None where it has none."""
        from huggingface_hub import try_to_load_from_cache

        found = self._ask(
            lambda: try_to_load_from_cache(
                self._release.repository,
                self._release.filename,
                revision=self._release.revision,
                repo_type="dataset",
            )
        )
        return Path(found) if isinstance(found, str) else None

    def download(self, *, unsound: Path | None) -> Path:
        """Download the file into the client's cache, in place of an unsound copy."""
        _check_announced(self._ask(self._announced), self._release)
        return self._ask(lambda: self._download(unsound))

    def _announced(self) -> HfFileMetadata:
        """Return what the Hub says of the file before any content moves."""
        from huggingface_hub import get_hf_file_metadata, hf_hub_url

        url = hf_hub_url(
            self._release.repository,
            self._release.filename,
            repo_type="dataset",
            revision=self._release.revision,
        )
        return get_hf_file_metadata(url, retry_on_errors=True)

    def _download(self, unsound: Path | None) -> Path:
        """Call the client's download."""
        from huggingface_hub import hf_hub_download

        if unsound is not None:
            # force_download replaces the content but leaves the snapshot's link on the old content
            # where the ETag has changed.
            unsound.unlink(missing_ok=True)
        path = hf_hub_download(
            self._release.repository,
            self._release.filename,
            repo_type="dataset",
            revision=self._release.revision,
            force_download=unsound is not None,
        )
        return Path(path)

    def _ask(self, call: Callable[[], T]) -> T:
        """Return what `call` returns, or raise one of this package's errors."""
        try:
            with _heard_by(self._patience):
                return call()
        # Every class: the client's transports raise their own, which are not part of its interface.
        except Exception as error:  # noqa: BLE001
            failure = explain(error, self._release)
        # Outside the handler: a chained exception would carry the request, and the token with it.
        raise failure


class _Patience:
    """Adds up the waits that the Hub asks for and ends the call that would exceed the limit.

    The client waits as it is told, up to five times and for a day if need be.
    """

    def __init__(self, seconds: int) -> None:
        self._left = seconds

    def __call__(self, response: Response) -> None:
        """Listen to one answer."""
        seconds = announced_wait(response.status_code, response.headers)
        if seconds is None:
            return
        if seconds > self._left:
            raise PostponedError(response.status_code, seconds)
        self._left -= seconds


@contextmanager
def _heard_by(patience: _Patience) -> Iterator[None]:
    """Let `patience` hear every answer that the client receives in the block."""
    from huggingface_hub import get_session

    hooks = get_session().event_hooks["response"]
    hooks.append(patience)
    try:
        yield
    finally:
        hooks.remove(patience)


def _check_announced(announced: HfFileMetadata, release: Release) -> None:
    """Refuse an answer that is not the Hub's for this commit, and a file that is too large."""
    if announced.commit_hash != release.revision or announced.size is None:
        raise HubError(
            f"the answer of {host()} does not state the commit and the size of {release.filename}",
            "check that HF_ENDPOINT is a Hub and that no proxy or login page answers in its place",
        )
    if announced.size > release.max_bytes:
        raise SourceError(
            f"{release.filename} has {announced.size:,} bytes, more than the "
            f"{release.max_bytes:,} that are allowed",
            "check the file on the dataset's page; if it is right, raise released.max_bytes in "
            "study.toml",
        )
