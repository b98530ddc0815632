"""The specification grid: the lead under every combination of the choices in definitions.toml.

A specification is a window, an age limit, a rule for frozen readings, a credit rule, a source of
labels, a treatment of the unattributed, an exclusion and a scope. Its cells are a matrix product
of who is credited and of downloads, and specifications with as many clusters share the weights of
their replicates, so that thousands of bootstraps cost no more than a few matrix products.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from replication.analysis.choices import LEFT_OUT, LINEAGE, NONE, OWN
from replication.attribution import scope
from replication.attribution.rules import DISTILLATION
from replication.definitions import Definitions, Exclusion, Grid, Inference
from replication.inference import intervals
from replication.inference.cells import CREDIT, HALVES, leave_out
from replication.inference.resampling import cluster_weights

DIMENSIONS = (
    "window", "age_limit_days", "frozen", "attribution", "labels", "treatment", "exclusion", "scope",
)  # fmt: skip
"""The columns that name a specification, in the order of `Definitions.grid`."""
SIDES = ("China", "USA", "total")
"""Columns of the cells of a unit."""
EXACT = [
    "total", "n_developers", "n_effective", "china", "usa", "lead", "without_lower", "without_upper",
]  # fmt: skip
"""Measures of a specification that need no draw."""
DIGITS = 6
"""Fractions are rounded to as many decimals: more than any error of an end leaves meaning to."""
AT_ONCE = 256
"""Specifications multiplied at a time, which bounds the memory and changes no number."""
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Masks = Mapping[str, NDArray[np.bool_]]


@dataclass(frozen=True)
class Credited:
    """Who is credited with every repository by one rule, source of labels and treatment.

    Attributes
    ----------
    repository
        Place (c,) of the credited repository.
    developer
        Number (c,) of the developer who is credited.
    side
        Place (c,) in `SIDES`: China, the USA, or neither, which is part of the total alone.
    halves
        Half downloads (c,) credited of each download.
    """

    repository: Ints
    developer: Ints
    side: Ints
    halves: Ints

    def cells(self, units: Ints, downloads: Ints) -> Ints:
        """Half downloads (u, 3, v) of u units in `SIDES`, of downloads (r, v) of repositories."""
        rows, size = units * len(SIDES) + self.side, (units.max(initial=0) + 1) * len(SIDES)
        shape = (size, len(downloads))
        credit = sparse.csr_array((self.halves, (rows, self.repository)), shape=shape)
        found = (credit @ downloads).reshape(-1, len(SIDES), downloads.shape[1])
        found[:, -1] += found[:, 0] + found[:, 1]
        return np.asarray(found)


def multiverse(
    table: pd.DataFrame,
    variants: pd.DataFrame,
    definitions: Definitions,
    progress: Callable[[str], None] = lambda _: None,
) -> pd.DataFrame:
    """Estimate the lead in every specification of the grid.

    Parameters
    ----------
    table
        Attributed repositories.
    variants
        Downloads of each repository in every variant of the panel.
    definitions
        Definitions: the grid, chunk, seed and level.
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
    table, found = table.sort_values("repository", ignore_index=True), _Found([], [], {}, [])
    downloads = _downloads(table, variants, definitions)
    rules = [(v.window.id, v.age_limit_days, v.frozen) for v in definitions.variants]
    keys: list[tuple[str | int, ...]] = []
    for names, credited, kept in _blocks(table, definitions):
        progress(" · ".join(names))
        counted = downloads * kept[:, None]
        found.add(
            credited.cells(credited.developer, counted),
            credited.cells(credited.repository, counted),
        )
        keys += [(*rule, *names) for rule in rules]
    progress("resampling")
    rows = pd.DataFrame(keys, columns=list(DIMENSIONS)).assign(place=found.place)
    return _in_grid_order(rows.join(_measured(found, definitions), on="place"), definitions)


