"""What a named check finds: one row of defects.csv, and how its cells are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import pandas as pd

NONE = "none"
FEW = 8
"""So many dates or names are listed."""


@dataclass(frozen=True)
class Defect:
    """One row of results/defects.csv."""

    check: str
    what: str
    where: str
    rows: int
    treatment: str


def to_frame(defects: Sequence[Defect]) -> pd.DataFrame:
    """Tabulate defects, one a row."""
    return pd.DataFrame([asdict(defect) for defect in defects])


def sizes(number: int, largest: Mapping[str, int]) -> str:
    """The first few names with their downloads, and how many there are."""
    listed = [f"{name} ({int(size):,})" for name, size in largest.items()][:FEW]
    more = f", … ({number:,})" if number > len(listed) else ""
    return ", ".join(listed) + more or NONE


def sizes_by_reading(table: pd.DataFrame, column: str) -> dict[str, int]:
    """Downloads in a column by repository and label, the largest first."""
    table = table.sort_values([column, "name", "reading"], ascending=[False, True, True])
    labels = table["name"] + table["reading"].dt.strftime(" %Y-%m-%d")
    return dict(zip(labels, table[column], strict=True))


def dates(days: pd.Series) -> str:
    """Distinct days, in order, as text."""
    return listed(sorted(set(pd.to_datetime(days).dt.strftime("%Y-%m-%d"))))


def listed(days: Sequence[str]) -> str:
    """Days as text; of many the first and the last."""
    if len(days) > FEW:
        return f"{days[0]} … {days[-1]} ({len(days)} readings)"
    return ", ".join(days) or NONE
