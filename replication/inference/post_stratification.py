"""The published shares as models of the whole Hub: the panel's developers raked to them.

How far luck could move a published share depends on how few developers carry each country's
downloads, which the study does not say and the panel shows for its part of the Hub alone. So one
factor a group scales the panel's developers to the published shares, and what is not known, who
holds the rest, is assumed in one of several ways. What is computed of it is a model, and every
table and figure calls it one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from replication.definitions import Definitions, Inference
from replication.errors import DefinitionError, DegenerateDataError
from replication.inference.bootstrap import Bootstrap
from replication.inference.cells import Cells
from replication.inference.resampling import replicate_totals, totals_without_each
from replication.inference.schemes import POISSON, Scheme
from replication.inference.statistics import Statistics

PAIR, THREE, DUST = "pair", "three", "head-and-dust"
REST = "rest"
INTERNATIONAL = "international"
"""The class whose country group is the third with a published share."""
WHOLE = 2**40
"""Sum of all raked cells. Cells are whole numbers, so that their sums are exact, and one is off by
at most half a unit: the share of a group of n developers by n · 2⁻⁴¹. A replicate of n developers
adds up to at most n · 2⁴⁰, which stays below 2⁵³ for fewer than 8,192."""
SPECKS = 100_000
"""Specks of dust that stand for infinitely many where the jackknife leaves out one at a time."""
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Model:
    """What is assumed of the Hub.

    Attributes
    ----------
    name
        One of pair, three, head-and-dust.
    assumption
        The same in one sentence.
    shares
        Every group with its share as a fraction, the rest last; they add up to one.
    dust
        Whether the rest is made of infinitely many tiny repositories, or of the panel's developers.
    """

    name: str
    assumption: str
    shares: tuple[tuple[str, float], ...]
    dust: bool = False

    @property
    def lead(self) -> float:
        """China's share less that of the USA."""
        held = dict(self.shares)
        return held["China"] - held["USA"]

    @property
    def joint(self) -> float:
        """Share of China and the USA together, which no lead can exceed."""
        held = dict(self.shares)
        return held["China"] + held["USA"]

    def with_lead(self, lead: float) -> Model:
        """The model with the joint share divided so that China leads by `lead`."""
        moved = {"China": (self.joint + lead) / 2, "USA": (self.joint - lead) / 2}
        shares = tuple((group, moved.get(group, share)) for group, share in self.shares)
        return replace(self, shares=shares)

    @property
    def statistics(self) -> Statistics:
        """Statistics of the groups; there is no family, whose column is empty."""
        return Statistics(
            tuple(group for group, _ in self.shares), ("China", "USA"), "none", "China", ()
        )


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

    @cached_property
    def _drawn(self) -> Floats:
        rules = self.rules
        columns = np.hstack([self.counts, self._products])
        head = replicate_totals(
            columns[:-1], rules.replicates, rules.chunk, rules.seed, scheme=self.scheme
        )
        return np.asarray(head + columns[-1])

    @cached_property
    def _products(self) -> Ints:
        products = super()._products.copy()
        products[-1] = 0
        return products


def models(published: Mapping[str, float], definitions: Definitions) -> tuple[Model, ...]:
    """The models of the published shares: pair, three, head-and-dust.

    Parameters
    ----------
    published
        Published shares in percent of China, the USA and the international group.
    definitions
        Definitions: the name of the international group.

    Raises
    ------
    StudyError
        A share is missing or not positive, or they add up to more than 100 %.
    """
    third = definitions.group_of.get(INTERNATIONAL, INTERNATIONAL)
    pair = _with_rest(published, ("China", "USA"))
    three = _with_rest(published, ("China", "USA", third))
    hold = "hold their published shares"
    divide = "the panel’s developers divide the downloads as they do in the panel"
    return (
        Model(PAIR, f"China and the USA {hold}, and within each and the rest {divide}.", pair),
        Model(
            THREE,
            f"China, the USA and {third} {hold}, and within each and the rest {divide}.",
            three,
        ),
        Model(
            DUST,
            f"China and the USA {hold}, and within each {divide}, while the rest is made of "
            "infinitely many tiny repositories and does not vary: of the rest, the optimistic limit.",
            pair,
            dust=True,
        ),
    )


