"""Poisson numbers from tables: exact to 2⁻⁵², the same on every machine, a few nanoseconds each.

A table has as many slots for each number as the whole part of their count times its probability,
so that random bits pick a slot. What the whole parts leave over has the slots `AGAIN`; whoever
meets one draws a second time, among the remainders. Probabilities are whole multiples of 2⁻⁵² from
arithmetic with whole numbers, so that neither libraries nor processors matter.

Of small means a slot holds two independent numbers, which halves the bits and the look-ups.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Words = NDArray[np.uint16]
Numbers = NDArray[np.unsignedinteger]
GRAINS = 52
"""Probabilities are whole multiples of two to minus this power."""
RATE = 1 << 20
"""Means are whole multiples of 1 / `RATE`."""
LARGEST = 256
"""The largest mean that has a table."""
PAIRED = 8
"""Up to this mean a slot holds two numbers, one a byte."""
PAIR_BITS, ONE_BITS = 16, 13
"""Random bits that pick a slot of two numbers, and of one."""
AGAIN = 0xFFFF
"""The mark of a slot whose number takes a second draw; no number, and no two, are so large."""
FINE, NOTHING = 100, 32
"""Ratios to the largest probability have so many binary places, and end where so many are left."""


@dataclass(frozen=True)
class Table:
    """Slots of laws, and the remainders of those, one law after the other.

    Attributes
    ----------
    bits
        Random bits that pick a slot: every law has two to this power.
    slots
        Numbers, or `AGAIN`.
    left, numbers
        Remainders, cumulative over all laws, and the number of each.
    ends
        What `left` is before the first law, and at the end of each.
    """

    bits: int
    slots: Words
    left: Ints
    numbers: Words
    ends: Ints

    def draw(self, generator: np.random.Generator, law: Ints, size: int) -> Words:
        """Draw numbers (r, size), of which a row has the law of that place `law` (r,)."""
        drawn = self.slots.take(self._places(generator, law, size), mode="wrap")
        again = np.flatnonzero(drawn == AGAIN)
        whose = law[again // max(size, 1)]
        among = generator.integers(self.ends[whose], self.ends[whose + 1])
        drawn.ravel()[again] = self.numbers[np.searchsorted(self.left, among, side="right")]
        return drawn

    def _places(self, generator: np.random.Generator, law: Ints, size: int) -> Ints:
        """Random slots (r, size)."""
        words = random_words(generator, len(law) * size).reshape(len(law), size)
        if self.bits < 16:
            words >>= 16 - self.bits
        return np.asarray((law << self.bits)[:, None] + words, dtype=np.int64)


def random_words(generator: np.random.Generator, size: int) -> Words:
    """Random numbers (size,) of 16 bits, cut from such of 64 in an order that no machine changes."""
    whole = generator.integers(0, (1 << 64) - 1, size=-(-size // 4), dtype=np.uint64, endpoint=True)
    return whole.astype("<u8", copy=False).view("<u2")[:size]


class PoissonNumbers:
    """Independent Poisson numbers with means `times` × `steps` / `RATE`.

    Parameters
    ----------
    times
        Whole numbers (r,) up to `LARGEST`, ascending.
    steps
        The common factor of the means, in units of 1 / `RATE`.
    """

    def __init__(self, times: Ints, steps: int = RATE) -> None:
        self._paired = int(np.searchsorted(times, PAIRED, side="right"))
        self._pairs = _tabled(times[: self._paired], steps, two=True)
        self._ones = _tabled(times[self._paired :], steps, two=False)

    def draw(self, generator: np.random.Generator, part: slice, size: int) -> Numbers:
        """Draw the numbers (rows, size) of the rows of a part, whose bounds are given."""
        middle = min(max(part.start, self._paired), part.stop)
        if part.start == middle:
            table, law = self._ones
            rows = slice(part.start - self._paired, part.stop - self._paired)
            return table.draw(generator, law[rows], size)
        table, law = self._pairs
        two = table.draw(generator, law[part.start : middle], -(-size // 2))
        drawn = two.view(np.uint8)[:, :size]
        if middle == part.stop:
            return drawn
        return np.vstack([drawn, self.draw(generator, slice(middle, part.stop), size)])


def probabilities(times: int, steps: int = RATE) -> tuple[int, list[int]]:
    """Poisson probabilities with mean `times` × `steps` / `RATE`, in units of 2⁻⁵².

    They are ratios to that of the most likely number, made of whole numbers and divided by their
    sum; what is left out at both ends is less likely than 2⁻⁵². They add up to one.

    Returns
    -------
    tuple of int and list of int
        The first number, and the probabilities of it and of those that follow.
    """
    mean, most = times * steps, times * steps // RATE
    ratios = deque([1 << FINE])
    last = most
    while ratios[-1] >> NOTHING:
        last += 1
        ratios.append(ratios[-1] * mean // (RATE * last))
    first = most
    while first and ratios[0] >> NOTHING:
        ratios.appendleft(ratios[0] * RATE * first // mean)
        first -= 1
    return first, _in_grains(ratios)


def _in_grains(ratios: Iterable[int]) -> list[int]:
    """Parts of the sum of ratios in units of 2⁻⁵²: rounded where they add up, so that all do."""
    sums = list(accumulate(ratios))
    marks = [(part << GRAINS) // sums[-1] for part in sums]
    return [mark - before for before, mark in pairwise([0, *marks])]


def _law(times: int, steps: int, *, two: bool) -> tuple[Words, Ints]:
    """What a slot can hold, and the probability of each: one number, or two side by side."""
    first, each = probabilities(times, steps)
    one = np.arange(first, first + len(each), dtype=np.uint16)
    mass = np.array(each, dtype=object)
    if not two:
        return one, mass.astype(np.int64)
    both = _in_grains(np.multiply.outer(mass, mass).ravel().tolist())
    return np.add.outer(one, one << 8).ravel(), np.array(both, dtype=np.int64)


def _tabled(times: Ints, steps: int, *, two: bool) -> tuple[Table, Ints]:
    """The table of the different means of rows, and the place of each row's law in it."""
    different, law = np.unique(times, return_inverse=True)
    return _table(tuple(different.tolist()), steps, two), law


@lru_cache(maxsize=8)
def _table(times: tuple[int, ...], steps: int, two: bool) -> Table:
    """The table of laws of one number each, or of two."""
    bits = PAIR_BITS if two else ONE_BITS
    rest = GRAINS - bits
    slots = np.full((len(times), 1 << bits), AGAIN, dtype="<u2")
    left, numbers = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.uint16)]
    for mean, law in zip(times, slots, strict=True):
        found, mass = _law(mean, steps, two=two)
        filled = np.repeat(found, mass >> rest)
        law[: len(filled)] = filled
        left.append(mass & ((1 << rest) - 1))
        numbers.append(found)
    ends = np.cumsum([0, *(int(part.sum()) for part in left[1:])])
    return Table(
        bits, slots.ravel(), np.cumsum(np.concatenate(left)), np.concatenate(numbers), ends
    )
