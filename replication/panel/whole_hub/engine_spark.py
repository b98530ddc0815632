"""Apache Spark as the engine of the whole Hub's SQL: the statements of `sql/` on many machines, or on one.

Where Spark runs is Spark's own business (`spark_session`). Of this engine's own there is one variable:

SPARK_EXTRACTS
    a folder that every executor can reach, local or on any object store that Spark is set up for, with
    copies of the extracts under their names; else they are read where they lie.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import pandas as pd
import pyarrow as pa

from replication.errors import OutputError, ReplicationError, SourceError
from replication.panel.whole_hub import spark_session
from replication.panel.whole_hub.statements import on_end, statement

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

EXTRACTS = "SPARK_EXTRACTS"


COLUMNS = (
    "repository STRING, name STRING, created BIGINT, rolling BIGINT, counter BIGINT, parents STRING"
)
"""Columns of an extract."""


_GLOB = re.compile(r"([{}\[\]*?\\])")


_UNREADABLE = (
    "FAILED_READ_FILE",
    "PATH_NOT_FOUND",
    "is not a Parquet file",
    "FileNotFoundException",
)


_UNREACHABLE = ("No FileSystem for scheme", "Class org.apache.hadoop.fs", "UnknownHostException")


_FULL = (
    "No space left",
    "OutOfMemoryError",
    "maxResultSize",
    "Permission denied",
    "Py4JNetworkError",
)


_REMEDIES: tuple[tuple[tuple[str, ...], type[ReplicationError], str, str], ...] = (
    (_UNREACHABLE, SourceError, "Spark cannot reach a folder",
     "give it the connector of the object store (spark.jars.packages in spark-defaults.conf)"),
    (_UNREADABLE, SourceError, "an extract cannot be read", "remove it and fetch again"),
    (_FULL, OutputError, "Spark ran out of memory or disk",
     "raise spark.driver.memory in spark-defaults.conf, or free disk space (spark.local.dir)"),
)  # fmt: skip
"""What stands in a Java error that the user can act on: the signs, the class, what and the remedy."""


class Spark:
    """Spark with its tables on the executors' disks: the same statements as DuckDB, the same numbers.

    Parameters
    ----------
    folder
        Folder of the run; on one machine it receives what Spark keeps on disk, until the exit.

    Raises
    ------
    SourceError
        On entry: pyspark or Java is not installed, or Spark does not start. Later: an extract
        cannot be read.
    OutputError
        Memory or disk is full.
    """

    arrays: Path | None = None

    def __init__(self, folder: Path) -> None:
        self._disk = folder.resolve() / "spark"
        self._tables: dict[str, DataFrame] = {}

    def __enter__(self) -> Self:
        self._session, self._is_ours = spark_session.session(self._disk)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.drop(*self._tables)
        if self._is_ours:
            self._session.stop()
        shutil.rmtree(self._disk, ignore_errors=True)

    def statement(self, name: str) -> str:
        """Text of the statement `name`; an ablation changes it."""
        return statement(name)

    def extracts(self, files: Mapping[int, Path]) -> None:
        """Make the view `extracts` of one relation; the name of each file stands for its label."""
        from pyspark.sql import functions

        names, base = [path.name for path in files.values()], os.environ.get(EXTRACTS, "")
        if len(set(names)) < len(names):
            raise SourceError("two extracts have the same name", "name each by its label")
        paths = [_GLOB.sub(r"\\\1", located(path, base)) for path in files.values()]
        with _errors():
            rows = self._session.read.schema(COLUMNS).parquet(*paths)
        file = functions.col("_metadata.file_name").alias("file")
        rows.select(file, "*").createOrReplaceTempView("extract_files")
        self.put("extract_labels", pd.DataFrame({"file": names, "label": list(files)}))
        self._session.sql(
            "SELECT * EXCEPT (file) FROM extract_labels INNER JOIN extract_files USING (file)"
        ).createOrReplaceTempView("extracts")

    def identified(self, label: int) -> pa.Table:
        """The extract of one label with an id on every row."""
        return self.rows(f"SELECT * EXCEPT (label) FROM extract_rows WHERE label = {label}")

    def put(self, name: str, table: pd.DataFrame | pa.Table) -> None:
        """Make the view `name` of a data frame, or of an Arrow table."""
        is_frame = isinstance(table, pd.DataFrame)
        rows = pa.Table.from_pandas(table, preserve_index=False) if is_frame else table
        self._session.createDataFrame(rows).createOrReplaceTempView(name)

    def make(self, name: str, other: str = "") -> None:
        """Make the table `name`, on disk, before what it is made of is dropped.

        Its plan is cut there: one that held the plans of all tables before it would double at each
        join of a table with itself.
        """
        from pyspark import StorageLevel

        with _errors():
            rows = self._session.sql(self.statement(other or name)).localCheckpoint(
                eager=True, storageLevel=StorageLevel.DISK_ONLY
            )
        rows.createOrReplaceTempView(name)
        self._tables[name] = rows

    def make_by_label(self, name: str, labels: Sequence[int]) -> None:  # noqa: ARG002
        """Make the table `name` of all labels at once: what memory cannot hold Spark spills."""
        self.make(name)

    def view(self, name: str) -> None:
        """Make the view `name` of its statement."""
        self._session.sql(self.statement(name)).createOrReplaceTempView(name)

    def union(self, name: str, tables: Sequence[str]) -> None:
        """Make the view `name` of tables on end."""
        self._session.sql(on_end(tables)).createOrReplaceTempView(name)

    def drop(self, *names: str) -> None:
        """Free tables."""
        for name in names:
            self._session.catalog.dropTempView(name)
            table = self._tables.pop(name, None)
            if table is not None:
                plan = table._jdf.queryExecution().analyzed()  # noqa: SLF001 - the cut's own rows
                plan.rdd().unpersist(True)

    def frame(self, text: str) -> pd.DataFrame:
        """Run a statement and return its rows."""
        return self.rows(text).to_pandas()

    def rows(self, text: str) -> pa.Table:
        """The same as a table of Arrow."""
        with _errors():
            return self._session.sql(text).toArrow()


def located(path: Path, base: str = "") -> str:
    """The path as Spark takes it: in the folder `base` where there is one, else on this machine.

    A path without a scheme would be looked for in the cluster's own file system.
    """
    if not base:
        return f"file://{path.resolve()}"
    return f"{base.rstrip('/')}/{path.name}" if "://" in base else located(Path(base) / path.name)


@contextmanager
def _errors() -> Iterator[None]:
    """Turn an error that the user can act on into one of ours."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError, OSError) as error:
        lines = [f"{type(error).__name__}: {error}", *str(error).splitlines()]
        for signs, kind, what, remedy in _REMEDIES:
            signed = [line for line in lines if any(sign in line for sign in signs)]
            if signed:
                raise kind(f"{what}: {signed[-1].strip()}", remedy) from None
        raise
