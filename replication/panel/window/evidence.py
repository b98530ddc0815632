"""From records to the evidence of the window: rows, births, counts, absences and gains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.definitions import Definitions
from replication.names import among
from replication.panel import lineage
from replication.panel.window.paths import COUNTED, Births, Evidence, limits, segments
from replication.sources.defect import NONE, Defect, to_frame
from replication.sources.records import Records
from replication.sources.records.one_record import CUMULATIVE, THIRTY_DAY

DAY = np.timedelta64(1, "D")
MARGIN = 100
"""Days of the paths before the window, so that counts that reach into it are whole."""
AFTER = 45
"""And after it."""
UNDATED = ""
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Prepared:
    """Everything that the paths of the window are drawn from.

    Attributes
    ----------
    facts
        One row a repository, in the order of the paths: ``name, uploader, origin, created`` (month,
        empty where unknown), ``followed_from``.
    births
        When each was born.
    evidence
        Counts, absences and gains, the first two with their ``source``.
    counters
        Name of the record of cumulative counters.
    origin_day
        The day that the paths count as 0.
    days, first
        Number D of days, and the first of the window.
    months, ends
        Names of the months and the days (months + 1,) of the window at which they begin and end.
    created
        Creation date by name, of every name that a record dates.
    origins
        Namespace of the origin by name, of every name whose base models a record states.
    """

    facts: pd.DataFrame
    births: Births
    evidence: Evidence
    counters: str
    origin_day: pd.Timestamp
    days: int
    first: int
    months: tuple[str, ...]
    ends: Ints
    created: pd.Series
    origins: pd.Series

    def of(self, rows: Ints) -> Prepared:
        """The same for some rows; the evidence stays that of all."""
        births = Births(self.births.earliest[rows], self.births.latest[rows])
        return replace(self, facts=self.facts.iloc[rows], births=births)


def prepare(records: Records, definitions: Definitions) -> Prepared:
    """Choose the repositories that may be young in the window, and say what is known of each.

    Parameters
    ----------
    records
        The normalised records.
    definitions
        The window and the longest age limit.
    """
    zero = pd.Timestamp(definitions.published_window.start) + DAY - MARGIN * DAY
    length = (definitions.published_window.end - definitions.published_window.start).days
    names, created = _candidates(records), created_of(records)
    births = _births(names, created, records, zero)
    oldest = MARGIN - max(definitions.panel.age_limit_days, *definitions.grid.age_limits_days)
    young = (births.latest >= oldest) & (births.earliest < MARGIN + length)
    names, births = names[young], Births(births.earliest[young], births.latest[young])
    months, ends = _calendar(definitions.published_window.start, definitions.published_window.end)
    origins = origins_of(records)
    return Prepared(
        _facts(names, births, records, origins, zero), births,
        _evidence(names, births, records, zero), _counters(records), zero,
        MARGIN + length + AFTER, MARGIN, months, ends, created, origins,
    )  # fmt: skip


def _candidates(records: Records) -> pd.Index:
    """Names that some record other than a list of the whole Hub holds."""
    whole = set(records.lists.loc[records.lists["cut_off"] == 0, "record"])
    rows = records.observations
    is_whole = rows["record"].map({name: name in whole for name in rows["record"].unique()})
    return pd.Index(rows.loc[~is_whole.astype(bool), "name"].unique()).sort_values()


def _days(dates: pd.Series, zero: pd.Timestamp) -> Ints:
    return np.asarray((dates - zero) // DAY, dtype=np.int64)


def created_of(records: Records) -> pd.Series:
    """Creation date of each name, from the record that is trusted most."""
    dated = records.models.dropna(subset="created")
    trust = {name: place for place, name in enumerate(records.trust)}
    order = dated["record"].map(trust).argsort(kind="stable")
    first = dated.iloc[order].drop_duplicates("name")
    return first.set_index("name")["created"]


def _births(names: pd.Index, created: pd.Series, records: Records, zero: pd.Timestamp) -> Births:
    """The day of birth where a record dates it, else the days between which it must lie."""
    dated = created.reindex(names)
    rows = records.observations
    rows = rows[among(rows["name"], names)]
    first = rows[rows["value"] > 0].groupby("name")["date"].min().reindex(names)
    first = first.fillna(rows.groupby("name")["date"].min().reindex(names))
    latest = dated.fillna(first)
    earliest = dated.fillna(_not_before(names, first, records))
    earliest = earliest.where(earliest <= latest, latest)
    day = (_days(x.dt.floor("D"), zero) for x in (earliest, latest))
    return Births(*day)


def _not_before(names: pd.Index, first: pd.Series, records: Records) -> pd.Series:
    """The day after the last one on which a complete list, or a crawl of its namespace, lacked each name."""
    whole = records.lists[records.lists["cut_off"] == 0]
    rows = records.observations[records.observations["record"].isin(list(whole["record"]))]
    absent = ~among(names.to_series(), rows["name"])
    floor = pd.Series(whole["date"].max(), index=names).where(absent)
    about = pd.DataFrame({"name": names, "namespace": names.str.partition("/").get_level_values(0)})
    about = about.assign(first=first.to_numpy())[absent]
    crawled = about.merge(records.covered[["namespace", "date"]], on="namespace")
    before = crawled[crawled["date"] < crawled["first"]].groupby("name")["date"].max()
    return pd.concat([floor, before.reindex(names)], axis=1).max(axis=1) + DAY


def _evidence(names: pd.Index, births: Births, records: Records, zero: pd.Timestamp) -> Evidence:
    """Counts, absences and gains by row of `names`."""
    place = names.get_indexer(pd.Index(records.observations["name"]))
    rows = records.observations[place >= 0].assign(row=place[place >= 0])
    rows = rows.assign(day=_days(rows["date"], zero), source=_sources(rows, records))
    counts = rows[rows["kind"] == THIRTY_DAY]
    counters = rows[rows["kind"] == CUMULATIVE]
    known = np.where(births.earliest == births.latest, births.latest, -(10**6))
    absences = list(_absences(names, births, records, counts, zero))
    gains = counters[["row", "day", "value"]]
    return Evidence(
        counts[["row", "day", "value", "source"]].reset_index(drop=True),
        pd.concat(absences, ignore_index=True) if absences else counts[:0],
        segments(gains, known, MARGIN),
        limits(gains, known, MARGIN),
    )


def _sources(rows: pd.DataFrame, records: Records) -> pd.Series:
    """The record of each observation; of a crawl its month, since crawls can be left out one by one."""
    crawled = rows["record"].isin(list(records.covered["record"].unique()))
    label = rows["record"] + " " + rows["date"].dt.strftime("%Y-%m")
    return rows["record"].where(~crawled, label)


def _absences(
    names: pd.Index, births: Births, records: Records, counts: pd.DataFrame, zero: pd.Timestamp
) -> Iterator[pd.DataFrame]:
    """Names that were born before a complete list and are absent from it, with its cut-off."""
    task = names.to_series().map(tasks_of(records))
    for record, day, cut in records.lists.itertuples(index=False):
        if cut == 0:
            continue
        at = (day - zero) // DAY
        is_listed = np.zeros(len(names), dtype=bool)
        is_listed[counts.loc[counts["source"] == record, "row"].to_numpy()] = True
        row = np.flatnonzero(~is_listed & (births.latest <= at))
        value = cut_offs(task, record, records).to_numpy()[row]
        yield pd.DataFrame({"row": row, "day": at, "value": value, "source": record})


def tasks_of(records: Records) -> pd.Series:
    """Task by name, of the models of which a record states one."""
    stated = records.models[records.models["task"] != ""].drop_duplicates("name")
    return stated.set_index("name")["task"]


def cut_offs(task: pd.Series, record: str, records: Records) -> pd.Series:
    """The count from which on a list would hold models of each task; its own where it lists no tasks."""
    cut = float(records.lists.set_index("record")["cut_off"][record])
    cuts = records.task_cuts[records.task_cuts["record"] == record].set_index("task")["cut"]
    return task.map(cuts).fillna(cut).clip(upper=cut)


def _counters(records: Records) -> str:
    """Name of the record with cumulative counters."""
    rows = records.observations
    names = rows.loc[rows["kind"] == CUMULATIVE, "record"]
    return str(names.iloc[0]) if len(names) else CUMULATIVE


def _calendar(start: date, end: date) -> tuple[tuple[str, ...], Ints]:
    """Months of the days after `start` up to `end`, and where each begins and ends among them."""
    days = pd.date_range(start + timedelta(days=1), end)
    months = days.strftime("%Y-%m")
    names = tuple(dict.fromkeys(months))
    return names, np.cumsum([0, *(int((months == name).sum()) for name in names)])


def origins_of(records: Records) -> pd.Series:
    """Namespace of the origin by name: as a record annotates it, else of the heaviest root.

    Names whose base models no record states are not in it.
    """
    annotated = records.models[records.models["origin"] != ""].drop_duplicates("name", keep="last")
    origins = annotated.set_index("name")["origin"]
    derived = records.models[records.models["base_models"] != ""].drop_duplicates(
        "name", keep="last"
    )
    if derived.empty:
        return origins
    names, parents = derived["name"].tolist(), derived["base_models"].tolist()
    roots = lineage.trace(names, lineage.released_edges(names, parents)).origins()
    traced = roots.drop_duplicates("repository").set_index("repository")["origin"]
    return origins.combine_first(traced)


def named_origins(names: pd.Series, origins: pd.Series, uploader: pd.Series) -> pd.Series:
    """The origin of each name; the uploader's own where no record states its base models."""
    known = origins.astype(object).reindex(names).to_numpy()
    return pd.Series(np.where(pd.isna(known), uploader, known), names.index, dtype="str")


