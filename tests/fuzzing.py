"""Inputs that are nearly right, by number, and what may come of one: accepted as promised, or refused.

An input is made by a generator of random numbers that is seeded with the name of the target and the
number of the input, so that a failure names the input that it came of. Changes of valid inputs find
more than random bytes do: of bytes, of fields and of the structure.
"""

from __future__ import annotations

import copy
import csv
import functools
import io
import operator
import os
import pickle
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import pytest

from replication.errors import ReplicationError

SLOW, FAST = 10_000, 100
"""Inputs of each target in the slow and in the fast suite."""
NUMBERS = [FAST, pytest.param(SLOW, marks=pytest.mark.slow)]
HEAVY = 20
"""A target whose every input takes a hundredth of a second gets so many times fewer whole files."""
LONGEST = 30.0
"""Seconds of processor time after which one input counts as one that hangs."""
MOST_WORDS = 3_000
"""Letters of a message: it quotes what was wrong, and not all that was given."""

ODD_TEXTS = (
    "", " ", "\t", "\n", "\r\n", "\x00", "\x1b[31m", "\x7f", "\u200b", "\u202e", "\ufeff", "\ufffd",
    "a", "A", "０", "٣", "İ", "ı", "ß", "é", "😀", "'", '"', '""', ",", ";", "|", "=1+1", "+1", "-1",
    "@x", "#", "\\", "/", "//", "a/b", "a/b/c", "/a", "a/", "..", "../../etc/passwd", "~", "*", "?",
    "%s", "{}", "{x}", "$(x)", "`x`", "<script>", "&lt;", "\\input{x}", "#eval(1)", "null", "None",
    "nan", "NaN", "inf", "-inf", "NA", "True", "false", "0", "00", "1", "-0", "1.0", "1.5", "1e3",
    "1,000", "1_000", "0x10", "9" * 15, "9" * 19, "9" * 400, "1e400", "2025-01-01", "2025-02-30",
    "2025-13-01", "2025-W05-5", "20250101", "2025-01-01T00:00:00Z", "2025-01-01T25:00:00Z",
    "0000-00-00", "9999-12-31", "10000-01-01", "1969-12-31", "2016-01-01", "2100-01-01", "today",
    "now", "US", "CN", "unknown", "individual", "https://example.org/x", "http://", "javascript:x",
    "file:///etc/passwd", "x" * 97, "x" * 5_000, "a" * 24, "0123456789abcdef01234567",
)  # fmt: skip
ODD_VALUES = (
    None, True, False, 0, 1, -1, 2**31, 2**63 - 1, 2**63, 2**64, 10**30, 10**400, -(2**63) - 1, 0.0, -0.0,
    0.5, 1.5, 1e300, float("nan"), float("inf"), float("-inf"), [], {}, [[]], [{}], {"": {}}, [None],
    [1, "a"], {"a": 1}, {"id": "a"}, {"models": []}, {"models": [{"id": "a/b"}]},
)  # fmt: skip
"""Values that JSON or TOML can hold, each of another type or size than most fields may have."""
I = TypeVar("I")  # noqa: E741 -- an input


def odd_text(r: Random) -> str:
    """A text that few cells may hold."""
    return r.choice(ODD_TEXTS)


def odd_value(r: Random) -> Any:
    """A value of any type: text, number, list, table, a day or none."""
    kind = r.randrange(12)
    if kind < 5:
        return odd_text(r)
    if kind < 10:
        return copy.deepcopy(r.choice(ODD_VALUES))
    day = date(r.choice([1, 1969, 2015, 2016, 2025, 2099, 2100, 9999]), r.randint(1, 12), 28)
    return day if kind == 10 else datetime.combine(day, time(r.randrange(24)))


def bent_text(r: Random, text: str) -> str:
    """A text with one change: something put in, left out, doubled, in another case, or replaced."""
    at, end = sorted((r.randint(0, len(text)), r.randint(0, len(text))))
    letter = chr(r.choice([r.randrange(1, 128), r.randrange(128, 0xD800)]))
    changed = (
        text[:at] + odd_text(r) + text[at:],
        text[:at] + text[end:],
        text[:end] + text[at:],
        text[:at] + text[at:].swapcase(),
        text[:at] + letter + text[at + 1 :],
        text + odd_text(r),
        odd_text(r),
    )
    return r.choice(changed)


