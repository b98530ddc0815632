"""Cells of the public records: read strictly, refused with the file, the line and the remedy.

Every function takes a column whose index is the number of the line, row or entry in its file.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from replication.errors import ContractError
from replication.names import RULE, well_formed
from replication.sources.counters.contract import EARLIEST, LATEST

_COUNT = r"[0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4}"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].*)?"
_PRINTED = re.compile(
    r"\[\s*(?:(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")\s*(?:,\s*|(?=\])))*\]", re.DOTALL
)
_LONGEST = 100_000
_TAG = "base_model:"
_UNCHANGED = "use an unchanged copy of the record, or mend that cell"


@dataclass(frozen=True)
class Place:
    """What messages call the file of a column, and what its index counts."""

    file: str
    unit: str = "line"

    def error(self, number: object, what: str, remedy: str = _UNCHANGED) -> ContractError:
        """The error that names one cell."""
        return ContractError(f"{self.file}, {self.unit} {number}: {what}", remedy)


def refuse(
    cells: pd.Series, wrong: pd.Series, what: str, place: Place, remedy: str = _UNCHANGED
) -> None:
    """Raise a `ContractError` that names the first of the wrong cells.

    Characters that are invisible, or look like another letter, are shown as their codes.
    """
    if not wrong.any():
        return
    number, shown = wrong.idxmax(), str(cells[wrong].iloc[0])[:80]
    count = int(wrong.sum())
    more = f"; {count - 1:,} more like it" if count > 1 else ""
    raise place.error(number, f"{what} ({shown!a}){more}", remedy)


def texts(values: Sequence[Any], place: Place, what: str, index: pd.Index) -> pd.Series:
    """Return parsed JSON values as a column of text; anything but text that UTF-8 writes is refused."""
    try:
        "".join(values).encode()  # all at once, since nearly always all are right
    except (TypeError, UnicodeEncodeError):
        raise _first_wrong(values, place, what, index) from None
    return pd.Series(values, index=index, dtype="str")


def _first_wrong(values: Sequence[Any], place: Place, what: str, index: pd.Index) -> ContractError:
    """The error that names the first value that is no text, or that UTF-8 cannot write."""
    for number, value in zip(index, values, strict=True):
        if not isinstance(value, str):
            return place.error(number, f"{what} is not text ({value!r:.80})")
        if not _is_writable(value):
            return place.error(number, f"{what} holds half of a character ({value!r:.80})")
    raise AssertionError(what)


def _is_writable(text: str) -> bool:
    """Whether UTF-8 can write the text; half of a surrogate pair it cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def names(cells: pd.Series, place: Place) -> pd.Series:
    """Return names of repositories; each must be namespace/model as the Hub allows it."""
    wrong = ~well_formed(cells)
    refuse(cells, wrong, "the name is not namespace/model", place, f"{RULE}; {_UNCHANGED}")
    return cells


def counts(cells: pd.Series, place: Place) -> pd.Series:
    """Read counts, written as digits or as digits with a comma before every three.

    Anything else (1.2M, 1e3, a fraction, a sign, an empty cell) is refused: it is no exact count.
    """
    right = cells.str.fullmatch(_COUNT)
    refuse(cells, ~right, "the count is not a whole number of downloads", place)
    return cells.str.replace(",", "", regex=False).astype("int64")


def moments(cells: pd.Series, place: Place, what: str) -> pd.Series:
    """Read ISO 8601 dates as UTC without a zone, datetime64[ns]; an empty cell is NaT."""
    filled = cells.where(cells.str.fullmatch(_DATE))
    times = pd.to_datetime(filled, errors="coerce", utc=True, format="ISO8601")
    refuse(cells, times.isna() & (cells != ""), f"{what} is not an ISO 8601 date", place)
    return in_range(times, place, what)


def in_range(times: pd.Series, place: Place, what: str) -> pd.Series:
    """Return times as UTC without a zone, datetime64[ns]; those before the Hub are refused."""
    if times.dt.tz is not None:
        times = times.dt.tz_convert("UTC").dt.tz_localize(None)
    outside = times.notna() & ~times.between(EARLIEST, LATEST)
    refuse(times, outside, f"{what} is not from {EARLIEST:%Y} to {LATEST:%Y}", place)
    return times.astype("datetime64[ns]")


def printed_list(text: str, place: Place, number: object) -> list[str]:
    """Read a list of texts as Python prints it; length and shape are checked before it is parsed."""
    if len(text) > _LONGEST or _PRINTED.fullmatch(text) is None:
        raise place.error(number, f"this is not a printed list of texts ({text[:80]!r})")
    try:
        entries = ast.literal_eval(text)
    except (ValueError, SyntaxError) as error:  # an escape that stands for no character
        raise place.error(number, f"this is not a printed list of texts ({error})") from None
    return list(entries)


def parents(cells: pd.Series, place: Place) -> pd.Series:
    """Names of base models, separated by blanks, of cells that hold a name or a printed list."""
    filled = cells[cells != ""]
    bases = [
        joined(printed_list(text, place, number) if text.startswith("[") else [text])
        for number, text in filled.items()
    ]
    return pd.Series(bases, index=filled.index, dtype="str").reindex(cells.index, fill_value="")


def tagged_parents(cells: pd.Series, place: Place) -> pd.Series:
    """Names of base models, separated by blanks, of cells that hold a printed list of tags."""
    filled = cells[cells.str.contains(_TAG, regex=False)]
    bases = [of_tags(printed_list(text, place, number)) for number, text in filled.items()]
    return pd.Series(bases, index=filled.index, dtype="str").reindex(cells.index, fill_value="")


def of_tags(tags: Iterable[object]) -> str:
    """Names of base models in the tags `base_model:NAME` and `base_model:RELATION:NAME`."""
    bases = [t for t in tags if isinstance(t, str) and t.startswith(_TAG) and _is_writable(t)]
    return joined(tag.rpartition(":")[2] for tag in bases) if bases else ""


def joined(words: Iterable[str]) -> str:
    """Distinct words in their order, separated by blanks."""
    return " ".join(dict.fromkeys(word for text in words for word in text.split()))
