"""Options that several commands share."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from replication.kinds import SOURCES


def path_of(value: str) -> Path:
    """The path that an option names; ~ is the user's folder, and an empty text is no path."""
    if not str(value).strip():
        raise typer.BadParameter("it is empty: name a path, or leave the option away")
    with suppress(RuntimeError):  # no such user, so that it is a name like any other
        return Path(value).expanduser()
    return Path(value)


def out_folder(text: str, *, default: bool | str = True) -> Any:
    """The option --out of a command whose folder is no run's, with its help and the default that is shown."""
    return typer.Option("--out", parser=path_of, metavar="FOLDER", help=text, show_default=default)


Data = Annotated[
    str,
    typer.Option(
        metavar="SOURCE|PATH",
        help="Where the data come from: "
        + ", ".join(f"{name} ({what})" for name, what in SOURCES.items())
        + ", a copy of a released file (.parquet or .csv), or a folder of snapshots.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        parser=path_of,
        metavar="FOLDER",
        help="Folder of results, figures and paper. Default: the repository for bundled, runs/NAME "
        "in it for other data or definitions; of an installed package ./open-model-downloads.",
    ),
]
DefinitionsFile = Annotated[
    Path | None,
    typer.Option(
        "--definitions",
        parser=path_of,
        metavar="FILE",
        help="Definitions to use in place of replication/definitions/definitions.toml.",
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
RecordsFolder = Annotated[
    Path | None,
    typer.Option(
        "--records",
        parser=path_of,
        metavar="FOLDER",
        help="Folder in which the public records lie (replication/definitions/records.toml says which). With "
        "records the default is Git repositories at their pinned commits; a released file has its "
        "window rebuilt from them.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Run even where nothing has changed.")]
