"""What a source holds and a run does not read: a small table, a sentence, and a reason for each file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from replication.errors import ContractError
from replication.files import read_text, write_text
from replication.plain import few, quantity

NAME = "left_out.csv"
UNDATED = "no date in its name"
SEVERAL_DATES = "several dates in its name"
NOT_PARQUET = "not Parquet by its name"
ELSEWHERE = "in a folder where no snapshot is looked for"
COPY = "a copy of another file of its date"
BEFORE, AFTER = "before the range", "after the range"
_SHOWN = 3


@dataclass(frozen=True)
class LeftOut:
    """One file that is not read.

    Attributes
    ----------
    label
        ISO 8601 date, empty where it has none.
    filename
        Its path inside the folder or the dataset.
    reason
        Why it is not read, in words.
    """

    label: str
    filename: str
    reason: str


def write(folder: Path, rows: Iterable[LeftOut]) -> None:
    """Write the table into the run's folder, also where nothing is left out."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(LeftOut)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    write_text(folder / NAME, text.getvalue())


def read(folder: Path) -> list[LeftOut]:
    """Return the rows of the table in the run's folder.

    Raises
    ------
    StageOrderError
        There is no such table.
    ContractError
        It is not one that `write` has made.
    """
    text = read_text(folder / NAME)
    try:
        return [LeftOut(**row) for row in csv.DictReader(io.StringIO(text))]
    except TypeError:
        raise ContractError(f"{folder / NAME} is damaged", "run the stage fetch again") from None


def sentence(rows: Sequence[LeftOut]) -> str:
    """Say in a line how many files are not read, why, and the names of a few; empty for none."""
    if not rows:
        return ""
    names: dict[str, list[str]] = {}
    for row in rows:
        names.setdefault(row.reason, []).append(row.filename)
    reasons = "; ".join(f"{reason}: {few(files, _SHOWN)}" for reason, files in names.items())
    return f"{quantity(len(rows), 'file')} left out ({reasons})"
