"""Shares over rolling sums of weeks of several widths, and when China passes the USA in each.

A narrow sum is noisy and a wide one late; the crossing is found for every width, and under
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
from numpy.typing import NDArray

from replication.analysis.crossover import NEVER, first_lasting, judged_weeks, middle, smoothed
from replication.definitions import Definitions, Exclusion, Inference
from replication.errors import DegenerateDataError
from replication.inference import intervals
from replication.inference.blocks import (
    MovingBlocks,
    StationaryBlocks,
    block_margins,
    in_chunks,
    independent_weights,
)
from replication.inference.cells import WEEKLY_CREDIT, credit, leave_out
from replication.inference.resampling import replicate_totals
from replication.inference.statistics import LEAD

WIDTHS = (4, 13, 26, 52)
"""Weeks that a rolling sum takes."""
SIDES = ("China", "USA", "rest")
"""Columns of the weekly cells: the rest is only part of the total."""
GROUPS = ("China", "USA", LEAD)
DEVELOPERS, PRODUCT = "developers", "developers × weeks"
BLOCKS = (StationaryBlocks, MovingBlocks)
SCHEMES = (DEVELOPERS, PRODUCT, *(blocks.name for blocks in BLOCKS))
TOO_SHORT = "too short"
"""Stands for a week where the series has fewer weeks than a sum takes."""
REFUSED = "refused"
"""Stands for the ends of an interval where a scheme is not defined on the series."""
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


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
        found = defects[defects["rows"] > 0].set_index("check")["where"]

        def days(check: str) -> list[str]:
            return re.findall(r"\d{4}-\d\d-\d\d", str(found.get(check, "")))

        daily, closed = days("mixed-cadence"), days("closed-cohort")
        return cls(tuple(days("frozen-readings")), *("".join(x[:1]) for x in (daily, closed)))


NO_BREAKS = Breaks()


class Draws(NamedTuple):
    """China − USA (B, T) in replicates of a scheme, None where it is refused, and its blocks."""

    scheme: str
    margins: Floats | None
    block_length: float


def rolling(
    weekly: pd.DataFrame,
    definitions: Definitions,
    widths: Sequence[int] = WIDTHS,
    breaks: Breaks = NO_BREAKS,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Rolling shares with bands, and the crossing of each width under each scheme.

    Who is credited, and by whose labels, is the headline's choice (`weekly_cells`). The crossing
    is the first week from which China leads the USA in every rolling sum to the last that is judged
    (`replication.analysis.crossover.judged_weeks`). Schemes:

    - developers: developers with replacement, as for the bands;
    - developers × weeks: the same developers, and an independent exponential weight for every
      week. A week's weight is that of both countries, so that it moves which weeks count in a
      sum and not who leads in a week;
    - stationary blocks, moving blocks: developers as they are, weeks resampled (`block_margins`).

    Parameters
    ----------
    weekly
        Attributed weekly downloads.
    definitions
        Definitions: exclusions, headline, replicates, seed and level.
    widths
        Weeks that a rolling sum takes, each at least 1.
    breaks
        What the shares are marked with.

    Returns
    -------
    tuple of pandas.DataFrame
        Shares: ``series, width, week`` (the label at which the sum ends), ``group`` (`GROUPS`),
        ``share, lower, upper`` (percentile interval over developers), and whether the sum begins
        after, or ends at, a frozen reading (``frozen``: of the counters it holds only these two,
        so that a sum across a whole freeze is not touched by the interpolation), holds the week
        in which daily readings begin (``seam``), and ends after the last repository was created
        (``ageing``).

        Crossings: ``series, width, scheme, week, lower, upper, judged_until, never_fraction,
        block_length``,
        one row a width and scheme: `TOO_SHORT` for the weeks of a width that exceeds the series,
        `REFUSED` for the ends of a scheme that is not defined. The length of blocks, only where
        blocks are drawn, is the estimate in weeks; below 1, single weeks are drawn.

        Distribution: ``series, width, scheme, week, fraction`` of the replicates that cross in
        each week, or never.

    Raises
    ------
    DegenerateDataError
        There are no weeks, or fewer than two developers.
    """
    weeks, rules = labels_of(weekly), definitions.inference
    shares, crossings, distribution = [], [], []
    for name, counts in weekly_cells(weekly, definitions):
        flat = counts.reshape(len(counts), -1)
        drawn = replicate_totals(flat, rules.replicates, rules.chunk, rules.seed)
        drawn, totals = drawn.reshape(-1, *counts.shape[1:]), counts.sum(axis=0)
        schemes = list(_schemes(totals, drawn, rules))
        for width in widths:
            keys = {"series": name, "width": width}
            if width <= len(weeks):
                bands = _bands(totals, drawn, width, weeks, rules.level)
                shares.append(bands.assign(**keys, **_marks(weeks, width, breaks)))
            for draws in schemes:
                row, fractions = _crossing(totals, draws, width, weeks, definitions)
                crossings.append({**keys, "scheme": draws.scheme, **row})
                distribution.append(fractions.assign(**keys, scheme=draws.scheme))
    marks = ("frozen", "seam", "ageing")
    return (
        _table(shares, "series", "width", "week", "group", "share", "lower", "upper", *marks),
        pd.DataFrame(crossings),
        _table(distribution, "series", "width", "scheme", "week", "fraction"),
    )


