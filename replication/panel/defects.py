"""Named checks of a released file: each finds one defect and says how it is treated.

The checks that mend are in `replication.sources.counters.mending`; the others record what a reader
of the panel must know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from replication import names
from replication.sources.counters.mending import (
    FALL,
    clean,
    duplicate_readings,
    falling_counters,
    frozen_record,
    renamed,
    several_values,
    spike_record,
)
from replication.sources.defect import FEW, NONE, Defect, dates, sizes, sizes_by_reading

WEEKLY = pd.Timedelta(days=7)


@dataclass(frozen=True)
class Mended:
    """Readings after mending, with what was wrong."""

    readings: pd.DataFrame
    defects: tuple[Defect, ...]
    frozen: tuple[pd.Timestamp, ...]


def mend(
    counters: pd.DataFrame,
    frozen_share: float,
    label_defects: pd.DataFrame,
    envelope_margin: int = 0,
) -> Mended:
    """Find, record and mend every known defect of a released file.

    Parameters
    ----------
    counters
        The table of `replication.sources.counters.reading.read_counters`.
    frozen_share
        A reading is frozen where at least this share of the counters stands still.
    label_defects
        Known wrong labels: ``check, column, value, reason, source, date, treatment``.
    envelope_margin
        A repository is named where the envelopes of its counter differ by more downloads.

    Returns
    -------
    Mended
        The mended readings of `replication.sources.counters.mending.clean`, and every defect in the
        order in which the checks build on each other.
    """
    steps = clean(counters, frozen_share)
    readings, frozen = steps.mended.reset_index(drop=True), steps.frozen
    return Mended(
        readings,
        (
            *case_variants(counters), aliases(steps.in_file), unsorted_rows(steps.in_file),
            duplicate_readings(steps.in_order), renamed(steps.in_order),
            revised_origins(steps.in_order),
            spike_record(steps.distinct, steps.spikes), falling_counters(steps.plausible),
            uncertain_counters(steps.plausible, envelope_margin),
            *last_jumps(steps.plausible, envelope_margin),
            frozen_record(readings, frozen), catch_up(readings, frozen),
            lost_in_freeze(readings, frozen), missed_readings(steps.distinct), late_first(readings),
            thin_readings(readings, frozen), mixed_cadence(readings), partial_week(readings),
            negative_ages(readings), closed_cohort(readings), ageing_cohort(readings),
            *(wrong_labels(readings, check, rows) for check, rows in label_defects.groupby("check")),
        ),
        frozen,
    )  # fmt: skip


def case_variants(counters: pd.DataFrame) -> tuple[Defect, ...]:
    """Namespaces that are spelt in several cases; there is a record only where there are such."""
    uploader, origin = names.unified(counters["uploader"], counters["origin"])
    changed = (uploader != counters["uploader"]) | (origin != counters["origin"])
    if not changed.any():
        return ()
    pairs = names.variants(pd.concat([counters["uploader"], counters["origin"]]))
    spellings = [f"{old} → {new}" for old, new in sorted(pairs.items())]
    more = f", … ({len(spellings)} spellings)" if len(spellings) > FEW else ""
    defect = Defect(
        "case-variants",
        "one namespace in several spellings that differ in case alone",
        ", ".join(spellings[:FEW]) + more,
        int(changed.sum()),
        "one developer, as on the Hub; the commonest spelling holds",
    )
    return (defect,)


def aliases(counters: pd.DataFrame) -> Defect:
    """Names of the study's alias column that are not the namespace of the repository."""
    differ = counters[names.keys(counters["author"]) != names.keys(counters["uploader"])]
    pairs = sorted(set(differ["uploader"] + "→" + differ["author"]))
    return Defect(
        "author-aliases",
        "the author column joins namespaces under one alias",
        ", ".join(pairs) or NONE,
        len(differ),
        "the uploader is the namespace in the repository's name",
    )


def unsorted_rows(counters: pd.DataFrame) -> Defect:
    """Rows that stand after a later reading of the same repository."""
    latest_so_far = counters.groupby("repository")["reading"].cummax()
    wrong = counters["reading"] < latest_so_far
    return Defect(
        "unsorted-rows",
        "rows are not in time order",
        "whole file",
        int(wrong.sum()),
        "sorted by repository and reading before any difference",
    )


