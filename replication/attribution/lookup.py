"""Questions to the registry: who stands behind a name, how much is covered, what is missing."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from replication.attribution.assign import BASE_MAKER, ROLES
from replication.attribution.registry import UNKNOWN, Developer, Registry, Tenure
from replication.attribution.rules import Rule, matched
from replication.errors import RegistryError, SourceError

NO_ROW, NO_EVIDENCE = "no row", "unknown"
INDIVIDUAL = "individual"
_REMEDY = "give a released file, a table of the Hub's models, or a CSV with the column namespace"
# The column of names in each known kind of file, and the columns of downloads in it.
_NAMES = ("namespace", "uploader", "model", "id")
_COUNTS = ("downloadsAllTime", "downloads")
_MOST = 1e15
"""No count is larger: sums of such are still exact."""


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
        A namespace or a repository name, whatever the case.
    registry, rules
        The checked tables.
    table
        Attributed repositories of the panel.
    windows
        Columns of downloads.

    Raises
    ------
    RegistryError
        Neither the registry nor the panel knows the name; the message offers near ones.
    """
    query = _plain(query, registry)
    names = table["name"] if "/" in query else table["uploader"]
    rows = table[names.str.lower() == query.lower()]
    namespace = _spelt(query.partition("/")[0], registry, table)
    tenure = registry.tenure(namespace)
    name = rows["name"].iloc[0] if "/" in query and len(rows) else query
    hits = matched(pd.Series([name]), rules).iloc[0] if "/" in name else pd.Series(dtype=bool)
    if tenure is None and rows.empty:
        raise _unknown(query, registry, table)
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


def _plain(query: str, registry: Registry) -> str:
    """A question as a name of the Hub: without blanks and address; a developer's first namespace."""
    text = query.encode("utf-8", "replace").decode().strip()
    text = text.removeprefix("https://").removeprefix("huggingface.co/").strip("/")
    named = {d.developer.lower(): d.namespaces[0] for d in registry.developers}
    return named.get(text.lower(), text)


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


def _spelt(namespace: str, registry: Registry, table: pd.DataFrame) -> str:
    """The namespace as it is written on the Hub, whatever the case of the question."""
    known = [*registry.tenures, *table["uploader"].unique(), *table["origin"].unique()]
    if namespace in known:
        return namespace
    by_lower = {name.lower(): name for name in reversed(known)}
    return str(by_lower.get(namespace.lower(), namespace))


def _unknown(query: str, registry: Registry, table: pd.DataFrame) -> RegistryError:
    pool = table["name"] if "/" in query else [*registry.tenures, *registry.by_name]
    near = difflib.get_close_matches(query[:100], list(dict.fromkeys(pool)), n=3, cutoff=0.6)
    what = f"neither the registry nor the panel knows {query[:100]!r}"
    remedy = "add a row to replication/data/registry.csv (CONTRIBUTING.md)"
    return RegistryError(what, f"did you mean {', '.join(near)}? Else {remedy}" if near else remedy)


def namespace_counts(path: Path) -> pd.DataFrame:
    """Downloads by namespace of a file.

    Parameters
    ----------
    path
        Parquet or CSV: a released file (``model``, with the last reading of each repository), a
        table of the Hub's models (``id``), this project's repositories.csv (``uploader``), or any
        table with the column ``namespace`` and columns of numbers.

    Returns
    -------
    pandas.DataFrame
        Indexed by namespace, one column of numbers each.

    Raises
    ------
    SourceError
        The file cannot be read, or has no column of names or of numbers.
    """
    table = _read(path)
    column = next((name for name in _NAMES if name in table), None)
    if column is None:
        raise SourceError(f"{path.name} has none of the columns {', '.join(_NAMES)}", _REMEDY)
    numbers = [name for name in _COUNTS if name in table] or _numeric(table, column)
    if not numbers or table.empty:
        raise SourceError(f"{path.name} has no column of numbers", _REMEDY)
    counts = pd.DataFrame({name: _counted(path, table, name) for name in numbers})
    names = table[column].fillna("").astype(str).str.partition("/")[0]
    _refuse(path, names == "", f"{column} is empty")
    by = {"": names}
    if {"_id", "time"} <= set(table.columns):
        last = ~table.sort_values("time", kind="stable")["_id"].duplicated(keep="last")
        counts = counts.where(last.reindex(counts.index), 0.0)
    if "derived_author" in table:
        by[" by origin"] = table["derived_author"].astype(str)
    parts = [counts.groupby(who).sum().add_suffix(suffix) for suffix, who in by.items()]
    found = pd.concat(parts, axis=1).fillna(0).rename_axis("namespace")
    if not (found.sum() > 0).all():
        raise SourceError(f"{path.name} counts nothing", "give a file with counts above zero")
    return found


