"""What an extract holds, in its footer: the row of `census.sql` without reading a column again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

KEY = b"sums"
"""Name of the sums in the footer of an extract."""


@dataclass(frozen=True)
class Sums:
    """Rows, values and sums of an extract, named as in `census.sql`."""

    n_rows: int
    n_ids: int
    n_counters: int
    n_rolling: int
    n_dated: int
    sum_created: int | None
    sum_rolling: int
    sum_counter: int
    newest: int | None

    def written(self) -> str:
        """As text."""
        return json.dumps(asdict(self))


def of(table: pa.Table) -> Sums:
    """The sums of the rows of an extract."""
    rows, created, rolling, counter = (
        table[name] for name in ("repository", "created", "rolling", "counter")
    )
    return Sums(
        n_rows=len(table),
        n_ids=_present(rows),
        n_counters=_present(counter),
        n_rolling=_present(rolling),
        n_dated=_present(created),
        sum_created=pc.sum(created).as_py(),
        sum_rolling=pc.sum(rolling).as_py() or 0,
        sum_counter=pc.sum(counter).as_py() or 0,
        newest=pc.max(created).as_py(),
    )


def together(parts: Sequence[Sums]) -> Sums:
    """The sums of all parts of an extract."""
    created = [part.sum_created for part in parts if part.sum_created is not None]
    return Sums(
        n_rows=sum(part.n_rows for part in parts),
        n_ids=sum(part.n_ids for part in parts),
        n_counters=sum(part.n_counters for part in parts),
        n_rolling=sum(part.n_rolling for part in parts),
        n_dated=sum(part.n_dated for part in parts),
        sum_created=sum(created) if created else None,
        sum_rolling=sum(part.sum_rolling for part in parts),
        sum_counter=sum(part.sum_counter for part in parts),
        newest=max((part.newest for part in parts if part.newest is not None), default=None),
    )


def _present(column: pa.ChunkedArray) -> int:
    """How many values there are."""
    return len(column) - int(column.null_count)


def read(path: Path) -> Sums | None:
    """The sums in the footer of an extract; None where it has none, or none of its rows."""
    try:
        footer = pq.read_metadata(path)
        found = json.loads((footer.metadata or {}).get(KEY, b"null"))
    except (pa.ArrowException, OSError, ValueError):
        return None
    names = {field.name for field in fields(Sums)}
    if not isinstance(found, dict) or found.keys() != names or found["n_rows"] != footer.num_rows:
        return None
    return Sums(**found)
