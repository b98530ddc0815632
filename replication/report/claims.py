"""The ledger of published figures: paper/claims.toml, read and checked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path

from pydantic import model_validator
from pydantic.dataclasses import dataclass as table_class

from replication.definitions import Definitions, toml_files
from replication.definitions.messages import span
from replication.definitions.value_types import FIRST_DAY, LAST_DAY, MOST_COUNT, TABLE, UnfitError
from replication.errors import DefinitionError

MAIN = ("study-china", "study-usa", "study-lead", "study-first-lead", "study-qwen-deepseek")
"""The statements that the paper is about: the pair, the lead, the first lead and the family."""
NEEDS_REASON = {"none", "developers", "unattributed"}
"""Rules that answer nothing: without a figure, or with the nearest that public data have. They need a reason."""
JUDGES = {"share", "lead", "first-lead", "family", "dashboard", "ahead", *NEEDS_REASON}
READ = {"in full", "in part", "at second hand"}
"""How a source was read; at second hand it says through whom."""
MAJORITIES = {"majority", "vast majority"}
SHARE_COLUMNS = {"China": "china", "USA": "usa", "International / Online": "international"}
"""Groups whose share of the published window is measured: its column of window_changes."""
_PUBLISHED = {
    "percent": (0, 100),
    "points": (-100, 100),
    "downloads": (0, MOST_COUNT),
    "models": (0, MOST_COUNT),
    "repositories": (0, MOST_COUNT),
    "times": (0, MOST_COUNT),
    "year": (FIRST_DAY.year, LAST_DAY.year),
}
"""The least and the most of a published figure, by its unit."""
UNITS = {*_PUBLISHED, "majority", "month", "rank", "wording"}


@table_class(frozen=True, config=TABLE)
class Claim:
    """One published figure, and how it is judged.

    Attributes
    ----------
    definition, denominator, period
        What was counted, of what it is a part, and over which days, as far as it was printed.
    source, url, grade
        Who published it, where, and whether we have it from them.
    read, through
        How the source was read, and at second hand through whom.
    retells
        The claim that it repeats in other words; empty for a claim of its own.
    developers, beside
        Names of tracked developers whose downloads the rule ``developers`` sums, and of those beside
        whom they are shown.
    """

    id: str
    statement: str
    value: str
    unit: str
    period: str
    definition: str
    denominator: str
    source: str
    url: str
    grade: str
    read: str
    judge: str
    group: str = ""
    estimand: str = ""
    reason: str = ""
    through: str = ""
    retells: str = ""
    developers: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

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
        if self.judge not in JUDGES or not self._complete:
            raise UnfitError(f"{self.id} is judged by no rule", "set judge and what it needs")
        return self

    @property
    def _complete(self) -> bool:
        """Whether it has what its rule needs."""
        if self.judge == "developers" and not (self.developers and self.beside):
            return False
        if self.judge == "ahead":
            return _is_day(self.period)
        if self.judge == "family":
            return self.value in MAJORITIES
        return self.judge not in NEEDS_REASON or bool(self.reason)

    @model_validator(mode="after")
    def _sourced(self) -> Claim:
        """Refuse a claim of which nobody knows how it was read."""
        if self.read not in READ:
            what = f"read of {self.id} = {self.read} is none of {', '.join(sorted(READ))}"
            raise UnfitError(what, "write one of these")
        if self.read == "at second hand" and not self.through:
            raise UnfitError(f"{self.id} was read at second hand", "say through whom: set through")
        return self


@table_class(frozen=True, config=TABLE)
class _Ledger:
    """claims.toml."""

    claim: tuple[Claim, ...]

    @model_validator(mode="after")
    def _named(self) -> _Ledger:
        """Refuse a name that two claims have, and a retelling of none."""
        names = [claim.id for claim in self.claim]
        for claim in self.claim:
            if names.count(claim.id) > 1:
                raise UnfitError(f"two claims are named {claim.id}", "give each a name of its own")
            if claim.retells and claim.retells not in names:
                raise UnfitError(
                    f"{claim.id} retells {claim.retells}, which is no claim",
                    "name one of the ledger",
                )
        return self


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


def _is_day(text: str) -> bool:
    """Whether a text is a day in ISO 8601."""
    with suppress(ValueError):
        return bool(date.fromisoformat(text))
    return False


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
        if claim.judge in {"first-lead", "ahead"} and "increments" not in kinds:
            wanted = "of kind increments"
        if wanted and wanted not in known:
            raise DefinitionError(
                f"the claim {claim.id} is judged by an estimand {wanted}, which is not defined",
                "keep the packaged [[window]]s in the definitions, or edit paper/claims.toml",
            )
        if claim.judge in {"share", "dashboard", "ahead"}:
            _require_group(claim, definitions)


def _require_group(claim: Claim, definitions: Definitions) -> None:
    """Refuse a claim on a share that no table holds."""
    published = claim.estimand in {"", definitions.published_window.id}
    measured = claim.judge == "ahead" or (claim.judge == "share" and claim.group in SHARE_COLUMNS)
    if published and not measured:
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
