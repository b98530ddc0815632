"""``python -m release``: what a release is made of and tried by. Nothing is published."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from release import environments, surroundings
from release.source import ReleaseError
from replication import __version__
from replication.cli.terminal import out, print_table, progress, reported
from replication.files import sha256_file
from replication.places import ROOT
from replication.plain import few

BUILD = ROOT / "build"
SHOWN = 5
"""Files that differ of which a message speaks."""
app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False,
    help="Make and try what a release consists of. Nothing is published.",
)  # fmt: skip


@app.command("surroundings")
def surroundings_command(
    pythons: Annotated[
        str, typer.Option(help="Programs to take before those of PATH, separated by blanks.")
    ] = "",
    only: Annotated[list[str] | None, typer.Option(help="Name of one surrounding.")] = None,
) -> None:
    """Run everything in other surroundings and compare it with what is committed.

    Pythons, one worker and many, language, time zone, hash seed, umask, a path with blanks and other letters, a user
    without rights, no history, the wheel and the source distribution. A Python that is not here is skipped and named.
    """
    from release import distributions

    outcomes, missing = [], []
    with reported(), progress("surroundings") as say:
        chosen = [one for one in surroundings.ALL if not only or one.name in only]
        if len(chosen) < len(only or chosen):
            known = ", ".join(one.name for one in surroundings.ALL)
            raise ReleaseError(
                f"no such surrounding: {', '.join(only or [])}", f"name one of {known}"
            )
        built: dict[str, Path] = {}
        if any(one.form != surroundings.CHECKOUT for one in chosen):
            say("wheel and source distribution")
            paths = distributions.build(ROOT, BUILD / "dist")
            built = dict(zip(distributions.KINDS, paths, strict=True))
        for one in chosen:
            program = environments.found(one.python, pythons.split())
            if not program:
                missing.append(one)
                continue
            say(f"{one.name}: packages for Python {one.python}")
            place = BUILD / "surroundings" / one.python
            environment = environments.make(program, place, ROOT, built.get(one.form))
            with tempfile.TemporaryDirectory() as name:
                say(f"{one.name}: {one.form}, {one.words}")
                outcomes.append(surroundings.run(one, environment, ROOT, Path(name)))
        _print_outcomes(outcomes, missing)
        if wrong := [line for one in outcomes for line in one.wrong]:
            what = "results depend on the surroundings: " + few(wrong, SHOWN)
            raise ReleaseError(
                what, "find which property does it: change ALL in release/surroundings.py"
            )


def _print_outcomes(
    outcomes: list[surroundings.Outcome], missing: list[surroundings.Surrounding]
) -> None:
    """Print a table with a row for each surrounding."""
    rows = [
        (
            one.surrounding.name, one.python, one.surrounding.form, one.surrounding.words,
            "yes" if one.same else "NO", ", ".join(f"{n} {how}" for how, n in one.counts.items()),
        )
        for one in outcomes
    ]  # fmt: skip
    rows += [
        (one.name, one.python, one.form, one.words, "skipped", "no such Python here")
        for one in missing
    ]
    columns = ("surrounding", "Python", "form", "with", "same content", "files")
    print_table(out, columns, rows)


@app.command()
def dist() -> None:
    """Build the wheel and the source distribution into build/dist, and check them."""
    from release import distributions

    with reported(), progress("dist") as say:
        say("wheel and source distribution")
        made = distributions.build(ROOT, BUILD / "dist")
    _print_files(made)


@app.command("archive")
def archive_command(
    wheels: Annotated[
        bool, typer.Option("--wheels", help="Write the locked packages for this platform too.")
    ] = False,
) -> None:
    """Write everything that a run without a network needs into build/dist: source, locks, results, paper, page."""
    from release import archive

    with reported(), progress("archive") as say:
        say("source and results")
        made = [archive.write(ROOT, BUILD / "dist")]
        if wheels:
            say("packages")
            made.append(archive.write_wheels(ROOT, BUILD / "dist"))
    _print_files(made)


@app.command("notes")
def notes_command(version: Annotated[str, typer.Argument()] = __version__) -> None:
    """Print what CHANGELOG.md says of a version, by default the present one."""
    from release import notes

    with reported():
        print(notes.of(ROOT, version), end="")  # noqa: T201 -- for a file, without wrapping


@app.command("rehearsal")
def rehearsal_command() -> None:
    """Do everything that a release does, in a clean clone, and publish nothing: a quarter of an hour.

    The commit, versions, notes, make all and verify, the data set, distributions and archive built twice, the wheel
    installed and run by a stranger. Then say what is left to do by hand.
    """
    from release import rehearsal

    with reported(), progress("rehearsal") as say:
        for step, told in rehearsal.rehearse(ROOT, BUILD / "release", say):
            out.print(f"[green]✓[/] {step}  ", end="")
            out.print(told, markup=False)
        todo = rehearsal.by_hand(ROOT)
    out.print("Nothing was published. Left to do by hand:")
    for number, line in enumerate(todo, 1):
        out.print(f"{number}. {line}", markup=False)


def _print_files(paths: list[Path]) -> None:
    """Print files with sizes and hashes."""
    rows = [
        (str(path.relative_to(ROOT)), f"{path.stat().st_size:,}", sha256_file(path))
        for path in paths
    ]
    print_table(out, ("file", "bytes", "SHA-256"), rows)


if __name__ == "__main__":
    app()
