"""The command line as a user starts it, and a small copy of the definitions."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from replication.cli.app import app
from replication.definitions import PACKAGED
from replication.files import PART
from replication.run import ROOT
from replication.stages import MADE

STAGE_NAMES = ("fetch", "panel", "attribution", "analysis", "figures", "paper", "page")
OURS = {
    "COLUMNS",
    "FORCE_COLOR",
    "NO_COLOR",
    "GITHUB_ACTIONS",
    "PY_COLORS",
}
FEWER = {
    "replicates = 10_000": "replicates = 200",
    "chunk = 500 ": "chunk = 100 ",
    "replicates = 2_000 ": "replicates = 100 ",
}


def small_definitions(path: Path, changes: dict[str, str] | None = None) -> Path:
    """Write the packaged definitions with few replicates, and other changes, to `path`."""
    text = PACKAGED.read_text(encoding="utf-8")
    for old, new in {**FEWER, **(changes or {})}.items():
        assert old in text, f"definitions.toml no longer holds {old!r}"
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return path


def environment(**added: str) -> dict[str, str]:
    """The caller's environment without what would steer the command line."""
    kept = {k: v for k, v in os.environ.items() if k not in OURS and not k.startswith("HF_")}
    return {**kept, "COLUMNS": "100", "TERM": "xterm-256color", **added}


def replication(
    *arguments: str | Path, start: Iterable[str] = ("-m", "replication"), **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, its output in pipes."""
    command = [sys.executable, *start, *map(str, arguments)]
    options = {"env": environment(), "timeout": 300, **options}
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False, **options
    )


def invoke(*arguments: str | Path) -> Result:
    """Run the command line in this process, which is faster."""
    return CliRunner().invoke(app, [*map(str, arguments)], env=dict.fromkeys(OURS))


def stages_told(stdout: str) -> dict[str, str]:
    """What a run said of each stage: its time, or "unchanged"."""
    return dict(re.findall(r"^✓ (?:\d+ of \d+ )?(\w+) +(.+)$", stdout, flags=re.MULTILINE))


def files_in(folder: Path) -> list[str]:
    """Relative paths of all files in `folder`, whole or in part."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def parts_in(folder: Path) -> list[str]:
    """Files that a run that was killed left unfinished."""
    return [name for name in files_in(folder) if name.endswith(PART)]


def contents(folder: Path, keep: Callable[[str], bool] = lambda _: True) -> dict[str, bytes]:
    """Bytes of the whole files in `folder` by relative path, but of those that tell when a stage ran."""
    left_out = (PART, MADE)
    names: Iterable[str] = (n for n in files_in(folder) if not n.endswith(left_out) and keep(n))
    return {name: (folder / name).read_bytes() for name in names}


def assert_one_message(exit_code: int, stderr: str, what: str) -> str:
    """Check that a failure is one message with a remedy and no traceback; return the remedy."""
    lines = stderr.splitlines()
    assert exit_code == 1, stderr
    assert lines[0].startswith("error: "), stderr
    assert what in stderr, stderr
    assert sum(line.startswith("error:") for line in lines) == 1, stderr
    remedies = [line for line in lines if line.startswith("  remedy: ")]
    assert len(remedies) == 1, stderr
    assert len(remedies[0]) > len("  remedy: "), stderr
    assert "Traceback" not in stderr
    return remedies[0]
