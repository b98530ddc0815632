"""A table as the text of a CSV file: the one form in which every stage writes its tables.

Whole columns become text at once, some rows at a time. What is rare (a column of mixed kinds, a carriage
return in a cell) pandas writes, cell by cell, and the bytes are those that it would have written of all.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

FLOAT_FORMAT = "%.12g"
_FORMULA = "=+-@\t\r＝＋－＠"
_BEGINS = f"^'*[{re.escape(_FORMULA)}]"
_HELD = f"^'+[{re.escape(_FORMULA)}]"
_QUOTED = '",\n'
_FIRST = np.isin(np.arange(256), list(f"'{_FORMULA}".encode()))
"""Of each byte, whether a cell that begins with it may have to be held."""
_ROWS = 1 << 17
"""Rows that are text at one time."""


def pieces(table: pd.DataFrame) -> Iterator[bytes]:
    """Yield a table without its index as CSV, some rows at a time, floats with twelve digits.

    Text that a spreadsheet would take for a formula gets an apostrophe in front, which `released` takes
    away again: text that begins with = + - @, their wide forms, a tab or a carriage return, with any
    apostrophes before it. Numbers stay numbers, be they negative or written as text.
    """
    columns = _ordinary(table)
    if columns is None:
        yield _by_pandas(table).encode("utf-8")
        return
    yield _head(table).encode("utf-8")
    for start in range(0, len(table), _ROWS):
        yield _rows([column[start : start + _ROWS] for column in columns])


def released(table: pd.DataFrame) -> pd.DataFrame:
    """A table that was read from CSV, without the apostrophes before its formulas."""
    held = _texts(table, _HELD)
    return table.assign(**{name: table[name].map(_released) for name in held})


def _ordinary(table: pd.DataFrame) -> list[pa.Array | np.ndarray] | None:
    """The columns, or None where one is of another kind than text and numbers, or has a carriage return.

    A single column is not ordinary either: an empty cell that is alone in its row is quoted.
    """
    names = table.columns
    if len(names) < 2 or not all(isinstance(name, str) for name in names):
        return None
    if not names.is_unique or "\r" in _head(table):
        return None
    columns = [_column(cells) for _, cells in table.items()]
    return None if any(column is None for column in columns) else columns


def _column(cells: pd.Series) -> pa.Array | np.ndarray | None:
    """A column of text as Arrow has it, with its categories as they are written; one of numbers as numpy has it."""
    import pandas as pd
    import pyarrow as pa

    if isinstance(cells.dtype, pd.CategoricalDtype):
        texts = _column(cells.cat.categories.to_series())
        if not isinstance(texts, pa.Array):
            return None
        codes = cells.cat.codes.to_numpy()
        places = pa.array(codes, mask=codes < 0)
        return pa.DictionaryArray.from_arrays(places, _written_texts(texts))
    if isinstance(cells.dtype, pd.StringDtype):
        texts = pa.array(cells, pa.large_string(), from_pandas=True)
        if isinstance(texts, pa.ChunkedArray):
            texts = pa.concat_arrays(texts.chunks) if texts.num_chunks else texts.combine_chunks()
        return None if b"\r" in _bytes(texts)[0] else texts
    is_number = isinstance(cells.dtype, np.dtype) and cells.dtype.kind in "iufb"
    return cells.to_numpy() if is_number else None


def _rows(columns: list[pa.Array | np.ndarray]) -> bytes:
    """Rows of ordinary columns: the cells of each with what stands between them, on end in one buffer."""
    import pyarrow as pa
    import pyarrow.compute as pc

    comma, end, nothing = (pa.scalar(text, pa.large_string()) for text in (",", "\n", ""))
    parts = [part for column in columns for part in (comma, _cells(column))][1:]
    whole = pc.binary_join_element_wise(
        *parts, end, nothing, null_handling="replace", null_replacement=""
    )
    return _bytes(whole)[0]


def _cells(column: pa.Array | np.ndarray) -> pa.Array:
    """The cells of a column as they are written."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(column, pa.DictionaryArray):
        return column.dictionary_decode()
    if isinstance(column, pa.Array):
        return _written_texts(column)
    if column.dtype.kind in "iu":
        return pa.array(column).cast(pa.large_string())
    if column.dtype.kind == "b":
        return pa.array(np.where(column, "True", "False"), pa.large_string())
    texts = (f"{FLOAT_FORMAT}\n" * len(column) % tuple(column.tolist())).splitlines()
    return pc.if_else(np.isnan(column), None, pa.array(texts, pa.large_string()))