def masks_of_scopes(table: pd.DataFrame, grid: Grid) -> Masks:
    """Which repositories (r,) every scope of the grid holds.

    What a model does and how large it is are told by names (`replication.attribution.scope`).
    First-party repositories are those whose uploader made the weights; repositories whose names
    state no size belong to neither size.
    """
    text = (scope.task_of(table["name"], scope.load()) == scope.TEXT_GENERATION).to_numpy()
    size = scope.size_class(scope.parameters_of(table["name"]), grid.size_limit_billions)
    own = (table["uploader_developer"] == table["maker_developer"]).to_numpy()
    masks = {
        "all": np.ones(len(table), dtype=bool),
        "text-generation": text,
        "first-party": own,
        "first-party-text": own & text,
        "without-distillations": _kept(table, _DISTILLED),
        "up-to-8B": (size == scope.AT_MOST).to_numpy(),
        "over-8B": (size == scope.OVER).to_numpy(),
    }
    return MappingProxyType({name: masks[name] for name in grid.scopes})


_DISTILLED = Exclusion("distilled", "distilled models", (DISTILLATION,), estimated=False)


def _kept(table: pd.DataFrame, exclusion: Exclusion | None) -> NDArray[np.bool_]:
    """Which repositories (r,) an exclusion leaves."""
    return np.asarray(table.index.isin(leave_out(table, exclusion).index))


def _downloads(table: pd.DataFrame, variants: pd.DataFrame, definitions: Definitions) -> Ints:
    """Downloads (r, v) of the repositories of `table` in every variant."""
    by_repository = variants.set_index("repository").loc[table["repository"]]
    return np.asarray(by_repository[[v.id for v in definitions.variants]], dtype=np.int64)


def _blocks(
    table: pd.DataFrame, definitions: Definitions
) -> Iterator[tuple[tuple[str, ...], Credited, NDArray[np.bool_]]]:
    """Every combination of the dimensions that are not variants, with who is credited and kept."""
    grid, scopes = definitions.grid, masks_of_scopes(table, definitions.grid)
    exclusions = {x.id: x for x in definitions.exclusions}
    kept = {name: _kept(table, exclusions.get(name)) for name in grid.exclusions}
    for attribution, labels, treatment in product(grid.attributions, grid.labels, grid.treatments):
        credited = credit(table, attribution, labels, treatment, definitions.unattributed)
        for exclusion, name in product(grid.exclusions, grid.scopes):
            names = (attribution, labels, treatment, exclusion, name)
            yield names, credited, kept[exclusion] & scopes[name]


def credit(
    table: pd.DataFrame, attribution: str, labels: str, treatment: str, nowhere: Sequence[str]
) -> Credited:
    """Who is credited with every repository of `table`.

    Parameters
    ----------
    table
        Attributed repositories.
    attribution, labels, treatment
        Choices of the grid.
    nowhere
        Country groups that stand for no country.
    """
    parts = []
    developers = np.unique(table[[f"{role}_developer" for role in _ROLES]].to_numpy(dtype=str))
    for role, halves in CREDIT[attribution].items():
        group = table[f"{labels}_group_{role}"]
        missing = group.isin(list(nowhere))
        if treatment == LINEAGE:
            group = group.mask(missing, table[f"{labels}_group_origin"])
        side = group.map({"China": 0, "USA": 1}).fillna(2).to_numpy(dtype=np.int64)
        developer = np.searchsorted(developers, table[f"{role}_developer"].to_numpy(dtype=str))
        place = np.flatnonzero(~missing) if treatment == LEFT_OUT else np.arange(len(table))
        parts.append((place, developer[place], side[place], np.full(len(place), halves)))
    return Credited(*(np.concatenate(part) for part in zip(*parts, strict=True)))


_ROLES = ("uploader", "origin", "maker")


