"""What every figure must hold of its texts: large enough, on the page, and apart."""

from __future__ import annotations

from itertools import combinations

from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text

SMALLEST_TYPE = 7.5


def shown(figure: Figure) -> list[Text]:
    """Texts on the page; labels of ticks outside the limits are not drawn."""
    texts = list(figure.texts)
    for ax in figure.axes:
        texts += ax.texts
        for axis in (ax.xaxis, ax.yaxis) if ax.axison else ():
            texts += [*_tick_labels(axis), axis.label]
    return [text for text in texts if text.get_text().strip() and text.get_visible()]


def _tick_labels(axis: Axis) -> list[Text]:
    low, high = sorted(axis.get_view_interval())
    return [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]


def overlaps(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts that overlap, and texts with the page where they leave it."""
    figure.canvas.draw()
    boxes = [(text.get_text(), Text.get_window_extent(text)) for text in shown(figure)]
    page = figure.bbox
    out = [
        (text, "page")
        for text, box in boxes
        if min(box.x0 - page.x0, page.x1 - box.x1, box.y0 - page.y0, page.y1 - box.y1) < -1
    ]
    return out + [
        (one, two)
        for (one, a), (two, b) in combinations(boxes, 2)
        if min(min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)) > 1
    ]


def assert_legible(figure: Figure) -> None:
    """Texts have at least `SMALLEST_TYPE` points, lie on the page and do not overlap."""
    assert overlaps(figure) == []
    assert min(text.get_fontsize() for text in shown(figure)) >= SMALLEST_TYPE
