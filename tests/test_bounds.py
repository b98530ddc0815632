"""Bounds: every number of the definitions has a least and a most, and files say their encoding."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest
from own_definitions import TEXT, refusal
from pydantic import TypeAdapter, ValidationError

from replication.definitions import (
    PACKAGED,
    Definitions,
    load_definitions,
    messages,
    reading,
    records,
)
from replication.definitions import toml_files as tables
from replication.definitions.value_types import TABLE
from replication.errors import DefinitionError
from replication.report import datapackage
from replication.run import ROOT

NUMBER = re.compile(r"(?m)^(\w+) = ([0-9][0-9_.]*)(?=\s|$)")
NUMBERS = [(m.start(2), m.end(2), m[1]) for m in NUMBER.finditer(TEXT)]
DATES = [(m.start(1), m.end(1)) for m in re.finditer(r"(?m)^\w+ = (\d{4}-\d\d-\d\d)", TEXT)]


def classes(kind: Any) -> Iterator[type]:
    """A class of tables, and those of the tables that it holds."""
    yield kind
    for hint in get_type_hints(kind).values():
        for held in (hint, *get_args(hint)):
            if dataclasses.is_dataclass(held):
                yield from classes(held)


def numbers(kind: Any) -> Iterator[tuple[str, Any]]:
    """Every number of the tables that a class holds: table and key, and its annotation."""
    for table in dict.fromkeys(classes(kind)):
        for key, hint in get_type_hints(table, include_extras=True).items():
            bare = get_args(hint)[0] if get_origin(hint) is Annotated else hint
            for name, one in ((key, hint), *((f"{key} …", one) for one in get_args(bare))):
                if get_origin(one) is Annotated and get_args(one)[0] in {int, float}:
                    yield f"{table.__name__}.{name}", one


PLAIN = {int, float, bool, date}
FILES = (Definitions, reading._Dated, records.RecordsFile)
BOUNDED = dict(one for kind in FILES for one in numbers(kind))


def test_every_number_of_every_definition_has_bounds() -> None:
    """Each numeric field of each table says the least and the most, and none is a bare number."""
    assert len(BOUNDED) >= 37
    assert {"PanelSettings.age_limit_days", "Grid.age_limits_days …", "Record.lag_days"} <= {
        *BOUNDED
    }
    for name, hint in BOUNDED.items():
        least, most = messages.ends(hint)
        assert least < most, name
    for kind in FILES:
        for table in classes(kind):
            bare = [key for key, hint in get_type_hints(table, include_extras=True).items()
                    if {hint, *(get_args(hint) if get_origin(hint) is tuple else ())} & PLAIN]  # fmt: skip
            assert bare == [], table


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "-5", "1e300", "9" * 30])
@pytest.mark.parametrize(
    ("begin", "end", "key"), NUMBERS, ids=[f"{n}-{x[2]}" for n, x in enumerate(NUMBERS)]
)
def test_no_number_may_be_wild(tmp_path: Path, begin: int, end: int, key: str, value: str) -> None:
    """Nan, infinity, a negative and a huge number are refused in place of any number, by its key."""
    said = refusal(tmp_path, TEXT[:begin] + value + TEXT[end:])
    assert said.startswith("mine.toml: ")
    assert f"{key} " in said.replace(" = ", " ")
    assert "must lie between" in said or "is not of type int" in said


@pytest.mark.parametrize("day", ["0001-01-01", "1970-01-01", "9999-12-31"])
def test_no_date_may_be_wild(tmp_path: Path, day: str) -> None:
    """A date before the Hub, or far beyond it, is refused with the range."""
    for begin, end in DATES:
        said = refusal(tmp_path, TEXT[:begin] + day + TEXT[end:])
        assert f"{day} must lie between 2016-01-01 and 2099-12-31" in said


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (
            "share_margin_points = 1.0",
            "share_margin_points = -5",
            "verdict.share_margin_points = -5",
        ),
        ("majority_percent = 50.0", "majority_percent = nan", "verdict.majority_percent = nan"),
        ("majority_percent = 50.0", "majority_percent = 80.0", "must not exceed"),
        ("replicates = 10_000", "replicates = 1_000_000_000_000", "between 1 and 1,000,000"),
        ("powers = [1.0,", "powers = [1.0, nan,", "calibration.powers = nan"),
        ("age_limits_days = [365,", "age_limits_days = [365, -1,", "grid.age_limits_days = -1"),
        (
            "days_before = 34",
            "since = 2025-12-24\ndays_before = 34",
            "snapshots.since must not lie",
        ),
        ("days_after = 7", "days_after = 9_999", "snapshots.days_after = 9999"),
        ("seed = 20251203", "seed = true", "seed = True is not of type int"),
        ("seed = 20251203", f"seed = {'9' * 5_000}", "is not TOML"),
        ("seed = 20251203", "seed = 1\nseed = 2", "is not TOML"),
        ("[inference]", "[panel]", "is not TOML"),
        ("powers = [", "powers = " + "[" * 5_000, "nested too deep"),
    ],
)
def test_what_a_reader_may_write_is_refused_by_name(
    tmp_path: Path, old: str, new: str, named: str
) -> None:
    """Table, key, value and range, or the slip of the pen, are in the message."""
    assert old in TEXT
    assert named in refusal(tmp_path, TEXT.replace(old, new, 1))


@pytest.mark.parametrize("name", BOUNDED)
def test_the_ends_of_the_bounds_are_allowed(name: str) -> None:
    """Each number may be the least and the most, and nothing beyond."""
    least, most = messages.ends(BOUNDED[name])
    number = TypeAdapter(BOUNDED[name], config=TABLE)
    assert [number.validate_python(end) for end in (least, most)] == [least, most]
    for outside in (least - 1, most + 1, float("nan")):
        with pytest.raises(ValidationError):
            number.validate_python(outside)


def test_what_the_whole_hub_lays_over_has_the_same_bounds(tmp_path: Path) -> None:
    """A number of [whole_hub] is checked whichever source the definitions are read for."""
    said = refusal(tmp_path, TEXT.replace("replicates = 200 ", "replicates = 0 ", 1))
    assert "grid.replicates = 0" in said


PACKAGED = {
    "definitions": PACKAGED,
    "records": records.PACKAGED_RECORDS,
    "claims": ROOT / "paper" / "claims.toml",
    "numbers": ROOT / "paper" / "numbers.toml",
    "columns": datapackage.COLUMNS,
}


@pytest.mark.parametrize("name", PACKAGED)
def test_a_byte_order_mark_is_read(tmp_path: Path, name: str) -> None:
    """A file that an editor saved with the mark and its own line ends says what it said before."""
    text = PACKAGED[name].read_text(encoding="utf-8")
    marked = tmp_path / "marked.toml"
    marked.write_bytes(text.replace("\n", "\r\n").encode("utf-8-sig"))
    assert tables.parse(marked) == tables.parse(PACKAGED[name])


@pytest.mark.parametrize(
    ("encoding", "named"),
    [
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("cp1252", "Windows-1252"),
    ],
)
def test_another_encoding_is_named(tmp_path: Path, encoding: str, named: str) -> None:
    """The message names the encoding and the remedy the right one."""
    path = tmp_path / "mine.toml"
    path.write_bytes('[paper]\ntitle = "Größe"\n'.encode(encoding))
    with pytest.raises(DefinitionError, match=rf"mine\.toml is .*{named}") as caught:
        load_definitions(path)
    assert "UTF-8" in caught.value.remedy
