"""TOML tables as frozen dataclasses: unknown, missing and mistyped keys, and wild values, are errors."""

from __future__ import annotations

import codecs
import dataclasses
import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from replication.definitions import bounds
from replication.errors import DefinitionError

T = TypeVar("T")
_MARKS = {  # the longer first, since one begins with another
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


def parse(path: Path) -> dict[str, Any]:
    """Parse a TOML file into tables.

    Raises
    ------
    StudyError
        The file cannot be read, is in another encoding than UTF-8, or is not TOML.
    """
    try:
        return tomllib.loads(_decoded(path))
    except OSError as error:
        raise DefinitionError(
            f"cannot read {path}: {error.strerror or error}",
            "name an existing file with --definitions, or restore the packaged one",
        ) from error
    except RecursionError:
        raise DefinitionError(
            f"{path} is not TOML: it is nested too deep", "write it flat"
        ) from None
    except ValueError as error:  # TOMLDecodeError, or an integer of thousands of digits
        raise DefinitionError(f"{path} is not TOML: {error}", "correct that line") from error


def _decoded(path: Path) -> str:
    """Text of a file in UTF-8, with or without a byte order mark.

    Raises
    ------
    StudyError
        It is in another encoding, which is named.
    """
    data = path.read_bytes()
    marked = (name for mark, name in _MARKS.items() if data.startswith(mark))
    encoding = next(marked, "UTF-16" if b"\0" in data else "")
    remedy = "save it as UTF-8"
    if encoding:
        raise DefinitionError(f"{path} is in {encoding}, not in UTF-8", remedy)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DefinitionError(
            f"{path} is not in UTF-8: byte 0x{data[error.start]:02x} at line {line}, as Windows-1252 "
            "or Latin-1 has it",
            remedy,
        ) from None


def build(kind: type[T], table: Any, where: str) -> T:
    """Make one dataclass of `table`, refusing unknown, missing and mistyped keys, and values out of bounds."""
    if not isinstance(table, dict):
        raise DefinitionError(
            f"[{where}] is not a table", f"write it as [{where}] with key = value"
        )
    fields = {f.name.rstrip("_"): f for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    if set(table) - set(fields):
        raise unknown_keys(f"[{where}]", set(table) - set(fields))
    for name, field in fields.items():
        if name not in table and field.default is dataclasses.MISSING:
            raise DefinitionError(f"[{where}] has no {name}", f"add {name} = … to [{where}]")
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
    """Check the type and the bounds of one value; lists become tuples."""
    kinds = _TYPES[str(field.type)]
    wrong_kind = isinstance(value, datetime) or (isinstance(value, bool) and bool not in kinds)
    member = {"tuple[int, ...]": int, "tuple[float, ...]": float}.get(str(field.type), str)
    bad_list = isinstance(value, list) and not all(type(v) is member for v in value)
    if not isinstance(value, kinds) or wrong_kind or bad_list:
        raise DefinitionError(
            f"[{where}] {field.name.rstrip('_')} = {value!r} is not of type {field.type}",
            "correct the value",
        )
    bounds.check(where, field.name.rstrip("_"), value)
    return tuple(value) if isinstance(value, list) else value


def build_all(kind: type[T], tables: Any, where: str) -> tuple[T, ...]:
    """Make one dataclass of each table of an array of tables."""
    if not isinstance(tables, list):
        raise DefinitionError(f"[[{where}]] is not a list of tables", f"write [[{where}]]")
    return tuple(build(kind, table, f"{where} {n}") for n, table in enumerate(tables, 1))


def texts(table: Any, where: str) -> dict[str, str]:
    """Return a table whose values are texts, or refuse it."""
    if not isinstance(table, dict):
        raise DefinitionError(f"{where} is not a table", "write it with key = value")
    for key, value in table.items():
        if not isinstance(value, str):
            raise DefinitionError(f"{where} {key} = {value!r} is no text", "correct the value")
    return table


def unknown_keys(where: str, keys: set[str]) -> DefinitionError:
    """The error that names keys which no definition has."""
    names = ", ".join(sorted(keys))
    return DefinitionError(f"{where}: unknown key {names}", "remove it or correct its spelling")
