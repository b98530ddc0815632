"""Names of the Hub: which characters they have, and when two of them are one name.

A repository is namespace/model. The Hub keeps the case in which a name was given and finds it in
any other, so that names are matched by `key` and shown as their source writes them.
"""

from __future__ import annotations

import re
from string import ascii_lowercase, ascii_uppercase

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_PART = r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?"
NAMESPACE, REPOSITORY = _PART, f"{_PART}/{_PART}"
"""Regular expressions of a whole name: see `well_formed` for what they leave open."""
_ODD = r"--|\.\.|\.git$"
RULE = (
    "a name on the Hub has letters A to Z, digits, '-', '_' and '.' alone, begins and ends with a "
    "letter, a digit or '_', and holds neither '--' nor '..'"
)
_SMALL = str.maketrans(ascii_uppercase, ascii_lowercase)


def well_formed(names: pd.Series, pattern: str = REPOSITORY) -> pd.Series:
    """Whether each name is one that the Hub allows, by the rules of its client.

    Parameters
    ----------
    names
        Text; a missing name is not allowed.
    pattern
        `REPOSITORY` or `NAMESPACE`.

    Returns
    -------
    pandas.Series
        Boolean, on the index of `names`. Blanks, control characters, characters that are not seen,
        and letters of other alphabets that look alike are not allowed.
    """
    cells = pa.array(names, type=pa.large_string(), from_pandas=True)
    right = pc.match_substring_regex(cells, rf"\A{pattern}\z")
    odd = pc.match_substring_regex(cells, _ODD)
    allowed = pc.fill_null(pc.and_not(right, odd), False)
    return pd.Series(allowed.to_numpy(zero_copy_only=False), names.index, dtype=bool)


def is_namespace(text: str) -> bool:
    """Whether `text` is a namespace that the Hub allows."""
    return bool(re.fullmatch(NAMESPACE, text)) and not re.search(_ODD, text)


def key(name: str) -> str:
    """What a name is matched by: the same for all spellings that the Hub takes for one name.

    Letters A to Z alone have two cases here, so that no letter of another alphabet becomes one.
    """
    return name.lower() if name.isascii() else name.translate(_SMALL)


def keys(names: pd.Series) -> pd.Series:
    """The `key` of each name; a missing one stays missing."""
    cells = folded(pa.array(names, type=pa.large_string(), from_pandas=True))
    return pd.Series(cells.to_pandas().to_numpy(), names.index, dtype="str")


def folded(names: pa.Array) -> pa.Array:
    """The `key` of each name of an array; a missing one stays missing."""
    return pc.ascii_lower(names)


def ranks(names: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The places of names, each of which stands once, in their order, and the number of each name in it."""
    order = pc.sort_indices(names).to_numpy().astype(np.int64)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return order, rank


def among(names: pd.Series, known: pd.Series | pd.Index) -> NDArray[np.bool_]:
    """Whether each name is one of those that are known: for many names, faster than isin."""
    return np.asarray(pd.Index(known.unique()).get_indexer(pd.Index(names)) >= 0)


def unified(*columns: pd.Series) -> tuple[pd.Series, ...]:
    """Columns of names in which spellings of one name have become one: the commonest of all columns.

    Of spellings that are as common as each other, the first in the order of characters holds.
    """
    spelling = variants(pd.concat(columns))
    if not spelling:
        return columns
    return tuple(
        pd.Series([spelling.get(n, n) for n in cells.to_numpy(object)], cells.index, cells.dtype)
        for cells in columns
    )


def variants(names: pd.Series) -> dict[str, str]:
    """Spellings that `unified` replaces, each with what takes its place."""
    rows = names.value_counts(sort=False)
    texts = pa.array(rows.index, type=pa.large_string(), from_pandas=True)
    place = commonest(texts, rows.to_numpy())
    other = np.flatnonzero(place != np.arange(len(place)))
    pairs = (texts.take(pa.array(places)).to_pylist() for places in (other, place[other]))
    return dict(zip(*pairs, strict=True))


def commonest(names: pa.Array, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place of the spelling that `unified` gives each name.

    Parameters
    ----------
    names
        Names, each spelling once.
    rows
        How often each occurs.
    """
    key = folded(names).dictionary_encode().indices.to_numpy()
    place = np.arange(len(key))
    several = np.flatnonzero(np.bincount(key)[key] > 1) if len(key) else place
    order = pc.rank(names.take(pa.array(several)), tiebreaker="dense").to_numpy()
    several = several[np.lexsort((order, -rows[several], key[several]))]
    _, first = np.unique(key[several], return_index=True)
    best = np.zeros(len(key), dtype=np.int64)
    best[key[several[first]]] = several[first]
    place[several] = best[key[several]]
    return place
