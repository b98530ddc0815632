"""The cells of specifications, each made once of the attributed repositories or weeks.

Cells are sums of half downloads over who is credited with what is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from replication.analysis.credit import Attributed, Credited, Mask, places_among
from replication.analysis.scopes import masks_of_scopes
from replication.analysis.specification import (
    CREDIT,
    EVERYTHING,
    NONE,
    WEEKLY_CREDIT,
    Specification,
    headline,
    of_window,
)
from replication.attribution.assign import LABELS
from replication.attribution.scope import TaskRule
from replication.errors import DegenerateDataError
from replication.inference.cells import Cells, Ints, WeeklyCells, occupied

DEVELOPER, REPOSITORY = UNITS = ("developer", "repository")
MOST_KEPT = 1 << 29
"""Bytes of cells that are kept for whoever asks again; beyond it they are made again."""


@dataclass(frozen=True)
class SpecifiedCells(Cells):
    """Cells that know what they are of.

    Attributes
    ----------
    specification
        The specification.
    unit
        One of `UNITS`.
    """

    specification: Specification
    unit: str


@dataclass(frozen=True, eq=False)
class Repositories(Attributed):
    """The attributed repositories, and the cells of every specification that is asked for.

    Attributes
    ----------
    variants
        Downloads of each repository in every variant of the panel; None where only the panel's
        own windows are asked for.
    tasks
        Rules that say what a model does, for the scopes of the grid.
    """

    variants: pd.DataFrame | None = None
    tasks: Sequence[TaskRule] = ()
    _cells: dict[tuple[Specification, str], SpecifiedCells] = field(
        default_factory=dict, init=False, repr=False
    )

    @cached_property
    def headline(self) -> Specification:
        """The specification of the headline."""
        return headline(self.definitions)

    @cached_property
    def specifications(self) -> tuple[Specification, ...]:
        """Every estimand under every credit rule and either source of labels.

        An exclusion that removes nothing is left out, unless it is the headline's.
        """
        choices = product(self.definitions.estimands, CREDIT, LABELS)
        every = (
            replace(
                of_window(estimand.window.id, self.definitions),
                exclusion=estimand.exclusion.id if estimand.exclusion else NONE,
                attribution=attribution,
                labels=labels,
            )
            for estimand, attribution, labels in choices
        )
        own = self.definitions.headline.estimand
        return tuple(
            spec
            for spec in every
            if spec.exclusion == NONE or spec.estimand == own or self.removed(spec) > 0
        )

    @cached_property
    def titles(self) -> dict[Any, str]:
        """Name of every repository."""
        return dict(zip(self.table["repository"], self.table["name"], strict=True))

    def cells(self, specification: Specification, unit: str = DEVELOPER) -> SpecifiedCells:
        """The cells of one specification by developer or by repository.

        Raises
        ------
        DegenerateDataError
            No unit has any download.
        """
        choice = (specification, unit)
        if choice in self._cells:
            return self._cells[choice]
        names, counts = self._counts(specification, unit)
        made = occupied(names, counts, self.definitions.groups)
        found = SpecifiedCells(made.units, made.groups, made.counts, specification, unit)
        if sum(c.counts.nbytes for c in self._cells.values()) + found.counts.nbytes <= MOST_KEPT:
            self._cells[choice] = found
        return found

    def totals(self, specification: Specification, among: Mask | None = None) -> Ints:
        """Half downloads (g + 1,) by group, then the family's; all zero where there are none.

        Parameters
        ----------
        specification
            The specification.
        among
            Which repositories (r,) count besides; None for all.
        """
        credited, half = self.entries(specification)
        if among is not None:
            half = half * among[credited.row]
        whole = np.zeros(len(half), dtype=np.int64)
        return np.asarray(_summed(whole, 1, credited, half, self.groups)[0])

    def downloads(self, specification: Specification) -> Ints:
        """Downloads (r,) of the repositories in the window under the rules of the panel."""
        rules = (specification.age_limit_days, specification.frozen)
        own = rules == (
            self.definitions.panel.age_limit_days,
            self.definitions.grid.frozen_rules[0],
        )
        if own and specification.window in self.table:
            return np.asarray(self.table[specification.window], dtype=np.int64)
        column = f"{specification.window}/{rules[0]}/{rules[1]}"
        return np.asarray(self.by_variant[column], dtype=np.int64)

    @cached_property
    def by_variant(self) -> pd.DataFrame:
        """Downloads (r, v) of the repositories of the table in every variant."""
        if self.variants is None:
            raise DegenerateDataError(
                "no downloads under other rules of the panel are given", "pass the variants"
            )
        return self.variants.set_index("repository").loc[self.table["repository"]]

    def left(self, specification: Specification) -> Mask:
        """Which repositories (r,) the exclusion and the scope leave."""
        left = self.without(specification.exclusion)
        everything = specification.scope == EVERYTHING
        return left if everything else left & self.scopes[specification.scope]

    @cached_property
    def scopes(self) -> dict[str, Mask]:
        """Which repositories (r,) every scope of the grid holds."""
        return masks_of_scopes(self.table, self.definitions.grid, self.tasks)

    def removed(self, specification: Specification) -> int:
        """Downloads of the window that the exclusion removes."""
        downloads = self.downloads(specification)
        return int(downloads[~self.without(specification.exclusion)].sum())

    @property
    def groups(self) -> int:
        """Number of country groups."""
        return len(self.definitions.groups)

    @cached_property
    def numbers(self) -> tuple[Ints, NDArray[Any]]:
        """Number (r,) of every repository in the order of their identifiers, and these."""
        codes, names = pd.factorize(self.table["repository"], sort=True)
        return codes.astype(np.int64), names.to_numpy(dtype=object)

    def entries(self, specification: Specification) -> tuple[Credited, Ints]:
        """Who is credited in a specification, and the half downloads of each entry."""
        credited = self.credited(
            specification.attribution, specification.labels, specification.treatment
        )
        downloads = self.downloads(specification) * self.left(specification)
        return credited, downloads[credited.row] * credited.halves

    def _counts(self, specification: Specification, unit: str) -> tuple[NDArray[Any], Ints]:
        """Names (n,) of all units, and their counts (n, g + 1)."""
        credited, half = self.entries(specification)
        if unit == DEVELOPER:
            places, names = credited.developer, self.developers
        else:
            places, names = self.numbers[0][credited.row], self.numbers[1]
        return names, _summed(places, len(names), credited, half, self.groups)


def _summed(places: Ints, units: int, credited: Credited, half: Ints, groups: int) -> Ints:
    """Half downloads (units, groups + 1) of entries at places of units; the family's come last."""
    counts = np.zeros((units, groups + 1), dtype=np.int64)
    np.add.at(counts, (places, credited.group), half)
    np.add.at(counts[:, -1], places[credited.family], half[credited.family])
    return counts


