"""Measuring: every piece of work in a process of its own, and the table of what was measured."""

from __future__ import annotations

import csv
import resource
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self

from rich.console import Group
from rich.table import Table

from replication.cli.outcome import peak_mb

COLUMNS = ["task", "n", "clusters", "replicates", "ours_s", "other", "other_s", "ratio", "peak_mb"]
COLUMNS += ["extrapolated"]
Work = Callable[..., tuple[float, Any]]
"""Prepares its data, then measures itself: seconds, and whatever it found."""
_LOOK = 0.1


@dataclass(frozen=True)
class Measured:
    """Seconds of the work, peak memory of its process in MB, and what the work found."""

    seconds: float
    peak_mb: float
    found: Any

    @property
    def cost(self) -> tuple[float, float]:
        """Seconds and peak memory."""
        return self.seconds, self.peak_mb


@cache
def in_child(work: Work, *arguments: object) -> Measured:
    """Do the work in a new process, once, so that the peak of memory is of this work alone.

    The peak includes the interpreter, the libraries and the synthetic data.
    """
    said = ", ".join(str(x) for x in arguments)
    print(f"  {work.__module__}.{work.__name__}({said})", file=sys.stderr, flush=True)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measured, work, arguments).result()


def _measured(work: Work, arguments: Sequence[object]) -> Measured:
    seconds, found = work(*arguments)
    return Measured(seconds, peak_mb(), found)


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes
    ----------
    task
        What was measured.
    n, clusters, replicates
        Repositories, clusters that are resampled, and replicates; None where there are none.
    ours_s, peak_mb
        Seconds and peak memory in MB of ours.
    other, other_s
        What ours is compared with, and its seconds; None where it was not run.
    extrapolated
        ``no``, or what the other's seconds were extrapolated from.
    """

    task: str
    n: int
    clusters: int | None
    replicates: int | None
    ours_s: float
    peak_mb: float
    other: str = ""
    other_s: float | None = None
    extrapolated: str = "no"

    @property
    def ratio(self) -> float | None:
        """Seconds of the other over seconds of ours."""
        return None if self.other_s is None else self.other_s / self.ours_s

    def values(self) -> list[object]:
        """Values in the order of `COLUMNS`, rounded to what a second measurement would repeat."""
        digits = {"ours_s": 3, "other_s": 3, "ratio": 2, "peak_mb": 0}
        found = [(name, getattr(self, name)) for name in COLUMNS]
        return [
            "" if value is None else round(value, digits[name]) if name in digits else value
            for name, value in found
        ]


def processor_s(*, own: bool) -> float:
    """Seconds that processors have spent on processes that this one started and that have ended, or on this too."""
    kinds = [resource.RUSAGE_CHILDREN, *([resource.RUSAGE_SELF] if own else [])]
    used = [resource.getrusage(kind) for kind in kinds]
    return sum(one.ru_utime + one.ru_stime for one in used)


def write(rows: Sequence[Row], path: Path) -> None:
    """Write the rows as CSV."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, lineterminator="\n").writerows([COLUMNS, *(r.values() for r in rows)])


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Group:
    """A table to print under its title: numbers to the right, whole ones with separators."""
    found = Table()
    for place, name in enumerate(columns):
        numbers = all(not isinstance(row[place], str) or not row[place] for row in rows)
        found.add_column(name, justify="right" if numbers else "left")
    for row in rows:
        found.add_row(*(_shown(value) for value in row))
    return Group(f"\n{title}", found)


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


class Disk:
    """Most bytes that lay in a folder while the block ran, looked at several times a second."""

    def __init__(self, folder: Path) -> None:
        self.most = 0
        self._folder, self._stop = folder, Event()
        self._thread = Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def held(self) -> int:
        """Bytes in the folder now; a file that goes meanwhile counts nothing."""
        total = 0
        for path in self._folder.rglob("*"):
            try:
                total += path.stat().st_size if path.is_file() else 0
            except OSError:
                continue
        self.most = max(self.most, total)
        return total

    def _look(self) -> None:
        while not self._stop.wait(_LOOK):
            self.held()
