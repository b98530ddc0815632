"""The command line: `python -m replication STAGE` mirrors every Make target.

No library for numbers is imported before a command runs, so that the help is shown at once.
"""

from __future__ import annotations

import atexit
import io
import os
import sys
from typing import Annotated

import typer

from replication import __version__
from replication.cli import (
    checks,
    citation,
    claims,
    explain,
    hub,
    record,
    registry,
    stages,
    summary,
)
from replication.cli.terminal import out
from replication.processes import leave

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 1 the data, the Hub or a check failed, 2 the command is misspelt.",
)


def version() -> None:
    """Print the version."""
    out.print(__version__)


def _print_version(asked: bool) -> None:
    """Print the version and end."""
    if asked:
        version()
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


LOOK_UP, REBUILD, MAINTAIN = "Look up", "Rebuild", "Maintain"
"""Groups of commands in the help, in their order."""

app.command(rich_help_panel=LOOK_UP)(summary.summary)
app.command(rich_help_panel=LOOK_UP)(claims.claim)
app.command(rich_help_panel=LOOK_UP)(registry.who)
app.command(rich_help_panel=LOOK_UP)(explain.explain)
app.command(rich_help_panel=LOOK_UP)(citation.cite)
stages.register(app, REBUILD, MAINTAIN)
app.command(rich_help_panel=REBUILD)(record.record)
app.command(rich_help_panel=REBUILD)(checks.verify)
app.command(rich_help_panel=REBUILD)(checks.compare)
app.command("crawl", rich_help_panel=MAINTAIN)(hub.crawl_command)
app.command(rich_help_panel=MAINTAIN)(checks.calibration)
app.command(rich_help_panel=MAINTAIN)(checks.recovery)
app.command(rich_help_panel=MAINTAIN)(citation.dataset)
app.command(rich_help_panel=MAINTAIN)(version)
app.add_typer(registry.app, name="registry", rich_help_panel=MAINTAIN)


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal or a pipe may not know every letter
            stream.reconfigure(errors="replace")
    atexit.register(leave)
    os.environ["MPLBACKEND"] = "agg"  # figures are files, whatever draws in the user's windows
    app()
