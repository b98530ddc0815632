"""``python -m bench``: measure, print the tables, write the CSV."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from itertools import product
from pathlib import Path

import numpy as np
from rich.console import Console, Group

from bench import attribution, bootstrap, limits, plain_snapshots, snapshots
from bench.measure import COLUMNS, Measured, Row, Work, in_child, table, write

LATEST = Path(__file__).parent / "latest.csv"
HUB_ROWS = 2_000_000
"""Rows of a snapshot of the Hub at the end of the study's window, about."""
APART = 5.0
"""Intervals differ by more Monte-Carlo standard errors than this only if they are not the same."""
HELP = """\
Measure our speed and memory against what one would use instead, at the same work in the same run.
Every piece of work runs in a process of its own; all data are synthetic.

tasks:
  developers   all group shares and the lead, as many developers as in the paper: ours, scipy, arch
  shares       the same of a Hub's repositories, each resampled by itself
  namespaces   the same of a whole Hub, grouped to namespaces, which are resampled
  attribution  lineage to the roots, and rules on names: ours, networkx, pandas
  growth       ours in the number of repositories and of replicates, with fitted powers
  limit        ours against drawing random numbers alone
  profile      where our time goes, in one thread
  snapshots    weekly snapshots of a whole Hub to the panel: ours at three sizes, and plain pandas
"""
EXAMPLES = """\
examples:
  python -m bench                        everything; three minutes on two idle cores
  python -m bench --quick                everything, small: seconds a task, and no measure of speed
  python -m bench --only limit profile   two tasks
  python -m bench snapshots              snapshots alone, at the size of the Hub: half an hour, 6 GB of disk
  python -m bench snapshots --rows 125000 --snapshots 15

`ratio` is the other's seconds over ours. `peak_mb` is the peak memory of our process, with the
interpreter, the libraries and the data. Where the other would take long, it does some of the
replicates, and `extrapolated` says how many; its seconds are then in proportion. Leave the machine
alone meanwhile: what runs beside slows ours, which uses all cores, more than the others.
"""


