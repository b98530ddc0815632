"""Credit the published window: the registry for all, the study's labels where it gives any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from replication.attribution.assign import ROLES, attributed, percent
from replication.attribution.registry import UNKNOWN, Registry
from replication.attribution.rules import AUTOMATED, BURST, Rule
from replication.names import key
from replication.panel.table import study_groups

LABELLED = ("uploader", "origin")


@dataclass(frozen=True)
class Credit:
    """What repositories of the window are credited by.

    Attributes
    ----------
    labels
        The study's country group of each namespace that its released file labels, by key.
    registry, rules, group_of
        As in `assign.attributed`.
    """

    labels: Mapping[str, str]
    registry: Registry
    rules: Sequence[Rule]
    group_of: Mapping[str, str]

    @classmethod
    def of(
        cls,
        labelled: pd.DataFrame,
        registry: Registry,
        rules: Sequence[Rule],
        group_of: Mapping[str, str],
    ) -> Credit:
        """Take the study's labels from the attributed repositories of its file."""
        return cls(study_groups(labelled), registry, rules, group_of)

    def attributed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Give rows with ``name, uploader, origin`` their developers and groups.

        A namespace that the study's file does not label has the registry's group under both.
        """
        created = table["created"] if "created" in table else pd.Series("", index=table.index)
        born = created.fillna("").astype(str)
        groups = {
            f"study_group_{role}": [
                self._group(name, on) for name, on in zip(table[role], born, strict=True)
            ]
            for role in LABELLED
        }
        rows = table.assign(created=born, **groups)
        return attributed(rows, self.registry, self.rules, self.group_of)

    def _group(self, namespace: str, on: str) -> str:
        """The study's group of a namespace, else the registry's in the month of creation."""
        found = self.labels.get(key(namespace))
        return found or self.group_of[self.registry.country_of(namespace, on)]


def coverage(table: pd.DataFrame, registry: Registry, unattributed: Sequence[str]) -> pd.DataFrame:
    """How much of the downloads has a row of the registry, evidence and a country, by role.

    Parameters
    ----------
    table
        Attributed rows with ``downloads``.
    registry
        The registry.
    unattributed
        Country groups that stand for no country.

    Returns
    -------
    pandas.DataFrame
        One row a credited role: ``attribution, total, registered_percent, evidenced_percent,
        attributed_percent``.
    """
    return pd.DataFrame(_coverage(table, registry, unattributed))


def coverage_of_lists(
    lists: pd.DataFrame, registry: Registry, unattributed: Sequence[str]
) -> pd.DataFrame:
    """The same for every complete list, with and without what looks automated.

    Returns
    -------
    pandas.DataFrame
        The columns of `coverage` after ``list, date, exclusion`` (none or automated).
    """
    automated = lists["kinds"].fillna("").astype(str).str.contains(f"{AUTOMATED}|{BURST}")
    parts = []
    for (name, date), rows in lists.groupby(["list", "date"], sort=False):
        for exclusion, kept in (("none", rows), ("automated", rows[~automated[rows.index]])):
            found = coverage(kept, registry, unattributed)
            parts.append(found.assign(list=name, date=date, exclusion=exclusion))
    table = pd.concat(parts, ignore_index=True)
    keys = ["list", "date", "exclusion"]
    return table[[*keys, *table.columns.drop(keys)]]


def _coverage(
    table: pd.DataFrame, registry: Registry, unattributed: Sequence[str]
) -> Iterator[dict[str, object]]:
    downloads = table["downloads"]
    total = int(downloads.sum())
    for role in ROLES:
        rows = table[role].map(registry.find)
        evidence = rows.map(lambda row: row is not None and row.country != UNKNOWN)
        country = ~table[f"registry_group_{role}"].isin(list(unattributed))
        yield {
            "attribution": role, "total": total,
            "registered_percent": percent(downloads[rows.notna()], downloads),
            "evidenced_percent": percent(downloads[evidence], downloads),
            "attributed_percent": percent(downloads[country], downloads),
        }  # fmt: skip
