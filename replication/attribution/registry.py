"""The registry of developers: which organisation or person stands behind a namespace, and where.

Two tables are data (replication/data): registry.csv has one row a developer with the evidence that
was read for it; namespaces.csv has further namespaces of these developers that need evidence or
dates of their own: older names, aliases, and namespaces that changed hands. Both are checked
before any use; a malformed row is refused with its line. CONTRIBUTING.md says how to add one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

from replication.attribution.evidence_csv import (
    Cells,
    is_date,
    is_partial_date,
    is_url,
    read_rows,
    require,
)
from replication.errors import RegistryError
from replication.names import is_namespace, key

DATA = Path(__file__).parents[1] / "data"
DEFAULT = DATA / "registry.csv"
NAMESPACES = DATA / "namespaces.csv"
SECTORS = ("company", "university", "non-profit", "government", "community", "individual")
BASES = ("headquarters", "lab", "founder", "self-described", "account")
CONFIDENCE = ("high", "medium", "low", "none")
RELATIONS = ("owned", "renamed", "alias", "transferred")
UNKNOWN, INDIVIDUAL = "unknown", "individual"
ALWAYS = ("", "9999-12-31")
_SEE = "see CONTRIBUTING.md"


@dataclass(frozen=True)
class Developer:
    """One row of registry.csv.

    `country` is an ISO 3166-1 alpha-2 code or one of the classes international, individual and
    unknown; `alternative_country` holds those that a careful reader could give instead, with the
    reason; `parent` names another row that owns this one; `basis` says what the evidence states;
    `date_of_copy` is the year, month or day that the page read, or the copy of it, shows.
    """

    developer: str
    namespaces: tuple[str, ...]
    country: str
    alternative_country: tuple[str, ...]
    alternative_reason: str
    sector: str
    parent: str
    basis: str
    evidence_url: str
    date_read: str
    date_of_copy: str
    confidence: str
    note: str


@dataclass(frozen=True)
class Namespace:
    """One row of namespaces.csv: a further namespace of a developer.

    `relation` is owned, renamed (an older name), alias (a name that others use for the developer's
    models, on the Hub or in a data set) or transferred (it changed hands). It is the developer's from `valid_from` until the day before `valid_until`;
    an empty date is no limit.
    """

    namespace: str
    developer: str
    relation: str
    valid_from: str
    valid_until: str
    evidence_url: str
    date_read: str
    note: str


@dataclass(frozen=True)
class Tenure:
    """A span of dates [start, end) in which a namespace is a developer's, and why."""

    start: str
    end: str
    developer: Developer
    why: Namespace | None = None


@dataclass(frozen=True)
class Registry:
    """All developers, found by namespace in any case; the latest tenure of several is last."""

    developers: tuple[Developer, ...]
    tenures: Mapping[str, tuple[Tenure, ...]]

    @cached_property
    def by_name(self) -> dict[str, Developer]:
        """Developers by their name."""
        return {d.developer: d for d in self.developers}

    @cached_property
    def _by_key(self) -> dict[str, tuple[Tenure, ...]]:
        """Tenures by the key of their namespace."""
        return {key(name): tenures for name, tenures in self.tenures.items()}

    def tenure(self, namespace: str, on: str = "") -> Tenure | None:
        """The tenure of `namespace` on a day or month (ISO 8601); the latest where none is given.

        Of several in one month, the first.
        """
        asked = (namespace, on)
        if asked not in self._found:
            self._found[asked] = self._tenure(namespace, on)
        return self._found[asked]

    @cached_property
    def _found(self) -> dict[tuple[str, str], Tenure | None]:
        """What `tenure` found: many tables ask for the same."""
        return {}

    def _tenure(self, namespace: str, on: str) -> Tenure | None:
        """Look a tenure up."""
        tenures = self._by_key.get(key(namespace), ())
        if not on:
            return tenures[-1] if tenures else None
        first = f"{on}-01"[:10]  # a tenure that ends on this day has no day of the month
        return next((t for t in tenures if t.start[: len(on)] <= on and first < t.end), None)

    def find(self, namespace: str, on: str = "") -> Developer | None:
        """The developer behind `namespace` on a day or month; None where none is known."""
        tenure = self.tenure(namespace, on)
        return tenure.developer if tenure else None

    def developer_of(self, namespace: str, on: str = "") -> str:
        """Name of the developer behind `namespace`; the namespace itself where none is known."""
        owner = self.find(namespace, on)
        return owner.developer if owner else namespace

    def country_of(self, namespace: str, on: str = "") -> str:
        """ISO code or class of the developer behind `namespace`; unknown where none is known."""
        owner = self.find(namespace, on)
        return owner.country if owner else UNKNOWN


