"""The definitions as a flat list of values under the names that definitions.toml gives them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any

from replication.definitions.messages import table_of
from replication.definitions.model import Definitions
from replication.definitions.reading import load_definitions


def flat(definitions: Definitions) -> Iterator[tuple[str, Any]]:
    """Every value of the definitions under its table and key, as definitions.toml names them.

    Of a list of tables each is named by its id, and the order of the ids is a value too.
    """
    for field in fields(definitions):
        name, value = table_of(Definitions, field.name), getattr(definitions, field.name)
        if is_dataclass(value):
            yield from _values(name, value)
        elif isinstance(value, tuple) and value and is_dataclass(value[0]):
            ids = [getattr(one, "id", "") or getattr(one, "name", "") for one in value]
            yield name, ids
            for id_, one in zip(ids, value, strict=True):
                named = _values(f"{name}.{id_}", one)
                yield from ((key, each) for key, each in named if each != id_)
        else:
            yield field.name, _plain(value)


def _values(table: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Values of one table."""
    for field in fields(value):
        yield f"{table}.{field.name}", _plain(getattr(value, field.name))


def _plain(value: Any) -> Any:
    """A value that JSON can hold."""
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


_ADDRESSES = ("released.", "snapshots.")
"""Definitions that say where data come from, which the manifest of a run says too."""


def changes(definitions: Definitions) -> dict[str, tuple[Any, Any]]:
    """Values that are not the packaged ones, each with the packaged one; addresses of data are none."""
    packaged = load_definitions(whole=definitions.whole)
    differences = differing(definitions, packaged)
    return {key: pair for key, pair in differences.items() if not key.startswith(_ADDRESSES)}


def differing(own: Definitions, other: Definitions) -> dict[str, tuple[Any, Any]]:
    """Values that two definitions do not share, by their names; None where one has no such value."""
    one, two = dict(flat(own)), dict(flat(other))
    names = dict.fromkeys((*one, *two))
    return {n: (one.get(n), two.get(n)) for n in names if one.get(n) != two.get(n)}
