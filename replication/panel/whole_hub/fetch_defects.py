"""What is wrong with the snapshots as they were fetched, as rows of the table of defects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from replication.panel.table import Panel
from replication.plain import few
from replication.sources import left_out, snapshots
from replication.sources.defect import FEW, NONE, Defect, to_frame
from replication.sources.snapshots import sidecar
from replication.sources.snapshots.sidecar import Sidecar


def with_fetch(panel: Panel, folder: Path) -> Panel:
    """Return the panel with the defects of its snapshots, as fetched, before its own.

    Parameters
    ----------
    panel
        The panel of the whole Hub.
    folder
        Folder of what was fetched.

    Raises
    ------
    SourceError
        The folder holds no fetched snapshots.
    """
    sidecars = (sidecar.read(folder, path.stem) for path in snapshots.extracts(folder))
    rows = [_left_out(folder), *_cells([one for one in sidecars if one is not None])]
    return replace(panel, defects=pd.concat([to_frame(rows), panel.defects], ignore_index=True))


def _left_out(folder: Path) -> Defect:
    """Files of the source that are not read."""
    rows = left_out.read(folder)
    return Defect(
        "left-out-files",
        "files of the source that are not read (rows: files)",
        few([f"{row.filename} ({row.reason})" for row in rows], FEW) or NONE,
        len(rows),
        f"left out; {left_out.NAME} beside the extracts has them all",
    )


def _cells(sidecars: Sequence[Sidecar]) -> list[Defect]:
    """What stands in single cells and columns of the snapshots."""
    bad: dict[str, int] = {}
    for one in sidecars:
        for column, cells in one.bad_cells.items():
            bad[column] = bad.get(column, 0) + cells
    dated = [one for one in sidecars if one.dated_by_id]
    unread = [one for one in sidecars if one.unread]
    kinds = sorted({f"{column}: {kind}" for one in unread for column, kind in one.unread.items()})
    return [
        Defect("bad-cells", "cells that cannot be right",
               ", ".join(f"{column} {cells:,}" for column, cells in bad.items()) or NONE,
               sum(bad.values()), "null; above a thousandth of a column the snapshot is refused"),
        Defect("dates-from-ids", "rows without a date of creation",
               few([one.label for one in dated], FEW) or NONE, sum(one.dated_by_id for one in dated),
               "dated by their _id, which begins with the moment of creation"),
        Defect("unread-lineage", "base models or tags of a type that no era has",
               few(kinds, FEW) or NONE, sum(one.rows for one in unread), "read as if they were not there"),
    ]  # fmt: skip
