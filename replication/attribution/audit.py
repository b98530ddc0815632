"""The audit of the registry: a sample drawn by size, its second, blinded coding, and how they agree.

Two tables are data: sampling_frame.csv lists every developer of the panel with its size and the
probability of being drawn, second_coding.csv both codings of those that were, with the resolution.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.attribution.agreement import RAW, measures
from replication.attribution.evidence_csv import Cells, is_date, is_url, read_rows, require
from replication.attribution.registry import DATA, UNKNOWN, Registry
from replication.errors import DegenerateDataError

FRAME, CODING = DATA / "sampling_frame.csv", DATA / "second_coding.csv"
CHINA, USA, ELSEWHERE, NOWHERE = "China", "USA", "another country", "no country"
CLASSES = (CHINA, USA, ELSEWHERE, NOWHERE)
AGREED = "agreed"


def inclusion_probabilities(sizes: NDArray[np.number], n: int) -> NDArray[np.float64]:
    """Probability with which each unit is drawn: proportional to its size, and at most 1.

    Units so large that they would be drawn more than once are taken with certainty, and the rest
    of the sample is spread over the others in proportion, until none exceeds 1.

    Parameters
    ----------
    sizes
        Positive sizes (N,).
    n
        Size of the sample, at most N.

    Returns
    -------
    numpy.ndarray
        Probabilities (N,) that add up to n.
    """
    size = np.asarray(sizes, dtype=float)
    if not 0 < n <= len(size) or (size <= 0).any():
        raise DegenerateDataError(
            f"{n} of {len(size)} units cannot be drawn by size",
            f"give positive sizes, and draw from 1 to {len(size)}",
        )
    certain = np.zeros(len(size), dtype=bool)
    while True:
        left = n - certain.sum()
        rest = size[~certain].sum()
        share = np.where(certain, 1.0, left * size / rest if rest else 1.0)
        over = ~certain & (share >= 1)
        if not over.any():
            return share
        certain |= over


def systematic(probabilities: NDArray[np.float64], seed: int) -> NDArray[np.bool_]:
    """Draw a sample of fixed size with the given inclusion probabilities.

    Units are put in random order, their probabilities laid end to end, and every unit is taken
    that holds one of the points u, u + 1, u + 2, … with u uniform on [0, 1).

    Parameters
    ----------
    probabilities
        Inclusion probabilities (N,), which add up to a whole number.
    seed
        Seed of the order and of the start.

    Returns
    -------
    numpy.ndarray
        Whether each unit is drawn (N,).
    """
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(probabilities))
    ends = np.cumsum(probabilities[order])
    ends[-1] = round(ends[-1])  # the sum is whole but for rounding
    points = np.floor(ends - generator.random())
    drawn = np.diff(points, prepend=-1.0) > 0
    chosen = np.zeros(len(probabilities), dtype=bool)
    chosen[order] = drawn
    return chosen


def sampling_frame(
    repositories: pd.DataFrame, registry: Registry, windows: Sequence[str], n: int, seed: int
) -> pd.DataFrame:
    """Every developer of a panel with its size, and which of them an audit draws.

    Parameters
    ----------
    repositories
        Repositories with ``uploader``, ``origin`` and the columns of downloads.
    registry
        Says which namespaces are one developer's; a unit is named by the first of them, so that a
        coder learns nothing from it.
    windows
        Columns of downloads; a developer's size is the largest of its sums over them and over
        both roles.
    n, seed
        Size and seed of the sample.

    Returns
    -------
    pandas.DataFrame
        ``unit, namespaces, size, probability, sampled`` (yes or no), the largest first.
    """
    sizes: dict[str, int] = {}
    members: dict[str, set[str]] = {}
    for role in ("uploader", "origin"):
        developers = repositories[role].map(registry.developer_of)
        sums = repositories.groupby(developers)[list(windows)].sum().max(axis=1)
        for name, size in sums.items():
            sizes[str(name)] = max(sizes.get(str(name), 0), int(size))
        for name, namespace in zip(developers, repositories[role], strict=True):
            members.setdefault(name, set()).add(namespace)
    rows = [(min(members[k]), " ".join(sorted(members[k])), v) for k, v in sizes.items() if v]
    table = pd.DataFrame(rows, columns=["unit", "namespaces", "size"])
    table = table.sort_values(["size", "unit"], ascending=[False, True], ignore_index=True)
    table["probability"] = inclusion_probabilities(table["size"].to_numpy(), n)
    drawn = systematic(table["probability"].to_numpy(), seed)
    return table.assign(sampled=np.where(drawn, "yes", "no"))


@dataclass(frozen=True)
class Unit:
    """One row of sampling_frame.csv: a developer as it stood when the sample was drawn."""

    unit: str
    namespaces: str
    size: str
    probability: str
    sampled: str


@dataclass(frozen=True)
class Coding:
    """One row of second_coding.csv: the registry as it stood, the second coding, the resolution."""

    unit: str
    namespaces: str
    first_country: str
    second_country: str
    second_sector: str
    second_basis: str
    second_evidence_url: str
    second_date_read: str
    second_confidence: str
    second_note: str
    resolved_country: str
    resolution: str


def load(
    group_of: Mapping[str, str], frame: Path = FRAME, coding: Path = CODING
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read and check the frame and the codings.

    Returns
    -------
    tuple of pandas.DataFrame
        The frame with ``size`` (downloads, int64), ``probability`` (float) and ``sampled``
        (bool); and one row a coded unit: the columns of `Coding`.

    Raises
    ------
    RegistryError
        A row is malformed, or the units coded are not those sampled.
    """
    table = _read(frame, Unit, _frame_checks).astype({"size": "int64", "probability": float})
    table["sampled"] = table["sampled"] == "yes"
    codings = _read(coding, Coding, lambda cells: _checks(cells, group_of))
    drawn = set(table.loc[table["sampled"], "unit"])
    odd = sorted(drawn ^ set(codings["unit"]))
    whole = (not odd, f"{odd[:1]} is not both sampled and coded", "code just the sampled units")
    require(coding.name, [whole])
    return table, codings


