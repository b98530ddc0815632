"""Every interval method on the small panel: who is resampled how, and what needs no draw, by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small import synthetic_definitions, synthetic_repositories

from replication.analysis import methods, specification
from replication.analysis.cells import Repositories
from replication.analysis.specification import headline
from replication.errors import DegenerateDataError
from replication.inference.blocks import MovingBlocks, StationaryBlocks, product_totals
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


def test_repositories_are_resampled_beside_developers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Qwen's 400 downloads are of two repositories: one developer of seven, and two of eight."""
    half = TABLE[HEAD.id].where(TABLE["uploader"] != "Qwen", 200)
    second = TABLE[TABLE["uploader"] == "Qwen"].assign(repository="f" * 24)
    table = pd.concat([TABLE, second], ignore_index=True).assign(**{HEAD.id: [*half, 200]})
    asked: list[np.ndarray] = []

    def made(developers: np.ndarray, repositories: np.ndarray, rules: object) -> Any:
        asked.extend([developers, repositories])
        assert rules == FEW
        return methods.with_fewer_degrees(developers, FEW)

    monkeypatch.setattr(methods, "methods", made)
    weeks: Any = None
    methods.interval_methods(Repositories(table, DEFINITIONS), weeks)
    developers, repositories = (sorted(cells[:, 0].tolist()) for cells in asked)
    assert developers == [0, 0, 0, 0, 0, 400, 800]
    assert repositories == [0, 0, 0, 0, 0, 400, 400, 400]


def test_weeks_are_resampled_of_windows_of_increments_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those on the days of each window, without what it leaves out; a cohort has none."""
    weeks = tuple(f"2025-{month:02}-01" for month in range(1, 13))
    cells = WeeklyCells(("a",), ("USA", "France", "China"), weeks, np.arange(36).reshape(1, 3, 12))
    counts = synthetic_counts().sum(axis=2)
    method, made = next(iter(methods.methods(counts, counts, FEW, monte_carlo=False)))
    asked, left_out = [], []

    class Weeks:
        def of_headline(self, exclusion: str) -> WeeklyCells:
            left_out.append(exclusion)
            return cells

    def over_weeks(counts: np.ndarray, rules: object) -> list[tuple[methods.Method, object]]:
        asked.append((counts, rules))
        return [(method, made)]

    monkeypatch.setattr(methods, "methods", lambda *_: [(method, made)])
    monkeypatch.setattr(methods, "_over_weeks", over_weeks)
    some = replace(ALL, exclusions=(), inference=FEW)
    windows = {window.id: window for window in some.windows}
    every = [*methods.rivals(some)]
    rivals = [spec for spec in every if windows[spec.window].kind == "increments"]
    assert 0 < len(rivals) < len(every)
    weekly: Any = Weeks()
    found = methods.interval_methods(Repositories(TABLE, some), weekly)
    rows = found.groupby("estimand", sort=False).size() / found["group"].nunique()
    assert rows.to_dict() == {spec.estimand: 2 if spec in rivals else 1 for spec in every}
    assert left_out == [spec.exclusion for spec in rivals]
    for spec, (counts, rules) in zip(rivals, asked, strict=True):
        np.testing.assert_array_equal(counts, methods._inside(cells, windows[spec.window]))
        assert rules == FEW


def test_a_whole_window_has_the_first_scope_of_the_definitions() -> None:
    """Whichever that is."""
    scopes = ALL.grid.scopes[::-1]
    other = replace(ALL, grid=replace(ALL.grid, scopes=scopes))
    assert specification.of_window(HEAD.id, other).scope == scopes[0] != ALL.grid.scopes[0]


def test_intervals_name_their_method() -> None:
    """As their rows do."""
    counts = synthetic_counts().sum(axis=2)
    for method, made in methods.methods(counts, counts, FEW, monte_carlo=False):
        assert made.method == method.name
    fewer = {method.name: made for method, made in methods.with_fewer_degrees(counts, FEW)}
    assert [*fewer] == [made.method for made in fewer.values()] == [*methods.FEWER_DEGREES]


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


def synthetic_counts() -> np.ndarray:
    """Half downloads (n, 3, T) of synthetic developers of one class each in thirty weeks."""
    rng = np.random.default_rng(3)
    sizes = np.floor(1000 * rng.pareto(2.0, 18)) + 500
    moves = np.exp(0.3 * rng.normal(size=(18, 1, 30)))
    return np.floor(np.resize(np.eye(3), (18, 3, 1)) * sizes[:, None, None] * moves).astype(
        np.int64
    )


def assert_ends(found: methods.Intervals, totals: np.ndarray) -> None:
    """Quantiles of the shares, of their difference and ratio, by plain arithmetic; and their errors."""
    assert (found.method, found.level) == ("percentile", FEW.level)
    china, usa, rest = totals.T
    drawn = {
        "China": china / (china + usa + rest),
        "USA": usa / (china + usa + rest),
        "China − USA": (china - usa) / (china + usa + rest),
        "China / USA": china / (china + usa),  # of which the ratio is u / (1 - u)
    }
    rows = found.to_frame().set_index("group")
    tail = (1 - FEW.level) / 2
    step = np.sqrt(tail * (1 - tail) / len(totals))
    for name, values in drawn.items():
        for end, level in (("lower", tail), ("upper", 1 - tail)):
            ends = np.quantile(values, np.clip([level, level - step, level + step], 0, 1))
            one, down, up = ends / (1 - ends) if name == "China / USA" else ends
            assert rows.loc[name, end] == pytest.approx(one, rel=1e-9)
            assert rows.loc[name, f"error_{end}"] == pytest.approx((up - down) / 2, rel=1e-6)


def test_weeks_are_resampled_alone_in_blocks_and_with_developers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every point is that of all weeks; every end is a quantile of the replicates' own shares.

    Blocks are as long as is found for the weekly lead, and there are none where nothing is found.
    """
    counts = synthetic_counts()
    weekly = counts.sum(axis=0)
    leads = (weekly[0] - weekly[1]) / weekly.sum(axis=0)
    lengths = {MovingBlocks.name: 4.0, StationaryBlocks.name: 3.0}

    def length(series: np.ndarray, scheme: str) -> float:
        assert 2 * series - 1 == pytest.approx(leads)
        if scheme not in lengths:
            raise DegenerateDataError("nothing varies", "use other data")
        return lengths[scheme]

    monkeypatch.setattr(methods, "block_length", length)
    made = dict(methods._over_weeks(counts, FEW))
    assert [(m.unit, m.scheme, m.name) for m in made] == [
        ("developer × week", "multinomial × exponential", "percentile"),
        ("week", "moving blocks", "percentile"),
        ("week", "stationary blocks", "percentile"),
    ]
    draws: list[dict[str, Any]] = [
        {"developers": True, "weeks": None},
        {"developers": False, "weeks": MovingBlocks(4.0)},
        {"developers": False, "weeks": StationaryBlocks(3.0)},
    ]
    sums = counts.sum(axis=(0, 2))
    for found, options in zip(made.values(), draws, strict=True):
        point = dict(zip(found.names, found.point, strict=True))
        assert point["China − USA"] == pytest.approx((sums[0] - sums[1]) / sums.sum())
        assert point["China / USA"] == pytest.approx(sums[0] / sums[1])
        assert_ends(found, product_totals(counts, FEW.replicates, FEW.chunk, FEW.seed, **options))
    del lengths[MovingBlocks.name]
    schemes = [method.scheme for method, _ in methods._over_weeks(counts, FEW)]
    assert schemes == ["multinomial × exponential", "stationary blocks"]
