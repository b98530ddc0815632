"""The window that a reading closes: shares, developers and coverage, by the functions of the package.

Readings are read as the public records of the published window are, and the window is rebuilt,
credited and estimated by the same functions, with other days. What they cannot do without, and the
readings do not hold, makes a figure "not known": no figure is put in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from replication.analysis import estimates
from replication.analysis.cells import DEVELOPER
from replication.analysis.window import errors
from replication.analysis.window.data import WindowData
from replication.analysis.window.measures import side_downloads
from replication.attribution.registry import Registry
from replication.attribution.rules import Rule
from replication.attribution.window import Credit
from replication.definitions import Definitions
from replication.errors import DegenerateDataError
from replication.files import read_csv
from replication.inference.cells import HALVES
from replication.monthly import readings as of_readings
from replication.monthly.readings import Reading
from replication.monthly.request import WHOLE
from replication.names import among
from replication.panel import window
from replication.panel.table import study_groups
from replication.panel.window.evidence import created_of
from replication.sources.bundled import FOLDER, TABLES
from replication.sources.counters.contract import EARLIEST
from replication.sources.records.joining import read_located
from replication.sources.records.one_record import CUMULATIVE, THIRTY_DAY
from replication.sources.records.record_set import Records
from replication.tables import DIGITS

HEAD = 20_000
"""Models of a list of the whole Hub whose counts make paths of their own, the most downloaded; all
others are in its sums."""
UNDATED_SHARE = 0.05
"""Part of the downloads of models that nothing dates, above which no share is told."""
UNDATED = "undated"
OWN_COUNTERS = "own-counters"
"""Record of the cumulative counters that lists of one's own crawls state."""
STATISTICS = ("China", "USA", "China − USA", "China / (China + USA)", "total")
RANGES = ("records", "without", "developer", "bounds")
SHARES = ["statistic", "point", "seen", "uncorrected"]
SHARES += [f"{name}_{end}" for name in RANGES for end in ("lower", "upper")]
DEVELOPERS = ["developer", "group", "downloads", "share"]
NO_LIST = "no complete list of the Hub is there yet"
ONE_LIST = "one complete list alone: how far a second would differ is not known"
NO_COUNTERS = "no counter beside a count: how well counts rebuild downloads is not known"
NO_BIRTHS = (
    "no list of every model, and too few dates of creation: which models are young is not known"
)
NO_SIDES = "the readings hold no young model of China or of the USA"
NO_TAIL = "no list of every model: what lies below the cut-offs is not known"


