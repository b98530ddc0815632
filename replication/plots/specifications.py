"""The lead in every specification of the grid, and the choices behind each."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replication.plots.results import LEAD, Choice, Estimate, Results, headline, window_of
from replication.plots.style import (
    BODY,
    COLOURS,
    INK,
    MARKERS,
    QUIET,
    SHADE,
    SMALL,
    WIDTH,
    Page,
    page,
)
from replication.plots.words import signed
from replication.study import Study

TALL, LINE, GAP, GUTTER = 2.7, 0.155, 0.08, 2.2
Curve = list[tuple[Choice, Estimate]]
Test = Callable[[Choice], bool]


def draw(results: Results, study: Study) -> Figure:
    """Draw the curve above the grid of choices."""
    curve = ordered(results)
    blocks = dimensions(study)
    grid = sum(len(block) * LINE + GAP for block in blocks.values())
    deck = (
        "China − USA, points, in every specification, sorted. Thick: range without any one "
        "developer. Ticks: worst-case bounds. Below: the choices of each specification"
    )
    sheet = page(TALL + grid + 0.3, title(curve), deck, results.footer(study))
    _curve(sheet, grid + 0.1, curve, headline(study))
    _grid(sheet, grid, curve, blocks, headline(study))
    return sheet.figure


def ordered(results: Results) -> Curve:
    """Every specification with its lead, smallest lead first."""
    keys = ["estimand", "attribution", "labels"]
    rows = results.estimates.loc[results.estimates["group"] == LEAD, keys].drop_duplicates()
    choices = [Choice(*row) for row in rows.itertuples(index=False)]
    found = [(choice, results.estimate(choice, LEAD)) for choice in choices]
    return sorted(found, key=lambda pair: (pair[1].point, pair[0]))


def title(curve: Curve) -> str:
    """In how many specifications China leads, and in how many one developer decides."""
    leads = sum(found.point > 0 for _, found in curve)
    fragile = sum(found.without.lower < 0 < found.without.upper for _, found in curve)
    every = "all" if fragile == len(curve) else str(fragile)
    return (
        f"China leads in {leads} of {len(curve)} specifications, but in {every} of them the removal "
        "of a single developer can turn the sign"
    )


def dimensions(study: Study) -> dict[str, dict[str, Test]]:
    """The grid: the choices of each dimension, and which specification makes them."""
    windows = {w.label: w.id for w in study.windows}
    outs = {f"{x.label}": f"-without-{x.id}" for x in study.exclusions}
    return {
        "window": {k: lambda c, w=w: window_of(study, c).id == w for k, w in windows.items()},
        "exclusion": {
            "all repositories": lambda c: "-without-" not in c.estimand,
            **{k: lambda c, x=x: c.estimand.endswith(x) for k, x in outs.items()},
        },
        "attribution": {
            k: lambda c, k=k: c.attribution == k for k in ("uploader", "split", "origin")
        },
        "labels": {
            "study’s labels": lambda c: c.labels == "study",
            "this project’s labels": lambda c: c.labels == "registry",
        },
    }


def _curve(sheet: Page, bottom: float, curve: Curve, marked: Choice) -> None:
    """Leads with their ranges."""
    ax = sheet.axes(GUTTER, bottom, WIDTH - GUTTER, TALL)
    ax.set(xlim=(-0.8, len(curve) - 0.2), xticks=[])
    ax.yaxis.grid(visible=True)
    ax.yaxis.set_major_formatter(lambda y, _: signed(y, 0))
    ax.axhline(0, color=INK, lw=0.9, zorder=2)
    for x, (choice, found) in enumerate(curve):
        side = "China" if found.point > 0 else "USA"
        if choice == marked:
            _headline(ax, x, found)
        ax.plot([x, x], found.without, color=COLOURS[side], lw=3.2, alpha=0.38, zorder=3)
        ax.plot([x, x], found.bounds, "_", color=COLOURS[side], ms=5, mew=1.1, zorder=4)
        ax.plot(
            [x],
            [found.point],
            MARKERS[side],
            color=COLOURS[side],
            ms=4,
            mec="white",
            mew=0.5,
            zorder=5,
        )


def _headline(ax: Axes, x: int, found: Estimate) -> None:
    """Mark the headline specification."""
    ax.axvspan(x - 0.5, x + 0.5, color=SHADE, zorder=0)
    ax.annotate(
        f"headline {signed(found.point)}", (x, 1), xycoords=ax.get_xaxis_transform(), xytext=(0, 2),
        textcoords="offset points", ha="center", size=SMALL, weight="bold",
    )  # fmt: skip


def _grid(
    sheet: Page, height: float, curve: Curve, blocks: dict[str, dict[str, Test]], marked: Choice
) -> None:
    """A dot where a specification makes a choice."""
    ax = sheet.axes(GUTTER, 0, WIDTH - GUTTER, height)
    ax.set(xlim=(-0.8, len(curve) - 0.2), ylim=(0, height))
    ax.set_axis_off()
    y = height
    for block in blocks.values():
        y -= GAP
        for label, chosen in block.items():
            y -= LINE
            _choices(ax, y + LINE / 2, label, [chosen(choice) for choice, _ in curve])
    for x, (choice, _) in enumerate(curve):
        if choice == marked:
            ax.axvspan(x - 0.5, x + 0.5, color=SHADE, zorder=0)


def _choices(ax: Axes, y: float, label: str, chosen: list[bool]) -> None:
    """One row of the grid."""
    ax.axhline(y, color="#eeeeee", lw=0.5, zorder=0.5)
    ax.plot([x for x, yes in enumerate(chosen) if yes], [y] * sum(chosen), "o", color=INK, ms=2.6)
    ax.text(-1.4, y, label, ha="right", va="center_baseline", size=SMALL, color=QUIET)
