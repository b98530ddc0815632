"""A sound copy of a Hub file: read from the client's cache or the Hub, and examined either way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from replication.errors import HashMismatchError, SourceError
from replication.files import sha256_file
from replication.sources import manifest
from replication.sources.hub_file import HubFile
from replication.sources.manifest import Manifest


def sha256_if_readable(path: Path) -> str | None:
    """Return the hash of the local file; one that cannot be read is as good as none."""
    try:
        return sha256_file(path)
    except OSError:
        return None


def obtain(hub: HubFile, wanted: Manifest, known: Manifest | None) -> tuple[Path, Manifest]:
    """Return a sound copy in the client's cache, and its manifest.

    A copy that is already in the cache is examined like any other: an interrupted disk or an
    earlier answer of a proxy must not be believed for ever because it is filed under a commit.

    Parameters
    ----------
    hub
        The file at one commit.
    wanted
        Its manifest as far as it is known; its `sha256`, unless it is empty, is demanded.
    known
        Manifest of what was read before, None where nothing was.

    Raises
    ------
    SourceError
        The content is too large or not Parquet.
    HashMismatchError
        It is not what was read before at this address, or not what is demanded.
    HubError
        The Hub refused, failed or could not be reached.
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
    if wanted.sha256 not in {"", found.sha256}:
        raise HashMismatchError(
            f"{found.filename} of {found.repository} @ {found.revision} has SHA-256 "
            f"{found.sha256[:12]}… and not the {wanted.sha256[:12]}… that the content must have",
            "it is other content: check released.sha256 and released.mirrors in definitions.toml, "
            "HF_ENDPOINT and your mirror",
        )
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
            f"{filename} is {kind_of(path)} instead of Parquet",
            "a proxy, a login page or a mirror may have answered in the Hub's place: check the "
            "connection and HF_ENDPOINT, and run again",
        ) from error


def kind_of(path: Path) -> str:
    """Say what the content looks like that is not Parquet."""
    with path.open("rb") as stream:
        start = stream.read(256).lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "HTML"
    return "damaged or other content" if start else "empty"
