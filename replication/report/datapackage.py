"""datapackage.json: a Frictionless description of the evidence, the panel and every result."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic.dataclasses import dataclass as table_class

from replication import __version__, tables
from replication.attribution import registry, rules, scope
from replication.definitions import Definitions, toml_files
from replication.definitions.value_types import TABLE
from replication.errors import DefinitionError
from replication.files import read_csv, write_json

NAME = "datapackage.json"
DATA = Path("replication") / "data"
RESULTS, PREFIX = Path("results"), "results_"
COLUMNS = registry.DATA / "columns.toml"
_KEYS: dict[str, Sequence[str]] = {
    "registry": ["developer"],
    "namespaces": ["namespace", "valid_from"],
    "rules": ["rule"],
    "tasks": ["rule"],
    "sampling_frame": ["unit"],
    "second_coding": ["unit"],
    "repositories": ["repository"],
    "variants": ["repository"],
}
_WORDS: dict[tuple[str, str], Sequence[str]] = {
    ("registry", "sector"): registry.SECTORS,
    ("registry", "confidence"): registry.CONFIDENCE,
    ("registry", "basis"): registry.BASES,
    ("namespaces", "relation"): registry.RELATIONS,
    ("rules", "kind"): rules.KINDS,
    ("tasks", "task"): scope.TASKS,
    ("rules", "found_in"): (rules.PANEL, rules.HUB),
}
_FOREIGN: dict[str, tuple[str, str, str]] = {
    "registry": ("parent", "", "developer"),
    "namespaces": ("developer", "registry", "developer"),
    "variants": ("repository", "repositories", "repository"),
    "second_coding": ("unit", "sampling_frame", "unit"),
}


@table_class(frozen=True, config=TABLE)
class _ColumnsFile:
    """columns.toml, without what a column means in one table alone."""

    tables: dict[str, str]
    columns: dict[str, str]
    units: dict[str, tuple[str, ...]]


def write(root: Path, results: Path, definitions: Definitions) -> Path:
    """Write the description of a run's tables to `root` and return its path."""
    write_json(root / NAME, package(results, definitions))
    return root / NAME


def package(results: Path, definitions: Definitions) -> dict[str, Any]:
    """Describe every CSV table of the evidence, the bundled panel and the results.

    Raises
    ------
    DefinitionError
        A table or a column has no description in columns.toml.
    """
    words = _words()
    folders = ((registry.DATA, DATA, ""), (results, RESULTS, PREFIX))
    return {
        "name": "open-model-downloads-replication",
        "title": f"{definitions.paper.title} {definitions.paper.subtitle}",
        "version": __version__,
        "licenses": [{"name": "CC-BY-4.0", "title": "Creative Commons Attribution 4.0"}],
        "resources": [
            _resource(path, shown / path.name, prefix, words)
            for folder, shown, prefix in folders
            for path in sorted(folder.glob("*.csv"))
        ],
    }


def _words() -> Mapping[str, Any]:
    """What columns.toml says of tables of evidence, and of columns."""
    words = toml_files.parse(COLUMNS)
    columns = {k: v for k, v in words.get("columns", {}).items() if k != "in"}
    with toml_files.in_file(COLUMNS):
        toml_files.validated(_ColumnsFile, words | {"columns": columns})
    return words


def _title(table: str, prefix: str, words: Mapping[str, Any]) -> str:
    """The sentence of a table: of evidence from columns.toml, of a result from tables.py."""
    if not prefix and table in words["tables"]:
        return str(words["tables"][table])
    return tables.row(table).sentence


def _resource(path: Path, shown: Path, prefix: str, words: Mapping[str, Any]) -> dict[str, Any]:
    """Describe one table."""
    table = path.stem
    title = _title(table, prefix, words)
    cells = read_csv(path, dtype=str)
    schema: dict[str, Any] = {
        "fields": [_field(table, column, cells[column], words) for column in cells],
        "missingValues": [""],
    }
    if not prefix and table in _KEYS:
        schema["primaryKey"] = list(_KEYS[table])
    if not prefix and table in _FOREIGN:
        field, resource, theirs = _FOREIGN[table]
        reference = {"resource": resource, "fields": [theirs]}
        schema["foreignKeys"] = [{"fields": [field], "reference": reference}]
    return {
        "name": f"{prefix}{table}",
        "title": title,
        "type": "table",
        "path": shown.as_posix(),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": schema,
    }


def _field(table: str, column: str, cells: pd.Series, words: Mapping[str, Any]) -> dict[str, Any]:
    """Describe one column: its meaning, the type that its cells have, and the words it may hold.

    A table's meaning of ``*`` is that of all its columns that have none of their own.
    """
    columns = words["columns"]
    own = columns["in"].get(table, {})
    meaning = own.get(column) or columns.get(column) or own.get("*")
    if not isinstance(meaning, str):
        what = f"columns.toml does not describe the column {column} of {table}"
        raise DefinitionError(what, "add it to [columns]")
    field: dict[str, Any] = {"name": column, "type": _type(cells), "description": meaning}
    unit = _unit(table, column, starred=meaning == own.get("*"), units=words["units"])
    if unit:
        field["unit"] = unit
    if (table, column) in _WORDS:
        field["constraints"] = {"enum": list(_WORDS[table, column])}
    return field


def _unit(table: str, column: str, *, starred: bool, units: Mapping[str, Sequence[str]]) -> str:
    """The unit of a column, empty for none: that of the table's column before the column's own."""
    unit_of = {name: unit for unit, names in units.items() for name in names}
    if f"{table}.{column}" in unit_of:
        return unit_of[f"{table}.{column}"]
    return unit_of.get(f"{table}.*", "") if starred else unit_of.get(column, "")


_TYPES = {
    "integer": r"-?\d+",
    "number": r"-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf|-inf",
    "date": r"\d{4}-\d{2}-\d{2}",
}


def _type(cells: pd.Series) -> str:
    """The narrowest type that all filled cells have."""
    filled = cells[cells != ""]
    for name, pattern in _TYPES.items():
        if len(filled) and all(map(re.compile(pattern).fullmatch, filled)):
            return name
    return "string"
