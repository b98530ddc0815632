"""Counters of a released file, mended by rule: one name, no spikes, no falls, and where they froze.

Every step's table is kept (`Readings`), so that what was wrong can be recorded: the checks that mend
are here, those that only record in `replication.panel.defects`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from replication import names
from replication.errors import ContractError
from replication.sources.defect import NONE, Defect, dates, sizes, sizes_by_reading

FALL = 10
"""A spike beside a fall is so many times what its neighbours differ by; a last jump, every rise before."""
MOST_FROZEN = 0.9
"""Share of frozen readings from which on data are refused; 7 of the 66 of the study's file are."""
ANNOTATIONS = [
    "name", "uploader", "origin", "study_group_uploader", "study_group_origin", "parents",
]  # fmt: skip


@dataclass(frozen=True)
class Readings:
    """Readings of a released file at each step of mending.

    Attributes
    ----------
    in_file
        All rows in the order of the file, each namespace in one spelling.
    in_order
        The same by repository and reading.
    distinct
        One row a repository and reading, with the name and labels of the repository's last reading.
    plausible
        The same without spikes; a counter may still fall.
    mended
        The same with running maxima.
    spikes
        By how much each row of `distinct` is too high, see `spikes`.
    frozen
        Readings at which the counters stood still.
    """

    in_file: pd.DataFrame
    in_order: pd.DataFrame
    distinct: pd.DataFrame
    plausible: pd.DataFrame
    mended: pd.DataFrame
    spikes: pd.Series
    frozen: tuple[pd.Timestamp, ...]


def clean(counters: pd.DataFrame, frozen_share: float) -> Readings:
    """Mend the counters of a released file.

    Parameters
    ----------
    counters
        The table of `replication.sources.counters.reading.read_counters`.
    frozen_share
        A reading is frozen where at least this share of the counters stands still.

    Returns
    -------
    Readings
        ``mended`` has one row a repository and reading in time order, counters never falling, and
        one name, uploader, origin and pair of labels a repository: the latest.
    """
    in_file = _one_spelling(counters)
    # Down to the labels, so that the order of the rows in the file changes nothing.
    in_order = in_file.sort_values(["repository", "reading", "counter", *ANNOTATIONS])
    distinct = _latest_annotation(in_order.drop_duplicates(["repository", "reading"], keep="last"))
    wrong = spikes(distinct)
    plausible = distinct[wrong == 0]
    highest = plausible.groupby("repository")["counter"].cummax()
    mended = plausible.assign(counter=highest)
    frozen = frozen_readings(mended, frozen_share)
    return Readings(in_file, in_order, distinct, plausible, mended, wrong, frozen)


def _one_spelling(counters: pd.DataFrame) -> pd.DataFrame:
    """Give a namespace that is spelt in several cases one spelling."""
    uploader, origin = names.unified(counters["uploader"], counters["origin"])
    return counters.assign(uploader=uploader, origin=origin)


def _latest_annotation(readings: pd.DataFrame) -> pd.DataFrame:
    """Give every reading the name and labels of its repository's last reading."""
    latest = readings.groupby("repository")[ANNOTATIONS].transform("last")
    return readings.assign(**{column: latest[column] for column in ANNOTATIONS})


def spikes(readings: pd.DataFrame) -> pd.Series:
    """By how much a reading is wrong that the next one takes back; 0 for every other reading.

    Readings of one repository with one value on end are one step. A step is a spike where it stands
    above the steps before and after it by more than the counter gains between these two, and where
    of the two after the next one at least one lies below it too: what came next does not go on from
    it. The top of a fall that stays, or from which a counter comes back at once, is none: where the
    step after is the lower one, a spike must stand above both by many times their difference. Nor is
    a last step, which nothing takes back. Before its first step a counter was 0.

    Parameters
    ----------
    readings
        One row a repository and reading, in time order: ``repository, counter``.

    Returns
    -------
    pandas.Series
        int64 downloads above the higher of the two neighbours, by the index of `readings`.
    """
    counter, repository = readings["counter"], readings["repository"]
    moved = counter != counter.groupby(repository).shift()
    steps = counter[moved]
    places = steps.groupby(repository[moved])
    before = places.shift().fillna(0)
    after, second, third = (places.shift(-n) for n in (1, 2, 3))
    high = np.maximum(before, after)
    apart = (after - before).where(after >= before, FALL * (before - after))
    gone_on = np.fmin(second, third) >= steps
    is_spike = (steps - high > apart) & ~gone_on
    height = (steps - high).where(is_spike, 0).astype("int64")
    step = moved.cumsum()
    return step.map(dict(zip(step[moved], height, strict=True))).astype("int64")


