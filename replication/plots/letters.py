"""A figure as SVG, drawn once for both ways in which its letters are held."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_svg import RendererSVG

from replication.plots import style
from replication.plots.style import Drawing

PATHS, TEXTS = "path", "none"
"""How an SVG holds its letters: as outlines, which every program shows alike, or as text for print."""
POINTS = 72
"""Units of an SVG in an inch."""


def drawn(figure: Drawing, *letters: str) -> dict[str, str]:
    """The SVG that matplotlib makes of the figure by each way of `letters`; with no date and no random identifier.

    Without `letters` both ways are made.
    """
    streams = _Streams(letters or (PATHS, TEXTS))
    wide, tall = figure.get_size_inches()
    before = figure.dpi
    with style.look():
        figure.dpi = POINTS
        try:
            renderer = _Renderer(streams, POINTS * wide, POINTS * tall, before)
            figure.draw(renderer)
            renderer.finalize()  # type: ignore[no-untyped-call]
        finally:
            figure.dpi = before
    return {one: stream.getvalue() for one, stream in streams.all.items()}


class _Streams:
    """One stream for each way to hold letters; what is written goes to those that are open."""

    def __init__(self, letters: Iterable[str]) -> None:
        self.all = {one: io.StringIO() for one in letters}
        self.open: Iterable[str] = [*self.all]

    def write(self, text: str) -> None:
        for one in self.open:
            self.all[one].write(text)


class _Renderer(RendererSVG):
    """Writes each text in every way, each to its own stream, and all else to every stream."""

    def __init__(self, streams: _Streams, wide: float, tall: float, dpi: float) -> None:
        self._streams = streams
        super().__init__(  # type: ignore[no-untyped-call]
            wide, tall, streams, image_dpi=dpi, metadata={"Date": None}
        )

    def draw_text(self, *args: Any, **settings: Any) -> None:
        self.writer.comment("")  # ends the tag that is open, in every stream
        for letters in self._streams.all:
            self._streams.open = [letters]
            mpl.rcParams["svg.fonttype"] = letters
            super().draw_text(*args, **settings)  # type: ignore[no-untyped-call]
        self._streams.open = [*self._streams.all]
