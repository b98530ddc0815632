"""Simulated data sets whose truth is known, made of the panel's own developers.

What is simulated is which developers become hits, and whose they are. The models:

labels
    every developer keeps its size; its class is drawn anew with fixed probabilities;
hits
    developers are drawn from the panel's with replacement, and their classes as above;
developers
    developers are drawn with their sizes and classes as they are;
pareto
    as hits, but the sizes of the largest are drawn from a Pareto law fitted to them.

The true share of a class is its probability: with classes drawn independently of the sizes, the
share has it as its mean. Where developers are drawn as they are, the truth is the panel's share.
All data sets are synthetic; none is a finding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replication.inference.pareto import draw_tail, fit_tail, tail_size

LABELS, HITS, DEVELOPERS, PARETO = "labels", "hits", "developers", "pareto"
MODELS = (LABELS, HITS, DEVELOPERS, PARETO)
CLASSES = 3
"""The first side, the second, and all others."""
MOST = 2.0**36
"""Downloads of one data set, up to which all weighted sums are exact."""
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Population:
    """The panel's developers, from which data sets are simulated.

    Attributes
    ----------
    sizes
        Downloads (r,) of every repository, those of a developer side by side.
    developer
        Number (r,) of the developer of every repository, from 0 to n − 1, ascending.
    classes
        Class (n,) of every developer, a whole number below `CLASSES`.
    """

    sizes: Floats
    developer: Ints
    classes: Ints

    @property
    def totals(self) -> Floats:
        """Downloads (n,) of every developer."""
        return np.asarray(np.bincount(self.developer, self.sizes))

    @property
    def shares(self) -> Floats:
        """Share (3,) of every class."""
        sums = np.bincount(self.classes, self.totals, minlength=CLASSES)
        return np.asarray(sums / sums.sum())

    def flattened(self, power: float) -> Population:
        """The population with every developer's size raised to a power: 0 makes all equal."""
        factor = self.totals ** (power - 1)
        factor *= self.totals.sum() / (self.totals * factor).sum()
        return Population(self.sizes * factor[self.developer], self.developer, self.classes)


@dataclass(frozen=True)
class DataSet:
    """One simulated data set: cells (…, 3) of whole downloads by class, by either unit."""

    developers: Ints
    repositories: Ints


def simulate(population: Population, model: str, generator: np.random.Generator) -> DataSet:
    """Draw one data set with as many developers as the population has.

    Parameters
    ----------
    population
        Developers to draw from.
    model
        One of `MODELS`.
    generator
        Source of randomness.
    """
    n = len(population.classes)
    drawn = np.arange(n) if model == LABELS else generator.integers(n, size=n)
    classes = population.classes[drawn]
    if model != DEVELOPERS:
        classes = generator.choice(CLASSES, size=n, p=population.shares)
    factor = _tail_factor(population, drawn, generator) if model == PARETO else np.ones(n)
    return _cells(population, drawn, classes, factor)


def _tail_factor(population: Population, drawn: Ints, generator: np.random.Generator) -> Floats:
    """Factor (n,) that turns the sizes of drawn developers in the tail into draws of its law."""
    totals = population.totals
    tail = fit_tail(totals, tail_size(len(totals)))
    sizes = totals[drawn]
    large = sizes > tail.threshold
    factor = np.ones(len(drawn))
    factor[large] = draw_tail(tail, int(large.sum()), generator) / sizes[large]
    return factor


def _cells(population: Population, drawn: Ints, classes: Ints, factor: Floats) -> DataSet:
    """Cells of the drawn developers and of their repositories, in whole units of download.

    The unit is one download, or 2, 4, … where a tail without a mean has drawn more than `MOST`.
    """
    count = np.bincount(population.developer)
    owner = np.repeat(np.arange(len(drawn)), count[drawn])
    first = np.cumsum(count) - count
    within = np.arange(len(owner)) - np.repeat(np.cumsum(count[drawn]) - count[drawn], count[drawn])
    sizes = population.sizes[first[drawn][owner] + within] * factor[owner]
    sizes /= 2.0 ** max(0.0, np.ceil(np.log2(sizes.sum() / MOST)))
    repositories = np.zeros((len(owner), CLASSES), dtype=np.int64)
    repositories[np.arange(len(owner)), classes[owner]] = np.maximum(np.rint(sizes), 1)
    developers = np.zeros((len(drawn), CLASSES), dtype=np.int64)
    np.add.at(developers, owner, repositories)
    return DataSet(developers, repositories)
