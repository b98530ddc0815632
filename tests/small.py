"""A small synthetic attributed panel whose shares can be worked out by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from replication.analysis.specification import CREDIT
from replication.attribution.assign import RANGE
from replication.definitions import Definitions, load_definitions
from replication.inference.cells import Cells

# The packager's repository is repackaged, so that its maker is its origin; unslothai's is telemetry.
# uploader, origin, study group of each, registry group of each, downloads
SYNTHETIC = [
    ("Qwen", "Qwen", "China", "China", "China", "China", 400),
    ("deepseek-ai", "Qwen", "China", "China", "China", "China", 200),
    ("other-cn", "other-cn", "User", "User", "China", "China", 50),
    ("meta", "meta", "USA", "USA", "USA", "USA", 150),
    ("packager", "Qwen", "USA", "China", "Unknown", "China", 100),
    ("unslothai", "unslothai", "USA", "USA", "USA", "USA", 60),
    ("someone", "meta", "User", "USA", "User", "USA", 40),
]


def synthetic_definitions(replicates: int = 200) -> Definitions:
    """The packaged definitions with few replicates."""
    definitions = load_definitions()
    rules = dataclasses.replace(definitions.inference, replicates=replicates, chunk=100)
    return dataclasses.replace(definitions, inference=rules)


def synthetic_repositories(definitions: Definitions) -> pd.DataFrame:
    """Attributed repositories with the same synthetic downloads in every window."""
    names = ["uploader", "origin", "study_group_uploader", "study_group_origin"]
    names += ["registry_group_uploader", "registry_group_origin", "downloads"]
    table = pd.DataFrame(SYNTHETIC, columns=names)
    table.insert(0, "repository", [f"{n:024x}" for n in range(len(table))])
    table.insert(1, "name", table["uploader"] + "/model")
    table["traced_origin"], table["created"] = table["origin"], "2024-11"
    packed = table["uploader"] == "packager"
    table["kinds"] = np.where(packed, "repackaged", "")
    table.loc[table["uploader"] == "unslothai", "kinds"] = "telemetry"
    for role in ("maker", "base_maker"):
        for column in ("", "study_group_", "registry_group_"):
            ours, theirs = f"{column}origin", f"{column}uploader"
            table[f"{column}{role}"] = table[ours].where(packed, table[theirs])
    for role in ("uploader", "origin", "maker", "base_maker"):
        table[f"{role}_developer"] = table[role]
        for labels in RANGE:
            table[f"{labels}_group_{role}"] = table[f"registry_group_{role}"]
    for window in definitions.windows:
        table[window.id] = table["downloads"]
    return table.drop(columns="downloads")


def pivoted(
    table: pd.DataFrame,
    window: str,
    attribution: str,
    labels: str,
    definitions: Definitions,
    unit: str = "developer",
) -> Cells:
    """Cells by a pivot of credited rows: another way to what `Repositories.cells` makes."""
    rows = pd.concat(
        [
            table.assign(
                developer=table[f"{role}_developer"],
                group=table[f"{labels}_group_{role}"],
                namespace=table[role],
                half=table[window] * halves,
            )
            for role, halves in CREDIT.get(attribution, {attribution: 2}).items()
        ],
        ignore_index=True,
    )
    rows = rows[rows["half"] > 0]
    sums = rows.pivot_table(index=unit, columns="group", values="half", aggfunc="sum", fill_value=0)
    counts = sums.reindex(columns=list(definitions.groups), fill_value=0)
    family = definitions.family
    member = rows["namespace"].isin(family.namespaces) & (rows["group"] == family.within)
    counts["family"] = rows[member].groupby(unit)["half"].sum().reindex(counts.index, fill_value=0)
    return Cells(tuple(counts.index), definitions.groups, counts.to_numpy(dtype=np.int64))


def synthetic_weeks(leads: list[bool]) -> pd.DataFrame:
    """Attributed weekly downloads of one Chinese and one US developer; China leads as told."""
    rows = []
    for number, ahead in enumerate(leads):
        week = f"{pd.Timestamp('2025-03-05') + pd.Timedelta(weeks=number):%Y-%m-%d}"
        for group, downloads in (("China", 30 if ahead else 10), ("USA", 20)):
            for part in range(3):
                row = {"week": week, "downloads": downloads + part, "kinds": ""}
                for role in ("uploader", "origin"):
                    row |= {role: f"{group}{part}", f"{role}_developer": f"{group}{part}"}
                    row |= {f"study_group_{role}": group, f"registry_group_{role}": group}
                rows.append(row)
    return pd.DataFrame(rows)
