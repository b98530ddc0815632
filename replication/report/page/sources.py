"""The sources of the page: their choices, their rows, their series and what was computed of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from replication.analysis.cells import Repositories, Weeks
from replication.analysis.specification import (
    CREDIT,
    DIMENSIONS,
    NONE,
    OWN,
    WEEKLY_CREDIT,
    choices_of,
)
from replication.analysis.window.data import WindowData, estimate, headline_column
from replication.attribution.assign import LABELS, RANGE, ROLES
from replication.definitions import Definitions
from replication.panel.window import SEEN, column, variants
from replication.plots import words
from replication.report.page.ranges import of_estimates, of_records
from replication.report.page.rows import NAMED, Asked, joined

RECORDS, RELEASED = "records", "released"
CAPTURE = {
    "proportion": "added in proportion to what they follow",
    "level": "added at its level",
    "none": "not added",
}
"""What is done with downloads that no record follows."""
LABELS_HERE = {
    "exclusion": "Repositories excluded",
    "capture": "Downloads that no record follows",
}
"""Dimensions that the page calls by longer names than the figures."""
NOT_COUNTED = "not counted"
HINTS = {
    "window": "Which days count, and which counters: what was gained in them, or what repositories created in them had at their end.",
    "filling": "How downloads are estimated between two dates at which records hold a repository: a line or an equal rate of growth between counts, the last rate kept for some days or not at all, an unknown day of creation early or late; or only what two counts show.",
    "age_limit_days": "A download counts while its repository is at most so old.",
    "frozen": "Dates at which hardly any counter moved: as read, put between the dates around them (interpolated), or not counted.",
    "capture": "Repositories that no record holds to the end: their downloads, known from lists of the whole Hub, are added so that they grow and shrink with what records follow of the same country group (in proportion), or stay at their level, or not added.",
    "attribution": "Who is credited with a download: the account that publishes it (uploader), the developer of the base model (origin), half each, or whoever made the weights, so that a conversion counts for the original (maker).",
    "labels": "Whose list says of which country a developer is: the study’s, or this project’s registry, also with its doubts resolved for one side.",
    "treatment": "Downloads of developers of no known country: groups of their own, not counted (as if shared in proportion), or given to the country of the base model’s developer.",
    "exclusion": "Repositories that programs fetch, or that look as if they did, can be excluded.",
    "scope": "Which repositories count; first-party ones are published by those who made the weights.",
}
"""What each dimension means, in a sentence."""
_WEEKLY_ROLES = ROLES[:2]
_MILLION = 1_000_000
"""Leads are given in millionths, as many as their tables hold."""


@dataclass(frozen=True)
class Dimension:
    """One thing to choose: its id, its label, its choices with their labels, and the usual one.

    A dimension is ``measured`` where its choices have downloads of their own.
    """

    id: str
    label: str
    choices: Mapping[str, str]
    usual: str
    measured: bool = False

    def payload(self) -> dict[str, Any]:
        """The dimension for the page."""
        return {
            "id": self.id, "label": LABELS_HERE.get(self.id, self.label), "hint": HINTS[self.id], "choices": list(self.choices.items()),
            "usual": self.usual, "measured": self.measured,
        }  # fmt: skip


def of_window(data: WindowData, tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """The published window, rebuilt from the public records.

    Parameters
    ----------
    data
        The window.
    tables
        Result tables: window_specifications, window_estimates, window_answers.
    """
    definitions, population = data.definitions, data.population
    exclusions = [NONE, *(x.id for x in definitions.at_window.estimated_exclusions)]
    asked = Asked(tuple(ROLES), (*LABELS, *RANGE), exclusions, {})
    measures, columns = _window_measures(data)
    series, monthly = _months(data, len(columns))
    every = np.stack([*columns, *monthly], axis=1)
    dimensions = _window_dimensions(definitions, exclusions)
    about = definitions.published_window
    return {
        "id": RECORDS,
        "title": "Public records",
        "about": f"{about.label}, the whole Hub: rebuilt from public records",
        "dimensions": [dimension.payload() for dimension in dimensions],
        "labels": list(asked.labels),
        "exclusions": exclusions,
        "scopes": [],
        "measures": measures,
        "rows": joined(population, every, asked, NAMED),
        "series": series,
        "specifications": _specifications(
            tables["window_specifications"], dimensions, list(measures)
        ),
        "ranges": of_records(tables["window_answers"], tables["window_estimates"], definitions),
    }


def of_repositories(
    repositories: Repositories, weeks: Weeks, tables: Mapping[str, pd.DataFrame], title: str
) -> dict[str, Any]:
    """A source whose repositories have counters: the released file, or snapshots of the Hub.

    Parameters
    ----------
    repositories
        The attributed repositories.
    weeks
        Their weekly downloads.
    tables
        Result tables: specifications, estimates.
    title
        What the source is called.
    """
    definitions, choices = repositories.definitions, choices_of(repositories.definitions)
    asked = Asked(
        tuple(ROLES), definitions.grid.labels, definitions.grid.exclusions, repositories.scopes
    )
    columns = [variant.id for variant in definitions.variants]
    downloads = np.asarray(repositories.by_variant[columns], dtype=np.int64)
    head = columns.index("/".join(map(str, _measure_of_head(repositories))))
    ordered = [head, *(n for n in range(len(columns)) if n != head)]
    place = {columns[old]: new for new, old in enumerate(ordered)}
    usual, names = repositories.headline.choices, words.choices(definitions)
    names["window"] = {w.id: w.label for w in definitions.all_windows}
    names["treatment"] = names["treatment"] | {"left-out": NOT_COUNTED}
    names["frozen"] = names["frozen"] | {"left-out": NOT_COUNTED}
    dimensions = [
        Dimension(
            name, words.DIMENSIONS[name], {str(c): names[name][str(c)] for c in choices[name]},
            str(usual[name]), measured=name in DIMENSIONS[:3],
        )
        for name in DIMENSIONS
    ]  # fmt: skip
    measures = {name.replace("/", "|"): [place[name]] for name in columns}
    return {
        "id": RELEASED,
        "title": title,
        "about": f"{title}: {_about(repositories, downloads[:, head])}",
        "dimensions": [dimension.payload() for dimension in dimensions],
        "labels": list(asked.labels),
        "exclusions": list(asked.exclusions),
        "scopes": list(asked.scopes),
        "measures": measures,
        "rows": joined(repositories, downloads[:, ordered], asked, NAMED),
        "series": _weekly(weeks),
        "specifications": _specifications(tables["specifications"], dimensions, list(measures)),
        "ranges": of_estimates(tables["estimates"], repositories),
    }


def _about(repositories: Repositories, downloads: np.ndarray[Any, Any]) -> str:
    """How much the source holds, and of a released file what it is not."""
    size = f"{len(repositories.table):,} repositories with {words.millions(float(downloads.sum()))} downloads in the usual window"
    if repositories.definitions.whole:
        return size
    return (
        f"{size}. It is a choice of much-downloaded repositories and no sample of the Hub: its shares are "
        "not comparable with those of the public records, and do not settle the headline"
    )


def _measure_of_head(repositories: Repositories) -> tuple[str, int, str]:
    """Window, age limit and frozen rule of the headline."""
    head = repositories.headline
    return head.window, head.age_limit_days, head.frozen


def _window_dimensions(definitions: Definitions, exclusions: Sequence[str]) -> list[Dimension]:
    """What can be chosen of the window."""
    about, names = definitions.published_window, words.choices(definitions)
    rules = {rule.id: rule.label for rule in definitions.fillings} | {SEEN: "what was seen alone"}
    ages = dict.fromkeys(str(limit) for limit, _ in variants(definitions))
    captures = {rule: CAPTURE[rule] for rule in definitions.capture.rules}
    labels = {
        name: words.LABELS[name] for name in dict.fromkeys((*definitions.grid.labels, *RANGE))
    }
    treatments = {str(name): words.UNATTRIBUTED[name] for name in definitions.grid.treatments} | {
        "left-out": NOT_COUNTED
    }
    return [
        Dimension("filling", "Gaps between records", rules, definitions.fillings[0].id, measured=True),
        Dimension(
            "age_limit_days", "Age limit", {age: f"{age} days" for age in ages},
            str(definitions.panel.age_limit_days), measured=True,
        ),
        Dimension(
            "capture", "What no record follows", captures | {NONE: CAPTURE[NONE]},
            definitions.capture.rules[0], measured=True,
        ),
        Dimension(
            "attribution", words.DIMENSIONS["attribution"],
            {name: words.CREDIT[name] for name in definitions.grid.attributions}, about.attribution,
        ),
        Dimension("labels", words.DIMENSIONS["labels"], labels, about.labels),
        Dimension("treatment", words.DIMENSIONS["treatment"], treatments, OWN),
        Dimension(
            "exclusion", words.DIMENSIONS["exclusion"],
            {name: names["exclusion"][name] for name in exclusions}, NONE,
        ),
    ]  # fmt: skip


def _window_measures(data: WindowData) -> tuple[dict[str, list[int]], list[np.ndarray[Any, Any]]]:
    """Columns of each measure by filling, age limit and capture, and the columns.

    Downloads that no record follows are columns of their own, so that none is written twice.
    """
    population, definitions = data.population.table, data.definitions
    columns: list[np.ndarray[Any, Any]] = []
    measures: dict[str, list[int]] = {}

    def add(values: pd.Series | np.ndarray[Any, Any]) -> int:
        columns.append(np.asarray(values, dtype=np.int64))
        return len(columns) - 1

    # The first column decides which repositories are largest; no measure reads it alone.
    largest = population[estimate(headline_column(definitions), definitions.capture.rules[0])]
    add(largest)
    for limit, filling in variants(definitions):
        name = column(limit, filling.id)
        own = population[estimate(name, NONE)].to_numpy(dtype=np.int64)
        own_place = add(own)
        for rule in definitions.capture.rules:
            rest = population[estimate(name, rule)].to_numpy(dtype=np.int64) - own
            places = [own_place, add(rest)] if rest.any() else [own_place]
            measures[f"{filling.id}|{limit}|{rule}"] = places
    seen = population[f"{definitions.published_window.id}-seen"]
    measures[f"{SEEN}|{definitions.panel.age_limit_days}|{NONE}"] = [add(seen)]
    return measures, columns


def _months(data: WindowData, start: int) -> tuple[dict[str, Any], list[np.ndarray[Any, Any]]]:
    """Downloads by month of the headline's filling, and of what was seen.

    Parameters
    ----------
    data
        The window.
    start
        Place of the first column.
    """
    definitions, months = data.definitions, data.month_names
    head = headline_column(definitions)
    own = {name: _by_month(data, name) for name in (head, SEEN)}
    columns = [*own[head], *own[SEEN]]
    places = {name: range(start + n * len(months), start + (n + 1) * len(months))
              for n, name in enumerate(own)}  # fmt: skip
    limit, filling = definitions.panel.age_limit_days, definitions.fillings[0].id
    measures = {f"{SEEN}|{limit}|{NONE}": [[place] for place in places[SEEN]]}
    for rule in definitions.capture.rules:
        measures[f"{filling}|{limit}|{rule}"] = [[place] for place in places[head]]
        if rule == NONE:
            continue
        missing = data.hot_deck.by_month(data.shortfall(head, rule).missing)
        for number, (place, downloads) in enumerate(
            zip(data.hot_deck.places, missing, strict=True)
        ):
            rest = np.zeros(len(data.population.table), dtype=np.int64)
            np.add.at(rest, place + len(data.repositories), downloads)
            measures[f"{filling}|{limit}|{rule}"][number].append(start + len(columns))
            columns.append(rest)
    return {
        "unit": "month", "periods": list(months), "measures": measures,
        "partial": _partial(definitions, months),
    }, columns  # fmt: skip


def _partial(definitions: Definitions, months: Sequence[str]) -> dict[str, str]:
    """Months of which the window holds a part, with the day at which it starts or ends."""
    about = definitions.published_window
    found = {}
    if about.start.day > 1:
        found[months[0]] = f"starts on {words.day(about.start.isoformat())}"
    if (about.end + timedelta(days=1)).day > 1:
        found[months[-1]] = f"ends on {words.day(about.end.isoformat())}"
    return found


def _by_month(data: WindowData, name: str) -> list[np.ndarray[Any, Any]]:
    """Downloads (r,) of the population in each month; what no record follows has none."""
    wide = data.months.pivot_table(index="repository", columns="month", values=name, aggfunc="sum")
    own = wide.reindex(index=data.repositories["repository"], columns=list(data.month_names))
    rest = ((0, len(data.hot_deck.facts)), (0, 0))
    return list(np.pad(own.fillna(0).to_numpy(dtype=np.int64), rest).T)


def _weekly(weeks: Weeks) -> dict[str, Any]:
    """Downloads by week, which know uploaders and origins, and neither windows nor scopes.

    The page sums as many weeks as the package does before it judges a crossing.
    """
    definitions, table = weeks.definitions, weeks.table
    labels = list(weeks.labels)
    place = np.searchsorted(labels, table["week"].to_numpy(dtype=str))
    columns = np.zeros((len(table), len(labels)), dtype=np.int64)
    columns[np.arange(len(table)), place] = table["downloads"]
    asked = Asked(_WEEKLY_ROLES, definitions.grid.labels, definitions.grid.exclusions, {})
    return {
        "unit": "week",
        "periods": labels,
        "smoothing": definitions.time.smoothing_weeks,
        "credit": list(WEEKLY_CREDIT),
        "rows": joined(weeks, columns, asked, 0),
    }


def _specifications(
    table: pd.DataFrame, dimensions: Sequence[Dimension], measures: Sequence[str]
) -> dict[str, Any]:
    """Leads of all specifications in the order of measures and of the other dimensions' choices."""
    measured = [d.id for d in dimensions if d.measured]
    others = [d for d in dimensions if not d.measured]
    keys = [
        "|".join(map(str, parts)) for parts in zip(*(table[name] for name in measured), strict=True)
    ]
    by = table.assign(measure=keys).set_index(["measure", *(d.id for d in others)])
    order = list(product(measures, *(list(d.choices) for d in others)))
    rows = by.loc[order] if len(by) == len(order) else by.reindex(order)
    fractions = ["lead", *(name for name in ("lower", "upper") if name in table)]
    return {
        "distinct": "".join("1" if x == "yes" else "0" for x in rows["distinct"]),
        **{name: [_millionths(x) for x in rows[name]] for name in fractions},
    }


def _millionths(value: float) -> int | None:
    """A fraction in whole millionths; nothing where it is missing."""
    return None if np.isnan(value) else round(value * _MILLION)


def credit() -> dict[str, dict[str, int]]:
    """Half downloads that each role receives, by the rule of credit."""
    return {name: dict(halves) for name, halves in CREDIT.items()}
