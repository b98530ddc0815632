"""A synthetic Hub day by day: what was downloaded of every repository is known.

Developers and repositories have log-normal sizes. A repository has a launch that dies away, a
steady part that grows or shrinks with its age, and a walk of its own from month to month, as have its
developer and its country group. A few repositories are downloaded in a burst. Everything is drawn
from one seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.attribution.rules import BURST

FIRST, LAST = date(2023, 5, 1), date(2025, 9, 30)
ROLLING = 30
OTHERS = "all others"
GROUPS: Mapping[str, tuple[float, float]] = {
    "China": (0.10, 0.16),
    "USA": (0.20, 0.26),
    "User": (0.38, 0.30),
    "Unknown": (0.15, 0.12),
    "France": (0.04, 0.06),
    "Germany": (0.03, 0.03),
    "International / Online": (0.05, 0.04),
    "Asia": (0.05, 0.03),
}
"""Share of the developers, and about the share of the downloads, of each country group."""
_TOTAL = 1e10  # downloads of the last year, of any age and before bursts
_DEVELOPER, _REPOSITORY = 1.0, 1.6  # standard deviations of the logarithms of sizes
_WALKS = {"repository": 0.25, "developer": 0.12, "group": 0.08}  # a month, of the logarithm
_TREND = {"China": (0.6, 0.4), "USA": (0.1, 0.3)}  # of the logarithm a year: mean, deviation
_TREND_OTHERS = (0.2, 0.3)
_LAUNCH_DAYS, _AGEING = (25.0, 0.7), (-0.3, 0.8)
_BURSTS, _BURST_DAYS, _BURST_SHARE = 8, (25, 150), (0.0015, 0.015)
_KAPPA, _KAPPA_DEVELOPER = 0.96, 0.01
Floats = NDArray[np.float64]
Narrow = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class DailyHub:
    """Synthetic downloads of n repositories on D days from `FIRST` to `LAST`.

    Attributes
    ----------
    namespaces, groups
        Name and country group of each developer (m).
    developer, born
        Developer (n,) of each repository, and the day (n,) of its creation, counted from `FIRST`.
    sums
        Whole downloads (n, D) up to the end of each day.
    kappa
        What part (n,) of the downloads the 30-day count holds.
    burst
        Which repositories (n,) burst.
    """

    namespaces: tuple[str, ...]
    groups: tuple[str, ...]
    developer: Ints
    born: Ints
    sums: Ints
    kappa: Floats
    burst: NDArray[np.bool_]

    @cached_property
    def names(self) -> NDArray[np.object_]:
        """Names (n,) of the repositories."""
        pairs = enumerate(self.developer)
        return np.array([f"{self.namespaces[d]}/model-{n:05d}" for n, d in pairs], dtype=object)

    @cached_property
    def created(self) -> pd.DatetimeIndex:
        """Creation dates (n,), at midnight."""
        return pd.Timestamp(FIRST) + pd.to_timedelta(self.born, unit="D")

    @cached_property
    def group(self) -> NDArray[np.object_]:
        """Country group (n,) of each repository."""
        return np.array(self.groups, dtype=object)[self.developer]

    @cached_property
    def kinds(self) -> dict[str, str]:
        """Kinds of the rules that a reader of the downloads would write, by name."""
        return dict.fromkeys(self.names[self.burst], BURST)

    def counters(self, on: date) -> Ints:
        """Cumulative downloads (n,) at the end of a day."""
        return np.asarray(self.sums[:, day_of(on)])

    def rolling(self, on: date) -> Ints:
        """The 30-day count (n,): `kappa` times the downloads of 30 days, rounded down."""
        last = day_of(on)
        grown = self.sums[:, last] - self.sums[:, last - ROLLING]
        return np.floor(self.kappa * grown).astype(np.int64)

    def alive(self, on: date) -> NDArray[np.bool_]:
        """Which repositories (n,) exist on a day."""
        return np.asarray(self.born <= day_of(on))

    def first_year(self, start: date, end: date, age_limit_days: int) -> Ints:
        """Downloads (n, days) of the days after `start` up to `end`, while young enough."""
        days = np.arange(day_of(start) + 1, day_of(end) + 1)
        young = days - self.born[:, None] <= age_limit_days
        daily = np.diff(self.sums[:, days[0] - 1 : days[-1] + 1], axis=1)
        return np.where(young, daily, 0)


def day_of(day: date) -> int:
    """Number of a day, counted from `FIRST`."""
    return (day - FIRST).days


def daily_hub(repositories: int, developers: int, seed: int) -> DailyHub:
    """Draw a synthetic Hub.

    Parameters
    ----------
    repositories, developers
        How many.
    seed
        Root of all draws.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(20240827,)))
    chance = np.array([share for share, _ in GROUPS.values()])
    drawn = np.array([*GROUPS], dtype=object)[rng.choice(len(GROUPS), developers, p=chance)]
    drawn[: len(GROUPS)] = [*GROUPS]  # no group is without a developer
    size = _DEVELOPER * rng.standard_normal(developers)
    draws = np.exp(size / 2)
    developer = np.sort(rng.choice(developers, repositories, p=draws / draws.sum()))
    born = (day_of(LAST) * rng.power(1.5, repositories)).astype(np.int64)
    rates = _rates(size, developer, drawn, born, rng)
    rates *= _column(_scale(rates, drawn[developer], rng))
    burst = _burst(rates, born, rng)
    sums = np.cumsum(rates, axis=1, dtype=np.float64).astype(np.int64)
    return DailyHub(
        namespaces=tuple(f"synthetic-{n:04d}" for n in range(1, developers + 1)),
        groups=tuple(drawn),
        developer=developer,
        born=born,
        sums=sums,
        kappa=_KAPPA + _KAPPA_DEVELOPER * rng.standard_normal(developers)[developer],
        burst=burst,
    )


