"""Shares over rolling sums of weeks of several widths, and when China passes the USA in each.

A narrow sum is noisy and a wide one late; the crossing is computed for every width, and under
resampling of developers, of developers and weeks, and of weeks alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from replication.analysis.cells import Weeks
from replication.analysis.weekly import (
    GROUPS,
    NEVER,
    TOO_SHORT,
    Floats,
    Ints,
    bands,
    crossing,
    first_lasting,
    headline_series,
    judged_weeks,
    resampled,
    shares_and_lead,
    smoothed,
)
from replication.definitions import Definitions, Inference
from replication.errors import DegenerateDataError
from replication.inference.blocks import (
    MovingBlocks,
    StationaryBlocks,
    block_margins,
    in_chunks,
    independent_weights,
)

WIDTHS = (4, 13, 26, 52)
"""Weeks that a rolling sum takes."""
DEVELOPERS, PRODUCT = "developers", "developers × weeks"
BLOCKS = (StationaryBlocks, MovingBlocks)
REFUSED = "refused"
"""Stands for the ends of an interval where a scheme is not defined on the series."""


@dataclass(frozen=True)
class Breaks:
    """Days, ISO 8601, at which the readings behind the weekly series change their nature.

    Attributes
    ----------
    frozen
        Readings at which the counters stood still: there the series is interpolated.
    daily
        The first daily reading after weekly ones, empty for none. A weekly label is the start of
        its week, so that the week in which daily ones begin holds fewer days than others.
    closed
        The day after which no repository was created, empty for none: from there on the set ages.
    """

    frozen: tuple[str, ...] = ()
    daily: str = ""
    closed: str = ""

    @classmethod
    def of(cls, defects: pd.DataFrame) -> Breaks:
        """Take them from the table of `replication.panel.defects.to_frame`."""
        where = defects[defects["rows"] > 0].set_index("check")["where"]

        def days(check: str) -> list[str]:
            return re.findall(r"\d{4}-\d\d-\d\d", str(where.get(check, "")))

        daily, closed = days("mixed-cadence"), days("closed-cohort")
        return cls(tuple(days("frozen-readings")), *("".join(x[:1]) for x in (daily, closed)))


NO_BREAKS = Breaks()


class Draws(NamedTuple):
    """China − USA (B, T) in replicates of a scheme, None where it is refused, and its blocks."""

    scheme: str
    margins: Floats | None
    block_length: float


class Rolling(NamedTuple):
    """Shares in rolling sums, and from which sum on China leads.

    Attributes
    ----------
    shares
        ``series, width, week`` (the label at which the sum ends), ``group`` (`GROUPS`), ``share,
        lower, upper`` (percentile interval over developers), and whether the sum begins after, or
        ends at, a frozen reading (``frozen``: of the counters it holds only these two, so that a sum
        across a whole freeze is not touched by the interpolation), holds the week in which daily
        readings begin (``seam``), and ends after the last repository was created (``ageing``).
    crossings
        ``series, width, scheme, week, lower, upper, judged_until, never_fraction, block_length``, one
        row a width and scheme: `TOO_SHORT` for the weeks of a width that exceeds the series,
        `REFUSED` for the ends of a scheme that is not defined. The length of blocks, only where
        blocks are drawn, is the estimate in weeks; below 1, single weeks are drawn.
    distribution
        ``series, width, scheme, week, fraction`` of the replicates that cross in each week, or never.
    """

    shares: pd.DataFrame
    crossings: pd.DataFrame
    distribution: pd.DataFrame


def rolling(weeks: Weeks, widths: Sequence[int] = WIDTHS, breaks: Breaks = NO_BREAKS) -> Rolling:
    """Rolling shares with bands, and the crossing of each width under each scheme of resampling.

    The crossing is the first week from which China leads the USA in every rolling sum to the last
    that is judged.

    Parameters
    ----------
    weeks
        Attributed weekly downloads; their definitions say who is credited, by whose labels.
    widths
        Weeks that a rolling sum takes, each at least 1.
    breaks
        What the shares are marked with.

    Raises
    ------
    DegenerateDataError
        There are no weeks, or fewer than two developers.
    """
    labels, rules = weeks.labels, weeks.definitions.inference
    shares, crossings, distribution = [], [], []
    for name, counts in headline_series(weeks):
        totals, replicates = counts.sum(axis=0), resampled(counts, rules)
        schemes = list(_schemes(totals, replicates, rules))
        for width in widths:
            keys = {"series": name, "width": width}
            if width <= len(labels):
                table = _bands(totals, replicates, width, labels, rules.level)
                shares.append(table.assign(**keys, **_marks(labels, width, breaks)))
            for draws in schemes:
                row, fractions = _crossing(totals, draws, width, labels, weeks.definitions)
                crossings.append({**keys, "scheme": draws.scheme, **row})
                distribution.append(fractions.assign(**keys, scheme=draws.scheme))
    marks = ("frozen", "seam", "ageing")
    return Rolling(
        _table(shares, "series", "width", "week", "group", "share", "lower", "upper", *marks),
        pd.DataFrame(crossings),
        _table(distribution, "series", "width", "scheme", "week", "fraction"),
    )


def _schemes(totals: Ints, replicates: Floats, rules: Inference) -> Iterator[Draws]:
    """Every scheme, from totals (3, T) and those of resampled developers (B, 3, T).

    A week's independent weight is that of both countries: it moves which weeks count in a sum, and
    not who leads in a week. Blocks leave developers as they are.
    """
    margins = replicates[:, 0] - replicates[:, 1]
    yield Draws(DEVELOPERS, margins, np.nan)
    weigh = partial(independent_weights, totals.shape[1], rules.chunk, rules.seed)
    yield Draws(PRODUCT, margins * in_chunks(weigh, rules), np.nan)
    for kind in BLOCKS:
        try:
            yield Draws(kind.name, *block_margins(totals[0], totals[1], kind, rules))
        except DegenerateDataError:
            yield Draws(kind.name, None, np.nan)


def _bands(
    totals: Ints, replicates: Floats, width: int, weeks: Sequence[str], level: float
) -> pd.DataFrame:
    """Shares of `GROUPS` in every rolling sum with their percentile bands."""
    share = shares_and_lead(smoothed(totals.astype(float), width))
    in_replicates = shares_and_lead(smoothed(replicates, width))
    return bands(share, in_replicates, GROUPS, weeks[width - 1 :], level)


def _marks(weeks: Sequence[str], width: int, breaks: Breaks) -> dict[str, Any]:
    """What each sum touches, once for every group.

    The label before the first week is the first reading of all, which cannot be frozen.
    """
    ends = np.array(weeks[width - 1 :])
    stood = np.array([False, *(week in breaks.frozen for week in weeks)])
    joint = next((week for week in weeks if week >= breaks.daily), "") if breaks.daily else ""
    is_joint = np.array([float(week == joint) for week in weeks])
    marks = {
        "frozen": stood[:-width] | stood[width:],
        "seam": smoothed(is_joint, width) > 0,
        "ageing": (ends > breaks.closed) & bool(breaks.closed),
    }
    return {name: np.tile(mark, len(GROUPS)) for name, mark in marks.items()}


def _crossing(
    totals: Ints, draws: Draws, width: int, weeks: Sequence[str], definitions: Definitions
) -> tuple[dict[str, Any], pd.DataFrame]:
    """The crossing of one width under one scheme, and the distribution of its replicates."""
    nothing = pd.DataFrame({"week": [], "fraction": []})
    row: dict[str, Any] = dict.fromkeys(("week", "lower", "upper", "judged_until"), TOO_SHORT)
    row |= {"never_fraction": np.nan, "block_length": draws.block_length}
    if width > len(weeks):
        return row, nothing
    sums = smoothed(totals.astype(float), width)
    judged = judged_weeks(sums.sum(axis=0), definitions.time.thin_share)
    names = weeks[width - 1 :][:judged]
    place = int(first_lasting(sums[0, :judged] - sums[1, :judged] > 0))
    row |= {"week": [*names, NEVER][place], "judged_until": names[-1]}
    if draws.margins is None:
        return row | {"lower": REFUSED, "upper": REFUSED}, nothing
    leads = smoothed(draws.margins, width)[:, :judged] > 0
    ends, distribution = crossing(leads, names, definitions.inference.level)
    return row | ends, distribution


def _table(parts: list[pd.DataFrame], *columns: str) -> pd.DataFrame:
    """Parts with any row one below the other, with the named columns in that order."""
    full = [part for part in parts if len(part)] or [pd.DataFrame(columns=[*columns])]
    return pd.concat(full, ignore_index=True)[[*columns]]
