"""The recovery tables, and whether every mark is met."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from replication.definitions import Window
from replication.validation.recovery import ablation, experiment, shares
from replication.validation.recovery.experiment import Experiment, Progress

FULL = 0
"""Row of the ablation table in which no step is left out."""


@dataclass(frozen=True)
class Recovery:
    """The recovery tables, all of them on synthetic data.

    Attributes
    ----------
    shares
        The table of `shares.recovered`, all Hubs.
    unread
        Percent of the rebuilt window's downloads, by Hub, that were in no snapshot.
    ablation
        The table of `ablation.ablated`, for the first Hub.
    """

    shares: pd.DataFrame
    unread: dict[int, float]
    ablation: pd.DataFrame

    @property
    def missed(self) -> list[str]:
        """Every mark that was missed, in words."""
        wrong = self.shares[~self.shares["ok"]]
        out = [
            f"Hub {r.seed}, {r.window}, {r.statistic}: {r.error:+.3f} points, allowed {r.allowed:.3f}"
            for r in wrong.itertuples()
        ]
        left = self.ablation.drop(index=FULL)
        out += [f"no worse without: {step}" for step in left.loc[~left["worse"], "without"]]
        return out


def recover(
    repositories: int, seeds: int, folder: Path, progress: Progress = lambda _: None
) -> Recovery:
    """Rebuild synthetic Hubs of known truth.

    Parameters
    ----------
    repositories
        Size of each Hub.
    seeds
        How many Hubs: seeds 1, 2, ….
    folder
        Receives snapshots, extracts and the engine's tables; emptied Hub by Hub.
    progress
        Called with a line of text.
    """
    parts, unread, steps = [], {}, pd.DataFrame()
    for seed in range(1, seeds + 1):
        place = folder / f"hub-{seed}"
        try:
            hub = experiment.prepare(seed, repositories, place, progress)
            progress(f"synthetic Hub {seed}: rebuild")
            full = experiment.rebuilt(hub, place / "engine")
            parts.append(shares.recovered(hub, full))
            unread[seed] = experiment.unread(hub, _rebuilt_window(hub))
            if seed == 1:
                steps = ablation.ablated(hub, full, place / "engine", progress)
        finally:
            shutil.rmtree(place, ignore_errors=True)
    return Recovery(pd.concat(parts, ignore_index=True), unread, steps)


def _rebuilt_window(hub: Experiment) -> Window:
    return next(w for w in hub.definitions.windows if w.kind == "rebuild")
