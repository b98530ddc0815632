"""Whether a sentence keeps the definition of a published figure, by the rules of data/retelling.toml.

A sentence is about the first subject whose patterns it has, one whose figures it prints before the others.
It keeps the definition where it breaks no rule of that subject. Nothing is understood: a sentence that says
the same in words that no pattern knows is passed, or is said to be none that can be judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import compress

from replication.report import claim_text
from replication.report.claims import Claim
from replication.report.retelling_rules import Headline, Rule, Rules, Subject, all_of
from replication.report.sentence import CHINA, USA, Figure, countries, figures, spelled, with_units

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
    read_as
        What a bare headline is taken to mean; empty where the sentence says it.
    """

    answer: str
    why: str = ""
    claims: tuple[str, ...] = ()
    broken: tuple[Rule, ...] = ()
    notes: tuple[Rule, ...] = ()
    corrected: str = ""
    read_as: str = ""


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
    if len(sentence) > LONGEST:
        return Finding(UNCLEAR, TOO_LONG)
    whole = spelled(sentence)
    headline = rules.headline if rules.headline.fits(whole) else None
    if headline:
        whole = with_units(whole)
    other = next((doubt.reason for doubt in rules.other if doubt.is_of(whole)), "")
    known = tuple(figures(whole))
    subject = None if other else _subject(whole, known, ledger, rules, headline)
    if subject is None:
        return Finding(UNCLEAR, other or NOT_RECOGNISED)
    found = _judged(subject, whole, known, ledger, rules)
    if _named(subject, whole, _printed(subject, known, ledger)):
        return found
    return replace(found, read_as=filled(subject.headline, ledger))


def _judged(
    subject: Subject,
    whole: str,
    known: tuple[Figure, ...],
    ledger: Mapping[str, Claim],
    rules: Rules,
) -> Finding:
    """What is said of a sentence that is about a subject."""
    claims = tuple(name for name in subject.claims if ledger[name].retells not in subject.claims)
    doubt = next((doubt for doubt in rules.unclear if doubt.is_of(whole)), None)
    if doubt:
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


def _subject(
    text: str,
    known: tuple[Figure, ...],
    ledger: Mapping[str, Claim],
    rules: Rules,
    headline: Headline | None,
) -> Subject | None:
    """The subject with the most of the sentence's figures; the first of equals, a plain pair before spring."""
    printed = [_printed(subject, known, ledger) for subject in rules.subject]
    about = [
        _named(s, text, count) or bool(headline and _read_as(s, headline, text, known, ledger))
        for s, count in zip(rules.subject, printed, strict=True)
    ]
    likely, scores = [*compress(rules.subject, about)], [*compress(printed, about)]
    if not likely:
        return None
    if max(scores) == 0:
        return next((s for s in likely if s.id != "spring"), None)
    return likely[scores.index(max(scores))]


def _printed(subject: Subject, known: tuple[Figure, ...], ledger: Mapping[str, Claim]) -> int:
    """How many of a sentence's figures were published on a subject."""
    return sum(_of_subject(figure, subject, ledger) for figure in known)


def _named(subject: Subject, text: str, printed: int) -> bool:
    """Whether a sentence has the words of a subject, of whose figures it prints so many."""
    return all_of(subject.about, text) or bool(
        printed and subject.about_figure and all_of(subject.about_figure, text)
    )


def _read_as(
    subject: Subject,
    headline: Headline,
    text: str,
    known: tuple[Figure, ...],
    ledger: Mapping[str, Claim],
) -> bool:
    """Whether a bare headline has both countries with both figures of a subject, or one beside what is counted."""
    if not subject.headline:
        return False
    own = {
        side: [figure for figure in known if _one_of(figure, names, ledger)]
        for side, names in subject.published.items()
        if side
    }
    if all(own.values()):
        return countries(text) == own.keys()
    beside = any(figure.side == side for side, shares in own.items() for figure in shares)
    return beside and bool(re.search(headline.counted, text))


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