def bent_bytes(r: Random, data: bytes, most: int = 3) -> bytes:
    """Bytes with up to `most` changes: bits, spans left out, doubled or overwritten, an end cut off."""
    for _ in range(r.randint(1, most)):
        at = r.randint(0, len(data))
        span = min(len(data), at + r.choice([1, 1, 1, 2, 4, 8, 64]))
        match r.randrange(6):
            case 0 if at < len(data):
                data = data[:at] + bytes([data[at] ^ 1 << r.randrange(8)]) + data[at + 1 :]
            case 1:
                data = data[:at] + data[span:]
            case 2:
                data = data[:span] + data[at:]
            case 3:
                data = (
                    data[:at]
                    + r.choice([b"\x00", b"\xff", b"\x80", b"\x7f" * 4, b"\xff" * 8])
                    + data[span:]
                )
            case 4:
                data = data[:at] if r.random() < 0.2 else data
            case _:
                data = data[:at] + r.randbytes(span - at) + data[span:]
    return data


class Tree:
    """A valid tree of lists and tables, of which nearly valid ones are made.

    Parameters
    ----------
    tree
        What TOML or JSON holds.
    odd
        Makes a value that may take another's place.
    """

    def __init__(self, tree: Any, odd: Callable[[Random], Any] = odd_value) -> None:
        self._whole = pickle.dumps(tree)
        self._paths = list(_paths(tree))
        self._odd = odd

    def bent(self, r: Random) -> Any:
        """A copy with up to three changes of a value, a key or the structure."""
        tree = pickle.loads(self._whole)
        for _ in range(r.choice([1, 1, 1, 2, 3])):
            *way, key = r.choice(self._paths)
            try:
                holder = functools.reduce(operator.getitem, way, tree)
                _bend(r, holder, key, self._odd)
            except (LookupError, TypeError, AttributeError):  # an earlier change has taken it away
                continue
        return tree


