"""Sampling by size: probabilities worked out by hand, draws counted, and the sample of the audit."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from released_files import ROOT
from scipy import stats

from replication.attribution import audit, registry
from replication.attribution.audit import inclusion_probabilities, systematic
from replication.definitions import load_definitions
from replication.errors import DegenerateDataError
from replication.files import read_csv
from replication.sources import bundled

EXAMPLES = settings(derandomize=True, deadline=None, max_examples=60)
AUDIT = load_definitions().audit
FRAME = ROOT / "replication" / "data" / "sampling_frame.csv"
DRAWS = 4_000


def exact(sizes: list[int], n: int) -> list[Fraction]:
    """The same probabilities in exact fractions, the largest units taken one at a time."""
    found = [Fraction(0)] * len(sizes)
    left, rest = n, sum(sizes)
    for unit in sorted(range(len(sizes)), key=lambda unit: -sizes[unit]):
        if left * sizes[unit] < rest:
            break
        found[unit], left, rest = Fraction(1), left - 1, rest - sizes[unit]
    return [p or Fraction(left * size, rest) for p, size in zip(found, sizes, strict=True)]


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """The committed sampling frame, as text."""
    return pd.read_csv(FRAME, dtype=str, keep_default_na=False)


@st.composite
def sizes_and_n(draw: st.DrawFn) -> tuple[list[int], int]:
    """Draw the sizes of up to 30 units, many of them equal or far apart, and how many to draw."""
    size = st.one_of(st.integers(1, 5), st.integers(1, 10**9), st.sampled_from([10, 10**6]))
    sizes = draw(st.lists(size, min_size=1, max_size=30))
    return sizes, draw(st.integers(1, len(sizes)))


@pytest.mark.parametrize(
    ("sizes", "n", "expected"),
    [
        ([1, 2, 3, 4], 1, [0.1, 0.2, 0.3, 0.4]),
        ([1, 2, 3, 4], 2, [0.2, 0.4, 0.6, 0.8]),
        # 4 of 10 is certain at three; then two of the others, of which 3 of 6 is certain.
        ([1, 2, 3, 4], 3, [1 / 3, 2 / 3, 1, 1]),
        ([1, 2, 3, 4], 4, [1, 1, 1, 1]),
        ([100, 1, 1, 1, 1], 3, [1, 0.5, 0.5, 0.5, 0.5]),
        # 8 is certain at once, 4 only after it is out.
        ([1, 8, 1, 4, 2], 3, [0.25, 1, 0.25, 1, 0.5]),
        ([7], 1, [1]),
        ([5, 5, 5], 2, [2 / 3, 2 / 3, 2 / 3]),
    ],
)
def test_probabilities_by_hand(sizes: list[int], n: int, expected: list[float]) -> None:
    """Proportional to size below certainty; the certain ones leave the rest of the sample."""
    found = inclusion_probabilities(np.array(sizes), n)
    assert found.tolist() == pytest.approx(expected, rel=1e-15)


@pytest.mark.slow
@EXAMPLES
@given(sizes_and_n())
def test_probabilities_add_up_and_stay_proportional(case: tuple[list[int], int]) -> None:
    """They add up to n, exceed neither end, and are proportional to size where below one."""
    sizes, n = case
    found = inclusion_probabilities(np.array(sizes), n)
    assert found.sum() == pytest.approx(n, rel=1e-13)
    assert found.min() > 0
    assert found.max() <= 1
    below = found < 1
    ratios = found[below] / np.array(sizes)[below]
    assert np.allclose(ratios, ratios[:1], rtol=1e-13, atol=0)
    if below.any() and (~below).any():
        assert np.array(sizes)[~below].min() * ratios[0] >= 1 - 1e-13


@pytest.mark.slow
@EXAMPLES
@given(sizes_and_n())
def test_probabilities_equal_exact_fractions(case: tuple[list[int], int]) -> None:
    """Taking the largest unit out one at a time, in exact fractions, comes to the same."""
    sizes, n = case
    expected = [float(p) for p in exact(sizes, n)]
    found = inclusion_probabilities(np.array(sizes), n)
    assert found.tolist() == pytest.approx(expected, rel=1e-12)


@pytest.mark.slow
@EXAMPLES
@given(sizes_and_n(), st.integers(2, 10**6))
def test_probabilities_do_not_depend_on_the_unit_of_size_or_the_order(
    case: tuple[list[int], int], factor: int
) -> None:
    """Sizes in thousands and units in another order have the same probabilities."""
    sizes, n = np.array(case[0]), case[1]
    found = inclusion_probabilities(sizes, n)
    assert inclusion_probabilities(sizes * factor, n) == pytest.approx(found, rel=1e-12)
    assert inclusion_probabilities(sizes[::-1], n)[::-1] == pytest.approx(found, rel=1e-12)


@pytest.mark.parametrize(
    ("sizes", "n"),
    [([1, 2, 3], 4), ([1, 2, 3], 0), ([1, 2, 3], -1), ([1, 0, 3], 2), ([1, -2, 3], 2), ([], 1)],
)
def test_what_cannot_be_drawn_by_size_is_refused(sizes: list[int], n: int) -> None:
    """Too many, none, or units without a size: a named error with its numbers and a remedy."""
    with pytest.raises(DegenerateDataError) as caught:
        inclusion_probabilities(np.array(sizes, dtype=np.int64), n)
    assert caught.value.what == f"{n} of {len(sizes)} units cannot be drawn by size"
    assert caught.value.remedy == f"give positive sizes, and draw from 1 to {len(sizes)}"


@pytest.mark.slow
@EXAMPLES
@given(sizes_and_n(), st.integers(0, 2**32))
def test_a_draw_has_its_size_and_holds_every_certain_unit(
    case: tuple[list[int], int], seed: int
) -> None:
    """Never one more or less; probability one means always; the same seed draws the same."""
    sizes, n = case
    probabilities = inclusion_probabilities(np.array(sizes), n)
    before = probabilities.copy()
    drawn = systematic(probabilities, seed)
    assert drawn.dtype == bool
    assert drawn.sum() == n
    assert drawn[probabilities == 1].all()
    assert np.array_equal(drawn, systematic(probabilities, seed))
    assert np.array_equal(probabilities, before)


@pytest.mark.slow
def test_frequencies_over_many_seeds_match_the_probabilities() -> None:
    """Every unit is drawn as often as its probability says, within binomial bounds."""
    sizes = np.array([1, 2, 3, 5, 8, 13, 21, 34, 400])
    probabilities = inclusion_probabilities(sizes, 4)
    assert np.flatnonzero(probabilities == 1).tolist() == [7, 8]
    draws = np.array([systematic(probabilities, seed) for seed in range(DRAWS)])
    hits = draws.sum(axis=0)
    alpha = 0.001 / len(sizes)
    lower, upper = stats.binom.interval(1 - alpha, DRAWS, probabilities)
    assert (lower <= hits).all(), (lower, hits)
    assert (hits <= upper).all(), (hits, upper)
    assert hits[-2:].tolist() == [DRAWS, DRAWS]


@pytest.mark.slow
def test_equal_units_are_drawn_together_equally_often() -> None:
    """The order is random: any two of six equal units share a sample as often as any others.

    Three are drawn. A systematic sample of a random order is a simple random sample
    here, so that a pair has a chance of 3/6 · 2/5.
    """
    draws = np.array([systematic(np.full(6, 0.5), seed) for seed in range(DRAWS)], dtype=int)
    together = (draws.T @ draws)[np.triu_indices(6, 1)]
    lower, upper = stats.binom.interval(1 - 0.001 / len(together), DRAWS, 0.2)
    assert lower <= together.min()
    assert together.max() <= upper


@pytest.mark.slow
@EXAMPLES
@given(sizes_and_n(), st.integers(0, 2**32))
def test_a_draw_takes_the_units_that_hold_a_point(case: tuple[list[int], int], seed: int) -> None:
    """Laid end to end in random order, one by one, each unit that holds one of u, u + 1, … is in."""
    sizes, n = case
    probabilities = inclusion_probabilities(np.array(sizes), n)
    generator = np.random.default_rng(seed)
    order, point = generator.permutation(len(sizes)), generator.random()
    start, expected = 0.0, np.zeros(len(sizes), dtype=bool)
    for unit in order:
        start += probabilities[unit]
        if point < start:
            expected[unit], point = True, point + 1
    assert np.array_equal(systematic(probabilities, seed), expected)


def test_a_fixed_seed_gives_a_fixed_sample() -> None:
    """A change of the stream would change which units were audited: notice it."""
    drawn = systematic(inclusion_probabilities(np.arange(1, 13), 4), 20251203)
    assert np.flatnonzero(drawn).tolist() == [1, 6, 8, 11]


def test_the_committed_probabilities_are_reproduced(frame: pd.DataFrame) -> None:
    """Sizes and [audit] give the committed column, digit for digit."""
    sizes = frame["size"].astype("int64")
    found = inclusion_probabilities(sizes.to_numpy(), AUDIT.sample)
    assert [f"{p:.12g}" for p in found] == frame["probability"].tolist()
    expected = [float(p) for p in exact(sizes.tolist(), AUDIT.sample)]
    assert found.tolist() == pytest.approx(expected, rel=1e-12)


def test_the_committed_sample_is_reproduced(frame: pd.DataFrame) -> None:
    """The seed in [audit] draws just the units marked as sampled, by either column."""
    marked = (frame["sampled"] == "yes").tolist()
    assert set(frame["sampled"]) == {"yes", "no"}
    assert sum(marked) == AUDIT.sample
    sizes = frame["size"].astype("int64").to_numpy()
    computed = inclusion_probabilities(sizes, AUDIT.sample)
    printed = frame["probability"].astype(float).to_numpy()
    for probabilities in (computed, printed):
        assert systematic(probabilities, AUDIT.seed).tolist() == marked


def test_the_committed_frame_is_whole(frame: pd.DataFrame) -> None:
    """Every unit once, with a positive size; no namespace in two units."""
    assert frame["unit"].is_unique
    assert (frame["size"].astype("int64") > 0).all()
    listed = frame["namespaces"].str.split().explode()
    assert listed.notna().all()
    assert listed.is_unique


def test_the_frame_of_a_synthetic_panel_by_hand() -> None:
    """Sizes are the largest sum of a role and window, namespaces of one developer are one unit."""
    table = pd.DataFrame(
        {
            "uploader": ["Qwen", "Wan-AI", "packager", "idle"],
            "origin": ["Qwen", "Wan-AI", "Qwen", "idle"],
            "first": [10, 5, 30, 0],
            "second": [1, 2, 3, 0],
        }
    )
    known = registry.load(load_definitions().group_of)
    found = audit.sampling_frame(table, known, ["first", "second"], 1, 7)
    assert found[["unit", "namespaces", "size"]].to_numpy().tolist() == [
        ["Qwen", "Qwen Wan-AI", 45],
        ["packager", "packager", 30],
    ]
    assert found["probability"].tolist() == [45 / 75, 30 / 75]
    assert sorted(found["sampled"]) == ["no", "yes"]


def test_the_frame_of_the_audit_was_that_of_the_bundled_panel() -> None:
    """Sizes of units whose namespaces are still one developer's are those of the committed frame."""
    definitions = load_definitions()
    known = registry.load(definitions.group_of)
    panel = read_csv(bundled.FOLDER / "repositories.csv")
    windows = [window.id for window in definitions.windows]
    now = audit.sampling_frame(
        panel, known, windows, definitions.audit.sample, definitions.audit.seed
    )
    then = read_csv(bundled.FOLDER / "sampling_frame.csv")
    both = then.merge(now, on="namespaces", suffixes=("_then", "_now"))
    assert len(both) > 150
    assert (both["size_then"] == both["size_now"]).all()
