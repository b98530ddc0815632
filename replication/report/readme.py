"""The generated parts of the README: the finding in short, and the answers on every claim."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from replication.errors import DefinitionError
from replication.files import read_json, read_text, write_text
from replication.report import claim_tables
from replication.report.markdown import escaped


def update(path: Path, results: Path) -> Path:
    """Rewrite the generated blocks of the README and return its path."""
    write_text(path, rendered(read_text(path), results))
    return path


def rendered(text: str, results: Path) -> str:
    """Return `text` with every ``<!-- begin:NAME -->`` block made anew.

    Raises
    ------
    DefinitionError
        A block has no maker, or a maker has no block.
    """
    blocks: dict[str, Callable[[], str]] = {
        "short": lambda: in_short(read_json(results / "numbers.json")),
        "findings": lambda: claim_tables.verdicts(results),
    }
    names = re.findall(r"<!-- begin:(\w+) -->", text)
    if sorted(names) != sorted(blocks):
        raise DefinitionError(
            f"README.md has the blocks {names}", f"it needs {sorted(blocks)}, once each"
        )
    for name, make in blocks.items():
        pattern = rf"(<!-- begin:{name} -->\n).*?(<!-- end:{name} -->)"
        block = make().replace("\\", r"\\")
        text = re.sub(pattern, rf"\1{block}\n\2", text, flags=re.DOTALL)
    return text


SHORT = """
- **Claimed:** China {published-china}, USA {published-usa} of first-year downloads, August 2024 to August 2025.
- **Our estimate from public records:** China {w-china} ({w-china-low} to {w-china-high}), USA {w-usa} ({w-usa-low} to {w-usa-high});
  the USA is ahead by {w-ahead-least} to {w-ahead-most} points. China’s published share: {answer-china}; the American:
  {answer-usa}; the lead: {answer-lead}.
- **How easily it turns:** China leads in {w-ahead} of {w-specifications} combinations of choices, and no single choice, developer or
  repository turns the sign; but every doubt about a developer’s country resolved for China leaves {w-doubts-ahead} points.
- **What nobody can tell:** who led at the end of the window. What records follow has China ahead from {w-passing}, but
  they follow {w-followed-china} of Chinese and {w-followed-usa} of American downloads; and {w-unattributed} of all downloads
  belong to no country.
"""
"""The finding in four lines; the numbers are those of the paper."""


def in_short(numbers: Mapping[str, Any]) -> str:
    """The finding in four lines, as a list."""
    shown = {key: escaped(number["display"]) for key, number in numbers.items()}
    return SHORT.strip().format_map(shown)
