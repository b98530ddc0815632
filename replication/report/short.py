"""The finding in four short paragraphs: one text for the paper, the README and the terminal.

The text is paper/short.md, with keys of numbers as in the paper. The paper has the line ``{{in-short}}``
where the text is put in; what the terminal prints is kept in in_short.json beside the paper of a run, so that it is
shown without any library for numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replication import extent
from replication.definitions import Definitions
from replication.files import read_csv, read_json, read_text, write_json
from replication.places import IN_SHORT
from replication.plain import plain_lines
from replication.report import claim_text, conditions, own, prose
from replication.report.claims import MAIN

SOURCE = "short.md"
PLACE = "{{in-short}}"
"""Line of a text where the paragraphs are put in."""
SYNTHETIC = "**Synthetic data.** Nothing here is a finding: the repositories are drawn at random."
_HEADED = re.compile(r"\*\*(?P<heading>.+?)\.\*\*\s+(?P<text>.+)", re.DOTALL)
_ESCAPED = re.compile(r"\\([^\w\s])", re.ASCII)


def included(text: str, paper: Path, *, whole: bool) -> str:
    """The source of a text with the source of the paragraphs put in, as a block of its own."""
    if PLACE not in text:
        return text
    paragraphs = read_text(prose.source(paper, SOURCE, whole=whole)).strip()
    return text.replace(PLACE, f"::: in-short\n\n{paragraphs}\n\n:::")


def filled(paper: Path, results: Path, definitions: Definitions) -> str:
    """The paragraphs of a run as Markdown, with every number filled in.

    Parameters
    ----------
    paper
        Folder of the sources.
    results
        Folder of the run's results.
    definitions
        Its definitions.
    """
    numbers = read_json(results / "numbers.json")
    source = read_text(prose.source(paper, SOURCE, whole=definitions.whole)).strip()
    text = prose.chosen(source, conditions.decided(results, definitions, numbers))
    if definitions.whole and extent.is_synthetic(read_json(results / "manifest.json")):
        text = f"{SYNTHETIC}\n\n{text}"
    return prose.fill(text, numbers | prose.displayed(own.labels(results, definitions)), {})


def paragraphs(markdown: str) -> list[dict[str, str]]:
    """Heading and text of each paragraph, without marks of Markdown."""
    matches = map(_HEADED.fullmatch, markdown.split("\n\n"))
    return [{k: _unmarked(v) for k, v in match.groupdict().items()} for match in matches if match]


def claims(results: Path) -> list[dict[str, str]]:
    """The main claims of a run with both answers, a cell each, in the order of `MAIN`."""
    table = read_csv(results / "claims.csv", dtype=str).set_index("id", drop=False)
    known = [table.loc[name].to_dict() for name in MAIN if name in table.index]
    return [claim_text.cells(row) | {"published": claim_text.as_asked(row)} for row in known]


def write(paper: Path, results: Path, definitions: Definitions, out: Path) -> Path:
    """Write paragraphs and main claims of a run to `out` and return the path of the file."""
    said: Mapping[str, Any] = {
        "in_short": paragraphs(filled(paper, results, definitions)),
        "claims": claims(results),
    }
    write_json(out / IN_SHORT, said)
    return out / IN_SHORT


def _unmarked(text: str) -> str:
    return plain_lines(_ESCAPED.sub(r"\1", text))
