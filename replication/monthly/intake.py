"""Take a file in as a reading: everything is checked before anything of the folder changes."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from replication.definitions import Definitions
from replication.definitions.records import COUNTERS, CRAWL, CREATED
from replication.errors import ContractError, SourceError
from replication.files import copy_file, sha256_file, write_text
from replication.monthly import readings
from replication.monthly.readings import Reading
from replication.monthly.recognition import COVERS, Known, recognised
from replication.monthly.request import HEAD, SMALLEST, WHOLE, Extent, file_of, unsaid
from replication.plain import quantity
from replication.sources.records.joining import read_located
from replication.sources.records.one_record import CUMULATIVE, Located
from replication.sources.records.record_set import Records

NEAR = 1.5
"""A list that is complete down to a count holds one below so many times that count."""
CLOSE = timedelta(days=7)
"""Days by which the dates that a file states may miss the day that it is taken in for."""
LATE_SHARE = 0.01
"""Part of a list that may state a creation after its day: a name that was given anew."""
_LINES = "models.jsonl"
_SAY_DATE = "name the day on which it was read: DATE=2024-09-20"


@dataclass(frozen=True)
class Offered:
    """A file that is handed in, as far as it is known before its cells are read.

    Attributes
    ----------
    file
        Where it lies.
    sha256
        Of its content.
    known
        What it is, or the reading as which it was taken in before.
    """

    file: Path
    sha256: str
    known: Known | Reading


@dataclass(frozen=True)
class Taken:
    """A reading that was asked for, and whether it is new."""

    reading: Reading
    is_new: bool


def look(
    file: Path, folder: Path, *, day: date | None = None, said: Extent | None = None
) -> Offered:
    """Look at a file that is to be taken in, before anything else is done.

    Parameters
    ----------
    file
        A list (.parquet, .csv), a crawl (.jsonl), counters or creation dates.
    folder
        Folder of the record.
    day
        Day on which it was read, where the file does not say so itself.
    said
        What it covers, of a list that does not say so itself.

    Raises
    ------
    SourceError
        The file is none that can be read, or its day or extent is not known or is said to be another one.
    """
    sha256 = sha256_file(file_of(file))
    for one in readings.all_of(folder):
        if sha256 in {one.sha256, one.handed_in}:
            _require_same(one, day, said, folder)
            return Offered(file, sha256, one)
    known = _dated(_with_extent(recognised(file, sha256), said, file), day, file)
    if known.day == "" and known.kind in {WHOLE, HEAD}:
        raise SourceError(f"{file} does not say of which day it is", _SAY_DATE)
    return Offered(file, sha256, known)


def take(
    offered: Offered, folder: Path, definitions: Definitions, *, anyway: bool = False
) -> Taken:
    """Take a file into the record as the reading of a day.

    Parameters
    ----------
    offered
        The file. One that lies in the folder itself stays where it is, any other is copied.
    folder
        Folder of the record.
    definitions
        Country groups and rules by which counters are read, and the share of rows below which a list
        is taken for a part.
    anyway
        Take it though it looks like a part of what was there before.

    Raises
    ------
    SourceError
        It looks like a part, its cells contradict its day or extent, it was changed since it was looked
        at, or another one of the same day and kind is there.
    ContractError
        A cell cannot be read: the message names the file, the line and the remedy.
    OutputError
        The folder cannot be written.
    """
    if isinstance(offered.known, Reading):
        return Taken(offered.known, is_new=False)
    there = readings.all_of(folder)
    reading = _described(offered.file, offered.sha256, offered.known, definitions)
    _require_free(reading, there, folder)
    if not anyway:
        _require_whole(reading, there, definitions)
    return Taken(_stored(reading, offered.file, folder), is_new=True)


def _require_same(one: Reading, day: date | None, said: Extent | None, folder: Path) -> None:
    """Refuse to take what is there for anything else: one file is one reading."""
    other_day = day and one.day and one.day != day.isoformat()
    if other_day or (said and not said.agrees(one.kind, one.cut_off)):
        raise SourceError(
            f"this file is there as the reading {_words(one.kind, one.day, one.cut_off)}, not of what DATE "
            "or COVERS says",
            f"leave them away; or remove {folder / readings.FOLDER / one.id} and take it in anew",
        )


def _with_extent(known: Known, said: Extent | None, file: Path) -> Known:
    """What the user says that a list covers; nobody's word is taken against a file's own."""
    if known.kind == COVERS:
        if said is None:
            raise unsaid(file)
        return replace(known, kind=said.kind, cut_off=said.cut_off)
    if said and not said.agrees(known.kind, known.cut_off):
        raise SourceError(
            f"{file} is known to be {_words(known.kind, known.day, known.cut_off)}, not what COVERS says",
            "leave COVERS away",
        )
    return known


def _words(kind: str, day: str, cut_off: int) -> str:
    """What a reading is, in words."""
    depth = f" down to {cut_off:,} downloads" if cut_off > 0 else ""
    return f"of {day or 'any day'}, {readings.KINDS[kind]}{depth}"


def _dated(known: Known, day: date | None, file: Path) -> Known:
    """The day that the user names, else the one that is known."""
    if day and known.day and abs(day - date.fromisoformat(known.day)) > CLOSE:
        raise SourceError(
            f"{file} is known to be of {known.day}, not of {day}",
            f"leave DATE away, or {_SAY_DATE}",
        )
    return replace(known, day=day.isoformat() if day else known.day)


def _described(file: Path, sha256: str, known: Known, definitions: Definitions) -> Reading:
    """Read every cell, and say what the file is."""
    reading = Reading(
        readings.id_of(known.day, known.kind), known.day, known.kind, file.name, sha256,
        file.stat().st_size, 0, "", max(known.cut_off, 0), known.task_lists, known.lag_days,
        known.title or file.name, known.licence, sha256,
    )  # fmt: skip
    if known.kind == CRAWL:
        return _of_crawl(file, reading, definitions)
    part = Located(reading.defined(), "file", file.parent, (file,))
    tables, summaries = read_located([part], definitions)
    rows = summaries[part.record.id].rows
    if known.kind == CREATED:
        return replace(reading, id=readings.id_of("", CREATED), day="", rows=rows)
    _require_counts(tables, file)
    if known.kind == COUNTERS:
        return _of_counters(tables, replace(reading, rows=rows))
    _require_day(tables, reading, file)
    counts = tables.observations["value"]
    cut = int(counts[counts > 0].min()) if known.cut_off == SMALLEST else known.cut_off
    if cut and int(counts.min()) > NEAR * cut:
        raise SourceError(
            f"{file} is said to be complete down to {cut:,} downloads and holds none below "
            f"{int(counts.min()):,}: it is a part",
            "hand in the whole list, or say what it covers: COVERS=top",
        )
    first = readings.first_of(date.fromisoformat(reading.day))
    return replace(reading, rows=rows, first=first, cut_off=cut)


def _require_counts(tables: Records, file: Path) -> None:
    """Refuse a table without any downloads."""
    if not (tables.observations["value"] > 0).any():
        raise SourceError(f"{file} states no downloads", "hand in a reading with counts")


def _require_day(tables: Records, reading: Reading, file: Path) -> None:
    """Refuse a day that the dates of the file cannot be of."""
    day = pd.Timestamp(reading.day)
    counted = tables.observations["date"].max()
    late = int(tables.defects.set_index("check")["rows"]["created-after-first-count"])
    if late > LATE_SHARE * len(tables.observations):
        raise SourceError(
            f"{late:,} of the {len(tables.observations):,} models of {file} were created later than "
            f"{reading.day}",
            _SAY_DATE,
        )
    if abs(counted.normalize() - day) > CLOSE:
        raise SourceError(
            f"{file} states counts of {counted:%Y-%m-%d}, not of {reading.day}", _SAY_DATE
        )


def _of_counters(tables: Records, reading: Reading) -> Reading:
    """Counters are of the day of their last reading."""
    dates = tables.observations.loc[tables.observations["kind"] == CUMULATIVE, "date"]
    day = f"{dates.max():%Y-%m-%d}"
    first, id_ = f"{dates.min():%Y-%m-%d}", readings.id_of(day, COUNTERS)
    return replace(reading, id=id_, day=day, first=first)


def _of_crawl(file: Path, reading: Reading, definitions: Definitions) -> Reading:
    """A crawl is of the last day that its lines name."""
    text = _text_of(file)
    last = _last_day(text, file)
    if reading.day and abs(date.fromisoformat(reading.day) - last) > CLOSE:
        raise SourceError(f"{file} was crawled on {last}, not on {reading.day}", _SAY_DATE)
    day = reading.day or last.isoformat()
    with tempfile.TemporaryDirectory() as name:  # a crawl is read by the day in its path
        path = Path(name) / day / _LINES
        write_text(path, text)
        part = Located(reading.defined(), "*", Path(name), (path,))
        tables, summaries = read_located([part], definitions)
    _require_counts(tables, file)
    return replace(
        reading, id=readings.id_of(day, CRAWL), day=day, rows=summaries[part.record.id].rows,
        first=readings.first_of(last),
    )  # fmt: skip


def _text_of(file: Path) -> str:
    """A crawl, one JSON object a line; a snapshot of one's own crawl is put so."""
    if file.suffix == ".parquet":
        return "".join(json.dumps(line) + "\n" for line in _of_snapshot(file))
    try:
        return file.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise ContractError(f"{file} is not UTF-8", "hand in an unchanged copy") from None


