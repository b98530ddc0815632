"""The panel of the published window, from what the public records say (`replication.sources.records`)."""

from replication.panel.window.building import build, monthly
from replication.panel.window.lists import held_column
from replication.panel.window.tables import (
    CEILING,
    COUNTED,
    ESTIMATE,
    MONTH,
    SEEN,
    WindowPanel,
    check,
    column,
    columns,
    read,
    variants,
)

__all__ = [
    "CEILING",
    "COUNTED",
    "ESTIMATE",
    "MONTH",
    "SEEN",
    "WindowPanel",
    "build",
    "check",
    "column",
    "columns",
    "held_column",
    "monthly",
    "read",
    "variants",
]
