"""The gains of a block by their kinds, and what is summed of it before the chain's factor is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.panel.whole_hub.arrays import levels as of_levels
from replication.panel.whole_hub.arrays import rates
from replication.panel.whole_hub.arrays.gaps import Times
from replication.panel.whole_hub.arrays.levels import NONE, Levels, Steps
from replication.panel.whole_hub.arrays.reading import Ints, Mask
from replication.panel.whole_hub.arrays.repositories import Block
from replication.panel.whole_hub.arrays.stretches import (
    Stretch,
    births,
    from_the_anchor,
    summed,
)

COUNTED, TIMED, BORN, ANCHORED, CHAINED = range(5)
"""Kinds of gains, as in `sql/gains.sql`."""
SPAN = 1 << 34
"""More than any moment, in seconds."""


@dataclass(frozen=True)
class Gains:
    """Gains of some repositories in thousandths, in the order of repositories and ends.

    Attributes
    ----------
    first_id, created
        Number of the first repository, from which `row` counts, and unix seconds of each.
    steps, place, kind
        The gains, the reading at which each ends, and how each is known.
    frozen
        Steps over a time in which nearly every counter stood still, as they were read.
    """

    first_id: int
    created: Ints
    steps: Steps
    place: Ints
    kind: NDArray[np.int8]
    frozen: Steps


@dataclass(frozen=True)
class Counted:
    """What the gains of some repositories are made of, when their levels and their chain are known.

    Attributes
    ----------
    first_id, created
        As in `Gains`.
    steps, first, first_reached
        As in `Levels`.
    chain
        Gains of the chain.
    limit, has_sum, chained, is_covered
        Of each repository: its first counter, or the first of all where it has none; whether the chain reaches it before its first counter, what the chain says
        until then, and whether it covers the whole life.
    timed
        Steps over a frozen time, and what the chain says of that time.
    since
        Moment after which a repository that was last read in a frozen time has no level; `NONE` of others.
    """

    first_id: int
    created: Ints
    steps: Steps
    first: Ints
    first_reached: Ints
    chain: Steps
    limit: Ints
    has_sum: Mask
    chained: Ints
    is_covered: Mask
    timed: tuple[Steps, Ints]
    since: Ints


class Beside(NamedTuple):
    """What else is found of a block: its errors and its stretches.

    Attributes
    ----------
    spikes, envelopes, overcounts
        As in `Levels` and in `Chain`.
    stretches
        As in `stretches`.
    """

    spikes: tuple[Ints, ...]
    envelopes: tuple[Ints, ...]
    overcounts: tuple[Ints, ...]
    stretches: list[Stretch]


def counted(
    block: Block, times: Times, frozen: pd.DataFrame, ends: pd.DataFrame
) -> tuple[Counted, Beside]:
    """Compute levels and chain of a block.

    Parameters
    ----------
    block
        The repositories.
    times
        The readings and rules.
    frozen, ends
        As `periods.frozen_times` and `periods.stretches` make them.
    """
    found, by_rates = of_levels.levels(block, times.moment), rates.chain(block, times)
    chain = by_rates.gains
    limit = np.where(found.first == NONE, times.anchor, found.first_reached)
    before = np.flatnonzero(chain.ended <= limit[chain.row])
    has_sum, covered = by_rates.begun <= limit, block.created >= times.horizon
    chained = summed(chain.row[before], chain.gain[before], len(block.created))
    one = Counted(
        block.first_id, block.created, found.steps, found.first, found.first_reached, chain,
        limit, has_sum, chained, covered, _timed(found.steps, chain, frozen),
        _last(block, found, times, frozen),
    )  # fmt: skip
    known = [
        births(block.first_id, found, chained, has_sum & covered, times),
        *from_the_anchor(block.first_id, found, by_rates, times, ends),
    ]
    return one, Beside(found.spikes, found.envelopes, by_rates.overcounts, known)


def _timed(steps: Steps, chain: Steps, frozen: pd.DataFrame) -> tuple[Steps, Ints]:
    """Steps over a frozen time with what the chain says of it: `sql/frozen_steps.sql`."""
    times = np.zeros(len(steps.row), dtype=np.int64)
    for since, until in frozen[["since", "until"]].itertuples(index=False):
        times += (steps.began < until) & (steps.ended > since)
    some = steps.only(np.flatnonzero(times))
    if not len(some.row):
        return some, some.gain
    start, stop = _inside(some, chain)
    total = np.concatenate([[0], np.cumsum(chain.gain)])
    chained = (total[np.maximum(stop, start)] - total[start]) * times[times > 0]
    return some.only(chained > 0), chained[chained > 0]


def _members(start: Ints, stop: Ints) -> tuple[Ints, Ints]:
    """Every place of some ranges, behind the number of its range."""
    sizes = np.maximum(stop - start, 0)
    of = np.repeat(np.arange(len(sizes)), sizes)
    return of, np.arange(len(of)) + np.repeat(start - np.cumsum(sizes) + sizes, sizes)


def _inside(steps: Steps, chain: Steps) -> tuple[Ints, Ints]:
    """First and last place of the chain's gains that lie within each step."""
    start = np.searchsorted(chain.row * SPAN + chain.began, steps.row * SPAN + steps.began)
    stop = np.searchsorted(
        chain.row * SPAN + chain.ended, steps.row * SPAN + steps.ended, side="right"
    )
    return start, stop


