"""Who is credited with every attributed repository or week, and what an exclusion leaves.

Who is credited is decided once for every credit rule, source of labels and treatment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from replication.analysis.lead import CHINA, SIDES, USA
from replication.analysis.specification import (
    CREDIT,
    LEFT_OUT,
    LINEAGE,
    NONE,
    OWN,
    TO_CHINA,
    TO_USA,
)
from replication.attribution.assign import BASE_MAKER, ROLES
from replication.definitions import Definitions, Exclusion
from replication.inference.cells import HALVES, Ints
from replication.names import key, keys

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Credited:
    """Who is credited with every row by one rule, source of labels and treatment.

    Attributes
    ----------
    row
        Place (c,) of the credited row of the table.
    developer
        Number (c,) of the developer who is credited.
    group
        Place (c,) of the developer's group in the definitions.
    family
        Whether (c,) the downloads are the family's, within its group.
    halves
        Half downloads (c,) credited of each download.
    """

    row: Ints
    developer: Ints
    group: Ints
    family: Mask
    halves: Ints

    def __getitem__(self, where: Mask) -> Credited:
        """The entries at some places."""
        return Credited(*(array[where] for array in vars(self).values()))


@dataclass(frozen=True, eq=False)
class Attributed:
    """Attributed rows of downloads, with their developers and country groups as numbers.

    Attributes
    ----------
    table
        One row a repository, or a week of an uploader and origin, as `replication.attribution.assign`
        makes them.
    definitions
        Definitions: groups, family, exclusions.
    """

    table: pd.DataFrame
    definitions: Definitions
    _credited: dict[tuple[str, str, str], Credited] = field(
        default_factory=dict, init=False, repr=False
    )
    _without: dict[str, Mask] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def developers(self) -> NDArray[Any]:
        """Names of the developers in every role, in order."""
        return self._developers[1]

    def credited(self, attribution: str, labels: str, treatment: str = OWN) -> Credited:
        """Who is credited with every row; rows of no known group, or left out, have no entry.

        Parameters
        ----------
        attribution
            A key of `CREDIT`, or a role.
        labels
            A source of labels: study, registry, or an end of the registry's range.
        treatment
            What is done with the unattributed: one of `TREATMENTS`.
        """
        choice = (attribution, labels, treatment)
        if choice not in self._credited:
            shares = CREDIT.get(attribution, {attribution: HALVES})
            parts = [self._role(role, labels, treatment, n) for role, n in shares.items()]
            arrays = zip(*(vars(part).values() for part in parts), strict=True)
            self._credited[choice] = Credited(*map(np.concatenate, arrays))
        return self._credited[choice]

    def side_cells(self, credited: Credited, units: Ints, downloads: Ints) -> Ints:
        """Half downloads (u, 3, v) of u units: of China, of the USA, and in total.

        Parameters
        ----------
        credited
            Who is credited.
        units
            Number (c,) of the unit of each entry: the developer, or the row.
        downloads
            Any v columns of downloads (r, v) of the rows.
        """
        groups = self.definitions.groups
        column = np.full(len(groups), len(SIDES))
        column[[groups.index(side) for side in SIDES]] = np.arange(len(SIDES))
        width, number = len(SIDES) + 1, units.max(initial=0) + 1
        place = units * width + column[credited.group]
        shape = (number * width, len(downloads))
        credit = sparse.csr_array((credited.halves, (place, credited.row)), shape=shape)
        counts = (credit @ downloads).reshape(number, width, downloads.shape[1])
        counts[:, -1] += counts[:, :-1].sum(axis=1)
        return np.asarray(counts)

    def without(self, exclusion: str) -> Mask:
        """Which rows (r,) an exclusion leaves."""
        if exclusion not in self._without:
            known = {x.id: x for x in self.definitions.exclusions}
            rule = None if exclusion == NONE else known[exclusion]
            self._without[exclusion] = left_by(self.table, rule)
        return self._without[exclusion]

    def _role(self, role: str, labels: str, treatment: str, halves: int) -> Credited:
        """Entries of one credited role."""
        group = self._group(role, labels, treatment)
        row = np.flatnonzero(group >= 0)
        family = self.definitions.family
        named = keys(self.table[role]).isin({key(name) for name in family.namespaces}).to_numpy()
        inside = group == self.definitions.groups.index(family.within)
        developer = self._developers[0][role]
        return Credited(
            row, developer[row], group[row], (named & inside)[row], np.full(len(row), halves)
        )

    def _group(self, role: str, labels: str, treatment: str) -> Ints:
        """Place (r,) of the group of each row after a treatment; −1 for none."""
        group = self._labelled(role, labels)
        give: dict[str, Callable[[], Ints | int]] = {
            OWN: lambda: group,
            LEFT_OUT: lambda: -1,
            LINEAGE: lambda: self._labelled("origin", labels),
            TO_CHINA: lambda: self.definitions.groups.index(CHINA),
            TO_USA: lambda: self.definitions.groups.index(USA),
        }
        nowhere = [self.definitions.groups.index(name) for name in self.definitions.unattributed]
        return np.where(np.isin(group, nowhere), give[treatment](), group)

    def _labelled(self, role: str, labels: str) -> Ints:
        """Place (r,) of the group of each row as labelled."""
        column = self.table[f"{labels}_group_{role}"]
        return places_among(column, self.definitions.groups)

    @cached_property
    def _developers(self) -> tuple[dict[str, Ints], NDArray[Any]]:
        """Numbers (r,) of the developers by role, and their names."""
        roles = [role for role in (*ROLES, BASE_MAKER) if f"{role}_developer" in self.table]
        columns = [self.table[f"{role}_developer"] for role in roles]
        codes, names = pd.factorize(pd.concat(columns, ignore_index=True), sort=True)
        numbers = codes.astype(np.int64).reshape(len(roles), len(self.table))
        return dict(zip(roles, numbers, strict=True)), names.to_numpy(dtype=object)


def places_among(values: pd.Series, among: Sequence[str]) -> Ints:
    """Place of every value among some; −1 for none."""
    return np.asarray(pd.Categorical(values, categories=list(among)).codes, dtype=np.int64)


def left_by(table: pd.DataFrame, exclusion: Exclusion | None) -> Mask:
    """Which rows (r,) an exclusion leaves.

    Parameters
    ----------
    table
        Attributed repositories or weeks, with ``kinds`` separated by blanks.
    exclusion
        What to leave out; None for nothing.
    """
    left = np.ones(len(table), dtype=bool)
    if exclusion is None:
        return left
    kinds = table["kinds"].fillna("").astype(str)  # a column without any kind is read as numbers
    for kind in exclusion.kinds:
        left &= ~(" " + kinds + " ").str.contains(f" {kind} ", regex=False).to_numpy(dtype=bool)
    return left
