"""First-year downloads of every repository, day by day, from any mixture of records.

A record says one of three things of a repository: its cumulative counter on a day, what it gained in
the thirty days before a day, or, by its absence from a complete list, that this was less than the
list's cut-off. The rules by which these become one path of daily rates:

- a 30-day count covers the 30 days before its date, or the days since birth; where several cover
  a day, their mean rate holds;
- absence from a complete list covers its 30 days with what the counts around it say, and at most with
  the cut-off's rate;
- between days so covered the rate is interpolated; before the first and after the last it is kept
  for a stated number of days, and the rest is unseen;
- counters say how much, counts say when: between two counters the path is scaled to the gain, and for
  a repository born inside the window also between its birth and its first counter;
- the first counter of an older repository holds all that it ever gained, so that what was filled before
  it is scaled down to that where it is more.

A path is an array of n repositories and D days; a day holds what was gained on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.definitions import Filling

COUNTED = 30
"""Days that the Hub's rolling count looks back over."""
LINEAR, GEOMETRIC, NEAREST = "linear", "geometric", "nearest"
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Births:
    """First and last day (n,) on which each repository may have been born; equal where it is known.

    Days are counted from the first day of the paths and may be negative.
    """

    earliest: Ints
    latest: Ints

    def day(self, choice: str) -> Ints:
        """The day of birth by a rule: earliest, latest or middle."""
        if choice == "middle":
            return (self.earliest + self.latest) // 2
        return np.asarray(getattr(self, choice))


@dataclass(frozen=True)
class Evidence:
    """What the records say, by row of the paths.

    Attributes
    ----------
    counts
        30-day counts: ``row, day, value``.
    absences
        Absences from complete lists: ``row, day, value``, the value being the cut-off.
    segments
        Gains between two counters: ``row, start, end, gain``, of the days start + 1 … end.
    limits
        The first counter of each repository born before the window: ``row, end, gain``.
    """

    counts: pd.DataFrame
    absences: pd.DataFrame
    segments: pd.DataFrame
    limits: pd.DataFrame

    def without(self, source: str) -> Evidence:
        """The same without the counts and absences of one source."""
        counts = self.counts[self.counts["source"] != source]
        absences = self.absences[self.absences["source"] != source]
        return Evidence(counts, absences, self.segments, self.limits)

    def counts_alone(self) -> Evidence:
        """The same without what counters say."""
        return Evidence(self.counts, self.absences, self.segments[:0], self.limits[:0])

    def of(self, rows: Ints) -> Evidence:
        """The evidence on some rows (sorted), which are numbered anew from 0."""
        places = pd.Series(np.arange(len(rows)), index=rows)
        parts = []
        for table in (self.counts, self.absences, self.segments, self.limits):
            chosen = table[table["row"].isin(rows)].reset_index(drop=True)
            parts.append(chosen.assign(row=chosen["row"].map(places).astype("int64")))
        return Evidence(*parts)


@dataclass(frozen=True)
class Paths:
    """Daily rates (n, D) of all repositories under one rule of filling.

    Attributes
    ----------
    counted
        What counters say of their own days; 0 elsewhere.
    seen
        What counters and counts say of their own days; 0 elsewhere.
    estimate
        The same, with gaps filled by rule; 0 where unseen.
    ceiling
        The same, with every day that was not seen at the highest rate that the repository shows, or
        at a cut-off that it stayed below.
    """

    counted: Floats
    seen: Floats
    estimate: Floats
    ceiling: Floats