def _read(
    path: Path,
    kind: type[Unit | Coding],
    checks: Callable[[Cells], Iterator[tuple[bool, str, str]]],
) -> pd.DataFrame:
    """Read and check every row; a unit has one."""
    columns = [f.name for f in fields(kind)]
    rows: dict[str, Cells] = {}
    for where, cells in read_rows(path, columns):
        unit = cells["unit"]
        once = (unit not in rows, f"unit {unit!r} has two rows", "keep one")
        require(where, [once, *checks(cells)])
        rows[unit] = cells
    return pd.DataFrame(rows.values(), columns=columns)


def _frame_checks(cells: Cells) -> Iterator[tuple[bool, str, str]]:
    """What a unit of the frame must hold."""
    size, probability = cells["size"], cells["probability"]
    whole = bool(re.fullmatch(r"[1-9][0-9]{0,17}", size))
    yield whole, f"size {size!r} is no count", "give the downloads, at least 1"
    number = bool(re.fullmatch(r"[01](\.[0-9]+)?(e-[0-9]+)?", probability))
    inside = number and 0 < float(probability) <= 1
    yield inside, f"probability {probability!r} is none", "write a number above 0, at most 1"
    yield cells["sampled"] in {"yes", "no"}, "sampled is neither yes nor no", "write one of them"


def _checks(cells: Cells, group_of: Mapping[str, str]) -> Iterator[tuple[bool, str, str]]:
    """What a coded unit must hold."""
    for column in ("first_country", "second_country", "resolved_country"):
        known = cells[column] in group_of
        yield known, f"{column} {cells[column]!r} is unknown", "use ISO codes or a class"
    if cells["second_country"] != UNKNOWN:
        yield is_url(cells["second_evidence_url"]), "no second_evidence_url", "give what was read"
        yield is_date(cells["second_date_read"]), "second_date_read is no date", "write 2026-11-23"
    agree = cells["first_country"] == cells["second_country"]
    yield agree == (cells["resolution"] == AGREED), "resolution does not fit", "say agreed, or why"
    resolved = cells["resolved_country"] in {cells["first_country"], cells["second_country"]}
    yield resolved, "resolved_country is neither coding", "give one of the two"


def class_of(country: str, group_of: Mapping[str, str], unattributed: set[str]) -> str:
    """The class of a country or non-country class, as far as the lead can tell."""
    return class_of_group(group_of[country], unattributed)


def class_of_group(group: str, unattributed: Collection[str]) -> str:
    """The class of a country group."""
    if group in {CHINA, USA}:
        return group
    return NOWHERE if group in unattributed else ELSEWHERE


def confusion(
    codings: pd.DataFrame, group_of: Mapping[str, str], unattributed: set[str]
) -> NDArray[np.int64]:
    """Units by class of the first coding (rows) and of the second (columns), in `CLASSES` order."""
    table = np.zeros((len(CLASSES), len(CLASSES)), dtype=np.int64)
    for first, second in zip(codings["first_country"], codings["second_country"], strict=True):
        pair = (class_of(c, group_of, unattributed) for c in (first, second))
        table[tuple(CLASSES.index(name) for name in pair)] += 1
    return table


def settled(
    codings: pd.DataFrame,
    developer_of: Callable[[str], str],
    group_of: Mapping[str, str],
    unattributed: set[str],
) -> set[str]:
    """Developers whose class both codings know and agree on, in every unit that holds one of them.

    Two codings that both say unknown settle nothing.
    """
    agreed: dict[str, bool] = {}
    for row in codings.itertuples():
        countries = (str(row.first_country), str(row.second_country))
        same = len({class_of(country, group_of, unattributed) for country in countries}) == 1
        same &= UNKNOWN not in countries
        for namespace in str(row.namespaces).split():
            developer = developer_of(namespace)
            agreed[developer] = agreed.get(developer, True) and same
    return {developer for developer, same in agreed.items() if same}


def agreement(
    frame: pd.DataFrame,
    codings: pd.DataFrame,
    group_of: Mapping[str, str],
    unattributed: set[str],
) -> pd.DataFrame:
    """Agreement of the two codings, counting units alike and by size.

    Returns
    -------
    pandas.DataFrame
        One row a scope (``codes``: ISO codes and classes; ``classes``: China, USA, another
        country, none; ``settled``: codes, where neither says unknown) and weight (``raw``;
        ``design``: the inverse of the probability, so that the sample stands for the frame;
        ``size``): the columns of `measures`.
    """
    both = codings.merge(frame[["unit", "size", "probability"]], on="unit", validate="one_to_one")
    classes = both.assign(
        first_country=[class_of(c, group_of, unattributed) for c in both["first_country"]],
        second_country=[class_of(c, group_of, unattributed) for c in both["second_country"]],
    )
    settled = both[(both[["first_country", "second_country"]] != UNKNOWN).all(axis=1)]
    rows = []
    for scope, part in (("codes", both), ("classes", classes), ("settled", settled)):
        weights = {RAW: None, "design": 1 / part["probability"], "size": part["size"]}
        for name, weight in weights.items():
            agreed = measures(part["first_country"], part["second_country"], weight)
            rows.append({"scope": scope, "weight": name, **agreed})
    return pd.DataFrame(rows)
