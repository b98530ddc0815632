"""The synthetic Hub as the study would have released it: the largest repositories, first year only.

The columns are those of the study's file, with the index that leaked into it; the defects are its
own, at chosen rates. Counters are those of `SyntheticHub`, so that the truth stays known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from replication import files
from replication.validation.synthetic.curves import DAY, Ints
from replication.validation.synthetic.defects import COUNTER_SINCE, WEEK
from replication.validation.synthetic.lineage import NO_PARENT, first_root
from replication.validation.synthetic.truth import SyntheticHub, seconds

LAST_WEEKLY, FIRST_DAILY, LAST = date(2026, 1, 7), date(2026, 1, 12), date(2026, 2, 1)
AGE_LIMIT_DAYS = 365
_LISTED = pa.list_(pa.field("element", pa.string()))
SCHEMA = pa.schema(
    [
        ("_id", pa.string()),
        ("model", pa.string()),
        ("author", pa.string()),
        ("time", pa.timestamp("ns")),
        ("created", pa.timestamp("us", tz="UTC")),
        ("downloadsAllTime", pa.int64()),
        ("annotator", pa.float64()),
        ("org_model", pa.string()),
        ("org_type", pa.string()),
        ("org_country", _LISTED),
        ("derived_author", pa.string()),
        ("org_country_single", pa.string()),
        ("derived_org_country", _LISTED),
        ("derived_org_country_single", pa.string()),
        ("merged_country_groups_single", pa.string()),
        ("merged_derived_country_groups_single", pa.string()),
        ("merged_derived_from", _LISTED),
        ("merged_languages", _LISTED),
        ("merged_modality", pa.string()),
        ("__index_level_0__", pa.int64()),
    ]
)
_KINDS = ("offset", "fallen", "missed", "renamed", "revised", "order")
_FALLEN_TO = (0.9, 0.999)


@dataclass(frozen=True)
class ReleaseRates:
    """How often each defect of the released file strikes.

    Attributes
    ----------
    offset_days
        Fewest and most days from a weekly label, the start of its week, to its reading.
    repeated
        Label and number of the readings that stand under it, a day apart, the last one its own.
    frozen
        Labels at which every counter shows the reading before the first of them.
    fallen, missed
        Share of the rows whose counter has fallen, and share of the rows that are not there.
    renamed, revised
        Share of the repositories with another name, and share with another origin, before the
        middle of the labels.
    closed_after
        Day after which no repository is added.
    shuffled
        Whether the rows are out of order.
    """

    offset_days: tuple[int, int] = (0, 0)
    repeated: tuple[tuple[date, int], ...] = ()
    frozen: tuple[date, ...] = ()
    fallen: float = 0.0
    missed: float = 0.0
    renamed: float = 0.0
    revised: float = 0.0
    closed_after: date = LAST
    shuffled: bool = False

    @classmethod
    def none(cls) -> ReleaseRates:
        """No defect: every label is the first moment of its reading, and the cohort stays open."""
        return cls()

    @classmethod
    def realistic(cls) -> ReleaseRates:
        """The defects of the study's file, at its labels and near its rates."""
        return cls(
            offset_days=(3, 6),
            repeated=((FIRST_DAILY, 5),),
            frozen=(
                *(date(2025, 6, 4) + n * WEEK for n in range(5)),
                date(2026, 1, 28),
                date(2026, 1, 31),
            ),
            fallen=0.002,
            missed=0.01,
            renamed=0.011,
            revised=0.009,
            closed_after=date(2025, 7, 11),
            shuffled=True,
        )


@dataclass(frozen=True)
class _Lines:
    """Rows of the file before their texts: repository, label and counter (k,) of each."""

    rows: Ints
    labels: NDArray[np.datetime64]
    counters: Ints


