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
from numpy.typing import NDArray

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

    By the rule of `arch.bootstrap.optimal_block_length`, which documents its sources. It is written
    out because importing arch takes longer than all else here; a test compares the two.

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
    if len(series) >= LEAST:
        weeks = np.arange(len(series), dtype=float)
        straight = np.polynomial.Polynomial.fit(weeks, series, 1)(weeks)
        departures = _departures(series, straight)
        if departures.any():
            return _best_length(departures, 4 / 3 if scheme == MovingBlocks.name else 2)
    raise DegenerateDataError(
        f"{len(series)} weeks say nothing of how weeks depend on each other",
        "use a file whose readings span more weeks",
    )


def _best_length(series: Floats, constant: float) -> float:
    """Length of blocks of a series (T,) for a scheme with this constant in its variance."""
    weeks, left = len(series), series - series.mean()
    run = max(5, int(math.log10(weeks)))
    farthest = math.ceil(math.sqrt(weeks)) + run
    products = np.array([left[lag:] @ left[: weeks - lag] for lag in range(farthest + 1)])
    lag = min(2 * _memory(left, products, run), farthest)
    steps = np.arange(1, lag + 1)
    # A flat top: weeks up to half as far apart count whole, those farther apart less and less.
    covariances = 2 * np.minimum(1, 2 * (1 - steps / lag)) * products[1 : lag + 1] / weeks
    long_run = products[0] / weeks + covariances.sum()
    length = (2 * (steps @ covariances) ** 2 / (constant * long_run**2) * weeks) ** (1 / 3)
    return float(min(length, math.ceil(min(3 * math.sqrt(weeks), weeks / 3))))


def _memory(left: Floats, products: Floats, run: int) -> int:
    """The lag, 1 or more, after which a run of autocorrelations is as small as chance makes them.

    Where there is none it is the farthest lag. A correlation is of the weeks that have a partner.
    """
    weeks, lags = len(left), range(len(products))
    sizes = [
        math.sqrt((left[lag + 1 :] @ left[lag + 1 :]) * (left[: -lag - 1] @ left[: -lag - 1]))
        for lag in lags
    ]
    small = np.abs(products) / sizes < 2 * math.sqrt(math.log10(weeks) / weeks)
    found = (first for first in range(len(products) - run) if small[first : first + run].all())
    return max(next(found, len(products) - 1), 1)


def trend_of(ratio: Floats) -> Floats:
    """Centred moving average over `TREND_WEEKS` weeks of a series (T,).

    Within half its width of either end, where it has not enough weeks, it is the straight line
    fitted to the outermost `TREND_WEEKS` weeks.
    """
    half, weeks = TREND_WEEKS // 2, np.arange(TREND_WEEKS)
    first, last = (
        np.polynomial.Polynomial.fit(weeks, part, 1)(weeks)
        for part in (ratio[:TREND_WEEKS], ratio[-TREND_WEEKS:])
    )
    middle = np.convolve(ratio, np.full(TREND_WEEKS, 1 / TREND_WEEKS), mode="valid")
    return np.concatenate([first[:half], middle, last[-half:]])


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
