"""The panel: first-year downloads of each repository and of each week, with the defects found.

The same four tables are the output of the panel stage and the bundled panel, so that every later
stage runs alike on both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import pandas as pd

from replication.definitions import Definitions
from replication.errors import ContractError
from replication.files import read_csv, write_csv
from replication.names import keys
from replication.panel import defects, increments, lineage
from replication.panel.variants import variant_totals
from replication.sources.counters.mending import require_movement
from replication.sources.defect import to_frame

FACTS = [
    "repository",
    "name",
    "uploader",
    "origin",
    "traced_origin",
    "created",
    "study_group_uploader",
    "study_group_origin",
]
WEEKLY = ["week", "uploader", "origin", "downloads"]
LEAST_WEEKS = 2
"""Weeks without which no half of the series can be compared with the other."""
DEFECTS = ["check", "what", "where", "rows", "treatment"]


@dataclass(frozen=True)
class Panel:
    """The four tables of a panel.

    Attributes
    ----------
    repositories
        One row a repository: `FACTS`, then one int64 column of downloads a window.
    weekly
        One row a week and pair of uploader and origin with downloads: `WEEKLY`.
    variants
        One row a repository: ``repository``, then one int64 column of downloads a variant.
    defects
        One row a named check: `DEFECTS`.
    """

    repositories: pd.DataFrame
    weekly: pd.DataFrame
    variants: pd.DataFrame
    defects: pd.DataFrame

    def write(self, folder: Path) -> None:
        """Write the tables as CSV into `folder`."""
        for name, table in vars(self).items():
            write_csv(folder / f"{name}.csv", table)


def read(folder: Path) -> Panel:
    """Read the panel that `Panel.write` left in `folder`."""
    return Panel(*(read_csv(folder / f"{field.name}.csv") for field in fields(Panel)))


def build(
    counters: pd.DataFrame,
    definitions: Definitions,
    label_defects: pd.DataFrame,
) -> Panel:
    """Turn the checked counters of a released file into a panel.

    Raises
    ------
    ContractError
        Nearly every counter stands still at nearly every reading.
    """
    rules = definitions.panel
    mended = defects.mend(counters, rules.frozen_share, label_defects, rules.envelope_margin)
    require_movement(len(mended.frozen), mended.readings["reading"].nunique() - 1)
    young, oldest = (
        increments.first_year(
            mended.readings, age_limit_days=limit, birth_margin_days=rules.birth_margin_days
        )
        for limit in (rules.age_limit_days, max(definitions.grid.age_limits_days))
    )
    facts = _facts(mended.readings, counters)
    totals = increments.window_totals(young, definitions.windows).reset_index()
    variants = variant_totals(oldest, mended.frozen, definitions.variants).reset_index()
    weekly = _pairs(increments.weekly(young, mended.frozen), facts)
    repositories = facts.merge(totals, on="repository", validate="one_to_one")
    return Panel(repositories, weekly, variants, to_frame(mended.defects))


def check(panel: Panel, definitions: Definitions, where: str) -> Panel:
    """Return `panel` with just the columns that a run needs, or say what it lacks.

    Raises
    ------
    ContractError
        A column is missing, a group is unknown, a number is not a count, a window or the series is
        empty, or there is too little in them to estimate anything.
    """
    remedy = f"rebuild it: python -m replication bundle --from FILE ({where})"
    needed = FACTS + [window.id for window in definitions.windows]
    varied = ["repository"] + [variant.id for variant in definitions.variants]
    tables = {"repositories": needed, "weekly": WEEKLY, "variants": varied, "defects": DEFECTS}
    for name, columns in tables.items():
        missing = sorted(set(columns) - set(getattr(panel, name).columns))
        if missing:
            raise ContractError(f"{name}.csv of the panel has no column {missing[0]}", remedy)
    if panel.weekly.empty:
        raise ContractError(
            "the panel holds no week of downloads", "use a file whose readings span several weeks"
        )
    counts = [panel.repositories[w.id] for w in definitions.windows] + [panel.weekly["downloads"]]
    counts += [panel.variants[variant.id] for variant in definitions.variants]
    if not all(pd.api.types.is_integer_dtype(c) and (c >= 0).all() for c in counts):
        raise ContractError("the panel holds downloads that are not counts", remedy)
    named = panel.repositories[["study_group_uploader", "study_group_origin"]]
    unknown = sorted(set(named.to_numpy().ravel()) - set(definitions.groups))
    if unknown:
        raise ContractError(f"the panel names a country group {unknown[0]!r}", remedy)
    for window in definitions.windows:
        if panel.repositories[window.id].sum() == 0:
            raise ContractError(
                f"{window.id} holds no downloads", "choose a window inside the data"
            )
    _require_several(panel, definitions)
    return Panel(
        panel.repositories[needed], panel.weekly[WEEKLY], panel.variants[varied],
        panel.defects[DEFECTS],
    )  # fmt: skip


def _require_several(panel: Panel, definitions: Definitions) -> None:
    """Refuse a window of one uploader, and a series that is shorter than one smoothed sum."""
    for window in definitions.windows:
        used = panel.repositories[panel.repositories[window.id] > 0]
        if used["uploader"].nunique() < 2:
            raise ContractError(
                f"{window.id}: {used['uploader'].iloc[0]} has all downloads, and shares need several "
                "developers",
                "use a file of several developers",
            )
    weeks = panel.weekly["week"].nunique()
    least = max(definitions.time.smoothing_weeks, LEAST_WEEKS)
    if weeks < least:
        raise ContractError(
            f"the panel holds {weeks} weeks of downloads, and the series needs {least}",
            "use data whose readings span more weeks, or fewer smoothing_weeks in a file for --definitions",
        )


def _facts(readings: pd.DataFrame, counters: pd.DataFrame) -> pd.DataFrame:
    """One row a repository with its identity, month of creation, origins and the study's groups."""
    last = readings.groupby("repository", as_index=False).last()
    older = counters[["repository", "name"]].drop_duplicates()
    present = older["repository"].map(last.set_index("repository")["name"])
    renames = dict(zip(older["name"], present, strict=True))
    traced = traced_origins(last["name"], last["parents"], renames)
    created = last["created"].dt.strftime("%Y-%m")
    return last.assign(created=created, traced_origin=traced)[FACTS]


