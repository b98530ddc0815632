"""Named checks of the released file: each finds one defect, records it and mends it by rule.

`mend` runs the checks in the order in which they build on each other. A check takes the readings
and returns a `Defect` for the record; where it mends, it also returns the mended readings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from replication import names
from replication.errors import ContractError

WEEKLY = pd.Timedelta(days=7)
NONE = "none"
FEW = 8
"""So many dates or names are listed."""
FALL = 10
"""A spike beside a fall is so many times what its neighbours differ by; a last jump, every rise before."""
MOST_FROZEN = 0.9
"""Share of frozen readings from which on data are refused; 7 of the 66 of the study's file are."""
ANNOTATIONS = [
    "name", "uploader", "origin", "study_group_uploader", "study_group_origin", "parents",
]  # fmt: skip


@dataclass(frozen=True)
class Defect:
    """One row of results/defects.csv."""

    check: str
    what: str
    where: str
    rows: int
    treatment: str


@dataclass(frozen=True)
class Mended:
    """Readings after mending, with what was found on the way."""

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
        The table of `replication.panel.contract.read_counters`.
    frozen_share
        A reading is frozen where at least this share of the counters stands still.
    label_defects
        Known wrong labels: ``check, column, value, reason, source, date, treatment``.
    envelope_margin
        A repository is named where the envelopes of its counter differ by more downloads.

    Returns
    -------
    Mended
        One row a repository and reading in time order, counters never falling, and one name,
        uploader, origin and pair of labels a repository: the latest.
    """
    counters, recased = one_spelling(counters)
    found = [*recased, aliases(counters), unsorted_rows(counters)]
    # Down to the labels, so that the order of the rows in the file changes nothing.
    readings = counters.sort_values(["repository", "reading", "counter", *ANNOTATIONS])
    found += [duplicate_readings(readings), renamed(readings), revised_origins(readings)]
    readings = latest_annotation(readings.drop_duplicates(["repository", "reading"], keep="last"))
    missed, wrong = missed_readings(readings), spikes(readings)
    found.append(spike_record(readings, wrong))
    readings = readings[wrong == 0].copy()
    found += [falling_counters(readings), uncertain_counters(readings, envelope_margin)]
    found += last_jumps(readings, envelope_margin)
    readings["counter"] = readings.groupby("repository")["counter"].cummax()
    frozen = frozen_readings(readings, frozen_share)
    found += [frozen_record(readings, frozen), catch_up(readings, frozen)]
    found += [lost_in_freeze(readings, frozen), missed, late_first(readings)]
    found += [thin_readings(readings, frozen), mixed_cadence(readings), partial_week(readings)]
    found.append(negative_ages(readings))
    found += [closed_cohort(readings), ageing_cohort(readings)]
    found += [wrong_labels(readings, check, rows) for check, rows in label_defects.groupby("check")]
    return Mended(readings.reset_index(drop=True), tuple(found), tuple(frozen))


def to_frame(defects: Sequence[Defect]) -> pd.DataFrame:
    """Tabulate defects, one a row."""
    return pd.DataFrame([asdict(defect) for defect in defects])


def one_spelling(counters: pd.DataFrame) -> tuple[pd.DataFrame, tuple[Defect, ...]]:
    """Give a namespace that is spelt in several cases one spelling, and record it where there is one."""
    uploader, origin = names.unified(counters["uploader"], counters["origin"])
    changed = (uploader != counters["uploader"]) | (origin != counters["origin"])
    if not changed.any():
        return counters, ()
    pairs = names.variants(pd.concat([counters["uploader"], counters["origin"]]))
    listed = [f"{old} → {new}" for old, new in sorted(pairs.items())]
    more = f", … ({len(listed)} spellings)" if len(listed) > FEW else ""
    found = Defect(
        "case-variants",
        "one namespace in several spellings that differ in case alone",
        ", ".join(listed[:FEW]) + more,
        int(changed.sum()),
        "one developer, as on the Hub; the commonest spelling holds",
    )
    return counters.assign(uploader=uploader, origin=origin), (found,)


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


def duplicate_readings(readings: pd.DataFrame) -> Defect:
    """Several readings of one repository under one label."""
    repeated = readings.duplicated(["repository", "reading"], keep="last")
    return Defect(
        "duplicate-readings",
        "several readings of one repository under one label",
        _dates(readings.loc[repeated, "reading"]),
        int(repeated.sum()),
        "the largest counter kept",
    )


def renamed(readings: pd.DataFrame) -> Defect:
    """Repositories with more than one name."""
    found = readings.groupby("repository")["name"].unique()
    several = found[found.map(len) > 1]
    return Defect(
        "renamed-repositories",
        "one _id under more than one name",
        ", ".join(" → ".join(n) for n in several) or NONE,
        int(readings["repository"].isin(several.index).sum()),
        "joined on _id; the latest name holds",
    )


def revised_origins(readings: pd.DataFrame) -> Defect:
    """Repositories whose origin was annotated anew between readings."""
    origins = readings.groupby("repository")["origin"].unique()
    several = origins[origins.map(len) > 1]
    return Defect(
        "revised-origins",
        "the annotated origin changes between readings",
        ", ".join(" → ".join(o) for o in several) or NONE,
        int(readings["repository"].isin(several.index).sum()),
        "the latest annotation holds for all readings",
    )


def latest_annotation(readings: pd.DataFrame) -> pd.DataFrame:
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


def spike_record(readings: pd.DataFrame, wrong: pd.Series) -> Defect:
    """Readings that the next one takes back, for the record."""
    table = readings.assign(size=wrong)[wrong > 0]
    return spiked(len(table), _by_reading(table, "size"))


def _by_reading(table: pd.DataFrame, column: str) -> dict[str, int]:
    """Sizes in downloads by repository and label, the largest first."""
    table = table.sort_values([column, "name", "reading"], ascending=[False, True, True])
    labels = table["name"] + table["reading"].dt.strftime(" %Y-%m-%d")
    return dict(zip(labels, table[column], strict=True))


def spiked(number: int, largest: Mapping[str, int]) -> Defect:
    """The record of spikes: how many, and the largest by repository and label, in downloads."""
    return Defect(
        "spikes",
        "a counter rises at one reading and the next one takes it back",
        _sized(number, largest),
        number,
        "an error of that reading: treated as not read",
    )


def overcounted(number: int, largest: Mapping[str, int]) -> Defect:
    """The record of 30-day counts that cannot be right: how many, and the largest, in downloads."""
    return Defect(
        "overcounts",
        "a 30-day count above what the readings before and after it hold together",
        _sized(number, largest),
        number,
        "an error of that reading: drawn between its neighbours",
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
    listed = f": {_sized(number, largest)}" if number else ""
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
    found = Defect(
        "last-jumps",
        "the last rise of a counter is larger than all it held before, and no reading confirms it",
        _sized(len(table), _by_reading(table, "rise")),
        len(table),
        "kept; the panel could be lower by as much",
    )
    return (found,)


def _sized(number: int, largest: Mapping[str, int]) -> str:
    """The first few names with their downloads, and how many there are."""
    listed = [f"{name} ({int(size):,})" for name, size in largest.items()][:FEW]
    more = f", … ({number:,})" if number > len(listed) else ""
    return ", ".join(listed) + more or NONE


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


def frozen_readings(readings: pd.DataFrame, share: float) -> list[pd.Timestamp]:
    """Readings at which at least `share` of the counters with a reading before stand still."""
    change = readings.groupby("repository")["counter"].diff()
    still = (change == 0)[change.notna()].groupby(readings["reading"]).mean()
    return [pd.Timestamp(day) for day in still.index[still >= share]]


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


def require_moving(counters: pd.DataFrame, frozen_share: float) -> None:
    """Refuse a released file in which nearly every counter stands still at nearly every reading.

    Raises
    ------
    ContractError
        See `require_movement`.
    """
    readings = counters.sort_values(["repository", "reading", "counter"])
    readings = readings.drop_duplicates(["repository", "reading"], keep="last")
    followed = readings["reading"].nunique() - 1
    require_movement(len(frozen_readings(readings, frozen_share)), followed)


def frozen_record(readings: pd.DataFrame, frozen: Sequence[pd.Timestamp]) -> Defect:
    """The frozen readings, for the record."""
    return Defect(
        "frozen-readings",
        "nearly every counter stands still",
        _dates(pd.Series(frozen, dtype="datetime64[ns]")),
        int(readings["reading"].isin(frozen).sum()),
        "left as they fall for window sums; spread over the gap for time series",
    )


def catch_up(readings: pd.DataFrame, frozen: Sequence[pd.Timestamp]) -> Defect:
    """The first reading after each run of frozen ones, which holds the downloads of all."""
    labels = np.sort(readings["reading"].unique())
    after = [b for a, b in pairwise(labels) if a in frozen and b not in frozen]
    return Defect(
        "catch-up-readings",
        "one reading holds the downloads of the frozen ones before it",
        _dates(pd.Series(after, dtype="datetime64[ns]")),
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
        _dates(thin.index.to_series()),
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
        _dates(lost),
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
        _dates(late["reading"]),
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
        _dates(readings.loc[inside, "reading"]),
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


def _dates(days: pd.Series) -> str:
    """Distinct days, in order, as text."""
    distinct = sorted(set(pd.to_datetime(days).dt.strftime("%Y-%m-%d")))
    if len(distinct) > FEW:
        return f"{distinct[0]} … {distinct[-1]} ({len(distinct)} readings)"
    return ", ".join(distinct) or NONE
