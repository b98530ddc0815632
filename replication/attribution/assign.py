"""Give every repository and week its developers and country groups under both label sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import pandas as pd

from replication.attribution.registry import UNKNOWN, Registry
from replication.errors import ContractError

ROLES = ("uploader", "origin")
LABELS = ("study", "registry")


def attributed(
    table: pd.DataFrame, registry: Registry, group_of: Mapping[str, str]
) -> pd.DataFrame:
    """Add ``{role}_developer`` and ``registry_group_{role}`` for both roles.

    Parameters
    ----------
    table
        Rows with the namespaces ``uploader`` and ``origin``.
    registry
        The checked registry of developers.
    group_of
        Country group of each ISO code and class.
    """
    added = {}
    for role in ROLES:
        added[f"{role}_developer"] = table[role].map(registry.developer_of)
        country = table[role].map(registry.country_of)
        added[f"registry_group_{role}"] = country.map(dict(group_of))
    return table.assign(**added)


def with_study_groups(weekly: pd.DataFrame, repositories: pd.DataFrame) -> pd.DataFrame:
    """Give the weekly series the study's groups, which the repositories carry by namespace.

    Raises
    ------
    ContractError
        The study gives one namespace two groups, so that its weeks cannot be labelled.
    """
    for role in ROLES:
        column = f"study_group_{role}"
        pairs = repositories[[role, column]].drop_duplicates()
        twice = pairs.loc[pairs[role].duplicated(), role]
        if len(twice):
            raise ContractError(
                f"{column} gives {twice.iloc[0]!r} two country groups", "label it one way"
            )
        weekly = weekly.merge(pairs, on=role, how="left", validate="many_to_one")
    return weekly


def coverage(
    table: pd.DataFrame, registry: Registry, windows: Sequence[str], unattributed: Sequence[str]
) -> pd.DataFrame:
    """Share of downloads credited to a country, and behind it, to a row of the registry.

    Returns
    -------
    pandas.DataFrame
        One row an estimand, label source and role: ``total`` (downloads), ``attributed_percent``
        (credited to a country), and of the registry, whatever the label source:
        ``registered_percent`` (its developer has a row) and ``evidenced_percent`` (and the row
        has evidence).
    """
    rows = []
    for window, labels, role in product(windows, LABELS, ROLES):
        downloads = table[window]
        has_country = ~table[f"{labels}_group_{role}"].isin(unattributed)
        has_row = table[role].isin(registry.by_namespace)
        has_evidence = table[role].map(registry.country_of) != UNKNOWN
        rows.append(
            {
                "estimand": window,
                "labels": labels,
                "attribution": role,
                "total": int(downloads.sum()),
                "attributed_percent": _percent(downloads[has_country], downloads),
                "registered_percent": _percent(downloads[has_row], downloads),
                "evidenced_percent": _percent(downloads[has_evidence], downloads),
            }
        )
    return pd.DataFrame(rows)


def largest_unattributed(
    table: pd.DataFrame, windows: Sequence[str], unattributed: Sequence[str], most: int = 25
) -> pd.DataFrame:
    """The namespaces with most downloads that the registry credits to no country, per role."""
    parts = []
    for role in ROLES:
        rows = table[table[f"registry_group_{role}"].isin(unattributed)]
        keys = [role, f"registry_group_{role}", f"study_group_{role}"]
        sums = rows.groupby(keys, as_index=False)[list(windows)].sum()
        sums.columns = pd.Index(["namespace", "registry_group", "study_group", *windows])
        sums = sums.sort_values([windows[-1], "namespace"], ascending=[False, True]).head(most)
        parts.append(sums.assign(attribution=role))
    return pd.concat(parts, ignore_index=True)


def disagreements(table: pd.DataFrame, registry: Registry, windows: Sequence[str]) -> pd.DataFrame:
    """Every namespace that the study and the registry place in different country groups."""
    parts = []
    for role in ROLES:
        study, ours = f"study_group_{role}", f"registry_group_{role}"
        rows = table[(table[study] != table[ours]) & (table[ours] != "Unknown")]
        sums = rows.groupby([role, study, ours], as_index=False)[list(windows)].sum()
        sums.columns = pd.Index(["namespace", "study_group", "registry_group", *windows])
        parts.append(sums.assign(attribution=role))
    found = pd.concat(parts, ignore_index=True)
    rows_of = found["namespace"].map(registry.by_namespace.get)
    found["evidence_url"] = [row.evidence_url for row in rows_of]
    found["note"] = [row.note for row in rows_of]
    return found.sort_values(windows[-1], ascending=False, kind="stable")


def _percent(part: pd.Series, whole: pd.Series) -> float:
    total = int(whole.sum())
    return 100.0 * int(part.sum()) / total if total else float("nan")
