"""The figures: each module reads results and draws one of them; nothing is computed here."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from replication import processes
from replication.definitions import Definitions
from replication.files import write_bytes, write_json
from replication.plots import (
    attribution_choices,
    bridges,
    calibration,
    concentration,
    developers,
    leave_one_out,
    published_model,
    published_pair,
    records_agreement,
    rolling,
    shares_over_time,
    specifications,
    style,
    uploader_origin,
    window_months,
    window_pair,
    writing,
)
from replication.plots.results import Results
from replication.plots.style import Drawing
from replication.plots.writing import rendered

if TYPE_CHECKING:
    from concurrent.futures import Future

__all__ = ["FIGURES", "WINDOW_FIGURES", "draw_all", "drawn", "figures_of", "rendered"]

Draw = Callable[[Results, Definitions], Drawing]
Words = dict[str, str]
Drawn = tuple[Words, dict[str, bytes]]
WORDS = "figures.json"
"""File with the words of every figure: its title, and the text that stands for it."""
WINDOW_FIGURES: dict[str, Draw] = {
    "window_pair": window_pair.draw,
    "window_months": window_months.draw,
    "records_agreement": records_agreement.draw,
}
"""Figures of the published window as public records rebuild it."""
FIGURES: dict[str, Draw] = {
    **WINDOW_FIGURES,
    "published_pair": published_pair.draw,
    "shares_over_time": shares_over_time.draw,
    "rolling": rolling.draw,
    "calibration": calibration.draw,
    "concentration": concentration.draw,
    "published_model": published_model.draw,
    "leave_one_out": leave_one_out.draw,
    "developers": developers.draw,
    "uploader_origin": uploader_origin.draw,
    "specifications": specifications.draw,
    "bridges": bridges.draw,
    "attribution_choices": attribution_choices.draw,
}


def figures_of(definitions: Definitions) -> dict[str, Draw]:
    """The figures of a run: one on the whole Hub rebuilds no window from public records."""
    return {
        name: draw
        for name, draw in FIGURES.items()
        if not (definitions.whole and name in WINDOW_FIGURES)
    }


def draw_all(
    results: Path,
    figures: Path,
    definitions: Definitions,
    progress: Callable[[str], None],
    workers: int | None = None,
    asked: int | None = None,
    begun: Future[Drawn] | None = None,
) -> list[Path]:
    """Draw every figure of a run from the tables in `results` and write it to `figures`.

    Parameters
    ----------
    results
        Folder of the result tables and the manifest.
    figures
        Folder that receives the files of `writing.FILES`, and figures.json with the title of each figure
        and the text that stands for it.
    definitions
        Definitions: labels, groups and the headline specification.
    progress
        Called with a line of text before each figure is written.
    workers
        Processes that draw. Default: as many as there are cores.
    asked
        A number that tells this call from another one, in any process.
    begun
        The first figure where another process has it already, by the same `asked`.

    Returns
    -------
    list of Path
        Every file written.
    """
    draw = partial(drawn, results, definitions, asked or time.monotonic_ns())
    names = [*figures_of(definitions)]
    others = processes.each(draw, names[1:] if begun else names, workers)
    first = ((names[0], one.result()) for one in [begun] if one)
    words: dict[str, Words] = {}
    for number, (name, (said, files)) in enumerate(chain(others, first), 1):
        progress(f"figure {number} of {len(names)}, {name}")
        words[name] = said
        for place, content in files.items():
            write_bytes(figures / place, content)
    write_json(figures / WORDS, {name: words[name] for name in names})
    places = [place.format(name) for name in names for place in writing.FILES]
    return [figures / place for place in (*places, WORDS)]


def drawn(results: Path, definitions: Definitions, asked: int, name: str) -> Drawn:
    """Words and files of one figure; `asked` tells one call for figures from another."""
    tables = _tables(results, asked, whole=definitions.whole)
    with style.context(definitions):
        figure = FIGURES[name](tables, definitions)
        return {"title": figure.title, "alt": figure.alt}, writing.files_of(name, figure)


@lru_cache(maxsize=1)
def _tables(results: Path, asked: int, *, whole: bool) -> Results:  # noqa: ARG001 -- read once for each call
    """The results, which each process reads once for all its figures."""
    return Results.read(results, whole=whole)
