"""The forms of a figure, its SVG for those who hear it, and its colours on white and on a dark page."""

from __future__ import annotations

import io
import re
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pypdf
import pytest
from figure_texts import overlaps
from matplotlib.colors import to_rgb
from PIL import Image

from replication.definitions import load_definitions
from replication.plots import forms, palette, printing, style, svg, writing
from replication.plots.layout import height_of, wrap

DEFINITIONS = load_definitions()
COLOURS = style.colours_of(DEFINITIONS)
APART = 15
"""CIELAB units between any two groups' colours, as definitions.toml promises."""
# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
VISIONS = {
    "all cones": np.eye(3),
    "no L cones": np.array([
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ]),
    "no M cones": np.array([
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]),
    "no S cones": np.array([
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ]),
}  # fmt: skip
TITLE = "A finding with two numbers, 12.3 and 45.6, in a title that is long enough to take a second line"
DECK = (
    "What the marks are, in a sentence that is as long as those of the figures are. " * 2
    + "No more"
)


def drawing() -> style.Drawing:
    """A figure with one panel, which has a mark, a name and a heading."""
    sheet = style.page(3.0, TITLE, DECK, "Data: synthetic, read on 5 January 2026.")
    ax = sheet.axes(0.5, 0.5, 4.0, 2.0)
    ax.plot([1, 2], [1, 2], color=style.COLOURS["China"])
    ax.text(1.2, 1.6, "China", color=style.text_colour("China"), size=7.5)
    sheet.heading(0.5, 2.6, "A panel")
    return sheet.describe("A line that rises.", pd.DataFrame({"x": [1, 2], "y": [1, 2]}))


def seen(colour: str, vision: str) -> np.ndarray:
    """CIELAB of a colour as an eye sees it."""
    encoded = np.array(to_rgb(colour))
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    shown = np.clip(VISIONS[vision] @ linear, 0, 1)
    again = np.where(shown <= 0.0031308, 12.92 * shown, 1.055 * shown ** (1 / 2.4) - 0.055)
    return palette.lab(again)


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_of_groups_are_apart_to_every_eye(theme: str, vision: str) -> None:
    """On white and on the dark page, as definitions.toml promises."""
    shown = {
        group: palette.on_dark(colour) if theme == "dark" else colour
        for group, colour in COLOURS.items()
    }
    distances = {
        (a, b): float(np.linalg.norm(seen(shown[a], vision) - seen(shown[b], vision)))
        for a, b in combinations(shown, 2)
    }
    assert {pair: d for pair, d in distances.items() if d < APART} == {}


def test_lightness_is_that_of_the_standard() -> None:
    """White is 100, black 0, and pure red as published: 53.2, 80.1, 67.2."""
    assert palette.lab((1, 1, 1)) == pytest.approx([100, 0, 0], abs=0.01)
    assert palette.lab((0, 0, 0)) == pytest.approx([0, 0, 0], abs=0.01)
    assert palette.lab((1, 0, 0)) == pytest.approx([53.24, 80.09, 67.20], abs=0.02)


def test_every_colour_of_the_definitions_has_a_dark_one_and_text_in_it_is_legible() -> None:
    """So is text on a tile of a group, and quiet text."""
    assert {colour.lower() for colour in COLOURS.values()} <= set(palette.GROUPS)
    with style.context(DEFINITIONS):
        dark = palette.dark_colours()
        texts = {dark[style.text_colour(group)] for group in COLOURS}
    paper = style.luminance(to_rgb(palette.DARK_PAPER)) + 0.05
    for colour in texts | {dark[style.INK], dark[style.QUIET]}:
        assert (style.luminance(to_rgb(colour)) + 0.05) / paper >= style.CONTRAST


def test_a_spare_colour_is_lightened_and_keeps_its_hue() -> None:
    """A rule serves what no table names."""
    for colour in style.SPARE:
        light, a, b = palette.lab(to_rgb(colour))
        other, c, d = palette.lab(to_rgb(palette.on_dark(colour)))
        assert other > light or light > 90
        assert np.cos(np.arctan2(b, a) - np.arctan2(d, c)) > 0.98


