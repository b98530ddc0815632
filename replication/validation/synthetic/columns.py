"""Columns of a synthetic snapshot that say what a model is: tags, card, parameters, parents.

Nothing is drawn: what a repository says of itself follows from its number and its parents.
Every column is built as a whole, without a loop over the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from replication.validation.synthetic.curves import Ints
from replication.validation.synthetic.defects import Reading
from replication.validation.synthetic.lineage import NO_PARENT, RELATIONS
from replication.validation.synthetic.truth import SyntheticHub

TEXTS = pa.list_(pa.field("element", pa.string()))
PARENT = pa.struct([("_id", pa.string()), ("id", pa.string())])
BASE_MODELS = pa.struct(
    [("relation", pa.string()), ("models", pa.list_(pa.field("element", PARENT)))]
)
PRECISIONS = pa.struct([("BF16", pa.int64()), ("F32", pa.int64())])
"""The real column has a field for each number format that any model uses."""
SAFETENSORS = pa.struct([("parameters", PRECISIONS), ("total", pa.int64())])
_LIBRARIES = ("transformers", "diffusers", "sentence-transformers", "peft", "gguf")
_LIBRARY_OF = {"quantized": "gguf", "adapter": "peft"}
_TASKS = ("text-generation", "text-to-image", "feature-extraction", "text-classification")
_REGION = ("region:us",)
_PARAMETERS = np.array([500_000_000, 1_500_000_000, 7_000_000_000, 32_000_000_000])
_QUANTISED = RELATIONS.index("quantized")
_MIX = np.uint64(0x9E3779B97F4A7C15)  # odd, so that it mixes the low bits into the high ones


def described(
    hub: SyntheticHub, reading: Reading, part: slice, wanted: Collection[str]
) -> dict[str, pa.Array]:
    """The `wanted` columns among those of this module, for a part of a reading's rows."""
    rows = reading.rows[part]
    makers: dict[str, Callable[[], pa.Array]] = {
        "pipeline_tag": lambda: _task(rows),
        "library_name": lambda: pa.array(_LIBRARIES).take(pa.array(_library(hub, rows))),
        "tags": lambda: _tags(hub, rows),
        "cardData": lambda: _cards(hub, rows),
        "safetensors": lambda: _safetensors(hub, rows),
        "gguf": lambda: _gguf(hub, rows),
        "baseModels": lambda: _base_models(hub, reading, rows),
    }
    return {name: make() for name, make in makers.items() if name in wanted}


def _pick(rows: Ints, salt: int, choices: int) -> Ints:
    """A choice (k,) for each repository that depends on its number alone."""
    mixed = (rows.astype(np.uint64) + np.uint64(salt)) * _MIX >> np.uint64(40)
    return (mixed % np.uint64(choices)).astype(np.int64)


def _task(rows: Ints) -> pa.Array:
    """Task of each row, null for one in five."""
    code = _pick(rows, 1, len(_TASKS) + 1)
    return pa.array(_TASKS).take(pa.array(code, mask=code == len(_TASKS)))


def _library(hub: SyntheticHub, rows: Ints) -> Ints:
    """Place of each row's library in `_LIBRARIES`."""
    code = _pick(rows, 2, len(_LIBRARIES) - len(_LIBRARY_OF))
    for relation, library in _LIBRARY_OF.items():
        of_kind = hub.relation[rows] == RELATIONS.index(relation)
        code[of_kind] = _LIBRARIES.index(library)
    return code


