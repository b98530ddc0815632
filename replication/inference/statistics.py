"""The statistics, each a monotone function of one proportion u in [0, 1].

A share is u itself, the difference of two sides' shares is 2u − 1, their ratio is u / (1 − u), and
the family's share within its group is u again. Intervals are made once, for u, and mapped: a ratio
whose denominator vanishes in a replicate needs no special case, and one logit serves all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def difference_of(sides: tuple[str, str]) -> str:
    """Name of the first side's share less the second's."""
    return " − ".join(sides)


def ratio_of(sides: tuple[str, str]) -> str:
    """Name of the first side's downloads over the second's."""
    return " / ".join(sides)


def effective_number(sizes: NDArray[np.number]) -> float:
    """The number of equal units that weigh as much as these (n,): (Σs)²/Σs²; NaN of no size at all."""
    shares = np.asarray(sizes, dtype=float)
    with np.errstate(invalid="ignore"):
        return float(shares.sum() ** 2 / (shares**2).sum())


@dataclass(frozen=True)
class Statistics:
    """Which columns of the totals each statistic is made of.

    Attributes
    ----------
    groups
        Groups, in the order of the totals' columns.
    sides
        The two groups that are compared: the first's share less the second's, and their ratio.
    family
        Name of the statistic of the family within `within`.
    within
        The group that holds the family.
    unattributed
        Groups that may belong to any of the others.
    """

    groups: tuple[str, ...]
    sides: tuple[str, str]
    family: str
    within: str
    unattributed: tuple[str, ...] = ()

    @property
    def difference(self) -> str:
        """Name of the first side's share less the second's."""
        return difference_of(self.sides)

    @property
    def ratio(self) -> str:
        """Name of the first side's downloads over the second's."""
        return ratio_of(self.sides)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all statistics, in the order of the last axis."""
        return (*self.groups, self.difference, self.ratio, self.family)

    def place(self, name: str) -> int:
        """Place of a statistic on the last axis."""
        return self.names.index(name)

    @cached_property
    def forms(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Whole-number matrices (g + 3, g + 1) of numerators and denominators.

        Every proportion of totals T is (A·T) / (B·T). All closed forms follow from that.
        """
        g = len(self.groups)
        first, second, within = map(self.groups.index, (*self.sides, self.within))
        above, below = np.zeros((2, g + 3, g + 1), dtype=np.int64)
        above[:g, :g] = np.eye(g, dtype=np.int64)
        below[:g, :g] = 1
        above[g, :g], below[g, :g] = 1, 2  # (1 + difference) / 2
        above[g, first], above[g, second] = 2, 0
        above[g + 1, first], above[g + 2, g] = 1, 1
        below[g + 1, [first, second]], below[g + 2, within] = 1, 1
        return above, below

    def proportions(self, totals: NDArray[np.number]) -> Floats:
        """Proportions u of totals (…, g + 1): an array (…, g + 3); NaN where undefined."""
        sums = np.asarray(totals, dtype=float)
        above, below = self.forms
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((sums @ above.T) / (sums @ below.T))

    def bounds(self, totals: NDArray[np.number]) -> tuple[Floats, Floats]:
        """Lower and upper proportions with the unattributed given wholly to either side.

        These are worst-case bounds on what full attribution could show (Manski 2003): they hold
        whatever the unattributed are, as long as the other labels are right. An unattributed group
        can shrink to nothing. Totals (…, g + 1) give ends (…, g + 3).
        """
        low, high = self.proportions(totals), self.proportions(totals)
        low[..., self._missing] = 0.0
        for place, side in enumerate(self.groups):
            if side not in self.unattributed:
                high[..., place] = self._given(totals, side)[..., place]
        to_first, to_second = (self._given(totals, side) for side in self.sides)
        for place in map(self.place, (self.difference, self.ratio)):
            low[..., place], high[..., place] = to_second[..., place], to_first[..., place]
        low[..., -1] = self._given(totals, self.within)[..., -1]
        return low, high

    def values(self, proportions: Floats) -> Floats:
        """Map proportions (…, g + 3) to the statistics themselves."""
        values = np.array(proportions, dtype=float)
        difference, ratio = map(self.place, (self.difference, self.ratio))
        values[..., difference] = 2 * values[..., difference] - 1
        with np.errstate(divide="ignore", invalid="ignore"):
            values[..., ratio] = values[..., ratio] / (1 - values[..., ratio])
        return values

    @property
    def _missing(self) -> list[int]:
        """Places of the unattributed groups."""
        return [self.groups.index(name) for name in self.unattributed]

    def _given(self, totals: NDArray[np.number], side: str) -> Floats:
        """Proportions with the unattributed moved wholly to `side`."""
        moved = np.array(totals, dtype=float)
        moved[..., self.groups.index(side)] += moved[..., self._missing].sum(axis=-1)
        moved[..., self._missing] = 0
        return self.proportions(moved)
