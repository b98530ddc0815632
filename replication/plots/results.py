"""The result tables that the figures read, and the rows that they pick from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from replication import extent
from replication.definitions import Definitions, Window
from replication.files import read_csv, read_json
from replication.plots.layout import drawable
from replication.plots.words import day, millions, short_day, together

LEAD = "China − USA"
TABLES = (
    "estimates",
    "leave_one_out",
    "weekly_shares",
    "crossings",
    "rolling_shares",
    "rolling_crossings",
    "rolling_distribution",
    "calibration",
    "concentration",
    "hill",
    "published_pair",
    "concentration_curve",
    "detectable_gap",
    "specifications",
    "dimensions",
    "published_cells",
    "bridges",
    "coverage",
    "defects",
    "summary",
    "choices",
    "exclusions",
    "label_error",
)
WINDOW_TABLES = (
    "window_answers",
    "hub_dates",
    "window_months",
    "window_passing",
    "records_agreement",
    "records_agreement_points",
    "window_movers",
)
"""Tables of the published window as public records rebuild it: a run on the whole Hub has none."""


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


@dataclass(frozen=True)
class Results:
    """Tables of one run; `claims` is empty where the ledger has not been judged."""

    estimates: pd.DataFrame
    leave_one_out: pd.DataFrame
    weekly_shares: pd.DataFrame
    crossings: pd.DataFrame
    rolling_shares: pd.DataFrame
    rolling_crossings: pd.DataFrame
    rolling_distribution: pd.DataFrame
    calibration: pd.DataFrame
    concentration: pd.DataFrame
    hill: pd.DataFrame
    published_pair: pd.DataFrame
    concentration_curve: pd.DataFrame
    detectable_gap: pd.DataFrame
    specifications: pd.DataFrame
    dimensions: pd.DataFrame
    published_cells: pd.DataFrame
    bridges: pd.DataFrame
    coverage: pd.DataFrame
    defects: pd.DataFrame
    summary: pd.DataFrame
    choices: pd.DataFrame
    exclusions: pd.DataFrame
    label_error: pd.DataFrame
    window_answers: pd.DataFrame
    hub_dates: pd.DataFrame
    window_months: pd.DataFrame
    window_passing: pd.DataFrame
    records_agreement: pd.DataFrame
    records_agreement_points: pd.DataFrame
    window_movers: pd.DataFrame
    claims: pd.DataFrame
    manifest: dict[str, Any]

    @classmethod
    def read(cls, folder: Path, *, whole: bool = False) -> Results:
        """Read the tables that the analysis left in `folder`.

        Parameters
        ----------
        folder
            The results of a run.
        whole
            Whether the run was on the whole Hub: then the tables of the rebuilt window are empty.

        Raises
        ------
        StageOrderError
            A table is not there.
        """
        claims = folder / "claims.csv"
        known = read_csv(claims) if claims.is_file() else pd.DataFrame({"id": [], "published": []})
        names = TABLES if whole else (*TABLES, *WINDOW_TABLES)
        tables = {name: pd.DataFrame() for name in WINDOW_TABLES}
        tables |= {name: _drawable(read_csv(folder / f"{name}.csv")) for name in names}
        return cls(**tables, claims=known, manifest=read_json(folder / "manifest.json"))

    def estimate(self, choice: Choice, group: str) -> Estimate:
        """The estimate of a share, or of the lead, in one specification."""
        rows = select(self.estimates, choice)
        rows = rows[(rows["group"] == group) & (rows["unit"] != "repository")]
        by_method = rows.set_index("method")
        ends = {
            method: Ends(100 * row["lower"], 100 * row["upper"])
            for method, row in by_method.iterrows()
        }
        point = 100 * float(by_method.loc["bounds", "point"])
        return Estimate(point, ends["leave-one-out"], ends["bounds"], ends["jackknife-logit"])

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
        found = self.claims.loc[self.claims["id"] == claim, "published"]
        return float(found.iloc[0]) if len(found) else None

    def defect(self, check: str) -> str:
        """Where a defect was found, as the defects table words it; empty where it was not."""
        found = self.defects.loc[self.defects["check"] == check, "where"]
        return str(found.iloc[0]) if len(found) else ""

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


def _source(about: dict[str, Any]) -> str:
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
