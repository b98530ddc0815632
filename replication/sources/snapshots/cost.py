"""What snapshots cost: space on the disk, and the time that is left."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from replication.errors import OutputError
from replication.plain import span
from replication.sources.snapshots.sidecar import Sidecar

Progress = Callable[[str], None]
"""Called with a line of text."""
EXTRACT_SHARE = 0.2
"""Bytes of an extract in bytes of its snapshot: 0.13 is usual."""


def require_free(folder: Path, needed: int) -> None:
    """Refuse to start what the disk cannot hold.

    Parameters
    ----------
    folder
        Folder of the run, which exists.
    needed
        Bytes.

    Raises
    ------
    OutputError
        Fewer bytes are free.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise OutputError(
            f"{folder} has {free:,} bytes free, and the snapshots need {needed:,}",
            "free disk space, choose a folder on another disk (make all OUT=folder), or shorten "
            "since … until",
        )


class Pace:
    """Counts snapshots that are done, and says how fast it goes.

    Parameters
    ----------
    files, bytes_
        All that is to be done.
    """

    def __init__(self, files: int, bytes_: int) -> None:
        self._files, self.bytes = files, bytes_
        self._done, self._rows, self._read = 0, 0, 0
        self._start = time.monotonic()

    def after(self, one: Sidecar) -> str:
        """Count one snapshot as done, and return a line on how far the work is."""
        self._done += 1
        self._rows += one.rows
        self._read += one.bytes
        rate = self._read / max(time.monotonic() - self._start, 1e-3)
        left = span((self.bytes - self._read) / rate) if rate else "an unknown time"
        return (
            f"{self._done} of {self._files} snapshots, {self._rows:,} rows; "
            f"{rate / 1e6:,.1f} MB/s, about {left} left"
        )
