"""What moves the result: every choice, every developer and every repository, one at a time.

One table answers three questions: what moves the lead by more than the published gap, which smallest
change turns a verdict, and what would have to be true for a published figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.analysis.choices import LEFT_OUT, LINEAGE
from replication.analysis.window import WindowData, headline_column
from replication.attribution.assign import LABELS, RANGE
from replication.inference.cells import CREDIT, HALVES, leave_out
from replication.names import spellings
from replication.panel.window import column as estimates_of
from replication.panel.window import variants

CHOICE, DEVELOPER, REPOSITORY = "choice", "developer", "repository"
HEADLINE = "headline"
MOST = 400
"""Developers and repositories that are tried, largest first: the smaller move nothing."""
MEASURES = ["china", "usa", "international", "lead", "part", "family"]
SIDES = ("China", "USA", "International / Online")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sums:
    """Downloads of the sides, the family and in total, and what each row adds to them.

    Attributes
    ----------
    rows
        Credited rows: ``developer, repository, group, namespace, downloads``.
    parts
        Float array (n, 5): China, USA, International / Online, the family within China, total.
    """

    rows: pd.DataFrame
    parts: Floats

    @property
    def total(self) -> Floats:
        """The sums (5,)."""
        return np.asarray(self.parts.sum(axis=0))

    def by(self, unit: str) -> pd.DataFrame:
        """The sums of every unit, largest total first."""
        table = pd.DataFrame(self.parts).groupby(self.rows[unit].to_numpy()).sum()
        return table.sort_values(table.columns[-1], ascending=False, kind="stable")


def measures(sums: Floats) -> dict[str, Floats]:
    """The statistics of sums (…, 5)."""
    china, usa, international, family, total = np.moveaxis(np.asarray(sums, dtype=float), -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = (
            china / total, usa / total, international / total, (china - usa) / total,
            china / (china + usa), family / china,
        )  # fmt: skip
    return dict(zip(MEASURES, values, strict=True))


def credited(
    table: pd.DataFrame, downloads: str, data: WindowData, attribution: str = "", labels: str = "",
    treatment: str = "",
) -> Sums:  # fmt: skip
    """Credit rows of downloads and sum them by side; the defaults are the headline's.

    Parameters
    ----------
    table
        Attributed rows.
    downloads
        The column of downloads.
    data
        The window, for its definitions.
    attribution, labels
        Who is credited, by whose labels.
    treatment
        Of the unattributed: left-out, lineage, or empty for groups of their own.
    """
    about, family = data.definitions.published_window, data.definitions.family
    attribution, labels = attribution or about.attribution, labels or about.labels
    blocks = []
    for role, halves in CREDIT[attribution].items():
        group = table[f"{labels}_group_{role}"]
        missing = group.isin(list(data.definitions.unattributed))
        if treatment == LINEAGE:
            group = group.mask(missing, table[f"{labels}_group_origin"])
        block = pd.DataFrame({
            "developer": table[f"{role}_developer"], "repository": table["repository"],
            "group": group, "namespace": table[role],
            "downloads": table[downloads] * (halves / HALVES),
        })  # fmt: skip
        blocks.append(block[~missing] if treatment == LEFT_OUT else block)
    rows = pd.concat(blocks, ignore_index=True)
    namespaces = spellings(family.namespaces, rows["namespace"])
    member = rows["namespace"].isin(namespaces) & (rows["group"] == family.within)
    flags = [rows["group"] == side for side in SIDES] + [member, rows["group"].notna()]
    parts = np.stack(
        [flag.to_numpy() * rows["downloads"].to_numpy(dtype=float) for flag in flags], axis=1
    )
    return Sums(rows, parts)


def changes(data: WindowData) -> pd.DataFrame:
    """The statistics under every single change.

    Returns
    -------
    pandas.DataFrame
        One row a change, the headline first: ``kind, change, label``, the measures `MEASURES` as
        fractions, ``total`` in downloads and ``shift``, by which the lead moves. Kinds: choice (of
        definitions), developer and repository (left out).
    """
    head = credited(data.population, data.definitions.published_window.id, data)
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
    found = {name: float(value) for name, value in measures(sums).items()}
    return {"kind": kind, "change": change, "label": label, **found, "total": round(sums[-1])}


def _choices(data: WindowData) -> Iterator[tuple[str, str, Floats]]:
    """Name, label and sums of every other choice of the definitions."""
    definitions, table = data.definitions, data.population
    downloads = definitions.published_window.id
    yield (
        "uncorrected",
        "without what no record follows",
        credited(table, f"{downloads}-uncorrected", data).total,
    )
    yield "seen", "what was seen alone", credited(table, f"{downloads}-seen", data).total
    for limit, rule in variants(definitions)[1:]:
        name = estimates_of(limit, rule.id)
        label = (
            rule.label if limit == definitions.panel.age_limit_days else f"age limit {limit} days"
        )
        yield name, label, rebuilt(data, name, definitions.capture.rules[0])
    for rule_ in definitions.capture.rules[1:]:
        if rule_ != "none":
            label = "what no record follows at its level"
            yield f"capture/{rule_}", label, rebuilt(data, headline_column(definitions), rule_)
    for role in CREDIT:
        if role != definitions.published_window.attribution:
            yield (
                f"credit/{role}",
                f"credited to the {role}",
                credited(table, downloads, data, role).total,
            )
    for labels in (*LABELS, *RANGE):
        if labels != definitions.published_window.labels:
            yield (
                f"labels/{labels}",
                _LABEL[labels],
                credited(table, downloads, data, labels=labels).total,
            )
    yield "unattributed/left-out", "the unattributed left out", credited(
        table, downloads, data, treatment=LEFT_OUT).total  # fmt: skip
    yield "unattributed/lineage", "the unattributed credited by lineage", credited(
        table, downloads, data, treatment=LINEAGE).total  # fmt: skip
    for exclusion in definitions.at_window.estimated_exclusions:
        kept = leave_out(table, exclusion)
        yield f"without/{exclusion.id}", exclusion.label, credited(kept, downloads, data).total


_LABEL = {
    "study": "the study’s labels, where it gives any",
    "registry": "the registry’s labels",
    "registry-low": "every doubt of the registry for the USA",
    "registry-high": "every doubt of the registry for China",
}


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
