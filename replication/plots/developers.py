"""Treemap of downloads by developer within country group; every tile has a name."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd
import squarify
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from replication.definitions import Definitions
from replication.plots.layout import BODY, LEADING, SMALL, height_of, width_of, wrap
from replication.plots.results import Results, headline, select
from replication.plots.style import (
    COLOURS,
    INK,
    INNER,
    PAPER,
    QUIET,
    Drawing,
    Page,
    on_colour,
    page,
)
from replication.plots.words import basis, percent, short_name, together

TALL, BELOW = 4.4, 0.42
SMALLEST = 0.007  # share of the total below which a developer is merged into the others
PAD = 0.05
REST = "other groups"
"""Groups whose boxes are too small for their names, together."""


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


class Words(NamedTuple):
    """Lines in a tile from its lower left corner up, upright or turned."""

    lines: list[str]
    turned: bool = False


class Named(NamedTuple):
    """A tile with its place and its words; None where no words fit."""

    box: Box
    tile: Tile
    words: Words | None


class Block(NamedTuple):
    """A country group with its place, the place of its name, and its tiles."""

    group: str
    share: float
    box: Box
    tag: Box | None
    tiles: list[Named]


def draw(results: Results, definitions: Definitions) -> Drawing:
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
    blocks, small = layout(rows)
    for block in blocks:
        _block(ax, block)
    _small_groups(sheet, small)
    return sheet.describe(alt(blocks), data(blocks, small))


def alt(blocks: list[Block]) -> str:
    """Every group with its largest tile."""
    texts = [
        f"{block.group} {percent(100 * block.share)}, of it {block.tiles[0].tile.names[0]} "
        f"{percent(100 * block.tiles[0].tile.share)}"
        for block in blocks
    ]
    return f"Tiles by country group. {'; '.join(texts)}."


def data(blocks: list[Block], small: dict[str, float]) -> pd.DataFrame:
    """Every tile, in percent; below them the groups that share a tile."""
    tiles = [
        {"group": block.group, "tile": named.tile.names[0], "share_percent": 100 * named.tile.share}
        for block in blocks
        for named in block.tiles
    ]
    rest = [{"group": g, "tile": REST, "share_percent": 100 * x} for g, x in small.items()]
    return pd.DataFrame([*tiles, *rest])


def title(rows: pd.DataFrame, effective: float) -> str:
    """How much the largest developer holds, and what that leaves of the sample."""
    first = rows.sort_values(["share", "developer"], ascending=[False, True]).iloc[0]
    return (
        f"{short_name(first['developer'])} alone holds {percent(100 * first['share'], 0)} of the "
        f"downloads: {len(rows):,} developers weigh no more than {effective:.1f} equal ones"
    )


def layout(rows: pd.DataFrame) -> tuple[list[Block], dict[str, float]]:
    """Groups with their places and tiles, largest first; and the shares of those that share one."""
    groups = {str(g): members for g, members in rows[rows["share"] > 0].groupby("group")}
    shares = {g: float(members["share"].sum()) for g, members in groups.items()}
    small: list[str] = []
    while True:
        large = sorted(groups.keys() - set(small), key=lambda g: (-shares[g], g))
        sizes = [shares[g] for g in large]
        rest = sum(shares[g] for g in small)
        # The rest is drawn last, wherever its size would place it: its tile is no group's.
        boxes = _squares([*sizes, *([rest] if small else [])], Box(0, 0, INNER, TALL))
        tags = [tag_of(g, shares[g], box) for g, box in zip(large, boxes, strict=False)]
        tight = [g for g, tag in zip(large, tags, strict=True) if tag is None]
        if not tight:
            break
        small = sorted([*small, *tight], key=lambda g: (-shares[g], g))
    blocks = [
        Block(g, shares[g], box, tag, tiles_of(groups[g], box, tag))
        for g, box, tag in zip(large, boxes, tags, strict=False)
    ]
    if small:
        tile = Tile((f"{len(small)} {REST}" if len(small) > 1 else small[0],), rest)
        named = Named(boxes[-1], tile, words_of(boxes[-1], tile, None))
        blocks.append(Block(REST, rest, boxes[-1], None, [named]))
    return blocks, {g: shares[g] for g in small}


def tag_of(group: str, share: float, box: Box) -> Box | None:
    """Place of a group's name in the upper left corner of its box, if it fits."""
    lines = _tag_lines(group, share, box)
    wide = max(width_of(line, BODY, bold=True) for line in lines) + 2 * PAD
    tall = height_of(lines, BODY) + 0.6 * PAD
    fits = wide < box.dx and tall + height_of([""], SMALL) + 2 * PAD < box.dy
    return Box(box.x, box.y + box.dy - tall, wide, tall) if fits else None


def _tag_lines(group: str, share: float, box: Box) -> list[str]:
    """Name and share of a group, in lines no wider than its box."""
    return wrap(f"{group} {percent(100 * share)}", box.dx - 4 * PAD, BODY, bold=True)


