"""The ledger of published figures, and the verdict that the analysis returns on each.

- A published figure is *reproduced* where our estimate lies within the margin of study.toml.
- What is weighed is a range: the worst-case bounds, with and without any one developer, and the
  bootstrap and jackknife intervals too where the effective number of developers allows an interval
  to be trusted. For a claim about a family of developers it is the bounds alone: to leave one of
  the family out would change the claim.
- Where a part was rebuilt, the range is moved out by the error of that part.
- *same*: the whole range agrees with the claim; *different*: none of it does; else *cannot tell*.
- Against a released file, a published share of the whole Hub is never judged *different*: the file is
  a head of the Hub, and a share of the one cannot contradict a share of the other. Against the whole
  Hub, rebuilt from snapshots, it can be, but for a group without a country: whatever is unattributed
  may be its own. A figure whose reading is not stated never is.
- Against the whole Hub a claim about a window that was not rebuilt lies outside these data.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd

from replication.analysis import rebuild_error
from replication.analysis.crossover import NEVER
from replication.analysis.statistics import LEAD
from replication.errors import StudyError
from replication.study import Study

SAME, DIFFERENT, CANNOT_TELL = "same", "different", "cannot tell"
NOT_PUBLIC, OUTSIDE = "not reproducible: data not public", "outside these data"
JUDGES = {"share", "lead", "first-lead", "family", "dashboard", "none"}
MAJORITIES = {"majority", "vast majority"}
TOP_ROWS = 100
"""Rows that the study's dashboard shows, whose shares it takes of the grand total."""


@dataclass(frozen=True)
class Claim:
    """One published figure, and how it is judged."""

    id: str
    statement: str
    value: str
    unit: str
    period: str
    definition: str
    source: str
    url: str
    grade: str
    judge: str
    group: str = ""
    estimand: str = ""
    verdict: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Judgement:
    """The estimate of a claim's quantity, the range weighed, and the verdict."""

    estimate: float | str
    lower: float | str
    upper: float | str
    reproduced: str
    verdict: str
    reason: str


def load(path: Path) -> tuple[Claim, ...]:
    """Read and check the ledger.

    Raises
    ------
    StudyError
        The file is not TOML, or a claim lacks a key, has an unknown one, or is judged by no rule.
    """
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))["claim"]
        claims = tuple(Claim(**row) for row in rows)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StudyError(
            f"{path.name}: {error}", f"keys: {[f.name for f in fields(Claim)]}"
        ) from None
    for claim in claims:
        known = claim.judge in JUDGES - {"none"} or claim.verdict in {NOT_PUBLIC, OUTSIDE}
        bare = (claim.judge == "none" and not claim.reason) or (
            claim.judge == "family" and claim.value not in MAJORITIES
        )
        if not known or bare:
            raise StudyError(
                f"{path.name}: {claim.id} is judged by no rule", "set judge or verdict"
            )
    return claims


def require_estimands(ledger: Sequence[Claim], study: Study) -> None:
    """Refuse definitions that lack a window by which a claim is judged.

    Raises
    ------
    StudyError
        A claim names an estimand that the study does not have, or no series of weeks begins.
    """
    if study.whole:
        return
    known = {estimand.id for estimand in study.estimands}
    kinds = {window.kind for window in study.windows}
    for claim in ledger:
        wanted = claim.estimand
        if claim.judge == "first-lead" and "increments" not in kinds:
            wanted = "of kind increments"
        if wanted and wanted not in known:
            raise StudyError(
                f"the claim {claim.id} is judged by an estimand {wanted}, which is not defined",
                "keep the packaged [[estimand]]s in the study file, or edit paper/claims.toml",
            )


def published_shares(ledger: Sequence[Claim]) -> dict[str, float]:
    """The study's published shares in percent: the first of each group in the ledger."""
    shares: dict[str, float] = {}
    for claim in ledger:
        if claim.judge == "share":
            shares.setdefault(claim.group, float(claim.value))
    return shares


