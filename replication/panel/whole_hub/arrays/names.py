"""Names and parents of repositories, read at the readings that say them and at no other."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from replication.panel.whole_hub.arrays.laying import Part, Range
from replication.panel.whole_hub.arrays.reading import Ints, as_text


@dataclass
class _Found:
    """Texts of repositories, by their numbers."""

    texts: list[pa.Array] = field(default_factory=lambda: [pa.nulls(1, pa.string())])
    numbers: list[Ints] = field(default_factory=list)

    def add(self, part: Part, column: str, rows: Ints) -> pa.Array:
        """Those of some rows of a part; return them."""
        found = part.texts.take(column, rows)
        self.texts.append(found)
        self.numbers.append(_numbers(part, rows))
        return found

    def of(self, number: Ints, known: int) -> pa.Array:
        """The text of each, the last one that was found; null where there is none."""
        source = np.zeros(known, dtype=np.int64)
        for end, numbers in zip(
            np.cumsum([len(t) for t in self.texts]), self.numbers, strict=False
        ):
            source[numbers] = end + np.arange(len(numbers))
        return pc.take(pa.concat_arrays(self.texts), pa.array(source[number]))


def of(found: Range) -> tuple[pa.Array, pa.Array, pa.Array, pa.Array]:
    """Id, first name, name and parents of each repository.

    The name is that of the last reading at which the repository counts and has one, the first name that of the first at
    which it counts, and parents are those of the last one.
    """
    first, last = (np.full(found.known, -1, dtype=np.int16) for _ in range(2))
    first[found.number], last[found.number] = found.first, found.last
    lacks = last >= 0
    first_name, name, parents = _Found(), _Found(), _Found()
    for part in found.parts:
        ends = np.flatnonzero(last[part.where] == part.reading)
        if len(ends):
            parents.add(part, "parents", ends)
        begins = np.flatnonzero(first[part.where] == part.reading)
        if len(begins):
            first_name.add(part, "name", begins)
        asked = np.flatnonzero(part.counts & lacks[part.where])
        if part.named is not None:
            asked = asked[part.named[asked]]
        if len(asked):
            is_named = name.add(part, "name", asked).is_valid().to_numpy(zero_copy_only=False)
            lacks[_numbers(part, asked[is_named])] = False
    repository = as_text(found.ids)
    number, known = found.number, found.known
    names = pc.coalesce(name.of(number, known), repository)
    firsts = pc.coalesce(first_name.of(number, known), names)
    return repository, firsts, names, parents.of(number, known)


def _numbers(part: Part, rows: Ints) -> Ints:
    """Numbers of some rows of a part."""
    if isinstance(part.where, slice):
        return np.asarray(rows + part.where.start)
    return part.where[rows].astype(np.int64)
