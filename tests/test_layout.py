"""Where the PDF sets tables and figures: whole rows on a page, a figure of the paper in its section."""

from __future__ import annotations

import re
import shutil
from itertools import pairwise
from pathlib import Path

import pypdf
import pytest

from replication.definitions import load_definitions
from replication.report import front_matter, render
from replication.run import ROOT

ROWS = 40
TABLE = "\n".join(f"| first{n}. {'word ' * 90} last{n}. | x |" for n in range(ROWS))
TALL = f"""---
title: "Tall rows"
date: "A day"
lang: en-GB
---

| a | b |
|:--------|:--|
{TABLE}

: **Table 1.** Rows of several lines, more than a page holds.
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the templates and the figures of the committed run."""
    folder = tmp_path_factory.mktemp("layout")
    for name in render.SOURCES:
        shutil.copy(ROOT / "paper" / name, folder / name)
    shutil.copytree(ROOT / "figures", folder / "figures", ignore=render._UNUSED)
    front_matter.write(folder)
    return folder


def pages(desk: Path, name: str, text: str) -> list[str]:
    """What stands on each page of a text, on one line."""
    path = desk / f"{name}.pdf"
    path.write_bytes(render._printed(desk / f"{name}.typ", text, "2026-02-02"))
    return [plain(page.extract_text()) for page in pypdf.PdfReader(path).pages]


def plain(text: str) -> str:
    """A text with straight quotes, and one blank between its words."""
    return " ".join(text.replace("’", "'").split())


@pytest.mark.slow
def test_no_row_of_a_table_is_split(desk: Path) -> None:
    """A row begins and ends on one page, where rows of several lines fill more than two."""
    made = pages(desk, "rows", TALL)
    assert sum("first" in page for page in made) > 2
    for n in range(ROWS):
        assert [f"first{n}." in page for page in made] == [f"last{n}." in page for page in made], n


@pytest.mark.slow
def test_a_figure_of_the_paper_stands_in_its_section(desk: Path) -> None:
    """No earlier than the page of its section's heading, and no later than that of the next."""
    definitions = load_definitions()
    texts = render.source_texts(ROOT / "paper", ROOT / "results", definitions)
    text = next(text for document, text in texts.items() if document.name == "paper")
    made = pages(desk, "paper", text)
    titles = re.findall(r"^# (.+?)(?: \{.*\})?$", text, re.MULTILINE)
    *numbered, last = [plain(title) for title in titles]
    starts = [page_of(made, f"{n} {title}") for n, title in enumerate(numbered, 1)]
    starts.append(page_of(made, last))
    parts = re.split(r"^# .+$", text, flags=re.MULTILINE)[1:]
    seen = 0
    for (first, following), part in zip(pairwise(starts), parts, strict=False):
        for figure in re.findall(r"!\[\*\*(Figure \d+)\.\*\*", part):
            assert first <= page_of(made, f"{figure}.") <= following, figure
            seen += 1
    assert seen == len(re.findall(r"!\[\*\*Figure ", text)) > 2


def page_of(made: list[str], words: str) -> int:
    """The only page on which words stand."""
    (number,) = [number for number, page in enumerate(made) if words in page]
    return number
