"""How few units carry a total: measures of concentration, with intervals for a Pareto tail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.analysis.cells import UNITS, Repositories, SpecifiedCells
from replication.analysis.lead import CHINA, USA
from replication.analysis.specification import of_window
from replication.definitions import Inference
from replication.errors import DegenerateDataError
from replication.inference.cells import HALVES, Cells
from replication.inference.intervals import percentile
from replication.inference.pareto import (
    Tail,
    draw_tail,
    fit_tail,
    hill_index,
    hill_interval,
    tail_size,
)

TOPS = (1, 5, 10)
MEASURES = ("hhi", "gini", *(f"top-{k}" for k in TOPS), "effective")
EVERYWHERE = "all"
SCOPES = (EVERYWHERE, CHINA, USA)
"""Units of all groups, or what each holds within one group."""
LEAST_UNITS = 30
"""Of fewer units no tail is fitted."""
LEAST_INDEX = 1.0
"""A law with this tail index or less has no mean: no measure settles as units are added."""
STREAM = 2
"""Sizes are drawn from seeds of their own, apart from those of weights and of labels."""
AT_ONCE = 1 << 20
"""Sizes drawn at a time, which bounds the memory and changes no number."""
MOST_DRAWS = 1 << 28
"""Sizes drawn for one interval, which bounds its time: of very many units, fewer replicates."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Concentration:
    """Number of developers, their effective number, and the largest one's share of the total."""

    n_developers: int
    n_effective: float
    top_share: float


def concentration(downloads: NDArray[np.int64]) -> Concentration:
    """Concentration of the downloads (n,) of n developers.

    The effective number (ΣD)²/ΣD² is the inverse of Simpson's index, the Hill number of order 2
    (as `skbio.diversity.alpha.hill` documents it): the number of equal developers that would be as
    concentrated.

    Raises
    ------
    DegenerateDataError
        There are no downloads.
    """
    sizes = np.asarray(downloads, dtype=float)
    sizes = sizes[sizes > 0]
    if sizes.size == 0:
        raise DegenerateDataError("nothing was downloaded", "choose a window inside the data")
    total = sizes.sum()
    effective, largest = total**2 / (sizes**2).sum(), sizes.max() / total
    return Concentration(int(sizes.size), float(effective), float(largest))


def measures(sizes: NDArray[np.number]) -> Floats:
    """Measures of concentration of n units, for any number of replicates at once.

    Parameters
    ----------
    sizes
        Sizes (…, n), none negative, in any order and unit. A unit that holds nothing counts.

    Returns
    -------
    numpy.ndarray
        Measures (…, 6) in the order of `MEASURES`, with s the shares of the total: ``hhi``
        (Herfindahl–Hirschman) Σs², from 1/n to 1; ``gini`` Σᵢⱼ|sᵢ − sⱼ| / 2n, from 0 to (n − 1)/n;
        ``top-k``, the sum of the k largest shares, NaN of fewer than k units; and ``effective``,
        the number 1/Σs² of equal units that would be as concentrated, the Hill number of order 2
        as in `concentration`. All are NaN where nothing is held.

    Notes
    -----
    In ascending order sᵢ exceeds i − 1 of the others and falls short of n − i, so that the double
    sum of the Gini index is 2 Σ (2i − n − 1) sᵢ: one sort serves all measures.
    """
    ordered = np.sort(np.asarray(sizes, dtype=float), axis=-1)
    n = ordered.shape[-1]
    total = ordered.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        hhi = np.einsum("...i,...i->...", ordered, ordered) / total**2
        gini = ordered @ (2.0 * np.arange(1, n + 1) - n - 1) / (n * total)
        largest = np.cumsum(ordered[..., ::-1][..., : max(TOPS)], axis=-1) / total[..., None]
        none = np.full(total.shape, np.nan)
        tops = [largest[..., k - 1] if k <= n else none for k in TOPS]
        return np.stack([hhi, gini, *tops, 1 / hhi], axis=-1)


