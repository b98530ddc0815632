"""The public records of the Hub, as records.toml names them: one frozen dataclass each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath

from replication.definitions.toml_tables import build_all, parse, unknown_keys
from replication.errors import DefinitionError
from replication.sources.hub import COMMIT

DEFAULT = Path(__file__).parents[1] / "definitions" / "records.toml"
LIST, TOP, CRAWL, COUNTERS, CREATED = "list", "top", "crawl", "counters", "created"
SHAPES = (LIST, TOP, CRAWL, COUNTERS, CREATED)
_ID = re.compile(r"[a-z0-9][a-z0-9.-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}|")
_COMMITS = re.compile(r"([0-9a-f]{7,40}( [0-9a-f]{7,40})*)?")


@dataclass(frozen=True)
class Record:
    """One public record of the Hub: where it lies, what it promises, and whose it is."""

    id: str
    shape: str
    """`list` (the whole Hub), `top` (its most downloaded), `crawl` (chosen namespaces at several
    dates), `counters` (a released file of cumulative counters) or `created` (creation dates)."""
    paths: tuple[str, ...]
    """Alternatives relative to the folder of records, tried in order; a `*` stands for any name."""
    title: str
    citation: str
    url: str
    repository: str
    """Address of a Git repository, or empty."""
    commit: str
    """Where in it the record was read; several are separated by blanks."""
    licence: str
    licence_note: str
    date: date | None = None
    """Day on which the counts of a list were read, where no row says otherwise."""
    cut_off: int = 0
    """A complete list holds every model with at least this count; 0 is the whole Hub."""
    task_lists: bool = False
    """Whether it also holds the hundred most downloaded models of each task."""
    lag_days: int = 0
    """Days from the label of a counter to its reading."""
    sha256: tuple[str, ...] = ()
    """SHA-256 of what lies at each path, empty where it is not known."""
    optional: bool = False
    """Whether the records can be read without it."""

    @property
    def git_paths(self) -> tuple[str, ...]:
        """Paths of its files inside the repository, for those that git can bring as they are."""
        inside = [p.removeprefix(f"{self.id}/") for p in self.paths if p.startswith(f"{self.id}/")]
        reachable = self.repository and COMMIT.fullmatch(self.commit)
        return tuple(inside) if reachable else ()

    def known_sha256(self, path: str) -> str:
        """SHA-256 that the content at one of `paths` must have, or empty."""
        return dict(zip(self.paths, self.sha256, strict=False)).get(path, "")


def load(path: Path = DEFAULT) -> tuple[Record, ...]:
    """Read the definitions of the records and check them.

    Raises
    ------
    StudyError
        The file is missing, is not TOML, has an unknown, missing or mistyped key, or a value that
        cannot be meant.
    """
    tables = parse(path)
    try:
        if set(tables) - {"record"}:
            raise unknown_keys("top level", set(tables) - {"record"})
        records = build_all(Record, tables.get("record"), "record")
        _check(records)
    except DefinitionError as error:
        raise DefinitionError(f"{path.name}: {error.what}", error.remedy) from None
    return records


def _check(records: Sequence[Record]) -> None:
    """Refuse records without names of their own, and values that cannot be meant."""
    if not records:
        raise DefinitionError("there is no [[record]]", "restore the packaged records.toml")
    ids = [record.id for record in records]
    for number, record in enumerate(records, 1):
        where = f"[[record]] {number} ({record.id})"
        if ids.count(record.id) > 1:
            raise DefinitionError(
                f"{where}: the id is not unique", "give every record an id of its own"
            )
        for key, (is_right, remedy) in _rules(record).items():
            if not is_right:
                raise DefinitionError(f"{where}: {key} = {getattr(record, key)!r}", remedy)


def _rules(record: Record) -> dict[str, tuple[bool, str]]:
    """Return for each key whether its value can be meant, and what to write where it cannot."""
    dated = record.shape not in {LIST, TOP} or record.date is not None
    hashes = [_SHA256.fullmatch(one) is not None for one in record.sha256]
    return {
        "id": (
            _ID.fullmatch(record.id) is not None,
            "an id has small letters, digits, dots and hyphens",
        ),
        "shape": (record.shape in SHAPES, f"a shape is one of {', '.join(SHAPES)}"),
        "paths": (
            bool(record.paths) and not any(PurePosixPath(p).is_absolute() for p in record.paths),
            "give at least one path, relative to the folder of records",
        ),
        "date": (dated, "a list needs the date on which its counts were read: date = 2025-01-14"),
        "sha256": (
            all(hashes) and len(hashes) in {0, len(record.paths)},
            "give 64 hexadecimal digits in lower case, or an empty text, for each path",
        ),
        "commit": (
            _COMMITS.fullmatch(record.commit) is not None,
            "a commit has 7 to 40 hexadecimal digits in lower case",
        ),
    }
