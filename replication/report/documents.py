"""The documents of a run: the paper and its supplement, and what a text may call the other's figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from replication.files import read_text
from replication.report import prose, short

FORMS = ("tex", "html", "pdf", "rendered.md")
REFERENCES = "references.bib"
SOURCES = (
    REFERENCES, "template.typ", "template.html", "template.gfm", "paper.css", "header.tex",
    "blocks.lua",
)  # fmt: skip
"""What lies beside the texts and goes into every document."""


@dataclass(frozen=True)
class Document:
    """A text with its outputs.

    Attributes
    ----------
    name
        Name of its source and of its outputs, without an ending.
    prefix
        Stands before the numbers of its figures and tables.
    """

    name: str
    prefix: str = ""

    def source(self, folder: Path, *, whole: bool) -> Path:
        """Its text among the sources of the paper."""
        return prose.source(folder, f"{self.name}.md", whole=whole)

    def read(self, folder: Path, *, whole: bool) -> str:
        """Its text with keys, the finding in short put in."""
        text = read_text(self.source(folder, whole=whole))
        return short.included(text, folder, whole=whole)


PAPER, SUPPLEMENT = Document("paper"), Document("supplement", "S")


def documents(*, whole: bool) -> tuple[Document, ...]:
    """The documents of a run: the text for the whole Hub has no supplement."""
    return (PAPER,) if whole else (PAPER, SUPPLEMENT)


def outputs(*, whole: bool = False) -> list[str]:
    """Names of all files that rendering writes; the references are beside the TeX that needs them."""
    names = [f"{one.name}.{form}" for one in documents(whole=whole) for form in FORMS]
    return [*names, REFERENCES]


def text(folder: Path, *, whole: bool = False) -> str:
    """The texts of all documents, one after the other."""
    return "\n".join(one.read(folder, whole=whole) for one in documents(whole=whole))


def labels(texts: Mapping[Document, str], own: Document) -> dict[str, str]:
    """What the text of `own` calls each figure and table: its own first, then those of the others."""
    found: dict[str, str] = {}
    for one in sorted(texts, key=lambda one: one != own):
        found = found | {
            key: label
            for key, label in prose.labels(texts[one], one.prefix).items()
            if key not in found
        }
    return found
