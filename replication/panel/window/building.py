"""Rebuild the published window: daily paths from the records, cut at the age limit, summed by month.

Small repositories are joined by uploader and origin (`tail`); what a complete list of the Hub holds at
its date is kept beside, because it says how much of each country's downloads the other records follow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.definitions import Definitions, Filling
from replication.panel import tail
from replication.panel.window import evidence as evidence_of
from replication.panel.window import lists
from replication.panel.window.evidence import Prepared
from replication.panel.window.paths import Evidence, Paths, paths
from replication.panel.window.tables import (
    CEILING,
    COUNTED,
    ESTIMATE,
    FACTS,
    MONTH,
    SEEN,
    WindowPanel,
    column,
    variants,
)
from replication.sources.records import Records

DIGITS = 6
"""Sums of rates are rounded to as many decimals before they become whole numbers, so that the last
bits of a processor decide nothing."""
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def build(records: Records, definitions: Definitions, *, without_each: bool = True) -> WindowPanel:
    """Rebuild the window from what the records say.

    Parameters
    ----------
    records
        The normalised records.
    definitions
        The window, the age limits and the rules of filling.
    without_each
        Whether the estimates without each record are made too.
    """
    known = evidence_of.prepare(records, definitions)
    sums = _sums(known, definitions)
    headline = column(definitions.panel.age_limit_days, definitions.fillings[0].id)
    whole = sums[headline].sum(axis=1)
    used = np.any([table.any(axis=1) for table in sums.values()], axis=0)
    sums = {name: table[used] for name, table in sums.items()}
    totals = pd.DataFrame({name: table.sum(axis=1) for name, table in sums.items()})
    facts = known.facts[used].reset_index(drop=True)
    places = tail.join(facts, totals, definitions.published_window.small_downloads)
    places["key"] = lists.kept_apart(places["key"], facts["name"], facts["followed_from"])
    return WindowPanel(
        _rows(facts, places),
        _months(places, sums, known.months),
        _left_out(known, definitions, whole, used, places, without_each=without_each),
        lists.agreement(known, definitions),
        lists.dates(records, known, definitions),
        evidence_of.defects(records, known),
    )


def _sums(known: Prepared, definitions: Definitions) -> dict[str, Ints]:
    """Downloads (n, months) of every measure.

    A birth that is not known is taken as early for what was surely seen, as late for the ceiling.
    """
    age, rule = definitions.panel.age_limit_days, definitions.fillings[0]
    drawn = {rule.id: _drawn(known.evidence, known, rule)}
    sums = {
        COUNTED: monthly(drawn[rule.id].counted, known, age, rule, "earliest"),
        SEEN: monthly(drawn[rule.id].seen, known, age, rule, "earliest"),
        CEILING: monthly(drawn[rule.id].ceiling, known, age, rule, "latest"),
    }
    for limit, other in variants(definitions):
        path = drawn.get(other.id) or _drawn(known.evidence, known, other)
        sums[column(limit, other.id)] = monthly(path.estimate, known, limit, other)
    return sums


def _drawn(evidence: Evidence, known: Prepared, rule: Filling) -> Paths:
    """Paths of all repositories under one rule."""
    return paths(evidence, known.births, known.days, rule)


def monthly(
    rates: Floats, known: Prepared, age_limit_days: int, rule: Filling, birth: str = ""
) -> Ints:
    """Whole downloads (n, months) while young enough, which add up to the rounded total.

    Parameters
    ----------
    rates
        Downloads (n, D) of each day.
    known
        Births and months.
    age_limit_days
        Oldest age, in whole days, at which downloads count.
    rule
        Says which day of an uncertain birth is taken.
    birth
        Another rule of birth for the age alone.
    """
    born = known.births.day(birth or rule.birth)
    days = np.arange(known.days)
    alive = days >= known.births.earliest[:, None]
    young = np.where(alive & (days - born[:, None] <= age_limit_days), rates, 0.0)
    inside = np.hstack([np.zeros((len(rates), 1)), np.cumsum(young[:, known.first :], axis=1)])
    levels = np.rint(inside[:, known.ends].round(DIGITS)).astype(np.int64)
    return np.asarray(np.diff(levels, axis=1))


def _rows(facts: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """One row a name of the panel with its facts."""
    table = places.assign(
        name=places["key"], created=facts["created"], followed_from=facts["followed_from"]
    ).rename(columns={"key": "repository"})
    rows = table.sort_values(["repository", "created"]).drop_duplicates("repository", keep="last")
    return rows[FACTS].reset_index(drop=True)


def _months(places: pd.DataFrame, sums: dict[str, Ints], months: Sequence[str]) -> pd.DataFrame:
    """Downloads by row of the panel and month; months without any are left out."""
    blocks = []
    for number, month in enumerate(months):
        block = pd.DataFrame({name: table[:, number] for name, table in sums.items()})
        block = block.groupby(places["key"].to_numpy()).sum().rename_axis("repository")
        blocks.append(block[block.any(axis=1)].reset_index().assign(month=month))
    table = pd.concat(blocks, ignore_index=True).sort_values(MONTH, ignore_index=True)
    return table[[*MONTH, *sums]]


def _left_out(
    known: Prepared,
    definitions: Definitions,
    whole: Ints,
    used: NDArray[np.bool_],
    places: pd.DataFrame,
    *,
    without_each: bool,
) -> pd.DataFrame:
    """Estimates of the whole window without each record, or each month of a crawl."""
    rule, age = definitions.fillings[0], definitions.panel.age_limit_days
    estimates = {ESTIMATE: whole}
    for name, rows, evidence in _without_each(known) if without_each else ():
        some = known.of(rows)
        drawn = _drawn(evidence.of(rows), some, rule)
        estimates[name] = whole.copy()
        estimates[name][rows] = monthly(drawn.estimate, some, age, rule).sum(axis=1)
    table = pd.DataFrame({name: sums[used] for name, sums in estimates.items()})
    table = table.groupby(places["key"].to_numpy()).sum().rename_axis("repository")
    return table.reset_index()


def _without_each(known: Prepared) -> Iterator[tuple[str, Ints, Evidence]]:
    """Each source of evidence, the rows that it speaks of, and the evidence without it."""
    evidence = known.evidence
    both = pd.concat([evidence.counts, evidence.absences])
    for source, rows in both.groupby("source")["row"]:
        yield str(source), np.unique(rows), evidence.without(str(source))
    counted = np.unique(np.concatenate([evidence.segments["row"], evidence.limits["row"]]))
    yield known.counters, counted, evidence.counts_alone()
