"""Every table of the paper, by the name that the text gives it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from replication.definitions import Definitions
from replication.report import claim_tables, data_tables, estimate_tables, window_tables


def all_tables(results: Path, definitions: Definitions) -> dict[str, partial[str]]:
    """Makers of every table, by name, in the order in which the paper numbers them.

    That of the chain is there only where the source is snapshots of the whole Hub, those of the window
    rebuilt from public records only elsewhere.
    """
    makers = {
        "main_claims": partial(claim_tables.main_claims, results),
        "verdicts": partial(claim_tables.verdicts, results),
        "defects": partial(data_tables.defects, results),
        "coverage": partial(data_tables.coverage, results, definitions),
        "disagreements": partial(data_tables.disagreements, results, definitions),
        "audit": partial(data_tables.audit, definitions),
        "estimates": partial(estimate_tables.estimates, results, definitions),
        "methods": partial(estimate_tables.methods, results, definitions),
        "dimensions": partial(estimate_tables.dimensions, results, definitions),
        "unjudged": partial(claim_tables.unjudged, results),
    }
    if definitions.whole:
        return makers | {"chain": partial(data_tables.chain, results)}
    return makers | window_tables.all_tables(results, definitions)
