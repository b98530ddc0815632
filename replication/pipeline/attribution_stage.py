"""The third stage: who is credited with every download."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

from replication import files, tables
from replication.kinds import BUNDLED, RECORDS, RELEASED
from replication.pipeline import panel_stage
from replication.pipeline.result_tables import make
from replication.run import Run
from replication.sources.bundled import FOLDER, TABLES, WINDOW_TABLES
from replication.stages import Progress, Stage

if TYPE_CHECKING:
    import pandas as pd

    from replication.attribution.registry import Registry
    from replication.attribution.rules import Rule
    from replication.panel.table import Panel

EVIDENCE = (
    "registry.csv",
    "namespaces.csv",
    "rules.csv",
    "tasks.csv",
    "sampling_frame.csv",
    "second_coding.csv",
)
WINDOW = ("window_repositories", "window_dates", "window_agreement")
"""Tables of the published window that are credited."""


def inputs(run: Run) -> Iterable[Path]:
    """The panel and the evidence."""
    names = TABLES if run.whole_hub else (*TABLES, *WINDOW_TABLES)
    return [*(run.panel / name for name in names), *(FOLDER / name for name in EVIDENCE)]


def attribution(run: Run, progress: Progress) -> list[Path]:
    """Credit every download to a developer and a country group."""
    from replication.attribution import assign, registry, rules, scope
    from replication.panel import table

    progress("crediting developers and country groups")
    definitions, panel = run.definitions, table.read(run.panel)
    known, ruled = registry.load(definitions.group_of), rules.load()
    repositories = assign.attributed(panel.repositories, known, ruled, definitions.group_of)
    _require_comparable(run, panel, repositories)
    weeks = assign.attributed_weeks(panel.weekly, repositories, known, definitions.group_of)
    rules.require_known(ruled, known.tenures)
    credited = {"repositories": repositories, "weekly": weeks}
    if not run.whole_hub:
        credited |= _window(run, repositories, known, ruled)
    offered = _offered(run, credited, known, ruled)
    made = make(tables.ATTRIBUTION, offered, run.results, progress, whole=run.whole_hub)
    if run.kind in {BUNDLED, RECORDS, RELEASED} and run.packaged:  # else a rule may have no use
        rules.require_used(made.tables["rules"])
        scope.require_used(panel.repositories["name"], scope.load())
    written = {run.attributed / f"{name}.csv": rows for name, rows in credited.items()}
    for path, rows in written.items():
        files.write_csv(path, rows)
    return [*written, *made.write(run.results)]


def _require_comparable(run: Run, panel: Panel, repositories: pd.DataFrame) -> None:
    """Refuse a panel in which there is nothing to compare, or windows that it does not reach."""
    from replication.attribution import preconditions

    preconditions.require_pair(repositories, run.definitions)
    if not run.whole_hub and not run.has_released_panel:
        preconditions.require_reach(panel.weekly, panel.repositories["created"], run.definitions)


def _window(
    run: Run, labelled: pd.DataFrame, known: Registry, ruled: Sequence[Rule]
) -> dict[str, pd.DataFrame]:
    """The published window and the complete lists of the Hub, credited."""
    from replication.attribution import window as of_window
    from replication.panel import window

    panel = window.read(run.panel)
    credit = of_window.Credit.of(labelled, known, ruled, run.definitions.group_of)
    return {name: credit.attributed(getattr(panel, name)) for name in WINDOW}


def _offered(
    run: Run, credited: dict[str, pd.DataFrame], known: Registry, ruled: Sequence[Rule]
) -> SimpleNamespace:
    """What the makers of this stage's tables read, by the names that tables.py uses."""
    from replication.attribution import audit, registry

    definitions = run.definitions
    frame, codings = audit.load(definitions.group_of)
    offered = SimpleNamespace(
        definitions=definitions,
        repositories=credited["repositories"],
        registry=known,
        rules_of_evidence=ruled,
        windows=[window.id for window in definitions.windows],
        unknown=definitions.group_of[registry.UNKNOWN],
        nowhere=set(definitions.unattributed),
        frame=frame,
        codings=codings,
    )
    if not run.whole_hub:
        offered.lists = credited["window_dates"]
        offered.window_downloads = _window_downloads(run, credited["window_repositories"])
    return offered


def _window_downloads(run: Run, rows: pd.DataFrame) -> pd.DataFrame:
    """The window's credited repositories with their downloads in all months together."""
    from replication.panel import window

    months = window.read(run.panel).window_months
    sums = months.groupby("repository").sum(numeric_only=True)
    downloads = sums[window.columns(run.definitions)[0]].rename("downloads")
    return rows.join(downloads, on="repository")


STAGE = Stage.of(attribution, inputs, *panel_stage.STAGE.layers, "attribution")
