"""Parents by the Hub's own fields in plain Python, beside which the SQL of the extracts is tested."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from replication.panel.lineage import DERIVED, EDGES

_TAG = "base_model:"


def hub_edges(table: pd.DataFrame) -> pd.DataFrame:
    """Edges of the Hub's own fields: `baseModels` where it is filled, else `base_model:*` tags.

    Parameters
    ----------
    table
        Repositories with ``id``, ``baseModels`` ({relation, models: [{_id, id}]} or null) and
        ``tags`` (a list of text or null).

    Returns
    -------
    pandas.DataFrame
        `EDGES`, one row a parent; ``parent_id`` is its immutable id where the Hub gives it.
    """
    rows: list[tuple[str, str, str | None, str]] = []
    for name, base, tags in zip(table["id"], table["baseModels"], table["tags"], strict=True):
        if isinstance(base, Mapping) and base.get("models") is not None:
            relation = base.get("relation") or DERIVED
            rows += [(name, m["id"], m.get("_id"), relation) for m in base["models"] if m.get("id")]
        elif tags is not None:
            rows += [(name, parent, None, relation) for parent, relation in _tagged(tags)]
    return pd.DataFrame(rows, columns=EDGES)


def _tagged(tags: Iterable[str]) -> list[tuple[str, str]]:
    """Parents and relations of the tags; a bare tag repeats one that names its relation."""
    relations: dict[str, str] = {}
    for tag in tags:
        if tag.startswith(_TAG):
            relation, colon, parent = tag[len(_TAG) :].partition(":")
            if colon:
                relations[parent] = relation
            else:
                relations.setdefault(relation, DERIVED)
    return list(relations.items())
