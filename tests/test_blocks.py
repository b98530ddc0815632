"""Weeks resampled: the laws of the blocks, their length, and product weights by brute force."""

from __future__ import annotations

import dataclasses
import itertools
import math
import warnings

import numpy as np
import pandas as pd
import pytest
from arch.bootstrap import optimal_block_length
from hypothesis import given
from hypothesis import strategies as st
from released_files import EXAMPLES
from scipy import stats
from small import synthetic_definitions

from replication.errors import DegenerateDataError
from replication.inference import blocks as weeks
from replication.inference.blocks import MovingBlocks, StationaryBlocks
from replication.inference.resampling import cluster_weights, generator_of, replicate_totals

SEED, SPAN, MANY = 7, 12, 20_000
RULES = synthetic_definitions().inference
KINDS = (StationaryBlocks, MovingBlocks)
Kind = type[StationaryBlocks | MovingBlocks]


def drawn(blocks: weeks.Blocks, size: int = MANY, span: int = SPAN) -> np.ndarray:
    """Weeks (size, span) of a scheme, from a fixed seed."""
    return blocks.places(np.random.default_rng(SEED), size, span)


def near(found: float, expected: float, draws: int) -> bool:
    """Whether a frequency is within five standard errors of a probability."""
    return abs(found - expected) < 5 * math.sqrt(expected * (1 - expected) / draws) + 1e-12


def synthetic_noise(count: int, memory: float, seed: int) -> np.ndarray:
    """A synthetic autoregressive series of order one."""
    shocks = np.random.default_rng(seed).normal(size=count)
    return np.array([*itertools.accumulate(shocks, lambda before, shock: memory * before + shock)])


def synthetic_totals(count: int = 40, seed: int = 2) -> np.ndarray:
    """Synthetic half downloads (3, T) of China, which overtakes, the USA, and the rest."""
    noise = np.random.default_rng(seed).lognormal(0, 0.2, (3, count))
    levels = np.stack([np.linspace(50, 200, count), np.full(count, 100), np.full(count, 80)])
    return np.floor(1000 * levels * noise).astype(np.int64)


@pytest.mark.parametrize("length", [0.5, 1.0, 3.0, 50.0])
def test_stationary_blocks_run_around_a_circle(length: float) -> None:
    """The same random numbers used week by week give the same weeks."""
    rng = np.random.default_rng(SEED)
    anew = rng.random((30, SPAN)) < 1 / max(length, 1)
    starts = rng.integers(SPAN, size=(30, SPAN))
    for row, places in enumerate(drawn(StationaryBlocks(length), 30)):
        at = int(starts[row, 0])
        for week, place in enumerate(places):
            if week:
                at = int(starts[row, week]) if anew[row, week] else (at + 1) % SPAN
            assert place == at


@pytest.mark.parametrize("length", [1.0, 3.0, 8.0])
def test_stationary_blocks_follow_their_law(length: float) -> None:
    """Every week is as likely at every place, and the next one follows unless a block begins."""
    places = drawn(StationaryBlocks(length))
    follows = (places[:, 1:] == (places[:, :-1] + 1) % SPAN).mean()
    assert near(follows, 1 - 1 / length + 1 / length / SPAN, MANY * (SPAN - 1))
    for place in (0, 5, SPAN - 1):
        counted = np.bincount(places[:, place], minlength=SPAN)
        assert stats.chisquare(counted).pvalue > 0.001


def test_moving_blocks_are_runs_laid_end_to_end() -> None:
    """Blocks of five weeks in a series of twelve: two whole ones and two weeks of a third."""
    places = drawn(MovingBlocks(4.2), 500)
    for row in places:
        for block in (row[:5], row[5:10], row[10:]):
            assert (np.diff(block) == 1).all()
        assert max(row[0], row[5], row[10]) <= SPAN - 5
    assert (places[:, 0].min(), places[:, 0].max()) == (0, SPAN - 5)


