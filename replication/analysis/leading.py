"""Which interval the measured coverage supports, and the sentence of the text that says so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from replication.definitions import Definitions
from replication.inference.statistics import LEAD

LEADING = ("developer", "none", "jackknife-logit")
"""The interval that the text and the figures lead with."""
NOT_INTERVALS = ("leave-one-out",)
JUDGED_BY = ("China", "USA", LEAD)
MOST_REFUSED = 0.05
"""A method that refuses more often in some setting is no candidate."""
NEAR = 0.02
"""Coverage counts as near nominal within this distance."""
_METHOD = ["unit", "scheme", "method"]
_NAMES = {
    LEADING: "the jackknife on the logit scale",
    ("developer", "multinomial", "percentile"): "the percentile interval",
    ("developer", "multinomial", "studentised-logit"): "the studentised interval",
    ("developer", "poisson", "percentile"): "the percentile interval with Poisson weights",
}


def of_calibration(table: pd.DataFrame, definitions: Definitions) -> dict[str, Any]:
    """Which interval the measured coverage supports, judged by its worst setting.

    Judged are the shares of China and the USA and the lead, in every model and estimand with
    developers as concentrated as they are.

    Parameters
    ----------
    table
        Measured coverage.
    definitions
        Definitions: the headline and the level.
    """
    judged = table[table["group"].isin(JUDGED_BY) & (table["power"] == 1)]
    judged = judged[~judged["method"].isin(NOT_INTERVALS)]
    found = judged.groupby(_METHOD).agg(
        coverage=("coverage", "min"), refused=("refused", "max"), error=("error", "max")
    )
    worst = found.loc[found["refused"] <= MOST_REFUSED, "coverage"]
    best = worst.idxmax()
    short = float(worst.max() - found.loc[LEADING, "coverage"])
    lead = table[table["group"] == LEAD]
    head = lead[lead["estimand"] == definitions.headline.estimand]
    without = head.loc[(head["method"] == "leave-one-out") & (head["power"] == 1), "coverage"]
    return {
        "calibration_best": _NAMES.get(best, " ".join(best)),
        "calibration_best_worst": float(worst.max()),
        "calibration_lead": _leading(best, short, float(found.loc[LEADING, "error"])),
        "calibration_repository_worst": float(
            lead.loc[lead["unit"] == "repository", "coverage"].min()
        ),
        "calibration_without_worst": float(without.min()),
        "calibration_without_best": float(without.max()),
        "calibration_enough": _enough(head, definitions.inference.level),
        "calibration_error": float(head["error"].max()),
    }


def _leading(best: tuple[str, str, str], short: float, error: float) -> str:
    """The sentence on the interval that the text leads with: what the coverage says of it."""
    if best == LEADING:
        return "It is therefore the interval that we lead with where we quote one."
    if short <= 2 * error:
        return (
            f"We lead with {_NAMES[LEADING]}, which falls short of it by no more than two binomial "
            "standard errors."
        )
    return f"We lead with {_NAMES[LEADING]}, which this table does not support."


def _enough(lead: pd.DataFrame, level: float) -> float:
    """Fewest effective developers from which on the leading interval is near nominal; or NaN."""
    mine = lead[(lead[_METHOD] == list(LEADING)).all(axis=1)]
    near = (mine["coverage"] - level).abs() <= NEAR
    by_size = near.groupby(mine["n_effective"]).all().sort_index()
    lasting = by_size[::-1].cumprod()[::-1].astype(bool)
    return float(lasting.index[lasting][0]) if lasting.any() else np.nan
