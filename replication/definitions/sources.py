"""Where data come from: the bundled panel, the released file, and the snapshots of the Hub."""

from __future__ import annotations

import re
from dataclasses import replace

from pydantic.dataclasses import dataclass

from replication.definitions.value_types import TABLE, AnyDay, SomeCount

COMMIT = re.compile(r"[0-9a-f]{40}")
"""A whole commit of Git or of the Hub."""


@dataclass(frozen=True, config=TABLE)
class Provenance:
    """Where the file behind the bundled panel came from."""

    title: str
    citation: str
    url: str
    repository: str
    revision: str
    licence: str


@dataclass(frozen=True, config=TABLE)
class Release:
    """One file of a Hub dataset at one revision."""

    repository: str
    """Owner and name of the dataset."""
    revision: str
    """Commit (40 hexadecimal digits), or a branch, a tag or the first digits of a commit."""
    filename: str
    """Path of the file inside the dataset."""
    title: str
    """Name of the dataset; manifests add the file's."""
    citation: str
    url: str
    licence: str
    max_bytes: SomeCount
    """Larger content is refused before it is downloaded."""
    mirrors: tuple[str, ...] = ()
    """Datasets with copies, asked in this order where the first is gone or failing."""
    sha256: str = ""
    """Hash that the content must have, 64 hexadecimal digits; empty where none is known."""

    def at(self, *, revision: str = "", filename: str = "") -> Release:
        """Return the release at another revision or file; empty stands for its own.

        The hash belongs to one revision of one file and is not carried to another.
        """
        other = replace(
            self, revision=revision or self.revision, filename=filename or self.filename
        )
        return self if other == self else replace(other, sha256="")


@dataclass(frozen=True, config=TABLE)
class Snapshots:
    """The weekly snapshots of the Hub."""

    repository: str
    """Owner and name of the dataset."""
    revision: str
    """Commit, 40 hexadecimal digits, or empty for the newest at the first run."""
    since: AnyDay
    until: AnyDay
    """First and last date of the snapshots to read; `date.min` and `date.max` leave an end open."""
    title: str
    citation: str
    url: str
    licence: str
    max_bytes: SomeCount
    """A larger snapshot is refused before it is downloaded."""
