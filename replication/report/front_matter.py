"""What the first page says of a document beside its title: who wrote it, and which version it is."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

from replication import __version__
from replication.files import read_text, write_json
from replication.places import DISTRIBUTION, IN_REPOSITORY, ROOT

NAME = "front.json"
CITATION = ROOT / "CITATION.cff"
"""Where the maintainers name the authors."""


def authors() -> list[str]:
    """The authors by CITATION.cff; for an installed package, by its metadata."""
    if IN_REPOSITORY and CITATION.is_file():
        import yaml  # its place alone is asked for at every run

        entries = yaml.safe_load(read_text(CITATION)).get("authors", [])
        return [_name(entry) for entry in entries]
    try:
        named = str(metadata.metadata(DISTRIBUTION).json.get("author", ""))
    except metadata.PackageNotFoundError:
        return []
    return [_typographic(named)] if named else []


def write(folder: Path) -> None:
    """Write authors and version to `folder`, where the filter takes them from."""
    write_json(folder / NAME, {"authors": authors(), "version": __version__})


def _name(entry: dict[str, Any]) -> str:
    """An author's or an organisation's name as it is read."""
    parts = ("given-names", "name-particle", "family-names", "name-suffix")
    person = " ".join(str(entry[part]) for part in parts if entry.get(part))
    return _typographic(person or str(entry.get("name") or entry.get("alias", "")))


def _typographic(text: str) -> str:
    return text.replace("'", "\u2019")