@dataclass(frozen=True, eq=False)
class Weeks(Attributed):
    """The attributed weeks, and the weekly cells of every choice that is asked for.

    The table has ``week``, ``downloads`` and the attribution of uploaders and origins.
    """

    _cells: dict[tuple[str, str, str], WeeklyCells] = field(
        default_factory=dict, init=False, repr=False
    )

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Labels of the weeks in order.

        Raises
        ------
        DegenerateDataError
            There are none.
        """
        weeks = sorted(self.table["week"].unique())
        if not weeks:
            raise DegenerateDataError("there are no weeks", "use a file with weekly readings")
        return tuple(weeks)

    @property
    def series(self) -> dict[str, str]:
        """The exclusion of every series by its name: none, and each that is estimated."""
        exclusions = (x.id for x in self.definitions.estimated_exclusions)
        return {"weekly": NONE, **{f"weekly-without-{name}": name for name in exclusions}}

    def cells(self, attribution: str, labels: str, exclusion: str = NONE) -> WeeklyCells:
        """Half downloads by developer, country group and week.

        Parameters
        ----------
        attribution
            One of `WEEKLY_CREDIT`.
        labels
            Study or registry.
        exclusion
            Id of an exclusion, or `NONE`.
        """
        choice = (attribution, labels, exclusion)
        if choice not in self._cells:
            self._cells[choice] = self._made(*choice)
        return self._cells[choice]

    def of_headline(self, exclusion: str = NONE) -> WeeklyCells:
        """Cells as the headline credits and labels them; of a role that no week has, the uploader's."""
        head = self.definitions.headline
        known = head.attribution in WEEKLY_CREDIT
        return self.cells(head.attribution if known else WEEKLY_CREDIT[0], head.labels, exclusion)

    def _made(self, attribution: str, labels: str, exclusion: str) -> WeeklyCells:
        everyone = self.credited(attribution, labels)
        credited = everyone[self.without(exclusion)[everyone.row]]
        place = places_among(self.table["week"], self.labels)
        half = np.asarray(self.table["downloads"], dtype=np.int64)[credited.row] * credited.halves
        present, developer = np.unique(credited.developer, return_inverse=True)
        groups, weeks = len(self.definitions.groups), len(self.labels)
        column = credited.group * weeks + place[credited.row]
        shape = (len(present), groups * weeks)
        counts = sparse.coo_array((half, (developer, column)), shape=shape).toarray()
        return WeeklyCells(
            tuple(self.developers[present]),
            self.definitions.groups,
            self.labels,
            counts.astype(np.int64).reshape(len(present), groups, weeks),
        )
