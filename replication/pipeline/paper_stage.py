"""The documents, and what the repository says of its own results."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from replication import files
from replication.pipeline import analysis_stage
from replication.places import IN_REPOSITORY, PAPER, ROOT
from replication.run import Run
from replication.stages import Progress, Stage


def inputs(run: Run) -> Iterable[Path]:
    """All results and figures, the sources of the documents, and the evidence."""
    from replication.report import front_matter

    figures = [*files.present(run.figures), *files.present(run.figures / "bare")]
    return [*analysis_stage.outcome(run), *figures, *sources(), front_matter.CITATION]


def sources() -> list[Path]:
    """What lies in the folder of the sources and is no output."""
    from replication.report import documents

    return [
        path
        for path in files.present(PAPER)
        if path.name in documents.SOURCES
        or (path.suffix in {".md", ".toml"} and path.name not in documents.outputs())
    ]


def paper(run: Run, progress: Progress) -> list[Path]:
    """Render the paper and, for the bundled run, what is generated of README, docs and results."""
    from replication.report import render, short

    generated: list[Path] = []
    written = render.render(
        PAPER, run.results, run.figures, run.paper, run.definitions, progress,
        meanwhile=lambda: generated.extend(_generated(run, progress)),
    )  # fmt: skip
    return [*written, short.write(PAPER, run.results, run.definitions, run.paper), *generated]


def _generated(run: Run, progress: Progress) -> list[Path]:
    """Write what the repository says of the bundled run; of another run there is nothing."""
    from replication.report import codebook, datapackage, licences, provenance, readme

    if not (IN_REPOSITORY and run.out == ROOT):
        return []
    progress("generated parts of README.md, docs and results, datapackage.json and LICENSE")
    return [
        *readme.update(ROOT, run.results, run.definitions),
        *(
            part.write(ROOT, run.results, run.definitions)
            for part in (provenance, codebook, datapackage, licences)
        ),
    ]


# It runs nothing of validation, but names the line there that measures coverage.
STAGE = replace(
    Stage.of(paper, inputs, *analysis_stage.STAGE.layers, "plots", "validation"),
    names_lines=True,
)
