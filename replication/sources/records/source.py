"""Fetch the records: read what is in a folder, or what git fetches, into the tables of a run.

Each record (see `definitions.records`) is read as its publisher lays it out, from a folder on this
machine, or, where none is named, from Git repositories at their pinned commits. What disagrees is
recorded and mended by named rules (`checks`), and one repository has one name in all tables
(`record_set`). The run's folder receives the tables as Parquet, the defects as CSV, and
two manifests: records_manifest.json says of each record whose it is and which content was read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from replication import names
from replication.definitions import Definitions, load_definitions
from replication.definitions.records import Record
from replication.errors import ContractError
from replication.files import read_json, sha256_bytes, sha256_file, write_json
from replication.sources import counters, defect, manifest
from replication.sources.bundled import FOLDER
from replication.sources.manifest import Manifest
from replication.sources.records import git
from replication.sources.records.joining import Summary, read_located
from replication.sources.records.one_record import Located, check_hashes, locate
from replication.sources.records.record_set import Records, paths

RECORDS = "records_manifest.json"
"""Manifest of each record."""
CHECKOUTS = "repositories"
"""Folder of the checkouts."""


def read(
    folder: Path, records: Sequence[Record], definitions: Definitions | None = None
) -> Records:
    """Read all records of a folder.

    Parameters
    ----------
    folder
        The folder that the paths of the records are relative to.
    records
        What to look for, see `load_records`.
    definitions
        Country groups and rules by which released counters are read; the packaged ones if None.

    Raises
    ------
    SourceError
        There is no such folder, a record is missing, or a file cannot be read as what it is.
    HashMismatchError
        A record is not the one whose hash is given.
    ContractError
        A value cannot be read: the message names the file, the line and the remedy.
    """
    located = locate(folder, records)
    check_hashes(located)
    return read_located(located, definitions or load_definitions())[0]


def fetch(
    local: Path | None,
    folder: Path,
    records: Sequence[Record],
    *,
    today: str,
    progress: Callable[[str], None],
    definitions: Definitions | None = None,
) -> Manifest:
    """Read all records and write their tables into the run's folder, with both manifests.

    Content that was read before, by the same code and definitions, is not read again.

    Parameters
    ----------
    local
        Folder of the records; None fetches them from Git repositories.
    folder
        Folder of the run.
    records
        What to look for, see `load_records`.
    today
        ISO 8601 date, recorded as the date of access of content that was not known before.
    progress
        Called with a line of text.
    definitions
        Country groups and rules by which released counters are read; the packaged ones if None.

    Returns
    -------
    Manifest
        Provenance of all records: the hash is over their ids and hashes, in order.

    Raises
    ------
    SourceError
        There is no such folder, a record is missing, a file cannot be read as what it is, or git
        cannot fetch it.
    HashMismatchError
        A record is not the one whose hash is given.
    ContractError
        A value cannot be read: the message names the file, the line and the remedy.
    OutputError
        The run's folder cannot be written.
    """
    rules = definitions or load_definitions()
    source = local or git.check_out(records, folder / CHECKOUTS, progress)
    located = locate(source, records)
    check_hashes(located)
    key, old, known = _key(located, rules), _known(folder), manifest.read(folder)
    if known is not None and old.get("key") == key and old.get("tables") == _hashes(folder):
        return known
    for one in located:
        progress(f"{one.record.id}: {one.bytes / 1e6:,.1f} MB")
    tables, summaries = read_located(located, rules)
    tables.write(folder)
    accessed = {(r["id"], r["sha256"]): r["accessed"] for r in old.get("records", [])}
    rows = [
        _about(one, summaries[one.record.id], accessed.get((one.record.id, one.sha256), today))
        for one in located
    ]
    write_json(folder / RECORDS, {"key": key, "tables": _hashes(folder), "records": rows})
    result = _manifest(rows, today, client="" if local else git.version())
    if known is not None and known.sha256 == result.sha256:
        result = replace(result, accessed=known.accessed)
    manifest.write(folder, result)
    return result


def _key(located: Sequence[Located], definitions: Definitions) -> str:
    """Hash of the content, the definitions, the lists of names and the code that tables depend on."""
    folders = [Path(__file__), Path(str(counters.__file__))]
    code = [*(path for file in folders for path in file.parent.glob("*.py"))]
    code += [Path(str(module.__file__)) for module in (defect, names)]
    inputs = [FOLDER / "registry.csv", FOLDER / "namespaces.csv", *sorted(code)]
    lines = [f"{one.record!r} {one.path} {one.sha256}" for one in located]
    lines += [f"{definitions.panel!r} {definitions.groups!r}"]
    lines += [f"{path.name} {sha256_file(path)}" for path in inputs]
    return sha256_bytes("\n".join(lines).encode())


def _known(folder: Path) -> dict[str, Any]:
    """Return what is known of the records in `folder`; nothing where that is not readable."""
    if not (folder / RECORDS).is_file():
        return {}
    try:
        return dict(read_json(folder / RECORDS))
    except (ContractError, TypeError, ValueError):
        return {}


def _hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of each table that is there."""
    return {path.name: sha256_file(path) for path in paths(folder) if path.is_file()}


def _about(located: Located, summary: Summary, accessed: str) -> dict[str, Any]:
    """Whose a record is, and which content was read."""
    record = located.record
    return {
        "id": record.id,
        "title": record.title,
        "citation": record.citation,
        "url": record.url,
        "repository": record.repository,
        "commit": record.commit,
        "path": located.path,
        "sha256": located.sha256,
        "bytes": located.bytes,
        "rows": summary.rows,
        "first": summary.first,
        "last": summary.last,
        "licence": record.licence,
        "licence_note": record.licence_note,
        "accessed": accessed,
    }


def _manifest(rows: Sequence[dict[str, Any]], today: str, client: str) -> Manifest:
    """Return the manifest of all records."""
    lines = "".join(f"{row['id']} {row['sha256']}\n" for row in rows)
    return Manifest(
        source="records",
        title="Public records of the Hugging Face Hub",
        citation="; ".join(str(row["citation"]) for row in rows),
        url="",
        repository="",
        revision="",
        filename=", ".join(str(row["id"]) for row in rows),
        sha256=sha256_bytes(lines.encode()),
        bytes=sum(row["bytes"] for row in rows),
        rows=sum(row["rows"] for row in rows),
        accessed=today,
        licence=f"of each record: {RECORDS}",
        client=client,
    )
