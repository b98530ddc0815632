"""One record: the files in which it lies, the proof that they are meant, and what was read of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

import pandas as pd

from replication.definitions.records import LIST, TOP, Record
from replication.errors import HashMismatchError, SourceError
from replication.files import sha256_bytes, sha256_file
from replication.sources.defect import Defect

THIRTY_DAY, CUMULATIVE = "thirty-day", "cumulative"
OBSERVATIONS = ["name", "date", "kind", "value", "record"]
MODELS = ["name", "record", "created", "base_models", "task", "listed", "origin"]
TIME = "datetime64[ns]"
_PAGE = re.compile(r"models_page(\d+)\D")


@dataclass(frozen=True)
class Located:
    """A record with the files in which it lies."""

    record: Record
    path: str
    """The one of the record's paths at which it was found."""
    base: Path
    """Folder that the names of the files are relative to."""
    files: tuple[Path, ...]

    @property
    def is_folder(self) -> bool:
        """Whether the path stands for several files."""
        return "*" in self.path

    def name(self, file: Path) -> str:
        """Name of one of the files in messages and hashes, with `/` between folders."""
        return file.relative_to(self.base).as_posix()

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the file, or of the sorted lines `relative path sha256` of all files."""
        if not self.is_folder:
            return sha256_file(self.files[0])
        lines = sorted(f"{self.name(file)} {sha256_file(file)}\n" for file in self.files)
        return sha256_bytes("".join(lines).encode())

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(file.stat().st_size for file in self.files)


def locate(folder: Path, records: Sequence[Record]) -> tuple[Located, ...]:
    """Find the records in `folder`, in the order of `records`.

    Raises
    ------
    SourceError
        There is no such folder, no record lies in it, one that is not optional is missing, or
        pages of a list are missing.
    """
    if not folder.is_dir():
        raise SourceError(f"there is no folder {folder}", "name the folder: RECORDS=folder")
    located = {record.id: _find(folder, record) for record in records}
    here = tuple(one for one in located.values() if one is not None)
    if not here:
        sought = [path for record in records for path in record.paths]
        raise SourceError(
            f"{folder} holds no record: looked for {', '.join(sought)}",
            "name the folder that holds the records: RECORDS=folder",
        )
    for record in records:
        if located[record.id] is None and not record.optional:
            raise SourceError(
                f"{folder} lacks the record {record.id}: looked for {' or '.join(record.paths)}",
                f"put it there ({record.url}), or set optional = true for it in records.toml",
            )
    return here


def _find(folder: Path, record: Record) -> Located | None:
    """Find one record at the first of its paths that is there."""
    for path in record.paths:
        if "*" not in path:
            if (folder / path).is_file():
                file = folder / path
                return Located(record, path, file.parent, (file,))
            continue
        parts = PurePosixPath(path).parts
        fixed = next(n for n, part in enumerate(parts) if "*" in part)
        base = folder.joinpath(*parts[:fixed])
        files = sorted(f for f in base.glob("/".join(parts[fixed:])) if f.is_file())
        if files:
            _require_pages(record, files)
            return Located(record, path, base, tuple(files))
    return None


def _require_pages(record: Record, files: Iterable[Path]) -> None:
    """Refuse a list of numbered pages in which some before the last are missing."""
    numbers = {int(match[1]) for file in files if (match := _PAGE.search(file.name))}
    missing = sorted(set(range(1, max(numbers, default=0) + 1)) - numbers)
    if missing:
        shown = ", ".join(map(str, missing[:5])) + (", …" if len(missing) > 5 else "")
        raise SourceError(
            f"the list {record.id} lacks {len(missing)} of {max(numbers)} pages: {shown}",
            "add all its pages: a part of a list is no list of the whole Hub",
        )


def check_hashes(located: Sequence[Located]) -> None:
    """Refuse content that is not the one whose hash records.toml gives.

    Raises
    ------
    HashMismatchError
        The SHA-256 of a record is another one.
    """
    for one in located:
        known = one.record.known_sha256(one.path)
        if known and one.sha256 != known:
            raise HashMismatchError(
                f"the record {one.record.id} ({one.path}) has SHA-256 {one.sha256[:12]}…, and "
                f"records.toml gives {known[:12]}…",
                "use the content that is meant; if you trust this one, write its SHA-256 "
                f"({one.sha256}) or an empty text into a copy of records.toml",
            )


@dataclass(frozen=True)
class Part:
    """One record as it was read, names as written.

    Attributes
    ----------
    record
        Its definition.
    rows
        Rows of its files.
    observations
        ``name, date, kind, value, record, crawl``; `crawl` is the label of the crawl, or empty.
    models
        ``name, record, created, base_models, task, listed, origin``.
    counts_as_text
        Counts that were written with commas, or as text where a number should stand.
    failed
        Names of models for which the record states an error in place of a count.
    renames
        Latest name of each older name in small letters, where the record knows the identity.
    defects
        What was mended in reading.
    """

    record: Record
    rows: int
    observations: pd.DataFrame
    models: pd.DataFrame
    counts_as_text: int = 0
    failed: tuple[str, ...] = ()
    renames: Mapping[str, str] = field(default_factory=dict)
    defects: tuple[Defect, ...] = ()

    @property
    def aligned(self) -> bool:
        """Whether the models are those of the observations, row by row."""
        return self.record.shape in {LIST, TOP}


def observations(
    record: Record,
    names: pd.Series,
    dates: pd.Series | pd.Timestamp,
    values: pd.Series,
    *,
    kind: str = THIRTY_DAY,
    crawl: str = "",
) -> pd.DataFrame:
    """Tabulate counts, one a row."""
    columns = {"name": names, "date": dates, "kind": kind, "value": values, "record": record.id}
    return _table(columns | {"crawl": crawl}, {"date": TIME, "value": "int64"})


def models(
    record: Record,
    names: pd.Series,
    created: pd.Series | None = None,
    base_models: pd.Series | str = "",
    task: pd.Series | str = "",
    listed: pd.Series | str = "",
    origin: pd.Series | str = "",
) -> pd.DataFrame:
    """Tabulate what a record says of its models, one a row."""
    born = pd.Series(pd.NaT, names.index) if created is None else created
    columns = {"name": names, "record": record.id, "created": born, "base_models": base_models}
    return _table(columns | {"task": task, "listed": listed, "origin": origin}, {"created": TIME})


def empty(columns: list[str]) -> pd.DataFrame:
    """Return an empty table of observations or models."""
    types = {"date": TIME, "created": TIME, "value": "int64"}
    return pd.DataFrame({name: pd.Series(dtype=types.get(name, "str")) for name in columns})


def _table(
    columns: dict[str, pd.Series | pd.Timestamp | str], types: dict[str, str]
) -> pd.DataFrame:
    """Make a table whose columns have these types, and are text otherwise."""
    index = columns["name"].index
    table = pd.DataFrame(columns, index=index).reset_index(drop=True)
    return table.astype({column: types.get(column, "str") for column in table})
