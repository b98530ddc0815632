"""The command line: `python -m replication STAGE` mirrors every Make target."""

from __future__ import annotations

import io
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from replication import __version__, places
from replication.cli.console import print_outcome
from replication.definitions import PACKAGED
from replication.errors import ReplicationError, SourceError
from replication.pipeline import STAGES
from replication.places import PACKAGE, ROOT
from replication.plain import plain, plain_lines
from replication.run import BUNDLED, DUCKDB, RECORDS, RELEASED, SNAPSHOTS, SPARK, Run, folder_for
from replication.stages import Stage, execute

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 1 the data, the Hub or a check failed, 2 the command is misspelt.",
)
SOURCES = (BUNDLED, RECORDS, RELEASED, SNAPSHOTS)
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def _path(value: str) -> Path:
    """The path that an option names; ~ is the user's folder, and an empty text is no path."""
    if not str(value).strip():
        raise typer.BadParameter("it is empty: name a path, or leave the option away")
    with suppress(RuntimeError):  # no such user, so that it is a name like any other
        return Path(value).expanduser()
    return Path(value)


Data = Annotated[
    str,
    typer.Option(
        metavar="SOURCE|PATH",
        help="Where the data come from: bundled (the panel, no network), records (the public records of "
        "the published window, anew), released (the dataset on the Hub), snapshots (the Hub's weekly ones, many gigabytes), a copy of a released file "
        "(.parquet or .csv), or a folder of snapshots.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        parser=_path,
        metavar="FOLDER",
        help="Folder of results, figures and paper. Default: the repository for bundled, runs/NAME "
        "in it for other data or definitions; of an installed package ./open-model-downloads.",
    ),
]
StudyFile = Annotated[
    Path,
    typer.Option(
        "--definitions",
        parser=_path,
        metavar="FILE",
        help="Definitions to use in place of replication/definitions/definitions.toml.",
        show_default=False,
    ),
]
Revision = Annotated[
    str,
    typer.Option(
        help="Commit of the dataset on the Hub (40 hexadecimal digits, recommended), or of the "
        "released one a branch, tag or short hash.",
    ),
]
FileName = Annotated[
    str,
    typer.Option(
        "--file",
        help="File of the released dataset: one_year_rolling.parquet or "
        "all_downloads_with_annotations.parquet.",
    ),
]
Since = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="First label of the snapshots, ISO 8601."),
]
Until = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Last label of the snapshots."),
]
EngineName = Annotated[
    str,
    typer.Option(
        metavar="duckdb|spark",
        help="What builds the panel of snapshots: DuckDB on this machine, or Apache Spark.",
    ),
]
BUNDLE = PACKAGE / "data"
REGISTRY = BUNDLE / "registry.csv"
RegistryFile = Annotated[
    Path,
    typer.Option(
        "--registry",
        parser=_path,
        metavar="FILE",
        help="Another registry.csv to use.",
        show_default=False,
    ),
]
DataFile = Annotated[
    Path | None,
    typer.Option(
        parser=_path,
        metavar="FILE",
        help="A released file (.parquet, .csv), a table of the Hub's models, or a CSV with the "
        "column namespace and columns of numbers. Default: the bundled panel.",
    ),
]
RecordsFolder = Annotated[
    Path | None,
    typer.Option(
        "--records",
        parser=_path,
        metavar="FOLDER",
        help="Folder in which the public records lie (replication/definitions/records.toml says which). With "
        "records the default is Git repositories at their pinned commits; a released file has its "
        "window rebuilt from them.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Run even where nothing has changed.")]


