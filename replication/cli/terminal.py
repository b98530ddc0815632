"""Both streams of the terminal: progress, text of data, and failures with their remedies."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from replication import kinds, places
from replication.errors import ReplicationError
from replication.plain import plain, plain_lines

Say = Callable[[str], None]
BEAT = 9.0
"""Seconds after which a pipe gets a line on work that is still going on."""
EMPTY = "—"
"""What stands for an empty cell in plain text."""
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)
_VARIABLES = "DATA|RECORDS|READING|DATE|COVERS|OUT|DEFINITIONS|REVISION|FILE|SINCE|UNTIL|ENGINE"


def shown(text: str) -> str:
    """Text of data in a table of the terminal: no markup is obeyed, no control character printed."""
    return escape(plain(text))


class _Work:
    """What is being done: the last step that was counted, such as "3 of 40", and what is done in it.

    After the last step of its kind nobody says that it has ended, so that a detail then stands alone.
    """

    _COUNTED = re.compile(r"(?:[\w-]+ )?([\d,]+) of ([\d,]+)\b")

    def __init__(self) -> None:
        self._step = self._detail = ""
        self._is_last = False

    def tell(self, text: str) -> None:
        """Take up a new step, or a detail of the present one."""
        counted = self._COUNTED.match(text)
        if counted:
            self._step, self._detail, self._is_last = text, "", counted[1] == counted[2]
        else:
            self._detail = text

    def __str__(self) -> str:
        if self._is_last and self._detail:
            return self._detail
        return " · ".join(filter(None, (self._step, self._detail)))


@contextmanager
def progress(name: str) -> Iterator[Say]:
    """Show what is being done: a spinner in a terminal, in a pipe a line whenever it takes long."""
    work = _Work()
    if not out.is_terminal:
        with _beats(name, work):
            yield work.tell
        return
    with out.status(f"{shown(name)} …") as status:

        def say(text: str) -> None:
            work.tell(text)
            status.update(shown(f"{name}: {work}"))

        yield say


@contextmanager
def _beats(name: str, work: _Work) -> Iterator[None]:
    """Print a plain line on the work every `BEAT` seconds, from a thread of its own."""
    ended, began = threading.Event(), time.monotonic()

    def beat() -> None:
        with suppress(OSError, SystemExit):  # who reads the output has read enough
            while not ended.wait(BEAT):
                doing = ": ".join(filter(None, (name, str(work))))
                spent = time.monotonic() - began
                out.print(f"  {plain(doing)} ({spent:.0f} s so far)", markup=False)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def table_box() -> box.Box | None:
    """Rules of a table in a terminal; a pipe gets none."""
    return box.SIMPLE_HEAD if out.is_terminal else None


def print_table(
    console: Console,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    styles: Mapping[str, str] | None = None,
    right: Iterable[str] = (),
) -> None:
    """Print texts of data as a table: with rules in a terminal, as aligned plain text in a pipe.

    Parameters
    ----------
    console
        Where it is printed.
    columns, rows
        Names of the columns, and the cells of each row.
    styles
        Style of a cell with this text, such as a colour of an answer.
    right
        Names of columns that are aligned to the right in a terminal.
    """
    if not console.is_terminal:
        for line in aligned([columns, *rows]):
            console.print(line, markup=False)
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold", justify="right" if name in right else "left")
    for row in rows:
        table.add_row(*(_styled(cell, (styles or {}).get(cell, "")) for cell in row))
    console.print(table)


def _styled(cell: str, style: str) -> str:
    """A cell in which nothing is read as markup or moves the cursor."""
    text = escape(plain_lines(cell))
    return f"[{style}]{text}[/]" if style else text


def aligned(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Rows as lines of plain text, each column as wide as its widest cell."""
    rows = [tuple(" ".join(plain_lines(cell).split()) or EMPTY for cell in row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  " + "  ".join(map(str.ljust, row, widths)).rstrip()


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
    stages = "|".join(("all", "record", *kinds.STAGES))
    remedy = re.sub(r" \(make: [^)]*\)", "", remedy)
    remedy = re.sub(rf"\bmake ({stages})\b", rf"{places.COMMAND} \1", remedy)
    remedy = remedy.replace("python -m replication", places.COMMAND)
    return re.sub(rf"\b({_VARIABLES})=", lambda match: f"--{match[1].lower()} ", remedy)