def _last_day(text: str, file: Path) -> date:
    """The last day that lines of a crawl name; what else is wrong with them their reader says."""
    days = re.findall(r'"date_crawl": *"([0-9]{4}-[0-9]{2}-[0-9]{2})', text)
    try:
        return date.fromisoformat(max(days))
    except ValueError:
        raise ContractError(
            f"{file} names no day in date_crawl", "hand in a crawl with date_crawl in every line"
        ) from None


def _of_snapshot(file: Path) -> list[dict[str, object]]:
    """Lines of a crawl of the rows of a snapshot that state a name and a count."""
    day = recognised(file, "").day
    table = pq.read_table(file, columns=["id", "downloads"]).drop_null()
    return [
        {"repo": name.partition("/")[0], "model_name": name.partition("/")[2],
         "downloads_last_month": count, "date_crawl": day}
        for name, count in zip(*(table[c].to_pylist() for c in ("id", "downloads")), strict=True)
    ]  # fmt: skip


def _require_free(reading: Reading, there: tuple[Reading, ...], folder: Path) -> None:
    """Refuse a second reading of one day and kind: nothing says which is right."""
    if any(one.id == reading.id for one in there):
        raise SourceError(
            f"another reading of {reading.day or 'no day'} is there, of the same kind",
            f"keep it, or remove {folder / readings.FOLDER / reading.id} and take this one in",
        )


