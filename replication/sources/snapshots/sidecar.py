"""An extract and its sidecar: which snapshot it was made of, and the proof that it is that one."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from replication.errors import ContractError, HashMismatchError
from replication.files import copy_file, has_its_types, read_json, write_json
from replication.sources.snapshots.extract import Extracted, extract

EXTRACTS = "extracts"
FROM_PATH, FROM_ROWS = "path", "newest createdAt or lastModified"
"""Where a label comes from."""
OF_CONTENT, OF_HUB = "content", "statement of the Hub"
"""Where a hash comes from: of a content that is here already, a snapshot is not fetched."""
LAYOUT = 2
"""Raised when what an extract holds changes its meaning, so that older extracts are made anew."""


@dataclass(frozen=True)
class Sidecar:
    """Provenance of one extract, in the order in which it is written."""

    label: str
    """ISO 8601 date of the snapshot."""
    label_from: str
    """`FROM_PATH` or `FROM_ROWS`."""
    filename: str
    """Path of the snapshot inside its dataset or folder, never its folder on this machine."""
    revision: str
    """Commit of the dataset, empty for a local file."""
    sha256: str
    """Of the snapshot."""
    sha256_from: str
    """`OF_CONTENT` or `OF_HUB`."""
    bytes: int
    """Of the snapshot."""
    rows: int
    missing: tuple[str, ...]
    """Columns that the snapshot does not have; the extract has null in their place."""
    accessed: str
    """ISO 8601 date on which the snapshot was read."""
    reader: str
    client: str
    """Name and version of what fetched it, empty for a local file."""
    dated_by_id: int = 0
    """Rows whose moment of creation follows from their `_id` alone."""
    bad_cells: Mapping[str, int] = field(default_factory=dict)
    """Cells by column that cannot be right and are null in the extract."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """Type of each column that is of a type that no era has; the extract was made without it."""
    same_as: str = ""
    """Label of the snapshot of the same content whose extract this is a copy of."""
    layout: int = LAYOUT


def extract_path(folder: Path, label: str) -> Path:
    """Path of the extract of one snapshot."""
    return folder / EXTRACTS / f"{label}.parquet"


def sidecar_path(folder: Path, label: str) -> Path:
    """Path of the sidecar of one extract."""
    return folder / EXTRACTS / f"{label}.json"


def make(folder: Path, path: Path, wanted: Sidecar) -> Sidecar:
    """Write the extract of a snapshot, and then its sidecar, which is returned.

    Parameters
    ----------
    folder
        Folder of the run.
    path
        The snapshot.
    wanted
        Its sidecar as far as it is known without the content.

    Raises
    ------
    SourceError, ContractError, OutputError
        As `extract`.
    """
    _remove(folder, wanted.label)
    target = extract_path(folder, wanted.label)
    return _write(folder, wanted, extract(path, target, wanted.label, name=wanted.filename))


def copy(folder: Path, twin: Sidecar, wanted: Sidecar) -> Sidecar:
    """Write the extract of a snapshot whose content is that of another, and then its sidecar.

    Parameters
    ----------
    folder
        Folder of the run.
    twin
        Sidecar of the other, whose extract stands.
    wanted
        Sidecar of the one as far as it is known without the content.
    """
    _remove(folder, wanted.label)
    copy_file(extract_path(folder, twin.label), extract_path(folder, wanted.label))
    return _write(folder, replace(wanted, same_as=twin.same_as or twin.label), twin)


def _remove(folder: Path, label: str) -> None:
    """Remove a sidecar: a run that dies must not leave the old one beside a new extract."""
    sidecar_path(folder, label).unlink(missing_ok=True)


def _write(folder: Path, wanted: Sidecar, content: Extracted | Sidecar) -> Sidecar:
    """Write the sidecar with what the content says, and return it."""
    sidecar = replace(
        wanted,
        rows=content.rows,
        missing=content.missing,
        reader=content.reader,
        dated_by_id=content.dated_by_id,
        bad_cells=dict(Counter(wanted.bad_cells) + Counter(content.bad_cells)),
        unread=content.unread,
    )
    write_json(sidecar_path(folder, sidecar.label), asdict(sidecar))
    return sidecar


def read(folder: Path, label: str) -> Sidecar | None:
    """Return the sidecar of a sound extract, None where there is none or it is not sound."""
    path = sidecar_path(folder, label)
    if not path.is_file():
        return None
    try:
        sidecar = Sidecar(**read_json(path))
        sidecar = replace(sidecar, missing=tuple(sidecar.missing))
    except (ContractError, TypeError):
        return None
    sound = sidecar.layout == LAYOUT and sidecar.label == label and _has_its_types(sidecar)
    return sidecar if sound and _rows(extract_path(folder, label)) == sidecar.rows else None


def _has_its_types(sidecar: Sidecar) -> bool:
    """Whether a sidecar that was kept holds what one that was just made does."""
    tables = ((sidecar.bad_cells, int), (sidecar.unread, str))
    named = all(isinstance(name, str) for name in sidecar.missing)
    typed = all(
        isinstance(table, dict) and all(type(cell) is kind for cell in table.values())
        for table, kind in tables
    )
    return named and typed and has_its_types(sidecar)


def _rows(path: Path) -> int | None:
    """Rows that the footer of an extract states, None where it cannot be read."""
    from pyarrow import ArrowException, parquet

    try:
        return int(parquet.read_metadata(path).num_rows)
    except (ArrowException, OSError):
        return None


def stands(wanted: Sidecar, known: Sidecar | None) -> bool:
    """Whether the extract that `known` describes is of the content that is wanted.

    Raises
    ------
    HashMismatchError
        The content of the file changed under one commit.
    """
    if known is None:
        return False
    same = known.sha256 == wanted.sha256
    if not same and wanted.revision and known.revision == wanted.revision:
        raise HashMismatchError(
            f"{wanted.filename} at commit {wanted.revision} had SHA-256 {known.sha256[:12]}… when "
            f"it was first read and has {wanted.sha256[:12]}… now",
            "a commit must not change: check HF_ENDPOINT and your mirror; if you trust the new "
            f"content, remove {EXTRACTS}/{wanted.label}.json and fetch again",
        )
    return same


def labels(folder: Path) -> list[str]:
    """Labels of all extracts in the folder, sound or not, in order."""
    return sorted(path.stem for path in (folder / EXTRACTS).glob("*.parquet"))


def by_content(folder: Path, without: Collection[str]) -> dict[str, Sidecar]:
    """Return the sound extracts in the folder, but for some labels, by the hash of their snapshot."""
    every = (read(folder, label) for label in labels(folder) if label not in without)
    return {one.sha256: one for one in every if one is not None}


def split(folder: Path, due: Sequence[Sidecar]) -> tuple[list[Sidecar], list[Sidecar]]:
    """The first of every content that no extract is of, and the snapshots that repeat a content.

    What stands under the label of one that is due is replaced, and serves for no other.
    """
    seen = set(by_content(folder, {one.label for one in due}))
    fresh: list[Sidecar] = []
    copies: list[Sidecar] = []
    for one in due:
        (copies if one.sha256 in seen else fresh).append(one)
        seen.add(one.sha256)
    return fresh, copies


def copy_all(folder: Path, copies: Sequence[Sidecar]) -> None:
    """Write the extracts of snapshots whose content another extract is of."""
    twins = by_content(folder, {one.label for one in copies})
    for one in copies:
        copy(folder, twins[one.sha256], one)


def digest(sidecars: Iterable[Sidecar]) -> str:
    """SHA-256 over label and hash of every snapshot, in order of the labels."""
    lines = sorted(f"{one.label} {one.sha256}\n" for one in sidecars)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
