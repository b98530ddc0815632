"""The fast tests, collected once; each test, and each mutant, then has a forked process of its own."""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import resource
import shutil
import signal
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import _lru_cache_wrapper
from itertools import groupby
from pathlib import Path
from types import FunctionType
from typing import Any, NoReturn

import coverage
import pytest
from hypothesis import Phase, settings

from bench.mutants.mutate import Mutant

KILLED, SURVIVED, IMPOSSIBLE = 0, 1, 2
"""Exit codes of a mutant's process; a signal is the end of its time."""
WORDS = ["killed", "survived", "impossible"]
SECONDS = 3.0
"""Processor seconds that a test may take with a mutant, beside ten times what it takes without."""
WALL = 60
"""The same of the clock, for what waits without working."""
MEMORY = 3 * 1024**3
"""Bytes that a mutant may take beyond what the parent has."""


@dataclass(frozen=True)
class Alone:
    """A test by itself: does it pass, its processor seconds, lines that it runs, by file.

    `imported` are the lines that the import of its module runs: data of several tests.
    """

    passed: bool
    seconds: float
    lines: Mapping[str, set[int]]
    imported: Mapping[str, set[int]]

    def runs(self, mutant: Mutant) -> bool:
        """Whether the mutant's statement is among the lines of the test or of its module."""
        return _hit(mutant, self.lines) or _hit(mutant, self.imported)


