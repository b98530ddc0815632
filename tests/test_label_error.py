"""Label error carried through the replicates: its law, its seeds, and whether it covers."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats
from small import pivoted, synthetic_definitions, synthetic_repositories

from replication.analysis import label_error
from replication.analysis.cells import Repositories
from replication.analysis.label_error import BOTH, LABELS, LUCK, SOURCES, UNSETTLED
from replication.definitions import Definitions
from replication.inference.cells import Cells
from replication.inference.resampling import replicate_totals

DEFINITIONS = synthetic_definitions()
TABLE = synthetic_repositories(DEFINITIONS)
GROUPS = ("China", "USA", "France", "User")
"""One group of each class: China, the USA, another country, none."""
CERTAIN = np.eye(4, dtype=np.int64) * 10**15
AUDITED = np.array([[18, 0, 0, 1], [0, 9, 2, 3], [1, 0, 12, 4], [2, 6, 0, 30]])
"""A synthetic confusion table, not symmetric."""


def small_definitions(replicates: int, chunk: int = 100, seed: int = 1) -> Definitions:
    """The packaged definitions with these replicates, chunks and seed."""
    rules = dataclasses.replace(
        DEFINITIONS.inference, replicates=replicates, chunk=chunk, seed=seed, level=0.95
    )
    return dataclasses.replace(DEFINITIONS, inference=rules)


def synthetic_cells(rows: Sequence[Sequence[int]] | NDArray[np.int64]) -> Cells:
    """Synthetic developers: what each holds in China, the USA, another country and none."""
    counts = np.array([[*row, 0] for row in rows], dtype=np.int64)
    return Cells(tuple(f"developer {n:03d}" for n in range(len(rows))), GROUPS, counts)


MIXED = synthetic_cells(
    [
        [400, 0, 0, 0],
        [90, 10, 0, 0],
        [0, 300, 0, 0],
        [0, 0, 80, 0],
        [0, 50, 0, 60],
        [0, 0, 0, 30],
        [0, 0, 0, 7],
        [20, 1, 5, 9],
    ]
)


def shares(totals: NDArray[np.floating]) -> NDArray[np.float64]:
    """China's share, the USA's and the lead of totals by class."""
    china, usa = (totals[..., k] / totals.sum(axis=-1) for k in (0, 1))
    return np.stack([china, usa, china - usa], axis=-1)


POINT = shares(MIXED.by_group.sum(axis=0).astype(float))


def test_without_label_error_labels_never_move() -> None:
    """Where the codings agreed 10¹⁵ times labels stay, and both sources together are luck alone."""
    drawn = label_error.replicates(MIXED, CERTAIN, set(), small_definitions(300))
    for suffix in ("", UNSETTLED):
        assert np.array_equal(drawn[LABELS + suffix], np.tile(POINT, (300, 1)))
        assert np.array_equal(drawn[BOTH + suffix], drawn[LUCK])
    assert drawn[LUCK].std() > 0


def test_settled_developers_keep_their_labels() -> None:
    """Where all are settled nothing is left to draw but luck; where none is, all are drawn."""
    definitions = small_definitions(300)
    drawn = label_error.replicates(MIXED, AUDITED, set(MIXED.units), definitions)
    assert np.array_equal(drawn[LABELS + UNSETTLED], np.tile(POINT, (300, 1)))
    assert np.array_equal(drawn[BOTH + UNSETTLED], drawn[LUCK])
    assert drawn[LABELS].std(axis=0).min() > 0
    none = label_error.replicates(MIXED, AUDITED, {"somebody else"}, definitions)
    for source in (LABELS, BOTH):
        assert np.array_equal(none[source + UNSETTLED], none[source])
        assert np.array_equal(none[source], drawn[source])


def test_one_unsettled_developer_moves_alone() -> None:
    """Its downloads are China's, the USA's or neither side's, and nobody else's move."""
    drawn = label_error.replicates(
        MIXED, np.full((4, 4), 5), set(MIXED.units[1:]), small_definitions(300)
    )
    rest = MIXED.by_group[1:].sum(axis=0)
    total = int(MIXED.by_group.sum())
    possible = {
        (int(rest[0]) + 400 * a, int(rest[1]) + 400 * b) for a, b in ((1, 0), (0, 1), (0, 0))
    }
    found = {tuple(row) for row in (drawn[LABELS + UNSETTLED][:, :2] * total).round().astype(int)}
    assert found == possible


def test_luck_is_the_cluster_bootstrap_of_every_other_table() -> None:
    """The same seed gives the same replicates, mapped to shares, whatever the labels do."""
    definitions = small_definitions(250)
    totals = replicate_totals(MIXED.by_group, 250, 100, definitions.inference.seed)
    for confusion in (CERTAIN, AUDITED):
        drawn = label_error.replicates(MIXED, confusion, set(), definitions)
        assert np.array_equal(drawn[LUCK], shares(totals))


@pytest.mark.parametrize("fewer", [1, 100, 130])
def test_fewer_replicates_are_a_prefix_of_more(fewer: int) -> None:
    """The chunk alone decides what is drawn, not how many replicates are asked for."""
    settled = {MIXED.units[0]}
    many = label_error.replicates(MIXED, AUDITED, settled, small_definitions(300))
    few = label_error.replicates(MIXED, AUDITED, settled, small_definitions(fewer))
    assert set(few) == set(many) == set(SOURCES)
    for source in SOURCES:
        assert few[source].shape == (fewer, 3)
        assert np.array_equal(few[source], many[source][:fewer])


def test_chunks_and_seeds_draw_labels_of_their_own() -> None:
    """No two chunks share their labels, and neither do two seeds."""
    drawn = label_error.replicates(MIXED, AUDITED, set(), small_definitions(200))[LABELS]
    assert not np.array_equal(drawn[:100], drawn[100:])
    other = label_error.replicates(MIXED, AUDITED, set(), small_definitions(200, seed=2))[LABELS]
    assert not np.array_equal(drawn, other)


def test_groups_fall_into_four_classes() -> None:
    """China, the USA, every other country together, and every group without a country together."""
    counts = np.array([[*range(1, len(DEFINITIONS.groups) + 1), 0]], dtype=np.int64)
    held = Cells(("somebody",), DEFINITIONS.groups, counts)
    nowhere = sum(DEFINITIONS.groups.index(name) + 1 for name in DEFINITIONS.unattributed)
    rest = counts.sum() - 1 - 2 - nowhere
    assert DEFINITIONS.groups[:2] == ("China", "USA")
    assert label_error._by_class(held, DEFINITIONS).tolist() == [[1, 2, rest, nowhere]]


def totals_of(
    source: str, definitions: Definitions, settled: Collection[str] = ()
) -> NDArray[np.float64]:
    """Totals by class of every replicate, from all chunks."""
    fixed = np.isin(MIXED.units, [*settled])
    by_class = label_error._by_class(MIXED, definitions)
    chunks = range(definitions.inference.replicates // definitions.inference.chunk)
    parts = [
        dict(label_error._chunk(by_class, AUDITED, fixed, definitions, n))[source] for n in chunks
    ]
    return np.concatenate(parts)


def expected_moments(
    held: NDArray[np.int64], pseudo: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean and covariance of the totals, and mean squares within developers, by theory.

    Row c of the rates is Dirichlet(α_c): mean m = α/A, covariance (diag(m) − m mᵀ)/(A + 1). Given
    the rates, each holding d of class c goes to class k with probability p_ck, on its own. So the
    total of k has mean Σ T_c m_ck, and the law of total covariance adds, for each row, Σd² times
    the mean of diag(p) − p pᵀ to T_c² times the covariance of p.
    """
    size = pseudo.sum(axis=1)
    means = pseudo / size[:, None]
    mean = np.zeros(4)
    covariance = np.zeros((4, 4))
    squares = np.zeros((4, 4))
    for c in range(4):
        total, square = held[:, c].sum(), (held[:, c] ** 2).sum()
        m = means[c]
        of_rates = (np.diag(m) - np.outer(m, m)) / (size[c] + 1)
        mean += total * m
        covariance += square * (np.diag(m) - np.outer(m, m) - of_rates) + total**2 * of_rates
        squares += square * np.diag(m)
        for other in range(4):
            if other != c:
                squares += (held[:, c] * held[:, other]).sum() * np.outer(m, means[other])
    return mean, covariance, squares


