"""What would have to be true: denominators and developers that give a published figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.analysis.window.data import Ints, WindowData
from replication.analysis.window.errors import SIDES, quantile, totals
from replication.analysis.window.measures import measures
from replication.inference.cells import HALVES, Cells, largest_first

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
    cells = data.population.cells(data.population.headline)
    order = largest_first(cells.sizes)
    names, counts, sizes = [cells.units[n] for n in order], cells.counts[order], cells.sizes[order]
    elsewhere = counts.copy()
    elsewhere[:, cells.groups.index(data.definitions.unattributed[0])] -= sizes
    rows: list[dict[str, object]] = []
    for target, value in published.items():
        for treatment, parts in (("without-country", elsewhere), ("left-out", counts)):
            about = {"target": target, "published": value, "treatment": treatment}
            steps = _steps(cells, target, value, names, parts)
            rows += [about | step for step in steps]
    columns = ["target", "published", "ours", "treatment", "step", "developer", "value", "reached"]
    return pd.DataFrame(rows, columns=columns)


def _steps(
    cells: Cells, target: str, goal: float, names: Sequence[str], parts: Ints
) -> Iterator[dict[str, object]]:
    """Take one developer after the other until the target is reached.

    Parameters
    ----------
    cells
        Cells of the headline by developer.
    target, goal
        A measure, and what it should come to.
    names, parts
        Developers, largest first, and what (n, g + 1) the sums lose with each.
    """
    sums = cells.totals
    value = ours = float(measures(sums, cells.groups)[target])
    sign, rest = np.sign(goal - ours), np.ones(len(names), dtype=bool)
    reached = "yes" if sign == 0 else "no"
    yield {"ours": ours, "step": 0, "developer": "", "value": ours, "reached": reached}
    if sign == 0:
        return
    for step in range(1, MOST_IN_SET + 1):
        tried = measures(sums - parts, cells.groups)[target]
        moved = np.where(rest, sign * (tried - value), -np.inf)
        over = rest & (sign * (tried - goal) >= 0)
        # The last step is the smallest developer that is enough.
        best = int(np.flatnonzero(over)[-1]) if over.any() else int(np.nanargmax(moved))
        if not moved[best] > 0:
            return
        sums, value, rest[best] = sums - parts[best], float(tried[best]), False
        reached = "yes" if sign * (value - goal) >= 0 else "no"
        yield {"ours": ours, "step": step, "developer": names[best], "value": value,
               "reached": reached}  # fmt: skip
        if reached == "yes":
            return


def luck(data: WindowData, gap: float) -> pd.DataFrame:
    """How many equally large developers it takes for a gap to differ from luck, and how many there are.

    With n developers of equal size the standard error of the lead is s / √n, where s² is the share of
    China plus that of the USA less the square of the lead; a gap differs from luck where it exceeds
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
    cells = data.population.cells(data.population.headline)
    values = measures(cells.totals, cells.groups)
    china, usa, lead = (float(values[name]) for name in ("china", "usa", "lead"))
    spread = float(np.sqrt(china + usa - lead**2))
    z = quantile(data.definitions)
    named = [not name.startswith("(") for name in cells.units]  # small namespaces stand together
    sizes = np.sort(cells.sizes)[::-1] / HALVES
    return pd.DataFrame([{
        "gap": gap, "spread": spread, "needed": (z * spread / gap) ** 2, "developers": sum(named),
        "effective": sizes.sum() ** 2 / (sizes**2).sum(),
    }])  # fmt: skip
