"""How the interval methods look in the figures: words, marks, and the line that explains them."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from matplotlib.axes import Axes

from replication.plots.layout import SMALL, width_of
from replication.plots.style import INK, INNER, QUIET, Page

MARK = 0.045  # inches from the middle of a mark to its edge


class Method(NamedTuple):
    """What is resampled, by which scheme, and what is made of it, as the table names them."""

    unit: str
    scheme: str
    name: str


class Look(NamedTuple):
    """A method's words and mark."""

    text: str
    marker: str
    hollow: bool = False


PERCENTILE = Method("developer", "multinomial", "percentile")
STUDENTISED = Method("developer", "multinomial", "studentised-logit")
JACKKNIFE = Method("developer", "none", "jackknife-logit")
WITHOUT = Method("developer", "none", "leave-one-out")
REPOSITORIES = Method("repository", "multinomial", "percentile")
# Methods that are named at their marks, then those that the key names.
NAMED = {
    PERCENTILE: Look("percentile", "o"),
    Method("developer", "subsample", "studentised-logit"): Look("subsampling", "v"),
    JACKKNIFE: Look("jackknife", "D"),
    STUDENTISED: Look("studentised", "^"),
    Method("developer", "multinomial", "bca"): Look("BCa", "p"),
    WITHOUT: Look("leave-one-out", "<"),
    REPOSITORIES: Look("repositories", "s", hollow=True),
}
KEYED = {
    Method("developer", "multinomial", "basic"): Look("basic", "x"),
    Method("developer", "poisson", "percentile"): Look("Poisson weights", "+"),
    Method("developer", "dirichlet", "percentile"): Look("Bayesian bootstrap", "1"),
}
OTHER = Look("other", ".")
MAIN = (PERCENTILE, JACKKNIFE, STUDENTISED)


def look_of(method: Method) -> Look:
    """A method's words and mark."""
    return NAMED.get(method, KEYED.get(method, OTHER))


def draw_mark(ax: Axes, x: float, y: float, reach: float, look: Look, *, plain: bool) -> None:
    """A mark with its error bar: small and pale where it is not named."""
    colour, level = (QUIET, 3) if plain else (INK, 4)
    ax.plot([x, x], [y - reach, y + reach], color=colour, lw=0.8, zorder=level - 0.5)
    ax.plot(
        [x], [y], look.marker, color=colour, ms=4.5, zorder=level, mew=0.9,
        mfc="white" if look.hollow else colour, mec=colour,
    )  # fmt: skip


def draw_key(sheet: Page, drawn: Collection[Method], bottom: float) -> None:
    """What the marks are that no name stands at, in one line."""
    ax = sheet.axes(0, bottom - 0.06, INNER, 0.16)
    ax.set(xlim=(0, INNER), ylim=(-0.08, 0.08))
    ax.axis("off")
    items = [
        Look("filled: developers are the unit", "o"),
        Look("hollow: repositories", "s", hollow=True),
    ]
    items += [look for method, look in KEYED.items() if method in drawn]
    items += [OTHER] if set(drawn) - {*NAMED, *KEYED} else []
    x = MARK
    for n, look in enumerate(items):
        draw_mark(ax, x, 0, 0, look, plain=n > 1)
        ax.text(x + 0.09, 0, look.text, size=SMALL, color=QUIET, va="center_baseline")
        x += 0.09 + width_of(look.text, SMALL) + 0.2
