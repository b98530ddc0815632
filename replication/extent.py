"""What part of the Hub a run's source covers, and what may therefore be said of the whole of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from replication.plain import quantity

TOP, NAMESPACES, ALL = "top ", "namespaces: ", "all"
"""How an extent begins, or what it is where it is everything."""
UNKNOWN = ""
_DATASET = "snapshots"
_SYNTHETIC = "Synthetic"


def is_synthetic(about: Mapping[str, Any]) -> bool:
    """Whether a manifest is of data that were drawn at random."""
    return str(about.get("title", "")).startswith(_SYNTHETIC)


def whole(about: Mapping[str, Any]) -> bool:
    """Whether the source of a manifest is known to cover the whole Hub.

    It is where its crawls or the definitions say so, for the Hub's own dataset of snapshots, and for
    a synthetic Hub. A folder of which nobody has said so is taken for a part.
    """
    known = about.get("extent")
    if known:
        return bool(known == ALL)
    return is_synthetic(about) or (about.get("source") == _DATASET and bool(about["repository"]))


def part(about: Mapping[str, Any]) -> str:
    """What part of the Hub the snapshots of a manifest cover, in words; empty where it is all of it."""
    return "" if whole(about) else in_words(about)


def in_words(about: Mapping[str, Any]) -> str:
    """What the source of a manifest covers, for a sentence."""
    known = str(about.get("extent") or UNKNOWN)
    if whole(about):
        return "the whole Hub"
    if known.startswith(TOP) and known.removeprefix(TOP).isdigit():
        return f"the {int(known.removeprefix(TOP)):,} most downloaded models of the Hub"
    if known.startswith(NAMESPACES):
        return f"{quantity(known.count(',') + 1, 'namespace')} of the Hub"
    return "an unknown part of the Hub"