def tiles_of(rows: pd.DataFrame, box: Box, tag: Box | None) -> list[Named]:
    """One tile a developer of a group, as many as can be named, the others merged into one."""
    rows = rows.sort_values(["share", "developer"], ascending=[False, True])
    developers = [
        Tile((n, short_name(n)), float(s))
        for n, s in zip(rows["developer"], rows["share"], strict=True)
    ]
    large = int((rows["share"] >= SMALLEST).sum())
    if len(developers) - large == 1:
        large += 1  # one alone is no others
    for count in range(large, -1, -1):
        tiles, rest = developers[:count], developers[count:]
        if rest:
            name = f"{len(rest)} {'others' if count else 'developers'}"
            tiles = sorted(
                [*tiles, Tile((name,), sum(t.share for t in rest))], key=lambda t: -t.share
            )
        places = _squares([tile.share for tile in tiles], box)
        named = [Named(b, t, words_of(b, t, tag)) for b, t in zip(places, tiles, strict=True)]
        if all(tile.words for tile in named):
            break
    return named


def _squares(shares: list[float], box: Box) -> list[Box]:
    """Squarified treemap of shares, from the top left corner down."""
    sizes = squarify.normalize_sizes(shares, box.dx, box.dy)
    boxes = [Box(**square) for square in squarify.squarify(sizes, box.x, 0, box.dx, box.dy)]
    return [b._replace(y=box.y + box.dy - b.y - b.dy) for b in boxes]


def words_of(place: Box, tile: Tile, tag: Box | None) -> Words | None:
    """Name and share of a tile, clear of the group's tag, in the fullest form that fits."""
    if tag and tag.y < place.y + place.dy - 0.01 and tag.x + tag.dx > place.x:
        place = place._replace(dy=max(tag.y - place.y, 0))
    share, wide = percent(100 * tile.share), place.dx - 2 * PAD
    for name in tile.names:
        lines = [*wrap(name, wide, SMALL), share]
        fits = max(width_of(line, SMALL) for line in lines) <= wide
        if fits and height_of(lines, SMALL) <= place.dy - 2 * PAD:
            return Words(lines)
    text = f"{tile.names[-1]} {share}"
    long, short = width_of(text, SMALL) + 2 * PAD, height_of([text], SMALL)
    if long <= place.dx and short <= place.dy:
        return Words([text])
    return Words([text], turned=True) if long <= place.dy and short <= place.dx else None


def _block(ax: Axes, block: Block) -> None:
    """Draw a group: its tiles, their words, and its name."""
    fill = COLOURS.get(block.group, INK)
    for named in block.tiles:
        _rectangle(ax, named.box, fill, 0.8)
    _rectangle(ax, block.box, "none", 2.6)
    colour = on_colour(fill)
    for named in block.tiles:
        if named.words:
            _words(ax, named.box, named.words, colour)
    if block.tag:
        x, y, dx, dy = block.tag
        ax.add_patch(Rectangle((x, y), dx, dy, fc=PAPER, ec="none", zorder=3))
        ax.text(
            x + PAD * 0.6, y + dy - 0.4 * PAD,
            "\n".join(_tag_lines(block.group, block.share, block.box)), size=BODY,
            weight="bold", va="top", color=INK, linespacing=1.1, zorder=4,
        )  # fmt: skip


def _rectangle(ax: Axes, box: Box, colour: str, edge: float) -> None:
    """A box with an edge of `edge` points in the colour of the paper."""
    ax.add_patch(Rectangle((box.x, box.y), box.dx, box.dy, fc=colour, ec=PAPER, lw=edge))


def _words(ax: Axes, box: Box, words: Words, colour: str) -> None:
    """The words of a tile; one line in the middle of a tile that is hardly higher than it."""
    if words.turned:
        ax.text(
            box.x + box.dx / 2, box.y + PAD, words.lines[0], size=SMALL, color=colour, rotation=90,
            ha="center", va="bottom",
        )  # fmt: skip
    elif len(words.lines) == 1:
        ax.text(
            box.x + PAD, box.y + box.dy / 2, words.lines[0], size=SMALL, color=colour,
            va="center_baseline",
        )  # fmt: skip
    else:
        ax.text(
            box.x + PAD, box.y + PAD, "\n".join(words.lines), size=SMALL, color=colour, va="bottom",
            linespacing=1.1,
        )  # fmt: skip


def _small_groups(sheet: Page, shares: dict[str, float]) -> None:
    """Name the groups that share a tile."""
    if len(shares) < 2:
        return
    ax = sheet.axes(0, 0, INNER, BELOW)
    ax.set(xlim=(0, INNER), ylim=(0, BELOW))
    ax.set_axis_off()
    each = ", ".join(together(f"{g} {percent(100 * share, 2)}") for g, share in shares.items())
    lines = wrap(f"{len(shares)} {REST}: {each}", INNER, SMALL)
    ax.text(
        0, BELOW - 0.08, "\n".join(lines), size=SMALL, va="top", linespacing=LEADING, color=QUIET
    )
