"""The last stage: the page on which a reader changes the choices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from replication import files
from replication.pipeline import analysis_stage
from replication.pipeline.attribution_stage import WINDOW
from replication.places import IN_SHORT, PACKAGE, PAPER
from replication.run import Run
from replication.stages import Progress, Stage

SOURCES = PACKAGE / "report" / "page"
"""The template, the style, the script and the libraries."""
KINDS = {".html", ".css", ".js", ".json"}
_KNOWN: dict[Run, dict[str, Any]] = {}


def inputs(run: Run) -> Iterable[Path]:
    """All results, the credited panel, the evidence and the sources of the page."""
    credited = ["repositories", "weekly", *(() if run.whole_hub else WINDOW)]
    panel = [] if run.whole_hub else ["window_months.csv", "window_left_out.csv"]
    return [
        *analysis_stage.outcome(run),
        *(run.attributed / f"{name}.csv" for name in credited),
        *(run.panel / name for name in ("variants.csv", *panel)),
        PAPER / "claims.toml",
        run.paper / IN_SHORT,
        *(path for path in sorted(SOURCES.rglob("*.*")) if path.suffix in KINDS),
    ]


def page(run: Run, progress: Progress) -> list[Path]:
    """Write the page on which a reader changes the choices."""
    from replication.report.page import build

    progress("rows, series and ranges")
    data = _KNOWN.get(run) or payload(run)
    target = run.page / build.NAME
    files.write_text(target, build.page(data, run.results, run.paper, run.definitions))
    return [target]


def payload(run: Run) -> dict[str, Any]:
    """What the page's script reads, which needs nothing of the paper: another process can make it before."""
    from replication.pipeline.analysis_inputs import Inputs
    from replication.report.page import build

    given = Inputs(run, lambda _: None)
    material = build.Material(
        given.repositories,
        given.weeks,
        None if run.whole_hub else given.window,
        given.registry,
        given.ledger,
    )
    return build.payload(material, run.results, run.definitions)


@contextmanager
def known_payloads() -> Iterator[dict[Run, dict[str, Any]]]:
    """What `payload` returned of runs, for this block alone: after it their results may be others."""
    try:
        yield _KNOWN
    finally:
        _KNOWN.clear()


STAGE = Stage.of(page, inputs, *analysis_stage.STAGE.layers, "plots")
