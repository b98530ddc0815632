"""Give every repository and week its developers and country groups under every source of labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from replication.attribution.registry import UNKNOWN, Developer, Registry
from replication.attribution.rules import Rule, applied
from replication.errors import ContractError
from replication.names import keys
from replication.panel.table import study_groups

ROLES = ("uploader", "origin", "maker")
WEEKLY_ROLES = ("uploader", "origin")
BASE_MAKER = "base_maker"
LABELS = ("study", "registry")
RANGE = {"registry-low": "USA", "registry-high": "China"}
"""The registry with every doubt resolved in favour of one side's lead: towards it, else away from
the other."""


def attributed(
    table: pd.DataFrame, registry: Registry, rules: Sequence[Rule], group_of: Mapping[str, str]
) -> pd.DataFrame:
    """Credit repositories: who uploaded each, whose it derives from, who made it, and where.

    Parameters
    ----------
    table
        Repositories with ``name``, ``uploader``, ``origin``, ``created`` and the study's groups.
    registry
        The checked registry of developers.
    rules
        The checked rules on repositories.
    group_of
        Country group of each ISO code and class.

    Returns
    -------
    pandas.DataFrame
        `table` with ``maker``, ``base_maker`` and ``kinds`` (see `rules.applied`), and for each
        of the four roles ``{role}_developer`` and its country group by each source of labels:
        ``study_group_{role}``, ``registry_group_{role}`` and those of `RANGE`. A maker that the
        study does not label has the registry's group under both.
    """
    ruled = applied(table, rules)
    stated = study_groups(table)
    labelled = _labelled(ruled, (*ROLES, BASE_MAKER), table["created"], registry, group_of)
    added = {
        f"study_group_{role}": keys(ruled[role])
        .map(stated)
        .fillna(labelled[f"registry_group_{role}"])
        for role in ("maker", BASE_MAKER)
    }
    return ruled.assign(**added, **labelled)


def attributed_weeks(
    weekly: pd.DataFrame,
    repositories: pd.DataFrame,
    registry: Registry,
    group_of: Mapping[str, str],
) -> pd.DataFrame:
    """Credit the weekly series, which is kept by uploader and origin.

    Parameters
    ----------
    weekly
        Downloads by ``week``, ``uploader`` and ``origin``.
    repositories
        The table of `attributed`: the study's groups by namespace, and the kinds of rules that
        match every repository of an uploader and origin.
    registry, group_of
        As in `attributed`.

    Raises
    ------
    ContractError
        The study gives one namespace two groups, so that its weeks cannot be labelled.
    """
    weeks = _with_study_groups(weekly, repositories)
    weeks = weeks.merge(_shared_kinds(repositories), on=list(WEEKLY_ROLES), how="left")
    weeks["kinds"] = weeks["kinds"].fillna("")
    return weeks.assign(**_labelled(weeks, WEEKLY_ROLES, weeks["week"], registry, group_of))


def _labelled(
    table: pd.DataFrame,
    roles: Sequence[str],
    dates: pd.Series,
    registry: Registry,
    group_of: Mapping[str, str],
) -> dict[str, pd.Series]:
    """Developer and groups of each role; a namespace belongs to whoever had it on the date."""
    added = {}
    for role in roles:
        row, pairs = pd.MultiIndex.from_arrays([table[role], dates]).factorize()
        owners = [registry.find(*pair) for pair in pairs]
        each_owner = {id(owner): owner for owner in owners}
        cells = {
            f"{role}_developer": [
                owner.developer if owner else name
                for owner, (name, _) in zip(owners, pairs, strict=True)
            ],
        }
        for labels in ("registry", *RANGE):
            groups = {one: _group(owner, labels, group_of) for one, owner in each_owner.items()}
            cells[f"{labels}_group_{role}"] = [groups[id(owner)] for owner in owners]
        for column, values in cells.items():
            each = np.array(values, dtype=object)[row]
            added[column] = pd.Series(each, index=table.index, dtype="str")
    return added


def _group(developer: Developer | None, labels: str, group_of: Mapping[str, str]) -> str:
    """Country group of a developer; at an end of the range, the possible one nearest to it."""
    if developer is None:
        return group_of[UNKNOWN]
    countries = (developer.country, *developer.alternative_country)
    groups = [group_of[country] for country in countries]
    if labels not in RANGE:
        return groups[0]
    towards, away = RANGE[labels], next(side for side in RANGE.values() if side != RANGE[labels])
    return min(groups, key=lambda group: (group != towards, group == away))


def _with_study_groups(weekly: pd.DataFrame, repositories: pd.DataFrame) -> pd.DataFrame:
    """Give the weekly series the study's groups, which the repositories carry by namespace."""
    for role in WEEKLY_ROLES:
        column = f"study_group_{role}"
        pairs = repositories[[role, column]].assign(key=keys(repositories[role]))
        pairs = pairs.drop_duplicates(["key", column])
        twice = pairs.loc[pairs["key"].duplicated(), role]
        if len(twice):
            raise ContractError(
                f"{column} gives {twice.iloc[0]!r} two country groups", "label it one way"
            )
        groups = pairs.set_index("key")[column]
        weekly = weekly.assign(**{column: keys(weekly[role]).map(groups)})
    return weekly


def _shared_kinds(repositories: pd.DataFrame) -> pd.DataFrame:
    """Kinds of rules that match every repository of a pair of uploader and origin."""
    by_pair = repositories.groupby(list(WEEKLY_ROLES))["kinds"]
    shared = by_pair.agg(lambda cells: " ".join(sorted(set.intersection(*map(_split, cells)))))
    return shared.reset_index()


def _split(kinds: str) -> set[str]:
    return set(str(kinds).split())


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


def origins(table: pd.DataFrame, registry: Registry, windows: Sequence[str]) -> pd.DataFrame:
    """Every repository whose origin, annotated or traced, or whose maker is another developer's.

    Returns
    -------
    pandas.DataFrame
        ``name, uploader, origin, traced_origin, maker, origin_differs`` (yes where the developer
        of the annotated origin is none of those at the traced roots), and downloads by window.
    """
    traced = table["traced_origin"].fillna("").astype(str)
    rows = table.assign(traced_origin=traced, origin_differs="no")
    owners = traced.map(lambda cell: {registry.developer_of(name) for name in cell.split()})
    pairs = zip(rows["origin_developer"], owners, strict=True)
    differs = pd.Series([bool(o) and d not in o for d, o in pairs], index=rows.index)
    rows.loc[differs, "origin_differs"] = "yes"
    moved = rows["maker_developer"] != rows["uploader_developer"]
    columns = ["name", "uploader", "origin", "traced_origin", "maker", "origin_differs", *windows]
    chosen = rows.loc[differs | moved, columns]
    return chosen.sort_values([windows[-1], "name"], ascending=[False, True], ignore_index=True)