def _looked_up(dates: pd.Series, names: pd.Series) -> pd.Series:
    """The date of each name, also where there are no dates at all."""
    values = dates.astype("datetime64[ns]").reindex(names).to_numpy()
    return pd.Series(values, names.index)


def followed_from(names: pd.Series, born: pd.Series, records: Records, start: date) -> pd.Series:
    """First day, ISO 8601, of which a crawl or the counters hold each name; empty where none does.

    Parameters
    ----------
    names
        Repositories.
    born
        Day of birth; missing where unknown.
    records
        Crawls hold a namespace, counters a repository.
    start
        First day of the window: the counters hold the whole life of a repository born since.
    """
    spaces = names.str.partition("/")[0]
    crawled = records.covered.groupby("namespace")["date"].min() - (COUNTED - 1) * DAY
    rows = records.observations
    counted = rows[rows["kind"] == CUMULATIVE].groupby("name")["date"].min()
    since = _looked_up(counted, names)
    inside = born.ge(pd.Timestamp(start)) & since.notna()
    first = pd.concat([_looked_up(crawled, spaces), since.where(~inside, born)], axis=1).min(axis=1)
    return first.dt.strftime("%Y-%m-%d").fillna("")


def _facts(
    names: pd.Index, births: Births, records: Records, origins: pd.Series, zero: pd.Timestamp
) -> pd.DataFrame:
    """Name, uploader, origin, month of creation and since when each is followed."""
    name = pd.Series(names, dtype="str")
    uploader = lineage.namespaces(name)
    known = births.earliest == births.latest
    born = pd.Series(zero + births.latest * DAY)
    start = (zero + (MARGIN - 1) * DAY).date()
    return pd.DataFrame({
        "name": name, "uploader": uploader, "origin": named_origins(name, origins, uploader),
        "created": born.dt.strftime("%Y-%m").where(known, UNDATED),
        "followed_from": followed_from(name, born, records, start),
    })  # fmt: skip


def defects(records: Records, known: Prepared) -> pd.DataFrame:
    """What is wrong in the records, and in what they say together."""
    unsure = known.births.latest - known.births.earliest
    counts, gains = known.evidence.counts, known.evidence.segments
    both = np.intersect1d(counts["row"], gains["row"])
    rows = [
        Defect("births-between-dates", "creation dates that no record states",
               f"up to {int(unsure.max(initial=0))} days apart" if unsure.any() else NONE,
               int((unsure > 0).sum()),
               "born between the last record without the name and the first with it; the middle is "
               "taken, and both ends are rules of filling"),
        Defect("counters-and-counts", "repositories that counters and 30-day counts both follow",
               f"{len(both):,} repositories", len(both),
               "counters say how much, counts say when"),
    ]  # fmt: skip
    return pd.concat([records.defects, to_frame(rows)], ignore_index=True)
