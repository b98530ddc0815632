"""The forms of a figure: with its headline, bare for a text with captions, and wide for a slide.

A figure is drawn once. Another form moves its axes and sets its words anew; nothing is drawn again.
"""

from __future__ import annotations

from typing import NamedTuple

from matplotlib.figure import Figure

from replication.plots.layout import BODY, HEAD, SMALL, height_of, wrap
from replication.plots.style import INNER, MARGIN, WIDTH, Drawing

WORDS = {"title": True, "deck": False, "footer": False}
"""Texts around a figure, and whether they are bold."""
SHAPE = 16 / 9
EDGE, COLUMN = 0.3, 2.6  # inches of a slide: around everything, and the least for its words
SIZES = {"title": 1.75, "deck": 0.95, "footer": 0.78}  # points an inch of the slide's width
SPACE = 0.12  # inches between the words of a slide


class Box(NamedTuple):
    """What lies between deck and footer, in inches from the bottom left corner."""

    left: float
    bottom: float
    height: float


def bare(figure: Drawing) -> None:
    """Take the headline off: the caption of a text stands there for it."""
    head = next(text for text in figure.texts if text.get_gid() == "title")
    tall = height_of(wrap(figure.title, INNER, HEAD, bold=True), HEAD)
    head.remove()
    _resize(figure, (WIDTH, figure.get_figheight() - tall), (0, 0))


def wide(figure: Drawing) -> None:
    """Set the words beside the figure, on a page of the shape of a slide."""
    body = _body(figure)
    for text in [text for text in figure.texts if text.get_gid() in WORDS]:
        text.remove()
    tall = max(body.height + 2 * EDGE, (INNER + COLUMN + 3 * EDGE) / SHAPE)
    across = tall * SHAPE
    left, bottom = across - EDGE - INNER, (tall - body.height) / 2
    _resize(figure, (across, tall), (left - body.left, bottom - body.bottom))
    _beside(figure, across - INNER - 3 * EDGE)


def _body(figure: Drawing) -> Box:
    """The area of the axes of a figure with its words above and below."""
    below = height_of(wrap(figure.footer, INNER, SMALL), SMALL)
    above = height_of(wrap(figure.deck, INNER, BODY), BODY)
    if any(text.get_gid() == "title" for text in figure.texts):
        above += height_of(wrap(figure.title, INNER, HEAD, bold=True), HEAD) + 0.05
    bottom = MARGIN + below + SPACE
    return Box(MARGIN, bottom, figure.get_figheight() - bottom - above - SPACE - MARGIN)


def _resize(figure: Figure, size: tuple[float, float], by: tuple[float, float]) -> None:
    """Give the page another size; what is on it keeps its size and is moved `by` so many inches."""
    before = figure.get_size_inches()
    figure.set_size_inches(size)
    for ax in figure.axes:
        box = ax.get_position(original=True)
        place = [
            (start * old + moved) / new
            for start, old, moved, new in zip((box.x0, box.y0), before, by, size, strict=True)
        ]
        ax.set_position((*place, box.width * before[0] / size[0], box.height * before[1] / size[1]))
    for text in figure.texts:
        x, y = text.get_position()
        text.set_position(
            (
                (x * before[0] + by[0]) / size[0],
                (y * before[1] + by[1]) / size[1],
            )
        )


def _beside(figure: Drawing, column: float) -> None:
    """Title and deck at the top of the column, the footer at its foot, as large as they fit."""
    across, tall = figure.get_size_inches()
    texts = {"title": figure.title, "deck": figure.deck, "footer": figure.footer}
    for shrink in (0.96**n for n in range(40)):
        sizes = {name: shrink * SIZES[name] * across for name in WORDS}
        lines = {n: wrap(texts[n], column, sizes[n], bold=bold) for n, bold in WORDS.items()}
        high = {name: height_of(lines[name], sizes[name]) for name in WORDS}
        if sum(high.values()) + 2 * EDGE + 2 * SPACE <= tall:
            break
    tops = {
        "title": tall - EDGE,
        "deck": tall - EDGE - high["title"] - SPACE,
        "footer": EDGE + high["footer"],
    }
    for name, top in tops.items():
        figure.write(name, EDGE, top, lines[name], sizes[name])
