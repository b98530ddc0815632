"""The window under every combination of its choices."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

from replication.analysis.grid import DIGITS, exact_measures
from replication.analysis.specification import NONE
from replication.analysis.window.data import WindowData, estimate
from replication.attribution.assign import RANGE
from replication.panel.window import SEEN, column, variants

DIMENSIONS = [
    "filling", "age_limit_days", "capture", "attribution", "labels", "treatment", "exclusion",
]  # fmt: skip
_FRACTIONS = ["n_effective", "china", "usa", "lead", "part", "without_lower", "without_upper"]


def grid(data: WindowData) -> pd.DataFrame:
    """The lead in every specification of the window.

    Labels are those of the grid, and the registry with every doubt resolved for one side.

    Returns
    -------
    pandas.DataFrame
        One row a specification: `DIMENSIONS`, ``distinct`` (no where the cells are those of an
        earlier one), ``total`` (downloads), ``n_effective``, ``china, usa, lead, part`` and
        ``without_lower, without_upper`` (range of the lead without any one developer). The filling
        ``seen`` stands for what was seen alone, which is corrected by no rule of capture.
    """
    population, choices, measures = data.population, data.definitions.grid, _measures(data)
    downloads = population.table[list(measures)].to_numpy(dtype=np.int64)
    rows, known = [], set()
    exclusions = (NONE, *(x.id for x in data.definitions.at_window.estimated_exclusions))
    for *choice, exclusion in product(
        choices.attributions, (*choices.labels, *RANGE), choices.treatments, exclusions
    ):
        credited = population.credited(*choice)
        counted = downloads * population.without(exclusion)[:, None]
        counts = population.side_cells(credited, credited.developer, counted)
        each = np.ascontiguousarray(np.moveaxis(counts, -1, 0))
        for sums, measured in zip(each, measures.values(), strict=True):
            cells = sums[sums[:, -1] > 0]
            content = cells.tobytes()
            values = exact_measures(cells)
            china, usa = values["china"], values["usa"]
            rows.append({
                **dict(zip(DIMENSIONS, (*measured, *choice, exclusion), strict=True)),
                "distinct": "no" if content in known else "yes",
                **values, "part": china / (china + usa),
            })  # fmt: skip
            known.add(content)
    table = pd.DataFrame(rows)[[*DIMENSIONS, "distinct", "total", *_FRACTIONS]]
    return table.round(dict.fromkeys(_FRACTIONS, DIGITS))


def _measures(data: WindowData) -> dict[str, tuple[str, int, str]]:
    """Filling, age limit and rule of capture of each column of the population's downloads."""
    definitions = data.definitions
    estimates = {
        estimate(column(limit, filling.id), capture): (filling.id, limit, capture)
        for limit, filling in variants(definitions)
        for capture in definitions.capture.rules
    }
    seen = (SEEN, definitions.panel.age_limit_days, NONE)
    return {**estimates, f"{definitions.published_window.id}-seen": seen}
