"""Types of the values of the TOML files, each with the least and the most that it may be."""

from __future__ import annotations

import re
from collections.abc import Hashable
from datetime import date
from typing import Annotated, TypeVar

from pydantic import AfterValidator, ConfigDict, Field

TABLE = ConfigDict(extra="forbid", allow_inf_nan=False, defer_build=True)
"""What every table has in common: no unknown keys, no nan and no infinity."""
MOST_COUNT = 10**15
"""More downloads, or bytes, than there are."""
FIRST_DAY, LAST_DAY = date(2016, 1, 1), date(2099, 12, 31)
"""Every date lies in the life of the Hub, or not far beyond it."""

Flag = Annotated[bool, Field(strict=True)]
Whole = Annotated[int, Field(strict=True)]
Number = Annotated[float, Field(strict=True)]
Count = Annotated[Whole, Field(ge=0, le=MOST_COUNT)]
SomeCount = Annotated[Whole, Field(ge=1, le=MOST_COUNT)]
Replicates = Annotated[Whole, Field(ge=1, le=1_000_000)]
Seed = Annotated[Whole, Field(ge=0, le=2**63 - 1)]
AgeDays = Annotated[Whole, Field(ge=1, le=3_660)]
YearDays = Annotated[Whole, Field(ge=0, le=366)]
Share = Annotated[Number, Field(ge=0, le=1)]
Percent = Annotated[Number, Field(ge=0, le=100)]
AnyDay = Annotated[date, Field(strict=True)]
Day = Annotated[date, Field(strict=True, ge=FIRST_DAY, le=LAST_DAY)]


Id = Annotated[
    str,
    Field(
        pattern="^[A-Za-z0-9_.-]+$",
        description="an id has letters, digits, dots, hyphens and underscores alone",
    ),
]
"""What a definition is called: a part of names of columns, which other signs would take apart."""


class UnfitError(ValueError):
    """A value that does not fit; pydantic takes it up, and `messages` gives the remedy.

    Parameters
    ----------
    what
        What is wrong.
    remedy
        What can be done about it.
    """

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.remedy = remedy


def _compiled(pattern: str) -> str:
    """Accept a regular expression."""
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is no pattern: {error}") from None
    return pattern


Pattern = Annotated[str, AfterValidator(_compiled)]
T = TypeVar("T", bound=Hashable)


def distinct(values: tuple[T, ...]) -> tuple[T, ...]:
    """Accept values of which none stands twice.

    Raises
    ------
    ValueError
        One does.
    """
    twice = repeated(values)
    if twice:
        raise ValueError(f"names {twice[0]!r} twice")
    return values


def repeated(values: tuple[T, ...] | list[T]) -> list[T]:
    """The values that stand more than once, each once and in order."""
    return [value for value in dict.fromkeys(values) if values.count(value) > 1]


Choices = Annotated[tuple[T, ...], Field(min_length=1), AfterValidator(distinct)]
"""At least one value, and none twice."""
