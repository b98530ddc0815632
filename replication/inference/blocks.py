"""Resampling of weeks: blocks of consecutive weeks, and product weights of developers and weeks.

Weeks that follow one another resemble one another, so that single weeks cannot be resampled as if
they were independent. Blocks keep what is inside them; of a series with a trend, what departs from
the trend is resampled. Product weights give every developer a weight and every week a weight,
independently, and a week of a developer the product of both.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.signal import savgol_filter

from replication.definitions import Inference
from replication.errors import DegenerateDataError
from replication.inference.resampling import cluster_weights, generator_of

TREND_WEEKS = 13
"""Weeks of the moving average that is the trend of the weekly log ratio."""
LEAST = 11
"""Weeks from which on `block_length` is defined: it compares weeks up to ⌈√T⌉ + 5 apart."""
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_STREAM, _DEPARTURES = 3, 5
"""Weeks are drawn from seeds of their own, so that developers' weights are those of every table."""
_ROUNDING = 1e-12
"""A departure smaller than this part of the series is rounding."""


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
        length = min(weeks, max(1, math.ceil(self.length)))
        starts = generator.integers(weeks - length + 1, size=(size, -(-weeks // length)))
        places = starts[..., None] + np.arange(length)
        return np.asarray(places.reshape(size, -1)[:, :weeks], dtype=np.int64)


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
        The series is shorter than `LEAST`, or does not vary about a straight line.
    """
    from arch.bootstrap import optimal_block_length

    if len(series) >= LEAST:
        weeks = np.arange(len(series), dtype=float)
        straight = np.polynomial.Polynomial.fit(weeks, series, 1)(weeks)
        departures = _departures(series, straight)
        if departures.any():
            column = "circular" if scheme == MovingBlocks.name else "stationary"
            return float(optimal_block_length(pd.Series(departures))[column].iloc[0])
    raise DegenerateDataError(
        f"{len(series)} weeks say nothing of how weeks depend on each other",
        "use a file whose readings span more weeks",
    )


def trend_of(ratio: Floats) -> Floats:
    """Centred moving average over `TREND_WEEKS` weeks of a series (T,).

    Within half its width of either end, where it has not enough weeks, it is the straight line
    fitted to the outermost `TREND_WEEKS` weeks.
    """
    return np.asarray(savgol_filter(ratio, TREND_WEEKS, polyorder=1, mode="interp"))


def block_margins(
    first: Ints, second: Ints, kind: type[StationaryBlocks | MovingBlocks], rules: Inference
) -> tuple[Floats, float]:
    """Differences of two series in replicates whose departures from a trend are resampled in blocks.

    With r the weekly log ratio first / second, m its trend (`trend_of`) and e = r − m what departs
    from it, a replicate has the log ratio r* = m + e*: each week has the departure of another, in
    blocks of the length that `block_length` finds for e. The sum of both in a week, s, stays as it
    is, so that the difference is s·tanh(r*/2), and departures drawn where they stood give back the
    series. The trend is taken as known, so that the replicates show the noise about it alone; weeks
    that were interpolated have hardly any, and lend little to others.

    Parameters
    ----------
    first, second
        Weekly series (T,) of whole numbers.
    kind
        Scheme of blocks.
    rules
        Replicates B, chunk and seed.

    Returns
    -------
    tuple of numpy.ndarray and float
        First less second (B, T), and the estimated length of blocks in weeks.

    Raises
    ------
    DegenerateDataError
        The series are shorter than the moving average, their ratio does not vary about it, or one of
        them has nothing in a week.
    """
    span = len(first)
    if span < TREND_WEEKS or not (first.all() and second.all()):
        raise DegenerateDataError(
            f"no log ratio of two series in each of {TREND_WEEKS} weeks or more",
            "use a file whose readings span more weeks",
        )
    ratio = np.log(first.astype(float) / second.astype(float))
    departures = _departures(ratio, trend_of(ratio))
    length = block_length(departures, kind.name)

    def places(number: int) -> Ints:
        return kind(length).places(generator_of(rules.seed, number, _DEPARTURES), rules.chunk, span)

    resampled = departures[in_chunks(places, rules)]
    return (first + second) * np.tanh((ratio - departures + resampled) / 2), length


def in_chunks(draw: Callable[[int], NDArray[Any]], rules: Inference) -> NDArray[Any]:
    """B replicates from a function that draws one chunk of them, given its number."""
    numbers = range(-(-rules.replicates // rules.chunk))
    return np.concatenate([draw(number) for number in numbers])[: rules.replicates]


def week_weights(blocks: Blocks, weeks: int, size: int, seed: int, number: int) -> Floats:
    """How often each week stands in one chunk of resampled series: (size, weeks)."""
    places = blocks.places(generator_of(seed, number, _STREAM), size, weeks)
    flat = places + weeks * np.arange(size)[:, None]
    counts = np.bincount(flat.ravel(), minlength=size * weeks)
    return counts.reshape(size, weeks).astype(float)


def independent_weights(weeks: int, size: int, seed: int, number: int) -> Floats:
    """Exponential weights of weeks (size, weeks), in multiples of 2⁻¹⁶, independent of each other."""
    weights = generator_of(seed, number, _STREAM).standard_exponential((size, weeks))
    return np.asarray(np.floor(weights * 2.0**16) / 2.0**16)


def product_totals(
    counts: Ints, replicates: int, chunk: int, seed: int, *, developers: bool, weeks: Blocks | None
) -> Floats:
    """Totals (B, k) of cells (n, k, T) whose developers, weeks, or both are resampled.

    Parameters
    ----------
    counts
        Whole numbers (n, k, T): developers, columns, weeks.
    replicates, chunk, seed
        As for `replication.inference.resampling.replicate_totals`; developers get its weights.
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


def _departures(series: Floats, fitted: Floats) -> Floats:
    """What a fit leaves of a series, zero where that is only rounding."""
    rest = series - fitted
    return np.where(np.abs(rest) > _ROUNDING * np.abs(series).max(), rest, 0.0)
