"""What the figures call the dimensions of the specification grid and their choices."""

from __future__ import annotations

from replication.definitions import Definitions, Window, young
from replication.plots.words import CREDIT, LABELS, MONTHS, UNATTRIBUTED

DIMENSIONS = {
    "window": "Window",
    "age_limit_days": "Age limit",
    "frozen": "Frozen readings",
    "attribution": "Credit",
    "labels": "Labels",
    "treatment": "Unattributed",
    "exclusion": "Left out",
    "scope": "Scope",
}
FROZEN = {"as-read": "as read", "interpolated": "interpolated", "left-out": "left out"}
_SCOPES = {
    "all": "all repositories",
    "text-generation": "text generation",
    "first-party": "first-party",
    "first-party-text": "first-party text generation",
    "without-distillations": "without distillations",
    "up-to-8B": "up to {:g} billion parameters",
    "over-8B": "over {:g} billion parameters",
}


def choices(definitions: Definitions) -> dict[str, dict[str, str]]:
    """Names of the choices of every dimension, by what the tables call them."""
    return {
        "window": {w.id: window(w, definitions) for w in definitions.all_windows},
        "age_limit_days": {str(days): f"{days} days" for days in definitions.grid.age_limits_days},
        "frozen": FROZEN,
        "attribution": CREDIT,
        "labels": LABELS,
        "treatment": UNATTRIBUTED,
        "exclusion": {"none": "nothing"}
        | {x.id: x.label.removeprefix("without ") for x in definitions.exclusions},
        "scope": {k: v.format(definitions.grid.size_limit_billions) for k, v in _SCOPES.items()},
    }


def window(found: Window, definitions: Definitions) -> str:
    """A window in few words: “increments to Aug 2025”, “cohort, first year to Feb 2026”."""
    last = f"{MONTHS[found.last.month - 1][:3]} {found.last.year}"
    if not found.read_until:
        return f"{found.kind} to {last}"
    return f"{found.kind}, {young(definitions.panel.age_limit_days)} to {last}"
