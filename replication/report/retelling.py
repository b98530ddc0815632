"""Whether a sentence keeps the definition of a published figure, by the rules of data/retelling.toml.

A sentence is about the first subject whose patterns it has, one whose figures it prints before the others.
It keeps the definition where it breaks no rule of that subject. Nothing is understood: a sentence that says
the same in words that no pattern knows is passed, or is said to be none that can be judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import compress
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, model_validator
from pydantic.dataclasses import dataclass as table_class

from replication import places
from replication.definitions import toml_files
from replication.definitions.value_types import TABLE, Flag, UnfitError
from replication.report import claim_text
from replication.report.claims import Claim
from replication.report.sentence import CHINA, USA, Figure, figures, spelled

PATH = places.PACKAGE / "data" / "retelling.toml"
KEEPS, BREAKS, UNCLEAR = "keeps the definition", "does not keep the definition", "cannot tell"
LONGEST = 2_000
"""Letters of a sentence: what is longer is a text, of which each sentence is asked about alone."""
NOT_RECOGNISED = (
    "no published figure of the ledger is recognised in it; say what is counted and of which country, as "
    "“downloads of new Chinese models”, or see what is there: python -m replication claim"
)
TOO_LONG = f"it is longer than the {LONGEST:,} letters of any sentence: ask about each alone"
OWN = "says the opposite of what was published"
OTHER_AHEAD = "what was published has the other country ahead"
_PLACE = re.compile(r"\{(?P<claim>[\w.-]+?)(?P<period>\.period)?\}")


def _compiled(pattern: str) -> str:
    """Accept a regular expression."""
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is no pattern: {error}") from None
    return pattern


Pattern = Annotated[str, AfterValidator(_compiled)]


@table_class(frozen=True, config=TABLE)
class Aside:
    """What is left out of a sentence before it is looked at, and why."""

    found: Pattern
    reason: str


@table_class(frozen=True, config=TABLE)
class Doubt:
    """Sentences of which nothing is said, and why."""

    id: str
    found: Pattern
    reason: str


@table_class(frozen=True, config=TABLE)
class Subject:
    """What a sentence may be about: claims, the words that tell it, and a sentence that keeps them.

    Attributes
    ----------
    about
        Patterns that are all found in such a sentence.
    about_figure
        Patterns that suffice where the sentence prints one of the published figures.
    asserts
        What it must say, so that there is something to judge.
    corrected
        The sentence as it should be; {ID} is a published value and {ID.period} its period.
    China, USA, any
        Claims whose figures belong to either country, or to none.
    """

    id: str
    claims: tuple[str, ...]
    about: tuple[Pattern, ...]
    asserts: Pattern
    corrected: str
    about_figure: tuple[Pattern, ...] = ()
    China: tuple[str, ...] = ()
    USA: tuple[str, ...] = ()
    any: tuple[str, ...] = ()

    @property
    def published(self) -> dict[str, tuple[str, ...]]:
        """Claims with a figure, by country."""
        return {CHINA: self.China, USA: self.USA, "": self.any}


@table_class(frozen=True, config=TABLE)
class Rule:
    """One way of losing the definition: how it is seen, why it matters, and how it is put right."""

    id: str
    subjects: tuple[str, ...]
    reason: str
    remedy: str
    example: str
    kept: str
    found: tuple[Pattern, ...] = ()
    missing: tuple[Pattern, ...] = ()
    unless: tuple[Pattern, ...] = ()
    measured: Flag = False
    note: Flag = False
    ours: Flag = False

    @model_validator(mode="after")
    def _seen(self) -> Rule:
        """Refuse a rule that is seen in no way, or in two."""
        if sum(map(bool, (self.found, self.missing, self.measured))) != 1:
            what = f"rule {self.id} must have one of found, missing and measured"
            raise UnfitError(what, "keep one")
        return self

    def broken_by(self, whole: str, bare: str, measured: set[str]) -> bool:
        """Whether a sentence breaks it: whole, without what is left out, and by its figures."""
        if _any(self.unless, whole):
            return False
        if self.measured:
            return self.id in measured
        if self.missing:
            return not _any(self.missing, whole)
        return _all(self.found, bare)


@table_class(frozen=True, config=TABLE)
class Rules:
    """retelling.toml."""

    aside: tuple[Aside, ...]
    unclear: tuple[Doubt, ...]
    subject: tuple[Subject, ...]
    rule: tuple[Rule, ...]


@dataclass(frozen=True)
class Finding:
    """What is said of a sentence.

    Attributes
    ----------
    answer
        One of `KEEPS`, `BREAKS`, `UNCLEAR` and `OWN`.
    why
        Why nothing can be told; empty else.
    claims
        The claims that it is about, those first of which most is said; no retelling of another.
    broken, notes
        Rules that it breaks, and what it had better say.
    corrected
        The sentence as it should be, of the ledger's figures; empty where it breaks nothing.
    """

    answer: str
    why: str = ""
    claims: tuple[str, ...] = ()
    broken: tuple[Rule, ...] = ()
    notes: tuple[Rule, ...] = ()
    corrected: str = ""


@cache
def load(path: Path = PATH) -> Rules:
    """Read the rules.

    Raises
    ------
    DefinitionError
        The file is not TOML, or has an unknown, missing or wrong key.
    """
    return toml_files.read(Rules, path)


def check(sentence: str, ledger: Mapping[str, Claim], rules: Rules) -> Finding:
    """Say whether a sentence keeps the definition of what it retells.

    Parameters
    ----------
    sentence
        One English sentence, or two that belong together.
    ledger
        The claims by their id.
    rules
        What must be kept.
    """
    whole = spelled(sentence[:LONGEST])
    known = tuple(figures(whole))
    subject = _subject(whole, known, ledger, rules)
    if subject is None or len(sentence) > LONGEST:
        return Finding(UNCLEAR, TOO_LONG if len(sentence) > LONGEST else NOT_RECOGNISED)
    claims = tuple(name for name in subject.claims if ledger[name].retells not in subject.claims)
    for doubt in rules.unclear:
        if re.search(doubt.found, whole):
            return Finding(UNCLEAR, doubt.reason, claims)
    if not re.search(subject.asserts, whole):
        return Finding(UNCLEAR, "it says nothing that was published as a figure", claims)
    bare = whole
    for aside in rules.aside:
        bare = re.sub(aside.found, " ", bare)
    measured = set(_measured(subject, known, ledger))
    own = [r for r in rules.rule if subject.id in r.subjects and r.broken_by(whole, bare, measured)]
    broken = tuple(rule for rule in own if not rule.note)
    notes = tuple(rule for rule in own if rule.note)
    if any(rule.ours for rule in broken) and not _repeats(subject, known, ledger):
        # Figures are measured by what was published; what is left unsaid makes it no other statement.
        unsaid = tuple(rule for rule in broken if rule.missing)
        lost = tuple(rule for rule in broken if rule.found and not rule.ours)
        return Finding(OWN, OTHER_AHEAD, claims, lost, (*unsaid, *notes))
    if not broken:
        return Finding(KEEPS, "", claims, (), notes)
    return Finding(BREAKS, "", claims, broken, notes, filled(subject.corrected, ledger))


def filled(template: str, ledger: Mapping[str, Claim]) -> str:
    """A sentence with the ledger's values and periods put in."""

    def shown(match: re.Match[str]) -> str:
        claim = ledger[match["claim"]]
        if match["period"]:
            return claim_text.period(claim.period)
        return claim_text.published(claim.value, claim.unit)

    return _PLACE.sub(shown, template)


