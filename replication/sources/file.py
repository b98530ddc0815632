"""Source "file": a local copy of a released file, Parquet or CSV."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from replication.errors import SourceError
from replication.files import copy_file, sha256_file
from replication.sources import bundled, manifest
from replication.sources.manifest import Manifest

SUFFIXES = {".parquet", ".csv"}


def fetch(path: Path, folder: Path, *, today: str, citation: str, licence: str) -> Manifest:
    """Copy a local released file into the run's folder with a manifest.

    A file whose content is already there is not copied again, and keeps its date of access.

    Raises
    ------
    SourceError
        There is no such file, it cannot be read, it is neither Parquet nor CSV, or it changes
        meanwhile.
    """
    digest = _identity(path)
    known = manifest.read(folder)
    target = folder / target_name(path.name)
    here = known and (known.source, known.filename, known.sha256) == ("file", path.name, digest)
    if known and here and target.is_file() and sha256_file(target) == digest:
        return known
    about = Manifest(
        source="file",
        title="Local copy of a released file",
        citation=citation,
        url="",
        repository="",
        revision="",
        filename=path.name,
        sha256=digest,
        bytes=path.stat().st_size,
        rows=_rows(path),
        accessed=today,
        licence=licence,
        client="",
    )
    twin = bundled.computed_from()
    if digest == twin.sha256:  # the very file behind the bundled panel: say so
        about = replace(twin, source="file", filename=path.name, accessed=today)
    copy_file(path, target)
    if sha256_file(target) != digest:
        target.unlink()
        raise SourceError(f"{path.name} changed while it was read", "run again once it is written")
    manifest.write(folder, about)
    return about


def _identity(path: Path) -> str:
    """Return the SHA-256 of a readable Parquet or CSV file."""
    try:
        if not path.is_file():
            raise SourceError(f"there is no file {path}", "name a .parquet or .csv file: DATA=path")
        if path.suffix.lower() not in SUFFIXES:
            raise SourceError(f"{path.name} is neither .parquet nor .csv", "name a released file")
        return sha256_file(path)
    except OSError as error:
        raise SourceError(
            f"cannot read {path}: {error.strerror}", "check its permissions"
        ) from error


def target_name(filename: str) -> str:
    """Name under which the content of `filename` lies in the run's folder."""
    return f"counters{Path(filename).suffix.lower()}"


def _rows(path: Path) -> int:
    """Count the rows below the header, of which there must be one."""
    try:
        rows = _count(path)
    except (pa.ArrowInvalid, OSError, UnicodeDecodeError, csv.Error) as error:
        reason = str(error).splitlines()[0]
        raise SourceError(
            f"{path.name} is not readable as {path.suffix}: {reason}", "name a released file"
        ) from None
    if rows < 1:
        raise SourceError(f"{path.name} holds no rows", "copy the released file again")
    return rows


def _count(path: Path) -> int:
    """Count the rows below the header as the file has them."""
    if path.suffix.lower() == ".parquet":
        return int(pq.read_metadata(path).num_rows)
    with path.open(encoding="utf-8", newline="") as stream:
        return sum(1 for row in csv.reader(stream, strict=True) if row) - 1
