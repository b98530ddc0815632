"""The page's script computes, of every combination of choices, what the package computes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from replication.inference.cells import HALVES
from replication.places import ROOT
from replication.report.page import document

PAGE = ROOT / "page" / "index.html"
RESULTS = ROOT / "results"
COLUMNS = [
    "choice", "place", "china", "usa", "total", "without_lower", "without_upper", "bound_lower",
    "bound_upper", "listed",
]  # fmt: skip
TABLES = {"records": "window_specifications", "released": "specifications"}
HALF_A_MILLIONTH = 0.5e-6
node = pytest.mark.skipif(shutil.which("node") is None, reason="node runs the page's arithmetic")


def data_of(page: str) -> Any:
    """What the page's script reads."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


@pytest.fixture(scope="module")
def computed() -> dict[str, pd.DataFrame]:
    """What the page's arithmetic makes of every combination, by source."""
    program = Path(__file__).with_name("page_arithmetic.js")
    script = document.FOLDER / "script" / "arithmetic.js"
    data = json.dumps(data_of(PAGE.read_text(encoding="utf-8")))
    done = subprocess.run(
        ["node", program, script], input=data, capture_output=True, text=True, check=True
    )
    sources = map(json.loads, done.stdout.splitlines())
    return {s["id"]: _with_choices(pd.DataFrame(s["rows"], columns=COLUMNS)) for s in sources}


def _with_choices(rows: pd.DataFrame) -> pd.DataFrame:
    """The choices as columns of their own, under the names of the package's tables."""
    choices = pd.DataFrame(rows["choice"].tolist())
    return rows.drop(columns="choice").join(choices)


@node
@pytest.mark.slow
@pytest.mark.parametrize("source", TABLES)
def test_every_combination_is_as_in_the_package(
    source: str, computed: dict[str, pd.DataFrame]
) -> None:
    """Downloads exactly, and shares, leads and leave-one-out ranges to the decimals of the table."""
    table = pd.read_csv(RESULTS / f"{TABLES[source]}.csv", keep_default_na=False, na_values=[""])
    made = computed[source]
    keys = [name for name in table.columns if name in made.columns and name not in COLUMNS]
    both = table.astype(dict.fromkeys(keys, str)).merge(
        made.astype(dict.fromkeys(keys, str)), on=keys, suffixes=("_table", ""), validate="1:1"
    )
    assert len(both) == len(table) == len(made)
    assert (both["total"] == HALVES * both["total_table"]).all()
    some = both[both["total"] > 0]
    assert np.abs(some["china"] / some["total"] - some["china_table"]).max() <= HALF_A_MILLIONTH
    assert np.abs(some["usa"] / some["total"] - some["usa_table"]).max() <= HALF_A_MILLIONTH
    lead = (some["china"] - some["usa"]) / some["total"]
    assert np.abs(lead - some["lead"]).max() <= HALF_A_MILLIONTH
    assert (np.abs(1e-6 * some["listed"] - some["lead"]) < 1e-9).all()
    for end in ("without_lower", "without_upper"):
        apart = np.abs(some[end] - some[f"{end}_table"])
        assert (apart.isna() == some[f"{end}_table"].isna()).all()
        assert apart.max() <= HALF_A_MILLIONTH


@node
@pytest.mark.slow
@pytest.mark.parametrize("source", TABLES)
def test_every_place_is_that_of_its_choice(source: str, computed: dict[str, pd.DataFrame]) -> None:
    """The order of leads on the page is that of the choices that they are of."""
    assert (computed[source]["place"] == np.arange(len(computed[source]))).all()


@node
@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "table", "estimand"),
    [
        ("records", "window_estimates", "window-2025-08"),
        ("released", "estimates", "cohort-2025-08"),
    ],
)
def test_worst_cases_are_those_of_the_estimates(
    source: str, table: str, estimand: str, computed: dict[str, pd.DataFrame]
) -> None:
    """The unattributed all to one side, by every credit rule and source of labels."""
    usual = {d["id"]: d["usual"] for d in _source(source)["dimensions"]}
    free = {"attribution", "labels"}
    rows = computed[source]
    for name, choice in usual.items():
        rows = rows[(rows[name].astype(str) == choice) | (name in free)]
    estimates = pd.read_csv(RESULTS / f"{table}.csv")
    bounds = estimates[
        (estimates["estimand"] == estimand) & (estimates["method"] == "bounds")
        & (estimates["group"] == "China − USA")
    ]  # fmt: skip
    both = bounds.merge(rows, on=["attribution", "labels"], validate="1:1")
    assert len(both) == len(bounds)
    assert np.abs(both["lower"] - both["bound_lower"]).max() < 1e-9
    assert np.abs(both["upper"] - both["bound_upper"]).max() < 1e-9


def _source(name: str) -> Any:
    """A source of the page."""
    data = data_of(PAGE.read_text(encoding="utf-8"))
    return next(s for s in data["sources"] if s["id"] == name)
