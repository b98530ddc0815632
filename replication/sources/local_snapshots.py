"""Snapshots of the Hub on this machine: a folder of them by date, or one file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from replication.errors import ContractError, SourceError
from replication.files import read_json
from replication.sources.crawl_extent import in_words, narrowest
from replication.sources.crawl_store import RECORD, SNAPSHOT
from replication.sources.extract import newest_date
from replication.sources.listing import label_of
from replication.sources.sidecar import FROM_PATH, FROM_ROWS
from replication.sources.workers import Progress

LAYOUTS = ("models/*/models.parquet", "*/models.parquet", "*.parquet")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Local:
    """One snapshot on this machine."""

    label: str
    label_from: str
    path: Path
    filename: str
    """Path below the folder that was named."""


def find(local: Path, progress: Progress) -> list[Local]:
    """Return the snapshots of a folder, or the one file, in order of their labels.

    Parameters
    ----------
    local
        Folder with files in one of `LAYOUTS`, where ``*`` is the date, or one Parquet file, which
        without a date in its path gets the newest date of its rows.
    progress
        Told of files in the folder that have no date and are left out.

    Raises
    ------
    SourceError
        There is no such folder or file, two files have one date, or a name leads out of the folder.
    """
    if local.is_file():
        return [_single(local)]
    if not local.is_dir():
        raise SourceError(
            f"there is no folder or file {local}",
            "name a folder of models/<date>/models.parquet, or one Parquet file",
        )
    found: dict[str, Local] = {}
    for path in (path for layout in LAYOUTS for path in sorted(local.glob(layout))):
        filename = path.relative_to(local).as_posix()
        label = label_of(path.parent.name if path.name == "models.parquet" else path.stem)
        if not label:
            progress(f"{filename} has no date in its name and is left out")
            continue
        _require_inside(path, local, filename)
        if label in found:
            raise SourceError(
                f"{filename} and {found[label].filename} are of one date", "keep one of them"
            )
        found[label] = Local(label, FROM_PATH, path, filename)
    if not found:
        raise SourceError(
            f"the folder {local} holds no snapshot",
            "name a folder of models/<date>/models.parquet, <date>/models.parquet or <date>.parquet",
        )
    return [found[label] for label in sorted(found)]


def extent(local: Path, labels: Iterable[str]) -> str:
    """Return what part of the Hub the snapshots of these labels cover, as their crawls record it.

    Parameters
    ----------
    local
        Folder or file, as for `find`.
    labels
        The snapshots that are read.

    Returns
    -------
    str
        The narrowest of their extents, empty where a snapshot says nothing of its own.

    Raises
    ------
    SourceError
        As for `find`.
    """
    chosen = set(labels)
    files = [file for file in find(local, lambda _: None) if file.label in chosen]
    return narrowest(_stated_extent(file.path) for file in files)


def _stated_extent(path: Path) -> str:
    """Return what the record of the crawl beside a snapshot says, empty where there is none."""
    record = path.with_name(RECORD)
    if path.name != SNAPSHOT or not record.is_file():
        return ""
    try:
        found = read_json(record)
    except ContractError:
        return ""
    return in_words(found.get("scope")) if isinstance(found, dict) else ""


def _single(path: Path) -> Local:
    """Return one file with the date in its name or its folder's, else that of its rows."""
    for text in (path.name, path.absolute().parent.name):
        for match in _DATE.findall(text):
            if label_of(match):
                return Local(match, FROM_PATH, path, path.name)
    return Local(newest_date(path), FROM_ROWS, path, path.name)


def _require_inside(path: Path, folder: Path, filename: str) -> None:
    """Refuse a link that leads out of the folder, and what is no file."""
    if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
        raise SourceError(
            f"{filename} leads out of {folder} or to no file",
            "put the file itself into the folder",
        )
