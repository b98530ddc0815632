"""Colours on a dark page: the same hues, light enough to be read there."""

from __future__ import annotations

from functools import cache

import numpy as np
from matplotlib.colors import to_hex, to_rgb
from numpy.typing import NDArray

from replication.plots.style import (
    COLOURS,
    CONTRAST,
    INK,
    ON_COLOUR,
    PAPER,
    QUIET,
    RULE,
    SHADE,
    luminance,
    text_colour,
)

DARK_PAPER = "#17191c"
GROUPS = {
    "#d2402b": "#fc5249",
    "#12386e": "#7cb9f9",
    "#9852d7": "#aa60fc",
    "#b9bd1c": "#e3ca2b",
    "#4a699b": "#6e87b2",
    "#bff280": "#cbf585",
    "#35a35b": "#aaffb7",
    "#f2a694": "#ffebeb",
    "#742b2e": "#e78a82",
    "#25c3e1": "#6ee4ff",
    "#6b6d73": "#bec0c7",
    "#9ea0a6": "#898b91",
    "#d3d4d7": "#5d5e61",
}
"""The definitions' colours of country groups, and those that are as far apart on the dark page."""
_REST = {
    PAPER: DARK_PAPER,
    INK: "#ececec",
    QUIET: "#b4b7bc",
    RULE: "#3b3f45",
    SHADE: "#26292e",
    **dict.fromkeys(ON_COLOUR, DARK_PAPER),
}
"""What is paper, ink, line or shade is so on the dark page too."""
_NEUTRAL = 8  # CIELAB chroma below which a colour is a grey

Floats = NDArray[np.float64]
_TO_XYZ = np.array([
    [0.4124564, 0.3575761, 0.1804375],
    [0.2126729, 0.7151522, 0.0721750],
    [0.0193339, 0.1191920, 0.9503041],
])  # fmt: skip
_WHITE = _TO_XYZ.sum(axis=1)
_EDGE = 6 / 29  # between both branches of CIELAB


def dark_colours() -> dict[str, str]:
    """Colours of the present groups, of text in them and of the page, with their dark ones."""
    texts = {text_colour(group): _legible(on_dark(colour)) for group, colour in COLOURS.items()}
    marks = {colour.lower(): on_dark(colour) for colour in COLOURS.values()}
    return {**texts, **marks, **_REST}


@cache
def on_dark(colour: str) -> str:
    """The colour that stands on the dark page for `colour`, both as #rrggbb.

    A hue keeps its hue and is lightened; a grey changes sides, so that the one which recedes on
    white recedes on the dark page too.
    """
    known = GROUPS | _REST
    if colour.lower() in known:
        return known[colour.lower()]
    light, a, b = lab(to_rgb(colour))
    if np.hypot(a, b) < _NEUTRAL:
        return to_hex(_rgb(np.array([min(118 - 0.87 * light, 96.0), a, b])))
    return to_hex(_rgb(np.array([44 + 0.53 * light, a, b])))


def _legible(colour: str) -> str:
    """The colour, lightened where text in it would be too dark to read on the dark page."""
    light, a, b = lab(to_rgb(colour))
    paper = luminance(to_rgb(DARK_PAPER)) + 0.05
    while (luminance(to_rgb(colour)) + 0.05) / paper < CONTRAST:
        light += 1
        colour = to_hex(_rgb(np.array([light, a, b])))
    return colour


def lab(rgb: tuple[float, float, float] | Floats) -> Floats:
    """CIELAB (D65) of an sRGB colour: lightness, green to red, blue to yellow."""
    encoded = np.asarray(rgb, dtype=float)
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    ratio = _TO_XYZ @ linear / _WHITE
    x, y, z = np.where(ratio > _EDGE**3, np.cbrt(ratio), ratio / (3 * _EDGE**2) + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def _rgb(colour: Floats) -> tuple[float, float, float]:
    """The sRGB colour of a CIELAB one, with less chroma where the screen cannot show it."""
    light, a, b = colour
    for _ in range(60):
        y = (light + 16) / 116
        parts = np.array([y + a / 500, y, y - b / 200])
        ratio = np.where(parts > _EDGE, parts**3, 3 * _EDGE**2 * (parts - 4 / 29))
        linear = np.linalg.solve(_TO_XYZ, ratio * _WHITE)
        if linear.min() >= -1e-4 and linear.max() <= 1 + 1e-4:
            break
        a, b = 0.96 * a, 0.96 * b
    shown = np.clip(linear, 0, 1)
    encoded = np.where(shown <= 0.0031308, 12.92 * shown, 1.055 * shown ** (1 / 2.4) - 0.055)
    red, green, blue = encoded.round(6)
    return float(red), float(green), float(blue)