def test_moving_blocks_reach_the_ends_less_often() -> None:
    """A week is drawn as often as there are starts whose block holds it: fewer at the ends."""
    length, count = 4, drawn(MovingBlocks(4.0))
    starts = SPAN - length + 1
    for week in range(SPAN):
        holding = sum(start <= week < start + length for start in range(starts))
        found = (count == week).any(axis=1).mean()
        assert near(found, 1 - (1 - holding / starts) ** (SPAN // length), MANY)


@pytest.mark.parametrize("length", [0.0, 0.3, 1.0])
def test_blocks_of_a_week_or_less_draw_single_weeks(length: float) -> None:
    """Neighbours are then independent: the next week follows by chance alone."""
    for kind in KINDS:
        places = drawn(kind(length))
        assert places.shape == (MANY, SPAN)
        pairs = np.bincount((SPAN * places[:, 3] + places[:, 4]), minlength=SPAN**2)
        assert stats.chisquare(pairs).pvalue > 0.001


def test_a_moving_block_longer_than_the_series_is_the_series() -> None:
    """There is one start only."""
    assert (drawn(MovingBlocks(99.0), 50) == np.arange(SPAN)).all()


@pytest.mark.parametrize("count", [11, 12, 13, 16, 17, 25, 60, 101, 400])
@pytest.mark.parametrize("memory", [-0.6, 0.0, 0.5, 0.9, 1.0])
def test_the_length_of_blocks_is_that_of_arch(count: int, memory: float) -> None:
    """Of what is left of a series without its straight line, by least squares."""
    series, at = synthetic_noise(count, memory, 3) + 0.3 * np.arange(count), np.arange(count)
    left = series - np.polyval(np.polyfit(at, series, 1), at)
    theirs = optimal_block_length(pd.Series(left)).iloc[0]
    ours = [weeks.block_length(series, kind.name) for kind in KINDS]
    assert ours == pytest.approx([theirs["stationary"], theirs["circular"]])


@pytest.mark.slow
@EXAMPLES
@given(st.integers(11, 150), st.floats(-1, 1), st.integers(0, 999))
def test_every_length_is_that_of_arch(count: int, memory: float, seed: int) -> None:
    """Whatever the memory: where correlations soon become small, late, or never."""
    series, at = synthetic_noise(count, memory, seed), np.arange(count)
    left = series - np.polynomial.Polynomial.fit(at, series, 1)(at)
    theirs = optimal_block_length(pd.Series(left)).iloc[0]
    ours = [weeks.block_length(series, kind.name) for kind in KINDS]
    assert ours == pytest.approx([theirs["stationary"], theirs["circular"]], rel=1e-6)


def test_the_two_lengths_are_in_the_ratio_of_their_constants() -> None:
    """The formula divides by 2 for stationary and 4/3 for circular blocks, under a cube root."""
    ours = [weeks.block_length(synthetic_noise(48, 0.3, 5), kind.name) for kind in KINDS]
    assert ours[1] / ours[0] == pytest.approx(1.5 ** (1 / 3), rel=1e-9)


@pytest.mark.slow
@EXAMPLES
@given(st.integers(0, 999), st.floats(-50, 50), st.floats(-5, 5))
def test_a_straight_line_changes_no_length(seed: int, level: float, slope: float) -> None:
    """It is removed before weeks are compared."""
    series = synthetic_noise(48, 0.4, seed)
    moved = series + level + slope * np.arange(48)
    for kind in KINDS:
        expected = weeks.block_length(series, kind.name)
        assert weeks.block_length(moved, kind.name) == pytest.approx(expected, rel=1e-6)


@pytest.mark.slow
def test_weeks_that_depend_on_each_other_need_longer_blocks() -> None:
    """Averaged over forty series, memory lengthens the blocks."""
    short, long = (
        np.mean([weeks.block_length(synthetic_noise(200, m, s), "stationary") for s in range(40)])
        for m in (0.0, 0.8)
    )
    assert long > 3 * short


@pytest.mark.parametrize("count", range(8, 25))
def test_the_length_is_refused_where_arch_would_divide_by_zero(count: int) -> None:
    """With fewer weeks than lags nothing is left to compare."""
    series, at = synthetic_noise(count, 0.2, 1), np.arange(count)
    left = series - np.polyval(np.polyfit(at, series, 1), at)
    with warnings.catch_warnings(record=True) as records:
        warnings.simplefilter("always")
        optimal_block_length(pd.Series(left))
    assert bool(records) == (count < weeks.LEAST)
    if records:
        with pytest.raises(DegenerateDataError, match=f"{count} weeks say nothing"):
            weeks.block_length(series, "stationary")
    else:
        assert weeks.block_length(series, "stationary") > 0


@pytest.mark.parametrize("count", [0, 1, 7])
def test_hardly_any_weeks_have_no_length(count: int) -> None:
    """Neither arch nor a straight line is tried on them."""
    with pytest.raises(DegenerateDataError, match=f"{count} weeks say nothing"):
        weeks.block_length(synthetic_noise(count, 0.2, 1), "stationary")


@pytest.mark.parametrize("slope", [0.0, 0.7])
def test_a_series_that_is_a_straight_line_has_no_length(slope: float) -> None:
    """What rounding leaves of it is not taken for noise."""
    with pytest.raises(DegenerateDataError, match="40 weeks"):
        weeks.block_length(3.3 + slope * np.arange(40), "moving blocks")


@pytest.mark.parametrize("blocks", [StationaryBlocks(3.0), MovingBlocks(3.0)])
def test_weights_count_how_often_a_week_is_drawn(blocks: weeks.Blocks) -> None:
    """Counted week by week from the places of the same seed."""
    weights = weeks.week_weights(blocks, SPAN, 40, SEED, 2)
    places = blocks.places(generator_of(SEED, 2, 3), 40, SPAN)
    for row, found in zip(places.tolist(), weights, strict=True):
        assert found.tolist() == [row.count(week) for week in range(SPAN)]
    assert (weights.sum(axis=1) == SPAN).all()


def test_independent_weights_are_exponential_and_exact() -> None:
    """Kolmogorov and Smirnov see no difference, and every weight is a multiple of 2⁻¹⁶."""
    weights = weeks.independent_weights(SPAN, 2000, SEED, 0)
    assert stats.kstest(weights.ravel(), "expon").pvalue > 0.001
    assert (weights * 2**16 == np.floor(weights * 2**16)).all()
    correlation = np.corrcoef(weights.T)[~np.eye(SPAN, dtype=bool)]
    assert np.abs(correlation).max() < 5 / math.sqrt(2000)


def synthetic_cells(n: int = 6, k: int = 2, span: int = SPAN) -> np.ndarray:
    """Synthetic cells (n, k, T)."""
    return np.floor(np.random.default_rng(4).pareto(1.5, (n, k, span)) * 500).astype(np.int64)


@pytest.mark.parametrize("developers", [True, False])
@pytest.mark.parametrize("blocks", [None, StationaryBlocks(3.0), MovingBlocks(3.0)])
def test_product_totals_by_brute_force(blocks: weeks.Blocks | None, *, developers: bool) -> None:
    """Each cell is multiplied by its developer's weight and its week's, and all are added up."""
    cells, size, chunk = synthetic_cells(), 7, 4
    n, k, span = cells.shape
    found = weeks.product_totals(cells, size, chunk, SEED, developers=developers, weeks=blocks)
    assert found.shape == (size, k)
    for replicate in range(size):
        number, row = divmod(replicate, chunk)
        ours = cluster_weights(n, chunk, SEED, number)[row] if developers else np.ones(n)
        theirs = (
            weeks.week_weights(blocks, span, chunk, SEED, number)[row]
            if blocks
            else weeks.independent_weights(span, chunk, SEED, number)[row]
        )
        for column in range(k):
            total = sum(
                ours[i] * theirs[t] * int(cells[i, column, t])
                for i, t in itertools.product(range(n), range(span))
            )
            assert found[replicate, column] == total


def test_fewer_products_are_a_prefix_of_more() -> None:
    """The chunk decides what is drawn, and the developers are those of every other table."""
    cells = synthetic_cells()
    options = {"developers": True, "weeks": StationaryBlocks(2.0)}
    many = weeks.product_totals(cells, 300, 100, SEED, **options)
    assert np.array_equal(weeks.product_totals(cells, 130, 100, SEED, **options), many[:130])
    whole = MovingBlocks(99.0)  # every week once
    plain = replicate_totals(cells.sum(axis=-1), 300, 100, SEED)
    found = weeks.product_totals(cells, 300, 100, SEED, developers=True, weeks=whole)
    assert np.array_equal(found, plain)


def test_product_totals_have_the_variance_of_theory() -> None:
    """With exponential weeks alone it is Σ S², S the sum of a week; with both it is more.

    Developers with replacement add n times the variance of their sums, and the product of both
    that of every week once more.
    """
    cells = synthetic_cells(k=1)
    n, by_week = len(cells), cells.sum(axis=0)[0].astype(float)

    def spread(values: np.ndarray) -> float:
        return n * float(values.astype(float).var())

    alone = (by_week**2).sum()
    both = alone + spread(cells[:, 0].sum(axis=-1)) + sum(map(spread, cells[:, 0].T))
    for developers, expected in ((False, alone), (True, both)):
        found = weeks.product_totals(cells, MANY, 500, SEED, developers=developers, weeks=None)
        assert found.mean() == pytest.approx(by_week.sum(), abs=5 * math.sqrt(expected / MANY))
        assert found.var() == pytest.approx(expected, rel=0.1)


def test_the_trend_is_a_moving_average_with_straight_ends() -> None:
    """Week by week: the mean of thirteen, or the line fitted to the outermost thirteen."""
    series, width = synthetic_noise(40, 0.5, 8), weeks.TREND_WEEKS
    found, half, at = weeks.trend_of(series), weeks.TREND_WEEKS // 2, np.arange(width)
    for week in range(half, 40 - half):
        assert found[week] == pytest.approx(series[week - half : week + half + 1].mean())
    first, last = (np.polyval(np.polyfit(at, s, 1), at) for s in (series[:width], series[-width:]))
    assert found[:half] == pytest.approx(first[:half])
    assert found[-half:] == pytest.approx(last[-half:])


@pytest.mark.parametrize("kind", KINDS)
def test_margins_of_blocks_by_brute_force(kind: Kind) -> None:
    """Replicate by replicate: the trend, the departure of another week, and the week's own sum."""
    totals, span = synthetic_totals(), 40
    rules = dataclasses.replace(RULES, replicates=130)
    found, length = weeks.block_margins(totals[0], totals[1], kind, rules)
    china, usa = totals[0].tolist(), totals[1].tolist()
    ratio = np.array([math.log(a / b) for a, b in zip(china, usa, strict=True)])
    left = ratio - weeks.trend_of(ratio)
    assert length == pytest.approx(weeks.block_length(left, kind.name))
    assert found.shape == (130, span)
    for replicate in range(130):
        number, row = divmod(replicate, rules.chunk)
        generator = generator_of(rules.seed, number, 5)
        places = kind(length).places(generator, rules.chunk, span)[row]
        for week in range(span):
            odds = math.exp(ratio[week] - left[week] + left[places[week]])
            share = odds / (1 + odds)
            expected = (2 * share - 1) * (china[week] + usa[week])
            assert found[replicate, week] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_departures_drawn_where_they_stood_give_back_the_series(
    monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    """A scheme that moves nothing leaves China − USA as it is."""
    totals = synthetic_totals()
    monkeypatch.setattr(kind, "places", lambda _, __, size, span: np.tile(range(span), (size, 1)))
    found, _ = weeks.block_margins(totals[0], totals[1], kind, RULES)
    assert found == pytest.approx(np.tile(totals[0] - totals[1], (RULES.replicates, 1)))


def test_both_countries_change_places_with_their_sign() -> None:
    """What China has the USA have in the mirror."""
    totals = synthetic_totals()
    plain, _ = weeks.block_margins(totals[0], totals[1], StationaryBlocks, RULES)
    mirrored, _ = weeks.block_margins(totals[1], totals[0], StationaryBlocks, RULES)
    assert mirrored == pytest.approx(-plain)


def test_the_same_departures_give_the_same_bytes() -> None:
    """The chunk decides what is drawn, not how many replicates are asked for."""
    few = dataclasses.replace(RULES, replicates=150)
    plain, _ = weeks.block_margins(*synthetic_totals()[:2], MovingBlocks, RULES)
    again, _ = weeks.block_margins(*synthetic_totals()[:2], MovingBlocks, few)
    assert plain[:150].tobytes() == again.tobytes()


def test_as_many_weeks_as_the_trend_takes_are_enough() -> None:
    """The trend is then a straight line."""
    found, length = weeks.block_margins(
        *synthetic_totals(weeks.TREND_WEEKS)[:2], MovingBlocks, RULES
    )
    assert found.shape == (RULES.replicates, weeks.TREND_WEEKS)
    assert length > 0


def flat(count: int) -> np.ndarray:
    """Weeks in which China always has twice as much as the USA."""
    return np.stack([np.full(count, 200), np.full(count, 100)])


def gap(count: int) -> np.ndarray:
    """Weeks of which the USA have nothing in one."""
    totals = synthetic_totals(count)
    totals[1, 5] = 0
    return totals


@pytest.mark.parametrize(
    ("totals", "what"),
    [
        (synthetic_totals(weeks.TREND_WEEKS - 1), "13 weeks or more"),
        (gap(40), "13 weeks or more"),
        (flat(40), "40 weeks say nothing"),
    ],
)
def test_blocks_are_refused_where_they_are_not_defined(totals: np.ndarray, what: str) -> None:
    """Too few weeks, a week without downloads, and a ratio that never moves."""
    for kind in KINDS:
        with pytest.raises(DegenerateDataError, match=what):
            weeks.block_margins(totals[0], totals[1], kind, RULES)