def _written_texts(texts: pa.Array) -> pa.Array:
    """Texts as they are written."""
    return texts if _is_plain(texts) else _marked(texts)


def _bytes(texts: pa.Array) -> tuple[bytes, np.ndarray]:
    """The bytes of all texts on end, and the place in them at which each begins."""
    _, places, content = texts.buffers()
    if content is None or not len(texts):
        return b"", np.zeros(len(texts) + 1, np.int64)
    starts = np.frombuffer(places, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return content.slice(starts[0], starts[-1] - starts[0]).to_pybytes(), starts - starts[0]


def _is_plain(texts: pa.Array) -> bool:
    """Whether no cell has to be quoted, and none begins as a formula may."""
    content, starts = _bytes(texts)
    if any(sign.encode() in content for sign in _QUOTED):
        return False
    first = starts[:-1][starts[:-1] < starts[1:]]
    return not _FIRST[np.frombuffer(content, np.uint8)[first]].any()


def _marked(texts: pa.Array) -> pa.Array:
    """Cells with the apostrophes and quotation marks that they need, each distinct one looked at once."""
    import pyarrow as pa

    coded = texts.dictionary_encode()
    held = [_held(text) for text in coded.dictionary.to_pylist()]
    quoted = [
        '"' + text.replace('"', '""') + '"' if any(sign in text for sign in _QUOTED) else text
        for text in held
    ]
    return pa.array(quoted, pa.large_string()).take(coded.indices)


def _head(table: pd.DataFrame) -> str:
    """The names of the columns as the first line."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(table.columns)
    return line.getvalue()


def _by_pandas(table: pd.DataFrame) -> str:
    """The whole table, written cell by cell."""
    held = table.assign(**{name: table[name].map(_held) for name in _texts(table, _BEGINS)})
    text = _written(held, csv.QUOTE_MINIMAL)
    # pandas leaves a lone carriage return bare, and a reader takes it for the end of a row
    return _written(held, csv.QUOTE_NONNUMERIC) if "\r" in text else text


def _written(table: pd.DataFrame, quoting: Any) -> str:
    """The text of a table whose cells are as they are to be read."""
    return str(
        table.to_csv(index=False, float_format=FLOAT_FORMAT, lineterminator="\n", quoting=quoting)
    )


def _texts(table: pd.DataFrame, pattern: str) -> list[str]:
    """Columns of text in which a pattern occurs."""
    texts = table.select_dtypes(exclude=["number", "bool", "datetime"])
    return [str(name) for name in texts if texts[name].astype("string").str.contains(pattern).any()]


def _held(cell: Any) -> Any:
    """A cell as it is written: with an apostrophe where it would begin a formula."""
    return f"'{cell}" if isinstance(cell, str) and _begins_formula(cell) else cell


def _released(cell: Any) -> Any:
    """A cell as it was before `_held`."""
    return cell[1:] if isinstance(cell, str) and cell[:1] == "'" and _begins_formula(cell) else cell


def _begins_formula(text: str) -> bool:
    """Whether a spreadsheet would compute `text`, or its apostrophes hide that it would."""
    bare = text.lstrip("'")
    if not bare or bare[0] not in _FORMULA:
        return False
    try:
        float(bare)
    except ValueError:
        return True
    return bare != text  # a number behind an apostrophe is text, and stays so
