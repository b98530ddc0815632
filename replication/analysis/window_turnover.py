"""Luck as it was: how the leading developers changed from one half of the window to the next.

An interval by resampled developers says how far a share would move had others become hits. The records
show how far it did move: the developers who led the first half of the window, and what they held of the
second.
"""

from __future__ import annotations

import pandas as pd

from replication.analysis.capture import is_automated
from replication.analysis.window import WindowData

LEADING = 10


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
    months = data.names_of_months
    middle = months[len(months) // 2]
    column = data.by_month.columns[data.by_month.columns.str.startswith("estimate/")][0]
    rows = pd.concat([
        data.by_month.assign(downloads=data.by_month[column]), data.headline_rest,
    ], ignore_index=True)  # fmt: skip
    rows = rows[~is_automated(rows)]
    halves = {"first": rows[rows["month"] < middle], "second": rows[rows["month"] >= middle]}
    shares = {
        name: part.groupby(who)["downloads"].sum() / part["downloads"].sum()
        for name, part in halves.items()
    }
    ranks = {name: s.rank(ascending=False, method="first") for name, s in shares.items()}
    groups = rows.groupby(who)[group].first()
    found = []
    for half, other in (("first", "second"), ("second", "first")):
        for rank, (name, share) in enumerate(shares[half].nlargest(LEADING).items(), 1):
            found.append({
                "half": half, "rank": rank, "developer": name, "group": groups[name],
                "share": share, "other_share": shares[other].get(name, 0.0),
                "other_rank": int(ranks[other].get(name, 0)),
            })  # fmt: skip
    return pd.DataFrame(found)
