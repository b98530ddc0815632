"""The ledger of published figures: paper/claims.toml, read and checked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from pydantic import model_validator
from pydantic.dataclasses import dataclass as table_class

from replication.definitions import Definitions, toml_files
from replication.definitions.messages import span
from replication.definitions.value_types import FIRST_DAY, LAST_DAY, MOST_COUNT, TABLE, UnfitError
from replication.errors import DefinitionError

JUDGES = {"share", "lead", "first-lead", "family", "dashboard", "none"}
MAJORITIES = {"majority", "vast majority"}
SHARE_COLUMNS = {"China": "china", "USA": "usa", "International / Online": "international"}
"""Groups whose share of the published window is measured: its column of window_changes."""
_PUBLISHED = {
    "percent": (0, 100),
    "points": (-100, 100),
    "downloads": (0, MOST_COUNT),
    "models": (0, MOST_COUNT),
    "times": (0, MOST_COUNT),
    "year": (FIRST_DAY.year, LAST_DAY.year),
}
"""The least and the most of a published figure, by its unit."""
UNITS = {*_PUBLISHED, "majority", "month"}


@table_class(frozen=True, config=TABLE)
class Claim:
    """One published figure, and how it is judged."""

    id: str
    statement: str
    value: str
    unit: str
    period: str
    definition: str
    source: str
    url: str
    grade: str
    judge: str
    group: str = ""
    estimand: str = ""
    reason: str = ""

    @model_validator(mode="after")
    def _testable(self) -> Claim:
        """Refuse a value that is no number of its unit, and a claim that nothing judges."""
        if self.unit not in UNITS:
            what = f"unit of {self.id} = {self.unit} is none of {', '.join(sorted(UNITS))}"
            raise UnfitError(what, "write one of these")
        if self.unit in _PUBLISHED:
            least, most = _PUBLISHED[self.unit]
            if not least <= _number(self.value) <= most:  # nan lies nowhere
                what = f"value of {self.id} = {self.value} must lie between {span(least, most)}"
                raise UnfitError(what, f"write a number of its unit, {self.unit}")
        bare = (self.judge == "none" and not self.reason) or (
            self.judge == "family" and self.value not in MAJORITIES
        )
        if self.judge not in JUDGES or bare:
            raise UnfitError(f"{self.id} is judged by no rule", "set judge and reason")
        return self


@table_class(frozen=True, config=TABLE)
class _Ledger:
    """claims.toml."""

    claim: tuple[Claim, ...]


def load(path: Path) -> tuple[Claim, ...]:
    """Read and check the ledger.

    Raises
    ------
    DefinitionError
        The file is not TOML, or a claim lacks a key, has an unknown one, has a value that is no
        number of its unit, or is judged by no rule.
    """
    return toml_files.read(_Ledger, path).claim


def _number(text: str) -> float:
    """The number that a text is, nan where it is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def require_estimands(ledger: Sequence[Claim], definitions: Definitions) -> None:
    """Refuse definitions that lack a window, or a group, by which a claim is judged.

    Raises
    ------
    DefinitionError
        A claim names an estimand or a group that the definitions do not have, its group is not
        measured over its window, or no series of weeks begins.
    """
    if definitions.whole:
        return
    known = {estimand.id for estimand in definitions.estimands} | {definitions.published_window.id}
    kinds = {window.kind for window in definitions.windows}
    for claim in ledger:
        wanted = claim.estimand
        if claim.judge == "first-lead" and "increments" not in kinds:
            wanted = "of kind increments"
        if wanted and wanted not in known:
            raise DefinitionError(
                f"the claim {claim.id} is judged by an estimand {wanted}, which is not defined",
                "keep the packaged [[window]]s in the definitions, or edit paper/claims.toml",
            )
        if claim.judge in {"share", "dashboard"}:
            _require_group(claim, definitions)


def _require_group(claim: Claim, definitions: Definitions) -> None:
    """Refuse a claim on a share that no table holds."""
    published = claim.estimand in {"", definitions.published_window.id}
    if published and (claim.judge == "dashboard" or claim.group not in SHARE_COLUMNS):
        raise DefinitionError(
            f"the claim {claim.id} is judged by the published window, which has no {claim.judge} of "
            f"the group {claim.group!r}",
            f"set its estimand in paper/claims.toml to another window; the published one has shares "
            f"of {', '.join(SHARE_COLUMNS)}",
        )
    if claim.group not in definitions.groups:
        raise DefinitionError(
            f"the claim {claim.id} is about a group {claim.group!r}, which is not defined",
            "name a [[country_group]] of the definitions in paper/claims.toml",
        )


def published_shares(ledger: Sequence[Claim]) -> dict[str, float]:
    """The study's published shares in percent: the first of each group in the ledger."""
    shares: dict[str, float] = {}
    for claim in ledger:
        if claim.judge == "share":
            shares.setdefault(claim.group, float(claim.value))
    return shares


def published_percents(ledger: Sequence[Claim]) -> dict[str, float]:
    """Every published percentage, by claim."""
    return {claim.id: float(claim.value) for claim in ledger if claim.unit == "percent"}


def study_downloads(ledger: Sequence[Claim]) -> float:
    """The downloads that the study's abstract prints."""
    return next((float(c.value) for c in ledger if c.id == "study-downloads"), float("nan"))