class Tests:
    """Plugin of pytest that runs ``work`` in place of the tests that it collected."""

    def __init__(self, work: Callable[[Tests], None], jobs: int) -> None:
        self.work, self.jobs = work, jobs
        self.items: dict[str, pytest.Item] = {}
        self.caches: list[_lru_cache_wrapper[Any]] = []
        self.functions: dict[tuple[str, str, int], list[FunctionType]] = {}
        self.failed = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Do the work."""
        self.items = {item.nodeid: item for item in session.items}
        self.caches, self.functions = _caches(), _functions()
        self._clear()
        gc.freeze()  # a collection in a child would copy every page; what is frozen is not listed
        self.work(self)
        gc.unfreeze()
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a failure."""
        self.failed = self.failed or report.failed

    def alone(self, include: list[str], cache: Path, code: str) -> dict[str, Alone]:
        """Run every test by itself, and note which lines of the files it runs.

        What is known of a file of tests is kept in `cache`, for this `code` and text of the file.
        """
        texts = {item.path: item.path.read_text(encoding="utf-8") for item in self.items.values()}
        held = pickle.loads(cache.read_bytes()) if cache.exists() else {}  # noqa: S301 - our own
        kept = {path: held.get((str(path), code, text), {}) for path, text in texts.items()}
        known = {name: test for part in kept.values() for name, test in part.items()}
        known |= self._traced([name for name in self.items if name not in known], include)
        for name, item in self.items.items():
            kept[item.path][name] = known[name]
        held |= {(str(path), code, texts[path]): part for path, part in kept.items()}
        cache.parent.mkdir(parents=True, exist_ok=True)
        cache.write_bytes(pickle.dumps(held))
        return known

    def _traced(self, names: list[str], include: list[str]) -> dict[str, Alone]:
        """Run tests in processes of their own, files by files, each test with nothing cached."""

        def work(part: list[str], answer: Path) -> int:
            tracer = coverage.Coverage(data_file=None, include=include, config_file=False)
            tracer.start()
            done = {}
            for path, of_file in groupby(part, lambda name: self.items[name].path):
                tracer.switch_context(str(path))
                self._import(next(iter(kept := list(of_file))))
                for name in kept:
                    tracer.switch_context(name)
                    done[name] = self._timed(name)
            tracer.stop()
            lines: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
            data = tracer.get_data()
            for file in data.measured_files():
                for line, contexts in data.contexts_by_lineno(file).items():
                    for context in contexts:
                        lines[context][file].add(line)
            whole = {
                name: Alone(*what, dict(lines[name]), dict(lines[str(self.items[name].path)]))
                for name, what in done.items()
            }
            answer.write_bytes(pickle.dumps(whole))
            return KILLED

        files = list(dict.fromkeys(self.items[name].path for name in names))
        parts = [set(files[n :: self.jobs]) for n in range(self.jobs)]
        work_of = [[name for name in names if self.items[name].path in part] for part in parts]
        known: dict[str, Alone] = {}
        for _, status, answer in self._each(filter(None, work_of), work):
            if status:
                raise RuntimeError("the driver failed")
            known |= pickle.loads(answer)  # noqa: S301 - written by our own child
        return known

    def _timed(self, name: str) -> tuple[bool, float]:
        """Does a test pass that finds nothing cached, and its processor seconds."""
        self._clear()
        self.failed = False
        began = time.process_time()
        return self._passes(name), time.process_time() - began

    def _clear(self) -> None:
        """Forget what functions keep."""
        for cached in [*self.caches, *_caches()]:
            cached.cache_clear()

    def _import(self, name: str) -> None:
        """Run the module of a test anew, in its place: it may hold data made by what is mutated."""
        self._clear()
        module = self.items[name].getparent(pytest.Module).obj
        exec(compile(Path(module.__file__).read_bytes(), module.__file__, "exec"), module.__dict__)  # noqa: S102

    def against(
        self, chosen: Mapping[Mutant, list[str]], known: Mapping[str, Alone]
    ) -> Iterator[tuple[Mutant, str]]:
        """Run each mutant's tests against it until one fails."""

        def work(mutant: Mutant, _: Path) -> int:
            held = self.functions[str(mutant.path), mutant.function, mutant.line]
            try:
                code = mutant.code()
                for function in held:
                    function.__code__ = code
            except (SyntaxError, ValueError, StopIteration):
                return IMPOSSIBLE
            anew = set()
            for name in chosen[mutant]:
                path = self.items[name].path
                _limit(known[name].seconds)
                if _hit(mutant, known[name].imported) and path not in anew:
                    anew.add(path)
                    try:
                        self._import(name)
                    except Exception:  # noqa: BLE001 - whatever it is, it is noticed
                        return KILLED
                if not self._passes(name):
                    return KILLED
            return SURVIVED

        for mutant, status, _ in self._each(chosen, work):
            if status > IMPOSSIBLE:
                raise RuntimeError(f"{mutant.path}:{mutant.statement[0]}: the driver failed")
            yield mutant, "timeout" if status < 0 else WORDS[status]

    def _passes(self, name: str) -> bool:
        item = self.items[name]
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        return not self.failed

    def _each(
        self, things: Iterable[Any], work: Callable[[Any, Path], int]
    ) -> Iterator[tuple[Any, int, bytes]]:
        """Do the work on each thing in a child; its exit code (negative: a signal) and its answer."""
        running: dict[int, tuple[Any, Path]] = {}
        waiting = iter(things)
        while True:
            while len(running) < self.jobs and (thing := next(waiting, None)) is not None:
                folder = Path(tempfile.mkdtemp(prefix="mutant-"))
                child = os.fork()
                if child == 0:
                    self._child(work, thing, folder)
                running[child] = thing, folder
            if not running:
                return
            child, status = os.wait()
            thing, folder = running.pop(child)
            answer = folder / "answer"
            yield (
                thing,
                os.waitstatus_to_exitcode(status),
                answer.read_bytes() if answer.exists() else b"",
            )
            shutil.rmtree(folder, ignore_errors=True)

    def _child(self, work: Callable[[Any, Path], int], thing: object, folder: Path) -> NoReturn:
        """Never return into the parent's loop."""
        status = IMPOSSIBLE + 1
        try:
            os.environ["PYTEST_DEBUG_TEMPROOT"] = os.environ["TMPDIR"] = tempfile.tempdir = str(
                folder
            )
            null = os.open(os.devnull, os.O_RDWR)
            os.dup2(null, 1)
            os.dup2(null, 2)
            plugins = next(iter(self.items.values())).config.pluginmanager
            plugins.unregister(name="terminalreporter")
            phases = (Phase.explicit, Phase.generate)
            settings.register_profile(
                "mutants", settings(), derandomize=True, database=None, phases=phases
            )
            settings.load_profile("mutants")
            status = work(thing, folder / "answer")
        finally:
            os._exit(status)


def _hit(mutant: Mutant, lines: Mapping[str, set[int]]) -> bool:
    first, last = mutant.statement
    return not lines.get(str(mutant.path), set()).isdisjoint(range(first, last + 1))


def _limit(seconds: float) -> None:
    """End this process by a signal if a test takes far longer than without a mutant."""
    signal.setitimer(signal.ITIMER_PROF, SECONDS + 10 * seconds)
    signal.setitimer(signal.ITIMER_REAL, WALL + 100 * seconds)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, resource.RLIM_INFINITY))


def _caches() -> list[_lru_cache_wrapper[Any]]:
    return [thing for thing in gc.get_objects() if isinstance(thing, _lru_cache_wrapper)]


def _functions() -> dict[tuple[str, str, int], list[FunctionType]]:
    """Every function there is, by file, qualified name and first line."""
    held = defaultdict(list)
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType):
            code = thing.__code__
            held[code.co_filename, code.co_qualname, code.co_firstlineno].append(thing)
    return held
