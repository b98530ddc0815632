"""The whole Hub rebuilt from snapshots: hundreds of millions of counters to first-year downloads.

The way: census → readings → repositories → counters → levels and chain → gains → downloads. Each step
is one statement in `sql/`; what is decided between them is decided here. Tables of one row a repository
stay in the engine.

Two regimes. From the first reading with cumulative counters on, downloads are differences of their
running maxima. Before it there is the 30-day field alone: a chain of its windows says when downloads
fell, and the first cumulative counter says exactly how many they were for every repository whose whole
life the chain covers. The others are scaled by what the chain was measured to miss.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from replication.definitions import INTERPOLATED, Definitions, Variant, Window
from replication.errors import ContractError
from replication.panel.whole_hub import chain, periods, readings
from replication.panel.whole_hub.arrays.building import Building
from replication.panel.whole_hub.arrays.reading import NotOrdinaryError
from replication.panel.whole_hub.engines import Engine
from replication.panel.whole_hub.readings import Readings
from replication.panel.whole_hub.statements import statement
from replication.panel.whole_hub.ways import Statements, Way
from replication.sources.counters.mending import require_movement
from replication.sources.snapshots import sums

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Rebuilt:
    """What is known of the rebuilt first-year downloads of the whole Hub beside the tables of the engine.

    The engine keeps the tables `repositories` (one row a repository that was ever downloaded),
    `downloads` (of each variant by its place, of each repository, in whole downloads, and of these
    what the chain alone says), `gains`, `spikes`, `overcounts` and `envelopes`.

    Attributes
    ----------
    variants
        Names of the variants in their places.
    scale
        What the chain was multiplied by, and its error.
    read
        The readings, and what is wrong with the snapshots.
    movers
        Per reading: ``label, n_again, n_moved, n_fell, n_copies``.
    absences
        Readings that repositories miss between their first and their last, and how many miss one.
    rolling_sum
        Sum of the 30-day field over all readings, which counts every download several times.
    undated
        Repositories without a moment of creation in any reading, and their downloads.
    last_rows
        Rows of the last reading.
    age_limit_days
        Oldest age at which downloads count in weeks.
    way
        How the tables were made, which keeps the gains.
    """

    variants: tuple[str, ...]
    scale: chain.Scale
    read: Readings
    movers: pd.DataFrame
    absences: tuple[int, int]
    rolling_sum: int
    undated: tuple[int, int]
    last_rows: int
    age_limit_days: int
    way: Way


@dataclass(frozen=True)
class Detailed(Rebuilt):
    """The same with one row a repository, for a Hub that fits in memory.

    Attributes
    ----------
    facts
        ``id, repository, name, created`` (unix seconds), ``parents`` (names of the last reading,
        separated by blanks), ``first_label, last_label, first_name``.
    totals
        int64 downloads, one row of `facts`, one column a variant.
    chained
        Of these, downloads that the chain alone says, one column a window (age limit of the study).
    """

    facts: pd.DataFrame
    totals: pd.DataFrame
    chained: pd.DataFrame


def rebuild(
    files: Mapping[date, Path],
    definitions: Definitions,
    engine: Engine,
    progress: Progress = lambda _: None,
    *,
    truncated_share: float,
    choose: Callable[[pd.DataFrame, float], Readings] = readings.choose,
) -> Rebuilt:
    """Rebuild first-year downloads from extracts of snapshots.

    Parameters
    ----------
    files
        Extract of each snapshot by its label.
    definitions
        Windows, variants and the age limit.
    engine
        Runs the statements and keeps the tables `gains` and `repositories` for `weekly`.
    progress
        Called with a line of text before each step.
    truncated_share
        See `readings.choose`.
    choose
        Chooses the readings among the snapshots.

    Raises
    ------
    DefinitionError
        A window reaches beyond the snapshots.
    ContractError
        No snapshot is a reading.
    """
    by_label = {(day - date(1970, 1, 1)).days: path for day, path in files.items()}
    progress("census of the snapshots")
    census = _census(engine, by_label)
    engine.extracts(by_label)
    read = choose(census, truncated_share)
    periods.require_inside(definitions.all_windows, read)
    _identify(engine, census)
    engine.put("readings", read.table)
    engine.put("rules", periods.rules(definitions, read))
    labels = read.table["label"].tolist()
    used = census[census["label"].isin(labels)]
    ordered = [by_label[label] for label in labels]
    way = _repositories(engine, ordered, labels, periods.rules(definitions, read), progress)
    undated = _undated(engine, used)
    _require_repositories(engine, undated[0])
    movers = way.movers(labels)
    still = periods.still_labels(movers, definitions.panel.frozen_share)
    require_movement(len(still), len(labels) - 1)
    scale = _scale(engine, way, definitions, read, movers, progress)
    variants = dict.fromkeys(
        [*definitions.variants, *(main_variant(w, definitions) for w in definitions.windows)]
    )
    way.downloads(scale.factor, list(variants), progress)
    return Rebuilt(
        tuple(variant.id for variant in variants), scale, read, movers, way.missed,
        int(used["sum_rolling"].sum()), undated, int(used["n_rows"].iloc[-1]),
        definitions.panel.age_limit_days, way,
    )  # fmt: skip


def _repositories(
    engine: Engine,
    files: list[Path],
    labels: list[int],
    rules: pd.DataFrame,
    progress: Progress,
) -> Way:
    """Make the table of repositories: on whole arrays where the engine and the extracts allow it."""
    if engine.arrays is not None:
        way: Way = Building(engine, engine.arrays)
        with suppress(NotOrdinaryError):
            way.repositories(files, labels, int(rules["earliest"].item()), progress)
            return way
    way = Statements(engine)
    way.repositories(files, labels, int(rules["earliest"].item()), progress)
    return way


def _scale(
    engine: Engine,
    way: Way,
    definitions: Definitions,
    read: Readings,
    movers: pd.DataFrame,
    progress: Progress,
) -> chain.Scale:
    """Measure the chain where the counters are known too."""
    frozen = periods.frozen_times(movers, read, definitions.panel.frozen_share)
    rules, stretches = periods.rules(definitions, read, frozen), periods.stretches(read)
    for name, table in (("frozen", frozen), ("stretches", stretches), ("rules", rules)):
        engine.put(name, table)
    way.stretch_sums(read.table, rules, frozen, stretches, progress)
    return chain.measure(way.chain_and_counters())


def main_variant(window: Window, definitions: Definitions) -> Variant:
    """The variant of a window that the panel's column of that window holds."""
    return Variant(window, definitions.panel.age_limit_days, INTERPOLATED)


