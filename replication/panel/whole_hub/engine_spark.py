"""Apache Spark as the panel's engine: the statements of `sql/` on many machines, or on one.

Where Spark runs is Spark's own business: an active session, spark-submit, PYSPARK_SUBMIT_ARGS,
spark-defaults.conf and SPARK_MASTER are obeyed, and only where none of them names a master is it two
threads of this machine. Of this engine's own there are two variables, both folders that every
executor can reach, local or on any object store that Spark is set up for:

SPARK_TABLES
    receives the tables, in a folder of its own that is removed on exit; else the run's folder does.
SPARK_EXTRACTS
    holds copies of the extracts under their names; else they are read where they lie.
"""

from __future__ import annotations

import hashlib
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
from replication.panel.whole_hub.engines import on_end, statement

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

TABLES, EXTRACTS = "SPARK_TABLES", "SPARK_EXTRACTS"
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
    "Mkdirs failed",
    "ParentNotDirectory",
    "Permission denied",
    "AccessDenied",
    "Py4JNetworkError",
)
_REMEDIES: tuple[tuple[tuple[str, ...], type[ReplicationError], str, str], ...] = (
    (_UNREACHABLE, SourceError, "Spark cannot reach a folder",
     "give it the connector of the object store (spark.jars.packages in spark-defaults.conf)"),
    (_UNREADABLE, SourceError, "an extract cannot be read", "remove it and fetch again"),
    (_FULL, OutputError, "Spark ran out of memory or disk, or cannot write",
     "raise spark.driver.memory in spark-defaults.conf, or free disk space (SPARK_TABLES)"),
)  # fmt: skip
"""What stands in a Java error that the user can act on: the signs, the class, what and the remedy."""


class Spark:
    """Spark with its tables as Parquet: the same statements as DuckDB, the same numbers.

    Parameters
    ----------
    folder
        Folder of the run; receives the tables where SPARK_TABLES names no other, and, on one
        machine, what Spark spills. All of it is removed on exit.

    Raises
    ------
    SourceError
        On entry: pyspark or Java is not installed, or Spark does not start. Later: an extract
        cannot be read.
    OutputError
        A table cannot be written, or memory does not do.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._tables = tables(self._folder, os.environ)

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._session, self._is_ours = spark_session.session(self._folder)
        try:
            self._remove(self._tables)  # what a run that was killed left
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._remove(self._tables)
        finally:
            self._close()

    def _close(self) -> None:
        if self._is_ours:
            self._session.stop()
        shutil.rmtree(spark_session.spill(self._folder), ignore_errors=True)

    def _remove(self, path: str) -> None:
        """Remove a folder wherever Spark can write one; Spark itself has no statement for it."""
        context = self._session.sparkContext
        place = context._jvm.org.apache.hadoop.fs.Path(path)  # noqa: SLF001
        with _said():
            place.getFileSystem(context._jsc.hadoopConfiguration()).delete(place, True)  # noqa: SLF001

    def statement(self, name: str) -> str:
        """Text of the statement `name`; an ablation changes it."""
        return statement(name)

    def extracts(self, files: Mapping[int, Path]) -> None:
        """Make the view `extracts` of one relation; the name of each file tells its label."""
        from pyspark.sql import functions

        names, base = [path.name for path in files.values()], os.environ.get(EXTRACTS, "")
        if len(set(names)) < len(names):
            raise SourceError("two extracts have the same name", "name each by its label")
        rows = self._read([located(path, base) for path in files.values()], COLUMNS)
        file = functions.col("_metadata.file_name").alias("file")
        rows.select(file, "*").createOrReplaceTempView("extract_files")
        self.put("extract_labels", pd.DataFrame({"file": names, "label": list(files)}))
        self._session.sql(
            "SELECT * EXCEPT (file) FROM extract_labels INNER JOIN extract_files USING (file)"
        ).createOrReplaceTempView("extracts")

    def _read(self, paths: Sequence[str], columns: str) -> DataFrame:
        literal = [_GLOB.sub(r"\\\1", path) for path in paths]
        with _said():
            return self._session.read.schema(columns).parquet(*literal)

    def put(self, name: str, table: pd.DataFrame) -> None:
        """Make the view `name` of a data frame."""
        rows = pa.Table.from_pandas(table, preserve_index=False)
        self._session.createDataFrame(rows).createOrReplaceTempView(name)

    def make(self, name: str, other: str = "") -> None:
        """Make the table `name`, as Parquet."""
        rows, path = self._session.sql(self.statement(other or name)), f"{self._tables}/{name}"
        with _said():
            rows.write.mode("overwrite").parquet(path)
        columns = ", ".join(f"`{column}` {kind}" for column, kind in rows.dtypes)
        self._read([path], columns).createOrReplaceTempView(name)

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
            self._remove(f"{self._tables}/{name}")

    def frame(self, text: str) -> pd.DataFrame:
        """Run a statement and return its rows."""
        with _said():
            return self._session.sql(text).toArrow().to_pandas()


def located(path: Path, base: str = "") -> str:
    """The path as Spark takes it: in the folder `base` where there is one, else on this machine.

    A path without a scheme would be looked for in the cluster's own file system.
    """
    if not base:
        return f"file://{path.resolve()}"
    return f"{base.rstrip('/')}/{path.name}" if "://" in base else located(Path(base) / path.name)


def tables(folder: Path, environment: Mapping[str, str]) -> str:
    """Folder of the tables, as Spark takes it; runs that share SPARK_TABLES have one each."""
    key = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    base = environment.get(TABLES, "")
    return located(Path(f"panel-{key}"), base) if base else located(folder / "spark")


@contextmanager
def _said() -> Iterator[None]:
    """What the user can act on is said as such."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError, OSError) as error:
        lines = [f"{type(error).__name__}: {error}", *str(error).splitlines()]
        for signs, kind, what, remedy in _REMEDIES:
            telling = [line for line in lines if any(sign in line for sign in signs)]
            if telling:
                raise kind(f"{what}: {telling[-1].strip()}", remedy) from None
        raise