def revised_origins(readings: pd.DataFrame) -> Defect:
    """Repositories whose origin was annotated anew between readings."""
    return Defect(
        "revised-origins",
        "the annotated origin changes between readings",
        *several_values(readings, "origin"),
        "the latest annotation holds for all readings",
    )


def uncertain_counters(readings: pd.DataFrame, margin: int) -> Defect:
    """Repositories whose counter falls by more than a margin: which reading errs is not known.

    The running maximum forward believes the readings before a fall, the running minimum backward
    those after it. By what the two differ, a repository's downloads could be lower.
    """
    counters = readings["counter"]
    highest = counters.groupby(readings["repository"]).cummax()
    lowest = counters[::-1].groupby(readings["repository"]).cummin()
    apart = (highest - lowest).groupby(readings["name"]).max()
    large = apart[apart > margin].sort_values(ascending=False, kind="stable")
    return uncertain(margin, int(apart.sum()), len(large), large.to_dict())


def uncertain(margin: int, bound: int, number: int, largest: Mapping[str, int]) -> Defect:
    """The record of counters whose two envelopes differ.

    Parameters
    ----------
    margin
        Downloads above which the difference of a repository is named.
    bound
        Sum of the largest difference of every repository, downloads.
    number
        How many repositories differ by more than the margin.
    largest
        The largest of these by their names, downloads.
    """
    listed = f": {sizes(number, largest)}" if number else ""
    return Defect(
        "uncertain-counters",
        f"the running maximum forward and the running minimum backward differ by more than {margin:,}",
        f"at most {bound:,} downloads too many in all repositories{listed}" if bound else NONE,
        number,
        "the running maximum holds; the panel could be lower by the difference",
    )


def last_jumps(readings: pd.DataFrame, margin: int) -> tuple[Defect, ...]:
    """Last rises that nothing could take back, and that the rest of their counter does not lead to.

    Such a rise is larger than the margin and than all that the counter held before, and `FALL` times
    larger than its largest rise before. There is a record only where there is one.
    """
    change = readings.groupby("repository")["counter"].diff()
    rises = readings.assign(rise=change)[change > 0]
    rises = rises.assign(before=rises.groupby("repository")["rise"].cummax())
    rises["before"] = rises.groupby("repository")["before"].shift()
    last = rises.groupby("repository").tail(1)
    odd = last["rise"] > np.maximum(last["counter"] - last["rise"], FALL * last["before"])
    table = last[odd & last["before"].notna() & (last["rise"] > margin)]
    if table.empty:
        return ()
    defect = Defect(
        "last-jumps",
        "the last rise of a counter is larger than all it held before, and no reading confirms it",
        sizes(len(table), sizes_by_reading(table, "rise")),
        len(table),
        "kept; the panel could be lower by as much",
    )
    return (defect,)


def catch_up(readings: pd.DataFrame, frozen: Sequence[pd.Timestamp]) -> Defect:
    """The first reading after each run of frozen ones, which holds the downloads of all."""
    labels = np.sort(readings["reading"].unique())
    after = [b for a, b in pairwise(labels) if a in frozen and b not in frozen]
    return Defect(
        "catch-up-readings",
        "one reading holds the downloads of the frozen ones before it",
        dates(pd.Series(after, dtype="datetime64[ns]")),
        int(readings["reading"].isin(after).sum()),
        "left as they fall for window sums; spread over the gap for time series",
    )


def thin_readings(readings: pd.DataFrame, frozen: Sequence[pd.Timestamp]) -> Defect:
    """Weekly readings that gain less than a quarter of the usual: counters that fell or stalled."""
    gained = readings.groupby("repository")["counter"].diff()
    total = gained.groupby(readings["reading"]).sum().iloc[1:]
    total = total[~total.index.isin(frozen) & (total.index.to_series().diff() >= WEEKLY)]
    thin = total[total < total.median() / 4]
    return Defect(
        "thin-readings",
        "a weekly reading gains less than a quarter of the median one, and the next makes it up",
        dates(thin.index.to_series()),
        int(readings["reading"].isin(thin.index).sum()),
        "left as they fall; sums over four weeks are little changed",
    )


