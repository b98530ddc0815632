"""The whole Hub rebuilt from snapshots: hundreds of millions of counters to first-year downloads.

The way: census → readings → repositories → counters → levels and chain → cells → downloads. Each step
is one statement in `sql/`; what is decided between them is decided here. Tables of one row a repository
stay in the engine.

Two regimes. From the first reading with cumulative counters on, downloads are differences of their
running maxima. Before it there is the 30-day field alone: a chain of its windows says when downloads
fell, and the first cumulative counter says exactly how many they were for every repository whose whole
life the chain covers. The others are scaled by what the chain was measured to miss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from replication.definitions import Definitions, Variant, Window
from replication.definitions.checks import INTERPOLATED, LEFT_OUT
from replication.errors import ContractError, DefinitionError
from replication.panel.whole_hub import chain, readings
from replication.panel.whole_hub.engines import Engine
from replication.panel.whole_hub.readings import DAY, Readings
from replication.sources.counters.mending import require_movement

MONTH = 30 * DAY
STRETCHES = {"month": 35 * DAY, "quarter": 91 * DAY}
"""Stretches after the first counters over which the chain is compared with them."""
EVER = 1 << 40
"""A moment before, negated, and after every other."""
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Rebuilt:
    """What was found while the first-year downloads of the whole Hub were rebuilt.

    The engine keeps the tables `repositories` (one row a repository that was ever downloaded),
    `downloads` (of each variant by its place, of each repository, in whole downloads, and of these
    what the chain alone tells), `cells`, `spikes`, `overcounts` and `apart`.

    Attributes
    ----------
    variants
        Names of the variants in their places.
    scale
        What the chain was multiplied by, and its error.
    read
        The readings, and what was found of the snapshots.
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
    """

    variants: tuple[str, ...]
    scale: chain.Scale
    read: Readings
    movers: pd.DataFrame
    absences: tuple[int, int]
    rolling_sum: int
    undated: tuple[int, int]
    last_rows: int


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
        Of these, downloads that the chain alone tells, one column a window (age limit of the study).
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
        Runs the statements and keeps the tables `cells` and `repositories` for `weekly`.
    progress
        Called with a line of text before each step.
    truncated_share
        See `readings.choose`.
    choose
        Chooses the readings among the snapshots.

    Raises
    ------
    StudyError
        A window reaches beyond the snapshots.
    ContractError
        No snapshot is a reading.
    """
    by_label = {(day - date(1970, 1, 1)).days: path for day, path in files.items()}
    engine.extracts(by_label)
    progress("census of the snapshots")
    census = _census(engine, by_label)
    read = choose(census, truncated_share)
    require_inside(definitions.all_windows, read)
    _identify(engine, census)
    engine.put("readings", read.table)
    engine.put("rules", _rules(definitions, read))
    labels = read.table["label"].tolist()
    kept = census[census["label"].isin(labels)]
    undated = _repositories(engine, kept, labels, progress)
    progress("counters of every repository")
    engine.make_by_label("counters", labels)
    movers = engine.frame(_text("movers"))
    missed = engine.frame(_text("absences")).fillna(0).iloc[0]
    still = movers["n_moved"] <= (1 - definitions.panel.frozen_share) * movers["n_again"]
    require_movement(int(still.sum()), len(labels) - 1)
    scale = _cells(engine, definitions, read, movers, progress)
    variants = dict.fromkeys(
        [*definitions.variants, *(main_variant(w, definitions) for w in definitions.windows)]
    )
    for place, variant in enumerate(variants):
        progress(f"first-year downloads: {variant.id}")
        engine.put("chosen", _chosen(variant))
        name = "totals" if variant.frozen == INTERPOLATED else "as_read"
        engine.make(f"total_{place}", name)
    engine.union("downloads", [f"total_{place}" for place in range(len(variants))])
    return Rebuilt(
        tuple(variant.id for variant in variants), scale, read, movers,
        (int(missed["n_missed"]), int(missed["n_repositories"])),
        int(kept["sum_rolling"].sum()), undated, int(kept["n_rows"].iloc[-1]),
    )  # fmt: skip


