"""The files of one figure: every form, every format, and its data."""

from __future__ import annotations

from replication.files import csv_text
from replication.plots import forms, printing, style, svg
from replication.plots.letters import PATHS, TEXTS, drawn
from replication.plots.palette import dark_colours
from replication.plots.style import Drawing

FILES = (
    "{}.svg", "{}.pdf", "{}.png", "dark/{}.svg", "bare/{}.svg", "bare/{}.pdf", "wide/{}.png",
    "data/{}.csv",
)  # fmt: skip
"""Every file of a figure, by its name."""
SLIDE = 1920
"""Pixels that a slide is wide."""


def files_of(name: str, figure: Drawing) -> dict[str, bytes]:
    """Bytes of every file of `FILES`."""
    both = drawn(figure)
    outlines, texts = both[PATHS], both[TEXTS]
    web = _svg(figure, outlines)
    page = forms.slide(figure)
    slide = forms.wide(figure, texts, page, drawn(page, TEXTS)[TEXTS])
    files = {
        "{}.svg": web.encode(),
        "{}.pdf": printing.pdf(figure, forms.whole(figure, texts)),
        "{}.png": printing.png(figure, forms.whole(figure, texts), style.DPI),
        "dark/{}.svg": svg.dark(web, dark_colours()).encode(),
        "bare/{}.svg": _svg(figure, forms.bare(figure, outlines).svg).encode(),
        "bare/{}.pdf": printing.pdf(figure, forms.bare(figure, texts)),
        "wide/{}.png": printing.png(figure, slide, SLIDE / slide.wide),
        "data/{}.csv": csv_text(figure.data).encode(),
    }
    return {place.format(name): files[place] for place in FILES}


def rendered(figure: Drawing, suffix: str) -> bytes:
    """Bytes of `figure` as it is in the format `suffix`: svg, pdf or png."""
    if suffix == "svg":
        return _svg(figure, drawn(figure, PATHS)[PATHS]).encode()
    form = forms.whole(figure, drawn(figure, TEXTS)[TEXTS])
    return printing.pdf(figure, form) if suffix == "pdf" else printing.png(figure, form, style.DPI)


def _svg(figure: Drawing, whole: str) -> str:
    """A drawing of the figure as short SVG with a title and a description."""
    return svg.compact(svg.accessible(whole, figure.title, figure.alt))
