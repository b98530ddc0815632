"""What no record follows: measured where the whole Hub is known, and carried to the other months.

Crawls and counters follow some developers to the end of the window and others never, and not the same
part of each country's downloads, so that plain sums favour whoever is followed. At the dates of the
complete lists both parts are known by country group. Between and after them the part that is not
followed is taken in proportion to the part that is, or at its level; what the estimates already hold of
it is subtracted, and the rest is given to uploaders in the shares that they have of it at those dates
(a hot deck). The country group of a row is that of its uploader by the registry.

What lies below the cut-off of a list is added by the part that the same cut-off would have held of the
nearest list with a lower one, and so on down to the list of the whole Hub. Repositories that look automated, or burst, take no part: their counts are
their own and say nothing of others.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.attribution.rules import AUTOMATED, BURST
from replication.definitions import Definitions
from replication.panel.window import held_column

PROPORTION, LEVEL, NONE = "proportion", "level", "none"
GROUP = "registry_group_uploader"
COUNTED = 30
FOLLOWED, OTHER = "followed", "not-followed"
PandasT = TypeVar("PandasT", pd.Series, pd.DataFrame)
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Dates:
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

    @cached_property
    def lists(self) -> tuple[str, ...]:
        """Lists with a cut-off, in the order of their dates."""
        rows = self.rows[self.rows["cut_off"] > 0].sort_values("date")
        return tuple(rows["list"].unique())

    def days(self) -> Floats:
        """Middle of the 30 days of each list with a cut-off, in days since 1970-01-01."""
        dates = self.rows.drop_duplicates("list").set_index("list")["date"].loc[list(self.lists)]
        return _day_numbers(dates) - COUNTED / 2

    @cached_property
    def _known(self) -> dict[tuple[str, str], pd.DataFrame]:
        """Parts that were asked for."""
        return {}

    def parts(self, name: str, month: str) -> pd.DataFrame:
        """Downloads at one list by country group, followed in a month or not, the tail added.

        Returns
        -------
        pandas.DataFrame
            Float downloads of 30 days, one row a group: ``followed, not-followed``.
        """
        if (name, month) not in self._known:
            self._known[name, month] = self._parts(name, month)
        return self._known[name, month]

    def _parts(self, name: str, month: str) -> pd.DataFrame:
        own = self._sums(name, "downloads", month)
        below = self._deeper[name]
        if not below:
            return own
        above = self._sums(below, held_column(name), month)
        return own * tail_factor(
            self.parts(below, month), self._sums(below, "downloads", month), above
        )

    def _sums(self, name: str, column: str, month: str) -> pd.DataFrame:
        group, since, rows = self._coded[name]
        followed = (since != "") & (since <= month)
        found = {
            part: np.bincount(
                group[chosen], rows[column].to_numpy(dtype=float)[chosen], len(self.groups)
            )
            for part, chosen in ((FOLLOWED, followed), (OTHER, ~followed))
        }
        return pd.DataFrame(found, index=list(self.groups))

    @cached_property
    def _coded(self) -> dict[str, tuple[NDArray[np.int64], NDArray[np.str_], pd.DataFrame]]:
        """Country group, month since which it is followed, and downloads of each list's rows."""
        codes = pd.Index(self.groups).get_indexer(pd.Index(self.rows[GROUP]))
        since = self.rows["followed_from"].fillna("").astype(str).str[:7].to_numpy(dtype=str)
        held = [name for name in self.rows.columns if name.startswith(held_column(""))]
        own = {name: (self.rows["list"] == name).to_numpy() for name in self.rows["list"].unique()}
        return {
            name: (codes[rows], since[rows], self.rows.loc[rows, ["downloads", *held]])
            for name, rows in own.items()
        }

    @cached_property
    def _deeper(self) -> dict[str, str]:
        """The list below each."""
        return {name: deeper(self.rows, name) for name in self.rows["list"].unique()}


