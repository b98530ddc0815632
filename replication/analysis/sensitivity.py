"""How much each choice moves the lead: variance shares of the grid, and bridges between cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.analysis.specification import DIMENSIONS, choices_of, headline
from replication.definitions import Bridge, Definitions, PublishedSpecification

Floats = NDArray[np.float64]
Choices = dict[str, str | int]


def variance_shares(leads: Floats) -> tuple[Floats, Floats]:
    """First-order and total shares of the variance of a full grid, by dimension.

    The first-order share of a dimension is the variance of the means of its choices, that is, of
    what it does whatever the others are; the total share is the mean variance along it, with all
    that it does together with others. On a full grid these are the decomposition of the analysis
    of variance, with which Archer, Saltelli and Sobol (1997) compare such indices. First-order
    shares add up to at most 1, total shares to at least 1.

    Parameters
    ----------
    leads
        Leads with one axis a dimension; NaN where nothing was downloaded, which is left out. The
        grid is then not balanced, and the shares are no decomposition.

    Returns
    -------
    tuple of numpy.ndarray
        Shares (dimensions,); NaN where the leads do not vary.
    """
    masked, axes = np.ma.masked_invalid(leads), range(leads.ndim)
    means = [masked.mean(axis=tuple(a for a in axes if a != axis)).var() for axis in axes]
    along = [masked.var(axis=axis).mean() for axis in axes]
    whole = float(masked.var()) or np.nan
    return np.array(means, dtype=float) / whole, np.array(along, dtype=float) / whole


def dimensions(grid: pd.DataFrame, definitions: Definitions) -> pd.DataFrame:
    """Summarise the lead by every choice of every dimension.

    Parameters
    ----------
    grid
        The table of `replication.analysis.grid.multiverse`.
    definitions
        Definitions.

    Returns
    -------
    pandas.DataFrame
        One row a choice: ``dimension, choice, specifications``; ``leading`` (fraction of them in
        which China leads); ``lead_smallest, lead_median, lead_largest``; and of its dimension
        ``first_order, total_order`` (`variance_shares`). Leads are fractions.
    """
    choices = choices_of(definitions)
    leads = grid["lead"].to_numpy(dtype=float).reshape([len(c) for c in choices.values()])
    shares = zip(choices.items(), *variance_shares(leads), strict=True)
    rows = [
        {"dimension": name, "choice": choice, **_summary(grid.loc[grid[name] == choice, "lead"])}
        | {"first_order": first, "total_order": total}
        for (name, every), first, total in shares
        for choice in every
    ]
    return pd.DataFrame(rows)


def _summary(leads: pd.Series) -> dict[str, float]:
    """How the lead lies in some specifications; those without downloads are left out."""
    leads = leads.dropna()
    return {
        "specifications": len(leads),
        "leading": float((leads > 0).mean()),
        "lead_smallest": float(leads.min()),
        "lead_median": float(leads.median()),
        "lead_largest": float(leads.max()),
    }


def cell_choices(cell: PublishedSpecification, definitions: Definitions) -> Choices:
    """The choices of a published cell: its window and scope, else the headline's."""
    return headline(definitions).choices | {"window": cell.window, "scope": cell.scope}


def published_cells(
    grid: pd.DataFrame, published: Mapping[str, float], definitions: Definitions
) -> pd.DataFrame:
    """The cells of the grid nearest to published definitions, beside what was published.

    Parameters
    ----------
    grid
        The table of `replication.analysis.grid.multiverse`.
    published
        Published shares in percent, by claim.
    definitions
        Definitions.

    Returns
    -------
    pandas.DataFrame
        One row a cell: ``cell, label``; its choices; ``lead``; ``rank`` (fraction of all
        specifications whose lead is at most as large) and ``published_lead``, a fraction, NaN
        where no shares were published.
    """
    leads = grid.set_index(list(DIMENSIONS))["lead"]
    rows = []
    for cell in definitions.published_specifications:
        choices = cell_choices(cell, definitions)
        lead = leads.loc[tuple(choices.values())]
        rows.append(
            {"cell": cell.id, "label": cell.label, **choices, "lead": lead}
            | {"rank": (grid["lead"] <= lead).mean(), "published_lead": _lead(cell, published)}
        )
    return pd.DataFrame(rows)


def _lead(cell: PublishedSpecification, published: Mapping[str, float]) -> float:
    """Published lead of a cell whose claims are China's share and that of the USA."""
    if not cell.claims:
        return np.nan
    china, usa = (published[name] / 100 for name in cell.claims)
    return china - usa


