"""The forms of a figure: with its headline, bare for a text with captions, and wide for a slide.

A figure is drawn once. The bare form is its SVG below the headline; the wide one sets the words anew
and moves the rest beside them.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from replication.plots.layout import BODY, HEAD, SMALL, height_of, wrap
from replication.plots.style import INNER, MARGIN, Drawing

WORDS = {"title": True, "deck": False, "footer": False}
"""Texts around a figure, and whether they are bold."""
SHAPE = 16 / 9
EDGE, COLUMN = 0.3, 2.6  # inches of a slide: around everything, and the least for its words
SIZES = {"title": 1.75, "deck": 0.95, "footer": 0.78}  # points an inch of the slide's width
SPACE = 0.12  # inches between the words of a slide
POINTS = 72
"""Units of an SVG in an inch."""
_OUTLINES = re.compile(r"\n *<defs>.*?</defs>", re.DOTALL)
"""Letters, which matplotlib defines where a text first needs them."""
_SIZE = re.compile(r'width="[^"]*" height="[^"]*" viewBox="[^"]*"')


class Form(NamedTuple):
    """A drawing as SVG, and its size in inches."""

    svg: str
    wide: float
    tall: float


def whole(figure: Drawing, svg: str) -> Form:
    """The figure as it is drawn."""
    return Form(svg, *figure.get_size_inches())


def bare(figure: Drawing, svg: str) -> Form:
    """The drawing `svg` without its headline: the caption of a text stands there for it."""
    wide, tall = figure.get_size_inches()
    cut = _headline(figure)
    size = f'width="{POINTS * wide:.6g}pt" height="{POINTS * (tall - cut):.6g}pt"'
    box = f'viewBox="0 {POINTS * cut:.6g} {POINTS * wide:.6g} {POINTS * (tall - cut):.6g}"'
    below = _SIZE.sub(f"{size} {box}", _without(svg, "title"), count=1)
    return Form(below, wide, tall - cut)


def slide(figure: Drawing) -> Drawing:
    """A page of the shape of a slide with the words of the figure alone, left of where the rest goes."""
    tall = max(_body(figure) + 2 * EDGE, (INNER + COLUMN + 3 * EDGE) / SHAPE)
    across = tall * SHAPE
    page = Drawing((across, tall), figure.title, figure.deck, figure.footer)
    _beside(page, across - INNER - 3 * EDGE)
    return page


def wide(figure: Drawing, svg: str, page: Drawing, words: str) -> Form:
    """The drawing `svg` without its words beside those of `page`, which is drawn as `words`."""
    across, tall = page.get_size_inches()
    body = _body(figure)
    right = across - EDGE - INNER - MARGIN
    top = figure.get_figheight() - _foot(figure) - body  # of the body, from the upper edge
    down = (tall - body) / 2 - top
    inner = _without(svg, *WORDS).partition("<svg ")[2].partition(">")[2].rpartition("</svg>")[0]
    own, high = (POINTS * inches for inches in figure.get_size_inches())
    sheet = f'<svg width="{own:.6g}" height="{high:.6g}">'
    place = f'transform="translate({POINTS * right:.6g} {POINTS * down:.6g})"'
    moved = f"<g {place}>{sheet}{inner}</svg></g>"  # what reaches beyond its sheet is cut off there
    before, _, _ = words.rpartition("</svg>")
    return Form(f"{before}{moved}</svg>", across, tall)


def _without(svg: str, *names: str) -> str:
    """A drawing of matplotlib without texts around the figure; outlines that they define stay for others."""
    for name in names:
        group = re.compile(rf'\n  <g id="{name}">.*?\n  </g>', re.DOTALL)
        svg = group.sub(lambda match: "".join(_OUTLINES.findall(match[0])), svg, count=1)
    return svg


def _headline(figure: Drawing) -> float:
    """Height of the title in inches."""
    return height_of(wrap(figure.title, INNER, HEAD, bold=True), HEAD)


def _foot(figure: Drawing) -> float:
    """From the lower edge to the area of the axes, in inches."""
    return MARGIN + height_of(wrap(figure.footer, INNER, SMALL), SMALL) + SPACE


def _body(figure: Drawing) -> float:
    """Height of the area of the axes, between deck and footer, in inches."""
    above = height_of(wrap(figure.deck, INNER, BODY), BODY) + _headline(figure) + 0.05
    return figure.get_figheight() - _foot(figure) - above - SPACE - MARGIN


def _beside(page: Drawing, column: float) -> None:
    """Title and deck at the top of the column, the footer at its foot, as large as they fit."""
    across, tall = page.get_size_inches()
    texts = {"title": page.title, "deck": page.deck, "footer": page.footer}
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
        page.write(name, EDGE, top, lines[name], sizes[name])
