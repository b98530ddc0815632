"""Influence: the fewest units without which the lead turns, and how far each one moves it.

Contributions to the lead are additive, so that every answer here is exact arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.analysis.cells import UNITS, Repositories, SpecifiedCells
from replication.analysis.lead import CHINA, USA
from replication.analysis.specification import rivals
from replication.analysis.tipping import SHOWN, fewest
from replication.errors import DegenerateDataError
from replication.inference.cells import Cells

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RemovalSet:
    """A smallest set of units without which the other side leads.

    Attributes
    ----------
    leader
        China or the USA; China where both are equal.
    lead
        China's share less that of the USA, with all units.
    units
        The set, largest contributions first; empty where no set turns the lead.
    share
        What the set holds of the total; NaN where there is none.
    lead_after
        The lead without the set, of the other sign; NaN where there is none.
    """

    leader: str
    lead: float
    units: tuple[str, ...]
    share: float
    lead_after: float


def removal_set(cells: Cells) -> RemovalSet:
    """Find a smallest set of units without which the lead turns; of equal units the first by name.

    Removing a set takes the sum of its units' contributions, China's downloads less those of the
    USA, off the lead, and they turn it if and only if their sum for the leader exceeds it. Of all
    sets of m units none has a larger sum than the m units that contribute most to the leader, so
    that the shortest run of these that turns the lead is a smallest set of all.

    No set turns the lead where no unit favours the side behind: with any that does, to remove all
    others is enough.
    """
    contributions, sizes = _contributions(cells)
    gap, total = int(contributions.sum()), int(sizes.sum())
    gains = contributions if gap >= 0 else -contributions
    needed = fewest(np.maximum(gains, 0), abs(gap))
    leader = CHINA if gap >= 0 else USA
    if needed > len(gains):
        return RemovalSet(leader, gap / total, (), np.nan, np.nan)
    chosen = np.lexsort((np.asarray(cells.units), -gains))[:needed]
    removed = int(sizes[chosen].sum())
    left = gap - int(contributions[chosen].sum())
    names = tuple(cells.units[i] for i in chosen)
    return RemovalSet(leader, gap / total, names, removed / total, left / (total - removed))


def removal_sets(repositories: Repositories) -> pd.DataFrame:
    """Find the fewest developers and the fewest repositories without which each lead turns.

    Returns
    -------
    pandas.DataFrame
        One row a specification and unit: ``leader``; ``lead``; ``fewest``, the number of units in
        a smallest set without which the lead turns; ``names`` of the first of them; their
        ``share`` of the total; and ``lead_after``. The last four are missing where no set turns
        it. Leads and shares are fractions.
    """
    rows = [
        _removal_row(repositories.cells(spec, unit), repositories.titles)
        for spec, unit in product(repositories.specifications, UNITS)
    ]
    return pd.DataFrame(rows)


def _removal_row(cells: SpecifiedCells, titles: Mapping[Any, str]) -> dict[str, object]:
    """The row of `removal_sets` of some cells."""
    smallest = removal_set(cells)
    return {
        **cells.specification.keys,
        "unit": cells.unit,
        "leader": smallest.leader,
        "lead": smallest.lead,
        "fewest": len(smallest.units) or np.nan,
        "names": "; ".join(str(titles.get(name, name)) for name in smallest.units[:SHOWN]),
        "share": smallest.share,
        "lead_after": smallest.lead_after,
    }


def lead_without_each(cells: Cells) -> Floats:
    """China's share less that of the USA (n,) without each of the n units.

    Raises
    ------
    DegenerateDataError
        There is one unit, without which nothing is left.
    """
    _check_several(cells)
    contributions, sizes = _contributions(cells)
    return np.asarray((contributions.sum() - contributions) / (sizes.sum() - sizes))


def jackknife_error(without_each: Floats) -> float:
    """Delete-one jackknife standard error of a statistic (n,) without each of n units.

    The variance is (n − 1)/n · Σ(θᵢ − θ̄)², as in `replication.inference.intervals.jackknife_logit`,
    on the statistic's own scale.
    """
    n = len(without_each)
    deviations = without_each - without_each.mean()
    return float(np.sqrt((n - 1) / n * (deviations**2).sum()))


def dfbeta(repositories: Repositories) -> pd.DataFrame:
    """Rank developers and repositories by how far the lead moves without them.

    Returns
    -------
    pandas.DataFrame
        For the headline and the increments that end with it, one row a unit, the most influential
        first: ``window, unit, name, group`` (the one that holds most of it), ``share`` of the total,
        ``shift`` (the lead without it less the lead, as a fraction), ``dfbeta`` (the size of the
        shift in jackknife standard errors of the lead, the scaled change that regression
        diagnostics call DFBETAS; NaN where no unit moves the lead) and ``rank``.
    """
    titles, parts = repositories.titles, []
    for spec, unit in product(rivals(repositories.definitions), UNITS):
        rows = _ranked(repositories.cells(spec, unit)).assign(window=spec.window, unit=unit)
        parts.append(rows.assign(name=[titles.get(name, name) for name in rows["name"]]))
    table = pd.concat(parts, ignore_index=True)
    keys = ["window", "unit"]
    return table[[*keys, *table.columns.drop(keys)]]


def _check_several(cells: Cells) -> None:
    """Refuse cells of one unit."""
    if len(cells.units) < 2:
        raise DegenerateDataError(
            "one unit has all downloads: it cannot be left out", "widen the window"
        )


def _contributions(cells: Cells) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What each unit adds to China − USA, and all that it holds (n,), in half downloads."""
    return np.asarray(cells.of(CHINA) - cells.of(USA)), cells.sizes


def _ranked(cells: Cells) -> pd.DataFrame:
    """Units of one estimand by influence on the lead; of equal influence the first by name."""
    contributions, sizes = _contributions(cells)
    without = lead_without_each(cells)
    shift = without - contributions.sum() / sizes.sum()
    with np.errstate(invalid="ignore"):
        scaled = np.abs(shift) / jackknife_error(without)
    rows = pd.DataFrame(
        {
            "name": cells.units,
            "group": cells.main_groups,
            "share": sizes / sizes.sum(),
            "shift": shift,
            "dfbeta": scaled,
        }
    ).sort_values(["dfbeta", "name"], ascending=[False, True], ignore_index=True)
    return rows.assign(rank=np.arange(1, len(rows) + 1))
