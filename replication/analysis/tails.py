"""Which law the largest units follow: a lognormal beside the Pareto law, and whether the index settles."""

from __future__ import annotations

from dataclasses import asdict, fields

import numpy as np
import pandas as pd

from replication.analysis.cells import Repositories
from replication.analysis.concentration import LEAST_UNITS, whole_windows
from replication.definitions import Definitions
from replication.errors import DegenerateDataError
from replication.inference.cells import HALVES, Ints
from replication.inference.pareto import tail_size
from replication.inference.resampling import generator_of
from replication.inference.tail_models import Comparison, compare, excesses, plateau

ROOT, HALF = "root", "half"
"""Sizes of the tail: that of which intervals of concentration are made, and half of the units."""
LOGNORMAL, UNDECIDED = "lognormal", "undecided"
_STREAM = 6
"""Tails are drawn from seeds of their own."""
_MOST_DRAWS = 1 << 19
"""Excesses drawn for one row, which bounds its time: of long tails, fewer replicates."""
_TESTS = [field.name for field in fields(Comparison)]
_MOVES = ["index_low", "index_high", "movement", "movement_p"]


def models(repositories: Repositories) -> pd.DataFrame:
    """A lognormal and a Pareto law fitted above the same threshold, and which of them holds.

    Returns
    -------
    pandas.DataFrame
        One row a window, unit and size of the tail: ``window, unit, n, tail`` (`ROOT` or `HALF`),
        ``k``, ``threshold`` in downloads, the attributes of `Comparison`, ``law`` and ``note``. The law
        is `LOGNORMAL` where the Pareto law is refused at the definitions' level, by the coefficient
        of variation, else `UNDECIDED`: a Pareto law is a limit of lognormals and never preferred. Of
        fewer than `LEAST_UNITS` units, and of a tail of equal sizes, everything else is NaN and the
        note says why.
    """
    rows = []
    for cells in whole_windows(repositories):
        sizes = np.sort(cells.sizes)[::-1]
        about = {"window": cells.specification.window, "unit": cells.unit, "n": len(sizes)}
        for tail, k in ((ROOT, tail_size(len(sizes))), (HALF, len(sizes) // 2)):
            found = _compared(sizes, k, repositories.definitions)
            rows.append(about | {"tail": tail, "k": k} | found)
    names = ["window", "unit", "n", "tail", "k", "threshold", *_TESTS, "law", "note"]
    return pd.DataFrame(rows, columns=names)


def _compared(sizes: Ints, k: int, definitions: Definitions) -> dict[str, object]:
    """Threshold, tests, law and note of the k largest of sizes in half downloads, largest first."""
    if len(sizes) < LEAST_UNITS:
        return {"law": "", "note": f"refused: fewer than {LEAST_UNITS} units"}
    rules = definitions.inference
    try:
        above = excesses(sizes, k)
    except DegenerateDataError as error:
        return {"law": "", "note": f"refused: {error.what}"}
    found = compare(above, _replicates(k, definitions), generator_of(rules.seed, k, _STREAM))
    refused = found.variation_p < 1 - rules.level
    law = LOGNORMAL if refused else UNDECIDED
    return {"threshold": sizes[k] / HALVES, **asdict(found), "law": law, "note": ""}


def plateaus(repositories: Repositories) -> pd.DataFrame:
    """How far Hill's index moves from the square root of the units to half of them.

    Returns
    -------
    pandas.DataFrame
        One row a window and unit: ``window, unit, n, smallest_k, largest_k, index_low, index_high,
        movement`` (largest index over smallest), ``movement_p`` (part of exact Pareto laws whose
        index moves as far), ``plateau`` (yes where the index moves by less than the definitions'
        factor, else no) and ``note``. Of fewer than `LEAST_UNITS` units nothing is judged.
    """
    rows = []
    for cells in whole_windows(repositories):
        n = len(cells.sizes)
        about = {"window": cells.specification.window, "unit": cells.unit, "n": n}
        about |= {"smallest_k": tail_size(n), "largest_k": n // 2}
        rows.append(about | _movement(cells.sizes, repositories.definitions))
    names = ["window", "unit", "n", "smallest_k", "largest_k", *_MOVES, "plateau", "note"]
    return pd.DataFrame(rows, columns=names)


def _movement(sizes: Ints, definitions: Definitions) -> dict[str, object]:
    """What `plateaus` says of sizes."""
    n, seed = len(sizes), definitions.inference.seed
    if n < LEAST_UNITS:
        return {"plateau": "", "note": f"refused: fewer than {LEAST_UNITS} units"}
    draws = _replicates(n // 2, definitions), generator_of(seed, n, _STREAM)
    judged, moves, chance = plateau(sizes, tail_size(n), *draws)
    holds = "yes" if moves < definitions.tail.plateau_ratio else "no"
    values = (float(judged.min()), float(judged.max()), moves, chance)
    return {**dict(zip(_MOVES, values, strict=True)), "plateau": holds, "note": ""}


def _replicates(k: int, definitions: Definitions) -> int:
    """Tails of k units that are drawn: as many as the definitions say, unless that takes too long."""
    return min(definitions.inference.replicates, max(1, _MOST_DRAWS // k))