def published_percents(ledger: Sequence[Claim]) -> dict[str, float]:
    """Every published percentage, by claim."""
    return {claim.id: float(claim.value) for claim in ledger if claim.unit == "percent"}


def judge(
    ledger: Sequence[Claim],
    estimates: pd.DataFrame,
    crossings: pd.DataFrame,
    repositories: pd.DataFrame,
    study: Study,
) -> pd.DataFrame:
    """Judge every claim of the ledger.

    Returns
    -------
    pandas.DataFrame
        One row a claim: ``id, statement, published, unit, period, estimate, lower, upper,
        reproduced, verdict, reason, source, url, grade``; percentages and points where unit says.
    """
    rules = {
        "share": lambda c: _share(c, estimates, study),
        "lead": lambda c: _lead(c, estimates, study),
        "family": lambda c: _family(c, estimates, study),
        "first-lead": lambda c: _first_lead(c, crossings, study),
        "dashboard": lambda c: _dashboard(c, repositories, study),
        "none": lambda c: Judgement("", "", "", "", c.verdict, c.reason),
    }
    known = {"", *(estimand.id for estimand in study.estimands)}
    rows = []
    for claim in ledger:
        found = rules[claim.judge](claim) if claim.estimand in known else _not_rebuilt(claim)
        told = {k: getattr(claim, k) for k in ("id", "statement", "unit", "period")}
        source = {k: getattr(claim, k) for k in ("source", "url", "grade")}
        rows.append({**told, "published": claim.value, **vars(found), **source})
    table = pd.DataFrame(rows)
    order = ["id", "statement", "published", *table.columns.drop(["id", "statement", "published"])]
    return table[order]


def _not_rebuilt(claim: Claim) -> Judgement:
    """A claim about a window that the definitions do not have."""
    reason = f"its window, {claim.estimand}, is not among those that were rebuilt"
    return Judgement("", "", "", "", OUTSIDE, reason)


def _share(claim: Claim, estimates: pd.DataFrame, study: Study) -> Judgement:
    """A published share of the whole Hub beside ours, which is of the same only where it is rebuilt."""
    point, low, high = (100 * x for x in _weighed(claim.group, claim.estimand, estimates, study))
    published, margin = float(claim.value), study.verdict.share_margin_points
    inside = max(abs(low - published), abs(high - published)) <= margin
    # Bounds do not hold among the unattributed: each may be another's.
    judged = study.whole and claim.group not in study.unattributed
    apart = judged and (low > published + margin or high < published - margin)
    rows = estimates[(estimates["group"] == claim.group) & (estimates["method"] == "bounds")]
    nearest = 100 * rows["point"].iloc[int(np.abs(100 * rows["point"] - published).argmin())]
    reason = f"the nearest of {len(rows)} specifications gives {nearest:.1f} %"
    reproduced = _reproduced(point, published, margin)
    verdict = SAME if inside else DIFFERENT if apart else CANNOT_TELL
    return Judgement(point, low, high, reproduced, verdict, reason)


def _lead(claim: Claim, estimates: pd.DataFrame, study: Study) -> Judgement:
    """The sign of China − USA."""
    point, low, high = (100 * x for x in _weighed(LEAD, claim.estimand, estimates, study))
    rows = estimates[(estimates["group"] == LEAD) & (estimates["method"] == "bounds")]
    ahead = int((rows["point"] > 0).sum())
    reason = f"China leads in {ahead} of {len(rows)} specifications"
    reproduced = "sign only" if point > 0 else "no"
    return Judgement(point, low, high, reproduced, _threshold(low, high, 0), reason)