def _numeric(table: pd.DataFrame, names: str) -> list[str]:
    """Columns all of whose cells are numbers."""
    others = [c for c in table.columns if c != names]
    return [c for c in others if pd.to_numeric(table[c], errors="coerce").notna().all()]


def _counted(path: Path, table: pd.DataFrame, column: str) -> pd.Series:
    """A column of counts, each finite and not negative."""
    counts = pd.to_numeric(table[column], errors="coerce").astype(float)
    _refuse(path, ~(counts.between(0, _MOST)), f"{column} is not a count")
    return counts


def _refuse(path: Path, wrong: pd.Series, what: str) -> None:
    """Raise for the first wrong row, counted from 1 below the header."""
    if wrong.any():
        row = int(wrong.to_numpy().argmax()) + 1
        raise SourceError(f"{path.name}, row {row}: {what}", "correct or remove that row")


def _read(path: Path) -> pd.DataFrame:
    """Read a Parquet file, or a CSV file as text, so that no name is taken for a number or a gap."""
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # rows wider than the header
            return pd.read_csv(path, dtype=str, keep_default_na=False, index_col=False)
    except UnicodeDecodeError:
        raise SourceError(f"cannot read {path.name}: it is not UTF-8", "save it as UTF-8") from None
    except (OSError, ValueError, Warning) as error:
        reason = str(error).splitlines()[0]
        raise SourceError(f"cannot read {path.name or path}: {reason}", _REMEDY) from None


def coverage(counts: pd.DataFrame, registry: Registry) -> pd.DataFrame:
    """How much of each column of counts the registry covers.

    Returns
    -------
    pandas.DataFrame
        One row a column of `counts`: ``weight, total``; ``registered`` and ``evidenced``, the
        percent whose namespace has a row, and a row with evidence; and the same two of what is
        not an individual's account, ``organisations_registered`` and ``organisations_evidenced``.
    """
    found = [registry.find(str(name)) for name in counts.index]
    has_row = pd.Series([row is not None for row in found], index=counts.index)
    country = pd.Series([row.country if row else "" for row in found], index=counts.index)
    has_evidence = has_row & (country != UNKNOWN)
    organisation = country != INDIVIDUAL
    rows = []
    for column in counts:
        of = counts[column]
        rows.append(
            {
                "weight": column,
                "total": of.sum(),
                "registered": _percent(of[has_row], of),
                "evidenced": _percent(of[has_evidence], of),
                "organisations_registered": _percent(of[has_row & organisation], of[organisation]),
                "organisations_evidenced": _percent(
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
    found = {str(name): registry.find(str(name)) for name in counts.index}
    status = {
        name: NO_ROW if row is None else NO_EVIDENCE if row.country == UNKNOWN else ""
        for name, row in found.items()
    }
    percent = (100.0 * counts / counts.sum()).max(axis=1)
    table = counts.assign(percent=percent).reset_index()
    table.insert(1, "status", table["namespace"].map(status))
    table = table[table["status"] != ""]
    return table.sort_values(["percent", "namespace"], ascending=[False, True], ignore_index=True)


def _percent(part: pd.Series, whole: pd.Series) -> float:
    total = float(whole.sum())
    return 100.0 * float(part.sum()) / total if total else float("nan")
