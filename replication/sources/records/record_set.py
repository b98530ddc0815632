"""The public records as one set of tables: one repository under one name, and the files of a run.

Spellings that differ in case, renamed namespaces and old names of one immutable id are one name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from replication.errors import ContractError, StageOrderError
from replication.files import read_csv, replaced, write_csv
from replication.names import key, keys
from replication.sources.bundled import FOLDER
from replication.sources.counters.contract import EARLIEST
from replication.sources.records.one_record import Part

DEFECTS = "record_defects.csv"
_AGAIN = "run the stage fetch again: it repairs the tables"
RENAMES = ["older", "newer", "kind"]
NAMESPACE, REPOSITORY = "namespace", "repository"


@dataclass(frozen=True)
class Records:
    """What all records say, one repository under one name.

    Attributes
    ----------
    observations
        Counts, one a row: ``name, date, kind, value, record``. `date` is UTC without a zone,
        `kind` is `cumulative` or `thirty-day`.
    models
        What each record says of a model: ``name, record, created, base_models, task, listed,
        origin``. `created` may be NaT, base models are separated by blanks, `listed` is the list it
        is on, `origin` the namespace that a released file names as its origin.
    covered
        Which namespaces each crawl holds: ``record, crawl, date, namespace``. `crawl` is the label
        of the crawl's folder; `date` is the last day on which it read the namespace.
    lists
        Every complete list: ``record, date, cut_off``.
    task_cuts
        Count of the hundredth model of each task in lists by task: ``record, task, cut``.
    renames
        Names that were joined: ``older, newer, kind``; `kind` is namespace or repository.
    defects
        What was wrong and how it was mended: ``check, what, where, rows, treatment``.
    """

    observations: pd.DataFrame
    models: pd.DataFrame
    covered: pd.DataFrame
    lists: pd.DataFrame
    task_cuts: pd.DataFrame
    renames: pd.DataFrame
    defects: pd.DataFrame

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def trust(self) -> tuple[str, ...]:
        """Records that describe models, in the order of records.toml: the most trusted first."""
        return tuple(self.models["record"].unique())

    @cached_property
    def _spelled(self) -> pd.Series:
        """Spelling of each name by its key."""
        both = pd.concat([self.observations["name"], self.models["name"]]).drop_duplicates()
        return pd.Series(both.to_numpy(), keys(both), dtype="str")

    def canonical(self, names: pd.Series) -> pd.Series:
        """Give names as written elsewhere the names of these tables, whatever their case or age.

        A name that no record has keeps its spelling.
        """
        return canonical(names, self._spelled, self.renames)

    def write(self, folder: Path) -> list[Path]:
        """Write the tables into `folder` as Parquet, the defects as CSV; return their paths."""
        for name, table in self.tables.items():
            if name == "defects":
                write_csv(folder / DEFECTS, table)
                continue
            with replaced(folder / f"{name}.parquet") as temporary:
                arrow = pa.Table.from_pandas(table, preserve_index=False)
                pq.write_table(arrow, temporary, compression="zstd")
        return paths(folder)


def paths(folder: Path) -> list[Path]:
    """Files of the tables in `folder`."""
    names = [field.name for field in fields(Records) if field.name != "defects"]
    return [*(folder / f"{name}.parquet" for name in names), folder / DEFECTS]


def load(folder: Path) -> Records:
    """Read the tables that `Records.write` left in `folder`.

    Raises
    ------
    StageOrderError
        A table is not there.
    ContractError
        A table is not the one that was written.
    """
    tables = {path.stem: _read(path) for path in paths(folder) if path.name != DEFECTS}
    return Records(**tables, defects=read_csv(folder / DEFECTS))


def _read(path: Path) -> pd.DataFrame:
    """Read one table."""
    if not path.is_file():
        raise StageOrderError(f"{path} is missing", "run the stages before this one: make all")
    try:
        return pq.read_table(path).to_pandas(ignore_metadata=True)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise ContractError(f"{path} is damaged: {reason}", _AGAIN) from None


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
    newer, name_keys = names.copy(), keys(names)
    repositories, spaces = _newer(renames, REPOSITORY), _newer(renames, NAMESPACE)
    known = name_keys.isin(list(repositories))
    newer[known] = name_keys[known].map(repositories)
    moved = keys(newer).str.startswith(tuple(f"{space}/" for space in spaces))
    newer[moved] = [_in_newer_space(name, spaces) for name in newer[moved]]
    return newer


def namespaces(names: pd.Series, renames: pd.DataFrame) -> pd.Series:
    """Give every namespace its newer name."""
    newer = _newer(renames, NAMESPACE)
    moved = keys(names).isin(list(newer))
    current = names.copy()
    current[moved] = [newer[key(name)] for name in names[moved]]
    return current


def _in_newer_space(name: str, spaces: Mapping[str, str]) -> str:
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
    space_keys = keys(parts[0])
    order = np.argsort(dates, kind="stable")
    table = pd.DataFrame({"key": space_keys.iloc[order], "space": parts[0].iloc[order]})
    latest = table.drop_duplicates("key", keep="last").set_index("key")["space"]
    spaces = space_keys.map(latest)
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
