"""Where the coverage of the preferred interval is near nominal, and what fewer degrees of freedom change.

Judged are the shares of China and the USA and the lead, in every model and estimand with developers
as concentrated as they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from replication.analysis.preferred import FEWER_DEGREES, JUDGED_BY, NEAR, PREFERRED
from replication.plain import listed

ERRORS = 2
"""Coverage is surely outside where it is by more Monte-Carlo errors than this."""
_ROUNDING = 1e-9
_KEYS = ["unit", "scheme", "method"]
_NAMES = {"labels": "labels", "hits": "hits", "developers": "developers", "pareto": "Pareto"}


def of_calibration(table: pd.DataFrame, level: float) -> dict[str, Any]:
    """Coverage by model, of how many it is within `NEAR` of nominal, and the same by other rules.

    Parameters
    ----------
    table
        Measured coverage.
    level
        Nominal coverage.
    """
    mine = judged(table, PREFERRED)
    away = outside(mine, level)
    sure = mine["error"].mul(ERRORS) < (mine["coverage"] - level).abs() - NEAR
    facts: dict[str, Any] = {
        "calibration_near_low": level - NEAR,
        "calibration_near_high": level + NEAR,
        "calibration_stays": _stays(mine["model"].unique(), away["model"].unique()),
        "calibration_outside_surely": int(sure.sum()),
        "calibration_outside_error": float(mine["error"].max()),
    }
    for model, rows in mine.groupby("model"):
        facts[f"calibration_{model}_low"] = float(rows["coverage"].min())
        facts[f"calibration_{model}_high"] = float(rows["coverage"].max())
    for method in (PREFERRED[2], *FEWER_DEGREES):
        rows = judged(table, (*PREFERRED[:2], method))
        facts |= {f"{method}_{name}": value for name, value in _of_rule(rows, level).items()}
    return facts | {"calibration_degrees": _sentence(table)}


def judged(table: pd.DataFrame, key: tuple[str, str, str]) -> pd.DataFrame:
    """Rows of one method that are judged."""
    mine = (table[_KEYS] == list(key)).all(axis=1) & table["group"].isin(JUDGED_BY)
    return table[mine & (table["power"] == 1)]


def outside(rows: pd.DataFrame, level: float) -> pd.DataFrame:
    """Rows whose coverage is further than `NEAR` from nominal."""
    return rows[~((rows["coverage"] - level).abs() <= NEAR + _ROUNDING)]


def _of_rule(rows: pd.DataFrame, level: float) -> dict[str, Any]:
    """What is said of one rule for the degrees of freedom."""
    return {
        "settings": len(rows),
        "near": len(rows) - len(outside(rows, level)),
        "below": int((outside(rows, level)["coverage"] < level).sum()),
        "above": int((outside(rows, level)["coverage"] > level).sum()),
        "worst": float(rows["coverage"].min()) if len(rows) else np.nan,
        "most": float(rows["coverage"].max()) if len(rows) else np.nan,
    }


def _stays(models: Iterable[str], away: Iterable[str]) -> str:
    """In which models coverage stays near nominal, and in which not."""
    leaves = set(away)
    inside, left = (
        listed([_NAMES.get(model, model) for model in models if (model in leaves) == gone])
        for gone in (False, True)
    )
    if not left:
        return "It stays there in every model."
    if not inside:
        return f"It stays there in none of the models, which are {left}."
    return f"It stays there in the models of {inside}, and not in those of {left}."


def _sentence(table: pd.DataFrame) -> str:
    """Which of the three rules covers most in its worst setting."""
    worst = {
        method: judged(table, (*PREFERRED[:2], method)).nsmallest(1, "coverage")
        for method in (PREFERRED[2], *FEWER_DEGREES)
    }
    known = {method: rows.iloc[0] for method, rows in worst.items() if len(rows)}
    if len(known) < len(worst):
        return "Fewer degrees of freedom were not measured."
    best = max(known, key=lambda method: known[method]["coverage"])
    usual = known[PREFERRED[2]]
    if known[best]["coverage"] - usual["coverage"] <= ERRORS * usual["error"] + _ROUNDING:
        return "In its worst setting neither covers more than the usual rule does."
    return (
        "In its worst setting the interval with the "
        f"{'second' if best == FEWER_DEGREES[1] else 'first'} of them covers most."
    )
