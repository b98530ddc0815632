"""The panel of the published window: first-year downloads of every repository, month by month.

What the public records say (`replication.sources.records`) becomes daily paths (`paths`), which are
cut at the age limit and summed by month as whole numbers. Small repositories are joined by uploader
and origin (`tail`); what a complete list of the Hub holds at its date is kept beside, because it tells
how much of each country's downloads the other records follow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.definitions import Definitions, Filling
from replication.errors import ContractError
from replication.files import read_csv, write_csv
from replication.panel import hub_dates, window_records
from replication.panel.paths import Evidence, Paths, paths
from replication.panel.whole_hub import tail
from replication.panel.window_records import Prepared
from replication.sources.records import Records

COUNTED, SEEN, ESTIMATE, CEILING = "counted", "seen", "estimate", "ceiling"
FACTS = ["repository", "name", "uploader", "origin", "created", "followed_from"]
MONTH = ["repository", "month"]
DIGITS = 6
"""Sums of rates are rounded to as many decimals before they become whole numbers, so that the last
bits of a processor decide nothing."""
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class WindowPanel:
    """The tables of the window.

    Attributes
    ----------
    window_repositories
        One row a repository or a joint of small ones: `FACTS`. ``followed_from`` is the first day of
        which a record that goes on to the window's end holds it; empty where none does.
    window_months
        One row of these and month with downloads: `MONTH`, ``counted``, ``seen``, ``ceiling``, then one int64
        column of estimates an age limit and rule of filling: `column`.
    window_left_out
        One row each: ``repository``, ``estimate``, then the same without each record or crawl.
    window_agreement
        One row a repository that counters and counts both follow: `hub_dates.AGREEMENT`.
    window_dates
        What every complete list of the Hub holds of young repositories: `hub_dates.DATES`.
    window_defects
        What was found in the records.
    """

    window_repositories: pd.DataFrame
    window_months: pd.DataFrame
    window_left_out: pd.DataFrame
    window_agreement: pd.DataFrame
    window_dates: pd.DataFrame
    window_defects: pd.DataFrame

    def write(self, folder: Path) -> None:
        """Write the tables as CSV into `folder`."""
        for name, table in vars(self).items():
            write_csv(folder / f"{name}.csv", table)


def read(folder: Path) -> WindowPanel:
    """Read the panel that `WindowPanel.write` left in `folder`."""
    return WindowPanel(*(read_csv(folder / f"{field.name}.csv") for field in fields(WindowPanel)))


def column(age_limit_days: int, filling: str) -> str:
    """Name of the column of estimates under one age limit and rule of filling."""
    return f"{ESTIMATE}/{age_limit_days}/{filling}"


def variants(definitions: Definitions) -> list[tuple[int, Filling]]:
    """Every age limit and rule of filling of which estimates are kept, the headline's first.

    The other age limits go with the headline's rule of filling alone.
    """
    own = definitions.panel.age_limit_days
    others = [age for age in definitions.grid.age_limits_days if age != own]
    return [(own, rule) for rule in definitions.fillings] + [
        (age, definitions.fillings[0]) for age in others
    ]


def build(records: Records, definitions: Definitions) -> WindowPanel:
    """Rebuild the window from what the records say.

    Parameters
    ----------
    records
        The normalised records.
    definitions
        The window, the age limits and the rules of filling.
    """
    known = window_records.prepare(records, definitions)
    sums = _sums(known, definitions)
    used = np.any([table.any(axis=1) for table in sums.values()], axis=0)
    sums = {name: table[used] for name, table in sums.items()}
    totals = pd.DataFrame({name: table.sum(axis=1) for name, table in sums.items()})
    facts = known.facts[used].reset_index(drop=True)
    places = tail.join(facts, totals, definitions.published_window.small_downloads)
    places["key"] = hub_dates.kept_apart(places["key"], facts["name"], facts["followed_from"])
    return WindowPanel(
        _rows(facts, places),
        _months(places, sums, known.months),
        _left_out(known, definitions, used, places),
        hub_dates.agreement(known, definitions),
        hub_dates.dates(records, known, definitions),
        window_records.defects(records, known),
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
    known: Prepared, definitions: Definitions, used: NDArray[np.bool_], places: pd.DataFrame
) -> pd.DataFrame:
    """Estimates of the whole window without each record, or each month of a crawl."""
    rule, age = definitions.fillings[0], definitions.panel.age_limit_days
    whole = monthly(_drawn(known.evidence, known, rule).estimate, known, age, rule).sum(axis=1)
    found = {ESTIMATE: whole}
    for name, rows, evidence in _without_each(known):
        some = known.of(rows)
        drawn = _drawn(evidence.of(rows), some, rule)
        found[name] = whole.copy()
        found[name][rows] = monthly(drawn.estimate, some, age, rule).sum(axis=1)
    table = pd.DataFrame({name: sums[used] for name, sums in found.items()})
    table = table.groupby(places["key"].to_numpy()).sum().rename_axis("repository")
    return table.reset_index()


def _without_each(known: Prepared) -> Iterator[tuple[str, Ints, Evidence]]:
    """Each source of evidence, the rows that it speaks of, and the evidence without it."""
    evidence = known.evidence
    said = pd.concat([evidence.counts, evidence.absences])
    for source, rows in said.groupby("source")["row"]:
        yield str(source), np.unique(rows), evidence.without(str(source))
    counted = np.unique(np.concatenate([evidence.segments["row"], evidence.limits["row"]]))
    yield known.counters, counted, evidence.counts_alone()


def check(panel: WindowPanel, definitions: Definitions) -> WindowPanel:
    """Return the panel where it has every column of estimates that the definitions ask for.

    Raises
    ------
    ContractError
        A column is missing.
    """
    missing = set(columns(definitions)) - set(panel.window_months.columns)
    if missing:
        raise ContractError(
            f"window_months.csv has no column {min(missing)}",
            "rebuild the window from the records: DATA=records RECORDS=folder",
        )
    return panel


def columns(definitions: Definitions) -> list[str]:
    """Names of all columns of estimates, the headline's first."""
    return [column(limit, rule.id) for limit, rule in variants(definitions)]
