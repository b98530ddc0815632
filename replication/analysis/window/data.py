"""First-year downloads of the published window: the whole Hub, with what no record follows.

The estimates of every repository that a record holds, and the part that none follows, are one
population, so that every estimate, interval and bound is made of its cells as of any other window.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.analysis.cells import Repositories
from replication.analysis.window.capture import NONE, HotDeck, Shortfall, places_of, shortfall
from replication.analysis.window.lists import CompleteLists
from replication.attribution.assign import ROLES
from replication.definitions import MEASURES, Definitions
from replication.panel.window import CEILING, COUNTED, SEEN, column, columns, variants

REST = " (not followed)"
"""What stands behind the name of a row of downloads that no record follows."""
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class _AtAge:
    """The complete lists under one age limit, and the rows that they give what is not followed."""

    lists: CompleteLists

    @cached_property
    def deck(self) -> HotDeck:
        """All rows of the lists, whatever their age, each with its weight."""
        return HotDeck.of(self.lists)


@dataclass(frozen=True)
class WindowData:
    """The attributed panel of the window.

    Attributes
    ----------
    repositories
        One row a repository, with developers and groups by every role and source of labels.
    months
        Its downloads by month.
    lists
        Attributed rows of the complete lists.
    left_out
        Estimates without each record.
    agreement
        What counts alone rebuild beside what counters hold.
    definitions
        Definitions.
    """

    repositories: pd.DataFrame
    months: pd.DataFrame
    lists: pd.DataFrame
    left_out: pd.DataFrame
    agreement: pd.DataFrame
    definitions: Definitions

    @cached_property
    def month_names(self) -> tuple[str, ...]:
        """Months of the window in their order."""
        days = pd.date_range(
            self.definitions.published_window.start, self.definitions.published_window.end
        )[1:]
        return tuple(dict.fromkeys(days.strftime("%Y-%m")))

    @cached_property
    def complete_lists(self) -> CompleteLists:
        """The complete lists, without what looks automated."""
        return self._at_age(self.definitions.panel.age_limit_days).lists

    def _at_age(self, age_limit_days: int) -> _AtAge:
        """What the complete lists hold of models up to an age."""
        if age_limit_days not in self._ages:
            lists = CompleteLists.of(self.lists, self.definitions, self.month_names, age_limit_days)
            self._ages[age_limit_days] = _AtAge(lists)
        return self._ages[age_limit_days]

    @cached_property
    def _ages(self) -> dict[int, _AtAge]:
        """The lists of each age limit that was asked for."""
        return {}

    def _of(self, estimates: str) -> _AtAge:
        """The lists of the age limit of some estimates."""
        own = self.definitions.panel.age_limit_days
        ages = {column(age, rule.id): age for age, rule in variants(self.definitions)}
        return self._at_age(ages.get(estimates, own))

    @cached_property
    def by_month(self) -> pd.DataFrame:
        """Downloads by repository and month, with the repository's attribution."""
        return self.months.merge(self.repositories, on="repository", validate="many_to_one")

    def shortfall(self, estimates: str = "", rule: str = "", without: str = "") -> Shortfall:
        """What estimates lack; by default those of the headline under its rule."""
        definitions = self.definitions
        estimates = estimates or headline_column(definitions)
        rule = rule or definitions.capture.rules[0]
        lists = self._of(estimates).lists
        return shortfall(self.by_month, estimates, lists, rule, definitions, without, self._places)

    @cached_property
    def _places(self) -> Ints:
        """Places of the rows of `by_month` in the sums of a shortfall."""
        return places_of(self.by_month, self.complete_lists)

    @cached_property
    def hot_deck(self) -> HotDeck:
        """The rows to which downloads that no record follows are given."""
        deck = self._at_age(self.definitions.panel.age_limit_days).deck
        names = deck.facts["name"] + REST
        return replace(deck, facts=deck.facts.assign(name=names, repository=names))

    @cached_property
    def headline_rest(self) -> pd.DataFrame:
        """Attributed rows, by month, of what the headline's estimates lack."""
        return self.hot_deck.rows(self.shortfall().missing)

    @cached_property
    def population(self) -> Repositories:
        """Every repository, and every row of what no record follows, with all measures of downloads.

        Its windows are the measures of `MEASURES`, what was counted, the ceiling, and every `estimate`.
        """
        definitions, rest = self.definitions, self.hot_deck.facts
        table = pd.concat([self.repositories, rest[self.repositories.columns]], ignore_index=True)
        headline = headline_column(definitions)
        corrected, uncorrected, seen = (
            f"{definitions.published_window.id}{name}" for name in MEASURES
        )
        measures = {
            corrected: self.downloads(),
            uncorrected: self.downloads(headline, NONE),
            seen: self.downloads(SEEN, NONE),
            COUNTED: self.downloads(COUNTED, NONE),
            CEILING: self.downloads(CEILING, NONE),
            **{
                estimate(name, rule): self.downloads(name, rule)
                for name in columns(definitions)
                for rule in definitions.capture.rules
            },
        }
        return Repositories(table.assign(**measures), definitions.at_window)

    @property
    def group(self) -> str:
        """Column of the country group by the headline's labels; of split credit, the uploader's."""
        role = self.definitions.published_window.attribution
        return f"{self.definitions.published_window.labels}_group_{role if role in ROLES else ROLES[0]}"

    def downloads(self, estimates: str = "", rule: str = "", without: str = "") -> Ints:
        """Downloads (r,) of the population by some estimates, with what they lack under a rule.

        Parameters
        ----------
        estimates, rule, without
            As in `shortfall`; by default the headline's.
        """
        by_month = self.months[estimates or headline_column(self.definitions)]
        own = self.of_repositories(by_month)
        if rule == NONE:
            return own
        deck = self._of(estimates).deck  # of whatever age, its rows are those of `hot_deck`
        rest = deck.totals(self.shortfall(estimates, rule, without).missing)
        return own + np.pad(rest, (len(self.repositories), 0))

    def of_repositories(self, by_month: pd.Series) -> Ints:
        """Sums (r,) over months of downloads as in `months`; nothing for what no record follows."""
        known = self._rows_of_months >= 0
        downloads = by_month.to_numpy(dtype=float)[known]
        rows = len(self.repositories) + len(self.hot_deck.facts)
        return np.bincount(self._rows_of_months[known], downloads, rows).astype(np.int64)

    @cached_property
    def _rows_of_months(self) -> Ints:
        """Place of the repository of every row of `months`; −1 for none."""
        names = pd.Index(self.repositories["repository"])
        return np.asarray(names.get_indexer(pd.Index(self.months["repository"])))


def estimate(estimates: str, rule: str) -> str:
    """Name of the population's column of some estimates with what they lack under a rule."""
    return f"{estimates}/{rule}"


def headline_column(definitions: Definitions) -> str:
    """Name of the column of the headline's estimates."""
    return column(definitions.panel.age_limit_days, definitions.fillings[0].id)
