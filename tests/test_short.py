"""The finding in short: it is brief, computed, right for other runs, and the same wherever it is shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from replication.definitions import Definitions, load_definitions
from replication.errors import DefinitionError
from replication.files import read_csv, read_json, write_json
from replication.places import IN_SHORT
from replication.report import conditions, own, prose, short
from replication.run import ROOT

PAPER, RESULTS = ROOT / "paper", ROOT / "results"
SOURCES = [prose.source(PAPER, short.SOURCE, whole=whole) for whole in (False, True)]
NUMBERS = read_json(RESULTS / "numbers.json")
SAID = read_json(PAPER / IN_SHORT)
HEADINGS = [
    "What was claimed",
    "What public data show",
    "How easily it turns",
    "What nobody can tell",
]
ABOUT = {"title": "Snapshots", "source": "snapshots", "repository": ""}
OTHER = "the data Mine (mine.csv, 9 rows, read on 2026-01-01)"


def said(
    monkeypatch: pytest.MonkeyPatch, folder: Path, definitions: Definitions, **holds: bool
) -> dict[str, str]:
    """Texts by heading of a synthetic run, of which the given conditions hold."""
    source = prose.source(PAPER, short.SOURCE, whole=definitions.whole).read_text(encoding="utf-8")
    keys = set(prose.keys(source))
    numbers = {key: {"value": 1, "display": f"<{key}>"} for key in keys}
    write_json(folder / "numbers.json", numbers)
    write_json(folder / "manifest.json", ABOUT)
    monkeypatch.setattr(conditions, "of", lambda *_: {"own": False, "whole": False} | holds)
    monkeypatch.setattr(own, "differences", lambda *_: [OTHER])
    found = short.paragraphs(short.filled(PAPER, folder, definitions))
    return {one["heading"]: one["text"] for one in found}


def test_it_is_brief() -> None:
    """Four paragraphs, at most 150 words and twelve numbers, dates apart."""
    assert [one["heading"] for one in SAID["in_short"]] == HEADINGS
    text = " ".join(one["text"] for one in SAID["in_short"])
    assert 80 < len(text.split(" ")) <= 150
    months = r"(?:[A-Z][a-z]+)\s20\d\d"
    assert 8 < len(re.findall(r"\d[\d.,]*", re.sub(months, "", text))) <= 12


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_number_is_typed(path: Path) -> None:
    """Every digit is a key or a date."""
    assert prose.typed_digits(path.read_text(encoding="utf-8")) == []


def test_the_kept_text_is_of_the_committed_numbers() -> None:
    """What `summary` prints is what the committed results and the code make of it."""
    assert SAID["in_short"] == short.paragraphs(short.filled(PAPER, RESULTS, load_definitions()))
    assert SAID["claims"] == short.claims(RESULTS)
    assert [one["comes_out"] for one in SAID["claims"]][:3] == [
        NUMBERS[f"answer-{name}"]["display"] for name in ("china", "usa", "lead")
    ]


def test_what_the_sentences_say_without_a_number_holds() -> None:
    """Nothing single turns the lead; all doubts for China nearly do, and one more choice can."""
    for kind in ("choices", "developers", "repositories"):
        assert NUMBERS[f"w-turning-{kind}"]["value"] == 0
    assert NUMBERS["w-doubts-ahead"]["value"] < 0, "the USA stays ahead by w-doubts-ahead"
    assert NUMBERS["w-ahead-most"]["value"] < NUMBERS["w-ahead-by"]["value"]
    assert NUMBERS["w-ahead-by"]["value"] < NUMBERS["w-ahead-least"]["value"] < 0
    grid = read_csv(RESULTS / "window_specifications.csv")
    ahead = grid[grid["lead"] > 0]
    assert set(ahead["labels"]) == {"registry-high"}
    headline = {
        "filling": "standard", "age_limit_days": "365", "capture": "proportion",
        "attribution": "uploader", "treatment": "own", "exclusion": "none",
    }  # fmt: skip
    others = (ahead[[*headline]].astype(str) != list(headline.values())).sum(axis=1)
    assert others.min() == 1
    assert re.fullmatch(r"20\d\d-\d\d", NUMBERS["w-passing"]["value"])
    assert 0.45 < NUMBERS["w-unattributed"]["value"] < 0.5, "nearly half"


def test_the_answers_are_those_that_the_sentences_give() -> None:
    """China's share is compatible and the others are not; what is fragile, and who is ahead in the file."""
    answers = [NUMBERS[f"answer-{name}"]["value"] for name in ("china", "usa", "lead")]
    assert answers == ["reproduced", "contradicted", "contradicted"]
    claims = read_csv(RESULTS / "claims.csv").set_index("id")["survives"]
    assert set(claims[["study-china", "study-usa"]]) == {"fragile"}
    head, left = NUMBERS["head-lead"]["value"], NUMBERS["head-without-qwen"]["value"]
    assert left < 0 < head, "China is ahead in the released file through one developer"


