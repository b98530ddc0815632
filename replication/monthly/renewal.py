"""Bring the folder of a record up to date: every window, the changes between them, page and figure.

`windows/DAY` holds what was computed of the window that a reading closes, and window.json, which is
written last, says from what. A window whose readings and edition are the same is left as it is, so that
a run that was interrupted is continued.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd

from replication.errors import ContractError, StageOrderError
from replication.files import read_csv, read_json, sha256_bytes, sha256_file, write_csv, write_json
from replication.monthly import changes, document, readings, window
from replication.monthly.changes import NEW, REVISED, Step
from replication.monthly.document import Closed
from replication.monthly.editions import Edition, steps
from replication.monthly.readings import Reading
from replication.monthly.window import Figures

WINDOWS, ABOUT, EDITION = "windows", "window.json", "edition.json"
SHARES, DEVELOPERS, CHANGES = "shares.csv", "developers.csv", "changes.csv"
_FIGURES = ("", "again_")
"""What the files of the window begin with, and those of the one before, computed again."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Renewed:
    """What a renewal did.

    Attributes
    ----------
    computed
        Days whose windows were computed.
    changes
        All rows of the changelog.
    unknown
        What is not known of the newest window, and why.
    """

    computed: tuple[date, ...]
    changes: pd.DataFrame
    unknown: tuple[str, ...]


def renew(folder: Path, edition: Edition, say: Say = lambda _: None) -> Renewed:
    """Compute what is not there yet, and write the changelog, the page and the figure.

    Parameters
    ----------
    folder
        Folder of the record.
    edition
        What is computed with.
    say
        Called with a line of text.

    Raises
    ------
    StageOrderError
        There is no reading.
    ReplicationError
        A reading is damaged, or its file is not the one that was taken in.
    """
    there = readings.all_of(folder)
    days = readings.days(there)
    if not days:
        raise StageOrderError(
            f"{folder} holds no reading", "take one in: make record READING=file DATE=2024-09-20"
        )
    settle(folder, edition, say)
    computed = []
    for number, day in enumerate(days, 1):
        say(f"window {number} of {len(days)}, {day}")
        if _window(folder, there, days[:number], edition):
            computed.append(day)
    for path in (folder / WINDOWS).glob("*"):  # of readings that were removed
        if path.name not in {str(day) for day in days}:
            shutil.rmtree(path)
    table = _changelog(folder, days)
    write_csv(folder / CHANGES, table)
    closed = _closed(folder, days)
    document.write(folder, closed, there, edition.definitions, table)
    return Renewed(tuple(computed), table, closed[-1].figures.unknown)


def _closed(folder: Path, days: Sequence[date]) -> list[Closed]:
    """Every window as the page shows it."""
    homes = [folder / WINDOWS / str(day) for day in days]
    return [
        Closed(str(d), _figures(h), read_json(h / ABOUT)) for d, h in zip(days, homes, strict=True)
    ]


def settle(folder: Path, edition: Edition, say: Say = lambda _: None) -> None:
    """Write down what a change of definitions, registry or code does to the newest window.

    It is to be called before a new reading is taken in, so that neither is taken for the other.
    """
    about = _edition(folder)
    if about["keys"] == edition.keys:
        return
    edition.keep(folder)
    rows = about["changes"]
    last = _newest(folder)
    if about["keys"] and last:
        day, before = last
        say(f"what changed of the package or its definitions, {day}")
        some = readings.until(readings.all_of(folder), day)
        made = steps(
            Edition.kept(folder, about["keys"]), about["keys"], edition,
            partial(_computed, folder, some, day),
        )  # fmt: skip
        table = changes.between(day.isoformat(), changes.EDITION, before, made)
        if (table["change"].abs() > 0).any():
            rows = [*rows, table.to_csv(index=False)]
    write_json(folder / EDITION, {"keys": edition.keys, "changes": rows})
    edition.keep_alone(folder)


def _edition(folder: Path) -> dict[str, Any]:
    """Hashes of the edition of all windows, and the changes that editions made."""
    if not (folder / EDITION).is_file():
        return {"keys": {}, "changes": []}
    return dict(read_json(folder / EDITION))