def assert_moments(
    drawn: NDArray[np.float64], mean: NDArray[np.float64], covariance: NDArray[np.float64]
) -> None:
    """Means and covariances of replicates are these within five Monte-Carlo errors."""
    off = drawn - mean
    errors = off.std(axis=0) / np.sqrt(len(drawn))
    assert (np.abs(off.mean(axis=0)) <= 5 * errors).all()
    products = off[:, :, None] * off[:, None, :]
    errors = products.std(axis=0) / np.sqrt(len(drawn))
    assert (np.abs(products.mean(axis=0) - covariance) <= 5 * errors).all()


@pytest.mark.slow
def test_drawn_labels_have_the_moments_of_the_dirichlet() -> None:
    """Rows are the registry's classes and columns the true ones; rates are shared in a replicate."""
    definitions = small_definitions(40_000, chunk=4000)
    drawn = totals_of(LABELS, definitions)
    assert (drawn.sum(axis=1) == MIXED.by_group.sum()).all()
    mean, covariance, _ = expected_moments(MIXED.by_group, AUDITED + definitions.audit.prior)
    assert_moments(drawn, mean, covariance)
    assert mean[1] - MIXED.by_group.sum(axis=0)[1] < -100  # it can tell the table from no error


@pytest.mark.slow
def test_luck_and_labels_together_have_their_joint_moments() -> None:
    """Weights are drawn apart from labels.

    Given what each developer holds, multinomial weights add Σ x xᵀ − (Σx)(Σx)ᵀ/n to the covariance.
    """
    definitions = small_definitions(40_000, chunk=4000)
    mean, covariance, squares = expected_moments(MIXED.by_group, AUDITED + definitions.audit.prior)
    joint = covariance + squares - (covariance + np.outer(mean, mean)) / len(MIXED.units)
    assert_moments(totals_of(BOTH, definitions), mean, joint)