def load(
    group_of: Mapping[str, str], path: Path = DEFAULT, namespaces: Path | None = None
) -> Registry:
    """Read the registry and check every row.

    Parameters
    ----------
    group_of
        Country group of each ISO code and class; a country outside it is refused.
    path
        registry.csv: the columns of `Developer`, lists separated by blanks.
    namespaces
        namespaces.csv: the columns of `Namespace`. Default: beside `path`, if it is there.

    Raises
    ------
    RegistryError
        A file cannot be read; or a row is malformed, lacks evidence, claims a namespace that
        another row has at the same time, or names a developer or parent that has no row. The
        message names the line and the remedy.
    """
    beside = namespaces or path.parent / NAMESPACES.name
    taken: dict[str, list[tuple[str, Tenure]]] = {}
    developers: dict[str, Developer] = {}
    lines: dict[str, str] = {}
    for where, cells in read_rows(path, [f.name for f in fields(Developer)]):
        row = _developer(where, cells, group_of)
        twice = row.developer not in developers
        require(where, [(twice, f"developer {row.developer!r} has two rows", "join them")])
        developers[row.developer], lines[row.developer] = row, where
        for name in row.namespaces:
            _claim(where, taken, name, Tenure(*ALWAYS, row))
    for where, further in _further(beside) if namespaces or beside.is_file() else ():
        owner = developers.get(further.developer)
        if owner is None:
            what = f"no row of {path.name} is named {further.developer!r}: an orphan"
            raise RegistryError(f"{where}: {what}", "add the developer, or correct its name")
        tenure = Tenure(further.valid_from, further.valid_until or ALWAYS[1], owner, further)
        _claim(where, taken, further.namespace, tenure)
    _check_parents(lines, developers)
    ordered = [sorted(pairs, key=lambda pair: pair[1].start) for pairs in taken.values()]
    tenures = {pairs[-1][0]: tuple(tenure for _, tenure in pairs) for pairs in ordered}
    return Registry(tuple(developers.values()), tenures)


def _claim(where: str, taken: dict[str, list[tuple[str, Tenure]]], name: str, new: Tenure) -> None:
    """Give `name` to a developer, unless it is taken at the same time, in whatever case."""
    for _, old in taken.setdefault(key(name), []):
        if max(old.start, new.start) < min(old.end, new.end):
            owner = old.developer.developer
            raise RegistryError(
                f"{where}: namespace {name!r} belongs to {owner!r} already",
                "give it to one developer, or dates that do not overlap (namespaces.csv)",
            )
    taken[key(name)].append((name, new))


def _check_parents(lines: Mapping[str, str], developers: Mapping[str, Developer]) -> None:
    """Refuse parents that have no row, and chains of parents that lead back."""
    for row in developers.values():
        seen, at = {row.developer}, row
        while at.parent:
            what = f"{lines[at.developer]}: parent {at.parent!r} of {at.developer!r}"
            if at.parent not in developers:
                raise RegistryError(f"{what} has no row", "add the parent, or correct its name")
            if at.parent in seen:
                raise RegistryError(f"{what} leads back to it", "let one of them have no parent")
            seen.add(at.parent)
            at = developers[at.parent]


def _developer(where: str, cells: Cells, group_of: Mapping[str, str]) -> Developer:
    """Check the cells of one row and make a `Developer` of them."""
    lists = {k: tuple(cells[k].split()) for k in ("namespaces", "alternative_country")}
    row = Developer(**{**cells, **lists})  # type: ignore[arg-type]
    require(where, [*_identity(row), *_places(row, group_of), *_evidence(row)])
    return row