def _tags(hub: SyntheticHub, rows: Ints) -> pa.Array:
    """Library, task, each parent with its relation and without, region.

    A tag repeats what the author wrote: parents stand under their first name.
    """
    task = _pick(rows, 1, len(_TASKS) + 1)
    pools: list[pa.Array] = [pa.array(_LIBRARIES), pa.array([*_TASKS, ""]), pa.array(_REGION)]
    slots = [_library(hub, rows), len(_LIBRARIES) + task]
    present = [np.ones(len(rows), dtype=bool), task < len(_TASKS)]
    for side in hub.parents[rows].T:
        has = side != NO_PARENT
        for tag in _parent_tags(hub, side[has], hub.relation[rows][has]):
            slots.append(sum(map(len, pools)) + np.cumsum(has) - 1)
            present.append(has)
            pools.append(tag)
    slots.append(np.full(len(rows), len(_LIBRARIES) + len(_TASKS) + 1))
    present.append(present[0])
    shown = np.stack(present, axis=1)
    values = pa.concat_arrays(pools).take(pa.array(np.stack(slots, axis=1)[shown]))
    return pa.ListArray.from_arrays(_ends(shown.sum(axis=1)), values, type=TEXTS)


def _parent_tags(
    hub: SyntheticHub, parents: NDArray[np.int32], relation: NDArray[np.int8]
) -> tuple[pa.Array, pa.Array]:
    """The two tags of each parent: with the relation, and without."""
    names = hub.names(parents)
    kinds = pa.array(RELATIONS).take(pa.array(relation))
    bare = pc.binary_join_element_wise("base_model", names, ":")
    return bare, pc.binary_join_element_wise("base_model", kinds, names, ":")


def _ends(counts: Ints) -> pa.Array:
    """Offsets (k + 1) of lists with so many entries each."""
    return pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32())


def _cards(hub: SyntheticHub, rows: Ints) -> pa.Array:
    """Model card as JSON: a licence, and the first parent where there is one."""
    parent = hub.parents[rows, 0]
    has = parent != NO_PARENT
    stated = pc.binary_join_element_wise(', "base_model": ["', hub.names(parent[has]), '"]', "")
    pool = pa.concat_arrays([pa.array([""]), stated])
    rest = pool.take(pa.array(np.where(has, np.cumsum(has), 0)))
    return pc.binary_join_element_wise('{"license": "apache-2.0"', rest, "}", "")


def _parameters(rows: Ints) -> Ints:
    return np.asarray(_PARAMETERS[_pick(rows, 3, len(_PARAMETERS))], dtype=np.int64)


def _safetensors(hub: SyntheticHub, rows: Ints) -> pa.Array:
    """Number of parameters, null for quantised repositories."""
    quantised = hub.relation[rows] == _QUANTISED
    total = pa.array(_parameters(rows), mask=quantised)
    formats = [total, pa.nulls(len(rows), pa.int64())]
    parameters = pa.StructArray.from_arrays(formats, fields=list(PRECISIONS))
    missing = pa.array(quantised)
    return pa.StructArray.from_arrays([parameters, total], fields=list(SAFETENSORS), mask=missing)


def _gguf(hub: SyntheticHub, rows: Ints) -> pa.Array:
    """Description of quantised repositories' files as JSON, null for the others."""
    digits = pa.array(_parameters(rows)).cast(pa.string())
    texts = pc.binary_join_element_wise('{"total": ', digits, ', "architecture": "llama"}', "")
    return pc.if_else(hub.relation[rows] == _QUANTISED, texts, None)


def _base_models(hub: SyntheticHub, reading: Reading, rows: Ints) -> pa.Array:
    """Relation and parents, these under their names of the time; null where there are none."""
    parents = hub.parents[rows]
    has = parents != NO_PARENT
    flat = parents[has]
    entries = [hub.ids(flat), hub.names(flat, reading.namespaces, reading.renamed)]
    models = pa.ListArray.from_arrays(
        _ends(has.sum(axis=1)), pa.StructArray.from_arrays(entries, fields=list(PARENT))
    )
    relation = pa.array(RELATIONS).take(pa.array(hub.relation[rows]))
    return pa.StructArray.from_arrays(
        [relation, models.cast(BASE_MODELS.field("models").type)],
        fields=list(BASE_MODELS),
        mask=pa.array(~has.any(axis=1)),
    )
