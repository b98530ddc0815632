"""Label error carried through the replicates: labels drawn from the audited confusion table.

A replicate draws the developers' weights as the cluster bootstrap does and, independently, labels:
the second coding says how often a developer that the registry places in one class is placed in
another, and the table of these counts with a Jeffreys prior gives a Dirichlet law for each row,
from which the replicate draws its own error rates before it draws the labels. Labels are drawn for
all developers, or only for those whose label the two codings have not settled: that they were not
sampled, that the codings differ, or that they do not know.

The table holds rates of disagreement, not of error: errors that both coders share are not in it, and
where one coder was wrong the registry may have been right.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.analysis.cells import Repositories
from replication.analysis.lead import LEAD
from replication.analysis.specification import of_window
from replication.attribution.assign import ROLES
from replication.attribution.audit import CHINA, CLASSES, USA, class_of_group
from replication.definitions import Definitions
from replication.inference.cells import Cells
from replication.inference.intervals import percentile
from replication.inference.resampling import cluster_weights

LUCK, LABELS, BOTH = "luck", "labels", "both"
UNSETTLED = "-unsettled"
SOURCES = (LUCK, LABELS, BOTH, LABELS + UNSETTLED, BOTH + UNSETTLED)
"""What varies: developers' luck, labels, or both; of the labels all, or the unsettled alone."""
_STREAM = 1
"""Labels are drawn from seeds of their own, so that the weights are those of every other table."""
Floats = NDArray[np.float64]


def propagate(
    repositories: Repositories, confusion: NDArray[np.int64], settled: Collection[str]
) -> pd.DataFrame:
    """Intervals for the shares and the lead that carry luck, label error, and both.

    Parameters
    ----------
    repositories
        Attributed repositories, with the definitions: replicates, seeds and the prior.
    confusion
        Audited units by class of the first and of the second coding, in the order of `CLASSES`.
    settled
        Developers whose class the two codings agree on.

    Returns
    -------
    pandas.DataFrame
        One row a window, role, source of error (`SOURCES`) and statistic, under the registry's labels:
        ``point, lower, upper`` as fractions, and ``china_leads``, the fraction of replicates in
        which China leads.
    """
    definitions, rows = repositories.definitions, []
    for window, role in product(definitions.windows, ROLES):
        spec = replace(of_window(window.id, definitions), attribution=role, labels="registry")
        cells = repositories.cells(spec)
        point = _statistics(np.asarray([_by_class(cells, definitions).sum(axis=0)], dtype=float))[0]
        for source, drawn in replicates(cells, confusion, settled, definitions).items():
            low, high = percentile(drawn, definitions.inference.level)
            leads = float((drawn[:, -1] > 0).mean())
            ends = zip((CHINA, USA, LEAD), point, low, high, strict=True)
            rows += [
                {**spec.keys, "source": source, "group": group, "point": value,
                 "lower": lower, "upper": upper, "china_leads": leads}
                for group, value, lower, upper in ends
            ]  # fmt: skip
    return pd.DataFrame(rows)


def replicates(
    cells: Cells, confusion: NDArray[np.int64], settled: Collection[str], definitions: Definitions
) -> dict[str, Floats]:
    """Replicates (B, 3) of China's share, the USA's and the lead, by source of error."""
    by_class = _by_class(cells, definitions)
    fixed = np.isin(cells.units, list(settled))
    parts: dict[str, list[Floats]] = {source: [] for source in SOURCES}
    for number in range(-(-definitions.inference.replicates // definitions.inference.chunk)):
        for source, totals in _chunk(by_class, confusion, fixed, definitions, number):
            parts[source].append(_statistics(totals))
    return {s: np.concatenate(p)[: definitions.inference.replicates] for s, p in parts.items()}


def _by_class(cells: Cells, definitions: Definitions) -> NDArray[np.int64]:
    """Half downloads (n, 4) of each developer in each of `CLASSES`."""
    place = [
        CLASSES.index(class_of_group(group, definitions.unattributed)) for group in cells.groups
    ]
    out = np.zeros((len(cells.units), len(CLASSES)), dtype=np.int64)
    for column, target in enumerate(place):
        out[:, target] += cells.by_group[:, column]
    return out


def _chunk(
    by_class: NDArray[np.int64],
    confusion: NDArray[np.int64],
    fixed: NDArray[np.bool_],
    definitions: Definitions,
    number: int,
) -> Iterator[tuple[str, Floats]]:
    """Totals (chunk, 4) of one chunk of replicates for each source of error."""
    rules = definitions.inference
    drawn = cluster_weights(len(by_class), rules.chunk, rules.seed, number)
    seed = np.random.SeedSequence(rules.seed, spawn_key=(number, _STREAM))
    held = np.nonzero(by_class)
    beyond = _beyond(held, by_class.shape, confusion + definitions.audit.prior, rules.chunk, seed)
    of_developer = drawn[:, held[0]]
    yield LUCK, drawn @ by_class.astype(float)
    for suffix, kept in (("", np.zeros_like(fixed)), (UNSETTLED, fixed)):
        settled = by_class * kept[:, None].astype(float)
        drawn_anew = (by_class - settled)[held]
        yield LABELS + suffix, settled.sum(axis=0) + _by_class_drawn(beyond, drawn_anew[None])
        moved = _by_class_drawn(beyond, of_developer * drawn_anew)
        yield BOTH + suffix, drawn @ settled + moved


def _beyond(
    held: tuple[NDArray[np.int64], ...],
    shape: tuple[int, ...],
    pseudo: NDArray[np.floating],
    size: int,
    seed: np.random.SeedSequence,
) -> Floats:
    """Which of the classes (size, e) drawn are beyond the first, the second and the third: 1, else 0.

    Parameters
    ----------
    held
        Developers (e,), and the class in which each holds something.
    shape
        Number of developers and of classes: a position is drawn for every pair, held or not.
    pseudo
        Counts of the confusion table with the prior's.
    size, seed
        Of the chunk.
    """
    generator = np.random.default_rng(seed)
    rates = generator.standard_gamma(pseudo, size=(size, *pseudo.shape))
    edges = np.cumsum(rates / rates.sum(axis=-1, keepdims=True), axis=-1)[..., :-1]
    developer, old = held
    position = generator.random((size, *shape))[:, developer, old]
    return np.stack([position > edges[:, old, k] for k in range(edges.shape[-1])]).astype(float)


def _by_class_drawn(beyond: Floats, downloads: Floats) -> Floats:
    """Totals (size, 4) of half downloads (size or 1, e) by the class drawn for each."""
    size, entries = beyond.shape[1:]
    each = np.broadcast_to(downloads, (size, entries))
    sums = [np.einsum("be,be->b", place, each) for place in beyond]
    at_least = np.stack([each.sum(axis=1), *sums, np.zeros(size)], axis=-1)
    return np.asarray(at_least[:, :-1] - at_least[:, 1:])


def _statistics(totals: Floats) -> Floats:
    """China's share, the USA's and the lead (n, 3) of n totals by class (n, 4)."""
    shares = totals[..., :2] / totals.sum(axis=-1, keepdims=True)
    return np.concatenate([shares, shares[..., :1] - shares[..., 1:]], axis=-1)
