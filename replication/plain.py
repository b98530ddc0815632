"""Text of data as it may be shown: it moves no cursor, turns no direction and is not endless."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

LONGEST = 400
"""Letters of one piece of text that are shown at most."""
UNKNOWN = "\ufffd"
"""What stands for a character that cannot be shown."""
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def plain(text: Any, longest: int = LONGEST) -> str:
    """Return `text` on one line, with its middle left out where it is longer than `longest`.

    Ends of lines and tabs become spaces. Control characters, marks that change the direction of
    writing and what Unicode does not define become U+FFFD.
    """
    words = str(text)
    if len(words) > longest:
        head = longest // 2
        words = f"{words[:head]}…{words[len(words) - (longest - head - 1) :]}"
    return "".join(map(_letter, words))


def plain_lines(text: str) -> str:
    """Return a text of several lines, each as `plain` shows it, however long."""
    return "\n".join(plain(line, len(line)) for line in text.split("\n"))


def quantity(count: int, noun: str) -> str:
    """Name so many things of a noun with a plural in s: "1 row", "1,200 rows"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def listed(texts: Sequence[str]) -> str:
    """Name all of some as in a sentence: "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, [", ".join(texts[:-1]), *texts[-1:]]))


def few(texts: Sequence[str], most: int) -> str:
    """Name the first of many, and how many more there are."""
    more = len(texts) - most
    return ", ".join(texts[:most]) + (f" and {more} more" if more > 0 else "")


def _letter(letter: str) -> str:
    if letter in "\t\n\r\v\f":
        return " "
    return UNKNOWN if unicodedata.category(letter) in _HIDDEN else letter


def span(seconds: float) -> str:
    """Return a length of time in its natural unit."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
