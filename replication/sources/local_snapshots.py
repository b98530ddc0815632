"""Snapshots of the Hub on this machine: a folder of them by date, or one file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from replication.errors import ContractError, SourceError
from replication.files import read_json, sha256_file
from replication.sources.crawl_extent import in_words, narrowest
from replication.sources.crawl_store import RECORD, SNAPSHOT
from replication.sources.extract import newest_date
from replication.sources.left_out import (
    COPY,
    ELSEWHERE,
    NOT_PARQUET,
    SEVERAL_DATES,
    UNDATED,
    LeftOut,
)
from replication.sources.listing import label_of
from replication.sources.sidecar import FROM_PATH, FROM_ROWS

LAYOUTS = "models/<date>/models.parquet, <date>/models.parquet or <date>.parquet"
"""Where snapshots are looked for; the date may stand anywhere in the name of the file or folder."""
SUFFIX = ".parquet"
MARKER = "SYNTHETIC.json"
"""File of a folder of snapshots that were drawn at random."""
_DATE = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")


@dataclass(frozen=True)
class Local:
    """One snapshot on this machine."""

    label: str
    label_from: str
    path: Path
    filename: str
    """Path below the folder that was named."""


def find(local: Path) -> tuple[list[Local], list[LeftOut]]:
    """Return the snapshots of a folder, or the one file, by label, and the files that are none.

    Parameters
    ----------
    local
        Folder with files in one of `LAYOUTS`, or one Parquet file, which without a date in its path
        gets the newest date of its rows. A link to a file, as the Hub's client makes them, is read
        like the file.

    Raises
    ------
    SourceError
        There is no such folder or file, it holds no snapshot, two different files have one date, a
        file cannot be read, or a folder is a link that leads out of the one that was named.
    """
    if local.is_file():
        return [_single(local)], []
    if not local.is_dir():
        raise SourceError(
            f"there is no folder or file {local}",
            "name a folder of models/<date>/models.parquet, or one Parquet file",
        )
    found: dict[str, Local] = {}
    left: list[LeftOut] = []
    for path, dated in _candidates(local):
        filename = path.relative_to(local).as_posix()
        label, reason = _label(path, dated)
        if not reason:
            _require_file(path, local, filename)
            one = Local(label, FROM_PATH, path, filename)
            reason = _repeats(found.setdefault(label, one), one)
        if reason and (label or reason != NOT_PARQUET):
            left.append(LeftOut(label, filename, reason))
    left += _elsewhere(local)
    if not found:
        raise SourceError(f"the folder {local} holds no snapshot", f"name a folder of {LAYOUTS}")
    return [found[label] for label in sorted(found)], left


def files(local: Path) -> list[Path]:
    """Every Parquet file of a folder, in order: what a run of it may depend on."""
    return sorted(path for path in local.rglob("*") if path.suffix.lower() == SUFFIX)


def _candidates(local: Path) -> Iterator[tuple[Path, str]]:
    """Files that stand where a snapshot may stand, and the text in which each has its date."""
    for path in sorted(local.glob("*")):
        if _is_shown(path, local) and (path.suffix.lower() == SUFFIX or not path.is_dir()):
            yield path, path.stem
    for pattern in ("*/*", "models/*/*"):
        for path in sorted(local.glob(pattern)):
            if _is_shown(path, local) and path.stem.lower() == "models" and path.suffix:
                yield path, path.parent.name


def _is_shown(path: Path, local: Path) -> bool:
    """Whether no part of the path is hidden."""
    return not any(part.startswith(".") for part in path.relative_to(local).parts)


def _label(path: Path, dated: str) -> tuple[str, str]:
    """The date of a file and no reason to leave it out, or a reason."""
    dates = sorted({text for text in _DATE.findall(dated) if label_of(text)})
    label = dates[0] if len(dates) == 1 else ""
    if path.suffix.lower() != SUFFIX:
        return label, NOT_PARQUET
    if label:
        return label, ""
    return "", SEVERAL_DATES if dates else UNDATED


def _repeats(first: Local, other: Local) -> str:
    """The reason to leave out a file of a date that is taken; refuse it where it differs."""
    if first is other:
        return ""
    if sha256_file(first.path) == sha256_file(other.path):
        return COPY
    raise SourceError(f"{other.filename} and {first.filename} are of one date", "keep one of them")


def _elsewhere(local: Path) -> Iterator[LeftOut]:
    """Parquet files that stand where none is looked for."""
    looked_at = {path for path, _ in _candidates(local)}
    for path in files(local):
        if path not in looked_at and path.is_file() and _is_shown(path, local):
            yield LeftOut("", path.relative_to(local).as_posix(), ELSEWHERE)


def extent(files: Iterable[Local]) -> str:
    """What part of the Hub these snapshots cover, as their crawls record it.

    Returns
    -------
    str
        The narrowest of their extents, empty where a snapshot says nothing of its own.
    """
    return narrowest(_stated_extent(file.path) for file in files)


def crawled_bad_cells(path: Path) -> dict[str, int]:
    """How many cells of each column the crawl that made a snapshot has emptied; none of other files."""
    told = _record_of_crawl(path).get("bad_cells")
    cells = told.items() if isinstance(told, dict) else ()
    return {str(name): count for name, count in cells if type(count) is int and count > 0}


def _stated_extent(path: Path) -> str:
    """Return what the record of the crawl beside a snapshot says, empty where there is none."""
    return in_words(_record_of_crawl(path).get("scope"))


def _record_of_crawl(path: Path) -> dict[str, Any]:
    """The record of the crawl beside a snapshot; empty where there is none that can be read."""
    record = path.with_name(RECORD)
    if path.name != SNAPSHOT or not record.is_file():
        return {}
    try:
        found = read_json(record)
    except ContractError:
        return {}
    return found if isinstance(found, dict) else {}


def _single(path: Path) -> Local:
    """Return one file with the date in its name or its folder's, else that of its rows."""
    for text in (path.name, path.absolute().parent.name):
        for match in _DATE.findall(text):
            if label_of(match):
                return Local(match, FROM_PATH, path, path.name)
    return Local(newest_date(path), FROM_ROWS, path, path.name)


def _require_file(path: Path, local: Path, filename: str) -> None:
    """Refuse what is no file, what may not be read, and a folder that leads out of the one named."""
    if not path.parent.resolve().is_relative_to(local.resolve()):
        raise SourceError(
            f"the folder of {filename} leads out of {local}",
            "name the folder itself, or put links to the files in its place",
        )
    if not path.is_file():
        raise SourceError(
            f"{filename} is no file, or a link to none", "put the file itself into the folder"
        )
    if not os.access(path, os.R_OK):
        raise SourceError(f"{filename} may not be read", "check its permissions")