def frozen_readings(readings: pd.DataFrame, share: float) -> tuple[pd.Timestamp, ...]:
    """Readings at which at least `share` of the counters with a reading before stand still."""
    change = readings.groupby("repository")["counter"].diff()
    still = (change == 0)[change.notna()].groupby(readings["reading"]).mean()
    return tuple(pd.Timestamp(day) for day in still.index[still >= share])


def require_movement(still: int, followed: int) -> None:
    """Refuse data in which nothing happens: there is nothing to estimate in them.

    Parameters
    ----------
    still
        Readings at which nearly every counter stands still.
    followed
        Readings with a reading before.

    Raises
    ------
    ContractError
        `MOST_FROZEN` of the readings or more are such.
    """
    if followed and still >= MOST_FROZEN * followed:
        raise ContractError(
            f"nearly every counter stands still at {still:,} of {followed:,} readings",
            "use data whose counters move from one reading to the next (downloadsAllTime)",
        )


def duplicate_readings(readings: pd.DataFrame) -> Defect:
    """Several readings of one repository under one label."""
    repeated = readings.duplicated(["repository", "reading"], keep="last")
    return Defect(
        "duplicate-readings",
        "several readings of one repository under one label",
        dates(readings.loc[repeated, "reading"]),
        int(repeated.sum()),
        "the largest counter kept",
    )


def renamed(readings: pd.DataFrame) -> Defect:
    """Repositories with more than one name."""
    return Defect(
        "renamed-repositories",
        "one _id under more than one name",
        *several_values(readings, "name"),
        "joined on _id; the latest name holds",
    )


def several_values(readings: pd.DataFrame, column: str) -> tuple[str, int]:
    """Values of a column in repositories that have several of them, and these repositories' rows."""
    values = readings.groupby("repository")[column].unique()
    several = values[values.map(len) > 1]
    rows = int(readings["repository"].isin(several.index).sum())
    return ", ".join(" → ".join(each) for each in several) or NONE, rows


def spike_record(readings: pd.DataFrame, wrong: pd.Series) -> Defect:
    """Readings that the next one takes back, for the record."""
    table = readings.assign(size=wrong)[wrong > 0]
    return spiked(len(table), sizes_by_reading(table, "size"))


def spiked(number: int, largest: Mapping[str, int]) -> Defect:
    """The record of spikes: how many, and the largest by repository and label, in downloads."""
    return Defect(
        "spikes",
        "a counter rises at one reading and the next one takes it back",
        sizes(number, largest),
        number,
        "an error of that reading: treated as not read",
    )


def falling_counters(readings: pd.DataFrame) -> Defect:
    """Counters that fall between readings."""
    change = readings.groupby("repository")["counter"].diff()
    where = NONE
    if (change < 0).any():
        worst = change.idxmin()
        name, day = readings.loc[worst, "name"], readings.loc[worst, "reading"]
        where = f"worst {change[worst]:,.0f}: {name}, {day:%Y-%m-%d}"
    return Defect(
        "falling-counters",
        "cumulative counters that fall",
        where,
        int((change < 0).sum()),
        "running maximum: a fall counts as zero and is not counted again when it comes back",
    )


def frozen_record(readings: pd.DataFrame, frozen: Sequence[pd.Timestamp]) -> Defect:
    """The frozen readings, for the record."""
    return Defect(
        "frozen-readings",
        "nearly every counter stands still",
        dates(pd.Series(frozen, dtype="datetime64[ns]")),
        int(readings["reading"].isin(frozen).sum()),
        "left as they fall for window sums; spread over the gap for time series",
    )