def tail_bootstrap(
    sizes: NDArray[np.number], tail: Tail, replicates: int, chunk: int, seed: int
) -> Floats:
    """Replicates of the measures by a bootstrap whose tail is drawn from a Pareto law.

    Resampling the sizes themselves can never draw a unit larger than the largest, on which every
    measure hangs most. Davidson and Flachaire (2007) therefore model the upper tail in a
    bootstrap of inequality measures. Here n places are drawn as in the plain bootstrap; a place among
    the k largest, as many as a binomial law with chance k/n gives, has its size drawn from the tail.

    Parameters
    ----------
    sizes
        Positive sizes (n,) in any order.
    tail
        The law of the largest k of them.
    replicates
        Number of replicates B.
    chunk
        Replicates drawn from one seed, ``SeedSequence(seed, spawn_key=(chunk number, STREAM))``;
        fewer replicates are a prefix of more.
    seed
        Root of all seeds.

    Returns
    -------
    numpy.ndarray
        Measures (B, 6) in the order of `MEASURES`.
    """
    ordered = np.sort(np.asarray(sizes, dtype=float))
    parts = []
    for number in range(-(-replicates // chunk)):
        root = np.random.SeedSequence(seed, spawn_key=(number, STREAM))
        wanted = min(chunk, replicates - number * chunk)
        parts += [measures(drawn) for drawn in _draws(ordered, tail, wanted, root)]
    return np.concatenate(parts)


def _draws(
    ordered: Floats, tail: Tail, wanted: int, root: np.random.SeedSequence
) -> Iterator[Floats]:
    """Sizes (rows, n) of the `wanted` replicates of one chunk, a few rows at a time.

    Places and tail sizes come from two streams: neither depends on how many rows are drawn at once.
    """
    n = len(ordered)
    for_places, for_tail = map(np.random.default_rng, root.spawn(2))
    step = max(1, AT_ONCE // n)
    for start in range(0, wanted, step):
        places = for_places.integers(n, size=(min(step, wanted - start), n))
        drawn = ordered[places]
        above = places >= n - tail.size
        drawn[above] = draw_tail(tail, int(above.sum()), for_tail)
        yield drawn


def with_intervals(sizes: NDArray[np.number], rules: Inference) -> pd.DataFrame:
    """Measures of concentration with the percentile interval of `tail_bootstrap`.

    The interval is for what a measure typically is, its median, among n units drawn from the law of
    these: had the luck of which ones became hits fallen otherwise. It is not for the value that the
    measure approaches with ever more units, which for an index near 1 is far from what n units show.

    Parameters
    ----------
    sizes
        Positive sizes (n,) in any order and unit.
    rules
        Replicates, chunk, seed and level. More than `MOST_DRAWS` sizes are not drawn.

    Returns
    -------
    pandas.DataFrame
        One row a measure: ``measure, point, lower, upper, n, tail_index, tail_size, note``. The
        ends are NaN, and the note says why, of fewer than `LEAST_UNITS` units, for which no tail
        is fitted, and where the tail index is at most `LEAST_INDEX`. The note also says where the
        point lies outside its interval: the largest units do not follow the fitted law.
    """
    n = len(sizes)
    point = measures(sizes)
    tail = fit_tail(sizes, tail_size(n)) if n >= LEAST_UNITS else Tail(0, np.nan, np.nan)
    low = high = np.full(len(MEASURES), np.nan)
    if tail.index > LEAST_INDEX:
        replicates = min(rules.replicates, max(1, MOST_DRAWS // n))
        drawn = tail_bootstrap(sizes, tail, replicates, rules.chunk, rules.seed)
        low, high = percentile(drawn, rules.level)
    return pd.DataFrame(
        {
            "measure": MEASURES,
            "point": point,
            "lower": low,
            "upper": high,
            "n": n,
            "tail_index": tail.index,
            "tail_size": tail.size,
            "note": [
                _note(n, tail.index, *values) for values in zip(point, low, high, strict=True)
            ],
        }
    )


def _note(n: int, index: float, point: float, lower: float, upper: float) -> str:
    """Why a measure or its interval is refused, or what speaks against it; empty for neither."""
    if n == 0:
        return "refused: nothing was downloaded"
    if np.isnan(point):
        return "refused: fewer units than the measure adds up"
    if n < LEAST_UNITS:
        return f"interval refused: fewer than {LEAST_UNITS} units"
    if index <= LEAST_INDEX:
        return f"interval refused: a tail index of at most {LEAST_INDEX:g}, a law without a mean"
    return "" if lower <= point <= upper else "outside: a Pareto tail fits badly"


def concentrations(repositories: Repositories) -> pd.DataFrame:
    """Concentration of every window by the headline's attribution and labels.

    Returns
    -------
    pandas.DataFrame
        One row a window, scope, unit and measure: ``window, attribution, labels, scope`` (one of
        `SCOPES`), ``unit``, and the columns of `with_intervals`. Units without downloads in the
        scope do not count.
    """
    parts = []
    for cells, scope in product(whole_windows(repositories), SCOPES):
        spec = cells.specification
        keys = {"window": spec.window, "attribution": spec.attribution, "labels": spec.labels}
        rows = with_intervals(_within(cells, scope), repositories.definitions.inference)
        parts.append(rows.assign(**keys, scope=scope, unit=cells.unit))
    table = pd.concat(parts, ignore_index=True)
    names = ["window", "attribution", "labels", "scope", "unit"]
    return table[[*names, *table.columns.drop(names)]]


def whole_windows(repositories: Repositories) -> Iterator[SpecifiedCells]:
    """Cells of every window as the headline credits and labels it, without any exclusion."""
    for window, unit in product(repositories.definitions.windows, UNITS):
        yield repositories.cells(of_window(window.id, repositories.definitions), unit)


def _within(cells: Cells, scope: str) -> NDArray[np.int64]:
    """Half downloads of the units that hold any within the scope."""
    inside = cells.sizes if scope == EVERYWHERE else cells.of(scope)
    return np.asarray(inside[inside > 0])


def hill(repositories: Repositories) -> pd.DataFrame:
    """Hill's index against the size of the tail, by the headline's attribution and labels.

    Returns
    -------
    pandas.DataFrame
        One row a window, unit and tail size ``k`` up to half of the units: ``alpha`` (Hill's index),
        ``error`` (its asymptotic standard error), ``lower`` and ``upper`` (`hill_interval`),
        ``threshold`` in downloads, and ``share`` of the downloads that units above it hold.
    """
    level = repositories.definitions.inference.level
    parts = [
        _by_tail_size(cells.sizes, level).assign(window=cells.specification.window, unit=cells.unit)
        for cells in whole_windows(repositories)
    ]
    table = pd.concat(parts, ignore_index=True)
    return table[["window", "unit", *table.columns.drop(["window", "unit"])]]


def _by_tail_size(sizes: NDArray[np.int64], level: float) -> pd.DataFrame:
    """Rows of `hill` of the half downloads (n,) of n units."""
    ordered = np.sort(sizes)[::-1]
    k = np.arange(1, len(sizes) // 2 + 1)
    index = hill_index(sizes)[: len(k)]
    lower, upper = hill_interval(index, k, level)
    return pd.DataFrame(
        {
            "k": k,
            "alpha": index,
            "error": index / np.sqrt(k),
            "lower": lower,
            "upper": upper,
            "threshold": ordered[k] / HALVES,
            "share": np.cumsum(ordered)[k - 1] / ordered.sum(),
        }
    )
