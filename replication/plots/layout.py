"""Where words go: their width, their lines, and labels moved apart."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

FONT = "DejaVu Sans"
SMALL, BODY, HEAD = 7.5, 8.0, 11.0
LEADING = 1.28
_BEARING = 0.02  # inches that a line takes beside its ink


@cache
def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Width of one line of text in inches."""
    font = FontProperties(family=FONT, weight="bold" if bold else "normal")
    return float(TextPath((0, 0), text, size=size, prop=font).get_extents().width) / 72 + _BEARING


def wrap(text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """Break `text` at spaces into lines of at most `width` inches."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size, bold=bold) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


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
