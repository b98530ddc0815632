"""Counts and extremes over all specifications, for the text."""

from __future__ import annotations

import pandas as pd

from replication.analysis.statistics import LEAD
from replication.attribution.registry import UNKNOWN, Registry
from replication.study import Study

SPECIFICATION = ["estimand", "attribution", "labels"]


def summarise(
    estimates: pd.DataFrame,
    without: pd.DataFrame,
    repositories: pd.DataFrame,
    exclusions: pd.DataFrame,
    defects: pd.DataFrame,
    registry: Registry,
    study: Study,
) -> pd.DataFrame:
    """Summarise a run in one number a row: ``name, value``.

    Parameters
    ----------
    estimates, without, exclusions
        Tables of `replication.analysis.estimates`.
    repositories
        Attributed repositories.
    defects
        One row a named check.
    registry
        The registry of developers.
    study
        Definitions; the headline specification is summarised by itself.
    """
    lead = estimates[(estimates["group"] == LEAD) & (estimates["method"] == "bounds")]
    turned = _turned(lead, without)
    head = pd.Series(vars(study.headline))
    largest = without[(without[SPECIFICATION] == head).all(axis=1)]
    values = {
        "checks": len(defects),
        "developers_registered": len(registry.developers),
        "developers_unknown": sum(d.country == UNKNOWN for d in registry.developers),
        "repositories": len(repositories),
        "uploaders": repositories["uploader"].nunique(),
        "origins": repositories["origin"].nunique(),
        "specifications": len(lead),
        "china_leads": int((lead["point"] > 0).sum()),
        "china_leads_share": float((lead["point"] > 0).mean()),
        "sign_inside_bounds": int(((lead["lower"] < 0) & (lead["upper"] > 0)).sum()),
        "turned_by_one": int(turned.sum()),
        "lead_smallest": float(lead["point"].min()),
        "lead_median": float(lead["point"].median()),
        "lead_largest": float(lead["point"].max()),
        "effective_smallest": float(lead["n_effective"].min()),
        "effective_largest": float(lead["n_effective"].max()),
        "headline_total": int(repositories[_window(study)].sum()),
        "headline_largest_share": float(largest["share"].iloc[0]),
        "excluded_share_largest": float(exclusions["share"].max()) if len(exclusions) else 0.0,
    }
    return pd.DataFrame({"name": values.keys(), "value": values.values()}, dtype=object)


def _turned(lead: pd.DataFrame, without: pd.DataFrame) -> pd.Series:
    """Whether removing one developer turns the sign of the lead, by specification."""
    full = lead.set_index(SPECIFICATION)["point"]
    each = without.set_index(SPECIFICATION)["lead"]
    opposite = (each * full.loc[each.index].to_numpy()) < 0
    return opposite.groupby(level=SPECIFICATION).any()


def _window(study: Study) -> str:
    """Column of the headline estimand."""
    return next(e.window.id for e in study.estimands if e.id == study.headline.estimand)
