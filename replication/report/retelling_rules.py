"""The rules by which a sentence is judged: the tables of data/retelling.toml."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from pydantic import model_validator
from pydantic.dataclasses import dataclass as table_class

from replication import places
from replication.definitions import toml_files
from replication.definitions.value_types import TABLE, Flag, Pattern, UnfitError
from replication.report.sentence import CHINA, USA

PATH = places.PACKAGE / "data" / "retelling.toml"
_LETTER = re.compile(r"[^\W\d_]")


@table_class(frozen=True, config=TABLE)
class Headline:
    """What a bare headline may consist of.

    Attributes
    ----------
    words
        Patterns of all words that it may have, with blanks between them.
    unless
        What its figures are where they are no shares of the ledger.
    counted
        Words of which one must stand beside a figure that stands alone.
    """

    words: Pattern
    unless: tuple[Pattern, ...]
    counted: Pattern

    def fits(self, text: str) -> bool:
        """Whether a sentence, as `spelled`, has no other word, and figures that may be shares."""
        known = "|".join(self.words.split())
        rest = re.sub(rf"\b(?:{known})(?!'?\w)", " ", text)
        return not _LETTER.search(rest) and not any_of(self.unless, text)


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
    unless: Pattern = ""

    def is_of(self, text: str) -> bool:
        """Whether a sentence is one of them."""
        kept = self.unless and re.search(self.unless, text)
        return not kept and bool(re.search(self.found, text))


@table_class(frozen=True, config=TABLE)
class Subject:
    """What a sentence may be about: claims, the words that tell it, and a sentence that keeps them.

    Attributes
    ----------
    about
        Patterns that are all found in such a sentence.
    about_figure
        Patterns that suffice where the sentence prints one of the published figures.
    headline
        What a bare headline is read as that prints the published figures; empty where none is.
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
    headline: str = ""
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
        if any_of(self.unless, whole):
            return False
        if self.measured:
            return self.id in measured
        if self.missing:
            return not any_of(self.missing, whole)
        return all_of(self.found, bare)


@table_class(frozen=True, config=TABLE)
class Rules:
    """retelling.toml."""

    headline: Headline
    aside: tuple[Aside, ...]
    other: tuple[Doubt, ...]
    unclear: tuple[Doubt, ...]
    subject: tuple[Subject, ...]
    rule: tuple[Rule, ...]


@cache
def load(path: Path = PATH) -> Rules:
    """Read the rules.

    Raises
    ------
    DefinitionError
        The file is not TOML, or has an unknown, missing or wrong key.
    """
    return toml_files.read(Rules, path)


def any_of(patterns: tuple[str, ...], text: str) -> bool:
    """Whether one of some patterns is found."""
    return any(re.search(pattern, text) for pattern in patterns)


def all_of(patterns: tuple[str, ...], text: str) -> bool:
    """Whether all of some patterns are found."""
    return all(re.search(pattern, text) for pattern in patterns)
