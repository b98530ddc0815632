"""The ledger of published figures: paper/claims.toml, read and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from replication.definitions import Definitions
from replication.definitions.bounds import check_published
from replication.definitions.toml_tables import build_all, parse
from replication.errors import DefinitionError

JUDGES = {"share", "lead", "first-lead", "family", "dashboard", "none"}
MAJORITIES = {"majority", "vast majority"}


@dataclass(frozen=True)
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


def load(path: Path) -> tuple[Claim, ...]:
    """Read and check the ledger.

    Raises
    ------
    DefinitionError
        The file is not TOML, or a claim lacks a key, has an unknown one, has a value that is no
        number of its unit, or is judged by no rule.
    """
    tables = parse(path)
    try:
        claims = build_all(Claim, tables.get("claim"), "claim")
        for claim in claims:
            check_published(claim.id, claim.value, claim.unit)
    except DefinitionError as error:
        raise DefinitionError(f"{path.name}: {error.what}", error.remedy) from None
    for claim in claims:
        bare = (claim.judge == "none" and not claim.reason) or (
            claim.judge == "family" and claim.value not in MAJORITIES
        )
        if claim.judge not in JUDGES or bare:
            raise DefinitionError(
                f"{path.name}: {claim.id} is judged by no rule", "set judge and reason"
            )
    return claims


def require_estimands(ledger: Sequence[Claim], definitions: Definitions) -> None:
    """Refuse definitions that lack a window by which a claim is judged.

    Raises
    ------
    DefinitionError
        A claim names an estimand that the definitions do not have, or no series of weeks begins.
    """
    if definitions.whole:
        return
    known = {estimand.id for estimand in definitions.estimands} | {definitions.window.id}
    kinds = {window.kind for window in definitions.windows}
    for claim in ledger:
        wanted = claim.estimand
        if claim.judge == "first-lead" and "increments" not in kinds:
            wanted = "of kind increments"
        if wanted and wanted not in known:
            raise DefinitionError(
                f"the claim {claim.id} is judged by an estimand {wanted}, which is not defined",
                "keep the packaged [[estimand]]s in definitions.toml, or edit paper/claims.toml",
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
