"""The figures: each module reads results and draws one of them; nothing is computed here."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

from matplotlib.figure import Figure

from replication.definitions import Definitions
from replication.files import write_bytes
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
)
from replication.plots.results import Results

Draw = Callable[[Results, Definitions], Figure]
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

# No date and no random identifier in any format: the same results give the same bytes.
_METADATA: dict[str, dict[str, str | None]] = {
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
    "png": {},
}


def figures_of(definitions: Definitions) -> dict[str, Draw]:
    """The figures of a run: one on the whole Hub rebuilds no window from public records."""
    return {
        name: draw
        for name, draw in FIGURES.items()
        if not (definitions.whole and name in WINDOW_FIGURES)
    }


def draw_all(
    results: Path, figures: Path, definitions: Definitions, progress: Callable[[str], None]
) -> list[Path]:
    """Draw every figure of a run from the tables in `results` and write it to `figures`.

    Parameters
    ----------
    results
        Folder of the result tables and the manifest.
    figures
        Folder that receives NAME.svg, NAME.pdf and NAME.png.
    definitions
        Definitions: labels, groups and the headline specification.
    progress
        Called with a line of text before each figure.

    Returns
    -------
    list of Path
        Every file written.
    """
    tables = Results.read(results, whole=definitions.whole)
    written = []
    for name, draw in figures_of(definitions).items():
        progress(f"drawing {name}")
        with style.context(definitions):
            figure = draw(tables, definitions)
            for suffix in _METADATA:
                path = figures / f"{name}.{suffix}"
                write_bytes(path, rendered(figure, suffix))
                written.append(path)
    return written


def rendered(figure: Figure, suffix: str) -> bytes:
    """Bytes of `figure` in the format `suffix`: svg, pdf or png."""
    stream = io.BytesIO()
    about = {"Title": style.title_of(figure), **_METADATA[suffix]}
    with style.look():
        figure.savefig(stream, format=suffix, dpi=style.DPI, metadata=about)
    return stream.getvalue()
