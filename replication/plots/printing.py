"""A figure for print and for slides: Typst makes PDF and picture of its SVG, whose text is text."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Any, cast

import matplotlib as mpl
import typst
from PIL import Image

from replication.plots.forms import Form
from replication.plots.style import Drawing

TONES, PURE = 256, 253
"""Colours of a PNG, and the tone from which a colour's part counts as full: white stays white."""

# No date: the same figure gives the same bytes. The standard is refused where no alternative text is.
_PAGE = b"""
#let given = sys.inputs
#set document(title: given.title, date: none)
#set text(lang: "en")
#set page(width: float(given.wide) * 1in, height: float(given.tall) * 1in, margin: 0pt)
#image(bytes(given.svg), format: "svg", width: 100%, height: 100%, alt: given.alt)
"""


def pdf(figure: Drawing, form: Form) -> bytes:
    """A form as PDF/UA-1: text can be selected, its fonts are embedded, and the picture has its words."""
    return _made(figure, form, format="pdf", pdf_standards="ua-1")


def png(figure: Drawing, form: Form, dpi: float) -> bytes:
    """A form as PNG with as many colours as it needs, and its resolution."""
    picture = Image.open(io.BytesIO(_made(figure, form, format="png", ppi=dpi)))
    few = picture.convert("RGB").quantize(
        TONES, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
    )
    tones = few.getpalette() or []
    few.putpalette([tone if tone < PURE else 255 for tone in tones])
    stream = io.BytesIO()
    few.save(stream, "png", compress_level=6, dpi=(dpi, dpi))
    return stream.getvalue()


def _made(figure: Drawing, form: Form, **settings: Any) -> bytes:
    """What Typst makes of a form of a figure."""
    drawn = form.svg.replace("<svg ", '<svg xml:space="preserve" ', 1)  # two blanks stay two
    given = {"svg": drawn, "title": figure.title, "alt": figure.alt}
    size = {"wide": str(form.wide), "tall": str(form.tall)}
    made = _typst().compile(_PAGE, sys_inputs=given | size, **settings)
    return cast("bytes", made)  # one page makes one file


@cache
def _typst() -> typst.Compiler:
    """Typst with the fonts that matplotlib carries, and no other ones."""
    fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"
    return typst.Compiler(font_paths=[str(fonts)], ignore_system_fonts=True)