def detailed(rebuilt: Rebuilt, engine: Engine, definitions: Definitions) -> Detailed:
    """Take what the engine holds of every repository into memory.

    Parameters
    ----------
    rebuilt
        What `rebuild` returned.
    engine, definitions
        Those that it was given.
    """
    facts = engine.frame("SELECT * FROM repositories ORDER BY id")
    both = {name: np.zeros((2, len(facts)), dtype=np.int64) for name in rebuilt.variants}
    for place, table in engine.frame("SELECT * FROM downloads").groupby("variant"):
        name = rebuilt.variants[place]
        both[name][:, table["id"].to_numpy() - 1] = table[["total", "chained"]].to_numpy().T
    totals = {name: columns[0] for name, columns in both.items()}
    chained = {w.id: both[main_variant(w, definitions).id][1] for w in definitions.windows}
    return Detailed(
        **vars(rebuilt), facts=facts, totals=pd.DataFrame(totals), chained=pd.DataFrame(chained)
    )


def weekly(engine: Engine, rebuilt: Rebuilt) -> pd.DataFrame:
    """Weekly first-year downloads of groups of repositories, from the tables that `rebuild` kept.

    Parameters
    ----------
    engine
        The engine that `rebuild` was given, with a table `panel_pairs`: ``id`` of a repository and
        ``pair``, the number of its group.
    rebuilt
        What `rebuild` returned.

    Returns
    -------
    pandas.DataFrame
        ``pair, week, downloads``, by week and pair: a week is named by the label that ends it; zeros
        are left out.
    """
    weeks = periods.weeks(rebuilt.read, rebuilt.age_limit_days)
    table = rebuilt.way.week_totals(weeks, engine.frame("SELECT id, pair FROM panel_pairs"))
    names = {week: readings.day(week) for week in table["week"].unique()}
    return table.assign(week=table["week"].map(names))


def _census(engine: Engine, files: Mapping[int, Path]) -> pd.DataFrame:
    """What each snapshot holds, those without a row among them: as their footers say, else counted."""
    known = {label: found for label, path in files.items() if (found := sums.read(path))}
    rows = [{"label": label, **asdict(one)} for label, one in known.items()]
    parts = [pd.DataFrame(rows)] if rows else []
    if len(known) < len(files):
        engine.extracts({label: path for label, path in files.items() if label not in known})
        parts.append(engine.frame(statement("census")))
    whole = pd.concat(parts).set_index("label").reindex(pd.Index(sorted(files), name="label"))
    counts = whole.columns.drop(["sum_created", "newest"])
    return (
        whole.fillna(dict.fromkeys(counts, 0)).astype(dict.fromkeys(counts, "int64")).reset_index()
    )


def _identify(engine: Engine, census: pd.DataFrame) -> None:
    """Give rows without an id the one of the same name and creation elsewhere."""
    if (census["n_ids"] < census["n_rows"]).any():
        engine.make("identities")
    else:
        columns = {"name": "str", "created": "int64", "repository": "str"}
        empty = pd.DataFrame({k: pd.Series(dtype=t) for k, t in columns.items()})
        engine.put("identities", empty)
    engine.view("extract_rows")


def _require_repositories(engine: Engine, undated: int) -> None:
    """Refuse snapshots in which no window finds anything."""
    if not engine.frame("SELECT count(*) AS n FROM repositories")["n"].item():
        if undated:
            raise ContractError(
                f"no repository in the snapshots has a date of creation; {undated:,} were downloaded",
                "use snapshots with createdAt, or with _id, which begins with the moment of creation",
            )
        raise ContractError(
            "no repository in the snapshots is both downloaded and young enough for a window",
            "use snapshots with downloads or downloadsAllTime, or define later windows",
        )


def _undated(engine: Engine, used: pd.DataFrame) -> tuple[int, int]:
    """Repositories without a moment of creation in any reading, and their downloads."""
    if (used["n_dated"] == used["n_rows"]).all():
        return 0, 0
    row = engine.frame(statement("undated_repositories")).iloc[0]
    return int(row["n_repositories"]), int(row["downloads"])
