"""Functions by their dotted names, and where they stand."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from replication.places import PACKAGE


def named(name: str) -> Callable[..., Any]:
    """The function with this dotted name."""
    module, _, attribute = name.rpartition(".")
    function: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    return function


def place_of(function: Callable[..., Any]) -> tuple[str, int]:
    """File of a function, from the repository on, and the line at which it begins."""
    path = Path(inspect.getsourcefile(function) or "").relative_to(PACKAGE.parent)
    return path.as_posix(), inspect.getsourcelines(function)[1]
