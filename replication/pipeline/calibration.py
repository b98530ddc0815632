"""The kept table of measured coverage: measured anew, or refused where it is stale."""

from __future__ import annotations

from replication import files, tables
from replication.errors import VerificationError
from replication.run import Run
from replication.sources.bundled import FOLDER
from replication.stages import Progress

TABLE = tables.row("calibration").file


def calibrate(run: Run, progress: Progress, *, force: bool = False) -> bool:
    """Measure the coverage of every interval method, unless what is kept is of the same key.

    Parameters
    ----------
    run
        Whose attributed repositories give the sizes of developers.
    progress
        Called with a line of text as data sets are done.
    force
        Measure again in any case.

    Returns
    -------
    bool
        Whether it was measured; the table and its key are then in the package's data.
    """
    from replication.analysis import calibration

    table = files.read_csv(run.attributed / "repositories.csv")
    key = calibration.key(table, run.definitions)
    if not force and calibration.kept_key(FOLDER) == key:
        return False
    found = calibration.calibrate(table, run.definitions, progress)
    files.write_csv(FOLDER / TABLE, found)
    files.write_json(FOLDER / calibration.SIDECAR, {"key": key})
    return True


def require_calibration(run: Run) -> None:
    """Refuse a kept table of coverage that other code, definitions or sizes have made.

    Raises
    ------
    VerificationError
        The kept key is not that of this run.
    """
    from replication.analysis import calibration

    key = calibration.key(files.read_csv(run.attributed / "repositories.csv"), run.definitions)
    if calibration.kept_key(FOLDER) != key:
        raise VerificationError(
            f"{TABLE} was measured with other code, definitions or sizes",
            "run make calibration (about a quarter of an hour), then make all",
        )
