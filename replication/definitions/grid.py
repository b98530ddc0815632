"""The choices that a specification makes: the headline's, those of the grid, and the published ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from replication.definitions.value_types import TABLE, AgeDays, Choices, Id, Number, Replicates

AS_READ, INTERPOLATED, LEFT_OUT = "as-read", "interpolated", "left-out"
"""What is done with readings at which the counters stood still."""
Frozen = Literal["as-read", "interpolated", "left-out"]
Attribution = Literal["uploader", "origin", "split", "maker"]
Labels = Literal["study", "registry"]
Treatment = Literal["own", "left-out", "lineage"]
Scope = Literal[
    "all", "text-generation", "first-party", "first-party-text", "without-distillations",
    "up-to-8B", "over-8B",
]  # fmt: skip
CREDITED: dict[Attribution, str] = {
    "uploader": "its uploader",
    "origin": "the developer of its base model",
    "split": "its uploader and the developer of its base model, half each",
    "maker": "its maker",
}
"""Whom the headline credits with a repository's downloads, in words."""


@dataclass(frozen=True, config=TABLE)
class Headline:
    """The specification nearest to the study's own, which the figures and the abstract show."""

    estimand: str
    attribution: Attribution
    labels: Labels


@dataclass(frozen=True, config=TABLE)
class Grid:
    """The choices of the specification grid beside the windows, dimension by dimension."""

    age_limits_days: tuple[AgeDays, ...]
    frozen_rules: Choices[Frozen]
    attributions: Choices[Attribution]
    labels: Choices[Labels]
    treatments: Choices[Treatment]
    exclusions: Choices[str]
    scopes: Choices[Scope]
    size_limit_billions: Annotated[Number, Field(ge=0.001, le=1_000_000)]
    replicates: Replicates

    def beside(self, age_limit_days: int, head: Headline) -> Grid:
        """The grid with the age limit of the panel before the others, and the headline's choices."""
        return replace(
            self,
            age_limits_days=tuple(dict.fromkeys((age_limit_days, *self.age_limits_days))),
            attributions=tuple(dict.fromkeys((*self.attributions, head.attribution))),
            labels=tuple(dict.fromkeys((*self.labels, head.labels))),
        )


@dataclass(frozen=True, config=TABLE)
class PublishedSpecification:
    """The specification nearest to a published definition; other choices are the headline's."""

    id: Id
    label: str
    claims: tuple[str, ...]
    window: str
    scope: str


@dataclass(frozen=True, config=TABLE)
class Bridge:
    """From one published specification to another, by way of these windows in their order."""

    id: Id
    start: str
    end: str
    windows: tuple[str, ...]
