"""DuckDB as the engine of the whole Hub's SQL, on one machine."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import pandas as pd
import pyarrow as pa

from replication.errors import OutputError, SourceError
from replication.files import literal
from replication.panel.whole_hub.statements import on_end, statement

MEMORY = "2GB"
"""Most memory of DuckDB's tables; the rest of the process needs about as much again."""


class DuckDB:
    """DuckDB on a file of the run's folder: what does not fit in memory goes to disk.

    Parameters
    ----------
    folder
        Receives the database and what spills; both are removed on exit. Where DuckDB would read
        more in its path than a name, a folder of the system's temporary files does.
    memory
        Most memory that DuckDB takes, as it writes sizes ("3GB").
    threads
        Threads.
    """

    by_arrays = True
    """Whether the work between readings and downloads may be done on whole arrays."""

    def __init__(self, folder: Path, memory: str = MEMORY, threads: int = 2) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = self._place = folder
        self._settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory, "threads": threads, "preserve_insertion_order": False,
        }  # fmt: skip
        self._files: dict[int, Path] = {}
        self.arrays: Path | None = None

    def __enter__(self) -> Self:
        if _says_more(self._folder):
            self._place = _elsewhere(self._folder)
        self._remove()  # what a run that was killed left
        self._spill.mkdir(parents=True, exist_ok=True)
        if self.by_arrays:
            self.arrays = self._spill
        self._settings["temp_directory"] = str(self._spill)
        self._connection = duckdb.connect(str(self._path), config=self._settings)
        self._connection.execute("SET enable_progress_bar = false")  # it would print to a pipe
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()
        self._remove()
        if self._place != self._folder:
            shutil.rmtree(self._place, ignore_errors=True)

    @property
    def _path(self) -> Path:
        return self._place / "panel.duckdb"

    @property
    def _spill(self) -> Path:
        return self._place / "spill"

    def _remove(self) -> None:
        for path in (self._path, self._path.with_name(f"{self._path.name}.wal")):
            path.unlink(missing_ok=True)
        shutil.rmtree(self._spill, ignore_errors=True)

    def _run(self, text: str) -> duckdb.DuckDBPyConnection:
        """Run a statement."""
        with self._errors():
            return self._connection.execute(text)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn an error that the user can act on into one of ours."""
        try:
            yield
        except (
            duckdb.OutOfMemoryException,
            duckdb.IOException,
            duckdb.InvalidInputException,
        ) as error:
            reason = str(error).splitlines()[0]
            if any(path.name in reason for path in self._files.values()):
                raise SourceError(
                    f"an extract cannot be read: {reason}", "remove it and fetch again"
                ) from None
            if isinstance(error, duckdb.InvalidInputException):
                raise
            raise OutputError(
                f"DuckDB ran out of memory or disk: {reason}",
                "free disk space, or choose another folder (make all OUT=folder)",
            ) from None

    def statement(self, name: str) -> str:
        """Text of the statement `name`; an ablation changes it."""
        return statement(name)

    def extracts(self, files: Mapping[int, Path]) -> None:
        """Make the view `extracts`, one scan of all files, which memory holds at any size."""
        self._files = dict(files)
        self._view(files)

    def _view(self, files: Mapping[int, Path]) -> None:
        ordered = sorted(files.items())
        labels = ", ".join(str(label) for label, _ in ordered)
        paths = ", ".join(f"'{_quoted(path)}'" for _, path in ordered)
        self._run(
            f"CREATE OR REPLACE VIEW extracts AS "
            f"SELECT CAST([{labels}][CAST(file_index AS BIGINT) + 1] AS BIGINT) AS label, * "
            f"FROM read_parquet([{paths}], hive_partitioning = false)"
        )

    def identified(self, label: int) -> pa.Table:
        """The extract of one label with an id on every row."""
        self._view({label: self._files[label]})
        rows = self.rows("SELECT * EXCLUDE (label) FROM extract_rows")
        self._view(self._files)
        return rows

    def put(self, name: str, table: pd.DataFrame | pa.Table) -> None:
        """Make the table `name` of a data frame; an Arrow table is read where it lies in memory."""
        if isinstance(table, pa.Table):
            self._connection.register(name, table)
            return
        self._connection.register("frame", table)
        self._run(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM frame")
        self._connection.unregister("frame")

    def make(self, name: str, other: str = "") -> None:
        """Make the table `name`."""
        self._run(f"CREATE OR REPLACE TABLE {name} AS {self.statement(other or name)}")

    def make_by_label(self, name: str, labels: Sequence[int]) -> None:
        """Make the table `name` label by label, each of one extract, which is what memory must hold."""
        self._run(f"DROP TABLE IF EXISTS {name}")
        verb = f"CREATE TABLE {name} AS"
        for label in labels:
            self._view({label: self._files[label]})
            self._run(f"{verb} {self.statement(name)}")
            verb = f"INSERT INTO {name}"
        self._view(self._files)

    def view(self, name: str) -> None:
        """Make the view `name` of its statement."""
        self._run(f"CREATE OR REPLACE VIEW {name} AS {self.statement(name)}")

    def union(self, name: str, tables: Sequence[str]) -> None:
        """Make the view `name` of tables on end."""
        self._run(f"CREATE OR REPLACE VIEW {name} AS {on_end(tables)}")

    def drop(self, *names: str) -> None:
        """Free tables."""
        for name in names:
            self._run(f"DROP TABLE IF EXISTS {name}")

    def frame(self, text: str) -> pd.DataFrame:
        """Run a statement and return its rows."""
        return self._run(text).df()

    def rows(self, text: str) -> pa.Table:
        """The same as a table of Arrow."""
        with self._errors():
            return self._connection.sql(text).to_arrow_table()


def _quoted(path: Path) -> str:
    """The path, and nothing but the path, as the inside of an SQL string."""
    return literal(path).replace("'", "''")


def _says_more(folder: Path) -> bool:
    """Whether DuckDB reads an option or a step in the path of a database in the folder."""
    return any(sign in str(folder.absolute()) for sign in "?\\")


def _elsewhere(folder: Path) -> Path:
    """Make a folder among the system's temporary files for the database."""
    place = Path(tempfile.mkdtemp(prefix="replication-"))
    if _says_more(place):
        place.rmdir()
        raise OutputError(
            f"DuckDB can keep its database neither in {folder} nor in {place.parent}: a path with "
            "? or a backslash is more than a name to it",
            "choose another folder (make all OUT=folder), or set TMPDIR to one",
        )
    return place
