"""The error of downloads that only the chain of 30-day windows shows, carried into the shares.

It is an error of measurement, not of luck, and only windows that reach back before the cumulative
counters have it. Two parts are independent: the chain's scale may be wrong for all alike, and each
developer's chain errs on its own, in proportion to its size. Both are measured where the counters are
known too (`replication.panel.whole_hub.chain`), and reach a share to first order (the delta method).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from replication.analysis.cells import Repositories
from replication.analysis.lead import CHINA, LEAD, SIDES, USA
from replication.attribution.assign import LABELS, WEEKLY_ROLES

METHOD = "rebuild-error"
COMBINED = "jackknife-logit-with-rebuild"
Floats = NDArray[np.float64]


def with_rebuild_error(
    estimates: pd.DataFrame,
    repositories: Repositories,
    chained: pd.DataFrame,
    chain: pd.DataFrame,
) -> pd.DataFrame:
    """Add the error of the rebuilt part to the estimates.

    Parameters
    ----------
    estimates
        The table of `estimates.estimate`.
    repositories
        Attributed repositories.
    chained
        ``repository`` and one column a window: downloads that only the chain shows.
    chain
        ``stretch, factor, factor_error, spread``, with a row "used".

    Returns
    -------
    pandas.DataFrame
        `estimates` with two more rows for the shares of China and the USA and for their lead, where
        a window holds chained downloads: `METHOD`, the range of this error alone, and `COMBINED`,
        the jackknife's ends moved out by it, as independent errors add (in quadrature).
    """
    used = chain.set_index("stretch").loc["used"]
    names = repositories.table[["repository"]]
    sizes = names.merge(chained, on="repository", how="left").fillna(0)
    z = float(ndtri((1 + repositories.definitions.inference.level) / 2))
    rows = []
    windows = [w.id for w in repositories.definitions.windows if sizes[w.id].sum() > 0]
    for window, role, labels in product(windows, WEEKLY_ROLES, LABELS):
        errors = _errors(repositories.table, sizes[window], window, role, labels, used)
        where = {"estimand": window, "attribution": role, "labels": labels}
        rows += _rows(estimates, where, errors, z)
    return pd.concat([estimates, pd.DataFrame(rows)], ignore_index=True) if rows else estimates


def of_chained(repositories: Repositories, chained: pd.DataFrame) -> dict[str, float]:
    """Share of the headline's downloads that only the chain shows, for the text."""
    window = repositories.headline.window
    return {"chained_share": float(chained[window].sum() / repositories.table[window].sum())}


def _errors(
    table: pd.DataFrame, chained: pd.Series, window: str, role: str, labels: str, used: pd.Series
) -> dict[str, float]:
    """Standard error of each statistic."""
    group = table[f"{labels}_group_{role}"].to_numpy()
    downloads = table[window].to_numpy(dtype=float)
    total = downloads.sum()
    inside = {side: (group == side).astype(float) for side in SIDES}
    inside[LEAD] = inside[CHINA] - inside[USA]
    out = {}
    for name, weight in inside.items():
        value = (weight * downloads).sum() / total
        moves = (weight - value) * chained.to_numpy() / total
        own = pd.Series(moves).groupby(table[f"{role}_developer"].to_numpy()).sum()
        out[name] = standard_error(own.to_numpy(), used)
    return out


def standard_error(moves: Floats, used: Mapping[str, float] | pd.Series) -> float:
    """Standard error of a share.

    Parameters
    ----------
    moves
        By how much the share would move were each developer's chained downloads doubled, to first
        order (k,).
    used
        ``factor, factor_error, spread`` of the chain; a bound where they are not measured.
    """
    common = moves.sum() * used["factor_error"] / used["factor"]
    own = used["spread"] * np.sqrt((moves**2).sum())
    return float(np.hypot(common, own))


def _rows(
    estimates: pd.DataFrame, where: Mapping[str, str], errors: Mapping[str, float], z: float
) -> list[dict[str, object]]:
    """Two rows a statistic, beside its jackknife."""
    same = (estimates[list(where)] == pd.Series(where)).all(axis=1)
    base = estimates[same & (estimates["method"] == "jackknife-logit")].set_index("group")
    out = []
    for name, error in errors.items():
        row = base.loc[name]
        half = z * error
        ends = {
            METHOD: (row["point"] - half, row["point"] + half),
            COMBINED: (
                row["point"] - np.hypot(row["point"] - row["lower"], half),
                row["point"] + np.hypot(row["upper"] - row["point"], half),
            ),
        }
        for method, (lower, upper) in ends.items():
            unit = "none" if method == METHOD else "developer"
            about = {"unit": unit, "method": method, "lower": lower, "upper": upper, "group": name}
            out.append({**row.to_dict(), **about, "error_lower": np.nan, "error_upper": np.nan})
    return out