def _repositories(
    engine: Engine, kept: pd.DataFrame, labels: list[int], progress: Progress
) -> tuple[int, int]:
    """Make the table of repositories; return how many have no date, and their downloads."""
    progress("repositories that were ever downloaded")
    engine.make("spans")
    progress("their names and parents")
    engine.make_by_label("names", labels)
    engine.make("repositories")
    engine.drop("spans", "names")
    undated = _undated(engine, kept)
    _require_repositories(engine, undated[0])
    return undated


def _cells(
    engine: Engine,
    definitions: Definitions,
    read: Readings,
    movers: pd.DataFrame,
    progress: Progress,
) -> chain.Scale:
    """Make the cells of the counters, by their levels and the chain; return the chain's scale."""
    frozen = frozen_times(movers, read, definitions.panel.frozen_share)
    engine.put("frozen", frozen)
    engine.put("stretches", _stretches(read))
    engine.put("rules", _rules(definitions, read, frozen))
    engine.make("overcounts")
    engine.view("rolled")
    for name in (
        "moves", "spikes", "levels", "apart", "firsts", "steps", "filled", "chain", "chained",
        "known", "stalled", "lasts",
    ):  # fmt: skip
        progress(f"running maxima and the chain of 30-day windows: {name}")
        engine.make(name)
    scale = chain.measure(engine.frame("SELECT * FROM known ORDER BY uploader, stretch"))
    engine.put("factor", pd.DataFrame({"factor": [scale.factor]}))
    engine.make("cells")
    engine.drop("counters", "moves", "levels", "steps", "filled", "chain")
    return scale


def main_variant(window: Window, definitions: Definitions) -> Variant:
    """The variant of a window that the panel's column of that window holds."""
    return Variant(window, definitions.panel.age_limit_days, INTERPOLATED)


def detailed(rebuilt: Rebuilt, engine: Engine, definitions: Definitions) -> Detailed:
    """Take what the engine holds of every repository into memory.

    Parameters
    ----------
    rebuilt
        What `rebuild` returned.
    engine, study
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


def weekly(engine: Engine, read: Readings) -> pd.DataFrame:
    """Weekly first-year downloads of groups of repositories, from the tables that `rebuild` kept.

    Parameters
    ----------
    engine
        The engine that `rebuild` was given, with a table `pairs`: ``id`` of a repository and
        ``pair``, the number of its group.
    read
        The readings.

    Returns
    -------
    pandas.DataFrame
        ``pair, week, downloads``, by week and pair: a week is named by the label that ends it; zeros
        are left out.
    """
    engine.put("weeks", _weeks(read))
    table = engine.frame(_text("weeks"))
    names = {week: readings.day(week) for week in table["week"].unique()}
    return table.assign(week=table["week"].map(names))


def require_inside(windows: Sequence[Window], read: Readings) -> None:
    """Refuse a window that begins before the snapshots or ends after them.

    Raises
    ------
    StudyError
        Names the window.
    """
    first = int(read.table["moment"].iloc[0]) - MONTH
    last_day = readings.day(read.table["moment"].iloc[-1] // DAY)
    for window in windows:
        if window.kind != "cohort" and _seconds(window.start) < first:
            raise DefinitionError(
                f"{window.id} begins on {window.start}, before the snapshots tell anything",
                "fetch earlier snapshots (--since), or define a later start",
            )
        if f"{window.last}" > last_day:
            raise DefinitionError(
                f"{window.id} needs readings to {window.last}, and the last one is of {last_day}",
                "fetch later snapshots (--until), or define an earlier end",
            )


def _text(name: str) -> str:
    from replication.panel.whole_hub.engines import statement

    return statement(name)


def _census(engine: Engine, labels: Iterable[int]) -> pd.DataFrame:
    """What each snapshot holds, those without a row among them."""
    found = engine.frame(_text("census")).set_index("label")
    whole = found.reindex(pd.Index(sorted(labels), name="label"))
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
    engine.view("identified")


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


def _undated(engine: Engine, kept: pd.DataFrame) -> tuple[int, int]:
    """Repositories without a moment of creation in any reading, and their downloads."""
    if (kept["n_dated"] == kept["n_rows"]).all():
        return 0, 0
    row = engine.frame(_text("undated")).iloc[0]
    return int(row["n_repositories"]), int(row["downloads"])


def _rules(
    definitions: Definitions, read: Readings, frozen: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The moments and spans that the statements use, in one row, in seconds."""
    first = int(read.table["moment"].iloc[0])
    starts = [_seconds(window.start) for window in definitions.all_windows]
    limit = definitions.panel.age_limit_days * DAY
    row = {
        "earliest": min([*starts, first]) - limit - MONTH,
        "horizon": first - MONTH,
        "anchor": read.anchor,
        "chained_until": max(
            [
                read.anchor + max(STRETCHES.values()),
                *([] if frozen is None else frozen["until"]),
            ]
        ),
        "month": MONTH,
        "age_limit": limit,
    }
    return pd.DataFrame([row])


