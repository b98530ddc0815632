"""Ticks of logarithmic scales and of percent."""

from __future__ import annotations

from itertools import pairwise
from math import log10

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullLocator

from replication.plots.layout import SMALL, width_of
from replication.plots.words import percent

TOUCH = 0.06  # inches between neighbouring labels of ticks


def decades(ax: Axes, most: float, wide: float, room: float) -> None:
    """Ticks of a logarithmic scale from 1 to `most`: as many as do not touch each other.

    The last may reach `room` inches beyond the scale.
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
        if apart and sum(ends[-1]) <= wide + room:
            break
    ax.set_xticks([*texts], [*texts.values()])
    ax.xaxis.set_minor_locator(NullLocator())


def percents(ax: Axes, least: float, *, up: bool) -> None:
    """Ticks of percent from `least` to 100, the topmost with its unit."""
    low, high = ax.get_ylim()
    found = MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(low, min(high, 100))
    ticks = [tick for tick in found if least <= tick <= min(high, 100)]
    texts = [percent(t, 0) if t == ticks[-1] else f"{t:g}" for t in ticks]
    ax.set_yticks(ticks, texts if up else [""] * len(ticks))
    ax.set_ylim(low, high)
    ax.yaxis.grid(visible=True)
