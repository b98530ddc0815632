"""Rows of the Hub's list of models: what cannot be right, and that the rest fits the table."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from replication.errors import ContractError
from replication.sources.crawl.rows import FIELDS, checked, table
from replication.sources.hub import MOST
from replication.validation.synthetic.server_api import synthetic_models

WRONG = {
    "_id": [None, "", "0" * 23, "0" * 25, "G" * 24, "A" * 24, 5, ["0" * 24], "0" * 24 + "\n"],
    "id": [
        None,
        "name",
        "owner/",
        "/name",
        "a/b/c",
        "own er/name",
        "owner/name\n",
        5,
        "o/\ud800",
        "a/" + "b" * 300,
    ],
    "author": [5, [], {}, "\ud800"],
    "createdAt": [
        *(0, "2025", "2025-03-01", "2025-02-30T00:00:00Z", "2025-03-01T10:00:00"),
        *("1969-03-01T10:00:00Z", "2100-03-01T10:00:00Z", "2025-03-01T25:00:00Z", ""),
    ],
    "lastModified": ["yesterday", True],
    "downloads": [-1, 1.5, "5", True, MOST + 1, 10**400, float("nan"), [], 5.0],
    "downloadsAllTime": [-1, "5", False, MOST + 1],
    "likes": [-1, "5"],
    "tags": ["a", [5], [None], {"a": 1}, ["\udfff"]],
    "baseModels": [
        *("owner/name", [], {"relation": "finetune"}, {"models": "x"}, {"models": [5]}),
        *({"models": [{}]}, {"models": [{"id": 5}]}, {"models": [{"id": "a/b", "_id": "x"}]}),
        {"relation": 5, "models": []},
    ],
    "pipeline_tag": [5, ["text"]],
    "library_name": [{}, 1.0],
}


@pytest.mark.parametrize(
    ("field", "value"), [(f, v) for f, values in WRONG.items() for v in values]
)
def test_wrong_values(field: str, value: Any) -> None:
    """A cell that cannot be right is empty, or its row left out; it is told of and not quoted."""
    models = synthetic_models(3)
    sound, _ = checked(synthetic_models(3), 1)
    models[1][field] = value
    rows, (told,) = checked(models, 1_234)
    assert (told.page, told.row, told.field, told.column) == (1_234, 2, field, field)
    assert str(told).startswith(f"page 1,234, row 2: field {field} is")
    assert len(str(told)) < 200
    emptied = [] if field == "_id" else [sound[1] | {field: None}]
    assert rows == [sound[0], *emptied, sound[2]]
    table(rows)


@pytest.mark.parametrize("row", [None, 5, "text", [], [1]])
def test_rows_that_are_no_objects(row: Any) -> None:
    """A row that is no object is left out and named by its place."""
    rows, (told,) = checked([row, *synthetic_models(1)], 1)
    assert len(rows) == 1
    assert told.column == "_id"
    assert re.fullmatch("page 1, row 1 is .* and no object", str(told))


@pytest.mark.parametrize(("size", "most"), [(1, 1), (5, 5), (6, 5), (50, 5), (51, 5), (100, 10)])
def test_share_that_may_be_malformed(size: int, most: int) -> None:
    """Five rows of any page may be malformed, and a tenth of a long one; more is no list of models."""
    models = synthetic_models(size)
    for model in models[:most]:
        model.update(downloads=-1, likes="many")
    rows, told = checked(models, 7)
    assert (len(rows), len(told)) == (size, 2 * most)
    if most < size:
        models[most]["_id"] = None
        words = f"page 7 holds {most + 1} malformed rows among {size}, the first: page 7, row 1"
        with pytest.raises(ContractError, match=words):
            checked(models, 7)


def test_a_list_without_counts() -> None:
    """A mirror that does not know expand[] would give a reading without a single count."""
    rows = [{name: model[name] for name in ("_id", "id")} for model in synthetic_models(6)]
    with pytest.raises(ContractError, match="page 2 states no downloads"):
        checked(rows, 2)
    assert len(checked(rows[:5], 2)[0]) == 5


def test_fields_may_be_missing() -> None:
    """All but the ids and a count may be null or missing, and more fields than known are dropped."""
    model = {"_id": "0" * 24, "id": "a/b", "likes": None, "downloads": 3, "sha": 5}
    (row,), told = checked([model], 1)
    assert not told
    assert row.keys() == FIELDS.keys()
    assert table([row]).to_pylist() == [{**dict.fromkeys(FIELDS), **row}]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.mark.slow
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changes=st.dictionaries(st.sampled_from([*FIELDS]), JSON, max_size=4))
def test_whatever_comes_fits_the_table(changes: dict[str, Any]) -> None:
    """Whatever JSON stands in a field, what is kept of the row is a row of the table."""
    model = synthetic_models(3)[2] | changes
    rows, told = checked([model, synthetic_models(1)[0]], 1)
    assert table(rows).num_rows == 2 - any(fault.column == "_id" for fault in told)
    json.dumps(rows, ensure_ascii=False).encode()
