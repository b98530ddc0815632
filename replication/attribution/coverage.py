"""How much of the downloads the registry covers, and what it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd

from replication.attribution.assign import LABELS, ROLES
from replication.attribution.registry import INDIVIDUAL, UNKNOWN, Registry
from replication.attribution.rules import AUTOMATED, BURST

NO_ROW, NO_EVIDENCE = "no row", "unknown"


def of_panel(
    table: pd.DataFrame, registry: Registry, windows: Sequence[str], unattributed: Sequence[str]
) -> pd.DataFrame:
    """Share of downloads credited to a country, and behind it, to a row of the registry.

    Parameters
    ----------
    table
        Attributed repositories.
    registry
        The registry.
    windows
        Columns of downloads.
    unattributed
        Country groups that stand for no country.

    Returns
    -------
    pandas.DataFrame
        One row an estimand, label source and role: ``total`` (downloads), ``attributed_percent``
        (credited to a country), and of the registry, whatever the label source:
        ``registered_percent`` (its developer has a row) and ``evidenced_percent`` (and the row
        has evidence).
    """
    rows = [
        {
            "estimand": window,
            "labels": labels,
            **_covered(
                table, table[window], registry, role, f"{labels}_group_{role}", unattributed
            ),
        }
        for window, labels, role in product(windows, LABELS, ROLES)
    ]
    columns = ["estimand", "labels", "attribution", "total"]
    columns += ["attributed_percent", "registered_percent", "evidenced_percent"]
    return pd.DataFrame(rows)[columns]


def of_window(table: pd.DataFrame, registry: Registry, unattributed: Sequence[str]) -> pd.DataFrame:
    """The same of the published window, by the registry's labels.

    Parameters
    ----------
    table
        Attributed rows with ``downloads``.
    registry, unattributed
        As in `of_panel`.

    Returns
    -------
    pandas.DataFrame
        One row a credited role: ``attribution, total, registered_percent, evidenced_percent,
        attributed_percent``.
    """
    rows = [
        _covered(table, table["downloads"], registry, role, f"registry_group_{role}", unattributed)
        for role in ROLES
    ]
    return pd.DataFrame(rows)


def of_lists(lists: pd.DataFrame, registry: Registry, unattributed: Sequence[str]) -> pd.DataFrame:
    """The same for every complete list, with and without what looks automated.

    Returns
    -------
    pandas.DataFrame
        The columns of `of_window` after ``list, date, exclusion`` (none or automated).
    """
    automated = lists["kinds"].fillna("").astype(str).str.contains(f"{AUTOMATED}|{BURST}")
    parts = []
    for (name, date), rows in lists.groupby(["list", "date"], sort=False):
        for exclusion, part in (("none", rows), ("automated", rows[~automated[rows.index]])):
            covered = of_window(part, registry, unattributed)
            parts.append(covered.assign(list=name, date=date, exclusion=exclusion))
    table = pd.concat(parts, ignore_index=True)
    keys = ["list", "date", "exclusion"]
    return table[[*keys, *table.columns.drop(keys)]]


def _covered(
    table: pd.DataFrame,
    downloads: pd.Series,
    registry: Registry,
    role: str,
    column: str,
    unattributed: Sequence[str],
) -> dict[str, object]:
    """What part of the downloads a role's namespaces have a row, evidence and a country for."""
    place, names = pd.factorize(table[role], use_na_sentinel=False)
    owners = [registry.find(name) for name in names]
    registered = np.array([owner is not None for owner in owners])[place]
    evidence = np.array([owner is not None and owner.country != UNKNOWN for owner in owners])[place]
    country = ~table[column].isin(list(unattributed))
    return {
        "attribution": role,
        "total": int(downloads.sum()),
        "registered_percent": percent(downloads[registered], downloads),
        "evidenced_percent": percent(downloads[evidence], downloads),
        "attributed_percent": percent(downloads[country], downloads),
    }


def percent(part: pd.Series, whole: pd.Series) -> float:
    """Downloads of `part` in percent of those of `whole`; NaN where there are none."""
    total = int(whole.sum())
    return 100.0 * int(part.sum()) / total if total else float("nan")


def of_counts(counts: pd.DataFrame, registry: Registry) -> pd.DataFrame:
    """How much of each column of counts the registry covers.

    Returns
    -------
    pandas.DataFrame
        One row a column of `counts`: ``weight, total``; ``registered`` and ``evidenced``, the
        percent whose namespace has a row, and a row with evidence; and the same two of what is
        not an individual's account, ``organisations_registered`` and ``organisations_evidenced``.
    """
    owners = [registry.find(str(name)) for name in counts.index]
    has_row = pd.Series([row is not None for row in owners], index=counts.index)
    country = pd.Series([row.country if row else "" for row in owners], index=counts.index)
    has_evidence = has_row & (country != UNKNOWN)
    organisation = country != INDIVIDUAL
    rows = []
    for column in counts:
        of = counts[column]
        rows.append(
            {
                "weight": column,
                "total": of.sum(),
                "registered": _percent_of_counts(of[has_row], of),
                "evidenced": _percent_of_counts(of[has_evidence], of),
                "organisations_registered": _percent_of_counts(
                    of[has_row & organisation], of[organisation]
                ),
                "organisations_evidenced": _percent_of_counts(
                    of[has_evidence & organisation], of[organisation]
                ),
            }
        )
    return pd.DataFrame(rows)


def missing(counts: pd.DataFrame, registry: Registry) -> pd.DataFrame:
    """Namespaces without a row, or whose row says unknown, largest first.

    Returns
    -------
    pandas.DataFrame
        ``namespace, status`` (no row, or unknown) and the columns of `counts`, sorted by the
        largest share that the namespace has of any of them, which is ``percent``.
    """
    owners = {str(name): registry.find(str(name)) for name in counts.index}
    status = {
        name: NO_ROW if row is None else NO_EVIDENCE if row.country == UNKNOWN else ""
        for name, row in owners.items()
    }
    percent = (100.0 * counts / counts.sum()).max(axis=1)
    table = counts.assign(percent=percent).reset_index()
    table.insert(1, "status", table["namespace"].map(status))
    table = table[table["status"] != ""]
    return table.sort_values(["percent", "namespace"], ascending=[False, True], ignore_index=True)


def _percent_of_counts(part: pd.Series, whole: pd.Series) -> float:
    """The same of counts that need not be whole."""
    total = float(whole.sum())
    return 100.0 * float(part.sum()) / total if total else float("nan")
