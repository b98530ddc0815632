"""Compute the tables that the package carries, from the files that they stand for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from replication import files
from replication.pipeline.fetch_stage import today
from replication.pipeline.panel_stage import built
from replication.run import Run
from replication.stages import Progress

if TYPE_CHECKING:
    from replication.panel.table import Panel
    from replication.panel.window import WindowPanel


def make_window_bundle(
    folder_of_records: Path | None, folder: Path, run: Run, progress: Progress
) -> WindowPanel:
    """Compute the bundled tables of the published window from the records; return them.

    Parameters
    ----------
    folder_of_records
        Where the records lie; None brings them with git.
    folder
        Receives the tables and the sidecar.
    run
        Definitions.
    progress
        Called with a line of text.
    """
    import tempfile

    from replication.definitions.records import load_records
    from replication.panel import bundle, window
    from replication.sources import records

    with tempfile.TemporaryDirectory() as name:
        wanted, made = load_records(), Path(name)
        records.fetch(
            folder_of_records,
            made,
            wanted,
            today=today(),
            progress=progress,
            definitions=run.definitions,
        )
        about = files.read_json(made / records.RECORDS)["records"]
        progress("the published window")
        panel_ = window.build(records.load(made), run.definitions)
    bundle.write_window(panel_, about, run.definitions, folder)
    return panel_


def make_bundle(source: Path, folder: Path, run: Run, accessed: str) -> Panel:
    """Compute the bundled panel from a released file; return the panel.

    Parameters
    ----------
    source
        A local copy of a released file.
    folder
        Receives the tables and the sidecar.
    run
        Definitions.
    accessed
        ISO 8601 date on which the file was read; empty for today.
    """
    import tempfile
    from dataclasses import replace

    from replication.panel import bundle, table
    from replication.sources import file

    definitions, about = run.definitions, run.definitions.bundled
    with tempfile.TemporaryDirectory() as name:
        found = file.fetch(
            source,
            Path(name),
            today=accessed or today(),
            citation=about.citation,
            licence=about.licence,
        )
    made = table.check(built(source, source.name, run), definitions, source.name)
    bundle.write(made, replace(found, **vars(about)), definitions, folder)
    return made
