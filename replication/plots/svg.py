"""Figures as SVG: short, with a title and a description, and on a dark page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.sax.saxutils import escape

from replication.plots.palette import on_dark

_COMMENT = re.compile(r"\s*<!--.*?-->", re.DOTALL)
_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
_TITLE = re.compile(r"\s*<title>.*?</title>", re.DOTALL)
_NUMBER = re.compile(r"(?<![\w#.-])-?\d+\.\d{3,}(?![\w.])")
_DATA = re.compile(r' (?:d|points|x|y|width|height)="[^"]*"|translate\([^)]*\)')
_COLOUR = re.compile(r"#[0-9a-f]{6}\b")
_IMAGE = "<image "
_OPEN = re.compile(r"<svg [^>]*>")
DARKENED = '<image style="filter:invert(0.91)" '
"""A picture within a figure is grey: turned around, its white is the dark page."""


def accessible(svg: str, title: str, description: str) -> str:
    """Name and describe the picture for those who hear it."""
    svg = _METADATA.sub("", _TITLE.sub("", _COMMENT.sub("", svg)))
    words = f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"

    def opened(match: re.Match[str]) -> str:
        return f'{match[0][:-1]} role="img">\n {words}'

    return _OPEN.sub(opened, svg, count=1)


def compact(svg: str) -> str:
    """Places to a hundredth of a point, and no blanks between lines."""

    def rounded(match: re.Match[str]) -> str:
        return f"{float(match[0]):.2f}".rstrip("0").rstrip(".")

    short = _DATA.sub(lambda match: _NUMBER.sub(rounded, match[0]), svg)
    return "\n".join(line.strip() for line in short.splitlines() if line.strip()) + "\n"


def dark(svg: str, colours: Mapping[str, str]) -> str:
    """The picture on a dark page; `colours` are those that are set, others follow a rule."""

    def turned(match: re.Match[str]) -> str:
        return colours.get(match[0]) or on_dark(match[0])

    return _COLOUR.sub(turned, svg).replace(_IMAGE, DARKENED)
