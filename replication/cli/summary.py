"""The finding in short: the command `summary`, and the ending of a run."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from replication import places
from replication.cli.options import path_of
from replication.cli.outcome import STYLES
from replication.cli.terminal import out, reported
from replication.errors import ContractError, SourceError
from replication.files import read_json
from replication.plain import plain_lines
from replication.report import survival

WIDTH = 80
"""Most characters of a line."""
CELLS = ("claim", "published", "public_data", "range", "comes_out", "survives")
"""What is shown of a claim."""
WORDS = (
    "Reproduced: the published figure lies within the range of public data, give or take a margin, or on the "
    "same side of its threshold; contradicted: it does not. Robust: no single other choice, developer or "
    "repository turns that answer; fragile: the one that is named does."
)
"""What the answers mean."""
OPENED = {
    "the paper": Path("paper") / "paper.pdf",
    "the page": Path("page") / "index.html",
    "the claims": Path("results") / "claims.csv",
}
"""What a reader opens next."""


def summary(
    folder: Annotated[
        Path | None,
        typer.Argument(
            parser=path_of,
            metavar="FOLDER",
            help="Folder of a run. Default: the committed results of the bundled panel.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print it as JSON, for other programs.")
    ] = False,
) -> None:
    """Print the finding in short, and the answers on the main claims."""
    with reported():
        said = _read(folder)
        if as_json:
            typer.echo(json.dumps(said, indent=2))
            return
        print_finding(said, out)
        print_claims(said["claims"], out)


def print_finding(said: dict[str, Any], console: Console) -> None:
    """Print the paragraphs, each headed by its question."""
    for paragraph in said["in_short"]:
        console.print(f"\n{plain_lines(paragraph['heading'])}", style="bold", markup=False)
        _print_wrapped(paragraph["text"], console, "  ")


def print_claims(claims: list[dict[str, str]], console: Console) -> None:
    """Print each claim: what was published, what public data show, and both answers with their meaning."""
    if not claims:
        return
    console.print("\nThe main claims", style="bold", markup=False)
    for claim in claims:
        _print_wrapped(claim["claim"], console, "  ")
        found = f"published {claim['published']}; public data: {_estimate(claim)}"
        _print_wrapped(found, console, "    ")
        answers = f"{claim['comes_out']}, {survival.in_words(claim['survives'], claim.get('turned_by', ''))}"
        _print_wrapped(answers, console, "    ", STYLES.get(claim["comes_out"], ""))
    console.print()
    _print_wrapped(WORDS, console, "  ")


def _print_wrapped(text: str, console: Console, indent: str, style: str = "") -> None:
    """Print a text of data in lines that fit the terminal, each indented."""
    width = min(WIDTH, console.width) if console.is_terminal else WIDTH
    for line in textwrap.wrap(plain_lines(text), width - len(indent), break_long_words=False):
        console.print(f"{indent}{line}", style=style, markup=False)


def print_ending(run: Path, paper: Path, console: Console) -> None:
    """Print the finding of a run that has ended, and the files to open next."""
    print_finding(read_json(paper / places.IN_SHORT), console)
    console.print("\nto open next", style="bold", markup=False)
    for line in opened_next(run):
        console.print(line, markup=False)


def opened_next(run: Path) -> Iterator[str]:
    """The files of a run that a reader opens next, as far as they are there."""
    for name, path in OPENED.items():
        if (run / path).is_file():
            yield f"  {name:<10}  {run / path}"


def _read(folder: Path | None) -> dict[str, Any]:
    """What the last run in a folder found; without a folder that of the bundled panel."""
    run = folder or places.home()
    path = run / "paper" / places.IN_SHORT
    if folder is None and not path.is_file():
        path = places.PAPER / places.IN_SHORT
    if not path.is_file():
        raise SourceError(f"{run} holds no finding", "run make all, or name another folder")
    said = read_json(path)
    if not _is_finding(said):
        raise ContractError(f"{path} is not the finding of a run", "make it again: make all")
    return dict(said)


def _is_finding(said: Any) -> bool:
    """Whether a file has paragraphs and claims as the stage `paper` writes them."""
    lists = {"in_short": ("heading", "text"), "claims": CELLS}
    return isinstance(said, dict) and all(
        isinstance(said.get(name), list)
        and all(
            isinstance(row, dict) and all(isinstance(row.get(key), str) for key in keys)
            for row in said[name]
        )
        for name, keys in lists.items()
    )


def _estimate(claim: dict[str, str]) -> str:
    """What public data show, with its range."""
    spread = claim["range"]
    return claim["public_data"] if spread == "–" else f"{claim['public_data']} ({spread})"
