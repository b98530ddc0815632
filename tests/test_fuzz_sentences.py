"""Ten thousand sentences, dates and numbers of readers: answered, and never more than is known."""

from __future__ import annotations

import json
import math
from datetime import date
from random import Random

import pytest
from fuzzing import NUMBERS, bent_text, bounded, odd_text, odd_value, take_each

from replication import places
from replication.attribution import evidence_csv
from replication.errors import DefinitionError, ReplicationError
from replication.plain import plain, plain_lines
from replication.report import claims, retelling, retelling_rules, sentence
from replication.report.number_formats import FORMATS

LEDGER = {one.id: one for one in claims.load(places.PAPER / "claims.toml")}
RULES = retelling_rules.load()
SENTENCES = (
    "Chinese open models made up 17.1% of downloads in the past year, surpassing the US share of 15.8 percent.",
    "Over the year to August 2025, China led the USA by 1.3 points among new models on Hugging Face.",
    "Qwen and DeepSeek account for the vast majority of China\u2019s share.",
    "One in six downloads of open models is of a Chinese model.",
    "China overtakes US: 17.1% vs 15.8%",
    *(rule.example for rule in RULES.rule[:12]), *(rule.kept for rule in RULES.rule[:12]),
)  # fmt: skip


def bent_sentence(r: Random) -> str:
    """A sentence with letters or words changed, two of them on end, or one many times over."""
    words = r.choice(SENTENCES).split(" ")
    for _ in range(r.choice([0, 1, 1, 2, 4])):
        place = r.randrange(len(words))
        other = r.choice(r.choice(SENTENCES).split(" "))
        words[place : place + r.choice([0, 1, 1, 2])] = [r.choice([other, odd_text(r)[:200]])]
        words = words or [""]
    text = " ".join(words)
    return bent_text(r, text)[:2_000] if r.random() < 0.4 else text


@pytest.mark.parametrize("number", NUMBERS)
def test_sentences(number: int) -> None:
    """A sentence that breaks a rule is put right, and the sentence put right breaks none."""

    def take(text: str) -> None:
        found = retelling.check(text, LEDGER, RULES)
        assert found.answer in {retelling.KEEPS, retelling.BREAKS, retelling.UNCLEAR, retelling.OWN}
        assert bool(found.corrected) == (found.answer == retelling.BREAKS)
        assert (found.answer == retelling.BREAKS) <= bool(found.broken)
        assert not (found.answer == retelling.KEEPS and found.broken)
        assert set(found.claims) <= set(LEDGER)
        assert "{" not in found.corrected
        for figure in sentence.figures(sentence.spelled(text)):
            assert figure.value >= 0
            assert figure.side in {"", sentence.CHINA, sentence.USA}
        if found.answer == retelling.UNCLEAR:
            raise DefinitionError(found.why, "say more")

    take_each("sentence", number, bent_sentence, take)


@pytest.mark.parametrize(
    "text", ["17 % " * 20_000, "china " * 50_000, "a" * 300_000, "led by " * 30_000, "9" * 300_000]
)
def test_a_text_is_no_sentence(text: str) -> None:
    """Of what is longer than any sentence nothing is said, at once."""
    with bounded():
        found = retelling.check(text, LEDGER, RULES)
    assert found.answer == retelling.UNCLEAR
    assert found.why in {retelling.TOO_LONG, retelling.NOT_RECOGNISED}


def test_a_sentence_that_goes_on_for_ever_is_too_long() -> None:
    """One that would be judged is not, where more follows than is read."""
    assert retelling.check(SENTENCES[0], LEDGER, RULES).answer != retelling.UNCLEAR
    found = retelling.check(SENTENCES[0] + " x" * retelling.LONGEST, LEDGER, RULES)
    assert (found.answer, found.why) == (retelling.UNCLEAR, retelling.TOO_LONG)


@pytest.mark.parametrize("number", NUMBERS)
def test_dates_and_addresses(number: int) -> None:
    """A date of evidence is a day of the calendar in one form, and an address one of the web."""
    right = ("2026-11-23", "2026-11", "2026", "https://example.org/x", "http://a.b")

    def take(text: str) -> None:
        if evidence_csv.is_date(text):
            year, month, day = (int(part) for part in text.split("-"))
            assert date(year, month, day).strftime("%Y-%m-%d").rjust(10, "0") == text
        if evidence_csv.is_partial_date(text):
            assert text.isascii()
            assert set(text) <= set("0123456789-")
        if evidence_csv.is_url(text):
            assert text.split("://", maxsplit=1)[0] in {"http", "https"}
            assert not any(letter.isspace() for letter in text)
        if not (
            evidence_csv.is_date(text)
            or evidence_csv.is_partial_date(text)
            or evidence_csv.is_url(text)
        ):
            raise DefinitionError("none of them", "write one")

    take_each(
        "dates",
        number,
        lambda r: bent_text(r, r.choice(right)) if r.random() < 0.8 else r.choice(right),
        take,
    )


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_of_the_text(number: int) -> None:
    """A finite number has a text in every format of numbers.toml."""
    for n in range(number):
        r = Random(f"number {n}")
        value = r.choice(
            [r.uniform(-2, 2), r.randint(-(10**12), 10**12), r.uniform(0, 1e18), 0, -0.0, 1e-300]
        )
        for name, style in FORMATS.items():
            shown = style(value)
            assert isinstance(shown, str), name
            assert shown, name
            assert "nan" not in shown, name


@pytest.mark.parametrize("number", NUMBERS)
def test_what_is_shown(number: int) -> None:
    """Any text of data is shown on one line, moves no cursor, and is not endless; so is any message."""
    for n in range(number):
        r = Random(f"shown {n}")
        text = "".join(odd_text(r) for _ in range(r.randint(0, 6))) + str(odd_value(r))[:9_000]
        assert plain(text).isprintable()
        assert len(plain(text)) <= 400
        assert all(line.isprintable() for line in plain_lines(text).split("\n"))
        error = ReplicationError(text, text)
        assert len(error.what) <= 2_100
        assert len(f"{error.what}{error.remedy}".splitlines()) <= 1


def test_a_message_of_our_own_may_be_a_list() -> None:
    """What differs from the committed results stays a line each."""
    from replication.errors import VerificationError

    assert VerificationError("a\n  b", "c").what == "a\n  b"
    assert DefinitionError("a\n  b", "c").what == "a   b"
    assert math.isfinite(len(json.dumps(str(DefinitionError("x" * 10**6, "y")))))
