"""datapackage.json: a Frictionless description of the evidence, the panel and every result."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from pydantic.dataclasses import dataclass as table_class

from replication import __version__, tables
from replication.attribution import registry, rules, scope
from replication.definitions import Definitions, toml_files
from replication.definitions.value_types import TABLE
from replication.errors import DefinitionError
from replication.files import NAMES, read_csv, sha256_file, write_json
from replication.report import licences

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
    "weekly": ["week", "uploader", "origin"],
    "window_repositories": ["repository"],
    "window_months": ["repository", "month"],
    "window_left_out": ["repository"],
    "results_claims": ["id"],
    "results_window_answers": ["statistic"],
}
"""Keys of tables that other tables, or readers, refer to; of the rest `row_key` finds one."""
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
    "window_months": ("repository", "window_repositories", "repository"),
    "window_left_out": ("repository", "window_repositories", "repository"),
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
    resources = [
        _resource(path, shown / path.name, prefix, words)
        for folder, shown, prefix in folders
        for path in sorted(folder.glob("*.csv"))
    ]
    return {
        "name": "open-model-downloads-replication",
        "title": f"{definitions.paper.title} {definitions.paper.subtitle}",
        "version": __version__,
        "licenses": licences.described(resource["path"] for resource in resources),
        "resources": resources,
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
    known = _KEYS.get(f"{prefix}{table}")
    cells = _cells(path, sha256_file(path), keyed=known is not None)
    schema: dict[str, Any] = {
        "fields": [_field(table, column, kind, words) for column, kind in cells.kinds.items()],
        "missingValues": [""],
    }
    key = known or cells.key
    if key:
        schema["primaryKey"] = list(key)
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


class _Cells(NamedTuple):
    """What the cells of a table say: the type of each column, and the key of its rows."""

    kinds: Mapping[str, str]
    key: Sequence[str]


@cache
def _cells(path: Path, digest: str, *, keyed: bool) -> _Cells:  # noqa: ARG001 -- read once for each content
    """What a table of this content says; no key is looked for where it is `keyed` already."""
    cells = read_csv(path, dtype=str)
    kinds = {column: "string" if column in NAMES else _type(cells[column]) for column in cells}
    fields = [{"name": column, "type": kind} for column, kind in kinds.items()]
    return _Cells(kinds, () if keyed else row_key(cells, fields))


def row_key(cells: pd.DataFrame, fields: Sequence[Mapping[str, str]]) -> list[str]:
    """The columns by which rows differ: the first that do, without those that are not needed.

    Estimates are looked at only where other columns do not tell rows apart.

    Returns
    -------
    list of str
        Empty where rows are alike, or one of them has nothing in these columns.
    """
    names = [field["name"] for field in fields]
    others = [field["name"] for field in fields if field["type"] != "number"]
    for columns in (others, names):
        key = _first_key(cells, columns)
        if key:
            filled = (cells[key] != "").any(axis=1).all()
            return key if filled else []
    return []


def _first_key(cells: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """The least of the first `columns` that tell every row apart; empty where all do not."""
    lengths = range(1, len(columns) + 1)
    fewest = next((n for n in lengths if not cells.duplicated(list(columns[:n])).any()), 0)
    key = list(columns[:fewest])
    for column in reversed(columns[:fewest]):
        rest = [name for name in key if name != column]
        if rest and not cells.duplicated(rest).any():
            key = rest
    return key


def _field(table: str, column: str, kind: str, words: Mapping[str, Any]) -> dict[str, Any]:
    """Describe one column of a type: its meaning, and the words it may hold.

    A table's meaning of ``*`` is that of all its columns that have none of their own.
    """
    columns = words["columns"]
    own = columns["in"].get(table, {})
    meaning = own.get(column) or columns.get(column) or own.get("*")
    if not isinstance(meaning, str):
        what = f"columns.toml does not describe the column {column} of {table}"
        raise DefinitionError(what, "add it to [columns]")
    field: dict[str, Any] = {"name": column, "type": kind, "description": meaning}
    unit = _unit(table, column, kind=kind, starred=meaning == own.get("*"), units=words["units"])
    if unit:
        field["unit"] = unit
    if (table, column) in _WORDS:
        field["constraints"] = {"enum": list(_WORDS[table, column])}
    return field


def _unit(
    table: str, column: str, *, kind: str, starred: bool, units: Mapping[str, Sequence[str]]
) -> str:
    """The unit of a column, empty for none: that of the table's column before the column's own.

    A column's own is that of numbers: where a table has text of that name, it has none.
    """
    unit_of = {name: unit for unit, names in units.items() for name in names}
    if f"{table}.{column}" in unit_of:
        return unit_of[f"{table}.{column}"]
    if starred:
        return unit_of.get(f"{table}.*", "")
    return unit_of.get(column, "") if kind in {"integer", "number"} else ""


_TYPES = {
    "integer": r"-?\d+",
    "number": r"-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf|-inf",
    "date": r"\d{4}-\d{2}-\d{2}",
}


def _type(cells: pd.Series) -> str:
    """The narrowest type that all filled cells have."""
    filled = [cell for cell in cells.unique().tolist() if cell]
    for name, pattern in _TYPES.items():
        if filled and all(map(re.compile(pattern).fullmatch, filled)):
            return name
    return "string"
