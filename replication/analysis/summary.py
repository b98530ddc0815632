"""Counts and extremes over all specifications, and facts of the headline, for the text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from replication.analysis import estimates as estimation
from replication.analysis.crossover import NEVER
from replication.analysis.resampling import totals_without_each
from replication.analysis.statistics import LEAD
from replication.attribution.registry import UNKNOWN, Registry
from replication.study import Study

SPECIFICATION = ["estimand", "attribution", "labels"]


def over_specifications(estimates: pd.DataFrame, without: pd.DataFrame) -> dict[str, Any]:
    """How the lead varies over specifications, and in how many one developer turns its sign."""
    lead = estimates[(estimates["group"] == LEAD) & (estimates["method"] == "bounds")]
    return {
        "specifications": len(lead),
        "china_leads": int((lead["point"] > 0).sum()),
        "sign_inside_bounds": int(((lead["lower"] < 0) & (lead["upper"] > 0)).sum()),
        "turned_by_one": int(_turned(lead, without).sum()),
        "lead_smallest": float(lead["point"].min()),
        "lead_median": float(lead["point"].median()),
        "lead_largest": float(lead["point"].max()),
        "effective_smallest": float(lead["n_effective"].min()),
        "effective_largest": float(lead["n_effective"].max()),
    }


def over_series(crossings: pd.DataFrame) -> dict[str, Any]:
    """Earliest and latest crossing over series, attributions and label sources."""
    weeks = crossings.loc[crossings["week"] != NEVER, "week"]
    return {
        "series": len(crossings),
        "crossing_earliest": weeks.min() if len(weeks) else NEVER,
        "crossing_latest": weeks.max() if len(weeks) else NEVER,
    }


def of_files(
    repositories: pd.DataFrame, defects: pd.DataFrame, registry: Registry
) -> dict[str, Any]:
    """How large the panel, the list of checks and the registry are."""
    return {
        "checks": len(defects),
        "checks_found": int((defects["rows"] > 0).sum()),
        "developers_registered": len(registry.developers),
        "developers_unknown": sum(d.country == UNKNOWN for d in registry.developers),
        "repositories": len(repositories),
        "uploaders": repositories["uploader"].nunique(),
    }


def of_headline(
    repositories: pd.DataFrame, published: Mapping[str, float], study: Study
) -> dict[str, Any]:
    """The headline's largest repository, and the totals that the published shares would imply.

    If the file's downloads of a country are among those behind a published share, the total behind
    that share is at least their sum divided by the share.

    Parameters
    ----------
    repositories
        Attributed repositories.
    published
        Published shares of China and the USA, in percent.
    study
        Definitions.
    """
    spec = _headline(study)
    held = estimation.cells_of(repositories, spec, "repository", study)
    names = estimation.statistics(study)
    lead = names.values(names.proportions(totals_without_each(held.counts)))
    sizes = held.by_group.sum(axis=1)
    china, usa = (int(held.totals[held.groups.index(name)]) // 2 for name in ("China", "USA"))
    return {
        "headline_total": int(sizes.sum()) // 2,
        "repository_largest_share": float(sizes.max() / sizes.sum()),
        "lead_without_largest_repository": float(
            lead[int(sizes.argmax()), names.names.index(LEAD)]
        ),
        "published_ratio": published["China"] / published["USA"],
        "implied_total_china": 100 * china / published["China"],
        "implied_total_usa": 100 * usa / published["USA"],
    }


def of_omission(repositories: pd.DataFrame, study: Study) -> dict[str, Any]:
    """What the headline cohort leaves out of the window of increments that ends with it.

    A cohort omits repositories created before it that are not yet a year old. Their downloads in
    the window are given by country, with the lead of the cohort's own repositories there, and the
    share of the cohort's downloads that came before the first reading.
    """
    cohort = study.headline_estimand.window
    same_end = [w for w in study.windows if w.kind == "increments" and w.end == cohort.end]
    if cohort.kind != "cohort" or not same_end:
        return {}
    inside = repositories[cohort.id] > 0
    gained = repositories[same_end[0].id]
    group = repositories["study_group_uploader"]
    young, old = gained[inside].groupby(group).sum(), gained[~inside].groupby(group).sum()
    levels = int(repositories.loc[inside, cohort.id].sum())
    return {
        "omitted_total": int(old.sum()),
        "omitted_china": int(old.get("China", 0)),
        "omitted_usa": int(old.get("USA", 0)),
        "window_lead_of_cohort": float((young.get("China", 0) - young.get("USA", 0)) / young.sum()),
        "before_first_reading": (levels - int(young.sum())) / levels,
    }


def to_frame(*parts: Mapping[str, Any]) -> pd.DataFrame:
    """One number a row: ``name, value``."""
    values = {name: value for part in parts for name, value in part.items()}
    return pd.DataFrame({"name": values.keys(), "value": values.values()}, dtype=object)


def _headline(study: Study) -> estimation.Specification:
    """The headline as a specification."""
    head = study.headline
    return estimation.Specification(study.headline_estimand, head.attribution, head.labels)


def _turned(lead: pd.DataFrame, without: pd.DataFrame) -> pd.Series[Any]:
    """Whether removing one developer turns the sign of the lead, by specification."""
    full = lead.set_index(SPECIFICATION)["point"]
    each = without.set_index(SPECIFICATION)["lead"]
    opposite = np.sign(each) * np.sign(full.loc[each.index].to_numpy()) < 0
    return opposite.groupby(level=SPECIFICATION).any()
