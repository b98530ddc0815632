"""Which repositories every scope of the grid holds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.attribution import scope
from replication.attribution.rules import DISTILLATION
from replication.attribution.scope import TaskRule
from replication.definitions import Grid


def masks_of_scopes(
    table: pd.DataFrame, grid: Grid, tasks: Sequence[TaskRule]
) -> dict[str, NDArray[np.bool_]]:
    """Which repositories (r,) every scope of the grid holds.

    What a model does and how large it is follow from names (`replication.attribution.scope`).
    First-party repositories are those whose uploader made the weights; repositories whose names
    state no size belong to neither size.

    Parameters
    ----------
    table
        Attributed repositories.
    grid
        The grid, with its scopes and the limit of sizes.
    tasks
        Rules that say what a model does.
    """
    text = (scope.task_of(table["name"], tasks) == scope.TEXT_GENERATION).to_numpy()
    size = scope.size_class(scope.parameters_of(table["name"]), grid.size_limit_billions)
    own = (table["uploader_developer"] == table["maker_developer"]).to_numpy()
    kinds = table["kinds"].fillna("").astype(str).str.split()
    masks = {
        "all": np.ones(len(table), dtype=bool),
        "text-generation": text,
        "first-party": own,
        "first-party-text": own & text,
        "without-distillations": ~kinds.map(lambda each: DISTILLATION in each).to_numpy(dtype=bool),
        "up-to-8B": (size == scope.AT_MOST).to_numpy(),
        "over-8B": (size == scope.OVER).to_numpy(),
    }
    return {name: masks[name] for name in grid.scopes}
