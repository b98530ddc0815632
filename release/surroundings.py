"""The same results in other surroundings: Python, place, user, language, time zone, order, workers.

Each surrounding changes everything at once; only where its results differ need one look for the cause.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from release import content, source
from release.environments import Environment
from release.source import ReleaseError
from replication.files import present
from replication.places import COMMAND, IN_SHORT
from replication.plain import plain
from replication.report import codebook, documents
from replication.report.page import build
from replication.validation import committed

CHECKOUT, WHEEL, SDIST = "checkout", "wheel", "sdist"
NOBODY = 65_534
LOCALES = "locales"
TEXTS = {".csv", ".json", ".md", ".toml"}
"""Of what differs, what is read by line, and named first."""
LINE = 120
MISSING = "missing"
START = """\
import locale, os
os.cpu_count = lambda: {workers}
locale.setlocale(locale.LC_ALL, "")
from replication.cli.app import main
main()
"""
"""Starts the command line as if the machine had so many cores, with the user's locale in force."""
COVERAGE = """\
from pathlib import Path
from replication.kinds import BUNDLED
from replication.run import Run
from replication.validation.coverage import require_calibration
require_calibration(Run(BUNDLED, Path({made!r})))
"""
"""Fails where the stored coverage of the intervals seems to be of other code, definitions or sizes."""


@dataclass(frozen=True)
class Surrounding:
    """Where and how the package is run.

    Attributes
    ----------
    name
        A word for the table.
    python
        Version of Python, as 3.11; empty for the present one.
    form
        What is run: a copy of the repository without its history, or what a distribution installs.
    folder
        Name of the folder in which it is run.
    workers
        How many cores it finds.
    locale, timezone, hash_seed, umask
        Language, time zone, order of sets, and the rights of new files.
    nobody
        Whether a user without rights runs it.
    """

    name: str
    python: str
    form: str
    folder: str
    workers: int
    locale: str
    timezone: str
    hash_seed: int
    umask: int
    nobody: bool = True

    @property
    def words(self) -> str:
        """Everything in which it differs, in one line."""
        user = "no root" if self.nobody else "the present user"
        return (
            f"{self.workers} workers, {self.locale}, {self.timezone}, hash seed {self.hash_seed}, "
            f"umask {self.umask:03o}, {user}"
        )


# The forms are spread over the versions: a wheel and a source distribution hold the same files, as their build checks.
ALL = (
    Surrounding(
        "dotless", "3.11", CHECKOUT, "a b/Größe 模型 #1", 1, "tr_TR.UTF-8", "Pacific/Kiritimati", 1, 0o077
    ),
    Surrounding(
        "comma", "3.12", WHEEL, "ein Ordner, leer", 7, "de_DE.UTF-8", "America/St_Johns", 4_294_967_295, 0o027
    ),
    Surrounding("source", "3.13", SDIST, "пусто & x=1", 2, "C", "Asia/Kathmandu", 42, 0o002),
)  # fmt: skip
HERE = replace(ALL[0], name="here", python="", workers=3)
"""One surrounding on the present Python, for the tests."""


