"""One snapshot of the Hub's models, reduced to the six columns that the panel needs.

A snapshot has one row a model and some twenty wide columns; the extract keeps every row. What it
means column by column is in sql/extract.sql, which DuckDB runs out of core.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.metadata import version
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from replication.errors import ContractError, OutputError, SourceError
from replication.files import literal, replaced
from replication.sources.hub import MOST
from replication.sources.parquet import footer
from replication.sources.snapshots import ordinary
from replication.sources.snapshots.columns import REMEDY, chosen

if TYPE_CHECKING:
    import duckdb

BAD_SHARE = 0.001
"""Share of the rows up to which cells of a column that cannot be right are null; one cell always is.
Above it the column means something else than it is read as, and the snapshot is refused."""
LATEST = "2099-11-30"
"""Date of a snapshot that has none: of any time that a cell can mean."""
AHEAD = timedelta(days=31)
"""How far after its date a snapshot may have been read."""
THREADS = 2
MEMORY = "2GB"
_SQL = Path(__file__).with_name("sql") / "extract.sql"


@dataclass(frozen=True)
class Extracted:
    """What is known of one snapshot after reading it."""

    label: str
    """ISO 8601 date of the snapshot."""
    rows: int
    missing: tuple[str, ...]
    """Columns of `COLUMNS` that the snapshot does not have, or has without a value."""
    reader: str
    """Names and versions of what read it."""
    dated_by_id: int = 0
    """Rows whose moment of creation follows from their `_id` alone."""
    bad_cells: Mapping[str, int] = field(default_factory=dict)
    """Cells by column that cannot be right and are null in the extract."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """Type of each column of `LINEAGE` that is of a type that no era has and was not read."""


@dataclass(frozen=True)
class _Snapshot:
    """A snapshot whose footer was read."""

    path: Path
    name: str
    """Its name in messages."""
    columns: str
    """Columns of the view `source` of extract.sql, as SQL."""
    missing: tuple[str, ...]
    unread: Mapping[str, str]
    rows: int


def extract(
    source: Path,
    target: Path,
    label: str,
    *,
    name: str = "",
    threads: int = THREADS,
    memory: str = MEMORY,
    most: int = MOST,
) -> Extracted:
    """Write the extract of one snapshot.

    Parameters
    ----------
    source
        Snapshot, Parquet.
    target
        Extract, Parquet with the columns ``repository`` (24 hexadecimal digits), ``name``,
        ``created`` (unix seconds, UTC: of `createdAt`, else of the `_id`), ``rolling`` and
        ``counter`` (downloads of the last 30 days and of all time) and ``parents`` (names of the
        base models, separated by a blank, distinct, in stated order: of `baseModels` where it is
        filled, else of the tags). One row a row of the snapshot, in any order; every column may be
        null, and a cell that cannot be right is. It is written whole or not at all.
    label
        ISO 8601 date of the snapshot.
    name
        Name of the snapshot in messages, its file name where it is empty.
    threads, memory
        Bounds of DuckDB, as it takes them.
    most
        Largest count that is believed.

    Raises
    ------
    SourceError
        The file is not Parquet, or its content is damaged.
    ContractError
        A column has a type that cannot be read, or more values than `BAD_SHARE` that cannot be
        right: the file, the column and the row are named.
    OutputError
        The extract cannot be written.
    """
    snapshot = _snapshot(source, name or source.name)
    if snapshot.rows * ordinary.ROW_BYTES < _bytes(memory):
        rows = _ordinary(snapshot, target, ordinary.Bounds(most, _newest(label)))
        if rows is not None:
            return Extracted(label, rows, snapshot.missing, reader(), unread=snapshot.unread)
    with _opened(snapshot, threads, memory, most, _newest(label)) as connection:
        bad_cells = _bad_cells(connection, snapshot)
        connection.execute("SET VARIABLE is_faulty = ?", [bool(bad_cells)])
        dated = connection.execute("FROM dated").fetchone()
        with replaced(target) as temporary:
            rows = _copy(connection, temporary)
    dated_by_id = int(dated[0]) if dated else 0
    return Extracted(
        label, rows, snapshot.missing, reader(), dated_by_id, bad_cells, snapshot.unread
    )


def newest_date(source: Path) -> str:
    """Return the newest date of creation or change in a snapshot: the label of one without a date.

    Raises
    ------
    SourceError
        The file is not Parquet, or holds no date.
    ContractError
        A column has a type that cannot be read.
    """
    snapshot = _snapshot(source, source.name)
    with _opened(snapshot, THREADS, MEMORY, MOST, _newest(LATEST)) as connection:
        row = connection.execute("FROM newest").fetchone()
    if row is None or row[0] is None:
        raise SourceError(
            f"{source.name} has no date in its path, and no createdAt or lastModified in its rows",
            "name the file or its folder by the date of the snapshot: 2025-01-31.parquet",
        )
    return str(row[0])


@cache
def reader() -> str:
    """Names and versions of the libraries that read a snapshot."""
    return f"duckdb {version('duckdb')}, pyarrow {version('pyarrow')}"


def _snapshot(path: Path, name: str) -> _Snapshot:
    """Read the footer of a snapshot and choose how its columns are read."""
    found = footer(path, name)
    return _Snapshot(path, name, *chosen(found.schema.to_arrow_schema(), name), found.num_rows)


def _bytes(memory: str) -> int:
    """A bound of memory, as DuckDB takes it ("2GB"), in bytes."""
    units = {"KB": 10**3, "MB": 10**6, "GB": 10**9}
    return int(memory[:-2]) * units[memory[-2:]]


def _ordinary(snapshot: _Snapshot, target: Path, bounds: ordinary.Bounds) -> int | None:
    """Write the extract of an ordinary snapshot; None, and nothing written, of any other."""
    if snapshot.unread:
        return None
    for read in (ordinary.parts, ordinary.whole):
        parts = read(snapshot.path, bounds)
        try:
            first = list(islice(parts, 1))  # before anything is made in the folder
            with replaced(target) as temporary:
                return ordinary.write(chain(first, parts), temporary)
        except ordinary.NotInOrderError:
            continue
        except ordinary.NotOrdinaryError:
            break
    return None


def _newest(label: str) -> int:
    """The last moment, in unix microseconds, that a snapshot of this date can know."""
    end = datetime.fromisoformat(label).replace(tzinfo=UTC) + AHEAD
    return int(end.timestamp()) * 1_000_000


@contextmanager
def _opened(
    snapshot: _Snapshot, threads: int, memory: str, most: int, newest: int
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open DuckDB on a snapshot, with the views of extract.sql.

    No step sorts or groups, so that nothing is spilled to disk.
    """
    import duckdb

    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": threads,
        "memory_limit": memory,
        "preserve_insertion_order": False,
        "temp_directory": "",
        "autoload_known_extensions": False,
        "autoinstall_known_extensions": False,
    }
    try:
        with duckdb.connect(config=settings) as connection:
            # Its bar would be written to the standard output after two seconds.
            connection.execute("SET enable_progress_bar = false")
            connection.execute("SET TimeZone = 'UTC'")
            # The footer's least and largest leave NaN out, and a comparison would be decided by them.
            connection.execute("SET disabled_optimizers = 'statistics_propagation'")
            connection.execute("SET VARIABLE source = ?", [literal(snapshot.path)])
            connection.execute("SET VARIABLE most = ?", [most])
            connection.execute("SET VARIABLE newest = ?", [newest])
            connection.execute(_SQL.read_text("utf-8").replace("/*columns*/", snapshot.columns))
            yield connection
    except duckdb.Error as error:
        raise _failure(error, snapshot.name, memory) from None


