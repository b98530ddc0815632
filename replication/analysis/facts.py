"""Facts for the text: counts and extremes of the results, and facts of the headline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.analysis.cells import REPOSITORY, Repositories
from replication.analysis.choices import measures
from replication.analysis.lead import CHINA, LEAD, SIDES, USA, statistics
from replication.analysis.specification import NONE, OWN, choices_of, of_window
from replication.analysis.tails import HALF, LOGNORMAL, ROOT
from replication.analysis.weekly import NEVER
from replication.attribution.assign import LABELS
from replication.attribution.audit import CLASSES
from replication.attribution.registry import UNKNOWN, Registry
from replication.definitions import Definitions
from replication.inference.cells import HALVES
from replication.inference.resampling import totals_without_each


def over_specifications(grid: pd.DataFrame) -> dict[str, Any]:
    """How the lead varies over the grid, and in how much of it luck or one developer could turn it.

    Fractions are of all specifications with downloads; those whose interval excludes zero are
    counted for either unit of resampling.
    """
    rows = grid[grid["lead"].notna()]
    ahead, once = rows["lead"] > 0, rows["distinct"] == "yes"
    turned = np.where(ahead, rows["without_lower"] < 0, rows["without_upper"] > 0)
    return {
        "specifications": len(rows),
        "specifications_distinct": int(once.sum()),
        "leading": float(ahead.mean()),
        "leading_distinct": float(ahead[once].mean()),
        "usa_leads": int((rows["lead"] < 0).sum()),
        "turned_by_one": int(turned.sum()),
        "turned_by_one_share": float(turned.mean()),
        "turned_by_one_distinct": int(turned[once].sum()),
        "china_leads_distinct": int((ahead & once).sum()),
        "china_smallest": float(rows["china"].min()),
        "china_largest": float(rows["china"].max()),
        "usa_smallest": float(rows["usa"].min()),
        "usa_largest": float(rows["usa"].max()),
        "told_differently": float(
            (_excludes_zero(rows, "") != _excludes_zero(rows, "repository_")).mean()
        ),
        "told_by_developer": float(_excludes_zero(rows, "").mean()),
        "told_by_repository": float(_excludes_zero(rows, "repository_").mean()),
        "lead_smallest": float(rows["lead"].min()),
        "lead_median": float(rows["lead"].median()),
        "lead_median_distinct": float(rows.loc[once, "lead"].median()),
        "lead_largest": float(rows["lead"].max()),
        "effective_smallest": float(rows["n_effective"].min()),
        "effective_median": float(rows["n_effective"].median()),
        "effective_largest": float(rows["n_effective"].max()),
    }


def _excludes_zero(rows: pd.DataFrame, prefix: str) -> pd.Series[bool]:
    """Whether the interval of the lead excludes zero."""
    return (rows[f"{prefix}lower"] > 0) | (rows[f"{prefix}upper"] < 0)


def over_estimates(estimates: pd.DataFrame) -> dict[str, Any]:
    """In how many of the specifications that are estimated in full the unattributed could decide."""
    lead = estimates[(estimates["group"] == LEAD) & (estimates["method"] == "bounds")]
    return {
        "estimated": len(lead),
        "sign_inside_bounds": int(((lead["lower"] < 0) & (lead["upper"] > 0)).sum()),
    }


def over_dimensions(dimensions: pd.DataFrame, definitions: Definitions) -> dict[str, Any]:
    """How many choices each dimension of the grid has, and the share of its least dimensions.

    The least dimensions are all but the four with the largest total shares of variance; theirs is
    the largest of their shares.
    """
    shares = dimensions.groupby("dimension")["total_order"].first().sort_values()
    choices = {f"grid_{name}": len(each) for name, each in choices_of(definitions).items()}
    return {**choices, "least_dimensions": float(shares.iloc[-5])}


def of_tails(
    hill: pd.DataFrame, concentrations: pd.DataFrame, definitions: Definitions
) -> dict[str, Any]:
    """Hill's index of the developers, with its interval, at the size of the tail that is used."""
    facts: dict[str, Any] = {}
    sizes = concentrations[
        (concentrations["scope"] == "all") & (concentrations["measure"] == "hhi")
    ]
    for name, window in _two_windows(definitions).items():
        mine = sizes[(sizes["window"] == window) & (sizes["unit"] == "developer")]
        k = int(mine["tail_size"].iloc[0])
        at = (hill["window"] == window) & (hill["unit"] == "developer") & (hill["k"] == k)
        for column, values in hill.loc[at, ["alpha", "lower", "upper"]].items():
            facts[f"tail_{name}_{column}"] = float(values.iloc[0]) if len(values) else np.nan
    return facts


