"""The two answers that the analysis gives on each published figure of the ledger.

*Does it come out of public data?*

- reproduced: the figure lies within what public data show, give or take the margin of definitions.toml;
- contradicted: it does not;
- not testable with this source: it holds a part of the Hub alone;
- not testable with public data: no public table holds it, or its definition is not printed; the reason
  says what it would take.

*Does it survive reasonable choices?*

- robust: no single change (another definition, one developer or one repository left out) turns the
  first answer;
- fragile: one does, and the smallest that does is named.

Claims about the published window are judged by the window rebuilt from public records: the range is
that of the records. Claims about other windows are judged by the released file, a head of the Hub: it
may reproduce them, and it contradicts them only where no resolution of what has no country brings them
about. Worst cases inform the second answer and do not decide the first.

Where the source is snapshots of the whole Hub, the rebuilt window is that of the snapshots, and a claim
about a window that was not rebuilt is not testable with them. Where they are known to hold a part of the
Hub alone, or nothing says that they hold all of it, no claim about the Hub is testable with them: a share
needs all downloads, and a lead those of both countries, of which nobody knows what the part leaves out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from replication.analysis import rebuild_error
from replication.analysis.cells import DEVELOPER
from replication.analysis.lead import LEAD
from replication.analysis.weekly import NEVER
from replication.analysis.window import changes as window_changes
from replication.analysis.window import months as window_months
from replication.definitions import Definitions
from replication.report.claims import SHARE_COLUMNS, Claim

REPRODUCED, CONTRADICTED = "reproduced", "contradicted"
NOT_TESTABLE = "not testable with public data"
NOT_TESTABLE_HERE = "not testable with this source"
ROBUST, FRAGILE = "robust", "fragile"
NOT_YET = "not by the end"
TOP_ROWS = 100
"""Rows that the study's dashboard shows, whose shares it takes of the grand total."""
Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Judgement:
    """The estimate of a claim's quantity with its range, and both answers."""

    estimate: float | str
    lower: float | str
    upper: float | str
    answer: str
    survives: str
    turned_by: str
    reason: str


def judge(
    ledger: Sequence[Claim],
    estimates: pd.DataFrame,
    crossings: pd.DataFrame,
    repositories: pd.DataFrame,
    definitions: Definitions,
    window: Tables,
    part: str = "",
) -> pd.DataFrame:
    """Judge every claim of the ledger.

    Parameters
    ----------
    ledger
        The published figures.
    estimates, crossings, repositories
        Of the released file, or of snapshots of the whole Hub.
    definitions
        Definitions and margins.
    window
        Tables of the published window from public records by name; empty where the source is the whole
        Hub.
    part
        What part of the Hub snapshots cover, in words; empty where it is the whole, and for other
        sources.

    Returns
    -------
    pandas.DataFrame
        One row a claim: ``id, statement, published, unit, period, estimate, lower, upper, answer,
        survives, turned_by, reason, source, url, grade``; percentages and points where unit says.
    """
    judges = _of_window(definitions, window) if window else {}
    head = _of_head(estimates, crossings, repositories, definitions)
    known = {"", *(estimand.id for estimand in definitions.estimands)}
    rows = []
    for claim in ledger:
        own = (
            judges.get(claim.judge)
            if claim.estimand in {"", definitions.published_window.id}
            else None
        )
        rule = own or head[claim.judge]
        judgement = rule(claim) if own or claim.estimand in known else _not_rebuilt(claim)
        if part and claim.judge != "none":
            judgement = _of_part(judgement, part)
        what = {k: getattr(claim, k) for k in ("id", "statement", "unit", "period")}
        source = {k: getattr(claim, k) for k in ("source", "url", "grade")}
        rows.append({**what, "published": claim.value, **vars(judgement), **source})
    table = pd.DataFrame(rows)
    order = ["id", "statement", "published", *table.columns.drop(["id", "statement", "published"])]
    return table[order]


def _untested(reason: str, estimate: float | str = "") -> Judgement:
    return Judgement(estimate, "", "", NOT_TESTABLE, "", "", reason)


def _not_rebuilt(claim: Claim) -> Judgement:
    """A claim about a window that the definitions do not have."""
    return _untested(f"its window, {claim.estimand}, is not among those that were rebuilt")


def _of_part(judgement: Judgement, part: str) -> Judgement:
    """What a part of the Hub shows: it stands as the part's own, and judges nothing."""
    reason = f"the snapshots hold {part}; it would take those of the whole Hub"
    return replace(judgement, answer=NOT_TESTABLE_HERE, survives="", turned_by="", reason=reason)


Rule = Callable[[Claim], Judgement]