def release_labels(
    first: date = COUNTER_SINCE,
    last_weekly: date = LAST_WEEKLY,
    first_daily: date = FIRST_DAILY,
    last: date = LAST,
) -> list[date]:
    """Labels of the readings: weekly ones up to `last_weekly`, then daily ones."""
    weekly = [first + n * WEEK for n in range((last_weekly - first) // WEEK + 1)]
    return weekly + [first_daily + timedelta(n) for n in range((last - first_daily).days + 1)]


def release_table(
    hub: SyntheticHub,
    repositories: int,
    rates: ReleaseRates | None = None,
    seed: int = 0,
    labels: Sequence[date] | None = None,
) -> pd.DataFrame:
    """Tabulate the largest repositories as a released file.

    Parameters
    ----------
    hub
        The Hub that is read.
    repositories
        How many: those with most first-year downloads between the first label and the last.
    rates
        Defects, by default none.
    seed
        Root of their draws.
    labels
        Labels of the readings in order, by default `release_labels`.

    Returns
    -------
    pandas.DataFrame
        The columns of `SCHEMA`, one row a repository and reading at which it is at most a year
        old; the labels of country groups are the true ones.
    """
    rates, labels = rates or ReleaseRates.none(), labels or release_labels()
    chosen = _largest(hub, repositories, rates, labels)
    lines = _lines(hub, chosen, rates, seed, labels)
    table = _told(hub, lines, rates, seed, labels[len(labels) // 2])
    if rates.shuffled:
        table = table.iloc[_rng(seed, "order").permutation(len(table))]
    return table.reset_index(drop=True)[SCHEMA.names]


def write_release(
    hub: SyntheticHub,
    path: Path,
    repositories: int,
    rates: ReleaseRates | None = None,
    seed: int = 0,
    labels: Sequence[date] | None = None,
) -> Path:
    """Write the table of `release_table`, with the same parameters, as Parquet.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    table = release_table(hub, repositories, rates, seed, labels)
    with files.replaced(path) as temporary:
        pq.write_table(pa.Table.from_pandas(table, SCHEMA, preserve_index=False), temporary)
    return path


def _largest(
    hub: SyntheticHub, repositories: int, rates: ReleaseRates, labels: Sequence[date]
) -> Ints:
    """Rows of the repositories that the file holds, in order of creation."""
    gained = hub.first_year(seconds(labels[0]), seconds(labels[-1]), AGE_LIMIT_DAYS)
    gained[hub.alive(seconds(rates.closed_after + timedelta(1)) - 1) :] = 0
    largest = np.argsort(-gained, kind="stable")[:repositories]
    return np.sort(largest[gained[largest] > 0])


def _lines(
    hub: SyntheticHub, chosen: Ints, rates: ReleaseRates, seed: int, labels: Sequence[date]
) -> _Lines:
    """Every reading of the chosen repositories, with those defects that change counters."""
    parts = [
        _line(hub, chosen, label, read - days * DAY)
        for label, read in zip(labels, _read_at(rates, seed, labels), strict=True)
        for days in reversed(range(dict(rates.repeated).get(label, 1)))
    ]
    rows = np.concatenate([part.rows for part in parts])
    counters = np.concatenate([part.counters for part in parts])
    rng = _rng(seed, "fallen")
    struck = rng.random(len(rows)) < rates.fallen
    level = np.where(struck, rng.uniform(*_FALLEN_TO, len(rows)), 1.0)
    counters = np.floor(counters * level).astype(np.int64)
    kept = _rng(seed, "missed").random(len(rows)) >= rates.missed
    return _Lines(rows[kept], np.concatenate([p.labels for p in parts])[kept], counters[kept])


def _line(hub: SyntheticHub, chosen: Ints, label: date, at: int) -> _Lines:
    """Those of the chosen that were born when the Hub was read and at most a year old."""
    born = hub.created[chosen]
    rows = chosen[(born <= at) & ((seconds(label) - born) // DAY <= AGE_LIMIT_DAYS)]
    labels = np.full(len(rows), np.datetime64(label, "ns"))
    return _Lines(rows, labels, hub.counters(at, rows))


def _read_at(rates: ReleaseRates, seed: int, labels: Sequence[date]) -> list[int]:
    """When the counters of each label were read, in unix seconds; a frozen one as the one before."""
    rng, moments = _rng(seed, "offset"), list[int]()
    for label in labels:
        fewest, most = rates.offset_days if label <= LAST_WEEKLY else (0, 0)
        read = seconds(label) + int(rng.integers(fewest, most + 1)) * DAY
        moments.append(moments[-1] if moments and label in rates.frozen else read)
    return moments


def _told(
    hub: SyntheticHub, lines: _Lines, rates: ReleaseRates, seed: int, middle: date
) -> pd.DataFrame:
    """Names, origins and annotations of every line."""
    rows, early = lines.rows, lines.labels < np.datetime64(middle)
    renamed = _rng(seed, "renamed").random(len(hub)) < rates.renamed
    revised = _rng(seed, "revised").random(len(hub)) < rates.revised
    names = np.asarray(hub.names(rows), dtype=object)
    later = np.asarray(hub.names(rows, renamed=renamed), dtype=object)
    root = first_root(hub.parents)[rows]
    owner = hub.developer[rows]
    maker = hub.developer[np.where(revised[rows] & early, rows, root)]
    namespaces, groups = np.array(hub.namespaces, dtype=object), np.array(hub.groups, dtype=object)
    table = pd.DataFrame(
        {
            "_id": np.asarray(hub.ids(rows), dtype=object),
            "model": np.where(early, names, later),
            "author": namespaces[owner],
            "time": lines.labels,
            "created": pd.to_datetime(hub.created[rows], unit="s", utc=True),
            "downloadsAllTime": lines.counters,
            "derived_author": namespaces[maker],
            "__index_level_0__": np.arange(len(rows)),
        }
    )
    for ours, place in (("org", owner), ("derived_org", maker)):
        table[f"{ours}_country_single"] = groups[place]
        table[f"{ours}_country"] = [[group] for group in groups[place]]
        merged = ours.removesuffix("org")
        table[f"merged_{merged}country_groups_single"] = groups[place]
    table["merged_derived_from"] = _parents(hub, rows)
    table["merged_languages"] = [["Unknown"]] * len(rows)
    told = {"annotator": 1.0, "org_model": "user", "org_type": "company"}
    return table.assign(**told, merged_modality="Text --> Text")


def _parents(hub: SyntheticHub, rows: Ints) -> list[list[str]]:
    """Names of the parents of each row, or ``No``."""
    known = {int(p) for p in hub.parents[rows].ravel() if p != NO_PARENT}
    order = np.array(sorted(known), dtype=np.int64)
    names = dict(zip(order.tolist(), hub.names(order).to_pylist(), strict=True))
    return [[names[p] for p in pair if p != NO_PARENT] or ["No"] for pair in hub.parents[rows]]


def _rng(seed: int, kind: str) -> np.random.Generator:
    """The stream of one kind of defect."""
    key = (_KINDS.index(kind),)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
