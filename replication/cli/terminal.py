"""Both streams of the terminal: progress, text of data, and failures with their remedies."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.markup import escape

from replication import kinds, places
from replication.errors import ReplicationError
from replication.plain import plain, plain_lines

Say = Callable[[str], None]
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)
_VARIABLES = "DATA|RECORDS|OUT|DEFINITIONS|REVISION|FILE|SINCE|UNTIL|ENGINE"


def shown(text: str) -> str:
    """Text of data in a table of the terminal: no markup is obeyed, no control character printed."""
    return escape(plain(text))


@contextmanager
def progress(name: str) -> Iterator[Say]:
    """Show what is being done: a spinner in a terminal, nothing but the result in a pipe."""
    if not out.is_terminal:
        yield lambda _: None
        return
    with out.status(f"{name} …") as status:
        yield lambda text: status.update(f"{name}: {shown(text)}")


@contextmanager
def reported() -> Iterator[None]:
    """Turn a failure that the user can act on into one message and exit code 1."""
    try:
        yield
    except ReplicationError as error:
        _print_error(error.what, error.remedy)
        raise typer.Exit(1) from None
    except BrokenPipeError:  # who reads the output has read enough
        raise
    except OSError as error:
        _print_error(
            f"cannot read or write {error.filename or 'a file'}: {error.strerror or error}",
            "free disk space (TMPDIR names the folder of temporary files) or correct the "
            "permissions, and run again",
        )
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        err.print("interrupted; every file that was written is complete: run again to continue")
        raise typer.Exit(130) from None


def _print_error(what: str, remedy: str) -> None:
    """Print what is wrong and what can be done about it."""
    remedy = remedy if places.IN_REPOSITORY else _installed(remedy)
    err.print("[bold red]error:[/] ", end="")
    err.print(plain_lines(what), markup=False)
    err.print(f"  remedy: {plain_lines(remedy)}", markup=False)


def _installed(remedy: str) -> str:
    """A remedy in the words of the console command, for those who have no Makefile."""
    stages = "|".join(("all", *kinds.STAGES))
    remedy = re.sub(r" \(make: [^)]*\)", "", remedy)
    remedy = re.sub(rf"\bmake ({stages})\b", rf"{places.COMMAND} \1", remedy)
    remedy = remedy.replace("python -m replication", places.COMMAND)
    return re.sub(rf"\b({_VARIABLES})=", lambda match: f"--{match[1].lower()} ", remedy)