@dataclass
class _Found:
    """Different cells of all specifications, and which of them is each one's.

    Attributes
    ----------
    developers, repositories
        Cells (n, 3) of the units with downloads of each different specification.
    known
        Their places by content.
    place
        Which one each specification has.
    """

    developers: list[Ints]
    repositories: list[Ints]
    known: dict[bytes, int]
    place: list[int]

    def add(self, developers: Ints, repositories: Ints) -> None:
        """Add the cells (u, 3, v) of v specifications, by either unit."""
        for number in range(developers.shape[-1]):
            pair = [
                cells[cells[:, -1, number] > 0][..., number] for cells in (developers, repositories)
            ]
            key = b"|".join(np.ascontiguousarray(cells).tobytes() for cells in pair)
            if key not in self.known:
                self.known[key] = len(self.developers)
                self.developers.append(pair[0])
                self.repositories.append(pair[1])
            self.place.append(self.known[key])


def _measured(found: _Found, definitions: Definitions) -> pd.DataFrame:
    """One row of measures for each of the different cells."""
    rules, replicates = definitions.inference, definitions.grid.replicates
    exact = pd.DataFrame([_exact(cells) for cells in found.developers], columns=EXACT)
    low, high, leads = _resampled(found.developers, rules, replicates)
    by_repository = _resampled(found.repositories, rules, replicates)
    drawn = {
        "lower": low, "upper": high, "china_leads": leads,
        "repository_lower": by_repository[0], "repository_upper": by_repository[1],
    }  # fmt: skip
    return exact.assign(**drawn)


def _exact(cells: Ints) -> dict[str, float]:
    """What needs no draw, of cells (n, 3) of developers."""
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
        "china": china / total,
        "usa": usa / total,
        "lead": (china - usa) / total,
        "without_lower": float(np.fmin.reduce(without)),
        "without_upper": float(np.fmax.reduce(without)),
    }


def _resampled(
    each: Sequence[Ints], rules: Inference, replicates: int
) -> tuple[Floats, Floats, Floats]:
    """Percentile interval of the lead, and how often China leads, of each cells (n, 3).

    Cells of fewer than two units have none.
    """
    found = np.full((3, len(each)), np.nan)
    by_size: dict[int, list[int]] = {}
    for place, cells in enumerate(each):
        by_size.setdefault(len(cells), []).append(place)
    for n, places in by_size.items():
        for start in range(0, len(places) if n > 1 else 0, AT_ONCE):
            some = places[start : start + AT_ONCE]
            lead = _leads(np.stack([each[p] for p in some]), rules, replicates)
            low, high = intervals.percentile(lead, rules.level)
            found[:, some] = low, high, (lead > 0).mean(axis=0)
    return found[0], found[1], found[2]


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


def choices_of(definitions: Definitions) -> dict[str, tuple[str | int, ...]]:
    """The choices of every dimension, in their order in definitions.toml."""
    grid = definitions.grid
    every = (
        tuple(w.id for w in definitions.all_windows), grid.age_limits_days, grid.frozen,
        grid.attributions, grid.labels, grid.treatments, grid.exclusions, grid.scopes,
    )  # fmt: skip
    return dict(zip(DIMENSIONS, every, strict=True))


def headline_choices(definitions: Definitions) -> dict[str, str | int]:
    """The headline's choice in every dimension."""
    head, rules = definitions.headline, definitions.panel
    exclusion = definitions.headline_estimand.exclusion
    names = (
        definitions.headline_estimand.window.id, rules.age_limit_days, definitions.grid.frozen[0],
        head.attribution, head.labels, OWN, exclusion.id if exclusion else NONE,
        definitions.grid.scopes[0],
    )  # fmt: skip
    return dict(zip(DIMENSIONS, names, strict=True))


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
    told = ordered.assign(distinct=np.where(again, "no", "yes")).reset_index(drop=True)
    columns = [*DIMENSIONS, "distinct", "total", "n_developers", "n_effective", *fractions]
    return told[columns].round(dict.fromkeys(["n_effective", *fractions], DIGITS))
