"""The public records as one set of tables, and the files in which a run keeps them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from replication.errors import ContractError, StageOrderError
from replication.files import read_csv, replaced, write_csv
from replication.names import keys
from replication.sources import record_names as identity

DEFECTS = "record_defects.csv"
_AGAIN = "run the stage fetch again: it repairs the tables"


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
        What was found and mended: ``check, what, where, rows, treatment``.
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
        return identity.canonical(names, self._spelled, self.renames)

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
