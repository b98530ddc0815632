"""Release notes: the section of a version in CHANGELOG.md."""

from __future__ import annotations

import re
from pathlib import Path

from release.source import ReleaseError
from replication.files import read_text

CHANGELOG = "CHANGELOG.md"


def versions(root: Path) -> list[str]:
    """Versions that have a section, the newest first."""
    return re.findall(r"(?m)^## (\d\S*)$", read_text(root / CHANGELOG))


def of(root: Path, version: str) -> str:
    """The section of a version without its heading.

    Raises
    ------
    ReleaseError
        It has none, or an empty one.
    """
    text = read_text(root / CHANGELOG)
    found = re.search(rf"(?ms)^## {re.escape(version)}\n(.*?)(?=^## |\Z)", text)
    if found is None or not found[1].strip():
        what = f"{CHANGELOG} says nothing of {version}: it has {', '.join(versions(root))}"
        raise ReleaseError(what, f"write a section ## {version}")
    return found[1].strip() + "\n"
