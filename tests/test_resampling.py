"""The cluster bootstrap: its law, its seeds, and a second implementation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse, stats

from replication.errors import DegenerateDataError
from replication.inference import merging, resampling, schemes
from replication.inference.poisson import LARGEST
from replication.inference.resampling import cluster_weights, replicate_totals, totals_without_each
from replication.inference.schemes import DIRICHLET, MULTINOMIAL, POISSON, Scheme, Subsample

SEED = 7
SCHEMES = (MULTINOMIAL, POISSON, DIRICHLET, Subsample(2 / 3))
every_scheme = pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: s.name)


def synthetic_cells(n: int = 40, k: int = 3) -> np.ndarray:
    """Synthetic heavy-tailed cells (n, k)."""
    rng = np.random.default_rng(1)
    return np.floor(rng.pareto(1.2, (n, k)) * 1000).astype(np.int64)


def test_totals_are_the_totals_of_resampled_rows() -> None:
    """Weights times cells equals the sum of the rows, each repeated as often as it was drawn."""
    cells = synthetic_cells()
    weights = cluster_weights(len(cells), 20, SEED, 0).astype(int)
    by_rows = [np.repeat(cells, w, axis=0).sum(axis=0) for w in weights]
    assert np.array_equal(replicate_totals(cells, 20, 20, SEED), by_rows)
    assert (weights.sum(axis=1) == len(cells)).all()


@every_scheme
def test_fewer_replicates_are_a_prefix_of_more(scheme: Scheme) -> None:
    """The chunk alone decides what is drawn, not how many replicates are asked for."""
    cells = synthetic_cells()
    many = replicate_totals(cells, 1000, 100, SEED, scheme=scheme)
    assert np.array_equal(replicate_totals(cells, 250, 100, SEED, scheme=scheme), many[:250])
    assert not np.array_equal(many[:100], many[100:200])


@every_scheme
def test_sums_are_exact_in_any_order(scheme: Scheme) -> None:
    """Exact sums: permuted columns give the same bytes."""
    cells = synthetic_cells(k=7) * 10**3 + 1
    order = np.array([6, 2, 0, 1, 5, 4, 3])
    plain = replicate_totals(cells, 300, 100, SEED, scheme=scheme)
    permuted = replicate_totals(cells[:, order], 300, 100, SEED, scheme=scheme)
    assert np.array_equal(permuted, plain[:, order])
    assert (plain == np.floor(plain)).all() == (scheme is not DIRICHLET)


def test_rows_drawn_at_a_time_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream of numbers is the same however many rows are drawn at once."""
    plain = cluster_weights(30, 64, SEED, 2).copy()
    cluster_weights.cache_clear()
    monkeypatch.setattr(schemes, "AT_ONCE", 100)
    assert np.array_equal(cluster_weights(30, 64, SEED, 2), plain)


def test_standard_error_is_what_theory_says() -> None:
    """With n equal clusters a resampled share is binomial: its variance is p(1 − p)/n."""
    n, hits, replicates = 50, 15, 20_000
    cells = np.zeros((n, 2), dtype=np.int64)
    cells[:hits, 0] = cells[hits:, 1] = 10
    totals = replicate_totals(cells, replicates, 1000, SEED)
    drawn = totals[:, 0] / totals.sum(axis=1) * n
    expected = stats.binom(n, hits / n)
    observed = np.bincount(drawn.round().astype(int), minlength=n + 1)[5:26]
    cells_expected = expected.pmf(np.arange(5, 26)) * replicates
    chi2 = ((observed - cells_expected) ** 2 / cells_expected).sum()
    assert chi2 < stats.chi2.ppf(0.999, len(observed))
    assert drawn.var() == pytest.approx(expected.var(), rel=4 * np.sqrt(2 / replicates))


def test_percentiles_agree_with_scipy() -> None:
    """scipy.stats.bootstrap on the same clusters gives the same interval within Monte-Carlo error."""
    cells = synthetic_cells(k=2)
    totals = replicate_totals(cells, 20_000, 500, SEED)
    ours = np.quantile(totals[:, 0] / totals.sum(axis=1), [0.025, 0.975])

    def share(first: np.ndarray, second: np.ndarray, axis: int) -> np.ndarray:
        return first.sum(axis=axis) / (first.sum(axis=axis) + second.sum(axis=axis))

    theirs = stats.bootstrap(
        (cells[:, 0], cells[:, 1]),
        share,
        paired=True,
        method="percentile",
        n_resamples=20_000,
        rng=np.random.default_rng(3),
        batch=2000,
    )
    spread = theirs.bootstrap_distribution
    for end, (ours_end, theirs_end) in zip(
        (0.025, 0.975), zip(ours, theirs.confidence_interval, strict=True), strict=True
    ):
        near = np.quantile(
            spread, [end - 0.005, end + 0.005]
        )  # 4.5 Monte-Carlo errors of the level
        assert near[0] <= ours_end <= near[1], (end, ours_end, theirs_end)


