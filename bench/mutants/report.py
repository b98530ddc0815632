"""What came of it: the table of docs/MUTANTS.md, and the survivors with what explains each."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scipy.stats import binomtest

from bench.mutants.mutate import Mutant

PAGE = Path("docs", "MUTANTS.md")
SURVIVORS = Path("bench", "mutants", "survivors.csv")
COLUMNS = ["package", "file", "function", "before", "after", "tests", "kind", "reason"]
BEGIN, END = "<!-- rates: written by make mutants -->", "<!-- end of rates -->"
LEFT = "survived"


@dataclass(frozen=True)
class Outcome:
    """A package's mutants: how many there are, the seed of the sample, each one's end and tests."""

    package: str
    everything: int
    seed: int
    ends: Sequence[tuple[Mutant, str]]
    tests: Mapping[Mutant, Sequence[str]]

    def rate(self) -> list[str]:
        """Row of the table: mutants that do not compile are none."""
        count = Counter(end for _, end in self.ends)
        n = len(self.ends) - count["impossible"]
        found = n - count[LEFT]
        low, high = binomtest(found, n).proportion_ci(method="wilson")
        shares = f"{found / n:.1%}", f"{low:.1%} to {high:.1%}"
        return [
            self.package,
            *map(str, (self.everything, self.seed, n, found, count["timeout"])),
            *shares,
        ]

    def survivors(self, root: Path) -> Iterator[list[str]]:
        """Rows of the CSV, without explanations."""
        for mutant, end in self.ends:
            if end == LEFT:
                file = mutant.path.relative_to(root / "replication").as_posix()
                number = str(len(self.tests[mutant]))
                yield [self.package, file, mutant.function, *mutant.change(), number]


def write(root: Path, outcomes: Sequence[Outcome]) -> None:
    """Replace the table, and the survivors of these packages; explanations stay."""
    with (root / SURVIVORS).open(encoding="utf-8", newline="") as file:
        held = list(csv.reader(file))[1:]
    why = {tuple(row[:5]): row[6:] for row in held}
    measured = {outcome.package for outcome in outcomes}
    rows = [row for row in held if row[0] not in measured]
    for outcome in outcomes:
        rows += [[*row, *why.get(tuple(row[:5]), ["", ""])] for row in outcome.survivors(root)]
    with (root / SURVIVORS).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *sorted(rows)])
    text = (root / PAGE).read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    old, _, after = rest.partition(END)
    lines = {line.split("|")[1].strip(): line for line in old.splitlines() if line.startswith("|")}
    lines |= {outcome.package: f"| {' | '.join(outcome.rate())} |" for outcome in outcomes}
    head = [lines.pop("package"), lines.pop("---")]
    table = "\n".join([*head, *(lines[name] for name in sorted(lines))])
    (root / PAGE).write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")
