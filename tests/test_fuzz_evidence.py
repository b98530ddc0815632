"""Ten thousand nearly valid tables of evidence of each kind: read as CONTRIBUTING.md says, or refused."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from fuzzing import (
    HEAVY,
    NUMBERS,
    bent_bytes,
    bent_rows,
    csv_bytes,
    odd_text,
    take_each,
    writes_only_in,
)

from replication.attribution import audit, evidence_csv, registry, rules, scope
from replication.attribution.registry import Registry
from replication.definitions import load_definitions
from replication.errors import RegistryError

GROUP_OF = load_definitions().group_of
Rows = list[list[str]]
WORDS = {
    "registry.csv": [
        *registry.SECTORS,
        *registry.BASES,
        *registry.CONFIDENCE,
        "US",
        "XX",
        "unknown",
    ],
    "namespaces.csv": [*registry.RELATIONS, "2024-01-01", "2025-01-01", ""],
    "rules.csv": [*rules.KINDS, "panel", "hub", "a/*", "*"],
    "tasks.csv": [*scope.TASKS, "a/*"],
    "sampling_frame.csv": ["yes", "no", "0", "1", "0.5", "1e-9", "1.5", "12"],
    "second_coding.csv": ["US", "CN", "unknown", "agreed", "2026-11-23", ""],
}
"""Cells that some column of each table may hold, which a change may put into any other."""


def rows(path: Path) -> Rows:
    """Every row of a table, its header first."""
    with path.open(encoding="utf-8", newline="") as stream:
        return [*csv.reader(stream)]


def developers() -> Rows:
    """Rows of the registry: those that have other namespaces, some with parents, one unknown."""
    header, *every = rows(registry.DEFAULT)
    by_name = {row[0]: row for row in every}
    wanted = [row[1] for row in further()[1:]]
    wanted += [row[0] for row in every if row[2] == "unknown"][:1]
    owned = [row for row in every if row[6]][:2]
    wanted += [name for row in owned for name in (row[0], row[6])]
    return [header, *(by_name[name] for name in dict.fromkeys(wanted))]


def further() -> Rows:
    """A few rows of namespaces.csv."""
    return rows(registry.NAMESPACES)[:6]


def coded() -> tuple[Rows, Rows]:
    """A few rows of the audit: the frame, with units that were not drawn, and the codings."""
    coding, frame = rows(audit.CODING)[:5], rows(audit.FRAME)
    units = {row[0] for row in coding[1:]}
    rest = [row for row in frame[1:] if row[4] == "no"][:2]
    return [frame[0], *(row for row in frame[1:] if row[0] in units), *rest], coding


def maker(name: str, base: Rows) -> Callable[[Random], bytes]:
    """What makes a table that is nearly one of this kind."""

    def odd(r: Random, _: int) -> str:
        return r.choice(WORDS[name]) if r.random() < 0.5 else odd_text(r)

    def make(r: Random) -> bytes:
        data = csv_bytes(bent_rows(r, base, odd))
        return bent_bytes(r, data) if r.random() < 0.2 else data

    return make


def plain_cells(path: Path) -> bool:
    """Whether no cell of a table is a formula, hides a character or breaks its line."""
    return all(c.isprintable() and c[:1] not in set("=+-@") for row in rows(path) for c in row)


def require_registry(found: Registry) -> None:
    """Every namespace has one owner at a time, and every developer a country, or is unknown."""
    for owner in found.developers:
        assert owner.developer
        assert owner.namespaces
        assert owner.country in GROUP_OF
        assert (owner.country == "unknown") == (owner.confidence == "none")
        if owner.country != "unknown":
            assert owner.evidence_url.startswith(("http://", "https://"))
            assert date.fromisoformat(owner.date_read)
        assert bool(owner.alternative_country) == bool(owner.alternative_reason)
        assert not owner.parent or owner.parent in found.by_name
    assert len(found.by_name) == len(found.developers)
    assert len({name.lower() for name in found.tenures}) == len(found.tenures)
    for tenures in found.tenures.values():
        spans = [(t.start, t.end) for t in tenures]
        assert all(a < b for a, b in spans)
        assert all(one[1] <= other[0] for one, other in pairwise(spans))


def try_table(
    folder: Path, name: str, base: Rows, number: int, read: Callable[[Path], object]
) -> None:
    """Take nearly valid tables of one kind from a file of its name."""
    path = folder / name

    def take(data: bytes) -> None:
        path.write_bytes(data)
        read(path)
        assert plain_cells(path)

    with writes_only_in(folder):
        take_each(name, number, maker(name, base), take, name)


@pytest.mark.parametrize("number", NUMBERS)
def test_registry(tmp_path: Path, number: int) -> None:
    """registry.csv beside sound namespaces."""
    beside = tmp_path / "further.csv"
    beside.write_bytes(csv_bytes(further()))

    def read(path: Path) -> None:
        require_registry(registry.load(GROUP_OF, path, beside))

    # A developer that is gone leaves a row of the other table behind, which names this one.
    try_table(tmp_path, "registry.csv", developers(), number, read)


@pytest.mark.parametrize("number", NUMBERS)
def test_namespaces(tmp_path: Path, number: int) -> None:
    """namespaces.csv beside a sound registry."""
    beside = tmp_path / "developers.csv"
    beside.write_bytes(csv_bytes(developers()))

    def read(path: Path) -> None:
        require_registry(registry.load(GROUP_OF, beside, path))

    try_table(tmp_path, "namespaces.csv", further(), number, read)


@pytest.mark.parametrize("number", NUMBERS)
def test_rules(tmp_path: Path, number: int) -> None:
    """rules.csv."""
    header, *every = rows(rules.DEFAULT)
    several = [next(row for row in every if row[1] == kind) for kind in rules.KINDS]

    def read(path: Path) -> None:
        found = rules.load(path)
        assert len({rule.rule for rule in found}) == len(found)
        assert all(rule.kind in rules.KINDS and rule.pattern.count("/") == 1 for rule in found)
        assert all(bool(rule.teacher) == (rule.kind == rules.DISTILLATION) for rule in found)
        assert all(date.fromisoformat(rule.date_read) for rule in found)

    try_table(tmp_path, "rules.csv", [header, *several], number, read)


@pytest.mark.parametrize("number", NUMBERS)
def test_tasks(tmp_path: Path, number: int) -> None:
    """tasks.csv."""

    def read(path: Path) -> None:
        found = scope.load(path)
        assert len({rule.rule for rule in found}) == len(found)
        assert all(rule.task in scope.TASKS and rule.reason and rule.source for rule in found)

    try_table(tmp_path, "tasks.csv", rows(scope.DEFAULT)[:6], number, read)


def cells_of(
    kind: type, checks: Callable[[dict[str, str]], object], path: Path
) -> Sequence[dict[str, str]]:
    """Rows of a table of the audit, each checked."""
    checked = []
    for where, cells in evidence_csv.read_rows(path, [*kind.__annotations__]):
        evidence_csv.require(where, checks(cells))  # type: ignore[arg-type]
        checked.append(cells)
    return checked


@pytest.mark.parametrize("number", NUMBERS)
def test_frame(tmp_path: Path, number: int) -> None:
    """Rows of sampling_frame.csv."""

    def read(path: Path) -> None:
        for cells in cells_of(audit.Unit, audit._frame_checks, path):
            assert 1 <= int(cells["size"]) < 10**18
            assert 0 < float(cells["probability"]) <= 1

    try_table(tmp_path, "sampling_frame.csv", coded()[0], number, read)


@pytest.mark.parametrize("number", NUMBERS)
def test_coding(tmp_path: Path, number: int) -> None:
    """Rows of second_coding.csv."""

    def read(path: Path) -> None:
        for cells in cells_of(audit.Coding, lambda c: audit._checks(c, GROUP_OF), path):
            both = {cells["first_country"], cells["second_country"]}
            assert {*both, cells["resolved_country"]} <= {*GROUP_OF}
            assert cells["resolved_country"] in both
            assert (len(both) == 1) == (cells["resolution"] == "agreed")

    try_table(tmp_path, "second_coding.csv", coded()[1], number, read)


@pytest.mark.slow  # every input is two tables
@pytest.mark.parametrize("number", NUMBERS)
def test_audit(tmp_path: Path, number: int) -> None:
    """The whole audit, with either table changed: just the units that were drawn are coded."""
    frame, coding = coded()
    paths = [tmp_path / name for name in ("sampling_frame.csv", "second_coding.csv")]
    sound = [csv_bytes(frame), csv_bytes(coding)]
    makers = [maker(path.name, base) for path, base in zip(paths, (frame, coding), strict=True)]

    def make(r: Random) -> tuple[int, bytes]:
        which = r.randrange(2)
        return which, makers[which](r)

    def take(given: tuple[int, bytes]) -> None:
        for which, path in enumerate(paths):
            path.write_bytes(given[1] if which == given[0] else sound[which])
        table, codings = audit.load(GROUP_OF, *paths)
        assert set(table.loc[table["sampled"], "unit"]) == set(codings["unit"])
        assert table["unit"].is_unique

    take_each("audit", number // HEAVY, make, take, *(path.name for path in paths))


def test_a_tenure_that_begins_at_the_end_of_time_is_none(tmp_path: Path) -> None:
    """A namespace that is a developer's from the last day on is nobody's on any day."""
    header, first, *_ = further()
    first[header.index("valid_from")], first[header.index("valid_until")] = "9999-12-31", ""
    beside, path = tmp_path / "developers.csv", tmp_path / "namespaces.csv"
    beside.write_bytes(csv_bytes(developers()))
    path.write_bytes(csv_bytes([header, first]))
    with pytest.raises(RegistryError, match="valid_from is not before valid_until"):
        registry.load(GROUP_OF, beside, path)