def _of_window(definitions: Definitions, window: Tables) -> dict[str, Rule]:
    """How claims about the published window are judged, by the window from public records."""
    judges = _Window(
        window["window_answers"].set_index("statistic"),
        window["window_changes"],
        window["window_passing"],
        definitions,
    )
    return {
        "share": judges.share,
        "lead": judges.lead,
        "family": judges.family,
        "first-lead": judges.first_lead,
    }


@dataclass(frozen=True)
class _Window:
    """The published window's answers by statistic, and what every single change makes of them."""

    answers: pd.DataFrame
    changes: pd.DataFrame
    passing: pd.DataFrame
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
        return _answered(values[0], half, values > 0, self.changes, "the sign of China − USA")

    def family(self, claim: Claim) -> Judgement:
        """Whether the family holds a majority, or a vast majority, of its group."""
        values = 100 * self.changes["family"].to_numpy()
        mark = _marks(self.definitions)[claim.value]
        # To leave one of the family out, or all that is not theirs, would change the claim.
        own = (self.changes["kind"] != DEVELOPER).to_numpy()
        holds = np.where(own, values > mark, values[0] > mark)
        reason = f"a {claim.value} is more than {mark:.0f} %"
        return _answered(values[0], 0.0, holds, self.changes, reason)

    def first_lead(self, claim: Claim) -> Judgement:
        """The month from which on China is ahead to the end."""
        values = self.changes["lead"].to_numpy()
        rows = self.passing[self.passing["scope"] == window_months.ALL].set_index("measure")
        first = str(rows["lasting"]["corrected"])
        year, since = first.startswith(claim.value), str(rows["lasting"]["estimate"])
        holds = (values > 0) & (year or first == NEVER)
        holds[0] &= year
        ahead, behind = ("China", "the USA") if values[0] > 0 else ("the USA", "China")
        reason = (
            f"over the window {ahead} is ahead of {behind}; in what records follow China is ahead to "
            f"the end {NEVER if since == NEVER else f'from {since}'}"
        )
        judgement = _answered(0.0, 0.0, holds, self.changes, reason)
        return replace(judgement, estimate=f"from {first}" if first != NEVER else NOT_YET)

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


def _marks(definitions: Definitions) -> dict[str, float]:
    return {
        "majority": definitions.verdict.majority_percent,
        "vast majority": definitions.verdict.vast_majority_percent,
    }


def _of_head(
    estimates: pd.DataFrame,
    crossings: pd.DataFrame,
    repositories: pd.DataFrame,
    definitions: Definitions,
) -> dict[str, Rule]:
    """How claims are judged by the estimates of the released file, or of snapshots."""
    return {
        "share": lambda c: _share(c, estimates, definitions),
        "lead": lambda c: _lead(c, estimates, definitions),
        "family": lambda c: _family(c, estimates, definitions),
        "first-lead": lambda c: _first_lead(c, crossings, definitions),
        "dashboard": lambda c: _dashboard(c, repositories, definitions),
        "none": lambda c: _untested(c.reason),
    }


def _share(claim: Claim, estimates: pd.DataFrame, definitions: Definitions) -> Judgement:
    """A published share beside ours; it is contradicted where no completion brings it about."""
    point, low, high = (
        100 * x for x in _bounds(claim.group, claim.estimand, estimates, definitions)
    )
    published, margin = float(claim.value), definitions.verdict.share_margin_points
    near = abs(point - published) <= margin
    if (
        claim.group in definitions.unattributed
    ):  # each of these groups may hold what others are said to
        parts = [
            _bounds(g, claim.estimand, estimates, definitions)[0] for g in definitions.unattributed
        ]
        low, high = 0.0, 100 * sum(parts)
    rows = estimates[(estimates["group"] == claim.group) & (estimates["method"] == "bounds")]
    nearest = 100 * rows["point"].iloc[int(np.abs(100 * rows["point"] - published).argmin())]
    reason = f"the nearest of {len(rows)} specifications gives {nearest:.1f} %"
    possible = low - margin <= published <= high + margin or abs(nearest - published) <= margin
    answer = REPRODUCED if near else NOT_TESTABLE if possible else CONTRADICTED
    if answer == NOT_TESTABLE:
        reason += "; it would take the definition by which it was computed"
    survives, turned = _without_one(
        claim.group, claim.estimand, estimates, definitions, published, margin
    )
    decided = answer != NOT_TESTABLE
    return Judgement(
        point, low, high, answer, survives if decided else "", turned if decided else "", reason
    )


def _without_one(
    group: str,
    estimand: str,
    estimates: pd.DataFrame,
    definitions: Definitions,
    published: float,
    margin: float,
) -> tuple[str, str]:
    """Whether leaving one developer out turns the answer on a share."""
    rows = _rows(group, estimand, estimates, definitions).set_index("method")
    ends = 100 * rows.loc["leave-one-out", ["lower", "upper"]].to_numpy(dtype=float)
    holds = abs(100 * float(rows["point"].iloc[0]) - published) <= margin
    turned = bool((np.abs(ends - published) > margin).any()) if holds else bool(
        ends[0] - margin <= published <= ends[1] + margin
    )  # fmt: skip
    return (FRAGILE, "one developer left out") if turned else (ROBUST, "")