def paths(evidence: Evidence, births: Births, days: int, rule: Filling) -> Paths:
    """Draw the paths of n repositories over D days.

    Parameters
    ----------
    evidence
        What the records say.
    births
        When each was born; nothing is gained before.
    days
        The number D of days.
    rule
        How gaps are filled.

    Returns
    -------
    Paths
        Rates since birth; the age limit is the caller's.
    """
    born = births.day(rule.birth)
    shape = (len(born), days)
    alive = np.arange(days) >= born[:, None]
    # A count covers the days since birth only where the birth is known: a day that is merely possible
    # would put a month's downloads on it.
    rate, counted = _of_counts(evidence.counts, births.earliest, shape)
    anywhere = _between(rate, counted, carry=None, between=rule.between)
    bound = _of_absences(evidence.absences, births.earliest, shape)
    absent = np.isfinite(bound) & ~counted
    known = counted | absent
    rate = np.where(absent, np.minimum(anywhere, bound), rate)
    filled = _between(rate, known, carry=rule.carry_days, between=rule.between)
    rate, measured = _scaled(filled, anywhere, alive, evidence.segments)
    seen = counted | measured
    rate = np.where(alive | seen, rate, 0.0)
    rate = _limited(np.where(seen, rate, 0.0), np.where(seen, 0.0, rate), evidence.limits)
    peak = np.where(seen, rate, 0.0).max(axis=1, initial=0.0)[:, None]
    most = np.where(absent, np.minimum(np.maximum(peak, rate), bound), np.maximum(peak, rate))
    may_live = np.arange(days) >= births.earliest[:, None]
    highest = np.where(seen | ~may_live, 0.0, np.maximum(most - rate, 0.0))
    ceiling = _limited(rate, highest, evidence.limits)
    counted_, seen_ = (np.where(days_, rate, 0.0) for days_ in (measured, seen))
    return Paths(counted_, seen_, rate, ceiling)


def segments(counters: pd.DataFrame, born: Ints, inside: int) -> pd.DataFrame:
    """Gains between the counters of each repository, and since its birth.

    Parameters
    ----------
    counters
        ``row, day, value``: cumulative counters that never fall.
    born
        Day (n,) of birth, where it is known to the day.
    inside
        First day of the window: the first counter of a repository born on it or later holds all
        that it gained before.

    Returns
    -------
    pandas.DataFrame
        ``row, start, end, gain``: the gain of the days start + 1 … end.
    """
    table = counters.sort_values(["row", "day"], ignore_index=True)
    before = table.groupby("row")[["day", "value"]].shift()
    first = before["day"].isna()
    birth = born[table["row"].to_numpy()]
    table["start"] = before["day"].fillna(pd.Series(birth - 1)).astype("int64")
    table["gain"] = (table["value"] - before["value"].fillna(0)).astype("int64")
    is_gain = (~first | (birth >= inside)) & (table["day"] > table["start"])
    return table.loc[is_gain, ["row", "start", "day", "gain"]].rename(columns={"day": "end"})


def _of_counts(counts: pd.DataFrame, born: Ints, shape: tuple[int, int]) -> tuple[Floats, Bools]:
    """Mean rate of the counts that cover each day, and which days are covered."""
    row, first, last = _spans(counts, born)
    rate = counts["value"].to_numpy() / (last - first + 1)
    number = _painted(row, first, last, np.ones(len(row)), shape)
    covered = number > 0.5
    total = _painted(row, first, last, rate, shape)
    return np.divide(total, number, out=np.zeros(shape), where=covered), covered


def _of_absences(absences: pd.DataFrame, born: Ints, shape: tuple[int, int]) -> Floats:
    """The rate (n, D) below which absence from a complete list keeps each day; infinite elsewhere."""
    bound = np.full(shape, np.inf)
    row, first, last = _spans(absences, born)
    rates = absences["value"].to_numpy() / (last - first + 1)
    falling = np.argsort(-rates, kind="stable")  # of two cut-offs of one day the lower is set last
    row, first, last, rates = row[falling], first[falling], last[falling], rates[falling]
    for day in np.unique(last):
        here = last == day
        for start in np.unique(first[here]):
            rows = here & (first == start)
            cut = slice(max(start, 0), max(min(day + 1, shape[1]), 0))
            block = bound[row[rows], cut]
            bound[row[rows], cut] = np.minimum(block, rates[rows, None])
    return bound


def _spans(table: pd.DataFrame, born: Ints) -> tuple[Ints, Ints, Ints]:
    """Row, first and last day that each 30-day count covers; at least one day."""
    row, last = table["row"].to_numpy(), table["day"].to_numpy()
    first = np.minimum(np.maximum(last - COUNTED + 1, born[row]), last)
    return row, first, last


