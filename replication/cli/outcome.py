"""What a person sees after each stage: coverage of the labels, and the verdicts, as tables."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from replication import extent
from replication.cli.terminal import print_table
from replication.files import read_csv, read_json
from replication.kinds import RELEASED, SNAPSHOTS
from replication.plain import plain, quantity

Row = dict[str, str]
COLUMNS = ("claim", "published", "public data", "comes out", "survives")
STYLES = {
    "reproduced": "green",
    "contradicted": "red",
    "not testable with public data": "yellow",
    "not testable with this source": "yellow",
}
"""Colour of an answer on a claim."""
SHOWN = 3
"""Unattributed namespaces that are named; results/unattributed.csv has more."""


def attribution_lines(results: Path) -> Iterator[str]:
    """How much of each estimand the registry credits to a country, and the largest rest."""
    for row in _rows(results / "coverage.csv"):
        if row["labels"] == "registry" and row["attribution"] != "maker":
            yield (
                f"  {row['estimand']}, {row['attribution']}: "
                f"{float(row['attributed_percent']):.1f} % credited to a country, "
                f"{float(row['registered_percent']):.1f} % to a developer of the registry"
            )
    names = [
        r["namespace"]
        for r in _rows(results / "unattributed.csv")
        if r["attribution"] == "uploader"
    ]
    yield f"  largest uploaders without a country: {', '.join(names[:SHOWN]) or 'none'} (results/unattributed.csv)"


def print_verdicts(results: Path, console: Console) -> None:
    """Print the claims that were judged, one a row."""
    from replication.report import claim_text

    rows = [
        (
            r["statement"],
            claim_text.published(r["published"], r["unit"]),
            claim_text.estimate(r["estimate"], r["unit"]),
            r["answer"],
            r["survives"],
        )
        for r in _rows(results / "claims.csv")
        if r["estimate"]
    ]
    print_table(console, COLUMNS, rows, STYLES, right=COLUMNS[1:3])


def extent_lines(results: Path) -> Iterator[str]:
    """Say what snapshots cover where that is not known to be the whole Hub."""
    about = read_json(results / "manifest.json")
    if about["source"] == SNAPSHOTS and not extent.whole(about):
        yield f"  the snapshots hold {extent.in_words(about)}: no claim about the Hub is testable with them"
        if not about.get("extent"):
            yield (
                "  a folder that holds the whole Hub is declared so in the definitions: "
                '[whole_hub] extent = "all"'
            )


def print_outcome(stage: str, results: Path, console: Console) -> None:
    """Print what a person wants to know after `stage` has run."""
    if stage == "fetch":
        for line in source_line(results).splitlines():
            console.print(f"  {plain(line)}", markup=False)
    if stage == "panel" and not math.isnan(peak_mb()):
        console.print(f"  peak memory so far {peak_mb() / 1000:.1f} GB", markup=False)
    if stage == "attribution":
        for line in attribution_lines(results):
            console.print(plain(line), markup=False)
    if stage == "analysis":
        print_verdicts(results, console)
        for line in extent_lines(results):
            console.print(plain(line), markup=False)


def peak_mb() -> float:
    """Peak memory of this process so far, in MB; not a number where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return float("nan")
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10  # bytes there, else kilobytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def source_line(results: Path) -> str:
    """What was read, and why it is believed; in a second line what of the source was not read."""
    from replication.sources import manifest, released

    about = manifest.read(results)
    if about is None:
        return "no manifest"
    if about.source == RELEASED:
        return released.describe(about)
    read = f"{about.title}: {about.filename}, {quantity(about.rows, 'row')}, SHA-256 {about.sha256[:12]}"
    return f"{read}\n{about.left_out}".rstrip()


def _rows(path: Path) -> list[Row]:
    rows: list[Row] = read_csv(path, dtype=str).to_dict("records")
    return rows