def test_other_data_assert_no_leader(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A run of one's own names what is other, and says nothing that only the committed run shows."""
    texts = said(monkeypatch, tmp_path, load_definitions(), own=True)
    assert [*texts] == HEADINGS
    assert OTHER in texts["What public data show"]
    shown = texts["What public data show"]
    assert "<w-lead> (China − USA: <w-lead-low> to <w-lead-high>" in shown
    assert "within <within> of a model" in shown
    assert "In the records <w-stays>." in texts["What nobody can tell"]
    everything = " ".join(texts.values())
    for words in ("the USA is ahead", "No single choice", "have China ahead", "{{"):
        assert words not in everything


def test_the_committed_run_says_nothing_of_other_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The sentences about runs of one's own are left away."""
    texts = said(monkeypatch, tmp_path, load_definitions())
    assert OTHER not in " ".join(texts.values())
    assert "within <within> of a model" in texts["What public data show"]
    assert (
        "the USA is ahead by <w-ahead-by> points (<w-ahead-least> to"
        in texts["What public data show"]
    )


@pytest.mark.parametrize("whole", [True, False])
def test_snapshots_judge_only_where_they_are_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, whole: bool
) -> None:
    """A part of the Hub says what it holds, and repeats no answer on a claim."""
    texts = said(monkeypatch, tmp_path, load_definitions(whole=True), whole=whole)
    shown = texts["What public data show"]
    assert ("<verdict-china>" in shown) is whole
    assert ("an unknown part of the Hub" in shown) is not whole
    assert texts["What nobody can tell"].startswith("Whose" if whole else "What the rest")


def test_synthetic_data_say_so_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Numbers drawn at random under names of real developers are no finding."""
    definitions = load_definitions(whole=True)
    said(monkeypatch, tmp_path, definitions)
    write_json(tmp_path / "manifest.json", ABOUT | {"title": "Synthetic Hub"})
    first = short.paragraphs(short.filled(PAPER, tmp_path, definitions))[0]
    assert first["heading"] == "Synthetic data"
    assert "Nothing here is a finding" in first["text"]


def test_a_number_that_is_not_computed_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A key of the text that nothing computes stops the run by name."""
    said(monkeypatch, tmp_path, load_definitions())
    write_json(tmp_path / "numbers.json", {})
    with pytest.raises(DefinitionError, match="published-china"):
        short.filled(PAPER, tmp_path, load_definitions())


def test_the_paper_takes_the_same_text() -> None:
    """The line in the paper's source is replaced by the source of the paragraphs, as a block."""
    text = short.included(f"Before.\n\n{short.PLACE}\n\nAfter.", PAPER, whole=False)
    source = SOURCES[0].read_text(encoding="utf-8").strip()
    assert text == f"Before.\n\n::: in-short\n\n{source}\n\n:::\n\nAfter."
    assert short.included("None.", PAPER, whole=False) == "None."


def test_marks_of_markdown_are_taken_away() -> None:
    """Text of data that was escaped for Markdown is shown as it was."""
    made = short.paragraphs("**One.** a \\*b\\* \\[c\\]\n\n**Two.** d\n\nno heading")
    assert made == [{"heading": "One", "text": "a *b* [c]"}, {"heading": "Two", "text": "d"}]
