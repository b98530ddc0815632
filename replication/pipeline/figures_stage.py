"""The fifth stage: the figures."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from replication import processes, tables
from replication.definitions import Definitions
from replication.run import Run
from replication.stages import Progress, Stage

if TYPE_CHECKING:
    from replication.plots import Drawn


def inputs(run: Run) -> Iterable[Path]:
    """Every result table, the numbers and the manifest."""
    own = [run.results / name for name in ("manifest.json", tables.NUMBERS)]
    return [*own, *tables.files(run.results, whole=run.whole_hub)]


def figures(run: Run, progress: Progress) -> list[Path]:
    """Draw every figure and write it in every form.

    A further process has the first figure before this one imports what draws the others.
    """
    asked = time.monotonic_ns()
    with ExitStack() as stack:
        begun = None
        if processes.cores() > 1:
            pool = stack.enter_context(processes.beside(processes.cores() - 1))
            begun = pool.submit(_first, run.results, run.definitions, asked)
        from replication.plots import draw_all

        return draw_all(
            run.results, run.figures, run.definitions, progress, asked=asked, begun=begun
        )


def _first(results: Path, definitions: Definitions, asked: int) -> Drawn:
    """The first figure."""
    from replication.plots import drawn, figures_of

    return drawn(results, definitions, asked, next(iter(figures_of(definitions))))


STAGE = Stage.of(figures, inputs, "definitions", "inference", "analysis", "plots")
