"""How claims are judged by the released file, a head of the Hub, or by snapshots of the whole of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pandas as pd

from replication.analysis import rebuild_error
from replication.analysis.lead import LEAD
from replication.analysis.weekly import NEVER
from replication.definitions import Definitions
from replication.report.answers import (
    CONTRADICTED,
    FRAGILE,
    NOT_TESTABLE,
    REPRODUCED,
    ROBUST,
    Judgement,
    Rule,
    marks,
    threshold,
    untested,
)
from replication.report.claims import NEEDS_REASON, Claim

TOP_ROWS = 100
"""Rows that the study's dashboard shows, whose shares it takes of the grand total."""


def of_head(
    head: Mapping[str, pd.DataFrame], repositories: pd.DataFrame, definitions: Definitions
) -> dict[str, Rule]:
    """How claims are judged by the tables of the released file, or of snapshots."""
    without_table = {name: lambda c: untested(c.reason) for name in NEEDS_REASON}
    return without_table | {
        "share": lambda c: _share(c, head["estimates"], definitions),
        "lead": lambda c: _lead(c, head["estimates"], definitions),
        "family": lambda c: _family(c, head["estimates"], definitions),
        "first-lead": lambda c: _first_lead(c, head["crossings"], definitions),
        "ahead": lambda c: _ahead(c, head["weekly_shares"], repositories, definitions),
        "dashboard": lambda c: _dashboard(c, repositories, definitions),
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
    mark = marks(definitions)[claim.value]
    turned = (low > mark) != (point > mark)
    reason = threshold(mark)
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


def _ahead(
    claim: Claim, weekly: pd.DataFrame, repositories: pd.DataFrame, definitions: Definitions
) -> Judgement:
    """Whether a country leads every other at the claim's date, by the weekly shares up to it.

    A source without repositories as new as the claim's lacks part of what the claim is about, and
    does not decide it.
    """
    day, width = date.fromisoformat(claim.period), definitions.time.smoothing_weeks
    known = weekly[weekly["week"] <= claim.period]
    week = "" if known.empty else str(known["week"].max())
    if not week or day - date.fromisoformat(week) > timedelta(weeks=width):
        return untested(f"no week of the source lies within {width} weeks before {claim.period}")
    countries = [group.name for group in definitions.country_groups if group.codes]
    rows = known[(known["week"] == week) & known["group"].isin(countries)]
    series = ["series", "attribution", "labels"]
    shares = 100 * rows.pivot_table("share", series, "group", aggfunc="first", observed=True)
    head = definitions.headline
    others = shares.drop(columns=claim.group)
    own = ("weekly", head.attribution, head.labels)
    point, second = float(shares.loc[own, claim.group]), float(others.loc[own].max())
    ahead = shares[claim.group] > others.max(axis=1)
    reason = (
        f"in the {width} weeks to that of {week} it has {point:.1f} %, the next group of countries "
        f"({others.loc[own].idxmax()}) {second:.1f} %, and it is ahead in {int(ahead.sum())} of "
        f"{len(ahead)} series"
    )
    low, high = (float(end) for end in (shares[claim.group].min(), shares[claim.group].max()))
    newest = max(repositories["created"].dropna().astype(str), default="")
    if newest < claim.period[: len(newest) or None]:
        reason += (
            f"; but no repository of the source is newer than {newest}: it would take those since"
        )
        return untested(reason, point, low, high)
    turned = bool((ahead != ahead[own]).any())
    what = "another series, attribution or source of labels" if turned else ""
    answer = REPRODUCED if ahead[own] else CONTRADICTED
    return Judgement(point, low, high, answer, FRAGILE if turned else ROBUST, what, reason)


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
        return untested(reason, float(point))
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
