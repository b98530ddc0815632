"""The moments and spans of time that the statements use, in unix seconds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

from replication.definitions import LEFT_OUT, Definitions, Variant, Window
from replication.errors import DefinitionError
from replication.panel.whole_hub import readings
from replication.panel.whole_hub.readings import DAY, WEEK, Readings

MONTH = 30 * DAY


STRETCHES = {"month": 35 * DAY, "quarter": 91 * DAY}
"""Stretches after the first counters over which the chain is compared with them."""


EVER = 1 << 40
"""A moment before, negated, and after every other."""


def require_inside(windows: Sequence[Window], read: Readings) -> None:
    """Refuse a window that begins before the snapshots or ends after them.

    Raises
    ------
    DefinitionError
        Names the window.
    """
    first = int(read.table["moment"].iloc[0]) - MONTH
    last_day = readings.day(read.table["moment"].iloc[-1] // DAY)
    for window in windows:
        if window.kind != "cohort" and seconds(window.start) < first:
            raise DefinitionError(
                f"{window.id} begins on {window.start}, before the snapshots begin",
                "fetch earlier snapshots (--since), or define a later start",
            )
        if f"{window.last}" > last_day:
            raise DefinitionError(
                f"{window.id} needs readings to {window.last}, and the last one is of {last_day}",
                "fetch later snapshots (--until), or define an earlier end",
            )


def rules(
    definitions: Definitions, read: Readings, frozen: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The moments and spans that the statements use, in one row, in seconds."""
    first = int(read.table["moment"].iloc[0])
    starts = [seconds(window.start) for window in definitions.all_windows]
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


def stretches(read: Readings) -> pd.DataFrame:
    """Ends of the stretches over which the chain is compared with the counters."""
    ends = {name: read.anchor + span for name, span in STRETCHES.items()}
    return pd.DataFrame({"stretch": list(ends), "until": list(ends.values())})


def frozen_times(movers: pd.DataFrame, read: Readings, usual_share: float) -> pd.DataFrame:
    """The times in which nearly every counter stood still.

    Returns
    -------
    pandas.DataFrame
        One row a run of frozen readings: ``since`` (moment of the reading before the first of them),
        ``until`` (of the reading after the last, or of the last where none follows) and ``caught_up``
        (1 where one follows).
    """
    still = read.table["label"].isin(frozen_labels(movers, usual_share)).to_numpy()
    moment, rows = read.table["moment"].to_numpy(), []
    for first in np.flatnonzero(still & ~np.roll(still, 1)):
        after = first + int(np.argmin(np.append(still[first:], False)))
        last = min(after, len(moment) - 1)
        rows.append((moment[max(first - 1, 0)], moment[last], int(after < len(moment))))
    return pd.DataFrame(rows, columns=["since", "until", "caught_up"], dtype="int64")


def still_labels(movers: pd.DataFrame, frozen_share: float) -> set[int]:
    """Labels at which at least `frozen_share` of all counters stood still."""
    still = movers["n_moved"] <= (1 - frozen_share) * movers["n_again"]
    return set(movers.loc[still, "label"])


def frozen_labels(movers: pd.DataFrame, usual_share: float) -> set[int]:
    """Labels at which at least this share of the counters that usually move stood still.

    Most repositories of the whole Hub gain nothing in a usual week, so that the share of all counters
    (`still_labels`) does not find a freeze.
    """
    moved = movers["n_moved"] / movers["n_again"]
    return set(movers.loc[moved <= (1 - usual_share) * moved.median(), "label"])


class Period(NamedTuple):
    """A window in seconds, and who counts in it."""

    period: int
    since: int
    until: int
    born_since: int
    born_until: int
    age_limit: int
    skips_caught_up: int


def period(variant: Variant) -> Period:
    """One window in seconds: a cohort takes all that those born inside gained up to its last day."""
    window, cohort = variant.window, variant.window.kind == "cohort"
    since, until = seconds(window.start), seconds(window.last) + DAY
    return Period(
        period=0,
        since=-EVER if cohort else since,
        until=until,
        born_since=since if cohort else -EVER,
        born_until=seconds(window.end) + DAY if cohort else EVER,
        age_limit=variant.age_limit_days * DAY,
        skips_caught_up=int(variant.frozen == LEFT_OUT and not cohort),
    )


def weeks(read: Readings, age_limit_days: int) -> pd.DataFrame:
    """Whole weeks from the first label to the last: each begins after the label before."""
    first, last = read.table["label"].iloc[[0, -1]]
    ends = np.arange(first + WEEK, last + 1, WEEK, dtype=np.int64)
    return pd.DataFrame({
        "period": ends, "since": (ends - WEEK) * DAY, "until": ends * DAY,
        "born_since": -EVER, "born_until": EVER, "age_limit": age_limit_days * DAY,
        "skips_caught_up": 0,
    })  # fmt: skip


def seconds(day: date) -> int:
    """Unix seconds at which a day begins, UTC."""
    return (day - date(1970, 1, 1)).days * DAY
