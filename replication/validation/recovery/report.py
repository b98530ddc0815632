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
    """What recovery found, all of it on synthetic data.

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
        wrong = self.shares[~self.shares["held"]]
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
    found, unread, worth = [], {}, pd.DataFrame()
    for seed in range(1, seeds + 1):
        desk = folder / f"hub-{seed}"
        try:
            held = experiment.prepare(seed, repositories, desk, progress)
            progress(f"synthetic Hub {seed}: rebuild")
            full = experiment.rebuilt(held, desk / "engine")
            found.append(shares.recovered(held, full))
            unread[seed] = experiment.unread(held, _rebuilt_window(held))
            if seed == 1:
                worth = ablation.ablated(held, full, desk / "engine", progress)
        finally:
            shutil.rmtree(desk, ignore_errors=True)
    return Recovery(pd.concat(found, ignore_index=True), unread, worth)


def _rebuilt_window(held: Experiment) -> Window:
    return next(w for w in held.definitions.windows if w.kind == "rebuild")
