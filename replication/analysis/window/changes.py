"""What moves the result: every choice, every developer and every repository, one at a time.

One table answers three questions: what moves the lead by more than the published gap, which smallest
change turns a verdict, and what would have to be true for a published figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.analysis.choices import LEFT_OUT, LINEAGE
from replication.analysis.window.capture import NONE
from replication.analysis.window.data import WindowData, headline_column
from replication.analysis.window.sums import credited, measures
from replication.attribution.assign import LABELS, RANGE
from replication.inference.cells import CREDIT, leave_out
from replication.panel.window import column, variants

CHOICE, DEVELOPER, REPOSITORY = "choice", "developer", "repository"
HEADLINE = "headline"
MOST = 400
"""Developers and repositories that are tried, largest first: the smaller move nothing."""
Floats = NDArray[np.float64]


def changes(data: WindowData) -> pd.DataFrame:
    """The statistics under every single change.

    Returns
    -------
    pandas.DataFrame
        One row a change, the headline first: ``kind, change, label``, the measures as
        fractions, ``total`` in downloads and ``shift``, by which the lead moves. Kinds: choice (of
        definitions), developer and repository (left out).
    """
    head = credited(data.population, data.definitions.window.id, data)
    rows = [_row(HEADLINE, HEADLINE, "as it is", head.total)]
    rows += [_row(CHOICE, name, label, sums) for name, label, sums in _choices(data)]
    for unit in (DEVELOPER, REPOSITORY):
        each = head.by(unit).head(MOST)
        rows += [
            _row(unit, str(name), f"without {name}", head.total - part)
            for name, part in zip(each.index, each.to_numpy(), strict=True)
        ]
    table = pd.DataFrame(rows)
    table["shift"] = table["lead"] - table["lead"].iloc[0]
    return table


def _row(kind: str, change: str, label: str, sums: Floats) -> dict[str, object]:
    values = {name: float(value) for name, value in measures(sums).items()}
    return {"kind": kind, "change": change, "label": label, **values, "total": round(sums[-1])}


def _choices(data: WindowData) -> Iterator[tuple[str, str, Floats]]:
    """Name, label and sums of every other choice of the definitions."""
    yield from _of_measures(data)
    yield from _of_attribution(data)
    table, downloads = data.population, data.definitions.window.id
    for exclusion in data.definitions.at_window.estimated_exclusions:
        kept = leave_out(table, exclusion)
        yield f"without/{exclusion.id}", exclusion.label, credited(kept, downloads, data).total


def _of_measures(data: WindowData) -> Iterator[tuple[str, str, Floats]]:
    """Without what no record follows, and by other rules of filling, age limits and capture."""
    definitions, table = data.definitions, data.population
    for name, label in (
        ("uncorrected", "without what no record follows"),
        ("seen", "what was seen alone"),
    ):
        yield name, label, credited(table, f"{definitions.window.id}-{name}", data).total
    first, *others = definitions.capture.rules
    for limit, filling in variants(definitions)[1:]:
        name, own = column(limit, filling.id), limit == definitions.panel.age_limit_days
        label = filling.label if own else f"age limit {limit} days"
        yield name, label, rebuilt(data, name, first)
    for rule in others:
        if rule != NONE:
            label = "what no record follows at its level"
            yield f"capture/{rule}", label, rebuilt(data, headline_column(definitions), rule)


def _of_attribution(data: WindowData) -> Iterator[tuple[str, str, Floats]]:
    """Who is credited, by whose labels, and what becomes of the unattributed."""
    about = data.definitions.window
    roles = [role for role in CREDIT if role != about.attribution]
    sources = [labels for labels in (*LABELS, *RANGE) if labels != about.labels]
    choices = [
        *((f"credit/{role}", f"credited to the {role}", {"attribution": role}) for role in roles),
        *((f"labels/{name}", _LABEL[name], {"labels": name}) for name in sources),
        *((f"unattributed/{name}", label, {"treatment": name}) for name, label in _TREATED),
    ]
    for name, label, choice in choices:
        yield name, label, credited(data.population, about.id, data, **choice).total


_LABEL = {
    "study": "the study’s labels, where it gives any",
    "registry": "the registry’s labels",
    "registry-low": "every doubt of the registry for the USA",
    "registry-high": "every doubt of the registry for China",
}
_TREATED = (
    (LEFT_OUT, "the unattributed left out"),
    (LINEAGE, "the unattributed credited by lineage"),
)


def rebuilt(data: WindowData, estimates: str, rule: str) -> Floats:
    """The headline's sums (5,) with other estimates or another rule for what is not followed."""
    return credited(data.everyone(estimates, rule), "downloads", data).total


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
