"""A small synthetic specification grid whose leads rise by one point from row to row."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from replication.analysis import sensitivity
from replication.analysis.specification import DIMENSIONS, choices_of
from replication.definitions import Definitions

PUBLISHED = {"study-china": 17.0, "study-usa": 16.0, "space-china": 30.0, "space-usa": 40.0,
             "hf-spring-china": 41.0, "hf-spring-usa": 36.0}  # fmt: skip
EFFECTIVE = 4.5


def reduced(definitions: Definitions) -> Definitions:
    """The definitions with 96 specifications, among them the published cells."""
    fewer = {
        "frozen_rules": definitions.grid.frozen_rules[:1],
        "attributions": ("uploader", "maker"),
        "treatments": definitions.grid.treatments[:1],
        "exclusions": definitions.grid.exclusions[:1],
        "scopes": ("all", "first-party-text"),
    }
    return dataclasses.replace(definitions, grid=dataclasses.replace(definitions.grid, **fewer))


def synthetic_grid(definitions: Definitions, behind: int = 10, swing: float = 0.1) -> pd.DataFrame:
    """Specifications in the order of the grid, each a point ahead of the one before.

    Parameters
    ----------
    definitions
        Definitions with few choices.
    behind
        How many specifications the USA leads, by half a point at least.
    swing
        By how much the removal of one developer moves the lead either way.
    """
    every = pd.MultiIndex.from_product(choices_of(definitions).values(), names=DIMENSIONS)
    grid = every.to_frame(index=False)
    lead = (np.arange(len(grid)) - behind + 0.5) / 100
    ends = {"lower": lead - 0.4, "upper": lead + 0.3, "without_lower": lead - swing}
    return grid.assign(
        distinct=np.where(np.arange(len(grid)) % 2, "no", "yes"), n_effective=EFFECTIVE,
        lead=lead, without_upper=lead + swing, **ends,
    )  # fmt: skip


def tables_of(grid: pd.DataFrame, definitions: Definitions) -> dict[str, pd.DataFrame]:
    """The tables behind the figures, from a grid of the definitions."""
    return {
        "specifications": grid,
        "dimensions": sensitivity.dimensions(grid, definitions),
        "published_cells": sensitivity.published_cells(grid, PUBLISHED, definitions),
        "bridges": sensitivity.bridges(grid, PUBLISHED, definitions),
    }


def synthetic_tables(definitions: Definitions) -> dict[str, pd.DataFrame]:
    """The tables of the whole synthetic grid."""
    few = reduced(definitions)
    return tables_of(synthetic_grid(few), few)
