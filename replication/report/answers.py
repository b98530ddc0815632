"""What is said of a claim: our estimate with its range, and the answers to the two questions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from replication.definitions import Definitions
from replication.report.claims import Claim

REPRODUCED, CONTRADICTED = "reproduced", "contradicted"
NOT_TESTABLE = "not testable with public data"
NOT_TESTABLE_HERE = "not testable with this source"
ROBUST, FRAGILE = "robust", "fragile"
ASKED = "we ask for more than"
"""How the reason begins that names the threshold of a majority."""


@dataclass(frozen=True)
class Judgement:
    """The estimate of a claim's quantity with its range, and both answers."""

    estimate: float | str
    lower: float | str
    upper: float | str
    answer: str
    survives: str
    turned_by: str
    reason: str


Rule = Callable[[Claim], Judgement]
"""How a claim is judged."""


def untested(
    reason: str, estimate: float | str = "", lower: float | str = "", upper: float | str = ""
) -> Judgement:
    """A claim that public data do not hold, with the nearest figure where they have one."""
    return Judgement(estimate, lower, upper, NOT_TESTABLE, "", "", reason)


def marks(definitions: Definitions) -> dict[str, float]:
    """The percentages that a majority, and a vast majority, must exceed."""
    return {
        "majority": definitions.verdict.majority_percent,
        "vast majority": definitions.verdict.vast_majority_percent,
    }


def threshold(percent: float) -> str:
    """What is asked of a majority, in words."""
    return f"{ASKED} {percent:.0f} %"
