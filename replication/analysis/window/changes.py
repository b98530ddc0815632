"""What moves the result: every choice, every developer and every repository, one at a time.

One table answers three questions: what moves the lead by more than the published gap, which smallest
change turns a verdict, and what would have to be true for a published figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pandas as pd

from replication.analysis.cells import DEVELOPER, REPOSITORY
from replication.analysis.specification import CREDIT, LEFT_OUT, LINEAGE, Specification
from replication.analysis.window.capture import NONE
from replication.analysis.window.data import Ints, WindowData, estimate, headline_column
from replication.analysis.window.measures import measures
from replication.attribution.assign import LABELS, RANGE
from replication.inference.cells import HALVES, largest_first
from replication.panel.window import column, variants

CHOICE, HEADLINE = "choice", "headline"
MOST = 400
"""Developers and repositories that are tried, largest first: the smaller move nothing."""


def changes(data: WindowData) -> pd.DataFrame:
    """The statistics under every single change.

    Returns
    -------
    pandas.DataFrame
        One row a change, the headline first: ``kind, change, label``, the measures as
        fractions, ``total`` in downloads and ``shift``, by which the lead moves. Kinds: choice (of
        definitions), developer and repository (left out).
    """
    population, groups = data.population, data.definitions.groups
    head = population.headline
    sums = population.totals(head)
    rows = [_row(HEADLINE, HEADLINE, "as it is", sums, groups)]
    rows += [
        _row(CHOICE, name, label, population.totals(specification), groups)
        for name, label, specification in _choices(data)
    ]
    for unit in (DEVELOPER, REPOSITORY):
        cells = population.cells(head, unit)
        largest = largest_first(cells.sizes)[:MOST]
        rows += [
            _row(unit, str(name), f"without {name}", sums - counts, groups)
            for name, counts in ((cells.units[n], cells.counts[n]) for n in largest)
        ]
    table = pd.DataFrame(rows)
    table["shift"] = table["lead"] - table["lead"].iloc[0]
    return table


def _row(
    kind: str, change: str, label: str, sums: Ints, groups: tuple[str, ...]
) -> dict[str, object]:
    values = {name: float(value) for name, value in measures(sums, groups).items()}
    total = round(float(sums[:-1].sum()) / HALVES)
    return {"kind": kind, "change": change, "label": label, **values, "total": total}


def _choices(data: WindowData) -> Iterator[tuple[str, str, Specification]]:
    """Name, label and specification of every other choice of the definitions."""
    head = data.population.headline
    for name, label, window in _of_measures(data):
        yield name, label, replace(head, window=window)
    for role in CREDIT:
        if role != head.attribution:
            yield f"credit/{role}", f"credited to the {role}", replace(head, attribution=role)
    for labels in (*LABELS, *RANGE):
        if labels != head.labels:
            yield f"labels/{labels}", _LABEL[labels], replace(head, labels=labels)
    for name, label in _TREATED.items():
        yield f"unattributed/{name}", label, replace(head, treatment=name)
    for exclusion in data.definitions.at_window.estimated_exclusions:
        yield f"without/{exclusion.id}", exclusion.label, replace(head, exclusion=exclusion.id)


def _of_measures(data: WindowData) -> Iterator[tuple[str, str, str]]:
    """Name, label and column of downloads of every other measure of the population."""
    definitions = data.definitions
    for name, label in _MEASURED.items():
        yield name, label, f"{definitions.published_window.id}-{name}"
    first, *others = definitions.capture.rules
    for limit, filling in variants(definitions)[1:]:
        name, own = column(limit, filling.id), limit == definitions.panel.age_limit_days
        yield name, filling.label if own else f"age limit {limit} days", estimate(name, first)
    for rule in others:
        if rule != NONE:
            label = "what no record follows at its level"
            yield f"capture/{rule}", label, estimate(headline_column(definitions), rule)


_MEASURED = {
    "uncorrected": "without what no record follows",
    "seen": "what was seen alone",
}
_LABEL = {
    "study": "the study’s labels, where it gives any",
    "registry": "the registry’s labels",
    "registry-low": "every doubt of the registry for the USA",
    "registry-high": "every doubt of the registry for China",
}
_TREATED = {
    LEFT_OUT: "the unattributed left out",
    LINEAGE: "the unattributed credited by lineage",
}


def movers(table: pd.DataFrame, gap: float) -> pd.DataFrame:
    """The changes that move the lead by more than `gap`, those that move it most first."""
    moved = table[(table["shift"].abs() > gap) & (table["kind"] != HEADLINE)]
    order = moved["shift"].abs().sort_values(ascending=False, kind="stable").index
    return moved.loc[order].reset_index(drop=True)


def smallest_turn(table: pd.DataFrame, holds: Mapping[int, bool]) -> str:
    """The smallest single change that turns an answer: a repository, a developer, then a choice.

    Parameters
    ----------
    table
        The table of `changes`.
    holds
        Whether the claim holds, by the place of each change in the table; the headline is place 0.

    Returns
    -------
    str
        The label of the change that is smallest by kind and then by the shift of the lead; empty
        where no single change turns the answer.
    """
    turned = table[[holds[n] != holds[0] for n in range(len(table))]]
    for kind in (REPOSITORY, DEVELOPER, CHOICE):
        some = turned[turned["kind"] == kind]
        if len(some):
            return str(some.loc[some["shift"].abs().idxmin(), "label"])
    return ""
