"""The command that reads the Hub's list of models."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from replication import places
from replication.cli.options import path_of
from replication.cli.terminal import Say, out, progress, reported

if TYPE_CHECKING:
    from rich.console import Console

    from replication.sources import crawl as source
    from replication.sources.crawl_extent import Crawl


def crawl_command(
    folder: Annotated[
        Path,
        typer.Option(
            "--out",
            parser=path_of,
            metavar="FOLDER",
            help="Folder of the readings; each crawl adds one.",
        ),
    ] = Path("record"),
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
    from replication.sources import crawl_extent

    with reported(), progress("crawl") as say:
        places.check_out(places.resolved(folder))
        extent = crawl_extent.choose(top, namespaces, everything=all_models)
        crawl(folder, extent, console=out, say=say)


def crawl(folder: Path, extent: Crawl, *, console: Console, say: Say) -> None:
    """Crawl the Hub's list of models into `folder` and print what was read."""
    from replication.sources import crawl as source

    today = datetime.now(UTC).date().isoformat()
    reading = source.fetch(extent, folder, today=today, progress=lambda now: say(_state(now)))
    console.print(
        f"crawl  {reading.rows:,} models → {folder / reading.filename}; to use a folder of readings: "
        f"make all DATA={folder}",
        markup=False,
    )
    for remark in source.remarks(folder, reading.revision):
        console.print(f"crawl  {remark}", markup=False)


def _state(now: source.Progress) -> str:
    """How far a crawl is, in one line."""
    left = f", about {now.left / 60:.0f} min left" if now.left is not None else ""
    wait = f", waiting {now.waiting:.0f} s" if now.waiting else ""
    less = f", without {', '.join(now.refused)}" if now.refused else ""
    return f"{now.pages:,} pages, {now.models:,} models, {now.rate:,.0f} a second{left}{wait}{less}"