def _paths(tree: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value of a tree."""
    pairs = (
        tree.items()
        if isinstance(tree, dict)
        else enumerate(tree)
        if isinstance(tree, list)
        else ()
    )
    for key, value in pairs:
        yield (*way, key)
        yield from _paths(value, (*way, key))


def _bend(r: Random, holder: Any, key: Any, odd: Callable[[Random], Any]) -> None:
    """Change one value of a table or a list."""
    value = holder[key]
    change = r.randrange(8)
    if change == 0:
        del holder[key]
    elif change == 1:
        holder[key] = r.choice([[value], {"x": value}, str(value)])
    elif change == 2 and isinstance(holder, list):
        holder.insert(r.randint(0, len(holder)), copy.deepcopy(r.choice(holder)))
    elif change == 2:
        holder[bent_text(r, str(key))] = copy.deepcopy(value)
    elif change == 3 and isinstance(holder, dict):
        other = r.choice(list(holder))
        holder[key], holder[other] = holder[other], holder[key]
    elif isinstance(value, str) and change < 6:
        holder[key] = bent_text(r, value)
    elif isinstance(value, int | float) and not isinstance(value, bool) and change < 6:
        holder[key] = r.choice(
            [-value, value + 1, value - 1, value * 1000, value // 2, float(min(value, 2**53))]
        )
    else:
        holder[key] = odd(r)


def bent_rows(
    r: Random, rows: Sequence[Sequence[str]], odd: Callable[[Random, int], str]
) -> list[list[str]]:
    """A table of text with up to three changes of a cell, a row or a column; `odd` knows the columns."""
    table = [list(row) for row in rows]
    for _ in range(r.choice([1, 1, 1, 2, 3])):
        row = r.randrange(len(table))
        change = r.randrange(12)
        if change == 0:
            table.insert(r.randint(0, len(table)), list(table[row]))
        elif change == 1 and len(table) > 1:
            del table[row]
        elif change == 2 and table[row]:
            del table[row][r.randrange(len(table[row]))]
        elif change == 3:
            table[row].insert(r.randint(0, len(table[row])), odd_text(r))
        elif change == 4:
            place = r.randrange(len(rows[0]))
            for one in table:
                del one[place : place + 1]
        elif table[row]:
            row = r.randrange(1, len(table)) if len(table) > 1 and r.random() < 0.9 else row
            if table[row]:
                place = r.randrange(len(table[row]))
                table[row][place] = (
                    odd(r, place) if r.random() < 0.6 else bent_text(r, table[row][place])
                )
    return table or [[]]


def csv_bytes(rows: Sequence[Sequence[str]]) -> bytes:
    """Rows as CSV in UTF-8."""
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue().encode("utf-8", "surrogatepass")


def take_each(
    target: str, number: int, make: Callable[[Random], I], take: Callable[[I], Any], *named: str
) -> Counter[str]:
    """Take so many inputs, and count those that were accepted and those that were refused.

    Parameters
    ----------
    target
        Name of what is tried.
    number
        How many inputs.
    make
        Makes an input.
    take
        Reads it, and asserts of what it accepts that it keeps the contract.
    named
        Words of which a refusal must hold one, such as the name of the file.
    """
    tally: Counter[str] = Counter()
    for n in range(number):
        given = make(Random(f"{target} {n}"))
        try:
            with bounded():
                take(given)
        except ReplicationError as error:
            require_plain(error, *named)
            tally["refused"] += 1
        except BaseException as error:
            raise AssertionError(f"{target}, input {n}: {given!r:.1000}") from error
        else:
            tally["accepted"] += 1
    if number >= FAST // 2:  # of fewer it may be so
        assert tally["refused"], f"{target}: nothing was refused"
        assert tally["accepted"], f"{target}: nothing was accepted"
    return tally


def require_plain(error: ReplicationError, *named: str) -> None:
    """A refusal is one line that names the file, with a remedy, and repeats no more than it must."""
    assert error.what.strip(), error
    assert error.remedy.strip(), error
    assert "\n" not in error.what, repr(error.what)
    assert "\n" not in error.remedy, repr(error.remedy)
    assert len(str(error)) < MOST_WORDS, f"{len(str(error))} letters: {str(error)[:500]!r}"
    assert not named or any(name in error.what for name in named), repr(error.what)


class HangError(Exception):
    """An input took more processor time than any may."""


def _hangs(*_: Any) -> None:
    raise HangError


@contextmanager
def bounded() -> Iterator[None]:
    """End what takes more than `LONGEST` seconds of processor time."""
    before = signal.signal(signal.SIGPROF, _hangs)
    signal.setitimer(signal.ITIMER_PROF, LONGEST)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


_WRITTEN: list[str] | None = None
_CHANGES = {
    "os.rename",
    "os.remove",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
}


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    """Note every path that is opened to be written, or changed."""
    if _WRITTEN is None:
        return
    writes = os.O_WRONLY | os.O_RDWR | os.O_CREAT
    if event in _CHANGES or (
        event == "open" and isinstance(arguments[2], int) and arguments[2] & writes
    ):
        path = arguments[0]
        if isinstance(path, str | bytes | os.PathLike):
            _WRITTEN.append(str(Path(os.fsdecode(path)).absolute()))


sys.addaudithook(_note)


@contextmanager
def paths_written() -> Iterator[list[str]]:
    """Every path that is opened to be written, made, moved or removed; empty until the block ends."""
    global _WRITTEN  # noqa: PLW0603 -- an audit hook cannot be taken away
    _WRITTEN, found = [], []
    try:
        yield found
        found += dict.fromkeys(path for path in _WRITTEN if path != os.devnull)
    finally:
        _WRITTEN = None


@contextmanager
def writes_only_in(*folders: Any) -> Iterator[None]:
    """Fail where a file outside `folders` is opened to be written, moved or removed."""
    with paths_written() as written:
        yield
    allowed = tuple(f"{Path(folder).absolute()}{os.sep}" for folder in folders)
    outside = [path for path in written if not f"{path}{os.sep}".startswith(allowed)]
    assert not outside, outside[:5]
