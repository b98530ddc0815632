"""How wrong the rebuilt window can be: filling, births and capture, and what they do to each share.

Three errors of the records are measured, each by what it can be measured by, and taken as independent:

filling
    counts alone against counters, where both follow a repository; the error is charged on what no
    counter holds;
births
    half the difference between all unknown births as early, and as late, as they can be;
capture
    the delete-one jackknife over the complete lists that it is measured at.

They are standard errors of the downloads of China, of the USA and of all others, and go to shares to
first order.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from replication.analysis.lead import CHINA, LEAD, RATIO, USA
from replication.analysis.window.capture import NONE
from replication.analysis.window.data import WindowData, headline_column
from replication.analysis.window.lists import PART
from replication.analysis.window.measures import side_downloads
from replication.definitions import Definitions
from replication.panel.window import COUNTED, SEEN, column

SIDES = (CHINA, USA, "all others")
Floats = NDArray[np.float64]


def errors(data: WindowData) -> pd.DataFrame:
    """Standard errors of the downloads of each side.

    Returns
    -------
    pandas.DataFrame
        One row a side and component: ``side, component, downloads`` (estimate with what is not
        followed), ``error`` (one standard error, downloads). The component ``all`` is the root of the
        sum of squares.
    """
    total = side_downloads(data.downloads(), data)
    parts = {"filling": _filling(data), "births": _births(data), "capture": _capture(data)}
    parts["all"] = np.sqrt(sum(error**2 for error in parts.values()))
    rows = [
        {"side": side, "component": name, "downloads": total[place], "error": error[place]}
        for name, error in parts.items()
        for place, side in enumerate(SIDES)
    ]
    return pd.DataFrame(rows)


def side_of(groups: pd.Series) -> pd.Series:
    """The side of `SIDES` of each country group."""
    return groups.where(groups.isin(SIDES[:2]), SIDES[2])


def _filling(data: WindowData) -> Floats:
    """The relative error of counts alone, charged on what no counter holds."""
    side = side_of(data.agreement[data.group])
    sums = data.agreement.groupby(side.to_numpy())[["exact", "rebuilt"]].sum()
    pooled = abs(sums["rebuilt"].sum() / max(sums["exact"].sum(), 1) - 1)
    sums = sums.reindex(list(SIDES), fill_value=0)
    ratio = (sums["rebuilt"] / sums["exact"].where(sums["exact"] > 0) - 1).abs().fillna(pooled)
    uncounted = data.months[headline_column(data.definitions)] - data.months[COUNTED]
    downloads = data.of_repositories(uncounted.clip(lower=0))
    return np.asarray(ratio) * side_downloads(downloads, data)


def _births(data: WindowData) -> Floats:
    """Half of what the two extremes of unknown births differ by."""
    age = data.definitions.panel.age_limit_days
    ids = {rule.birth: rule.id for rule in reversed(data.definitions.fillings)}
    if not {"earliest", "latest"} <= ids.keys():
        return np.zeros(len(SIDES))
    early, late = (
        side_downloads(data.downloads(column(age, ids[birth]), NONE), data)
        for birth in ("earliest", "latest")
    )
    return np.abs(early - late) / 2


def _capture(data: WindowData) -> Floats:
    """Delete-one jackknife over the complete lists."""
    lists = data.complete_lists.names
    each = np.array([side_downloads(data.downloads(without=name), data) for name in lists])
    spread = each - each.mean(axis=0)
    return np.asarray(np.sqrt((len(lists) - 1) / len(lists) * (spread**2).sum(axis=0)))


def totals(table: pd.DataFrame) -> tuple[Floats, Floats]:
    """Downloads of `SIDES` (3,) and their standard errors (3,), from the table of `errors`."""
    every = table[table["component"] == "all"].set_index("side").loc[list(SIDES)]
    return every["downloads"].to_numpy(), every["error"].to_numpy()


def quantile(definitions: Definitions) -> float:
    """Standard errors from the middle of a normal interval of the definitions' level to its ends."""
    return float(ndtri((1 + definitions.inference.level) / 2))


def propagated(downloads: Floats, error: Floats) -> dict[str, tuple[float, float]]:
    """Shares of the sides, the lead and China's part of the two, each with its standard error.

    Parameters
    ----------
    downloads, error
        Of China, of the USA and of all others (3,), with independent standard errors.
    """
    china, usa = downloads[:2]
    total, two = downloads.sum(), china + usa
    s, u, lead, part = china / total, usa / total, (china - usa) / total, china / two
    slopes = {
        CHINA: (s, np.array([1 - s, -s, -s]) / total),
        USA: (u, np.array([-u, 1 - u, -u]) / total),
        LEAD: (lead, np.array([1 - lead, -1 - lead, -lead]) / total),
        PART: (part, np.array([1 - part, -part, 0.0]) / two),
        "total": (total, np.ones(3)),
    }
    return {
        name: (float(value), float(np.sqrt((slope**2 * error**2).sum())))
        for name, (value, slope) in slopes.items()
    }


def answers(table: pd.DataFrame, estimates: pd.DataFrame, data: WindowData) -> pd.DataFrame:
    """The headline's statistics with the range of the records.

    Parameters
    ----------
    table
        The table of `errors`.
    estimates
        Estimates of the window, for the ranges by developer.
    data
        The window.

    Returns
    -------
    pandas.DataFrame
        One row a statistic: ``statistic, point, seen, uncorrected, records_lower, records_upper,
        error``; ``without_lower, without_upper`` (without any one developer); ``developer_lower,
        developer_upper`` (jackknife over developers); ``bounds_lower, bounds_upper``. Shares are
        fractions, the total is in downloads.
    """
    z = quantile(data.definitions)
    rows = []
    for name, (point, error) in propagated(*totals(table)).items():
        rows.append({
            "statistic": name, "point": point, **_other_measures(name, data),
            "records_lower": point - z * error, "records_upper": point + z * error, "error": error,
            **_ranges(name, estimates, data),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _other_measures(name: str, data: WindowData) -> dict[str, float]:
    """The same statistic of what was seen, and without what is not followed."""
    each = {"seen": data.downloads(SEEN, NONE), "uncorrected": data.downloads(rule=NONE)}
    nothing = np.zeros(len(SIDES))
    return {
        key: propagated(side_downloads(downloads, data), nothing)[name][0]
        for key, downloads in each.items()
    }


_METHODS = {"leave-one-out": "without", "jackknife-logit": "developer", "bounds": "bounds"}


def _ranges(name: str, estimates: pd.DataFrame, data: WindowData) -> dict[str, float]:
    """Ranges by developer and bounds; those of the part of the two are those of the ratio."""
    about = data.definitions.published_window
    wanted = RATIO if name == PART else name
    rows = estimates[
        (estimates["estimand"] == about.id) & (estimates["attribution"] == about.attribution)
        & (estimates["labels"] == about.labels) & (estimates["group"] == wanted)
        & (estimates["unit"] != "repository")
    ].set_index("method")  # fmt: skip
    ranges = {}
    for method, key in _METHODS.items():
        for end in ("lower", "upper"):
            value = float(rows[end].get(method, np.nan))
            ranges[f"{key}_{end}"] = value / (1 + value) if wanted != name else value
    return ranges
