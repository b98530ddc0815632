"""A run: one source of data, one study, one folder, and where each thing lies in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from replication import study as definitions
from replication.study import Study

ROOT = Path(__file__).resolve().parents[1]
BUNDLED, RELEASED = "bundled", "released"


@dataclass(frozen=True)
class Run:
    """Where a run reads and writes.

    Parameters
    ----------
    data
        bundled, released, or the path of a local copy of a released file.
    out
        Folder of the results; `folder_for` names the usual one.
    study_path
        The definitions.
    revision
        Commit of the released dataset in place of the one in the definitions.
    """

    data: str
    out: Path
    study_path: Path = field(default=definitions.DEFAULT)
    revision: str = ""

    @cached_property
    def study(self) -> Study:
        """The checked definitions."""
        study = definitions.load(self.study_path)
        if not self.revision:
            return study
        return replace(study, released=replace(study.released, revision=self.revision))

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


def folder_for(data: str) -> Path:
    """Usual folder of a run: the repository for the bundled panel, runs/NAME for other data."""
    if data == BUNDLED:
        return ROOT
    name = data if data == RELEASED else Path(data).stem
    return ROOT / "runs" / (re.sub(r"[^\w.-]", "_", name).strip(".") or "run")
