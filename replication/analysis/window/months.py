"""The window month by month, and how the leading developers changed from one half to the next.

Both countries and the developers that readers know, on all and on a fixed set. An interval by resampled
developers says how far a share would move had others become hits; the two halves of the window show how
far it did move.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from replication.analysis.window.data import WindowData, headline_column
from replication.analysis.window.lists import is_automated, month_of
from replication.panel.window import CEILING, SEEN

ALL, FIXED, PLAIN = "all", "fixed", "not-chosen-left-out"
FIXED_SINCE = "2025-01"
"""The fixed set: what a record follows from this month or earlier to the end."""
OTHERS = "all others"
LEADING = 10
"""Developers of each half that are followed into the other."""
NEVER = "never"


def months(data: WindowData) -> pd.DataFrame:
    """Downloads by month, series and scope.

    Returns
    -------
    pandas.DataFrame
        One row each: ``month, scope, series, kind`` (country group, developer or total), ``seen,
        estimate, corrected, ceiling`` (downloads) and ``lead`` of the row's month and scope in
        downloads, China − USA, by the corrected estimate. Scopes: ``all``; ``fixed``, what is
        followed since `FIXED_SINCE` alone, which needs no correction; ``not-chosen-left-out``, all
        without what looks automated or burst.
    """
    parts = [_scope(data, name) for name in (ALL, FIXED, PLAIN)]
    return pd.concat(parts, ignore_index=True)


def _scope(data: WindowData, scope: str) -> pd.DataFrame:
    """All series of one scope."""
    head, labels = (
        data.definitions.published_window.attribution,
        data.definitions.published_window.labels,
    )
    group, who = f"{labels}_group_{head}", f"{head}_developer"
    needed = ["month", "followed_from", "kinds", group, who]
    estimates = data.by_month[headline_column(data.definitions)]
    rows = data.by_month[[*needed, SEEN, CEILING]].assign(estimate=estimates, corrected=estimates)
    rest = data.headline_rest[needed].assign(corrected=data.headline_rest["downloads"])
    if scope == FIXED:
        since = month_of(rows["followed_from"])
        rows, rest = rows[(since != "") & (since <= FIXED_SINCE)], rest[:0]
    if scope == PLAIN:
        rows, rest = rows[~is_automated(rows)], rest[~is_automated(rest)]
    both = pd.concat([rows, rest], ignore_index=True).astype({"month": "category"})
    measures = [SEEN, "estimate", "corrected", CEILING]
    both[measures] = both[measures].fillna(0)
    series = [
        chosen.groupby("month", observed=True)[measures].sum().assign(series=name, kind=kind)
        for name, kind, chosen in _series(both, group, who, data)
    ]
    table = pd.concat(series).reset_index().astype({"month": "str"}).assign(scope=scope)
    lead = table[table["kind"] == "group"].pivot_table(
        index="month", columns="series", values="corrected", aggfunc="sum", fill_value=0
    )
    lead = lead.reindex(columns=["China", "USA"], fill_value=0)
    by_month = table["month"].map(lead["China"] - lead["USA"])
    table["lead"] = by_month.fillna(0).astype("int64")
    keys = ["month", "scope", "series", "kind"]
    return table[[*keys, *measures, "lead"]].astype(dict.fromkeys(measures, "int64"))


def _series(
    rows: pd.DataFrame, group: str, developer: str, data: WindowData
) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Name, kind and rows of every series."""
    yield "total", "total", rows
    for name in data.definitions.groups:
        yield name, "group", rows[rows[group] == name]
    tracked = {t.developer: t.name for t in data.definitions.tracked}
    for who, name in tracked.items():
        yield name, "developer", rows[rows[developer] == who]
    untracked = ~rows[developer].isin(list(tracked))
    for side in ("China", "USA"):
        yield f"{OTHERS}, {side}", "developer", rows[untracked & (rows[group] == side)]


def passing(table: pd.DataFrame) -> pd.DataFrame:
    """When China passes the USA, by month and by the sum since the window began.

    Parameters
    ----------
    table
        The table of `months`.

    Returns
    -------
    pandas.DataFrame
        One row a scope and measure: ``scope, measure, first`` (first month in which China is ahead),
        ``lasting`` (first month from which it stays ahead to the end), ``months_ahead``,
        ``of_months`` and ``cumulative`` (first month in which the sum since the beginning is ahead);
        `NEVER` where it does not happen.
    """
    rows = []
    groups = table[table["kind"] == "group"]
    for scope, part in groups.groupby("scope", sort=False):
        for measure in (SEEN, "estimate", "corrected"):
            wide = part.pivot_table(index="month", columns="series", values=measure, aggfunc="sum")
            china, usa = (wide[name].fillna(0) for name in ("China", "USA"))
            ahead = (china > usa).to_numpy()
            sums = (china.cumsum() > usa.cumsum()).to_numpy()
            stays = np.logical_and.accumulate(ahead[::-1])[::-1]
            rows.append({
                "scope": scope, "measure": measure, "first": _first(wide.index, ahead),
                "lasting": _first(wide.index, stays), "months_ahead": int(ahead.sum()),
                "of_months": len(ahead), "cumulative": _first(wide.index, sums),
            })  # fmt: skip
    return pd.DataFrame(rows)


def _first(months_: pd.Index, holds: np.ndarray) -> str:
    """The first month in which something holds."""
    return str(months_[holds.argmax()]) if holds.any() else NEVER


def turnover(data: WindowData) -> pd.DataFrame:
    """The leading developers of each half of the window, and what they hold of the other.

    Returns
    -------
    pandas.DataFrame
        One row a half and developer among its `LEADING` largest: ``half, rank, developer, group,
        share`` (of the half's first-year downloads, estimates with what is not followed),
        ``other_share`` and ``other_rank`` in the other half.
    """
    about = data.definitions.published_window
    who, group = f"{about.attribution}_developer", f"{about.labels}_group_{about.attribution}"
    column = headline_column(data.definitions)
    needed = ["month", "kinds", who, group]
    estimates = data.by_month[needed].assign(downloads=data.by_month[column])
    rest = data.headline_rest[[*needed, "downloads"]]
    rows = pd.concat([estimates, rest], ignore_index=True)
    rows = rows[~is_automated(rows)]
    middle = data.month_names[len(data.month_names) // 2]
    halves = {"first": rows[rows["month"] < middle], "second": rows[rows["month"] >= middle]}
    shares = {
        name: part.groupby(who)["downloads"].sum() / part["downloads"].sum()
        for name, part in halves.items()
    }
    ranks = {name: s.rank(ascending=False, method="first") for name, s in shares.items()}
    groups = rows.groupby(who)[group].first()
    leaders = [
        {"half": half, "rank": rank, "developer": name, "group": groups[name], "share": share,
         "other_share": shares[other].get(name, 0.0), "other_rank": int(ranks[other].get(name, 0))}
        for half, other in (("first", "second"), ("second", "first"))
        for rank, (name, share) in enumerate(shares[half].nlargest(LEADING).items(), 1)
    ]  # fmt: skip
    return pd.DataFrame(leaders)
