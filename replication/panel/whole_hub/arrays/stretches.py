"""Chain and counters of each repository over the stretches where both are known: `sql/stretch_sums.sql`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from replication.names import ranks
from replication.panel import lineage
from replication.panel.whole_hub.arrays.gaps import Times
from replication.panel.whole_hub.arrays.levels import NONE, Levels
from replication.panel.whole_hub.arrays.rates import Chain
from replication.panel.whole_hub.arrays.reading import Ints, Mask

BIRTHS = "births"
"""The stretch from birth to the first counter."""


class Stretch(NamedTuple):
    """Of some repositories, by their numbers, what chain and counters say of one stretch, in thousandths."""

    name: str
    id: Ints
    chained: Ints
    counted: Ints


def births(first_id: int, found: Levels, chained: Ints, is_whole: Mask, times: Times) -> Stretch:
    """From birth to the first counter, of those whose whole life the chain covers.

    Parameters
    ----------
    first_id
        Number of the first repository.
    found
        The levels.
    chained
        What the chain says until the first counter.
    is_whole
        Whether it says so of the whole life.
    times
        The readings and rules.
    """
    has_first = (found.first != NONE) & (found.first_reached <= times.anchor)
    row = np.flatnonzero(is_whole & has_first)
    return Stretch(BIRTHS, first_id + row, chained[row], 1000 * found.first[row])


def from_the_anchor(
    first_id: int, found: Levels, chain: Chain, times: Times, stretches: pd.DataFrame
) -> list[Stretch]:
    """Over the stretches that begin at the first counter, of those that had one then."""
    gains, size, out = chain.gains, len(chain.begun), []
    is_first = (found.first != NONE) & (found.first_reached == times.anchor)
    after = np.flatnonzero((gains.began >= times.anchor) & is_first[gains.row])
    for name, until in stretches[["stretch", "until"]].itertuples(index=False):
        inside = after[gains.ended[after] <= until]
        chained = summed(gains.row[inside], gains.gain[inside], size)
        most = np.zeros(size, dtype=np.int64)
        reached = found.reached <= until
        most[found.row[reached]] = found.level[reached]  # levels rise, so that the last is the most
        row = np.flatnonzero(is_first & (chain.resumed <= until))
        counted = 1000 * (most - found.first)[row]
        out.append(Stretch(name, first_id + row, chained[row], counted))
    return out


def summed(row: Ints, values: Ints, size: int) -> Ints:
    """Sums of whole numbers by row."""
    out = np.zeros(size, dtype=np.int64)
    np.add.at(out, row, values)
    return out


def together(parts: Sequence[Stretch]) -> pa.Table:
    """The table of all parts."""
    names = sorted({part.name for part in parts})
    code = [np.full(len(part.id), names.index(part.name)) for part in parts]
    id_, chained, counted = (
        np.concatenate([part[n] for part in parts]).astype(np.int64) for n in (1, 2, 3)
    )
    stretch = pa.array(names, pa.string()).take(pa.array(np.concatenate(code)))
    return pa.table({"id": id_, "stretch": stretch, "chained": chained, "counted": counted})


def by_uploader(table: pa.Table, names: pa.ChunkedArray) -> pd.DataFrame:
    """The sums of each uploader and stretch: `sql/chain_and_counters.sql`.

    Parameters
    ----------
    table
        As `together` makes it.
    names
        Name of each repository, in the order of their numbers.
    """
    own = names.take(pa.array(table["id"].to_numpy() - 1)).combine_chunks()
    uploader = lineage.namespace_of(own).dictionary_encode()
    stretch = table["stretch"].combine_chunks().dictionary_encode()
    (by, rank), (of, part) = (ranks(one.dictionary) for one in (uploader, stretch))
    size = len(of)
    key = rank[uploader.indices.to_numpy()] * size + part[stretch.indices.to_numpy()]
    total = len(by) * size
    chained, counted = (
        summed(key, table[name].to_numpy(), total) for name in ("chained", "counted")
    )
    found = np.flatnonzero(np.bincount(key, minlength=total))
    return pa.table({
        "uploader": uploader.dictionary.take(pa.array(by[found // max(size, 1)])),
        "stretch": stretch.dictionary.take(pa.array(of[found % max(size, 1)])),
        "chained": chained[found], "counted": counted[found],
    }).to_pandas()  # fmt: skip
