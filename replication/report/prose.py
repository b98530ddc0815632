"""The source of the paper: its keys are filled in, and a digit typed by hand is found.

A passage may depend on what the source of the data allows to be said:
``{{if:NAME}}…{{else:NAME}}…{{end:NAME}}`` keeps its first part where the condition NAME holds and the
second elsewhere. The part after ``else`` may be left out. A condition is one of
`replication.report.conditions`, or the key of a number, which holds where the data have it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from replication.errors import DefinitionError
from replication.months import MONTHS
from replication.report.markdown import Markup, code, escaped

KEY = re.compile(r"\{\{\s*([\w:./-]+)\s*\}\}")
_USE = re.compile(rf"(?P<open>`?){KEY.pattern.replace('(', '(?P<key>', 1)}(?P<close>`?)")
# Innermost first: a passage holds no other one that begins.
_PASSAGE = re.compile(
    r"\{\{if:(?P<name>[\w-]+)\}\}(?P<yes>(?:(?!\{\{(?:if|else):).)*)"
    r"(?:\{\{else:(?P=name)\}\}(?P<no>(?:(?!\{\{(?:if|else):).)*?))?\{\{end:(?P=name)\}\}",
    re.DOTALL,
)
_MARK = re.compile(r"\{\{(?:if|else|end):[\w-]*\}\}")
TABLE = "table:"
FIGURE = r"\]\(figures/(\w+)\)"
"""Where a text shows a figure, by its name."""
TEXT, NUMBERS = "paper.md", "numbers.toml"
WHOLE_HUB = "whole_hub"
"""What stands before the names of the text and its numbers where the source is the whole Hub."""
_MONTHS = "|".join(MONTHS)

# What may hold digits without being a result: code, citations, links, attributes, keys,
# identifiers of publications, list numbers and dates.
_ALLOWED = (
    r"(?m:^\d+\.\s)",
    r"\A---\n.*?\n---\n",
    r"`[^`]*`",
    r"\{\{[^}]*\}\}",
    r"\{(?:[#.]|width=)[^}]*\}",
    r"\[[^\]]*@[^\]]*\]|@[\w:-]+",
    r"\]\([^)]*\)|<https?://[^>]*>|https?://\S+",
    r"arXiv[:\s]\d{4}\.\d{4,5}",
    r"ISO\s3166(?:-1)?|SHA-256",
    rf"\b(?:\d{{1,2}}\s)?(?:{_MONTHS})\s20\d\d",
    r"\b20\d\d\b",
    r"\$\$[^$]*\$\$|\$[^$]*\$",
)


def source(folder: Path, name: str, *, whole: bool) -> Path:
    """The text or its declaration of numbers: one for the released head of the Hub, one for all of it."""
    return folder / (f"{WHOLE_HUB}_{name}" if whole else name)


def keys(text: str) -> list[str]:
    """Keys used in `text`, in order, tables included."""
    return KEY.findall(text)


def labels(text: str, prefix: str = "") -> dict[str, str]:
    """Number the figures and tables of `text` in the order in which they stand there.

    Parameters
    ----------
    text
        A text with keys.
    prefix
        Stands before every number.

    Returns
    -------
    dict
        ``fig:NAME`` to "Figure n" and ``tab:NAME`` to "Table n", n after the prefix.
    """
    figures = re.findall(FIGURE, text)
    tables = [key[len(TABLE) :] for key in keys(text) if key.startswith(TABLE)]
    return {f"fig:{name}": f"Figure {prefix}{n}" for n, name in enumerate(figures, 1)} | {
        f"tab:{name}": f"Table {prefix}{n}" for n, name in enumerate(tables, 1)
    }


def displayed(labels: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Labels in the form of numbers."""
    return {key: {"display": label} for key, label in labels.items()}


def fill(
    text: str, numbers: Mapping[str, Mapping[str, Any]], tables: Mapping[str, Callable[[], str]]
) -> str:
    """Replace every key by its display and every ``table:NAME`` by its table.

    Displays are data: they are escaped, and where a key alone is code, so is its display.

    Raises
    ------
    DefinitionError
        The text uses a key that nothing computes.
    """

    def shown(match: re.Match[str]) -> str:
        key, is_code = match["key"], match["open"] and match["close"]
        if key.startswith(TABLE) and key[len(TABLE) :] in tables:
            return tables[key[len(TABLE) :]]()
        if key in numbers:
            shown = numbers[key]["display"]
            if is_code:
                return code(shown)
            safe = shown if isinstance(shown, Markup) else escaped(shown, sentence=True)
            return f"{match['open']}{safe}{match['close']}"
        raise DefinitionError(f"the text uses {{{{{key}}}}}, which nothing computes", "declare it")

    return _USE.sub(shown, text)


def chosen(text: str, conditions: Mapping[str, bool]) -> str:
    """Keep, of every passage that depends on a condition, the part that may be said.

    Raises
    ------
    DefinitionError
        A passage depends on a condition that nothing decides, or has no end.
    """

    def kept(match: re.Match[str]) -> str:
        if match["name"] not in conditions:
            raise DefinitionError(
                f"the text asks {match[1]!r}, which nothing decides", "correct it"
            )
        return (match["yes"] if conditions[match["name"]] else match["no"]) or ""

    while _PASSAGE.search(text):
        text = _PASSAGE.sub(kept, text)
    left = _MARK.search(text)
    if left:
        raise DefinitionError(f"the text has {left[0]} without its other end", "add it")
    return text


def typed_digits(text: str) -> list[str]:
    """Lines of `text` with a digit that was typed where a computed number belongs."""
    for pattern in _ALLOWED:
        text = re.sub(pattern, lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.DOTALL)
    return [line.strip() for line in text.splitlines() if re.search(r"\d", line)]
