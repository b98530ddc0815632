"""The command that goes on with the record: a reading comes in, and everything follows."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from replication import places
from replication.cli.hub import crawl
from replication.cli.options import DefinitionsFile, out_folder, path_of
from replication.cli.terminal import Say, out, print_table, progress, reported
from replication.errors import HubError
from replication.plain import quantity

if TYPE_CHECKING:
    from replication.monthly.editions import Edition
    from replication.monthly.intake import Offered
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
    extent = (all_models, top, namespaces)
    _require_one_way(reading, extent, no_crawl=no_crawl, of_file=bool(day or covers or force))
    with reported(), progress("record") as say:
        target = places.resolved(folder or places.home() / FOLDER)
        places.check_out(target)
        offered = _looked_at(reading, target, day, covers)
        edition = _settled(target, definitions, say)
        failed = None
        if offered:
            _take(offered, target, edition, force=force)
        elif not no_crawl:
            failed = _crawl(target, edition, say, extent)
        _renew(target, edition, say, failed)


def _require_one_way(
    reading: Path | None, extent: tuple[bool, int | None, str], *, no_crawl: bool, of_file: bool
) -> None:
    """Refuse options that do not go together."""
    everything, top, namespaces = extent
    crawls = bool(everything or top is not None or namespaces)
    if (reading is not None) + crawls + no_crawl > 1:
        raise typer.BadParameter("name a file, an extent to crawl, or --no-crawl: one of them")
    if reading is None and of_file:
        raise typer.BadParameter(
            "a date, an extent and force go with a file", param_hint="--reading"
        )


def _looked_at(
    file: Path | None, folder: Path, day: datetime | None, covers: str
) -> Offered | None:
    """The file that is handed in; what is wrong with it shows before anything is loaded or computed."""
    from replication.monthly import request

    if file is None:
        return None
    request.file_of(file)
    said = request.extent_of(covers)
    from replication.monthly import intake

    return intake.look(file, folder, day=day.date() if day else None, said=said)


def _settled(folder: Path, definitions: Path | None, say: Say) -> Edition:
    """What is computed with; a change of the package is first applied to the readings that are there."""
    from replication.definitions import PACKAGED
    from replication.monthly import readings, renewal
    from replication.monthly.editions import Edition

    edition = Edition.present(definitions or PACKAGED)
    if readings.all_of(folder):
        renewal.settle(folder, edition, say)
    return edition


def _take(offered: Offered, folder: Path, edition: Edition, *, force: bool) -> None:
    """Take a file in, and say what it was taken for."""
    from replication.monthly import intake
    from replication.monthly.readings import KINDS

    taken = intake.take(offered, folder, edition.definitions, anyway=force)
    one = taken.reading
    what = f"{one.day or 'any day'}, {KINDS[one.kind]}, {quantity(one.rows, 'row')}"
    state = "new reading" if taken.is_new else "already there, nothing to take in"
    out.print(f"record  {what}: {state}", markup=False)


def _crawl(
    folder: Path, edition: Edition, say: Say, extent: tuple[bool, int | None, str]
) -> HubError | None:
    """Crawl the Hub and take that in; return why it could not be done."""
    from replication.monthly import intake
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
    _take(intake.look(newest, folder), folder, edition, force=False)
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
    done = f"{quantity(count, 'window')} computed" if count else "all as it was"
    out.print(f"record  {done} → {folder / 'README.md'}", markup=False)
