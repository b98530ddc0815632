"""Further processes beside this one: started when there is work, and ended with the run however it ends."""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock, Thread
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

T = TypeVar("T")
R = TypeVar("R")
_OPEN: list[ProcessPoolExecutor] = []
"""The processes of the outermost block that is open."""


def cores() -> int:
    """Processes that can work at a time."""
    return os.cpu_count() or 1


@contextmanager
def beside(count: int) -> Iterator[ProcessPoolExecutor]:
    """So many further processes for this block; inside another such block, the processes of that one.

    Each is started when work is first given to it, so that a block without work costs little. Where the
    block fails or is interrupted they end at once.
    """
    if _OPEN:
        yield _OPEN[0]
        return
    import multiprocessing  # here, as a run that has nothing to do needs neither
    from concurrent.futures import ProcessPoolExecutor

    # New processes: one that is split from this one would inherit locks of other threads.
    pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), initializer=begin)
    _OPEN.append(pool)
    try:
        yield pool
    except BaseException:
        for process in multiprocessing.active_children():
            process.terminate()
        raise
    finally:
        _OPEN.clear()
        pool.shutdown(cancel_futures=True)


def begin() -> None:
    """What a further process does first: it leaves Ctrl-C to the one that started it, and ends with that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    atexit.register(leave)
    Thread(target=_end_with_parent, daemon=True).start()


def leave() -> None:
    """Take nothing apart at the end: the system frees memory at once.

    Where DuckDB is in use all is taken apart, as it would report what is not as leaked.
    """
    if "duckdb" not in sys.modules:
        gc.freeze()


def import_ahead(pool: ProcessPoolExecutor, modules: Iterable[str]) -> None:
    """Have a further process import modules before its work comes, while this one is at its own."""
    pool.submit(_imported, [*modules])


def do_ahead(
    pool: ProcessPoolExecutor, work: Callable[[T], R], item: T, take: Callable[[R], object]
) -> None:
    """Have a further process do work that this one could do as well, and take what comes of it, if it does."""

    def done(future: Future[R]) -> None:
        if not future.cancelled() and future.exception() is None:
            take(future.result())

    pool.submit(work, item).add_done_callback(done)


def each(
    work: Callable[[T], R], items: Sequence[T], processes: int | None = None
) -> Iterator[tuple[T, R]]:
    """Do work on every item, from the last one in this process and from the first one in others.

    Parameters
    ----------
    work
        What is done; it can be pickled.
    items
        What it is done on.
    processes
        How many processes work. Default: as many as there are cores.

    Yields
    ------
    tuple
        An item and what came of it, in no fixed order.
    """
    others = min(processes or cores(), len(items)) - 1
    if others < 1:
        yield from ((item, work(item)) for item in items)
        return
    with beside(others) as pool:
        shared = _Shared(work, items, pool)
        try:
            for _ in range(others):
                shared.give()
            while (place := shared.last()) is not None:
                yield items[place], work(items[place])
            for place, future in shared.given.items():
                yield items[place], future.result()
        finally:
            shared.stop()


class _Shared(Generic[T, R]):
    """Items that this process takes from the end while others are given the first, one at a time."""

    def __init__(
        self, work: Callable[[T], R], items: Sequence[T], pool: ProcessPoolExecutor
    ) -> None:
        self.given: dict[int, Future[R]] = {}
        self._work, self._items, self._pool = work, items, pool
        self._left, self._lock = deque(range(len(items))), Lock()

    def give(self, done: Future[R] | None = None) -> None:
        """Give the first item to another process, and one more when that is done; none after a failure."""
        failed = done is not None and (done.cancelled() or done.exception() is not None)
        with self._lock:
            if failed or not self._left:
                self._left.clear()
                return
            place = self._left.popleft()
            future = self.given[place] = self._pool.submit(self._work, self._items[place])
        future.add_done_callback(self.give)

    def last(self) -> int | None:
        """Take the place of the last item; None where there is none."""
        with self._lock:
            return self._left.pop() if self._left else None

    def stop(self) -> None:
        """Give and take no more."""
        with self._lock:
            self._left.clear()


def _imported(modules: Sequence[str]) -> None:
    """Import modules."""
    for module in modules:
        importlib.import_module(module)


def _end_with_parent() -> None:
    """Wait for the process that started this one to end, and end too: nobody is left to give it work."""
    import multiprocessing

    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