def test_a_fixed_seed_gives_fixed_numbers() -> None:
    """A change of the stream of replicates would change every published interval: notice it."""
    totals = replicate_totals(np.array([[1], [10], [100]]), 6, 4, 20251203)
    assert totals.ravel().tolist() == [12.0, 30.0, 102.0, 3.0, 210.0, 3.0]


def test_totals_without_each_cluster() -> None:
    """The closed form equals deleting each row."""
    cells = synthetic_cells(12)
    brute = [np.delete(cells, i, axis=0).sum(axis=0) for i in range(len(cells))]
    assert np.array_equal(totals_without_each(cells), brute)


@pytest.mark.parametrize("cells", [np.zeros((0, 2), np.int64), np.array([[3, 4]])])
def test_one_cluster_cannot_be_resampled(cells: np.ndarray) -> None:
    """A single developer, or none, is a named error."""
    with pytest.raises(DegenerateDataError, match="nothing can be resampled"):
        replicate_totals(cells, 10, 10, SEED)


def test_totals_beyond_exact_arithmetic_are_refused() -> None:
    """Sums that a double cannot hold exactly are refused, not rounded."""
    with pytest.raises(DegenerateDataError, match="not exact"):
        replicate_totals(np.full((4, 1), 2**51, dtype=np.int64), 10, 10, SEED)


MANY = resampling.FEW + 500


def synthetic_hub(n: int = MANY) -> np.ndarray:
    """Synthetic cells of many small clusters in one group each, and a few large ones."""
    rng = np.random.default_rng(3)
    cells = np.zeros((n, 4), dtype=np.int64)
    cells[np.arange(n), rng.integers(0, 3, n)] = np.floor(2 * rng.pareto(1.0, n))
    cells[:, 3] = np.where(rng.random(n) < 0.1, cells[:, 0], 0)  # a family inside a group
    return cells


