"""Downloads of the sides, of the family and in total, and what each repository adds to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.analysis.choices import LEFT_OUT, LINEAGE
from replication.analysis.window.data import WindowData
from replication.inference.cells import CREDIT, HALVES
from replication.names import spellings

MEASURES = ["china", "usa", "international", "lead", "part", "family"]
GROUPS = ("China", "USA", "International / Online")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sums:
    """Downloads of the groups, the family and in total, and what each row adds to them.

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
    about, family = data.definitions.window, data.definitions.family
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
    flags = [rows["group"] == group for group in GROUPS] + [member, rows["group"].notna()]
    parts = np.stack(
        [flag.to_numpy() * rows["downloads"].to_numpy(dtype=float) for flag in flags], axis=1
    )
    return Sums(rows, parts)