def labels_of(weekly: pd.DataFrame) -> list[str]:
    """Labels of the weeks in order.

    Raises
    ------
    DegenerateDataError
        There are none.
    """
    weeks = sorted(weekly["week"].unique())
    if not weeks:
        raise DegenerateDataError("there are no weeks", "use a file with weekly readings")
    return weeks


def weekly_cells(weekly: pd.DataFrame, definitions: Definitions) -> Iterator[tuple[str, Ints]]:
    """Half downloads (developers, 3, T) of `SIDES`, with and without each estimated exclusion.

    Credited is the headline's role, or the uploader where the weeks do not know that role.

    Parameters
    ----------
    weekly
        Attributed weekly downloads of T weeks.
    definitions
        Definitions.

    Yields
    ------
    tuple of str and numpy.ndarray
        Name of the series, as in `replication.analysis.crossover.series`, and its cells. A
        developer of any week has a row.
    """
    weeks, chosen = labels_of(weekly), definitions.headline
    known = chosen.attribution in WEEKLY_CREDIT
    attribution = chosen.attribution if known else WEEKLY_CREDIT[0]
    choices: tuple[Exclusion | None, ...] = (None, *definitions.estimated_exclusions)
    for exclusion in choices:
        kept = leave_out(weekly, exclusion)
        name = f"weekly-without-{exclusion.id}" if exclusion else "weekly"
        yield name, _cells(credit(kept, "downloads", attribution, chosen.labels), weeks)


def shares_of(totals: NDArray[np.number]) -> Floats:
    """Shares of China and the USA and the lead (…, 3, k) from totals (…, 3, k) of `SIDES`.

    NaN where nothing was downloaded.
    """
    with np.errstate(invalid="ignore"):
        share = totals / totals.sum(axis=-2, keepdims=True)
    china, usa = share[..., 0, :], share[..., 1, :]
    return np.stack([china, usa, china - usa], axis=-2)


def _cells(credited: pd.DataFrame, weeks: list[str]) -> Ints:
    """Half downloads (developers, 3, T)."""
    group = credited["group"]
    table = credited.assign(side=group.where(group.isin(SIDES[:2]), SIDES[2])).pivot_table(
        index="developer",
        columns=["side", "week"],
        values="half_downloads",
        aggfunc="sum",
        fill_value=0,
    )
    columns = pd.MultiIndex.from_product([SIDES, weeks])
    counts = np.asarray(table.reindex(columns=columns, fill_value=0), dtype=np.int64)
    return counts.reshape(-1, len(SIDES), len(weeks))


