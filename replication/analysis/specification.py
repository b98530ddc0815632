"""A specification: one choice in every dimension of the grid of definitions.toml."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from replication.attribution.assign import BASE_MAKER, LABELS, RANGE
from replication.definitions import Definitions

NONE = "none"
"""The exclusion of a specification that leaves nothing out."""
EVERYTHING = "all"
"""The scope of all repositories."""
# Half downloads that each role receives of one download.
CREDIT = {
    "uploader": {"uploader": 2},
    "origin": {"origin": 2},
    "split": {"uploader": 1, "origin": 1},
    "maker": {"maker": 2},
}
WEEKLY_CREDIT = ("uploader", "origin", "split")
"""The weekly series is kept by uploader and origin, so that it knows no maker."""
CREDITED = (*CREDIT, BASE_MAKER)
LABELLED = (*LABELS, *RANGE)
OWN, LEFT_OUT, LINEAGE, TO_CHINA, TO_USA = "own", "left-out", "lineage", "to-China", "to-USA"
TREATMENTS = (OWN, LEFT_OUT, LINEAGE, TO_CHINA, TO_USA)
"""Of the unattributed: groups of their own; left out of the total, which equals spreading them in
proportion; given to the country of the origin; given wholly to one side."""


@dataclass(frozen=True)
class Specification:
    """One choice in every dimension.

    Attributes
    ----------
    window
        Id of a window, a column of downloads.
    age_limit_days, frozen
        The rules of the panel: how old a repository may be, and what is done with frozen readings.
    attribution
        Who is credited: a key of `CREDIT`, or a role.
    labels
        Whose labels: one of `LABELLED`.
    treatment
        What is done with the unattributed: one of `TREATMENTS`.
    exclusion
        Id of an exclusion, or `NONE`.
    scope
        Which repositories: a scope of the grid.
    """

    window: str
    age_limit_days: int
    frozen: str
    attribution: str
    labels: str
    treatment: str = OWN
    exclusion: str = NONE
    scope: str = EVERYTHING

    @property
    def estimand(self) -> str:
        """Id of the estimand: the window, and what it is without."""
        without = f"-without-{self.exclusion}" if self.exclusion != NONE else ""
        return f"{self.window}{without}"

    @property
    def keys(self) -> dict[str, str]:
        """The columns that name it in tables of estimates."""
        return {
            "estimand": self.estimand,
            "attribution": self.attribution,
            "labels": self.labels,
        }

    @property
    def choices(self) -> dict[str, str | int]:
        """The columns that name it in the grid: its choice in every dimension."""
        return {name: getattr(self, name) for name in DIMENSIONS}


DIMENSIONS = tuple(field.name for field in fields(Specification))
"""The columns that name a specification of the grid, in the order of `Definitions.grid`."""


def of_window(window: str, definitions: Definitions) -> Specification:
    """A whole window, by the panel's rules, as the headline credits and labels it."""
    return Specification(
        window,
        definitions.panel.age_limit_days,
        definitions.grid.frozen_rules[0],
        definitions.headline.attribution,
        definitions.headline.labels,
        scope=definitions.grid.scopes[0],
    )


def headline(definitions: Definitions) -> Specification:
    """The specification of the headline."""
    estimand = definitions.headline_estimand
    exclusion = estimand.exclusion.id if estimand.exclusion else NONE
    return replace(of_window(estimand.window.id, definitions), exclusion=exclusion)


def rivals(definitions: Definitions) -> tuple[Specification, ...]:
    """The headline, and the increments that end with it and leave out the same."""
    head, end = headline(definitions), definitions.headline_estimand.window.end
    same_end = (w.id for w in definitions.windows if w.kind == "increments" and w.end == end)
    return (head, *(replace(head, window=name) for name in same_end if name != head.window))


def choices_of(definitions: Definitions) -> dict[str, tuple[str | int, ...]]:
    """The choices of every dimension of the grid, in their order in definitions.toml."""
    grid = definitions.grid
    every = (
        tuple(w.id for w in definitions.all_windows), grid.age_limits_days, grid.frozen_rules,
        grid.attributions, grid.labels, grid.treatments, grid.exclusions, grid.scopes,
    )  # fmt: skip
    return dict(zip(DIMENSIONS, every, strict=True))
