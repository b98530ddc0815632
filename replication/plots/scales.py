"""Scales of the axes: their ends and their ticks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import log10

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import MaxNLocator, NullLocator

from replication.plots.layout import SMALL, width_of
from replication.plots.words import percent, signed

TOUCH = 0.06  # inches between neighbouring labels of ticks


def decades(ax: Axes, most: float, wide: float, space: float) -> None:
    """Ticks of a logarithmic scale from 1 to `most`: as many as do not touch each other.

    The last may reach `space` inches beyond the scale.
    """
    powers = range(int(log10(most)) + 1)
    steps = [[n * 10**k for k in powers for n in (1, 2, 5)]]
    steps += [[10**k for k in powers[::step]] for step in (1, 2, 3)]
    for ticks in steps:
        texts = {tick: f"{tick:,}" for tick in ticks if tick <= most}
        ends = [
            (wide * log10(tick) / log10(most), (width_of(text, SMALL) + TOUCH) / 2)
            for tick, text in texts.items()
        ]
        apart = all(b - a >= c + d for (a, c), (b, d) in pairwise(ends))
        if apart and sum(ends[-1]) <= wide + space:
            break
    ax.set_xticks([*texts], [*texts.values()])
    ax.xaxis.set_minor_locator(NullLocator())


def percents(ax: Axes, least: float, *, up: bool) -> None:
    """Ticks of percent from `least` to 100, the topmost with its unit."""
    low, high = ax.get_ylim()
    candidates = MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(low, min(high, 100))
    ticks = [tick for tick in candidates if least <= tick <= min(high, 100)]
    texts = [percent(t, 0) if t == ticks[-1] else f"{t:g}" for t in ticks]
    ax.set_yticks(ticks, texts if up else [""] * len(ticks))
    ax.set_ylim(low, high)
    ax.yaxis.grid(visible=True)


def shares(axis: Axis, largest: float, step: int = 20) -> None:
    """Ticks of percent from zero up to the largest share, the last with its unit."""
    ticks = range(0, int(largest) + 1, step)
    axis.set_ticks(ticks, [percent(x, 0) if x == ticks[-1] else str(x) for x in ticks])
    axis.grid(visible=True)


def leads(axis: Axis, most: int) -> None:
    """At most as many ticks of points, with their signs."""
    axis.set_major_locator(MaxNLocator(most, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(lambda x, _: signed(x, 0))
    axis.grid(visible=True)


def ends_with_space(
    reach: Sequence[tuple[float, float, float]], wide: float
) -> tuple[float, float]:
    """Ends of a scale `wide` inches long on which everything has the space that it needs.

    Parameters
    ----------
    reach
        Values, and the inches that each needs to its left and to its right.
    wide
        Length of the scale.
    """
    low, high = min(x for x, *_ in reach), max(x for x, *_ in reach)
    for _ in range(50):  # the scale depends on the ends, which depend on the scale
        scale = (high - low) / wide or 1.0
        low = min(x - left * scale for x, left, _ in reach)
        high = max(x + right * scale for x, _, right in reach)
    return low, high
