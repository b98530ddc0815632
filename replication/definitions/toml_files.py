"""TOML files: their text in UTF-8, their tables, and these as a typed value."""

from __future__ import annotations

import codecs
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from replication.definitions.messages import refusal
from replication.errors import DefinitionError

T = TypeVar("T")
_MARKS = {  # the longer first, since one begins with another
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


def read(kind: type[T], path: Path) -> T:
    """Read a TOML file into its class, which has a field a table.

    Raises
    ------
    DefinitionError
        The file cannot be read, is not TOML, or has an unknown, missing or wrong key; the message
        names file, table, key and remedy.
    """
    tables = parse(path)
    with in_file(path):
        return validated(kind, tables)


def validated(kind: type[T], tables: Mapping[str, Any]) -> T:
    """Tables as a value of `kind`.

    Raises
    ------
    DefinitionError
        They have an unknown, missing or wrong key.
    """
    try:
        value: T = _adapter(kind).validate_python(tables)  # type: ignore[arg-type]
    except ValidationError as error:
        raise refusal(error, kind) from None
    return value


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """What validates tables as a class of ours."""
    return TypeAdapter(kind)


@contextmanager
def in_file(path: Path) -> Iterator[None]:
    """Put the name of the file before what is wrong in it."""
    try:
        yield
    except DefinitionError as error:
        raise DefinitionError(f"{path.name}: {error.what}", error.remedy) from None


def parse(path: Path) -> dict[str, Any]:
    """Parse a TOML file into tables.

    Raises
    ------
    DefinitionError
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
    DefinitionError
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
