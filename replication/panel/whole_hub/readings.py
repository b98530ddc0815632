"""Which snapshots are readings, and when each was really read.

A snapshot is named by a label. The Hub was read later; the newest repository in a snapshot says when,
because thousands are created every day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from replication.errors import ContractError
from replication.sources import defect
from replication.sources.defect import NONE, Defect

DAY = 86_400
WEEK = 7
MONTH = 31
NOON = DAY // 2
LATEST_AFTER_LABEL = 14 * DAY
"""A newest creation later than this after the label, or a day before it, does not say when it was read."""
CONTENT = ["n_rows", "sum_created", "sum_rolling", "sum_counter"]


@dataclass(frozen=True)
class Readings:
    """The snapshots that are used, and what is wrong with all.

    Attributes
    ----------
    table
        ``label`` (days since 1970-01-01), ``moment`` (unix seconds) and ``place`` (0, 1, …).
    anchor
        Moment of the first reading with cumulative counters; the last of all where none has them.
    defects
        What is wrong, one row a check.
    """

    table: pd.DataFrame
    anchor: int
    defects: tuple[Defect, ...]


def choose(census: pd.DataFrame, truncated_share: float) -> Readings:
    """Choose the readings among the snapshots.

    Parameters
    ----------
    census
        One row a snapshot, as `sql/census.sql` makes it.
    truncated_share
        A snapshot is truncated where it has fewer rows than this share of the largest before it.

    Raises
    ------
    ContractError
        No snapshot is left.
    """
    repeated = census.duplicated(CONTENT) & (census["n_rows"] > 0)
    truncated = _truncated(census.where(~repeated), truncated_share)
    used = census[~repeated & ~truncated]
    if used.empty:
        raise ContractError("no snapshot is a reading", "use snapshots of the whole Hub")
    moments = _moments(used)
    with_counters = used["n_counters"].to_numpy() > 0
    anchor = int(moments[with_counters][0] if with_counters.any() else moments[-1])
    table = pd.DataFrame(
        {"label": used["label"].to_numpy(), "moment": moments, "place": np.arange(len(used))}
    )
    defects = (
        _labels("truncated-snapshots", "far fewer rows than a snapshot before", census[truncated],
                "left out; the next reading holds what was gained"),
        _labels("repeated-snapshots", "the content of an earlier snapshot under a later label",
                census[repeated], "left out; the next reading holds what was gained"),
        _gaps(table),
        _offset(table),
        _without_counters(used, with_counters),
        Defect("rows-without-id", "rows that carry no immutable id", NONE if _no_id(used) == 0 else "by era",
               _no_id(used), "joined on name and moment of creation"),
    )  # fmt: skip
    return Readings(table, anchor, defects)


def _truncated(census: pd.DataFrame, share: float) -> pd.Series:
    """Snapshots with far fewer rows than one before; the first is compared with the one after.

    Where that is more than a month later, the Hub may have grown by as much.
    """
    largest = census["n_rows"].cummax().shift()
    soon = census["label"].diff(-1) >= -MONTH
    largest = largest.fillna(census["n_rows"].shift(-1).where(soon)).fillna(0)
    return (census["n_rows"] == 0) | (census["n_rows"] < share * largest)


def _moments(used: pd.DataFrame) -> np.ndarray:
    """When each was read: at its newest creation, or at noon of its label; never before the last."""
    start = used["label"].to_numpy(dtype=np.int64) * DAY
    newest = used["newest"].fillna(0).to_numpy(dtype=np.int64)  # 0 where no row is dated
    is_possible = (newest >= start - DAY) & (newest < start + LATEST_AFTER_LABEL)
    moments = np.where(is_possible, newest, start + NOON)
    later = np.arange(len(moments))  # strictly later, were two labels read at one moment
    return np.asarray(np.maximum.accumulate(moments - later) + later, dtype=np.int64)


def day(label: int) -> str:
    """The date of a label, ISO 8601."""
    return datetime.fromtimestamp(int(label) * DAY, UTC).date().isoformat()


def listed(labels: pd.Series) -> str:
    """Dates of labels as text."""
    return defect.listed([day(label) for label in labels])


def _labels(check: str, what: str, rows: pd.DataFrame, treatment: str) -> Defect:
    return Defect(check, what, listed(rows["label"]), int(rows["n_rows"].sum()), treatment)


def _gaps(table: pd.DataFrame) -> Defect:
    """Weeks without a reading."""
    step = table["label"].diff()
    after = table["label"][step > WEEK]
    missing = int((step[step > WEEK] // WEEK - 1).sum())
    return Defect(
        "missing-weeks", "weeks without a reading, before", listed(after), missing,
        "the time between two readings is what it is; sums are cut in proportion",
    )  # fmt: skip


def _offset(table: pd.DataFrame) -> Defect:
    """How long after its label each snapshot was read."""
    late = ((table["moment"] - table["label"] * DAY) / DAY).clip(lower=0)
    return Defect(
        "label-before-reading", "the Hub was read after the label of the snapshot",
        f"{late.min():.1f} to {late.max():.1f} days", int((late >= 1).sum()),
        "every count is dated by the newest repository in its snapshot",
    )  # fmt: skip


def _without_counters(used: pd.DataFrame, with_counters: np.ndarray) -> Defect:
    """Readings that have the 30-day field alone."""
    return _labels(
        "no-cumulative-counter", "readings with the 30-day field alone", used[~with_counters],
        "rebuilt by a chain of 30-day windows, anchored where a counter holds a whole life",
    )  # fmt: skip


def _no_id(used: pd.DataFrame) -> int:
    return int((used["n_rows"] - used["n_ids"]).sum())
