"""The registry of developers: which organisation or person stands behind a namespace, and where.

The table is data (replication/data/registry.csv), one row a developer, each with the evidence that
was read for it. It is checked before any use; a malformed row is refused with its line.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path

from replication.errors import RegistryError

DEFAULT = Path(__file__).parents[1] / "data" / "registry.csv"
SECTORS = {"company", "university", "non-profit", "government", "community", "individual"}
BASES = {"headquarters", "lab", "founder", "self-described"}
CONFIDENCE = {"high", "medium", "low", "none"}
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Developer:
    """One row of the registry.

    `country` is an ISO 3166-1 alpha-2 code or one of the classes international, individual and
    unknown; `basis` says what the evidence states; `evidence_url` is empty only for unknown.
    """

    developer: str
    namespaces: tuple[str, ...]
    country: str
    sector: str
    basis: str
    evidence_url: str
    date_read: str
    confidence: str
    note: str


@dataclass(frozen=True)
class Registry:
    """All developers, found by namespace."""

    developers: tuple[Developer, ...]
    by_namespace: Mapping[str, Developer]

    def developer_of(self, namespace: str) -> str:
        """Name of the developer behind `namespace`; the namespace itself where none is known."""
        found = self.by_namespace.get(namespace)
        return found.developer if found else namespace

    def country_of(self, namespace: str) -> str:
        """ISO code or class of the developer behind `namespace`; unknown where none is known."""
        found = self.by_namespace.get(namespace)
        return found.country if found else UNKNOWN


def load(group_of: Mapping[str, str], path: Path = DEFAULT) -> Registry:
    """Read the registry and check every row.

    Parameters
    ----------
    group_of
        Country group of each ISO code and class; a country outside it is refused.
    path
        CSV file with the columns of `Developer`, namespaces separated by blanks.

    Raises
    ------
    RegistryError
        The file cannot be read, or a row is malformed, lacks evidence or claims a namespace that
        another row has. The message names the line.
    """
    owners: dict[str, Developer] = {}
    developers: list[Developer] = []
    for line, cells in _rows(path):
        developer = _developer(cells, f"{path.name}, line {line}", group_of)
        if developer.developer in {d.developer for d in developers}:
            raise _wrong(path, line, f"developer {developer.developer!r} has two rows")
        for namespace in developer.namespaces:
            if namespace in owners:
                other = owners[namespace].developer
                raise _wrong(path, line, f"namespace {namespace!r} belongs to {other!r} already")
            owners[namespace] = developer
        developers.append(developer)
    return Registry(tuple(developers), owners)


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Read (line number, cells) of every row; refuse broken quoting, encoding and width."""
    header = [f.name for f in fields(Developer)]
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            if next(reader, None) != header:
                raise _wrong(path, 1, f"the header must be {','.join(header)}")
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RegistryError(f"cannot read {path.name}: {error}", "save it as UTF-8 CSV") from error
    for line, row in rows:
        if len(row) != len(header):
            raise _wrong(path, line, f"{len(row)} cells where {len(header)} are due")
    return [(line, dict(zip(header, row, strict=True))) for line, row in rows]


def _developer(cells: dict[str, str], where: str, group_of: Mapping[str, str]) -> Developer:
    """Check the cells of one row and make a `Developer` of them."""
    row = Developer(**{**cells, "namespaces": tuple(cells["namespaces"].split())})  # type: ignore[arg-type]
    unknown = row.country == UNKNOWN
    rules = [
        (not any(c[:1] in "=+@\t" for c in cells.values() if c), "a cell starts like a formula"),
        (bool(row.developer.strip()), "developer is empty"),
        (bool(row.namespaces), "namespaces is empty"),
        (all(re.fullmatch(r"[\w.-]+", n) for n in row.namespaces), "a namespace is malformed"),
        (row.country in group_of, f"country {row.country!r} is in no group of study.toml"),
        (row.sector in SECTORS, f"sector {row.sector!r} is not one of {sorted(SECTORS)}"),
        (unknown or row.basis in BASES, f"basis {row.basis!r} is not one of {sorted(BASES)}"),
        (row.confidence in CONFIDENCE, f"confidence {row.confidence!r} is not a known word"),
        (unknown or bool(re.match(r"https?://\S+$", row.evidence_url)), "no evidence_url"),
        (unknown or _is_date(row.date_read), "date_read is not a date"),
        (unknown == (row.confidence == "none"), "confidence none goes with country unknown"),
    ]
    for holds, what in rules:
        if not holds:
            raise RegistryError(
                f"{where}: {what}", "correct the row; see CONTRIBUTING in README.md"
            )
    return row


def _is_date(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _wrong(path: Path, line: int, what: str) -> RegistryError:
    return RegistryError(f"{path.name}, line {line}: {what}", "correct that line")
