"""What fetching the snapshots has found, as rows of the record of defects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from replication.panel.defects import FEW, NONE, Defect, to_frame
from replication.panel.table import Panel
from replication.plain import few
from replication.sources import left_out, snapshots
from replication.sources.snapshots import sidecar
from replication.sources.snapshots.sidecar import Sidecar


def told(panel: Panel, folder: Path) -> Panel:
    """Return the panel with what was found when its snapshots were fetched before its own defects.

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
    read = (sidecar.read(folder, path.stem) for path in snapshots.extracts(folder))
    found = [_left_out(folder), *_cells([one for one in read if one is not None])]
    return replace(panel, defects=pd.concat([to_frame(found), panel.defects], ignore_index=True))


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


def _cells(found: Sequence[Sidecar]) -> list[Defect]:
    """What stands in single cells and columns of the snapshots."""
    bad: dict[str, int] = {}
    for one in found:
        for column, cells in one.bad_cells.items():
            bad[column] = bad.get(column, 0) + cells
    dated = [one for one in found if one.dated_by_id]
    unread = [one for one in found if one.unread]
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