def _failure(error: Exception, name: str, memory: str) -> SourceError | OutputError:
    """Say what stopped DuckDB, in one line."""
    import duckdb

    if isinstance(error, duckdb.OutOfMemoryException):
        return OutputError(
            f"the extract of {name} needs more memory than {memory}",
            "close other programs, or raise MEMORY in replication/sources/snapshots/extract.py",
        )
    return SourceError(
        f"{name} cannot be read to its end: {str(error).splitlines()[0]}",
        "the file is damaged: get it again",
    )


def _bad_cells(connection: duckdb.DuckDBPyConnection, snapshot: _Snapshot) -> dict[str, int]:
    """Cells by column that cannot be right; refuse a snapshot with too many of one column."""
    faults = connection.execute("FROM fault WHERE cells > 0 ORDER BY line, 1").fetchall()
    if not faults:
        return {}
    counted = connection.execute("SELECT count(*) FROM source").fetchone()
    rows = int(counted[0]) if counted else 0
    values = "; ".join(
        f"column {column}, row {line:,}: {str(value)[:60]!r}, one of {cells:,} of {rows:,} rows"
        for column, cells, line, value in faults
        if cells > max(1, BAD_SHARE * rows)
    )
    if values:
        raise ContractError(f"{snapshot.name} holds what cannot be right: {values}", REMEDY)
    return {column: int(cells) for column, cells, _, _ in faults}


def _copy(connection: duckdb.DuckDBPyConnection, target: Path) -> int:
    """Write the extract and return its number of rows."""
    import duckdb

    path = str(target).replace("'", "''")
    try:
        done = connection.execute(
            f"COPY (FROM extract) TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
        ).fetchone()
    except duckdb.IOException as error:
        if str(target) not in str(error):
            raise
        raise OSError(str(error).splitlines()[0]) from None  # `replaced` says what to do
    return int(done[0]) if done else 0
