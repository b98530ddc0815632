"""The ledger of published figures, and the verdict that the analysis returns on each.

The margins stand in study.toml and were fixed before the first verdict was computed:

- A published figure is *reproduced* where the estimate of its own definition lies within the margin.
- What is weighed is a range: the union of the leave-one-developer-out range and the worst-case
  bounds, and of the bootstrap and jackknife intervals too where the effective number of developers
  allows an interval to be trusted.
- *same*: the whole range agrees with the claim; *different*: none of it does; else *cannot tell*.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd

from replication.analysis.statistics import LEAD
from replication.errors import StudyError
from replication.study import Study

SAME, DIFFERENT, CANNOT_TELL = "same", "different", "cannot tell"
NOT_PUBLIC, OUTSIDE = "not reproducible: data not public", "outside these data"
JUDGES = {"share", "lead", "first-lead", "family", "dashboard", "none"}
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
        if not known or (claim.judge == "none" and not claim.reason):
            raise StudyError(
                f"{path.name}: {claim.id} is judged by no rule", "set judge or verdict"
            )
    return claims


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
    rows = []
    for claim in ledger:
        found = rules[claim.judge](claim)
        told = {k: getattr(claim, k) for k in ("id", "statement", "unit", "period")}
        source = {k: getattr(claim, k) for k in ("source", "url", "grade")}
        rows.append({**told, "published": claim.value, **vars(found), **source})
    table = pd.DataFrame(rows)
    order = ["id", "statement", "published", *table.columns.drop(["id", "statement", "published"])]
    return table[order]


def _share(claim: Claim, estimates: pd.DataFrame, study: Study) -> Judgement:
    """A published share against the range of its nearest definition."""
    point, low, high = (100 * x for x in _weighed(claim.group, claim.estimand, estimates, study))
    published, margin = float(claim.value), study.verdict.share_margin_points
    verdict = CANNOT_TELL
    if max(abs(low - published), abs(high - published)) <= margin:
        verdict = SAME
    elif published + margin < low or published - margin > high:
        verdict = DIFFERENT
    rows = estimates[(estimates["group"] == claim.group) & (estimates["method"] == "bounds")]
    nearest = 100 * rows["point"].iloc[int(np.abs(100 * rows["point"] - published).argmin())]
    reason = f"the nearest of {len(rows)} specifications gives {nearest:.1f} %"
    return Judgement(point, low, high, _reproduced(point, published, margin), verdict, reason)


def _lead(claim: Claim, estimates: pd.DataFrame, study: Study) -> Judgement:
    """The sign of China − USA."""
    point, low, high = (100 * x for x in _weighed(LEAD, claim.estimand, estimates, study))
    verdict = SAME if low > 0 else DIFFERENT if high < 0 else CANNOT_TELL
    rows = estimates[(estimates["group"] == LEAD) & (estimates["method"] == "bounds")]
    ahead = int((rows["point"] > 0).sum())
    reason = f"China leads in {ahead} of {len(rows)} specifications"
    return Judgement(point, low, high, "yes" if point > 0 else "no", verdict, reason)


def _family(claim: Claim, estimates: pd.DataFrame, study: Study) -> Judgement:
    """Whether the family holds a majority of its group."""
    name = f"{study.family.name} / {study.family.within}"
    point, low, high = (100 * x for x in _weighed(name, claim.estimand, estimates, study))
    half, great = study.verdict.majority_percent, study.verdict.great_majority_percent
    verdict = SAME if low > half else DIFFERENT if high < half else CANNOT_TELL
    reason = f"a majority is more than {half:.0f} %; " + (
        f"all of the range exceeds {great:.0f} % too"
        if low > great
        else f"not all of the range exceeds {great:.0f} %"
    )
    return Judgement(point, low, high, "yes" if point > half else "no", verdict, reason)


def _first_lead(claim: Claim, crossings: pd.DataFrame, study: Study) -> Judgement:
    """The first lasting crossing of the weekly series, which cannot see before its first week."""
    head = study.headline
    same = (crossings["attribution"] == head.attribution) & (crossings["labels"] == head.labels)
    row = crossings[same & (crossings["series"] == "weekly")].iloc[0]
    verdict = DIFFERENT if row["week"] == "never" else CANNOT_TELL
    begins = min(window.start for window in study.windows if window.kind == "increments")
    reason = (
        f"the series begins on {begins}, so an earlier lead cannot be seen; "
        f"{100 * row['never_fraction']:.0f} % of replicates have no lasting crossing"
    )
    reproduced = "yes" if row["week"].startswith(claim.value) else "no"
    return Judgement(row["week"], row["lower"], row["upper"], reproduced, verdict, reason)


def _dashboard(claim: Claim, repositories: pd.DataFrame, study: Study) -> Judgement:
    """Share of the largest rows over the grand total, as the study's dashboard shows it."""
    downloads = repositories[claim.estimand]
    top = repositories.nlargest(TOP_ROWS, claim.estimand)
    held = top.loc[top["study_group_uploader"] == claim.group, claim.estimand].sum()
    point = 100 * held / downloads.sum()
    published, margin = float(claim.value), study.verdict.share_margin_points
    reproduced = _reproduced(point, published, margin)
    verdict = SAME if reproduced == "yes" else DIFFERENT
    reason = f"the {TOP_ROWS} largest rows over the total; the export's exact reading is not stated"
    return Judgement(point, "", "", reproduced, verdict, reason)


def _weighed(
    group: str, estimand: str, estimates: pd.DataFrame, study: Study
) -> tuple[float, float, float]:
    """Point and weighed range of one statistic at the headline's attribution and labels."""
    head = study.headline
    where: Mapping[str, str] = {
        "estimand": estimand or head.estimand,
        "attribution": head.attribution,
        "labels": head.labels,
        "group": group,
    }
    rows = estimates[(estimates[list(where)] == pd.Series(where)).all(axis=1)]
    trusted = rows["n_effective"].iloc[0] >= study.inference.min_effective_developers
    methods = ["leave-one-out", "bounds"] + ["percentile", "jackknife-logit"] * bool(trusted)
    used = rows[rows["method"].isin(methods) & (rows["unit"] != "repository")]
    return float(rows["point"].iloc[0]), float(used["lower"].min()), float(used["upper"].max())


def _reproduced(point: float, published: float, margin: float) -> str:
    return "yes" if abs(point - published) <= margin else "no"
