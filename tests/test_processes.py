"""Further processes: work is shared, failures are told, and none outlives the one that started it."""

from __future__ import annotations

import ast
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from replication import meaning, processes
from replication.errors import ContractError
from replication.kinds import BUNDLED, SNAPSHOTS
from replication.pipeline import STAGES, ahead, page_stage
from replication.places import ROOT
from replication.report.page import build
from replication.run import Run
from replication.stages import files_of_code

LONG = 60
"""Seconds of work that nobody waits for."""
ORPHAN = f"""
import os, signal, time
from replication import processes
if __name__ == "__main__":
    with processes.beside(1) as pool:
        pool.submit(os.getpid).result()
        pool.submit(time.sleep, {LONG})
        os.kill(os.getpid(), signal.SIGKILL)
"""


def worker(_: object) -> int:
    """The process that works, after a while in which the other takes up work too."""
    time.sleep(0.2)
    return os.getpid()


def refused_elsewhere(here: int) -> int:
    """Fails in any process but one."""
    time.sleep(0.2)
    if os.getpid() != here:
        raise ContractError("not here", "there")
    return here


def imported(module: str) -> bool:
    """Whether a module is imported in this process."""
    return module in sys.modules


def test_one_process_does_everything_in_order() -> None:
    """No other one is started."""
    assert [*processes.each(str, [3, 1, 2], processes=1)] == [(3, "3"), (1, "1"), (2, "2")]
    assert [*processes.each(str, [], processes=4)] == []
    assert multiprocessing.active_children() == []


def test_an_item_is_worked_on_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Items that are equal are two; this process begins at the end, the other at the front."""
    monkeypatch.setattr(processes, "beside", lambda _: ThreadPoolExecutor(1))
    items, done = [*range(50), *range(50)], list[int]()
    found = [*processes.each(lambda item: done.append(item) or -item, items, processes=2)]
    assert sorted(done) == sorted(items)
    assert sorted(found) == sorted((item, -item) for item in items)


def test_after_a_failure_elsewhere_nothing_more_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """The failure is raised, and what was left is left."""
    monkeypatch.setattr(processes, "beside", lambda _: ThreadPoolExecutor(1))
    done: list[int] = []

    def work(item: int) -> int:
        if item == 0:
            raise ContractError("zero", "another")
        time.sleep(0.02)
        done.append(item)
        return item

    with pytest.raises(ContractError, match="zero"):
        list(processes.each(work, range(50), processes=2))
    assert len(done) < 10


@pytest.mark.slow
def test_two_processes_share_the_work() -> None:
    """Each does some, and both have ended after it."""
    found = dict(processes.each(worker, range(8), processes=2))
    assert sorted(found) == [*range(8)]
    assert len(set(found.values())) == 2
    assert (found[7], found[0] == found[7]) == (os.getpid(), False)
    assert multiprocessing.active_children() == []


@pytest.mark.slow
def test_a_failure_in_another_process_is_told() -> None:
    """With its remedy, as in this one."""
    with pytest.raises(ContractError, match="not here") as caught:
        list(processes.each(refused_elsewhere, [os.getpid()] * 6, processes=2))
    assert caught.value.remedy == "there"
    assert multiprocessing.active_children() == []


@pytest.mark.slow
def test_a_block_inside_another_has_its_processes() -> None:
    """What was imported ahead is there, and the process stays until the outer block ends."""
    module = "replication.report.markdown"
    with processes.beside(1) as outer:
        processes.import_ahead(outer, [module])
        with processes.beside(3) as inner:
            assert inner is outer
            assert inner.submit(imported, module).result()
        assert len(multiprocessing.active_children()) == 1
    assert multiprocessing.active_children() == []


@pytest.mark.slow
def test_a_block_that_fails_does_not_wait() -> None:
    """The other process is in the middle of long work, and ends."""
    with pytest.raises(KeyboardInterrupt), processes.beside(1) as pool:  # noqa: PT012
        pool.submit(os.getpid).result()
        pool.submit(time.sleep, LONG)
        began = multiprocessing.active_children()
        raise KeyboardInterrupt
    assert [process.exitcode for process in began] == [-signal.SIGTERM]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_no_process_outlives_the_one_that_started_it(tmp_path: Path) -> None:
    """It holds the pipe of its output, which ends with the last process that has it."""
    script = tmp_path / "orphan.py"
    script.write_text(ORPHAN, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
        timeout=LONG / 2,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


Told = list[object]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """When processes are started and ended, and what they import."""
    said: Told = []

    @contextmanager
    def beside(count: int) -> Iterator[str]:
        said.append(count)
        yield "pool"
        said.append("ended")

    monkeypatch.setattr(processes, "beside", beside)
    monkeypatch.setattr(processes, "import_ahead", lambda _, modules: said.append([*modules]))
    monkeypatch.setattr(processes, "do_ahead", lambda *asked: said.append(asked))
    monkeypatch.setattr(processes, "cores", lambda: 3)
    return said


def run_of(
    stages: Sequence[str], ran: Sequence[str], said: Told, data: str = BUNDLED
) -> Callable[[], Told]:
    """Go through stages of which some run, noting each."""
    chosen = [stage for stage in STAGES if stage.name in stages]
    with ahead.opened(Run(data, ROOT), chosen) as before:
        for stage in chosen:
            if stage.name in ran:
                before(stage)
                said.append(stage.name)
    return lambda: [
        one if not isinstance(one, list) else "imports"
        for one in said
        if not isinstance(one, tuple)
    ]


ALL = [stage.name for stage in STAGES]


def test_code_is_imported_ahead_while_the_first_stages_run(told: Told) -> None:
    """From the first stage that runs until the figures are drawn."""
    short = run_of(ALL, ALL, told)()
    drawn = ALL.index("figures") + 1
    assert short == [2, "imports", *ALL[:drawn], "ended", *ALL[drawn:]]
    modules = next(one for one in told if isinstance(one, list))
    assert {"replication.analysis.grid", "replication.plots"} <= {*modules}


def test_code_is_parsed_ahead_once(told: Told) -> None:
    """That of every later stage whose key is of the code's meaning, in the order of the stages."""
    run_of(ALL, ["panel"], told)
    asked = [one for one in told if isinstance(one, tuple)]
    assert {one[1:2] + one[3:] for one in asked} == {(meaning.of_python, meaning.know)}
    parsed = [path for one in asked for path in one[2]]
    assert len(parsed) == len({*parsed})
    code = {stage.name: {*files_of_code(stage)} for stage in STAGES}
    assert {*parsed} == code["page"] - code["panel"]
    assert {*asked[0][2]} == code["attribution"] - code["panel"]


