"""A fault at every write of every stage: one clear error, no half file, and the next run ends as if there were none."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pandas as pd
import pytest
from command_line import STAGE_NAMES, assert_one_message, contents, invoke, parts_in
from conftest import Finished
from fuzzing import paths_written

from replication import files, processes, stages
from replication.errors import OutputError
from replication.files import PART
from replication.pipeline import analysis_stage
from replication.pipeline.result_tables import Made
from replication.report import render
from replication.report.page import build
from replication.run import Run

FULL, READ_ONLY, DENIED, KILL = "full disk", "read-only folder", "denied", "kill"
KINDS = (FULL, READ_ONLY, DENIED, KILL)
SAYS = {FULL: errno.ENOSPC, READ_ONLY: errno.EROFS, DENIED: errno.EACCES}


class KilledError(BaseException):
    """The process ends here: nothing is tidied up."""


@dataclass
class Fault:
    """A fault at one write: which, and the file that it struck."""

    at: int
    kind: str
    writes: int = 0
    path: Path | None = None


@contextmanager
def struck(at: int, kind: str) -> Iterator[Fault]:
    """Have the write number `at`, from 1, fail at the one place where files of a run are written."""
    fault = Fault(at, kind)
    make, settle = tempfile.mkstemp, files._settle

    def failing_mkstemp(*arguments: Any, **options: Any) -> tuple[int, str]:
        if options.get("suffix") == PART:
            fault.writes += 1
            if fault.writes == at and kind == READ_ONLY:
                fault.path = Path(options["dir"]) / options["prefix"].strip(".")
                raise OSError(SAYS[kind], os.strerror(SAYS[kind]))
        return make(*arguments, **options)

    def failing_settle(temporary: Path, path: Path) -> None:
        if fault.writes != at or kind == READ_ONLY:
            settle(temporary, path)
            return
        fault.path = path
        half = temporary.read_bytes()[: temporary.stat().st_size // 2]
        temporary.write_bytes(half)
        if kind == KILL:
            path.with_name(f".{path.name}.killed{PART}").write_bytes(half)
            raise KilledError
        raise OSError(SAYS[kind], os.strerror(SAYS[kind]))

    with (
        patch.object(tempfile, "mkstemp", failing_mkstemp),
        patch.object(files, "_settle", failing_settle),
    ):
        yield fault


def require_named(exit_code: int, stderr: str, fault: Fault) -> None:
    """The fault is told in one line that names the file and what to do."""
    assert fault.path is not None
    remedy = assert_one_message(exit_code, stderr, f"cannot write {fault.path}")
    assert os.strerror(SAYS[fault.kind]) in stderr
    assert "free disk space or choose a writable folder" in remedy


# A small stage, every write and every fault


def write_three(run: Run, _: Any) -> list[Path]:
    """Write a table, a file of JSON and a copy, as stages do."""
    table, about, copy = (run.results / name for name in ("a.csv", "b.json", "c.csv"))
    files.write_csv(table, pd.DataFrame({"name": ["a/b"], "downloads": [5]}))
    files.write_json(about, {"rows": 1})
    files.copy_file(table, copy)
    return [table, about, copy]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("at", [1, 2, 3, 4, 5])
def test_a_fault_at_each_write_of_a_small_stage(tmp_path: Path, at: int, kind: str) -> None:
    """After any fault every file is whole or absent, and the next run makes all of them."""
    stage = stages.Stage("small", (), lambda _: [], write_three)
    whole, run = Run("bundled", tmp_path / "whole"), Run("bundled", tmp_path / "struck")
    stages.execute(stage, whole, lambda _: None)
    wanted = contents(whole.out)
    with struck(at, kind) as fault, pytest.raises(KilledError if kind == KILL else OutputError):
        stages.execute(stage, run, lambda _: None)
    assert fault.path is not None
    left = contents(run.out)
    assert len(left) == min(
        at - 1, 3
    )  # the fourth tells when the stage ran, the fifth is its record
    assert left.items() <= wanted.items()
    assert bool(parts_in(run.out)) == (kind == KILL)
    assert stages.execute(stage, run, lambda _: None)
    assert contents(run.out) == wanted
    assert parts_in(run.out) == []


# Every stage of a run


@contextmanager
def computed_before(finished: Finished) -> Iterator[None]:
    """Take from the finished run what takes long to compute, so that each stage writes it within a second.

    What is written, where and in which order stays the stages' own.
    """
    results, figures = finished.out / "results", finished.out / "figures"
    made = json.loads((finished.out / "build/stages/analysis.json").read_text(encoding="utf-8"))
    names = [Path(name).stem for name in made["outputs"] if name.endswith(".csv")]
    texts = {name: (results / f"{name}.csv").read_text(encoding="utf-8") for name in names}
    words = json.loads((figures / "figures.json").read_text(encoding="utf-8"))
    csv_pieces, pandoc, pdf = files.csv_pieces, render._pandoc, render._pdf
    kept: dict[Any, Any] = {}

    def drawn(_: Any, chosen: list[str], __: Any) -> Iterator[Any]:
        for name in chosen:
            places = [path.relative_to(figures) for path in figures.rglob(f"{name}.*")]
            made = {str(place): (figures / place).read_bytes() for place in sorted(places)}
            yield name, (words[name], made)

    def once(key: Any, make: Any) -> Any:
        if key not in kept:
            kept[key] = make()
        return kept[key]

    with ExitStack() as stack:
        for holder, attribute, value in (
            (analysis_stage, "make", lambda *_, **__: Made({name: name for name in names}, {})),
            (files, "csv_pieces", lambda t: [texts[t].encode()] if isinstance(t, str) else csv_pieces(t)),
            (processes, "each", drawn),
            (render, "_pandoc", lambda d, text, target: once((text, target), lambda: pandoc(d, text, target))),
            (render, "_pdf", lambda source, day: once(source.read_bytes(), lambda: pdf(source, day))),
            (build, "page", lambda *_: (finished.out / "page/index.html").read_text(encoding="utf-8")),
        ):  # fmt: skip
            stack.enter_context(patch.object(holder, attribute, value))
        yield


def take_away(out: Path, stage: str) -> None:
    """Remove what a stage wrote, and its record."""
    record = out / "build" / "stages" / f"{stage}.json"
    for name in json.loads(record.read_text(encoding="utf-8"))["outputs"]:
        (out / name).unlink()
    record.unlink()


STEPS = {"figures": 7}
"""Of the figures, which are written alike, every so many writes are struck; of other stages all."""


@pytest.mark.parametrize("stage", STAGE_NAMES)
def test_a_fault_at_each_write_of_a_run(finished: Finished, tmp_path: Path, stage: str) -> None:
    """Each write of a stage in turn finds a full disk, a read-only folder, a closed door or the end."""
    out = finished.copy(tmp_path / "out")
    wanted = contents(out)
    take_away(out, stage)
    at, step, struck_files = 1, STEPS.get(stage, 1), set()
    with computed_before(finished):
        while True:
            with struck(at, KINDS[at // step % len(KINDS)]) as fault:
                try:
                    done = invoke(stage, *finished.arguments, "--out", out)
                except KilledError:
                    assert fault.kind == KILL
                    done = None
            if fault.path is None:
                break
            struck_files.add(fault.path)
            if done is not None:
                require_named(done.exit_code, done.stderr, fault)
                assert parts_in(out) == []
            assert contents(out).items() <= wanted.items()
            at += step
        assert done is not None
        assert done.exit_code == 0, done.stderr
        assert contents(out) == wanted
        assert parts_in(out) == []
        assert len(struck_files) >= 2
        assert fault.writes >= len(struck_files)
        take_away(out, stage)
        with paths_written() as written:
            assert invoke(stage, *finished.arguments, "--out", out).exit_code == 0
    assert contents(out) == wanted
    direct = [p for p in written if p.startswith(f"{out}{os.sep}") and not p.endswith(PART)]
    assert [path for path in direct if not Path(path).is_dir()] == []
