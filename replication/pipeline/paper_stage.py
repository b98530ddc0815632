"""The last stage: the paper, and what the repository says of its own results."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from replication import files
from replication.pipeline import analysis_stage
from replication.places import IN_REPOSITORY, PAPER, ROOT
from replication.run import Run
from replication.sources.bundled import FOLDER
from replication.stages import Progress, Stage

SOURCES = {".md", ".bib", ".toml", ".typ", ".css", ".lua"}
HEADER = "header.tex"


def inputs(run: Run) -> Iterable[Path]:
    """All results and figures, the sources of the paper, and the evidence."""
    results = [path for path in files.present(run.results) if path.suffix != ".md"]
    sources = [p for p in files.present(PAPER) if p.suffix in SOURCES or p.name == HEADER]
    evidence = [path for path in files.present(FOLDER) if path.suffix != ".py"]
    return [*results, *files.present(run.figures), *sources, *evidence]


def paper(run: Run, progress: Progress) -> list[Path]:
    """Render the paper and, for the bundled run, what is generated of README, docs and results."""
    from replication.report import codebook, datapackage, licences, provenance, readme, render

    written = render.paper(PAPER, run.results, run.figures, run.paper, run.definitions, progress)
    if IN_REPOSITORY and run.out == ROOT:
        progress("generated parts of README.md, docs and results, datapackage.json and LICENSE")
        written.append(readme.update(ROOT / "README.md", run.results))
        written += [
            generated.write(ROOT, run.results, run.definitions)
            for generated in (provenance, codebook, datapackage, licences)
        ]
    return written


# It runs nothing of validation, but names the line there that measures coverage.
STAGE = replace(
    Stage.of(paper, inputs, *analysis_stage.STAGE.layers, "plots", "validation"),
    names_lines=True,
)
