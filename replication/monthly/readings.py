"""Readings of one folder: what each is, where its file lies, and how it becomes a record.

A reading is the folder `readings/DATE-KIND` with `reading.json`, which is written last: without it a
reading is not there, so that one that was cut off while it was taken in counts for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

from replication.definitions.records import COUNTERS, CRAWL, CREATED, Record, Shape
from replication.errors import ContractError, HashMismatchError
from replication.files import read_json, sha256_file, write_json
from replication.monthly.request import HEAD, WHOLE
from replication.panel.window.paths import COUNTED
from replication.sources.records.one_record import Located

FOLDER, ABOUT = "readings", "reading.json"
KINDS = {
    WHOLE: "every model of the Hub",
    HEAD: "the most downloaded models",
    CRAWL: "the models of chosen namespaces",
    COUNTERS: "cumulative counters of chosen models",
    CREATED: "dates of creation",
}
"""What a reading can be; the order is that in which records are trusted."""
FACTS = "facts"
"""Stands for the date of what holds at any time."""
_SHAPES: dict[str, Shape] = {
    "hub": "list",
    "top": "list",
    "crawl": "crawl",
    "counters": "counters",
    "created": "created",
}
"""How a file of each kind is laid out; a list of the most downloaded may be CSV too."""
_SERIES = "crawls"
_CSV = ".csv"


@dataclass(frozen=True)
class Reading:
    """One reading: what came in on one day.

    Attributes
    ----------
    id
        Its folder: day and kind.
    day
        ISO 8601 date that it is of; empty for creation dates, which hold at any time.
    kind
        One of `KINDS`.
    file
        Its file, relative to the folder of the record.
    sha256, bytes, rows
        Of this file.
    first
        First day, ISO 8601, that it counts downloads of; empty for creation dates.
    cut_off
        Of a complete list: it holds every model with at least this count; 0 for the whole Hub.
    task_lists
        Whether it also holds the hundred most downloaded models of each task.
    lag_days
        Days from the label of a counter to its reading.
    title, licence
        What it is and under which terms, as far as that is known.
    handed_in
        SHA-256 of the file as it was handed in.
    """

    id: str
    day: str
    kind: str
    file: str
    sha256: str
    bytes: int
    rows: int
    first: str
    cut_off: int = 0
    task_lists: bool = False
    lag_days: int = 0
    title: str = ""
    licence: str = ""
    handed_in: str = ""

    @property
    def record(self) -> str:
        """Id of the record that it is part of: all crawls are one, so that they are compared."""
        return _SERIES if self.kind == CRAWL else f"{self.kind}-{self.day or FACTS}"

    @property
    def is_list(self) -> bool:
        """Whether it is a complete list."""
        return self.kind in {WHOLE, HEAD}

    def defined(self) -> Record:
        """The definition by which the readers of records read it."""
        shape = _SHAPES[self.kind]
        if self.kind == HEAD and self.file.endswith(_CSV):
            shape = "top"
        return Record(
            id=self.record, shape=shape, paths=(self.file,), title=self.title, citation="", url="",
            repository="", commit="", licence=self.licence, licence_note="",
            date=date.fromisoformat(self.day) if self.is_list else None,
            cut_off=self.cut_off, task_lists=self.task_lists, lag_days=self.lag_days,
        )  # fmt: skip


def all_of(folder: Path) -> tuple[Reading, ...]:
    """Every reading that is there, in the order of its day and then of `KINDS`.

    Raises
    ------
    ContractError
        The description of a reading is damaged.
    """
    found = [_read(path) for path in sorted((folder / FOLDER).glob(f"*/{ABOUT}"))]
    return tuple(sorted(found, key=lambda one: (one.day, [*KINDS].index(one.kind))))


def _read(path: Path) -> Reading:
    try:
        reading = Reading(**read_json(path))
        if reading.day:
            date.fromisoformat(reading.day)
        if reading.kind not in KINDS or reading.id != path.parent.name:
            raise ValueError(reading.id)
    except (TypeError, ValueError, ContractError):
        raise ContractError(
            f"{path} is damaged", f"remove {path.parent} and take that reading in again"
        ) from None
    return reading


def write(folder: Path, reading: Reading) -> None:
    """Describe a reading whose file is in place: with this it is there."""
    write_json(folder / FOLDER / reading.id / ABOUT, asdict(reading))


def require_unchanged(folder: Path, readings: Iterable[Reading]) -> None:
    """Refuse to compute from a file that is no longer the one that was taken in.

    Raises
    ------
    HashMismatchError
        A file is missing or has other content.
    """
    for one in readings:
        path = folder / one.file
        if not path.is_file() or sha256_file(path) != one.sha256:
            raise HashMismatchError(
                f"{path} is not the file that was taken in as {one.id}",
                f"put that file back, or remove {folder / FOLDER / one.id} and take it in again",
            )


def days(readings: Iterable[Reading]) -> list[date]:
    """Days of the readings, each once, in order."""
    return sorted({date.fromisoformat(one.day) for one in readings if one.day})


def until(readings: Iterable[Reading], day: date) -> tuple[Reading, ...]:
    """Readings up to a day, and what holds at any time; of counters the newest file alone.

    A newer file of counters holds what an older one did.
    """
    some = [one for one in readings if not one.day or date.fromisoformat(one.day) <= day]
    newest = max((one.day for one in some if one.kind == COUNTERS), default="")
    return tuple(one for one in some if one.kind != COUNTERS or one.day == newest)


def located(folder: Path, readings: Sequence[Reading]) -> list[Located]:
    """The records that readings make, in the order in which they are trusted."""
    parts: dict[str, list[Reading]] = {}
    for one in sorted(readings, key=lambda one: ([*KINDS].index(one.kind), one.day)):
        parts.setdefault(one.record, []).append(one)
    return [
        Located(some[0].defined(), "*", folder, tuple(folder / one.file for one in some))
        if some[0].kind == CRAWL
        else Located(some[0].defined(), some[0].file, folder, (folder / some[0].file,))
        for some in parts.values()
    ]


def first_of(day: date) -> str:
    """First day, ISO 8601, that 30-day counts of a day count."""
    return (day - timedelta(days=COUNTED - 1)).isoformat()


def id_of(day: str, kind: str) -> str:
    """Id of the reading of a day and kind."""
    return f"{day or FACTS}-{kind}"


def plain_name(name: str) -> str:
    """A name of a file without anything that a path or a pattern could take for more."""
    return re.sub(r"[^\w.-]", "_", name).lstrip(".") or "file"
