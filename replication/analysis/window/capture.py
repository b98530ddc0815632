"""What no record follows: measured where the whole Hub is known, and carried to the other months.

Crawls and counters follow some developers to the end of the window and others never, and not the same
part of each country's downloads, so that plain sums favour whoever is followed. At the dates of the
complete lists both parts are known by country group. Between and after them the part that is not
followed is taken in proportion to the part that is, or at its level; what the estimates already hold of
it is subtracted, and the rest is given to uploaders in the shares that they have of it at those dates
(a hot deck). The country group of a row is that of its uploader by the registry.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.analysis.credit import places_among
from replication.analysis.window.lists import (
    COUNTED_DAYS,
    GROUP,
    CompleteLists,
    is_automated,
    month_of,
)
from replication.definitions import Definitions

PROPORTION, LEVEL, NONE = "proportion", "level", "none"
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


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
    lists: CompleteLists,
    rule: str,
    definitions: Definitions,
    without: str = "",
    places: Ints | None = None,
) -> Shortfall:
    """What the estimates lack of each country group in each month.

    Parameters
    ----------
    months
        Estimates by month with ``month, followed_from, kinds`` and the group of the uploader.
    column
        The column of estimates.
    lists
        The complete lists.
    rule
        proportion, level or none.
    definitions
        The window, and from which followed part on a group goes in proportion.
    without
        A list that is not used.
    places
        Those of `places_of` these months and lists, where they are known.
    """
    places = places_of(months, lists) if places is None else places
    counted = places >= 0
    shape = (2, len(lists.groups), len(lists.months))
    downloads = months[column].to_numpy(dtype=float)[counted]
    sums = np.bincount(places[counted], downloads, math.prod(shape)).astype(float)
    followed, other = sums.reshape(shape)
    expected = expected_of(followed, lists, rule, definitions, without)
    missing = np.maximum(expected - other, 0.0) if rule != NONE else np.zeros(shape[1:])
    return Shortfall(missing, expected, followed)


def places_of(months: pd.DataFrame, lists: CompleteLists) -> Ints:
    """Place (r,) of every row among followed or not, country groups and months of the window.

    It is −1 where a row looks automated, or is of no group or month of the lists.
    """
    since, month = month_of(months["followed_from"]), months["month"]
    group = places_among(months[GROUP], lists.groups)
    number = places_among(month, lists.months)
    followed = (since != "") & (since <= month.to_numpy(dtype=str))
    counted = ~is_automated(months).to_numpy() & (group >= 0) & (number >= 0)
    place = ((~followed) * len(lists.groups) + group) * len(lists.months) + number
    return np.where(counted, place, -1)


def expected_of(
    followed: Floats, lists: CompleteLists, rule: str, definitions: Definitions, without: str = ""
) -> Floats:
    """Downloads (g, m) expected of what is not followed, from those followed (g, m)."""
    used = np.array([name != without for name in lists.names])
    at, held = lists.days()[used], lists.held[:, :, used]
    middles, lengths = month_days(lists.months, definitions)
    expected = np.zeros_like(followed)
    for number in range(len(lists.months)):
        there, other = held[:, number]
        level = _interpolated(middles[number], at, other) * lengths[number] / COUNTED_DAYS
        share = there / np.maximum(there + other, 1.0)
        moves = (share.min(axis=0) >= definitions.capture.min_followed) & (rule == PROPORTION)
        ratio = _interpolated(middles[number], at, other / np.where(there > 0, there, 1.0))
        expected[:, number] = np.where(moves, ratio * followed[:, number], level)
    return expected


def month_days(months: tuple[str, ...], definitions: Definitions) -> tuple[Floats, Floats]:
    """Middle, in days since 1970-01-01, and number of days of each month inside the window."""
    window = definitions.published_window
    start, end = np.datetime64(window.start), np.datetime64(window.end)
    days = np.arange(start, end, dtype="datetime64[D]") + 1
    of_month = [days[days.astype("datetime64[M]") == np.datetime64(month)] for month in months]
    middles = np.array([days.astype(float).mean() for days in of_month])
    return middles, np.array([len(days) for days in of_month])


def _interpolated(day: float, at: Floats, values: Floats) -> Floats:
    """Values (g,) on a day from those (d, g) at the dates, constant outside them."""
    return np.array([np.interp(day, at, column) for column in values.T])


@dataclass(frozen=True)
class HotDeck:
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
    def of(cls, lists: CompleteLists) -> HotDeck:
        """Weigh the rows of the lists with a cut-off."""
        rows = lists.rows[lists.rows["cut_off"] > 0]
        facts = rows.drop_duplicates("name").reset_index(drop=True)
        place = pd.Index(facts["name"]).get_indexer(pd.Index(rows["name"]))
        group = pd.Index(lists.groups).get_indexer(pd.Index(rows[GROUP]))
        numbers = pd.factorize(rows["list"])[0]
        since = month_of(rows["followed_from"])
        downloads = rows["downloads"].to_numpy(dtype=float)
        each = [
            _weights(place[free], group[free], numbers[free], downloads[free], len(facts))
            for free in ((since == "") | (since > month) for month in lists.months)
        ]
        return cls(facts, lists.groups, lists.months, *zip(*each, strict=True))

    def by_month(self, missing: Floats) -> list[NDArray[np.int64]]:
        """Whole downloads (k,) of each month's rows, of what is missing (g, m) of each group."""
        group = pd.Index(self.groups).get_indexer(pd.Index(self.facts[GROUP]))
        return [
            np.rint(weight * missing[group[place], month]).astype(np.int64)
            for month, (place, weight) in enumerate(zip(self.places, self.weights, strict=True))
        ]

    def totals(self, missing: Floats) -> NDArray[np.int64]:
        """Whole downloads of each row of `facts` over all months."""
        sums = np.zeros(len(self.facts), dtype=np.int64)
        for place, downloads in zip(self.places, self.by_month(missing), strict=True):
            sums[place] += downloads
        return sums

    def rows(self, missing: Floats) -> pd.DataFrame:
        """The facts of every row that is given something, with ``month`` and int64 ``downloads``."""
        parts = []
        each = zip(self.months, self.places, self.by_month(missing), strict=True)
        for month, place, downloads in each:
            some = downloads > 0
            part = self.facts.iloc[place[some]].drop(columns="downloads")
            parts.append(part.assign(month=month, downloads=downloads[some]))
        return pd.concat(parts, ignore_index=True)


def _weights(
    place: NDArray[np.int64], group: NDArray[np.int64], lists: NDArray[np.int64],
    downloads: Floats, size: int,
) -> tuple[NDArray[np.int64], Floats]:  # fmt: skip
    """Places of the rows and their weights, which add up to one in every group."""
    by_list = pd.Series(downloads).groupby([group, lists]).transform("sum").to_numpy()
    share = np.divide(downloads, by_list, out=np.zeros_like(downloads), where=by_list > 0)
    sums = np.bincount(place, share, minlength=size)
    places = np.unique(place)
    own = np.zeros(size, dtype=np.int64)
    own[place] = group
    whole = np.bincount(own[places], sums[places], minlength=int(group.max(initial=0)) + 1)
    weights = np.zeros(len(places))  # a group of which no list has a model young enough
    return places, np.divide(sums[places], whole[own[places]], out=weights, where=sums[places] > 0)
