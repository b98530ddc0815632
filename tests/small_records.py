"""Small synthetic records of the window as tables, worked out so that paths can be followed by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from replication.definitions import Definitions, load_definitions
from replication.sources.records import Records

HUB, LOW, TOP, CRAWL, COUNTERS = "hub", "low", "top", "crawl", "counters"
LISTS = {HUB: ("2024-07-11", 0), LOW: ("2024-09-20", 100), TOP: ("2025-01-14", 1_000)}
TEXT = {"name", "kind", "record", "base_models", "task", "listed", "origin", "crawl", "namespace"}
TEXT |= {"older", "newer"}
TIMES = {"date", "created"}
Rows = Iterable[tuple[object, ...]]


def frame(columns: list[str], rows: Rows) -> pd.DataFrame:
    """A table of records with the types that the reader of records gives."""
    table = pd.DataFrame(list(rows), columns=columns)
    for name in columns:
        if name in TIMES:
            table[name] = pd.to_datetime(table[name])
        else:
            table[name] = table[name].astype("str" if name in TEXT else "int64")
    return table


@dataclass(frozen=True)
class Sources:
    """What is written into records.

    Attributes
    ----------
    born
        Creation date by name, as the list of the whole Hub states it.
    lists
        30-day counts by list and name.
    crawls
        30-day counts by date of a crawl and name; a namespace without a name is held and empty.
    counters
        Cumulative counters by name and date.
    bases
        Base models by name.
    tasks
        Task by name, and the cut of each task in the list `TOP`.
    """

    born: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    crawls: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    counters: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    bases: Mapping[str, str] = field(default_factory=dict)
    tasks: Mapping[str, str] = field(default_factory=dict)
    task_cuts: Mapping[str, int] = field(default_factory=dict)

    def padded(self) -> Sources:
        """The same with an old repository that is dated, crawled and counted, and no row of a panel."""
        return replace(
            self,
            born={**self.born, "pad/pad": "2020-01-01"},
            crawls={**self.crawls, "2024-11-01": {"pad": 0}},
            counters={**self.counters, "pad/pad": {"2025-03-01": 1}},
            bases={**self.bases, "pad/pad": "pad/base"},
        )

    def records(self) -> Records:
        """The same as tables."""
        names = dict.fromkeys([*self.born, *self.bases, *self.tasks])
        models = [
            (n, HUB, self.born.get(n), self.bases.get(n, ""), self.tasks.get(n, ""), "", "")
            for n in names
        ]
        covered = dict.fromkeys(
            (CRAWL, day[:7], day, name.partition("/")[0])
            for day, held in self.crawls.items()
            for name in held
        )
        about = ["name", "record", "created", "base_models", "task", "listed", "origin"]
        return Records(
            observations=frame(["name", "date", "kind", "value", "record"], self._observations()),
            models=frame(about, models),
            covered=frame(["record", "crawl", "date", "namespace"], covered),
            lists=frame(["record", "date", "cut_off"], ((n, *about) for n, about in LISTS.items())),
            task_cuts=frame(
                ["record", "task", "cut"], ((TOP, t, cut) for t, cut in self.task_cuts.items())
            ),
            renames=frame(["older", "newer", "kind"], []),
            defects=pd.DataFrame(columns=["check", "what", "where", "rows", "treatment"]),
        )

    def _observations(self) -> Rows:
        """Every count and counter."""
        for record, held in self.lists.items():
            for name, count in held.items():
                yield name, LISTS[record][0], "thirty-day", count, record
        for day, held in self.crawls.items():
            for name, count in held.items():
                if "/" in name:
                    yield name, day, "thirty-day", count, CRAWL
        for name, counters in self.counters.items():
            for day, counter in counters.items():
                yield name, day, "cumulative", counter, COUNTERS


DATED = Sources(
    born={
        "acme/old": "2024-06-01", "acme/new": "2024-10-01", "beta/one": "2024-12-01",
        "delta/counted": "2024-12-01", "delta/older": "2024-05-01", "acme/ancient": "2020-01-01",
        "zeta/tail": "2024-07-01", "zeta/small": "2024-07-01", "delta/both": "2024-12-10",
    },
    lists={
        HUB: {"acme/old": 3_000, "acme/ancient": 9_000, "zeta/tail": 40, "zeta/small": 60},
        LOW: {"acme/old": 6_000, "delta/older": 150, "acme/ancient": 9_000, "zeta/tail": 300},
        TOP: {"acme/old": 4_500, "acme/new": 9_000, "delta/both": 7_000, "zeta/tail": 60},
    },
    crawls={
        "2024-11-14": {"acme/old": 5_000, "acme/new": 6_000},
        "2025-02-14": {"acme/old": 3_000, "acme/new": 12_000, "beta/one": 2_000},
        "2025-07-14": {"acme/old": 1_000, "acme/new": 3_000, "beta/one": 1_500, "delta/both": 900},
    },
    counters={
        "delta/counted": {"2025-03-01": 9_100, "2025-03-11": 10_100, "2025-08-31": 20_000},
        "delta/older": {"2025-03-01": 50_000, "2025-04-30": 56_000},
        "delta/both": {"2025-03-01": 16_400, "2025-07-29": 30_000},
    },
    bases={"beta/one": "acme/old"},
    tasks={"zeta/tail": "speech"},
    task_cuts={"speech": 50},
)  # fmt: skip
"""Records of repositories that are all dated."""


def small_window_study(least: int = 0) -> Definitions:
    """The packaged definitions with small repositories joined below `least` downloads."""
    definitions = load_definitions()
    return replace(
        definitions, published_window=replace(definitions.published_window, small_downloads=least)
    )
