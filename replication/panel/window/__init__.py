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
    at_age,
    check,
    column,
    columns,
    other_ages,
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
    "at_age",
    "build",
    "check",
    "column",
    "columns",
    "held_column",
    "monthly",
    "other_ages",
    "read",
    "variants",
]
