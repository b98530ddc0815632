"""Public records of a synthetic Hub, in the shapes of the real ones.

A list of the whole Hub, three lists of its top, monthly crawls of some developers, more of them each
time and not the same part of every country group, and the counters of some large repositories. The
creation date of part of the repositories is in no record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.sources.records import Records
from replication.sources.records.one_record import CUMULATIVE, THIRTY_DAY
from replication.validation.synthetic.daily import LAST, DailyHub, Ints, day_of

WHOLE, CRAWL, COUNTERS = "synthetic-whole", "synthetic-crawl", "synthetic-counters"
CREATED = "synthetic-created"
WHOLE_DATE = date(2024, 7, 11)
TOPS: Mapping[date, float] = {
    date(2024, 9, 20): 0.955,
    date(2025, 1, 14): 0.90,
    date(2025, 3, 21): 0.80,
}
"""Dates of the lists of the top, and the share of the Hub's 30-day counts that each holds."""
CRAWLS = (
    date(2024, 11, 14), date(2024, 12, 12), date(2025, 1, 14), date(2025, 2, 14), date(2025, 3, 7),
    date(2025, 4, 7), date(2025, 5, 7), date(2025, 6, 7), date(2025, 7, 7), date(2025, 8, 7),
    date(2025, 9, 7),
)  # fmt: skip
CAPTURED: Mapping[str, float] = {"China": 0.9, "USA": 0.6}
CAPTURED_OTHERS = 0.2
"""Share of a country group's downloads that the last crawl holds."""
_JOINS = (0.45, 0.05, 0.3, 0.0, 0.0, 0.05, 0.03, 0.03, 0.03, 0.03, 0.03)  # which crawl is the first
_CHOICE = 1.0  # deviation of the logarithm by which the crawled are not simply the largest
_COUNTED: Mapping[str, float] = {"China": 0.75, "USA": 0.45}
_COUNTED_OTHERS, _HEAD = 0.15, 0.2  # chance of a repository among this share of the largest
_COUNTERS_SINCE, _WEEK = date(2025, 3, 2), timedelta(days=7)
_DATED_TOP, _DATED_ELSEWHERE = 0.95, 0.3
_YEAR = 365
_DERIVED = 10  # every tenth repository says that it derives from the one after it
_MODELS = ["name", "record", "created", "base_models", "task", "listed", "origin"]
Chosen = NDArray[np.bool_]


@dataclass(frozen=True)
class _Known:
    """Observations of one record, and which repositories (n,) it dates."""

    observations: pd.DataFrame
    record: str
    dated: Chosen


