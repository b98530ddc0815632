"""The fifth stage: the figures."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from replication import tables
from replication.run import Run
from replication.stages import Progress, Stage


def inputs(run: Run) -> Iterable[Path]:
    """Every result table, the numbers and the manifest."""
    own = [run.results / name for name in ("manifest.json", tables.NUMBERS)]
    return [*own, *tables.files(run.results, whole=run.whole_hub)]


def figures(run: Run, progress: Progress) -> list[Path]:
    """Draw every figure and write it in every form."""
    from replication.plots import draw_all

    return draw_all(run.results, run.figures, run.definitions, progress)


STAGE = Stage.of(figures, inputs, "definitions", "inference", "analysis", "plots")
