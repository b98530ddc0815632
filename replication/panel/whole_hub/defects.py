"""Every named check of the snapshots of the whole Hub, for the record."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.definitions import Definitions
from replication.panel.defects import uncertain
from replication.panel.whole_hub import readings
from replication.panel.whole_hub.engines import Engine
from replication.panel.whole_hub.periods import frozen_labels
from replication.panel.whole_hub.readings import DAY, listed
from replication.panel.whole_hub.rebuild import Rebuilt
from replication.panel.whole_hub.statements import statement
from replication.sources.counters.mending import spiked
from replication.sources.defect import NONE, Defect, sizes


def find(
    rebuilt: Rebuilt, engine: Engine, definitions: Definitions, joined: NDArray[np.int64]
) -> list[Defect]:
    """Every named check, in the order in which they build on each other.

    Parameters
    ----------
    rebuilt
        What `rebuild` returned.
    engine
        Keeps the tables of `rebuild`.
    definitions
        Shares and margins from which something is a defect.
    joined
        Most downloads in a variant of each repository that is joined with others.
    """
    counted = engine.frame(statement("repository_counts")).iloc[0].astype("int64")
    return [
        *rebuilt.read.defects,
        *_of_repositories(rebuilt, engine, counted),
        *_of_counters(rebuilt, engine, definitions),
        _double_counting(rebuilt),
        *_left_out(rebuilt, joined, counted),
    ]


def _of_repositories(rebuilt: Rebuilt, engine: Engine, counted: pd.Series) -> list[Defect]:
    """Copies, names, dates and presence."""
    copied = rebuilt.movers[rebuilt.movers["n_copies"] > 0]
    undated, downloads = rebuilt.undated
    unnamed = engine.frame(
        "SELECT name FROM repositories WHERE name = repository ORDER BY name LIMIT 8"
    )["name"]
    return [
        Defect("duplicate-readings", "several rows of one repository in a snapshot",
               listed(copied["label"]), int(copied["n_copies"].sum()), "the largest values hold"),
        Defect("renamed-repositories", "one _id under more than one name",
               _several(counted["n_renamed"]), int(counted["n_renamed"]),
               "joined on _id; the latest name holds"),
        Defect("unnamed-repositories", "a name in no reading",
               ", ".join(unnamed) or NONE, int(counted["n_unnamed"]),
               "called by their _id; their uploader is unknown"),
        Defect("undated-repositories", "a moment of creation in no reading",
               f"{downloads:,} downloads at any age" if undated else NONE, undated,
               "left out: whether they are young is not known"),
        Defect("missed-readings", "a repository is missing between its first and its last reading",
               f"{rebuilt.absences[1]:,} repositories", rebuilt.absences[0],
               "the next reading holds what was gained"),
        Defect("deleted-repositories", "gone before the last reading",
               _several(counted["n_gone"]), int(counted["n_gone"]),
               "kept up to their last reading; what came after it is unknown and small"),
        Defect("late-first-readings", "first read long after their creation",
               _several(counted["n_late"]), int(counted["n_late"]),
               "their first counter holds all since creation and is spread over that time"),
    ]  # fmt: skip


def _of_counters(rebuilt: Rebuilt, engine: Engine, definitions: Definitions) -> list[Defect]:
    """Spikes, falls, freezes and what is caught up after them."""
    movers, labels = rebuilt.movers, rebuilt.read.table["label"]
    still = frozen_labels(movers, definitions.panel.frozen_share)
    frozen = movers[movers["label"].isin(still)]
    after = labels[labels.shift().isin(still) & ~labels.isin(still)]
    spikes = engine.frame(
        "SELECT taken_back AS label, count(*) AS n FROM spikes GROUP BY taken_back"
    )
    fell = movers.set_index("label")["n_fell"].sub(spikes.set_index("label")["n"], fill_value=0)
    fell = fell[fell > 0].rename("n_fell").rename_axis("label").reset_index()
    return [
        spiked(int(spikes["n"].sum()), _largest(engine, "spikes")),
        _overcounted(
            int(engine.frame("SELECT count(*) AS n FROM overcounts")["n"].item()),
            _largest(engine, "overcounts"),
        ),
        Defect("falling-counters", "cumulative counters that fall", listed(fell["label"]),
               int(fell["n_fell"].sum()) if len(fell) else 0,
               "running maximum: a fall counts as zero and is not counted again when it comes back"),
        _uncertain(engine, definitions.panel.envelope_margin),
        Defect("frozen-readings", "nearly every counter stands still", listed(frozen["label"]),
               int(frozen["n_again"].sum()), "a counter that stands still is treated as not read"),
        Defect("catch-up-readings", "one reading holds the downloads of the frozen ones before it",
               listed(after), int(movers.loc[movers["label"].isin(after), "n_again"].sum()),
               "spread over the time since the last reading that moved"),
    ]  # fmt: skip


def _left_out(rebuilt: Rebuilt, joined: NDArray[np.int64], counted: pd.Series) -> list[Defect]:
    """What no window needs, and what is joined."""
    rest = rebuilt.last_rows - int(counted["n_there"])
    return [
        Defect("not-needed", "rows of the last reading without downloads, or too old for any window",
               listed(rebuilt.read.table["label"].tail(1)), rest, "left out: they add nothing"),
        Defect("joined-tail", "repositories with few downloads in every window",
               f"at most {int(joined.max(initial=0)):,} downloads each", len(joined),
               "joined by uploader and origin, or in buckets of small namespaces; none dropped"),
    ]  # fmt: skip


def _overcounted(number: int, largest: Mapping[str, int]) -> Defect:
    """The record of 30-day counts that cannot be right: how many, and the largest, in downloads."""
    return Defect(
        "overcounts",
        "a 30-day count above what the readings before and after it hold together",
        sizes(number, largest),
        number,
        "an error of that reading: drawn between its neighbours",
    )


def _largest(engine: Engine, name: str) -> dict[str, int]:
    """Size of the largest spikes, or overcounts, by repository and label."""
    table = engine.frame(statement("largest_errors").replace("FROM sized", f"FROM {name}"))
    names = [f"{row.name} {readings.day(row.label)}" for row in table.itertuples(index=False)]
    return dict(zip(names, table["size"], strict=True))


def _uncertain(engine: Engine, margin: int) -> Defect:
    """Counters whose two envelopes differ."""
    engine.put("margin", pd.DataFrame({"margin": [margin]}))
    bound = engine.frame(statement("envelope_sum")).iloc[0]
    largest = engine.frame(statement("largest_envelopes")).set_index("name")["apart"]
    return uncertain(margin, int(bound["bound"]), int(bound["n"]), largest.to_dict())


def _several(number: int) -> str:
    """So many repositories, in words."""
    return f"{number:,} repositories" if number else NONE


def _double_counting(rebuilt: Rebuilt) -> Defect:
    """How many times the sum of the 30-day field over all readings counts a download."""
    table = rebuilt.read.table
    step = np.diff(table["moment"]).mean() / DAY if len(table) > 1 else readings.WEEK
    return Defect(
        "rolling-double-count",
        "the 30-day field summed over readings closer than 30 days counts a download several times",
        f"{30 / step:.1f} times; the sum would be {rebuilt.rolling_sum:,}",
        len(table),
        "never summed over readings; a chain takes the rate of each window once",
    )
