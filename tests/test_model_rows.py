"""Rows of the Hub's list of models: what is refused, and that the rest fits the table."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from replication.errors import ContractError
from replication.sources.extract import MOST
from replication.sources.model_rows import FIELDS, checked, table
from replication.synthetic.server_api import synthetic_models

WRONG = {
    "_id": [None, "", "0" * 23, "0" * 25, "G" * 24, "A" * 24, 5, ["0" * 24], "0" * 24 + "\n"],
    "id": [None, "name", "owner/", "/name", "a/b/c", "own er/name", "owner/name\n", 5, "o/\ud800"],
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
    """A value that cannot stand in its field names page, row and field, and is not quoted."""
    rows = synthetic_models(3)
    rows[1][field] = value
    with pytest.raises(ContractError, match=f"page 1,234, row 2: field {field} is") as caught:
        checked(rows, 1_234)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("row", [None, 5, "text", [], [1]])
def test_rows_that_are_no_objects(row: Any) -> None:
    """A row that is no object is named by its place."""
    with pytest.raises(ContractError, match=r"page 1, row 1 is .* and no object"):
        checked([row], 1)


def test_a_list_without_counts() -> None:
    """A mirror that does not know expand[] would give a reading without a single count."""
    rows = [{name: model[name] for name in ("_id", "id")} for model in synthetic_models(3)]
    with pytest.raises(ContractError, match="page 2 states no downloads"):
        checked(rows, 2)


def test_fields_may_be_missing() -> None:
    """All but the ids and a count may be null or missing, and more fields than known are dropped."""
    (row,) = checked([{"_id": "0" * 24, "id": "a/b", "likes": None, "downloads": 3, "sha": 5}], 1)
    assert row.keys() == FIELDS.keys()
    assert table([row]).to_pylist() == [{**dict.fromkeys(FIELDS), **row}]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changes=st.dictionaries(st.sampled_from([*FIELDS]), JSON, max_size=4))
def test_a_row_is_refused_or_fits_the_table(changes: dict[str, Any]) -> None:
    """Whatever JSON stands in a field, the row is refused by name or becomes a row of the table."""
    model = synthetic_models(3)[2] | changes
    try:
        rows = checked([model, synthetic_models(1)[0]], 1)
    except ContractError:
        return
    assert table(rows).num_rows == 2
    json.dumps(rows, ensure_ascii=False).encode()
