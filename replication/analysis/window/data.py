"""First-year downloads of the published window: the whole Hub, with what no record follows.

The estimates of every repository that a record holds, and the part that none follows, are one table of
attributed rows, so that every estimate, interval and bound is made of it as of any other window.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from replication.analysis.window.capture import NONE, HotDeck, Shortfall, shortfall
from replication.analysis.window.lists import CompleteLists
from replication.attribution.assign import ROLES
from replication.definitions import MEASURES, Definitions
from replication.panel.window import CEILING, COUNTED, SEEN, column

REST = " (not followed)"
"""What stands behind the name of a row of downloads that no record follows."""


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
        days = pd.date_range(self.definitions.window.start, self.definitions.window.end)[1:]
        return tuple(dict.fromkeys(days.strftime("%Y-%m")))

    @cached_property
    def complete_lists(self) -> CompleteLists:
        """The complete lists, without what looks automated."""
        return CompleteLists.of(self.lists, self.definitions, self.month_names)

    @cached_property
    def by_month(self) -> pd.DataFrame:
        """Downloads by repository and month, with the repository's attribution."""
        return self.months.merge(self.repositories, on="repository", validate="many_to_one")

    def shortfall(self, estimates: str = "", rule: str = "", without: str = "") -> Shortfall:
        """What estimates lack; by default those of the headline under its rule."""
        definitions = self.definitions
        estimates = estimates or headline_column(definitions)
        rule = rule or definitions.capture.rules[0]
        return shortfall(self.by_month, estimates, self.complete_lists, rule, definitions, without)

    @cached_property
    def hot_deck(self) -> HotDeck:
        """The rows to which downloads that no record follows are given."""
        deck = HotDeck.of(self.complete_lists)
        names = deck.facts["name"] + REST
        return replace(deck, facts=deck.facts.assign(name=names, repository=names))

    @cached_property
    def headline_rest(self) -> pd.DataFrame:
        """Attributed rows, by month, of what the headline's estimates lack."""
        return self.hot_deck.rows(self.shortfall().missing)

    @cached_property
    def population(self) -> pd.DataFrame:
        """Attributed rows with one int64 column of downloads a measure of `MEASURES`."""
        estimates, table = headline_column(self.definitions), self.everyone()
        sums = self.months.groupby("repository")[[estimates, SEEN, COUNTED, CEILING]].sum()
        each = sums.reindex(table["repository"]).fillna(0).astype("int64").reset_index(drop=True)
        own = self.definitions.window.id
        corrected, uncorrected, seen = (f"{own}{suffix}" for suffix in MEASURES)
        measures = {uncorrected: each[estimates], seen: each[SEEN]}
        measures |= {name: each[name] for name in (COUNTED, CEILING)}
        table = table.rename(columns={"downloads": corrected}).assign(**measures)
        return table[(table[[corrected, CEILING]] > 0).any(axis=1)].reset_index(drop=True)

    @property
    def group(self) -> str:
        """Column of the country group by the headline's labels; of split credit, the uploader's."""
        role = self.definitions.window.attribution
        return f"{self.definitions.window.labels}_group_{role if role in ROLES else ROLES[0]}"

    def everyone(self, estimates: str = "", rule: str = "", without: str = "") -> pd.DataFrame:
        """Attributed rows with ``downloads``: some estimates, and what they lack under a rule.

        Parameters
        ----------
        estimates, rule, without
            As in `shortfall`; by default the headline's.
        """
        estimates = estimates or headline_column(self.definitions)
        sums = self.months.groupby("repository")[estimates].sum()
        downloads = sums.reindex(self.repositories["repository"]).fillna(0)
        followed = self.repositories.assign(downloads=downloads.to_numpy(dtype="int64"))
        if rule == NONE:
            return followed
        rest = self.hot_deck.totals(self.shortfall(estimates, rule, without).missing)
        rows = self.hot_deck.facts.assign(downloads=rest)
        return pd.concat([followed, rows[followed.columns]], ignore_index=True)


def headline_column(definitions: Definitions) -> str:
    """Name of the column of the headline's estimates."""
    return column(definitions.panel.age_limit_days, definitions.fillings[0].id)
