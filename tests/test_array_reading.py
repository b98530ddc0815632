"""Extracts that differ from reading to reading: both ways of the whole Hub read the same of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from both_ways import compare
from hub_rows import WINDOWS, Rows, Snapshots, definitions, hub, snapshots, write

from replication.panel.whole_hub.arrays import known, reading, repositories
from replication.panel.whole_hub.arrays.known import Known
from replication.panel.whole_hub.arrays.reading import Extract, as_text, digits

Change = Callable[[int, Rows], Rows]
FEW = 5
"""Rows of a row group."""


def number_of(row: dict[str, object]) -> int:
    """The number of a repository."""
    return int(str(row["repository"])[-8:], 16)


def spread() -> Snapshots:
    """Snapshots whose ids were made at a second each, several of them at the same."""
    contents = snapshots(hub())
    for rows in contents.values():
        for row in rows:
            number = number_of(row)
            row["repository"] = f"{number // 3:08x}{number * 7919 % 977:08x}{number:08x}"
        rows.sort(key=lambda row: (str(row["repository"])[:8], str(row["repository"])[16:]))
    return contents


def changed(contents: Snapshots, change: Change) -> Snapshots:
    """The rows of every snapshot, changed."""
    return {label: change(n, rows) for n, (label, rows) in enumerate(contents.items())}


def without_names(n: int, rows: Rows) -> Rows:
    """No name at some readings, none at the last ones, or none at all; other names and parents at each."""
    for row in rows:
        number = number_of(row)
        row["parents"] = None if (n + number) % 5 == 0 else f"parent/{n}"
        row["name"] = f"maker-{number}/name-{n // 9}"
        if (n + number) % 3 == 0 or (number % 4 == 1 and n > 20) or number % 7 == 0:
            row["name"] = None
    return rows


def coming_back(n: int, rows: Rows) -> Rows:
    """Repositories that are missing for some readings, others that are gone, and others that come late."""
    return [
        row
        for row in rows
        if (n // 3 + number_of(row)) % 4
        and not (number_of(row) % 6 == 0 and n > 22)
        and not (number_of(row) % 6 == 1 and n < 9)
    ]


def very_large(n: int, rows: Rows) -> Rows:
    """Counts of more than 32 bits at the first readings, and just fewer at all."""
    for row in rows:
        number = number_of(row)
        if row["counter"] is not None:
            row["counter"] += (1 << 33) * (number % 3 == 1 and n < 18) + ((1 << 31) - 4000)
        row["rolling"] += (1 << 32) * (number % 5 == 1 and n == 3) + ((1 << 31) - 1) * (number == 2)
    return rows


def without_counts(n: int, rows: Rows) -> Rows:
    """Readings of which no row has a count, and rows without one or the other."""
    for row in rows:
        if n in {4, 21} or (n + number_of(row)) % 6 == 0:
            row["rolling"] = None
        if n == 25 or (n + number_of(row)) % 9 == 0:
            row["counter"] = None
    return rows


def undated(n: int, rows: Rows) -> Rows:
    """Moments of creation that differ from reading to reading, or are not there."""
    for row in rows:
        row["created"] = None if (n + number_of(row)) % 4 == 0 else row["created"] + 3600 * (n % 5)
    return rows


CHANGES = [without_names, coming_back, very_large, without_counts, undated]


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_differs_from_reading_to_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Change
) -> None:
    """Names, presence, dates and counts are those of the same readings in both ways, in any number of ranges."""
    monkeypatch.setattr(repositories, "BLOCK", 7)
    monkeypatch.setattr(reading, "RANGE_ROWS", 2 * FEW)
    monkeypatch.setattr(known, "_STEP", 4)
    files = write(tmp_path / "extracts", changed(spread(), change))
    for path in files.values():
        pq.write_table(pq.read_table(path), path, row_group_size=FEW)
    assert len(reading.ranges([Extract(path) for path in files.values()])) > 1
    compare(files, definitions(WINDOWS), tmp_path)


def reversed_groups(n: int, rows: Rows) -> Rows:
    """In every other extract each row group backwards."""
    if n % 2:
        return rows
    parts = [rows[at : at + FEW] for at in range(0, len(rows), FEW)]
    return [row for part in parts for row in reversed(part)]


def overlapping_groups(n: int, rows: Rows) -> Rows:
    """In some extracts row groups that hold ids between those of others."""
    return rows if n % 3 else rows[::2] + rows[1::2]


def copies_across_groups(n: int, rows: Rows) -> Rows:
    """Copies of the last row of a row group at the head of the next one, with other texts and counts."""
    out = []
    for row in rows:
        out.append(row)
        if n % 4 != 1 and len(out) % FEW == 0:
            older = {"rolling": (row["rolling"] or 0) // 2, "name": f"a/{n}", "parents": "z/z"}
            out.append(row | older)
    return out


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [reversed_groups, overlapping_groups, copies_across_groups],
    ids=lambda change: change.__name__,
)
def test_rows_of_row_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Change
) -> None:
    """Row groups out of order, that overlap, or that share an id, are read as one table is."""
    monkeypatch.setattr(reading, "RANGE_ROWS", 2 * FEW)
    files = write(tmp_path / "extracts", changed(spread(), change))
    for path in files.values():
        pq.write_table(pq.read_table(path), path, row_group_size=FEW)
    tables = compare(files, definitions(WINDOWS), tmp_path)
    copies = int(tables["movers"]["n_copies"].sum())
    assert (copies > 0) == (change is copies_across_groups)


def ids(*numbers: int) -> np.ndarray:
    """Digits of ids."""
    return digits(pa.array([f"{n:024x}" for n in numbers], pa.string()))


def numbers(found: Known, *some: int) -> list[int] | None:
    """Numbers of ids."""
    met = found.met(ids(*some))
    return None if met is None else met.tolist()


def test_numbers_of_ids() -> None:
    """An id keeps its number; a new one gets the next, wherever it stands."""
    found = Known()
    met = [(2, 4, 9), (2, 4, 9), (1, 2, 3, 9, 12), (4, 9, 12), ()]
    expected = [[0, 1, 2], [0, 1, 2], [3, 0, 4, 2, 5], [1, 2, 5], []]
    assert [numbers(found, *some) for some in met] == expected
    number, digits_ = found.in_order(np.array([True, False, True, True, True, True]))
    assert number.tolist() == [3, 0, 4, 2, 5]
    assert as_text(digits_).to_pylist() == [f"{n:024x}" for n in (1, 2, 3, 9, 12)]


@pytest.mark.parametrize("bad", [(4, 2), (2, 2), (2, 3, 3), (3, 1), (5, 4), (9, 10, 9), (1, 1)])
def test_ids_out_of_order(bad: tuple[int, ...]) -> None:
    """Ids that do not rise are not numbered, whether they are known or new."""
    found = Known()
    found.met(ids(2, 4, 9))
    assert numbers(found, *bad) is None
    assert len(found.number) == 3


def test_ids_that_count_up_in_the_middle() -> None:
    """Ids are told apart by all their digits, and stand in the order of the outer ones first."""
    found = Known()
    texts = [f"{1:08x}{middle:08x}{5:08x}" for middle in (1, 2, 3)]
    met = [found.met(digits(pa.array(some))) for some in (texts[::2], texts)]
    assert [some.tolist() for some in met if some is not None] == [[0, 1], [0, 2, 1]]


def test_an_extract_reads_parents_where_they_are_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parents are read of the readings at which repositories were last read, and of no other."""
    files = write(tmp_path / "extracts", snapshots(hub()))
    extracts = [Extract(path) for path in files.values()]
    read: list[int] = []
    column = Extract.column

    def noted(extract: Extract, group: int, name: str) -> pa.Array:
        if name == "parents":
            read.append(extracts.index(extract))
        return column(extract, group, name)

    monkeypatch.setattr(Extract, "column", noted)
    found = repositories.laid_out(extracts, list(range(len(files))), 0, tmp_path, lambda _: None)
    assert set(read) == {len(files) - 1}
    assert len(found.facts) == len(hub())
