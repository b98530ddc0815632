"""The panel of the whole Hub: what `rebuild` computed, in the tables that every later stage reads.

The tail is joined in the engine (`sql/panel_places.sql`), so that what reaches memory is one row a name of
the panel, and the names of repositories that derive from others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from replication.definitions import Definitions
from replication.names import key
from replication.panel import lineage, tail
from replication.panel.table import FACTS, WEEKLY, Panel
from replication.panel.whole_hub import defects
from replication.panel.whole_hub.chain import SCALED_ON
from replication.panel.whole_hub.engines import Engine
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
    engine.put("origins", _origins(engine))
    for name in ("owners_as_spelt", "spellings", "owners", "namespace_sizes"):
        engine.make(name)
    engine.put(
        "namespaces", tail.placed(engine.frame("SELECT * FROM namespace_sizes ORDER BY 1"), least)
    )
    engine.put("small", pd.DataFrame({"least": [least]}))
    for name in ("panel_places", "panel_rows", "panel_pairs", "panel_totals"):
        engine.make(name)
    rows = _rows(engine, study_groups, definitions.unknown)
    totals, chained = _sums(engine, rebuilt, len(rows))
    mains = {w.id: main_variant(w, definitions).id for w in definitions.windows}
    columns = {window: totals[variant] for window, variant in mains.items()}
    panel = Panel(
        rows[FACTS].assign(**columns),
        _weekly(engine, rows, rebuilt),
        pd.concat([rows["repository"], totals], axis=1),
        to_frame(defects.find(rebuilt, engine, definitions)),
    )
    only = rows[["repository"]].assign(**{w: chained[variant] for w, variant in mains.items()})
    return HubPanel(panel, only, _chain(rebuilt))


def _origins(engine: Engine) -> pd.DataFrame:
    """Of each repository that states parents, the namespaces of its roots, the heaviest first."""
    derived = engine.frame(
        "SELECT id, name, parents FROM repositories WHERE parents <> '' ORDER BY id"
    )
    if derived.empty:
        texts = {"origin": derived["name"], "traced_origin": derived["name"]}
        return pd.DataFrame({"id": derived["id"], **texts})
    edges = lineage.released_edges(derived["name"].tolist(), derived["parents"].tolist())
    renames = engine.frame("SELECT first_name, name FROM repositories WHERE first_name <> name")
    asked = [*derived["name"], *_parents(engine, edges)]
    present = dict(renames.itertuples(index=False, name=None))
    traced = lineage.trace(asked, edges, renames=present).origins()
    several = traced["repository"].duplicated(keep=False)
    joined = traced[several].groupby("repository", sort=False)["origin"].agg(" ".join)
    roots = (
        derived["name"]
        .map(pd.concat([traced[~several].set_index("repository")["origin"], joined]))
        .astype("str")
    )  # text also where no repository states a parent
    origin = roots.str.split(" ", n=1).str[0]
    return pd.DataFrame({"id": derived["id"], "origin": origin, "traced_origin": roots})


def _parents(engine: Engine, edges: pd.DataFrame) -> pd.Series:
    """The repositories that others state as parents, as they spell themselves."""
    engine.put("parents", pd.DataFrame({"name": edges["parent"].str.lower().unique()}, dtype="str"))
    return engine.frame(
        "SELECT r.name FROM repositories r INNER JOIN parents p ON p.name = lower(r.name) ORDER BY r.id"
    )["name"]


def _rows(engine: Engine, study_groups: Mapping[str, str], unknown: str) -> pd.DataFrame:
    """One row a name of the panel, in the order of the names, with the facts of every panel."""
    rows = engine.frame("SELECT * FROM panel_rows ORDER BY number")
    groups = {
        f"study_group_{role}": [study_groups.get(key(name), unknown) for name in rows[role]]
        for role in ("uploader", "origin")
    }
    created = pd.to_datetime(rows["created"], unit="s").dt.strftime("%Y-%m")
    return rows.assign(name=rows["key"], created=created, **groups)


def _sums(engine: Engine, rebuilt: Rebuilt, size: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """int64 downloads, and those that the chain says: one row a name, one column a variant."""
    table, names = engine.frame("SELECT * FROM panel_totals"), list(rebuilt.variants)
    place = table["number"].to_numpy() - 1, table["variant"].to_numpy()
    out = np.zeros((2, size, len(names)), dtype=np.int64)
    for row, what in enumerate(("total", "chained")):
        out[row][place] = table[what]
    return pd.DataFrame(out[0], columns=names), pd.DataFrame(out[1], columns=names)


def _weekly(engine: Engine, rows: pd.DataFrame, rebuilt: Rebuilt) -> pd.DataFrame:
    """Weekly downloads of every pair of uploader and origin."""
    names = rows.drop_duplicates("pair")[["pair", "uploader", "origin"]]
    weeks = weekly(engine, rebuilt)
    return weeks.merge(names, on="pair", validate="many_to_one")[WEEKLY]


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
