"""The panel of the whole Hub: what `rebuild` computed, in the tables that every later stage reads.

Memory holds one row a repository, in numbers and in the texts of its name, its parents and its roots, and its
downloads in each variant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from replication.definitions import Definitions
from replication.names import folded
from replication.panel.table import FACTS, WEEKLY, Panel
from replication.panel.whole_hub import defects, owners, places
from replication.panel.whole_hub.chain import SCALED_ON
from replication.panel.whole_hub.engines import Engine
from replication.panel.whole_hub.owners import Total
from replication.panel.whole_hub.places import Ints, Places
from replication.panel.whole_hub.rebuild import Rebuilt, main_variant, weekly
from replication.sources.defect import to_frame


@dataclass(frozen=True)
class HubPanel:
    """A panel of the whole Hub, and what only such a panel has.

    Attributes
    ----------
    panel
        The four tables.
    chained
        ``repository``, then one int64 column a window: downloads that the chain alone says.
    chain
        ``stretch, uploaders, chained, counted, factor, factor_error, spread, measured``: how the
        chain does where the counters are known, then what is used (stretch "used"). Where that is
        not measured, the chain is not anchored, and its errors are bounds.
    """

    panel: Panel
    chained: pd.DataFrame
    chain: pd.DataFrame


def assemble(
    rebuilt: Rebuilt,
    engine: Engine,
    definitions: Definitions,
    study_groups: Mapping[str, str],
    least: int,
) -> HubPanel:
    """Make the panel of the rebuilt downloads.

    Parameters
    ----------
    rebuilt
        What `rebuild` returned.
    engine
        The engine that rebuilt it, and keeps the tables.
    definitions
        Windows and variants.
    study_groups
        The study's country group of each namespace that its released file labels, by key.
    least
        Downloads below which a repository, or all of a namespace in either role, is small: in every
        variant.
    """
    found = owners.totals(engine, len(rebuilt.variants))
    placed = places.places(owners.owners(engine, found), found, least)
    rows = _rows(placed, study_groups, definitions.unknown)
    totals = _sums(dict(zip(rebuilt.variants, found, strict=True)), placed)
    mains = {w.id: main_variant(w, definitions).id for w in definitions.windows}
    columns = {window: totals[variant] for window, variant in mains.items()}
    panel = Panel(
        rows[FACTS].assign(**columns),
        _weekly(engine, placed, rebuilt),
        pd.concat([rows["repository"], totals], axis=1),
        to_frame(defects.find(rebuilt, engine, definitions, placed.joined)),
    )
    chained = {
        window: owners.chained(engine, rebuilt.variants.index(variant))
        for window, variant in mains.items()
    }
    only = pd.concat([rows["repository"], _sums(chained, placed)], axis=1)
    return HubPanel(panel, only, _chain(rebuilt))


def _rows(placed: Places, study_groups: Mapping[str, str], unknown: str) -> pd.DataFrame:
    """One row a name of the panel, in the order of the names, with the facts of every panel."""
    texts = ("repository", "name", "uploader", "origin", "traced_origin")
    rows = placed.rows.select(texts).to_pandas()
    groups = {
        f"study_group_{role}": _groups(placed.rows[role], study_groups, unknown)
        for role in ("uploader", "origin")
    }
    created = placed.rows["created"].to_numpy().astype("datetime64[s]")
    months = np.datetime_as_string(created, unit="M")
    return rows.assign(created=pd.Series(months, dtype="str"), **groups)


def _groups(names: pa.ChunkedArray, study_groups: Mapping[str, str], unknown: str) -> pd.Series:
    """The study's country group of each namespace."""
    coded = names.combine_chunks().dictionary_encode()
    labelled = pa.array(study_groups, pa.large_string())
    place = pc.index_in(folded(coded.dictionary), value_set=labelled)
    groups = pa.array([*study_groups.values(), unknown], pa.large_string())
    group = groups.take(pc.fill_null(place, len(study_groups)))
    return group.take(coded.indices).to_pandas()


def _sums(found: Mapping[str, Total], placed: Places) -> pd.DataFrame:
    """int64 downloads: one row a name of the panel, one column each of what was found."""
    number = np.zeros(int(placed.id.max(initial=0)) + 1, dtype=np.int64)
    number[placed.id] = placed.number
    sums = np.zeros((len(found), len(placed.rows)), dtype=np.int64)
    for row, one in zip(sums, found.values(), strict=True):
        np.add.at(row, number[one.id], one.downloads)
    return pd.DataFrame(dict(zip(found, sums, strict=True)))


def _weekly(engine: Engine, placed: Places, rebuilt: Rebuilt) -> pd.DataFrame:
    """Weekly downloads of every pair of uploader and origin."""
    engine.put("panel_pairs", pd.DataFrame({"id": placed.id, "pair": placed.pair}))
    weeks = weekly(engine, rebuilt)
    _, first = np.unique(placed.rows["pair"].to_numpy(), return_index=True)
    pair = weeks["pair"].to_numpy() - 1
    owned = {role: _categories(placed.rows[role].take(first), pair) for role in WEEKLY[1:3]}
    return weeks.assign(**owned)[WEEKLY]


def _categories(names: pa.ChunkedArray, place: Ints) -> pd.Series:
    """Names at places, each held once."""
    coded = names.combine_chunks().dictionary_encode()
    places = coded.indices.take(pa.array(place))
    return pa.DictionaryArray.from_arrays(places, coded.dictionary).to_pandas()


def _chain(rebuilt: Rebuilt) -> pd.DataFrame:
    """How the chain does by stretch, and what is used."""
    scale = rebuilt.scale
    rows = scale.stretches[scale.stretches["stretch"].isin(SCALED_ON)]
    used = {
        "stretch": "used", "uploaders": int(rows["uploaders"].max()),
        "chained": rows["chained"].sum(), "counted": rows["counted"].sum(),
        "factor": scale.factor, "factor_error": scale.factor_error, "spread": scale.spread,
    }  # fmt: skip
    table = pd.concat([scale.stretches, pd.DataFrame([used])], ignore_index=True)
    of_stretch = scale.stretches[["factor_error", "spread"]].notna().all(axis=1)
    return table.assign(measured=[*of_stretch, scale.measured])
