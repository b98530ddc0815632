"""Source "bundled": the panel that the project computed and carries; no network."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from replication.errors import HashMismatchError, StudyError
from replication.files import copy_file, read_json, sha256_file
from replication.sources import manifest
from replication.sources.manifest import Manifest
from replication.study import PanelRules, Study, Window

FOLDER = Path(__file__).parents[1] / "data"
SIDECAR = "bundle.json"
TABLES = ("repositories.csv", "weekly.csv", "variants.csv", "defects.csv")

ENDS = ("kind", "start", "end", "read_until")
"""What of a window decides its downloads."""


def check_definitions(
    rules: PanelRules, windows: tuple[Window, ...], bundle: Path = FOLDER
) -> None:
    """Refuse a study whose definitions are not the ones that the bundled panel was computed by.

    A window's label is only shown, and a window that the panel does not have is refused later.

    Raises
    ------
    StudyError
        A rule of the panel, or the kind or an end of a window of the same id, differs.
    """
    sidecar = read_json(bundle / SIDECAR)
    made = {f"panel.{key}": value for key, value in sidecar["rules"].items()}
    made |= {f"{w['id']}.{k}": w[k] for w in sidecar["windows"] for k in ENDS}
    asked = {f"panel.{key}": value for key, value in vars(rules).items()}
    asked |= {f"{w.id}.{k}": str(getattr(w, k)) for w in windows for k in ENDS}
    for key in sorted(asked.keys() & made.keys()):
        if asked[key] != made[key]:
            raise StudyError(
                f"{key} is {asked[key]}, but the bundled panel was computed with {made[key]}",
                "use the released file (DATA=released or DATA=FILE), which is computed anew",
            )


def computed_from(bundle: Path = FOLDER) -> Manifest:
    """Manifest of the released file that the bundled panel was computed from."""
    return Manifest(**read_json(bundle / SIDECAR)["computed_from"])


def fetch(folder: Path, bundle: Path = FOLDER) -> Manifest:
    """Copy the bundled panel into the run's folder; its manifest names the file it came from.

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
    found = replace(computed_from(bundle), source="bundled")
    manifest.write(folder, found)
    return found


WINDOW_SIDECAR = "window.json"
WINDOW_TABLES = (
    "window_repositories.csv",
    "window_months.csv",
    "window_left_out.csv",
    "window_agreement.csv",
    "window_dates.csv",
    "window_defects.csv",
)


def window_rules(study: Study) -> dict[str, Any]:
    """The definitions that the tables of the window depend on."""
    about = study.window
    return {
        "age_limit_days": study.panel.age_limit_days,
        "age_limits_days": list(study.grid.age_limits_days),
        "start": str(about.start),
        "end": str(about.end),
        "small_downloads": about.small_downloads,
        "fillings": [asdict(rule) for rule in study.fillings],
    }


def fetch_window(folder: Path, study: Study, bundle: Path = FOLDER) -> None:
    """Copy the bundled tables of the published window into the run's folder.

    Raises
    ------
    StudyError
        The definitions differ from those by which they were computed.
    HashMismatchError
        A table is not the one whose hash the sidecar states.
    """
    sidecar = read_json(bundle / WINDOW_SIDECAR)
    asked = window_rules(study)
    for key, made in sidecar["rules"].items():
        if asked.get(key) != made:
            raise StudyError(
                f"{key} of the published window is {asked.get(key)}, but its bundled panel was "
                f"computed with {made}",
                "rebuild it from the records: DATA=records RECORDS=folder",
            )
    for name in WINDOW_TABLES:
        if sha256_file(bundle / name) != sidecar["sha256"][name]:
            raise HashMismatchError(
                f"{name} of the bundled window is not the table that its sidecar describes",
                "restore it (git checkout replication/data) or rebuild it: "
                "python -m replication bundle --records FOLDER",
            )
        copy_file(bundle / name, folder / name)
