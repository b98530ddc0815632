"""The specification grid: the lead under every combination of the choices in definitions.toml.

Its cells are a matrix product of who is credited and of downloads, and specifications with as many
clusters share the weights of their replicates, so that thousands of bootstraps cost no more than a
few matrix products.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from operator import itemgetter

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.analysis.cells import Repositories
from replication.analysis.credit import Mask
from replication.analysis.lead import shares
from replication.analysis.specification import (
    DIMENSIONS,
    Specification,
    choices_of,
)
from replication.definitions import Definitions, Inference
from replication.inference import many_columns
from replication.inference.cells import HALVES, Ints
from replication.inference.resampling import cluster_weights

EXACT = [
    "total", "n_developers", "n_effective", "china", "usa", "lead", "without_lower", "without_upper",
]  # fmt: skip
"""Measures of a specification that need no draw."""
DIGITS = 6
"""Fractions are rounded to as many decimals: more than any error of an end leaves meaning to."""
AT_ONCE = 256
"""Specifications multiplied at a time, which bounds the memory and changes no number."""
Floats = NDArray[np.float64]


def multiverse(
    repositories: Repositories, progress: Callable[[str], None] = lambda _: None
) -> pd.DataFrame:
    """Estimate the lead in every specification of the grid.

    Parameters
    ----------
    repositories
        Attributed repositories with the variants of the panel, the rules on tasks, and the
        definitions: the grid, chunk, seed and level.
    progress
        Called with a line of text as the work goes on.

    Returns
    -------
    pandas.DataFrame
        One row a specification, in the order of the grid: `DIMENSIONS`; ``distinct`` (no for a
        specification whose cells are those of an earlier one); ``total`` (downloads);
        ``n_developers, n_effective``; ``china, usa, lead``; ``lower, upper`` and
        ``repository_lower, repository_upper`` (percentile intervals of the lead over developers
        and over repositories); ``china_leads`` (fraction of the developers' replicates);
        ``without_lower, without_upper`` (range of the lead without any one developer). Fractions
        have `DIGITS` decimals; all are missing where nothing was downloaded.
    """
    definitions, different = repositories.definitions, _DifferentCells()
    columns = [variant.id for variant in definitions.variants]
    downloads = np.asarray(repositories.by_variant[columns], dtype=np.int64)
    keys: list[dict[str, str | int]] = []
    for spec, left in _blocks(repositories):
        names = itemgetter(*DIMENSIONS[3:])(spec.choices)
        progress(" · ".join(map(str, names)))
        credited = repositories.credited(spec.attribution, spec.labels, spec.treatment)
        units = credited.developer, repositories.numbers[0][credited.row]
        counted = downloads * left[:, None]
        different.add(*(repositories.side_cells(credited, unit, counted) for unit in units))
        keys += [
            {
                **spec.choices,
                "window": v.window.id,
                "age_limit_days": v.age_limit_days,
                "frozen": v.frozen,
            }
            for v in definitions.variants
        ]
    progress("resampling")
    rows = pd.DataFrame(keys, columns=list(DIMENSIONS)).assign(place=different.place)
    return _in_grid_order(rows.join(_measured(different, definitions), on="place"), definitions)


def _blocks(repositories: Repositories) -> Iterator[tuple[Specification, Mask]]:
    """The headline under every combination of dimensions that are not variants, and what is left."""
    grid = repositories.definitions.grid
    for attribution, labels, treatment, exclusion, scope in product(
        grid.attributions, grid.labels, grid.treatments, grid.exclusions, grid.scopes
    ):
        spec = replace(
            repositories.headline, attribution=attribution, labels=labels, treatment=treatment,
            exclusion=exclusion, scope=scope,
        )  # fmt: skip
        yield spec, repositories.left(spec)


@dataclass
class _DifferentCells:
    """Different cells of all specifications, and which of them is each one's.

    Attributes
    ----------
    developers, repositories
        Cells (n, 3) of the units with downloads of each different specification.
    known
        Their places by the hash of their content.
    place
        Which one each specification has.
    """

    developers: list[Ints] = field(default_factory=list)
    repositories: list[Ints] = field(default_factory=list)
    known: dict[bytes, int] = field(default_factory=dict)
    place: list[int] = field(default_factory=list)

    def add(self, developers: Ints, repositories: Ints) -> None:
        """Add the cells (u, 3, v) of v specifications, by either unit."""
        each = (np.ascontiguousarray(np.moveaxis(c, -1, 0)) for c in (developers, repositories))
        for both in zip(*each, strict=True):
            pair = [cells[cells[:, -1] > 0] for cells in both]
            key = b"|".join(hashlib.sha256(cells).digest() for cells in pair)
            if key not in self.known:
                self.known[key] = len(self.developers)
                self.developers.append(pair[0])
                self.repositories.append(pair[1])
            self.place.append(self.known[key])


def _measured(different: _DifferentCells, definitions: Definitions) -> pd.DataFrame:
    """One row of measures for each of the different cells."""
    rules, replicates = definitions.inference, definitions.grid.replicates
    exact = pd.DataFrame([exact_measures(cells) for cells in different.developers], columns=EXACT)
    low, high, leads = _resampled(different.developers, rules, replicates)
    by_repository = _resampled(different.repositories, rules, replicates)
    drawn = {
        "lower": low, "upper": high, "china_leads": leads,
        "repository_lower": by_repository[0], "repository_upper": by_repository[1],
    }  # fmt: skip
    return exact.assign(**drawn)


def exact_measures(cells: Ints) -> dict[str, float]:
    """The measures `EXACT` of cells (n, 3) of developers: China, the USA and in total."""
    china, usa, total = (int(x) for x in cells.sum(axis=0))
    if total == 0:
        return {"total": 0, "n_developers": 0}
    sizes = cells[:, -1].astype(float)
    margin = cells[:, 0] - cells[:, 1]
    with np.errstate(invalid="ignore"):
        without = (china - usa - margin) / (total - sizes)
    return {
        "total": total / HALVES,
        "n_developers": len(cells),
        "n_effective": sizes.sum() ** 2 / (sizes**2).sum(),
        **shares((china, usa), total),
        "without_lower": float(np.fmin.reduce(without)),
        "without_upper": float(np.fmax.reduce(without)),
    }


def _resampled(
    each: Sequence[Ints], rules: Inference, replicates: int
) -> tuple[Floats, Floats, Floats]:
    """Percentile interval of the lead, and how often China leads, of each cells (n, 3).

    Cells of fewer than two units have none.
    """
    measures = np.full((3, len(each)), np.nan)
    by_size: dict[int, list[int]] = {}
    for place, cells in enumerate(each):
        by_size.setdefault(len(cells), []).append(place)
    for n, places in by_size.items():
        for start in range(0, len(places) if n > 1 else 0, AT_ONCE):
            some = places[start : start + AT_ONCE]
            lead = _leads(np.stack([each[p] for p in some]), rules, replicates)
            low, high = many_columns.percentile(lead, rules.level)
            measures[:, some] = low, high, (lead > 0).mean(axis=0)
    return measures[0], measures[1], measures[2]


def _leads(cells: Ints, rules: Inference, replicates: int) -> Floats:
    """Leads (B, s) of replicates that resample the n units of cells (s, n, 3).

    The weights are those of `replication.inference.resampling.replicate_totals`.
    """
    s, n, _ = cells.shape
    margin = (cells[..., 0] - cells[..., 1]).T.astype(float)
    columns = np.hstack([margin, cells[..., 2].T.astype(float)])
    chunks = range(-(-replicates // rules.chunk))
    drawn = [cluster_weights(n, rules.chunk, rules.seed, number) @ columns for number in chunks]
    totals = np.concatenate(drawn)[:replicates]
    return np.asarray(totals[:, :s] / totals[:, s:])


def _in_grid_order(rows: pd.DataFrame, definitions: Definitions) -> pd.DataFrame:
    """Rows sorted as the grid counts, the last dimension fastest, with columns in their order."""
    order = [
        rows[name].map({choice: n for n, choice in enumerate(choices)})
        for name, choices in choices_of(definitions).items()
    ]
    fractions = ["china", "usa", "lead", "lower", "upper", "repository_lower", "repository_upper"]
    fractions += ["china_leads", "without_lower", "without_upper"]
    ordered = rows.iloc[np.lexsort([np.asarray(o) for o in reversed(order)])]
    again = ordered["place"].duplicated()
    table = ordered.assign(distinct=np.where(again, "no", "yes")).reset_index(drop=True)
    columns = [*DIMENSIONS, "distinct", "total", "n_developers", "n_effective", *fractions]
    return table[columns].round(dict.fromkeys(["n_effective", *fractions], DIGITS))
