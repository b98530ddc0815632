"""Ranges that the package computed, by the combination of choices that each is of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from replication.analysis.cells import Repositories
from replication.analysis.lead import CHINA, LEAD, USA
from replication.analysis.specification import EVERYTHING, NONE, OWN
from replication.definitions import Definitions
from replication.panel.window import SEEN

NAMES = {CHINA: "china", USA: "usa", LEAD: "lead"}
RESAMPLED = {
    "jackknife-logit": "jackknife over developers",
    "percentile": "percentile bootstrap of developers",
}
"""Methods that say what other developers' luck would do, the first preferred."""
_READ = ("estimand", "attribution", "labels", "method", "group", "lower", "upper")


def of_records(
    answers: pd.DataFrame, estimates: pd.DataFrame, definitions: Definitions
) -> dict[str, Any]:
    """The range that the records leave open, of the headline alone, and those of the estimates."""
    about, rules = definitions.published_window, definitions.capture.rules
    limit, filling = definitions.panel.age_limit_days, definitions.fillings[0].id
    measures = {
        about.id: f"{filling}|{limit}|{rules[0]}",
        f"{about.id}-uncorrected": f"{filling}|{limit}|{NONE}",
        f"{about.id}-seen": f"{SEEN}|{limit}|{NONE}",
    }
    estimands = {
        **{name: (measure, NONE) for name, measure in measures.items()},
        **{
            f"{about.id}-without-{x.id}": (measures[about.id], x.id)
            for x in definitions.at_window.estimated_exclusions
        },
    }
    ranges = _resampled(estimates, estimands, scope="")
    head = _key(measures[about.id], about.attribution, about.labels, NONE)
    rows = answers.set_index("statistic")
    ranges.setdefault(head, {})["records"] = {
        name: rows.loc[label, ["records_lower", "records_upper"]].tolist()
        for label, name in NAMES.items()
    }
    return ranges


def of_estimates(estimates: pd.DataFrame, repositories: Repositories) -> dict[str, Any]:
    """Ranges of every estimated specification."""
    estimands = {
        spec.estimand: (f"{spec.window}|{spec.age_limit_days}|{spec.frozen}", spec.exclusion)
        for spec in repositories.specifications
    }
    return _resampled(estimates, estimands, scope=EVERYTHING)


def _resampled(
    estimates: pd.DataFrame, estimands: Mapping[str, tuple[str, str]], scope: str
) -> dict[str, Any]:
    """The preferred range by developers, where it is not refused, by the key of its choices."""
    rows = estimates[
        (estimates["unit"] == "developer")
        & estimates["method"].isin(list(RESAMPLED))
        & estimates["group"].isin(list(NAMES))
        & estimates["estimand"].isin(list(estimands))
    ].dropna(subset=["lower", "upper"])
    found: dict[tuple[str, str, str], dict[str, dict[str, list[float]]]] = {}
    for *choices, method, group, lower, upper in zip(*(rows[x] for x in _READ), strict=True):
        by_method = found.setdefault(tuple(choices), {})
        by_method.setdefault(method, {})[group] = [lower, upper]
    ranges: dict[str, Any] = {}
    for (estimand, credit, labels), by_method in found.items():
        method = next((m for m in RESAMPLED if by_method.get(m, {}).keys() == NAMES.keys()), None)
        if method is None:
            continue
        measure, exclusion = estimands[estimand]
        ends = {name: by_method[method][label] for label, name in NAMES.items()}
        key = _key(measure, credit, labels, exclusion, scope)
        ranges[key] = {"resampled": ends | {"method": RESAMPLED[method]}}
    return ranges


def _key(measure: str, credit: str, labels: str, exclusion: str, scope: str = "") -> str:
    """The choices of a combination in the order of the dimensions, joined."""
    return "|".join(filter(None, (measure, credit, labels, OWN, exclusion, scope)))
