"""The panel of the whole Hub: what `rebuild` computed, in the tables that every later stage reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from replication.panel import lineage, readings, tail
from replication.panel.chain import SCALED_ON
from replication.panel.defects import NONE, Defect, to_frame
from replication.panel.engines import Engine
from replication.panel.readings import DAY, listed
from replication.panel.rebuild import Rebuilt, frozen_labels, weekly
from replication.panel.table import FACTS, WEEKLY, Panel
from replication.study import Study, Variant
from replication.study_checks import INTERPOLATED

UNLABELLED = "Unknown"


@dataclass(frozen=True)
class HubPanel:
    """A panel of the whole Hub, and what only such a panel has.

    Attributes
    ----------
    panel
        The four tables.
    chained
        ``repository``, then one int64 column a window: downloads that the chain alone tells.
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
    study: Study,
    study_groups: Mapping[str, str],
    least: int,
) -> HubPanel:
    """Make the panel of what was rebuilt.

    Parameters
    ----------
    rebuilt
        First-year downloads, and what was found on the way.
    engine
        The engine that rebuilt them.
    study
        Windows and variants.
    study_groups
        The study's country group of each namespace that its released file labels.
    least
        See `tail.join`.
    """
    facts = rebuilt.facts.assign(**_origins(rebuilt.facts))
    used = (rebuilt.totals.to_numpy() > 0).any(axis=1)
    facts, totals, chained = (
        table[used].reset_index(drop=True) for table in (facts, rebuilt.totals, rebuilt.chained)
    )
    places = tail.join(facts, totals, least)
    rows = _rows(facts, places, study_groups)
    sums = totals.groupby(places["key"].to_numpy()).sum()
    windows = {w.id: Variant(w, study.panel.age_limit_days, INTERPOLATED).id for w in study.windows}
    columns = pd.DataFrame({name: sums[variant] for name, variant in windows.items()})
    repositories = rows.join(columns, on="key")
    variants = rows[["key", "repository"]].join(sums, on="key").drop(columns="key")
    only = rows[["key", "repository"]].join(
        chained.groupby(places["key"].to_numpy()).sum(), on="key"
    )
    panel = Panel(
        repositories[[*FACTS, *windows]],
        _weekly(engine, facts, places, rebuilt),
        variants,
        to_frame(_defects(rebuilt, facts, places, totals, study)),
    )
    return HubPanel(panel, only.drop(columns="key"), _chain(rebuilt))


def _origins(facts: pd.DataFrame) -> dict[str, pd.Series]:
    """Uploader, and the namespaces of the roots by the Hub's own parents, the heaviest first."""
    names, parents = facts["name"], facts["parents"].fillna("")
    renames = facts.loc[facts["first_name"] != names, ["first_name", "name"]]
    edges = lineage.released_edges(names.tolist(), parents.tolist())
    traced = lineage.trace(
        names.tolist(), edges, renames=dict(renames.itertuples(index=False, name=None))
    ).origins()
    several = traced["repository"].duplicated(keep=False)
    joined = traced[several].groupby("repository", sort=False)["origin"].agg(" ".join)
    roots = names.map(pd.concat([traced[~several].set_index("repository")["origin"], joined]))
    uploader = lineage.namespaces(names)
    return {
        "uploader": uploader,
        "origin": roots.str.partition(" ")[0].fillna(uploader),
        "traced_origin": roots.where(parents != "", ""),
    }


def _rows(
    facts: pd.DataFrame, places: pd.DataFrame, study_groups: Mapping[str, str]
) -> pd.DataFrame:
    """One row a name of the panel, in the order of the names, with the facts of every panel."""
    created = pd.to_datetime(facts["created"], unit="s").dt.strftime("%Y-%m")
    alone = (facts["name"] == places["key"]).to_numpy()
    table = places.assign(
        created=created,
        repository=facts["repository"].where(alone, places["key"]),
        traced_origin=facts["traced_origin"].where(alone, places["origin"]),
    )
    rows = table.sort_values(["key", "created"]).drop_duplicates("key", keep="last")
    groups = {
        f"study_group_{role}": [study_groups.get(name, UNLABELLED) for name in rows[role]]
        for role in ("uploader", "origin")
    }
    return rows.assign(name=rows["key"], **groups).reset_index(drop=True)