@dataclass(frozen=True)
class Sizes:
    """How much work there is.

    Attributes
    ----------
    developers, shares
        Developers, and repositories, that are resampled one by one.
    hub, namespaces
        Repositories of a whole Hub, and the namespaces that are resampled.
    replicates
        Replicates B.
    done, slow
        Replicates that scipy and arch do, and that scipy does with one array a group.
    compared, alone
        Repositories of the attribution tasks with another package, and of ours alone.
    rows, weeks
        Rows that a snapshot has on average, and how many snapshots.
    """

    developers: int = 187
    shares: int = 851_000
    hub: int = 3_000_000
    namespaces: int = 500_000
    replicates: int = 10_000
    done: int = 400
    slow: int = 20
    compared: int = 200_000
    alone: int = 3_000_000
    rows: int = 32_000
    weeks: int = snapshots.MOST

    @property
    def growth(self) -> list[int]:
        """Repositories of the growth in n."""
        return sorted({self.shares // 85, self.shares // 8, self.shares, self.hub})


FULL = Sizes()
QUICK = Sizes(187, 8_500, 30_000, 5_000, 1_000, 200, 20, 2_000, 5_000, 1_600, 15)


@dataclass
class Report:
    """Rows of the table, the tables printed below it, and what is wrong."""

    rows: list[Row] = field(default_factory=list)
    tables: list[Group] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Add a row of the main table."""
        self.rows.append(row)


def developers(sizes: Sizes, report: Report) -> None:
    """As many clusters as the paper has, where the others can do all replicates too."""
    all_done = replace(sizes, done=sizes.replicates, slow=sizes.replicates)
    _resampled("developers", sizes.developers, sizes.developers, all_done, report)


def shares(sizes: Sizes, report: Report) -> None:
    """Repositories that are clusters of their own."""
    _resampled("shares", sizes.shares, sizes.shares, sizes, report)


def namespaces(sizes: Sizes, report: Report) -> None:
    """Repositories grouped to namespaces."""
    _resampled("namespaces", sizes.hub, sizes.namespaces, sizes, report)


def _resampled(task: str, n: int, clusters: int, sizes: Sizes, report: Report) -> None:
    """Ours against scipy and arch, with the differences of their intervals."""
    b, differences = sizes.replicates, []
    mine = in_child(bootstrap.ours, n, clusters, b)
    others: list[tuple[str, Work, int]] = [
        ("scipy, one array a group", bootstrap.scipy_columns, sizes.slow),
        ("scipy, bincount", bootstrap.scipy_bincount, sizes.done),
        ("arch, bincount", bootstrap.arch_bincount, sizes.done),
    ]
    for name, work, done in others:
        other = in_child(work, n, clusters, b, done)
        report.add(Row(task, n, clusters, b, *mine.cost, name, other.seconds, _part(done, b)))
        if done < sizes.done:
            continue  # too few to have tails
        far, what = bootstrap.apart(mine.found, other.found)
        differences.append([name, b, done, what, far])
        if far > APART:
            report.wrong.append(f"{task}: {name} gives another interval of {what}")
    title = f"{task}: largest difference of an end of an interval, in Monte-Carlo standard errors"
    columns = ["other", "our replicates", "its replicates", "interval", "difference"]
    report.tables.append(table(title, columns, differences))


def lineage_and_rules(sizes: Sizes, report: Report) -> None:
    """Lineage and rules, compared on some repositories, and ours alone on more."""
    for n, (task, ours, name, theirs) in product(
        (sizes.compared, sizes.alone),
        (
            (
                "lineage to the roots",
                attribution.our_lineage,
                "networkx",
                attribution.networkx_lineage,
            ),
            ("rules on names", attribution.our_rules, "pandas str.match", attribution.pandas_rules),
        ),
    ):
        mine = in_child(ours, n)
        if n != sizes.compared:
            report.add(Row(task, n, None, None, *mine.cost))
            continue
        other = in_child(theirs, n)
        report.add(Row(task, n, None, None, *mine.cost, name, other.seconds))
        if not np.allclose(mine.found, other.found):
            report.wrong.append(f"{task}: {name} finds something else")


def growth(sizes: Sizes, report: Report) -> None:
    """Ours in the number of repositories, and in that of replicates."""
    n, b = sizes.shares, sizes.replicates
    series = {
        "repositories": [(size, b) for size in sizes.growth],
        "replicates": [(n, b // 10), (n, b)],
    }
    powers = []
    for place, (name, steps) in enumerate(series.items()):
        measured = [in_child(bootstrap.ours, size, size, many) for size, many in steps]
        for (size, many), mine in zip(steps, measured, strict=True):
            report.add(Row(f"growth in {name}", size, size, many, *mine.cost))
        sizes_of = [step[place] for step in steps]
        power = limits.exponent(sizes_of, [mine.seconds for mine in measured])
        powers.append([name, sizes_of[0], sizes_of[-1], power])
    title = "growth: the power of their number that our seconds grow with"
    report.tables.append(table(title, ["of", "from", "to", "power"], powers))


def limit(sizes: Sizes, report: Report) -> None:
    """Ours against drawing random numbers alone: its own bits and numbers, and n × B."""
    b, near = sizes.replicates, []
    for n, clusters in ((sizes.shares, sizes.shares), (sizes.hub, sizes.namespaces)):
        mine = in_child(bootstrap.ours, n, clusters, b)
        numbers = {
            "our random bits": (in_child(limits.our_bits, n, clusters, b), "no"),
            "our random numbers": (in_child(limits.our_weights, n, clusters, b), "no"),
            "clusters × replicates": (
                in_child(limits.naive_numbers, clusters, b, sizes.done),
                _part(sizes.done, b),
            ),
        }
        for name, (other, done) in numbers.items():
            row = Row("limit", n, clusters, b, *mine.cost, name, other.seconds, done)
            report.add(row)
            near.append([n, clusters, name, mine.seconds / other.seconds])
    title = "limit: our seconds, all included, as a multiple of drawing random numbers"
    columns = ["repositories", "clusters", "random numbers drawn", "ours takes so many times that"]
    report.tables.append(table(title, columns, near))


def profile(sizes: Sizes, report: Report) -> None:
    """Where our time goes, in one thread."""
    for n, clusters in ((sizes.shares, sizes.shares), (sizes.hub, sizes.namespaces)):
        mine = in_child(limits.profile, n, clusters, sizes.replicates)
        report.add(Row("profile, one thread", n, clusters, sizes.replicates, *mine.cost))
        parts = [[part, s, f"{100 * s / mine.seconds:.1f} %"] for part, s in mine.found.items()]
        title = f"profile: {n:,} repositories, {clusters:,} clusters, one thread"
        report.tables.append(table(title, ["part", "seconds", "of all"], parts))


def weekly(sizes: Sizes, report: Report) -> None:
    """Snapshots of a whole Hub to the panel: ours at three sizes, and plain pandas at one."""
    whole = [in_child(snapshots.whole, sizes.rows // part, sizes.weeks) for part in (16, 4, 1)]
    for mine in whole:
        report.add(Row("snapshots, whole panel", mine.found.rows, None, None, *mine.cost))
    report.tables += _weekly_tables(whole)
    bare = in_child(plain_snapshots.bare, sizes.rows // 4, sizes.weeks)
    report.tables.append(_processor("one statement of DuckDB", whole[1], bare))
    mine, other = (
        in_child(w, sizes.rows // 4) for w in (snapshots.one_window, plain_snapshots.plain)
    )
    report.tables.append(_processor("plain pandas", mine, other))
    n = mine.found.rows
    report.add(Row("snapshots, one window", n, None, None, *mine.cost, "pandas", other.seconds))
    found = [one.found.downloads for one in (mine, other)]
    columns = ["", "rows", "seconds", "peak_mb", "downloads"]
    rows = [
        [name, one.found.rows, one.seconds, one.peak_mb, one.found.downloads]
        for name, one in (("ours", mine), ("pandas", other))
    ]
    report.tables.append(table(f"snapshots: {snapshots.COMPARED.id} alone", columns, rows))
    if not np.isclose(*found, rtol=snapshots.TOLERANCE, atol=0):
        report.wrong.append(f"snapshots: pandas finds {found[1]:,} downloads, ours {found[0]:,}")


def _processor(name: str, mine: Measured, other: Measured) -> Group:
    """Processor seconds of ours and of another at rows of the same snapshots."""
    ours, others = mine.found.cpu_s, other.found.cpu_s
    rows = [[name, mine.found.rows, ours, others, ours / max(others, 1e-9)]]
    columns = ["compared with", "rows", "our cpu_s", "its cpu_s", "ours takes so many times that"]
    return table("snapshots: processor seconds", columns, rows)


def _weekly_tables(whole: Sequence[Measured]) -> list[Group]:
    """What each size took, the powers of its growth, and where the time of the largest goes."""
    found = [one.found for one in whole]
    columns = ["rows", "snapshots", "rows each", "repositories", "extract_s", "rows/s", "panel_s",
               "rows/s", "all_s", "extract_mb", "peak_mb", "extracts on disk_mb", "disk_mb"]  # fmt: skip
    rows = [
        [f.rows, f.snapshots, f.rows // f.snapshots, f.repositories, f.extract_s,
         f.rows / f.extract_s, f.panel_s, f.rows / f.panel_s, one.seconds, f.extract_mb,
         one.peak_mb, f.kept_mb, f.disk_mb]
        for one, f in zip(whole, found, strict=True)
    ]  # fmt: skip
    sizes = [f.rows for f in found]
    powers = [
        [name, sizes[0], sizes[-1], limits.exponent(sizes, [getattr(f, name) for f in found])]
        for name in ("extract_s", "panel_s")
    ]
    last = whole[-1]
    parts = [[name, s, f"{100 * s / last.seconds:.1f} %"] for name, s in last.found.parts.items()]
    return [
        table("snapshots to the whole panel; memory is the peak up to there", columns, rows),
        table("snapshots: the power of the rows that our seconds grow with",
              ["of", "from", "to", "power"], powers),
        table("snapshots: where the time of the largest goes", ["part", "seconds", "of all"], parts),
    ]  # fmt: skip


def _part(done: int, replicates: int) -> str:
    return "no" if done == replicates else f"from {done} replicates"


TASKS: dict[str, Callable[[Sizes, Report], None]] = {
    "developers": developers,
    "shares": shares,
    "namespaces": namespaces,
    "attribution": lineage_and_rules,
    "growth": growth,
    "limit": limit,
    "profile": profile,
    "snapshots": weekly,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the tasks asked for; 1 where two packages disagree on an interval, else 0."""
    asked = _parser().parse_args(arguments)
    report, sizes = Report(), QUICK if asked.quick else FULL
    tasks = asked.only or TASKS
    if asked.command:
        sizes, tasks = replace(sizes, rows=asked.rows, weeks=asked.snapshots), [asked.command]
    machine = _machine()
    for task in tasks:
        print(f"{task} (synthetic data)", file=sys.stderr, flush=True)
        TASKS[task](sizes, report)
    console = Console(width=150)
    rows = [row.values() for row in report.rows]
    console.print(table("synthetic data; " + machine, COLUMNS, rows), *report.tables, sep="\n")
    write(report.rows, asked.out)
    for wrong in report.wrong:
        print(f"error: {wrong}", file=sys.stderr)
    return int(bool(report.wrong))


def _parser() -> argparse.ArgumentParser:
    as_written = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        "python -m bench", None, HELP, EXAMPLES, formatter_class=as_written
    )
    parser.add_argument("--quick", action="store_true", help="small sizes: to see that it works")
    parser.add_argument("--only", nargs="+", choices=TASKS, metavar="TASK", help="these tasks only")
    parser.add_argument("--out", type=Path, default=LATEST, help="the CSV to write (%(default)s)")
    _add_snapshots(parser)
    return parser


def _add_snapshots(parser: argparse.ArgumentParser) -> None:
    """The command of one task that has sizes of its own."""
    commands = parser.add_subparsers(dest="command", metavar="snapshots")
    one = commands.add_parser("snapshots", help="snapshots alone, at the size of the Hub")
    one.add_argument("--rows", type=int, default=HUB_ROWS, help="of a snapshot (%(default)s)")
    one.add_argument(
        "--snapshots",
        type=int,
        default=snapshots.MOST,
        choices=range(2, snapshots.MOST + 1),
        metavar="N",
        help="evenly over the study's window (%(default)s)",
    )


def _machine() -> str:
    """What the measurements depend on."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "arch"))
    return (
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before, "
        f"Python {platform.python_version()}, {packages}"
    )


if __name__ == "__main__":
    sys.exit(main())