def deeper(rows: pd.DataFrame, name: str) -> str:
    """The list with a lower cut-off that is nearest in time; empty for a list of the whole Hub."""
    lists = rows.drop_duplicates("list").set_index("list")[["date", "cut_off"]]
    lower = lists[lists["cut_off"] < lists.loc[name, "cut_off"]]
    if lower.empty:
        return ""
    distance = (pd.to_datetime(lower["date"]) - pd.Timestamp(lists.loc[name, "date"])).abs()
    return str(distance.idxmin())


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


def dates_of(attributed: pd.DataFrame, definitions: Definitions, months: tuple[str, ...]) -> Dates:
    """The attributed rows of the complete lists, without what looks automated."""
    return Dates(attributed[~is_automated(attributed)], definitions.groups, months)


def is_automated(table: pd.DataFrame) -> pd.Series:
    """Rows whose rules say that they look automated, or burst."""
    kinds = table["kinds"].fillna("").astype(str)
    return kinds.str.contains(AUTOMATED, regex=False) | kinds.str.contains(BURST, regex=False)


def _day_numbers(dates: pd.Series) -> Floats:
    """Days since 1970-01-01 of ISO dates."""
    days = (pd.to_datetime(dates) - pd.Timestamp(0)) // pd.Timedelta(days=1)
    return np.asarray(days, dtype=float)


def month_days(months: tuple[str, ...], definitions: Definitions) -> tuple[Floats, Floats]:
    """Middle, in days since 1970-01-01, and number of days of each month inside the window."""
    days = pd.date_range(definitions.published_window.start, definitions.published_window.end)[1:]
    numbers = pd.Series(days.to_numpy().astype("datetime64[D]").astype(float))
    grouped = numbers.groupby(days.strftime("%Y-%m"))
    return grouped.mean().loc[list(months)].to_numpy(), grouped.size().loc[list(months)].to_numpy()


@dataclass(frozen=True)
class Shortfall:
    """Downloads that no estimate holds, by country group and month.

    Attributes
    ----------
    missing
        Downloads (g, m), never negative.
    expected
        Downloads (g, m) expected of what is not followed.
    followed
        Estimates (g, m) of what is followed.
    """

    missing: Floats
    expected: Floats
    followed: Floats


def shortfall(
    months: pd.DataFrame,
    column: str,
    known: Dates,
    rule: str,
    definitions: Definitions,
    without: str = "",
) -> Shortfall:
    """What the estimates lack of each country group in each month.

    Parameters
    ----------
    months
        Estimates by month with ``month, followed_from, kinds`` and the group of the uploader.
    column
        The column of estimates.
    known
        The complete lists.
    rule
        proportion, level or none.
    definitions
        The window, and from which followed part on a group goes in proportion.
    without
        A list that is not used.
    """
    own = months[~is_automated(months)]
    since = own["followed_from"].fillna("").astype(str).str[:7]
    part = np.where((since != "") & (since <= own["month"]), FOLLOWED, OTHER)
    sums = own.assign(part=part).pivot_table(
        index=[GROUP, "month"], columns="part", values=column, aggfunc="sum", fill_value=0
    )
    index = pd.MultiIndex.from_product([known.groups, known.months])
    sums = sums.reindex(index=index, columns=[FOLLOWED, OTHER], fill_value=0).fillna(0)
    shape = (len(known.groups), len(known.months))
    followed, held = (sums[name].to_numpy(dtype=float).reshape(shape) for name in (FOLLOWED, OTHER))
    expected = expected_of(followed, known, rule, definitions, without)
    missing = np.maximum(expected - held, 0.0) if rule != NONE else np.zeros(shape)
    return Shortfall(missing, expected, followed)


def expected_of(
    followed: Floats, known: Dates, rule: str, definitions: Definitions, without: str = ""
) -> Floats:
    """Downloads (g, m) expected of what is not followed, from those followed (g, m)."""
    lists = [name for name in known.lists if name != without]
    at = known.days()[[known.lists.index(name) for name in lists]]
    middles, lengths = month_days(known.months, definitions)
    found = np.zeros_like(followed)
    for number, month in enumerate(known.months):
        parts = [known.parts(name, month) for name in lists]
        there = np.array([p[FOLLOWED] for p in parts])
        other = np.array([p[OTHER] for p in parts])
        level = _interpolated(middles[number], at, other) * lengths[number] / COUNTED
        share = there / np.maximum(there + other, 1.0)
        moves = (share.min(axis=0) >= definitions.capture.min_followed) & (rule == PROPORTION)
        ratio = _interpolated(middles[number], at, other / np.where(there > 0, there, 1.0))
        found[:, number] = np.where(moves, ratio * followed[:, number], level)
    return found


