"""The public records of the Hub, as records.toml names them."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from replication.definitions import toml_files
from replication.definitions.sources import COMMIT
from replication.definitions.value_types import (
    TABLE,
    Count,
    Day,
    Flag,
    UnfitError,
    YearDays,
    repeated,
)
from replication.errors import DefinitionError

PACKAGED_RECORDS = Path(__file__).with_name("records.toml")
LIST, TOP, CRAWL, COUNTERS, CREATED = "list", "top", "crawl", "counters", "created"
Shape = Literal["list", "top", "crawl", "counters", "created"]
Id = Annotated[
    str,
    Field(
        pattern="^[a-z0-9][a-z0-9.-]*$",
        description="an id has small letters, digits, dots and hyphens",
    ),
]
Sha256 = Annotated[
    str,
    Field(
        pattern="^([0-9a-f]{64})?$",
        description="give 64 hexadecimal digits in lower case, or an empty text, for each path",
    ),
]
Commits = Annotated[
    str,
    Field(
        pattern="^([0-9a-f]{7,40}( [0-9a-f]{7,40})*)?$",
        description="a commit has 7 to 40 hexadecimal digits in lower case",
    ),
]


@dataclass(frozen=True, config=TABLE)
class Record:
    """One public record of the Hub: where it lies, what it promises, and whose it is."""

    id: Id
    shape: Shape
    """`list` (the whole Hub), `top` (its most downloaded), `crawl` (chosen namespaces at several
    dates), `counters` (a released file of cumulative counters) or `created` (creation dates)."""
    paths: Annotated[
        tuple[str, ...],
        Field(
            min_length=1, description="give at least one path, relative to the folder of records"
        ),
    ]
    """Alternatives relative to the folder of records, tried in order; a `*` stands for any name."""
    title: str
    citation: str
    url: str
    repository: str
    """Address of a Git repository, or empty."""
    commit: Commits
    """Where in it the record was read; several are separated by blanks."""
    licence: str
    licence_note: str
    date: Day | None = None
    """Day on which the counts of a list were read, where no row says otherwise."""
    cut_off: Count = 0
    """A complete list holds every model with at least this count; 0 is the whole Hub."""
    task_lists: Flag = False
    """Whether it also holds the hundred most downloaded models of each task."""
    lag_days: YearDays = 0
    """Days from the label of a counter to its reading."""
    sha256: tuple[Sha256, ...] = ()
    """SHA-256 of what lies at each path, empty where it is not known."""
    optional: Flag = False
    """Whether the records can be read without it."""

    @model_validator(mode="after")
    def _fitting(self) -> Record:
        """Refuse values that do not go together."""
        if any(PurePosixPath(path).is_absolute() for path in self.paths):
            raise UnfitError(
                f"paths = {[*self.paths]} are not all relative",
                "give at least one path, relative to the folder of records",
            )
        if self.shape in {LIST, TOP} and self.date is None:
            raise UnfitError(
                f"a record of shape {self.shape} has no date",
                "a list needs the date on which its counts were read: date = 2025-01-14",
            )
        if len(self.sha256) not in {0, len(self.paths)}:
            raise UnfitError(
                f"sha256 = {[*self.sha256]} does not hold one for each path",
                "give 64 hexadecimal digits in lower case, or an empty text, for each path",
            )
        return self

    @property
    def git_paths(self) -> tuple[str, ...]:
        """Paths of its files inside the repository, for those that git can bring as they are."""
        inside = [p.removeprefix(f"{self.id}/") for p in self.paths if p.startswith(f"{self.id}/")]
        reachable = self.repository and COMMIT.fullmatch(self.commit)
        return tuple(inside) if reachable else ()

    def known_sha256(self, path: str) -> str:
        """SHA-256 that the content at one of `paths` must have, or empty."""
        return dict(zip(self.paths, self.sha256, strict=False)).get(path, "")


@dataclass(frozen=True, config=TABLE)
class RecordsFile:
    """records.toml."""

    record: Annotated[tuple[Record, ...], Field(min_length=1)]


def load_records(path: Path = PACKAGED_RECORDS) -> tuple[Record, ...]:
    """Read the definitions of the records and check them.

    Raises
    ------
    DefinitionError
        The file is missing, is not TOML, has an unknown, missing or mistyped key, or a value that
        cannot be meant.
    """
    records = toml_files.read(RecordsFile, path).record
    twice = repeated([record.id for record in records])
    if twice:
        raise DefinitionError(
            f"{path.name}: id used twice: {twice}", "give every record an id of its own"
        )
    return records
