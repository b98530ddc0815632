"""Which interval the measured coverage supports, and what that says of the preferred one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from replication.analysis.lead import CHINA, LEAD, USA
from replication.definitions import Definitions

PREFERRED = ("developer", "none", "jackknife-logit")
"""The interval that the text and the figures prefer."""
FEWER_DEGREES = ("jackknife-logit-effective", "jackknife-logit-effective-of-two")
"""The preferred interval with fewer degrees of freedom: those of as many equal developers as weigh as
much, and as the developers of the two sides alone do. They are measured beside it, and no candidates."""
NOT_INTERVALS = ("leave-one-out", *FEWER_DEGREES)
JUDGED_BY = (CHINA, USA, LEAD)
MOST_REFUSED = 0.05
"""A method that refuses more often in some setting is no candidate."""
NEAR = 0.02
"""Coverage counts as near nominal within this distance."""
_METHOD = ["unit", "scheme", "method"]
_NAMES = {
    PREFERRED: "the jackknife on the logit scale",
    ("developer", "multinomial", "percentile"): "the percentile interval",
    ("developer", "multinomial", "studentised-logit"): "the studentised interval",
    ("developer", "poisson", "percentile"): "the percentile interval with Poisson weights",
}


def worst_coverage(table: pd.DataFrame) -> pd.DataFrame:
    """How every interval does in its worst setting.

    Judged are the shares of China and the USA and the lead, in every model and estimand with
    developers as concentrated as they are.

    Parameters
    ----------
    table
        Measured coverage.

    Returns
    -------
    pandas.DataFrame
        By unit, scheme and method: ``coverage`` (smallest), ``refused`` and ``error`` (largest).
    """
    judged = table[table["group"].isin(JUDGED_BY) & (table["power"] == 1)]
    judged = judged[~judged["method"].isin(NOT_INTERVALS)]
    return judged.groupby(_METHOD).agg(
        coverage=("coverage", "min"), refused=("refused", "max"), error=("error", "max")
    )


def best_method(worst: pd.DataFrame) -> tuple[str, str, str]:
    """Unit, scheme and method of the interval that covers most in its worst setting.

    Parameters
    ----------
    worst
        The table of `worst_coverage`; methods that refuse too often are no candidates.
    """
    unit, scheme, method = worst.loc[worst["refused"] <= MOST_REFUSED, "coverage"].idxmax()
    return unit, scheme, method


def of_calibration(table: pd.DataFrame, definitions: Definitions) -> dict[str, Any]:
    """Which interval the measured coverage supports, and how the others that are quoted do.

    Parameters
    ----------
    table
        Measured coverage.
    definitions
        Definitions: the headline and the level.
    """
    worst = worst_coverage(table)
    best = best_method(worst)
    lead = table[table["group"] == LEAD]
    head = lead[lead["estimand"] == definitions.headline.estimand]
    without = head.loc[(head["method"] == "leave-one-out") & (head["power"] == 1), "coverage"]
    repository = lead.loc[lead["unit"] == "repository", "coverage"]
    return {
        "calibration_best": _NAMES.get(best, " ".join(best)),
        "calibration_best_worst": float(worst.loc[best, "coverage"]),
        "calibration_preferred": _sentence(worst, best),
        "calibration_repository_worst": float(repository.min()),
        "calibration_without_worst": float(without.min()),
        "calibration_without_best": float(without.max()),
        "calibration_enough": _enough(head, definitions.inference.level),
        "calibration_error": float(head["error"].max()),
    }


def _sentence(worst: pd.DataFrame, best: tuple[str, str, str]) -> str:
    """What the coverage says of the preferred interval."""
    if best == PREFERRED:
        return "It is therefore the interval that we prefer where we quote one."
    name, short = _NAMES[PREFERRED], worst.loc[best, "coverage"] - worst.loc[PREFERRED, "coverage"]
    if short <= 2 * worst.loc[PREFERRED, "error"]:
        return (
            f"We prefer {name}, which falls short of it by no more than two binomial "
            "standard errors."
        )
    return f"We prefer {name}, which this table does not support."


def _enough(lead: pd.DataFrame, level: float) -> float:
    """Fewest effective developers from which on the preferred interval is near nominal; or NaN."""
    mine = lead[(lead[_METHOD] == list(PREFERRED)).all(axis=1)]
    near = (mine["coverage"] - level).abs() <= NEAR
    by_size = near.groupby(mine["n_effective"]).all().sort_index()
    lasting = by_size[::-1].cumprod()[::-1].astype(bool)
    return float(lasting.index[lasting][0]) if lasting.any() else np.nan
