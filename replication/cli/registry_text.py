"""`python -m replication who` and `registry`: questions to the registry of developers."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from replication.attribution import assign, audit, registry, rules
from replication.attribution.coverage import missing as missing_rows
from replication.attribution.coverage import of_counts
from replication.attribution.namespace_counts import namespace_counts
from replication.attribution.standing import standing
from replication.attribution.who import Answer, near
from replication.attribution.who import who as answer_to
from replication.attribution.window import Credit
from replication.cli.terminal import shown, table_box
from replication.csv_text import FLOAT_FORMAT
from replication.definitions import Definitions, load_definitions
from replication.definitions.grid import CREDITED
from replication.errors import RegistryError
from replication.files import read_csv
from replication.panel import table as panel
from replication.plain import quantity
from replication.sources import bundled

WIDE = 1000
WRAPPED = 96
"""The most letters of a line on a developer."""


def check(path: Path, console: Console) -> None:
    """Check every table of evidence and say how many rows hold."""
    group_of = load_definitions().group_of
    known = registry.load(group_of, path)
    unknown = sum(d.country == registry.UNKNOWN for d in known.developers)
    doubtful = sum(bool(d.alternative_country) for d in known.developers)
    console.print(
        f"[green]✓[/] {len(known.developers):,} developers with {len(known.tenures):,} namespaces: "
        f"{len(known.developers) - unknown:,} with evidence, {unknown} say unknown, "
        f"{doubtful} have an alternative country"
    )
    if not (path.parent / registry.NAMESPACES.name).is_file():
        console.print(
            f"  there is no {registry.NAMESPACES.name} beside it: older names are unknown"
        )
    ruled = rules.load()
    rules.require_known(ruled, known.tenures)
    rules.require_used(rules.effects(panel.read(bundled.FOLDER).repositories, ruled, []))
    console.print(f"[green]✓[/] {len(ruled)} rules on repositories")
    _, codings = audit.load(group_of)
    console.print(f"[green]✓[/] {len(codings)} developers coded twice")


def coverage(
    data: Path | None, minimum: float, *, evidence: bool, path: Path, console: Console
) -> None:
    """Print how much of a file's downloads the registry covers.

    Raises
    ------
    RegistryError
        A coverage that is asked for is below the minimum, or there is nothing to judge it by.
    """
    known = registry.load(load_definitions().group_of, path)
    rows = of_counts(_counts(data), known)
    columns = ("registered", "evidenced", "organisations_registered", "organisations_evidenced")
    heads = ("row", "evidence", "org. row", "org. ev.")
    table = _table("weight", "total", *heads)
    for _, row in rows.iterrows():
        shares = [f"{row[column]:.2f}" for column in columns]
        table.add_row(shown(row["weight"]), _count(row["total"]), *shares)
    _print(table, console)
    console.print(
        "percent; row: the namespace has a row in the registry; evidence: and the row has evidence;\n"
        "org.: the same of all that the registry does not call an individual's account"
    )
    judged = rows[rows["weight"].str.contains("downloads|increments|cohort", case=False)]
    judged = judged if len(judged) else rows
    column = "organisations_evidenced" if evidence else "organisations_registered"
    judged = judged[judged[column].notna()]
    if judged.empty and minimum > 0:
        what = "the file counts no downloads of organisations, by which coverage is judged"
        raise RegistryError(what, "give a file with such downloads, or ask for no minimum")
    if (judged[column] < minimum).any():
        low = judged.loc[judged[column].idxmin()]
        what = f"{low['weight']}: {low[column]:.2f} % is below the minimum of {minimum:g} %"
        asked = f" --data {data}" if data else ""
        raise RegistryError(what, f"add the namespaces that `registry missing{asked}` lists")


def missing(data: Path | None, most: int, path: Path, console: Console) -> None:
    """Print the work list: what has no row, or no evidence, by downloads."""
    known = registry.load(load_definitions().group_of, path)
    rows = missing_rows(_counts(data), known)
    if rows.empty:
        console.print("every namespace has a row with evidence")
        return
    names = [c for c in rows.columns if c not in {"namespace", "status", "percent"}]
    table = _table("namespace", "status", "%", *names)
    for _, row in rows.head(most).iterrows():
        counts = [f"{row[name]:,.0f}" for name in names]
        table.add_row(shown(row["namespace"]), row["status"], f"{row['percent']:.3f}", *counts)
    _print(table, console)
    console.print(
        f"{quantity(len(rows), 'namespace')}; CONTRIBUTING.md tells how to add or mend a row"
    )


def sample(n: int, seed: int, path: Path, console: Console, *, whole: bool = False) -> None:
    """Print the developers that an audit of the panel draws, as CSV, largest first, or all of them.

    Raises
    ------
    DegenerateDataError
        More are asked for than the panel has.
    """
    definitions = load_definitions()
    known = registry.load(definitions.group_of, path)
    windows = [window.id for window in definitions.windows]
    table = panel.read(bundled.FOLDER).repositories
    rows = audit.sampling_frame(table, known, windows, n, seed)
    if not whole:
        rows = rows[rows["sampled"] == "yes"]
    console.print(rows.to_csv(index=False, float_format=FLOAT_FORMAT), markup=False, end="")


def who(query: str, path: Path, console: Console) -> None:
    """Print who is credited for a namespace or repository under each rule, and why.

    Of a repository that the panel lacks, who stands behind its namespace is said.

    Raises
    ------
    RegistryError
        Nothing is known of the name.
    """
    definitions = load_definitions()
    known, ruled = registry.load(definitions.group_of, path), rules.load()
    table = assign.attributed(
        panel.read(bundled.FOLDER).repositories, known, ruled, definitions.group_of
    )
    windows = [window.id for window in definitions.windows]
    answer = answer_to(query, known, ruled, table, windows)
    meant = {estimand.id: estimand.label for estimand in definitions.estimands}
    for line in _lines(answer, definitions.group_of, meant):
        _print_line(line, console)
    credit = Credit.of(table, known, ruled, definitions.group_of)
    _print_line(_in_window(answer, credit, definitions), console)
    if _is_absent(answer):
        close = sorted(near(answer.query, table["name"]), key=lambda n: not _continues(n, answer))
        listed = f"; did you mean {', '.join(close)}?" if close else ""
        _print_line(f"  no such repository in the panel: {answer.query}{listed}", console)


def _is_absent(answer: Answer) -> bool:
    """Whether a repository was asked for that the panel lacks."""
    return "/" in answer.query and not answer.credits


def _continues(name: str, answer: Answer) -> bool:
    """Whether a name begins with the one that was asked for."""
    return name.casefold().startswith(answer.query.casefold())


def _print_line(line: str, console: Console) -> None:
    """Print a line of the answer, wrapped below its text; an address is never cut."""
    width = min(WRAPPED, console.width) if console.is_terminal else WRAPPED
    labelled = re.match(r"  (?:\S+ {2,}|alternative )", line)
    indent = " " * (labelled.end() if labelled else 4)
    wrapped = textwrap.wrap(
        line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    for part in wrapped:
        console.print(part, markup=False)


def _lines(answer: Answer, group_of: dict[str, str], meant: dict[str, str]) -> Iterator[str]:
    """The answer, line by line."""
    yield answer.query
    if _is_absent(answer):
        yield f"  not in the panel; the uploader's credit is that of {answer.namespace}:"
    if answer.tenure is None:
        yield f"  no row in the registry: {answer.namespace} stands for itself, unattributed"
    else:
        yield from _developer(answer, answer.tenure, group_of)
    if answer.credits:
        yield "  credited under each rule (registry's group; study's group)"
        for credit in answer.credits:
            yield (
                f"    {credit.rule:<11} {credit.namespace}: {credit.developer} "
                f"({credit.registry_group}; {credit.study_group})"
            )
        yield f"    {'split':<11} {_split(*(c.developer for c in answer.credits[:2]))}"
        yield f"    roots by the released file's parents: {answer.traced_origin or 'undocumented'}"
    for rule in answer.rules:
        yield f"  rule {rule.rule} ({rule.kind}): {rule.reason} [{rule.source}, {rule.date_read}]"
    if _is_absent(answer):
        return
    if not answer.downloads:
        yield "  not an uploader of the panel"
    for window, downloads in answer.downloads.items():
        yield f"  {window}: {downloads:,} downloads as uploader ({meant[window]})"


def _in_window(answer: Answer, credit: Credit, definitions: Definitions) -> str:
    """What the tables of the published window say of the developer behind a name."""
    names = ("window_repositories.csv", "window_months.csv")
    repositories, months = (read_csv(bundled.FOLDER / name) for name in names)
    developer = answer.tenure.developer.developer if answer.tenure else answer.namespace
    found = standing(developer, repositories, months, credit, definitions)
    about = definitions.published_window
    what = (
        f"{definitions.young} downloads from {about.start} to {about.end}, credited to "
        f"{CREDITED[about.attribution]}, as far as a public record holds the repositories, gaps filled by rule"
    )
    if found is None:
        return (
            f"  published window: {developer} does not appear in its tables, where uploaders with fewer than "
            f"{about.small_downloads:,} stand together ({what})"
        )
    return (
        f"  published window: {found.downloads:,} downloads of {developer}, {100 * found.of_group:.1f} % "
        f"of those of {found.group} and {100 * found.of_all:.1f} % of all ({what})"
    )


def _split(uploader: str, origin: str) -> str:
    """Who is credited where uploader and origin share."""
    return (
        f"wholly to {uploader}" if uploader == origin else f"half to {uploader}, half to {origin}"
    )


def _developer(answer: Answer, tenure: registry.Tenure, group_of: dict[str, str]) -> Iterator[str]:
    """The registry's row behind a namespace."""
    row, why = tenure.developer, tenure.why
    yield f"  developer   {row.developer} ({row.sector})"
    yield f"  namespaces  {' '.join(row.namespaces)}"
    if why:
        dated = why.valid_from or why.valid_until
        span = f" from {why.valid_from or '…'} until {why.valid_until or '…'}" if dated else ""
        yield f"  {answer.namespace:<11} {why.relation}{span}: {why.note} [{why.evidence_url}]"
    yield f"  country     {row.country} → {group_of[row.country]} ({row.confidence} confidence)"
    if row.alternative_country:
        places = ", ".join(row.alternative_country)
        yield f"  alternative {places}: {row.alternative_reason}"
    for parent in answer.parents:
        yield f"  parent      {parent.developer} ({parent.country})"
    yield f"  why         {row.note}"
    if row.evidence_url:
        dated = f"; dated {row.date_of_copy}" if row.date_of_copy else ""
        yield f"  evidence    {row.evidence_url} ({row.basis}; read {row.date_read}{dated})"


def _counts(data: Path | None) -> pd.DataFrame:
    """Counts of a file, or of the bundled panel."""
    return namespace_counts(data or bundled.FOLDER / "repositories.csv")


def _count(number: float) -> str:
    """A count, in millions where it is large."""
    return f"{number / 1e6:,.1f} M" if number >= 1e6 else f"{number:,.0f}"


def _print(table: Table, console: Console) -> None:
    """Print a table as wide as it is: a number is never cut."""
    width, console.width = console.width, WIDE
    console.print(table, soft_wrap=True)
    console.width = width


def _table(*names: str) -> Table:
    table = Table(box=table_box(), pad_edge=False)
    for number, name in enumerate(names):
        left = number < 1 or name == "status"
        table.add_column(name, justify="left" if left else "right", no_wrap=True)
    return table
