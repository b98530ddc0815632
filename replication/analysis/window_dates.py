"""The whole Hub at the dates of the complete lists: shares that need no model but for the tail."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
import pandas as pd

from replication.analysis.capture import deeper, is_automated, tail_factor
from replication.definitions import Definitions
from replication.inference.cells import leave_out
from replication.panel.window import held_column

LABELS = ("study", "registry")
ROLES = ("uploader", "origin", "maker")


def hub_dates(lists: pd.DataFrame, definitions: Definitions) -> pd.DataFrame:
    """First-year downloads and shares at the date of every complete list.

    Parameters
    ----------
    lists
        Attributed rows of the lists.
    definitions
        Country groups and exclusions.

    Returns
    -------
    pandas.DataFrame
        One row a list, credited role, source of labels, exclusion and country group, then
        ``China − USA`` and ``China / (China + USA)``: ``downloads`` of 30 days above the list's
        cut-off, their ``share``, the same ``with_tail``, where what lies below the cut-off is added
        by group as the list of the whole Hub holds it, and ``share_with_tail``.
    """
    lists = _narrow(lists)
    chosen = {"none": None} | {x.id: x for x in definitions.at_window.estimated_exclusions}
    dates = lists.drop_duplicates("list").set_index("list")["date"]
    rows = []
    for name, exclusion in product(lists["list"].unique(), chosen):
        kept = leave_out(lists, chosen[exclusion])
        for role, labels in product(ROLES, LABELS):
            group = f"{labels}_group_{role}"
            own = kept[kept["list"] == name].groupby(group, observed=True)["downloads"].sum()
            head = own.reindex(list(definitions.groups), fill_value=0).astype(float)
            # What looks automated says nothing of the tail, and is counted as it is.
            chosen_rows = kept[~is_automated(kept)]
            plain = (
                chosen_rows[chosen_rows["list"] == name]
                .groupby(group, observed=True)["downloads"]
                .sum()
            )
            plain = plain.reindex(list(definitions.groups), fill_value=0).astype(float)
            full = _full(chosen_rows, group, name, definitions.groups) + (head - plain)
            keys = {"list": name, "date": str(dates[name]), "attribution": role, "labels": labels,
                    "exclusion": exclusion}  # fmt: skip
            rows += [keys | row for row in _rows(head, full)]
    return pd.DataFrame(rows)


def _narrow(lists: pd.DataFrame) -> pd.DataFrame:
    """The columns that are needed, text that repeats itself as categories: thrice as fast."""
    groups = [f"{labels}_group_{role}" for role, labels in product(ROLES, LABELS)]
    held = [name for name in lists.columns if name.startswith(held_column(""))]
    kept = lists[["list", "date", "cut_off", "kinds", *groups, "downloads", *held]]
    return kept.assign(kinds=kept["kinds"].fillna("").astype(object)).astype(
        dict.fromkeys(["list", "date", *groups], "category")
    )


def _full(rows: pd.DataFrame, group: str, name: str, groups: tuple[str, ...]) -> pd.Series:
    """Downloads of each group at one list with what lies below its cut-off."""

    def sums(of: str, column: str) -> pd.Series:
        own = rows[rows["list"] == of].groupby(group, observed=True)[column].sum()
        return own.reindex(list(groups), fill_value=0).astype(float)

    own, below = sums(name, "downloads"), deeper(rows, name)
    if not below:
        return own
    full = _full(rows, group, below, groups)
    return own * tail_factor(full, sums(below, "downloads"), sums(below, held_column(name)))


def _rows(head: pd.Series, full: pd.Series) -> Iterator[dict[str, object]]:
    """Rows of the groups, the lead and the part of the two."""
    for name in head.index:
        yield {
            "group": name, "downloads": int(head[name]), "share": head[name] / head.sum(),
            "with_tail": int(np.rint(full[name])), "share_with_tail": full[name] / full.sum(),
        }  # fmt: skip
    china, usa = head["China"], head["USA"]
    tall, ustail = full["China"], full["USA"]
    yield {
        "group": "China − USA", "downloads": int(china - usa),
        "share": (china - usa) / head.sum(), "with_tail": int(np.rint(tall - ustail)),
        "share_with_tail": (tall - ustail) / full.sum(),
    }  # fmt: skip
    yield {
        "group": "China / (China + USA)", "downloads": int(china + usa),
        "share": china / (china + usa), "with_tail": int(np.rint(tall + ustail)),
        "share_with_tail": tall / (tall + ustail),
    }  # fmt: skip
