"""Every interval method on the small panel: who is resampled how, and what needs no draw, by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from small import synthetic_definitions, synthetic_repositories

from replication.analysis import methods
from replication.analysis.cells import Repositories
from replication.analysis.specification import headline
from replication.inference.cells import WeeklyCells

ALL = synthetic_definitions()
FEW = replace(ALL.inference, replicates=60, chunk=60)
HEAD = ALL.headline_estimand.window
DEFINITIONS = replace(ALL, windows=(HEAD,), exclusions=(), inference=FEW)
TABLE = synthetic_repositories(ALL)


def test_the_methods_of_a_cohort_by_hand() -> None:
    """A cohort has no weeks; China has 600, the USA 310 of 1,000, the largest of each 400 and 150."""
    weeks: Any = None
    found = methods.interval_methods(Repositories(TABLE, DEFINITIONS), weeks)
    assert list(found.columns[:5]) == ["estimand", "unit", "scheme", "method", "group"]
    assert set(found["estimand"]) == {headline(DEFINITIONS).estimand}
    assert found.drop_duplicates(["unit", "scheme", "method"])[
        ["unit", "scheme", "method"]
    ].to_numpy().tolist() == [
        ["developer", "multinomial", "percentile"], ["developer", "multinomial", "basic"],
        ["developer", "multinomial", "bca"], ["developer", "multinomial", "studentised-logit"],
        ["developer", "none", "jackknife-logit"], ["developer", "none", "leave-one-out"],
        ["developer", "poisson", "percentile"], ["developer", "dirichlet", "percentile"],
        ["developer", methods.Subsample(FEW.subsample_exponent).name, "studentised-logit"],
        ["repository", "multinomial", "percentile"],
    ]  # fmt: skip
    by = found.set_index(["unit", "scheme", "method", "group"]).sort_index()
    points = {"China": 0.6, "USA": 0.31, "China − USA": 0.29, "China / USA": 600 / 310}
    assert set(found["group"]) == set(points)
    for group, point in points.items():
        assert found.loc[found["group"] == group, "point"].to_numpy() == pytest.approx(point)
    ends = by.loc[("developer", "none", "leave-one-out")][["lower", "upper"]]
    assert ends.loc["China"].tolist() == pytest.approx([200 / 600, 600 / 850])
    assert ends.loc["USA"].tolist() == pytest.approx([160 / 850, 310 / 600])
    percentile, basic = (
        by.loc[("developer", "multinomial", name)] for name in ("percentile", "basic")
    )
    for group in ("China", "USA", "China − USA"):
        one, other = percentile.loc[group], basic.loc[group]
        assert other["lower"] == pytest.approx(2 * points[group] - one["upper"])
        assert other["upper"] == pytest.approx(2 * points[group] - one["lower"])
        assert other["error_lower"] == one["error_upper"]
        assert other["error_upper"] == one["error_lower"]


def test_developers_have_the_class_of_most_of_their_downloads() -> None:
    """Sizes in half downloads by developer in the order of names; China is 0, the USA 1, others 2."""
    whole = Repositories(TABLE, DEFINITIONS)
    found = methods.population(whole, whole.headline)
    names = sorted(TABLE["uploader"])
    held = dict(zip(TABLE["uploader"], 2.0 * TABLE[HEAD.id], strict=True))
    assert found.sizes.tolist() == [held[name] for name in names]
    assert found.developer.tolist() == list(range(7))
    groups = dict(zip(TABLE["uploader"], TABLE["study_group_uploader"], strict=True))
    assert found.classes.tolist() == [{"China": 0, "USA": 1}.get(groups[name], 2) for name in names]


def test_weeks_of_a_window_are_those_on_its_days() -> None:
    """From its first day to its last, in the order China, USA, rest."""
    window = replace(
        HEAD, kind="increments", start=date(2025, 3, 5), end=date(2025, 3, 19), read_until=None
    )
    weeks = ("2025-02-26", "2025-03-05", "2025-03-12", "2025-03-19", "2025-03-26")
    counts = np.arange(15).reshape(1, 3, 5)
    cells = WeeklyCells(("a",), ("USA", "France", "China"), weeks, counts)
    assert methods._inside(cells, window).tolist() == [[[11, 12, 13], [1, 2, 3], [6, 7, 8]]]
