"""Single values of the window for the text: counts, extremes and parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pandas as pd

from replication.analysis.cells import DEVELOPER, REPOSITORY
from replication.analysis.lead import LEAD, SIDES
from replication.analysis.window.changes import CHOICE
from replication.analysis.window.data import WindowData
from replication.analysis.window.lists import PART
from replication.analysis.window.measures import measures
from replication.analysis.window.turnover import WINDOW
from replication.inference.cells import HALVES
from replication.panel.window import CEILING, COUNTED

Tables = Mapping[str, pd.DataFrame]


def summary(data: WindowData, tables: Tables, published: Mapping[str, float]) -> pd.DataFrame:
    """Tabulate single values: ``key, value``.

    Parameters
    ----------
    data
        The window.
    tables
        Its tables by file name.
    published
        Published shares in percent of China and the USA.
    """
    pairs = [
        *_of_sums(data), *_of_grid(tables["window_specifications"]),
        *_of_changes(tables["window_changes"]), *_of_dates(tables["hub_dates"], data),
        *_of_turnover(tables["window_turnover"]), *_of_pair(published),
        *_of_records(tables["records_left_out"]), *_of_swings(tables["turnover"]),
        *_of_answers(tables["window_answers"]),
    ]  # fmt: skip
    return pd.DataFrame(pairs, columns=["key", "value"])


def _of_sums(data: WindowData) -> Iterator[tuple[str, object]]:
    """Downloads of both countries by measure, and DeepSeek and Qwen within China."""
    population, groups = data.population, data.definitions.groups
    window, places = data.definitions.published_window.id, [groups.index(side) for side in SIDES]
    yield "repositories", len(data.repositories)
    columns = {
        "corrected": window, "estimate": f"{window}-uncorrected", "seen": f"{window}-seen",
        "counted": COUNTED, "ceiling": CEILING,
    }  # fmt: skip
    counts = {
        name: population.totals(replace(population.headline, window=column))
        for name, column in columns.items()
    }
    for name, own in counts.items():
        for key, half in zip(
            ("china", "usa", "total"), (*own[places], own[:-1].sum()), strict=True
        ):
            yield f"{name}-{key}", round(half / HALVES)
    yield "family", float(measures(counts["corrected"], groups)["family"])
    yield "family-seen", float(measures(counts["seen"], groups)["family"])
    sums = {
        name: [*own[places].tolist(), own[:-1].sum()]
        for name, own in counts.items()
        if name in {"corrected", "estimate", "seen"}
    }
    for n, key in enumerate(("-china", "-usa", "")):
        whole, held, seen = (sums[name][n] for name in ("corrected", "estimate", "seen"))
        yield f"part-seen{key}", float(seen / whole)
        yield f"part-filled{key}", float((held - seen) / whole)
        yield f"part-not-followed{key}", float((whole - held) / whole)
    table = population.table
    unattributed = table[data.group].isin(list(data.definitions.unattributed))
    part = float(table.loc[unattributed, window].sum() / table[window].sum())
    yield "unattributed", part
    china, usa = (counts["corrected"][place] for place in places)
    yield "unattributed-to-level", abs(float(china - usa)) / float(sums["corrected"][2]) / part


def _of_grid(grid: pd.DataFrame) -> Iterator[tuple[str, object]]:
    """How many distinct specifications there are, and their extremes."""
    own = grid[grid["distinct"] == "yes"]
    yield "specifications-all", len(grid)
    yield "specifications", len(own)
    yield "china-ahead", int((own["lead"] > 0).sum())
    yield "china-ahead-without-one", int((own["without_upper"] > 0).sum())
    for name in ("china", "usa", "lead", "part"):
        yield f"grid-{name}-low", float(own[name].min())
        yield f"grid-{name}-high", float(own[name].max())
        yield f"grid-{name}-median", float(own[name].median())


def _of_changes(changes: pd.DataFrame) -> Iterator[tuple[str, object]]:
    """How many single changes there are, and how many turn the sign of the lead."""
    sign = changes["lead"].iloc[0] > 0
    kinds = {CHOICE: "choices", DEVELOPER: "developers", REPOSITORY: "repositories"}
    for kind, name in kinds.items():
        own = changes[changes["kind"] == kind]
        yield f"changes-{name}", len(own)
        yield f"turning-{name}", int(((own["lead"] > 0) != sign).sum())
        yield f"changes-{name}-lowest", float(own["lead"].min())
        yield f"changes-{name}-highest", float(own["lead"].max())


def _of_dates(dates: pd.DataFrame, data: WindowData) -> Iterator[tuple[str, object]]:
    """The smallest and largest shares over the dates at which the whole Hub is known."""
    about = data.definitions.published_window
    own = dates[(dates["attribution"] == about.attribution) & (dates["labels"] == about.labels)]
    own = own[own["exclusion"] == "none"]
    yield "dates", own["list"].nunique()
    groups = own[~own["group"].isin([LEAD, PART])]
    sums = groups.groupby("list")[["downloads", "with_tail"]].sum()
    yield "tail-most", float((1 - sums["downloads"] / sums["with_tail"]).max())
    for key, group in (("china", SIDES[0]), ("usa", SIDES[1]), ("lead", LEAD)):
        shares = own.loc[own["group"] == group, "share_with_tail"]
        yield f"dates-{key}-low", float(shares.min())
        yield f"dates-{key}-high", float(shares.max())


def _of_turnover(table: pd.DataFrame) -> Iterator[tuple[str, object]]:
    """How much of the first half's leaders' share is theirs in the second."""
    first = table[table["half"] == "first"]
    yield "leaders", len(first)
    yield "leaders-stay", int((first["other_rank"].between(1, len(first))).sum())
    yield "leaders-share", float(first["share"].sum())
    yield "leaders-share-later", float(first["other_share"].sum())


def _of_pair(published: Mapping[str, float]) -> Iterator[tuple[str, object]]:
    """What the published pair says of the two countries alone."""
    china, usa = published["China"], published["USA"]
    yield "published-part", china / (china + usa)


def _of_records(table: pd.DataFrame) -> Iterator[tuple[str, object]]:
    """How far the lead moves without any one record."""
    yield "records", len(table) - 1
    yield "records-lead-low", float(table["lead"].iloc[1:].min())
    yield "records-lead-high", float(table["lead"].iloc[1:].max())


def _of_swings(table: pd.DataFrame) -> Iterator[tuple[str, object]]:
    """How far the lead swung between consecutive quarters of the window, and how many leaders stayed."""
    own = table[(table["series"] == WINDOW) & (table["kind"] == "quarter")]
    yield "swings", len(own)
    yield "swing-smallest", float(own["change"].abs().min())
    yield "swing-largest", float(own["change"].abs().max())
    yield "swing-stay-fewest", int(own["stay"].min())
    yield "swing-moved-least", float(own["moved"].min())
    yield "swing-moved-most", float(own["moved"].max())


def _of_answers(table: pd.DataFrame) -> Iterator[tuple[str, object]]:
    """How far to either side of the lead the records' range reaches."""
    lead = table.set_index("statistic").loc[LEAD]
    yield "records-lead-half", float(lead["records_upper"] - lead["records_lower"]) / 2
