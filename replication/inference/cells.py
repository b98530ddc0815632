"""Cells: downloads of each unit (developer or repository) in each country group.

A share is a ratio of sums of cells, so every estimate, interval and bound is computed from them.
Counts are kept in half downloads: split attribution stays a whole number, and sums stay exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.definitions import Exclusion, Family
from replication.errors import DegenerateDataError

HALVES = 2
# Half downloads that each role receives of one download.
CREDIT = {
    "uploader": {"uploader": 2},
    "origin": {"origin": 2},
    "split": {"uploader": 1, "origin": 1},
    "maker": {"maker": 2},
}
WEEKLY_CREDIT = ("uploader", "origin", "split")
"""The weekly series is kept by uploader and origin, so that it knows no maker."""


@dataclass(frozen=True)
class Cells:
    """Half downloads by unit and country group.

    Attributes
    ----------
    units
        Names of the n developers or repositories with any download.
    groups
        Names of the g country groups.
    counts
        int64 array (n, g + 1): one column a country group, then the family's downloads, which
        are counted inside their group as well.
    """

    units: tuple[str, ...]
    groups: tuple[str, ...]
    counts: NDArray[np.int64]

    @property
    def by_group(self) -> NDArray[np.int64]:
        """The (n, g) cells without the family's column."""
        return self.counts[:, :-1]

    @property
    def totals(self) -> NDArray[np.int64]:
        """Sums over units: one for each column of `counts`."""
        return np.asarray(self.counts.sum(axis=0))


def credit(table: pd.DataFrame, column: str, attribution: str, labels: str) -> pd.DataFrame:
    """Credit every row of downloads to a developer and a country group.

    Parameters
    ----------
    table
        Attributed repositories or weeks.
    column
        The column of downloads.
    attribution
        A key of `CREDIT`, or a role: the columns of that name are credited.
    labels
        A source of labels: study, registry, or one of `replication.attribution.assign.RANGE`.

    Returns
    -------
    pandas.DataFrame
        The rows of `table`, once for each credited role, with ``developer``, ``group``,
        ``namespace`` and ``half_downloads``.
    """
    parts = [
        table.assign(
            developer=table[f"{role}_developer"],
            group=table[f"{labels}_group_{role}"],
            namespace=table[role],
            half_downloads=table[column] * weight,
        )
        for role, weight in CREDIT.get(attribution, {attribution: HALVES}).items()
    ]
    return pd.concat(parts, ignore_index=True)


def leave_out(table: pd.DataFrame, exclusion: Exclusion | None) -> pd.DataFrame:
    """Drop the rows whose kinds of rules the exclusion names.

    Parameters
    ----------
    table
        Attributed repositories or weeks, with ``kinds`` separated by blanks.
    exclusion
        What to leave out; None for nothing.
    """
    if exclusion is None:
        return table
    kinds = table["kinds"].fillna("").astype(str)  # a column without any kind is read as numbers
    hit = pd.Series(False, index=table.index)
    for kind in exclusion.kinds:
        hit |= (" " + kinds + " ").str.contains(f" {kind} ", regex=False)
    return table[~hit]


def cells(credited: pd.DataFrame, unit: str, groups: Sequence[str], family: Family) -> Cells:
    """Sum credited downloads into cells.

    Parameters
    ----------
    credited
        The table of `credit`.
    unit
        Column that names the unit of resampling: developer or repository.
    groups
        Country groups in their fixed order.
    family
        Namespaces whose downloads are summed beside the groups.

    Raises
    ------
    DegenerateDataError
        No unit has any download.
    """
    rows = credited[credited["half_downloads"] > 0]
    if rows.empty:
        raise DegenerateDataError("nothing was downloaded", "choose a window inside the data")
    table = rows.pivot_table(
        index=unit, columns="group", values="half_downloads", aggfunc="sum", fill_value=0
    ).reindex(columns=list(groups), fill_value=0)
    member = rows["namespace"].isin(family.namespaces) & (rows["group"] == family.within)
    sums = rows[member].groupby(unit)["half_downloads"].sum()
    table["family"] = sums.reindex(table.index, fill_value=0)
    return Cells(tuple(table.index), tuple(groups), table.to_numpy(dtype=np.int64))
