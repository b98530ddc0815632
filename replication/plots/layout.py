"""Where words go: their width, their lines, and labels moved apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.textpath import text_to_path

from replication.plain import UNKNOWN, plain

FONT = "DejaVu Sans"
SMALL, BODY, HEAD = 7.5, 8.0, 11.0
LEADING = 1.28


NAME = 48
"""Letters of a name that a figure shows at most."""


@cache
def drawable(name: str, longest: int = NAME) -> str:
    """A name of the data as a figure can show it: short, and in letters that the font has."""
    font = get_font(findfont(FontProperties(family=FONT)))
    return "".join(c if font.get_char_index(ord(c)) else UNKNOWN for c in plain(name, longest))


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Width of one line of text in inches."""
    return size * _width(text, bold=bold) / 72


@cache
def _width(text: str, *, bold: bool) -> float:
    """Width of one line of text in parts of its size."""
    font = FontProperties(family=FONT, size=1, weight="bold" if bold else "normal")
    wide, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(wide)


def wrap(text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """Break `text` into lines of at most `width` inches, never before a dash, nor before a number that no comma precedes.

    A line is as wide as its words and the blanks between them: the font sets no letter nearer to a blank.
    """
    blank, lines, so_far = width_of(" ", size, bold=bold), list[list[str]](), 0.0
    for word in re.split(r" (?![\d/–])|(?<=,) ", text):
        wide = width_of(word, size, bold=bold)
        if lines and so_far + blank + wide <= width:
            lines[-1].append(word)
            so_far += blank + wide
        else:
            lines.append([word])
            so_far = wide
    return [" ".join(line) for line in lines]


def height_of(lines: Sequence[str], size: float) -> float:
    """Height of lines of text in inches."""
    return len(lines) * size * LEADING / 72


def spread(places: Sequence[float], gap: float, lowest: float) -> list[float]:
    """Move labels apart by at least `gap`, as little as possible, none below `lowest`.

    Labels that touch form a block around the mean of their places (pool adjacent violators).
    """
    blocks: list[tuple[float, int]] = []  # centre and number of labels, from the bottom up
    for place in sorted(places):
        centre, count = max(place, lowest), 1
        while blocks and centre - blocks[-1][0] < gap * (count + blocks[-1][1]) / 2:
            below, others = blocks.pop()
            centre = (centre * count + below * others) / (count + others)
            count += others
            centre = max(centre, lowest + gap * (count - 1) / 2)
        blocks.append((centre, count))
    moved = [centre + gap * (i - (n - 1) / 2) for centre, n in blocks for i in range(n)]
    order = sorted(range(len(places)), key=lambda index: places[index])
    return [moved[order.index(index)] for index in range(len(places))]
