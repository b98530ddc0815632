"""The SQL of the whole Hub: the statements of `sql/`, one SELECT a file, which name tables only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

SQL = Path(__file__).with_name("sql")


def statement(name: str) -> str:
    """Text of the SQL file `name`."""
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


def on_end(tables: Sequence[str]) -> str:
    """Statement of tables on end, with the place of each as ``variant``."""
    return " UNION ALL ".join(
        f"SELECT CAST({place} AS BIGINT) AS variant, * FROM {name}"
        for place, name in enumerate(tables)
    )
