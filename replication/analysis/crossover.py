"""The weekly series of shares, and the first week from which China leads to the end."""

from __future__ import annotations

from itertools import product

import pandas as pd

from replication.analysis.cells import Weeks
from replication.analysis.lead import CHINA, USA
from replication.analysis.specification import WEEKLY_CREDIT
from replication.analysis.weekly import (
    NEVER,
    Floats,
    bands,
    crossing,
    first_lasting,
    judged_weeks,
    resampled,
    shares,
    smoothed,
)
from replication.attribution.assign import LABELS
from replication.definitions import Definitions
from replication.errors import DegenerateDataError


def series(weeks: Weeks) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Weekly shares with bands, and the crossing with its bootstrap distribution.

    Shares are taken over sums of ``smoothing_weeks`` weeks.

    Parameters
    ----------
    weeks
        Attributed weekly downloads.

    Returns
    -------
    tuple of pandas.DataFrame
        Shares: ``series, attribution, labels, week, group, share, lower, upper``. Crossings:
        ``series, attribution, labels, week, lower, upper, never_fraction, judged_until``, a week
        being the first from which China leads the USA in every smoothed week to the last that is
        judged.

    Raises
    ------
    DegenerateDataError
        The weeks are fewer than one smoothed sum takes.
    """
    definitions = weeks.definitions
    width, rules = definitions.time.smoothing_weeks, definitions.inference
    ends = weeks.labels[width - 1 :]
    if not ends:
        raise DegenerateDataError(
            f"the data span fewer than smoothing_weeks = {width} weeks",
            "use a file whose readings span more weeks, or smooth over fewer",
        )
    tables, crossings = [], []
    for name, attribution, labels in product(weeks.series, WEEKLY_CREDIT, LABELS):
        cells = weeks.cells(attribution, labels, weeks.series[name])
        totals = smoothed(cells.totals.astype(float), width)
        replicates = resampled(smoothed(cells.counts, width), rules)  # whole numbers: the same sums
        keys = {"series": name, "attribution": attribution, "labels": labels}
        table = bands(shares(totals), shares(replicates), cells.groups, ends, rules.level)
        tables.append(table.assign(**keys))
        crossings.append({**keys, **_crossing(totals, replicates, ends, definitions)})
    columns = ["series", "attribution", "labels", "week", "group", "share", "lower", "upper"]
    return pd.concat(tables, ignore_index=True)[columns], pd.DataFrame(crossings)


def _crossing(
    totals: Floats, replicates: Floats, weeks: tuple[str, ...], definitions: Definitions
) -> dict[str, str | float]:
    """The crossing of totals (g, t), and where those of replicates (B, g, t) lie."""
    china, usa = definitions.groups.index(CHINA), definitions.groups.index(USA)
    judged = judged_weeks(totals.sum(axis=0), definitions.time.thin_share)
    place = int(first_lasting(totals[china, :judged] > totals[usa, :judged]))
    leads = replicates[:, china, :judged] > replicates[:, usa, :judged]
    ends, _ = crossing(leads, weeks[:judged], definitions.inference.level)
    week = [*weeks[:judged], NEVER][place]
    return {"week": week, **ends, "judged_until": weeks[judged - 1]}
