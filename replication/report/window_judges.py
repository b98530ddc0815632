"""How claims are judged by the published window, rebuilt from public records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from replication.analysis.cells import DEVELOPER
from replication.analysis.lead import LEAD
from replication.analysis.weekly import NEVER
from replication.analysis.window import changes as window_changes
from replication.analysis.window import months as window_months
from replication.definitions import Definitions
from replication.plain import listed
from replication.report.answers import (
    CONTRADICTED,
    FRAGILE,
    REPRODUCED,
    ROBUST,
    Judgement,
    Rule,
    marks,
    threshold,
    untested,
)
from replication.report.claims import SHARE_COLUMNS, Claim

NOT_YET = "not over the year"
SIGN = "what was published is that China is ahead; by how much it is does not decide the answer"


def of_window(definitions: Definitions, window: Mapping[str, pd.DataFrame]) -> dict[str, Rule]:
    """How claims about the published window are judged, by the window from public records."""
    judges = _Window(
        window["window_answers"].set_index("statistic"),
        window["window_changes"],
        window["window_passing"],
        window["window_months"],
        definitions,
    )
    return {
        "share": judges.share,
        "lead": judges.lead,
        "family": judges.family,
        "first-lead": judges.first_lead,
        "developers": judges.developers,
        "unattributed": judges.unattributed,
    }


@dataclass(frozen=True)
class _Window:
    """The published window's answers by statistic, and what every single change makes of them."""

    answers: pd.DataFrame
    changes: pd.DataFrame
    passing: pd.DataFrame
    months: pd.DataFrame
    definitions: Definitions

    def share(self, claim: Claim) -> Judgement:
        """A published share, within what the records leave open and the margin."""
        values = 100 * self.changes[SHARE_COLUMNS[claim.group]].to_numpy()
        half = self._half(claim.group, values[0])
        margin = self.definitions.verdict.share_margin_points
        near = np.abs(values - float(claim.value)) <= half + margin
        reason = f"public records leave ±{half:.1f} points open, and the margin is {margin:.1f}"
        return _answered(values[0], half, near, self.changes, reason)

    def lead(self, _: Claim) -> Judgement:
        """The sign of China − USA."""
        values = 100 * self.changes["lead"].to_numpy()
        half = self._half(LEAD, values[0])
        return _answered(values[0], half, values > 0, self.changes, SIGN)

    def family(self, claim: Claim) -> Judgement:
        """Whether the family holds a majority, or a vast majority, of its group."""
        values = 100 * self.changes["family"].to_numpy()
        mark = marks(self.definitions)[claim.value]
        # To leave one of the family out, or all that is not theirs, would change the claim.
        own = (self.changes["kind"] != DEVELOPER).to_numpy()
        holds = np.where(own, values > mark, values[0] > mark)
        reason = threshold(mark)
        return _answered(values[0], 0.0, holds, self.changes, reason)

    def first_lead(self, claim: Claim) -> Judgement:
        """Whether China leads over the window, and from which month on it is ahead to the end."""
        values = self.changes["lead"].to_numpy()
        rows = self.passing[self.passing["scope"] == window_months.ALL].set_index("measure")
        first = str(rows["lasting"]["corrected"])
        year, since = first.startswith(claim.value), str(rows["lasting"]["estimate"])
        holds = (values > 0) & (year or first == NEVER)
        holds[0] &= year
        ahead, behind = ("China", "the USA") if values[0] > 0 else ("the USA", "China")
        reason = (
            f"over the twelve months as a whole {ahead} is ahead of {behind}; who led in the last of them "
            f"is open: China is ahead to the end {_from(since)} in what records follow, and "
            f"{_from(first)} with what they miss added"
        )
        judgement = _answered(0.0, 0.0, holds, self.changes, reason)
        over = values[0] > 0 and first != NEVER
        return replace(judgement, estimate=_from(first) if over else NOT_YET)

    def developers(self, claim: Claim) -> Judgement:
        """Downloads of named developers in the window, beside those of others: a nearest figure."""
        ours, others = (self._downloads(names) for names in (claim.developers, claim.beside))
        if ours is None or others is None:
            return untested(claim.reason)
        shown = "{} have {:,.0f} million".format
        reason = (
            f"in the published window, {self.definitions.young} downloads alone: "
            f"{shown(listed(claim.developers), ours['estimate'] / 1e6)}, "
            f"{shown(listed(claim.beside), others['estimate'] / 1e6)}; {claim.reason}"
        )
        return untested(reason, *(float(ours[name]) for name in ("estimate", "seen", "ceiling")))

    def _downloads(self, developers: tuple[str, ...]) -> pd.Series | None:
        """Downloads of tracked developers over all months; None where one is not tracked."""
        rows = self.months[self.months["scope"] == window_months.ALL].set_index("series")
        if not set(developers) <= set(rows.index):
            return None
        return rows.loc[[*developers], ["estimate", "seen", "ceiling"]].sum()

    def unattributed(self, claim: Claim) -> Judgement:
        """The share of the window's downloads that belong to no country: a nearest figure."""
        bounds = self.answers.loc["China", ["bounds_lower", "bounds_upper"]].to_numpy(dtype=float)
        share = 100 * float(bounds[1] - bounds[0])
        reason = (
            f"of the published window's {self.definitions.young} downloads {share:.1f} % belong to no country: "
            f"individuals, international communities and unknown accounts; {claim.reason}"
        )
        return untested(reason, share)

    def _half(self, statistic: str, value: float) -> float:
        """How many points the records leave open on either side of a statistic."""
        if statistic in self.answers.index:
            row = self.answers.loc[statistic]
            return 100 * float(row["records_upper"] - row["point"])
        total = self.answers.loc["total"]  # of a smaller group it is that of all others
        return float(value * (total["records_upper"] / total["point"] - 1))


def _answered(
    point: float, half: float, holds: np.ndarray, changes: pd.DataFrame, reason: str
) -> Judgement:
    """Both answers from what holds under every change, the headline first."""
    turned = window_changes.smallest_turn(changes, dict(enumerate(holds.tolist())))
    return Judgement(
        float(point), float(point - half) if half else "", float(point + half) if half else "",
        REPRODUCED if holds[0] else CONTRADICTED, FRAGILE if turned else ROBUST, turned, reason,
    )  # fmt: skip


def _from(month: str) -> str:
    """The month from which on something holds, in words."""
    return "from no month" if month == NEVER else f"from {month}"
