"""The two sides, China and the USA, and what is computed of their downloads."""

from __future__ import annotations

from collections.abc import Iterable

from replication.definitions import Definitions
from replication.inference.statistics import Statistics, difference_of, ratio_of

CHINA, USA = SIDES = ("China", "USA")
LEAD, RATIO = difference_of(SIDES), ratio_of(SIDES)


def statistics(definitions: Definitions) -> Statistics:
    """The statistics of the country groups and the family of the definitions."""
    family = definitions.family
    name = f"{family.name} / {family.within}"
    return Statistics(definitions.groups, SIDES, name, family.within, definitions.unattributed)


def shares(sides: Iterable[int], total: int) -> dict[str, float]:
    """Shares of China and the USA, and the lead, of downloads in any unit; NaN of nothing.

    Parameters
    ----------
    sides
        Downloads of China and of the USA.
    total
        All downloads, of which those of the sides are part.
    """
    china, usa = map(int, sides)
    if not total:
        return dict.fromkeys(("china", "usa", "lead"), float("nan"))
    return {"china": china / total, "usa": usa / total, "lead": (china - usa) / total}