def _identity(row: Developer) -> Iterator[tuple[bool, str, str]]:
    """Rules on names."""
    odd = [n for n in row.namespaces if not is_namespace(n)]
    yield bool(row.developer), "developer is empty", "name the organisation or person"
    yield bool(row.namespaces), "namespaces is empty", "name at least one namespace of the Hub"
    yield (
        not odd,
        f"namespace {odd[0]!r} is malformed" if odd else "",
        "write it as in the address of the Hub",
    )
    yield _one_of("sector", row.sector, SECTORS)
    person = row.country != INDIVIDUAL or row.sector in {INDIVIDUAL, "community"}
    yield person, f"an individual of the sector {row.sector}", "give the sector individual"


def _places(row: Developer, group_of: Mapping[str, str]) -> Iterator[tuple[bool, str, str]]:
    """Rules on countries."""
    for code in (row.country, *row.alternative_country):
        known = code in group_of
        remedy = "use ISO 3166-1 alpha-2, international, individual or unknown; a country of no "
        remedy += "group yet goes into definitions.toml first"
        yield known, f"country {code!r} is in no group of definitions.toml", remedy
    differs = row.country not in row.alternative_country
    yield differs, "alternative_country repeats country", "remove it"
    once = len(set(row.alternative_country)) == len(row.alternative_country)
    yield once, "alternative_country names a country twice", "remove one"
    paired = bool(row.alternative_country) == bool(row.alternative_reason)
    yield paired, "alternative_country and alternative_reason go together", "fill both or none"


def _evidence(row: Developer) -> Iterator[tuple[bool, str, str]]:
    """Rules on evidence: it is read, or the row says unknown."""
    none, remedy = row.country == UNKNOWN, f"give what was read, or say unknown; {_SEE}"
    yield _one_of("confidence", row.confidence, CONFIDENCE)
    if none:
        cells = (row.basis, row.evidence_url, row.date_read, row.date_of_copy)
        what = "an unknown country has no basis, evidence_url, date_read or date_of_copy"
        yield not any(cells), what, remedy
    else:
        yield _one_of("basis", row.basis, BASES)
        yield is_url(row.evidence_url), f"no evidence_url: {row.evidence_url!r}", remedy
        yield (
            is_date(row.date_read),
            f"date_read {row.date_read!r} is not a date",
            "write 2026-11-23",
        )
        yield from _copy(row)
    agree = none == (row.confidence == "none")
    yield agree, "confidence none goes with country unknown, and only with it", remedy
    yield bool(row.note), "note is empty", "say in a sentence what the evidence says"


def _copy(row: Developer) -> Iterator[tuple[bool, str, str]]:
    """Rules on the date of the page that was read: known in part or not at all, never later."""
    shown, remedy = repr(row.date_of_copy), "write 2026, 2026-11 or 2026-11-23, or nothing"
    known = not row.date_of_copy or is_partial_date(row.date_of_copy)
    yield known, f"date_of_copy {shown} is not a year, month or day", remedy
    before = row.date_of_copy <= row.date_read
    yield before, f"date_of_copy {shown} is after date_read {row.date_read}", "correct one of them"


def _further(path: Path) -> Iterator[tuple[str, Namespace]]:
    """Read and check namespaces.csv."""
    for where, cells in read_rows(path, [f.name for f in fields(Namespace)]):
        row = Namespace(**cells)
        dates = [d for d in (row.valid_from, row.valid_until) if d]
        ordered = row.valid_from < (row.valid_until or ALWAYS[1])
        require(
            where,
            [
                (
                    is_namespace(row.namespace),
                    "namespace is malformed",
                    "as on the Hub",
                ),
                _one_of("relation", row.relation, RELATIONS),
                (all(map(is_date, dates)), f"{dates} are not dates", "write 2026-11-23 or nothing"),
                (ordered, "valid_from is not before valid_until", "correct the dates"),
                (is_url(row.evidence_url), "no evidence_url", f"give what was read; {_SEE}"),
                (is_date(row.date_read), "date_read is not a date", "write 2026-11-23"),
                (bool(row.note), "note is empty", "say in a sentence what the evidence says"),
            ],
        )
        yield where, row


def _one_of(column: str, value: str, words: Sequence[str]) -> tuple[bool, str, str]:
    """The rule that `value` is one of `words`."""
    return value in words, f"{column} {value!r} is not a known word", f"use {', '.join(words)}"