def test_the_bare_form_has_no_headline_and_is_else_the_same() -> None:
    """It is what lies below the headline: no other text reaches up to where it is cut."""
    with style.context(DEFINITIONS):
        figure = drawing()
        whole = writing.drawn(figure)[writing.TEXTS]
        form = forms.bare(figure, whole)
        below = max(t.get_window_extent().y1 for t in figure.texts if t.get_gid() != "title")
    cut = height_of(wrap(TITLE, style.INNER, 11.0, bold=True), 11.0)
    assert (form.wide, form.tall) == pytest.approx((style.WIDTH, figure.get_figheight() - cut))
    assert below <= form.tall * figure.dpi
    box = re.search(r'viewBox="([^"]*)"', form.svg)
    assert box
    places = [float(x) for x in box[1].split()]
    assert places == pytest.approx([0, 72 * cut, 72 * form.wide, 72 * form.tall], abs=0.01)
    lost = [line for line in _texts(whole) if line not in _texts(form.svg)]
    assert " ".join(lost) == TITLE


def test_the_bare_form_keeps_the_letters_that_the_headline_defined() -> None:
    """Letters are outlines, each defined where a text first needs it: what is used is there."""
    with style.context(DEFINITIONS):
        figure = drawing()
        form = forms.bare(figure, writing.drawn(figure, writing.PATHS)[writing.PATHS])
    used = set(re.findall(r'href="#([^"]+)"', form.svg))
    assert any("Bold" in name for name in used)
    assert used <= set(re.findall(r' id="([^"]+)"', form.svg))


def test_one_drawing_is_what_two_would_be() -> None:
    """Letters are outlines or text; else each SVG is what matplotlib writes by itself, and the figure is as it was."""
    with style.context(DEFINITIONS):
        figure = drawing()
        before, both = figure.dpi, writing.drawn(figure)
        assert figure.dpi == before
        for letters, made in both.items():
            assert writing.drawn(figure, letters) == {letters: made}
            stream = io.StringIO()
            with mpl.rc_context({"svg.fonttype": letters}):
                figure.savefig(stream, format="svg", metadata={"Date": None})
            assert made.replace("<!--  -->", "").split() == stream.getvalue().split()
    assert _texts(both[writing.PATHS]) == []
    assert "China" in _texts(both[writing.TEXTS])


def _texts(drawn: str) -> list[str]:
    """Lines of text of a drawing, in order."""
    return re.findall(r"<text [^>]*>([^<]*)</text>", drawn)


def test_the_wide_form_has_the_shape_of_a_slide() -> None:
    """Words stand left of the panel, which keeps its size; nothing overlaps or leaves the page."""
    with style.context(DEFINITIONS):
        figure = drawing()
        page = forms.slide(figure)
        whole, words = (writing.drawn(one)[writing.TEXTS] for one in (figure, page))
        form = forms.wide(figure, whole, page, words)
        assert form.wide / form.tall == pytest.approx(16 / 9)
        assert overlaps(page) == []
        assert {t.get_gid() for t in page.texts} == set(forms.WORDS)
        moved = re.search(r'<g transform="translate\((\S+) (\S+)\)', form.svg)
        assert moved
        right, down = float(moved[1]) / 72, float(moved[2]) / 72
        for text in page.texts:
            assert text.get_window_extent().x1 / page.dpi < right + style.MARGIN
        box, tall = figure.axes[0].get_position(), figure.get_figheight()
    top, bottom = (tall * (1 - y) + down for y in (box.y1, box.y0))
    assert 0 < top < bottom < form.tall
    assert right + style.WIDTH - style.MARGIN == pytest.approx(form.wide - forms.EDGE)
    assert sorted(_texts(form.svg)) == sorted([*_texts(words), "China", "A panel", *_ticks(whole)])


def test_what_reaches_beyond_the_drawing_is_not_under_the_words_of_a_slide() -> None:
    """A band across a whole figure ends at the drawing's edge, right of the words' column."""
    with style.context(DEFINITIONS):
        figure = drawing()
        figure.axes[0].axhspan(1.3, 1.6, xmin=-9, xmax=9, color="#ff00ff", clip_on=False)
        page = forms.slide(figure)
        whole, words = (writing.drawn(one)[writing.TEXTS] for one in (figure, page))
        form = forms.wide(figure, whole, page, words)
        picture = Image.open(io.BytesIO(printing.png(figure, form, 72))).convert("RGB")
    moved = re.search(r'<g transform="translate\((\S+) ', form.svg)
    assert moved
    band = np.argwhere((np.asarray(picture) == [255, 0, 255]).all(axis=2))[:, 1]
    assert band.min() == pytest.approx(float(moved[1]), abs=1.5)


