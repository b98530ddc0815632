"""What each form of a document makes of boxes, figures and tables, and what a reader finds in it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pypdf
import pytest

from replication.report import front_matter, render, web_figures
from replication.run import ROOT

DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9pt" '
    'height="9pt" viewBox="0 0 9 9"><!-- 1 --><metadata>x</metadata><defs><path id="glyph-one" '
    'd="M 0 0 \nL 1.23456 0.5 z" transform="scale(0.015625)"/></defs><g id="unused"><use '
    'xlink:href="#glyph-one" transform="translate(6.123456 0)"/></g></svg>'
)
TEXT = """---
title: "Who leads?"
subtitle: "A test"
date: |-
  Data of a day
lang: en-GB
abstract: |
  An abstract.
---

::: in-short

**What was claimed.** One thing.

**What nobody can tell.** Another.

:::

# First part

## Detail

See Table S1 [@longpre2025].

| a | b | c | d |
|:----|:----|:----|:----|
| one | two | three | four |

: **Table S1.** A caption with *stress*.

![**Figure S1.** A short caption.](figures/pair){width=60%}

Math: $\\kappa$.

# References {.unnumbered}
"""
ALT = 'The USA is "ahead": 27 % against 15 %'
LONG = "\n".join(f"| row {n} | {'word ' * 30}|" for n in range(70))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sources, one figure in its forms, and its alternative text."""
    folder = tmp_path_factory.mktemp("desk")
    for name in render.SOURCES:
        shutil.copy(ROOT / "paper" / name, folder / name)
    figures = folder / "figures"
    (figures / "bare").mkdir(parents=True)
    (figures / "pair.png").write_bytes(b"\x89PNG" + bytes(9000))
    for place in (figures, figures / "bare"):
        (place / "pair.svg").write_text(DRAWING, encoding="utf-8")
        (place / "pair.pdf").write_bytes(b"%PDF")
    (figures / "figures.json").write_text(json.dumps({"pair": {"title": "t", "alt": ALT}}))
    front_matter.write(folder)
    web_figures.prepare(figures, ["pair"])
    return folder


@pytest.fixture(scope="module")
def page(desk: Path) -> str:
    """The text as HTML."""
    return render._pandoc(desk, TEXT, "html5")


@pytest.mark.slow
def test_the_page_has_landmarks_and_levels(page: str) -> None:
    """One title, sections below it, a list of contents that leads to them, and what names each part."""
    assert re.findall(r"<h(\d)", page) == ["1", "2", "3", "2"]
    links = re.findall(r'href="#([\w-]+)"', page.partition("<nav")[2].partition("</nav>")[0])
    assert links == ["first-part", "detail", "references"]
    assert all(f'id="{name}"' in page for name in links)
    for mark in (
        '<html lang="en-GB">',
        "<header>",
        "<nav ",
        '<main id="text">',
        "<title>Who leads",
    ):
        assert page.count(mark) == 1, mark
    assert "<script" not in page


@pytest.mark.slow
def test_the_page_holds_a_box_a_figure_and_a_table_that_scrolls(page: str) -> None:
    """The finding is a note; the figure says what it shows; the table scrolls below its caption."""
    box = re.search(r'<div class="in-short"([^>]*)>', page)
    assert box is not None
    assert 'role="note"' in box[1]
    assert 'aria-label="In short"' in box[1]
    assert 'alt="The USA is &quot;ahead&quot;: 27 % against 15 %"' in page
    assert 'src="data:image/svg+xml' in page
    region = re.search(r'<div class="scroll"([^>]*)>\s*<table', page)
    assert region is not None
    for wanted in ('role="region"', 'tabindex="0"', 'aria-label="Table S1"', "--columns: 4"):
        assert wanted in region[1]
    assert page.index("A caption with <em>stress</em>") < region.start()
    assert "<math" in page


@pytest.mark.slow
def test_the_markdown_is_readable_on_a_code_host(desk: Path) -> None:
    """Numbers, references and tables are plain Markdown, the box a quotation, the figure a link to its file."""
    text = render._pandoc(desk, TEXT, "gfm")
    assert text.startswith("# Who leads?\n\n**A test**\n\nThe ")
    assert "> **In short**\n>\n> **What was claimed.** One thing." in text
    assert "](../figures/pair.png)\n\n**Figure S1.** A short caption." in text
    assert re.search(r"\*\*Table S1\.\*\* A caption with \*stress\*\.\n\n\| a +\| b", text)
    assert "Longpre et al. (2025)" in text or "(Longpre et al. 2025)" in text
    assert "Economies of Open Intelligence" in text
    assert not re.search(r"<(?:div|figure|span|img|table)\b", text)
    assert "**Abstract.** An abstract." in text


