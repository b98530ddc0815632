"""The room that an extract takes, and the extract put there with its sidecar."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

from replication.errors import OutputError
from replication.files import copy_file
from replication.sources import sidecar
from replication.sources.extract import Extracted, extract
from replication.sources.sidecar import Sidecar

EXTRACT_SHARE = 0.15
"""Bytes of an extract, or of the columns behind it, in bytes of its snapshot: 0.08 is usual."""


def require_free(folder: Path, needed: int) -> None:
    """Refuse to start what the disk cannot hold.

    Parameters
    ----------
    folder
        Folder of the run, which exists.
    needed
        Bytes.

    Raises
    ------
    OutputError
        Fewer bytes are free.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise OutputError(
            f"{folder} has {free:,} bytes free, and the snapshots need {needed:,}",
            "free disk space, choose a folder on another disk (make all OUT=folder), set "
            'snapshots.workers = 1 or snapshots.transport = "ranges", or shorten since … until',
        )


def extracted(folder: Path, path: Path, wanted: Sidecar) -> Extracted:
    """Write the extract of a snapshot, then its sidecar.

    Parameters
    ----------
    folder
        Folder of the run.
    path
        The snapshot, or a copy of its needed columns.
    wanted
        Its sidecar, but for what only the content tells.

    Raises
    ------
    SourceError, ContractError, OutputError
        As `extract`.
    """
    # A run that dies in between must not leave the old sidecar beside the new extract.
    sidecar.sidecar_path(folder, wanted.label).unlink(missing_ok=True)
    target = sidecar.extract_path(folder, wanted.label)
    found = extract(path, target, wanted.label, name=wanted.filename)
    sidecar.write(folder, _told(wanted, found))
    return found


def copied(folder: Path, twin: Sidecar, wanted: Sidecar) -> Extracted:
    """Write the extract of a snapshot whose content is that of another, then its sidecar.

    Parameters
    ----------
    folder
        Folder of the run.
    twin
        Sidecar of the other, whose extract stands.
    wanted
        Sidecar of the one, but for what only the content tells.
    """
    sidecar.sidecar_path(folder, wanted.label).unlink(missing_ok=True)
    copy_file(sidecar.extract_path(folder, twin.label), sidecar.extract_path(folder, wanted.label))
    found = read_of(twin)
    sidecar.write(folder, replace(_told(wanted, found), same_as=twin.same_as or twin.label))
    return found


def read_of(known: Sidecar) -> Extracted:
    """What was found in the snapshot that a sidecar describes."""
    told = (known.reader, known.dated_by_id, known.bad_cells, known.unread)
    return Extracted(known.label, known.rows, known.missing, *told)


def _told(wanted: Sidecar, found: Extracted) -> Sidecar:
    """The sidecar with what the content has told."""
    return replace(
        wanted,
        rows=found.rows,
        missing=found.missing,
        reader=found.reader,
        dated_by_id=found.dated_by_id,
        bad_cells=dict(Counter(wanted.bad_cells) + Counter(found.bad_cells)),
        unread=found.unread,
    )
