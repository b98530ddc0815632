"""``python -m bench.mutants``: how many faults, put into the code at random, the fast tests find."""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from bench.mutants.forked import Alone, Tests
from bench.mutants.mutate import Mutant, mutants
from bench.mutants.report import LEFT, Outcome, write

ROOT = Path(__file__).parents[2]
PACKAGES = ("analysis", "attribution", "inference", "panel")
APART = "whole_hub"
"""SQL makes the panel of the whole Hub; what is left in Python there only joins it."""
ELSEWHERE = re.compile(
    "figure|plots|page|bench|howto|claims|numbers|definitions|hub|snapshots|rebuild$|contract|tables|sql_"
)
"""Tests of pictures, texts, whole runs and the whole Hub run much and say little of one function."""
CACHE = ROOT / "build" / "mutants.pickle"
BUDGET = 4.0
"""Processor seconds of tests that are tried on one mutant."""
HELP = """\
Change one place of the code at a time, by mutmut's operators, and see whether a fast test fails.
Draws a sample of all such mutants in each package, and runs for each the tests that execute the
changed statement, quickest first, until one fails. Writes bench/mutants/survivors.csv and the table
of docs/MUTANTS.md; explanations of survivors that are there already are kept.
"""


def main() -> None:
    """Measure, package by package, and write."""
    options = _options()
    outcomes: list[Outcome] = []

    def work(tests: Tests) -> None:
        known = tests.alone([f"*/replication/{name}/*" for name in PACKAGES], CACHE, text_of_code())
        failed = sorted(name for name, test in known.items() if not test.passed)
        print(f"{len(known)} tests; fail by themselves: {', '.join(failed) or 'none'}", flush=True)
        known = {name: test for name, test in known.items() if test.passed}
        for package in options.packages:
            drawn, everything = sample(package, options.sample, options.seed)
            chosen = {mutant: covering(mutant, known) for mutant in drawn}
            ends = []
            for mutant, end in tests.against(chosen, known):
                ends.append((mutant, end))
                place = f"{mutant.path.relative_to(ROOT)}:{mutant.statement[0]}"
                print(f"{package} {len(ends)}/{len(drawn)} {end} {place}", flush=True)
                if end == LEFT:
                    old, new = mutant.change()
                    print(f"  - {old}\n  + {new}  ({len(chosen[mutant])} tests)", flush=True)
            outcomes.append(Outcome(package, everything, options.seed, ends, chosen))
            write(ROOT, outcomes)

    files = options.tests or about(options.packages)
    apart = [word for name in ("xdist", "cacheprovider") for word in ("-p", f"no:{name}")]
    arguments = [*files, "-m", "not slow", "-s", "--assert=plain", "--tb=no", *apart]
    status = pytest.main(arguments, plugins=[Tests(work, options.jobs)])
    if not outcomes:
        sys.exit(int(status) or 1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.mutants",
        description=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("packages", nargs="*", default=PACKAGES, help=f"of {', '.join(PACKAGES)}")
    parser.add_argument("--sample", type=int, default=150, help="mutants of each package")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another sample")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--tests", nargs="*", help="test files, in place of those of the packages")
    options = parser.parse_args()
    if unknown := set(options.packages) - set(PACKAGES):
        parser.error(f"no package {', '.join(sorted(unknown))}; choose of {', '.join(PACKAGES)}")
    return options


def about(packages: Sequence[str]) -> list[str]:
    """Test files that import one of the packages, without those of `ELSEWHERE`."""
    wanted = re.compile(rf"replication(\.| import .*)({'|'.join(packages)})\b(?!\.{APART})")
    return [
        str(file)
        for file in sorted((ROOT / "tests").glob("test_*.py"))
        if wanted.search(file.read_text(encoding="utf-8")) and not ELSEWHERE.search(file.stem)
    ]


def text_of_code() -> str:
    """Hash of the package and of what tests share: what a test does depends on these and its file."""
    files = sorted([*(ROOT / "replication").rglob("*.py"), *(ROOT / "tests").glob("[!t]*.py")])
    return sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def sample(package: str, size: int, seed: int) -> tuple[list[Mutant], int]:
    """Some mutants of a package, and how many there are."""
    files = sorted((ROOT / "replication" / package).rglob("*.py"))
    everything = [m for file in files if APART not in file.parts for m in mutants(file)]
    chance = random.Random(f"{seed} {package}")  # noqa: S311
    return chance.sample(everything, min(size, len(everything))), len(everything)


def covering(mutant: Mutant, known: Mapping[str, Alone]) -> list[str]:
    """Tests that run the mutant's statement, quickest first, as far as the budget goes."""
    ran = [name for name, test in known.items() if test.runs(mutant)]
    chosen, spent = [], 0.0
    for name in sorted(ran, key=lambda name: (known[name].seconds, name)):
        spent += known[name].seconds
        if chosen and spent > BUDGET:
            break
        chosen.append(name)
    return chosen


if __name__ == "__main__":
    main()
