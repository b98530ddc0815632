"""A run: one source of data, its definitions, one folder, and where each thing lies in it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path

from replication import places
from replication.definitions import (
    COMMIT,
    PACKAGED,
    Definitions,
    load_definitions,
    require_consistent,
    values,
)
from replication.kinds import BUNDLED, DUCKDB, RECORDS, RELEASED, SNAPSHOTS, SOURCES
from replication.places import ROOT as ROOT  # noqa: PLC0414 -- where a run is, its repository is

FILE = "file"


@dataclass(frozen=True)
class Run:
    """Where a run reads and writes.

    Parameters
    ----------
    data
        bundled, released, records, snapshots, the path of a local copy of a released file, or a
        folder of snapshots of the whole Hub.
    out
        Folder of the results; `folder_for` names the usual one.
    definitions_path
        The definitions.
    revision
        Commit of the dataset in place of the one in the definitions.
    filename
        File of the released dataset in place of the one in the definitions.
    since, until
        First and last label of the snapshots, in place of those in the definitions.
    engine
        What builds the panel of the whole Hub: duckdb or spark.
    records
        Folder of the public records, of which the published window is rebuilt, whatever the source of
        the counters; None brings them with git for records, else takes the bundled window.
    """

    data: str
    out: Path
    definitions_path: Path = field(default=PACKAGED)
    revision: str = ""
    filename: str = ""
    since: date | None = None
    until: date | None = None
    engine: str = DUCKDB
    records: Path | None = None

    @property
    def kind(self) -> str:
        """Kind of source: one of `kinds.SOURCES`, or file."""
        if self.data in SOURCES:
            return self.data
        return SNAPSHOTS if Path(self.data).is_dir() else FILE

    @property
    def whole_hub(self) -> bool:
        """Whether the panel is of the whole Hub, not of the study's released head of it."""
        return self.kind == SNAPSHOTS

    @property
    def window_from_records(self) -> bool:
        """Whether the published window is rebuilt from the public records, not read from the bundle."""
        return self.kind == RECORDS or self.records is not None

    @property
    def is_committed(self) -> bool:
        """Whether its outputs are those that the repository holds."""
        packaged = self.definitions_path.exists() and self.definitions_path.samefile(PACKAGED)
        return self.data == BUNDLED and packaged

    @property
    def has_released_panel(self) -> bool:
        """Whether the panel of the released file is the bundled one."""
        return self.kind in {BUNDLED, RECORDS}

    @cached_property
    def definitions(self) -> Definitions:
        """The checked definitions."""
        definitions = load_definitions(self.definitions_path, whole=self.whole_hub)
        released = definitions.released.at(revision=self.revision, filename=self.filename)
        snapshots = replace(
            definitions.snapshots,
            revision=self.revision or definitions.snapshots.revision,
            since=self.since or definitions.snapshots.since,
            until=self.until or definitions.snapshots.until,
        )
        definitions = replace(definitions, released=released, snapshots=snapshots)
        require_consistent(definitions)
        return definitions

    @property
    def packaged(self) -> bool:
        """Whether the definitions are the packaged ones, wherever the data come from."""
        return not values.changes(self.definitions)

    @property
    def unsettled(self) -> bool:
        """Whether the source is named by something that may move: a branch, a tag or a short hash."""
        commit = COMMIT.fullmatch(self.definitions.released.revision)
        return self.kind == RELEASED and commit is None

    @property
    def folders_of_data(self) -> tuple[Path, ...]:
        """Folders on this machine that it reads its data from."""
        local = Path(self.data) if self.kind == SNAPSHOTS and self.data != SNAPSHOTS else None
        return tuple(places.resolved(folder) for folder in (local, self.records) if folder)

    @property
    def source(self) -> Path:
        """What was fetched."""
        return self.out / "build" / "source"

    @property
    def panel(self) -> Path:
        """First-year downloads."""
        return self.out / "build" / "panel"

    @property
    def attributed(self) -> Path:
        """First-year downloads with developers and country groups."""
        return self.out / "build" / "attributed"

    @property
    def stages(self) -> Path:
        """Records of what each stage has read and written."""
        return self.out / "build" / "stages"

    @property
    def results(self) -> Path:
        """Tables and numbers."""
        return self.out / "results"

    @property
    def figures(self) -> Path:
        """Figures as SVG, PDF and PNG."""
        return self.out / "figures"

    @property
    def paper(self) -> Path:
        """The paper as TeX, PDF and HTML."""
        return self.out / "paper"

    @property
    def page(self) -> Path:
        """The page on which a reader changes the choices."""
        return self.out / "page"


def folder_for(data: str, definitions: Path = PACKAGED) -> Path:
    """Usual folder of a run: the repository for the bundled panel, runs/NAME for other data."""
    return places.folder_for("" if data == BUNDLED else data, definitions, PACKAGED)