@pytest.mark.slow
def test_unsettled_labels_have_the_moments_of_what_is_unsettled() -> None:
    """The settled add their downloads where they are, and no variance."""
    definitions = small_definitions(40_000, chunk=4000)
    fixed = np.arange(len(MIXED.units)) % 2 == 0
    settled = [unit for unit, held in zip(MIXED.units, fixed, strict=True) if held]
    free = MIXED.by_group[~fixed]
    mean, covariance, _ = expected_moments(free, AUDITED + definitions.audit.prior)
    mean += MIXED.by_group[fixed].sum(axis=0)
    assert_moments(totals_of(LABELS + UNSETTLED, definitions, settled), mean, covariance)


def test_the_prior_is_that_of_the_study() -> None:
    """Without any audit a huge prior spreads labels evenly over the classes."""
    even = dataclasses.replace(DEFINITIONS.audit, prior=1_000.0)
    definitions = dataclasses.replace(small_definitions(20_000, chunk=4000), audit=even)
    held = synthetic_cells([[1, 0, 0, 0]] * 2)
    drawn = label_error.replicates(held, np.zeros((4, 4), dtype=np.int64), set(), definitions)[
        LABELS
    ]
    for count, share in ((0, 0.0), (1, 0.5), (2, 1.0)):
        p = stats.binom.pmf(count, 2, 0.25)
        error = np.sqrt(p * (1 - p) / 20_000)
        assert abs((drawn[:, 0] == share).mean() - p) < 5 * error


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Every interval on the synthetic panel."""
    return label_error.propagate(Repositories(TABLE, DEFINITIONS), AUDITED, {"Qwen"})


def test_every_window_role_source_and_statistic_has_one_row(rows: pd.DataFrame) -> None:
    """Under the registry's labels and without exclusions."""
    keys = ["estimand", "attribution", "labels", "source", "group"]
    assert list(rows.columns) == [*keys, "point", "lower", "upper", "china_leads"]
    assert not rows.duplicated(keys).any()
    assert len(rows) == len(DEFINITIONS.windows) * 3 * 5 * 3
    assert set(rows["estimand"]) == {window.id for window in DEFINITIONS.windows}
    assert set(rows["attribution"]) == {"uploader", "origin", "maker"}
    assert set(rows["labels"]) == {"registry"}


def test_points_by_hand(rows: pd.DataFrame) -> None:
    """By the registry China uploaded 650 of 1,000 and the USA 210, and made 750 and 210."""
    by = rows[rows["estimand"] == "cohort-2025-08"].set_index(["attribution", "group"])["point"]
    for role, china, usa in (
        ("uploader", 0.65, 0.21),
        ("origin", 0.75, 0.25),
        ("maker", 0.75, 0.21),
    ):
        assert (by.loc[role, "China"] == china).all()
        assert (by.loc[role, "USA"] == usa).all()
        assert by.loc[role, "China − USA"].to_numpy() == pytest.approx(china - usa, abs=1e-15)


