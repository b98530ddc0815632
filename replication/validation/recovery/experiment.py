"""One synthetic Hub with every defect, through snapshots and extracts to the panel, beside its truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.definitions import Definitions, Window, load_definitions
from replication.panel.whole_hub import readings
from replication.panel.whole_hub.engine_duckdb import DuckDB
from replication.panel.whole_hub.rebuild import Detailed, detailed, rebuild
from replication.sources import snapshots
from replication.validation.synthetic.defects import NEVER, DefectRates, Schedule, schedule
from replication.validation.synthetic.snapshots import weekly_labels, write_snapshots
from replication.validation.synthetic.truth import SyntheticHub, seconds, synthetic_hub

SINCE, UNTIL = date(2024, 7, 24), date(2025, 9, 3)
DEVELOPERS_PER = 20
"""Repositories a developer has, on average."""
Ints = NDArray[np.int64]
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Experiment:
    """A Hub, what goes wrong in its snapshots, and the extracts that were made of them."""

    seed: int
    hub: SyntheticHub
    schedule: Schedule
    extracts: dict[date, Path]
    definitions: Definitions


def defects() -> DefectRates:
    """Every defect at a realistic rate, those of later years moved into the window.

    But for the swing of the 30-day field and labels that are read six days late: the chain's scale is
    measured after the swing, and the reported error holds neither.
    """
    return replace(
        DefectRates.realistic(),
        truncated=(date(2025, 4, 16),),
        stale=(date(2024, 11, 13), date(2025, 1, 22), date(2025, 1, 29)),
        late=(),
        swing=(),
    )


def definitions() -> Definitions:
    """The definitions for the whole Hub, with only what recovery needs of the grid."""
    packaged = load_definitions(whole=True)
    grid = replace(packaged.grid, age_limits_days=(packaged.panel.age_limit_days,))
    return replace(
        packaged, grid=replace(grid, frozen_rules=grid.frozen_rules[:2]), grid_windows=()
    )


def prepare(seed: int, repositories: int, folder: Path, progress: Progress) -> Experiment:
    """Draw a Hub, write its snapshots in the schema of every era, and extract them.

    Parameters
    ----------
    seed
        Of the Hub and of its defects.
    repositories
        How many.
    folder
        Receives the snapshots and the extracts.
    progress
        Called with a line of text.
    """
    progress(f"synthetic Hub {seed}: {repositories:,} repositories, weekly snapshots")
    developers = max(repositories // DEVELOPERS_PER, 2)
    hub = synthetic_hub(repositories, developers, seed, end=UNTIL)
    wrong = schedule(hub, defects(), seed, until=UNTIL)
    write_snapshots(hub, weekly_labels(SINCE, UNTIL), wrong, folder / "hub", lean=True)
    settings = definitions()
    about = replace(settings.snapshots, since=SINCE, until=UNTIL)
    target = folder / "source"
    snapshots.fetch(about, target, local=folder / "hub", today=str(UNTIL), progress=progress)
    extracts = {date.fromisoformat(p.stem): p for p in snapshots.extracts(target)}
    return Experiment(seed, hub, wrong, extracts, settings)


def rebuilt(
    experiment: Experiment,
    folder: Path,
    engine: Callable[[Path], DuckDB] = DuckDB,
    choose: Callable[[pd.DataFrame, float], readings.Readings] = readings.choose,
) -> Detailed:
    """Rebuild first-year downloads from the extracts.

    Parameters
    ----------
    experiment
        What `prepare` made.
    folder
        Receives the engine's tables while it runs.
    engine, choose
        The engine, and what chooses the readings; an ablation gives others.
    """
    share = experiment.definitions.whole_hub.truncated_share
    with engine(folder) as running:
        panel = rebuild(
            experiment.extracts,
            experiment.definitions,
            running,
            truncated_share=share,
            choose=choose,
        )
        return detailed(panel, running, experiment.definitions)


def truth(experiment: Experiment, window: Window) -> Ints:
    """Exact first-year downloads (n,) of each repository in a window.

    A repository that was deleted counts up to the last reading that could see it: what it gained in
    the days that were left is in no snapshot, and no method can know it (`unread`).
    """
    return _until(experiment, window, _last_seen(experiment))


def unread(experiment: Experiment, window: Window) -> float:
    """Percent of a window's downloads that no snapshot saw, since their repository was deleted."""
    whole = _until(experiment, window, experiment.schedule.deleted_at).sum()
    return float(100 * (1 - truth(experiment, window).sum() / whole))


def _last_seen(experiment: Experiment) -> Ints:
    """Moment (n,) of the last reading before each repository was deleted."""
    wrong = experiment.schedule
    moments = np.array([-1, *(wrong.read_at(day) for day in sorted(experiment.extracts))])
    before = np.maximum.accumulate(moments)[np.searchsorted(moments, wrong.deleted_at) - 1]
    return np.asarray(np.where(wrong.deleted_at == NEVER, NEVER, before), dtype=np.int64)


def _until(experiment: Experiment, window: Window, gone: Ints) -> Ints:
    """First-year downloads (n,) in a window, up to a moment (n,)."""
    hub, limit = experiment.hub, experiment.definitions.panel.age_limit_days
    since, until = seconds(window.start), seconds(window.last) + readings.DAY
    level = hub.counters(np.minimum(np.minimum(hub.created + limit * readings.DAY, gone), until))
    if window.kind == "cohort":
        born = (hub.created >= since) & (hub.created < seconds(window.end) + readings.DAY)
        return np.asarray(np.where(born, level, 0), dtype=np.int64)
    gained = level - hub.counters(np.maximum(since, hub.created))
    return np.asarray(np.maximum(gained, 0), dtype=np.int64)


def estimate(experiment: Experiment, panel: Detailed, column: pd.Series) -> Ints:
    """What was rebuilt (n,) of each repository of the Hub, which its number names.

    A row whose name is a bad cell and whose id an ablation made up is of no repository: its downloads
    are lost.
    """
    number = panel.facts["name"].str.extract(r"/model-(\d+)", expand=False)
    own = panel.facts["repository"].str[-6:].map(lambda digits: str(int(digits, 16)))
    number = number.fillna(own).astype("int64")  # the name of the last reading may be a bad cell
    out = np.zeros(len(experiment.hub), dtype=np.int64)
    known = (number < len(out)).to_numpy()
    np.add.at(out, number.to_numpy()[known], column.to_numpy(dtype=np.int64)[known])
    return out
