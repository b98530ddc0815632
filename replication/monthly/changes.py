"""What moved from one window to the next, taken apart exactly.

Three sets of figures stand behind a change: the window before as it was then; the days of the window
before, computed again from all readings up to now; and the window now. From the first to the second
the past was revised, because a new reading says more of days that were filled or unseen; from the
second to the third new days came in and old ones went out.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import pandas as pd

from replication.analysis.lead import CHINA, USA
from replication.monthly.window import STATISTICS, Figures
from replication.tables import DIGITS

MOVERS = 10
"""Developers that are named at each change, those that move the lead most."""
SHARE, DEVELOPER = "share", "developer"
REST = "all other developers"
NEW, REVISED = "new_days", "revised_past"
EDITED = ("attribution", "definitions", "code")
CAUSES = (NEW, REVISED, *EDITED)
FIRST, READING, EDITION = "first", "reading", "edition"
"""Why there is a row: the first reading, another one, or changed definitions, registry or code."""
COLUMNS = ["day", "event", "kind", "name", "group", "before", "after", "change", *CAUSES]
"""Shares and the lead are fractions, the total is in downloads; a developer's figures are its share
with the sign of its side, so that those of all developers add up to the lead."""
_SIGNS = {CHINA: 1.0, USA: -1.0}


@dataclass(frozen=True)
class Step:
    """One change of the figures, and what it is due to."""

    cause: str
    figures: Figures


def between(day: str, event: str, before: Figures, steps: list[Step]) -> pd.DataFrame:
    """The changes of every statistic, and of the developers that moved the lead most.

    Parameters
    ----------
    day
        ISO 8601 date of the window that the last step leads to.
    event
        `READING` or `EDITION`.
    before
        What it is compared with.
    steps
        The changes, one after the other, each with its cause.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`: statistics first, then developers, then all others of them together. The causes
        of a row add up to its change; a cause that had no part is 0. Cells that rest on a figure
        that is not known are empty.
    """
    stages = [before, *(step.figures for step in steps)]
    causes = [step.cause for step in steps]
    shares = _rows([_points(one) for one in stages], causes).loc[list(STATISTICS)]
    about = [shares.assign(kind=SHARE, group="")]
    if all(len(one.developers) for one in stages):
        about.append(_movers([_signed(one) for one in stages], causes))
    table = pd.concat(about).rename_axis("name").reset_index().assign(day=day, event=event)
    return table[COLUMNS].round(DIGITS)


def _points(one: Figures) -> pd.Series:
    return one.shares.set_index("statistic")["point"]


def _signed(one: Figures) -> pd.Series:
    """What every developer, by its side, adds to the lead or takes from it."""
    keys = ["developer", "group"]
    sides = one.developers[one.developers["group"].isin(list(_SIGNS))]
    return (sides["share"] * sides["group"].map(_SIGNS)).groupby([sides[k] for k in keys]).sum()


def _rows(stages: list[pd.Series], causes: list[str]) -> pd.DataFrame:
    """Before, after and what each cause changed, one row a name of any stage."""
    wide = pd.concat(stages, axis=1)
    steps = np.diff(wide.to_numpy(dtype=float), axis=1)
    table = pd.DataFrame({"before": wide.iloc[:, 0], "after": wide.iloc[:, -1]}, wide.index)
    table["change"] = table["after"] - table["before"]
    for cause in CAUSES:
        own = [steps[:, place] for place, name in enumerate(causes) if name == cause]
        table[cause] = np.sum(own, axis=0) if own else 0.0
    return table


def _movers(stages: list[pd.Series], causes: list[str]) -> pd.DataFrame:
    """The developers that moved the lead most, and all others together."""
    every = pd.concat(stages, axis=1).fillna(0.0).sort_index()
    table = _rows([every.iloc[:, place] for place in range(every.shape[1])], causes)
    order = table["change"].abs().sort_values(ascending=False, kind="stable").index
    named, rest = table.loc[order[:MOVERS]], table.loc[order[MOVERS:]].sum()
    rows = named.reset_index().rename(columns={"level_0": "developer", "level_1": "group"})
    rows = pd.concat([rows, rest.to_frame().T.assign(developer=REST, group="")])
    return rows.set_index("developer").assign(kind=DEVELOPER)


def first(day: str, made: Figures) -> pd.DataFrame:
    """The first window, which nothing is before."""
    rows = pd.DataFrame({"name": STATISTICS, "after": _points(made).loc[list(STATISTICS)].tolist()})
    about = rows.assign(day=day, event=FIRST, kind=SHARE, group="")
    return about.reindex(columns=COLUMNS).astype({"before": "float64", "change": "float64"})


def parsed(text: str) -> pd.DataFrame:
    """Rows of changes that were written as CSV."""
    texts = COLUMNS[:5]
    table = pd.read_csv(io.StringIO(text), dtype=dict.fromkeys(texts, str))
    return table.fillna(dict.fromkeys(texts, ""))[COLUMNS]
