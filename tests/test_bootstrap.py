"""All interval methods against arch, scipy, brute force and their own symmetries."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest
from arch.bootstrap import IIDBootstrap
from hypothesis import given
from hypothesis import strategies as st
from released_files import EXAMPLES
from scipy import stats
from scipy.special import logit
from small import synthetic_definitions

from replication.analysis.lead import LEAD, RATIO
from replication.inference import intervals
from replication.inference.bootstrap import COLUMNS, REFUSED, Bootstrap, Intervals
from replication.inference.resampling import cluster_weights
from replication.inference.schemes import DIRICHLET, MULTINOMIAL, POISSON, Scheme, Subsample
from replication.inference.statistics import Statistics

NAMES = Statistics(("China", "USA", "Other"), ("China", "USA"), "family", "China", ())
RULES = dataclasses.replace(synthetic_definitions().inference, replicates=4001, chunk=4001)
SCHEMES = (MULTINOMIAL, POISSON, DIRICHLET, Subsample(2 / 3))
METHODS = ("percentile", "bca", "studentised", "jackknife")
PLACES = range(len(NAMES.names))

every_scheme = pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: s.name)
every_method = pytest.mark.parametrize("method", METHODS)
developer = st.lists(st.integers(0, 50), min_size=3, max_size=3).filter(any)
developers = st.lists(developer, min_size=2, max_size=12)


def synthetic_cells(n: int = 40, seed: int = 1) -> np.ndarray:
    """Synthetic developers (n, 4), some of them in two groups, and half of China's in the family."""
    rng = np.random.default_rng(seed)
    cells = np.zeros((n, 4), dtype=np.int64)
    for share in (0.8, 0.2):
        sizes = np.floor(share * 1000 * rng.lognormal(0, 0.8, n))
        cells[np.arange(n), rng.integers(0, 3, n)] += sizes.astype(np.int64)
    cells[:, 3] = np.where(rng.random(n) < 0.5, cells[:, 0], cells[:, 0] // 3)
    return cells


def bootstrap(rows: Sequence[Sequence[int]] | np.ndarray, **changes: object) -> Bootstrap:
    """A bootstrap of synthetic cells, with a column for the family where there is none."""
    cells = np.array(rows, dtype=np.int64)
    if cells.shape[1] == 3:
        cells = np.pad(cells, ((0, 0), (0, 1)))
    scheme = changes.pop("scheme", MULTINOMIAL)
    return Bootstrap(cells, NAMES, dataclasses.replace(RULES, **changes), scheme)


def parts(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each developer's numerator and denominator (n, 6) of every proportion, written out."""
    china, usa, other, family = cells.T.astype(float)
    total, both = china + usa + other, china + usa
    above = [china, usa, other, total + china - usa, china, family]
    below = [total, total, total, 2 * total, both, china]
    return np.stack(above, axis=1), np.stack(below, axis=1)


def proportions(cells: np.ndarray) -> np.ndarray:
    """Proportions (6,) of cells by the definitions."""
    above, below = parts(cells)
    return above.sum(axis=0) / below.sum(axis=0)


def linearised_error(cells: np.ndarray) -> np.ndarray:
    """The textbook standard error of a ratio estimator, divided by the logit's derivative."""
    above, below = parts(cells)
    u, n = proportions(cells), len(cells)
    variance = n / (n - 1) * ((above - u * below) ** 2).sum(axis=0) / below.sum(axis=0) ** 2
    return np.sqrt(variance) / (u * (1 - u))


class Replayed(IIDBootstrap):
    """arch's bootstrap with the developers that the engine drew."""

    _name = "Replayed"

    def __init__(self, cells: np.ndarray) -> None:
        super().__init__(cells, seed=1)
        weights = cluster_weights(len(cells), RULES.chunk, RULES.seed, 0).astype(int)
        self._drawn = iter([np.repeat(np.arange(len(cells)), w) for w in weights])

    def update_indices(self) -> np.ndarray:
        """The next replicate's developers."""
        return next(self._drawn)


def ends(found: Intervals) -> np.ndarray:
    """Ends (2, m) as proportions of which the statistics are made."""
    both = np.array([found.lower, found.upper])
    lead, ratio = NAMES.names.index(LEAD), NAMES.names.index(RATIO)
    both[:, lead] = (1 + both[:, lead]) / 2
    with np.errstate(divide="ignore"):  # a ratio of 0
        both[:, ratio] = 1 / (1 + 1 / both[:, ratio])
    return both


def scipy_ends(cells: np.ndarray, place: int, method: str, replicates: np.ndarray) -> np.ndarray:
    """Interval by scipy of one proportion from the engine's replicates of it."""
    above, below = parts(cells)

    def ratio(a: np.ndarray, b: np.ndarray, axis: int) -> np.ndarray:
        return a.sum(axis=axis) / b.sum(axis=axis)

    given_distribution = dataclasses.make_dataclass("Given", ["bootstrap_distribution"])
    found = stats.bootstrap(
        (above[:, place], below[:, place]),
        ratio,
        paired=True,
        method=method,
        n_resamples=0,
        bootstrap_result=given_distribution(replicates[:, place]),
        confidence_level=RULES.level,
    )
    return np.array(found.confidence_interval)


@pytest.mark.slow
def test_percentiles_are_archs_of_the_same_replicates() -> None:
    """Fed the same developers, arch has the same replicates and the same ends, to rounding."""
    cells = synthetic_cells()
    arch = Replayed(cells)
    theirs = arch.conf_int(proportions, RULES.replicates, method="percentile", size=RULES.level)
    assert np.allclose(ends(bootstrap(cells).percentile()), theirs, rtol=0, atol=1e-12)


@pytest.mark.slow
def test_bca_is_archs_of_the_same_replicates() -> None:
    """Its bias and its acceleration are the same too; arch takes one statistic at a time."""
    cells = synthetic_cells()
    ours = ends(bootstrap(cells).bca())
    assert not np.isnan(ours).any()
    for place in PLACES:
        theirs = Replayed(cells).conf_int(
            lambda x, place=place: proportions(x)[place], RULES.replicates, "bca", RULES.level
        )
        assert np.allclose(ours[:, place], theirs[:, 0], rtol=0, atol=1e-12)


@pytest.mark.slow
def test_roots_are_archs_of_the_same_replicates() -> None:
    """Arch finds the same quantiles of (z* − z)/se*; it then scales them by another error.

    With 4,001 replicates both definitions of a quantile name the same replicate.
    """
    cells = synthetic_cells()
    arch = Replayed(cells)
    theirs = arch.conf_int(
        lambda x: logit(proportions(x)),
        RULES.replicates,
        "studentized",
        RULES.level,
        std_err_func=lambda _, x: linearised_error(x),
    )
    drawn = bootstrap(cells)
    z, spread = logit(drawn.point), logit(drawn.replicates).std(axis=0)
    ours = (z - logit(ends(drawn.studentised()))) / drawn.error
    assert np.allclose(ours, (z - theirs) / spread, rtol=1e-5)


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_ends_are_scipys_of_the_same_replicates(method: str) -> None:
    """Given the engine's replicates, scipy computes the same interval of every statistic."""
    cells = synthetic_cells()
    drawn = bootstrap(cells)
    ours = ends(getattr(drawn, method)())
    for place in PLACES:
        theirs = scipy_ends(cells, place, method, drawn.replicates)
        assert np.allclose(ours[:, place], theirs, rtol=0, atol=1e-12)


@pytest.mark.slow
def test_percentiles_are_archs_within_monte_carlo_error() -> None:
    """With its own luck arch's ends lie within five Monte-Carlo errors of both."""
    cells = synthetic_cells()
    found = bootstrap(cells, replicates=10_000, chunk=500).percentile()
    theirs = IIDBootstrap(cells, seed=2).conf_int(
        lambda x: NAMES.values(proportions(x)), 4000, method="percentile", size=RULES.level
    )
    wider = 5 * np.sqrt(1 + 10_000 / 4000)
    assert (np.abs(found.lower - theirs[0]) < wider * found.error_lower).all()
    assert (np.abs(found.upper - theirs[1]) < wider * found.error_upper).all()


def test_jackknife_is_the_textbook_loop_for_every_statistic() -> None:
    """Deleting developer by developer gives the same ends: of the ratio on its log scale."""
    cells = synthetic_cells()
    n = len(cells)
    found = bootstrap(cells).jackknife()
    deleted = [NAMES.values(proportions(np.delete(cells, i, axis=0))) for i in range(n)]
    for place, name in enumerate(NAMES.names):
        scale = {LEAD: lambda x: 2 * np.arctanh(x), RATIO: np.log}.get(name, logit)
        z = np.array([scale(row[place]) for row in deleted])
        reach = stats.t.ppf(0.975, n - 1) * np.sqrt((n - 1) / n * ((z - z.mean()) ** 2).sum())
        low, high = scale(found.lower[place]), scale(found.upper[place])
        assert (low + high) / 2 == pytest.approx(scale(found.point[place]), abs=1e-11)
        assert (high - low) / 2 == pytest.approx(reach, rel=1e-10)


def test_errors_are_those_of_a_ratio_estimator() -> None:
    """Of the cells, and of every replicate written out row by row."""
    cells = synthetic_cells()
    drawn = bootstrap(cells, replicates=50, chunk=50)
    assert np.allclose(drawn.error, linearised_error(cells), rtol=1e-6)
    weights = cluster_weights(len(cells), 50, RULES.seed, 0).astype(int)
    written_out = [linearised_error(np.repeat(cells, w, axis=0)) for w in weights]
    assert np.allclose(drawn.errors, written_out, rtol=1e-6)


@pytest.mark.parametrize(("share", "off"), [(1e-2, 1e-6), (1e-4, 1e-2)])
def test_errors_of_small_groups_are_right(share: float, off: float) -> None:
    """Products are kept to 2⁻⁴⁰, which is enough for a group with one download in 10,000."""
    cells = synthetic_cells() * 10**6
    cells[:, 1] = cells[:, 1] * share
    assert np.allclose(bootstrap(cells).error, linearised_error(cells), rtol=off)


def test_errors_that_rounding_would_make_are_refused() -> None:
    """Developers all alike, replicates of which one is drawn alone, and one download in 10⁷."""
    alike, alone = bootstrap([[3, 2, 1]] * 5), bootstrap([[0, 1, 1], [0, 2, 1]])
    cells = synthetic_cells() * 10**9
    cells[:, 1] = cells[:, 1] * 1e-7
    tiny = bootstrap(cells)
    assert np.isnan(alike.studentised().lower).all()
    assert np.isnan(alone.studentised().lower).all()
    assert np.isnan(tiny.studentised().lower).tolist() == [False, True, False, False, True, False]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["percentile", "bca", "studentised"])
def test_monte_carlo_errors_are_the_spread_over_seeds(method: str) -> None:
    """The ends of 250 seeds scatter as each says by itself, within four errors of that spread."""
    cells, seeds = synthetic_cells(60), 250
    few = partial(bootstrap, cells, replicates=1000, chunk=1000, level=0.8)
    found = [getattr(few(seed=seed), method)() for seed in range(seeds)]
    for end in ("lower", "upper"):
        spread = np.std([getattr(f, end) for f in found], axis=0, ddof=1)
        told = np.mean([getattr(f, f"error_{end}") for f in found], axis=0)
        assert np.allclose(told, spread, rtol=4 / np.sqrt(2 * seeds)), (end, told / spread)


@pytest.mark.slow
def test_studentised_intervals_hold_their_level_where_percentiles_do_not_quite() -> None:
    """Twenty synthetic developers: Student's roots mend what the percentile interval misses."""
    rng, runs, covered = np.random.default_rng(8), 500, np.zeros(2)
    for seed in range(runs):
        size = np.maximum(rng.lognormal(6, 0.3, 20), 1)
        share = rng.beta(4, 6, 20)  # so that no replicate is without the group
        cells = np.rint(np.stack([size * share, 0 * size, size * (1 - share)], axis=1))
        drawn = bootstrap(cells, replicates=399, chunk=399, seed=seed)
        for place, found in enumerate((drawn.studentised(), drawn.percentile())):
            covered[place] += found.lower[0] <= 0.4 <= found.upper[0]
    assert stats.binomtest(int(covered[0]), runs, RULES.level).pvalue > 0.01, covered
    assert stats.binomtest(int(covered[1]), runs, RULES.level, "less").pvalue < 0.05, covered


DEGENERATE = {
    "share of 0 and of 1": [[5, 0, 0], [3, 0, 0], [4, 0, 0]],
    "empty group": [[5, 0, 1], [3, 0, 2], [4, 0, 0]],
    "no denominator": [[0, 0, 5], [0, 0, 3], [0, 0, 4]],
    "two developers": [[5, 0, 0], [0, 3, 0]],
    "one has nearly all": [[10**9, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]],
    "all alike": [[3, 2, 1]] * 5,
    "one without downloads": [[0, 0, 0], [3, 2, 1], [1, 1, 1]],
    "no downloads": [[0, 0, 0]] * 3,
}


@every_scheme
@pytest.mark.parametrize("case", DEGENERATE)
def test_degenerate_cells_give_ends_or_a_refusal(case: str, scheme: Scheme) -> None:
    """Never a warning, never one end alone, and what is given lies within the statistic's range."""
    drawn = bootstrap(DEGENERATE[case], scheme=scheme, replicates=200, chunk=100)
    for method in METHODS:
        found = getattr(drawn, method)()
        assert np.array_equal(np.isnan(found.lower), np.isnan(found.upper))
        given_ends = ~np.isnan(found.lower)
        assert (found.lower <= found.upper)[given_ends].all()
        low, high = ends(found)
        assert ((low >= -1e-15) & (high <= 1 + 1e-15))[given_ends].all()
        refused = found.to_frame()["note"] == REFUSED
        assert np.array_equal(refused, ~given_ends)


def test_what_each_method_makes_of_a_group_without_downloads() -> None:
    """The percentile interval is zero, without error; the others refuse."""
    drawn = bootstrap(DEGENERATE["empty group"])
    usa = NAMES.names.index("USA")
    found = drawn.percentile()
    assert [found.lower[usa], found.upper[usa], found.error_upper[usa]] == [0, 0, 0]
    assert found.lower[NAMES.names.index(RATIO)] == np.inf
    for method in ("bca", "studentised", "jackknife"):
        assert np.isnan(getattr(drawn, method)().lower[usa])


def test_what_is_undefined_is_refused_by_all() -> None:
    """Without China and the USA there is no ratio, and without China no family in it."""
    drawn = bootstrap(DEGENERATE["no denominator"])
    for method in METHODS:
        table = getattr(drawn, method)().to_frame().set_index("group")
        assert (table.loc[[RATIO, "family"], "note"] == REFUSED).all()
        assert table.loc[[RATIO, "family"], ["point", "lower", "upper"]].isna().all(axis=None)


@every_method
def test_the_unit_of_counting_does_not_matter(method: str) -> None:
    """Millions instead of ones give the same intervals, bit by bit."""
    cells = synthetic_cells()
    plain, scaled = (getattr(bootstrap(x), method)() for x in (cells, cells * 10**6))
    for name in ("point", "lower", "upper", "error_lower", "error_upper"):
        assert np.array_equal(getattr(plain, name), getattr(scaled, name), equal_nan=True)


@pytest.mark.slow
@EXAMPLES
@given(developers, st.integers(2, 1000), st.sampled_from(SCHEMES))
def test_no_unit_of_counting_matters(rows: list[list[int]], factor: int, scheme: Scheme) -> None:
    """Whatever the cells, the factor and the scheme, the percentile interval is the same."""
    few = partial(bootstrap, replicates=60, chunk=60, scheme=scheme)
    plain, scaled = (few(np.array(rows) * f).percentile() for f in (1, factor))
    assert np.array_equal(plain.lower, scaled.lower, equal_nan=True)
    assert np.array_equal(plain.upper, scaled.upper, equal_nan=True)


@pytest.mark.slow
@EXAMPLES
@given(developers, st.sampled_from(METHODS), st.sampled_from(SCHEMES))
def test_exchanged_labels_turn_the_lead_round(
    rows: list[list[int]], method: str, scheme: Scheme
) -> None:
    """With China and the USA exchanged the lead changes its sign, and the ratio is its inverse."""
    few = partial(bootstrap, replicates=201, chunk=201, scheme=scheme)
    cells = np.array(rows)
    plain, turned = (getattr(few(cells[:, order]), method)() for order in ([0, 1, 2], [1, 0, 2]))
    close = partial(np.allclose, rtol=1e-6, atol=1e-6, equal_nan=True)
    assert np.array_equal(np.isnan(plain.lower[:5]), np.isnan(turned.lower[[1, 0, 2, 3, 4]]))
    assert close(plain.lower[[0, 1, 2]], turned.lower[[1, 0, 2]])
    assert close(plain.lower[3], -turned.upper[3])
    assert close(plain.upper[3], -turned.lower[3])
    inverse = ends(plain)[:, 4], 1 - ends(turned)[::-1, 4]
    assert close(*(np.nan_to_num(x, nan=-1) for x in inverse))


def test_intervals_are_frozen_and_readable() -> None:
    """Nobody changes an end; printed, every statistic has a line with its interval."""
    found = bootstrap([[2, 0, 1], [2, 0, 1]], replicates=10, chunk=10).percentile()
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.level = 0.5  # type: ignore[misc]
    lines = repr(found).splitlines()
    assert lines[0] == "percentile, 95 %"
    assert lines[1].split() == ["China", "+0.6667", "[+0.6667,", "+0.6667]"]
    assert [line.split("  +")[0].strip() for line in lines[1:]] == [*NAMES.names]


@every_method
def test_the_table_has_a_row_for_every_statistic(method: str) -> None:
    """In the documented columns, with an end either given or refused, and said so."""
    found = getattr(bootstrap(synthetic_cells()), method)()
    table = found.to_frame()
    assert [*table.columns] == COLUMNS
    assert table["group"].tolist() == [*NAMES.names]
    assert np.array_equal(table["upper"], found.upper)
    assert (table["note"] == "").all()
    simulated = method != "jackknife"
    assert (table[["error_lower", "error_upper"]] > 0).all(axis=None) == simulated


def test_leave_one_out_ranges_hold_the_point_and_need_no_empty_developer() -> None:
    """What one developer moves is seen on both sides, and one without downloads moves nothing."""
    for seed in range(20):
        cells = synthetic_cells(15, seed)
        drawn, more = bootstrap(cells), bootstrap(np.vstack([cells, 0 * cells[:1]]))
        low, high = intervals.leave_one_out_range(*[drawn.without_each] * 2)
        assert ((low <= drawn.point) & (drawn.point <= high)).all()
        same = intervals.leave_one_out_range(*[more.without_each] * 2)
        assert np.array_equal(same, (low, high))