@dataclass(frozen=True)
class Span:
    """Days of a window: what is gained after `start`, up to `end`."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.end - self.start).days


@dataclass(frozen=True)
class Evidence:
    """What a window is credited by."""

    registry: Registry
    rules: Sequence[Rule]


@dataclass(frozen=True)
class Figures:
    """What was computed of one window.

    Attributes
    ----------
    shares
        One row a statistic: `SHARES`; empty cells are not known. Shares are fractions, the total is
        in downloads.
    developers
        One row a developer and country group, the largest first: `DEVELOPERS`.
    unknown
        What is not known, and why, in sentences.
    """

    shares: pd.DataFrame
    developers: pd.DataFrame
    unknown: tuple[str, ...]


def span_of(readings: Sequence[Reading], end: date) -> Span:
    """The year that ends on a day, or what of it the readings cover."""
    first = min(date.fromisoformat(one.first) for one in readings if one.first)
    day = end.replace(year=end.year - 1, day=min(end.day, 28 if end.month == 2 else end.day))
    return Span(max(day, first - timedelta(days=1)), end)


def covered(readings: Sequence[Reading], span: Span) -> int:
    """Days of a window that the 30 days before a reading, or counters, cover."""
    days = set[int]()
    for one in readings:
        if one.day:
            first = date.fromisoformat(one.first).toordinal()
            days |= set(range(first, date.fromisoformat(one.day).toordinal() + 1))
    return len(days & set(range(span.start.toordinal() + 1, span.end.toordinal() + 1)))


def read(folder: Path, readings: Sequence[Reading], definitions: Definitions) -> Records:
    """The tables of the readings, with the counters that lists of one's own crawls state.

    Raises
    ------
    ReplicationError
        A file is not the one that was taken in, or cannot be read.
    """
    of_readings.require_unchanged(folder, readings)
    records, _ = read_located(of_readings.located(folder, readings), definitions)
    counters = [_counters(folder / one.file, one, records) for one in readings if one.is_list]
    own = pd.concat([records.observations[:0], *counters], ignore_index=True)
    if own.empty:
        return records
    own["value"] = own.sort_values("date").groupby("name")["value"].cummax()  # none ever falls
    return replace(records, observations=pd.concat([records.observations, own], ignore_index=True))


def _counters(file: Path, reading: Reading, records: Records) -> pd.DataFrame:
    """Cumulative counters of the largest models of a list that states them."""
    wanted = ["id", "downloads", "downloadsAllTime"]
    if file.suffix != ".parquet" or not set(wanted) <= set(pq.read_schema(file).names):
        return records.observations[:0]
    table = pq.read_table(file, columns=wanted).to_pandas().dropna()
    table = table.nlargest(HEAD, "downloads", keep="all").reset_index(drop=True)
    return pd.DataFrame({
        "name": records.canonical(table["id"].astype("str")), "date": pd.Timestamp(reading.day),
        "kind": CUMULATIVE, "value": table["downloadsAllTime"].astype("int64"),
        "record": OWN_COUNTERS,
    }).drop_duplicates(["name", "date"])  # fmt: skip


def with_heads(records: Records, span: Span) -> Records:
    """Every list of the whole Hub inside a window as a list of its most downloaded models too.

    Such a list dates births and holds the sums of all; the counts of its largest models, which make
    paths, are those of a list with a cut-off.
    """
    inside = records.lists["date"].between(
        pd.Timestamp(span.start), pd.Timestamp(span.end), "right"
    )
    whole = records.lists[(records.lists["cut_off"] == 0) & inside]
    parts, rows = [records.observations], [records.lists]
    for name in whole["record"]:
        seen = records.observations
        own = seen[(seen["record"] == name) & (seen["kind"] == THIRTY_DAY) & (seen["value"] > 0)]
        cut = int(own["value"].nlargest(HEAD).min())
        parts.append(own[own["value"] >= cut].assign(record=f"{name}-head"))
        listed = whole[whole["record"] == name]
        rows.append(listed.assign(record=f"{name}-head", cut_off=cut))
    return replace(
        records, observations=pd.concat(parts, ignore_index=True),
        lists=pd.concat(rows, ignore_index=True),
    )  # fmt: skip


def at(definitions: Definitions, span: Span) -> Definitions:
    """The definitions with the days of a window, and no more choices than its figures need."""
    first = definitions.fillings[0]
    births = {rule.birth: rule for rule in reversed(definitions.fillings)}
    kept = [first, *(births[b] for b in ("earliest", "latest") if b in births)]
    fillings = tuple({rule.id: rule for rule in kept}.values())
    about = replace(definitions.published_window, start=span.start, end=span.end, exclusions=())
    grid = replace(definitions.grid, age_limits_days=(definitions.panel.age_limit_days,))
    return replace(definitions, published_window=about, fillings=fillings, grid=grid)


def figures(records: Records, span: Span, definitions: Definitions, evidence: Evidence) -> Figures:
    """Shares of a window from everything that is there.

    Parameters
    ----------
    records
        Tables of all readings up to the window's end, or later.
    span
        Days of the window.
    definitions
        Rules, country groups, the headline's credit and labels.
    evidence
        Who is credited.
    """
    rules, records = at(definitions, span), with_heads(records, span)
    if not (records.lists["cut_off"] > 0).any():
        return _nothing(NO_LIST)
    records, undated = with_dates(records)
    if undated > UNDATED_SHARE:
        return _nothing(NO_BIRTHS)
    if not _any_young(records, span, rules):
        return _nothing(NO_SIDES)
    data = _credited(window.build(records, rules, without_each=False), rules, evidence)
    if not side_downloads(data.downloads(), data)[:2].any():
        return _nothing(NO_SIDES)
    unknown = _unknown(data, records)
    try:
        shares = _shares(data)
    except DegenerateDataError as error:
        return _nothing(error.what)
    return Figures(shares.round(DIGITS), _developers(data), unknown)


def with_dates(records: Records) -> tuple[Records, float]:
    """Take models that nothing dates for old, and say which part of all downloads they hold.

    A model that a list of every model lacks was born after it; without such a list, or where that does
    not date what it holds, a model without a date of creation can be of any age.
    """
    whole = records.lists.loc[records.lists["cut_off"] == 0, "record"]
    seen = records.observations[records.observations["kind"] == THIRTY_DAY]
    listed = seen["record"].isin(list(whole))
    undated = ~among(seen["name"], created_of(records).index)
    if len(whole):
        undated &= among(seen["name"], seen.loc[listed, "name"])
    counts = seen["value"].where(~listed | (len(whole) == 0), 0)
    names = seen.loc[undated, "name"].drop_duplicates()
    told = pd.DataFrame({"name": names, "record": UNDATED, "created": EARLIEST})
    models = pd.concat(
        [records.models, told.reindex(columns=records.models.columns, fill_value="")]
    )
    part = float(counts[undated].sum() / max(counts.sum(), 1))
    return replace(records, models=models.astype(records.models.dtypes)), part


def _any_young(records: Records, span: Span, rules: Definitions) -> bool:
    """Whether a model of a list, a crawl or counters may be young on a day of the window."""
    whole = records.lists.loc[records.lists["cut_off"] == 0, "record"]
    seen = records.observations[~records.observations["record"].isin(list(whole))]
    born = created_of(records).reindex(seen["name"].drop_duplicates())
    oldest = pd.Timestamp(span.start) - pd.Timedelta(days=rules.panel.age_limit_days)
    return bool((born.isna() | (born.dt.floor("D") > oldest)).any())


def _nothing(reason: str) -> Figures:
    """Figures of which none is known."""
    table = pd.DataFrame({"statistic": STATISTICS}).reindex(columns=SHARES)
    shares = table.astype(dict.fromkeys(SHARES[1:], "float64"))
    return Figures(shares, pd.DataFrame(columns=DEVELOPERS), (reason,))


def _credited(panel: window.WindowPanel, rules: Definitions, evidence: Evidence) -> WindowData:
    """The rebuilt window with developers and country groups."""
    labels = study_groups(read_csv(FOLDER / TABLES[0]))
    credit = Credit(labels, evidence.registry, evidence.rules, rules.group_of)
    tables = (panel.window_repositories, panel.window_dates, panel.window_agreement)
    repositories, dates, agreement = (credit.attributed(table) for table in tables)
    return WindowData(
        repositories, panel.window_months, dates, panel.window_left_out, agreement, rules
    )


def _unknown(data: WindowData, records: Records) -> tuple[str, ...]:
    """What the readings do not say."""
    lists = data.complete_lists.names
    reasons = {
        ONE_LIST: len(lists) < 2,
        NO_COUNTERS: data.agreement.empty,
        NO_TAIL: not (records.lists["cut_off"] == 0).any(),
    }
    return tuple(reason for reason, holds in reasons.items() if holds)


def _shares(data: WindowData) -> pd.DataFrame:
    """The headline's statistics with every range, as the published window has them."""
    everything = data.population
    own = replace(everything.definitions, windows=everything.definitions.windows[:1], exclusions=())
    estimated = estimates.estimate(replace(everything, definitions=own), units=(DEVELOPER,))
    return errors.answers(_errors(data), estimated, data)[SHARES]


