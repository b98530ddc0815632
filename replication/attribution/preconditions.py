"""What an analysis needs of the attributed panel, checked before it begins."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from replication import reach
from replication.attribution.registry import Registry
from replication.definitions import Definitions
from replication.errors import DefinitionError, DegenerateDataError

PAIR = ("China", "USA")


def require_pair(repositories: pd.DataFrame, definitions: Definitions) -> None:
    """Refuse a panel that has nothing to compare.

    Parameters
    ----------
    repositories
        Attributed repositories with one column of downloads a window.
    definitions
        Definitions: the headline, whose window, credit and labels say what is compared.

    Raises
    ------
    DegenerateDataError
        Under the headline's credit and labels the headline's window has no download of a developer of
        China or of the USA.
    """
    head = definitions.headline
    window = definitions.headline_estimand.window.id
    roles = ("uploader", "origin") if head.attribution == "split" else (head.attribution,)
    for side in PAIR:
        downloads = sum(
            int(repositories.loc[repositories[f"{head.labels}_group_{role}"] == side, window].sum())
            for role in roles
        )
        if downloads == 0:
            raise DegenerateDataError(
                f"no download in {window} is of a developer of {side}, by {head.attribution} and the "
                f"labels of the {head.labels}: there is no lead to estimate",
                "use data that hold developers of China and of the USA, add theirs to "
                "replication/data/registry.csv and namespaces.csv, or choose another [headline]",
            )


def require_tracked(registry: Registry, definitions: Definitions) -> None:
    """Refuse a tracked developer that the registry does not hold: it would have no month.

    Parameters
    ----------
    registry
        The registry.
    definitions
        Definitions: the developers whose months are shown.

    Raises
    ------
    DefinitionError
        Names the developers.
    """
    known = {one.developer for one in registry.developers}
    unknown = sorted({one.developer for one in definitions.tracked} - known)
    if unknown:
        raise DefinitionError(
            f"[[tracked]] names a developer that the registry does not hold: {', '.join(unknown)}",
            "write the name as in the column developer of replication/data/registry.csv",
        )


def require_reach(weekly: pd.DataFrame, created: pd.Series, definitions: Definitions) -> None:
    """Refuse windows beyond the weeks of a released file.

    Where the weeks end because all repositories have passed the age limit, the file holds all that
    there was, and no window ends too late.

    Parameters
    ----------
    weekly
        Weekly downloads, with the column ``week``; the first week ends at the second reading.
    created
        Month of creation of each repository, ISO 8601.
    definitions
        Definitions: the windows of the estimands and the grid.

    Raises
    ------
    DefinitionError
        A window reaches beyond the weeks.
    """
    first, last = (date.fromisoformat(weekly["week"].agg(end)) for end in ("min", "max"))
    grown = date.fromisoformat(f"{created.max()}-01") + timedelta(
        days=definitions.panel.age_limit_days
    )
    reach.require_reach(
        definitions.all_windows,
        first,
        last if last < grown - 2 * reach.WEEK else date.max,
        before=2 * reach.WEEK,
        what="the weeks of downloads",
        remedy="define windows inside the data in a file for --definitions",
    )
