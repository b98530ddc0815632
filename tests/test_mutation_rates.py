"""The rates of docs/MUTANTS.md: they follow from what was counted and from the kinds of the survivors."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from bench.mutants import report
from replication.run import ROOT

PAGE = (ROOT / report.PAGE).read_text(encoding="utf-8")
HELD = report.survivors(ROOT)


def rows(text: str) -> dict[str, list[str]]:
    """Cells of the table by package."""
    table = text.partition(report.BEGIN)[2].partition(report.END)[0]
    lines = [line for line in table.splitlines() if line.startswith("|")][2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: row for row in cells}


def copy(folder: Path, survivors: list[list[str]]) -> Path:
    """The committed page beside these survivors."""
    for name in (report.PAGE, report.SURVIVORS):
        (folder / name.parent).mkdir(parents=True, exist_ok=True)
    (folder / report.PAGE).write_text(PAGE, encoding="utf-8")
    with (folder / report.SURVIVORS).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([report.COLUMNS, *survivors])
    return folder


def test_rates_by_hand() -> None:
    """Eight of ten, or of nine: Wilson's intervals are centred on (n p + z²/2) / (n + z²)."""
    counts = ["panel", "99", "5", "10", "8", "1"]
    assert report.rates(counts, 0) == ["80.0%", "49.0% to 94.3%", "0", "80.0%", "49.0% to 94.3%"]
    assert report.rates(counts, 1) == ["80.0%", "49.0% to 94.3%", "1", "88.9%", "56.5% to 98.0%"]


@pytest.mark.parametrize(
    ("found", "equivalent", "of_all", "others"),
    [
        ((90, 90), {}, "every package", "every package"),
        ((89, 90), {}, "beta", "beta"),
        ((89, 90), {"alpha": 2}, "beta", "every package"),
        ((89, 89), {"alpha": 1}, "no package", "no package"),
        ((89, 89), {"alpha": 2}, "no package", "alpha"),
    ],
)
def test_the_sentence_says_which_rate_reaches_the_aim(
    found: tuple[int, int], equivalent: dict[str, int], of_all: str, others: str
) -> None:
    """Of a hundred ninety are enough, and of ninety-eight eighty-nine."""
    counts = [
        [name, "999", "1", "100", str(n), "0"]
        for name, n in zip(("alpha", "beta"), found, strict=True)
    ]
    assert report.aim(counts, equivalent) == (
        f"The aim of 90 % is reached by the rate of all tried in {of_all}, "
        f"and by the rate of the others in {others}."
    )


def test_several_packages_are_named() -> None:
    """With commas and a last "and"."""
    assert report._named(["a", "b", "c"], 4) == "a, b and c"
    assert report._named(["a", "b"], 4) == "a and b"


def test_the_committed_rates_follow_from_the_committed_kinds(tmp_path: Path) -> None:
    """Written again they are the same page, byte for byte."""
    report.tabulate(copy(tmp_path, HELD))
    assert (tmp_path / report.PAGE).read_text(encoding="utf-8") == PAGE


def test_a_survivor_without_a_kind_is_not_equivalent(tmp_path: Path) -> None:
    """Where no kind is known both rates are the same; what was counted stays as it is."""
    report.tabulate(copy(tmp_path, [[*row[:6], "", ""] for row in HELD]))
    found = rows((tmp_path / report.PAGE).read_text(encoding="utf-8"))
    assert [row[:8] for row in found.values()] == [row[:8] for row in rows(PAGE).values()]
    for row in found.values():
        assert row[8] == "0"
        assert row[9:] == row[6:8]


def test_every_survivor_is_there_with_a_known_kind_and_a_reason() -> None:
    """As many as were tried and not found, each of a kind that the page explains."""
    left = {name: int(row[3]) - int(row[4]) for name, row in rows(PAGE).items()}
    assert left == Counter(row[0] for row in HELD)
    for row in HELD:
        assert f"\n| {row[6]} | " in PAGE
        assert row[7]
