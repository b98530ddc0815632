"""The generated parts of the README: findings, and what makes each figure, table and number."""

from __future__ import annotations

import importlib
import inspect
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from replication.definitions import Definitions
from replication.errors import DefinitionError
from replication.files import read_json, read_text, write_text
from replication.plots import FIGURES
from replication.report import prose, tables
from replication.report.markdown import Markup, code, escaped, markdown

PACKAGE = Path(__file__).parents[1]
PAPER = PACKAGE.parent / "paper" / "paper.md"


def update(path: Path, results: Path, definitions: Definitions) -> Path:
    """Rewrite the generated blocks of the README and return its path."""
    write_text(path, rendered(read_text(path), results, definitions))
    return path


def rendered(text: str, results: Path, definitions: Definitions) -> str:
    """Return `text` with every ``<!-- begin:NAME -->`` block made anew.

    Raises
    ------
    StudyError
        A block has no maker, or a maker has no block.
    """
    blocks: dict[str, Callable[[], str]] = {
        "short": lambda: in_short(read_json(results / "numbers.json")),
        "findings": lambda: tables.verdicts(results),
        "provenance": lambda: provenance(read_json(results / "numbers.json"), definitions, results),
    }
    found = re.findall(r"<!-- begin:(\w+) -->", text)
    if sorted(found) != sorted(blocks):
        raise DefinitionError(
            f"README.md has the blocks {found}", f"it needs {sorted(blocks)}, once each"
        )
    for name, make in blocks.items():
        pattern = rf"(<!-- begin:{name} -->\n).*?(<!-- end:{name} -->)"
        made = make().replace("\\", r"\\")
        text = re.sub(pattern, rf"\1{made}\n\2", text, flags=re.DOTALL)
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


def provenance(numbers: Mapping[str, Any], definitions: Definitions, results: Path) -> str:
    """The program and line that makes every figure, table and number of the paper."""
    makers: dict[str, Callable[..., Any]] = {f"fig:{name}": draw for name, draw in FIGURES.items()}
    makers |= {f"tab:{k}": make.func for k, make in tables.all_tables(results, definitions).items()}
    labels = prose.labels(read_text(PAPER))
    rows = [(f"{label}, {key[4:]}", _line(makers[key])) for key, label in labels.items()]
    keys = defaultdict(list)
    for key, number in numbers.items():
        keys[number["function"]].append(code(key))
    rows += [
        (Markup(", ".join(sorted(names))), _line(_function(name))) for name, names in keys.items()
    ]
    return markdown(("What", "Made by"), rows, (60, 40))


def _function(name: str) -> Callable[..., Any]:
    """The function with this dotted name."""
    module, _, attribute = name.rpartition(".")
    found: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    return found


def _line(function: Callable[..., Any]) -> Markup:
    """File and line of a function, as a link."""
    path = Path(inspect.getsourcefile(function) or "").relative_to(PACKAGE.parent).as_posix()
    line = inspect.getsourcelines(function)[1]
    return Markup(f"[`{path}:{line}`]({path}#L{line})")
