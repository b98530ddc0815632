"""What the records follow of each country, how well they agree, and what each is worth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from replication.analysis.window.data import WindowData
from replication.analysis.window.errors import side_of
from replication.analysis.window.lists import FOLLOWED, OTHER
from replication.panel.window import ESTIMATE

SIZES = (0, 100_000, 1_000_000, 10_000_000)
"""Lower ends of the classes of size, in downloads by the counter."""
ALL = "all"


def captures(data: WindowData) -> pd.DataFrame:
    """What part of each country group's downloads is followed to the end of the window.

    Returns
    -------
    pandas.DataFrame
        One row a list with a cut-off and country group, and one for all groups: ``list, date,
        group, followed, not_followed`` (downloads of 30 days, the tail added), ``share`` followed.
        Repositories that look automated are left out.
    """
    lists, last = data.complete_lists, data.month_names[-1]
    dates = lists.rows.drop_duplicates("list").set_index("list")["date"]
    rows = []
    for name in lists.names:
        parts = lists.parts(name, last).copy()
        parts.loc[ALL] = parts.sum()
        for group, part in parts.iterrows():
            whole = part[FOLLOWED] + part[OTHER]
            rows.append({
                "list": name, "date": str(dates[name]), "group": group,
                "followed": round(part[FOLLOWED]), "not_followed": round(part[OTHER]),
                "share": part[FOLLOWED] / whole if whole else np.nan,
            })  # fmt: skip
    return pd.DataFrame(rows)


def agreement(data: WindowData) -> pd.DataFrame:
    """Counts alone beside counters, by period, country and size.

    Returns
    -------
    pandas.DataFrame
        ``period, side, size`` (class by the counter's downloads, or all), ``repositories, exact,
        rebuilt`` (downloads), ``ratio``, and ``median_error``, the median of the absolute logarithm of
        the ratio of a repository.
    """
    rows = data.agreement[data.agreement["exact"] > 0].copy()
    rows["side"] = side_of(rows[data.group])
    classes = [f"from {size:,}" for size in SIZES]
    rows["size"] = [classes[i] for i in np.searchsorted(SIZES, rows["exact"], side="right") - 1]
    rows["error"] = np.abs(np.log(rows["rebuilt"].clip(lower=1) / rows["exact"]))
    parts = [rows, rows.assign(size=ALL), rows.assign(side=ALL), rows.assign(side=ALL, size=ALL)]
    both = pd.concat(parts, ignore_index=True)
    keys = ["period", "side", "size"]
    table = both.groupby(keys).agg(
        repositories=("exact", "size"), exact=("exact", "sum"), rebuilt=("rebuilt", "sum"),
        median_error=("error", "median"),
    ).reset_index()  # fmt: skip
    table["ratio"] = table["rebuilt"] / table["exact"]
    return table[[*keys, "repositories", "exact", "rebuilt", "ratio", "median_error"]]


def points(data: WindowData) -> pd.DataFrame:
    """Every repository that counts and counters both follow.

    Returns
    -------
    pandas.DataFrame
        ``name, side, period, exact, rebuilt`` (downloads), largest first.
    """
    rows = data.agreement[data.agreement["exact"] > 0]
    table = rows.assign(side=side_of(rows[data.group]))[
        ["name", "side", "period", "exact", "rebuilt"]
    ]
    return table.sort_values(["exact", "name"], ascending=[False, True], ignore_index=True)


def left_out(data: WindowData) -> pd.DataFrame:
    """The estimates of both countries without each record and each month of a crawl.

    Returns
    -------
    pandas.DataFrame
        One row each, the first with all records (``record`` empty): ``record, china, usa, total``
        (downloads without what no record follows), ``lead`` (fraction of the total) and ``shift``.
    """
    table = data.left_out.merge(data.repositories[["repository", data.group]], on="repository")
    sums = table.groupby(data.group).sum(numeric_only=True)
    rows = [
        {
            "record": "" if name == ESTIMATE else name,
            "china": int(sums[name].get("China", 0)), "usa": int(sums[name].get("USA", 0)),
            "total": int(sums[name].sum()),
        }
        for name in sums
    ]  # fmt: skip
    estimates = pd.DataFrame(rows)
    estimates["lead"] = (estimates["china"] - estimates["usa"]) / estimates["total"]
    estimates["shift"] = estimates["lead"] - estimates["lead"].iloc[0]
    return estimates