def _family(claim: Claim, estimates: pd.DataFrame, study: Study) -> Judgement:
    """Whether the family holds a majority, or a vast majority, of its group."""
    name = f"{study.family.name} / {study.family.within}"
    rows = _rows(name, claim.estimand, estimates, study).set_index("method")
    point, low, high = (100 * rows.loc["bounds", end] for end in ("point", "lower", "upper"))
    marks = {
        "majority": study.verdict.majority_percent,
        "vast majority": study.verdict.vast_majority_percent,
    }
    reason = f"a {claim.value} is more than {marks[claim.value]:.0f} %"
    reproduced = "yes" if point > marks[claim.value] else "no"
    verdict = _threshold(low, high, marks[claim.value])
    return Judgement(point, low, high, reproduced, verdict, reason)


def _first_lead(claim: Claim, crossings: pd.DataFrame, study: Study) -> Judgement:
    """The first lasting crossing of the weekly series, which cannot see before its first week.

    The range runs over all series, attributions and label sources.
    """
    head = study.headline
    same = (crossings["attribution"] == head.attribution) & (crossings["labels"] == head.labels)
    week = str(crossings.loc[same & (crossings["series"] == "weekly"), "week"].iloc[0])
    starts = [window.start for window in study.windows if window.kind == "increments"]
    begins = study.snapshots.since if study.whole else min(starts)
    reason = f"the series begins on {begins}, so an earlier lead cannot be seen"
    verdict = DIFFERENT if (crossings["week"] == NEVER).all() else CANNOT_TELL
    reproduced = "year only" if week.startswith(claim.value) else "no"
    weeks = crossings["week"]
    return Judgement(week, weeks.min(), weeks.max(), reproduced, verdict, reason)


def _dashboard(claim: Claim, repositories: pd.DataFrame, study: Study) -> Judgement:
    """Share of the largest rows over the grand total, as the study's dashboard shows it."""
    downloads = repositories[claim.estimand]
    top = repositories.nlargest(TOP_ROWS, claim.estimand)
    held = top.loc[top["study_group_uploader"] == claim.group, claim.estimand].sum()
    point = 100 * held / downloads.sum()
    reproduced = _reproduced(point, float(claim.value), study.verdict.share_margin_points)
    verdict = SAME if reproduced == "yes" else CANNOT_TELL
    reason = f"the {TOP_ROWS} largest rows over the total; the export's exact reading is not stated"
    return Judgement(point, "", "", reproduced, verdict, reason)


def _threshold(low: float, high: float, mark: float) -> str:
    """The verdict on a claim that something exceeds `mark`."""
    return SAME if low > mark else DIFFERENT if high < mark else CANNOT_TELL


def _rows(group: str, estimand: str, estimates: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Rows of one statistic at the headline's attribution and labels, repositories left out."""
    head = study.headline
    where: Mapping[str, str] = {
        "estimand": estimand or head.estimand,
        "attribution": head.attribution,
        "labels": head.labels,
        "group": group,
    }
    rows = estimates[(estimates[list(where)] == pd.Series(where)).all(axis=1)]
    return rows[rows["unit"] != "repository"]


def _weighed(
    group: str, estimand: str, estimates: pd.DataFrame, study: Study
) -> tuple[float, float, float]:
    """Point and weighed range of one statistic, moved out by the error of what was rebuilt."""
    rows = _rows(group, estimand, estimates, study)
    trusted = rows["n_effective"].iloc[0] >= study.inference.min_effective_developers
    methods = ["leave-one-out", "bounds", "leave-one-out-bounds"]
    methods += ["percentile", "jackknife-logit"] * bool(trusted)
    used = rows[rows["method"].isin(methods)]
    point, measured = float(rows["point"].iloc[0]), rows[rows["method"] == rebuild_error.METHOD]
    below = point - float(measured["lower"].iloc[0]) if len(measured) else 0.0
    above = float(measured["upper"].iloc[0]) - point if len(measured) else 0.0
    return point, float(used["lower"].min()) - below, float(used["upper"].max()) + above


def _reproduced(point: float, published: float, margin: float) -> str:
    return "yes" if abs(point - published) <= margin else "no"
