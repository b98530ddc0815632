"""Commands for those who use the data elsewhere: `cite` and `dataset`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from replication import places
from replication.cli.options import out_folder
from replication.cli.terminal import out, progress, reported

FOLDER = Path("build") / "dataset"


class Style(StrEnum):
    """Formats of a citation."""

    BIBTEX = "bibtex"
    APA = "apa"


def cite(
    style: Annotated[
        Style, typer.Option("--format", help="Format of the citations.")
    ] = Style.BIBTEX,
) -> None:
    """Print how to cite this package, the study, and the study's dataset."""
    from replication.report import citation

    with reported():
        places.require_repository("cite")
        print(citation.cited(citation.works(places.ROOT), style.value))  # noqa: T201 -- for a file, without wrapping


def dataset(
    folder: Annotated[
        Path | None, out_folder("Where it goes. Default: build/dataset.", default=False)
    ] = None,
) -> None:
    """Write registry, panel, ledger and main results as a data set of their own, to be published or used elsewhere.

    CSV and Parquet, described for Frictionless and Croissant, with a README, licence, citation, checksums
    and examples. It is made of the committed evidence and results.
    """
    from replication.report import dataset as report

    with reported(), progress("dataset") as say:
        places.require_repository("dataset")
        target = places.resolved(folder or places.ROOT / FOLDER)
        places.check_out(target)
        tables = report.write(places.ROOT, target, say)
    out.print(f"[green]✓[/] dataset  {tables} tables → ", end="")
    out.print(str(target), markup=False)
