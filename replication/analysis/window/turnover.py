"""How the leading developers changed from one part of a year to the next, and the lead with them.

Resampling developers says how far the lead would move had others become hits. What the records hold of
consecutive periods says how far it did move: because the leaders of the earlier period gained or lost,
and because others took their place. It is a lower bound of luck, as models of the earlier period go on
being downloaded in the later one, and gaps of the records are filled by rules that change nothing. The
released file holds no repository that was made after its cohort closed, so that in it nobody new can enter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.analysis.cells import Weeks
from replication.analysis.lead import SIDES
from replication.analysis.weekly import headline_series, judged_weeks
from replication.analysis.window.data import WindowData, headline_column
from replication.analysis.window.errors import side_of
from replication.analysis.window.lists import is_automated
from replication.definitions import Inference
from replication.inference.cells import largest_first
from replication.inference.intervals import percentile
from replication.inference.resampling import generator_of

WINDOW, WEEKLY = "published window", "weekly"
LEADING = 10
"""Developers of each period that are followed into the next."""
PARTS = {"half-year": 26, "quarter": 13}
"""Kinds of periods, with their weeks."""
_LABEL = {WINDOW: 52 / 12, WEEKLY: 1.0}
"""Weeks of what a label of a series stands for: a month or a week."""
_STREAM = 7
_MOST_DRAWS = 1 << 23
"""Growth factors drawn for one row, which bounds its time: of very many developers, fewer replicates."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Periods:
    """Downloads by developer and period.

    Attributes
    ----------
    series
        What they are taken from: `WINDOW` or `WEEKLY`.
    kind
        One of `PARTS`.
    names
        Names of the p periods, by their first and last month or week.
    units
        Names of the n developers.
    counts
        Downloads (n, 3, p) in China, in the USA and in all other groups.
    """

    series: str
    kind: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    counts: Floats


