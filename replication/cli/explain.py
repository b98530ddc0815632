"""The command `explain`: how an output came to be, up to the source."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from replication import places
from replication.cli.options import path_of
from replication.cli.terminal import out, reported
from replication.plain import plain

if TYPE_CHECKING:
    from replication.pipeline.explanation import Explanation, Part

SHOWN = 12
"""Characters of a hash that are shown; --json has all."""
MOST_FILES = 4
"""Files that a stage read from outside that are named; of more the number is told."""


def explain(
    output: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="An output: results/claims.csv, figures/window_pair.svg, paper/paper.pdf; the name of a "
            "result table or figure; or the key of a number of the text, such as w-china.",
        ),
    ],
    run: Annotated[
        Path | None,
        typer.Option(
            parser=path_of,
            metavar="FOLDER",
            help="Folder of the run. Default: that of the bundled panel.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print all of it as JSON, with whole hashes.")
    ] = False,
) -> None:
    """Say how an output came to be: function, inputs, stages, versions, up to the source.

    First what it is made of, table by table, with the function and line that
    makes each; then the stages that ran, when and on what; then the data at
    the start, with addresses and hashes.

    python -m replication explain window_answers

    python -m replication explain w-china
    """
    with reported():
        from replication.pipeline.explanation import explain as explained

        found = explained(places.resolved(run) if run else places.home(), output)
        if as_json:
            typer.echo(json.dumps(asdict(found), indent=2, default=dict))
            return
        for line in lines(found):
            out.print(plain(line), markup=False)


def lines(found: Explanation) -> Iterator[str]:
    """The explanation as lines of text."""
    yield from _of_part(found.part, "")
    yield f"  {found.state}"
    yield ""
    yield "stages, from the source"
    for stage in found.stages:
        yield f"  {stage.name:<12} {_made(stage.made)}".rstrip()
        yield from (f"    reads {name}" for name in _files(stage.inputs))
    yield ""
    yield "data at the start"
    for source in found.sources:
        yield "  " + _source(source)


def _of_part(part: Part, indent: str) -> Iterator[str]:
    """A part and what it is made of, deeper by two blanks."""
    yield f"{indent}{part.name}" + (f": {part.says}" if part.says else "")
    if part.made_by:
        yield f"{indent}  by {part.made_by}"
    for one in part.parts:
        yield from _of_part(one, f"{indent}    " if part.made_by else f"{indent}  ")


def _made(made: Mapping[str, Any]) -> str:
    """When a stage ran, on what, and what was asked for beside the packaged definitions."""
    if not made:
        return "no record is left here"
    said = (
        f"{made['began']}, {made['seconds']} s, version {made['version']}, Python {made['python']}, "
        f"{made['system']}, seed {made['seed']}"
    )
    changed = {**made["options"], **made["definitions"]}
    return said + "".join(f", {name} = {value}" for name, value in changed.items())


def _files(inputs: Mapping[str, str]) -> Iterator[str]:
    """Files with their hashes; of a folder with many, how many."""
    folders: dict[str, list[str]] = {}
    for name in inputs:
        folders.setdefault(Path(name).parent.as_posix(), []).append(name)
    for folder, names in folders.items():
        if len(names) > MOST_FILES:
            yield f"{len(names)} files of {folder}/"
        else:
            yield from (f"{name}  sha256 {inputs[name][:SHOWN]}…" for name in names)


def _source(source: Mapping[str, str]) -> str:
    """One source of data in one line."""
    told = [text for key, text in source.items() if key != "sha256"]
    return ", ".join([*told, f"sha256 {source['sha256'][:SHOWN]}…"] if "sha256" in source else told)
