"""Markdown of the paper and the README: data are escaped where they are set into it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from replication.plain import plain

_MARKS = re.compile(
    r"[\\`*{}\[\]<>#$~^|@&]|(?<![^\W_])_|_(?![^\W_])|(?<=-)-|(?<=\.)\.|:(?=//)", re.ASCII
)
"""What may begin markup; an underscore inside a word does not."""
_QUOTES = re.compile(r"[\"']")
_SAFE_IN_ADDRESS = "/:?#@!$&*+,;=%~"


class Markup(str):
    """Markdown that this package wrote; any other text is data and is escaped in a cell."""

    __slots__ = ()


Row = Sequence[str]


def escaped(text: Any, *, sentence: bool = False) -> Markup:
    """Return text of data as Markdown that shows it as it is.

    Parameters
    ----------
    text
        Any value; it is shown on one line, without control characters (`plain`).
    sentence
        Whether straight quotation marks become typographic ones, as in prose.
    """
    shown = _MARKS.sub(r"\\\g<0>", plain(text))
    return Markup(shown if sentence else _QUOTES.sub(r"\\\g<0>", shown))


def bold(text: Any) -> Markup:
    """Text of data in bold."""
    return Markup(f"**{escaped(text)}**")


def code(text: Any) -> Markup:
    """Text of data as code, in which nothing is escaped and only the fence can end it."""
    shown = plain(text)
    longest = max(map(len, re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    return Markup(f"{fence}{pad}{shown}{pad}{fence}")


def link(text: Any, address: str, *, sentence: bool = False) -> Markup:
    """A link to a page of the web or a file; of any other address the text alone."""
    shown = escaped(text, sentence=sentence)
    if not safe_address(address):
        return shown
    return Markup(f"[{shown}]({quote(plain(address), safe=_SAFE_IN_ADDRESS)})")


def safe_address(address: str) -> bool:
    """Whether an address names a page of the web or a file, and not a script."""
    try:
        return urlsplit(address).scheme in {"", "http", "https"}
    except ValueError:  # such as an unclosed bracket of a host
        return False


def markdown(header: Row, rows: Sequence[Row], widths: Sequence[int]) -> str:
    """Format a pipe table; `widths` are the relative widths of its left-aligned columns.

    A cell is data, and is escaped, unless it is `Markup`. A table without rows says "none".
    """
    rows = rows or [("none", *["–"] * (len(header) - 1))]
    rule = [Markup(":" + "-" * width) for width in widths]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in (header, rule, *rows))


def signed(fraction: float) -> str:
    """Points with a sign."""
    return f"{'−' if fraction < 0 else '+'}{abs(100 * fraction):.1f}"


def _cell(text: str) -> str:
    return text if isinstance(text, Markup) else escaped(text)


def host(url: str) -> str:
    """The host of an address, without "www."; the address where it has none."""
    try:
        return (urlsplit(url).hostname or url).removeprefix("www.")
    except ValueError:
        return url


def capital(text: str) -> str:
    """The text with its first letter as a capital."""
    return text[:1].upper() + text[1:]
