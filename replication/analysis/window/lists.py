"""The complete lists of the Hub: what each holds of every country group, and shares at its date.

What lies below the cut-off of a list is added by the part that the same cut-off would have held of the
nearest list with a lower one, and so on down to the list of the whole Hub. Repositories that look
automated, or burst, take no part in that: their counts are their own and say nothing of others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import product
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.analysis.credit import leave_out
from replication.analysis.lead import CHINA, LEAD, USA
from replication.attribution.rules import AUTOMATED, BURST
from replication.definitions import Definitions
from replication.panel.hub_dates import held_column

COUNTED_DAYS = 30
"""Days that a list counts, up to its date."""
GROUP = "registry_group_uploader"
FOLLOWED, OTHER = "followed", "not-followed"
PART = "China / (China + USA)"
"""China's part of the two."""
LABELS = ("study", "registry")
ROLES = ("uploader", "origin", "maker")
PandasT = TypeVar("PandasT", pd.Series, pd.DataFrame)
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CompleteLists:
    """What the complete lists hold of each country group at their dates.

    Attributes
    ----------
    rows
        Attributed rows of the lists, those that look automated left out.
    groups
        Country groups in their fixed order.
    months
        Months of the window.
    """

    rows: pd.DataFrame
    groups: tuple[str, ...]
    months: tuple[str, ...]

    @classmethod
    def of(
        cls, attributed: pd.DataFrame, definitions: Definitions, months: tuple[str, ...]
    ) -> CompleteLists:
        """Take the attributed rows of the lists, without what looks automated."""
        return cls(attributed[~is_automated(attributed)], definitions.groups, months)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Lists with a cut-off, in the order of their dates."""
        rows = self.rows[self.rows["cut_off"] > 0].sort_values("date")
        return tuple(rows["list"].unique())

    def days(self) -> Floats:
        """Middle of the days that each list with a cut-off counts, in days since 1970-01-01."""
        dates = self.rows.drop_duplicates("list").set_index("list")["date"].loc[list(self.names)]
        days = (pd.to_datetime(dates) - pd.Timestamp(0)) // pd.Timedelta(days=1)
        return np.asarray(days, dtype=float) - COUNTED_DAYS / 2

    def parts(self, name: str, month: str) -> pd.DataFrame:
        """Downloads at one list by country group, followed in a month or not, the tail added.

        Returns
        -------
        pandas.DataFrame
            Float downloads of 30 days, one row a group: ``followed, not-followed``.
        """
        if (name, month) not in self._parts:
            sums = partial(self._sums, month)
            self._parts[name, month] = with_tail(name, self._deeper, sums)
        return self._parts[name, month]

    @cached_property
    def _parts(self) -> dict[tuple[str, str], pd.DataFrame]:
        """Parts that were asked for."""
        return {}

    def _sums(self, month: str, name: str, column: str) -> pd.DataFrame:
        group, since, rows = self._coded[name]
        followed = (since != "") & (since <= month)
        downloads = rows[column].to_numpy(dtype=float)
        sums = {
            part: np.bincount(group[chosen], downloads[chosen], len(self.groups))
            for part, chosen in ((FOLLOWED, followed), (OTHER, ~followed))
        }
        return pd.DataFrame(sums, index=list(self.groups))

    @cached_property
    def _coded(self) -> dict[str, tuple[NDArray[np.int64], NDArray[np.str_], pd.DataFrame]]:
        """Country group, month since which it is followed, and downloads of each list's rows."""
        codes = pd.Index(self.groups).get_indexer(pd.Index(self.rows[GROUP]))
        since = month_of(self.rows["followed_from"])
        columns = ["downloads", *_held_columns(self.rows)]
        own = {name: (self.rows["list"] == name).to_numpy() for name in self.rows["list"].unique()}
        return {
            name: (codes[rows], since[rows], self.rows.loc[rows, columns])
            for name, rows in own.items()
        }

    @cached_property
    def _deeper(self) -> dict[str, str]:
        return deeper_lists(self.rows)


def month_of(days: pd.Series) -> NDArray[np.str_]:
    """Months (n,) of ISO dates, empty where there is no date."""
    return np.asarray(days.fillna("").astype(str).str[:7], dtype=str)


def is_automated(table: pd.DataFrame) -> pd.Series:
    """Rows whose rules say that they look automated, or burst."""
    kinds = table["kinds"].fillna("").astype(str)
    return kinds.str.contains(AUTOMATED, regex=False) | kinds.str.contains(BURST, regex=False)


def deeper_lists(rows: pd.DataFrame) -> dict[str, str]:
    """For each list that with a lower cut-off nearest in time; empty for a list of the whole Hub."""
    lists = rows.drop_duplicates("list").set_index("list")[["date", "cut_off"]]
    dates = pd.to_datetime(lists["date"])
    names = {}
    for name in lists.index:
        lower = (lists["cut_off"] < lists.loc[name, "cut_off"]).to_numpy()
        distance = (dates[lower] - dates[name]).abs()
        names[str(name)] = str(distance.idxmin()) if lower.any() else ""
    return names