def _require_whole(reading: Reading, there: tuple[Reading, ...], definitions: Definitions) -> None:
    """Refuse a whole list or a crawl that is much shorter than the last one before it."""
    before = [one for one in there if one.kind == reading.kind and one.day < reading.day]
    share = definitions.whole_hub.truncated_share
    if reading.kind in {WHOLE, CRAWL} and before and reading.rows < share * before[-1].rows:
        raise SourceError(
            f"it has {quantity(reading.rows, 'row')}, and the reading of {before[-1].day} has "
            f"{before[-1].rows:,}: it looks like a part",
            "hand in the whole reading; where it is whole, take it anyway: FORCE=1 (--force)",
        )


def _stored(reading: Reading, file: Path, folder: Path) -> Reading:
    """Put the file in its place and describe it, which is the last act."""
    home = folder / readings.FOLDER / reading.id
    inside = file.resolve().is_relative_to(folder.resolve())
    lines = reading.kind == CRAWL and file.suffix == ".parquet"
    if lines:
        target = home / _LINES
        write_text(target, _text_of(file))
    elif inside:
        folder, target = folder.resolve(), file.resolve()
    else:
        target = home / readings.plain_name(file.name)
        copy_file(file, target)
    sha256 = sha256_file(target)
    if sha256 != reading.sha256 and not lines:
        if not inside:
            shutil.rmtree(home)
        raise SourceError(f"{file} changed while it was taken in", "hand it in again")
    stored = replace(
        reading, sha256=sha256, bytes=target.stat().st_size,
        file=target.relative_to(folder).as_posix(),
    )  # fmt: skip
    readings.write(folder, stored)
    return stored
