"""The trace of a run: by which definitions, evidence, data and version it was made.

It holds no path and no time, so that the same run leaves the same bytes on every machine. The bundled
run by the packaged definitions names no commit: its results are committed, and a file cannot name the
commit that holds it.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from replication import __version__
from replication.child import child_environment
from replication.definitions.values import flat
from replication.files import read_json, sha256_file, write_json
from replication.kinds import RECORDS
from replication.places import IN_REPOSITORY, PAPER, ROOT
from replication.run import Run
from replication.sources import bundled, manifest

NAME = "run.json"
FORMAT = 1
"""Changes where what is written is not read as before."""
EVIDENCE: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "registry.csv": (
        ("developer",),
        ("namespaces", "country", "alternative_country", "sector", "parent", "confidence"),
    ),
    "namespaces.csv": (
        ("namespace", "developer", "valid_from"),
        ("relation", "valid_until"),
    ),
    "rules.csv": (("rule",), ("kind", "pattern", "origin", "teacher", "found_in")),
    "tasks.csv": (("rule",), ("pattern", "task")),
}
"""Tables of evidence whose rows are traced: the columns that name a row, and those that decide."""
HASHED = ("label_defects.csv", "sampling_frame.csv", "second_coding.csv", "calibration.csv")
"""Further tables of the package that results depend on."""
LEDGERS = ("claims.toml", "numbers.toml", "whole_hub_numbers.toml")
_OF_MANIFEST = ("source", "repository", "revision", "filename", "sha256", "rows")


def write(run: Run) -> Path:
    """Write the trace of a run beside its results and return its path."""
    write_json(run.results / NAME, trace(run))
    return run.results / NAME


def reads(run: Run) -> Iterator[Path]:
    """Files that a trace reads beside the definitions and the manifest."""
    yield from (bundled.FOLDER / name for name in (*EVIDENCE, *HASHED))
    yield from (PAPER / name for name in LEDGERS)
    yield from (path for path, _ in _sidecars(run))


def trace(run: Run) -> dict[str, Any]:
    """What a run was made by, as text, numbers and hashes."""
    files = [bundled.FOLDER / name for name in (*EVIDENCE, *HASHED)]
    files += [PAPER / name for name in LEDGERS]
    commit = "" if run.is_committed else _commit()
    return {
        "format": FORMAT,
        "version": __version__,
        **({"commit": commit} if commit else {}),
        "source": run.kind,
        "files": {path.name: sha256_file(path) for path in files},
        "inputs": _inputs(run),
        "definitions": dict(flat(run.definitions)),
        "evidence": {name: rows(bundled.FOLDER / name, name) for name in EVIDENCE},
    }


def rows(path: Path, name: str) -> dict[str, dict[str, str]]:
    """Rows of a table of evidence by their names: the filled cells that decide something."""
    key, columns = EVIDENCE[name]
    with path.open(encoding="utf-8", newline="") as stream:
        return {
            " ".join(filter(None, (row[column] for column in key))): {
                column: row[column] for column in columns if row[column]
            }
            for row in csv.DictReader(stream)
        }


def _sidecars(run: Run) -> list[tuple[Path, str]]:
    """Files that say what the tables of a run were computed from, each with the tables' name."""
    if run.whole_hub:
        return []
    sidecars = []
    if run.has_released_panel:
        sidecars.append((bundled.folder_of(run.definitions) / bundled.SIDECAR, "panel"))
    if run.window_from_records:
        return [*sidecars, (run.source / RECORDS / "records_manifest.json", "")]
    return [
        *sidecars,
        (bundled.window_folder_of(run.definitions) / bundled.WINDOW_SIDECAR, "window"),
    ]


def _inputs(run: Run) -> dict[str, str | int]:
    """Address, hash and size of the data; hashes of the bundled tables and of the records."""
    known = manifest.read(run.source)
    about: Mapping[str, Any] = known.to_dict() if known else {}
    inputs = {f"data {key}": about[key] for key in _OF_MANIFEST if about.get(key)}
    for path, tables in _sidecars(run):
        sidecar = read_json(path)
        if tables:
            inputs |= {f"bundled {name}": digest for name, digest in sidecar["sha256"].items()}
        inputs |= {f"record {one['id']}": one["sha256"] for one in sidecar.get("records", [])}
    return inputs


def _commit() -> str:
    """The repository's commit, with a plus where files differ from it; empty where it is not known."""
    git = shutil.which("git")
    if git is None or not IN_REPOSITORY:
        return ""
    answers = []
    for command in (["rev-parse", "HEAD"], ["status", "--porcelain", "--", "replication", "paper"]):
        done = subprocess.run(  # noqa: S603 - by its own path, with no shell
            [git, "-C", str(ROOT), *command],
            env=child_environment(Path(os.devnull)),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        if done.returncode:
            return ""
        answers.append(done.stdout.strip())
    return answers[0] + ("+" if answers[1] else "")
