"""The bundled panel: computed by the project from a released file, so that no network is needed.

No reading of the file is copied, and of its annotations only the country groups of uploader and
origin are kept, as the facts that the registry is compared with.
"""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from replication.definitions import Definitions
from replication.files import sha256_file, write_json
from replication.panel.table import Panel
from replication.panel.window import WindowPanel
from replication.sources.bundled import SIDECAR, TABLES, WINDOW_SIDECAR, WINDOW_TABLES, window_rules
from replication.sources.manifest import Manifest


def write(panel: Panel, source: Manifest, definitions: Definitions, folder: Path) -> None:
    """Write `panel` and its sidecar, which says what it was computed from and how, to `folder`."""
    panel.write(folder)
    write_json(
        folder / SIDECAR,
        {
            "title": "Bundled panel: first-year downloads computed by this project",
            "computed_from": source.to_dict(),
            "command": f"python -m replication bundle --from {source.filename}",
            "rules": vars(definitions.panel),
            "windows": [
                {k: str(v) for k, v in vars(window).items()} for window in definitions.all_windows
            ],
            "variants": [variant.id for variant in definitions.variants],
            "rows": {name: len(table) for name, table in vars(panel).items()},
            "sha256": hashes(folder),
            "software": {"python": platform.python_version(), **_versions()},
        },
    )


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of each table of the panel in `folder`."""
    return {name: sha256_file(folder / name) for name in TABLES}


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("numpy", "pandas", "pyarrow")}


def write_window(
    panel: WindowPanel, records: list[dict[str, Any]], definitions: Definitions, folder: Path
) -> None:
    """Write the tables of the published window and their sidecar to `folder`.

    Parameters
    ----------
    panel
        The tables.
    records
        What was read: one entry a record, as records_manifest.json has them.
    definitions
        Definitions.
    folder
        Receives the tables and the sidecar.
    """
    panel.write(folder)
    write_json(
        folder / WINDOW_SIDECAR,
        {
            "title": "Bundled window: first-year downloads computed by this project from public records",
            "records": records,
            "command": "python -m replication bundle --records FOLDER",
            "rules": window_rules(definitions),
            "rows": {name: len(table) for name, table in vars(panel).items()},
            "sha256": {name: sha256_file(folder / name) for name in WINDOW_TABLES},
            "software": {"python": platform.python_version(), **_versions()},
        },
    )
