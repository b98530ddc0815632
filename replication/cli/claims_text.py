"""What the command `claim` prints: claims as they stand in the ledger, with the answers of a run."""

from __future__ import annotations

import csv
import textwrap
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from rich.console import Console

from replication import places
from replication.errors import ContractError, DefinitionError
from replication.plain import plain
from replication.report import claim_text, claims, retelling, retelling_rules
from replication.report.answers import CONTRADICTED, REPRODUCED
from replication.report.claims import Claim
from replication.report.markdown import host

WIDTH = 96
"""The most letters of a line; a narrower terminal has fewer."""
NO_ANSWER = "no answer yet"
KEPT, LOSES, CANNOT_TELL = 0, 1, 2
"""Exit codes of --check."""
_LABEL = 14
_RULE = 26
_NAME = 31
"""Widths of the column of labels: of a claim, of rules, and of names."""
EXIT_CODES = {
    retelling.KEEPS: KEPT,
    retelling.BREAKS: LOSES,
    retelling.UNCLEAR: CANNOT_TELL,
}
_STYLES = {KEPT: "green", LOSES: "red", CANNOT_TELL: "yellow"}
_READ = (
    "id", "statement", "published", "unit", "estimate", "lower", "upper", "answer", "survives", "turned_by",
    "reason",
)  # fmt: skip
"""Columns of the answers that are shown."""
Row = Mapping[str, str]


def listed(folder: Path | None, console: Console) -> None:
    """Print a line on every claim, under the first answer that it has."""
    rows, ledger = _answers(folder), _ledger()
    groups: dict[str, list[Claim]] = {}
    for name, claim in ledger.items():
        groups.setdefault(rows[name]["answer"] if name in rows else NO_ANSWER, []).append(claim)
    for number, answer in enumerate(sorted(groups, key=_rank)):
        head = f"{answer} ({len(groups[answer])})"
        console.print(f"\n{head}" if number else head, style="bold", markup=False)
        for claim in groups[answer]:
            text = plain(f"{claim.id:<{_NAME}}{_claimed(claim)}")
            console.print(_cut(text, _width(console)), markup=False)
    console.print("\none in full: python -m replication claim ID", markup=False)


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
    """Print what public data say, whether a sentence keeps the definition, and how to put it right.

    Returns
    -------
    int
        The exit code.

    Raises
    ------
    DefinitionError
        The ledger has no claim of that name.
    """
    ledger, rows = _ledger(), _answers(folder)
    found = retelling.check(sentence, ledger, retelling_rules.load())
    if name and _claim(name).id not in _with_retellings(found.claims, ledger):
        found = retelling.Finding(retelling.UNCLEAR, f"it is not recognised as one about {name}")
    said = [sentence_of(rows[one]) for one in found.claims if one in rows]
    answer, code = _answer(found, rows)
    if said:
        _print(console, "", said[0], label_width=0)
    console.print(answer, style=_STYLES[code], markup=False)
    for label, text in _found(found, " ".join(said[:1])):
        _print(console, label, text, label_width=_RULE)
    if code != CANNOT_TELL:
        for one in found.claims[1:]:
            if one in rows and rows[one]["estimate"]:
                _print(console, one, sentence_of(rows[one]), label_width=_RULE)
    return code


def _answer(found: retelling.Finding, rows: Mapping[str, Row]) -> tuple[str, int]:
    """The answer on a sentence and its exit code; one on our own finding depends on the run."""
    if found.answer != retelling.OWN:
        return found.answer, EXIT_CODES[found.answer]
    row = rows.get(found.claims[0])
    if row is None or row["answer"] != CONTRADICTED:
        return f"{retelling.UNCLEAR}: it {found.answer}", CANNOT_TELL
    if found.broken:
        return "the lead is what public data show, but not as this sentence says it", LOSES
    return "this is what public data show", KEPT


def _with_retellings(names: tuple[str, ...], ledger: Mapping[str, Claim]) -> set[str]:
    """Claims with those that repeat one of them."""
    return {*names, *(claim.id for claim in ledger.values() if claim.retells in names)}


