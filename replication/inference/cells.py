"""Cells: downloads of each unit (developer or repository) in each group.

A share is a ratio of sums of cells, so every estimate, interval and bound is computed from them.
Counts are kept in half downloads: split attribution stays a whole number, and sums stay exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.errors import DegenerateDataError

HALVES = 2
"""Half downloads in a download."""
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Cells:
    """Half downloads by unit and group.

    Attributes
    ----------
    units
        Names of the n developers or repositories with any download.
    groups
        Names of the g groups.
    counts
        int64 array (n, g + 1): one column a group, then the family's downloads, which are counted
        inside their group as well.
    """

    units: tuple[Any, ...]
    groups: tuple[str, ...]
    counts: Ints

    @property
    def by_group(self) -> Ints:
        """The (n, g) cells without the family's column."""
        return self.counts[:, :-1]

    @property
    def sizes(self) -> Ints:
        """Half downloads (n,) of each unit."""
        return np.asarray(self.by_group.sum(axis=1))

    @property
    def totals(self) -> Ints:
        """Sums over units: one for each column of `counts`."""
        return np.asarray(self.counts.sum(axis=0))

    @property
    def main_groups(self) -> list[str]:
        """The group that holds most of each unit, of equal ones the first."""
        return [self.groups[place] for place in self.by_group.argmax(axis=1)]

    def of(self, group: str) -> Ints:
        """Half downloads (n,) of each unit in one group."""
        return self.by_group[:, self.groups.index(group)]

    def beside_rest(self, groups: Sequence[str]) -> Ints:
        """The columns of some groups, and of all others together: (n, groups + 1)."""
        return beside_rest(self.by_group, [self.groups.index(group) for group in groups])


@dataclass(frozen=True)
class WeeklyCells:
    """Half downloads by developer, group and week.

    Attributes
    ----------
    units
        Names of the n developers that have a row in any week, with downloads or without.
    groups
        Names of the g groups.
    weeks
        Labels of the T weeks in order.
    counts
        int64 array (n, g, T).
    """

    units: tuple[Any, ...]
    groups: tuple[str, ...]
    weeks: tuple[str, ...]
    counts: Ints

    @property
    def totals(self) -> Ints:
        """Sums over developers (g, T)."""
        return np.asarray(self.counts.sum(axis=0))

    def beside_rest(self, groups: Sequence[str]) -> Ints:
        """The series of some groups, and of all others together: (n, groups + 1, T)."""
        return beside_rest(self.counts, [self.groups.index(group) for group in groups])


def largest_first(sizes: Ints | NDArray[np.float64]) -> Ints:
    """Places (n,) of n sizes, the largest first, of equal ones the first."""
    return np.argsort(-sizes, kind="stable")


def beside_rest(counts: Ints, places: Sequence[int]) -> Ints:
    """Columns (n, k + 1, …) of the groups at k places of (n, g, …), and of the rest together."""
    named = counts[:, list(places)]
    rest = counts.sum(axis=1, keepdims=True) - named.sum(axis=1, keepdims=True)
    return np.concatenate([named, rest], axis=1)


def cells_of(
    rows: pd.DataFrame,
    unit: str,
    groups: Sequence[str],
    group: str = "group",
    downloads: str = "downloads",
) -> Cells:
    """Sum a table of downloads into cells; there is no family, whose column is empty.

    Parameters
    ----------
    rows
        One row a download record.
    unit
        Column that names the unit of resampling, such as the developer.
    groups
        Groups in their fixed order.
    group, downloads
        Columns of the group and of whole downloads.

    Raises
    ------
    DegenerateDataError
        No unit has any download.
    """
    places = _places(rows[group], groups)
    half = rows[downloads].to_numpy(dtype=np.int64) * HALVES
    codes, names = pd.factorize(rows[unit], sort=True)
    counts = np.zeros((len(names), len(groups) + 1), dtype=np.int64)
    known = (places >= 0) & (codes >= 0)  # a row without a group or a unit is nobody's
    np.add.at(counts.ravel(), codes[known] * counts.shape[1] + places[known], half[known])
    return occupied(names.to_numpy(), counts, groups)


def _places(values: pd.Series, groups: Sequence[str]) -> Ints:
    """The place of each value among the groups, −1 where it has none."""
    codes, names = pd.factorize(values)
    return np.asarray(np.append(pd.Index(groups).get_indexer(names), -1)[codes])


def occupied(names: NDArray[Any], counts: Ints, groups: Sequence[str]) -> Cells:
    """Cells of the units with any download, from counts (n, g + 1) of all units.

    Raises
    ------
    DegenerateDataError
        No unit has any download.
    """
    some = counts[:, :-1].any(axis=1)
    if not some.any():
        raise DegenerateDataError("nothing was downloaded", "choose a window inside the data")
    return Cells(tuple(names[some]), tuple(groups), counts[some])
