"""The driver of `make mutants`: which mutants there are, that they take the place of code, what is written."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

pytest.importorskip("mutmut", reason="make mutants installs mutmut")

from bench.mutants import report
from bench.mutants.__main__ import BUDGET, covering
from bench.mutants.forked import Alone
from bench.mutants.mutate import Mutant, mutants

SOURCE = '''\
from functools import cache

LIMIT = 3


class Sum:
    @cache
    def of(self, a: int, b: int = 2) -> int:
        if a < len([1, 2]):
            return a + b
        return b


def words(x):
    """Doc."""
    return x.replace("a", "b")
'''


def found(tmp_path: Path) -> list[Mutant]:
    """Mutants of the synthetic module."""
    path = tmp_path / "module.py"
    path.write_text(SOURCE, encoding="utf-8")
    return mutants(path)


def test_mutants_are_in_bodies_alone(tmp_path: Path) -> None:
    """Not of constants, decorators, defaults, annotations, docstrings and calls of len."""
    changes = [(m.function, m.statement, m.change()[1]) for m in found(tmp_path)]
    assert changes[:2] == [
        ("Sum.of", (9, 9), "if a <= len([1, 2]):"),
        ("Sum.of", (10, 10), "return a - b"),
    ]
    assert all(name == "words" and "replace(" in after for name, _, after in changes[2:])
    assert ("words", (16, 16), 'return x.replace("a", "XXbXX")') in changes
    assert all(m.change()[0] in SOURCE for m in found(tmp_path))


def test_a_mutant_takes_the_place_of_its_function(tmp_path: Path) -> None:
    """Whatever decorates it, by name and first line."""
    space: dict[str, type] = {}
    path = tmp_path / "module.py"
    mutant = found(tmp_path)[1]
    exec(compile(SOURCE, str(path), "exec"), space)
    function = space["Sum"].__dict__["of"].__wrapped__
    assert (function.__code__.co_qualname, function.__code__.co_firstlineno) == (
        mutant.function,
        mutant.line,
    )
    assert space["Sum"]().of(1) == 3
    function.__code__ = mutant.code()
    assert space["Sum"]().of(1) == -1


def test_a_mutant_meets_the_quickest_tests_of_its_statement(tmp_path: Path) -> None:
    """As far as the budget goes, and one at least."""
    mutant = found(tmp_path)[0]
    lines = {str(mutant.path): {9}}
    known = {
        "slow": Alone(True, BUDGET + 1, lines, {}),
        "quick": Alone(True, 1, {}, lines),
        "quicker": Alone(True, 0.5, lines, lines),
        "beside": Alone(True, 0.1, {str(mutant.path): {10}}, {}),
    }
    assert covering(mutant, known) == ["quicker", "quick"]
    assert covering(mutant, {"slow": known["slow"]}) == ["slow"]
    assert covering(mutant, {"beside": known["beside"]}) == []


def test_a_table_keeps_other_packages_and_explanations(tmp_path: Path) -> None:
    """8 of 10 found, time-outs among them; one of those left is known to be equivalent."""
    (tmp_path / "replication").mkdir()
    path = tmp_path / "replication" / "m.py"
    path.write_text(SOURCE, encoding="utf-8")
    some = mutants(path)
    ends = ["killed"] * 7 + ["timeout", "survived", "survived", "impossible"]
    pairs = [(some[i % len(some)], end) for i, end in enumerate(ends)]
    outcome = report.Outcome("panel", 99, 5, pairs, {m: ["t"] for m in some})
    for name in (report.PAGE, report.SURVIVORS):
        (tmp_path / name.parent).mkdir(parents=True)
    zeta = "| zeta | 7 | 1 | 2 | 1 | 0 |"
    table = f"{report.BEGIN}\n| package |\n| --- |\n| panel | 0 |\n{zeta}\n{report.END}"
    (tmp_path / report.PAGE).write_text(f"a\n{table}\nz", encoding="utf-8")
    kept = next(iter(outcome.survivors(tmp_path)))
    rows = [report.COLUMNS, [*kept, "equivalent", "why"], ["zeta", *kept[1:], "gap", ""]]
    with (tmp_path / report.SURVIVORS).open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    report.write(tmp_path, [outcome])
    text = (tmp_path / report.PAGE).read_text(encoding="utf-8")
    assert "\n| panel | 99 | 5 | 10 | 8 | 1 | 80.0% | 49.0% to 94.3% | 1 | 88.9% | " in text
    assert f"\n{zeta} 50.0% |" in text
    assert (text[0], text[-1]) == ("a", "z")
    with (tmp_path / report.SURVIVORS).open(newline="") as file:
        written = list(csv.reader(file))[1:]
    assert [row for row in written if row[:6] == kept] == [[*kept, "equivalent", "why"]]
    assert [row[6:] for row in written if row[0] == "zeta"] == [["gap", ""]]
    assert len(written) == 3
