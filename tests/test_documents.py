"""The documents: the paper and its supplement, their numbers, their authors, and what is cited."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from replication import __version__
from replication.errors import DefinitionError
from replication.files import read_json
from replication.report import documents, front_matter, prose
from replication.report.documents import PAPER, SUPPLEMENT
from replication.run import ROOT

SOURCES = ROOT / "paper"
BIBLIOGRAPHY = (SOURCES / documents.REFERENCES).read_text(encoding="utf-8")
TEXTS = {
    PAPER: "![x](figures/pair)\n{{table:window}}\n![y](figures/months)",
    SUPPLEMENT: "{{table:defects}}\n![z](figures/grid)\n![x](figures/pair)\n{{table:window}}",
}


def test_the_supplement_numbers_its_own_figures_and_tables() -> None:
    """Each text counts its own, the supplement with an S, and names those of the other as they are there."""
    assert documents.labels(TEXTS, PAPER) == {
        "fig:grid": "Figure S1",
        "fig:pair": "Figure 1",
        "fig:months": "Figure 2",
        "tab:defects": "Table S1",
        "tab:window": "Table 1",
    }
    assert documents.labels(TEXTS, SUPPLEMENT) == {
        "fig:grid": "Figure S1",
        "fig:pair": "Figure S2",
        "fig:months": "Figure 2",
        "tab:defects": "Table S1",
        "tab:window": "Table S2",
    }


def test_a_text_refers_to_the_other_document() -> None:
    """A key of the other text is filled in, and one of neither is an error."""
    labels = {k: {"display": v} for k, v in documents.labels(TEXTS, PAPER).items()}
    assert (
        prose.fill("see {{fig:grid}} and {{tab:defects}}", labels, {})
        == "see Figure S1 and Table S1"
    )
    with pytest.raises(DefinitionError, match="nothing computes"):
        prose.fill("{{fig:none}}", labels, {})


def test_the_whole_hub_has_one_document() -> None:
    """Its text is one of its own, under the name of the paper's outputs."""
    (one,) = documents.documents(whole=True)
    assert one.source(SOURCES, whole=True).name == "whole_hub_paper.md"
    assert documents.outputs(whole=True) == [
        "paper.tex", "paper.html", "paper.pdf", "paper.rendered.md", "references.bib",
    ]  # fmt: skip
    assert "supplement.rendered.md" in documents.outputs()


def test_authors_are_those_of_the_citation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """People with all parts of their names, organisations by theirs; the texts name nobody."""
    path = tmp_path / "CITATION.cff"
    path.write_text(
        "authors:\n- {family-names: Gogh, given-names: Vincent, name-particle: van}\n"
        '- {name: "The painters\' guild"}\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(front_matter, "CITATION", path)
    assert front_matter.authors() == ["Vincent van Gogh", "The painters’ guild"]
    front_matter.write(tmp_path)
    assert read_json(tmp_path / front_matter.NAME) == {
        "authors": ["Vincent van Gogh", "The painters’ guild"],
        "version": __version__,
    }
    for source in SOURCES.glob("*.md"):
        assert "\nauthor:" not in source.read_text(encoding="utf-8").split("\n---\n")[0], source


def entries() -> dict[str, str]:
    """The entries of the references by key."""
    found = re.findall(r"^@\w+\{([\w-]+),\n(.*?)^\}", BIBLIOGRAPHY, re.DOTALL | re.MULTILINE)
    return dict(found)


def cited(whole: bool) -> set[str]:
    """Keys that a run's documents cite."""
    return set(re.findall(r"(?<![\w`])@([a-z]+[\w-]*)", documents.text(SOURCES, whole=whole)))


def test_every_reference_is_cited_and_every_citation_has_one() -> None:
    """No entry that no document uses, and no citation without an entry."""
    assert len(entries()) == BIBLIOGRAPHY.count("\n@")
    assert cited(whole=False) | cited(whole=True) == set(entries())


@pytest.mark.parametrize("key", sorted(entries()))
def test_a_reference_leads_to_its_publisher(key: str) -> None:
    """Each has a DOI, an address of who published it, or its pages in print; and says how far it was read."""
    entry = entries()[key]
    addresses = re.findall(r"\b(?:doi|url) = \{([^}]+)\}", entry)
    assert addresses or "pages = " in entry
    assert not [a for a in addresses if re.search(SHARING, a)], key
    assert "annote = {Read: " in entry


SHARING = (
    "pdfslide|studyres|studylib|sciencedocbox|vdocuments|documentine|docbox|topsight|typeset[.]io|"
    "scilit|ai-bt|merit[.]url|sufe[.]edu|aakinshin|openaire|econpapers|semanticscholar|academia[.]edu|"
    "researchgate|scribd|ar5iv|rdocumentation"
)
"""Sites that share or list documents of others."""