def _lead(claim: Claim, estimates: pd.DataFrame, definitions: Definitions) -> Judgement:
    """The sign of China − USA."""
    point, low, high = (100 * x for x in _bounds(LEAD, claim.estimand, estimates, definitions))
    rows = estimates[(estimates["group"] == LEAD) & (estimates["method"] == "bounds")]
    ahead = int((rows["point"] > 0).sum())
    reason = f"China leads in {ahead} of {len(rows)} specifications"
    own = _rows(LEAD, claim.estimand, estimates, definitions).set_index("method")
    ends = own.loc["leave-one-out", ["lower", "upper"]].to_numpy(dtype=float)
    turned = bool(((ends > 0) != (point > 0)).any())
    answer = REPRODUCED if point > 0 else CONTRADICTED
    what = "one developer left out" if turned else ""
    return Judgement(point, low, high, answer, FRAGILE if turned else ROBUST, what, reason)


def _family(claim: Claim, estimates: pd.DataFrame, definitions: Definitions) -> Judgement:
    """Whether the family holds a majority, or a vast majority, of its group."""
    name = f"{definitions.family.name} / {definitions.family.within}"
    point, low, high = (100 * x for x in _bounds(name, claim.estimand, estimates, definitions))
    mark = _marks(definitions)[claim.value]
    turned = (low > mark) != (point > mark)
    reason = f"a {claim.value} is more than {mark:.0f} %"
    what = "all without a country given to China" if turned else ""
    answer = REPRODUCED if point > mark else CONTRADICTED
    return Judgement(point, low, high, answer, FRAGILE if turned else ROBUST, what, reason)


def _first_lead(claim: Claim, crossings: pd.DataFrame, definitions: Definitions) -> Judgement:
    """The first lasting crossing of the weekly series, which cannot see before its first week."""
    head = definitions.headline
    same = (crossings["attribution"] == head.attribution) & (crossings["labels"] == head.labels)
    week = str(crossings.loc[same & (crossings["series"] == "weekly"), "week"].iloc[0])
    reason = (
        f"the series begins on {definitions.snapshots.since}, so an earlier lead cannot be seen"
    )
    weeks = crossings["week"]
    if not week.startswith(claim.value):
        answer = CONTRADICTED if (weeks == NEVER).all() else NOT_TESTABLE
        return Judgement(week, weeks.min(), weeks.max(), answer, "", "", reason)
    turned = not weeks.str.startswith(claim.value).all()
    what = "another series, attribution or source of labels" if turned else ""
    survives = FRAGILE if turned else ROBUST
    return Judgement(week, weeks.min(), weeks.max(), REPRODUCED, survives, what, reason)


def _dashboard(claim: Claim, repositories: pd.DataFrame, definitions: Definitions) -> Judgement:
    """Share of the largest rows over the grand total, as the study's dashboard shows it."""
    downloads = repositories[claim.estimand]
    top = repositories.nlargest(TOP_ROWS, claim.estimand)
    held = top.loc[top["study_group_uploader"] == claim.group, claim.estimand].sum()
    point = 100 * held / downloads.sum()
    near = abs(point - float(claim.value)) <= definitions.verdict.share_margin_points
    reason = f"the {TOP_ROWS} largest rows over the total"
    if not near:
        reason += "; it would take the date of the reading behind the export"
        return _untested(reason, float(point))
    return Judgement(float(point), "", "", REPRODUCED, "", "", reason)


def _rows(
    group: str, estimand: str, estimates: pd.DataFrame, definitions: Definitions
) -> pd.DataFrame:
    """Rows of one statistic at the headline's attribution and labels, repositories left out."""
    head = definitions.headline
    where: Mapping[str, str] = {
        "estimand": estimand or head.estimand,
        "attribution": head.attribution,
        "labels": head.labels,
        "group": group,
    }
    rows = estimates[(estimates[list(where)] == pd.Series(where)).all(axis=1)]
    return rows[rows["unit"] != "repository"]


def _bounds(
    group: str, estimand: str, estimates: pd.DataFrame, definitions: Definitions
) -> tuple[float, float, float]:
    """Point and worst-case bounds of one statistic, moved out by the error of what was rebuilt."""
    rows = _rows(group, estimand, estimates, definitions)
    own = rows[rows["method"] == "bounds"].iloc[0]
    point, measured = float(own["point"]), rows[rows["method"] == rebuild_error.METHOD]
    below = point - float(measured["lower"].iloc[0]) if len(measured) else 0.0
    above = float(measured["upper"].iloc[0]) - point if len(measured) else 0.0
    return point, float(own["lower"]) - below, float(own["upper"]) + above
