"""What the makers of the analysis's tables read beside other tables, each made once when asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from replication import extent, files, tables
from replication.definitions import Definitions
from replication.pipeline.panel_stage import CHAINED
from replication.places import PAPER
from replication.run import Run
from replication.stages import Progress

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from replication.analysis.cells import Repositories, Weeks
    from replication.analysis.rolling import Breaks
    from replication.analysis.summary_table import Audit
    from replication.analysis.window.data import WindowData
    from replication.attribution.registry import Registry
    from replication.attribution.rules import Rule
    from replication.inference.cells import Cells
    from replication.report.claims import Claim


_CREDITED = (
    "build/attributed/repositories.csv", "build/panel/variants.csv", "replication/data/tasks.csv",
)  # fmt: skip
FILES: dict[str, tuple[str, ...]] = {
    "repositories": _CREDITED,
    "weeks": ("build/attributed/weekly.csv",),
    "headline_cells": _CREDITED,
    "window": (
        "build/attributed/window_repositories.csv",
        "build/panel/window_months.csv",
        "build/attributed/window_dates.csv",
        "build/panel/window_left_out.csv",
        "build/attributed/window_agreement.csv",
    ),
    "chained": (f"build/panel/{CHAINED}",),
    "estimates_alone": _CREDITED,
    "part": ("results/manifest.json",),
    "breaks": ("results/defects.csv",),
    "ledger": ("paper/claims.toml",),
    "published_shares": ("paper/claims.toml",),
    "published_percents": ("paper/claims.toml",),
    "study_downloads": ("paper/claims.toml",),
    "published_gap": ("paper/claims.toml",),
    "published_fractions": ("paper/claims.toml",),
    "registry": ("replication/data/registry.csv", "replication/data/namespaces.csv"),
    "rules_of_evidence": ("replication/data/rules.csv",),
    "audit": ("replication/data/sampling_frame.csv", "replication/data/second_coding.csv"),
    "audited": ("replication/data/sampling_frame.csv", "replication/data/second_coding.csv"),
    "settled": (
        "replication/data/sampling_frame.csv",
        "replication/data/second_coding.csv",
        "replication/data/registry.csv",
        "replication/data/namespaces.csv",
    ),
}
"""Files behind each input that has any, for who asks how a result came to be."""


@dataclass(frozen=True)
class Inputs:
    """Inputs of the analysis, by the names that tables.py uses."""

    run: Run
    progress: Progress

    @property
    def definitions(self) -> Definitions:
        """The definitions."""
        return self.run.definitions

    @cached_property
    def repositories(self) -> Repositories:
        """First-year downloads of every repository, credited, with their cells."""
        from replication.analysis.cells import Repositories
        from replication.attribution import scope

        return Repositories(
            files.read_csv(self.run.attributed / "repositories.csv"),
            self.definitions,
            files.read_csv(self.run.panel / "variants.csv"),
            scope.load(),
        )

    @cached_property
    def weeks(self) -> Weeks:
        """First-year downloads by week, credited, with their cells."""
        from replication.analysis.cells import Weeks

        return Weeks(files.read_csv(self.run.attributed / "weekly.csv"), self.definitions)

    @property
    def headline_cells(self) -> Cells:
        """Cells of the headline by developer."""
        return self.repositories.cells(self.repositories.headline)

    @cached_property
    def window(self) -> WindowData:
        """The published window, credited."""
        from replication.analysis.window.data import WindowData

        folder = self.run.attributed
        return WindowData(
            files.read_csv(folder / "window_repositories.csv"),
            files.read_csv(self.run.panel / "window_months.csv"),
            files.read_csv(folder / "window_dates.csv"),
            files.read_csv(self.run.panel / "window_left_out.csv"),
            files.read_csv(folder / "window_agreement.csv"),
            self.definitions,
        )

    @cached_property
    def chained(self) -> pd.DataFrame | None:
        """Downloads by the chain of 30-day windows, of the whole Hub alone."""
        return files.read_csv(self.run.panel / CHAINED) if self.run.whole_hub else None

    @property
    def estimates_alone(self) -> pd.DataFrame:
        """Estimates without the error of what was rebuilt."""
        from replication.analysis import estimates

        return estimates.estimate(self.repositories, self.progress)

    @property
    def part(self) -> str:
        """What part of the Hub snapshots cover, in words."""
        about = files.read_json(self.run.results / "manifest.json")
        return extent.part(about) if self.run.whole_hub else ""

    @property
    def rolling_widths(self) -> Sequence[int]:
        """Weeks that a rolling sum takes."""
        from replication.analysis.rolling import WIDTHS

        return WIDTHS

    @property
    def breaks(self) -> Breaks:
        """Days at which the readings behind the weekly series change their nature."""
        from replication.analysis.rolling import Breaks

        return Breaks.of(files.read_csv(self.run.results / tables.row("defects").file))

    @cached_property
    def ledger(self) -> Sequence[Claim]:
        """The published figures."""
        from replication.report import claims

        return claims.load(PAPER / "claims.toml")

    @property
    def published_shares(self) -> Mapping[str, float]:
        """The study's published shares in percent, by country group."""
        from replication.report import claims

        return claims.published_shares(self.ledger)

    @property
    def published_percents(self) -> Mapping[str, float]:
        """Every published percentage, by claim."""
        from replication.report import claims

        return claims.published_percents(self.ledger)

    @property
    def study_downloads(self) -> float:
        """The downloads that the study's abstract prints."""
        from replication.report import claims

        return claims.study_downloads(self.ledger)

    @property
    def published_gap(self) -> float:
        """China's published share less that of the USA, as a fraction."""
        shares = self.published_shares
        return (shares["China"] - shares["USA"]) / 100

    @property
    def published_fractions(self) -> Mapping[str, float]:
        """The published shares and lead, as fractions."""
        shares = self.published_shares
        return {
            "china": shares["China"] / 100,
            "usa": shares["USA"] / 100,
            "lead": self.published_gap,
        }

    @cached_property
    def registry(self) -> Registry:
        """The registry of developers."""
        from replication.attribution import registry

        return registry.load(self.definitions.group_of)

    @cached_property
    def rules_of_evidence(self) -> Sequence[Rule]:
        """The rules on repositories."""
        from replication.attribution import rules

        return rules.load()

    @cached_property
    def audit(self) -> Audit:
        """The second coding: what was drawn, both codings, and how the classes were confused."""
        from replication.analysis.summary_table import Audit
        from replication.attribution import audit

        frame, codings = audit.load(self.definitions.group_of)
        nowhere = set(self.definitions.unattributed)
        return Audit(frame, codings, audit.confusion(codings, self.definitions.group_of, nowhere))

    @property
    def audited(self) -> np.ndarray[Any, Any]:
        """How often the second coding moved a developer from one class to another."""
        return self.audit.confusion

    @property
    def settled(self) -> Any:
        """Developers whose class the second coding confirms."""
        from replication.attribution import audit

        group_of, nowhere = self.definitions.group_of, set(self.definitions.unattributed)
        developer_of = self.registry.developer_of
        return audit.settled(self.audit.codings, developer_of, group_of, nowhere)
