"""Source "bundled": the panel that the project computed and carries; no network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from replication.definitions import Definitions
from replication.errors import DefinitionError, HashMismatchError
from replication.files import copy_file, read_csv, read_json, sha256_file
from replication.sources import manifest
from replication.sources.manifest import Manifest

FOLDER = Path(__file__).parents[1] / "data"
SIDECAR = "bundle.json"
TABLES = ("repositories.csv", "weekly.csv", "variants.csv", "defects.csv")

ENDS = ("kind", "start", "end", "read_until")
"""What of a window decides its downloads."""
OTHERS = "age-*"
"""Folders beside the tables, each with the same tables under another age limit."""


def folder_of(definitions: Definitions, bundle: Path = FOLDER) -> Path:
    """The folder of the bundled panel that was computed by the definitions of `definitions`.

    A window's label is only shown and may differ.

    Raises
    ------
    DefinitionError
        There is none: a rule of the panel or an end of a window differs, or a window, an age limit
        or a rule for frozen readings was not computed.
    """
    return _fitting(
        bundle, SIDECAR, partial(_differences, definitions=definitions),
        "use the released file (DATA=released or DATA=FILE), which is computed anew",
    )  # fmt: skip


def _fitting(
    bundle: Path, name: str, differences: Callable[[Any], Iterator[str]], remedy: str
) -> Path:
    """The first of all folders whose sidecar differs in nothing; else say what the first differs in."""
    first = ""
    for folder in (bundle, *sorted(bundle.glob(OTHERS))):
        difference = next(differences(read_json(folder / name)), "")
        if not difference:
            return folder
        first = first or difference
    raise DefinitionError(first, remedy)


def _differences(sidecar: Any, definitions: Definitions) -> Iterator[str]:
    """What the bundled panel lacks of what is asked for, one sentence each."""
    made = "but the bundled panel was computed with"
    for key, asked in vars(definitions.panel).items():
        if asked != sidecar["rules"].get(key):
            yield f"panel.{key} is {asked}, {made} {sidecar['rules'].get(key)}"
    computed = {window["id"]: window for window in sidecar["windows"]}
    for window in definitions.all_windows:
        if window.id not in computed:
            yield f"the bundled panel has no window {window.id}"
            continue
        for key in ENDS:
            asked = str(getattr(window, key))
            if asked != computed[window.id][key]:
                yield f"{window.id}.{key} is {asked}, {made} {computed[window.id][key]}"
    for variant in definitions.variants:
        if variant.id not in sidecar["variants"]:
            yield f"the bundled panel has no downloads of {variant.id}"


def computed_from(bundle: Path = FOLDER) -> Manifest:
    """Manifest of the released file that the bundled panel was computed from."""
    return Manifest(**read_json(bundle / SIDECAR)["computed_from"])


def fetch(folder: Path, bundle: Path = FOLDER) -> Manifest:
    """Copy a bundled panel into the run's folder; its manifest names the file it came from.

    Raises
    ------
    HashMismatchError
        A table is not the one whose hash the sidecar states.
    """
    sidecar = read_json(bundle / SIDECAR)
    for name in TABLES:
        if sha256_file(bundle / name) != sidecar["sha256"][name]:
            raise HashMismatchError(
                f"{name} of the bundled panel is not the table that its sidecar describes",
                "restore it (git checkout replication/data) or rebuild it: "
                "python -m replication bundle --from FILE",
            )
        copy_file(bundle / name, folder / name)
    about = replace(computed_from(bundle), source="bundled")
    manifest.write(folder, about)
    return about


def require_groups(definitions: Definitions, bundle: Path = FOLDER) -> None:
    """Refuse country groups among which one of the study's own labels is not.

    Raises
    ------
    DefinitionError
        The study's labels name a group that the definitions do not have.
    """
    table = read_csv(bundle / TABLES[0])
    named = {name for role in ("origin", "uploader") for name in table[f"study_group_{role}"]}
    absent = sorted(named - set(definitions.groups))
    if absent:
        raise DefinitionError(
            f"the study’s labels name the group {absent[0]!r}, which is not a [[country_group]]",
            "keep it, with no codes if its countries are in other groups: codes = []",
        )


WINDOW_SIDECAR = "window.json"
WINDOW_TABLES = (
    "window_repositories.csv",
    "window_months.csv",
    "window_left_out.csv",
    "window_agreement.csv",
    "window_dates.csv",
    "window_defects.csv",
)


def window_rules(definitions: Definitions) -> dict[str, Any]:
    """The definitions that the tables of the window depend on."""
    about = definitions.published_window
    return {
        "age_limit_days": definitions.panel.age_limit_days,
        "age_limits_days": list(definitions.grid.age_limits_days),
        "start": str(about.start),
        "end": str(about.end),
        "small_downloads": about.small_downloads,
        "fillings": [asdict(rule) for rule in definitions.fillings],
    }


def window_folder_of(definitions: Definitions, bundle: Path = FOLDER) -> Path:
    """The folder of the bundled window that was computed by the definitions of `definitions`.

    Raises
    ------
    DefinitionError
        There is none.
    """
    return _fitting(
        bundle, WINDOW_SIDECAR, partial(_window_differences, definitions=definitions),
        "rebuild it from the public records (RECORDS=folder); README.md says which they are",
    )  # fmt: skip


def _window_differences(sidecar: Any, definitions: Definitions) -> Iterator[str]:
    """What of the definitions of the window the bundled one was computed otherwise with."""
    asked = window_rules(definitions)
    for key, made in sidecar["rules"].items():
        some = isinstance(made, list) and all(one in made for one in asked[key])
        if not some and asked[key] != made:
            yield (
                f"{key} of the published window is {asked[key]}, but its bundled panel was "
                f"computed with {made}"
            )


def fetch_window(folder: Path, definitions: Definitions, bundle: Path = FOLDER) -> None:
    """Copy the bundled tables of the published window into the run's folder.

    Raises
    ------
    DefinitionError
        The definitions differ from those by which they were computed.
    HashMismatchError
        A table is not the one whose hash the sidecar states.
    """
    bundle = window_folder_of(definitions, bundle)
    sidecar = read_json(bundle / WINDOW_SIDECAR)
    for name in WINDOW_TABLES:
        if sha256_file(bundle / name) != sidecar["sha256"][name]:
            raise HashMismatchError(
                f"{name} of the bundled window is not the table that its sidecar describes",
                "restore it (git checkout replication/data) or rebuild it: "
                "python -m replication bundle --records FOLDER",
            )
        copy_file(bundle / name, folder / name)
