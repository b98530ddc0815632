"""Source "bundled": the panel that the project computed and carries; no network."""

from __future__ import annotations

from pathlib import Path

from replication.errors import HashMismatchError
from replication.files import copy_file, read_json, sha256_file
from replication.sources import manifest
from replication.sources.manifest import Manifest

FOLDER = Path(__file__).parents[1] / "data"
SIDECAR = "bundle.json"
TABLES = ("repositories.csv", "weekly.csv", "defects.csv")


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
    found = Manifest(**{**sidecar["computed_from"], "source": "bundled"})
    manifest.write(folder, found)
    return found
