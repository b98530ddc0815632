"""The ledger of published figures and the registry of developers, for the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from replication.attribution.registry import Developer, Registry
from replication.definitions import Definitions
from replication.report import claim_text
from replication.report.claims import Claim
from replication.report.markdown import capital, host, safe_address

CLAIM_COLUMNS = (
    "id", "statement", "published", "unit", "period", "estimate", "lower", "upper", "answer",
    "survives", "turned_by", "reason", "source", "url",
)  # fmt: skip
DEVELOPER_COLUMNS = (
    "developer", "namespaces", "parent", "country", "group", "alternative", "sector", "basis",
    "confidence", "url", "date_read", "date_of_copy", "note",
)  # fmt: skip


def claims(
    table: pd.DataFrame, ledger: Sequence[Claim], definitions: Definitions
) -> list[dict[str, Any]]:
    """Every published figure, with what it is of, what public data show, and both answers."""
    known = {claim.id: claim for claim in ledger}
    rows = table[list(CLAIM_COLUMNS)].to_dict(orient="records")
    return [
        row
        | _claim(row, known.get(row["id"]))
        | {"basis": basis(known.get(row["id"]), definitions)}
        for row in rows
    ]


def basis(claim: Claim | None, definitions: Definitions) -> str:
    """Of what the figure of public data is, where it is not a share of the published window."""
    if claim is None:
        return ""
    if claim.judge == "family":
        family = definitions.family
        return f"the namespaces {' and '.join(family.namespaces)} alone; their developers have more"
    if claim.estimand and not definitions.whole:
        return "of the released file, not of the records of the whole Hub"
    return ""


def _claim(row: Mapping[str, str], claim: Claim | None) -> dict[str, Any]:
    """What a row of the ledger is about, and its figures as one writes them."""
    unit = row["unit"]
    about = [claim.definition, claim.denominator] if claim else []
    return {
        "statement": capital(row["statement"]),
        "about": "; ".join(filter(None, [claim_text.period(row["period"]), *about])),
        "group": claim.group if claim else "",
        "url": _address(row["url"]),
        "host": host(row["url"]),
        "shown": {
            "published": claim_text.published(row["published"], unit),
            "estimate": claim_text.estimate(row["estimate"], unit),
            "range": claim_text.span(row["lower"], row["upper"], unit) if row["lower"] else "",
        },
    }


def registry(known: Registry, group_of: Mapping[str, str]) -> dict[str, Any]:
    """Every developer with its namespaces, its country and what was read."""
    namespaces: dict[str, list[str]] = {}
    for name, tenures in known.tenures.items():
        for tenure in tenures:
            namespaces.setdefault(tenure.developer.developer, []).append(name)
    rows = [
        _developer(developer, namespaces.get(developer.developer, []), group_of)
        for developer in known.developers
    ]
    return {"columns": list(DEVELOPER_COLUMNS), "rows": rows}


def _developer(
    developer: Developer, namespaces: Sequence[str], group_of: Mapping[str, str]
) -> list[str]:
    """One developer, in the order of `DEVELOPER_COLUMNS`."""
    others = " ".join(developer.alternative_country)
    return [
        developer.developer, " ".join(namespaces), developer.parent, developer.country,
        group_of[developer.country], f"{others}: {developer.alternative_reason}" if others else "",
        developer.sector, developer.basis, developer.confidence, _address(developer.evidence_url),
        developer.date_read, developer.date_of_copy, developer.note,
    ]  # fmt: skip


def _address(url: str) -> str:
    """An address of a page of the web; empty where it is none."""
    return url if url.startswith(("http://", "https://")) and safe_address(url) else ""
