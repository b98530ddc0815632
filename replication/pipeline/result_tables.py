"""Make the result tables of a stage by their rows in tables.py."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replication import files, tables
from replication.sources.bundled import FOLDER
from replication.stages import Progress

if TYPE_CHECKING:
    import pandas as pd

    Tables = dict[str, pd.DataFrame]


def make(
    stage: str, offered: object, results: Path, progress: Progress, *, whole: bool
) -> dict[str, pd.DataFrame]:
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

    Returns
    -------
    dict of str to pandas.DataFrame
        The tables by name, as they are to be written.
    """
    maker = _Maker(offered, results, {table.name: table for table in tables.of(whole=whole)})
    wanted = list(tables.in_order(tables.of(stage, whole=whole)))
    for number, table in enumerate(wanted, 1):
        progress(f"table {number} of {len(wanted)}, {table.file}")
        maker.add(table)
    return maker.written


class _Maker:
    """The tables made so far, as they were computed and as they are to be written."""

    def __init__(self, offered: object, results: Path, known: Mapping[str, tables.Table]) -> None:
        self.computed: Tables = {}
        self.written: Tables = {}
        self._offered, self._results, self._known = offered, results, known
        self._calls: dict[tuple[str, str], Any] = {}

    def add(self, table: tables.Table) -> None:
        """Make one table."""
        rows = files.read_csv(FOLDER / table.file) if table.kept else self._rows(table)
        self.computed[table.name] = rows
        self.written[table.name] = rows if table.digits is None else rows.round(table.digits)

    def _rows(self, table: tables.Table) -> pd.DataFrame:
        """What the maker of a table returns; one that makes several is called once."""
        call = (table.maker, table.reads)
        if call not in self._calls:
            # A table that is rounded reads others as computed, so that nothing is rounded twice.
            own = self.written if table.digits is None else self.computed
            arguments = [self._argument(name, own) for name in table.arguments]
            self._calls[call] = function_of(table)(*arguments, **table.options)
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


def function_of(table: tables.Table) -> Callable[..., Any]:
    """The function that makes a table."""
    module, _, name = table.function.rpartition(".")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function
