"""What a run refuses before any work: definitions that a later stage could not follow."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from replication.places import PAPER
from replication.run import Run
from replication.sources.bundled import FOLDER, TABLES


def inputs(run: Run) -> Iterable[Path]:
    """Files by which definitions are refused."""
    from replication.report import prose

    numbers = prose.source(PAPER, prose.NUMBERS, whole=run.whole_hub)
    evidence = [FOLDER / name for name in (TABLES[0], "registry.csv", "namespaces.csv")]
    return [PAPER / "claims.toml", numbers, *evidence]


def require_definitions(run: Run) -> None:
    """Refuse definitions that lack what evidence, claims, numbers or bundled tables are about."""
    from replication.attribution import preconditions, registry
    from replication.report import claims, numbers, prose, window_tables
    from replication.sources import bundled

    definitions = run.definitions
    preconditions.require_tracked(registry.load(definitions.group_of), definitions)
    claims.require_estimands(claims.load(PAPER / "claims.toml"), definitions)
    numbers.require_definitions(
        prose.source(PAPER, prose.NUMBERS, whole=run.whole_hub), definitions
    )
    bundled.require_groups(definitions)
    if not run.whole_hub:
        window_tables.require_definitions(definitions)
    if run.has_released_panel:
        bundled.folder_of(definitions)
    if not run.whole_hub and not run.window_from_records:
        bundled.window_folder_of(definitions)