def lost_in_freeze(readings: pd.DataFrame, frozen: Sequence[pd.Timestamp]) -> Defect:
    """Repositories that turn a year old while the counters stand still."""
    last = readings.groupby("repository")["reading"].max()
    lost = last[last.isin(frozen)]
    return Defect(
        "lost-in-freeze",
        "repositories whose last reading is frozen: their catch-up is not in the file",
        dates(lost),
        len(lost),
        "not mendable; their downloads in the frozen weeks count as zero",
    )


def missed_readings(readings: pd.DataFrame) -> Defect:
    """Readings that a repository misses between its first and its last."""
    order = {day: n for n, day in enumerate(np.sort(readings["reading"].unique()))}
    place = readings["reading"].map(order)
    steps = place.groupby(readings["repository"]).diff().dropna()
    missed = steps[steps > 1]
    return Defect(
        "missed-readings",
        "a repository has no row at readings between its first and its last",
        f"{readings.loc[missed.index, 'repository'].nunique()} repositories",
        int((missed - 1).sum()),
        "the next increment holds them; spread over the gap for time series",
    )


def late_first(readings: pd.DataFrame) -> Defect:
    """Repositories older than the file that enter it after its first reading."""
    first = readings.groupby("repository").first()
    start = readings["reading"].min()
    late = first[(first["reading"] > start) & (first["created"] < start - WEEKLY)]
    return Defect(
        "late-first-readings",
        "repositories older than the file whose first row comes after its first reading",
        dates(late["reading"]),
        len(late),
        "what they gained before their first row is unknown and counts as zero",
    )


def mixed_cadence(readings: pd.DataFrame) -> Defect:
    """Readings less than a week after the one before."""
    labels = pd.Series(np.sort(readings["reading"].unique()))
    close = labels[labels.diff() < WEEKLY]
    where = f"{close.min():%Y-%m-%d} … {close.max():%Y-%m-%d}" if len(close) else NONE
    return Defect(
        "mixed-cadence",
        "weekly readings, then daily ones",
        where,
        int(readings["reading"].isin(close).sum()),
        "only increments are added up; time series are brought to weeks",
    )


def partial_week(readings: pd.DataFrame) -> Defect:
    """Readings after the last whole week."""
    first, last = readings["reading"].min(), readings["reading"].max()
    end = first + (last - first) // WEEKLY * WEEKLY
    inside = readings["reading"] > end
    return Defect(
        "partial-week",
        "readings end inside a week",
        dates(readings.loc[inside, "reading"]),
        int(inside.sum()),
        "kept for window sums; left out of time series",
    )


def negative_ages(readings: pd.DataFrame) -> Defect:
    """Readings labelled before the repository was created: the label is the start of its week."""
    age = (readings["reading"] - readings["created"]) / np.timedelta64(1, "D")
    return Defect(
        "label-before-reading",
        "readings labelled before their repository was created, since a weekly label is the "
        "start of its week",
        f"down to {age.min():.1f} days" if age.min() < 0 else NONE,
        int((age < 0).sum()),
        "kept; windows are windows of labels, and counts were read some days later",
    )


def closed_cohort(readings: pd.DataFrame) -> Defect:
    """Readings after the last repository was added."""
    youngest = readings["created"].max()
    after = readings["reading"] > youngest
    return Defect(
        "closed-cohort",
        "no repository is newer than this, although readings go on",
        f"{youngest:%Y-%m-%d}",
        int(after.sum()),
        "not mendable; said beside every later share",
    )


def ageing_cohort(readings: pd.DataFrame) -> Defect:
    """How many repositories are left at the last reading."""
    size = readings.groupby("reading").size()
    return Defect(
        "ageing-cohort",
        "repositories leave the file at one year and few are added",
        f"{size.iloc[0]} at the first reading, {size.max()} at most, {size.iloc[-1]} at the last",
        int(size.iloc[-1]),
        "not mendable; a late share is a share inside an ageing cohort",
    )


def wrong_labels(readings: pd.DataFrame, check: str, known: pd.DataFrame) -> Defect:
    """Rows under labels that are known to be wrong."""
    wrong = pd.Series(False, index=readings.index)
    for row in known.itertuples():
        wrong |= names.keys(readings[row.column]) == names.key(row.value)
    listed = ", ".join(known["value"])
    reasons = "; ".join(known["reason"])
    return Defect(
        check,
        reasons,
        listed if wrong.any() else f"{listed}: not in this file",
        int(wrong.sum()),
        "; ".join(known["treatment"].unique()),
    )
