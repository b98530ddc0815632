"""The paper's text: short, one range, few numbers in a sentence and none twice; the supplement has the rest."""

from __future__ import annotations

import re
import tomllib

import pytest

from replication.files import read_json
from replication.report import prose
from replication.run import ROOT

PAPER, SUPPLEMENT = (
    (ROOT / "paper" / f"{name}.md").read_text(encoding="utf-8") for name in ("paper", "supplement")
)
DECLARED = tomllib.loads((ROOT / "paper" / "numbers.toml").read_text(encoding="utf-8"))["numbers"]
NO_NUMBERS = {"text", "day", "month", "month-of", "stays-ahead", "leads", "short-hash"}
"""Formats whose displays are words or dates; a lead in words is a number too, and is counted by itself."""
NUMBERS = {
    key for key, spec in DECLARED.items() if spec.rpartition("|")[2].strip() not in NO_NUMBERS
} | {key for key, spec in DECLARED.items() if spec.endswith("| leads")}


def body(text: str) -> str:
    """The text without its head, captions, tables and figures."""
    lines = text.split("---\n", 2)[2].splitlines()
    return "\n".join(line for line in lines if not line.startswith((": **", "![", "{{table:")))


def sentences(text: str) -> list[str]:
    """Sentences of prose, by their ends."""
    return [s for line in text.splitlines() for s in re.split(r"(?<=[.?!])\s+(?=[A-Z“*{])", line)]


def numbers_of(text: str) -> list[str]:
    """Keys of numbers in a text, in order."""
    return [key for key in prose.keys(text) if key in NUMBERS]


def shown(text: str) -> dict[str, str]:
    """Label of each figure and table that a text shows, by key."""
    return prose.labels(text)


def test_the_paper_is_short() -> None:
    """The body has at most 4,500 words, four tables and three figures, and the supplement has more."""
    assert 1_500 < len(body(PAPER).split()) < 4_500
    kinds = [key.partition(":")[0] for key in shown(PAPER)]
    assert kinds.count("tab") <= 4
    assert kinds.count("fig") <= 3
    assert len(shown(SUPPLEMENT)) > len(kinds)


def test_the_finding_stands_first() -> None:
    """Before any section, and once."""
    assert body(PAPER).strip().startswith("{{in-short}}\n\n# ")
    assert PAPER.count("{{in-short}}") == 1


@pytest.mark.parametrize("own", [False, True], ids=["packaged", "own definitions"])
def test_no_number_of_the_body_stands_twice(own: bool) -> None:
    """Outside tables, captions and the finding in short."""
    keys = numbers_of(body(prose.chosen(PAPER, {"own": own})))
    assert len(keys) > 50
    assert sorted(key for key in set(keys) if keys.count(key) > 1) == []


@pytest.mark.parametrize("own", [False, True], ids=["packaged", "own definitions"])
def test_no_sentence_has_more_than_six_numbers(own: bool) -> None:
    """A reader keeps six at most."""
    text = body(prose.chosen(PAPER, {"own": own}))
    assert [s for s in sentences(text) if len(numbers_of(s)) > 6] == []


def test_a_full_sentence_is_found() -> None:
    """Seven numbers in one sentence do not get past the check, and two sentences are not one."""
    seven = " ".join(f"{{{{{key}}}}}" for key in sorted(NUMBERS)[:7])
    assert [len(numbers_of(s)) for s in sentences(f"Shares are {seven}. The USA leads.")] == [7, 0]


def test_one_range_is_named_in_the_body() -> None:
    """The other ranges of the window are in its table and in the supplement."""
    ends = r"(?:jack|bound|without|luck|label)[a-z-]*-(?:low|high)$"
    assert [key for key in numbers_of(body(PAPER)) if re.search(ends, key)] == []
    assert body(PAPER).count("*range of the records*") == 1


def test_every_figure_and_table_is_shown_once_and_referred_to() -> None:
    """In one of the documents; what a document refers to is in one of them."""
    both = [*shown(PAPER), *shown(SUPPLEMENT)]
    assert len(both) == len(set(both))
    keys = [key for key in prose.keys(PAPER + SUPPLEMENT) if key.startswith(("fig:", "tab:"))]
    assert set(keys) == set(both)
    assert [key for key in both if keys.count(key) < 2] == []


def test_headings_that_state_a_finding_are_those_of_the_committed_run() -> None:
    """A run on other data or definitions has headings that say what the section is about."""
    own, packaged = (prose.chosen(PAPER, {"own": own}) for own in (True, False))
    assert "# The USA was ahead\n" in packaged
    assert not re.search(r"^# .*(?:ahead|leads)", own, re.MULTILINE)
    assert "{{source:own}}" in own
    assert "{{source:own}}" not in packaged


def test_what_the_paper_says_of_all_doubts_for_china_holds() -> None:
    """The published American share is met to within a point, and the lead is inside its range."""
    numbers = read_json(ROOT / "results" / "numbers.json")
    value = {key: number["value"] for key, number in numbers.items()}
    assert abs(100 * value["w-doubts-usa"] - value["published-usa"]) < 1
    least, most = (value["w-doubts-ahead"] + sign * value["w-records-half"] for sign in (-1, 1))
    assert least < 0 < value["published-lead"] / 100 < most