def rake(sizes: NDArray[np.number], shares: tuple[tuple[str, float], ...]) -> Ints:
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
    held = np.asarray(sizes, dtype=float)
    totals = held.sum(axis=0)
    for (group, share), total in zip(shares, totals, strict=True):
        if share > 0 and total == 0:
            raise DegenerateDataError(
                f"no developer of the panel is of the group {group}, whose published share is "
                f"{100 * share:.1f} %",
                "choose a [headline] in definitions.toml under which one is",
            )
    wanted = WHOLE * np.array([share for _, share in shares])
    return np.rint(held * (wanted / np.where(totals > 0, totals, 1))).astype(np.int64)


def resampled(held: Cells, model: Model, rules: Inference, power: float = 1.0) -> Bootstrap:
    """The panel's developers raked to the model's shares, ready to be resampled.

    Parameters
    ----------
    held
        Cells of the panel by developer.
    model
        Groups and shares.
    rules
        Replicates, chunk, seed and level.
    power
        To which every developer's size within a group is raised before raking: 1 leaves the
        panel's sizes, 0 makes all developers of a group equal.

    Raises
    ------
    DegenerateDataError
        A group that has a share has no developer.
    """
    sizes = _sizes(held, tuple(group for group, _ in model.shares))
    if model.dust:
        sizes[:, -1] = 0
        specks = np.eye(sizes.shape[1])[-1]
        sizes = np.vstack([sizes[sizes.any(axis=1)], specks])
    raked = rake(np.where(sizes > 0, sizes**power, 0), model.shares)
    counts = np.pad(raked, ((0, 0), (0, 1)))
    return (WithDust if model.dust else Bootstrap)(counts, model.statistics, rules)


def possible(held: Cells, model: Model) -> bool:
    """Whether every group that has a share in the model has a developer, or is dust."""
    totals = _sizes(held, tuple(group for group, _ in model.shares)).sum(axis=0)
    return all(
        total > 0 or share == 0 or (model.dust and group == REST)
        for (group, share), total in zip(model.shares, totals, strict=True)
    )


def effective_developers(drawn: Bootstrap) -> tuple[float, int]:
    """Effective number (ΣD)²/ΣD² of all developers, and the number that is resampled.

    Dust adds to the first through the total alone. It makes the Hub less concentrated, and not the
    two countries, on whose developers the lead depends.
    """
    sizes = drawn.counts.sum(axis=1).astype(float)
    head = sizes[:-1] if isinstance(drawn, WithDust) else sizes
    return float(sizes.sum() ** 2 / (head**2).sum()), len(head)


def _sizes(held: Cells, groups: tuple[str, ...]) -> Floats:
    """Half downloads (n, g) in the groups, the last of which is all others together."""
    named = held.by_group[:, [held.groups.index(group) for group in groups[:-1]]]
    rest = held.by_group.sum(axis=1) - named.sum(axis=1)
    return np.column_stack([named, rest]).astype(float)


def _with_rest(
    published: Mapping[str, float], groups: tuple[str, ...]
) -> tuple[tuple[str, float], ...]:
    """Published shares of the groups as fractions, with what is left for the rest."""
    for group in groups:
        if not published.get(group, 0.0) > 0:
            raise DefinitionError(
                f"no positive share of {group} is published",
                "give it in a claim of paper/claims.toml",
            )
    total = sum(published[group] for group in groups)
    if total > 100:
        raise DefinitionError(
            f"the published shares of {', '.join(groups)} add up to {total:.1f} %",
            "correct the claims in paper/claims.toml: they cannot exceed 100 %",
        )
    return (*((group, published[group] / 100) for group in groups), (REST, (100 - total) / 100))
