"""Commands that ask the registry of developers: `who` and `registry`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from replication import places
from replication.cli.options import path_of
from replication.cli.terminal import out, reported

REGISTRY = places.PACKAGE / "data" / "registry.csv"
RegistryFile = Annotated[
    Path,
    typer.Option(
        "--registry",
        parser=path_of,
        metavar="FILE",
        help="Another registry.csv to use.",
        show_default=False,
    ),
]
DataFile = Annotated[
    Path | None,
    typer.Option(
        parser=path_of,
        metavar="FILE",
        help="A released file (.parquet, .csv), a table of the Hub's models, or a CSV with the "
        "column namespace and columns of numbers. Default: the bundled panel.",
    ),
]
app = typer.Typer(
    no_args_is_help=True, help="Check the registry of developers, its coverage, and what it lacks."
)


def who(
    name: Annotated[
        str, typer.Argument(metavar="NAMESPACE|REPO", help="As on the Hub: Qwen, or Qwen/QwQ-32B.")
    ],
    registry: RegistryFile = REGISTRY,
) -> None:
    """Say who is credited for a namespace or repository under each rule, and why."""
    from replication.cli import registry_text

    with reported():
        registry_text.who(name, registry, out)


@app.command()
def check(registry: RegistryFile = REGISTRY) -> None:
    """Check every row of the registry and of the rules; exit 1 with the line that is wrong."""
    from replication.cli import registry_text

    with reported():
        registry_text.check(registry, out)


@app.command()
def coverage(
    data: DataFile = None,
    minimum: Annotated[
        float,
        typer.Option("--min", metavar="PERCENT", min=0, max=100, help="Exit 1 if less is covered."),
    ] = 0.0,
    evidence: Annotated[
        bool,
        typer.Option("--evidence", help="Let --min count only rows that have evidence."),
    ] = False,
    registry: RegistryFile = REGISTRY,
) -> None:
    """Print how much of a file's downloads the registry covers, weighted by downloads.

    --min judges what is not an individual's account, in every column of downloads.
    """
    from replication.cli import registry_text

    with reported():
        registry_text.coverage(data, minimum, evidence=evidence, path=registry, console=out)


@app.command()
def missing(
    data: DataFile = None,
    most: Annotated[int, typer.Option("--most", min=1, help="Lines to print.")] = 30,
    registry: RegistryFile = REGISTRY,
) -> None:
    """Print the work list: namespaces without a row or without evidence, by downloads."""
    from replication.cli import registry_text

    with reported():
        registry_text.missing(data, most, registry, out)


@app.command()
def sample(
    n: Annotated[int, typer.Option("--n", min=1, help="How many developers to draw.")] = 125,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draw.")] = 0,
    frame: Annotated[
        bool, typer.Option("--frame", help="Print those that are not drawn too.")
    ] = False,
    registry: RegistryFile = REGISTRY,
) -> None:
    """Draw developers of the panel for an audit, with probability proportional to size, as CSV."""
    from replication.cli import registry_text

    with reported():
        registry_text.sample(n, seed, registry, out, whole=frame)
