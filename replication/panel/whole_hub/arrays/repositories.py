"""Repositories that were ever downloaded, laid out as one column each and one row a reading."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from replication.panel.whole_hub.arrays import moves, names
from replication.panel.whole_hub.arrays.laying import Range, laid
from replication.panel.whole_hub.arrays.moves import Moves
from replication.panel.whole_hub.arrays.reading import Counts, Extract, Ints, ranges

BLOCK = 1 << 12
"""Repositories that are computed together: what a processor keeps near."""


@dataclass(frozen=True)
class Block:
    """Some repositories at every reading.

    Attributes
    ----------
    first_id
        Number of the first repository; the others follow.
    created
        (n,) unix seconds.
    last
        (n,) place of the last reading at which each counts.
    counter, rolling
        (readings, n); `NULL` where a row has none, `ABSENT` where there is no row.
    """

    first_id: int
    created: Ints
    last: Ints
    counter: Counts
    rolling: Counts

    def only(self, rows: Ints) -> Block:
        """Some of them, under numbers of their own."""
        counter, rolling = (np.take(one, rows, axis=1) for one in (self.counter, self.rolling))
        return Block(0, self.created[rows], self.last[rows], counter, rolling)


@dataclass
class Laid:
    """All repositories, and what was counted while they were laid out.

    Attributes
    ----------
    facts
        As the table `repositories` of the SQL.
    moves
        Of all counters.
    """

    facts: pa.Table
    moves: Moves
    parts: list[tuple[Path, int, Ints, Ints]]

    def drop(self) -> None:
        """Free the disk."""
        for path, *_ in self.parts:
            path.unlink()
        self.parts = []

    def blocks(self) -> Iterator[Block]:
        """The repositories, some at a time."""
        for path, first_id, created, last in self.parts:
            counter, rolling = np.load(path)
            for at in range(0, len(created), BLOCK):
                part = slice(at, at + BLOCK)
                near = (np.ascontiguousarray(one[:, part]) for one in (counter, rolling))
                yield Block(first_id + at, created[part], last[part], *near)


def laid_out(
    extracts: Sequence[Extract],
    labels: Sequence[int],
    earliest: int,
    folder: Path,
    progress: Callable[[str], None],
) -> Laid:
    """Lay out the extracts of all readings.

    Parameters
    ----------
    extracts, labels
        Extract and label of each reading, in order.
    earliest
        Repositories that were created before are too old to count.
    folder
        Receives what is laid out.
    progress
        Called with a line of text before each range of ids.

    Raises
    ------
    NotOrdinaryError
        The extracts hold what only the SQL reads.
    """
    out = Laid(pa.table({}), Moves(len(extracts)), [])
    tables: list[pa.Table] = []
    spans, first_id = ranges(extracts), 1
    for number, span in enumerate(spans):
        progress(f"repositories at every reading: part {number + 1} of {len(spans)}")
        found = laid(extracts, span, earliest)
        moves.add(out.moves, found)
        path = folder / f"laid-{number}.npy"
        np.save(path, np.stack([found.counter, found.rolling]))
        out.parts.append((path, first_id, found.created, found.last))
        tables.append(_facts(found, np.asarray(labels), first_id))
        first_id += len(found.created)
    out.facts = pa.concat_tables(tables)
    return out


def _facts(found: Range, labels: Ints, first_id: int) -> pa.Table:
    """The table `repositories` of one range."""
    repository, first_name, name, parents = names.of(found)
    return pa.table({
        "id": first_id + np.arange(len(found.created)), "repository": repository,
        "created": found.created, "first_label": labels[found.first],
        "last_label": labels[found.last], "first_name": first_name, "name": name,
        "parents": parents,
    })  # fmt: skip


def movers(laid: Laid, labels: Sequence[int]) -> pd.DataFrame:
    """The table of `sql/movements.sql`."""
    table = pd.DataFrame(laid.moves.counted, columns=["n_again", "n_moved", "n_fell", "n_copies"])
    table.insert(0, "label", np.asarray(labels, dtype=np.int64))
    return table[table["n_again"] > 0].reset_index(drop=True)
