"""The threat model names tests that exist, and is one page."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"
NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")


def test_every_test_that_is_named_exists() -> None:
    """A threat whose test was renamed or removed would be defended on paper alone."""
    text = (DOCS / "THREATS.md").read_text(encoding="utf-8")
    named = NAMED.findall(text)
    assert len(named) > 30
    for file, name in named:
        code = (Path(__file__).parent / file).read_text(encoding="utf-8")
        assert re.search(rf"^def {name}\(", code, re.MULTILINE), f"{file}::{name}"


def test_every_answer_names_a_test() -> None:
    """Each row of the table of threats has one."""
    text = (DOCS / "THREATS.md").read_text(encoding="utf-8")
    _, _, table = text.partition("## What could go wrong")
    rows = [line for line in table.partition("\n## ")[0].splitlines() if line.startswith("| ")][2:]
    assert rows
    assert all(NAMED.search(row) for row in rows)
    assert len(text.splitlines()) <= 100
