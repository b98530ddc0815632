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

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.analysis.credit import Mask, left_by, places_among
from replication.analysis.lead import CHINA, LEAD, USA
from replication.attribution.rules import AUTOMATED, BURST
from replication.definitions import Definitions
from replication.panel.window import at_age, held_column

COUNTED_DAYS = 30
"""Days that a list counts, up to its date."""
GROUP = "registry_group_uploader"
FOLLOWED, OTHER = "followed", "not-followed"
PART = "China / (China + USA)"
"""China's part of the two."""
LABELS = ("study", "registry")
ROLES = ("uploader", "origin", "maker")
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


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
        cls,
        attributed: pd.DataFrame,
        definitions: Definitions,
        months: tuple[str, ...],
        age_limit_days: int | None = None,
    ) -> CompleteLists:
        """Take the attributed rows of the lists, without what looks automated.

        Their downloads are those of models up to an age, by default up to that of the panel.
        """
        rows = attributed[~is_automated(attributed)]
        if age_limit_days not in {None, definitions.panel.age_limit_days}:
            columns = ["downloads", *_held_columns(rows)]
            rows = rows.assign(**{name: rows[at_age(name, age_limit_days)] for name in columns})
        return cls(rows, definitions.groups, months)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Lists with a cut-off, in the order of their dates."""
        rows = self.rows[self.rows["cut_off"] > 0].sort_values("date")
        return tuple(rows["list"].unique())

    def days(self) -> Floats:
        """Middle of the days that each list with a cut-off counts, in days since 1970-01-01."""
        return self._days

    @cached_property
    def _days(self) -> Floats:
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
            sums = with_tail(name, self._deeper, partial(self._sums, month))
            self._parts[name, month] = pd.DataFrame(
                dict(zip((FOLLOWED, OTHER), sums, strict=True)), index=list(self.groups)
            )
        return self._parts[name, month]

    @cached_property
    def held(self) -> Floats:
        """The parts of every month and name of `names`: downloads (2, m, d, g), followed and not."""
        parts = [[self.parts(name, month) for name in self.names] for month in self.months]
        return np.array([[[part[x] for part in row] for row in parts] for x in (FOLLOWED, OTHER)])

    @cached_property
    def _parts(self) -> dict[tuple[str, str], pd.DataFrame]:
        """Parts that were asked for."""
        return {}

    def _sums(self, month: str, name: str, column: str) -> Floats:
        """Sums (2, g) of what is followed in a month, and of what is not."""
        group, since, rows = self._coded[name]
        followed = (since != "") & (since <= month)
        downloads = rows[column].to_numpy(dtype=float)
        return np.stack([
            np.bincount(group[chosen], downloads[chosen], len(self.groups))
            for chosen in (followed, ~followed)
        ])  # fmt: skip

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


def with_tail(name: str, deeper: Mapping[str, str], sums: Callable[[str, str], Floats]) -> Floats:
    """Downloads by group at one list, with what lies below its cut-off.

    Parameters
    ----------
    name
        The list.
    deeper
        The list below each, as of `deeper_lists`.
    sums
        Sums (…, g) by group, given a list and a column of its downloads.
    """
    own, below = sums(name, "downloads"), deeper[name]
    if not below:
        return own
    full = with_tail(below, deeper, sums)
    return own * tail_factor(full, sums(below, "downloads"), sums(below, held_column(name)))


def tail_factor(full: Floats, own: Floats, above: Floats) -> Floats:
    """All downloads over those that a higher cut-off would have held, by group.

    Parameters
    ----------
    full, own, above
        Of the list with the lower cut-off (…, g): with its own tail, as it is, and what the higher
        cut-off would have held of it. A group of which that is nothing has the factor of all together.
    """
    pooled = full.sum() / max(above.sum(), 1.0)
    return np.where((own > 0) & (above > 0), full / np.where(above > 0, above, 1.0), pooled)


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
    exclusions = {"none": None} | {x.id: x for x in definitions.at_window.estimated_exclusions}
    every = {name: left_by(lists, exclusion) for name, exclusion in exclusions.items()}
    plain = {name: left & ~is_automated(lists).to_numpy() for name, left in every.items()}
    deeper = {name: deeper_lists(lists[left]) for name, left in plain.items()}
    of_list = {name: (lists["list"] == name).to_numpy() for name in lists["list"].unique()}
    credit = {
        (role, labels): places_among(lists[f"{labels}_group_{role}"], definitions.groups)
        for role, labels in product(ROLES, LABELS)
    }
    dates = lists.drop_duplicates("list").set_index("list")["date"]
    rows = []
    for name, exclusion in product(of_list, exclusions):
        for (role, labels), place in credit.items():
            sums = partial(_sums, lists, of_list, place, len(definitions.groups))
            own = sums(every[exclusion], name, "downloads")
            # What looks automated says nothing of the tail, and is counted as it is.
            known = partial(sums, plain[exclusion])
            full = with_tail(name, deeper[exclusion], known) + (own - known(name, "downloads"))
            keys = {"list": name, "date": str(dates[name]), "attribution": role, "labels": labels,
                    "exclusion": exclusion}  # fmt: skip
            rows += [keys | row for row in _rows(definitions.groups, own, full)]
    return pd.DataFrame(rows)


def _held_columns(lists: pd.DataFrame) -> list[str]:
    """Columns of what other lists would have held."""
    names = (held_column(str(name)) for name in lists["list"].unique())
    return [name for name in names if name in lists.columns]


def _sums(
    lists: pd.DataFrame, of_list: Mapping[str, Mask], place: Ints, groups: int,
    among: Mask, name: str, column: str,
) -> Floats:  # fmt: skip
    """Downloads (g,) of groups at one list, of some rows whose groups have these places."""
    chosen = among & of_list[name] & (place >= 0)
    downloads = lists[column].to_numpy(dtype=float)
    return np.asarray(np.bincount(place[chosen], downloads[chosen], groups), dtype=float)


def _rows(groups: tuple[str, ...], own: Floats, full: Floats) -> Iterator[dict[str, object]]:
    """Rows of the groups, the lead and the part of the two, as they are and with the tail."""
    total, full_total = own.sum(), full.sum()
    for name, downloads, with_tail_ in zip(groups, own, full, strict=True):
        yield _row(name, downloads, downloads / total, with_tail_, with_tail_ / full_total)
    china, usa = groups.index(CHINA), groups.index(USA)
    lead, full_lead = own[china] - own[usa], full[china] - full[usa]
    yield _row(LEAD, lead, lead / total, full_lead, full_lead / full_total)
    two, full_two = own[china] + own[usa], full[china] + full[usa]
    yield _row(PART, two, own[china] / two, full_two, full[china] / full_two)


def _row(
    group: str, downloads: float, share: float, with_tail_: float, full_share: float
) -> dict[str, object]:
    return {
        "group": group, "downloads": int(downloads), "share": share,
        "with_tail": int(np.rint(with_tail_)), "share_with_tail": full_share,
    }  # fmt: skip