def _any(patterns: tuple[str, ...], text: str) -> bool:
    return any(re.search(pattern, text) for pattern in patterns)


def _all(patterns: tuple[str, ...], text: str) -> bool:
    return all(re.search(pattern, text) for pattern in patterns)


def _subject(
    text: str, known: tuple[Figure, ...], ledger: Mapping[str, Claim], rules: Rules
) -> Subject | None:
    """The subject with the most of the sentence's figures; the first of equals, a plain pair before spring."""
    printed = [sum(_of_subject(f, s, ledger) for f in known) for s in rules.subject]
    about = [
        _all(s.about, text) or bool(count and s.about_figure and _all(s.about_figure, text))
        for s, count in zip(rules.subject, printed, strict=True)
    ]
    likely, scores = [*compress(rules.subject, about)], [*compress(printed, about)]
    if not likely:
        return None
    if max(scores) == 0:
        return next((s for s in likely if s.id != "spring"), None)
    return likely[scores.index(max(scores))]


def _repeats(subject: Subject, known: tuple[Figure, ...], ledger: Mapping[str, Claim]) -> bool:
    """Whether a sentence prints a published figure of its subject, or that was published of it as a lead."""
    shared = any(_of_subject(figure, subject, ledger) for figure in known)
    return shared or any(
        "wrong-figure" not in _of_lead(f, subject, ledger) for f in known if f.lead
    )


def _of_subject(figure: Figure, subject: Subject, ledger: Mapping[str, Claim]) -> bool:
    """Whether a figure is one that was published on the subject."""
    every = [name for names in subject.published.values() for name in names]
    return figure.unit != "points" and _one_of(figure, every, ledger)


def _one_of(
    figure: Figure, names: list[str] | tuple[str, ...], ledger: Mapping[str, Claim]
) -> bool:
    """Whether a figure is the value, rounded or not, of one of some claims."""
    claims = (ledger[name] for name in names)
    return any(_unit(c) == figure.unit and figure.is_of(float(c.value)) for c in claims)


def _unit(claim: Claim) -> str:
    """The kind of a claim's figure, as figures of a sentence have it."""
    return claim.unit if claim.unit in {"percent", "points"} else "count"


def _measured(
    subject: Subject, known: tuple[Figure, ...], ledger: Mapping[str, Claim]
) -> Iterator[str]:
    """Rules that the figures of a sentence break, by their ids."""
    published = subject.published
    every = [name for names in published.values() for name in names]
    if not every:
        yield from ("figure-added" for figure in known if figure.unit == "percent")
        return
    for figure in known:
        if figure.unit == "points" or figure.lead:
            yield from _of_lead(figure, subject, ledger)
            continue
        own = published.get(figure.side, ()) or every
        if not _one_of(figure, own, ledger):
            swapped = _one_of(figure, every, ledger) and bool(published[CHINA] and published[USA])
            yield "sides-swapped" if swapped else "wrong-figure"


def _of_lead(figure: Figure, subject: Subject, ledger: Mapping[str, Claim]) -> Iterator[str]:
    """What is wrong with a distance between two sides."""
    shares = [[float(ledger[n].value) for n in names] for names in (subject.China, subject.USA)]
    leads = [china - usa for china in shares[0] for usa in shares[1]]
    if any(figure.is_of(value) for value in leads):
        if figure.unit == "percent":
            yield "percent-for-points"
    elif any(figure.is_of(value) for values in shares for value in values):
        yield "share-for-lead"
    else:
        yield "wrong-figure"