def _computed(
    folder: Path, some: Sequence[Reading], day: date, definitions: Any, evidence: Any
) -> Figures:
    """Figures of one window from some readings."""
    records = window.read(folder, some, definitions)
    return window.figures(records, window.span_of(some, day), definitions, evidence)


def _newest(folder: Path) -> tuple[date, Figures] | None:
    """Day and figures of the newest window that is whole and whose readings are all there."""
    there = {one.id for one in readings.all_of(folder)}
    for path in sorted((folder / WINDOWS).glob(f"*/{ABOUT}"), reverse=True):
        about = _about(path.parent)
        if about and set(about["inputs"]) <= there:
            return date.fromisoformat(path.parent.name), _figures(path.parent)
    return None


def _window(folder: Path, there: Sequence[Reading], days: Sequence[date], edition: Edition) -> bool:
    """Compute the window of the last of some days unless it stands; return whether it was computed."""
    day, home = days[-1], folder / WINDOWS / str(days[-1])
    some = readings.until(there, day)
    before = readings.until(there, days[-2]) if len(days) > 1 else ()
    key = _key(some, before, edition)
    if (_about(home) or {}).get("key") == key:
        return False
    records = window.read(folder, some, edition.definitions)
    spans = [window.span_of(some, day)]
    if before:
        spans.append(window.span_of(before, days[-2]))
    made = [window.figures(records, span, edition.definitions, edition.evidence) for span in spans]
    for prefix, one in zip(_FIGURES, made, strict=False):
        write_csv(home / f"{prefix}{SHARES}", one.shares)
        write_csv(home / f"{prefix}{DEVELOPERS}", one.developers)
    about = window.coverage(some, spans[0], made[0])
    about |= {"inputs": [one.id for one in some], "again_unknown": [*made[-1].unknown]}
    hashes = {path.name: sha256_file(path) for path in _files(home, len(made))}
    for path in home.glob("*.csv"):  # of a reading before it that was removed
        if path.name not in hashes:
            path.unlink()
    write_json(home / ABOUT, {"key": key, **about, "files": hashes})
    return True


def _key(some: Sequence[Reading], before: Sequence[Reading], edition: Edition) -> str:
    """Hash of what the files of a window depend on."""
    lines = [f"{one.id} {one.sha256} {one.cut_off}" for one in some]
    lines += ["before", *(one.id for one in before), *edition.keys.values()]
    return sha256_bytes("\n".join(lines).encode())


def _files(home: Path, count: int) -> list[Path]:
    names = (SHARES, DEVELOPERS)
    return [home / f"{prefix}{name}" for prefix in _FIGURES[:count] for name in names]


def _about(home: Path) -> dict[str, Any] | None:
    """What window.json says, where every file that it names has the content that it names."""
    try:
        about = dict(read_json(home / ABOUT))
        hashes = about["files"]
        same = all(sha256_file(home / name) == digest for name, digest in hashes.items())
    except (
        StageOrderError,
        ContractError,
        OSError,
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
    ):
        return None
    return about if same else None


def _figures(home: Path, prefix: str = "") -> Figures:
    """Figures of a window as they were written."""
    about = read_json(home / ABOUT)
    shares, developers = (read_csv(home / f"{prefix}{name}") for name in (SHARES, DEVELOPERS))
    return Figures(shares, developers, tuple(about[f"{prefix}unknown"]))


def _changelog(folder: Path, days: Sequence[date]) -> pd.DataFrame:
    """All changes: of the windows in the order of their days, and after each those of editions."""
    homes = [folder / WINDOWS / str(day) for day in days]
    parts = [changes.first(str(days[0]), _figures(homes[0]))]
    for (before, home), day in zip(pairwise(homes), days[1:], strict=True):
        past = [Step(REVISED, _figures(home, _FIGURES[1])), Step(NEW, _figures(home))]
        parts.append(changes.between(str(day), changes.READING, _figures(before), past))
    parts += [changes.parsed(text) for text in _edition(folder)["changes"]]
    table = pd.concat(parts, ignore_index=True)
    return table.sort_values("day", kind="stable", ignore_index=True)
