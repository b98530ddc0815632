"""Questions to the registry: who stands behind a name, how much is covered, what is missing."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from replication.attribution.assign import BASE_MAKER, ROLES
from replication.attribution.questions import asked_for
from replication.attribution.registry import UNKNOWN, Developer, Registry, Tenure
from replication.attribution.rules import Rule, matched
from replication.errors import RegistryError, SourceError
from replication.names import NAMESPACE, RULE, key, keys, unified, well_formed
from replication.panel.tail import is_bucket
from replication.sources.counters.reading import plain_types, whole_numbers

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
        A namespace, a repository or a developer, as `questions.asked_for` understands it.
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
        `questions.asked_for`.
    """
    known = list(dict.fromkeys([*registry.tenures, *table["uploader"], *table["origin"]]))
    query = asked_for(query, registry, known)
    found = table["name"] if "/" in query else table["uploader"]
    rows = table[keys(found) == key(query)]
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
    found = difflib.get_close_matches(key(query[:100]), list(by_key), n=3, cutoff=0.6)
    return [by_key[name] for name in found]


def _unknown(query: str, pool: Iterable[str]) -> RegistryError:
    what = f"neither the registry nor the panel knows {query[:100]!r}"
    remedy = "add a row to replication/data/registry.csv (CONTRIBUTING.md)"
    close = near(query, pool)
    return RegistryError(
        what, f"did you mean {', '.join(close)}? Else {remedy}" if close else remedy
    )


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
        The file cannot be read, has no column of names or of numbers, or a name or a count is none.
    """
    table = _read(path)
    column = next((name for name in _NAMES if name in table), None)
    if column is None:
        raise SourceError(f"{path.name} has none of the columns {', '.join(_NAMES)}", _REMEDY)
    numbers = [name for name in _COUNTS if name in table] or _numeric(table, column)
    if not numbers or table.empty:
        raise SourceError(f"{path.name} has no column of numbers", _REMEDY)
    counts = pd.DataFrame({name: _counted(path, table, name) for name in numbers})
    by = {"": _namespaces(path, table, column)}
    if {"_id", "time"} <= set(table.columns):
        last = ~table.sort_values("time", kind="stable")["_id"].duplicated(keep="last")
        counts = counts.where(last.reindex(counts.index), 0.0)
    if "derived_author" in table:
        by[" by origin"] = _namespaces(path, table, "derived_author")
    one = dict(zip(by, unified(*by.values()), strict=True))
    parts = [counts.groupby(who).sum().add_suffix(suffix) for suffix, who in one.items()]
    found = pd.concat(parts, axis=1).fillna(0).rename_axis("namespace")
    if not (found.sum() > 0).all():
        raise SourceError(f"{path.name} counts nothing", "give a file with counts above zero")
    return found


def _namespaces(path: Path, table: pd.DataFrame, column: str) -> pd.Series:
    """The namespace in each name of a column, each one that the Hub allows or a joint of the panel."""
    names = table[column].fillna("").astype(str).str.partition("/")[0]
    _refuse(path, names == "", f"{column} is empty")
    wrong = ~well_formed(names, NAMESPACE) & ~names.map(is_bucket).astype(bool)
    shown = ascii(names[wrong].iloc[0][:80]) if wrong.any() else ""
    _refuse(path, wrong, f"{column} holds no name of the Hub ({shown}): {RULE}")
    return names


def _numeric(table: pd.DataFrame, names: str) -> list[str]:
    """Columns all of whose cells are numbers."""
    others = [c for c in table.columns if c != names]
    return [c for c in others if pd.to_numeric(table[c], errors="coerce").notna().all()]


def _counted(path: Path, table: pd.DataFrame, column: str) -> pd.Series:
    """A column of counts, each finite and not negative."""
    whole = column in _COUNTS and not pd.api.types.is_numeric_dtype(table[column])
    cells = table[column].astype("str")
    counts = whole_numbers(cells) if whole else pd.to_numeric(table[column], errors="coerce")
    counts = counts.astype(float)
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
        if path.suffix.lower() == ".parquet":
            return plain_types(pq.read_table(path)).to_pandas(ignore_metadata=True)
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # rows wider than the header
            return pd.read_csv(path, dtype=str, keep_default_na=False, index_col=False)
    except UnicodeDecodeError:
        raise SourceError(f"cannot read {path.name}: it is not UTF-8", "save it as UTF-8") from None
    except (OSError, ValueError, Warning, pa.ArrowException) as error:
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
