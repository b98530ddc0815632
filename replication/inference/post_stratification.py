"""Post-stratification: the developers of a panel scaled to given shares of the groups.

How far luck could move a share depends on how few developers carry each group's downloads. Where
only shares are known, one factor a group scales the panel's developers to them, and who holds the
rest is assumed. What is computed of it is a model, and every table and figure calls it one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from replication.definitions import Inference
from replication.errors import DegenerateDataError
from replication.inference.bootstrap import Bootstrap
from replication.inference.cells import Cells
from replication.inference.resampling import totals_without_each
from replication.inference.schemes import POISSON, Scheme
from replication.inference.statistics import Statistics

REST = "rest"
WHOLE = 2**40
"""Sum of all scaled cells. Cells are whole numbers, so that their sums are exact, and one is off by
at most half a unit: the share of a group of n developers by n · 2⁻⁴¹. A replicate of n developers
adds up to at most n · 2⁴⁰, which stays below 2⁵³ for fewer than 8,192."""
SPECKS = 100_000
"""Specks of dust that stand for infinitely many where the jackknife leaves out one at a time."""
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Model:
    """What is assumed of the population.

    Attributes
    ----------
    name
        Name of the model.
    assumption
        What is assumed, in one sentence.
    sides
        The two groups that are compared.
    shares
        Every group with its share as a fraction, the rest last; they add up to one.
    dust
        Whether the rest is made of infinitely many tiny repositories, or of the panel's developers.
    """

    name: str
    assumption: str
    sides: tuple[str, str]
    shares: tuple[tuple[str, float], ...]
    dust: bool = False

    @property
    def difference(self) -> float:
        """The first side's share less the second's."""
        first, second = (dict(self.shares)[side] for side in self.sides)
        return first - second

    @property
    def joint(self) -> float:
        """Share of both sides together, which no difference can exceed."""
        first, second = (dict(self.shares)[side] for side in self.sides)
        return first + second

    def with_difference(self, difference: float) -> Model:
        """The model with the joint share divided so that the sides differ by `difference`."""
        ends = (self.joint + difference) / 2, (self.joint - difference) / 2
        divided = dict(zip(self.sides, ends, strict=True))
        shares = tuple((group, divided.get(group, share)) for group, share in self.shares)
        return replace(self, shares=shares)

    @property
    def statistics(self) -> Statistics:
        """Statistics of the groups; there is no family, whose column is empty."""
        groups = tuple(group for group, _ in self.shares)
        return Statistics(groups, self.sides, "none", self.sides[0])


@dataclass(frozen=True)
class WithDust(Bootstrap):
    """Cells whose last row is dust: infinitely many tiny clusters, which no luck can move.

    Of few clusters among N that are drawn with replacement, each is drawn a number of times that
    approaches independent Poisson numbers as N grows, and the total of the many tiny ones
    approaches a constant. So the other rows have Poisson weights, the last one always counts once,
    and it adds nothing to a standard error.
    """

    scheme: Scheme = POISSON

    @cached_property
    def without_each(self) -> Floats:
        """Proportions (n − 1 + `SPECKS`, m) without each cluster; without a speck, the point."""
        without = self.statistics.proportions(totals_without_each(self.counts)[:-1])
        return np.concatenate([without, np.tile(self.point, (SPECKS, 1))])

    def _totals_of(self, columns: Ints) -> Floats:
        return np.asarray(super()._totals_of(columns[:-1]) + columns[-1])

    @cached_property
    def _products(self) -> Ints:
        products = super()._products.copy()
        products[-1] = 0
        return products


def scaled(sizes: NDArray[np.number], shares: tuple[tuple[str, float], ...]) -> Ints:
    """Scale every group to its share of `WHOLE`, which keeps the proportions within the group.

    Parameters
    ----------
    sizes
        Sizes (n, g) of n developers in g groups.
    shares
        Every group with its share, as a fraction.

    Returns
    -------
    numpy.ndarray
        Whole numbers (n, g), each within half a unit.

    Raises
    ------
    DegenerateDataError
        A group that has a share has no developer.
    """
    given = np.asarray(sizes, dtype=float)
    totals = given.sum(axis=0)
    for (group, share), total in zip(shares, totals, strict=True):
        if share > 0 and total == 0:
            raise DegenerateDataError(
                f"no developer of the panel is of the group {group}, whose published share is "
                f"{100 * share:.1f} %",
                "choose a [headline] in definitions.toml under which one is",
            )
    wanted = WHOLE * np.array([share for _, share in shares])
    return np.rint(given * (wanted / np.where(totals > 0, totals, 1))).astype(np.int64)


def resampled(cells: Cells, model: Model, rules: Inference, power: float = 1.0) -> Bootstrap:
    """The panel's developers scaled to the model's shares, ready to be resampled.

    Parameters
    ----------
    cells
        Cells of the panel by developer.
    model
        Groups and shares.
    rules
        Replicates, chunk, seed and level.
    power
        To which every developer's size within a group is raised before it is scaled: 1 leaves the
        panel's sizes, 0 makes all developers of a group equal.

    Raises
    ------
    DegenerateDataError
        A group that has a share has no developer.
    """
    sizes = _sizes(cells, tuple(group for group, _ in model.shares))
    if model.dust:
        sizes[:, -1] = 0
        specks = np.eye(sizes.shape[1])[-1]
        sizes = np.vstack([sizes[sizes.any(axis=1)], specks])
    counts = scaled(np.where(sizes > 0, sizes**power, 0), model.shares)
    counts = np.pad(counts, ((0, 0), (0, 1)))
    return (WithDust if model.dust else Bootstrap)(counts, model.statistics, rules)


def possible(cells: Cells, model: Model) -> bool:
    """Whether every group that has a share in the model has a developer, or is dust."""
    totals = _sizes(cells, tuple(group for group, _ in model.shares)).sum(axis=0)
    return all(
        total > 0 or share == 0 or (model.dust and group == REST)
        for (group, share), total in zip(model.shares, totals, strict=True)
    )


def effective_developers(drawn: Bootstrap) -> tuple[float, int]:
    """Effective number (ΣD)²/ΣD² of all developers, and the number that is resampled.

    Dust adds to the first through the total alone. It makes the whole less concentrated, and not the
    two sides, on whose developers the difference depends.
    """
    sizes = drawn.counts.sum(axis=1).astype(float)
    head = sizes[:-1] if isinstance(drawn, WithDust) else sizes
    return float(sizes.sum() ** 2 / (head**2).sum()), len(head)


def _sizes(cells: Cells, groups: tuple[str, ...]) -> Floats:
    """Half downloads (n, g) in the groups, the last of which is all others together."""
    return cells.beside_rest(groups[:-1]).astype(float)