def _ticks(drawn: str) -> list[str]:
    """Numbers at the axes of a drawing."""
    return [text for text in _texts(drawn) if re.fullmatch(r"[\d.]+", text)]


def test_the_pdf_has_text_fonts_and_words_for_those_who_hear_it() -> None:
    """Text is found, also with two blanks in it; fonts are TrueType and embedded; there is no date."""
    with style.context(DEFINITIONS):
        figure = drawing()
        figure.axes[0].text(1.2, 1.2, "two  blanks", size=7.5)
        made = writing.rendered(figure, "pdf")
        assert made == writing.rendered(figure, "pdf")
    pdf = pypdf.PdfReader(io.BytesIO(made))
    (page,) = pdf.pages
    text = " ".join(page.extract_text().split("\n"))
    assert "two  blanks" in text
    assert "A panel" in text
    assert DECK[:60] in text
    assert [float(x) / 72 for x in page.mediabox[2:]] == pytest.approx(figure.get_size_inches())
    assert pdf.metadata is not None
    assert pdf.metadata.title == TITLE
    assert not {"/CreationDate", "/ModDate"} & set(pdf.metadata)
    parts = [pdf.get_object(n) for n in range(1, len(pdf.xref[0]))]
    tables = [part for part in parts if isinstance(part, pypdf.generic.DictionaryObject)]
    fonts = [part for part in tables if part.get("/Type") == "/FontDescriptor"]
    assert {str(font["/FontName"]).partition("+")[2] for font in fonts} == {
        "DejaVuSans",
        "DejaVuSans-Bold",
    }
    assert all("/FontFile2" in font for font in fonts)
    assert [str(part["/Alt"]) for part in tables if "/Alt" in part] == [figure.alt]


def test_the_svg_has_a_title_and_a_description_and_no_date() -> None:
    """Both are for those who hear the picture, and are escaped."""
    with style.context(DEFINITIONS):
        figure = drawing()
        figure.alt = "Less < more & so on"
        text = writing.rendered(figure, "svg").decode()
    assert f"<title>{TITLE}</title>" in text
    assert "<desc>Less &lt; more &amp; so on</desc>" in text
    assert re.search(r'<svg [^>]*role="img"', text)
    assert "<metadata>" not in text
    assert "dc:date" not in text


def test_places_are_rounded_and_scales_are_not() -> None:
    """A letter that is scaled by 0.015625 keeps its size."""
    text = '<path d="M 1.23456 2.0000\n" transform="translate(3.98765 4) scale(0.015625)"/>\n\n'
    assert svg.compact(text) == (
        '<path d="M 1.23 2\n" transform="translate(3.99 4) scale(0.015625)"/>\n'
    )


def test_the_dark_svg_has_no_colour_of_the_light_page() -> None:
    """Paper is dark, China is as the table says, and the text in its colour is too."""
    with style.context(DEFINITIONS):
        light = writing.rendered(drawing(), "svg").decode()
        dark = svg.dark(light, palette.dark_colours())
    found = set(re.findall(r"#[0-9a-f]{6}\b", dark))
    assert found.isdisjoint({style.PAPER, style.INK, style.QUIET, COLOURS["China"].lower()})
    assert {palette.DARK_PAPER, palette.GROUPS["#d2402b"]} <= found


def test_the_png_has_its_resolution_and_its_colours() -> None:
    """300 dots an inch; white is white, and China's red is within two tones of itself."""
    with style.context(DEFINITIONS):
        picture = Image.open(io.BytesIO(writing.rendered(drawing(), "png")))
    assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    assert picture.size[0] == round(300 * style.WIDTH)
    tones = np.asarray(picture.convert("RGB")).reshape(-1, 3).astype(int)
    assert (tones[0] == 255).all()
    red = np.round(np.array(to_rgb(COLOURS["China"])) * 255)
    assert np.abs(tones - red).max(axis=1).min() <= 2
