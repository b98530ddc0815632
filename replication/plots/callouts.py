"""Names of marks: beside the mark where that reads best, else in a column with a line to the mark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

NEAR, STACK = 0.08, 0.07
"""Inches from the middle of a mark to a name beside it, and to one above or below."""
ABOVE, ASIDE = 0.01, 0.06
"""Inches that stay free above and below a name, and on its sides, lest it seem another mark's."""
POINTS = 60
"""Points at which a line is checked."""
COVERED, CROSSED = 0.3, 1.0
"""Inches that lines may be longer to spare a point on something else, and to spare a crossing."""
LEVEL, STACKED = 0.1, 0.5
"""Inches of line that a name beside its mark counts as, and one above or below."""
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Box(NamedTuple):
    """A rectangle in inches."""

    left: float
    bottom: float
    right: float
    top: float

    def meets(self, other: Box) -> bool:
        """Whether the two overlap."""
        across = min(self.right, other.right) >= max(self.left, other.left)
        return across and min(self.top, other.top) >= max(self.bottom, other.bottom)

    def wider(self, across: float, up: float) -> Box:
        """The box with room on its sides, and below and above."""
        return Box(self.left - across, self.bottom - up, self.right + across, self.top + up)


class Mark(NamedTuple):
    """The middle of a mark, and the size of its name, in inches."""

    x: float
    y: float
    width: float
    height: float


class Column(NamedTuple):
    """Where names stand that are not beside their marks: left edge, ends, and their distance."""

    left: float
    bottom: float
    top: float
    gap: float

    @property
    def slots(self) -> Floats:
        """Middles of the places for names, from the bottom up."""
        number = int((self.top - self.bottom) / self.gap)
        return np.asarray(self.bottom + self.gap * (np.arange(number) + 0.5))


class Name(NamedTuple):
    """Left edge and middle of a name, and whether a line leads to its mark."""

    left: float
    middle: float
    line: bool


class Side(NamedTuple):
    """A place beside a mark: the mark's number, where the name would stand, and its cost."""

    number: int
    box: Box
    cost: float


class Plan(NamedTuple):
    """Places beside marks that are taken, by number; heights in the column of the others; cost."""

    sides: frozenset[int]
    heights: dict[int, float]
    cost: float


def place(
    marks: Sequence[Mark],
    taken: Sequence[Box],
    ruled: Sequence[Box],
    frame: Box,
    column: Column,
) -> list[Name]:
    """Find a place for the name of every mark.

    From all names in the column, one after the other is moved beside its mark, as long as that
    reads better and always the one that gains most; and the same after each possible first move,
    of which the best end is taken.

    Parameters
    ----------
    marks
        The marks.
    taken
        What no name may cover, and no line where that can be helped: all marks among it.
    ruled
        What no name may cover, but a line may cross.
    frame
        Where names beside marks must lie.
    column
        Places of the others, at least as many as there are marks.

    Returns
    -------
    list of Name
        One a mark, in their order.
    """
    sides = [side for n, mark in enumerate(marks) for side in _free(n, mark, taken, ruled, frame)]
    board = Board(marks, column, taken, sides)
    ends = [_improved(board, first) for first in (board.plan(frozenset()), *board.firsts())]
    best = min(ends, key=lambda plan: plan.cost)
    beside = {sides[n].number: sides[n].box for n in best.sides}
    return [
        Name(beside[n].left, (beside[n].bottom + beside[n].top) / 2, line=False)
        if n in beside
        else Name(column.left, best.heights[n], line=True)
        for n in range(len(marks))
    ]


class Board:
    """What every arrangement of the names costs: the costs of lines are found once.

    Parameters
    ----------
    marks, column, taken
        As for `place`.
    sides
        Places beside marks that cover nothing.
    """

    def __init__(
        self, marks: Sequence[Mark], column: Column, taken: Sequence[Box], sides: Sequence[Side]
    ) -> None:
        self.sides, self.column = sides, column
        self._places = np.array([(mark.x, mark.y) for mark in marks]).reshape(-1, 2)
        self._length, self._points = _lines(self._places, column)
        self._crossed = _crossings(self._places, column)
        self._over = _covered(self._points, taken, self._places)
        self._under = [_covered(self._points, [side.box], self._places) for side in sides]

    def firsts(self) -> Iterator[Plan]:
        """Arrangements with one name beside its mark."""
        return (self.plan(frozenset([n])) for n in range(len(self.sides)))

    def free(self, plan: Plan) -> Iterator[int]:
        """Places that can be taken in addition to those of a plan."""
        held = [self.sides[n] for n in plan.sides]
        for n, side in enumerate(self.sides):
            room = side.box.wider(ASIDE, ABOVE)
            if not any(side.number == other.number or room.meets(other.box) for other in held):
                yield n

    def plan(self, chosen: frozenset[int]) -> Plan:
        """Give the names that are not beside their marks heights that cost little in total."""
        beside = {self.sides[n].number for n in chosen}
        rest = np.array([n for n in range(len(self._places)) if n not in beside], dtype=int)
        hits = self._over + sum(self._under[n] for n in sorted(chosen))
        cost = self._length + COVERED * hits
        _, slots = linear_sum_assignment(cost[rest])
        slots, lines = self._uncrossed(rest, slots, cost)
        names = sum(self.sides[n].cost for n in sorted(chosen))
        heights = dict(zip(rest.tolist(), self.column.slots[slots].tolist(), strict=True))
        return Plan(chosen, heights, lines + names)

    def _uncrossed(self, rest: Ints, slots: Ints, cost: Floats) -> tuple[Ints, float]:
        """Move names to free slots, or swap two, as long as all lines together cost less."""

        def total(slots: Ints) -> float:
            crossed = self._crossed[rest[:, None], slots[:, None], rest, slots].sum() / 2
            return float(cost[rest, slots].sum() + CROSSED * crossed)

        least = total(slots)
        while True:
            moves = product(range(len(rest)), range(len(self.column.slots)))
            best = min((_moved(slots, *move) for move in moves), key=total, default=slots)
            if total(best) >= least:
                return slots, least
            slots, least = best, total(best)


