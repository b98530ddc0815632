"""Which names are one repository: spellings that differ in case, renamed namespaces, old names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.files import read_csv
from replication.names import key, keys
from replication.panel.contract import EARLIEST
from replication.sources.bundled import FOLDER
from replication.sources.record_parts import Part

RENAMES = ["older", "newer", "kind"]
NAMESPACE, REPOSITORY = "namespace", "repository"


def namespace_renames(folder: Path = FOLDER) -> pd.DataFrame:
    """Renamed namespaces of the registry, ``older, newer, kind``.

    They are the rows of namespaces.csv with the relation `renamed` of a developer with just one
    namespace of its own in registry.csv, which is then the newer name. Where a developer has
    several, which one took the place of the older is not said, and nothing is joined.
    """
    developers = read_csv(folder / "registry.csv").set_index("developer")["namespaces"]
    known = read_csv(folder / "namespaces.csv")
    older = known[known["relation"] == "renamed"].set_index("namespace")["developer"]
    newer = older.map(developers).dropna()
    newer = newer[~newer.str.contains(" ") & (newer != "")]
    table = pd.DataFrame({"older": newer.index, "newer": newer.to_numpy(), "kind": NAMESPACE})
    return table.astype("str")


def all_renames(parts: Sequence[Part], namespaces: pd.DataFrame) -> pd.DataFrame:
    """Renamed repositories that a record knows by their immutable id, then renamed namespaces."""
    known: dict[str, str] = {}
    for part in parts:
        known |= part.renames
    table = pd.DataFrame({"older": known.keys(), "newer": known.values(), "kind": REPOSITORY})
    return pd.concat([table.astype("str"), namespaces], ignore_index=True)[RENAMES]


def renamed(names: pd.Series, renames: pd.DataFrame) -> pd.Series:
    """Give every name the newer one of its repository, then of its namespace."""
    found, folded = names.copy(), keys(names)
    repositories, spaces = _newer(renames, REPOSITORY), _newer(renames, NAMESPACE)
    known = folded.isin(list(repositories))
    found[known] = folded[known].map(repositories)
    moved = keys(found).str.startswith(tuple(f"{space}/" for space in spaces))
    found[moved] = [_moved(name, spaces) for name in found[moved]]
    return found


def namespaces(names: pd.Series, renames: pd.DataFrame) -> pd.Series:
    """Give every namespace its newer name."""
    newer = _newer(renames, NAMESPACE)
    moved = keys(names).isin(list(newer))
    found = names.copy()
    found[moved] = [newer[key(name)] for name in names[moved]]
    return found


def _moved(name: str, spaces: Mapping[str, str]) -> str:
    """Return a name with the newer name of its namespace."""
    space, _, model = name.partition("/")
    return f"{spaces[key(space)]}/{model}"


def _newer(renames: pd.DataFrame, kind: str) -> Mapping[str, str]:
    """Newer name of each older one, by its key."""
    rows = renames[renames["kind"] == kind]
    return dict(zip(keys(rows["older"]), rows["newer"], strict=True))


def identified(
    parts: Sequence[Part], renames: pd.DataFrame
) -> tuple[list[pd.Series], list[pd.Series], pd.Series]:
    """Find the one name of every repository: the spelling of the latest record.

    A record that counts nothing decides only where no other has the name. A namespace has one
    spelling too, that of the latest record.

    Returns
    -------
    tuple
        Names of the observations of each part, names of the models of each part, and the spelling
        of each name by its key.
    """
    undated = [p.models[["name"]].assign(date=EARLIEST) for p in parts if p.observations.empty]
    dated = [p.observations[["name", "date"]] for p in parts]
    table = pd.concat([*dated, *undated], ignore_index=True)
    current = renamed(table["name"], renames)
    codes, distinct = pd.factorize(keys(current))
    order = table["date"].argsort(kind="stable").to_numpy()
    last = np.zeros(len(distinct), dtype="int64")
    last[codes[order]] = order  # of several, the last assignment stays
    latest = pd.Series(current.to_numpy()[last], distinct, dtype="str")
    spelled = _one_namespace(latest, table["date"].to_numpy()[last])
    named = spelled.take(codes)
    ends = np.cumsum([len(one) for one in dated])
    seen = [
        named.iloc[end - len(one) : end].reset_index(drop=True)
        for one, end in zip(dated, ends, strict=True)
    ]
    described = [
        names if part.aligned else canonical(part.models["name"], spelled, renames)
        for part, names in zip(parts, seen, strict=True)
    ]
    return seen, described, spelled


def _one_namespace(names: pd.Series, dates: NDArray[np.datetime64]) -> pd.Series:
    """Spell the namespace of all its repositories alike, as the latest of them does."""
    parts = names.str.partition("/")
    folded = keys(parts[0])
    order = np.argsort(dates, kind="stable")
    table = pd.DataFrame({"key": folded.iloc[order], "space": parts[0].iloc[order]})
    held = table.drop_duplicates("key", keep="last").set_index("key")["space"]
    spaces = folded.map(held)
    return names.where(spaces == parts[0], spaces + "/" + parts[2])


def canonical(names: pd.Series, spelled: pd.Series, renames: pd.DataFrame) -> pd.Series:
    """Give every name the one of its repository.

    Parameters
    ----------
    names
        Names as written anywhere.
    spelled
        Spelling by the key of a name, see `identified`.
    renames
        ``older, newer, kind``, see `all_renames`.

    Returns
    -------
    pandas.Series
        A name that is in no record keeps its spelling, after renames.
    """
    current = renamed(names, renames)
    return keys(current).map(spelled).astype("str").fillna(current)


def canonical_words(cells: pd.Series, spelled: pd.Series, renames: pd.DataFrame) -> pd.Series:
    """Do the same with names that are separated by blanks in each cell."""
    filled = cells[cells != ""]
    words = filled.str.split(" ").explode().astype("str")
    distinct = words.drop_duplicates().reset_index(drop=True)
    here = spelled[spelled.index.isin(keys(renamed(distinct, renames)))]  # few of many
    pairs = zip(distinct, canonical(distinct, here, renames), strict=True)
    changed = {word: name for word, name in pairs if word != name}
    touched = filled[words.index[words.isin(list(changed))].unique()]
    result = cells.copy()
    result[touched.index] = [
        " ".join(dict.fromkeys(changed.get(word, word) for word in text.split(" ")))
        for text in touched
    ]
    return result
