"""The second stage: from counters to first-year downloads, with the defects that were mended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from replication import files, tables
from replication.kinds import BUNDLED, RECORDS
from replication.pipeline import fetch_stage
from replication.run import Run
from replication.sources.bundled import FOLDER, TABLES, WINDOW_TABLES
from replication.stages import Progress, Stage

if TYPE_CHECKING:
    from replication.panel.table import Panel

CHAINED = "chained.csv"
"""Of the whole Hub alone: downloads by the chain of 30-day windows."""


def inputs(run: Run) -> Iterable[Path]:
    """What was fetched, and the labels of the study that are known."""
    paths = [*files.present(run.source), FOLDER / "label_defects.csv"]
    if run.whole_hub:
        paths += [*files.present(run.source / "extracts"), FOLDER / "repositories.csv"]
    return [*paths, *files.present(run.source / RECORDS)]


def panel(run: Run, progress: Progress) -> list[Path]:
    """Check and mend the counters, or check the bundled panel, and record the defects."""
    from replication.panel import table

    if run.whole_hub:
        return _whole_hub(run, progress)
    progress("checking the contract and mending the defects")
    checked = table.check(_read(run), run.definitions, str(run.source))
    checked.write(run.panel)
    written = [_result(run, "defects"), *(run.panel / name for name in TABLES)]
    files.write_csv(written[0], checked.defects)
    return [*written, *_window(run, progress)]


def _read(run: Run) -> Panel:
    """Read the fetched panel, or build one from the fetched counters."""
    from replication.panel import table
    from replication.sources import file, manifest

    about = manifest.read(run.source)
    if about is None:
        return table.read(run.source)  # says which stage is missing
    if about.source == BUNDLED:
        return table.read(run.source)
    return built(run.source / file.target_name(about.filename), about.filename, run)


def built(path: Path, name: str, run: Run) -> Panel:
    """Build a panel from the counters in `path`, which messages call `name`."""
    from replication.panel import table
    from replication.sources.counters import reading

    definitions = run.definitions
    counters = reading.read_counters(path, definitions.groups, definitions.panel.max_counter, name)
    wrong_labels = files.read_csv(FOLDER / "label_defects.csv")
    return table.build(counters, definitions, wrong_labels)


def _window(run: Run, progress: Progress) -> list[Path]:
    """Rebuild the published window from the records, or check the bundled one."""
    from replication.panel import window
    from replication.sources import records

    if run.window_from_records:
        progress("the published window from the records")
        panel_ = window.build(records.load(run.source / RECORDS), run.definitions)
    else:
        panel_ = window.check(window.read(run.source), run.definitions)
    panel_.write(run.panel)
    defects = _result(run, "window_defects")
    files.write_csv(defects, panel_.window_defects)
    return [*(run.panel / name for name in WINDOW_TABLES), defects]


def _whole_hub(run: Run, progress: Progress) -> list[Path]:
    """Rebuild first-year downloads from the extracts of the snapshots, out of core."""
    from replication.panel import table
    from replication.panel.whole_hub import assembly, engines, fetch_defects, rebuild
    from replication.sources import snapshots

    definitions, rules = run.definitions, run.definitions.whole_hub
    extracts = {date.fromisoformat(p.stem): p for p in snapshots.extracts(run.source)}
    with engines.engine(run.engine, run.out / "build" / "engine") as engine:
        share = rules.truncated_share
        rebuilt = rebuild.rebuild(extracts, definitions, engine, progress, truncated_share=share)
        progress("lineage, the tail and the weekly series")
        labelled = table.study_groups(files.read_csv(FOLDER / TABLES[0]))
        parts = assembly.assemble(rebuilt, engine, definitions, labelled, rules.tail_downloads)
    checked = table.check(
        fetch_defects.with_fetch(parts.panel, run.source), definitions, str(run.source)
    )
    checked.write(run.panel)
    written = {
        run.panel / CHAINED: parts.chained,
        _result(run, "chain"): parts.chain,
        _result(run, "defects"): checked.defects,
    }
    for path, rows in written.items():
        files.write_csv(path, rows)
    return [*(run.panel / name for name in TABLES), *written]


def _result(run: Run, name: str) -> Path:
    """File of a result table of this stage."""
    return run.results / tables.row(name).file


STAGE = Stage.of(panel, inputs, *fetch_stage.STAGE.layers, "panel")
