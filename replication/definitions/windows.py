"""Windows, what is left out of them, and the published window with its rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from replication import months
from replication.definitions.grid import Attribution, Labels
from replication.definitions.value_types import (
    TABLE,
    Choices,
    Count,
    Day,
    Flag,
    Id,
    Replicates,
    Share,
    YearDays,
)

WINDOW = "window"
"""Kind of the measures of the published window."""
MEASURES = {
    "": "",
    "-uncorrected": ", without what no record follows",
    "-seen": ", seen alone",
}
"""Suffix of the id and of the label of each measure of the published window, the headline's first."""
YEAR = {365, 366}
"""Age limits that are a year."""


@dataclass(frozen=True, config=TABLE)
class Window:
    """One window and counter rule: a column of the panel; a cohort may be read on after its end."""

    id: Id
    kind: Literal["increments", "cohort", "rebuild", "window"]
    start: Day
    end: Day
    label: str
    read_until: Day | None = None

    @property
    def last(self) -> date:
        """The last day whose readings count."""
        return self.read_until or self.end

    @model_validator(mode="after")
    def _in_order(self) -> Window:
        """Refuse days that are not in order."""
        if self.end < self.start:
            raise ValueError(f"{self.id} ends before it starts: {self.start} to {self.end}")
        if self.last < self.end:
            raise ValueError(f"read_until of {self.id} lies before its end")
        return self

    def labelled(self, age_limit_days: int) -> Window:
        """The window, its label with what follows from its days and the age limit."""
        label = labelled(self.label, self.start, self.end, self.last, age_limit_days)
        return replace(self, label=label)


@dataclass(frozen=True, config=TABLE)
class Variant:
    """A window under one age limit and one rule for frozen readings; `id` is its column's name."""

    window: Window
    age_limit_days: int
    frozen: str

    @property
    def id(self) -> str:
        """Name of the column of the panel."""
        return f"{self.window.id}/{self.age_limit_days}/{self.frozen}"


@dataclass(frozen=True, config=TABLE)
class Exclusion:
    """Kinds of rules whose repositories can be left out; `estimated` makes estimands without them."""

    id: Id
    label: str
    kinds: tuple[str, ...]
    estimated: Flag


@dataclass(frozen=True, config=TABLE)
class Estimand:
    """A window with its exclusion; `id` is its name in every table."""

    id: str
    window: Window
    exclusion: Exclusion | None

    @property
    def label(self) -> str:
        """Name for readers."""
        suffix = f", {self.exclusion.label}" if self.exclusion else ""
        return self.window.label + suffix


@dataclass(frozen=True, config=TABLE)
class PublishedWindow:
    """The published window, which is rebuilt from public records, and the headline's choices."""

    id: Id
    start: Day
    end: Day
    label: str
    attribution: Attribution
    labels: Labels
    exclusions: tuple[str, ...]
    replicates: Replicates
    small_downloads: Count

    @model_validator(mode="after")
    def _in_order(self) -> PublishedWindow:
        """Refuse days that are not in order."""
        if self.end <= self.start:
            raise ValueError("start must lie before end")
        return self

    def labelled(self, age_limit_days: int) -> PublishedWindow:
        """The window, its label with what follows from its days and the age limit."""
        label = labelled(self.label, self.start, self.end, self.end, age_limit_days)
        return replace(self, label=label)


@dataclass(frozen=True, config=TABLE)
class Filling:
    """How gaps between records are filled: what a path of daily rates does where none speaks."""

    id: Annotated[str, Field(pattern="^[^/]*$", description="an id holds no slash")]
    label: str
    carry_days: YearDays
    between: Literal["linear", "geometric", "nearest"]
    """How a rate goes from one count to the next."""
    birth: Literal["middle", "earliest", "latest"]
    """Where in its range a birth lies that no record dates."""


@dataclass(frozen=True, config=TABLE)
class Capture:
    """What is done with downloads that no record follows."""

    rules: Choices[Literal["proportion", "level", "none"]]
    min_followed: Share


def young(age_limit_days: int) -> str:
    """The first time of a repository, up to the age limit, in words: first year, first 180 days."""
    return "first year" if age_limit_days in YEAR else f"first {age_limit_days} days"


def young_word(age_limit_days: int) -> str:
    """What downloads of the first time of a repository are called: first-year, or first-180-day."""
    return young(age_limit_days).replace(" ", "-").removesuffix("s")


def within(age_limit_days: int) -> str:
    """How long the first time of a repository is, in words: a year, or 180 days."""
    return "a year" if age_limit_days in YEAR else f"{age_limit_days} days"


def labelled(label: str, start: date, end: date, last: date, age_limit_days: int) -> str:
    """A label with what follows from the definitions: {dates}, {end} and {young}."""
    year = "" if start.year == end.year else f" {start.year}"
    words = {
        "dates": f"{months.short_name(start)}{year} – {months.short_with_year(end)}",
        "end": months.short_with_year(last),
        "young": young(age_limit_days),
    }
    for key, text in words.items():
        label = label.replace(f"{{{key}}}", text)
    return label
