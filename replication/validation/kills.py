"""Kills at random moments: a run that was killed anywhere and resumed ends as one that never was.

A small synthetic Hub with every defect is served on this machine. The command line fetches its
snapshots and builds the panel, and is killed (SIGKILL, which no program can catch) and started again.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from replication.definitions import load_definitions
from replication.errors import VerificationError
from replication.files import present
from replication.kinds import SNAPSHOTS
from replication.places import ROOT
from replication.run import Run
from replication.validation.synthetic import server
from replication.validation.synthetic.defects import WEEK, DefectRates, schedule
from replication.validation.synthetic.snapshots import weekly_labels, write_snapshots
from replication.validation.synthetic.truth import synthetic_hub

REPOSITORIES, DEVELOPERS = 3_000, 300
SINCE, UNTIL = date(2024, 8, 7), date(2025, 9, 3)
STEP = 4
"""Weeks between two snapshots, but for the repeated one."""
REPEATED = date(2024, 10, 30)
"""Label whose snapshot stands once more under that of the week after."""
FINISHED = 3
"""So many kills after one another at most, before a run is left to end."""
STAGES = ("fetch", "panel")
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Kill:
    """One kill, and what came of it.

    Attributes
    ----------
    kill
        Its number, from 1.
    moment
        Seconds after the start of the run.
    stage
        What was running.
    whole, torn
        Files under their final names that were whole at that moment, and that were not.
    same
        Whether the panel of the run that ended after it is that of a run which was never killed.
    left
        Files that the run which ended after it left behind, and one that was never killed does not.
    """

    kill: int
    moment: float
    stage: str
    whole: int
    torn: int
    same: bool = False
    left: int = 0


@dataclass(frozen=True)
class _Setup:
    """Where the runs write, and the server that they ask."""

    out: Path
    home: Path
    endpoint: str

    @property
    def run(self) -> Run:
        """Where everything lies."""
        return Run(SNAPSHOTS, self.out)

    @property
    def environment(self) -> dict[str, str]:
        """The caller's environment without what would steer the Hub's client."""
        others = {k: v for k, v in os.environ.items() if k[:3] != "HF_"}
        ours = {"HF_ENDPOINT": self.endpoint, "HF_HOME": str(self.home), "NO_PROXY": "*"}
        return {**others, **ours, "COLUMNS": "200"}

    def command(self, stage: str) -> list[str]:
        """The command line of one stage."""
        options = ["--data", SNAPSHOTS, "--out", str(self.out)]
        options += ["--since", f"{SINCE}", "--until", f"{UNTIL}"]
        return [sys.executable, "-m", "replication", stage, *options]


@dataclass(frozen=True)
class _Undisturbed:
    """A run that was never killed: its seconds, its files, and the content that must come back."""

    seconds: float
    files: frozenset[str]
    content: Mapping[str, bytes]


def interrupt(kills: int, seed: int, folder: Path, progress: Progress) -> pd.DataFrame:
    """Kill runs at random moments, resume them, and compare what they end with.

    Parameters
    ----------
    kills
        How many.
    seed
        Of the synthetic Hub, of its defects, and of the moments: parts, drawn uniformly, of the
        seconds that a whole run takes on this machine.
    folder
        Receives the runs; what this function put there is gone when it returns.
    progress
        Called with a line of text.

    Returns
    -------
    pandas.DataFrame
        One row a kill: the fields of `Kill`.

    Raises
    ------
    VerificationError
        A run that was not killed failed.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(len(STAGES),)))
    rows: list[Kill] = []
    pending: list[Kill] = []
    with _served(seed, folder, progress) as setup:
        progress("a run that is never killed")
        undisturbed = _measured(setup)
        while len(rows) + len(pending) < kills:
            number = len(rows) + len(pending) + 1
            progress(f"kill {number} of {kills}")
            moment = float(rng.random() * undisturbed.seconds)
            stage = _started(setup, moment)
            if stage:
                pending.append(_kill(number, moment, stage, setup, undisturbed))
            if not stage or len(pending) == FINISHED or number == kills:
                rows += _ended(setup, pending, undisturbed)
                pending = []
    return pd.DataFrame([asdict(row) for row in rows], columns=[*Kill.__dataclass_fields__])