def _interpolated(day: float, at: Floats, values: Floats) -> Floats:
    """Values (g,) on a day from those (d, g) at the dates, constant outside them."""
    return np.array([np.interp(day, at, column) for column in values.T])


@dataclass(frozen=True)
class Deck:
    """Rows of the complete lists to which downloads that no record follows can be given.

    Attributes
    ----------
    facts
        Attributed rows, one a name.
    groups
        Country groups in their fixed order.
    months
        Months of the window.
    places
        For each month the places (k,) in `facts` of the rows that are not followed then.
    weights
        For each month what each of them is given (k,) of its country group's: its share of what is not
        followed, averaged over the lists.
    """

    facts: pd.DataFrame
    groups: tuple[str, ...]
    months: tuple[str, ...]
    places: tuple[NDArray[np.int64], ...]
    weights: tuple[Floats, ...]

    @classmethod
    def of(cls, known: Dates) -> Deck:
        """Deal the rows of the lists with a cut-off."""
        rows = known.rows[known.rows["cut_off"] > 0]
        facts = rows.drop_duplicates("name").reset_index(drop=True)
        place = pd.Index(facts["name"]).get_indexer(pd.Index(rows["name"]))
        group = pd.Index(known.groups).get_indexer(pd.Index(rows[GROUP]))
        lists = pd.factorize(rows["list"])[0]
        since = rows["followed_from"].fillna("").astype(str).str[:7].to_numpy(dtype=str)
        downloads = rows["downloads"].to_numpy(dtype=float)
        each = [
            _dealt(place[free], group[free], lists[free], downloads[free], len(facts))
            for free in ((since == "") | (since > month) for month in known.months)
        ]
        return cls(facts, known.groups, known.months, *zip(*each, strict=True))

    def given(self, missing: Floats) -> list[NDArray[np.int64]]:
        """Whole downloads (k,) of each month's rows, of what is missing (g, m) of each group."""
        group = pd.Index(self.groups).get_indexer(pd.Index(self.facts[GROUP]))
        return [
            np.rint(weight * missing[group[place], month]).astype(np.int64)
            for month, (place, weight) in enumerate(zip(self.places, self.weights, strict=True))
        ]

    def totals(self, missing: Floats) -> NDArray[np.int64]:
        """Whole downloads of each row of `facts` over all months."""
        sums = np.zeros(len(self.facts), dtype=np.int64)
        for place, downloads in zip(self.places, self.given(missing), strict=True):
            sums[place] += downloads
        return sums

    def rows(self, missing: Floats) -> pd.DataFrame:
        """The facts of every row that is given something, with ``month`` and int64 ``downloads``."""
        parts = []
        for month, place, downloads in zip(
            self.months, self.places, self.given(missing), strict=True
        ):
            some = downloads > 0
            part = self.facts.iloc[place[some]].drop(columns="downloads")
            parts.append(part.assign(month=month, downloads=downloads[some]))
        return pd.concat(parts, ignore_index=True)


def _dealt(
    place: NDArray[np.int64], group: NDArray[np.int64], lists: NDArray[np.int64],
    downloads: Floats, size: int,
) -> tuple[NDArray[np.int64], Floats]:  # fmt: skip
    """Places of the rows and their weights, which add up to one in every group."""
    by_list = pd.Series(downloads).groupby([group, lists]).transform("sum").to_numpy()
    share = np.divide(downloads, by_list, out=np.zeros_like(downloads), where=by_list > 0)
    sums = np.bincount(place, share, minlength=size)
    found = np.unique(place)
    own = np.zeros(size, dtype=np.int64)
    own[place] = group
    whole = np.bincount(own[found], sums[found], minlength=int(group.max(initial=0)) + 1)
    return found, sums[found] / whole[own[found]]
