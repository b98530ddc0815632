"""Make the result tables of a stage by their rows in tables.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from replication import files, processes, tables
from replication.functions import named
from replication.sources.bundled import FOLDER
from replication.stages import Progress

if TYPE_CHECKING:
    import pandas as pd

    Tables = dict[str, pd.DataFrame]


class Made(NamedTuple):
    """Tables by name in the order of the rows of tables.py, and the texts of those that have one by now."""

    tables: Tables
    texts: Mapping[str, str]

    def write(self, folder: Path) -> list[Path]:
        """Write every table to a folder and return the files."""
        paths = {name: folder / f"{name}.csv" for name in self.tables}
        for name, path in paths.items():
            files.write_text(path, self.texts.get(name) or files.csv_text(self.tables[name]))
        return [*paths.values()]


def make(
    stage: str,
    offered: object,
    results: Path,
    progress: Progress,
    *,
    whole: bool,
    beside: object | None = None,
) -> Made:
    """Make every table that a stage writes, each after those that it reads.

    Parameters
    ----------
    stage
        The stage.
    offered
        What the makers read beside tables, as attributes.
    results
        Where the tables of the stages before lie.
    progress
        Called with the number and file of each table.
    whole
        Whether the source is the whole Hub.
    beside
        The same as `offered` for a second process, which then makes the tables apart; None for none.

    Returns
    -------
    Made
        The tables as they are to be written.
    """
    wanted = list(tables.in_order(tables.of(stage, whole=whole)))
    apart = tables.apart(wanted) if beside is not None else []
    after = tables.after(wanted, apart)
    here = [table for table in wanted if table not in [*apart, *after]]
    maker, texts = _Maker(offered, results, whole=whole), dict[str, str]()

    def add(some: Sequence[tables.Table]) -> None:
        for table in some:
            number = wanted.index(table) + 1
            progress(f"table {number} of {len(wanted)}, {table.file}")
            maker.add(table)

    with _one_core_each(), ExitStack() as stack:
        if apart:
            pool = stack.enter_context(processes.beside(1))
            made = pool.submit(_made, apart, beside, results, whole)
            add(here)
            progress(f"waiting for a second process ({len(apart)} tables)")
            computed, written, texts = made.result()
            maker.take(computed, written)
        else:
            add(here)
        add(after)
    return Made({table.name: maker.written[table.name] for table in wanted}, texts)


def modules_apart(stage: str, *, whole: bool) -> list[str]:
    """Modules of what makes the tables that a second process makes."""
    apart = tables.apart(list(tables.in_order(tables.of(stage, whole=whole))))
    return sorted({table.function.rpartition(".")[0] for table in apart})


def _one_core_each() -> AbstractContextManager[object]:
    """Products of matrices on one core: waiting for a second costs more than it gives."""
    import numpy as np  # noqa: F401  # what is not loaded is not limited
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[object] = threadpool_limits(limits=1, user_api="blas")
    return limits


def _made(
    some: Sequence[tables.Table],
    offered: object,
    results: Path,
    whole: bool,
) -> tuple[Tables, Tables, dict[str, str]]:
    """Tables as they were computed and as they are to be written, and their texts, of a second process."""
    maker = _Maker(offered, results, whole=whole)
    with _one_core_each():
        for table in some:
            maker.add(table)
    return maker.computed, maker.written, {n: files.csv_text(t) for n, t in maker.written.items()}


class _Maker:
    """The tables made so far, as they were computed and as they are to be written."""

    def __init__(self, offered: object, results: Path, *, whole: bool) -> None:
        self.computed: Tables = {}
        self.written: Tables = {}
        self._offered, self._results = offered, results
        self._known = {table.name: table for table in tables.of(whole=whole)}
        self._calls: dict[tuple[str, str], Any] = {}

    def add(self, table: tables.Table) -> None:
        """Make one table."""
        rows = files.read_csv(FOLDER / table.file) if table.kept else self._rows(table)
        self.computed[table.name] = rows
        self.written[table.name] = rows if table.digits is None else rows.round(table.digits)

    def take(self, computed: Tables, written: Tables) -> None:
        """Take tables that another process has made."""
        self.computed |= computed
        self.written |= written

    def _rows(self, table: tables.Table) -> pd.DataFrame:
        """What the maker of a table returns; one that makes several is called once."""
        call = (table.maker, table.reads)
        if call not in self._calls:
            # A table that is rounded reads others as computed, so that nothing is rounded twice.
            own = self.written if table.digits is None else self.computed
            arguments = [self._argument(name, own) for name in table.arguments]
            self._calls[call] = named(table.function)(*arguments, **table.options)
        returned = self._calls[call]
        return returned if table.part is None else returned[table.part]

    def _argument(self, name: str | list[str], own: Tables) -> Any:
        """One argument: a mapping of tables, a table of this stage or of one before, or what is offered."""
        if isinstance(name, list):
            return {one: self._argument(one, own) for one in name if one in self._known}
        if name in own:
            return own[name]
        if name in self._known:
            return files.read_csv(self._results / self._known[name].file)
        return attrgetter(name)(self._offered)
