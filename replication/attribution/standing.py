"""What the tables of the published window say of one developer."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from replication.attribution.window import Credit
from replication.definitions import Definitions
from replication.errors import DefinitionError
from replication.panel.window import column


@dataclass(frozen=True)
class Standing:
    """A developer's place in the published window.

    Attributes
    ----------
    downloads
        Estimate of what its repositories gained, as far as a record holds them.
    group
        Its country group; the one with most of these downloads where it has several.
    of_group, of_all
        Part of the group's and of all downloads of the tables, fractions.
    """

    downloads: int
    group: str
    of_group: float
    of_all: float


def standing(
    developer: str,
    repositories: pd.DataFrame,
    months: pd.DataFrame,
    credit: Credit,
    definitions: Definitions,
) -> Standing | None:
    """Look a developer up in the tables of the published window, by the headline's credit and labels.

    Parameters
    ----------
    developer
        The name of a row of the registry; a namespace without one stands for itself.
    repositories, months
        The tables window_repositories and window_months.
    credit
        What repositories are credited by.
    definitions
        The window, its credit and labels, the age limit and the filling.

    Returns
    -------
    Standing or None
        None where the tables hold no download of the developer.

    Raises
    ------
    DefinitionError
        The tables do not have the age limit of the definitions.
    """
    about = definitions.published_window
    own = column(definitions.panel.age_limit_days, definitions.fillings[0].id)
    if own not in months:
        raise DefinitionError(
            f"the bundled tables of the window have no {own}", "use the packaged definitions"
        )
    downloads = months.groupby("repository")[own].sum()
    table = credit.attributed(repositories)
    sums = downloads.reindex(table["repository"]).to_numpy()
    group = table[f"{about.labels}_group_{about.attribution}"]
    mine = table[f"{about.attribution}_developer"] == developer
    if not mine.any() or sums[mine].sum() == 0:
        return None
    by_group = pd.Series(sums).groupby(group.to_numpy()).sum()
    largest = pd.Series(sums[mine]).groupby(group[mine].to_numpy()).sum().idxmax()
    total = sums[mine].sum()
    of_group = sums[(mine & (group == largest)).to_numpy()].sum() / by_group[largest]
    return Standing(int(total), str(largest), float(of_group), float(total / sums.sum()))