def _moved(slots: Ints, name: int, slot: int) -> Ints:
    """The slots with one name in another, and who stood there in its place."""
    found = np.where(slots == slot, slots[name], slots)
    found[name] = slot
    return found


def _improved(board: Board, plan: Plan) -> Plan:
    """Move names beside their marks as long as that reads better."""
    while True:
        moved = (board.plan(plan.sides | {n}) for n in board.free(plan))
        best = min(moved, key=lambda found: found.cost, default=plan)
        if best.cost >= plan.cost:
            return plan
        plan = best


def _free(
    number: int, mark: Mark, taken: Sequence[Box], ruled: Sequence[Box], frame: Box
) -> Iterator[Side]:
    """Places beside a mark that cover nothing and are not next to anything else."""
    middle = Box(mark.x, mark.y, mark.x, mark.y)
    own = [box for box in taken if box.meets(middle)]
    others = [*ruled, *(box for box in taken if not box.meets(middle))]
    for box in _beside(mark, frame):
        room = box.wider(ASIDE, ABOVE)
        if not any(box.meets(x) for x in own) and not any(room.meets(x) for x in others):
            yield Side(number, box, LEVEL if box.bottom < mark.y < box.top else STACKED)


def _beside(mark: Mark, frame: Box) -> Iterator[Box]:
    """Right, left, below and above the mark; moved along the latter two into the frame."""
    x, y, wide, tall = mark
    along = min(max(x - wide / 2, frame.left), frame.right - wide)
    for left, bottom in (
        (x + NEAR, y - tall / 2),
        (x - NEAR - wide, y - tall / 2),
        (along, y - STACK - tall),
        (along, y + STACK),
    ):
        across = frame.left <= left <= frame.right - wide
        if across and frame.bottom <= bottom <= frame.top - tall:
            yield Box(left, bottom, left + wide, bottom + tall)


def _lines(places: Floats, column: Column) -> tuple[Floats, Floats]:
    """Length (m, s) of a line from each place (m, 2) to each slot, and points (m, s, p, 2) on it."""
    ends = np.stack(np.broadcast_arrays(column.left, column.slots), axis=-1)
    ways = ends[None] - places[:, None]
    parts = np.linspace(0, 1, POINTS, endpoint=False)[:, None]
    points = places[:, None, None] + parts * ways[:, :, None]
    return np.hypot(ways[..., 0], ways[..., 1]), points


def _covered(points: Floats, boxes: Sequence[Box], places: Floats) -> Ints:
    """How many points (m, s, p, 2) of each line lie on boxes, those under its own mark aside."""
    found = np.zeros(points.shape[:2], dtype=np.int64)
    clear = np.linalg.norm(points - places[:, None, None], axis=-1) > NEAR
    for left, bottom, right, top in boxes:
        low, high = np.array([left, bottom]), np.array([right, top])
        away = np.asarray(np.any((places < low) | (places > high), axis=-1))
        inside = np.all((points > low) & (points < high), axis=-1)
        found += np.sum(inside & clear, axis=-1) * away[:, None]
    return found


def _crossings(places: Floats, column: Column) -> NDArray[np.bool_]:
    """Whether a line crosses another (m, s, m, s), for every two marks and slots of theirs."""
    x, y = places.T
    ends = column.slots
    along = (x[None] - x[:, None]) / (column.left - x[:, None])
    at = y[:, None, None] + (ends[:, None] - y[:, None, None]) * along[:, None, :]
    above = (y - at)[..., None] * (ends - ends[:, None])[None, :, None, :]
    later = (x[None] > x[:, None])[:, None, :, None]
    first = (above < 0) & later
    return np.asarray(first | first.transpose(2, 3, 0, 1))
