"""What would have to be true: denominators and developers that give a published figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.analysis.window.changes import DEVELOPER
from replication.analysis.window.data import WindowData
from replication.analysis.window.errors import SIDES, quantile, totals
from replication.analysis.window.sums import Sums, credited, measures

Floats = NDArray[np.float64]
MOST_IN_SET = 12
"""Developers after which a set is no longer called small."""


def denominators(
    errors: pd.DataFrame, published: Mapping[str, float], study_total: float, data: WindowData
) -> pd.DataFrame:
    """The total that each published share implies, and whether the two agree.

    Parameters
    ----------
    errors
        The table of `replication.analysis.window.errors.errors`.
    published
        Published shares in percent of China and the USA.
    study_total
        Downloads that the study's abstract prints.
    data
        The window.

    Returns
    -------
    pandas.DataFrame
        One row each of: China's downloads over its published share, the USA's over its, their ratio,
        our total, and the study's printed total: ``what, value, lower, upper``.
    """
    (downloads, error), z = totals(errors), quantile(data.definitions)
    rows = []
    for place, side in enumerate(SIDES[:2]):
        share = published[side] / 100
        rows.append(_range(f"implied by {side}", downloads[place] / share, error[place] / share, z))
    logs = np.log(downloads[:2]) - np.log([published[side] for side in SIDES[:2]])
    spread = float(np.sqrt(((error[:2] / downloads[:2]) ** 2).sum()))
    ratio = float(logs[1] - logs[0])
    rows.append({
        "what": "ratio of the two", "value": np.exp(ratio), "lower": np.exp(ratio - z * spread),
        "upper": np.exp(ratio + z * spread),
    })  # fmt: skip
    total_error = float(np.sqrt((error**2).sum()))
    rows.append(_range("rebuilt total", float(downloads.sum()), total_error, z))
    rows.append({"what": "printed by the study", "value": study_total,
                 "lower": study_total, "upper": study_total})  # fmt: skip
    return pd.DataFrame(rows)


def _range(what: str, value: float, error: float, z: float) -> dict[str, object]:
    return {"what": what, "value": value, "lower": value - z * error, "upper": value + z * error}


def targets(data: WindowData, published: Mapping[str, float]) -> pd.DataFrame:
    """Which developers, counted elsewhere or left out, bring each published figure about.

    Parameters
    ----------
    data
        The window.
    published
        Targets as fractions by measure: ``china``, ``usa``, ``lead``.

    Returns
    -------
    pandas.DataFrame
        Rows ``target, published, ours, treatment`` (counted without a country, or left out), ``step``
        (0 for the headline, then one more developer each), ``developer``, ``value`` (the measure
        with all developers so far so treated) and ``reached`` (yes once it is at the published figure
        or beyond). A step takes the developer who brings the measure nearest to it; a target that no
        `MOST_IN_SET` developers reach ends with ``reached`` no.
    """
    head = credited(data.population, data.definitions.window.id, data)
    rows: list[dict[str, object]] = []
    for target, value in published.items():
        for treatment in ("without-country", "left-out"):
            rows += _steps(head, target, value, treatment)
    return pd.DataFrame(rows)


def _steps(head: Sums, target: str, goal: float, treatment: str) -> Iterator[dict[str, object]]:
    """Take one developer after the other until the target is reached."""
    each = head.by(DEVELOPER)
    parts, names = each.to_numpy(dtype=float, copy=True), list(each.index)
    if treatment == "without-country":
        parts[:, -1] = 0.0  # it stays in the total
    sums, ours = head.total, float(measures(head.total)[target])
    value, sign = ours, np.sign(goal - ours)
    rest = np.ones(len(names), dtype=bool)
    about = {"target": target, "published": goal, "ours": ours, "treatment": treatment}
    reached = "yes" if sign == 0 else "no"
    yield about | {"step": 0, "developer": "", "value": ours, "reached": reached}
    if sign == 0:
        return
    for step in range(1, MOST_IN_SET + 1):
        tried = measures(sums - parts)[target]
        moved = np.where(rest, sign * (tried - value), -np.inf)
        over = rest & (sign * (tried - goal) >= 0)
        # The last step is the smallest developer that is enough.
        best = int(np.flatnonzero(over)[-1]) if over.any() else int(np.nanargmax(moved))
        if not moved[best] > 0:
            return
        sums, value, rest[best] = sums - parts[best], float(tried[best]), False
        reached = "yes" if sign * (value - goal) >= 0 else "no"
        yield about | {"step": step, "developer": names[best], "value": value, "reached": reached}
        if reached == "yes":
            return


def luck(data: WindowData, gap: float) -> pd.DataFrame:
    """How many equally large developers it takes to tell a gap from luck, and how many there are.

    With n developers of equal size the standard error of the lead is s / √n, where s² is the share of
    China plus that of the USA less the square of the lead; a gap is told from luck where it exceeds
    the level's quantile of it.

    Parameters
    ----------
    data
        The window.
    gap
        A difference of shares.

    Returns
    -------
    pandas.DataFrame
        One row: ``gap, spread, needed, developers`` (with a name of their own), ``effective``.
    """
    head = credited(data.population, data.definitions.window.id, data)
    values = measures(head.total)
    china, usa, lead = (float(values[name]) for name in ("china", "usa", "lead"))
    spread = float(np.sqrt(china + usa - lead**2))
    z = quantile(data.definitions)
    each = head.by(DEVELOPER)
    named = ~each.index.str.startswith("(")  # small namespaces stand in joint buckets
    sizes = each.to_numpy(dtype=float)[:, -1]
    sizes, named = sizes[sizes > 0], named[sizes > 0]
    return pd.DataFrame([{
        "gap": gap, "spread": spread, "needed": (z * spread / gap) ** 2, "developers": int(named.sum()),
        "effective": sizes.sum() ** 2 / (sizes**2).sum(),
    }])  # fmt: skip
