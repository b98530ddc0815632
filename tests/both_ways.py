"""The whole Hub by statements and on whole arrays, compared table by table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from replication.panel.whole_hub.arrays.building import Building
from replication.panel.whole_hub.engine_duckdb import DuckDB
from replication.panel.whole_hub.rebuild import Rebuilt, rebuild, weekly
from replication.panel.whole_hub.ways import Statements

TABLES = ("repositories", "downloads", "spikes", "overcounts", "envelopes", "stretch_sums")
KEYS = {"downloads": ["variant", "id"], "stretch_sums": ["id", "stretch"]}
PAIRS = "SELECT id, 1 + id % 7 AS pair FROM repositories WHERE id % 5 > 0"


class ByStatements(DuckDB):
    """DuckDB that is given no folder for arrays."""

    by_arrays = False


def both_tables(engine: DuckDB, found: Rebuilt) -> dict[str, pd.DataFrame]:
    """Every table that later steps read, in an order of its own."""
    engine.put("panel_pairs", engine.frame(PAIRS))
    tables = {name: engine.frame(f"SELECT * FROM {name}") for name in TABLES}
    tables |= {"weekly": weekly(engine, found), "movers": found.movers}
    tables["scale"] = found.scale.stretches
    out = {}
    for name, table in tables.items():
        ordered = table[sorted(table.columns)]
        keys = KEYS.get(name, [key for key in ("id", "label") if key in ordered])
        ordered = ordered.sort_values(keys) if keys else ordered
        out[name] = ordered.reset_index(drop=True)
    return out


def made(
    kind: type[DuckDB], files: Any, rules: Any, folder: Path, way: type
) -> tuple[dict[str, pd.DataFrame], Any]:
    """The tables of one way, and what it counted."""
    with kind(folder, memory="500MB") as engine:
        found = rebuild(files, rules, engine, truncated_share=0.5)
        assert type(found.way) is way
        return both_tables(engine, found), (found.absences, found.undated, found.scale.factor)


def compare(files: Any, rules: Any, folder: Path) -> dict[str, pd.DataFrame]:
    """Both ways find the same; return the tables."""
    ours, counted = made(DuckDB, files, rules, folder / "arrays", Building)
    theirs, expected = made(ByStatements, files, rules, folder / "statements", Statements)
    for name, table in theirs.items():
        pd.testing.assert_frame_equal(ours[name], table, check_dtype=False, obj=name)
    assert counted == expected
    return ours
