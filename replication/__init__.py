"""Reproduce and audit the published shares of open-model downloads by country.

In a notebook: ``import replication``, then `read_results`, `read_panel`, `read_registry`, `estimate`,
`draw` and `load_definitions`; docs/API.md shows each. They are imported when they are first used, so
that the command line starts fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from replication.api import draw, estimate, read_panel, read_registry, read_results
    from replication.definitions import load_definitions

__version__ = "0.11.0"
__all__ = [
    "draw",
    "estimate",
    "load_definitions",
    "read_panel",
    "read_registry",
    "read_results",
]


def __getattr__(name: str) -> object:
    """Import one of the functions of the package when it is first used."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("replication.api"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