def test_intervals_are_the_quantiles_of_the_replicates(rows: pd.DataFrame) -> None:
    """And china_leads is the fraction of them above zero."""
    held = pivoted(TABLE, "cohort-2025-08", "origin", "registry", DEFINITIONS)
    where = (rows["estimand"] == "cohort-2025-08") & (rows["attribution"] == "origin")
    for source, drawn in label_error.replicates(held, AUDITED, {"Qwen"}, DEFINITIONS).items():
        part = rows[where & (rows["source"] == source)]
        assert np.array_equal(part["lower"], np.quantile(drawn, 0.025, axis=0))
        assert np.array_equal(part["upper"], np.quantile(drawn, 0.975, axis=0))
        assert (part["china_leads"] == (drawn[:, 2] > 0).mean()).all()
        assert (drawn[:, 2] == drawn[:, 0] - drawn[:, 1]).all()


def test_without_label_error_the_interval_is_the_point() -> None:
    """Labels alone leave no width, and both leave that of luck."""
    found = label_error.propagate(Repositories(TABLE, DEFINITIONS), CERTAIN, set())
    labels = found[found["source"].isin([LABELS, LABELS + UNSETTLED])]
    assert (labels["lower"] == labels["point"]).all()
    assert (labels["upper"] == labels["point"]).all()
    assert (labels["china_leads"] == 1).all()
    luck, both = (
        found[found["source"] == source].drop(columns="source").reset_index(drop=True)
        for source in (LUCK, BOTH)
    )
    pd.testing.assert_frame_equal(luck, both, check_exact=True)
    assert (luck["lower"] < luck["point"]).any()


def synthetic_developers(number: int, seed: int) -> Cells:
    """Synthetic heavy-tailed developers, each wholly in the class that the registry gives."""
    generator = np.random.default_rng((seed, 1))
    held = np.zeros((number, 4), dtype=np.int64)
    size = np.floor(1000 * (1 + generator.pareto(1.5, number))).astype(np.int64)
    held[np.arange(number), generator.choice(4, number, p=[0.3, 0.3, 0.2, 0.2])] = size
    return synthetic_cells(held)


def true_share(held: Cells, rates: NDArray[np.float64], generator: np.random.Generator) -> float:
    """China's share under true labels that are drawn from the registry's through `rates`."""
    size, class_ = held.by_group.sum(axis=1), held.by_group.argmax(axis=1)
    truth = np.array([generator.choice(4, p=rates[c]) for c in class_])
    return float(size[truth == 0].sum() / size.sum())


SETS, REPLICATES = 500, 400
EXPECTED = 0.95 * (REPLICATES - 1) / (REPLICATES + 1)
"""A truth that is one more draw from the law of B replicates falls between their quantiles p and q
with probability (q − p)(B − 1)/(B + 1)."""
KNOWN = np.array([[80, 2, 8, 10], [4, 76, 10, 10], [6, 4, 80, 10], [20, 15, 5, 60]])
"""Synthetic rates of a confusion table in percent."""


def drawn_and_true(number: int, known: bool, times: int) -> tuple[NDArray[np.float64], float]:
    """Replicates of China's share in synthetic data set `number`, and its true share.

    Either the rates are known, as from an audit without end; or the data set has rates of its own
    from the prior, and an audit of ten units a class that is drawn through them, each counted so
    many times.
    """
    generator = np.random.default_rng((number, 2, int(known)))
    definitions = small_definitions(REPLICATES, chunk=REPLICATES, seed=number)
    held = synthetic_developers(40, number)
    rates = (
        KNOWN / 100 if known else generator.dirichlet(np.full(4, definitions.audit.prior), size=4)
    )
    audited = KNOWN * 10**10 if known else generator.multinomial(10, rates) * times
    truth = true_share(held, rates, generator)
    return label_error.replicates(held, audited, set(), definitions)[LABELS][:, 0], truth


def covered(known: bool, times: int = 1) -> int:
    """How many of the synthetic data sets have a 95 % interval that holds the truth."""
    hits = 0
    for number in range(SETS):
        drawn, truth = drawn_and_true(number, known, times)
        low, high = np.quantile(drawn, [0.025, 0.975])
        hits += bool(low <= truth <= high)
    return hits


@pytest.mark.slow
@pytest.mark.parametrize("known", [True, False])
def test_intervals_of_the_china_share_cover_the_truth_as_often_as_they_say(known: bool) -> None:
    """Of 500 synthetic data sets about 95 % are covered, with rates known and with rates audited."""
    low, high = stats.binom.interval(0.99, SETS, EXPECTED)
    assert low <= covered(known) <= high


@pytest.mark.slow
def test_an_audit_that_is_trusted_too_far_would_not_cover() -> None:
    """Were every audited unit counted a million times, the rates would have no error, and do."""
    assert covered(known=False, times=10**6) < stats.binom.ppf(1e-6, SETS, EXPECTED)
