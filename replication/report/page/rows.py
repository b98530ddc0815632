"""Rows of a source for the page: who can be credited, by whose labels, and downloads in columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.analysis.credit import Attributed, Mask, places_among
from replication.inference.cells import Ints

NAMED = 400
"""Repositories that keep their names: as many as the package leaves out one at a time."""
NOWHERE = "."
"""The group of a row that a source of labels does not place."""
_CODES = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Asked:
    """What the rows of a source can be asked for.

    Attributes
    ----------
    roles
        Roles that can be credited.
    labels
        Sources of labels.
    exclusions
        Ids of exclusions.
    scopes
        Which rows (r,) each scope holds.
    """

    roles: Sequence[str]
    labels: Sequence[str]
    exclusions: Sequence[str]
    scopes: Mapping[str, Mask]


def joined(attributed: Attributed, columns: Ints, asked: Asked, named: int) -> dict[str, Any]:
    """Rows in which no choice can tell its parts apart: the largest by name, the others summed.

    Parameters
    ----------
    attributed
        Attributed repositories, or weeks.
    columns
        Downloads (r, c); by the first column it is decided which rows are largest.
    asked
        What can be asked for.
    named
        How many of the largest rows keep their names.

    Returns
    -------
    dict
        ``developers``, and ``profiles``: a character of the group for each role and source of labels.
        Of each row: the places of the developers credited by role and of its profile, the bits of the
        exclusions and scopes that hold it, its name (empty for a sum) and its downloads by column.
    """
    some = np.flatnonzero(columns.any(axis=1))
    developers, keys = _keys(attributed, asked, columns[:, 0], named)
    keys = keys.iloc[some].reset_index(drop=True)
    number = keys.groupby(list(keys.columns), sort=True).ngroup().to_numpy()
    sums = np.zeros((int(number.max(initial=-1)) + 1, columns.shape[1]), dtype=np.int64)
    np.add.at(sums, number, columns[some])
    rows = keys.iloc[np.unique(number, return_index=True)[1]]
    profiles, profile = np.unique(rows["profile"].to_numpy(dtype=str), return_inverse=True)
    return {
        "developers": developers,
        "profiles": profiles.tolist(),
        "credited": {role: rows[role].tolist() for role in asked.roles},
        "profile": profile.tolist(),
        "exclusions": rows["exclusions"].tolist(),
        "scopes": rows["scopes"].tolist(),
        "names": rows["name"].tolist(),
        "columns": sums.T.tolist(),
    }


def _keys(
    attributed: Attributed, asked: Asked, downloads: Ints, named: int
) -> tuple[list[str], pd.DataFrame]:
    """Names of the developers, and what tells rows apart, one column each."""
    table = attributed.table
    every = pd.concat([table[f"{role}_developer"] for role in asked.roles], ignore_index=True)
    codes, names = pd.factorize(every, sort=True)
    by_role = codes.reshape(len(asked.roles), len(table))
    largest = np.zeros(len(table), dtype=bool)
    largest[np.argsort(-downloads, kind="stable")[:named]] = True
    columns = dict(zip(asked.roles, by_role, strict=True)) | {
        "profile": _profiles(attributed, asked),
        "exclusions": _bits(len(table), (attributed.without(x) for x in asked.exclusions)),
        "scopes": _bits(len(table), asked.scopes.values()),
        "name": np.where(largest, table["name"], "") if named else "",
    }
    return [str(name) for name in names], pd.DataFrame(columns, index=table.index)


def _profiles(attributed: Attributed, asked: Asked) -> NDArray[np.object_]:
    """The groups of each row by every role, and in it by every source of labels, as characters."""
    groups = attributed.definitions.groups
    characters = np.array([*_CODES[: len(groups)], NOWHERE], dtype=object)
    text = np.full(len(attributed.table), "", dtype=object)
    for role in asked.roles:
        for labels in asked.labels:
            place = places_among(attributed.table[f"{labels}_group_{role}"], groups)
            text += characters[place]
    return text


def _bits(rows: int, masks: Iterable[Mask]) -> Ints:
    """One bit for each mask, the first the lowest."""
    bits = np.zeros(rows, dtype=np.int64)
    for place, mask in enumerate(masks):
        bits |= mask.astype(np.int64) << place
    return bits