def with_tail(name: str, deeper: Mapping[str, str], sums: Callable[[str, str], PandasT]) -> PandasT:
    """Downloads by group at one list, with what lies below its cut-off.

    Parameters
    ----------
    name
        The list.
    deeper
        The list below each, as of `deeper_lists`.
    sums
        Sums by group, given a list and a column of its downloads.
    """
    own, below = sums(name, "downloads"), deeper[name]
    if not below:
        return own
    full = with_tail(below, deeper, sums)
    return own * tail_factor(full, sums(below, "downloads"), sums(below, held_column(name)))


def tail_factor(full: PandasT, own: PandasT, above: PandasT) -> PandasT:
    """All downloads over those that a higher cut-off would have held, by group.

    Parameters
    ----------
    full, own, above
        Of the list with the lower cut-off: with its own tail, as it is, and what the higher cut-off
        would have held of it. A group of which that is nothing has the factor of all together.
    """
    pooled = np.asarray(full).sum() / max(np.asarray(above).sum(), 1.0)
    return (full / above.where(above > 0)).where(own > 0).fillna(pooled)


def hub_dates(lists: pd.DataFrame, definitions: Definitions) -> pd.DataFrame:
    """First-year downloads and shares at the date of every list: no model but for the tail.

    Parameters
    ----------
    lists
        Attributed rows of the lists.
    definitions
        Country groups and exclusions.

    Returns
    -------
    pandas.DataFrame
        One row a list, credited role, source of labels, exclusion and country group, then
        ``China − USA`` and ``China / (China + USA)``: ``downloads`` of 30 days above the list's
        cut-off, their ``share``, the same ``with_tail``, where what lies below the cut-off is added
        by group, and ``share_with_tail``.
    """
    lists = _narrow(lists)
    exclusions = {"none": None} | {x.id: x for x in definitions.at_window.estimated_exclusions}
    parts = {name: leave_out(lists, exclusion) for name, exclusion in exclusions.items()}
    plain = {name: rows[~is_automated(rows)] for name, rows in parts.items()}
    deeper = {name: deeper_lists(rows) for name, rows in plain.items()}
    dates = lists.drop_duplicates("list").set_index("list")["date"]
    rows = []
    for name, exclusion in product(lists["list"].unique(), exclusions):
        for role, labels in product(ROLES, LABELS):
            by = (f"{labels}_group_{role}", definitions.groups)
            own = _sums(parts[exclusion], *by, name, "downloads")
            # What looks automated says nothing of the tail, and is counted as it is.
            sums = partial(_sums, plain[exclusion], *by)
            full = with_tail(name, deeper[exclusion], sums) + (own - sums(name, "downloads"))
            keys = {"list": name, "date": str(dates[name]), "attribution": role, "labels": labels,
                    "exclusion": exclusion}  # fmt: skip
            rows += [keys | row for row in _rows(own, full)]
    return pd.DataFrame(rows)


def _narrow(lists: pd.DataFrame) -> pd.DataFrame:
    """The columns that are needed, text that repeats itself as categories: thrice as fast."""
    groups = [f"{labels}_group_{role}" for role, labels in product(ROLES, LABELS)]
    columns = ["list", "date", "cut_off", "kinds", *groups, "downloads", *_held_columns(lists)]
    rows = lists[columns].assign(kinds=lists["kinds"].fillna("").astype(object))
    return rows.astype(dict.fromkeys(["list", "date", *groups], "category"))


def _held_columns(lists: pd.DataFrame) -> list[str]:
    """Columns of what other lists would have held."""
    return [name for name in lists.columns if name.startswith(held_column(""))]


def _sums(
    rows: pd.DataFrame, group: str, groups: tuple[str, ...], name: str, column: str
) -> pd.Series:
    """Downloads of each group at one list."""
    sums = rows[rows["list"] == name].groupby(group, observed=True)[column].sum()
    return sums.reindex(list(groups), fill_value=0).astype(float)


def _rows(own: pd.Series, full: pd.Series) -> Iterator[dict[str, object]]:
    """Rows of the groups, the lead and the part of the two, as they are and with the tail."""
    for name in own.index:
        yield _row(name, own[name], own[name] / own.sum(), full[name], full[name] / full.sum())
    lead, full_lead = own[CHINA] - own[USA], full[CHINA] - full[USA]
    yield _row(LEAD, lead, lead / own.sum(), full_lead, full_lead / full.sum())
    two, full_two = own[CHINA] + own[USA], full[CHINA] + full[USA]
    yield _row(PART, two, own[CHINA] / two, full_two, full[CHINA] / full_two)


def _row(
    group: str, downloads: float, share: float, with_tail_: float, full_share: float
) -> dict[str, object]:
    return {
        "group": group, "downloads": int(downloads), "share": share,
        "with_tail": int(np.rint(with_tail_)), "share_with_tail": full_share,
    }  # fmt: skip
