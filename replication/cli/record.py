"""The command that goes on with the record: a reading comes in, and everything follows."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from replication import places
from replication.cli.hub import crawl
from replication.cli.options import DefinitionsFile, out_folder, path_of
from replication.cli.terminal import Say, out, print_table, progress, reported
from replication.errors import HubError

if TYPE_CHECKING:
    from replication.monthly.editions import Edition
    from replication.monthly.renewal import Renewed

FOLDER = "runs/record"
TOP = 20_000
"""Models of a crawl of which nobody says another extent: twenty pages, and nearly all downloads."""


def record(
    reading: Annotated[
        Path | None,
        typer.Option(
            parser=path_of,
            metavar="FILE",
            help="A list of models, a crawl, counters or creation dates to take in. Without it the "
            "Hub is crawled.",
        ),
    ] = None,
    day: Annotated[
        datetime | None,
        typer.Option(
            "--date",
            formats=["%Y-%m-%d"],
            help="Day on which FILE was read, where it does not say.",
        ),
    ] = None,
    covers: Annotated[
        str,
        typer.Option(
            metavar="all|top|top:N",
            help="What a list holds: every model, the most downloaded, or all with N downloads.",
        ),
    ] = "",
    folder: Annotated[Path | None, out_folder("The folder of the record.", default=FOLDER)] = None,
    all_models: Annotated[bool, typer.Option("--all", help="Crawl every model; hours.")] = False,
    top: Annotated[
        int | None,
        typer.Option(
            "--top", metavar="N", help="Crawl the N most downloaded.", show_default=f"{TOP}"
        ),
    ] = None,
    namespaces: Annotated[
        str, typer.Option("--namespaces", metavar="A,B", help="Crawl users and organisations.")
    ] = "",
    no_crawl: Annotated[
        bool, typer.Option("--no-crawl", help="Take nothing in; bring the folder up to date.")
    ] = False,
    definitions: DefinitionsFile = None,
    force: Annotated[
        bool, typer.Option("--force", help="Take FILE in though it looks like a part.")
    ] = False,
) -> None:
    """Go on with the record: take in a reading of the Hub, and say what moved.

    One folder holds every reading that came in, one for each day and kind.
    After each, the shares of the twelve months that end with it are computed
    from all readings up to then, and compared with those of the reading before.

    Once a month, where the Hub can be reached:

    make record

    With a file, such as a list that somebody published:

    make record READING=top.csv DATE=2024-09-20 COVERS=top

    Then open FOLDER/README.md: the newest shares with what is not known of
    them, a figure, and what moved since the last reading, because days were
    new or because the past was revised. FOLDER/changes.csv has it as a table.

    The same file twice changes nothing. An older day is taken in its order. A
    part, or a file with a cell that cannot be right, is refused, and what was
    there stays. The order in which readings come makes no difference.
    """
    crawls = all_models or top is not None or namespaces
    if (crawls or no_crawl) and (reading is not None or (crawls and no_crawl)):
        raise typer.BadParameter("name a file, an extent to crawl, or --no-crawl: one of them")
    if reading is None and (day or covers or force):
        raise typer.BadParameter(
            "a date, an extent and force go with a file", param_hint="--reading"
        )
    with reported(), progress("record") as say:
        from replication.monthly import request

        if reading is not None:
            request.file_of(reading)
            request.extent_of(covers)
        from replication.definitions import PACKAGED
        from replication.monthly import intake
        from replication.monthly.editions import Edition

        target = places.resolved(folder or places.home() / FOLDER)
        places.check_out(target)
        on = day.date() if day else None
        if reading is not None:
            intake.require_known(reading, target, on, covers)
        edition = Edition.present(definitions or PACKAGED)
        _settle(target, edition, say)
        failed = None
        if reading is not None:
            _take(reading, target, edition, on, covers, force=force)
        elif not no_crawl:
            failed = _crawl(target, edition, say, (all_models, top, namespaces))
        _renew(target, edition, say, failed)


def _settle(folder: Path, edition: Edition, say: Say) -> None:
    """Say first what a change of the package did to the readings that are there."""
    from replication.monthly import readings, renewal

    if readings.all_of(folder):
        renewal.settle(folder, edition, say)


def _take(
    file: Path, folder: Path, edition: Edition, day: date | None, covers: str, *, force: bool
) -> None:
    """Take a file in, and say what it was taken for."""
    from replication.monthly import intake
    from replication.monthly.readings import KINDS

    taken = intake.take(file, folder, edition.definitions, day=day, covers=covers, anyway=force)
    one = taken.reading
    what = f"{one.day or 'any day'}, {KINDS[one.kind]}, {one.rows:,} rows"
    state = "new reading" if taken.is_new else "already there, nothing to take in"
    out.print(f"record  {what}: {state}", markup=False)


def _crawl(
    folder: Path, edition: Edition, say: Say, extent: tuple[bool, int | None, str]
) -> HubError | None:
    """Crawl the Hub and take that in; return why it could not be done."""
    from replication.sources.crawl.extent import choose

    everything, top, namespaces = extent
    if not everything and top is None and not namespaces:
        top = TOP
    wanted = choose(top, namespaces, everything=everything)
    name = wanted.mode + (f"-{wanted.limit}" if wanted.limit else "")
    home = folder / "crawls" / name
    try:
        crawl(home, wanted, console=out, say=say)
    except HubError as error:
        return error
    newest = max((home / "models").glob("*/models.parquet"))
    _take(newest, folder, edition, None, "", force=False)
    return None


def _renew(folder: Path, edition: Edition, say: Say, failed: HubError | None) -> None:
    """Bring the folder up to date, and only then say what failed before."""
    from replication.monthly import readings, renewal

    there = readings.all_of(folder)
    if there and not readings.days(there):
        out.print(
            "record  dates of creation alone close no window: take in a list, a crawl or counters"
        )
    elif there or failed is None:
        _show(folder, renewal.renew(folder, edition, say))
    if failed:
        raise HubError(
            failed.what,
            f"{failed.remedy}; or take in a file: make record READING=file DATE=2024-09-20",
        )


def _show(folder: Path, made: Renewed) -> None:
    """Print what moved last."""
    from replication.monthly.document import moved_last

    columns, rows = moved_last(made.changes)
    print_table(out, columns, rows, right=columns[1:])
    for reason in made.unknown:
        out.print(f"not known: {reason}", markup=False)
    count = len(made.computed)
    done = f"{count} window{'' if count == 1 else 's'} computed" if count else "all as it was"
    out.print(f"record  {done} → {folder / 'README.md'}", markup=False)
