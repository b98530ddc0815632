"""The table of counts and extremes for the text, from all other results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from replication.analysis import facts, nominal, preferred, rebuild_error
from replication.analysis.cells import Repositories
from replication.attribution.registry import Registry
from replication.attribution.rules import Rule
from replication.definitions import Definitions

Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Audit:
    """The second coding: the frame it was drawn from, both codings, and the confusion of classes."""

    frame: pd.DataFrame
    codings: pd.DataFrame
    confusion: np.ndarray[Any, Any]


def summary(
    tables: Tables,
    repositories: Repositories,
    chained: pd.DataFrame | None,
    published: Mapping[str, float],
    registry: Registry,
    rules: Sequence[Rule],
    audit: Audit,
    definitions: Definitions,
) -> pd.DataFrame:
    """Collect counts and extremes of the results, one a row: ``name, value``."""
    parts = [*_of_results(tables, definitions)]
    parts += [
        facts.of_files(repositories, tables["defects"], registry),
        facts.of_omission(repositories),
        facts.over_choices(tables["choices"], definitions),
        facts.over_tipping_points(tables["tipping_points"]),
        facts.of_origins(repositories, tables["origins"]),
        facts.of_disagreements(repositories, tables["disagreements"], len(rules)),
        facts.of_audit(audit.frame, audit.codings, audit.confusion, registry),
    ]
    if chained is not None:
        parts.append(rebuild_error.of_chained(repositories, chained))
    return facts.to_frame(*parts, facts.of_headline(repositories, published))


def _of_results(tables: Tables, definitions: Definitions) -> Iterator[Mapping[str, Any]]:
    """Counts and extremes of the estimates, intervals, series and the grid."""
    yield facts.over_specifications(tables["specifications"])
    yield facts.over_dimensions(tables["dimensions"], definitions)
    yield facts.over_estimates(tables["estimates"])
    yield preferred.of_calibration(tables["calibration"], definitions)
    yield nominal.of_calibration(tables["calibration"], definitions.inference.level)
    yield facts.of_tails(tables["hill"], tables["concentration"], definitions)
    yield facts.over_tails(tables["tail_models"], tables["tail_plateaus"])
    yield facts.of_first_sums(tables["rolling_distribution"])
    yield facts.of_changes(tables["changes"])
    yield facts.over_series(tables["crossings"])
