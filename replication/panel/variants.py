"""Downloads of each repository in each window under other age limits and rules for frozen readings.

Frozen readings are those at which the counters of nearly all repositories stood still; what was
gained meanwhile arrives in one catch-up reading. The rules:

as-read
    downloads fall where they were read;
interpolated
    counters are drawn as straight lines across the gap, and cut at the very day of the age limit
    and of the window's end;
left-out
    frozen readings and the catch-up readings after them count for nothing (a cohort, which takes
    counters, is read as it is).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from replication.definitions import INTERPOLATED, LEFT_OUT, Variant, Window
from replication.panel.increments import DAY, counters_at, moving, window_total


def variant_totals(
    increments: pd.DataFrame, frozen: Sequence[pd.Timestamp], variants: Sequence[Variant]
) -> pd.DataFrame:
    """One int64 column of downloads a variant, one row a repository; zero where nothing counts.

    Parameters
    ----------
    increments
        The table of `replication.panel.increments.first_year`.
    frozen
        Readings at which the counters stood still.
    variants
        Windows, each with an age limit and a rule for frozen readings.
    """
    index = pd.Index(sorted(increments["repository"].unique()), name="repository")
    columns = {v.id: variant_total(increments, frozen, v) for v in variants}
    return pd.DataFrame(columns, index=index).fillna(0).astype("int64")


def variant_total(
    increments: pd.DataFrame, frozen: Sequence[pd.Timestamp], variant: Variant
) -> pd.Series:
    """Downloads of each repository in one variant, indexed by repository."""
    if variant.frozen == INTERPOLATED:
        return _interpolated(increments, frozen, variant)
    age = (increments["reading"] - increments["created"]) // DAY
    young = increments[age <= variant.age_limit_days]
    if variant.frozen == LEFT_OUT and variant.window.kind == "increments":
        young = young[~young["reading"].isin(_stalled(increments, frozen))]
    return window_total(young, variant.window)


def _stalled(increments: pd.DataFrame, frozen: Sequence[pd.Timestamp]) -> list[pd.Timestamp]:
    """The frozen readings, and the first reading after each run of them."""
    readings = pd.Index(sorted(increments["reading"].unique()))
    after = readings[np.minimum(readings.searchsorted(list(frozen)) + 1, len(readings) - 1)]
    return [*frozen, *after]


def _interpolated(
    increments: pd.DataFrame, frozen: Sequence[pd.Timestamp], variant: Variant
) -> pd.Series:
    """Downloads between two days of counters that are interpolated across frozen readings."""
    readings = moving(increments, frozen, ~increments["repository"].duplicated())
    totals = {name: _inside(rows, variant) for name, rows in readings.groupby("repository")}
    return pd.Series(totals, dtype="int64")


def _inside(readings: pd.DataFrame, variant: Variant) -> int:
    """Downloads of one repository from the window's start to its end or to the age limit."""
    window, born = variant.window, readings["created"].iloc[0]
    if window.kind == "cohort" and not _born_inside(born, window):
        return 0
    days = readings["reading"].to_numpy()
    counters = readings["counter"].to_numpy(dtype=float)
    whole = bool(readings["newborn"].iloc[0]) or window.kind == "cohort"
    before = counters[(days < np.datetime64(window.start)) & (window.kind == "increments")]
    base = before.max() if len(before) else 0.0 if whole else counters[0]
    oldest = (born + variant.age_limit_days * DAY).to_datetime64()
    end = min(np.datetime64(window.last), oldest)  # readings carry the first moment of their day
    level = counters_at(readings, np.array([end]), whole_life=whole)[0]
    return int(max(0.0, np.floor(level) - base))


def _born_inside(born: pd.Timestamp, window: Window) -> bool:
    return bool(pd.Timestamp(window.start) <= born < pd.Timestamp(window.end) + DAY)
