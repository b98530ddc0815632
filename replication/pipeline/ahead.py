"""A further process for the stages after the first: it parses and imports their code while that runs.

What the page's script reads, which the results alone decide, it makes while the figures are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replication import meaning, processes, tables
from replication.pipeline import analysis_stage, figures_stage, page_stage
from replication.pipeline.result_tables import modules_apart
from replication.run import Run
from replication.stages import Stage, files_of_code

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

LAST = figures_stage.STAGE.name
"""The last stage that gives work to other processes of ours."""


@contextmanager
def opened(run: Run, chosen: Sequence[Stage]) -> Iterator[Callable[[Stage], None]]:
    """Yield what is to be called before each stage that runs.

    The process begins with the first of them, so that a run with nothing to do starts none, and ends after
    `LAST`, so that it takes no room beside the programs that convert documents. `LAST` alone has its own.
    """
    names = [stage.name for stage in chosen]
    last = names.index(LAST) if LAST in names else -1
    begun: list[str] = []
    pools: list[ProcessPoolExecutor] = []
    with page_stage.known_payloads() as known, ExitStack() as stack:

        def before(stage: Stage) -> None:
            place = names.index(stage.name)
            if place > last:
                stack.close()
            elif place < last and not begun and processes.cores() > 1:
                pools.append(stack.enter_context(processes.beside(processes.cores() - 1)))
                _import_ahead(pools[0], run, stage, chosen[place + 1 :])
            elif pools and place == last and page_stage.STAGE.name in names:
                _make_ahead(pools[0], run, known)
            begun.append(stage.name)

        yield before


def _import_ahead(
    pool: ProcessPoolExecutor, run: Run, stage: Stage, later: Sequence[Stage]
) -> None:
    """Parse the code of later stages while `stage` runs, and import what they give other processes."""
    for code in _new_code(stage, later):
        processes.do_ahead(pool, meaning.of_python, code, meaning.know)
    if analysis_stage.several(run) and analysis_stage.STAGE in later:
        wanted = modules_apart(tables.ANALYSIS, whole=run.whole_hub)
        processes.import_ahead(pool, [*wanted, "replication.plots"])


def _make_ahead(pool: ProcessPoolExecutor, run: Run, known: dict[Run, dict[str, Any]]) -> None:
    """Make what the page's script reads while the figures are drawn; two copies of the whole Hub take room."""
    if analysis_stage.several(run):
        processes.do_ahead(pool, page_stage.payload, run, partial(known.__setitem__, run))


def _new_code(stage: Stage, later: Sequence[Stage]) -> Iterator[list[Path]]:
    """The code of each later stage that is of none before it: its key is of the code's meaning."""
    known = {*files_of_code(stage)}
    for one in later:
        if not one.names_lines:
            code = [path for path in files_of_code(one) if path not in known]
            known.update(code)
            yield code
