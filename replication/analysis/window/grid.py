"""The window under every combination of its choices."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
import pandas as pd

from replication.analysis.choices import NONE
from replication.analysis.grid import DIGITS, Ints, credit
from replication.analysis.window.data import WindowData
from replication.attribution.assign import RANGE
from replication.inference.cells import HALVES, leave_out
from replication.panel.window import SEEN, column, variants

DIMENSIONS = [
    "filling",
    "age_limit_days",
    "capture",
    "attribution",
    "labels",
    "treatment",
    "exclusion",
]


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
    table, downloads, keys = _columns(data)
    definitions = data.definitions
    exclusions = {x.id: x for x in definitions.at_window.estimated_exclusions}
    kept = {NONE: np.ones(len(table), dtype=bool)} | {
        name: np.asarray(table.index.isin(leave_out(table, x).index))
        for name, x in exclusions.items()
    }
    rows, known = [], set()
    choices = definitions.grid
    for attribution, labels, treatment in product(
        choices.attributions, (*choices.labels, *RANGE), choices.treatments
    ):
        who = credit(table, attribution, labels, treatment, definitions.unattributed)
        for name, mask in kept.items():
            cells = who.cells(who.developer, downloads * mask[:, None])
            for number, key in enumerate(keys):
                held = cells[..., number]
                content = held[held[:, -1] > 0].tobytes()
                again = content in known
                known.add(content)
                rows.append((*key, attribution, labels, treatment, name, "no" if again else "yes",
                             *_measures(held)))  # fmt: skip
    names = [
        "total",
        "n_effective",
        "china",
        "usa",
        "lead",
        "part",
        "without_lower",
        "without_upper",
    ]
    found = pd.DataFrame(rows, columns=[*DIMENSIONS, "distinct", *names])
    return found.round(dict.fromkeys(names[1:], DIGITS))


def _columns(data: WindowData) -> tuple[pd.DataFrame, Ints, list[tuple[str, int, str]]]:
    """Attributed rows, their downloads (r, v) and the filling, age limit and capture of each."""
    tables = dict(_variants(data))
    table = max(tables.values(), key=len).drop(columns="downloads")
    downloads = np.zeros((len(table), len(tables)), dtype=np.int64)
    for number, one in enumerate(tables.values()):
        downloads[: len(one), number] = one["downloads"]  # repositories come first in each
    return table, downloads, list(tables)


def _variants(data: WindowData) -> Iterator[tuple[tuple[str, int, str], pd.DataFrame]]:
    """Key and attributed rows with downloads of every combination of filling, age and capture."""
    definitions = data.definitions
    for limit, rule in variants(definitions):
        for capture in definitions.capture.rules:
            yield (rule.id, limit, capture), data.everyone(column(limit, rule.id), capture)
    yield (SEEN, definitions.panel.age_limit_days, NONE), data.everyone(SEEN, NONE)


def _measures(cells: Ints) -> tuple[float, ...]:
    """The measures of cells (n, 3): China, the USA and the total by developer."""
    china, usa, total = (float(x) for x in cells.sum(axis=0))
    sizes, margin = cells[:, -1].astype(float), (cells[:, 0] - cells[:, 1]).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        without = (china - usa - margin) / (total - sizes)
    return (
        total / HALVES, total**2 / float((sizes**2).sum()), china / total, usa / total,
        (china - usa) / total, china / (china + usa), float(np.nanmin(without)),
        float(np.nanmax(without)),
    )  # fmt: skip
