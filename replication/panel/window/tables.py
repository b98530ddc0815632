"""The tables of the published window: first-year downloads of every repository, month by month."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import pandas as pd

from replication.definitions import Definitions, Filling
from replication.errors import ContractError
from replication.files import read_csv, write_csv

COUNTED, SEEN, ESTIMATE, CEILING = "counted", "seen", "estimate", "ceiling"
FACTS = ["repository", "name", "uploader", "origin", "created", "followed_from"]
MONTH = ["repository", "month"]


@dataclass(frozen=True)
class WindowPanel:
    """The tables of the window.

    Attributes
    ----------
    window_repositories
        One row a repository or a joint of small ones: `FACTS`. ``followed_from`` is the first day of
        which a record that goes on to the window's end holds it; empty where none does.
    window_months
        One row of these and month with downloads: `MONTH`, ``counted``, ``seen``, ``ceiling``, then one int64
        column of estimates an age limit and rule of filling: `column`.
    window_left_out
        One row each: ``repository``, ``estimate``, then the same without each record or crawl.
    window_agreement
        One row a repository that counters and counts both follow: `lists.AGREEMENT`.
    window_dates
        What every complete list of the Hub holds of young repositories: `lists.DATES`.
    window_defects
        What was wrong in the records, and how it was treated.
    """

    window_repositories: pd.DataFrame
    window_months: pd.DataFrame
    window_left_out: pd.DataFrame
    window_agreement: pd.DataFrame
    window_dates: pd.DataFrame
    window_defects: pd.DataFrame

    def write(self, folder: Path) -> None:
        """Write the tables as CSV into `folder`."""
        for name, table in vars(self).items():
            write_csv(folder / f"{name}.csv", table)


def read(folder: Path) -> WindowPanel:
    """Read the panel that `WindowPanel.write` left in `folder`."""
    return WindowPanel(*(read_csv(folder / f"{field.name}.csv") for field in fields(WindowPanel)))


def column(age_limit_days: int, filling: str) -> str:
    """Name of the column of estimates under one age limit and rule of filling."""
    return f"{ESTIMATE}/{age_limit_days}/{filling}"


def at_age(name: str, age_limit_days: int) -> str:
    """Name of a column of downloads of complete lists under another age limit than that of the panel."""
    return f"{name}/{age_limit_days}"


def variants(definitions: Definitions) -> list[tuple[int, Filling]]:
    """Every age limit and rule of filling of which estimates are kept, the headline's first.

    The other age limits go with the headline's rule of filling alone.
    """
    own = definitions.panel.age_limit_days
    return [(own, rule) for rule in definitions.fillings] + [
        (age, definitions.fillings[0]) for age in other_ages(definitions)
    ]


def other_ages(definitions: Definitions) -> list[int]:
    """Age limits of the grid, in days, beside that of the panel."""
    own = definitions.panel.age_limit_days
    return [age for age in definitions.grid.age_limits_days if age != own]


def columns(definitions: Definitions) -> list[str]:
    """Names of all columns of estimates, the headline's first."""
    return [column(limit, rule.id) for limit, rule in variants(definitions)]


def check(panel: WindowPanel, definitions: Definitions) -> WindowPanel:
    """Return the panel where it has every column of estimates that the definitions ask for.

    Raises
    ------
    ContractError
        A column is missing.
    """
    of_dates = {at_age("downloads", age) for age in other_ages(definitions)}
    wanted = {"window_months": set(columns(definitions)), "window_dates": of_dates}
    for name, asked in wanted.items():
        if missing := asked - set(getattr(panel, name).columns):
            raise ContractError(
                f"{name}.csv has no column {min(missing)}",
                "rebuild the window from the records: DATA=records RECORDS=folder",
            )
    return panel
