"""What is wrong in a TOML file, in words: the table, the key, the value and the remedy."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin, get_type_hints

from replication.errors import DefinitionError

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

Place = tuple[int | str, ...]
"""Where a value stands: the field of the file's class, the number in a list, the key."""
_TYPES = {
    "string_type": "str",
    "int_type": "int",
    "float_type": "float",
    "bool_type": "bool",
    "date_type": "date",
    "tuple_type": "list",
}
_OUT_OF_RANGE = {"greater_than_equal", "less_than_equal", "finite_number"}
_UNKNOWN = "unexpected_keyword_argument"
_LONGEST = 40


def refusal(error: ValidationError, kind: Any) -> DefinitionError:
    """Say the first thing that is wrong with the tables of a file; an unknown key comes first.

    Parameters
    ----------
    error
        What pydantic found wrong.
    kind
        Class of the file: a field a table, or a list of tables.
    """
    errors = error.errors(include_url=False)
    unknown = [one for one in errors if one["type"] == _UNKNOWN]
    if unknown:
        place = unknown[0]["loc"][:-1]
        keys = {str(one["loc"][-1]) for one in unknown if one["loc"][:-1] == place}
        return unknown_keys(_table(kind, place), keys, _keys(_hint(kind, place)))
    one = errors[0]
    hint = _hint(kind, one["loc"])
    what, remedy = _of_table(one, kind, hint) or _of_value(one, kind, hint)
    return DefinitionError(what, remedy)


def unknown_keys(where: str, keys: set[str], known: set[str]) -> DefinitionError:
    """The error that names keys which no definition has, and the nearest known one."""
    near = [m for key in sorted(keys) for m in get_close_matches(key, sorted(known), 1)]
    hint = f": did you mean {', '.join(near)}?" if near else ""
    names = ", ".join(sorted(keys))
    return DefinitionError(
        f"{where}: unknown key {names}", f"remove it or correct its spelling{hint}"
    )


def table_of(kind: Any, field: str) -> str:
    """Name in TOML of a field of a file's class: a list of tables has the singular."""
    listed = get_origin(_bare(_hints(kind)[field])) is tuple
    return field.removesuffix("s") if listed else field


def _of_table(one: ErrorDetails, kind: Any, hint: Any) -> tuple[str, str] | None:
    """What is wrong with a whole table, or with a key that is not there; None where a value is."""
    place, name = one["loc"], _table(kind, one["loc"])
    if one["type"] == "missing" and len(place) > 1:
        table = _table(kind, place[:-1])
        return f"{table} has no {place[-1]}", f"add {place[-1]} = … to {table}"
    if one["type"] in {"dataclass_type", "dict_type"}:
        return f"{name} is not a table", f"write it as {name.split()[0]} with key = value"
    if one["type"] == "value_error" and dataclasses.is_dataclass(_bare(hint)):
        return f"{name}: {_reason(one)}", getattr(_reason(one), "remedy", "correct the value")
    whole = {
        "tuple_type": (f"{name} is not a list of tables", f"write {name}"),
        "missing": (f"there is no {name}", "restore it from the packaged file"),
    }
    return whole.get(one["type"]) if len(place) == 1 else None


def _of_value(one: ErrorDetails, kind: Any, hint: Any) -> tuple[str, str]:
    """What is wrong with the value of a key, and what may stand there."""
    label, value = _key(kind, one["loc"]), one["input"]
    stated = f"{label} = {_shown(value)}"
    remedy = _description(hint) or "correct the value"
    if one["type"] in _OUT_OF_RANGE:
        return f"{stated} must lie between {span(*ends(hint))}", "write a value in this range"
    if one["type"] == "literal_error" and isinstance(value, str):
        choices = ", ".join(map(repr, get_args(_bare(hint))))
        return f"{stated} is not one of {choices}", _description(hint) or f"write one of {choices}"
    if one["type"] == "value_error":
        return f"{label} {_reason(one)}", remedy
    if one["type"] == "too_short":
        return f"{stated} holds nothing", _description(hint) or "write at least one value"
    if one["type"] == "string_pattern_mismatch":
        return f"{stated} has another form", remedy
    return f"{stated} is not of type {_TYPES.get(one['type'], 'str')}", remedy


def _reason(one: ErrorDetails) -> ValueError:
    """What a validator of ours says."""
    reason: ValueError = one["ctx"]["error"]
    return reason


def _table(kind: Any, place: Place) -> str:
    """Name for readers of the table at a place: [panel], [[filling]] 2."""
    if not place:
        return "top level"
    name = table_of(kind, str(place[0]))
    if get_origin(_bare(_hints(kind)[str(place[0])])) is not tuple:
        return f"[{name}]"
    return f"[[{name}]]" + (f" {int(place[1]) + 1}" if len(place) > 1 else "")


def _key(kind: Any, place: Place) -> str:
    """Name for readers of the key at a place: panel.frozen_share, [[filling]] 2: filling.birth."""
    table = _table(kind, place)
    key = next((str(part) for part in place[1:] if isinstance(part, str)), "")
    if not key:  # a value that stands in no table
        return str(place[0])
    number = f"{table}: " if table.startswith("[[") else ""
    return f"{number}{table_of(kind, str(place[0]))}.{key}"


def _hint(kind: Any, place: Place) -> Any:
    """Annotation of the value at a place."""
    hint = kind
    for part in place:
        bare = _bare(hint)
        if dataclasses.is_dataclass(bare):
            hint = _hints(bare).get(str(part))  # type: ignore[arg-type]
        else:
            hint = get_args(bare)[-1 if get_origin(bare) is dict else 0]
    return hint


@cache
def _hints(kind: Hashable) -> Mapping[str, Any]:
    """Annotations of a class by field."""
    return get_type_hints(kind, include_extras=True)


def _keys(hint: Any) -> set[str]:
    """Keys of a table."""
    return {field.name for field in dataclasses.fields(_bare(hint))}


def _bare(hint: Any) -> Any:
    """An annotation without its constraints, and without None."""
    if get_origin(hint) is Annotated:
        return _bare(get_args(hint)[0])
    some = [one for one in get_args(hint) if one is not type(None)]
    return _bare(some[0]) if len(some) == 1 < len(get_args(hint)) else hint


def _constraints(hint: Any) -> Iterator[Any]:
    """What an annotation says beyond the type."""
    for one in get_args(hint):
        if get_origin(one) is Annotated:
            yield from _constraints(one)
    if get_origin(hint) is Annotated:
        yield from get_args(hint)[1:]


def ends(hint: Any) -> tuple[Any, Any]:
    """The least and the most of an annotation, None where it has no such end."""
    least = most = None
    for one in _constraints(hint):
        for limit in getattr(one, "metadata", ()):
            least = getattr(limit, "ge", least)
            most = getattr(limit, "le", most)
    return least, most


def _description(hint: Any) -> str:
    """What an annotation says may stand there."""
    texts = [getattr(one, "description", None) for one in _constraints(hint)]
    return next((text for text in texts if text), "")


def _shown(value: Any) -> str:
    """A value for a sentence, cut short."""
    text = (
        str(value) if isinstance(value, float | int) or hasattr(value, "isoformat") else repr(value)
    )
    return text if len(text) < _LONGEST else f"{text[:_LONGEST]}…"


def span(least: Any, most: Any) -> str:
    """The least and the most of a value for a sentence."""
    ends = (f"{x:,}" if isinstance(x, int) and x > 9_999 else str(x) for x in (least, most))
    return " and ".join(ends)
