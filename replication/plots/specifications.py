"""The lead in every specification of the grid, and the choices behind each."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replication.plots.layout import BODY, SMALL, width_of
from replication.plots.results import LEAD, Choice, Estimate, Results, headline, window_of
from replication.plots.style import (
    COLOURS,
    INK,
    INNER,
    MARKERS,
    QUIET,
    RULE,
    SHADE,
    page,
    text_colour,
)
from replication.plots.words import CREDIT, LABELS, signed
from replication.study import Study

TALL, ABOVE, LINE, GAP = 2.6, 0.18, 0.155, 0.07
Curve = list[tuple[Choice, Estimate]]
Grid = list[dict[str, list[bool]]]


def draw(results: Results, study: Study) -> Figure:
    """Draw the curve above the grid of choices."""
    curve = ordered(results)
    grid = choices([choice for choice, _ in curve], study)
    height = sum(len(block) * LINE + GAP for block in grid)
    deck = (
        "China − USA, points, in every specification, smallest lead first. Bars: range when any "
        "one developer is left out. Ticks: worst-case bounds, all downloads of no known country "
        "given to either side. Below: the choices that make each specification"
    )
    sheet = page(height + TALL + ABOVE, title(curve), deck, results.footer(study))
    left = max(width_of(label, SMALL) for block in grid for label in block) + 0.12
    upper = sheet.axes(left, height, INNER - left, TALL)
    lower = sheet.axes(left, 0, INNER - left, height)
    place = [choice for choice, _ in curve].index(headline(study))
    for ax in (upper, lower):
        ax.set(xlim=(-0.8, len(curve) - 0.2), xticks=[])
        ax.axvspan(place - 0.5, place + 0.5, color=SHADE, zorder=0)
    _curve(upper, curve)
    _headline(upper, place, curve[place][1])
    _grid(lower, height, grid)
    return sheet.figure


def ordered(results: Results) -> Curve:
    """Every specification with its lead, smallest lead first."""
    keys = ["estimand", "attribution", "labels"]
    rows = results.estimates.loc[results.estimates["group"] == LEAD, keys].drop_duplicates()
    found = [Choice(*row) for row in rows.itertuples(index=False)]
    pairs = [(choice, results.estimate(choice, LEAD)) for choice in found]
    return sorted(pairs, key=lambda pair: (pair[1].point, pair[0]))


def title(curve: Curve) -> str:
    """In how many specifications China leads, and in how many one developer decides."""
    leads = sum(found.point > 0 for _, found in curve)
    fragile = sum(found.without.lower < 0 < found.without.upper for _, found in curve)
    told = f"China leads in {leads} of {len(curve)} specifications"
    if not fragile:
        return f"{told}, and no single developer’s removal turns the sign in any"
    where = f"all {fragile}" if fragile == len(curve) else str(fragile)
    return f"{told}, but in {where} the removal of a single developer can turn the sign"


def choices(curve: list[Choice], study: Study) -> Grid:
    """The grid, a block a dimension: under each choice, which specifications make it."""
    suffixes = {x.label: f"-without-{x.id}" for x in study.estimated_exclusions}
    windows = [window_of(study, choice) for choice in curve]
    whole = {"all repositories": ["-without-" not in choice.estimand for choice in curve]}
    credited = ("uploader", "split", "origin", "maker")
    return [
        {w.label: [found == w for found in windows] for w in study.windows},
        whole | {k: [c.estimand.endswith(x) for c in curve] for k, x in suffixes.items()},
        {f"credit to {CREDIT[k]}" if k != "split" else "credit split":
         [c.attribution == k for c in curve] for k in credited},
        {f"{LABELS[k]}’s labels": [c.labels == k for c in curve] for k in ("study", "registry")},
    ]  # fmt: skip


def _curve(ax: Axes, curve: Curve) -> None:
    """Leads with their ranges, in the colour of the side that leads."""
    ax.yaxis.grid(visible=True)
    ax.yaxis.set_major_formatter(lambda y, _: signed(y, 0))
    ax.axhline(0, color=INK, lw=0.9, zorder=2)
    for x, (_, found) in enumerate(curve):
        side = "China" if found.point > 0 else "USA"
        colour, marker = COLOURS[side], MARKERS[side]
        ax.plot([x, x], found.without, color=colour, lw=3.2, alpha=0.36, zorder=3)
        ax.plot([x, x], found.bounds, "_", color=colour, ms=5, mew=1.1, zorder=4)
        ax.plot([x], [found.point], marker, color=colour, ms=4.2, mec="white", mew=0.5, zorder=5)
    for side, x, y, ha in (("China", 0, 0.97, "left"), ("USA", 1, 0.03, "right")):
        ax.text(
            x, y, f"{side} leads", transform=ax.transAxes, size=BODY, ha=ha, va="center",
            weight="bold", color=text_colour(side), zorder=2.5,
            bbox={"fc": "white", "ec": "none", "pad": 1.5},
        )  # fmt: skip


def _headline(ax: Axes, x: int, found: Estimate) -> None:
    """Name the headline specification."""
    ax.annotate(
        f"headline {signed(found.point)}", (x, 1), xycoords=ax.get_xaxis_transform(), xytext=(0, 3),
        textcoords="offset points", ha="center", size=SMALL, weight="bold",
    )  # fmt: skip


def _grid(ax: Axes, height: float, grid: Grid) -> None:
    """A dot where a specification makes a choice."""
    ax.set(ylim=(0, height))
    ax.set_axis_off()
    y = height
    for block in grid:
        y -= GAP
        for label, chosen in block.items():
            y -= LINE
            at = [x for x, yes in enumerate(chosen) if yes]
            ax.axhline(y + LINE / 2, color=RULE, lw=0.4, zorder=0.5)
            ax.plot(at, [y + LINE / 2] * len(at), "o", color=INK, ms=2.8)
            ax.text(
                -0.02, y + LINE / 2, label, size=SMALL, ha="right",
                transform=ax.get_yaxis_transform(), va="center_baseline", color=QUIET,
            )  # fmt: skip
