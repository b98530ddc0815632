"""Numbers of the text: declared, resolved, used, and none typed by hand."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pandas as pd
import pytest
from small import synthetic_definitions

from replication.errors import DefinitionError
from replication.files import read_json, write_csv, write_json
from replication.plots import FIGURES
from replication.report import documents, number_formats, numbers, prose, tables
from replication.run import ROOT

DEFINITIONS = synthetic_definitions()
TEXT = documents.text(ROOT / "paper")
NUMBERS = read_json(ROOT / "results" / "numbers.json")


def collected(folder: Path, line: str) -> dict[str, dict[str, object]]:
    """Resolve one declaration against two synthetic rows."""
    table = pd.DataFrame(
        {"name": ["a", "b", "b"], "value": [0.1234, 2.0, math.nan], "n": [1, 2, 3]}
    )
    write_csv(folder / "summary.csv", table)
    write_json(folder / "manifest.json", {"rows": 19361})
    (folder / "numbers.toml").write_text(f'[rows]\nfirst = "name=a"\n[numbers]\n{line}\n')
    return numbers.collect(folder / "numbers.toml", folder, DEFINITIONS)


def test_a_number_keeps_its_value_and_says_where_it_is_from(tmp_path: Path) -> None:
    """The value is unrounded, the display rounded, and table, cell and function are named."""
    found = collected(tmp_path, 'x = "summary | @first | value | percent"')["x"]
    assert found["value"] == 0.1234
    assert found["display"] == "12.3\u00a0%"
    assert found["table"] == "results/summary.csv"
    assert found["function"] == "replication.analysis.summary_table.summary"


def test_definitions_and_the_manifest_are_numbers_too(tmp_path: Path) -> None:
    """A margin or a row count is read, not typed."""
    assert (
        collected(tmp_path, 'x = "definitions | | inference.replicates | whole"')["x"]["display"]
        == "200"
    )
    assert collected(tmp_path, 'x = "manifest | | rows | whole"')["x"]["display"] == "19,361"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('x = "summary | name=b | value | percent"', "finds 2 rows"),
        ('x = "summary | name=a | other | percent"', "column 'other'"),
        ('x = "summary | size=a | value | percent"', "no column 'size'"),
        ('x = "summary | @second | value | percent"', "names no row @second"),
        ('x = "nowhere | name=a | value | percent"', "names no table 'nowhere'"),
        ('x = "summary | name=a | value | roman"', "numbers.toml: x"),
        ('x = "summary | value"', "numbers.toml: x"),
        ('x = "definitions | | inference.luck | whole"', "have no inference.luck"),
        ("x = ", "numbers.toml is not TOML"),
        ("x = 1.0", "numbers.toml: numbers.x = 1.0 is not of type str"),
    ],
)
def test_a_declaration_that_leads_nowhere_is_refused(
    tmp_path: Path, line: str, message: str
) -> None:
    """One clear error for each way to misdeclare a number."""
    with pytest.raises(DefinitionError, match=re.escape(message)):
        collected(tmp_path, line)


def test_what_other_data_lack_says_so(tmp_path: Path) -> None:
    """A row that these data do not have is no error, and never a number."""
    found = collected(tmp_path, 'x = "summary | name=c | value | percent"')["x"]
    assert found["value"] is None
    assert found["display"] == "(not in these data)"


@pytest.mark.parametrize(
    ("style", "value", "display"),
    [
        ("percent", 0.48321, "48.3\u00a0%"),
        ("signed-points", -0.245, "−24.5"),
        ("signed-points", 0.063, "+6.3"),
        ("leads", 0.231, "China leads the USA by 23.1\u00a0points"),
        ("leads", -0.021, "the USA leads China by 2.1\u00a0points"),
        ("stays-ahead", "2025-07", "China is ahead to the end from July 2025"),
        ("stays-ahead", "never", "China is not ahead to the end from any month"),
        ("day", "2025-07-02", "2\u00a0July 2025"),
        ("day", "never", "never"),
        ("whole", 851000, "851,000"),
        ("millions", 707216880, "707.2\u00a0million"),
        ("millions", 1453287471, "1,453.3\u00a0million"),
        ("billions", 2.2e9, "2.2\u00a0billion"),
        ("already-percent", 17.1, "17.1\u00a0%"),
        ("p-value", 0.0063, "0.006"),
        ("p-value", 0.0001, "below 0.001"),
        ("short-hash", "0c14f8735699b81f", "0c14f8735699…"),
        ("points", -0.1234, "-12.3"),
        ("in-words", 3, "three"),
        ("in-words", 12_096, "12,096"),
    ],
)
def test_display_formats(style: str, value: object, display: str) -> None:
    """Rounding belongs to the format."""
    assert number_formats.FORMATS[style](value) == display


def test_the_text_uses_every_number_and_only_these() -> None:
    """No unknown key and no unused one in the paper and its supplement."""
    labels = {f"fig:{name}" for name in FIGURES}
    labels |= {
        f"{kind}:{name}"
        for name in tables.all_tables(ROOT, DEFINITIONS)
        for kind in ("tab", "table")
    }
    labels |= {"in-short", "source:own", *(f"{mark}:own" for mark in ("if", "else", "end"))}
    used = set(prose.keys(TEXT))
    assert used - labels == set(NUMBERS)
    assert {key for key in labels if key.startswith(("fig:", "table:"))} <= used


def test_no_number_of_the_text_is_missing() -> None:
    """On the bundled data every key has a finite value."""
    assert [key for key, number in NUMBERS.items() if number["value"] is None] == []


def test_no_digit_of_the_text_is_typed_by_hand() -> None:
    """Every digit of the paper and its supplement is a key, a date, a citation or code."""
    for one in documents.documents(whole=False):
        assert prose.typed_digits(one.read(ROOT / "paper", whole=False)) == []


@pytest.mark.parametrize("text", ["China holds 48 %.", "in 3 of them", "Table 2", "since 1999"])
def test_a_typed_digit_is_found(text: str) -> None:
    """A number that should be computed does not get past the check."""
    assert prose.typed_digits(text) == [text]


@pytest.mark.parametrize(
    "text",
    ["in August 2025", "`B = 10000`", "[@hill1973]", "arXiv 2512.03073", "$x^2$", "{{key-1}}"],
)
def test_dates_code_and_citations_may_hold_digits(text: str) -> None:
    """What is not a result is left alone."""
    assert prose.typed_digits(text) == []


def test_filling_an_unknown_key_fails() -> None:
    """A key that nothing computes is an error, not an empty space."""
    assert (
        prose.fill("{{a}} and {{table:t}}", {"a": {"display": "1"}}, {"t": lambda: "T"})
        == "1 and T"
    )
    with pytest.raises(DefinitionError, match="nothing computes"):
        prose.fill("{{b}}", {}, {})
