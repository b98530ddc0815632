"""What a run says of itself where its data or its definitions are not those of the committed results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from replication import extent
from replication.definitions import Definitions, load_definitions, values
from replication.files import read_json
from replication.plain import quantity
from replication.report.markdown import Markup, escaped
from replication.sources import bundled

SHOWN = 8
"""Definitions that are named; of more only the number."""
AGE_LIMITS = "grid.age_limits_days"
EXTENT, OWN = "source:extent", "source:own"
"""Keys of the text for what the source covers, and for what of the run is not as committed."""


def labels(results: Path, definitions: Definitions) -> dict[str, str]:
    """What the text says of the run's source, by key."""
    named = [escaped(one, sentence=True) for one in differences(results, definitions)]
    covered = extent.in_words(read_json(results / "manifest.json"))
    return {EXTENT: covered, OWN: Markup("; ".join(named))}


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
    manifest, sentences = read_json(results / "manifest.json"), []
    if not definitions.whole and manifest["sha256"] != bundled.computed_from().sha256:
        sentences.append(
            "the data {title} ({filename}, {rows:,} rows, read on {accessed})".format(**manifest)
        )
    changed = changes(definitions)
    sentences += changed[:SHOWN]
    if len(changed) > SHOWN:
        sentences.append(f"{quantity(len(changed) - SHOWN, 'definition')} more")
    groups = sorted(set(definitions.groups) - set(load_definitions().groups))
    if groups:
        sentences.append(
            f"country groups that the study’s own labels do not know ({', '.join(groups)}): by these "
            "their developers stay where the study has them"
        )
    return sentences


def changes(definitions: Definitions) -> list[str]:
    """Definitions that are not the packaged ones, with both values.

    Labels that follow from others are left out, and so is the order of the grid's age limits, of which
    that of the panel is the first.
    """
    sentences = (
        _change(key, own, other)
        for key, (own, other) in values.changes(definitions).items()
        if not (key.endswith(".label") or (key == AGE_LIMITS and sorted(own) == sorted(other)))
    )
    return [sentence for sentence in sentences if sentence]


def _change(key: str, own: Any, other: Any) -> str:
    """One change in words; nothing where a list of names says it already."""
    if own is None or other is None:
        return ""
    if not isinstance(own, list):
        return f"{key} {_shown(own)} in place of {_shown(other)}"
    more = [str(one) for one in own if one not in other]
    fewer = [str(one) for one in other if one not in own]
    parts = [f"with {', '.join(more)}"] * bool(more) + [f"without {', '.join(fewer)}"] * bool(fewer)
    return f"{key} {' and '.join(parts) or f'in the order {_listed(own)} in place of {_listed(other)}'}"


def _listed(values: list[Any]) -> str:
    return ", ".join(map(str, values))


def _shown(value: Any) -> str:
    """A value for a sentence."""
    return "nothing" if value == "" else str(value)