def over_tails(models: pd.DataFrame, plateaus: pd.DataFrame) -> dict[str, Any]:
    """In how many tails the Pareto law is refused for a lognormal, and whose index settles nowhere.

    Tails are those of every window and unit that are judged, with as many units as the square root of
    all, or half of all.
    """
    refused = models["law"] == LOGNORMAL
    settled = plateaus.loc[plateaus["plateau"] != "", "plateau"]
    return {
        "tails": len(settled),
        "tails_without_plateau": int((settled == "no").sum()),
        **{f"tails_not_pareto_{tail}": int((refused & (models["tail"] == tail)).sum())
           for tail in (ROOT, HALF)},
    }  # fmt: skip


def of_first_sums(distribution: pd.DataFrame) -> dict[str, Any]:
    """In how many replicates of developers China leads from the first sum of every width on."""
    mine = distribution[
        (distribution["series"] == "weekly") & (distribution["scheme"] == "developers")
    ]
    first = mine.groupby("width")["fraction"].first()
    return {f"from_first_{width}": float(fraction) for width, fraction in first.items()}


def of_changes(changes: pd.DataFrame) -> dict[str, Any]:
    """How the lead changed from the first weeks to the last, with either kind of weights."""
    lead = changes[(changes["group"] == LEAD) & (changes["series"] == "weekly")]
    facts: dict[str, Any] = {}
    for weights, rows in lead.groupby("weights"):
        first = rows.iloc[0]
        facts |= {"change": first["change"], f"change_{weights}_p": first["p_value"]}
        facts |= {f"change_{weights}_{end}": first[end] for end in ("lower", "upper")}
    return facts


def over_series(crossings: pd.DataFrame) -> dict[str, Any]:
    """Earliest and latest crossing over series, attributions and label sources."""
    weeks = crossings.loc[crossings["week"] != NEVER, "week"]
    return {
        "series": len(crossings),
        "crossing_earliest": weeks.min() if len(weeks) else NEVER,
        "crossing_latest": weeks.max() if len(weeks) else NEVER,
    }


def of_files(
    repositories: Repositories, defects: pd.DataFrame, registry: Registry
) -> dict[str, Any]:
    """How large the panel, the list of checks and the registry are."""
    return {
        "checks": len(defects),
        "checks_found": int((defects["rows"] > 0).sum()),
        "developers_registered": len(registry.developers),
        "developers_unknown": sum(d.country == UNKNOWN for d in registry.developers),
        "developers_doubtful": sum(bool(d.alternative_country) for d in registry.developers),
        "repositories": len(repositories.table),
        "uploaders": repositories.table["uploader"].nunique(),
    }


