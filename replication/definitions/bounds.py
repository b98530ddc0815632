"""The least and the most that every number of a TOML file may be, in one table."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

from replication.errors import DefinitionError

COUNT = 10**15
"""More downloads, or bytes, than there are."""
REPLICATES = (1, 1_000_000)
SHARE = (0, 1)
PERCENT = (0, 100)
SEED = (0, 2**63 - 1)
AGE = (1, 3_660)
DAYS = (date(2016, 1, 1), date(2099, 12, 31))
"""Every date lies in the life of the Hub, or not far beyond it."""
BOUNDS: dict[str, tuple[float, float]] = {
    "panel.age_limit_days": AGE,
    "panel.birth_margin_days": (0, 366),
    "panel.frozen_share": (0.01, 1),
    "panel.max_counter": (1, COUNT),
    "panel.envelope_margin": (0, COUNT),
    "grid.age_limits_days": AGE,
    "grid.size_limit_billions": (0.001, 1_000_000),
    "grid.replicates": REPLICATES,
    "inference.replicates": REPLICATES,
    "inference.chunk": (1, 100_000),
    "inference.seed": SEED,
    "inference.level": (0.5, 0.9999),
    "inference.subsample_exponent": (0.1, 0.99),
    "inference.min_effective_developers": (0, 100_000),
    "calibration.data_sets": REPLICATES,
    "calibration.replicates": REPLICATES,
    "calibration.powers": (0, 4),
    "time.smoothing_weeks": (1, 520),
    "time.thin_share": (0, 0.99),
    "verdict.share_margin_points": PERCENT,
    "verdict.majority_percent": PERCENT,
    "verdict.vast_majority_percent": PERCENT,
    "audit.sample": (1, 100_000),
    "audit.seed": SEED,
    "audit.prior": (0.000_001, 1_000),
    "released.max_bytes": (1, COUNT),
    "snapshots.max_bytes": (1, COUNT),
    "snapshots.days_before": (0, 3_660),
    "snapshots.days_after": (0, 3_660),
    "whole_hub.truncated_share": SHARE,
    "whole_hub.tail_downloads": (0, COUNT),
    "window.replicates": REPLICATES,
    "window.small_downloads": (0, COUNT),
    "filling.carry_days": (0, 366),
    "capture.min_followed": SHARE,
    "record.cut_off": (0, COUNT),
    "record.lag_days": (0, 366),
}
"""Table and key of definitions.toml and records.toml to the least and the most."""
PUBLISHED: dict[str, tuple[float, float]] = {
    "percent": PERCENT,
    "points": (-100, 100),
    "downloads": (0, COUNT),
    "models": (0, COUNT),
    "times": (0, COUNT),
    "year": (DAYS[0].year, DAYS[1].year),
}
"""Unit of a figure of claims.toml to the least and the most."""


def check(table: str, key: str, value: Any) -> None:
    """Refuse a number or a date outside its bounds, nan and infinity; all else is left alone.

    Parameters
    ----------
    table
        Name of the table, with its number where there are several: ``filling 2``.
    key
        Name of the key.
    value
        A value of TOML, or a list of such.

    Raises
    ------
    StudyError
        The value, or one of the list, lies outside.
    """
    name, _, number = table.partition(" ")
    label = (f"[[{name}]] {number}: " if number else "") + f"{name}.{key}"
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, date):
            _within(label, one, *DAYS)
        elif isinstance(one, int | float) and not isinstance(one, bool):
            _within(label, one, *BOUNDS.get(f"{name}.{key}", (-COUNT, COUNT)))


def check_published(name: str, text: str, unit: str) -> None:
    """Refuse the text of a published figure that is no number of its unit.

    Raises
    ------
    StudyError
        It is no number, or lies outside the bounds of the unit.
    """
    try:
        value = float(text) if unit in PUBLISHED else 0.0
    except ValueError:
        value = math.nan
    _within(f"value of {name}", value, *PUBLISHED.get(unit, (0, 0)))


def _within(label: str, value: Any, least: Any, most: Any) -> None:
    """Refuse a value that does not lie between two others."""
    if not least <= value <= most:  # nan lies nowhere
        shown = str(value) if len(str(value)) < 40 else f"{str(value)[:40]}…"
        what = f"{label} = {shown} must lie between {_text(least)} and {_text(most)}"
        raise DefinitionError(what, "correct the value")


def _text(bound: Any) -> str:
    """A bound for readers."""
    return f"{bound:,}" if isinstance(bound, int) and bound > 9_999 else str(bound)
