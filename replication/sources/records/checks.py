"""Named checks of the public records: each finds one defect, records it and mends it by rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from replication.names import key, keys
from replication.sources.defect import NONE, Defect
from replication.sources.records.one_record import CUMULATIVE, Part

VANISHED_SHARE = 0.05
"""A count below this share of both its neighbours has vanished …"""
VANISHED_FROM = 1_000
"""… where both are at least this large."""
LATE_DAYS = 2
"""A creation date may come this many days after the first count, since lists say days alone."""
_SHOWN = 12


def crawl_dates(observations: pd.DataFrame) -> Defect:
    """Crawls that are dated otherwise than their folder."""
    crawled = observations[observations["crawl"] != ""]
    day = crawled["date"].dt.strftime("%Y-%m-%d")
    other = crawled.assign(day=day)[day != crawled["crawl"]]
    sizes = other.groupby(["record", "crawl", "day"]).size()
    return Defect(
        "crawl-dated-otherwise",
        "rows of a crawl are dated otherwise than its folder",
        _some(f"{record} {crawl}: {n:,} on {day}" for (record, crawl, day), n in sizes.items()),
        len(other),
        "the date of the row holds",
    )


def repeated(tables: Sequence[pd.DataFrame]) -> tuple[list[pd.DataFrame], Defect]:
    """Models that stand twice in one crawl or list of a record: the largest count is kept."""
    single, names = [], []
    for table in tables:
        when = "date" if (table["kind"] == CUMULATIVE).any() else "crawl"
        several = table[table.duplicated(["name", when], keep=False)].sort_values("value")
        dropped = several[several.duplicated(["name", when], keep="last")]
        names += dropped["name"].tolist()
        single.append(table.drop(dropped.index))
    defect = Defect(
        "model-twice",
        "one model stands more than once in one crawl or list",
        _some(sorted(set(names))),
        len(names),
        "the largest count kept",
    )
    return single, defect


def vanished(observations: pd.DataFrame) -> tuple[pd.DataFrame, Defect]:
    """Counts that all but vanish in one crawl and are back in the next."""
    crawled = observations[observations["crawl"] != ""]
    order = crawled.groupby("record")["crawl"].rank(method="dense").astype("int64")
    table = crawled.assign(order=order).sort_values(["record", "name", "order"])
    same = table.groupby(["record", "name"])
    gone = pd.Series(True, table.index)
    for step in (1, -1):
        other, place = same["value"].shift(step), same["order"].shift(step)
        gone &= (place == table["order"] - step) & (other >= VANISHED_FROM)
        gone &= table["value"] < VANISHED_SHARE * other
    dropped = table[gone].sort_values(["crawl", "name"])
    rows = dropped[["name", "crawl", "value"]].itertuples(index=False)
    defect = Defect(
        "count-vanishes",
        f"a count falls below {VANISHED_SHARE:.0%} of the crawls before and after, for one crawl",
        _some(f"{name} {crawl} ({value:,})" for name, crawl, value in rows),
        len(dropped),
        "left out: the model is not counted at that crawl",
    )
    return observations.drop(dropped.index), defect


def returned(covered: pd.DataFrame) -> Defect:
    """Namespaces that a crawl leaves out although those before and after hold them."""
    gaps: list[str] = []
    for _, table in covered.groupby("record"):
        labels = np.sort(table["crawl"].unique())
        places = {label: number for number, label in enumerate(labels)}
        for namespace, labels_of_it in table.groupby("namespace")["crawl"]:
            there = sorted(places[label] for label in labels_of_it)
            missed = [n for a, b in pairwise(there) for n in range(a + 1, b)]
            gaps += [f"{namespace} {labels[n]}" for n in missed]
    return Defect(
        "namespace-returns",
        "a namespace is missing from one or more crawls and returns",
        _some(gaps),
        len(gaps),
        "not covered at these crawls: nothing follows for its models there",
    )


def renamed(parts: Sequence[Part], tables: Sequence[pd.Series]) -> Defect:
    """Names under a namespace that was renamed, or older names of one immutable id.

    Parameters
    ----------
    parts
        The records, names as written.
    tables
        Names of each part's observations after renames.
    """
    pairs: dict[str, set[str]] = {}
    rows = 0
    for part, current in zip(parts, tables, strict=True):
        written = part.observations["name"]
        moved = keys(written) != keys(current)
        rows += int(moved.sum())
        for old, new in zip(written[moved], current[moved], strict=True):
            pairs.setdefault(_change(old, new), set()).add(old)
    return Defect(
        "renamed",
        "one repository under an older name",
        _some(f"{change} ({len(names)} models)" for change, names in sorted(pairs.items())),
        rows,
        "one name kept, the newer",
    )


def _change(old: str, new: str) -> str:
    """What was renamed: the namespace, where the rest of the name stayed."""
    (space, _, model), (newer, _, other) = old.partition("/"), new.partition("/")
    same = key(model) == key(other)
    return f"{space} → {newer}" if same else f"{old} → {new}"


def respelled(parts: Sequence[Part], tables: Sequence[pd.Series]) -> Defect:
    """Names of observations whose spelling differs in case from that of the latest record."""
    pairs: set[str] = set()
    rows = 0
    for part, current in zip(parts, tables, strict=True):
        written = part.observations["name"]
        differs = (written != current) & (keys(written) == keys(current))
        rows += int(differs.sum())
        pairs |= set(written[differs] + " → " + current[differs])
    return Defect(
        "names-differ-in-case",
        "names that differ in case only: one repository, or one namespace",
        _some(sorted(pairs)),
        rows,
        "the spelling of the latest record holds",
    )


def late_creation(models: pd.DataFrame, observations: pd.DataFrame) -> tuple[pd.DataFrame, Defect]:
    """Creation dates after the first count of the same name: the name was given anew, or it is wrong."""
    slack = pd.Timedelta(days=LATE_DAYS)
    possible = models[models["created"] > observations["date"].min() + slack]
    counted = observations[observations["name"].isin(set(possible["name"]))]
    first = counted.groupby("name")["date"].min().reindex(possible["name"])
    first = first.set_axis(possible.index)
    late = possible[possible["created"] > first + slack]
    rows = zip(late["name"], late["record"], late["created"], first[late.index], strict=True)
    defect = Defect(
        "created-after-first-count",
        f"a creation date more than {LATE_DAYS} days after the first count of that name",
        _some(sorted(f"{n} ({r}: {c:%Y-%m-%d}, counted {f:%Y-%m-%d})" for n, r, c, f in rows)),
        len(late),
        "the date is dropped",
    )
    mended = models.copy()
    mended.loc[late.index, "created"] = pd.NaT
    return mended, defect


def counts_as_text(parts: Sequence[Part]) -> Defect:
    """Counts written as text where a number should stand, or with commas."""
    several = [part for part in parts if part.counts_as_text]
    return Defect(
        "counts-as-text",
        "counts are written as text, with a comma before every three digits",
        _some(f"{part.record.id} ({part.counts_as_text:,})" for part in several),
        sum(part.counts_as_text for part in several),
        "read as whole numbers; any other text is refused",
    )


def failed(parts: Sequence[Part]) -> Defect:
    """Models for which a crawl states an error."""
    names = [name for part in parts for name in part.failed]
    return Defect(
        "crawl-errors",
        "the crawl states an error for a model",
        _some(sorted(set(names))),
        len(names),
        "left out: the model is not counted at that crawl",
    )


def _some(texts: Iterable[str]) -> str:
    """Name a few of many, and how many there are."""
    shown = list(texts)
    more = f", … ({len(shown):,})" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more or NONE
