"""An estimate and its three ranges on an axis of percent whose height is in inches."""

from __future__ import annotations

from matplotlib.axes import Axes

from replication.plots.results import Ends, Estimate

_HIDDEN = 0.05  # percent: nearer to the point, a bracket would lie under its marker


def horizontal(ax: Axes, estimate: Estimate, y: float, colour: str, marker: str) -> None:
    """Draw the point, the leave-one-out bar, the bounds and the pale interval at height `y`."""
    interval(ax, estimate.interval, y, colour)
    without(ax, estimate.without, y, colour)
    bounds(ax, estimate.bounds, y, colour, estimate.point)
    point(ax, estimate.point, y, colour, marker)


def point(ax: Axes, x: float, y: float, colour: str, marker: str) -> None:
    """The estimate itself."""
    ax.plot([x], [y], marker, color=colour, ms=6, mec="white", mew=0.8, zorder=5)


def without(ax: Axes, ends: Ends, y: float, colour: str) -> None:
    """The leading range: without any one developer."""
    ax.plot(ends, [y, y], color=colour, lw=5, alpha=0.42, zorder=3)


def interval(ax: Axes, ends: Ends, y: float, colour: str) -> None:
    """An interval that cannot be trusted: thin and pale."""
    ax.plot(ends, [y, y], color=colour, lw=0.9, alpha=0.4, zorder=2)


def bounds(ax: Axes, ends: Ends, y: float, colour: str, point: float) -> None:
    """Worst-case bounds as square brackets; none where a bound is the point itself."""
    for x, inward in zip(ends, (1, -1), strict=True):
        if abs(x - point) < _HIDDEN:
            continue
        foot, half = x + inward * 0.8, 0.065
        ax.plot(
            [foot, x, x, foot], [y + half, y + half, y - half, y - half],
            color=colour, lw=1.1, zorder=4, solid_joinstyle="miter",
        )  # fmt: skip
