"""What a run's source allows to be said: the conditions on which passages of the text depend."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replication import extent
from replication.definitions import Definitions
from replication.files import read_csv, read_json
from replication.report import own


def of(results: Path, definitions: Definitions) -> dict[str, bool]:
    """Name to truth of every condition that a text may use.

    Parameters
    ----------
    results
        Folder of the run's results.
    definitions
        Definitions.

    Returns
    -------
    dict
        own
            The data or the definitions are others than those of the committed results.
        whole
            The source is known to cover the whole Hub.
        anchored
            Some repositories have a chain of 30-day windows from their birth and a counter.
        measured
            Scale and error of the chain of 30-day windows were measured by the counters.
        chained
            Part of the headline's downloads rests on the chain alone.

        All but the first two are false where the source is no snapshots: it has no chain.
    """
    found = {
        "own": bool(own.differences(results, definitions)),
        "whole": extent.whole(read_json(results / "manifest.json")),
    }
    if not definitions.whole:
        return {**found, "anchored": False, "measured": False, "chained": False}
    chain = read_csv(results / "chain.csv").set_index("stretch")
    used = chain.loc["used"]
    anchored = bool((chain.loc["births", ["chained", "counted"]] > 0).all())
    measured = bool(used[["factor", "factor_error", "spread"]].notna().all())
    if "measured" in used:
        measured = measured and str(used["measured"]) == "True"
    summary = read_csv(results / "summary.csv").set_index("name")["value"]
    share = float(summary.get("chained_share", 0))
    return {**found, "anchored": anchored, "measured": measured, "chained": share > 0}


def decided(
    results: Path, definitions: Definitions, numbers: Mapping[str, Mapping[str, Any]]
) -> dict[str, bool]:
    """Every condition of a text: those of the run, and of each number whether the run has it.

    Parameters
    ----------
    results, definitions
        As for `of`.
    numbers
        The numbers of the run by key.
    """
    return of(results, definitions) | {
        key: number["value"] is not None for key, number in numbers.items()
    }
