"""Treemap of downloads by developer within country group."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd
import squarify
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from replication.definitions import Definitions
from replication.plots.layout import BODY, SMALL, height_of, width_of, wrap
from replication.plots.results import Results, headline, select
from replication.plots.style import COLOURS, INK, INNER, Page, on_colour, page
from replication.plots.words import basis, percent, short_name

TALL, BELOW = 4.4, 0.42
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


def draw(results: Results, definitions: Definitions) -> Figure:
    """Draw the headline's downloads as tiles."""
    choice = headline(definitions)
    rows = select(results.leave_one_out, choice)
    label = next(e.label for e in definitions.estimands if e.id == choice.estimand)
    credit = basis(choice.attribution, choice.labels)
    deck = f"Share of downloads by developer, %. {label}; {credit}"
    effective = results.effective_developers(choice)
    sheet = page(TALL + BELOW, title(rows, effective), deck, results.footer(definitions))
    ax = sheet.axes(0, BELOW, INNER, TALL)
    ax.set(xlim=(0, INNER), ylim=(0, TALL))
    ax.set_axis_off()
    shares = {g: results.estimate(choice, g).point for g in definitions.groups}
    unnamed = [g for g, box, tiles in layout(rows) if not _group(ax, g, shares[g], box, tiles)]
    _small_groups(sheet, {g: shares[g] for g in unnamed})
    return sheet.figure


def title(rows: pd.DataFrame, effective: float) -> str:
    """How much the largest developer holds, and what that leaves of the sample."""
    first = rows.sort_values(["share", "developer"], ascending=[False, True]).iloc[0]
    return (
        f"{short_name(first['developer'])} alone holds {percent(100 * first['share'], 0)} of the "
        f"downloads: {len(rows):,} developers weigh no more than {effective:.1f} equal ones"
    )


def layout(rows: pd.DataFrame) -> list[tuple[str, Box, list[tuple[Box, Tile]]]]:
    """Groups with their boxes and tiles, largest first."""
    groups = {str(g): members for g, members in rows[rows["share"] > 0].groupby("group")}
    ordered = sorted(groups, key=lambda g: (-groups[g]["share"].sum(), g))
    whole = Box(0, 0, INNER, TALL)
    boxes = _squares([float(groups[g]["share"].sum()) for g in ordered], whole)
    groups_placed = []
    for group, box in zip(ordered, boxes, strict=True):
        tiles = tiles_of(groups[group])
        groups_placed.append(
            (group, box, list(zip(_squares([t.share for t in tiles], box), tiles, strict=True)))
        )
    return groups_placed


def tiles_of(rows: pd.DataFrame) -> list[Tile]:
    """One tile a developer of a group, the small ones merged into one if there are several."""
    rows = rows.sort_values(["share", "developer"], ascending=[False, True])
    small = rows[rows["share"] < SMALLEST]
    large = rows.drop(small.index) if len(small) > 1 else rows
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
    boxes = [Box(**square) for square in squarify.squarify(sizes, box.x, 0, box.dx, box.dy)]
    return [b._replace(y=box.y + box.dy - b.y - b.dy) for b in boxes]


def _group(ax: Axes, group: str, share: float, box: Box, tiles: list[tuple[Box, Tile]]) -> bool:
    """Draw a group; return whether there was space for its name."""
    for place, _ in tiles:
        _rectangle(ax, place, COLOURS[group], 0.8)
    _rectangle(ax, box, "none", 2.6)
    lines = wrap(f"{group} {percent(share)}", box.dx - 4 * PAD, BODY, bold=True)
    wide = max(width_of(line, BODY, bold=True) for line in lines) + 2 * PAD
    tall = height_of(lines, BODY) + 0.6 * PAD
    tag = Box(box.x, box.y + box.dy - tall, wide, tall)
    fits = wide < box.dx and tall < box.dy
    if fits:
        ax.add_patch(Rectangle((tag.x, tag.y), tag.dx, tag.dy, fc="white", ec="none", zorder=3))
        ax.text(
            tag.x + PAD * 0.6, tag.y + tall - 0.4 * PAD, "\n".join(lines), size=BODY, weight="bold",
            va="top", color=INK, linespacing=1.1, zorder=4,
        )  # fmt: skip
    for place, tile in tiles:
        _tile(ax, place, tile, on_colour(group), tag if fits else None)
    return fits


def _rectangle(ax: Axes, box: Box, colour: str, edge: float) -> None:
    """A box with a white edge of `edge` points."""
    ax.add_patch(Rectangle((box.x, box.y), box.dx, box.dy, fc=colour, ec="white", lw=edge))


def _tile(ax: Axes, place: Box, tile: Tile, colour: str, tag: Box | None) -> None:
    """Name and share in a tile, clear of the group's tag, in the fullest form that fits."""
    if tag and tag.y < place.y + place.dy - 0.01 and tag.x + tag.dx > place.x:
        place = place._replace(dy=max(tag.y - place.y, 0))
    share, wide = percent(100 * tile.share), place.dx - 2 * PAD
    for name in tile.names:
        lines = [*wrap(name, wide, SMALL), share]
        fits = max(width_of(line, SMALL) for line in lines) <= wide
        if fits and height_of(lines, SMALL) <= place.dy - 2 * PAD:
            ax.text(
                place.x + PAD, place.y + PAD, "\n".join(lines), size=SMALL, color=colour,
                va="bottom", linespacing=1.1,
            )  # fmt: skip
            return
    _one_line(ax, place, f"{tile.names[-1]} {share}", colour)


def _one_line(ax: Axes, place: Box, text: str, colour: str) -> None:
    """A text along the longer side of a narrow tile, if it fits."""
    long, short = width_of(text, SMALL) + 2 * PAD, height_of([text], SMALL)
    if long <= place.dx and short <= place.dy:
        middle = place.y + place.dy / 2
        ax.text(place.x + PAD, middle, text, size=SMALL, color=colour, va="center_baseline")
    elif long <= place.dy and short <= place.dx:
        ax.text(
            place.x + place.dx / 2, place.y + PAD, text, size=SMALL, color=colour, rotation=90,
            ha="center", va="bottom",
        )  # fmt: skip


def _small_groups(sheet: Page, shares: dict[str, float]) -> None:
    """Name the groups whose tiles are too small for a name."""
    ax = sheet.axes(0, 0, INNER, BELOW)
    ax.set(xlim=(0, INNER), ylim=(0, BELOW))
    ax.set_axis_off()
    x, y = 0.0, BELOW - 0.16
    for group, share in sorted(shares.items(), key=lambda item: -item[1]):
        text = f"{group} {percent(share, 2)}"
        wide = width_of(text, SMALL) + 0.14
        if x + wide > INNER:
            x, y = 0.0, y - 0.16
        ax.add_patch(Rectangle((x, y - 0.01), 0.09, 0.09, fc=COLOURS[group], ec="none"))
        ax.text(x + 0.13, y, text, size=SMALL)
        x += wide + 0.14
