"""What the whole Hub's SQL asks of an engine: DuckDB on one machine, Spark on many.

The statements lie in `sql/`, one SELECT a file, and name tables only. An engine keeps the tables; the
statements are the same for both, and so are the numbers, since every sum is of whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pandas as pd
import pyarrow as pa

from replication.errors import SourceError


class Engine(Protocol):
    """What the panel builder asks of an engine.

    Attributes
    ----------
    arrays
        Folder for the work on whole arrays, emptied on exit; None where statements alone are to run.
    """

    arrays: Path | None

    def extracts(self, files: Mapping[int, Path]) -> None:
        """Make the table `extracts` of Parquet files by label (days since 1970-01-01)."""

    def identified(self, label: int) -> pa.Table:
        """The extract of one label with an id on every row: the view `extract_rows`."""

    def put(self, name: str, table: pd.DataFrame | pa.Table) -> None:
        """Make the small table `name` of a data frame, or of an Arrow table."""

    def make(self, name: str, other: str = "") -> None:
        """Make the table `name` of the statement of that name, or of another."""

    def view(self, name: str) -> None:
        """Make the view `name` of the statement of that name."""

    def union(self, name: str, tables: Sequence[str]) -> None:
        """Make the view `name` of tables on end, with the place of each as ``variant``."""

    def drop(self, *names: str) -> None:
        """Free tables that are needed no longer."""

    def frame(self, text: str) -> pd.DataFrame:
        """Run a statement and return its rows."""

    def rows(self, text: str) -> pa.Table:
        """The same as a table of Arrow."""

    def make_by_label(self, name: str, labels: Sequence[int]) -> None:
        """Make the table `name` of its statement, in as large parts as the engine can hold."""


@contextmanager
def engine(name: str, folder: Path) -> Iterator[Engine]:
    """The engine of that name, with its tables in `folder` until the block ends.

    Raises
    ------
    SourceError
        There is no such engine, or what it needs is not installed.
    """
    if name == "spark":
        from replication.panel.whole_hub.engine_spark import Spark

        with Spark(folder) as spark:
            yield spark
    elif name == "duckdb":
        from replication.panel.whole_hub.engine_duckdb import DuckDB

        with DuckDB(folder) as duck:
            yield duck
    else:
        raise SourceError(f"there is no engine {name!r}", "ENGINE=duckdb or ENGINE=spark")
