"""The command that reads the Hub's list of models."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from replication import places
from replication.cli.options import out_folder
from replication.cli.terminal import Say, out, progress, reported
from replication.plain import quantity

if TYPE_CHECKING:
    from rich.console import Console

    from replication.sources.crawl.extent import Crawl


def crawl_command(
    folder: Annotated[Path, out_folder("Folder of the readings; each crawl adds one.")] = Path(
        "record"
    ),
    all_models: Annotated[bool, typer.Option("--all", help="Every model; hours.")] = False,
    top: Annotated[
        int | None, typer.Option("--top", metavar="N", help="The N models most downloaded.")
    ] = None,
    namespaces: Annotated[
        str, typer.Option("--namespaces", metavar="A,B", help="Users and organisations.")
    ] = "",
) -> None:
    """Read the Hub's list of models now, as one more reading of a folder of snapshots.

    A crawl that is interrupted goes on where it was. HF_TOKEN doubles the number of requests.
    """
    from replication.sources.crawl.extent import choose

    with reported(), progress("crawl") as say:
        places.check_out(places.resolved(folder))
        extent = choose(top, namespaces, everything=all_models)
        crawl(folder, extent, console=out, say=say)


def crawl(folder: Path, extent: Crawl, *, console: Console, say: Say) -> None:
    """Crawl the Hub's list of models into `folder` and print what was read."""
    from replication.sources import crawl as source

    today = datetime.now(UTC).date().isoformat()
    about = source.fetch(extent, folder, today=today, progress=lambda now: say(str(now)))
    console.print(
        f"crawl  {quantity(about.rows, 'model')} → {folder / about.filename}; to use a folder of readings: "
        f"make all DATA={folder}",
        markup=False,
    )
    for remark in source.remarks(folder, about.revision):
        console.print(f"crawl  {remark}", markup=False)
