"""Counts and extremes over all specifications, and facts of the headline, for the text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.analysis import estimates as estimation
from replication.analysis.choices import NONE, OWN
from replication.analysis.crossover import NEVER
from replication.analysis.resampling import totals_without_each
from replication.analysis.statistics import LEAD
from replication.attribution.assign import LABELS
from replication.attribution.registry import UNKNOWN, Registry
from replication.attribution.second_coding import CLASSES
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
        "developers_doubtful": sum(bool(d.alternative_country) for d in registry.developers),
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


def over_choices(chosen: pd.DataFrame, study: Study) -> dict[str, Any]:
    """How the lead of two windows varies over ever more choices of attribution.

    The windows are the headline's and the increments that end with it. ``credit`` varies who is
    credited and the two sources of labels, ``doubt`` also the ends of the registry's doubt, and
    ``all`` also what is left out and what is done with the unattributed.
    """
    found: dict[str, Any] = {}
    for name, window in _two_windows(study).items():
        part = chosen[chosen["window"] == window]
        plain = part[(part["exclusion"] == NONE) & (part["treatment"] == OWN)]
        sets = {"credit": plain[plain["labels"].isin(LABELS)], "doubt": plain, "all": part}
        for kind, rows in sets.items():
            found |= {
                f"{kind}_{name}": len(rows),
                f"{kind}_{name}_china_leads": int((rows["lead"] > 0).sum()),
                f"{kind}_{name}_smallest": float(rows["lead"].min()),
                f"{kind}_{name}_largest": float(rows["lead"].max()),
            }
    return found


def of_origins(repositories: pd.DataFrame, moved: pd.DataFrame, study: Study) -> dict[str, Any]:
    """How the traced origins compare with the annotated ones."""
    downloads = repositories[study.headline_estimand.window.id]
    undocumented = repositories["traced_origin"].fillna("").astype(str) == ""
    differs = moved[moved["origin_differs"] == "yes"]
    return {
        "origins_undocumented": int(undocumented.sum()),
        "origins_undocumented_share": float(downloads[undocumented].sum() / downloads.sum()),
        "origins_differ": len(differs),
        "origins_differ_share": float(differs[downloads.name].sum() / downloads.sum()),
    }


def of_disagreements(
    repositories: pd.DataFrame, disagreements: pd.DataFrame, rules: int, study: Study
) -> dict[str, Any]:
    """How many disagreements with the study there are, and what is not compared."""
    downloads = repositories[study.headline_estimand.window.id]
    nowhere = repositories["registry_group_uploader"] == study.group_of[UNKNOWN]
    both = disagreements[["study_group", "registry_group"]]
    return {
        "rules": rules,
        "disagreements_uploader": int((disagreements["attribution"] == "uploader").sum()),
        "disagreements_china_usa": int(both.isin(["China", "USA"]).all(axis=1).sum()),
        "uncompared_share": float(downloads[nowhere].sum() / downloads.sum()),
    }


def over_tipping_points(tipped: pd.DataFrame) -> dict[str, Any]:
    """The largest of the fewest developers whose wrong labels would turn a lead."""
    return {"tipping_most": int(tipped["fewest_developers"].max())}


def of_audit(
    frame: pd.DataFrame, codings: pd.DataFrame, confusion: NDArray[np.int64], registry: Registry
) -> dict[str, Any]:
    """How many developers were coded twice, alike, and whose coding the resolution upheld."""
    china, usa = CLASSES.index("China"), CLASSES.index("USA")
    upheld = codings["resolved_country"] == codings["first_country"]
    rows = [registry.find(unit) for unit in codings["unit"]]
    pages = pd.Series([row.evidence_url if row else "" for row in rows], index=codings.index)
    same = codings["first_country"] == codings["second_country"]
    known = (codings[["first_country", "second_country"]] != UNKNOWN).all(axis=1)
    return {
        "audited": len(codings),
        "audited_same": int(same.sum()),
        "audited_settled": int(known.sum()),
        "audited_settled_same": int((same & known).sum()),
        "audited_china_usa": int(confusion[china, usa] + confusion[usa, china]),
        "audited_upheld": int((upheld & ~same).sum()),
        "audited_differ": int((~same).sum()),
        "audited_same_page": int((same & (pages == codings["second_evidence_url"]) & known).sum()),
        "audit_frame": len(frame),
        "audit_certain": int((frame["probability"] >= 1).sum()),
    }


def _two_windows(study: Study) -> dict[str, str]:
    """The headline's window, and the increments that end with it."""
    head = study.headline_estimand.window
    same_end = [w.id for w in study.windows if w.kind == "increments" and w.end == head.end]
    return {"head": head.id, **({"window": same_end[0]} if same_end else {})}


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