def _print_version(asked: bool) -> None:
    """Print the version and end."""
    if asked:
        out.print(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Reproduce and audit the published shares of open-model downloads by country."""


@app.command("all")
def all_(
    data: Data = BUNDLED,
    out: Out = None,
    definitions: StudyFile = PACKAGED,
    revision: Revision = "",
    filename: FileName = "",
    since: Since = None,
    until: Until = None,
    engine: EngineName = DUCKDB,
    records: RecordsFolder = None,
    force: Force = False,
) -> None:
    """Run every stage: fetch, panel, attribution, analysis, figures, paper."""
    _run(
        STAGES,
        _asked(data, out, definitions, revision, filename, since, until, engine, records),
        force,
    )


def _command(stage: Stage) -> Callable[..., None]:
    """Make the command of one stage."""

    def command(
        data: Data = BUNDLED,
        out: Out = None,
        definitions: StudyFile = PACKAGED,
        revision: Revision = "",
        filename: FileName = "",
        since: Since = None,
        until: Until = None,
        engine: EngineName = DUCKDB,
        records: RecordsFolder = None,
        force: Force = False,
    ) -> None:
        _run(
            (stage,),
            _asked(data, out, definitions, revision, filename, since, until, engine, records),
            force,
        )

    command.__doc__ = stage.summary
    return command


for _stage in STAGES:
    app.command(_stage.name)(_command(_stage))


@app.command()
def bundle(
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            parser=_path,
            metavar="FILE",
            help="A local copy of the released file (.parquet, .csv).",
        ),
    ] = None,
    records: Annotated[
        Path | None,
        typer.Option(
            "--records", parser=_path, metavar="FOLDER", help="The folder of the public records."
        ),
    ] = None,
    folder: Annotated[
        Path,
        typer.Option(
            parser=_path,
            metavar="FOLDER",
            help="Where the tables and their sidecar go.",
            show_default="replication/data",
        ),
    ] = BUNDLE,
    accessed: Annotated[
        str, typer.Option(help="Date on which the file was read, ISO 8601. Default: today.")
    ] = "",
    definitions: StudyFile = PACKAGED,
) -> None:
    """Compute the bundled panel from a released file, or the bundled window from records."""
    from replication.attribution.checked_csv import is_date
    from replication.pipeline.bundles import make_bundle, make_window_bundle

    if source is None and records is None:
        raise typer.BadParameter("name a released file, or --records", param_hint="--from")

    if accessed and not is_date(accessed):
        raise typer.BadParameter(f"{accessed!r} is not a date", param_hint="--accessed")
    run = Run(BUNDLED, ROOT, definitions)
    with _reported(), _progress("bundle") as progress:
        if places.resolved(folder) == BUNDLE:
            places.require_repository("bundle without --folder")
        else:
            places.check_out(places.resolved(folder))
        if source is not None:
            found = make_bundle(source, folder, run, accessed)
            out.print(f"bundle  {len(found.repositories):,} repositories → {folder}", markup=False)
        if records is not None:
            made = make_window_bundle(records, folder, run, progress)
            rows = len(made.window_repositories)
            out.print(f"bundle  {rows:,} rows of the window → {folder}", markup=False)


@app.command()
def verify() -> None:
    """Rebuild everything in a clean folder and compare it with what is committed."""
    from replication.pipeline.calibration import require_calibration
    from replication.validation import committed

    with _reported(), _progress("verify") as progress:
        places.require_repository("verify")
        compared = committed.verify_committed(progress, also=require_calibration)
        progress("second implementation, in SQL")
        numbers, largest = committed.verify_estimates()
        of_window, apart = committed.verify_window()
        progress("second implementation, by SciPy and arch")
        ends, farthest = committed.verify_intervals()
    out.print(f"[green]✓[/] {compared} committed files are what this code and these data make")
    out.print("[green]✓[/] the measured coverage is of this code, these definitions and these data")
    out.print(
        f"[green]✓[/] {numbers:,} estimates are what SQL computes (largest difference {largest:.0e})"
    )
    out.print(
        f"[green]✓[/] {of_window:,} numbers of the published window are what SQL computes (largest "
        f"difference {apart:.0e})"
    )
    out.print(
        f"[green]✓[/] {ends} interval ends are what SciPy, arch and a loop give (largest distance "
        f"{farthest:.1f} standard errors)"
    )


_FOLDER = "Folder of a run, with results/ in it; the repository is one: ."


@app.command()
def compare(
    a: Annotated[Path, typer.Argument(parser=_path, metavar="A", help=_FOLDER)],
    b: Annotated[Path, typer.Argument(parser=_path, metavar="B", help=_FOLDER)],
    every: Annotated[bool, typer.Option("--all", help="Print every row that differs.")] = False,
) -> None:
    """Show what differs between two runs: what made them, and what came out of it.

    First the version, the definitions, rows of the registry and the rules, and
    the data; then the headline, the claims' answers and the country shares,
    with how far each moved in points.

    What one correction does: edit a row of the registry, or a copy of
    definitions.toml (DEFINITIONS=my.toml), run it elsewhere, and compare:

    make all OUT=runs/mine

    python -m replication compare . runs/mine

    Exits with 0 where both runs could be read, the same or not, else with 1.
    """
    from replication.validation import compare as comparison

    with _reported():
        comparison.show(a, b, out, every=every)


@app.command()
def calibration(force: Force = False) -> None:
    """Measure the coverage of every interval method on synthetic data sets; about 15 minutes."""
    from replication.pipeline.calibration import calibrate

    run = Run(BUNDLED, ROOT, PACKAGED)
    with _reported(), _progress("calibration") as progress:
        places.require_repository("calibration")
        for stage in STAGES[:3]:
            execute(stage, run, progress)
        measured = calibrate(run, progress, force=force)
    told = "measured; make all carries it into the paper" if measured else "unchanged"
    out.print(f"[green]✓[/] calibration  {told}")


@app.command()
def crawl(
    out_: Annotated[
        Path,
        typer.Option(
            "--out",
            parser=_path,
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
    from replication.cli import hub
    from replication.sources import crawl_extent

    with _reported(), _progress("crawl") as progress:
        places.check_out(places.resolved(out_))
        extent = crawl_extent.choose(top, namespaces, everything=all_models)
        hub.crawl(out_, extent, console=out, say=progress)


@app.command()
def recovery(
    repositories: Annotated[
        int, typer.Option(min=2_000, help="Repositories of each synthetic Hub.")
    ] = 100_000,
    hubs: Annotated[int, typer.Option(min=1, help="Synthetic Hubs.")] = 3,
    kills: Annotated[int, typer.Option(min=0, help="Kills at random moments.")] = 50,
    window_hubs: Annotated[
        int, typer.Option(min=0, help="Synthetic Hubs whose window is rebuilt from records.")
    ] = 20,
) -> None:
    """Rebuild synthetic Hubs of known truth, and show what each mending step is worth.

    The published window is rebuilt from synthetic records too. Exits with 1 where a mark is missed.
    About twelve minutes.
    """
    from replication.cli import hub

    with _reported(), _progress("recovery") as progress:
        hub.recovery(repositories, hubs, kills, window_hubs, out, progress)


@app.command()
def who(
    name: Annotated[
        str, typer.Argument(metavar="NAMESPACE|REPO", help="As on the Hub: Qwen, or Qwen/QwQ-32B.")
    ],
    registry: RegistryFile = REGISTRY,
) -> None:
    """Say who is credited for a namespace or repository under each rule, and why."""
    from replication.cli import registry as commands

    with _reported():
        commands.who(name, registry, out)


registry_app = typer.Typer(
    no_args_is_help=True, help="Check the registry of developers, its coverage, and what it lacks."
)
app.add_typer(registry_app, name="registry")


@registry_app.command()
def check(registry: RegistryFile = REGISTRY) -> None:
    """Check every row of the registry and of the rules; exit 1 with the line that is wrong."""
    from replication.cli import registry as commands

    with _reported():
        commands.check(registry, out)


@registry_app.command()
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
    from replication.cli import registry as commands

    with _reported():
        commands.coverage(data, minimum, evidence=evidence, path=registry, console=out)


@registry_app.command()
def missing(
    data: DataFile = None,
    most: Annotated[int, typer.Option("--most", min=1, help="Lines to print.")] = 30,
    registry: RegistryFile = REGISTRY,
) -> None:
    """Print the work list: namespaces without a row or without evidence, by downloads."""
    from replication.cli import registry as commands

    with _reported():
        commands.missing(data, most, registry, out)


@registry_app.command()
def sample(
    n: Annotated[int, typer.Option("--n", min=1, help="How many developers to draw.")] = 125,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draw.")] = 0,
    frame: Annotated[
        bool, typer.Option("--frame", help="Print those that are not drawn too.")
    ] = False,
    registry: RegistryFile = REGISTRY,
) -> None:
    """Draw developers of the panel for an audit, with probability proportional to size, as CSV."""
    from replication.cli import registry as commands

    with _reported():
        commands.sample(n, seed, registry, out, whole=frame)


@app.command()
def version() -> None:
    """Print the version."""
    _print_version(asked=True)


def _asked(
    data: str,
    folder: Path | None,
    definitions: Path,
    revision: str,
    filename: str,
    since: datetime | None,
    until: datetime | None,
    engine: str,
    records: Path | None,
) -> Run:
    """The run that the options ask for, where its folder is one that it may write into."""
    first, last = (day.date() if day else None for day in (since, until))
    source = data if data in SOURCES or not data.startswith("~") else str(_path(data))
    with _reported():
        out_ = places.resolved(folder or folder_for(source, definitions))
        run = Run(source, out_, definitions, revision, filename, first, last, engine, records)
        _check_source(run)
        places.check_out(out_, committed=run.is_committed, reads=run.folders_of_data)
    return run


def _run(stages: tuple[Stage, ...], run: Run, force: bool) -> None:
    """Run stages in order, with a line on each."""
    with _reported():
        for stage in stages:
            began = time.perf_counter()
            with _progress(stage.name) as progress:
                ran = execute(stage, run, progress, force=force)
            spent = f"{time.perf_counter() - began:.1f} s" if ran else "unchanged"
            out.print(f"[green]✓[/] {stage.name:<12} {spent}")
            if ran:
                print_outcome(stage.name, run.results, out)
    out.print(f"results, figures and paper: {run.out}", markup=False)


def _check_source(run: Run) -> None:
    """Refuse options that are misspelt or do not go together, before anything is read or written."""
    if run.data.strip().lower() in {*SOURCES, ""} and run.data not in SOURCES:
        raise typer.BadParameter(
            f"{run.data!r} is not bundled, records, released, snapshots or a path",
            param_hint="--data",
        )
    if "://" in run.data:
        raise SourceError(
            f"{run.data} is an address, and data are read from this machine",
            "bring the file and name its path, or use --data released or --data snapshots",
        )
    if run.records and run.kind in {BUNDLED, SNAPSHOTS}:
        raise typer.BadParameter(
            "a folder of records goes with --data records, released or a released file",
            param_hint="--records",
        )
    if run.revision and run.data not in {RELEASED, SNAPSHOTS}:
        raise typer.BadParameter(
            "a revision goes with --data released or snapshots", param_hint="--revision"
        )
    if run.filename and run.data != RELEASED:
        raise typer.BadParameter("a file goes with --data released", param_hint="--file")
    if (run.since or run.until) and not run.whole_hub:
        raise typer.BadParameter("a range of dates goes with snapshots", param_hint="--since")
    if run.engine not in {DUCKDB, SPARK}:
        raise typer.BadParameter(f"{run.engine!r} is not duckdb or spark", param_hint="--engine")
    if run.engine == SPARK and not run.whole_hub:
        raise typer.BadParameter("an engine goes with snapshots", param_hint="--engine")


@contextmanager
def _progress(name: str) -> Iterator[Callable[[str], None]]:
    """Show what is going on: a spinner in a terminal, nothing but the result in a pipe."""
    if not out.is_terminal:
        yield lambda _: None
        return
    with out.status(f"{name} …") as status:
        yield lambda text: status.update(f"{name}: {escape(plain(text))}")


@contextmanager
def _reported() -> Iterator[None]:
    """Turn a failure that the user can act on into one message and exit code 1."""
    try:
        yield
    except ReplicationError as error:
        _tell(error.what, error.remedy)
        raise typer.Exit(1) from None
    except BrokenPipeError:  # who reads the output has read enough
        raise
    except OSError as error:
        _tell(
            f"cannot read or write {error.filename or 'a file'}: {error.strerror or error}",
            "free disk space (TMPDIR names the folder of temporary files) or correct the "
            "permissions, and run again",
        )
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        err.print("interrupted; what is written is whole, run again to go on")
        raise typer.Exit(130) from None


_VARIABLES = "DATA|RECORDS|OUT|STUDY|REVISION|FILE|SINCE|UNTIL|ENGINE"


def _installed(remedy: str) -> str:
    """A remedy in the words of the console command, for those who have no Makefile."""
    stages = "|".join(("all", *(stage.name for stage in STAGES)))
    remedy = re.sub(r" \(make: [^)]*\)", "", remedy)
    remedy = re.sub(rf"\bmake ({stages})\b", rf"{places.COMMAND} \1", remedy)
    remedy = remedy.replace("python -m replication", places.COMMAND)
    return re.sub(rf"\b({_VARIABLES})=", lambda match: f"--{match[1].lower()} ", remedy)


def _tell(what: str, remedy: str) -> None:
    """Print what is wrong and what can be done about it."""
    remedy = remedy if places.IN_REPOSITORY else _installed(remedy)
    err.print("[bold red]error:[/] ", end="")
    err.print(plain_lines(what), markup=False)
    err.print(f"  remedy: {plain_lines(remedy)}", markup=False)


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal or a pipe may not know every letter
            stream.reconfigure(errors="replace")
    os.environ["MPLBACKEND"] = "agg"  # figures are files, whatever draws in the user's windows
    app()