def synthetic_records(hub: DailyHub, seed: int) -> Records:
    """Publish the records of a synthetic Hub.

    Parameters
    ----------
    hub
        The Hub.
    seed
        Of what is followed and what is dated.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(20240711,)))
    covered = _covered(hub, rng)
    lists = _lists(hub)
    parts = [*_listed(hub, lists, rng), _counted(hub, rng), _crawled(hub, covered)]
    names = pd.Series(hub.names)
    held = names.isin(pd.concat([part.observations["name"] for part in parts])).to_numpy()
    elsewhere = held & (rng.random(len(held)) < _DATED_ELSEWHERE)
    described = [(part.record, part.observations["name"], part.dated) for part in parts]
    models = [_models(hub, *part) for part in [*described, (CREATED, names[elsewhere], elsewhere)]]
    return Records(
        pd.concat([part.observations for part in parts], ignore_index=True),
        pd.concat(models, ignore_index=True),
        covered,
        lists,
        pd.DataFrame({"record": [], "task": [], "cut": []}).astype({"cut": "int64"}),
        pd.DataFrame({"older": [], "newer": [], "kind": []}, dtype="str"),
        pd.DataFrame(columns=["check", "what", "where", "rows", "treatment"]),
    )


def _lists(hub: DailyHub) -> pd.DataFrame:
    """``record, date, cut_off`` of the complete lists."""
    rows: list[tuple[str, pd.Timestamp, int]] = [(WHOLE, pd.Timestamp(WHOLE_DATE), 0)]
    for day, share in TOPS.items():
        counts = np.sort(hub.rolling(day))[::-1]
        last = int(np.searchsorted(counts.cumsum(), share * counts.sum()))
        rows.append((f"synthetic-top-{day}", pd.Timestamp(day), int(counts[last])))
    return pd.DataFrame(rows, columns=["record", "date", "cut_off"])


def _listed(hub: DailyHub, lists: pd.DataFrame, rng: np.random.Generator) -> Iterator[_Known]:
    """Every complete list; the first of the tops dates nothing."""
    for place, (record, at, cut) in enumerate(lists.itertuples(index=False)):
        counts = hub.rolling(at.date())
        rows = np.flatnonzero(hub.alive(at.date()) & (counts >= cut))
        chance = (1.0, 0.0, 1.0, _DATED_TOP)[place]
        dated = rng.random(len(counts)) < chance
        yield _Known(_observed(hub, rows, at.date(), counts, THIRTY_DAY, record), record, dated)


def _counted(hub: DailyHub, rng: np.random.Generator) -> _Known:
    """Weekly counters of some large repositories while they are young."""
    end, chance = day_of(LAST), np.array([_COUNTED.get(g, _COUNTED_OTHERS) for g in hub.group])
    year = hub.counters(LAST)
    young = end - hub.born <= _YEAR + (LAST - _COUNTERS_SINCE).days
    large = year >= np.quantile(year[young], 1 - _HEAD)
    chosen = young & large & (rng.random(len(year)) < chance)
    days = [_COUNTERS_SINCE + n * _WEEK for n in range((LAST - _COUNTERS_SINCE).days // 7 + 1)]
    parts = []
    for day in days:
        age = day_of(day) - hub.born
        rows = np.flatnonzero(chosen & (age >= 0) & (age <= _YEAR))
        parts.append(_observed(hub, rows, day, hub.counters(day), CUMULATIVE, COUNTERS))
    return _Known(pd.concat(parts, ignore_index=True), COUNTERS, np.ones(len(hub.born), dtype=bool))


def _covered(hub: DailyHub, rng: np.random.Generator) -> pd.DataFrame:
    """``record, crawl, date, namespace``: which developers each crawl holds."""
    gained = hub.counters(LAST) - hub.counters(LAST - timedelta(days=_YEAR))
    year = np.bincount(hub.developer, gained, len(hub.groups))
    place = np.argsort(-np.log(year + 1) - _CHOICE * rng.standard_normal(len(year)))
    groups = np.array(hub.groups, dtype=object)[place]
    part = pd.Series(year[place]).groupby(groups)
    before = part.cumsum() - year[place]
    aim = np.array([CAPTURED.get(g, CAPTURED_OTHERS) for g in groups])
    followed = place[(before < aim * part.transform("sum")).to_numpy()]
    since = rng.choice(len(CRAWLS), len(followed), p=_JOINS)
    rows = [
        (CRAWL, str(day), pd.Timestamp(day), hub.namespaces[developer])
        for number, day in enumerate(CRAWLS)
        for developer in np.sort(followed[since <= number])
    ]
    return pd.DataFrame(rows, columns=["record", "crawl", "date", "namespace"])


def _crawled(hub: DailyHub, covered: pd.DataFrame) -> _Known:
    """30-day counts of every repository of the developers that each crawl holds."""
    spaces = np.array(hub.namespaces, dtype=object)
    parts = []
    for at, held in covered.groupby("date")["namespace"]:
        of = np.isin(spaces, held.to_numpy(dtype=object))[hub.developer]
        rows = np.flatnonzero(of & hub.alive(at.date()))
        parts.append(_observed(hub, rows, at.date(), hub.rolling(at.date()), THIRTY_DAY, CRAWL))
    nothing = np.zeros(len(hub.born), dtype=bool)
    return _Known(pd.concat(parts, ignore_index=True), CRAWL, nothing)


def _observed(
    hub: DailyHub, rows: Ints, day: date, values: Ints, kind: str, record: str
) -> pd.DataFrame:
    """Observations of some repositories on one day."""
    return pd.DataFrame({
        "name": pd.Series(hub.names[rows], dtype="str"), "date": pd.Timestamp(day), "kind": kind,
        "value": values[rows], "record": record,
    })  # fmt: skip


def _models(hub: DailyHub, record: str, names: pd.Series, dated: Chosen) -> pd.DataFrame:
    """What one record says of its models."""
    held = pd.Series(np.arange(len(hub.names)), hub.names)[names.unique()].to_numpy()
    created = pd.Series(hub.created[held]).where(dated[held])
    derives = held % _DERIVED == 0
    parents = np.where(derives, hub.names[(held + 1) % len(hub.names)], "")
    nothing = dict.fromkeys(("task", "listed", "origin"), "")
    about = pd.DataFrame({"name": pd.Series(hub.names[held], dtype="str"), "record": record})
    about = about.assign(created=created.astype("datetime64[ns]"), base_models=parents)
    return about.assign(**nothing)[_MODELS]
