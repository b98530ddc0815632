"""Jobs side by side, with a line of progress for each that ends and for every few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from threading import Event

from replication.sources.extract import Extracted

Progress = Callable[[str], None]
Job = tuple[int, Callable[[], Extracted]]
"""Bytes of a snapshot, and what brings its extract."""
SECONDS = 5
"""Longest silence."""


class Tally:
    """What is done of a number of snapshots.

    Parameters
    ----------
    files, bytes_
        All that is to be done.
    under_way
        Returns the bytes of what has arrived and is not done yet.
    """

    def __init__(self, files: int, bytes_: int, under_way: Callable[[], int]) -> None:
        self._files, self._bytes, self._under_way = files, bytes_, under_way
        self._done, self._rows, self._read = 0, 0, 0
        self._start = time.monotonic()

    def add(self, found: Extracted, bytes_: int) -> None:
        """Count one snapshot as done."""
        self._done += 1
        self._read += bytes_
        self._rows += found.rows

    def line(self) -> str:
        """Say how far the work is, how fast it goes and how long it will take."""
        arrived = min(self._read + self._under_way(), self._bytes)
        seconds = max(time.monotonic() - self._start, 1e-3)
        left = (self._bytes - arrived) * seconds / arrived if arrived else 0.0
        text = f"{self._done} of {self._files} snapshots, {self._rows:,} rows"
        if not arrived:
            return text
        return f"{text}; {arrived / seconds / 1e6:,.1f} MB/s, about {_span(left)} left"


def run(
    jobs: Sequence[Job],
    workers: int,
    stop: Event,
    tally: Tally,
    progress: Progress,
) -> None:
    """Do all jobs, a number at a time; the first failure ends the others and is raised.

    Parameters
    ----------
    jobs
        In the order in which they begin.
    workers
        How many run at a time.
    stop
        Set where a job failed or the run is interrupted: jobs that listen to it end early.
    tally
        Counts what is done.
    progress
        Called with a line of text whenever a job ends, and every `SECONDS` in between.
    """
    with ThreadPoolExecutor(workers) as pool:
        pending = {pool.submit(job): bytes_ for bytes_, job in jobs}
        try:
            while pending:
                done, _ = wait(pending, timeout=SECONDS, return_when=FIRST_COMPLETED)
                for future in done:
                    tally.add(future.result(), pending.pop(future))
                progress(tally.line())
        finally:
            stop.set()
            for future in pending:
                future.cancel()


def _span(seconds: float) -> str:
    """Return a length of time in its natural unit."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