@pytest.mark.slow
@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    rows=st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=1, max_size=60),
    most=st.integers(1, 5),
)
def test_merging_loses_and_adds_no_row(rows: list[tuple[int, ...]], most: int) -> None:
    """Merged rows as often as they stand for one are the rows that came in."""
    cells = np.array(rows, dtype=np.int64)
    found = merging.merged(cells, most)
    back = np.repeat(found.rows.toarray(), found.times, axis=0)
    assert sorted(map(tuple, back)) == sorted(map(tuple, cells.astype(float)))
    assert found.clusters == len(rows)
    assert (np.diff(found.times) >= 0).all()
    assert 1 <= found.times[0] <= found.times[-1] <= most
    _, times = np.unique(cells, axis=0, return_counts=True)
    assert len(found.times) == (-(-times // most)).sum()


def test_rows_with_one_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the hash cannot tell rows apart, they are compared whole."""

    class Even:
        """A generator whose factors are all one, so that (1, 2) and (2, 1) collide."""

        def integers(self, *_: object, size: int, dtype: type) -> np.ndarray:
            """Factors of the hash."""
            return np.ones(size, dtype=dtype)

    monkeypatch.setattr(np.random, "default_rng", lambda _: Even())
    rows, times = merging.different_rows(np.array([[1, 2], [2, 1], [1, 2]]))
    assert rows.tolist() == [[1, 2], [2, 1]]
    assert times.tolist() == [2, 1]


def test_merged_rows_have_the_moments_of_the_multinomial() -> None:
    """Totals of n rows drawn with replacement have mean n·x̄ and covariance n·S, as theory says."""
    cells, replicates = synthetic_hub(), 8000
    totals = replicate_totals(cells, replicates, 500, SEED)
    covariance = len(cells) * np.cov(cells.T.astype(float), bias=True)
    spread = np.sqrt(np.diag(covariance) / replicates)
    assert (np.abs(totals.mean(axis=0) - cells.sum(axis=0)) < 5 * spread).all()
    scale = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    assert np.abs((np.cov(totals.T) - covariance) / scale).max() < 0.2  # fourth moments are large


@pytest.mark.slow
@every_scheme
def test_merged_rows_have_the_law_of_single_ones(
    monkeypatch: pytest.MonkeyPatch, scheme: Scheme
) -> None:
    """The same clusters drawn one by one give totals and shares of the same distribution."""
    cells = synthetic_hub()
    merged = replicate_totals(cells, 4000, 500, SEED, scheme=scheme)
    monkeypatch.setattr(resampling, "FEW", len(cells))
    single = replicate_totals(cells, 4000, 500, SEED + 1, scheme=scheme)
    shares = [totals[:, 0] / totals[:, :3].sum(axis=1) for totals in (merged, single)]
    assert stats.ks_2samp(*shares).pvalue > 0.001
    for place in range(4):
        assert stats.ks_2samp(merged[:, place], single[:, place]).pvalue > 0.0005
    if scheme is not DIRICHLET:
        assert (merged == np.floor(merged)).all()


@every_scheme
def test_merged_totals_are_exact_sums_of_what_was_drawn(scheme: Scheme) -> None:
    """Whole-number arithmetic on the weights that the scheme draws gives the same totals."""
    cells = synthetic_hub()
    rows = merging.merged(cells, LARGEST)
    each = sparse.csr_array(np.eye(len(rows.times)))
    draw = scheme.merged(merging.Merged(each, rows.times))
    weights = draw(resampling.generator_of(SEED, 0), 40) * schemes.GRAIN
    assert (weights == np.rint(weights)).all()
    expected = weights.astype(np.int64) @ rows.rows.toarray().astype(np.int64)
    totals = replicate_totals(cells, 40, 40, SEED, scheme=scheme)
    assert np.array_equal(totals * schemes.GRAIN, expected)


@every_scheme
def test_merged_rows_have_the_mean_of_all_rows(scheme: Scheme) -> None:
    """The mean total is the total, or that part of it which a subsample takes."""
    cells = synthetic_hub()
    totals = replicate_totals(cells, 4000, 500, SEED, scheme=scheme)
    part = scheme.drawn(MANY) / MANY if isinstance(scheme, Subsample) else 1
    error = totals.std(axis=0) / np.sqrt(len(totals))
    assert (np.abs(totals.mean(axis=0) - part * cells.sum(axis=0)) < 5 * error).all()


@pytest.mark.parametrize("most", [1, 5])
def test_for_how_many_a_row_stands_changes_no_law(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Every cluster a row, or a row for five at most: the shares have the same distribution."""
    cells = synthetic_hub()
    plain = replicate_totals(cells, 2000, 500, SEED)
    monkeypatch.setattr(resampling, "LARGEST", most)
    other = replicate_totals(cells, 2000, 500, SEED + 2)
    shares = [totals[:, 0] / totals[:, :3].sum(axis=1) for totals in (plain, other)]
    assert not np.array_equal(*shares)
    assert stats.ks_2samp(*shares).pvalue > 0.001


@every_scheme
@pytest.mark.parametrize("at_once", [3000, 1 << 21])
def test_rows_weighted_at_a_time_do_not_matter_to_the_law(
    monkeypatch: pytest.MonkeyPatch, scheme: Scheme, at_once: int
) -> None:
    """A few rows at a time, across the border of paired numbers, or all of them: one law."""
    cells = synthetic_hub()
    plain = replicate_totals(cells, 1000, 500, SEED, scheme=scheme)
    monkeypatch.setattr(merging, "AT_ONCE", at_once)
    other = replicate_totals(cells, 1000, 500, SEED + 2, scheme=scheme)
    for place in range(4):
        assert stats.ks_2samp(plain[:, place], other[:, place]).pvalue > 0.0005


def test_a_fixed_seed_gives_fixed_numbers_of_many_clusters() -> None:
    """Tables are whole-number arithmetic, so that every machine draws these."""
    totals = replicate_totals(synthetic_hub(), 4, 4, 20251203)
    assert totals[:, :2].ravel().astype(int).tolist() == [
        *[3495, 6491, 4986, 4136],
        *[6207, 5260, 6196, 7210],
    ]


@every_scheme
def test_neither_workers_nor_the_order_of_clusters_change_a_byte(scheme: Scheme) -> None:
    """Chunks have seeds of their own, and merged rows an order of their own."""
    cells = synthetic_hub()
    plain = replicate_totals(cells, 700, 100, SEED, 1, scheme)
    shuffled = np.random.default_rng(4).permutation(cells)
    assert np.array_equal(replicate_totals(cells, 700, 100, SEED, 3, scheme), plain)
    assert np.array_equal(replicate_totals(shuffled, 700, 100, SEED, 2, scheme), plain)
    assert np.array_equal(replicate_totals(cells, 250, 100, SEED, 0, scheme), plain[:250])


def test_totals_of_many_clusters_must_be_exact() -> None:
    """Too large to add up exactly: a named error, as for few clusters."""
    cells = np.full((MANY, 1), 2**44, dtype=np.int64)
    with pytest.raises(DegenerateDataError, match=r"2\*\*53"):
        replicate_totals(cells, 100, 100, SEED)