def test_what_another_process_parsed_is_not_parsed_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where it fails, this process does the work."""
    path = tmp_path / "code.py"
    path.write_text('"""Words."""\nvalue = 1\n', encoding="utf-8")
    found: list[dict[str, str]] = []
    for paths in ([tmp_path / "missing.py"], [path]):
        assert found == []
        with ThreadPoolExecutor(1) as pool:
            processes.do_ahead(pool, meaning.of_python, paths, found.append)
    monkeypatch.setattr(meaning, "_KNOWN", {})
    meaning.know(found[0])
    monkeypatch.setattr(ast, "parse", lambda _: pytest.fail("it is known"))
    known = meaning.meaning_of(path)
    assert "Words" not in known
    assert "value" in known


def test_nothing_is_imported_ahead_that_no_stage_uses(told: Told) -> None:
    """The analysis has begun, is not asked for, or is one process's; later stages share none."""
    assert run_of(ALL, ["analysis", "page"], told)() == [2, "analysis", "ended", "page"]
    told.clear()
    assert run_of(["fetch", "panel"], ["fetch"], told)() == ["fetch"]
    told.clear()
    assert run_of(ALL, ["figures", "page"], told)() == ["figures", "page"]
    told.clear()
    assert run_of(ALL, ["panel"], told, SNAPSHOTS)() == [2, "panel", "ended"]


def made_ahead(told: Told) -> list[tuple[object, ...]]:
    """What was asked for beside parsing, each with the run that it is of."""
    asked = [one[1:3] for one in told if isinstance(one, tuple)]
    return [one for one in asked if one[0] is not meaning.of_python]


def test_what_the_page_reads_is_made_while_figures_are_drawn(told: Told) -> None:
    """Where a process is there and the page is asked for; not of the whole Hub."""
    run_of(ALL, ["panel", "figures", "paper"], told)
    assert made_ahead(told) == [(page_stage.payload, Run(BUNDLED, ROOT))]
    for stages, ran, data in (
        (ALL, ["panel"], BUNDLED),
        (ALL, ["figures", "page"], BUNDLED),
        (ALL[:-1], ["panel", "figures"], BUNDLED),
        (ALL, ["panel", "figures"], SNAPSHOTS),
    ):
        told.clear()
        run_of(stages, ran, told, data)
        assert made_ahead(told) == []


def test_what_was_made_ahead_is_for_one_run_of_the_stages(
    told: Told, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The page takes it; after that run the results may be others, and are read again."""
    monkeypatch.setattr(page_stage, "payload", lambda _: {"made": "here"})
    monkeypatch.setattr(build, "page", lambda data, *_: str(data))
    monkeypatch.setattr(
        processes,
        "do_ahead",
        lambda _, work, __, take: work is page_stage.payload and take({"made": "elsewhere"}),
    )
    run, written = Run(BUNDLED, tmp_path), list[str]()
    with ahead.opened(run, STAGES) as before:
        for stage in STAGES:
            before(stage)
        written += [path.read_text("utf-8") for path in page_stage.page(run, told.append)]
    written += [path.read_text("utf-8") for path in page_stage.page(run, told.append)]
    assert written == ["{'made': 'elsewhere'}", "{'made': 'here'}"]


def test_a_run_without_work_or_with_one_core_starts_no_process(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing to start one for."""
    assert run_of(ALL, [], told)() == []
    monkeypatch.setattr(processes, "cores", lambda: 1)
    assert run_of(ALL, ALL, told)() == ALL


@pytest.mark.slow
@pytest.mark.parametrize("library", ["json", "duckdb"])
def test_the_end_is_silent(library: str) -> None:
    """A process that leaves its memory to the system prints nothing, with DuckDB in use or without it."""
    program = (
        f"import atexit, {library}; from replication.processes import leave; atexit.register(leave)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stderr == done.stdout == ""
