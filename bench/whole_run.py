"""``python -m bench.whole_run``: a whole run in a clone, cold and warm: seconds and peak memory.

Cold is a clone without intermediate files, warm the same again, with nothing to do. Memory is that
of all processes together, shared pages counted once (Linux alone says it).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from rich.console import Console

from bench.measure import processor_s, table
from replication.places import ROOT

EVERY = 0.2
"""Seconds between two looks at the memory."""
COMMAND = [sys.executable, "-E", "-m", "replication", "all"]
COLUMNS = ["run", "seconds", "processor_s", "peak_mb"]


@dataclass(frozen=True)
class Run:
    """What one run took: seconds, seconds of processors, peak memory in MB, and what it said."""

    seconds: float
    processor_s: float
    peak_mb: float
    said: str


def whole_run(folder: Path, command: list[str]) -> Run:
    """Run a command in a folder and watch it.

    Raises
    ------
    subprocess.CalledProcessError
        It failed.
    """
    before, began, peak = processor_s(own=False), perf_counter(), 0.0
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        running = subprocess.Popen(  # noqa: S603
            command, cwd=folder, stdout=said, stderr=subprocess.STDOUT
        )
        while running.poll() is None:
            peak = max(peak, sum(map(_memory_mb, _family(running.pid))))
            with suppress(subprocess.TimeoutExpired):  # back at once when the run ends
                running.wait(EVERY)
        took = perf_counter() - began
        said.seek(0)
        text = said.read()
    if running.returncode:
        raise subprocess.CalledProcessError(running.returncode, command, text)
    return Run(took, processor_s(own=False) - before, peak, text)


def changed(folder: Path) -> list[str]:
    """Committed files of a clone that a run has changed."""
    return _git("status", "--porcelain", cwd=folder).splitlines()


def _family(pid: int) -> Iterator[int]:
    """A process and those that it, and they, have started."""
    yield pid
    try:
        tasks = [*Path(f"/proc/{pid}/task").iterdir()]
        started = [
            int(child) for task in tasks for child in (task / "children").read_text().split()
        ]
    except OSError:  # it has ended, or the system does not say
        return
    for child in started:
        yield from _family(child)


def _memory_mb(pid: int) -> float:
    """Memory of a process, pages that it shares divided among those that share them."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000


def _git(*arguments: str, cwd: Path) -> str:
    """What git prints."""
    command = [shutil.which("git") or "git", *arguments]
    done = subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True)  # noqa: S603
    return done.stdout


def main() -> int:
    """Measure; 1 where a run changes a committed file, else 0."""
    console, rows = Console(width=100), []
    before = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before"
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        _git("clone", "--quiet", "--shared", str(ROOT), str(clone), cwd=ROOT)
        for name in ("cold", "warm"):
            run = whole_run(clone, COMMAND)
            rows.append([name, run.seconds, run.processor_s, run.peak_mb])
            stages = [line for line in run.said.splitlines() if line.startswith("✓")]
            console.print(f"{name}", *stages, sep="\n")
        other = changed(clone)
    console.print(table(f"a whole run of the bundled data; {before}", COLUMNS, rows))
    for line in other:
        print(f"error: not as committed: {line}", file=sys.stderr)
    return int(bool(other))


if __name__ == "__main__":
    sys.exit(main())
