"""First-year downloads: from counters to increments, cohort levels and a weekly series."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.definitions import Window

DAY = np.timedelta64(1, "D")
WEEK = 7


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
    stood_still = increments["reading"].isin(frozen) & (increments["increment"] == 0)
    is_base = ~increments["newborn"] & ~increments["repository"].duplicated()
    kept = increments[~stood_still | is_base]
    labels = pd.date_range(kept["reading"].min(), kept["reading"].max(), freq=f"{WEEK}D")
    rows = {name: _spread(rows, labels.to_numpy()) for name, rows in kept.groupby("repository")}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=labels[1:])
    return table.rename_axis("repository")


def _spread(readings: pd.DataFrame, labels: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Weekly increments of one repository: its counter interpolated at the week labels."""
    days = readings["reading"].to_numpy()
    counter = readings["counter"].to_numpy(dtype=float)
    if readings["newborn"].iloc[0]:
        birth = min(readings["created"].iloc[0].to_datetime64(), days[0])
        days, counter = np.insert(days, 0, birth), np.insert(counter, 0, 0.0)
    levels = np.interp((labels - labels[0]) / DAY, (days - labels[0]) / DAY, counter)
    return np.asarray(np.diff(np.floor(levels)), dtype=np.int64)