def _schemes(totals: Ints, drawn: Floats, rules: Inference) -> Iterator[Draws]:
    """Every scheme, from totals (3, T) and those of resampled developers (B, 3, T)."""
    margins = drawn[:, 0] - drawn[:, 1]
    yield Draws(DEVELOPERS, margins, np.nan)
    weigh = partial(independent_weights, totals.shape[1], rules.chunk, rules.seed)
    yield Draws(PRODUCT, margins * in_chunks(weigh, rules), np.nan)
    for kind in BLOCKS:
        try:
            yield Draws(kind.name, *block_margins(totals, kind, rules))
        except DegenerateDataError:
            yield Draws(kind.name, None, np.nan)


def _bands(totals: Ints, drawn: Floats, width: int, weeks: list[str], level: float) -> pd.DataFrame:
    """Shares of `GROUPS` in every rolling sum with their percentile bands."""
    share = shares_of(smoothed(totals.astype(float), width))
    replicates = shares_of(smoothed(drawn, width))
    low, high = intervals.percentile(replicates.reshape(len(drawn), -1), level)
    grid = pd.MultiIndex.from_product([GROUPS, weeks[width - 1 :]], names=["group", "week"])
    columns = {"share": share.ravel(), "lower": low, "upper": high}
    return pd.DataFrame(columns, index=grid).reset_index()


def _marks(weeks: list[str], width: int, breaks: Breaks) -> dict[str, NDArray[np.bool_]]:
    """What each sum touches, once for every group.

    The label before the first week is the first reading of all, which cannot be frozen.
    """
    ends = np.array(weeks[width - 1 :])
    stood = np.array([False, *(week in breaks.frozen for week in weeks)])
    joint = next((week for week in weeks if week >= breaks.daily), "") if breaks.daily else ""
    held = np.array([float(week == joint) for week in weeks])
    marks = {
        "frozen": stood[:-width] | stood[width:],
        "seam": smoothed(held, width) > 0,
        "ageing": (ends > breaks.closed) & bool(breaks.closed),
    }
    return {name: np.tile(mark, len(GROUPS)) for name, mark in marks.items()}


def _crossing(
    totals: Ints, draws: Draws, width: int, weeks: list[str], definitions: Definitions
) -> tuple[dict[str, Any], pd.DataFrame]:
    """The crossing of one width under one scheme, and the distribution of its replicates."""
    nothing = pd.DataFrame({"week": [], "fraction": []})
    row: dict[str, Any] = dict.fromkeys(("week", "lower", "upper", "judged_until"), TOO_SHORT)
    row |= {"never_fraction": np.nan, "block_length": draws.block_length}
    if width > len(weeks):
        return row, nothing
    sums = smoothed(totals.astype(float), width)
    judged = judged_weeks(sums.sum(axis=0), definitions.time.thin_share)
    names = [*weeks[width - 1 :][:judged], NEVER]
    margin = sums[0, :judged] - sums[1, :judged]
    row |= {"week": names[int(first_lasting(margin > 0))], "judged_until": names[judged - 1]}
    row |= {"lower": REFUSED, "upper": REFUSED}
    if draws.margins is None:
        return row, nothing
    drawn = first_lasting(smoothed(draws.margins, width)[:, :judged] > 0)
    low, high = middle(drawn, definitions.inference.level)
    fraction = np.bincount(drawn, minlength=len(names)) / len(drawn)
    row |= {"lower": names[low], "upper": names[high], "never_fraction": float(fraction[-1])}
    return row, pd.DataFrame({"week": names, "fraction": fraction})


def _table(parts: list[pd.DataFrame], *columns: str) -> pd.DataFrame:
    """Parts with any row one below the other, with the named columns in that order."""
    held = [part for part in parts if len(part)] or [pd.DataFrame(columns=[*columns])]
    return pd.concat(held, ignore_index=True)[[*columns]]
