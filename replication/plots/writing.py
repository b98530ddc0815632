"""The files of one figure: every form, every format, and its data."""

from __future__ import annotations

import io
from typing import Any

import matplotlib as mpl
from PIL import Image

from replication.files import csv_text
from replication.plots import forms, style, svg
from replication.plots.palette import dark_colours
from replication.plots.style import Drawing

FILES = (
    "{}.svg", "{}.pdf", "{}.png", "dark/{}.svg", "bare/{}.svg", "bare/{}.pdf", "wide/{}.png",
    "data/{}.csv",
)  # fmt: skip
"""Every file of a figure, by its name."""
SLIDE = 1920
"""Pixels that a slide is wide."""
TONES, PURE = 256, 253
"""Colours of a PNG, and the tone from which a colour's part counts as full: white stays white."""
OUTLINES, TRUETYPE = 3, 42
"""Kinds of fonts in a PDF: one that is made fast, and the one that publishers ask for."""

# No date and no random identifier in any format: the same results give the same bytes.
_METADATA: dict[str, dict[str, str | None]] = {
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
    "png": {},
}


def files_of(name: str, figure: Drawing) -> dict[str, bytes]:
    """Bytes of every file of `FILES`; the figure is left in its last form."""
    web = _svg(figure)
    files = {
        "{}.svg": web,
        "{}.pdf": _pdf(figure, OUTLINES),
        "{}.png": rendered(figure, "png"),
        "dark/{}.svg": svg.dark(web.decode(), dark_colours()).encode(),
        "data/{}.csv": csv_text(figure.data).encode(),
    }
    forms.bare(figure)
    files |= {"bare/{}.svg": _svg(figure), "bare/{}.pdf": _pdf(figure, TRUETYPE)}
    forms.wide(figure)
    files["wide/{}.png"] = _png(figure, SLIDE / figure.get_figwidth())
    return {place.format(name): files[place] for place in FILES}


def rendered(figure: Drawing, suffix: str) -> bytes:
    """Bytes of `figure` as it is in the format `suffix`: svg, pdf or png."""
    if suffix == "svg":
        return _svg(figure)
    return _png(figure, style.DPI) if suffix == "png" else _pdf(figure, OUTLINES)


def _svg(figure: Drawing) -> bytes:
    """The figure as SVG with a title and a description."""
    text = _saved(figure, "svg").decode()
    return svg.compact(svg.accessible(text, figure.title, figure.alt)).encode()


def _pdf(figure: Drawing, font: int) -> bytes:
    """The figure as PDF with its letters as a kind of font."""
    return _saved(figure, "pdf", font)


def _png(figure: Drawing, dpi: float) -> bytes:
    """The figure as PNG with as many colours as it needs, and its resolution."""
    picture = Image.open(
        io.BytesIO(_saved(figure, "png", dpi=dpi, pil_kwargs={"compress_level": 0}))
    )
    stream = io.BytesIO()
    few = picture.convert("RGB").quantize(
        TONES, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
    )
    tones = few.getpalette() or []
    few.putpalette([tone if tone < PURE else 255 for tone in tones])
    few.save(stream, "png", compress_level=6, dpi=(dpi, dpi))
    return stream.getvalue()


def _saved(figure: Drawing, suffix: str, font: int = OUTLINES, **settings: Any) -> bytes:
    """What matplotlib makes of the figure."""
    stream = io.BytesIO()
    about = {"Title": figure.title, **_METADATA[suffix]}
    with style.look():
        mpl.rcParams["pdf.fonttype"] = font
        figure.savefig(stream, format=suffix, metadata=about, **settings)
    return stream.getvalue()