@dataclass(frozen=True)
class Change:
    """Two consecutive periods: shares of the total by developer, and the places in their order.

    Attributes
    ----------
    before, after
        Shares (n, 3) of the earlier and the later period.
    """

    before: Floats
    after: Floats

    @property
    def sizes(self) -> tuple[Floats, Floats]:
        """Shares (n,) of each developer, earlier and later."""
        return self.before.sum(axis=1), self.after.sum(axis=1)

    @property
    def leaders(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The `LEADING` largest developers of the earlier and of the later period, largest first."""
        first, second = (largest_first(size)[:LEADING] for size in self.sizes)
        return first, second

    @property
    def growth(self) -> Floats:
        """Later share over earlier share of the leaders of the earlier period.

        Whoever enters from next to nothing has a growth of thousands, which says nothing of how much a
        large developer can gain.
        """
        before, after = self.sizes
        first, _ = self.leaders
        held = first[before[first] > 0]
        return np.asarray(after[held] / before[held])


def changes(window: WindowData, weeks: Weeks) -> pd.DataFrame:
    """What became of the leaders and of the lead from each period to the next.

    Parameters
    ----------
    window
        The published window, without what looks automated.
    weeks
        The weekly series of the released file.

    Returns
    -------
    pandas.DataFrame
        One row a series, kind of period and pair of periods: ``series, kind, earlier, later``;
        ``leaders`` and ``stay`` (how many lead in both); ``share`` of the leaders in the earlier
        period and ``later_share``, theirs in the later; ``moved`` (half the sum of all developers'
        absolute changes of share); ``lead, later_lead, change``, and the parts of the change that are
        ``by_staying`` leaders, ``by_leaving`` and ``by_entering`` ones and ``by_others``;
        ``growth_smallest, growth_largest`` of `Change.growth`; and ``model_lower, model_upper``, the
        middle of the leads in a model, not an estimate: the downloads of both periods together, of which
        each developer's grow once more, independently, by one of these factors drawn at random, and
        where nobody enters.
    """
    rules = window.definitions.inference
    rows = [
        {"series": p.series, "kind": p.kind, "earlier": p.names[n], "later": p.names[n + 1]}
        | _changed(_change(p, n), p.counts[:, :, n : n + 2].sum(axis=2), rules)
        for p in _every(window, weeks) for n in range(len(p.names) - 1)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def leaders(window: WindowData, weeks: Weeks) -> pd.DataFrame:
    """The leaders of each period, and their place in the next.

    Returns
    -------
    pandas.DataFrame
        One row a pair of periods, as in `changes`, and leader of the earlier: ``series, kind,
        earlier, later, rank, developer, group`` (China, USA or all others), ``share, later_share,
        later_rank`` (0 where nothing was downloaded).
    """
    rows = []
    for p in _every(window, weeks):
        for n, (earlier, later) in enumerate(pairwise(p.names)):
            change = _change(p, n)
            before, after = change.sizes
            places = np.argsort(largest_first(after)) + 1
            about = {"series": p.series, "kind": p.kind, "earlier": earlier, "later": later}
            rows += [
                about | {
                    "rank": rank, "developer": p.units[who],
                    "group": (*SIDES, "all others")[int(change.before[who].argmax())],
                    "share": before[who], "later_share": after[who],
                    "later_rank": int(places[who]) if after[who] > 0 else 0,
                }
                for rank, who in enumerate(change.leaders[0], 1)
            ]  # fmt: skip
    return pd.DataFrame(rows)


def _every(window: WindowData, weeks: Weeks) -> Iterator[Periods]:
    """Half-years and quarters of the window's months and of the released file's weeks."""
    for series, labels, units, counts in (_of_window(window), _of_weeks(weeks, window)):
        for kind, width in PARTS.items():
            wanted = max(2, round(len(labels) * _LABEL[series] / width))
            parts = min(wanted, len(labels))
            starts = [len(labels) * n // parts for n in range(parts)]
            sums = np.add.reduceat(counts, starts, axis=2)
            ends = [*starts[1:], len(labels)]
            names = [f"{labels[a]}–{labels[b - 1]}" for a, b in zip(starts, ends, strict=True)]
            yield Periods(series, kind, tuple(names), units, sums)


_Series = tuple[str, tuple[str, ...], tuple[str, ...], Floats]


def _of_window(data: WindowData) -> _Series:
    """Name, months, developers and downloads (n, 3, months) of the window."""
    about = data.definitions.published_window
    column = headline_column(data.definitions)
    group, who = f"{about.labels}_group_{about.attribution}", f"{about.attribution}_developer"
    needed = ["month", "kinds", group, who]
    estimates = data.by_month[needed].assign(downloads=data.by_month[column])
    rest = data.headline_rest[[*needed, "downloads"]]
    rows = pd.concat([estimates, rest], ignore_index=True)
    rows = rows[~is_automated(rows)]
    side = side_of(rows[group])
    codes, units = pd.factorize(rows[who], sort=True)
    places = [
        pd.Categorical(values, categories=list(names)).codes.astype(np.int64)
        for values, names in ((side, (*SIDES, "all others")), (rows["month"], data.month_names))
    ]
    counts = np.zeros((len(units), len(SIDES) + 1, len(data.month_names)))
    np.add.at(counts, (codes, *places), rows["downloads"].fillna(0).to_numpy(dtype=float))
    return WINDOW, data.month_names, tuple(units), counts


def _of_weeks(weeks: Weeks, data: WindowData) -> _Series:
    """Name, weeks, developers and half downloads (n, 3, weeks) of the weekly series that are judged."""
    series, counts = next(headline_series(weeks))
    judged = judged_weeks(counts.sum(axis=(0, 1)).astype(float), data.definitions.time.thin_share)
    units = weeks.of_headline().units
    return series, weeks.labels[:judged], units, counts[:, :, :judged].astype(float)


def _change(periods: Periods, place: int) -> Change:
    """The change from the period at a place to the next."""
    first, second = (periods.counts[:, :, n] for n in (place, place + 1))
    return Change(first / first.sum(), second / second.sum())


def _changed(change: Change, together: Floats, rules: Inference) -> dict[str, object]:
    """Values of one row of `changes`; `together` are the downloads (n, 3) of both periods."""
    first, second = change.leaders
    (before, after), moved = change.sizes, change.after - change.before
    by = moved[:, 0] - moved[:, 1]
    leads = [
        float(share[:, 0].sum() - share[:, 1].sum()) for share in (change.before, change.after)
    ]
    earlier, later = (np.isin(np.arange(len(by)), each) for each in (first, second))
    low, high = _model(together, change.growth, rules)
    return {
        "leaders": len(first), "stay": int((earlier & later).sum()),
        "share": before[first].sum(), "later_share": after[first].sum(),
        "moved": np.abs(after - before).sum() / 2,
        "lead": leads[0], "later_lead": leads[1], "change": leads[1] - leads[0],
        "by_staying": by[earlier & later].sum(), "by_leaving": by[earlier & ~later].sum(),
        "by_entering": by[later & ~earlier].sum(), "by_others": by[~earlier & ~later].sum(),
        "growth_smallest": change.growth.min(), "growth_largest": change.growth.max(),
        "model_lower": low, "model_upper": high,
    }  # fmt: skip


def _model(counts: Floats, growth: Floats, rules: Inference) -> tuple[float, float]:
    """Ends of the lead of downloads (n, 3) were each developer to grow by one of some factors."""
    some = counts[counts.sum(axis=1) > 0]
    replicates = min(rules.replicates, max(1, _MOST_DRAWS // len(some)))
    draw = generator_of(rules.seed, len(some), _STREAM)
    totals = growth[draw.integers(len(growth), size=(replicates, len(some)))] @ some
    totals = totals[totals.any(axis=1)]  # nothing is left where all factors drawn are nothing
    lead = (totals[:, 0] - totals[:, 1]) / totals.sum(axis=1)
    low, high = percentile(lead[:, None], rules.level)
    return float(low[0]), float(high[0])
