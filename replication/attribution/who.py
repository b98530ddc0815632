"""Who stands behind a namespace or repository, and who is credited for it under each rule."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from replication.attribution.assign import BASE_MAKER, ROLES
from replication.attribution.query import meaning_of
from replication.attribution.registry import Developer, Registry, Tenure
from replication.attribution.rules import Rule, matched
from replication.errors import RegistryError
from replication.names import key, keys


@dataclass(frozen=True)
class Credit:
    """Who is credited under one rule: a namespace, its developer and both country groups."""

    rule: str
    namespace: str
    developer: str
    registry_group: str
    study_group: str


@dataclass(frozen=True)
class Answer:
    """What is known of a namespace or repository.

    `tenure` is its present place in the registry, if any; `credits` and `rules` are those of a
    repository of the panel, and `downloads` of the panel's columns, by window.
    """

    query: str
    namespace: str
    tenure: Tenure | None
    parents: tuple[Developer, ...]
    credits: tuple[Credit, ...]
    rules: tuple[Rule, ...]
    downloads: Mapping[str, int]
    traced_origin: str


def who(
    query: str,
    registry: Registry,
    rules: Sequence[Rule],
    table: pd.DataFrame,
    windows: Sequence[str],
) -> Answer:
    """Who is behind a namespace or repository (owner/name).

    Parameters
    ----------
    query
        A namespace, a repository or a developer, as `query.meaning_of` understands it.
    registry, rules
        The checked tables.
    table
        Attributed repositories of the panel.
    windows
        Columns of downloads.

    Raises
    ------
    RegistryError
        Neither the registry nor the panel knows the name; the message offers near ones. Or as for
        `query.meaning_of`.
    """
    known = list(dict.fromkeys([*registry.tenures, *table["uploader"], *table["origin"]]))
    query = meaning_of(query, registry, known)
    names = table["name"] if "/" in query else table["uploader"]
    rows = table[keys(names) == key(query)]
    namespace = _spelt(query.partition("/")[0], known)
    tenure = registry.tenure(namespace)
    name = namespace + query[len(namespace) :]
    name = rows["name"].iloc[0] if "/" in query and len(rows) else name
    hits = matched(pd.Series([name]), rules).iloc[0] if "/" in name else pd.Series(dtype=bool)
    if tenure is None and rows.empty:
        raise _unknown(query, [*(table["name"] if "/" in query else known), *registry.by_name])
    return Answer(
        query=name,
        namespace=namespace,
        tenure=tenure,
        parents=_chain(tenure, registry),
        credits=_credits(rows) if "/" in query and len(rows) else (),
        rules=tuple(rule for rule in rules if hits.get(rule.rule, default=False)),
        downloads={w: int(rows[w].sum()) for w in windows} if len(rows) else {},
        traced_origin=str(rows["traced_origin"].iloc[0]) if "/" in query and len(rows) else "",
    )


def _credits(rows: pd.DataFrame) -> tuple[Credit, ...]:
    """Who is credited for one repository under every rule."""
    row = rows.iloc[0]
    return tuple(
        Credit(
            role.replace("_", " "),
            row[role],
            row[f"{role}_developer"],
            row[f"registry_group_{role}"],
            row[f"study_group_{role}"],
        )
        for role in (*ROLES, BASE_MAKER)
    )


def _chain(tenure: Tenure | None, registry: Registry) -> tuple[Developer, ...]:
    """The parents of a developer, nearest first."""
    chain: list[Developer] = []
    at = tenure.developer if tenure else None
    while at and at.parent:
        at = registry.by_name[at.parent]
        chain.append(at)
    return tuple(chain)


def _spelt(namespace: str, known: Sequence[str]) -> str:
    """The namespace as the first of the `known` spells it, whatever the case of the question."""
    return next((name for name in known if key(name) == key(namespace)), namespace)


def near(query: str, pool: Iterable[str]) -> list[str]:
    """Up to three names of `pool` that are spelt much like `query`, whatever the case."""
    by_key = {key(name): name for name in pool}
    matches = difflib.get_close_matches(key(query[:100]), list(by_key), n=3, cutoff=0.6)
    return [by_key[name] for name in matches]


def _unknown(query: str, pool: Iterable[str]) -> RegistryError:
    what = f"neither the registry nor the panel knows {query[:100]!r}"
    remedy = "add a row to replication/data/registry.csv (CONTRIBUTING.md)"
    close = near(query, pool)
    return RegistryError(
        what, f"did you mean {', '.join(close)}? Else {remedy}" if close else remedy
    )
