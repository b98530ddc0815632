"""The gains of a block by their kinds, and what is summed of it before the chain's factor is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from replication.panel.whole_hub.arrays import levels as of_levels
from replication.panel.whole_hub.arrays import rates
from replication.panel.whole_hub.arrays.gaps import Times
from replication.panel.whole_hub.arrays.levels import NONE, Levels, Steps
from replication.panel.whole_hub.arrays.rates import Chain
from replication.panel.whole_hub.arrays.reading import Ints, Mask
from replication.panel.whole_hub.arrays.repositories import Block

COUNTED, TIMED, BORN, ANCHORED, CHAINED = range(5)
"""Kinds of gains, as in `sql/gains.sql`."""
SPAN = 1 << 34
"""More than any moment, in seconds."""


@dataclass(frozen=True)
class Gains:
    """Gains of some repositories in thousandths, by kind; `row` counts from `first_id`."""

    first_id: int
    created: Ints
    steps: Steps
    kind: Ints
    frozen: Steps
    """Steps over a time in which nearly every counter stood still, as they were read."""


@dataclass(frozen=True)
class Counted:
    """A block when its levels and its chain are known.

    Attributes
    ----------
    chain
        Gains of the chain, zeros left out.
    limit, has_sum, chained, is_covered
        Of each repository: its first counter, or the first of all where it has none; whether the chain reaches it before its first counter, what the chain says
        until then, and whether it covers the whole life.
    timed
        Steps over a frozen time, and what the chain says of that time.
    since
        Moment after which a repository that was last read in a frozen time has no level; `NONE` of others.
    """

    block: Block
    levels: Levels
    chain: Steps
    limit: Ints
    has_sum: Mask
    chained: Ints
    is_covered: Mask
    timed: tuple[Steps, Ints]
    since: Ints
    overcounts: tuple[Ints, Ints, Ints]
    stretches: pd.DataFrame


def counted(block: Block, times: Times, frozen: pd.DataFrame, stretches: pd.DataFrame) -> Counted:
    """Compute levels and chain of a block.

    Parameters
    ----------
    block
        The repositories.
    times
        The readings and rules.
    frozen, stretches
        As `periods.frozen_times` and `periods.stretches` make them.
    """
    found = of_levels.levels(block, times.moment)
    by_rates = rates.chain(block, times)
    chain = by_rates.gains
    limit = np.where(found.first == NONE, times.anchor, found.first_reached)
    before = np.flatnonzero(chain.ended <= limit[chain.row])
    has_sum = by_rates.begun <= limit
    chained = summed(chain.row[before], chain.gain[before], len(block.created))
    covered = block.created >= times.horizon
    sums = _stretch_sums(block, found, by_rates, times, stretches)
    births = np.flatnonzero(
        has_sum & covered & (found.first != NONE) & (found.first_reached <= times.anchor)
    )
    sums.append(_known(block, "births", births, chained[births], 1000 * found.first[births]))
    return Counted(
        block, found, chain, limit, has_sum, chained, covered,
        _timed(found.steps, chain, frozen), _last(block, found, times, frozen),
        by_rates.overcounts, pd.concat(sums, ignore_index=True),
    )  # fmt: skip


def summed(row: Ints, values: Ints, size: int) -> Ints:
    """Sums of whole numbers by row."""
    out = np.zeros(size, dtype=np.int64)
    np.add.at(out, row, values)
    return out


def members(start: Ints, stop: Ints) -> tuple[Ints, Ints]:
    """Every place of some ranges, behind the number of its range."""
    sizes = np.maximum(stop - start, 0)
    of = np.repeat(np.arange(len(sizes)), sizes)
    return of, np.arange(len(of)) + np.repeat(start - np.cumsum(sizes) + sizes, sizes)


def _known(block: Block, stretch: str, row: Ints, chained: Ints, counted_: Ints) -> pd.DataFrame:
    columns = {"id": block.first_id + row, "chained": chained, "counted": counted_}
    return pd.DataFrame(columns).assign(stretch=stretch)


def _stretch_sums(
    block: Block, found: Levels, by_rates: Chain, times: Times, stretches: pd.DataFrame
) -> list[pd.DataFrame]:
    """Chain and counters over the stretches that begin at the first counter: `sql/stretch_sums.sql`."""
    chain, size, out = by_rates.gains, len(block.created), []
    is_first = (found.first != NONE) & (found.first_reached == times.anchor)
    after = np.flatnonzero((chain.began >= times.anchor) & is_first[chain.row])
    for stretch, until in stretches[["stretch", "until"]].itertuples(index=False):
        inside = after[chain.ended[after] <= until]
        chained = summed(chain.row[inside], chain.gain[inside], size)
        most = np.zeros(size, dtype=np.int64)
        reached = found.reached <= until
        most[found.row[reached]] = found.level[reached]  # levels rise, so that the last is the most
        rows = np.flatnonzero(is_first & (by_rates.resumed <= until))
        out.append(_known(block, stretch, rows, chained[rows], 1000 * (most - found.first)[rows]))
    return out


def _timed(steps: Steps, chain: Steps, frozen: pd.DataFrame) -> tuple[Steps, Ints]:
    """Steps over a frozen time with what the chain says of it: `sql/frozen_steps.sql`."""
    times = np.zeros(len(steps.row), dtype=np.int64)
    for since, until in frozen[["since", "until"]].itertuples(index=False):
        times += (steps.began < until) & (steps.ended > since)
    some = steps.only(np.flatnonzero(times))
    start, stop = _inside(some, chain)
    total = np.concatenate([[0], np.cumsum(chain.gain)])
    chained = (total[np.maximum(stop, start)] - total[start]) * times[times > 0]
    return some.only(chained > 0), chained[chained > 0]


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


def gains(one: Counted, factor: float) -> Gains:
    """The gains of a block by kind: `sql/gains.sql`."""
    frozen, chained = one.timed
    parts = [
        (COUNTED, _not_timed(one.levels.steps, frozen)),
        (TIMED, _spread(frozen, chained, one.chain)),
        (BORN, _born(one)),
        *_by_chain(one, factor),
        (CHAINED, _after(one, factor)),
    ]
    steps = Steps(*(
        np.concatenate([getattr(part, name) for _, part in parts])
        for name in ("row", "began", "ended", "gain")
    ))  # fmt: skip
    kind = np.repeat([kind for kind, _ in parts], [len(part.row) for _, part in parts])
    some = steps.gain > 0
    return Gains(one.block.first_id, one.block.created, steps.only(some), kind[some], frozen)


def _not_timed(steps: Steps, frozen: Steps) -> Steps:
    """Steps that no chain says the time of."""
    if not len(frozen.row):
        return steps
    taken = np.isin(steps.row * SPAN + steps.ended, frozen.row * SPAN + frozen.ended)
    return steps.only(~taken)


def _spread(frozen: Steps, chained: Ints, chain: Steps) -> Steps:
    """Steps over a frozen time, spread as the chain says."""
    start, stop = _inside(frozen, chain)
    of, at = members(start, stop)
    gain = np.floor(1.0 * chain.gain[at] * frozen.gain[of] / chained[of]).astype(np.int64)
    return Steps(chain.row[at], chain.began[at], chain.ended[at], gain)


def _born(one: Counted) -> Steps:
    """From creation to the first counter, where no chain says when."""
    found = one.levels
    has_level = found.first != NONE
    row = np.flatnonzero(has_level & (~one.has_sum | (one.is_covered & (one.chained == 0))))
    began = np.minimum(one.block.created[row], found.first_reached[row] - 1)
    return Steps(row, began, found.first_reached[row], 1000 * found.first[row])


def _by_chain(one: Counted, factor: float) -> list[tuple[int, Steps]]:
    """Up to the first counter by the chain, anchored where the counter holds the whole life."""
    found, row = one.levels, one.chain.row
    has_level = found.first != NONE
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = 1e3 * found.first / one.chained
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
