"""What came of it: the table of docs/MUTANTS.md, and the survivors with what explains each.

The table has what was counted, and two rates of it: of all that were tried, and of those that are not
equivalent. After a kind is written into survivors.csv,

    python -m bench.mutants.report

writes the rates again, without a measurement.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scipy.stats import binomtest

from replication.plain import listed

if TYPE_CHECKING:  # which needs mutmut
    from bench.mutants.mutate import Mutant

PAGE = Path("docs", "MUTANTS.md")
SURVIVORS = Path("bench", "mutants", "survivors.csv")
COLUMNS = ["package", "file", "function", "before", "after", "tests", "kind", "reason"]
BEGIN, END = "<!-- rates: written by make mutants -->", "<!-- end of rates -->"
COUNTED = ["package", "mutants there are", "seed", "tried", "found", "by time-out"]
"""Columns of the table that a measurement gives."""
RATES = ["rate of all tried", "95 % interval", "equivalent", "rate of the others", "95 % interval"]
"""Columns that follow from these and from the kinds of the survivors."""
LEFT, EQUIVALENT = "survived", "equivalent"
AIM = 0.9


@dataclass(frozen=True)
class Outcome:
    """A package's mutants: how many there are, the seed of the sample, each one's end and tests."""

    package: str
    everything: int
    seed: int
    ends: Sequence[tuple[Mutant, str]]
    tests: Mapping[Mutant, Sequence[str]]

    def counts(self) -> list[str]:
        """Cells of `COUNTED`: mutants that do not compile are none."""
        count = Counter(end for _, end in self.ends)
        n = len(self.ends) - count["impossible"]
        numbers = self.everything, self.seed, n, n - count[LEFT], count["timeout"]
        return [self.package, *map(str, numbers)]

    def survivors(self, root: Path) -> Iterator[list[str]]:
        """Rows of the CSV, without explanations."""
        for mutant, end in self.ends:
            if end == LEFT:
                file = mutant.path.relative_to(root / "replication").as_posix()
                number = str(len(self.tests[mutant]))
                yield [self.package, file, mutant.function, *mutant.change(), number]


def write(root: Path, outcomes: Sequence[Outcome]) -> None:
    """Replace what is known of these packages; explanations of survivors stay."""
    held = survivors(root)
    why = {tuple(row[:5]): row[6:] for row in held}
    measured = {outcome.package for outcome in outcomes}
    rows = [row for row in held if row[0] not in measured]
    for outcome in outcomes:
        rows += [[*row, *why.get(tuple(row[:5]), ["", ""])] for row in outcome.survivors(root)]
    with (root / SURVIVORS).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *sorted(rows)])
    tabulate(root, outcomes)


def survivors(root: Path) -> list[list[str]]:
    """Rows of the CSV."""
    with (root / SURVIVORS).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def tabulate(root: Path, outcomes: Sequence[Outcome] = ()) -> None:
    """Write the table from its own counts, or those of new outcomes, and from the survivors' kinds."""
    text = (root / PAGE).read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    old, _, after = rest.partition(END)
    lines = [line for line in old.splitlines() if line.startswith("|")][2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    counts = {row[0]: row[: len(COUNTED)] for row in cells}
    counts |= {outcome.package: outcome.counts() for outcome in outcomes}
    same = Counter(row[0] for row in survivors(root) if row[6] == EQUIVALENT)
    head = [COUNTED + RATES, ["---"] * len(COUNTED + RATES)]
    rows = [counts[name] + rates(counts[name], same[name]) for name in sorted(counts)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in head + rows)
    said = aim(counts.values(), same)
    (root / PAGE).write_text(f"{before}{BEGIN}\n{table}\n\n{said}\n{END}{after}", encoding="utf-8")


def rates(counts: Sequence[str], equivalent: int) -> list[str]:
    """Cells of `RATES`: how many were found of all, and of those that are not equivalent."""
    tried, found = int(counts[3]), int(counts[4])
    return [*_rate(found, tried), str(equivalent), *_rate(found, tried - equivalent)]


def _rate(found: int, n: int) -> tuple[str, str]:
    low, high = binomtest(found, n).proportion_ci(method="wilson")
    return f"{found / n:.1%}", f"{low:.1%} to {high:.1%}"


def aim(counts: Iterable[Sequence[str]], equivalent: Mapping[str, int]) -> str:
    """Sentence that says in which packages either rate reaches the aim."""
    every = [(name, int(tried), int(found)) for name, _, _, tried, found, _ in sorted(counts)]
    of_all = [name for name, tried, found in every if found >= AIM * tried]
    others = [name for name, n, found in every if found >= AIM * (n - equivalent.get(name, 0))]
    return (
        f"The aim of {100 * AIM:.0f} % is reached by the rate of all tried in {_named(of_all, len(every))}, "
        f"and by the rate of the others in {_named(others, len(every))}."
    )


def _named(packages: Sequence[str], every: int) -> str:
    if len(packages) in {0, every}:
        return "every package" if packages else "no package"
    return listed(packages)


if __name__ == "__main__":
    tabulate(Path(__file__).parents[2])