@pytest.mark.slow
def test_the_tex_numbers_sections_and_cites_by_natbib(desk: Path) -> None:
    """It has the box, the bare figure, authors and version, and no heading beside that of the references."""
    text = render._pandoc(desk, TEXT, "latex")
    assert "\\citep{longpre2025}" in text
    assert "\\bibliography{references" in text
    assert "\\setcounter{secnumdepth}{5}" in text
    assert "\\begin{leftbar}" in text
    assert "{../figures/bare/pair.pdf}" in text
    assert "\\section*{References}" not in text
    for author in front_matter.authors():
        assert author.replace("’", "'") in text.partition("\\author{")[2].partition("}")[0]
    assert "Version " in text


@pytest.mark.slow
def test_the_tex_compiles(desk: Path) -> None:
    """Where LaTeX is installed the TeX becomes a PDF, with every citation resolved."""
    if not all(map(shutil.which, ("latexmk", "xelatex"))):
        pytest.skip("latexmk and xelatex are not installed")
    text = re.sub(r"!\[.*?\]\(figures/pair\)\{[^}]*\}", "", TEXT)
    (desk / "paper.tex").write_text(render._pandoc(desk, text, "latex"), encoding="utf-8")
    command = ["latexmk", "-pdfxe", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=desk, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "undefined" not in (desk / "paper.log").read_text(errors="replace")
    shown = " ".join(pypdf.PdfReader(desk / "paper.pdf").pages[0].extract_text().split())
    assert "1 First part" in shown
    assert "Longpre" in shown


@pytest.fixture(scope="module")
def pdf(desk: Path) -> pypdf.PdfReader:
    """The text with a long table as PDF."""
    long = f"\n| a | b |\n|:--------|:----------------|\n{LONG}\n\n: **Table S2.** A long one.\n\n# Ref"
    (desk / "paper.typ").write_text(
        render._pandoc(desk, TEXT.replace("\n# Ref", long, 1), "typst"), encoding="utf-8"
    )
    (desk / "made.pdf").write_bytes(render._pdf(desk / "paper.typ", "2026-02-02"))
    assert render._pdf(desk / "paper.typ", "2027-03-03") == (desk / "made.pdf").read_bytes()
    return pypdf.PdfReader(desk / "made.pdf")


@pytest.mark.slow
def test_the_pdf_is_tagged_and_dated_by_nothing(pdf: pypdf.PdfReader) -> None:
    """It has tags, a language, a title, authors and alternative texts, and no time."""
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data()
    assert root["/Lang"] == "en-GB"
    assert pdf.metadata is not None
    assert pdf.metadata.title == "Who leads?"
    assert pdf.metadata.author == ", ".join(front_matter.authors())
    assert not {"/CreationDate", "/ModDate"} & set(pdf.metadata)
    texts = [
        o["/Alt"] for o in map(pdf.get_object, range(1, len(pdf.xref[0]))) if _is(o, "/Figure")
    ]
    assert texts == [ALT]


def _is(value: object, kind: str) -> bool:
    """Whether an object of a PDF is an element of the structure of this kind."""
    return isinstance(value, pypdf.generic.DictionaryObject) and value.get("/S") == kind


@pytest.mark.slow
def test_a_long_table_breaks_over_pages_with_its_head(pdf: pypdf.PdfReader) -> None:
    """Its caption stands with its first rows, and each page repeats its head."""
    pages = [page.extract_text() for page in pdf.pages]
    with_rows = [text for text in pages if re.search(r"row \d", text)]
    assert len(with_rows) > 1
    assert "Table S2." in with_rows[0]
    assert all(re.search(r"^a\s+b$|\ba b\b", text, re.MULTILINE) for text in with_rows)


def test_a_drawing_is_made_slim() -> None:
    """Comments and descriptions go, names are short, coordinates round, and small scales stay exact."""
    text = web_figures.slim(DRAWING)
    assert '<path id="n0" d="M 0 0 L 1.23 0.5 z" transform="scale(0.015625)"/>' in text
    assert '<g><use href="#n0" x="6.12"/></g>' in text
    assert "metadata" not in text
    assert "unused" not in text
    assert "<!--" not in text


def test_the_page_takes_the_form_without_a_headline(tmp_path: Path) -> None:
    """Where there is one; else the figure as it is."""
    (tmp_path / "bare").mkdir()
    for name in ("a", "b", "bare/b"):
        (tmp_path / f"{name}.svg").write_text(f"<svg><title>{name}</title></svg>")
    web_figures.prepare(tmp_path, ["a", "b"])
    made = {path.name: path.read_text() for path in (tmp_path / "html").iterdir()}
    assert made == {
        "a.svg": "<svg><title>a</title></svg>",
        "b.svg": "<svg><title>bare/b</title></svg>",
    }
