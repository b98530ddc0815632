"""Whether shares differ between two periods of the weekly series, and what pairing does.

A developer that is large early tends to be large late. Paired weights give it the same weight in
both periods, so that what it has in common cancels out of the change; independent weights ask how
the change would vary if the two periods had different developers.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.analysis.cells import Weeks
from replication.analysis.lead import SIDES
from replication.analysis.weekly import (
    GROUPS,
    TOO_SHORT,
    Floats,
    Ints,
    headline_series,
    shares_and_lead,
)
from replication.definitions import Inference
from replication.errors import DegenerateDataError
from replication.inference import intervals
from replication.inference.resampling import replicate_totals

SPAN = 13
"""Weeks of the first and the last period; the halves of the series are compared as well."""
PAIRED, INDEPENDENT = "paired", "independent"
WEIGHTS = (PAIRED, INDEPENDENT)


def changes(weeks: Weeks) -> pd.DataFrame:
    """Change of China's share, the USA's, and the lead, from the start of the series to its end.

    Compared are the last `SPAN` weeks with the first, and the second half of the weeks with the
    first; of an odd number of weeks the one in the middle is in neither half.

    Parameters
    ----------
    weeks
        Attributed weekly downloads; their definitions say who is credited, by whose labels.

    Returns
    -------
    pandas.DataFrame
        Columns ``series, periods, group`` (`GROUPS`), ``before, after, change, lower, upper,
        p_value, weights`` (`WEIGHTS`). The periods are two ranges of week labels, or `TOO_SHORT`,
        and no numbers, where they would overlap. The ends are those of the percentile interval of
        the change over developers.

    Raises
    ------
    DegenerateDataError
        There are fewer than two weeks, or fewer than two developers.
    """
    labels = weeks.labels
    if len(labels) < 2:
        raise DegenerateDataError(
            "one week has no halves to compare", "use a file whose readings span more weeks"
        )
    tables = []
    for name, counts in headline_series(weeks):
        for span in dict.fromkeys((SPAN, len(labels) // 2)):
            periods, table = TOO_SHORT, _nothing()
            if 2 * span <= len(labels):
                periods = f"{labels[0]} … {labels[span - 1]}, {labels[-span]} … {labels[-1]}"
                table = _changes(counts, span, weeks.definitions.inference)
            tables.append(table.assign(series=name, periods=periods))
    values = ["before", "after", "change", "lower", "upper", "p_value", "weights"]
    return pd.concat(tables, ignore_index=True)[["series", "periods", "group", *values]]


def p_value(replicates: Floats) -> Floats:
    """Two-sided p-value (m,) of a change from its replicates (B, m).

    Twice (1 + c)/(1 + B), at most 1, with c the number of replicates at or beyond zero on the side
    where there are fewer; a replicate in which the change is undefined counts as beyond.
    """
    beyond = np.minimum((~(replicates > 0)).sum(axis=0), (~(replicates < 0)).sum(axis=0))
    return np.asarray(np.minimum(1.0, 2 * (1 + beyond) / (1 + len(replicates))))


def _changes(counts: Ints, span: int, rules: Inference) -> pd.DataFrame:
    """Changes of `GROUPS` from the first `span` weeks to the last, under both kinds of weights.

    Twice as many replicates are drawn: independent weights take the other half of them for the
    second period.
    """
    periods = counts[..., :span].sum(axis=-1), counts[..., -span:].sum(axis=-1)
    before, after = (_shares(period.sum(axis=0)) for period in periods)
    b, columns = rules.replicates, len(SIDES) + 1
    totals = replicate_totals(np.hstack(periods), 2 * b, rules.chunk, rules.seed)
    first, last = _shares(totals[:b, :columns]), _shares(totals[:, columns:])
    parts = []
    for weights, replicates in zip(WEIGHTS, (last[:b] - first, last[b:] - first), strict=True):
        low, high = intervals.percentile(replicates, rules.level)
        p = np.where(np.isnan(after - before), np.nan, p_value(replicates))
        points = {"before": before, "after": after, "change": after - before}
        ends = {"lower": low, "upper": high, "p_value": p, "weights": weights}
        parts.append(pd.DataFrame({"group": GROUPS, **points, **ends}))
    return pd.concat(parts)


def _nothing() -> pd.DataFrame:
    """The same rows without numbers."""
    rows = [(group, weights) for weights in WEIGHTS for group in GROUPS]
    return pd.DataFrame(rows, columns=["group", "weights"])


def _shares(totals: NDArray[np.number]) -> Floats:
    """Shares of `GROUPS` (…, 3) from totals (…, 3) of China, the USA and the rest."""
    return np.asarray(shares_and_lead(totals[..., None])[..., 0])
