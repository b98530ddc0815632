"""Intervals from other libraries: equal by theory on small inputs, and on the bundled headline."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from replication.definitions import load_definitions
from replication.errors import SecondImplementationError
from replication.files import read_csv, write_csv
from replication.run import ROOT
from replication.sources.bundled import FOLDER
from replication.validation import library_intervals

DEFINITIONS = load_definitions()
CELLS = np.array([[4.0, 0, 4], [0, 3, 3], [2, 0, 2], [0, 0, 5], [0, 2, 2], [1, 0, 1]])


@pytest.fixture(scope="module")
def made() -> pd.DataFrame:
    """Every interval of six synthetic developers."""
    return library_intervals.intervals(CELLS, 0.9, 999, 1)


def test_the_statistics_by_hand() -> None:
    """China 7, USA 5 of 17; the lead is their difference, over any axis."""
    for name, value in {"China": 7 / 17, "USA": 5 / 17, "China − USA": 2 / 17}.items():
        assert library_intervals.statistic(name)(*CELLS.T) == pytest.approx(value)
        stacked = np.stack([CELLS, CELLS])
        assert library_intervals.statistic(name)(*np.moveaxis(stacked, -1, 0)) == pytest.approx(
            [value] * 2
        )


@pytest.mark.slow
def test_libraries_agree_with_each_other(made: pd.DataFrame) -> None:
    """SciPy and arch differ by their draws alone."""
    table = made[made["library"] != "loop"].pivot_table(
        "value", ["method", "group", "end"], "library"
    )
    assert len(table) == 2 * 3 * 2
    assert (table["arch"] - table["scipy"]).abs().max() < 0.1


def test_the_distance_by_hand() -> None:
    """Two ends 0.03 apart, each with an error of 0.01: 3 / √2 standard errors."""
    keys = {"method": "percentile", "group": "China"}
    second = pd.DataFrame([{**keys, "end": "lower", "library": "scipy", "value": 0.23}])
    ours = {"lower": 0.2, "upper": 0.4, "error_lower": 0.01, "error_upper": 0.01}
    first = pd.DataFrame([{**keys, **ours}])
    assert library_intervals.compare(second, first, 100, 100)["distance"].item() == pytest.approx(
        3 / np.sqrt(2)
    )


@pytest.mark.slow
def test_the_bundled_headline_agrees() -> None:
    """Percentile and BCa of two libraries, and the jackknife, within simulation error."""
    ends, farthest = library_intervals.checked(FOLDER, ROOT / "results", DEFINITIONS)
    assert ends == 2 * 3 * (2 * 2 + 1)
    assert farthest < library_intervals.FARTHEST


@pytest.mark.slow
@pytest.mark.parametrize("method", ["percentile", "jackknife-logit"])
def test_a_wrong_interval_is_found(tmp_path: Path, method: str) -> None:
    """One end a twentieth away is refused, and named."""
    shutil.copytree(ROOT / "results", tmp_path / "results")
    path = tmp_path / "results" / "intervals.csv"
    table = read_csv(path)
    mine = (table["estimand"] == DEFINITIONS.headline.estimand) & (table["group"] == "China − USA")
    mine &= (table["method"] == method) & (table["unit"] == "developer")
    mine &= table["scheme"].isin(["multinomial", "none"])
    assert mine.sum() == 1
    table.loc[mine, "lower"] -= 0.05
    write_csv(path, table)
    with pytest.raises(SecondImplementationError, match=f"interval ends differ .*\n.*{method}"):
        library_intervals.checked(FOLDER, tmp_path / "results", DEFINITIONS)
