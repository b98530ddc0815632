"""Intervals of the headline from other libraries, compared with those of the analysis.

The cells are those of the SQL beside this file; percentile and BCa intervals are those of
scipy.stats.bootstrap and of arch, which resample rows and call the statistic on each resample, and
the jackknife deletes one developer after the other. Nothing of `replication.attribution` or
`replication.analysis` is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from replication.definitions import Definitions
from replication.errors import SecondImplementationError
from replication.files import read_csv
from replication.validation.second import REMEDY
from replication.validation.sql_estimates import queried

FARTHEST = 5.0
"""Simulated ends may lie so many standard errors of their difference apart."""
EXACTLY = 1e-9
"""Ends that nothing is simulated for may differ by so much."""
STATISTICS = {"China": (1, 0), "USA": (0, 1), "China − USA": (1, -1)}
"""How often each statistic counts China's and the USA's downloads."""
KEYS = ["method", "group", "end"]
Floats = NDArray[np.float64]
Statistic = Callable[..., Floats]


def statistic(name: str) -> Statistic:
    """A statistic of columns of China's, the USA's and all downloads, summed over the last axis."""
    a, b = STATISTICS[name]
    return lambda china, usa, total, axis=-1: np.asarray(
        (a * china.sum(axis=axis) + b * usa.sum(axis=axis)) / total.sum(axis=axis)
    )


def intervals(cells: Floats, level: float, replicates: int, seed: int) -> pd.DataFrame:
    """Make every interval by other means.

    Parameters
    ----------
    cells
        Downloads (n, 3) of each developer: of China, of the USA, of all.
    level, replicates, seed
        Nominal coverage, number of replicates and root of the seeds.

    Returns
    -------
    pandas.DataFrame
        One row an end: ``method, group, end, library, value``.
    """
    rows = [
        (method, name, end, library, value)
        for name in STATISTICS
        for method, library, ends in _intervals(cells, name, level, replicates, seed)
        for end, value in zip(("lower", "upper"), ends, strict=True)
    ]
    return pd.DataFrame(rows, columns=["method", "group", "end", "library", "value"])


def _intervals(
    cells: Floats, name: str, level: float, replicates: int, seed: int
) -> Iterator[tuple[str, str, tuple[float, float]]]:
    """Every method of every library for one statistic."""
    from arch.bootstrap import IIDBootstrap

    columns, of = tuple(cells.T), statistic(name)
    for method in ("percentile", "bca"):
        interval = stats.bootstrap(
            columns, of, paired=True, vectorized=True, n_resamples=replicates,
            confidence_level=level, method=method, rng=np.random.default_rng(seed),
        ).confidence_interval  # fmt: skip
        yield method, "scipy", (float(interval.low), float(interval.high))
        drawn = IIDBootstrap(*columns, seed=np.random.default_rng(seed))
        ends = drawn.conf_int(
            lambda *c: np.atleast_1d(of(*c)), reps=replicates, method=method, size=level
        )
        yield method, "arch", (float(ends[0, 0]), float(ends[1, 0]))
    yield "jackknife-logit", "loop", _jackknife(cells, name, level)


def _jackknife(cells: Floats, name: str, level: float) -> tuple[float, float]:
    """Delete one developer after the other, on the logit of the share, or of (1 + lead)/2."""
    of, n = statistic(name), len(cells)
    lead = name == "China − USA"

    def logit(rows: Floats) -> float:
        value = float(of(*rows.T))
        share = (1 + value) / 2 if lead else value
        return float(np.log(share) - np.log(1 - share))

    without = np.array([logit(np.delete(cells, i, axis=0)) for i in range(n)])
    error = np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum())
    reach = stats.t.ppf((1 + level) / 2, n - 1) * error
    shares = [1 / (1 + np.exp(-(logit(cells) + side * reach))) for side in (-1, 1)]
    return (2 * shares[0] - 1, 2 * shares[1] - 1) if lead else (shares[0], shares[1])


def compare(second: pd.DataFrame, first: pd.DataFrame, replicates: int, more: int) -> pd.DataFrame:
    """Set every end beside its other computation.

    Parameters
    ----------
    second
        The table of `intervals`, made with `replicates`.
    first
        Rows of results/intervals.csv, made with `more` replicates.

    Returns
    -------
    pandas.DataFrame
        The rows of `second` with ``first`` and ``distance``: in standard errors of the difference,
        or for the jackknife, absolute in units of `EXACTLY`. Ends that either refuses are left out.
    """
    ends = [
        first.assign(end=end, first=first[end], error=first[f"error_{end}"])
        for end in ("lower", "upper")
    ]
    rows = second.merge(pd.concat(ends)[[*KEYS, "first", "error"]], on=KEYS, validate="many_to_one")
    rows = rows[rows["first"].notna() & rows["value"].notna()]
    gap = (rows["first"] - rows["value"]).abs()
    spread = rows["error"] * np.sqrt(1 + more / replicates)
    exact = rows["library"] == "loop"
    return rows.assign(distance=(gap / spread).mask(exact, gap / EXACTLY))


def checked(folder: Path, results: Path, definitions: Definitions) -> tuple[int, float]:
    """Make the headline's intervals from `folder` again and compare them with `results`.

    Returns
    -------
    tuple of int and float
        How many ends were compared, and the largest distance of simulated ones in standard errors.

    Raises
    ------
    SecondImplementationError
        An end lies too far away.
    """
    settings, head = definitions.inference, definitions.headline
    keys = {"estimand": definitions.headline_estimand.window.id, "labels": head.labels}
    developers = queried(folder, definitions, "developers.sql")
    headline = developers[
        (developers[[*keys, "attribution"]] == [*keys.values(), head.attribution]).all(axis=1)
    ]
    cells = headline[["china", "usa", "total"]].to_numpy(dtype=float)
    table = read_csv(results / "intervals.csv")
    first = table[
        (table["estimand"] == head.estimand)
        & (table["unit"] == "developer")
        & table["scheme"].isin(["multinomial", "none"])
    ]
    second = intervals(cells, settings.level, settings.replicates, settings.seed)
    rows = compare(second, first, settings.replicates, settings.replicates)
    limit = np.where(rows["library"] == "loop", 1.0, FARTHEST)
    wrong = rows[~(rows["distance"] <= limit)]
    if len(wrong) or rows.empty:
        shown = "".join(f"\n  {tuple(row)}" for row in wrong.head().itertuples(index=False))
        raise SecondImplementationError(
            f"{len(wrong)} of {len(rows)} interval ends differ from those of other libraries{shown}",
            REMEDY,
        )
    return len(rows), float(rows.loc[rows["library"] != "loop", "distance"].max())
