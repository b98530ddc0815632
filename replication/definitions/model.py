"""Every definition of a run, as one frozen value, and what follows from the definitions."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cached_property
from itertools import product

from pydantic.dataclasses import dataclass

from replication.definitions.grid import CREDITED, Bridge, Grid, Headline, PublishedSpecification
from replication.definitions.groups import UNKNOWN, CountryGroup, Family, Tracked
from replication.definitions.messages import table_of
from replication.definitions.settings import (
    Audit,
    Calibration,
    Inference,
    Margins,
    PanelSettings,
    Paper,
    TailSettings,
    TimeSettings,
    WholeHub,
)
from replication.definitions.sources import Provenance, Release, Snapshots
from replication.definitions.value_types import TABLE, Flag
from replication.definitions.windows import (
    MEASURES,
    WINDOW,
    Capture,
    Estimand,
    Exclusion,
    Filling,
    PublishedWindow,
    Variant,
    Window,
    within,
    young_word,
)


@dataclass(frozen=True, config=TABLE)
class Definitions:
    """Every definition of a run: a field for each table, or list of tables, of definitions.toml."""

    paper: Paper
    panel: PanelSettings
    windows: tuple[Window, ...]
    exclusions: tuple[Exclusion, ...]
    grid: Grid
    grid_windows: tuple[Window, ...]
    published_specifications: tuple[PublishedSpecification, ...]
    bridges: tuple[Bridge, ...]
    inference: Inference
    tail: TailSettings
    calibration: Calibration
    time: TimeSettings
    verdict: Margins
    headline: Headline
    audit: Audit
    family: Family
    bundled: Provenance
    released: Release
    snapshots: Snapshots
    whole_hub: WholeHub
    published_window: PublishedWindow
    fillings: tuple[Filling, ...]
    capture: Capture
    tracked: tuple[Tracked, ...]
    country_groups: tuple[CountryGroup, ...]
    stated_range: tuple[str, ...] = ()
    """Which of since and until [snapshots] states; of a local folder they alone leave anything out."""
    whole: Flag = False
    """Whether the definitions are those of the whole Hub, not of the released head of it."""

    @cached_property
    def estimands(self) -> tuple[Estimand, ...]:
        """Every window as it is, then every window without each exclusion.

        Of the measures of the published window only the headline's is estimated without them.
        """
        choices: tuple[Exclusion | None, ...] = (None, *self.estimated_exclusions)
        return tuple(
            Estimand(f"{w.id}-without-{x.id}" if x else w.id, w, x)
            for x in choices
            for w in self.windows
            if x is None or w.kind != WINDOW or w.id == self.published_window.id
        )

    @cached_property
    def variants(self) -> tuple[Variant, ...]:
        """Every window of the grid under every age limit and rule for frozen readings."""
        rules = product(self.all_windows, self.grid.age_limits_days, self.grid.frozen_rules)
        return tuple(Variant(*rule) for rule in rules)

    @cached_property
    def all_windows(self) -> tuple[Window, ...]:
        """The windows of the estimands, then those of the grid alone."""
        return self.windows + self.grid_windows

    @cached_property
    def at_window(self) -> Definitions:
        """The same definitions for the published window: its measures are the windows."""
        about = self.published_window
        measures = tuple(
            Window(f"{about.id}{suffix}", "window", about.start, about.end, about.label + label)
            for suffix, label in MEASURES.items()
        )
        chosen = tuple(
            replace(x, estimated=True) for x in self.exclusions if x.id in about.exclusions
        )
        headline = Headline(about.id, about.attribution, about.labels)
        inference = replace(self.inference, replicates=about.replicates)
        return replace(
            self, windows=measures, exclusions=chosen, headline=headline, inference=inference
        )

    @cached_property
    def estimated_exclusions(self) -> tuple[Exclusion, ...]:
        """The exclusions without which every estimand is estimated once more."""
        return tuple(x for x in self.exclusions if x.estimated)

    @cached_property
    def headline_estimand(self) -> Estimand:
        """The estimand of the headline."""
        return next(e for e in self.estimands if e.id == self.headline.estimand)

    @cached_property
    def young(self) -> str:
        """What downloads under the age limit are called: first-year, or first-180-day."""
        return young_word(self.panel.age_limit_days)

    @cached_property
    def within(self) -> str:
        """How old a repository may be for its downloads to count, in words: a year, or 180 days."""
        return within(self.panel.age_limit_days)

    @cached_property
    def credited(self) -> str:
        """Whom the headline credits with a repository's downloads, in words."""
        return CREDITED[self.headline.attribution]

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """Names of the country groups in their fixed order."""
        return tuple(group.name for group in self.country_groups)

    @cached_property
    def unattributed(self) -> tuple[str, ...]:
        """Names of the groups that stand for no country."""
        return tuple(group.name for group in self.country_groups if not group.attributed)

    @property
    def unknown(self) -> str:
        """Name of the group of those of whom nothing is known."""
        return self.group_of[UNKNOWN]

    @cached_property
    def group_of(self) -> dict[str, str]:
        """Country group of each ISO code and of each class of the registry that is no country."""
        pairs = [(code, g.name) for g in self.country_groups for code in g.codes]
        return dict(
            pairs + [(g.registry_class, g.name) for g in self.country_groups if g.registry_class]
        )


FIELD_OF = {
    table_of(Definitions, field.name): field.name
    for field in fields(Definitions)
    if field.name not in {"stated_range", "whole"}
}
"""Field of each table of definitions.toml: a list of tables has the plural."""
