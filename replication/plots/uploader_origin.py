"""How the shares move when the credit goes from the uploader to the origin."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replication.plots.results import Choice, Results, headline
from replication.plots.style import (
    BODY,
    COLOURS,
    MARKERS,
    QUIET,
    RULE,
    SMALL,
    WIDTH,
    Page,
    page,
    spread,
)
from replication.plots.words import percent, points
from replication.study import Study

TALL, HEAD, FOOT, LEFT, RIGHT, PANEL = 4.1, 0.3, 0.25, 0.5, 1.62, WIDTH / 2
STEPS = ("uploader", "split", "origin")
PANELS = {"study": "Study’s labels", "registry": "This project’s labels"}
NAMED = 1.0  # percent: a group that stays below it is drawn without a name


def draw(results: Results, study: Study) -> Figure:
    """Draw one panel for each source of labels."""
    choice = headline(study)
    label = next(e.label for e in study.estimands if e.id == choice.estimand)
    deck = f"Share of downloads by who is credited, %. {label}. Split: half to each"
    sheet = page(TALL + HEAD + FOOT, title(results, choice), deck, results.footer(study))
    top = _top(results, study, choice)
    for n, (labels, name) in enumerate(PANELS.items()):
        ax = sheet.axes(n * PANEL + LEFT, FOOT, PANEL - LEFT - RIGHT, TALL)
        ax.set(xlim=(0, 2), ylim=(0, top), yticks=[])
        ax.text(
            -LEFT / (PANEL - LEFT - RIGHT),
            1 + 0.12 / TALL,
            name,
            transform=ax.transAxes,
            size=BODY,
            weight="bold",
        )
        _panel(ax, results, study, choice._replace(labels=labels))
    return sheet.figure


def title(results: Results, choice: Choice) -> str:
    """What the origin's credit does to China and the USA."""
    moves = []
    for group in ("China", "USA"):
        ends = [results.estimate(choice._replace(attribution=s), group).point for s in STEPS]
        change = ends[-1] - ends[0]
        moves.append(
            f"{'adds' if change >= 0 else 'takes'} {points(change)} {'to' if change >= 0 else 'from'} {'the ' if group == 'USA' else ''}{group}"
        )
    return f"Crediting the base model’s developer {moves[0]} and {moves[1]}"


def _top(results: Results, study: Study, choice: Choice) -> float:
    """Upper end of the percent axis of both panels."""
    every = [
        results.estimate(Choice(choice.estimand, step, labels), group).point
        for step in STEPS for labels in PANELS for group in study.groups
    ]  # fmt: skip
    return 1.04 * max(every)


def _panel(ax: Axes, results: Results, study: Study, choice: Choice) -> None:
    """A line for each group, its shares at both ends and its name at the right."""
    lines = {
        group: [results.estimate(choice._replace(attribution=s), group).point for s in STEPS]
        for group in study.groups
    }
    ax.set_xticks(range(len(STEPS)), STEPS)
    for x in range(len(STEPS)):
        ax.axvline(x, color=RULE, lw=0.8, zorder=0)
    for group, shares in lines.items():
        strong = group in MARKERS
        ax.plot(shares, color=COLOURS[group], lw=2.2 if strong else 1.2, marker=MARKERS.get(group, "."),
                ms=5.5 if strong else 5, mec="white", mew=0.5, zorder=4 if strong else 3, clip_on=False)  # fmt: skip
    named = {g: s for g, s in lines.items() if max(s) >= NAMED}
    _labels(ax, {g: s[0] for g, s in named.items()}, right=False)
    _labels(ax, {g: s[-1] for g, s in named.items()}, right=True)


def _labels(ax: Axes, ends: dict[str, float], *, right: bool) -> None:
    """Shares at one end of the lines, with the names at the right, moved apart where close."""
    places = spread(list(ends.values()), 0.14 * ax.get_ylim()[1] / TALL, 0)
    for (group, share), place in zip(ends.items(), places, strict=True):
        name = f"  {group}" if right else ""
        ax.annotate(
            f"{share:.1f}{name}", (2 if right else 0, share), xytext=(2.2 if right else -0.2, place),
            ha="left" if right else "right", va="center_baseline", size=SMALL, color=COLOURS[group],
            weight="bold" if group in MARKERS else "normal", annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": COLOURS[group], "lw": 0.5, "shrinkA": 0, "shrinkB": 3,
                        "relpos": (0 if right else 1, 0.4)},
        )  # fmt: skip
