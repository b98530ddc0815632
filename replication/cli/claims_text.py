"""What the command `claim` prints: claims as they stand in the ledger, with the answers of a run."""

from __future__ import annotations

import csv
import textwrap
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from rich.console import Console

from replication import places
from replication.errors import DefinitionError
from replication.plain import plain
from replication.report import claim_text, claims, retelling
from replication.report.claims import Claim

WIDTH = 96
_LABEL = 14
_RULE = 26
_NAME = 31
"""Widths of the column of labels: of a claim, of rules, and of names."""
EXIT_CODES = {retelling.KEEPS: 0, retelling.BREAKS: 1, retelling.UNCLEAR: 2}
_STYLES = {retelling.KEEPS: "green", retelling.BREAKS: "red", retelling.UNCLEAR: "yellow"}
Row = Mapping[str, str]


def listed(folder: Path | None, console: Console) -> None:
    """Print the name of every claim with its statement and its first answer."""
    rows = _answers(folder)
    for name, claim in _ledger().items():
        shown = claim_text.published(claim.value, claim.unit)
        answer = rows[name]["answer"] if name in rows else "no answer yet"
        _print(console, name, f"{claim.statement}: {shown} ({answer})", label_width=_NAME)


def show(name: str, folder: Path | None, console: Console) -> None:
    """Print one claim in full.

    Raises
    ------
    DefinitionError
        The ledger has no claim of that name.
    """
    claim = _claim(name)
    for label, text in _lines(claim, _answers(folder).get(name)):
        if text:
            _print(console, label, text)


def check(sentence: str, name: str, folder: Path | None, console: Console) -> int:
    """Print whether a sentence keeps the definition, and how to put it right; return the exit code.

    Raises
    ------
    DefinitionError
        The ledger has no claim of that name.
    """
    ledger = _ledger()
    found = retelling.check(sentence, ledger, retelling.load())
    if name and _claim(name).id not in found.claims:
        found = retelling.Finding(retelling.UNCLEAR, f"it is not recognised as one about {name}")
    console.print(found.answer, style=_STYLES[found.answer], markup=False)
    for label, text in _found(found):
        _print(console, label, text, label_width=_RULE)
    rows = _answers(folder)
    for one in found.claims:
        if one in rows and rows[one]["estimate"]:
            _print(console, one, _of_ours(rows[one]), label_width=_RULE)
    return EXIT_CODES[found.answer]


def _found(found: retelling.Finding) -> Iterator[tuple[str, str]]:
    """What is said of a sentence, a label and a text each."""
    if found.claims:
        yield "about", ", ".join(found.claims)
    if found.why:
        yield "because", found.why
    for rule in found.broken:
        yield rule.id, f"{rule.reason}. {rule.remedy[0].upper()}{rule.remedy[1:]}."
    for rule in found.notes:
        yield f"note: {rule.id}", f"{rule.reason}. {rule.remedy[0].upper()}{rule.remedy[1:]}."
    if found.corrected:
        yield "put right", found.corrected
    if found.answer == retelling.KEEPS:
        yield "mind", "patterns were looked for; whether the sentence is true was not asked."


def _lines(claim: Claim, row: Row | None) -> Iterator[tuple[str, str]]:
    """A claim and its answers, a label and a text each."""
    yield "claim", claim.id
    yield "claimed", f"{claim.statement}: {claim_text.published(claim.value, claim.unit)}"
    yield "by", claim.source
    yield "retells", claim.retells
    yield "where", claim.url
    yield "read", ", ".join(filter(None, (claim.read, claim.through)))
    yield "period", claim.period
    yield "definition", claim.definition
    yield "denominator", claim.denominator
    if row is None:
        yield "our figure", "none yet: make one with make all, or name a run with --out"
        return
    yield "our figure", claim_text.estimate(row["estimate"], claim.unit)
    yield "range", claim_text.span(row["lower"], row["upper"], claim.unit)
    yield "comes out?", row["answer"]
    yield "survives?", _survives(row)
    yield "why", row["reason"]


def _survives(row: Row) -> str:
    """The second answer, with what turns the first."""
    turned = f": turned by “{row['turned_by']}”" if row["turned_by"] else ""
    return (
        f"{row['survives']}{turned}" if row["survives"] else "not asked, as the first has no answer"
    )


def _of_ours(row: Row) -> str:
    """Our figure of a claim in a line."""
    span = claim_text.span(row["lower"], row["upper"], row["unit"])
    spread = "" if span == "–" else f" ({span})"
    answers = ", ".join(filter(None, (row["answer"], row["survives"])))
    return f"public data: {claim_text.estimate(row['estimate'], row['unit'])}{spread}; {answers}"


def _ledger() -> dict[str, Claim]:
    """The claims by their id."""
    return {claim.id: claim for claim in claims.load(places.PAPER / "claims.toml")}


def _claim(name: str) -> Claim:
    """A claim of the ledger."""
    ledger = _ledger()
    if name not in ledger:
        near = get_close_matches(name, ledger, 1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise DefinitionError(
            f"the ledger has no claim {name!r}",
            f"{hint}list them with: python -m replication claim",
        )
    return ledger[name]


def _answers(folder: Path | None) -> dict[str, Row]:
    """The answers of a run by claim; none where no run has made them.

    Raises
    ------
    DefinitionError
        The folder that was named holds none.
    """
    path = (folder or places.home()) / "results" / "claims.csv"
    if not path.is_file():
        if folder:
            raise DefinitionError(
                f"{folder} holds no results/claims.csv", "name the folder of a run"
            )
        return {}
    with path.open(encoding="utf-8", newline="") as stream:
        return {row["id"]: row for row in csv.DictReader(stream)}


def _print(console: Console, label: str, text: str, *, label_width: int = _LABEL) -> None:
    """Print a label and a text beside it, wrapped."""
    head = f"{label:<{label_width}}" if len(label) < label_width else f"{label} "
    wrapped = textwrap.wrap(
        plain(text),
        WIDTH,
        initial_indent=head,
        subsequent_indent=" " * label_width,
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in wrapped:
        console.print(line, markup=False)
