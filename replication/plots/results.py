"""The result tables that the figures read, and the rows that they pick from them."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from replication import extent, tables
from replication.definitions import Definitions, Window
from replication.files import read_csv, read_json
from replication.plots.layout import drawable
from replication.plots.words import day, millions, short_day, together

LEAD = "China − USA"
_NAMES = ("developer", "repository")
_LONGEST = 120
"""Letters of a title of data that a figure shows at most."""


class Choice(NamedTuple):
    """A specification: estimand, attribution and source of the labels."""

    estimand: str
    attribution: str
    labels: str


class Ends(NamedTuple):
    """Both ends of a range, in percent or points."""

    lower: float
    upper: float


class Estimate(NamedTuple):
    """A point with its three ranges, in percent or points."""

    point: float
    without: Ends
    bounds: Ends
    interval: Ends


class _Folder(dict[str, pd.DataFrame]):
    """The tables of a folder of results, each read when it is first asked for.

    A table that the source does not have is empty.
    """

    def __init__(self, folder: Path, *, whole: bool) -> None:
        super().__init__()
        self._folder = folder
        self._there = {table.name for table in tables.of(whole=whole)}

    def __missing__(self, name: str) -> pd.DataFrame:
        table = tables.row(name)
        there = name in self._there
        self[name] = _drawable(read_csv(self._folder / table.file)) if there else pd.DataFrame()
        return self[name]


@dataclass(frozen=True)
class Results:
    """The results of one run; each table of tables.py is an attribute."""

    tables: MutableMapping[str, pd.DataFrame]
    manifest: Mapping[str, Any]

    @classmethod
    def read(cls, folder: Path, *, whole: bool = False) -> Results:
        """The tables in `folder`; one that is missing raises StageOrderError when it is asked for.

        Parameters
        ----------
        folder
            The results of a run.
        whole
            Whether the run was on the whole Hub: then the tables of the rebuilt window are empty.
        """
        return cls(_Folder(folder, whole=whole), read_json(folder / "manifest.json"))

    def __getattr__(self, name: str) -> pd.DataFrame:
        """A result table."""
        if all(table.name != name for table in tables.TABLES):
            raise AttributeError(name)
        return self.tables[name]

    def estimate(self, choice: Choice, group: str) -> Estimate:
        """The estimate of a share, or of the lead, in one specification."""
        rows = self._by_method[(*choice, group)]
        ends = {name: Ends(100 * row["lower"], 100 * row["upper"]) for name, row in rows.items()}
        point = 100 * float(rows["bounds"]["point"])
        return Estimate(point, ends["leave-one-out"], ends["bounds"], ends["jackknife-logit"])

    @cached_property
    def _by_method(self) -> dict[tuple[str, ...], dict[str, dict[str, Any]]]:
        """Estimates of developers by specification and group, and in these by method."""
        found: dict[tuple[str, ...], dict[str, dict[str, Any]]] = {}
        for row in self.estimates.to_dict("records"):
            if row["unit"] != "repository":
                choice = row["estimand"], row["attribution"], row["labels"], row["group"]
                found.setdefault(choice, {})[row["method"]] = row
        return found

    @property
    def part(self) -> str:
        """What part of the Hub snapshots cover, in words; empty where it is all of it."""
        return extent.part(self.manifest)

    def holds(self, choice: Choice) -> bool:
        """Whether the specification was estimated: an exclusion may remove nothing."""
        return not select(self.estimates, choice).empty

    def effective_developers(self, choice: Choice) -> float:
        """Effective number of developers behind one specification."""
        rows = select(self.estimates, choice)
        return float(rows.loc[rows["group"] == LEAD, "n_effective"].iloc[0])

    def too_few(self, definitions: Definitions) -> bool:
        """Whether the headline's developers weigh as too few for any interval to be trusted."""
        least = definitions.inference.min_effective_developers
        return self.effective_developers(headline(definitions)) < least

    def published(self, claim: str) -> float | None:
        """A published percentage of the ledger, or None where there is none."""
        values = self.claims.loc[self.claims["id"] == claim, "published"]
        return float(values.iloc[0]) if len(values) else None

    def defect(self, check: str) -> str:
        """Where a defect is, as the defects table words it; empty where there is none."""
        places = self.defects.loc[self.defects["check"] == check, "where"]
        return str(places.iloc[0]) if len(places) else ""

    def footer(self, definitions: Definitions) -> str:
        """Source line: title, revision or date, size of the headline's data, and who computed."""
        choice = headline(definitions)
        repositories = self.summary.loc[self.summary["name"] == "repositories", "value"].iloc[0]
        developers = select(self.estimates, choice)["n_developers"].max()
        window = window_of(definitions, choice).id
        total = self.coverage.loc[self.coverage["estimand"] == window, "total"].iloc[0]
        return (
            f"Data: {_source(self.manifest)}. {float(repositories):,.0f} repositories; headline: {developers:,} developers, "
            f"{millions(total)} downloads. Computed by this replication."
        )

    def records_footer(self, definitions: Definitions) -> str:
        """Source line of the rebuilt window: records, their dates and size, and who computed."""
        about = definitions.published_window
        lists = [together(short_day(date)) for date in sorted(self.hub_dates["date"].unique())]
        total = self.window_answers.set_index("statistic").loc["total"]
        return (
            f"Data: public records of the Hub’s download counts, {together(short_day(str(about.start)))} – "
            f"{together(short_day(str(about.end)))}, with lists of the Hub of {', '.join(lists)}. "
            f"{together(millions(total['point']))} {definitions.young} downloads, "
            f"{together(millions(total['uncorrected']))} of them of repositories in the records. Computed by this replication."
        )


def _drawable(table: pd.DataFrame) -> pd.DataFrame:
    """The table with names of the data as a figure can show them."""
    names = [column for column in _NAMES if column in table]
    return table.assign(**{column: table[column].map(drawable) for column in names})


def _source(about: Mapping[str, Any]) -> str:
    """Title of the data with what dates it: a dated revision, or a commit and the day of access."""
    title, revision = (drawable(str(about[part]), _LONGEST) for part in ("title", "revision"))
    if revision and revision in title:
        return title
    if "-" in revision:
        return f"{title}, {revision}"
    commit = f"revision {revision[:8]}, " if revision else ""
    return f"{title}, {commit}read on {day(about['accessed'])}"


def select(table: pd.DataFrame, choice: Choice, key: str = "estimand") -> pd.DataFrame:
    """Rows of one specification, whose first part stands in the column `key`."""
    return table[(table[[key, "attribution", "labels"]] == list(choice)).all(axis=1)]


def headline(definitions: Definitions) -> Choice:
    """The specification nearest to the published study."""
    named = definitions.headline
    return Choice(named.estimand, named.attribution, named.labels)


def window_of(definitions: Definitions, choice: Choice) -> Window:
    """The window behind the estimand of `choice`."""
    return next(e.window for e in definitions.estimands if e.id == choice.estimand)


def increments_to_headline(definitions: Definitions) -> Choice:
    """The headline's rival: increments up to the day on which the headline's window ends."""
    end = window_of(definitions, headline(definitions)).end
    rivals = [w for w in definitions.windows if w.kind == "increments" and w.end == end]
    return headline(definitions)._replace(estimand=(rivals or list(definitions.windows))[0].id)
