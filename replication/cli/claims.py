"""The command `claim`: one published figure in full, or whether a sentence keeps its definition."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from replication.cli.options import out_folder
from replication.cli.terminal import out, reported


def claim(
    name: Annotated[
        str, typer.Argument(metavar="ID", help="A claim of the ledger; without it all are listed.")
    ] = "",
    sentence: Annotated[
        str | None,
        typer.Option(
            "--check", metavar="SENTENCE", help="Say whether an English sentence keeps it."
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        out_folder("Folder of the run whose figures are shown. Default: the bundled panel's."),
    ] = None,
) -> None:
    """Print a published figure, our own, and both answers; or check a sentence about it.

    With --check it exits with 0 where the sentence keeps the definition, 1 where
    it does not, 2 where nothing can be told. docs/CHECKING.md says how to read it.
    """
    from replication.cli import claims_text

    with reported():
        if sentence is not None:
            if not sentence.strip():
                raise typer.BadParameter("it is empty: put the sentence in quotes after --check")
            raise typer.Exit(claims_text.check(sentence, name, folder, out))
        if name:
            claims_text.show(name, folder, out)
        else:
            claims_text.listed(folder, out)