def _rates(
    size: Floats, developer: Ints, group: NDArray[np.object_], born: Ints, rng: np.random.Generator
) -> Narrow:
    """Downloads (n, D) a day, of no particular unit."""
    days, n = day_of(LAST) + 1, len(born)
    age = np.arange(days) - born[:, None]
    past = np.maximum(age, 0).astype(np.float32)
    lasts = _column(_LAUNCH_DAYS[0] * rng.lognormal(0.0, _LAUNCH_DAYS[1], n))
    ageing = _column(rng.normal(*_AGEING, n) / 365)
    launch = _column(rng.gamma(1.0, 2.0, n))
    own = _column(size[developer] / 2 + _REPOSITORY * rng.standard_normal(n))
    moves = _walks(developer, group, rng)
    life = np.exp(ageing * past) + launch * np.exp(-past / lasts)
    return np.where(age >= 0, life * np.exp(own + moves), np.float32(0.0))


def _column(values: Floats) -> Narrow:
    """Values (n,) as a column (n, 1) of half the precision: the whole Hub is large."""
    return values.astype(np.float32)[:, None]


def _walks(developer: Ints, group: NDArray[np.object_], rng: np.random.Generator) -> Narrow:
    """Sums (n, D) of the walks of repositories, developers and groups, and the groups' trends."""
    days = np.arange(day_of(LAST) + 1)
    knots = np.arange(0, days[-1] + ROLLING, ROLLING)
    names, place = np.unique(group.astype(str), return_inverse=True)
    years = (knots - day_of(date(2025, 2, 26))) / 365
    trend = [rng.normal(*_TREND.get(str(name), _TREND_OTHERS)) * years for name in names]
    steps = {
        "repository": rng.standard_normal((len(developer), len(knots))),
        "developer": rng.standard_normal((len(group), len(knots)))[developer],
        "group": rng.standard_normal((len(names), len(knots)))[place[developer]],
    }
    sums = np.sum([_WALKS[name] * step.cumsum(axis=1) for name, step in steps.items()], axis=0)
    sums += np.array(trend)[place[developer]]
    between = np.maximum(1 - np.abs(days - knots[:, None]) / ROLLING, 0.0)
    return np.asarray(sums.astype(np.float32) @ between.astype(np.float32))


def _scale(rates: Narrow, group: NDArray[np.object_], rng: np.random.Generator) -> Floats:
    """Factor (n,) that gives every group about its share of the last year's downloads."""
    year = rates[:, -365:].sum(axis=1)
    found = np.zeros(len(rates))
    for name, (_, share) in GROUPS.items():
        here = group == name
        found[here] = _TOTAL * share * rng.lognormal(0.0, 0.25) / max(year[here].sum(), 1e-9)
    return found


def _burst(rates: Narrow, born: Ints, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Add a burst to a few repositories, and say to which."""
    latest = day_of(date(2025, 7, 15))
    young = np.flatnonzero((born > day_of(date(2023, 9, 1))) & (born < latest))
    chosen = rng.choice(young, min(_BURSTS, len(young)), replace=False)
    for row in chosen:
        begins = int(rng.integers(max(day_of(date(2024, 7, 15)), born[row]), latest))
        lasts = int(rng.integers(*_BURST_DAYS))
        most = _TOTAL * np.exp(rng.uniform(*np.log(_BURST_SHARE)))
        form = np.sin(np.pi * (np.arange(lasts) + 0.5) / lasts)
        ends = min(begins + lasts, rates.shape[1])
        rates[row, begins:ends] += (most * form / form.sum())[: ends - begins]
    burst = np.zeros(len(rates), dtype=bool)
    burst[chosen] = True
    return burst
