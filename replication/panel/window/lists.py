"""What complete lists hold at their dates, and how well counts agree with counters.

A complete list holds every model of the Hub above a cut-off, so that at its date the first-year
downloads of the whole Hub are known but for what lies below. A list of the whole Hub has no cut-off,
and shows how much a list with one would have held; so does a list with a lower cut-off of one with a
higher.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from replication.definitions import Definitions
from replication.panel import lineage, tail
from replication.panel.window.evidence import (
    DAY,
    MARGIN,
    Prepared,
    cut_offs,
    followed_from,
    named_origins,
    tasks_of,
)
from replication.panel.window.paths import paths
from replication.panel.window.tables import at_age, other_ages
from replication.sources.records import Records

DATES = [
    "list", "date", "cut_off", "name", "uploader", "origin", "created", "followed_from", "downloads",
]  # fmt: skip
"""Columns of `dates`, before one column of what each list with a cut-off would have held; all columns of
downloads stand again under every other age limit."""
AGREEMENT = ["name", "uploader", "origin", "period", "exact", "rebuilt"]
BEFORE, AFTER = "before", "after"
"""The first counter; before it a counter holds all since birth."""


def dates(records: Records, known: Prepared, definitions: Definitions) -> pd.DataFrame:
    """First-year downloads of the 30 days before the date of every complete list.

    Returns
    -------
    pandas.DataFrame
        `DATES`: one row a list and repository, small ones joined by uploader, origin and the month
        from which they are followed; then int64 downloads that each list with a cut-off would have
        held, in the rows of lists with a lower one (0 in those of the others); then all of these
        under each other age limit, by `at_age`.
    """
    lists = records.lists.sort_values("date")
    cut = lists.loc[lists["cut_off"] > 0, "record"].tolist()
    tasks = tasks_of(records)
    parts = [
        _of_list(row.record, row.date, records, known, definitions, tasks)
        for row in lists.itertuples()
    ]
    table = pd.concat(parts, ignore_index=True)
    columns = [held_column(name) for name in cut]
    of_ages = [at_age("downloads", age) for age in other_ages(definitions)]
    columns += of_ages + [at_age(name, age) for age in other_ages(definitions) for name in columns]
    return table[[*DATES, *columns]].astype(dict.fromkeys(columns, "int64"))


def held_column(record: str) -> str:
    """Name of the column of what a list would have held."""
    return f"held_by_{record}"


def _of_list(
    record: str,
    day: pd.Timestamp,
    records: Records,
    known: Prepared,
    definitions: Definitions,
    tasks: pd.Series,
) -> pd.DataFrame:
    """One list: young repositories with downloads, small ones joined."""
    rows = records.observations[records.observations["record"] == record]
    rows = rows[rows["value"] > 0].drop_duplicates("name").reset_index(drop=True)
    created = rows["name"].map(known.created)
    cuts = records.lists.set_index("record")["cut_off"]
    # A name that no record dates is absent from the list of the whole Hub: it was born after it.
    age = ((day - created.dt.floor("D")) // DAY).where(created.notna(), 0)
    ages = (definitions.panel.age_limit_days, *other_ages(definitions))
    young = (age <= max(ages)).to_numpy()
    rows, created, age = (x[young].reset_index(drop=True) for x in (rows, created, age))
    names, downloads = rows["name"], rows["value"].astype("int64")
    held = _held(downloads, names.map(tasks), int(cuts[record]), records)
    columns = {name: values.where(age <= ages[0], 0) for name, values in held.items()} | {
        at_age(name, limit): values.where(age <= limit, 0)
        for limit in ages[1:]
        for name, values in held.items()
    }
    uploader = lineage.namespaces(names)
    origin = named_origins(names, known.origins, uploader)
    since = followed_from(names, created, records, definitions.published_window.start)
    facts = pd.DataFrame({"name": names, "uploader": uploader, "origin": origin})
    sums = pd.DataFrame(columns)
    own = ["downloads", *(at_age("downloads", limit) for limit in ages[1:])]
    places = tail.join(facts, sums[own], definitions.published_window.small_downloads)
    key = kept_apart(places["key"], names, since)
    about = places.assign(
        name=key, created=created.dt.strftime("%Y-%m").fillna(""), followed_from=since, list=record,
        date=f"{day:%Y-%m-%d}", cut_off=int(cuts[record]),
    )  # fmt: skip
    first = about.sort_values(["name", "created"]).drop_duplicates("name", keep="last")
    table = first.drop(columns="key").join(sums.groupby(key.to_numpy()).sum(), on="name")
    return table.sort_values("name", ignore_index=True)


def _held(
    downloads: pd.Series, task: pd.Series, cut_off: int, records: Records
) -> dict[str, pd.Series]:
    """Downloads in a list with a cut-off, and what each list with a higher one would have held of them."""
    cuts = records.lists.set_index("record")["cut_off"]
    return {"downloads": downloads} | {
        held_column(name): downloads.where(downloads >= cut_offs(task, name, records), 0)
        if cut > cut_off
        else 0 * downloads
        for name, cut in cuts[cuts > 0].items()
    }


def kept_apart(keys: pd.Series, names: pd.Series, since: pd.Series) -> pd.Series:
    """Names of joints with the month from which they are followed: a joint has one such month.

    Parameters
    ----------
    keys
        Where each repository stands, by `tail.join`.
    names
        Its own name; it stands alone where both are the same.
    since
        First day of which a record holds it; empty where none does.
    """
    mark = " [" + since.str[:7].where(since != "", "not followed") + "]"
    return keys + mark.where(keys != names, "")


def agreement(known: Prepared, definitions: Definitions) -> pd.DataFrame:
    """What counts alone rebuild, beside what counters hold, before and after the first counter.

    Only repositories born inside the window enter, whose first counter is exact since birth, and
    only those with a count in the period.

    Returns
    -------
    pandas.DataFrame
        `AGREEMENT`: one row a repository and period, ``exact`` and ``rebuilt`` in downloads.
    """
    evidence, rule = known.evidence, definitions.fillings[0]
    gains, born = evidence.segments, known.births.latest
    gains = gains[born[gains["row"].to_numpy()] >= MARGIN]
    both = np.intersect1d(gains["row"], evidence.counts["row"])
    alone = evidence.counts_alone().of(both)
    drawn = paths(alone, known.of(both).births, known.days, rule).estimate
    sums = dict(
        zip(both, np.hstack([np.zeros((len(drawn), 1)), np.cumsum(drawn, axis=1)]), strict=True)
    )
    first = gains["start"].to_numpy() == born[gains["row"].to_numpy()] - 1
    parts = [
        pd.DataFrame(
            _compared(gains[chosen], period, evidence.counts, sums, known), columns=AGREEMENT
        )
        for period, chosen in ((BEFORE, first), (AFTER, ~first))
    ]
    return pd.concat(parts, ignore_index=True)[AGREEMENT]


def _compared(
    gains: pd.DataFrame,
    period: str,
    counts: pd.DataFrame,
    sums: dict[int, np.ndarray],
    known: Prepared,
) -> Iterator[dict[str, object]]:
    """One row a repository with a count in the period."""
    last = MARGIN + int(known.ends[-1]) - 1
    inside = gains[(gains["end"] <= last) & (gains["start"] >= 0)]
    spans = inside.groupby("row").agg(
        start=("start", "min"), end=("end", "max"), gain=("gain", "sum")
    )
    dated = counts.merge(spans.reset_index(), on="row")
    dated = dated[(dated["day"] > dated["start"]) & (dated["day"] <= dated["end"])]
    for row, span in spans[spans.index.isin(dated["row"])].iterrows():
        facts = known.facts.loc[row]
        yield {
            **facts[["name", "uploader", "origin"]].to_dict(),
            "period": period,
            "exact": int(span["gain"]),
            "rebuilt": int(np.rint(sums[row][span["end"] + 1] - sums[row][span["start"] + 1])),
        }
