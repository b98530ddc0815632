"""What the 30-day counts of a block say of each repository: its overcounts and its chain.

Counts without a gap, which nearly all have, are computed reading by reading, all repositories at once; the
others are left to `gaps`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replication.panel.whole_hub.arrays import gaps
from replication.panel.whole_hub.arrays.gaps import Times
from replication.panel.whole_hub.arrays.levels import Steps, by_row
from replication.panel.whole_hub.arrays.reading import ABSENT, NULL, Counts, Ints, Mask
from replication.panel.whole_hub.arrays.repositories import Block
from replication.panel.whole_hub.periods import EVER

_LATER = 3
"""Counts after one that can hold the time before it too, at most."""


@dataclass(frozen=True)
class Chain:
    """The chain of 30-day windows of a block.

    Attributes
    ----------
    gains
        What it says was gained between two readings, in thousandths; without what is nothing.
    begun, resumed
        Of each repository: end of the first time that it covers, and of the first such time that begins at
        the anchor or later; `EVER` where there is none.
    overcounts
        Of counts that cannot be right ``row, place, size``.
    """

    gains: Steps
    begun: Ints
    resumed: Ints
    overcounts: tuple[Ints, Ints, Ints]


def chain(block: Block, times: Times) -> Chain:
    """Compute the chain of a block: `sql/chain.sql`, after `sql/overcounts.sql` and `sql/missing_counts.sql`."""
    present = block.rolling != ABSENT
    again = present[1:] & ~present[:-1]
    runs = again.sum(axis=0, dtype=np.int16) + present[0]
    has_gap = (runs > 1) | (block.rolling == NULL).any(axis=0)
    if not has_gap.any():
        return _without_gaps(block, present, times)
    rows, others = np.flatnonzero(~has_gap), np.flatnonzero(has_gap)
    one = _without_gaps(block.only(rows), np.take(present, rows, axis=1), times)
    other = _of_steps(*gaps.chain(block.only(others), times), len(others), times)
    return _together((rows, one), (others, other))


def _together(*parts: tuple[Ints, Chain]) -> Chain:
    """Chains of some repositories each as one."""
    size = sum(len(rows) for rows, _ in parts)
    begun, resumed = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)
    for rows, one in parts:
        begun[rows], resumed[rows] = one.begun, one.resumed
    row = np.concatenate([rows[one.gains.row] for rows, one in parts])
    order = by_row(row, size)
    began, ended, gain = (
        np.concatenate([getattr(one.gains, name) for _, one in parts])[order]
        for name in ("began", "ended", "gain")
    )
    wrong = [(rows[one.overcounts[0]], *one.overcounts[1:]) for rows, one in parts]
    row_, place, above = (np.concatenate(several) for several in zip(*wrong, strict=True))
    return Chain(Steps(row[order], began, ended, gain), begun, resumed, (row_, place, above))


def _of_steps(steps: Steps, overcounts: tuple[Ints, Ints, Ints], size: int, times: Times) -> Chain:
    """A chain of all times that it covers, those of nothing among them."""
    begun, resumed = (np.full(size, EVER, dtype=np.int64) for _ in range(2))
    np.minimum.at(begun, steps.row, steps.ended)
    late = steps.only(steps.began >= times.anchor)
    np.minimum.at(resumed, late.row, late.ended)
    return Chain(steps.only(steps.gain > 0), begun, resumed, overcounts)


def _without_gaps(block: Block, present: Mask, times: Times) -> Chain:
    """The chain of repositories whose counts have no gap."""
    rolling, overcounts = _possible(block, present, times)
    until = int(np.searchsorted(times.moment, times.chained_until, side="right"))
    begun, resumed = (np.full(len(block.created), EVER, dtype=np.int64) for _ in range(2))
    rates = _rates(rolling[:until], present[:until], block.created, times)
    parts = []
    for place in range(until):
        moment = times.moment[place]
        began = _began(block.created, present, place, times)
        covers = present[place] & (began < moment)
        np.copyto(begun, moment, where=covers & (begun == EVER))
        if moment > times.anchor:
            np.copyto(resumed, moment, where=covers & (began >= times.anchor) & (resumed == EVER))
        total, used = rates[place].copy(), np.ones(len(began), dtype=np.int8)
        for later in range(place + 1, min(place + 1 + _LATER, until)):
            holds = present[later] & (times.moment[later] - times.month <= began)
            total += rates[later] * holds
            used += holds
        some = np.flatnonzero(covers & (total > 0))
        since = began[some]
        gain = np.floor(1e3 * (moment - since) * total[some] / used[some]).astype(np.int64)
        parts.append((some, since, np.full(len(some), moment), gain))
    row, since, ended, gain = (np.concatenate(several) for several in zip(*parts, strict=True))
    order = by_row(row, len(begun))
    order = order[gain[order] > 0]
    gains = Steps(row[order], since[order], ended[order], gain[order])
    return Chain(gains, begun, resumed, overcounts)


def _began(created: Ints, present: Mask, place: int, times: Times) -> Ints:
    """Since when each gains what it gained at a reading."""
    before = np.full(len(created), times.moment[place] - times.month)
    if place:
        np.copyto(before, times.moment[place - 1], where=present[place - 1])
    np.maximum(created, before, out=before)
    return before


def _rates(rolling: Counts, present: Mask, created: Ints, times: Times) -> NDArray[np.float64]:
    """What each gains in a second; nothing where it is not read."""
    out = np.empty(rolling.shape)
    for place, (now, rate) in enumerate(zip(rolling, out, strict=True)):
        age = np.minimum(times.month, times.moment[place] - created)
        np.divide(now, np.maximum(age, 1, out=age), out=rate)
        np.multiply(rate, present[place], out=rate)
    return out


def _possible(block: Block, present: Mask, times: Times) -> tuple[Counts, tuple[Ints, Ints, Ints]]:
    """The counts, those drawn anew that are above what the readings beside them hold together."""
    rolling, found = block.rolling, []
    until = int(np.searchsorted(times.moment, times.chained_until + times.month, side="right"))
    for place in range(1, until - 1):
        if times.moment[place + 1] - times.month > times.moment[place - 1]:
            continue
        before, now, after = rolling[place - 1 : place + 2]
        is_above = (now - before > after) & present[place - 1] & present[place + 1]
        row = np.flatnonzero(is_above)
        above = now[row].astype(np.int64) - before[row] - after[row]
        found.append((row, np.full(len(row), place), above))
    if not found:
        return rolling, gaps.NO_OVERCOUNTS
    row, at, above = (np.concatenate(several) for several in zip(*found, strict=True))
    rolling = rolling.copy()
    before, after = ((rolling[at + n, row].astype(np.int64), at + n) for n in (-1, 1))
    rolling[at, row] = gaps.between(block.created[row], at, before, after, times)
    return rolling, (row, at, above)
