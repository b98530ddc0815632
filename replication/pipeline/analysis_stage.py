"""The fourth stage: estimates with intervals and bounds, the claims judged, and the numbers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from replication import files, processes, run_record, tables
from replication.pipeline import attribution_stage
from replication.pipeline.analysis_inputs import Inputs
from replication.pipeline.attribution_stage import EVIDENCE, WINDOW
from replication.pipeline.panel_stage import CHAINED
from replication.pipeline.result_tables import make
from replication.places import PAPER
from replication.run import Run
from replication.sources.bundled import FOLDER
from replication.stages import Progress, Stage

DECLARED = ("claims.toml", "numbers.toml", "whole_hub_numbers.toml")
"""What the text claims, and the numbers that it uses."""


def inputs(run: Run) -> Iterable[Path]:
    """The credited panel, results of the stages before, the evidence and what the text declares."""
    credited = ["repositories", "weekly", *(() if run.whole_hub else WINDOW)]
    panel = [CHAINED] if run.whole_hub else ["window_months.csv", "window_left_out.csv"]
    kept = [table.file for table in tables.of(whole=run.whole_hub) if table.kept]
    return [
        *(run.attributed / f"{name}.csv" for name in credited),
        *(run.panel / name for name in ("variants.csv", *panel)),
        run.results / "manifest.json",
        *tables.files(run.results, tables.PANEL, tables.ATTRIBUTION, whole=run.whole_hub),
        *(PAPER / name for name in DECLARED),
        *(FOLDER / name for name in (*EVIDENCE, *kept)),
        run.source / "manifest.json",
        *run_record.reads(run),
    ]


def outcome(run: Run) -> list[Path]:
    """What documents and page are made of: every result but its description, and the evidence."""
    results = [path for path in files.present(run.results) if path.suffix != ".md"]
    return results + [path for path in files.present(FOLDER) if path.suffix != ".py"]


def analysis(run: Run, progress: Progress) -> list[Path]:
    """Estimate shares with intervals and bounds, judge the claims, and collect the numbers."""
    from replication.report import numbers, prose

    made = make(
        tables.ANALYSIS,
        Inputs(run, progress),
        run.results,
        progress,
        whole=run.whole_hub,
        beside=Inputs(run, _unheard) if several(run) else None,
    )
    written = made.write(run.results)
    declared = prose.source(PAPER, prose.NUMBERS, whole=run.whole_hub)
    files.write_json(
        run.results / tables.NUMBERS, numbers.collect(declared, run.results, run.definitions)
    )
    return [*written, run.results / tables.NUMBERS, run_record.write(run)]


def several(run: Run) -> bool:
    """Whether two processes make the tables: two copies of the whole Hub would take room."""
    return not run.whole_hub and processes.cores() > 1


def _unheard(_: str) -> None:
    """Tell nobody of what a second process does: one line can say what one process does."""


STAGE = Stage.of(
    analysis, inputs, *attribution_stage.STAGE.layers, "inference", "analysis", "report"
)
