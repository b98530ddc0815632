"""Reads and checks definitions.toml, the one place of every definition."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from replication.definitions import toml_files
from replication.definitions.consistency import require_consistent
from replication.definitions.messages import unknown_keys
from replication.definitions.model import FIELD_OF, Definitions
from replication.definitions.settings import WholeHub
from replication.definitions.sources import Snapshots
from replication.definitions.value_types import TABLE, Whole
from replication.definitions.windows import PublishedWindow
from replication.errors import DefinitionError

PACKAGED = Path(__file__).with_name("definitions.toml")
OVERLAID = ("window", "headline", "grid", "grid_window", "published_specification", "bridge")
"""Tables that may differ where the source is the whole Hub."""
Tables = dict[str, Any]
"""Tables of a TOML file by name, of any kind until they are checked."""


@dataclass(frozen=True, config=TABLE)
class _Margins:
    """How far the snapshots reach beyond the published window, where no range is stated."""

    days_before: Annotated[Whole, Field(ge=0, le=3_660)]
    days_after: Annotated[Whole, Field(ge=0, le=3_660)]


@dataclass(frozen=True, config=TABLE)
class _Dated:
    """Tables of definitions.toml from which others have their days."""

    published_window: PublishedWindow
    snapshots: _Margins


def load_definitions(path: Path = PACKAGED, *, whole: bool = False) -> Definitions:
    """Read `path` and check it, for either kind of source.

    Parameters
    ----------
    path
        The definitions.
    whole
        Whether the source is the whole Hub: what `[whole_hub]` says then takes the place of the
        tables of the same name.

    Raises
    ------
    DefinitionError
        The file is missing, is not TOML, or has an unknown, missing or wrong key.
    """
    tables = toml_files.parse(path)
    with toml_files.in_file(path):
        both = {kind: _definitions(tables, whole=kind) for kind in (False, True)}
    return both[whole]


def _definitions(tables: Tables, *, whole: bool) -> Definitions:
    """The checked definitions of one kind of source."""
    _require_tables(tables)
    tables = _of_source(tables, whole=whole)
    values = {FIELD_OF[name]: table for name, table in _with_days(tables).items()}
    definitions = _completed(toml_files.validated(Definitions, values))
    stated = tuple(key for key in ("since", "until") if key in tables["snapshots"])
    definitions = replace(definitions, stated_range=stated, whole=whole)
    require_consistent(definitions)
    return definitions


def _require_tables(tables: Tables) -> None:
    """Refuse tables that no definition has, and the lack of one."""
    missing, unknown = FIELD_OF.keys() - tables.keys(), tables.keys() - FIELD_OF.keys()
    if unknown:
        raise unknown_keys("top level", unknown, {*FIELD_OF})
    if missing:
        raise DefinitionError(
            f"no table {', '.join(sorted(missing))}",
            "restore it from the packaged definitions.toml",
        )


def _of_source(tables: Tables, *, whole: bool) -> Tables:
    """The tables for one kind of source: those of `[whole_hub]` laid over the others, or left out."""
    keys = {field.name for field in fields(WholeHub)}
    own, over = _parted(tables["whole_hub"], keys)
    if over.keys() - {*OVERLAID}:
        raise unknown_keys("[whole_hub]", over.keys() - {*OVERLAID}, {*OVERLAID} | keys)
    laid = {name: _laid(tables[name], table) for name, table in over.items() if whole}
    return tables | {"whole_hub": own} | laid


def _laid(table: Any, over: Any) -> Any:
    """A table with the keys of another laid over its own; anything else is replaced."""
    return table | over if isinstance(table, dict) and isinstance(over, dict) else over


def _parted(table: Any, keys: set[str]) -> tuple[Any, Tables]:
    """A table with these keys alone, and the others; what is no table is left as it is."""
    if not isinstance(table, dict):
        return table, {}
    own = {key: value for key, value in table.items() if key in keys}
    return own, {key: value for key, value in table.items() if key not in keys}


def _with_days(tables: Tables) -> Tables:
    """The tables with days that follow from the published window where they state none."""
    keys = {field.name for field in fields(_Margins)}
    margins, named = _parted(tables["snapshots"], keys)
    known = {field.name for field in fields(Snapshots)}
    if named.keys() - known:
        raise unknown_keys("[snapshots]", named.keys() - known, known | keys)
    dated = toml_files.validated(
        _Dated, {"published_window": tables["published_window"], "snapshots": margins}
    )
    about, beyond = dated.published_window, dated.snapshots
    days = {"start": about.start, "end": about.end}
    reach = {
        "since": about.start - timedelta(days=beyond.days_before),
        "until": about.end + timedelta(days=beyond.days_after),
    }
    windows = {name: _each_with(days, tables[name]) for name in ("window", "grid_window")}
    return tables | windows | {"snapshots": reach | named}


def _each_with(values: Tables, tables: Any) -> Any:
    """A list of tables, each with these values where it has none; anything else as it is."""
    if not isinstance(tables, list):
        return tables
    return [values | table if isinstance(table, dict) else table for table in tables]


def _completed(definitions: Definitions) -> Definitions:
    """The definitions with their labels, and with the grid beside the headline's own choices."""
    limit = definitions.panel.age_limit_days
    return replace(
        definitions,
        windows=tuple(window.labelled(limit) for window in definitions.windows),
        grid_windows=tuple(window.labelled(limit) for window in definitions.grid_windows),
        published_window=definitions.published_window.labelled(limit),
        grid=definitions.grid.beside(limit, definitions.headline),
    )
