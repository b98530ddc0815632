"""TOML tables as frozen dataclasses: unknown, missing and mistyped keys are errors."""

from __future__ import annotations

import dataclasses
import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from replication.errors import StudyError

T = TypeVar("T")


def parse(path: Path) -> dict[str, Any]:
    """Parse a TOML file into tables."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StudyError(
            f"cannot read {path}: {error.strerror}", "name an existing file with --study"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StudyError(f"{path} is not TOML: {error}", "correct that line") from error


def build(kind: type[T], table: Any, where: str) -> T:
    """Make one dataclass of `table`, refusing unknown, missing and mistyped keys."""
    if not isinstance(table, dict):
        raise StudyError(f"[{where}] is not a table", f"write it as [{where}] with key = value")
    fields = {f.name.rstrip("_"): f for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    if set(table) - set(fields):
        raise unknown_keys(f"[{where}]", set(table) - set(fields))
    for name, field in fields.items():
        if name not in table and field.default is dataclasses.MISSING:
            raise StudyError(f"[{where}] has no {name}", f"add {name} = … to [{where}]")
    return kind(**{fields[k].name: _typed(fields[k], v, where) for k, v in table.items()})


_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "date": (date,),
    "date | None": (date,),
    "tuple[str, ...]": (list,),
    "tuple[int, ...]": (list,),
    "tuple[float, ...]": (list,),
}


def _typed(field: dataclasses.Field[Any], value: Any, where: str) -> Any:
    """Check the type of one value against its annotation; lists become tuples."""
    kinds = _TYPES[str(field.type)]
    wrong_kind = isinstance(value, datetime) or (isinstance(value, bool) and bool not in kinds)
    member = {"tuple[int, ...]": int, "tuple[float, ...]": float}.get(str(field.type), str)
    bad_list = isinstance(value, list) and not all(type(v) is member for v in value)
    if not isinstance(value, kinds) or wrong_kind or bad_list:
        raise StudyError(
            f"[{where}] {field.name.rstrip('_')} = {value!r} is not of type {field.type}",
            "correct the value",
        )
    return tuple(value) if isinstance(value, list) else value


def build_all(kind: type[T], tables: Any, where: str) -> tuple[T, ...]:
    """Make one dataclass of each table of an array of tables."""
    if not isinstance(tables, list):
        raise StudyError(f"[[{where}]] is not a list of tables", f"write [[{where}]]")
    return tuple(build(kind, table, f"{where} {n}") for n, table in enumerate(tables, 1))


def unknown_keys(where: str, keys: set[str]) -> StudyError:
    """The error that names keys which no definition has."""
    names = ", ".join(sorted(keys))
    return StudyError(f"{where}: unknown key {names}", "remove it or correct its spelling")
