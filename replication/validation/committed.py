"""Verification: rebuild everything in a clean folder and compare it with what is committed."""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Callable
from pathlib import Path

from replication.definitions import Definitions, load_definitions
from replication.errors import VerificationError
from replication.files import present, read_json
from replication.kinds import BUNDLED
from replication.pipeline import STAGES
from replication.places import IN_SHORT, ROOT
from replication.report import codebook, datapackage, documents, licences, provenance, readme
from replication.report.page import build
from replication.run import Run
from replication.stages import execute

FOLDERS = ("results", "figures", *(f"figures/{form}" for form in ("bare", "dark", "data", "wide")))
Checked = Callable[[Path, Path, Definitions], tuple[int, float]]
"""How a second implementation compares: how many numbers, and how far apart they are at most."""


def verify_committed(
    progress: Callable[[str], None],
    root: Path = ROOT,
    also: Callable[[Run], None] = lambda _: None,
) -> int:
    """Rebuild the bundled run and compare every committed result, figure and paper with it.

    Parameters
    ----------
    progress
        Called with a line of text before each stage.
    root
        Folder that holds what is committed.
    also
        Called with the run that was rebuilt; raises an error where something else is wrong with it.

    Returns
    -------
    int
        Number of files compared.

    Raises
    ------
    VerificationError
        A committed file differs, is missing, or is made by nothing.
    """
    with tempfile.TemporaryDirectory() as name:
        run = Run(BUNDLED, Path(name))
        for stage in STAGES:
            progress(stage.name)
            execute(stage, run, progress, force=True)
        also(run)
        wrong, compared = compare(run.out, root)
        wrong += [*_readme(root, run), *_documents(root, run), *_datapackage(root, run)]
    if wrong:
        raise VerificationError(
            "what is committed is not what this code and these data make:\n  " + "\n  ".join(wrong),
            "run make all and commit its outputs, or find out what made them",
        )
    return compared + 4 + len(readme.DOCUMENTS)


def verify_again(checked: Checked, root: Path = ROOT) -> tuple[int, float]:
    """Compare the committed results with what a second implementation computes.

    Parameters
    ----------
    checked
        The implementation's function of evidence, results and definitions: of `sql_estimates`,
        `sql_window` or `library_intervals`.
    root
        The repository.

    Returns
    -------
    tuple of int and float
        How many numbers were compared, and their largest difference, in the implementation's units.

    Raises
    ------
    SecondImplementationError
        A number differs.
    """
    return checked(root / datapackage.DATA, root / "results", load_definitions())


def compare(made: Path, committed: Path) -> tuple[list[str], int]:
    """Differences between two sets of outputs, and how many files were compared."""
    wrong, compared = [], 0
    for folder in FOLDERS:
        paths = [p for side in (made, committed) for p in present(side / folder)]
        names = {p.name for p in paths if p.name != codebook.NAME.name}
        for name in sorted(names):
            compared += 1
            wrong += _difference(made / folder / name, committed / folder / name, folder)
    for name in (*documents.outputs(), IN_SHORT):
        compared += 1
        wrong += _difference(made / "paper" / name, committed / "paper" / name, "paper")
    page = Path("page") / build.NAME
    wrong += _difference(made / page, committed / page, "page")
    return wrong, compared + 1


def _difference(made: Path, committed: Path, folder: str) -> list[str]:
    """One line where two files are not the same bytes; for text, with the first line that differs."""
    label = f"{folder}/{committed.name}"
    if not committed.is_file():
        return [f"{label} is not committed"]
    if not made.is_file():
        return [f"{label} is made by nothing"]
    if made.read_bytes() == committed.read_bytes():
        return []
    return [f"{label} differs{_first_change(made, committed)}"]


def _first_change(made: Path, committed: Path) -> str:
    """The first line that differs, where both files are text."""
    try:
        old = committed.read_text(encoding="utf-8").splitlines()
        new = made.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return ""
    changes = difflib.unified_diff(old, new, lineterm="", n=0)
    shown = [line[:100] for line in changes if line[:1] in "+-" and line[:3] not in {"+++", "---"}]
    return f": {' '.join(shown[:2])}"


def _readme(root: Path, run: Run) -> list[str]:
    """One line for each document whose generated blocks are stale."""
    texts = {name: (root / name).read_text(encoding="utf-8") for name in readme.DOCUMENTS}
    return [
        f"{name.as_posix()}: its generated parts are stale"
        for name, text in texts.items()
        if readme.rendered(name, text, run.results, run.definitions) != text
    ]


def _documents(root: Path, run: Run) -> list[str]:
    """One line for each generated document that is stale or missing."""
    wrong = []
    for document in (provenance, codebook, licences):
        path = root / document.NAME
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if text != document.rendered(run.results, run.definitions):
            wrong.append(f"{document.NAME.as_posix()}: it is stale")
    return wrong


def _datapackage(root: Path, run: Run) -> list[str]:
    """One line where the description of the tables is stale."""
    committed = read_json(root / datapackage.NAME)
    fresh = datapackage.package(run.results, run.definitions) == committed
    return [] if fresh else [f"{datapackage.NAME}: it does not describe these tables"]
