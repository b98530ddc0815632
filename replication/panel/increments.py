"""First-year downloads: from counters to increments, cohort levels and a weekly series."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.definitions import Window

DAY = np.timedelta64(1, "D")
WEEK = 7
Floats = NDArray[np.float64]


def first_year(
    readings: pd.DataFrame, *, age_limit_days: int, birth_margin_days: int
) -> pd.DataFrame:
    """Add the first-year increment of each reading.

    Parameters
    ----------
    readings
        Mended readings (one row a repository and reading, running maximum, in time order) with
        the columns ``repository, reading, created, counter``.
    age_limit_days
        Oldest age, in whole days at the reading, at which downloads count.
    birth_margin_days
        A first reading counts in full only for a repository born at most this many days before
        the first reading of all: older ones gained an unknown part of it before.

    Returns
    -------
    pandas.DataFrame
        The rows young enough, with ``increment`` (int64 downloads since the repository's reading
        before) and ``newborn`` (whether the repository's first reading counts in full).
    """
    earliest = readings["reading"].min() - birth_margin_days * DAY
    table = readings.assign(newborn=readings["created"] >= earliest)
    before = table.groupby("repository")["counter"].shift()
    base = table["counter"].where(~table["newborn"], 0)
    table["increment"] = (table["counter"] - before.fillna(base)).astype("int64")
    age = (table["reading"] - table["created"]) // DAY
    return table[age <= age_limit_days]


def window_total(increments: pd.DataFrame, window: Window) -> pd.Series:
    """First-year downloads of each repository in one window, int64, indexed by repository.

    `increments` sums what was gained at the readings in [start, end]; `cohort` takes the counter
    at the end, or at the last day read, of repositories created in [start, end].
    Both days are inside, from their first moment to their last.
    """
    start, after = pd.Timestamp(window.start), pd.Timestamp(window.end) + DAY
    seen = increments[increments["reading"] < pd.Timestamp(window.last) + DAY]
    if window.kind == "increments":
        return seen[seen["reading"] >= start].groupby("repository")["increment"].sum()
    born = seen[(seen["created"] >= start) & (seen["created"] < after)]
    return born.groupby("repository")["counter"].max()


def window_totals(increments: pd.DataFrame, windows: Iterable[Window]) -> pd.DataFrame:
    """One int64 column a window, one row a repository; zero where nothing counts."""
    columns = {window.id: window_total(increments, window) for window in windows}
    index = pd.Index(sorted(increments["repository"].unique()), name="repository")
    return pd.DataFrame(columns, index=index).fillna(0).astype("int64")


def weekly(increments: pd.DataFrame, frozen: Sequence[pd.Timestamp]) -> pd.DataFrame:
    """Weekly first-year downloads of each repository, catch-ups spread over the weeks they span.

    A counter that stood still at a frozen reading is treated as not read, unless it is all that
    is known of where an old repository's counter began. Between the readings that are left it is
    interpolated linearly at the week labels and rounded down, so that the weeks of a repository
    add up to what its counter gained between the first label and the last.

    Parameters
    ----------
    increments
        The table of `first_year`.
    frozen
        Readings at which the counters of nearly all repositories stood still.

    Returns
    -------
    pandas.DataFrame
        int64 downloads, one row a repository, one column a week. A week is named by its last
        label: it holds what was gained after the label before. The series begins one week after
        the first label; a last week inside which the readings end is left out.
    """
    is_base = ~increments["newborn"] & ~increments["repository"].duplicated()
    readings = moving(increments, frozen, is_base)
    labels = pd.date_range(readings["reading"].min(), readings["reading"].max(), freq=f"{WEEK}D")
    weeks = {name: _weeks(rows, labels) for name, rows in readings.groupby("repository")}
    table = pd.DataFrame.from_dict(weeks, orient="index", columns=labels[1:])
    return table.rename_axis("repository")


def counters_at(
    readings: pd.DataFrame, moments: NDArray[np.datetime64], *, whole_life: bool
) -> Floats:
    """The counter of one repository at any moments: a straight line between its readings.

    Before the first reading it is the first counter and after the last one the last. `sql/cuts.sql`
    of the whole Hub is the same line.

    Parameters
    ----------
    readings
        Readings of the repository in time order: ``reading, created, counter``.
    moments
        Moments of the answer.
    whole_life
        Whether the first counter holds all since the birth: then the line begins there with 0.
    """
    days = readings["reading"].to_numpy()
    counters = readings["counter"].to_numpy(dtype=float)
    first = days[0]  # readings are whole days apart, so that their places are exact
    if whole_life:
        birth = min(readings["created"].iloc[0].to_datetime64(), days[0])
        days, counters = np.insert(days, 0, birth), np.insert(counters, 0, 0.0)
    return np.asarray(np.interp((moments - first) / DAY, (days - first) / DAY, counters))


def moving(
    increments: pd.DataFrame, frozen: Sequence[pd.Timestamp], base: pd.Series
) -> pd.DataFrame:
    """The rows without counters that stood still at a frozen reading; those of `base` stay."""
    stood_still = increments["reading"].isin(frozen) & (increments["increment"] == 0)
    return increments[~stood_still | base]


def _weeks(readings: pd.DataFrame, labels: pd.DatetimeIndex) -> NDArray[np.int64]:
    """Weekly increments of one repository: its counter at the week labels, rounded down."""
    is_newborn = bool(readings["newborn"].iloc[0])
    levels = counters_at(readings, labels.to_numpy(), whole_life=is_newborn)
    return np.asarray(np.diff(np.floor(levels)), dtype=np.int64)
