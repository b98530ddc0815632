"""Tables as CSV: whole columns at once give the bytes that pandas gives cell by cell."""

from __future__ import annotations

import csv
import io
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replication import csv_text

CELLS = st.text(st.sampled_from([*"ab0 -+=@'\",;\n\t/é中＝", "\U0001f600"]), max_size=6)
TEXTS = (
    CELLS | st.none() | st.sampled_from(["NA", "nan", "-5", "'-5", "=1+1", "True", "\x00", "1e5"])
)
COLUMNS = {
    "str": TEXTS,
    "int64": st.integers(-(2**63), 2**63 - 1),
    "uint8": st.integers(0, 255),
    "float64": st.floats(),
    "float32": st.floats(width=32),
    "bool": st.booleans(),
    "category": CELLS,
}  # fmt: skip
KINDS = st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, max_size=5)


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    """Any small table of text and numbers."""
    rows, kinds = draw(st.integers(0, 6)), draw(KINDS)
    names = draw(st.lists(CELLS, min_size=len(kinds), max_size=len(kinds), unique=True))
    cells = [draw(st.lists(COLUMNS[kind], min_size=rows, max_size=rows)) for kind in kinds]
    columns = [pd.Series(one, dtype=kind) for one, kind in zip(cells, kinds, strict=True)]
    return pd.concat(columns, axis=1, keys=names)


def written(table: pd.DataFrame) -> str:
    """The whole text."""
    return b"".join(csv_text.pieces(table)).decode()


@pytest.mark.slow
@settings(derandomize=True, deadline=None, max_examples=2_000)
@given(tables(), st.integers(1, 4))
def test_any_table_is_written_as_pandas_writes_it(table: pd.DataFrame, rows: int) -> None:
    """Whatever the cells hold and however few rows are text at one time."""
    with patch.object(csv_text, "_ROWS", rows):
        assert written(table) == csv_text._by_pandas(table)


def test_cells_stand_as_they_are_to_be_read() -> None:
    """Quoted where they must be, an apostrophe before a formula, nothing where nothing is known."""
    table = pd.DataFrame({
        "name, as written": ["a/b", 'say "x"', "=1", None],
        "share": [1 / 3, np.nan, -np.inf, 1e15],
        "rows": [1, -2, 3, 2**62],
        "held": [True, False, True, False],
    })  # fmt: skip
    assert written(table) == (
        '"name, as written",share,rows,held\n'
        "a/b,0.333333333333,1,True\n"
        '"say ""x""",,-2,False\n'
        "'=1,-inf,3,True\n"
        ",1e+15,4611686018427387904,False\n"
    )


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"a": ["x", ""]}),
        pd.DataFrame({"a": ["x\ry", "=1"], "b": [1, 2]}),
        pd.DataFrame({"a\r": ["x"], "b": [1]}),
        pd.DataFrame({"a": [1, "x", None], "b": [1, 2, 3]}, dtype=object),
        pd.DataFrame({"a": pd.to_datetime(["2025-01-01", None]), "b": [1, 2]}),
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
        pd.DataFrame([[1, 2]]),
        pd.DataFrame(index=[0, 1]),
    ],
)  # fmt: skip
def test_what_is_rare_pandas_writes(table: pd.DataFrame) -> None:
    """Columns of other kinds, one column, a carriage return, heads that are no text or not unique."""
    assert csv_text._ordinary(table) is None
    assert written(table) == csv_text._by_pandas(table)


def test_categories_are_written_as_their_texts() -> None:
    """Quoted and held like other text, nothing where there is none, whichever categories occur."""
    names = pd.Categorical(["=1", None, "a,b", "=1"], categories=["c", "a,b", "=1"])
    table = pd.DataFrame({"a": names, "n": [1, 2, 3, 4]})
    assert csv_text._ordinary(table) is not None
    assert written(table) == "a,n\n'=1,1\n,2\n\"a,b\",3\n'=1,4\n"
    assert written(table) == csv_text._by_pandas(table)


def test_a_part_of_a_table_is_written_alone() -> None:
    """Rows taken out of a table, and tables put on end, hold no other rows' text."""
    whole = pd.DataFrame({"a": ["x,y", "b", "=c", "d"], "n": [1, 2, 3, 4]})
    parts = pd.concat([whole.iloc[1:2], whole.iloc[3:]])
    assert written(parts) == "a,n\nb,2\nd,4\n"
    assert written(whole.iloc[2:3]) == "a,n\n'=c,3\n"


def test_a_carriage_return_is_read_again_as_it_was() -> None:
    """All text is quoted where a lone carriage return would end a row."""
    found = [*csv.reader(io.StringIO(written(pd.DataFrame({"a": ["x\ry"], "n": [1]})), newline=""))]
    assert found == [["a", "n"], ["x\ry", "1"]]
