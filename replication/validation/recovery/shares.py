"""Are the true shares recovered? After the first counters exactly, before them within the error."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats

from replication.analysis.lead import LEAD, SIDES
from replication.analysis.rebuild_error import standard_error
from replication.definitions import INTERPOLATED, Variant, Window
from replication.panel.whole_hub.rebuild import Detailed
from replication.validation.recovery.experiment import Experiment, Ints, estimate, truth

MARK = 0.05
"""Points by which a share may miss the truth after the first cumulative counters."""


def recovered(experiment: Experiment, detailed: Detailed) -> pd.DataFrame:
    """Every share, and the lead, beside the truth.

    Returns
    -------
    pandas.DataFrame
        One row a window and statistic: ``seed, window, regime, statistic, truth, estimate`` (percent),
        ``error, allowed`` (points) and ``ok``. Allowed is `MARK` where counters know all, and
        the reported error (95 % by the normal law) where a part comes from the chain.
    """
    rows = [
        row
        for window in experiment.definitions.windows
        for row in _rows(experiment, detailed, window)
    ]
    return pd.DataFrame(rows)


def _rows(
    experiment: Experiment, detailed: Detailed, window: Window
) -> Iterator[dict[str, object]]:
    """Statistics of one window."""
    variant = Variant(window, experiment.definitions.panel.age_limit_days, INTERPOLATED)
    true = truth(experiment, window)
    ours = estimate(experiment, detailed, detailed.totals[variant.id])
    chained = estimate(experiment, detailed, detailed.chained[window.id])
    rebuilt = window.kind == "rebuild"
    for name in (*SIDES, LEAD):
        weight = _weight(experiment, name)
        exact, estimated = _share(weight, true), _share(weight, ours)
        reported = _reported(experiment, weight, ours, chained, detailed)
        allowed = reported if rebuilt else MARK * (1 + (name == LEAD))  # the lead is of two shares
        error = 100 * (estimated - exact)
        yield {
            "seed": experiment.seed,
            "window": window.id,
            "regime": "rebuilt" if rebuilt else "counters",
            "statistic": name,
            "truth": 100 * exact,
            "estimate": 100 * estimated,
            "error": error,
            "allowed": allowed,
            "ok": bool(abs(error) <= allowed),
        }


def _weight(experiment: Experiment, name: str) -> np.ndarray:
    """1 (n,) for the repositories of a group; for the lead −1 for those of the USA."""
    groups = np.asarray(experiment.hub.groups)[experiment.hub.developer]
    sides = {side: np.asarray(groups == side, dtype=np.float64) for side in SIDES}
    return sides["China"] - sides["USA"] if name == LEAD else sides[name]


def _share(weight: np.ndarray, downloads: Ints) -> float:
    return float((weight * downloads).sum() / downloads.sum())


def _reported(
    experiment: Experiment, weight: np.ndarray, ours: Ints, chained: Ints, detailed: Detailed
) -> float:
    """Half the reported interval, in points."""
    moves = (weight - _share(weight, ours)) * chained / ours.sum()
    own = np.bincount(experiment.hub.developer, weights=moves).astype(np.float64)
    error = standard_error(own, vars(detailed.scale))
    return float(100 * stats.norm.ppf(0.975) * error)
