"""Who uploads each repository of the whole Hub, and who made what it derives from, in numbers of namespaces."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from replication.names import commonest, folded
from replication.panel import lineage
from replication.panel.whole_hub.engines import Engine

Ints = NDArray[np.int64]
_BLANK = pa.scalar(" ", pa.large_string())
UNNAMED = "(unnamed)"
"""The uploader of a repository that has a name in no reading."""


@dataclass(frozen=True)
class Owners:
    """The repositories with downloads in any variant, in the order of their numbers.

    Attributes
    ----------
    id
        Number of each in the tables of the engine.
    repository, name, traced_origin
        Texts: its id on the Hub, its name, and the namespaces of its roots, the heaviest first, separated by blanks;
        of one that states no parent there is nothing.
    created
        Unix seconds.
    largest
        Most downloads in a variant.
    namespaces
        Names, each once, in one spelling.
    uploader, origin
        Places in them.
    """

    id: Ints
    repository: pa.Array
    name: pa.Array
    traced_origin: pa.Array
    created: Ints
    largest: Ints
    namespaces: pa.Array
    uploader: Ints
    origin: Ints


@dataclass(frozen=True)
class Total:
    """Downloads by the numbers of repositories."""

    id: NDArray[np.int32]
    downloads: Ints


def totals(engine: Engine, variants: int) -> list[Total]:
    """The downloads of each variant."""
    return [_total(engine, "total", variant) for variant in range(variants)]


def chained(engine: Engine, variant: int) -> Total:
    """Of the downloads of one variant what the chain alone says."""
    return _total(engine, "chained", variant)


def _total(engine: Engine, what: str, variant: int) -> Total:
    """One column of downloads."""
    rows = engine.rows(
        f"SELECT CAST(id AS INTEGER) AS id, CAST({what} AS BIGINT) AS {what} "  # noqa: S608
        f"FROM total_{variant} WHERE {what} > 0"
    )
    return Total(rows["id"].to_numpy(), rows[what].to_numpy())


def owners(engine: Engine, found: Iterable[Total]) -> Owners:
    """The owners of all repositories with downloads, as `totals` found them."""
    rows = engine.rows(
        "SELECT id, repository, name, created, first_name, parents FROM repositories ORDER BY id"
    )
    texts = ("repository", "name", "first_name", "parents")
    repository, name, first_name, parents = (_text(rows[column]) for column in texts)
    created = rows["created"].to_numpy()
    del rows  # the texts once more
    largest = np.zeros(len(created), dtype=np.int64)
    for one in found:
        largest[one.id - 1] = np.maximum(largest[one.id - 1], one.downloads)
    kept = np.flatnonzero(largest)
    by = pc.if_else(pc.equal(name, repository), UNNAMED, lineage.namespace_of(name))
    origin, traced = _origins(name, first_name, parents)
    columns = (by, pc.coalesce(origin, by), repository, name, pc.fill_null(traced, ""))
    by, origin, repository, name, traced = (column.take(pa.array(kept)) for column in columns)
    coded = pa.concat_arrays([by, origin]).dictionary_encode()
    names, code = coded.dictionary, coded.indices.to_numpy()
    code = commonest(names, np.bincount(code, minlength=len(names)))[code]
    uploader, maker = np.split(code, 2)
    return Owners(
        kept + 1, repository, name, traced, created[kept], largest[kept], names, uploader, maker
    )


def _text(column: pa.ChunkedArray) -> pa.Array:
    """A column of text in one piece."""
    return pa.concat_arrays(
        [pa.array([], pa.large_string()), *column.cast(pa.large_string()).chunks]
    )


def _origins(name: pa.Array, first_name: pa.Array, parents: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Of each repository its origin and the namespaces of all its roots; null where it states no parents."""
    at = np.flatnonzero(pc.fill_null(pc.not_equal(parents, ""), False))
    derived = name.take(pa.array(at))
    edges = lineage.released_edges(derived, parents.take(pa.array(at)))
    stated = pc.unique(folded(pa.array(edges["parent"], pa.large_string())))
    asked = name.filter(pc.is_in(folded(name), value_set=stated))
    renamed = pc.not_equal(first_name, name)
    older, newer = (names.filter(renamed).to_pylist() for names in (first_name, name))
    traced = lineage.trace(
        pa.concat_arrays([derived, asked]), edges, renames=dict(zip(older, newer, strict=True))
    )
    row, origin, _, spaces = traced.namespaces()
    starts = np.searchsorted(row, np.arange(len(traced.repositories) + 1))
    spaces = spaces.take(pa.array(origin))
    roots = pa.LargeListArray.from_arrays(pa.array(starts), spaces)
    place = np.zeros(len(name), dtype=np.int64)
    place[at] = pc.index_in(derived, value_set=pa.array(traced.repositories, pa.large_string()))
    is_derived = np.isin(np.arange(len(name)), at)
    taken = pa.array(place, mask=~is_derived)
    heaviest = spaces.take(pa.array(starts[:-1]))
    return heaviest.take(taken), pc.binary_join(roots, _BLANK).take(taken)