@dataclass(frozen=True)
class Move:
    """One change of one dimension; moves of a dimension happen in their order."""

    dimension: str
    before: str | int
    after: str | int


Step = tuple[str, str | Move, float]


def bridges(
    grid: pd.DataFrame, published: Mapping[str, float], definitions: Definitions
) -> pd.DataFrame:
    """What each choice accounts for between two published figures.

    A change of a choice is worth what it moves the lead by, averaged over all orders in which the
    changes can be made, with those of the window in their given order: the Shapley value of the
    decomposition, as Shorrocks (2013) sets out. What a cell differs from its published figure by
    is a step of its own at either end.

    Parameters
    ----------
    grid, published, definitions
        As for `published_cells`.

    Returns
    -------
    pandas.DataFrame
        One row a step: ``bridge, step`` (from 1), ``kind`` (published, unexplained, cell, choice),
        ``dimension, before, after`` of a choice, ``change`` of the lead, and ``lead`` after it.
    """
    leads = grid.set_index(list(DIMENSIONS))["lead"].to_dict()
    parts = [_bridge(bridge, leads, published, definitions) for bridge in definitions.bridges]
    return pd.concat(parts, ignore_index=True)


def _bridge(
    bridge: Bridge,
    leads: Mapping[tuple[str | int, ...], float],
    published: Mapping[str, float],
    definitions: Definitions,
) -> pd.DataFrame:
    """Steps of one bridge."""
    cells = {cell.id: cell for cell in definitions.published_specifications}
    start, end = cells[bridge.start], cells[bridge.end]
    first, last = cell_choices(start, definitions), cell_choices(end, definitions)
    moves = [*_moves(first, last, bridge.windows)]
    begin, close = leads[tuple(first.values())], leads[tuple(last.values())]
    steps: list[Step] = [*_from_published(start, begin, published), ("cell", start.id, begin)]
    steps += zip(["choice"] * len(moves), moves, worths(moves, first, leads), strict=True)
    steps += [("cell", end.id, close), *list(_from_published(end, close, published))[::-1]]
    return _table(bridge.id, steps)


def _from_published(
    cell: PublishedSpecification, lead: float, published: Mapping[str, float]
) -> Iterator[Step]:
    """The published lead of a cell, and what the cell differs from it by; nothing where none is."""
    stated = _lead(cell, published)
    if not np.isnan(stated):
        yield "published", cell.id, stated
        yield "unexplained", cell.id, lead - stated


def _moves(first: Choices, last: Choices, windows: Sequence[str]) -> Iterator[Move]:
    """The changes that lead from one cell to another: windows one by one, others at once."""
    for before, after in pairwise(windows):
        yield Move("window", before, after)
    for name in DIMENSIONS[1:]:
        if first[name] != last[name]:
            yield Move(name, first[name], last[name])


def worths(
    moves: Sequence[Move], first: Choices, leads: Mapping[tuple[str | int, ...], float]
) -> Floats:
    """What each move changes the lead by, averaged over all orders; they add up to the whole.

    Parameters
    ----------
    moves
        m changes; several of one dimension stand in their order.
    first
        The choices from which they start.
    leads
        Lead of every specification by its choices.

    Returns
    -------
    numpy.ndarray
        Changes (m,).
    """
    orders = [order for order in permutations(range(len(moves))) if _possible(order, moves)]
    changes = np.zeros(len(moves))
    for order in orders:
        choices = dict(first)
        for place in order:
            before = leads[tuple(choices.values())]
            choices[moves[place].dimension] = moves[place].after
            changes[place] += leads[tuple(choices.values())] - before
    return changes / len(orders)


def _possible(order: Sequence[int], moves: Sequence[Move]) -> bool:
    """Whether the moves of each dimension stand in their order."""
    places = [(moves[place].dimension, place) for place in order]
    return all(a < b for n, (x, a) in enumerate(places) for y, b in places[n + 1 :] if x == y)


def _table(name: str, steps: Sequence[Step]) -> pd.DataFrame:
    """Rows of a bridge with the lead after every step."""
    rows, lead, arrived = [], 0.0, False
    for number, (kind, what, given) in enumerate(steps, 1):
        whole = kind in {"published", "cell"}
        value = -given if kind == "unexplained" and arrived else given
        arrived = arrived or kind == "cell"
        lead = value if whole else lead + value
        move = what if isinstance(what, Move) else Move("", what, what)
        rows.append(
            {"bridge": name, "step": number, "kind": kind, **vars(move)}
            | {"change": np.nan if whole else value, "lead": lead}
        )
    return pd.DataFrame(rows)
