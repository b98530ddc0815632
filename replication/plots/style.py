"""The one look of all figures: size, type, colours, and the page with title, deck and footer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import matplotlib.style
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from replication.definitions import Definitions
from replication.plots.layout import BODY, FONT, HEAD, LEADING, SMALL, height_of, wrap

WIDTH, MARGIN, DPI = 6.5, 0.06, 300
INNER = WIDTH - 2 * MARGIN
PAPER, INK, QUIET, RULE, SHADE = "#ffffff", "#1f1f1f", "#5c5c5c", "#dedede", "#f1f1ef"
ON_COLOUR = "#fffffe", "#1f1f1e"
"""Text on a group's colour: white or ink, each a shade away, so that a dark page can tell it apart."""

COLOURS: dict[str, str] = {}
"""Colour of each country group of the definitions whose `context` this is; none outside of one."""
SPARE = ("#B56D0F", "#5D7A1F", "#D66BA8", "#0F7F7A", "#6A4C1E", "#E3C29B")
"""Colours, in turn, of groups for which the definitions name none."""
MARKERS = {"China": "o", "USA": "s"}
SIDES = tuple(MARKERS)
"""The two sides of the lead, in the order of its sign."""
CONTRAST = 4.5
"""Least contrast of text with its page (WCAG 2.2, level AA)."""

_RC: dict[str, Any] = {
    "font.family": FONT,
    "font.size": SMALL,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.spines.bottom": False,
    "axes.axisbelow": True,
    "axes.labelcolor": QUIET,
    "axes.labelsize": SMALL,
    "axes.unicode_minus": True,
    "text.color": INK,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "lines.solid_capstyle": "butt",
    "text.hinting": "none",
    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
    "svg.fonttype": "path",
    "svg.hashsalt": "replication",
}


@contextmanager
def context(definitions: Definitions) -> Iterator[None]:
    """The look of all figures with the colours of the definitions' groups; undone on leaving."""
    before = dict(COLOURS)
    _use(colours_of(definitions))
    try:
        with look():
            yield
    finally:
        _use(before)


@contextmanager
def look() -> Iterator[None]:
    """The settings of all figures, whatever the user's are; undone on leaving."""
    with (
        matplotlib.style.context(["default", _RC], after_reset=True),
        # A style leaves the settings of dates as the user has them.
        matplotlib.rc_context({"timezone": "UTC", "date.epoch": "1970-01-01T00:00:00"}),
    ):
        yield


def colours_of(definitions: Definitions) -> dict[str, str]:
    """Colour of each country group, in their order; groups without one get spare ones."""
    spare = cycle(SPARE)
    return {group.name: group.colour or next(spare) for group in definitions.country_groups}


def _use(colours: Mapping[str, str]) -> None:
    """Make `colours` those of all figures."""
    COLOURS.clear()
    COLOURS.update(colours)


def leader(lead: float) -> str:
    """The side whose lead it is."""
    return SIDES[0] if lead > 0 else SIDES[1]


def text_colour(group: str) -> str:
    """The group's colour, darkened where text in it would be too pale to read on white."""
    rgb = to_rgb(COLOURS[group])
    while 1.05 / (luminance(rgb) + 0.05) < CONTRAST:
        rgb = tuple(0.96 * part for part in rgb)  # type: ignore[assignment]  # still three parts
    return to_hex(rgb)


def on_colour(colour: str) -> str:
    """Ink or white, whichever reads better on a colour."""
    light = luminance(to_rgb(colour)) + 0.05
    white, ink = ON_COLOUR
    return white if 1.05 / light > light / (luminance(to_rgb(ink)) + 0.05) else ink


def luminance(rgb: tuple[float, float, float]) -> float:
    """Relative luminance of an sRGB colour."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


class Drawing(Figure):
    """A figure with its words: title, deck, footer, a text that stands for it, and what is drawn."""

    def __init__(self, size: tuple[float, float], title: str, deck: str, footer: str) -> None:
        super().__init__(figsize=size, facecolor=PAPER)
        FigureCanvasAgg(self)
        self.title, self.deck, self.footer = title, deck, footer
        self.alt = f"{title}. {deck}"
        self.data = pd.DataFrame()

    def write(self, name: str, left: float, top: float, lines: list[str], size: float) -> None:
        """Write title, deck or footer from a place down, in inches from the bottom left corner."""
        wide, tall = self.get_size_inches()
        self.text(
            left / wide, top / tall, "\n".join(lines), va="top", linespacing=LEADING, gid=name,
            size=size, color=INK if name == "title" else QUIET,
            weight="bold" if name == "title" else "normal",
        )  # fmt: skip


@dataclass(frozen=True)
class Page:
    """A figure with title, deck and footer, and the empty area between them, in inches."""

    figure: Drawing
    bottom: float
    height: float

    def axes(self, left: float, bottom: float, width: float, height: float) -> Axes:
        """Axes at a place in the empty area, all in inches."""
        tall = self.figure.get_figheight()
        place = ((MARGIN + left) / WIDTH, (self.bottom + bottom) / tall)
        return self.figure.add_axes((*place, width / WIDTH, height / tall))

    def heading(self, left: float, bottom: float, text: str) -> None:
        """Write the name of a panel at a place in the empty area, in inches."""
        x, y = (MARGIN + left) / WIDTH, (self.bottom + bottom) / self.figure.get_figheight()
        self.figure.text(x, y, text, size=BODY, weight="bold")

    def describe(self, alt: str, data: pd.DataFrame) -> Drawing:
        """Finish the figure with a sentence on what it shows, which follows its title, and its data."""
        self.figure.alt = f"{self.figure.title}. {alt}"
        self.figure.data = data
        return self.figure


def page(height: float, title: str, deck: str, footer: str) -> Page:
    """Start a figure whose empty area is INNER × `height` inches; its texts wrap to that width."""
    head = wrap(title, INNER, HEAD, bold=True)
    under, foot = wrap(deck, INNER, BODY), wrap(footer, INNER, SMALL)
    bottom = MARGIN + height_of(foot, SMALL) + 0.12
    above = height + 0.12 + height_of(under, BODY) + 0.05
    total = bottom + above + height_of(head, HEAD) + MARGIN
    figure = Drawing((WIDTH, total), title, deck, footer)
    figure.write("title", MARGIN, total - MARGIN, head, HEAD)
    figure.write("deck", MARGIN, bottom + above - 0.05, under, BODY)
    figure.write("footer", MARGIN, bottom - 0.12, foot, SMALL)
    return Page(figure, bottom, height)
