"""Settings of the panel, of inference and of the verdicts, and what the paper is called."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from replication.definitions.value_types import (
    TABLE,
    AgeDays,
    Count,
    Number,
    Percent,
    Replicates,
    Seed,
    Share,
    SomeCount,
    Whole,
    YearDays,
)


@dataclass(frozen=True, config=TABLE)
class Paper:
    """What the paper and the figures are called, and the study that they are about."""

    title: str
    subtitle: str
    publication: str


@dataclass(frozen=True, config=TABLE)
class PanelSettings:
    """How counters become first-year downloads."""

    age_limit_days: AgeDays
    birth_margin_days: YearDays
    frozen_share: Annotated[Number, Field(ge=0.01, le=1)]
    max_counter: SomeCount
    envelope_margin: Count


@dataclass(frozen=True, config=TABLE)
class Inference:
    """Replicates, seeds and the level of every interval."""

    replicates: Replicates
    chunk: Annotated[Whole, Field(ge=1, le=100_000)]
    seed: Seed
    level: Annotated[Number, Field(ge=0.5, le=0.9999)]
    subsample_exponent: Annotated[Number, Field(ge=0.1, le=0.99)]
    min_effective_developers: Annotated[Whole, Field(ge=0, le=100_000)]


@dataclass(frozen=True, config=TABLE)
class TailSettings:
    """When the index of a tail is said to settle."""

    plateau_ratio: Annotated[Number, Field(ge=1, le=100)]


@dataclass(frozen=True, config=TABLE)
class Calibration:
    """Size of the experiment that measures coverage, and how concentrated its sizes are."""

    data_sets: Replicates
    replicates: Replicates
    powers: tuple[Annotated[Number, Field(ge=0, le=4)], ...]

    @model_validator(mode="after")
    def _holds_ours(self) -> Calibration:
        """Refuse powers without the one that leaves the sizes as they are."""
        if 1.0 not in self.powers:
            raise ValueError("powers must hold 1.0")
        return self


@dataclass(frozen=True, config=TABLE)
class TimeSettings:
    """How the weekly series is read."""

    smoothing_weeks: Annotated[Whole, Field(ge=1, le=520)]
    thin_share: Annotated[Number, Field(ge=0, le=0.99)]


@dataclass(frozen=True, config=TABLE)
class Margins:
    """Margins of the verdicts, fixed before the first run."""

    share_margin_points: Percent
    majority_percent: Percent
    vast_majority_percent: Percent

    @model_validator(mode="after")
    def _in_order(self) -> Margins:
        """Refuse a majority that is more than a vast one."""
        if self.majority_percent > self.vast_majority_percent:
            raise ValueError("majority_percent must not exceed vast_majority_percent")
        return self


@dataclass(frozen=True, config=TABLE)
class Audit:
    """How the second coding of the registry was drawn, and the prior of its confusion table."""

    sample: Annotated[Whole, Field(ge=1, le=100_000)]
    seed: Seed
    prior: Annotated[Number, Field(ge=0.000_001, le=1_000)]


@dataclass(frozen=True, config=TABLE)
class WholeHub:
    """Rules of the panel that is rebuilt from snapshots of the whole Hub."""

    truncated_share: Share
    tail_downloads: Count
    extent: Annotated[
        Literal["all", ""],
        Field(
            description='write extent = "all" where the folder holds the whole Hub, else extent = ""'
        ),
    ]
    """What a folder of snapshots covers where its crawls do not say: all, or empty, not known."""