def _stretches(read: Readings) -> pd.DataFrame:
    """Ends of the stretches over which the chain is compared with the counters."""
    ends = {name: read.anchor + span for name, span in STRETCHES.items()}
    return pd.DataFrame({"stretch": list(ends), "until": list(ends.values())})


def frozen_times(movers: pd.DataFrame, read: Readings, share: float) -> pd.DataFrame:
    """The times in which nearly every counter stood still.

    Returns
    -------
    pandas.DataFrame
        One row a run of frozen readings: ``since`` (moment of the reading before the first of them),
        ``until`` (of the reading after the last, or of the last where none follows) and ``caught_up``
        (1 where one follows).
    """
    still = read.table["label"].isin(frozen_labels(movers, share)).to_numpy()
    moment, rows = read.table["moment"].to_numpy(), []
    for first in np.flatnonzero(still & ~np.roll(still, 1)):
        after = first + int(np.argmin(np.append(still[first:], False)))
        last = min(after, len(moment) - 1)
        rows.append((moment[max(first - 1, 0)], moment[last], int(after < len(moment))))
    return pd.DataFrame(rows, columns=["since", "until", "caught_up"], dtype="int64")


def frozen_labels(movers: pd.DataFrame, share: float) -> set[int]:
    """Labels at which at least `share` of the counters that moved at a usual reading stood still."""
    moved = movers["n_moved"] / movers["n_again"]
    return set(movers.loc[moved <= (1 - share) * moved.median(), "label"])


def _chosen(variant: Variant) -> pd.DataFrame:
    """One window in seconds: a cohort takes all that those born inside gained up to its last day."""
    window, cohort = variant.window, variant.window.kind == "cohort"
    since, until = _seconds(window.start), _seconds(window.last) + DAY
    row = {
        "since": -EVER if cohort else since,
        "until": until,
        "born_since": since if cohort else -EVER,
        "born_until": _seconds(window.end) + DAY if cohort else EVER,
        "age_limit": variant.age_limit_days * DAY,
        "skips_caught_up": int(variant.frozen == LEFT_OUT and not cohort),
    }
    return pd.DataFrame([row])


def _weeks(read: Readings) -> pd.DataFrame:
    """Whole weeks from the first label to the last: each begins after the label before."""
    first, last = read.table["label"].iloc[[0, -1]]
    ends = np.arange(first + readings.WEEK, last + 1, readings.WEEK, dtype=np.int64)
    return pd.DataFrame({"week": ends, "since": (ends - readings.WEEK) * DAY, "until": ends * DAY})


def _seconds(day: date) -> int:
    """Unix seconds at which a day begins, UTC."""
    return (day - date(1970, 1, 1)).days * DAY
