"""What the benchmark of a whole run counts: time, processors, the memory of all processes, changes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench import whole_run

HOLDS = "import time; held = bytearray(60_000_000); time.sleep(1)"


@pytest.mark.slow
def test_a_run_is_watched_with_what_it_starts(tmp_path: Path) -> None:
    """A second is slept and hardly computed; the memory is that of all processes together."""
    run = whole_run.whole_run(tmp_path, [sys.executable, "-c", f"print('said'); {HOLDS}"])
    assert run.said == "said\n"
    assert run.seconds > 1
    assert run.processor_s < run.seconds
    assert run.peak_mb > 60
    both = "import subprocess, sys; other = subprocess.Popen([sys.executable, '-c', sys.argv[1]])"
    command = [sys.executable, "-c", f"{both}; {HOLDS}; other.wait()", HOLDS]
    assert whole_run.whole_run(tmp_path, command).peak_mb > 120


def test_a_run_that_fails_is_told(tmp_path: Path) -> None:
    """With what it said."""
    with pytest.raises(subprocess.CalledProcessError) as caught:
        whole_run.whole_run(tmp_path, [sys.executable, "-c", "raise SystemExit('no data')"])
    assert caught.value.output == "no data\n"


def test_changed_files_of_a_clone_are_named(tmp_path: Path) -> None:
    """A file that git does not hold counts too; one that it ignores does not."""
    whole_run._git("init", "--quiet", cwd=tmp_path)
    (tmp_path / ".gitignore").write_text("build\n", encoding="utf-8")
    (tmp_path / "build").write_text("", encoding="utf-8")
    assert whole_run.changed(tmp_path) == ["?? .gitignore"]
