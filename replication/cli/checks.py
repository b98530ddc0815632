"""Commands that check: what is committed, two runs, coverage of intervals, recovery of the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from replication import places
from replication.cli.options import Force, path_of
from replication.cli.terminal import out, progress, reported
from replication.kinds import BUNDLED

_FOLDER = "Folder of a run, with results/ in it; the repository is one: ."


def verify() -> None:
    """Rebuild everything in a clean folder and compare it with what is committed."""
    from replication.validation import committed, library_intervals, sql_estimates, sql_window
    from replication.validation.coverage import require_calibration

    with reported(), progress("verify") as say:
        places.require_repository("verify")
        compared = committed.verify_committed(say, also=require_calibration)
        say("second implementation, in SQL")
        numbers, largest = committed.verify_again(sql_estimates.checked)
        of_window, largest_of_window = committed.verify_again(sql_window.checked)
        say("second implementation, by SciPy and arch")
        ends, farthest = committed.verify_again(library_intervals.checked)
    for line in (
        f"{compared} committed files are what this code and these data make",
        "the measured coverage is of this code, these definitions and these data",
        f"{numbers:,} estimates are what SQL computes (largest difference {largest:.0e})",
        (
            f"{of_window:,} numbers of the published window are what SQL computes (largest "
            f"difference {largest_of_window:.0e})"
        ),
        (
            f"{ends} interval ends are what SciPy, arch and a loop give (largest distance "
            f"{farthest:.1f} standard errors)"
        ),
    ):
        out.print(f"[green]✓[/] {line}")


def compare(
    a: Annotated[Path, typer.Argument(parser=path_of, metavar="A", help=_FOLDER)],
    b: Annotated[Path, typer.Argument(parser=path_of, metavar="B", help=_FOLDER)],
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
    from replication.cli import comparison

    with reported():
        comparison.show(a, b, out, every=every)


def calibration(force: Force = False) -> None:
    """Measure the coverage of every interval method on synthetic data sets; some minutes.

    A run that was killed is continued when it is started again.
    """
    from replication.definitions import PACKAGED
    from replication.pipeline import STAGES
    from replication.run import Run
    from replication.stages import execute
    from replication.validation.coverage import calibrate

    run = Run(BUNDLED, places.ROOT, PACKAGED)
    with reported(), progress("calibration") as say:
        places.require_repository("calibration")
        for stage in STAGES[:3]:
            execute(stage, run, say)
        measured = calibrate(run, say, force=force)
    outcome = "measured; make all carries it into the paper" if measured else "unchanged"
    out.print(f"[green]✓[/] calibration  {outcome}")


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
    from replication.cli import recovery_text

    with reported(), progress("recovery") as say:
        recovery_text.recovery(repositories, hubs, kills, window_hubs, out, say)
