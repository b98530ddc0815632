"""Commands that run the stages, and the one that remakes what the first of them reads."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from replication import kinds, places
from replication.cli.options import (
    Data,
    DefinitionsFile,
    EngineName,
    FileName,
    Force,
    Out,
    RecordsFolder,
    Revision,
    Since,
    Until,
    path_of,
)
from replication.cli.terminal import out, progress, reported
from replication.errors import SourceError
from replication.kinds import BUNDLED, DUCKDB, RELEASED, SNAPSHOTS, SOURCES, SPARK

if TYPE_CHECKING:
    from replication.run import Run

PAPER = "paper"
"""The stage after which the finding is printed."""
BUNDLE = places.PACKAGE / "data"


def command_of(names: Sequence[str], summary: str) -> Callable[..., None]:
    """Make the command that runs the named stages."""

    def command(
        data: Data = BUNDLED,
        out: Out = None,
        definitions: DefinitionsFile = None,
        revision: Revision = "",
        filename: FileName = "",
        since: Since = None,
        until: Until = None,
        engine: EngineName = DUCKDB,
        records: RecordsFolder = None,
        force: Force = False,
    ) -> None:
        with reported():
            run = _run_of(
                data, out, definitions, revision=revision, filename=filename,
                since=since.date() if since else None, until=until.date() if until else None,
                engine=engine, records=records,
            )  # fmt: skip
            _execute(names, run, force=force)

    command.__doc__ = summary
    return command


def register(app: typer.Typer, of_stages: str, of_bundle: str) -> None:
    """Add one command for all stages, one for each, and `bundle`, in groups of the help."""
    every = command_of([*kinds.STAGES], f"Run every stage: {', '.join(kinds.STAGES)}.")
    app.command("all", rich_help_panel=of_stages)(every)
    for name, summary in kinds.STAGES.items():
        app.command(name, rich_help_panel=of_stages)(command_of([name], summary))
    app.command(rich_help_panel=of_bundle)(bundle)


def _run_of(data: str, folder: Path | None, definitions: Path | None, **options: Any) -> Run:
    """The run that the options ask for, if it may write into its folder."""
    from replication.definitions import PACKAGED
    from replication.run import Run, folder_for

    source = data if data in SOURCES or not data.startswith("~") else str(path_of(data))
    chosen = definitions or PACKAGED
    target = places.resolved(folder or folder_for(source, chosen))
    run = Run(source, target, chosen, **options)
    _check_options(run)
    places.check_out(target, committed=run.is_committed, reads=run.folders_of_data)
    return run


def _execute(names: Sequence[str], run: Run, *, force: bool) -> None:
    """Run stages in order, with a line on each."""
    from replication.cli import summary
    from replication.cli.outcome import print_outcome
    from replication.pipeline import STAGES, ahead
    from replication.stages import execute

    chosen = [stage for stage in STAGES if stage.name in names]
    with ahead.opened(run, chosen) as before:
        for number, stage in enumerate(chosen, 1):
            place = f"{number} of {len(chosen)} " if len(chosen) > 1 else ""
            began = time.perf_counter()
            with progress(f"{place}{stage.name}") as say:
                ran = execute(stage, run, say, force=force, before=before)
            spent = f"{time.perf_counter() - began:.1f} s" if ran else "unchanged"
            out.print(f"[green]✓[/] {place}{stage.name:<12} {spent}")
            if ran:
                print_outcome(stage.name, run.results, out)
    if PAPER in names:
        summary.print_ending(run.out, run.paper, out)
    out.print(f"results, figures and paper: {run.out}", markup=False)


def _check_options(run: Run) -> None:
    """Refuse options that are misspelt or do not go together, before anything is read or written."""
    if "://" in run.data:
        raise SourceError(
            f"{run.data} is an address, and data are read from this machine",
            "bring the file and name its path, or use --data released or --data snapshots",
        )
    misspelt = run.data.strip().lower() in {*SOURCES, ""} and run.data not in SOURCES
    checks = (
        ("data", misspelt, f"{run.data!r} is not {', '.join(SOURCES)} or a path"),
        (
            "records",
            run.records and run.kind in {BUNDLED, SNAPSHOTS},
            "a folder of records goes with --data records, released or a released file",
        ),
        (
            "revision",
            run.revision and run.data not in {RELEASED, SNAPSHOTS},
            "a revision goes with --data released or snapshots",
        ),
        (
            "file",
            run.filename and run.data != RELEASED,
            "a file goes with --data released",
        ),
        (
            "since",
            (run.since or run.until) and not run.whole_hub,
            "a range of dates goes with snapshots",
        ),
        ("engine", run.engine not in {DUCKDB, SPARK}, f"{run.engine!r} is not duckdb or spark"),
        (
            "engine",
            run.engine == SPARK and not run.whole_hub,
            "an engine goes with snapshots",
        ),
    )
    for option, wrong, message in checks:
        if wrong:
            raise typer.BadParameter(message, param_hint=f"--{option}")


def bundle(
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            parser=path_of,
            metavar="FILE",
            help="A local copy of the released file (.parquet, .csv).",
        ),
    ] = None,
    records: Annotated[
        Path | None,
        typer.Option(
            "--records", parser=path_of, metavar="FOLDER", help="The folder of the public records."
        ),
    ] = None,
    folder: Annotated[
        Path,
        typer.Option(
            parser=path_of,
            metavar="FOLDER",
            help="Where the tables and their sidecar go.",
            show_default="replication/data",
        ),
    ] = BUNDLE,
    accessed: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="Date on which the file was read, ISO 8601. Default: today.",
        ),
    ] = None,
    definitions: DefinitionsFile = None,
) -> None:
    """Compute the bundled panel from a released file, or the bundled window from records."""
    if source is None and records is None:
        raise typer.BadParameter("name a released file, or --records", param_hint="--from")
    with reported(), progress("bundle") as say:
        if places.resolved(folder) == BUNDLE:
            places.require_repository("bundle without --folder")
        else:
            places.check_out(places.resolved(folder))
        _write_bundle(source, records, folder, accessed, definitions, say)


def _write_bundle(
    source: Path | None,
    records: Path | None,
    folder: Path,
    accessed: datetime | None,
    definitions: Path | None,
    say: Callable[[str], None],
) -> None:
    """Write the tables that were asked for, and print how many rows they have."""
    from replication.definitions import PACKAGED
    from replication.pipeline.bundles import make_bundle, make_window_bundle
    from replication.run import Run

    run = Run(BUNDLED, places.ROOT, definitions or PACKAGED)
    if source is not None:
        day = accessed.date().isoformat() if accessed else ""
        panel = make_bundle(source, folder, run, day)
        out.print(f"bundle  {len(panel.repositories):,} repositories → {folder}", markup=False)
    if records is not None:
        rows = len(make_window_bundle(records, folder, run, say).window_repositories)
        out.print(f"bundle  {rows:,} rows of the window → {folder}", markup=False)