def _weekly(
    engine: Engine, facts: pd.DataFrame, places: pd.DataFrame, rebuilt: Rebuilt
) -> pd.DataFrame:
    """Weekly downloads of every pair of uploader and origin."""
    pair = places.groupby(["uploader", "origin"], sort=True).ngroup()
    names = places.assign(pair=pair).drop_duplicates("pair")[["pair", "uploader", "origin"]]
    weeks = weekly(engine, pd.DataFrame({"id": facts["id"], "pair": pair}), rebuilt.read)
    table = weeks.merge(names, on="pair", validate="many_to_one")
    return table.sort_values(WEEKLY[:3], ignore_index=True)[WEEKLY]


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


def _defects(
    rebuilt: Rebuilt, facts: pd.DataFrame, places: pd.DataFrame, totals: pd.DataFrame, study: Study
) -> list[Defect]:
    """Every named check of the snapshots, in the order in which they build on each other."""
    movers, read = rebuilt.movers, rebuilt.read
    still = frozen_labels(movers, study.panel.frozen_share)
    frozen = movers[movers["label"].isin(still)]
    labels = read.table["label"]
    after = labels[labels.shift().isin(still) & ~labels.isin(still)]
    fell, copied = movers[movers["n_fell"] > 0], movers[movers["n_copies"] > 0]
    joined = facts["name"] != places["key"]
    small = totals[joined.to_numpy()].max(axis=0).max() if joined.any() else 0
    gone = rebuilt.facts["last_label"] < labels.iloc[-1]
    late = _late(rebuilt)
    renamed = rebuilt.facts["first_name"] != rebuilt.facts["name"]
    return [
        *read.defects,
        Defect("duplicate-readings", "several rows of one repository in a snapshot",
               listed(copied["label"]), int(copied["n_copies"].sum()), "the largest values hold"),
        Defect("renamed-repositories", "one _id under more than one name",
               f"{int(renamed.sum()):,} repositories" if renamed.any() else NONE, int(renamed.sum()),
               "joined on _id; the latest name holds"),
        Defect("missed-readings", "a repository is missing between its first and its last reading",
               f"{rebuilt.absences[1]:,} repositories", rebuilt.absences[0],
               "the next reading holds what was gained"),
        Defect("deleted-repositories", "gone before the last reading",
               f"{int(gone.sum()):,} repositories" if gone.any() else NONE, int(gone.sum()),
               "kept up to their last reading; what came after it is unknown and small"),
        Defect("late-first-readings", "first read long after their creation",
               f"{late:,} repositories" if late else NONE, late,
               "their first counter holds all since creation and is spread over that time"),
        Defect("falling-counters", "cumulative counters that fall", listed(fell["label"]),
               int(fell["n_fell"].sum()),
               "running maximum: a fall counts as zero and is not counted again when it comes back"),
        Defect("frozen-readings", "nearly every counter stands still", listed(frozen["label"]),
               int(frozen["n_again"].sum()), "a counter that stands still is treated as not read"),
        Defect("catch-up-readings", "one reading holds the downloads of the frozen ones before it",
               listed(after), int(movers.loc[movers["label"].isin(after), "n_again"].sum()),
               "spread over the time since the last reading that moved"),
        _double_counting(rebuilt),
        Defect("joined-tail", "repositories with few downloads in every window",
               f"at most {small:,} downloads each", int(joined.sum()),
               "joined by uploader and origin, or in buckets of small uploaders; none dropped"),
    ]  # fmt: skip


def _late(rebuilt: Rebuilt) -> int:
    """Repositories more than two weeks old at their first reading, which is not the first of all."""
    facts = rebuilt.facts
    age = facts["first_label"] - facts["created"] // DAY
    return int(
        (
            (age > 2 * readings.WEEK) & (facts["first_label"] > rebuilt.read.table["label"].iloc[0])
        ).sum()
    )


def _double_counting(rebuilt: Rebuilt) -> Defect:
    """How many times the sum of the 30-day field over all readings counts a download."""
    table = rebuilt.read.table
    step = np.diff(table["moment"]).mean() / DAY if len(table) > 1 else readings.WEEK
    return Defect(
        "rolling-double-count",
        "the 30-day field summed over readings closer than 30 days counts a download several times",
        f"{30 / step:.1f} times; the sum would be {rebuilt.rolling_sum:,}",
        len(table),
        "never summed over readings; a chain takes the rate of each window once",
    )