@contextmanager
def _served(seed: int, folder: Path, progress: Progress) -> Iterator[_Setup]:
    """Serve the snapshots of a synthetic Hub."""
    place = folder / "interruptions"
    shutil.rmtree(place, ignore_errors=True)
    progress("a synthetic Hub with every defect")
    repository = load_definitions().snapshots.repository
    try:
        with server.hub(_snapshots(seed, place / "hub"), repository=repository) as hub:
            yield _Setup(place / "out", place / "home", hub.endpoint)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _snapshots(seed: int, folder: Path) -> dict[str, bytes]:
    """Content of every snapshot by its path in the dataset."""
    hub = synthetic_hub(REPOSITORIES, DEVELOPERS, seed, end=UNTIL)
    wrong = schedule(hub, _defects(), seed, until=UNTIL)
    paths = write_snapshots(hub, labels(), wrong, folder, lean=True)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def labels() -> list[date]:
    """Labels of the snapshots, in order."""
    return sorted({*weekly_labels(SINCE, UNTIL)[::STEP], REPEATED + WEEK})


def _defects() -> DefectRates:
    """Every defect, those that strike single labels at labels that there are."""
    return replace(
        DefectRates.realistic(),
        missing=(date(2025, 1, 22),),
        stale=(REPEATED + WEEK,),
        null_counters=(date(2025, 2, 19),),
        falls=(date(2025, 5, 14),),
        frozen=(date(2025, 6, 11),),
        truncated=(date(2025, 4, 16),),
    )


def _measured(setup: _Setup) -> _Undisturbed:
    """Run to the end, once, and take away what it wrote."""
    began = time.monotonic()
    _started(setup, None)
    seconds = time.monotonic() - began
    reference = _Undisturbed(seconds, frozenset(_files(setup.out)), _content(setup))
    _clear(setup)
    return reference


def _started(setup: _Setup, moment: float | None) -> str:
    """Run the stages, killed at a moment (seconds); the stage that was killed, empty where none."""
    began = time.monotonic()
    for stage in STAGES:
        left = None if moment is None else max(began + moment - time.monotonic(), 0.0)
        if not _is_over(setup, stage, left):
            return stage
    return ""


def _is_over(setup: _Setup, stage: str, seconds: float | None) -> bool:
    """Run one stage and kill it after so many seconds; whether it ended before.

    Raises
    ------
    VerificationError
        It failed.
    """
    with subprocess.Popen(  # noqa: S603 (the interpreter itself)
        setup.command(stage),
        env=setup.environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            _, message = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            return False
    if process.returncode:
        raise VerificationError(
            f"{stage}, resumed after a kill, failed: {' '.join(message.split())}",
            "the stage must continue from whatever a killed run left: see replication/files.py",
        )
    return True


def _kill(number: int, moment: float, stage: str, setup: _Setup, undisturbed: _Undisturbed) -> Kill:
    """What lay under the names of finished files when the run was killed."""
    names = undisturbed.files.intersection(_files(setup.out))
    whole = sum(_is_whole(setup.out, name, undisturbed) for name in names)
    return Kill(number, round(moment, 3), stage, whole, len(names) - whole)


def _is_whole(out: Path, name: str, undisturbed: _Undisturbed) -> bool:
    """Whether a file can be read to its end; a table must be as it would have been."""
    from pyarrow import ArrowException, parquet

    data = (out / name).read_bytes()
    try:
        if name.endswith(".parquet"):
            parquet.read_table(out / name)
        elif name.endswith(".json"):
            json.loads(data)
    except (ArrowException, ValueError, OSError):
        return False
    return undisturbed.content.get(name, data) == data


def _ended(setup: _Setup, kills: list[Kill], undisturbed: _Undisturbed) -> list[Kill]:
    """Let the run end, compare it, and take it away; the kills with what came of them."""
    _started(setup, None)
    same = _content(setup) == undisturbed.content
    left = len(set(_files(setup.out)) - undisturbed.files)
    _clear(setup)
    return [replace(kill, same=same, left=left) for kill in kills]


def _content(setup: _Setup) -> dict[str, bytes]:
    """Bytes of every whole file of the panel, and of the defects, by their paths."""
    run = setup.run
    paths = [*present(run.panel), run.results / "defects.csv"]
    return {p.relative_to(setup.out).as_posix(): p.read_bytes() for p in paths if p.is_file()}


def _files(folder: Path) -> list[str]:
    """Paths of all files, whole or not."""
    return [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]


def _clear(setup: _Setup) -> None:
    """Take a run away, so that the next one begins from nothing."""
    shutil.rmtree(setup.out, ignore_errors=True)
    shutil.rmtree(setup.home, ignore_errors=True)
