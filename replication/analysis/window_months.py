"""Month by month: both countries and the developers that readers know, on all and on a fixed set."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from replication.analysis.capture import is_automated
from replication.analysis.window import WindowData, headline_column
from replication.panel.window import CEILING, SEEN

ALL, FIXED, PLAIN = "all", "fixed", "not-chosen-left-out"
FIXED_SINCE = "2025-01"
"""The fixed set: what a record follows from this month or earlier to the end."""
OTHERS = "all others"
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
    rows = data.by_month.assign(estimate=data.by_month[headline_column(data.definitions)])
    rows = rows.assign(corrected=rows["estimate"])
    rest = data.headline_rest.assign(corrected=data.headline_rest["downloads"])
    if scope == FIXED:
        since = rows["followed_from"].fillna("").astype(str).str[:7]
        rows, rest = rows[(since != "") & (since <= FIXED_SINCE)], rest[:0]
    if scope == PLAIN:
        rows, rest = rows[~is_automated(rows)], rest[~is_automated(rest)]
    both = pd.concat([rows, rest], ignore_index=True)
    measures = [SEEN, "estimate", "corrected", CEILING]
    both[measures] = both[measures].fillna(0)
    found = [
        chosen.groupby("month")[measures].sum().assign(series=name, kind=kind)
        for name, kind, chosen in _series(both, f"{labels}_group_{head}", f"{head}_developer", data)
    ]
    table = pd.concat(found).reset_index().assign(scope=scope)
    lead = table[table["kind"] == "group"].pivot_table(
        index="month", columns="series", values="corrected", aggfunc="sum", fill_value=0
    )
    lead = lead.reindex(columns=["China", "USA"], fill_value=0)
    ahead = table["month"].map(lead["China"] - lead["USA"])
    table["lead"] = ahead.fillna(0).astype("int64")
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