def study_groups(table: pd.DataFrame) -> dict[str, str]:
    """The study's group of every namespace that it labels, as uploader or else as origin, by key."""
    groups: dict[str, str] = {}
    for role in ("origin", "uploader"):
        columns = keys(table[role]), table[f"study_group_{role}"]
        groups |= zip(*(column.tolist() for column in columns), strict=True)
    return groups


def traced_origins(names: pd.Series, parents: pd.Series, renames: Mapping[str, str]) -> pd.Series:
    """Namespaces of the roots of each repository, by the released file's lists of parents.

    Several namespaces are separated by blanks, the one with the largest share first; the cell is
    empty where the file documents no parent and does not say either that there is none.
    """
    edges = lineage.released_edges(names.tolist(), parents.tolist())
    origins = lineage.trace(names.tolist(), edges, renames=renames).origins()
    roots = origins.groupby("repository")["origin"].agg(" ".join)
    known = lineage.documented(parents).isin(["none", "parents"])
    return names.map(roots).where(known, "")


def _pairs(weekly: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Add the weeks of repositories up to pairs of uploader and origin; zeros are left out."""
    pairs = facts.set_index("repository")[["uploader", "origin"]].loc[weekly.index]
    sums = weekly.groupby([pairs["uploader"], pairs["origin"]]).sum()
    long = sums.rename(columns=lambda week: f"{week:%Y-%m-%d}").melt(
        var_name="week", value_name="downloads", ignore_index=False
    )
    long = long[long["downloads"] > 0].reset_index().astype({"downloads": "int64"})
    return long[WEEKLY].sort_values(WEEKLY[:3], ignore_index=True)
