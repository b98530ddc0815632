"""Small synthetic tables behind the figures of coverage and of concentration."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd

from replication.analysis.concentration import with_intervals
from replication.definitions import Definitions
from replication.inference.pareto import hill_index, hill_interval
from replication.plots.interval_looks import LOOKS, MODELS

METHODS = list(LOOKS)
BEST = "the interval of the test"
# Effective number of developers by the power of their sizes.
NUMBERS = {1.0: 5.0, 0.5: 25.0, 0.0: 100.0}
DATA_SETS, REPLICATES = 400, 200
LEAD = "China − USA"
# How many units are synthetic, in which scope.
UNITS = {
    ("developer", "all"): 100, ("developer", "China"): 12, ("developer", "USA"): 4,
    ("repository", "all"): 300, ("repository", "China"): 60, ("repository", "USA"): 40,
}  # fmt: skip
ALPHA = {"developer": 0.8, "repository": 1.6}


def synthetic_calibration(definitions: Definitions) -> pd.DataFrame:
    """Coverage that grows with width, and falls from model to model by a point.

    The first method of `METHODS` covers 0.90 in the first model, each other four points less; BCa
    refuses half of the data sets. Flatter sizes lift all coverage towards the nominal level.
    """
    rows = []
    for (power, number), (place, model), (rank, method) in product(
        NUMBERS.items(), enumerate(MODELS), enumerate(METHODS)
    ):
        if power < 1 and model not in {"hits", "developers"}:
            continue
        coverage = 0.90 - 0.01 * place - 0.04 * rank
        coverage = 1 - (1 - coverage) * power - (0.05 if power < 1 else 0.0) * (1 - power)
        refused = 0.5 if method.name == "bca" else 0.0
        rows.append(
            {"estimand": definitions.headline.estimand, "model": model, "power": power}
            | {"n_developers": 100, "n_effective": number, "group": LEAD}
            | dict(zip(("unit", "scheme", "method"), method, strict=True))
            | {"data_sets": DATA_SETS, "refused": refused, "coverage": coverage}
            | {"error": np.sqrt(coverage * (1 - coverage) / DATA_SETS / (1 - refused))}
            | {"below": 0.02, "above": 0.02, "width": 1.2 - 0.08 * rank}
        )
    return pd.DataFrame(rows)


def sizes(unit: str, scope: str) -> np.ndarray:
    """Quantiles of a Pareto law, as many as there are units of the scope."""
    n = UNITS[unit, scope]
    return np.round(1000 * ((np.arange(n) + 0.5) / n) ** (-1 / ALPHA[unit])).astype(np.int64)


def synthetic_concentration(definitions: Definitions) -> pd.DataFrame:
    """Measures of concentration of the synthetic sizes, the same in every window."""
    rules = replace(definitions.inference, replicates=REPLICATES, chunk=REPLICATES)
    measured = {keys: with_intervals(sizes(*keys), rules) for keys in UNITS}
    head = {"attribution": definitions.headline.attribution, "labels": definitions.headline.labels}
    parts = [
        rows.assign(window=window.id, unit=unit, scope=scope, **head)
        for window, ((unit, scope), rows) in product(definitions.windows, measured.items())
    ]
    return pd.concat(parts, ignore_index=True)


def synthetic_hill(definitions: Definitions) -> pd.DataFrame:
    """Hill's index of the synthetic sizes, the same in every window."""
    parts = []
    for window, unit in product(definitions.windows, ALPHA):
        held = sizes(unit, "all")
        k = np.arange(1, len(held) // 2 + 1)
        alpha = hill_index(held)[: len(k)]
        lower, upper = hill_interval(alpha, k, definitions.inference.level)
        ends = {"alpha": alpha, "error": alpha / np.sqrt(k), "lower": lower, "upper": upper}
        parts.append(pd.DataFrame({"window": window.id, "unit": unit, "k": k, **ends}))
    return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True)
class Shown:
    """The synthetic tables as the figures read them."""

    calibration: pd.DataFrame
    concentration: pd.DataFrame
    hill: pd.DataFrame
    summary: pd.DataFrame

    def footer(self, definitions: Definitions) -> str:
        """Source line."""
        return "Data: synthetic."


def synthetic_facts() -> pd.DataFrame:
    """What the summary says of the coverage."""
    facts = {
        "calibration_best": BEST,
        "calibration_best_worst": "0.81",
        "calibration_enough": "40",
        "repositories": "321",
    }
    return pd.DataFrame({"name": facts.keys(), "value": facts.values()})


def synthetic_coverage(definitions: Definitions) -> dict[str, pd.DataFrame]:
    """The tables by their names."""
    return {
        "calibration": synthetic_calibration(definitions),
        "concentration": synthetic_concentration(definitions),
        "hill": synthetic_hill(definitions),
        "summary": synthetic_facts(),
    }