def sentence_of(row: Row) -> str:
    """What public data say of a claim, as a sentence."""
    text = claim_text.in_words(row)
    return f"{text[0].upper()}{text[1:]}."


def _found(found: retelling.Finding, ours: str) -> Iterator[tuple[str, str]]:
    """What is said of a sentence, a label and a text each; the one put right is followed by our finding."""
    if found.read_as:
        yield "read as", found.read_as
    if found.why:
        yield "because", found.why
    for rule in found.broken:
        yield rule.id, f"{rule.reason}. {rule.remedy[0].upper()}{rule.remedy[1:]}."
    for rule in found.notes:
        yield f"note: {rule.id}", f"{rule.reason}. {rule.remedy[0].upper()}{rule.remedy[1:]}."
    if found.corrected:
        yield "put right", f"{found.corrected} {ours}".rstrip()
    if found.answer == retelling.KEEPS:
        yield "mind", "patterns were looked for; whether the sentence is true is said above."


def _lines(claim: Claim, row: Row | None) -> Iterator[tuple[str, str]]:
    """A claim and its answers, a label and a text each."""
    yield "claim", claim.id
    yield "claimed", _claimed(claim)
    yield "by", claim.source
    yield "retells", claim.retells
    seen = claim.read != "at second hand" or host(claim.url) in claim.through
    yield "where", claim.url if seen else f"{claim.url} (not read there)"
    yield "read", ", ".join(filter(None, (claim.read, claim.through)))
    yield "period", claim.period
    yield "definition", claim.definition
    yield "denominator", claim.denominator
    if row is None:
        yield "our figure", "none yet: run make all, or name a run with --out"
        return
    unit = " points" if claim.unit == "points" and row["estimate"] else ""
    yield "our figure", f"{claim_text.estimate(row['estimate'], claim.unit)}{unit}"
    yield "range", claim_text.span(row["lower"], row["upper"], claim.unit) + unit
    yield "in words", sentence_of(row)
    yield "comes out?", row["answer"]
    yield "survives?", _survives(row)
    yield "why", row["reason"]


def _survives(row: Row) -> str:
    """The second answer, with what turns the first."""
    turned = f": turned by “{row['turned_by']}”" if row["turned_by"] else ""
    return (
        f"{row['survives']}{turned}" if row["survives"] else "not asked, as the first has no answer"
    )


def _claimed(claim: Claim) -> str:
    """What was published, in a line."""
    return claim_text.claimed({
        "statement": claim.statement, "published": claim.value, "unit": claim.unit
    })  # fmt: skip


def _rank(answer: str) -> int:
    """Where a group of claims stands in the list: those with an answer first."""
    return next((n for n, known in enumerate((CONTRADICTED, REPRODUCED)) if answer == known), 2)


def _cut(text: str, width: int) -> str:
    """A line that is no longer than a width."""
    return text if len(text) <= width else f"{text[: width - 1].rstrip()}…"


def _width(console: Console) -> int:
    """How long a line may be."""
    return min(WIDTH, console.width) if console.is_terminal else WIDTH


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
    ContractError
        The table of answers is not the one that was written.
    """
    path = (folder or places.home()) / "results" / "claims.csv"
    if not path.is_file():
        if folder:
            raise DefinitionError(
                f"{folder} holds no results/claims.csv", "name the folder of a run"
            )
        return {}
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = [*csv.DictReader(stream)]
    except (ValueError, csv.Error):
        rows = []
    if not rows or any(not isinstance(row.get(key), str) for row in rows for key in _READ):
        raise ContractError(f"{path} is damaged", "make it again: make all")
    return {row["id"]: row for row in rows}


def _print(console: Console, label: str, text: str, *, label_width: int = _LABEL) -> None:
    """Print a label and a text beside it, wrapped."""
    head = f"{label:<{label_width}}" if len(label) < label_width or not label else f"{label} "
    wrapped = textwrap.wrap(
        plain(text),
        _width(console),
        initial_indent=head,
        subsequent_indent=" " * label_width,
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in wrapped:
        console.print(line, markup=False)
