"""The lead under every choice of attribution: exact arithmetic, no interval.

A choice is a window, an exclusion, who is credited, by whose labels, and what is done with the
downloads that these labels credit to no country.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

import pandas as pd

from replication.analysis.cells import Repositories
from replication.analysis.credit import Mask
from replication.analysis.lead import SIDES, shares
from replication.analysis.specification import (
    CREDITED,
    LABELLED,
    NONE,
    TREATMENTS,
    Specification,
    of_window,
)
from replication.attribution.rules import Rule, matched
from replication.inference.cells import HALVES

KEYS = ["window", "exclusion", "attribution", "labels", "treatment"]


def choices(repositories: Repositories) -> pd.DataFrame:
    """Shares and lead under every choice; an exclusion that removes nothing is left out.

    Returns
    -------
    pandas.DataFrame
        One row a choice: `KEYS`, ``total`` (downloads shared out), ``china, usa, lead`` as
        fractions of it, NaN where nothing is left to share out.
    """
    rows = [
        {name: spec.choices[name] for name in KEYS} | measures(repositories, spec)
        for spec in _specifications(repositories)
    ]
    return pd.DataFrame(rows)


def measures(
    repositories: Repositories, spec: Specification, among: Mask | None = None
) -> dict[str, float]:
    """Downloads that a specification shares out, the shares of the sides, and the lead.

    Parameters
    ----------
    repositories
        Attributed repositories.
    spec
        The specification.
    among
        Which repositories (r,) count; None for all.
    """
    groups = repositories.definitions.groups
    totals = repositories.totals(spec, among)[: len(groups)]
    total = int(totals.sum())
    sides = (int(totals[groups.index(side)]) for side in SIDES)
    return {"total": total / HALVES, **shares(sides, total)}


def _specifications(repositories: Repositories) -> Iterator[Specification]:
    """Every choice, of the windows and exclusions that leave something and remove something."""
    definitions = repositories.definitions
    exclusions = (NONE, *(x.id for x in definitions.exclusions))
    for exclusion, window in product(exclusions, definitions.windows):
        spec = replace(of_window(window.id, definitions), exclusion=exclusion)
        whole, removed = repositories.downloads(spec).sum(), repositories.removed(spec)
        if removed < whole and (exclusion == NONE or removed > 0):
            for attribution, labels, treatment in product(CREDITED, LABELLED, TREATMENTS):
                yield replace(spec, attribution=attribution, labels=labels, treatment=treatment)


def exclusions(repositories: Repositories, rules: Sequence[Rule]) -> pd.DataFrame:
    """What every exclusion, and every single rule, removes, and how the lead moves without it.

    Returns
    -------
    pandas.DataFrame
        One row an exclusion or rule and window, under the headline's attribution and labels:
        ``exclusion, by`` (exclusion or rule), ``window``, ``downloads`` removed, their ``share``
        of the window, and the ``lead`` with them and the ``lead_without``.
    """
    rows = []
    for name, by, left in _left(repositories, rules):
        for window in repositories.definitions.windows:
            spec = of_window(window.id, repositories.definitions)
            downloads = repositories.downloads(spec)
            total, rest = int(downloads.sum()), int(downloads[left].sum())
            rows.append(
                {
                    "exclusion": name,
                    "by": by,
                    "window": window.id,
                    "downloads": total - rest,
                    "share": (total - rest) / total,
                    "lead": measures(repositories, spec)["lead"],
                    "lead_without": measures(repositories, spec, left)["lead"],
                }
            )
    return pd.DataFrame(rows)


def _left(repositories: Repositories, rules: Sequence[Rule]) -> Iterator[tuple[str, str, Mask]]:
    """Which repositories every exclusion, and every rule that matches any, leaves."""
    for exclusion in repositories.definitions.exclusions:
        yield exclusion.id, "exclusion", repositories.without(exclusion.id)
    hits = matched(repositories.table["name"], rules)
    for rule in rules:
        hit = hits[rule.rule].to_numpy(dtype=bool)
        if hit.any():
            yield rule.rule, "rule", ~hit