def _errors(data: WindowData) -> pd.DataFrame:
    """Standard errors of the records, not known without a second list, or without any counter."""
    if len(data.complete_lists.names) > 1 and len(data.agreement):
        return errors.errors(data)
    downloads = side_downloads(data.downloads(), data)
    sides = {"side": errors.SIDES, "component": "all", "downloads": downloads}
    return pd.DataFrame(sides).assign(error=np.nan)


def _developers(data: WindowData) -> pd.DataFrame:
    """Downloads and share of every developer in every country group."""
    cells = data.population.cells(data.population.headline, DEVELOPER)
    rows, groups = np.nonzero(cells.by_group)
    downloads = cells.by_group[rows, groups] / HALVES
    table = pd.DataFrame({
        "developer": np.array(cells.units, dtype=object)[rows],
        "group": np.array(cells.groups, dtype=object)[groups], "downloads": downloads,
    })  # fmt: skip
    table["share"] = (table["downloads"] / table["downloads"].sum()).round(DIGITS)
    order = ["downloads", "developer", "group"]
    table = table.sort_values(order, ascending=[False, True, True], ignore_index=True)
    return table[DEVELOPERS]


def coverage(readings: Sequence[Reading], span: Span, made: Figures) -> dict[str, object]:
    """What a window rests on, for its page."""
    total = made.shares.set_index("statistic").loc["total"]
    inside = [one for one in readings if one.day > span.start.isoformat()]
    return {
        "start": span.start.isoformat(), "end": span.end.isoformat(), "days": span.days,
        "covered_days": covered(readings, span),
        "readings": [one.id for one in inside],
        "lists": [f"{one.day} ({_depth(one)})" for one in inside if one.is_list],
        "seen_share": _part(total["seen"], total["point"]),
        "unknown": [*made.unknown],
    }  # fmt: skip


def _depth(one: Reading) -> str:
    return "every model" if one.kind == WHOLE else f"down to {one.cut_off:,}"


def _part(part: float, whole: float) -> float | None:
    return None if np.isnan(part) or not whole else round(float(part / whole), DIGITS)
