"""How the shares move when the credit goes from the uploader to the origin or the maker."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes

from replication.definitions import Definitions
from replication.plots.layout import SMALL, spread
from replication.plots.results import Choice, Results, headline
from replication.plots.style import COLOURS, INNER, MARKERS, RULE, SIDES, Drawing, page, text_colour
from replication.plots.words import CREDIT, LABELS, percent, signed

TALL, HEADING, BELOW, LEFT, RIGHT = 3.7, 0.25, 0.25, 0.44, 1.6
PANEL = INNER / 2
WIDE = PANEL - LEFT - RIGHT
STEPS = ("uploader", "origin", "maker")
PANELS = ("study", "registry")
LOW, DIP = 0.06, 0.1  # of the height: a share near the axis, and one between two much larger ones
NAMED = 1.0  # percent: a group that stays below it is left out
Lines = dict[str, list[float]]


def draw(results: Results, definitions: Definitions) -> Drawing:
    """Draw one panel for each source of labels."""
    choice = headline(definitions)
    label = next(e.label for e in definitions.estimands if e.id == choice.estimand)
    deck = (
        f"Share of downloads, %, credited to the repository’s uploader, to the developer of its "
        "base model (origin; split credit lies halfway), or to whoever made its weights (maker). "
        f"{label}. Groups always below {NAMED:.0f} % are left out"
    )
    sheet = page(TALL + HEADING + BELOW, title(results, choice), deck, results.footer(definitions))
    panels = [_lines(results, definitions, choice._replace(labels=labels)) for labels in PANELS]
    top = max(max(shares) for lines in panels for shares in lines.values())
    for n, (labels, lines) in enumerate(zip(PANELS, panels, strict=True)):
        ax = sheet.axes(n * PANEL + LEFT, BELOW, WIDE, TALL)
        ax.set(xlim=(0, len(STEPS) - 1), ylim=(-0.03 * top, 1.02 * top), yticks=[])
        sheet.heading(n * PANEL, BELOW + TALL + 0.1, f"{LABELS[labels].capitalize()}’s labels")
        _panel(ax, lines)
    by_labels = dict(zip(PANELS, panels, strict=True))
    return sheet.describe(alt(by_labels), data(by_labels))


def alt(panels: Mapping[str, Lines]) -> str:
    """Both countries' shares at every step."""
    steps = ", ".join(STEPS)
    parts = [
        f"{LABELS[labels].capitalize()}’s labels: "
        + "; ".join(f"{side} {', '.join(percent(x) for x in lines[side])}" for side in SIDES)
        for labels, lines in panels.items()
    ]
    return f"Lines of shares by {steps}. {'. '.join(parts)}."


def data(panels: Mapping[str, Lines]) -> pd.DataFrame:
    """Every line, in percent."""
    return pd.DataFrame(
        [
            {"labels": labels, "group": group, "credit": step, "share_percent": share}
            for labels, lines in panels.items()
            for group, shares in lines.items()
            for step, share in zip(STEPS, shares, strict=True)
        ]
    )


def title(results: Results, choice: Choice) -> str:
    """What the credit of the origin, and that of the maker, do to China and the USA."""
    shares = {
        step: [results.estimate(choice._replace(attribution=step), g).point for g in SIDES]
        for step in STEPS
    }
    origin, maker = (
        [signed(last - first) for first, last in zip(shares[STEPS[0]], shares[step], strict=True)]
        for step in STEPS[1:]
    )
    return (
        f"Credit to the base model’s developer moves China by {origin[0]} points and the USA by "
        f"{origin[1]}, credit to the maker by {maker[0]} and {maker[1]}"
    )


def _lines(results: Results, definitions: Definitions, choice: Choice) -> Lines:
    """Shares at every step of both sides and of every group that reaches `NAMED`."""
    lines = {
        group: [results.estimate(choice._replace(attribution=s), group).point for s in STEPS]
        for group in definitions.groups
    }
    return {g: shares for g, shares in lines.items() if g in SIDES or max(shares) >= NAMED}


def _panel(ax: Axes, lines: Lines) -> None:
    """A line for each group, with shares at both ends, leaders' in the middle, names at the right."""
    ax.set_xticks(range(len(STEPS)), [CREDIT[step] for step in STEPS])
    for x in range(len(STEPS)):
        ax.axvline(x, color=RULE, lw=0.8, zorder=0)
    for group, shares in lines.items():
        strong = group in SIDES
        ax.plot(
            shares, color=COLOURS[group], lw=2.2 if strong else 1.2, clip_on=False,
            marker=MARKERS.get(group, "."), ms=6, mec="white", mew=0.6, zorder=4 if strong else 3,
        )  # fmt: skip
    highest = max(SIDES, key=lambda group: lines[group][1])
    for group in SIDES:
        above = group == highest or lines[group][1] < LOW * ax.get_ylim()[1]
        place, side = ((0, 5), "bottom") if above else ((0, -7), "top")
        if min(lines[group][0], lines[group][2]) - lines[group][1] > DIP * ax.get_ylim()[1]:
            place, side = (11, 0), "center_baseline"
        ax.annotate(
            f"{lines[group][1]:.1f}", (1, lines[group][1]), weight="bold",
            ha="left" if place[0] else "center", xytext=place, textcoords="offset points",
            size=SMALL, va=side, color=text_colour(group),
        )  # fmt: skip
    _labels(ax, {group: shares[0] for group, shares in lines.items()}, right=False)
    _labels(ax, {group: shares[-1] for group, shares in lines.items()}, right=True)


def _labels(ax: Axes, ends: dict[str, float], *, right: bool) -> None:
    """Shares at one end of the lines, with the names at the right, moved apart where close."""
    low, high = ax.get_ylim()
    places = spread(list(ends.values()), 0.13 * (high - low) / TALL, low / 2)
    start, out = (len(STEPS) - 1, 0.2 / WIDE) if right else (0, -0.16 / WIDE)
    for (group, share), place in zip(ends.items(), places, strict=True):
        name = f"  {group}" if right else ""
        ax.annotate(
            f"{share:.1f}{name}", (start, share), xytext=(right + out, place),
            textcoords=ax.get_yaxis_transform(), annotation_clip=False,
            ha="left" if right else "right", va="center_baseline", size=SMALL,
            color=text_colour(group), weight="bold" if group in SIDES else "normal",
            arrowprops={"arrowstyle": "-", "color": COLOURS[group], "lw": 0.6, "shrinkA": 0,
                        "shrinkB": 3, "relpos": (0 if right else 1, 0.5)},
        )  # fmt: skip
