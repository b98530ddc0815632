"""Country groups, and the developers that are shown by name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from replication.definitions.value_types import TABLE, Flag

UNKNOWN = "unknown"
"""Class of the registry for those of whom nothing is known, which always has a group."""


@dataclass(frozen=True, config=TABLE)
class CountryGroup:
    """ISO 3166-1 codes, or one class of the registry that is no country."""

    name: str
    colour: Annotated[
        str, Field(pattern="^(#[0-9A-Fa-f]{6})?$", description="write it like #12386E")
    ] = ""
    """Of every figure; a group without one gets a spare one."""
    codes: tuple[str, ...] = ()
    registry_class: str = ""
    attributed: Flag = True


@dataclass(frozen=True, config=TABLE)
class Family:
    """Namespaces whose joint share within one country group is a published claim."""

    name: str
    namespaces: tuple[str, ...]
    within: str


@dataclass(frozen=True, config=TABLE)
class Tracked:
    """A developer whose months are shown, and the name that readers know."""

    name: str
    developer: str
