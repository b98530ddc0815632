"""Snapshots of the Hub on this machine: a folder of them by date, or one file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from replication.errors import ContractError, SourceError
from replication.files import read_json, sha256_file
from replication.processes import cores, each
from replication.sources.crawl.extent import in_words, narrowest
from replication.sources.crawl.store import RECORD, SNAPSHOT
from replication.sources.left_out import (
    COPY,
    ELSEWHERE,
    NOT_PARQUET,
    SEVERAL_DATES,
    UNDATED,
    LeftOut,
)
from replication.sources.parquet import footer
from replication.sources.snapshots import sidecar
from replication.sources.snapshots.columns import chosen
from replication.sources.snapshots.cost import EXTRACT_SHARE, Pace, Progress, require_free
from replication.sources.snapshots.extract import newest_date, reader
from replication.sources.snapshots.listing import label_of
from replication.sources.snapshots.sidecar import FROM_PATH, FROM_ROWS, OF_CONTENT, Sidecar

LAYOUTS = "models/<date>/models.parquet, <date>/models.parquet or <date>.parquet"
"""Where snapshots are looked for; the date may stand anywhere in the name of the file or folder."""
SUFFIX = ".parquet"
MARKER = "SYNTHETIC.json"
"""File of a folder whose snapshots are synthetic: no result of theirs is a finding."""
AT_A_TIME = 2
"""Snapshots that are extracted at a time, where there are as many cores: each needs memory by its rows."""
WORTH_A_PROCESS = 100_000_000
"""Bytes of snapshots from which on a second process saves more than its start takes."""
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
    by_label: dict[str, Local] = {}
    left: list[LeftOut] = []
    for path, dated in _candidates(local):
        filename = path.relative_to(local).as_posix()
        label, reason = _label(path, dated)
        if not reason:
            _require_file(path, local, filename)
            one = Local(label, FROM_PATH, path, filename)
            reason = _repeats(by_label.setdefault(label, one), one)
        if reason and (label or reason != NOT_PARQUET):
            left.append(LeftOut(label, filename, reason))
    left += _elsewhere(local)
    if not by_label:
        raise SourceError(f"the folder {local} holds no snapshot", f"name a folder of {LAYOUTS}")
    return [by_label[label] for label in sorted(by_label)], left


def extract_all(folder: Path, files: Sequence[Local], today: str, progress: Progress) -> None:
    """Make the extracts of local snapshots stand in `folder`.

    Every footer is read before the first snapshot is. Of files of one content one is extracted, and of many
    bytes two files at a time.

    Parameters
    ----------
    folder
        Folder of the run.
    files
        The snapshots, in order.
    today
        ISO 8601 date of access of content that was not known before.
    progress
        Called with a line of text.
    """
    for file in files:
        chosen(footer(file.path, file.filename).schema.to_arrow_schema(), file.filename)
    total = sum(file.path.stat().st_size for file in files)
    require_free(folder, int(EXTRACT_SHARE * total))
    due = []
    for number, file in enumerate(files, 1):
        wanted = _wanted(file, today)
        if not sidecar.stands(wanted, sidecar.read(folder, file.label)):
            due.append(wanted)
        progress(f"{number} of {len(files)} snapshots hashed, {len(due)} to read")
    fresh, copies = sidecar.split(folder, due)
    paths = {file.label: file.path for file in files}
    pace = Pace(len(fresh), sum(one.bytes for one in fresh))
    snapshots = [(paths[one.label], one) for one in fresh]
    count = min(AT_A_TIME, cores()) if pace.bytes > WORTH_A_PROCESS else 1
    for _, one in each(partial(_made, folder), snapshots, count):
        progress(pace.after(one))
    sidecar.copy_all(folder, copies)


def _made(folder: Path, snapshot: tuple[Path, Sidecar]) -> Sidecar:
    """Make the extract of one snapshot."""
    return sidecar.make(folder, *snapshot)


def _wanted(file: Local, today: str) -> Sidecar:
    """Return the sidecar of a file as far as it is known without its rows."""
    return Sidecar(
        label=file.label,
        label_from=file.label_from,
        filename=file.filename,
        revision="",
        sha256=sha256_file(file.path),
        sha256_from=OF_CONTENT,
        bytes=file.path.stat().st_size,
        rows=0,
        missing=(),
        accessed=today,
        reader=reader(),
        client="",
        bad_cells=_crawled_bad_cells(file.path),
    )


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


def _crawled_bad_cells(path: Path) -> dict[str, int]:
    """How many cells of each column the crawl that made a snapshot has emptied; none of other files."""
    counts = _record_of_crawl(path).get("bad_cells")
    cells = counts.items() if isinstance(counts, dict) else ()
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
        content = read_json(record)
    except ContractError:
        return {}
    return content if isinstance(content, dict) else {}


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
