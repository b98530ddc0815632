"""The way from readings to downloads: what `rebuild` asks of it, and the statements of `sql/` as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import pandas as pd

from replication.definitions import INTERPOLATED, Variant
from replication.panel.whole_hub import periods
from replication.panel.whole_hub.engines import Engine
from replication.panel.whole_hub.statements import statement

Progress = Callable[[str], None]


class Way(Protocol):
    """Makes the tables between the readings and the downloads."""

    def repositories(
        self, files: Sequence[Path], labels: Sequence[int], earliest: int, progress: Progress
    ) -> None:
        """Make the table `repositories` of the extracts of the readings with these labels."""

    def movers(self, labels: Sequence[int]) -> pd.DataFrame:
        """The counters that moved and fell at each reading (`sql/movements.sql`)."""

    @property
    def missed(self) -> tuple[int, int]:
        """Readings that repositories miss, and how many miss one (`sql/missed_readings.sql`)."""

    def stretch_sums(
        self,
        readings: pd.DataFrame,
        rules: pd.DataFrame,
        frozen: pd.DataFrame,
        stretches: pd.DataFrame,
        progress: Progress,
    ) -> None:
        """Make `stretch_sums`, `spikes`, `overcounts` and `envelopes`.

        Parameters
        ----------
        readings, rules, frozen, stretches
            The tables of these names, which the engine has as well.
        progress
            Called with a line of text.
        """

    def chain_and_counters(self) -> pd.DataFrame:
        """The same by uploader (`sql/chain_and_counters.sql`)."""

    def downloads(self, factor: float, variants: Sequence[Variant], progress: Progress) -> None:
        """Make the table `downloads` of all variants, with the chain scaled by its factor, and `total_0`, … of each."""

    def week_totals(self, weeks: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
        """Downloads of each pair of uploader and origin in each week (`sql/week_totals.sql`)."""


class Statements:
    """By the statements of `sql/`, one after the other, on any engine and any extracts.

    Parameters
    ----------
    engine
        Runs them.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def repositories(
        self,
        files: Sequence[Path],  # noqa: ARG002
        labels: Sequence[int],
        earliest: int,  # noqa: ARG002
        progress: Progress,
    ) -> None:
        """Make the tables `repositories` and `counters`."""
        progress("repositories that were ever downloaded")
        self._engine.make("spans")
        progress("their names and parents")
        self._engine.make_by_label("names", labels)
        self._engine.make("repositories")
        self._engine.drop("spans", "names")
        progress("counters of every repository")
        self._engine.make_by_label("counters", labels)
        found = self._engine.frame(statement("missed_readings")).fillna(0).iloc[0]
        self._missed = int(found["n_missed"]), int(found["n_repositories"])

    def movers(self, labels: Sequence[int]) -> pd.DataFrame:  # noqa: ARG002
        """As the statement."""
        return self._engine.frame(statement("movements"))

    @property
    def missed(self) -> tuple[int, int]:
        """As the statement."""
        return self._missed

    def stretch_sums(
        self,
        readings: pd.DataFrame,  # noqa: ARG002
        rules: pd.DataFrame,  # noqa: ARG002
        frozen: pd.DataFrame,  # noqa: ARG002
        stretches: pd.DataFrame,  # noqa: ARG002
        progress: Progress,
    ) -> None:
        """Make what the gains take as well."""
        self._engine.make("overcounts")
        self._engine.view("rolling_counts")
        for name in (
            "moves", "spikes", "levels", "envelopes", "first_levels", "steps", "missing_counts", "chain",
            "chain_sums", "stretch_sums", "frozen_steps", "last_levels",
        ):  # fmt: skip
            progress(f"running maxima and the chain of 30-day windows: {name}")
            self._engine.make(name)

    def chain_and_counters(self) -> pd.DataFrame:
        """As the statement."""
        return self._engine.frame(statement("chain_and_counters"))

    def downloads(self, factor: float, variants: Sequence[Variant], progress: Progress) -> None:
        """Make the gains, and a table of each variant."""
        self._engine.put("factor", pd.DataFrame({"factor": [factor]}))
        self._engine.make("gains")
        self._engine.drop("counters", "moves", "levels", "steps", "missing_counts", "chain")
        for place, variant in enumerate(variants):
            progress(f"first-year downloads: {variant.id}")
            self._engine.put("periods", pd.DataFrame([periods.period(variant)]))
            self._engine.view("cuts")
            name = "window_totals" if variant.frozen == INTERPOLATED else "totals_as_read"
            self._engine.make(f"total_{place}", name)
        self._engine.union("downloads", [f"total_{place}" for place in range(len(variants))])

    def week_totals(self, weeks: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:  # noqa: ARG002
        """As the statement, which reads the table `panel_pairs` of the engine."""
        self._engine.put("periods", weeks)
        self._engine.view("cuts")
        return self._engine.frame(statement("week_totals"))
