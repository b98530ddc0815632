"""Tipping points: how few wrong labels would turn the lead.

The lead turns when the downloads of the side behind exceed those of the side ahead. Moving a
developer from the side ahead to the side behind gains twice its downloads, giving one of a third
country to the side behind gains them once, and so does finding that one of the side ahead belongs
to neither. Gains add up, so that the largest ones first are the fewest.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.analysis.cells import Repositories
from replication.analysis.lead import CHINA, USA
from replication.attribution.assign import RANGE
from replication.inference.cells import HALVES, Cells

AGAINST = {
    leader: labels for labels, side in RANGE.items() for leader in RANGE.values() if leader != side
}
"""The end of the registry's doubt that favours the side behind, by who leads."""
SHOWN = 3
"""Developers that are named."""


def tipping_points(repositories: Repositories) -> pd.DataFrame:
    """The fewest developers and downloads that must be labelled wrongly for the lead to turn.

    Returns
    -------
    pandas.DataFrame
        One row a specification: ``leader``; ``lead_downloads``, by which it leads;
        ``fewest_developers`` whose relabelling turns the lead, with their names in
        ``developers``; ``fewest_doubtful``, of those with alternative countries, under the
        registry's labels (missing where none suffice); ``fewest_leaving``, the same where the side
        ahead only loses them to no country; ``fewest_downloads`` and ``fewest_share`` of the total:
        a bound that no set of wrong labels can undercut; and ``alone``, the smallest developer
        whose label by itself would do, with ``alone_share``.
    """
    rows = []
    for spec in repositories.specifications:
        cells = repositories.cells(spec)
        point = tipping_point(cells)
        doubtful = np.nan
        if spec.labels == "registry":
            against = replace(spec, labels=AGAINST[str(point["leader"])])
            doubtful = fewest_doubtful(cells, repositories.cells(against))
        rows.append({**spec.keys, "fewest_doubtful": doubtful, **point})
    return pd.DataFrame(rows)


def tipping_point(cells: Cells) -> dict[str, object]:
    """Tipping points of one specification's cells by developer."""
    china, usa = cells.of(CHINA), cells.of(USA)
    leads = int(china.sum()) >= int(usa.sum())
    ahead, behind = (china, usa) if leads else (usa, china)
    gap = int(ahead.sum()) - int(behind.sum())
    total = cells.sizes
    gains = total - behind + ahead
    order = np.lexsort((np.asarray(cells.units), -gains))
    needed = fewest(gains, gap)
    alone = [i for i in order[::-1] if gains[i] > gap]
    smallest = min(alone, key=lambda i: (int(total[i]), cells.units[i]), default=None)
    fewest_halves = gap // 2 + 1
    return {
        "leader": CHINA if leads else USA,
        "lead_downloads": gap / HALVES,
        "fewest_developers": needed,
        "developers": "; ".join(cells.units[i] for i in order[: min(needed, SHOWN)]),
        "fewest_leaving": fewest(ahead, gap),
        "fewest_downloads": fewest_halves / HALVES,
        "fewest_share": fewest_halves / int(total.sum()),
        "alone": "" if smallest is None else cells.units[smallest],
        "alone_share": np.nan if smallest is None else float(total[smallest] / total.sum()),
    }


def fewest_doubtful(cells: Cells, doubted: Cells) -> float:
    """Fewest developers whose doubt turns the lead, were it resolved as in `doubted`; NaN if none.

    Parameters
    ----------
    cells, doubted
        Cells of the same developers by the registry's labels, and with every doubt resolved
        against the side that leads.
    """
    lead = _lead(cells)
    sign = 1 if lead.sum() >= 0 else -1
    gains = sign * (lead - _lead(doubted))
    needed = fewest(gains, abs(int(lead.sum())))
    return float(needed) if needed <= len(gains) else float("nan")


def _lead(cells: Cells) -> NDArray[np.int64]:
    """What each developer adds to China's lead, in half downloads."""
    return np.asarray(cells.of(CHINA) - cells.of(USA))


def fewest(gains: NDArray[np.int64], gap: int) -> int:
    """Smallest number of gains (n,) whose sum exceeds `gap`; n + 1 where even all do not."""
    reached = np.cumsum(np.sort(gains)[::-1])
    return int(np.searchsorted(reached, gap, side="right")) + 1
