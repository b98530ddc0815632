"""Resampling of weeks: blocks of consecutive weeks, and product weights of developers and weeks.

Weeks that follow one another resemble one another, so that single weeks cannot be resampled as if
they were independent. Blocks keep what is inside them. Product weights give every developer a
weight and every week a weight, independently, and a week of a developer the product of both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.analysis.resampling import cluster_weights, generator_of
from replication.errors import DegenerateDataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_STREAM = 3
"""Weeks are drawn from seeds of their own, so that developers' weights are those of every table."""


class Blocks(Protocol):
    """Which weeks stand at each place of a resampled series."""

    name: ClassVar[str]

    def places(self, generator: np.random.Generator, size: int, weeks: int) -> Ints:
        """Draw weeks (size, weeks), whole numbers below `weeks`."""
        ...


@dataclass(frozen=True)
class MovingBlocks:
    """Blocks of fixed length from every possible start, laid end to end and cut to the series."""

    length: float
    name: ClassVar[str] = "moving blocks"

    def places(self, generator: np.random.Generator, size: int, weeks: int) -> Ints:
        """Draw weeks (size, weeks)."""
        length = min(weeks, math.ceil(self.length))
        starts = generator.integers(weeks - length + 1, size=(size, -(-weeks // length)))
        laid = starts[..., None] + np.arange(length)
        return np.asarray(laid.reshape(size, -1)[:, :weeks], dtype=np.int64)


@dataclass(frozen=True)
class StationaryBlocks:
    """Blocks of random, geometric length around a circle: the series drawn is stationary."""

    length: float
    name: ClassVar[str] = "stationary blocks"

    def places(self, generator: np.random.Generator, size: int, weeks: int) -> Ints:
        """Draw weeks (size, weeks); after each one the next follows, or a block starts anew."""
        anew = generator.random((size, weeks)) < 1 / max(self.length, 1.0)
        anew[:, 0] = True
        starts = generator.integers(weeks, size=(size, weeks))
        began = np.maximum.accumulate(np.where(anew, np.arange(weeks), 0), axis=1)
        first = np.take_along_axis(starts, began, axis=1)
        return np.asarray((first + np.arange(weeks) - began) % weeks, dtype=np.int64)


def block_length(series: Floats, scheme: str) -> float:
    """Data-driven length of blocks, in weeks, of a series (T,) whose straight trend is removed.

    Computed by `arch.bootstrap.optimal_block_length`, which documents its sources.

    Parameters
    ----------
    series
        A weekly series, such as the lead.
    scheme
        Name of the scheme of blocks.

    Raises
    ------
    DegenerateDataError
        The series is too short, or does not vary.
    """
    from arch.bootstrap import optimal_block_length

    if len(series) < 8 or np.ptp(series) == 0:
        raise DegenerateDataError(
            f"{len(series)} weeks say nothing of how weeks depend on each other",
            "use a file whose readings span more weeks",
        )
    weeks = np.arange(len(series), dtype=float)
    straight = np.polynomial.Polynomial.fit(weeks, series, 1)(weeks)
    column = "circular" if scheme == MovingBlocks.name else "stationary"
    return float(optimal_block_length(pd.Series(series - straight))[column].iloc[0])


def week_weights(blocks: Blocks, weeks: int, size: int, seed: int, number: int) -> Floats:
    """How often each week stands in one chunk of resampled series: (size, weeks)."""
    drawn = blocks.places(generator_of(seed, number, _STREAM), size, weeks)
    flat = drawn + weeks * np.arange(size)[:, None]
    counted = np.bincount(flat.ravel(), minlength=size * weeks)
    return counted.reshape(size, weeks).astype(float)


def independent_weights(weeks: int, size: int, seed: int, number: int) -> Floats:
    """Exponential weights of weeks (size, weeks), in multiples of 2⁻¹⁶, independent of each other."""
    drawn = generator_of(seed, number, _STREAM).standard_exponential((size, weeks))
    return np.asarray(np.floor(drawn * 2.0**16) / 2.0**16)


def product_totals(
    counts: Ints, replicates: int, chunk: int, seed: int, *, developers: bool, weeks: Blocks | None
) -> Floats:
    """Totals (B, k) of cells (n, k, T) whose developers, weeks, or both are resampled.

    Parameters
    ----------
    counts
        Whole numbers (n, k, T): developers, columns, weeks.
    replicates, chunk, seed
        As for `replication.analysis.resampling.replicate_totals`; developers get its weights.
    developers
        Whether developers are resampled.
    weeks
        Blocks of weeks that are resampled; None gives every week an independent weight.
    """
    n, k, span = counts.shape
    flat = counts.reshape(n, k * span).astype(float)
    parts = []
    for number in range(-(-replicates // chunk)):
        by_developer = cluster_weights(n, chunk, seed, number) if developers else np.ones((1, n))
        series = (by_developer @ flat).reshape(-1, k, span)
        by_week = (
            week_weights(weeks, span, chunk, seed, number)
            if weeks
            else independent_weights(span, chunk, seed, number)
        )
        parts.append((series * by_week[:, None, :]).sum(axis=-1))
    return np.concatenate(parts)[:replicates]
