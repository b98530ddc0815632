"""Treemap of downloads by developer within country group."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd
import squarify  # type: ignore[import-untyped]
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from replication.plots.results import Results, headline, select
from replication.plots.style import (
    BODY,
    COLOURS,
    INK,
    LEADING,
    SMALL,
    WIDTH,
    Page,
    page,
    width_of,
    wrap,
)
from replication.plots.words import percent, short_name
from replication.study import Study

TALL, BELOW = 4.3, 0.42
SMALLEST = 0.007  # share of the total below which a developer is merged into the others
PAD = 0.05


class Box(NamedTuple):
    """A rectangle in inches."""

    x: float
    y: float
    dx: float
    dy: float


class Tile(NamedTuple):
    """A developer, or the others of a group, with its share of the total."""

    names: tuple[str, ...]
    share: float


def draw(results: Results, study: Study) -> Figure:
    """Draw the headline's downloads as tiles."""
    choice = headline(study)
    rows = select(results.leave_one_out, choice)
    label = next(e.label for e in study.estimands if e.id == choice.estimand)
    deck = f"Share of downloads by developer, %. {label}; uploader, study’s labels"
    effective = results.effective_developers(choice)
    sheet = page(TALL + BELOW, title(rows, effective), deck, results.footer(study))
    ax = sheet.axes(0, BELOW, WIDTH, TALL)
    ax.set(xlim=(0, WIDTH), ylim=(0, TALL))
    ax.set_axis_off()
    shares = {g: results.estimate(choice, g).point for g in study.groups}
    unnamed = [g for g, box, tiles in layout(rows) if not _group(ax, g, shares[g], box, tiles)]
    _small_groups(sheet, {g: shares[g] for g in unnamed})
    return sheet.figure


def title(rows: pd.DataFrame, effective: float) -> str:
    """How much the largest developer holds, and what that leaves of the sample."""
    first = rows.sort_values(["share", "developer"], ascending=[False, True]).iloc[0]
    return (
        f"{short_name(first['developer'])} alone holds {percent(100 * first['share'], 0)} of the "
        f"downloads: {len(rows)} developers weigh no more than {effective:.1f} equal ones"
    )


def layout(rows: pd.DataFrame) -> list[tuple[str, Box, list[tuple[Box, Tile]]]]:
    """Groups with their boxes and tiles, largest first."""
    groups = {str(g): held for g, held in rows[rows["share"] > 0].groupby("group")}
    ordered = sorted(groups, key=lambda g: (-groups[g]["share"].sum(), g))
    whole = Box(0, 0, WIDTH, TALL)
    boxes = _squares([float(groups[g]["share"].sum()) for g in ordered], whole)
    found = []
    for group, box in zip(ordered, boxes, strict=True):
        tiles = tiles_of(groups[group])
        found.append(
            (group, box, list(zip(_squares([t.share for t in tiles], box), tiles, strict=True)))
        )
    return found


def tiles_of(held: pd.DataFrame) -> list[Tile]:
    """One tile a developer of a group, the small ones merged into one if there are several."""
    held = held.sort_values(["share", "developer"], ascending=[False, True])
    small = held[held["share"] < SMALLEST]
    large = held.drop(small.index) if len(small) > 1 else held
    tiles = [
        Tile((n, short_name(n)), float(s))
        for n, s in zip(large["developer"], large["share"], strict=True)
    ]
    if len(small) > 1:
        tiles.append(Tile((f"{len(small)} others",), float(small["share"].sum())))
    return sorted(tiles, key=lambda tile: -tile.share)


def _squares(shares: list[float], box: Box) -> list[Box]:
    """Squarified treemap of shares, sorted downwards, from the top left corner."""
    sizes = squarify.normalize_sizes(shares, box.dx, box.dy)
    boxes = [Box(**found) for found in squarify.squarify(sizes, box.x, 0, box.dx, box.dy)]
    return [b._replace(y=box.y + box.dy - b.y - b.dy) for b in boxes]


def _group(ax: Axes, group: str, share: float, box: Box, tiles: list[tuple[Box, Tile]]) -> bool:
    """Draw a group; return whether there was room for its name."""
    for place, _ in tiles:
        ax.add_patch(
            Rectangle((place.x, place.y), place.dx, place.dy, fc=COLOURS[group], ec="white", lw=0.7)
        )
    ax.add_patch(Rectangle((box.x, box.y), box.dx, box.dy, fc="none", ec="white", lw=2.6))
    tag = wrap(f"{group} {percent(share)}", box.dx - 3 * PAD, BODY, bold=True)
    line = BODY * LEADING / 72
    fits = max(width_of(t, BODY, bold=True) for t in tag) <= box.dx - 3 * PAD
    if not fits or line * len(tag) + 2 * PAD > box.dy:
        return False
    ax.text(
        box.x + 0.06, box.y + box.dy - 0.07, "\n".join(tag), size=BODY, weight="bold", va="top",
        color=INK, linespacing=LEADING,
        bbox={"boxstyle": "square,pad=0.25", "fc": "white", "ec": "none"},
    )  # fmt: skip
    for place, tile in tiles:
        below_tag = place.y + place.dy > box.y + box.dy - 0.01 and place.x < box.x + 0.01
        _tile(ax, place, tile, group, line * len(tag) + 0.12 if below_tag else 0)
    return True


def _tile(ax: Axes, place: Box, tile: Tile, group: str, taken: float) -> None:
    """Name and share at the foot of a tile, in the longest form that fits."""
    for name in tile.names:
        lines = [*wrap(name, place.dx - 2 * PAD, SMALL), percent(100 * tile.share)]
        wide = max(width_of(line, SMALL) for line in lines)
        tall = len(lines) * SMALL * LEADING / 72
        if wide <= place.dx - 2 * PAD and tall <= place.dy - 2 * PAD - taken:
            ax.text(
                place.x + PAD, place.y + PAD, "\n".join(lines), size=SMALL, va="bottom",
                color=_contrast(COLOURS[group]), linespacing=1.15,
            )  # fmt: skip
            return


def _contrast(colour: str) -> str:
    """Ink or white, whichever reads better on `colour`."""
    red, green, blue = to_rgb(colour)
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.56 else INK


def _small_groups(sheet: Page, shares: dict[str, float]) -> None:
    """Name the groups whose tiles are too small for a name."""
    ax = sheet.axes(0, 0, WIDTH, BELOW)
    ax.set(xlim=(0, WIDTH), ylim=(0, BELOW))
    ax.set_axis_off()
    x, y = 0.0, BELOW - 0.16
    for group, share in sorted(shares.items(), key=lambda item: -item[1]):
        text = f"{group} {percent(share, 2)}"
        wide = width_of(text, SMALL) + 0.14
        if x + wide > WIDTH:
            x, y = 0.0, y - 0.16
        ax.add_patch(Rectangle((x, y - 0.01), 0.09, 0.09, fc=COLOURS[group], ec="none"))
        ax.text(x + 0.13, y, text, size=SMALL)
        x += wide + 0.14