@dataclass(frozen=True)
class Outcome:
    """What came out of a run in a surrounding: how many files are alike, and which are not."""

    surrounding: Surrounding
    python: str
    counts: Mapping[str, int]
    wrong: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether all files have the same content."""
        return not self.wrong and bool(self.counts)


def run(
    surrounding: Surrounding,
    environment: Environment,
    root: Path,
    desk: Path,
    stages: Sequence[str] = ("all",),
) -> Outcome:
    """Run the package in a surrounding and compare what it makes with what is committed in `root`.

    Parameters
    ----------
    surrounding
        Where and how.
    environment
        The installed packages; for a distribution, the package too.
    root
        The repository.
    desk
        An empty folder, in which everything is done.
    stages
        Commands to run, one after the other.

    Raises
    ------
    ReleaseError
        A command fails.
    """
    folder = desk / surrounding.folder
    folder.mkdir(parents=True)
    expected = _expected(surrounding, root)
    if surrounding.form == CHECKOUT:
        source.copy(root, folder)
        _remove_outputs(folder)
    possible = replace(
        surrounding,
        nobody=surrounding.nobody and environment.usable_by(NOBODY),
        locale=_locale(surrounding.locale, desk / LOCALES),
    )
    if possible.nobody:
        _give(desk)
    for stage in stages:
        _call(possible, environment, desk, START.format(workers=surrounding.workers), stage)
    made = folder if surrounding.form == CHECKOUT else folder / COMMAND
    _call(possible, environment, desk, COVERAGE.format(made=str(made)), "coverage")
    return _compared(possible, environment.version, made, expected)


def _locale(wanted: str, folder: Path) -> str:
    """A locale that is there for a run: compiled into `folder` where the machine can; else C."""
    program = shutil.which("localedef")
    if program and wanted != "C":
        folder.mkdir()
        language, _, letters = wanted.partition(".")
        command = [program, "-i", language, "-f", letters, str(folder / wanted)]
        subprocess.run(command, capture_output=True, check=False)
    return wanted if (folder / wanted / "LC_NUMERIC").is_file() else "C"


def _call(
    surrounding: Surrounding, environment: Environment, desk: Path, code: str, what: str
) -> None:
    """Run code as the surrounding says; it is given the name of what it does."""
    user: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    safe = ["-P"] if surrounding.form != CHECKOUT else []
    done = subprocess.run(
        [environment.python, *safe, "-c", code, what],
        cwd=desk / surrounding.folder,
        env=_variables(surrounding, desk),
        umask=surrounding.umask,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        **(user if surrounding.nobody else {}),
    )
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-4:]
        raise ReleaseError(
            f"{what} fails in the surrounding {surrounding.name}: {' / '.join(last)}",
            "run it alone: .venv/bin/python -m release surroundings --only NAME",
        )


def _variables(surrounding: Surrounding, desk: Path) -> dict[str, str]:
    """The environment of a run: nothing of the present user but the path of programs."""
    threads = str(surrounding.workers)
    return {
        "PATH": os.defpath,
        "HOME": str(desk / "no such home"),
        "TZ": surrounding.timezone,
        "LC_ALL": surrounding.locale,
        "PYTHONHASHSEED": str(surrounding.hash_seed),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "LOCPATH": str(desk / LOCALES),
    }


def _give(desk: Path) -> None:
    """Make `desk` and everything in it that user's."""
    for path in (desk, *desk.rglob("*")):
        os.chown(path, NOBODY, NOBODY)


def outputs(root: Path) -> list[str]:
    """Relative paths of the committed outputs of a run."""
    found = [p for name in committed.FOLDERS for p in present(root / name)]
    found += [root / "paper" / name for name in (*documents.outputs(), IN_SHORT)]
    return sorted(p.relative_to(root).as_posix() for p in [*found, root / "page" / build.NAME])


def _remove_outputs(folder: Path) -> None:
    """Remove what a run makes, so that it cannot be what was there before; what it reads too stays."""
    for name in outputs(folder):
        if Path(name).name not in documents.SOURCES:
            (folder / name).unlink()


def _expected(surrounding: Surrounding, root: Path) -> dict[str, bytes]:
    """What a run must leave, read before it begins: of a checkout every file, else every output."""
    checkout = surrounding.form == CHECKOUT
    names = sorted(source.tracked(root)) if checkout else outputs(root)
    of_repository = {codebook.NAME.as_posix()} if not checkout else set()
    return {name: (root / name).read_bytes() for name in names if name not in of_repository}


def _compared(
    surrounding: Surrounding, python: str, made: Path, expected: Mapping[str, bytes]
) -> Outcome:
    """Compare what a run made with what it must leave."""
    found = {name: _how(made / name, data) for name, data in expected.items()}
    counts = Counter(found.values())
    wrong = [
        f"{name} {how}{_first_line(made / name, expected[name])}"
        for name, how in sorted(
            found.items(), key=lambda item: (Path(item[0]).suffix not in TEXTS, item[0])
        )
        if how in {MISSING, content.DIFFERS}
    ]
    return Outcome(surrounding, python, counts, tuple(wrong))


def _first_line(path: Path, expected: bytes) -> str:
    """The first line of a text that differs, and what it must be: mostly enough to see the cause."""
    if path.suffix not in TEXTS or not path.is_file():
        return ""
    lines = (data.decode("utf-8", "replace").split("\n") for data in (path.read_bytes(), expected))
    pairs = enumerate(zip_longest(*lines, fillvalue=""), 1)
    number, (made, right) = next((p for p in pairs if p[1][0] != p[1][1]), (0, ("", "")))
    return f" in line {number}: {plain(made, LINE)!r} for {plain(right, LINE)!r}"


def _how(path: Path, expected: bytes) -> str:
    """How a file compares with what it must hold."""
    if not path.is_file():
        return MISSING
    return content.compared(path.read_bytes(), expected, path.suffix)
