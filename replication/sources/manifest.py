"""The manifest: where the data of a run came from, and the proof that they are the same data."""

from __future__ import annotations

from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any

from replication.errors import ContractError, HashMismatchError, SourceError
from replication.files import has_its_types, read_json, write_json

NAME = "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """Provenance of one input, in the order in which it is printed."""

    source: str
    """Kind of source: bundled, file, released, snapshots or hub."""
    title: str
    citation: str
    url: str
    repository: str
    """Hub dataset, empty where there is none."""
    revision: str
    """40 hexadecimal digits, or a date, or empty."""
    filename: str
    """Name of the file, never its folder on this machine."""
    sha256: str
    bytes: int
    rows: int
    accessed: str
    """ISO 8601 date on which the content was first read."""
    licence: str
    client: str
    """Name and version of what fetched it."""
    trust: str = ""
    """Why the content is believed: at first use, or by a SHA-256 that was given."""
    asked: str = ""
    """Repository@revision that was asked for, empty where it is what was read."""
    extent: str = ""
    """What part of the Hub it covers: `all`, `top N`, `namespaces: a, b`; empty where not known."""
    left_out: str = ""
    """What of the source was not read and why, empty where all was."""

    @property
    def request(self) -> tuple[str, str]:
        """What was asked for, as repository@revision and the name of the file."""
        return self.asked or f"{self.repository}@{self.revision}", self.filename

    def same_address(self, other: Manifest) -> bool:
        """Whether both name the same content by address: repository, revision and file."""
        return (self.repository, self.revision, self.filename) == (
            other.repository,
            other.revision,
            other.filename,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the manifest as a plain dictionary in the order of its fields.

        A field that may be empty, and is, is left out.
        """
        optional = {field.name for field in fields(self) if field.default is not MISSING}
        pairs = asdict(self).items()
        return {name: value for name, value in pairs if value or name not in optional}


def read(folder: Path) -> Manifest | None:
    """Return the manifest in `folder`, or None where there is none.

    Raises
    ------
    SourceError
        The file is not a manifest.
    """
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        about = Manifest(**read_json(path))
        sound = has_its_types(about)
    except (ContractError, TypeError):
        sound = False
    if not sound:
        raise SourceError(f"{path} is damaged", f"remove {folder} and fetch again")
    return about


def write(folder: Path, manifest: Manifest) -> None:
    """Write `manifest` into `folder`."""
    write_json(folder / NAME, manifest.to_dict())


def check_unchanged(known: Manifest | None, new: Manifest) -> None:
    """Refuse content that changed under the same pinned revision.

    Raises
    ------
    HashMismatchError
        `known` and `new` have one address and different hashes.
    """
    if known is None or not new.revision or not known.same_address(new):
        return
    if known.sha256 != new.sha256:
        raise HashMismatchError(
            f"{new.filename} at revision {new.revision} had SHA-256 {known.sha256[:12]}… when it "
            f"was first read and has {new.sha256[:12]}… now",
            "a pinned revision must not change: check HF_ENDPOINT and your mirror; if you trust "
            "the new content, remove the run's folder and fetch again",
        )
