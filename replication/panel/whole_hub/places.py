"""Under which name each repository of the whole Hub stands in the panel: the long tail is joined.

A large repository stands under its own name. A namespace that is large in either role keeps its name; a
small one stands in the bucket of the large one on the other side, and where neither is large both sides
are the bucket of the uploader. What is small is joined by uploader and origin.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from replication.names import ranks
from replication.panel import tail
from replication.panel.whole_hub.owners import Owners, Total

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Places:
    """Where repositories stand, and what the panel says of each of its names.

    Attributes
    ----------
    id
        Numbers of the repositories.
    number, pair
        Of each its place among the names of the panel, and the number of the pair of uploader and origin, from 1.
    joined
        Most downloads in a variant of those that do not stand under their own name.
    rows
        One row a name, in the order of the names: ``repository, name, uploader, origin, traced_origin,
        created`` (unix seconds) and ``pair``. What it says of several repositories is that of the one that was
        created last.
    """

    id: Ints
    number: Ints
    pair: Ints
    joined: Ints
    rows: pa.Table


def places(owners: Owners, totals: Iterable[Total], least: int) -> Places:
    """Place every repository.

    Parameters
    ----------
    owners
        Repositories and their owners.
    totals
        Downloads of each variant.
    least
        Downloads below which a repository, or all of a namespace in either role, is small.
    """
    names, uploader, origin = _owners_in_the_panel(owners, _sizes(owners, totals), least)
    is_alone = owners.largest >= least
    pair, pairs = _pairs(names, uploader, origin)
    joint = _joint(names, *pairs)
    joint_code = len(owners.name) + pair
    texts = pa.concat_arrays([owners.name, joint])
    code = np.where(is_alone, np.arange(len(pair)), joint_code)
    used, of = np.unique(code, return_inverse=True)
    coded = texts.take(pa.array(used)).dictionary_encode()
    order, rank = ranks(coded.dictionary)
    number = rank[coded.indices.to_numpy()[of]]
    last = np.lexsort((owners.id, owners.created, number))
    last = last[np.flatnonzero(np.append(np.diff(number[last]), 1))]
    alone, key = is_alone[last], coded.dictionary.take(pa.array(order))
    chosen = pa.array(last)
    shown = {
        "uploader": names.take(pa.array(uploader[last])),
        "origin": names.take(pa.array(origin[last])),
    }
    rows = {
        "repository": pc.if_else(alone, owners.repository.take(chosen), key),
        "name": key,
        **shown,
        "traced_origin": pc.if_else(alone, owners.traced_origin.take(chosen), shown["origin"]),
        "created": owners.created[last],
        "pair": pair[last] + 1,
    }
    return Places(
        owners.id, number, rows["pair"][number], owners.largest[~is_alone], pa.table(rows)
    )


def _sizes(owners: Owners, totals: Iterable[Total]) -> Ints:
    """The most that stands under each namespace in any variant and either role."""
    of = np.zeros((2, int(owners.id.max(initial=0)) + 1), dtype=np.int64)
    of[:, owners.id] = owners.uploader, owners.origin
    sizes = np.zeros(len(owners.namespaces), dtype=np.int64)
    for one in totals:
        for role in of:
            sums = np.zeros_like(sizes)
            np.add.at(sums, role[one.id], one.downloads)
            np.maximum(sizes, sums, out=sizes)
    return sizes


def _owners_in_the_panel(owners: Owners, sizes: Ints, least: int) -> tuple[pa.Array, Ints, Ints]:
    """Names, each once, and the places in them of the uploader and the origin of each repository."""
    found = tail.placed(
        pd.DataFrame({"namespace": owners.namespaces.to_pandas(), "largest": sizes}), least
    )
    coded = pa.concat_arrays([
        owners.namespaces, pa.array(found["bucket"].to_numpy(), pa.large_string())
    ]).dictionary_encode()  # fmt: skip
    own, bucket = np.split(coded.indices.to_numpy().astype(np.int64), 2)
    is_large = found["is_large"].to_numpy() == 1
    by, of = owners.uploader, owners.origin
    uploader = np.where(is_large[by], own[by], np.where(is_large[of], bucket[of], bucket[by]))
    return coded.dictionary, uploader, np.where(is_large[of], own[of], bucket[by])


def _pairs(names: pa.Array, uploader: Ints, origin: Ints) -> tuple[Ints, tuple[Ints, Ints]]:
    """Number of each repository's pair of uploader and origin, in the order of the names, and the pairs."""
    order, rank = ranks(names)
    both, pair = np.unique(rank[uploader] * len(names) + rank[origin], return_inverse=True)
    one, other = np.divmod(both, max(len(names), 1))
    return pair, (order[one], order[other])


def _joint(names: pa.Array, uploader: Ints, origin: Ints) -> pa.Array:
    """The name under which the small repositories of each pair stand."""
    one, other = names.take(pa.array(uploader)), names.take(pa.array(origin))
    slash, small = (pa.scalar(text, pa.large_string()) for text in ("/", tail.SMALL))
    of_others = pc.binary_join_element_wise(one, other, small, slash)
    return pc.if_else(uploader == origin, pc.binary_join_element_wise(one, small, slash), of_others)
