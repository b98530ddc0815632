"""The lead under every choice of attribution: exact arithmetic, no interval.

A choice is a window, an exclusion, who is credited, by whose labels, and what is done with the
downloads that these labels credit to no country.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product

import pandas as pd

from replication.attribution.assign import BASE_MAKER, LABELS, RANGE
from replication.attribution.rules import Rule, matched
from replication.definitions import Definitions, Exclusion, Window
from replication.inference.cells import CREDIT, credit, leave_out

NONE = "none"
CREDITED = (*CREDIT, BASE_MAKER)
LABELLED = (*LABELS, *RANGE)
OWN, LEFT_OUT, LINEAGE, TO_CHINA, TO_USA = "own", "left-out", "lineage", "to-China", "to-USA"
TREATMENTS = (OWN, LEFT_OUT, LINEAGE, TO_CHINA, TO_USA)
"""Of the unattributed: groups of their own; left out of the total, which equals spreading them in
proportion; given to the country of the origin; given wholly to one side."""
KEYS = ["window", "exclusion", "attribution", "labels", "treatment"]


def choices(table: pd.DataFrame, definitions: Definitions) -> pd.DataFrame:
    """Shares and lead under every choice; an exclusion that removes nothing is left out.

    Parameters
    ----------
    table
        Attributed repositories.
    definitions
        Definitions.

    Returns
    -------
    pandas.DataFrame
        One row a choice: `KEYS`, ``total`` (downloads shared out), ``china, usa, lead`` as
        fractions of it, NaN where nothing is left to share out.
    """
    rows = [
        {"window": window.id, "exclusion": exclusion.id if exclusion else NONE, **row}
        for window, exclusion, kept in _kept(table, definitions)
        for row in _rows(kept, window.id, definitions)
    ]
    return pd.DataFrame(rows)


def exclusions(
    table: pd.DataFrame, rules: Sequence[Rule], definitions: Definitions
) -> pd.DataFrame:
    """What every exclusion, and every single rule, removes, and how the lead moves without it.

    Returns
    -------
    pandas.DataFrame
        One row an exclusion or rule and window, under the headline's attribution and labels:
        ``exclusion, by`` (exclusion or rule), ``window``, ``downloads`` removed, their ``share``
        of the window, and the ``lead`` with them and the ``lead_without``.
    """
    hits = matched(table["name"], rules)
    dropped = [(x.id, "exclusion", leave_out(table, x)) for x in definitions.exclusions]
    dropped += [(r.rule, "rule", table[~hits[r.rule]]) for r in rules if hits[r.rule].any()]
    rows = []
    for name, by, kept in dropped:
        for window in definitions.windows:
            total, rest = int(table[window.id].sum()), int(kept[window.id].sum())
            rows.append(
                {
                    "exclusion": name,
                    "by": by,
                    "window": window.id,
                    "downloads": total - rest,
                    "share": (total - rest) / total,
                    "lead": _headline_lead(table, window, definitions),
                    "lead_without": _headline_lead(kept, window, definitions)
                    if rest
                    else float("nan"),
                }
            )
    return pd.DataFrame(rows)


def _kept(
    table: pd.DataFrame, definitions: Definitions
) -> Iterator[tuple[Window, Exclusion | None, pd.DataFrame]]:
    """Every window with every exclusion that leaves something and removes something."""
    for exclusion in (None, *definitions.exclusions):
        kept = leave_out(table, exclusion)
        for window in definitions.windows:
            rest, whole = kept[window.id].sum(), table[window.id].sum()
            if rest and (exclusion is None or rest < whole):
                yield window, exclusion, kept


def _rows(kept: pd.DataFrame, window: str, definitions: Definitions) -> Iterator[dict[str, object]]:
    """Every credit rule, source of labels and treatment of one window."""
    for attribution, labels in product(CREDITED, LABELLED):
        credited = credit(kept, window, attribution, labels)
        for treatment in TREATMENTS:
            sums = treated(credited, labels, treatment, definitions)
            total = int(sums.sum())
            china, usa = (int(sums.get(name, 0)) for name in ("China", "USA"))
            yield {
                "attribution": attribution,
                "labels": labels,
                "treatment": treatment,
                "total": total / 2,
                "china": china / total if total else float("nan"),
                "usa": usa / total if total else float("nan"),
                "lead": (china - usa) / total if total else float("nan"),
            }


def treated(
    credited: pd.DataFrame, labels: str, treatment: str, definitions: Definitions
) -> pd.Series[int]:
    """Half downloads by country group after a treatment of the unattributed."""
    group, half = credited["group"], credited["half_downloads"]
    nowhere = group.isin(definitions.unattributed)
    give: dict[str, Callable[[], pd.Series[str]]] = {
        OWN: lambda: group,
        LEFT_OUT: lambda: group.mask(nowhere),
        LINEAGE: lambda: group.mask(nowhere, credited[f"{labels}_group_origin"]),
        TO_CHINA: lambda: group.mask(nowhere, "China"),
        TO_USA: lambda: group.mask(nowhere, "USA"),
    }
    return half.groupby(give[treatment]()).sum()


def _headline_lead(table: pd.DataFrame, window: Window, definitions: Definitions) -> float:
    head = definitions.headline
    credited = credit(table, window.id, head.attribution, head.labels)
    sums = treated(credited, head.labels, OWN, definitions)
    return float((sums.get("China", 0) - sums.get("USA", 0)) / sums.sum())