def of_headline(repositories: Repositories, published: Mapping[str, float]) -> dict[str, Any]:
    """The headline's largest repository, and the totals that the published shares would imply.

    If the file's downloads of a country are among those behind a published share, the total behind
    that share is at least their sum divided by the share.

    Parameters
    ----------
    repositories
        Attributed repositories.
    published
        Published shares of China and the USA, in percent.
    """
    cells = repositories.cells(repositories.headline, REPOSITORY)
    names, sizes = statistics(repositories.definitions), cells.sizes
    lead = names.values(names.proportions(totals_without_each(cells.counts)))
    china, usa = (int(cells.of(side).sum()) // HALVES for side in SIDES)
    return {
        "headline_total": int(sizes.sum()) // HALVES,
        "repository_largest_share": float(sizes.max() / sizes.sum()),
        "lead_without_largest_repository": float(lead[int(sizes.argmax()), names.place(LEAD)]),
        "published_ratio": published[CHINA] / published[USA],
        "implied_total_china": 100 * china / published[CHINA],
        "implied_total_usa": 100 * usa / published[USA],
    }


def of_omission(repositories: Repositories) -> dict[str, Any]:
    """What the headline cohort leaves out of the window of increments that ends with it.

    A cohort omits repositories created before it that are not yet a year old. Their downloads in
    the window are given by country, with the lead of the cohort's own repositories there, and the
    share of the cohort's downloads that came before the first reading.
    """
    definitions = repositories.definitions
    cohort = definitions.headline_estimand.window
    same_end = [w for w in definitions.windows if w.kind == "increments" and w.end == cohort.end]
    if cohort.kind != "cohort" or not same_end:
        return {}
    levels = repositories.downloads(repositories.headline)
    gained = replace(of_window(same_end[0].id, definitions), attribution="uploader", labels="study")
    inside = levels > 0
    young = measures(repositories, gained, inside)
    old = repositories.totals(gained, ~inside)[: len(definitions.groups)] // HALVES
    china, usa = (int(old[definitions.groups.index(side)]) for side in SIDES)
    before = int(levels.sum()) - int(young["total"])
    return {
        "omitted_total": int(old.sum()),
        "omitted_china": china,
        "omitted_usa": usa,
        "window_lead_of_cohort": young["lead"],
        "before_first_reading": before / int(levels.sum()),
    }


def over_choices(chosen: pd.DataFrame, definitions: Definitions) -> dict[str, Any]:
    """How the lead of two windows varies over ever more choices of attribution.

    The windows are the headline's and the increments that end with it. ``credit`` varies who is
    credited and the two sources of labels, ``doubt`` also the ends of the registry's doubt, and
    ``all`` also what is left out and what is done with the unattributed.
    """
    facts: dict[str, Any] = {}
    for name, window in _two_windows(definitions).items():
        part = chosen[chosen["window"] == window]
        plain = part[(part["exclusion"] == NONE) & (part["treatment"] == OWN)]
        sets = {"credit": plain[plain["labels"].isin(LABELS)], "doubt": plain, "all": part}
        for kind, rows in sets.items():
            facts |= {
                f"{kind}_{name}": len(rows),
                f"{kind}_{name}_china_leads": int((rows["lead"] > 0).sum()),
                f"{kind}_{name}_smallest": float(rows["lead"].min()),
                f"{kind}_{name}_largest": float(rows["lead"].max()),
            }
    return facts


def of_origins(repositories: Repositories, moved: pd.DataFrame) -> dict[str, Any]:
    """How the traced origins compare with the annotated ones."""
    window = repositories.headline.window
    downloads = repositories.table[window]
    undocumented = repositories.table["traced_origin"].fillna("").astype(str) == ""
    differs = moved[moved["origin_differs"] == "yes"]
    return {
        "origins_undocumented": int(undocumented.sum()),
        "origins_undocumented_share": float(downloads[undocumented].sum() / downloads.sum()),
        "origins_differ": len(differs),
        "origins_differ_share": float(differs[window].sum() / downloads.sum()),
    }


def of_disagreements(
    repositories: Repositories, disagreements: pd.DataFrame, rules: int
) -> dict[str, Any]:
    """How many disagreements with the study there are, and what is not compared."""
    table, unknown = repositories.table, repositories.definitions.group_of[UNKNOWN]
    downloads, nowhere = (
        table[repositories.headline.window],
        table["registry_group_uploader"] == unknown,
    )
    both = disagreements[["study_group", "registry_group"]]
    return {
        "rules": rules,
        "disagreements_uploader": int((disagreements["attribution"] == "uploader").sum()),
        "disagreements_china_usa": int(both.isin(SIDES).all(axis=1).sum()),
        "uncompared_share": float(downloads[nowhere].sum() / downloads.sum()),
    }


def over_tipping_points(tipped: pd.DataFrame) -> dict[str, Any]:
    """The largest of the fewest developers whose wrong labels would turn a lead."""
    return {"tipping_most": int(tipped["fewest_developers"].max())}


def of_audit(
    frame: pd.DataFrame, codings: pd.DataFrame, confusion: NDArray[np.int64], registry: Registry
) -> dict[str, Any]:
    """How many developers were coded twice, alike, and whose coding the resolution upheld."""
    china, usa = CLASSES.index(CHINA), CLASSES.index(USA)
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


def _two_windows(definitions: Definitions) -> dict[str, str]:
    """The headline's window, and the increments that end with it."""
    head = definitions.headline_estimand.window
    same_end = [w.id for w in definitions.windows if w.kind == "increments" and w.end == head.end]
    return {"head": head.id, **({"window": same_end[0]} if same_end else {})}


def to_frame(*parts: Mapping[str, Any]) -> pd.DataFrame:
    """One number a row: ``name, value``."""
    values = {name: value for part in parts for name, value in part.items()}
    return pd.DataFrame({"name": values.keys(), "value": values.values()}, dtype=object)
