"""The numbers of the text: every key of paper/numbers.toml, read from the results.

A key names a table, a row and a column, and a display format. Values are kept unrounded; rounding
belongs to the format. The text may use only these keys.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass as table_class

from replication import tables
from replication.definitions import Definitions, toml_files
from replication.definitions.value_types import TABLE
from replication.errors import DefinitionError
from replication.files import read_csv, read_json
from replication.report.number_formats import FORMATS

ABSENT = "(not in these data)"
DEFINITIONS, ALL = "definitions", "none"
"""What stands for a table where a number is a definition; the exclusion of nothing."""
DEFINITION = re.compile(r"\{([\w.-]+)\}")
MANIFEST = "manifest"
_MAKERS = {
    MANIFEST: "replication.sources.manifest.write",
    DEFINITIONS: "replication.definitions.reading.load_definitions",
}
"""What makes the sources of numbers that are no result tables."""


def collect(declared: Path, results: Path, definitions: Definitions) -> dict[str, dict[str, Any]]:
    """Read every declared number from the results.

    Parameters
    ----------
    declared
        numbers.toml: ``rows`` names sets of conditions, ``numbers`` maps a key to
        ``table | conditions | column | format``.
    results
        Folder of the result tables.
    definitions
        Definitions, readable as the table ``definitions``.

    Returns
    -------
    dict
        Key to ``value, display, format, table, cell, function``.

    Raises
    ------
    DefinitionError
        A key leads to several cells or to no column, or its format is unknown. A key that leads
        to no row, or to no finite value, has the value None and says so in the text.
    """
    read = _Tables(results, definitions)
    return {one.key: _number(one, read) for one in _declared(declared, definitions)}


def require_definitions(declared: Path, definitions: Definitions) -> None:
    """Refuse definitions that lack what the text is about, before any work.

    Parameters
    ----------
    declared
        numbers.toml, as in `collect`.
    definitions
        Definitions.

    Raises
    ------
    DefinitionError
        A number names a definition, a window, an estimand or an exclusion that is not defined.
    """
    windows = {window.id for window in (*definitions.all_windows, *definitions.at_window.windows)}
    estimands = {one.id for one in (*definitions.estimands, *definitions.at_window.estimands)}
    known = {
        "estimand": estimands,
        "window": windows,
        "exclusion": {ALL, *(x.id for x in definitions.exclusions)},
    }
    for one in _declared(declared, definitions):
        if one.table == DEFINITIONS:
            _attribute(one.key, definitions, one.column)
        for column in known.keys() & one.conditions.keys():
            value = one.conditions[column]
            if value not in known[column]:
                raise DefinitionError(
                    f"the text is about the {column} {value} ({declared.name}: {one.key}), which "
                    "is not defined",
                    "keep it among the definitions; others can be added and its values changed",
                )


@table_class(frozen=True, config=TABLE)
class _NumbersFile:
    """numbers.toml."""

    rows: dict[str, str]
    numbers: dict[str, str]


@dataclass(frozen=True)
class _Declared:
    """One declaration: where a number is read, and how it is shown."""

    key: str
    table: str
    row: str
    """The conditions as they are written."""
    conditions: Mapping[str, str]
    column: str
    style: str


def _declared(declared: Path, definitions: Definitions) -> Iterator[_Declared]:
    """Every declaration of numbers.toml, with the definitions that it names."""
    file = toml_files.read(_NumbersFile, declared)
    for key, spec in file.numbers.items():
        parts = [part.strip() for part in spec.split("|")]
        if len(parts) != 4 or parts[3] not in FORMATS:
            raise DefinitionError(
                f"numbers.toml: {key} = {spec!r}", "table | conditions | column | format"
            )
        named = _conditions(key, parts[1], file.rows)
        conditions = {
            column: _with_definitions(key, text, definitions) for column, text in named.items()
        }
        row = _with_definitions(key, parts[1], definitions)
        yield _Declared(key, parts[0], row, conditions, parts[2], parts[3])


def _with_definitions(key: str, text: str, definitions: Definitions) -> str:
    """A condition with the definitions that it names in braces."""
    return DEFINITION.sub(lambda match: str(_attribute(key, definitions, match[1])), text)


def _number(one: _Declared, read: _Tables) -> dict[str, Any]:
    """Resolve one declaration."""
    name, column, style = one.table, one.column, one.style
    value = read.cell(one.key, name, one.conditions, column)
    if value == "" or (isinstance(value, float) and not math.isfinite(value)):
        value = None
    return {
        "value": value,
        "display": ABSENT if value is None else FORMATS[style](value),
        "format": style,
        "table": f"results/{name}.csv" if name not in _MAKERS else name,
        "cell": f"{one.row} → {column}" if one.row else column,
        "function": read.maker(name),
    }


def _conditions(key: str, text: str, rows: Mapping[str, str]) -> dict[str, str]:
    """Parse ``@name, column=value, …`` into conditions."""
    conditions: dict[str, str] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        if part.startswith("@"):
            if part[1:] not in rows:
                raise DefinitionError(
                    f"numbers.toml: {key} names no row {part}", "add it to [rows]"
                )
            conditions |= _conditions(key, rows[part[1:]], rows)
        else:
            column, _, value = part.partition("=")
            conditions[column.strip()] = value.strip()
    return conditions


class _Tables:
    """Result tables, read once each."""

    def __init__(self, results: Path, definitions: Definitions) -> None:
        self._results = results
        self._definitions = definitions
        self._rows = {table.name: table for table in tables.of(whole=definitions.whole)}
        self._read: dict[str, pd.DataFrame] = {}
        self._texts: dict[tuple[str, str], NDArray[np.object_]] = {}

    def maker(self, name: str) -> str:
        """Dotted name of the function that makes a table, the manifest or the definitions."""
        return _MAKERS[name] if name in _MAKERS else self._rows[name].function

    def cell(self, key: str, name: str, where: Mapping[str, str], column: str) -> Any:
        """The one value of `column` in the one row where all conditions hold."""
        if name == DEFINITIONS:
            return _attribute(key, self._definitions, column)
        if name == MANIFEST:
            return read_json(self._results / "manifest.json")[column]
        if name not in self._rows:
            raise DefinitionError(
                f"numbers.toml: {key} names no table {name!r}",
                f"use {[*self._rows, *_MAKERS]}, or add a row to replication/tables.py",
            )
        table = self._table(name)
        holds = np.ones(len(table), dtype=bool)
        for field, value in where.items():
            if field not in table:
                raise DefinitionError(
                    f"numbers.toml: {key}: {name} has no column {field!r}", "correct it"
                )
            holds &= self._text(name, field) == value
        rows = np.flatnonzero(holds)
        if len(rows) > 1 or column not in table:
            raise DefinitionError(
                f"numbers.toml: {key} finds {len(rows)} rows of {name} and column {column!r}",
                "add conditions until one row is left",
            )
        if not len(rows):
            return None  # other data may lack a developer, an exclusion or a reading
        return _plain(table[column].iloc[rows[0]])

    def _table(self, name: str) -> pd.DataFrame:
        if name not in self._read:
            self._read[name] = read_csv(self._results / f"{name}.csv")
        return self._read[name]

    def _text(self, name: str, column: str) -> NDArray[np.object_]:
        """The cells of a column as text."""
        if (name, column) not in self._texts:
            self._texts[name, column] = self._table(name)[column].astype(str).to_numpy(object)
        return self._texts[name, column]


def _attribute(key: str, definitions: Definitions, path: str) -> Any:
    """A definition by its dotted name: inference.replicates, windows.increments-all.start."""
    value: Any = definitions
    for part in path.split("."):
        try:
            if isinstance(value, tuple):
                value = value[int(part)] if part.isdigit() else {x.id: x for x in value}[part]
            else:
                value = getattr(value, part)
        except (AttributeError, IndexError, KeyError, TypeError):
            what = f"numbers.toml: {key}: the definitions have no {path}"
            raise DefinitionError(what, "correct the name") from None
    return _plain(value)


def _plain(value: Any) -> Any:
    """A value that JSON can hold; text that is a number becomes the number."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        try:
            return json.loads(value) if value[:1] in "-0123456789" else value
        except ValueError:
            return value
    return value
