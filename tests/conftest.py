"""One finished run on synthetic data, shared by the tests that look at a whole run."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from command_line import STAGE_NAMES, replication, small_definitions
from hypothesis import HealthCheck, settings
from released_files import repository, synthetic_release, write

# How long an example takes says nothing of the code on a machine that does other things too.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

WEEKS = 49
# Repository, group, gain in the first week and its change from week to week. Two of them are
# repackaged models of another developer and group. Alibaba, Meta and the telemetry are not here.
MAKERS = [
    ("deepseek-ai/r1", "China", 9_000, 400, "", ""),
    ("deepseek-ai/small", "China", 4_000, -60, "", ""),
    ("zai-org/glm", "China", 3_000, 50, "", ""),
    ("google/gemma", "USA", 12_000, -50, "", ""),
    ("openai/oss", "USA", 9_000, 0, "", ""),
    ("microsoft/phi", "USA", 5_000, 40, "", ""),
    ("unsloth/r1-gguf", "USA", 2_000, 30, "deepseek-ai", "China"),
    ("mistralai/small", "France", 3_000, 0, "", ""),
    ("synthetic-user/r1-tuned", "User", 1_500, 10, "deepseek-ai", "China"),
    ("sentence-transformers/minilm", "International / Online", 2_500, 0, "", ""),
]


def whole_release() -> pd.DataFrame:
    """Make a synthetic release without defects that holds enough for every stage."""
    rows: list[dict[str, Any]] = []
    for number, (name, group, gain, change, origin, origin_group) in enumerate(MAKERS, 1):
        gains = pd.Series([gain + change * week for week in range(WEEKS)])
        counters = [int(counter) for counter in gains.cumsum()]
        rows += repository(
            number, counters, name=name, group=group, origin=origin, origin_group=origin_group
        )
    return synthetic_release(sorted(rows, key=lambda row: (row["time"], row["_id"])))


# Notes every file that the command line opens: the first argument names the file for the notes.
LISTENER = """
import os, sys
notes = open(sys.argv.pop(1), "w", buffering=1)

def note(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, os.PathLike)):
        notes.write(os.path.abspath(arguments[0]) + os.linesep)

sys.addaudithook(note)
from replication.cli.app import main
main()
"""


@dataclass(frozen=True)
class Finished:
    """A run from fetch to paper, and what it was made of."""

    release: pd.DataFrame
    data: Path
    definitions: Path
    out: Path
    stdout: str
    stderr: str
    opened: dict[str, set[Path]]
    """Files that each stage opened."""

    @property
    def arguments(self) -> list[str]:
        """Options that name its data and its definitions."""
        return ["--data", str(self.data), "--definitions", str(self.definitions)]

    def copy(self, out: Path) -> Path:
        """Copy the run's folder, so that a test may damage it."""
        return Path(shutil.copytree(self.out, out))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What looks at a whole run is slow, whichever test comes first and makes it."""
    for item in items:
        if "finished" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Run every stage once on a synthetic released file."""
    folder = tmp_path_factory.mktemp("finished")
    release = whole_release()
    data = write(release, folder / "synthetic.parquet")
    definitions, out = small_definitions(folder / "small.toml"), folder / "out"
    notes = folder / "opened.txt"
    options = ("--data", data, "--definitions", definitions, "--out", out)
    done = replication(notes, "all", *options, start=("-c", LISTENER))
    assert done.returncode == 0, done.stderr
    opened = opened_by_stage(notes.read_text().splitlines())
    return Finished(release, data, definitions, out, done.stdout, done.stderr, opened)


def opened_by_stage(paths: Iterable[str]) -> dict[str, set[Path]]:
    """Sort the opened files by stage.

    A stage begins when its record is looked for, and ends when its record is written.
    """
    stages = iter(STAGE_NAMES)
    name, ended = "", True
    opened: dict[str, set[Path]] = {stage: set() for stage in STAGE_NAMES}
    for path in map(Path, paths):
        if ended and path.parent.name == "stages" and path.suffix == ".json":
            name, ended = next(stages), False
        ended = ended or path.name.startswith(f".{name}.json.")
        if not ended:
            opened[name].add(path)
    return opened