def _painted(row: Ints, first: Ints, last: Ints, value: Floats, shape: tuple[int, int]) -> Floats:
    """Sums (n, D) of values spread over spans of days; what lies outside the days is cut off."""
    n, days = shape
    steps = np.zeros((n, days + 1))
    np.add.at(steps, (row, np.clip(first, 0, days)), value)
    np.add.at(steps, (row, np.clip(last + 1, 0, days)), -value)
    return np.asarray(np.cumsum(steps, axis=1)[:, :days])


def _between(rate: Floats, known: Bools, *, carry: int | None, between: str) -> Floats:
    """Fill the days between known ones, and those at most `carry` days outside them.

    A gap is drawn as a straight line, or, where not `linear`, at the rate of the nearer end. Without
    a limit the first and last rates are kept for ever; where nothing is known all is 0.
    """
    days = rate.shape[1]
    place = np.arange(days)
    before = np.maximum.accumulate(np.where(known, place, -1), axis=1)
    after = np.minimum.accumulate(np.where(known, place, days)[:, ::-1], axis=1)[:, ::-1]
    has_before, has_after = before >= 0, after < days
    left = np.take_along_axis(rate, np.maximum(before, 0), axis=1)
    right = np.take_along_axis(rate, np.minimum(after, days - 1), axis=1)
    span = np.maximum(after - before, 1)
    weight = (place - before) / span
    if between == GEOMETRIC:
        inner = np.expm1((1 - weight) * np.log1p(left) + weight * np.log1p(right))
    else:
        weight = weight if between == LINEAR else (weight > 0.5).astype(float)
        inner = left + (right - left) * weight
    limit = days if carry is None else carry
    outer = np.where(has_before & (place - before <= limit), left, 0.0)
    outer = np.where(~has_before & has_after & (after - place <= limit), right, outer)
    filled = np.where(has_before & has_after, inner, outer)
    return np.where(known, rate, filled)


def _scaled(
    rate: Floats, anywhere: Floats, alive: Bools, gains: pd.DataFrame
) -> tuple[Floats, Bools]:
    """Scale the paths to the gains of counters; return them and the days that counters hold.

    Where the path says nothing of a segment, the counts elsewhere say when, and where there are
    none the gain is spread evenly.
    """
    shape, days = rate.shape, rate.shape[1]
    gains = gains[(gains["end"] >= 0) & (gains["start"] < days - 1)]
    row, start, end = (gains[name].to_numpy() for name in ("row", "start", "end"))
    gain = gains["gain"].to_numpy(dtype=float)
    form = np.where(alive, np.where(rate > 0, rate, anywhere), 0.0)
    sums = np.hstack([np.zeros((shape[0], 1)), np.cumsum(form, axis=1)])
    a, z = np.clip(start + 1, 0, days), np.clip(end + 1, 0, days)
    total = sums[row, z] - sums[row, a]
    # A segment that begins before the first day is taken as even, so that its part inside is known.
    flat = (total <= 0) | (start + 1 < 0) | (end >= days)
    scale = np.divide(gain, total, out=np.zeros_like(gain), where=~flat)
    level = np.where(flat, gain / (end - start), 0.0)
    factor = _painted(row, start + 1, end, scale, shape)
    even = _painted(row, start + 1, end, level, shape)
    inside = _painted(row, start + 1, end, np.ones(len(row)), shape) > 0.5
    return np.where(inside, form * factor + even, rate), inside


def limits(counters: pd.DataFrame, born: Ints, inside: int) -> pd.DataFrame:
    """First counters of repositories born before the window: ``row, end, gain``.

    Parameters
    ----------
    counters, born, inside
        As in `segments`.
    """
    first = counters.sort_values(["row", "day"]).drop_duplicates("row")
    older = first[born[first["row"].to_numpy()] < inside]
    return older.rename(columns={"day": "end", "value": "gain"})[["row", "end", "gain"]]


def _limited(sure: Floats, more: Floats, most: pd.DataFrame) -> Floats:
    """Add to what is sure as much of `more` as a first counter leaves for the days before it."""
    added = more.copy()
    for row, end, gain in most[["row", "end", "gain"]].itertuples(index=False):
        before = slice(0, max(end + 1, 0))
        wanted = more[row, before].sum()
        left = max(gain - sure[row, before].sum(), 0.0)
        if wanted > left:
            added[row, before] *= left / wanted
    return sure + added
