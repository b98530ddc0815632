"""What a run says of itself where its data or its definitions are not those of the committed results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from replication.definitions import Definitions, load_definitions
from replication.definitions.values import differing
from replication.files import read_json
from replication.sources import bundled

SHOWN = 8
"""Definitions that are named; of more the number is told."""
_ADDRESSES = ("released.", "snapshots.")
"""Definitions that say where data come from, which the manifest tells."""


def differences(results: Path, definitions: Definitions) -> list[str]:
    """Other data and other definitions than those of the committed results, in words.

    Parameters
    ----------
    results
        Folder of the run's results.
    definitions
        Its definitions.

    Returns
    -------
    list of str
        Empty for the bundled data, or snapshots, by the packaged definitions.
    """
    manifest, told = read_json(results / "manifest.json"), []
    if not definitions.whole and manifest["sha256"] != bundled.computed_from().sha256:
        told.append(
            "the data {title} ({filename}, {rows:,} rows, read on {accessed})".format(**manifest)
        )
    changed = changes(definitions)
    told += changed[:SHOWN]
    if len(changed) > SHOWN:
        rest = len(changed) - SHOWN
        told.append(f"{rest} definition{'' if rest == 1 else 's'} more")
    groups = sorted(set(definitions.groups) - set(load_definitions().groups))
    if groups:
        told.append(
            f"country groups that the study’s own labels do not know ({', '.join(groups)}): by these "
            "their developers stay where the study has them"
        )
    return told


def changes(definitions: Definitions) -> list[str]:
    """Definitions that are not the packaged ones, with both values; labels that follow are left out."""
    packaged = load_definitions(whole=definitions.whole)
    found = (
        _change(key, own, other)
        for key, (own, other) in differing(definitions, packaged).items()
        if not key.startswith(_ADDRESSES) and not key.endswith(".label")
    )
    return [change for change in found if change]


def _change(key: str, own: Any, other: Any) -> str:
    """One change in words; nothing of what a list of names tells already."""
    if own is None or other is None:
        return ""
    if not isinstance(own, list):
        return f"{key} {_shown(own)} in place of {_shown(other)}"
    more = [str(one) for one in own if one not in other]
    fewer = [str(one) for one in other if one not in own]
    told = [f"with {', '.join(more)}"] * bool(more) + [f"without {', '.join(fewer)}"] * bool(fewer)
    return f"{key} {' and '.join(told) or 'in another order'}"


def _shown(value: Any) -> str:
    """A value for a sentence."""
    return "nothing" if value == "" else str(value)