def _last(block: Block, found: Levels, times: Times, frozen: pd.DataFrame) -> Ints:
    """The last level of those that were last read in a frozen time: `sql/last_levels.sql`."""
    moment, is_frozen = times.moment[block.last], np.zeros(len(block.last), dtype=bool)
    for since, until, caught_up in frozen.itertuples(index=False):
        is_frozen |= (moment > since) & ((moment < until) | (caught_up == 0))
    return np.where(is_frozen, found.last_reached, NONE)


def gains(one: Counted, factor: float, moment: Ints) -> Gains:
    """The gains of a block by kind: `sql/gains.sql`."""
    frozen, chained = one.timed
    parts = [
        (COUNTED, _not_timed(one.steps, frozen)),
        (TIMED, _spread(frozen, chained, one.chain)),
        (BORN, _born(one)),
        *_by_chain(one, factor),
        (CHAINED, _after(one, factor)),
    ]
    steps = Steps(*(
        np.concatenate([getattr(part, name) for _, part in parts])
        for name in ("row", "began", "ended", "gain")
    ))  # fmt: skip
    kinds = np.array([kind for kind, _ in parts], dtype=np.int8)
    kind, place = (
        np.repeat(kinds, [len(part.row) for _, part in parts]),
        np.searchsorted(moment, steps.ended),
    )
    order = np.argsort(steps.row * len(moment) + place, kind="stable")
    order = order[steps.gain[order] > 0]
    return Gains(one.first_id, one.created, steps.only(order), place[order], kind[order], frozen)


def _not_timed(steps: Steps, frozen: Steps) -> Steps:
    """Steps that no chain says the time of."""
    if not len(frozen.row):
        return steps
    taken = np.isin(steps.row * SPAN + steps.ended, frozen.row * SPAN + frozen.ended)
    return steps.only(~taken)


def _spread(frozen: Steps, chained: Ints, chain: Steps) -> Steps:
    """Steps over a frozen time, spread as the chain says."""
    start, stop = _inside(frozen, chain)
    of, at = _members(start, stop)
    gain = np.floor(1.0 * chain.gain[at] * frozen.gain[of] / chained[of]).astype(np.int64)
    return Steps(chain.row[at], chain.began[at], chain.ended[at], gain)


def _born(one: Counted) -> Steps:
    """From creation to the first counter, where no chain says when."""
    has_level = one.first != NONE
    row = np.flatnonzero(has_level & (~one.has_sum | (one.is_covered & (one.chained == 0))))
    began = np.minimum(one.created[row], one.first_reached[row] - 1)
    return Steps(row, began, one.first_reached[row], 1000 * one.first[row])


def _by_chain(one: Counted, factor: float) -> list[tuple[int, Steps]]:
    """Up to the first counter by the chain, anchored where the counter holds the whole life."""
    row = one.chain.row
    has_level = one.first != NONE
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = 1e3 * one.first / one.chained
    is_anchored = one.is_covered & has_level
    scale = np.where(is_anchored, ratio, np.where(has_level, np.minimum(factor, ratio), factor))
    out = []
    for kind, those in ((ANCHORED, is_anchored), (CHAINED, ~is_anchored)):
        kept = np.flatnonzero((one.chain.ended <= one.limit[row]) & those[row])
        out.append((kind, _scaled(one.chain.only(kept), scale[row[kept]])))
    return out


def _after(one: Counted, factor: float) -> Steps:
    """After the last level of those that were last read in a frozen time."""
    since = one.since[one.chain.row]
    kept = np.flatnonzero((since != NONE) & (one.chain.began >= since))
    return _scaled(one.chain.only(kept), np.full(len(kept), factor))


def _scaled(steps: Steps, scale: np.ndarray) -> Steps:
    return Steps(steps.row, steps.began, steps.ended, np.floor(steps.gain * scale).astype(np.int64))
