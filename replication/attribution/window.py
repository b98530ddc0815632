"""Credit the published window: the registry for all, the study's labels where it gives any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from replication.attribution.assign import attributed
from replication.attribution.registry import Registry
from replication.attribution.rules import Rule
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
        groups = {f"study_group_{role}": self._groups(table[role], born) for role in LABELLED}
        rows = table.assign(created=born, **groups)
        return attributed(rows, self.registry, self.rules, self.group_of)

    def _groups(self, namespaces: pd.Series, born: pd.Series) -> list[str]:
        """The group of every namespace at a birth, each pair looked up once."""
        pairs = [*zip(namespaces.tolist(), born.tolist(), strict=True)]
        groups = {pair: self._group(*pair) for pair in set(pairs)}
        return [groups[pair] for pair in pairs]

    def _group(self, namespace: str, on: str) -> str:
        """The study's group of a namespace, else the registry's in the month of creation."""
        label = self.labels.get(key(namespace))
        return label or self.group_of[self.registry.country_of(namespace, on)]
