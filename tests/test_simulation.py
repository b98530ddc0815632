"""Simulated data sets: what each model keeps, what it draws, and the truth that it states."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from released_files import EXAMPLES
from scipy import stats

from replication.inference import simulation
from replication.inference.pareto import fit_tail, tail_size
from replication.inference.simulation import (
    CLASSES,
    DEVELOPERS,
    HITS,
    LABELS,
    MODELS,
    PARETO,
    DataSet,
    Population,
)

every_model = pytest.mark.parametrize("model", MODELS)
INDEPENDENT = (LABELS, HITS, PARETO)
"""Models that draw classes independently of sizes."""
repositories = st.lists(st.integers(1, 10**6), min_size=1, max_size=4)


def synthetic_population(n: int = 40, seed: int = 1) -> Population:
    """Synthetic developers of one to three repositories, of sizes that name their developer."""
    rng = np.random.default_rng(seed)
    count = rng.integers(1, 4, n)
    developer = np.repeat(np.arange(n), count)
    totals = np.floor(1000 * rng.pareto(1.5, n)) * n + 3 * n + np.arange(n)
    sizes = np.floor(totals[developer] / count[developer])
    sizes[np.cumsum(count) - 1] += totals - np.bincount(developer, sizes)
    return Population(sizes, developer, rng.permutation(np.resize([0, 1, 1, 2, 2], n)))


POPULATION = synthetic_population()
N = len(POPULATION.classes)


def draw(
    model: str, number: int, population: Population = POPULATION, seed: int = 3
) -> list[DataSet]:
    """Draw several data sets."""
    generator = np.random.default_rng(seed)
    return [simulation.simulate(population, model, generator) for _ in range(number)]


def classes_of(data: DataSet) -> np.ndarray:
    """Class of every developer."""
    return data.developers.argmax(axis=1)


def chi2_passes(observed: np.ndarray, probabilities: np.ndarray) -> bool:
    """Whether counts pass a chi-squared test at 1 in 1,000."""
    return bool(stats.chisquare(observed, probabilities * observed.sum()).pvalue > 0.001)


def test_the_population_is_what_it_says() -> None:
    """Totals add up repositories, and shares add up developers."""
    made = Population(np.array([5.0, 1, 4, 10]), np.array([0, 0, 1, 2]), np.array([2, 1, 0]))
    assert made.totals.tolist() == [6, 4, 10]
    assert made.shares.tolist() == [0.5, 0.2, 0.3]
    two = Population(np.array([1.0, 3]), np.array([0, 1]), np.array([1, 0]))
    assert two.shares.tolist() == [0.75, 0.25, 0]


@every_model
def test_a_data_set_is_cells_of_whole_developers(model: str) -> None:
    """As many developers as there are, each in one class, with a download in every repository."""
    for data in draw(model, 20):
        assert data.developers.shape == (N, CLASSES)
        assert data.developers.dtype == data.repositories.dtype == np.int64
        assert ((data.developers > 0).sum(axis=1) == 1).all()
        assert ((data.repositories > 0).sum(axis=1) == 1).all()
        assert np.array_equal(data.developers.sum(axis=0), data.repositories.sum(axis=0))


@every_model
def test_the_generator_alone_decides(model: str) -> None:
    """The same seed gives the same data sets, another seed others."""
    once, again, other = (draw(model, 3, seed=seed) for seed in (1, 1, 2))
    for a, b, c in zip(once, again, other, strict=True):
        assert np.array_equal(a.repositories, b.repositories)
        assert not np.array_equal(a.developers, c.developers)


def test_labels_keeps_every_size() -> None:
    """In the same places, by developer and by repository; the classes alone are drawn."""
    for data in draw(LABELS, 20):
        assert np.array_equal(data.developers.sum(axis=1), POPULATION.totals)
        assert np.array_equal(data.repositories.sum(axis=1), POPULATION.sizes)


@pytest.mark.parametrize("model", INDEPENDENT)
def test_classes_are_drawn_with_their_shares(model: str) -> None:
    """Of all developers as often as the shares say, and of the largest as of the others."""
    data = draw(model, 400)
    drawn = np.array([classes_of(d) for d in data])
    largest = np.array([d.developers.sum(axis=1).argmax() for d in data])
    for part in (drawn.ravel(), drawn[np.arange(len(data)), largest]):
        assert chi2_passes(np.bincount(part, minlength=3), POPULATION.shares)


@pytest.mark.parametrize("model", [HITS, DEVELOPERS])
def test_developers_are_drawn_with_replacement(model: str) -> None:
    """Sizes name developers: each is drawn as often as the others, and Poisson-like often at once."""
    data = draw(model, 400)
    place = {total: n for n, total in enumerate(POPULATION.totals)}
    who = np.array([[place[total] for total in d.developers.sum(axis=1)] for d in data])
    assert chi2_passes(np.bincount(who.ravel(), minlength=N), np.full(N, 1 / N))
    times = np.apply_along_axis(np.bincount, 1, who, minlength=N).ravel()
    law = stats.binom(N, 1 / N).pmf(np.arange(4))
    observed = np.append(np.bincount(times, minlength=4)[:4], (times > 3).sum())
    assert chi2_passes(observed, np.append(law, 1 - law.sum()))


def test_developers_keep_their_classes() -> None:
    """With every size goes the class that it has in the population."""
    held = dict(zip(POPULATION.totals, POPULATION.classes, strict=True))
    for data in draw(DEVELOPERS, 50):
        expected = [held[total] for total in data.developers.sum(axis=1)]
        assert classes_of(data).tolist() == expected


def test_drawn_developers_bring_their_repositories() -> None:
    """The repositories of a data set are those of its developers, one after the other."""
    of = {t: POPULATION.sizes[POPULATION.developer == n] for n, t in enumerate(POPULATION.totals)}
    for data in draw(HITS, 20):
        totals = data.developers.sum(axis=1)
        expected = np.concatenate([of[total] for total in totals])
        assert np.array_equal(data.repositories.sum(axis=1), expected)
        owner = np.repeat(classes_of(data), [len(of[total]) for total in totals])
        assert np.array_equal(data.repositories.argmax(axis=1), owner)


LARGE = synthetic_population(400, 5)
TAIL = fit_tail(LARGE.totals, tail_size(400))


def test_the_pareto_tail_is_the_fitted_one() -> None:
    """What lies above the threshold follows scipy's Pareto law, whose index is found again."""
    sizes = np.concatenate([d.developers.sum(axis=1) for d in draw(PARETO, 200, LARGE)])
    above = sizes[sizes > TAIL.threshold * 1.0001]
    law = stats.pareto(TAIL.index, scale=TAIL.threshold)
    assert stats.kstest(above, law.cdf).pvalue > 0.001
    found = 1 / np.log(above / TAIL.threshold).mean()
    assert found == pytest.approx(TAIL.index, rel=4 / np.sqrt(len(above)))
    expected = stats.binom(len(sizes), TAIL.size / 400)
    assert abs(len(above) - expected.mean()) < 4 * expected.std()


def test_below_the_tail_pareto_is_hits() -> None:
    """Smaller developers keep their sizes, and large ones the proportions of their repositories."""
    known = set(LARGE.totals)
    for data in draw(PARETO, 20, LARGE):
        sizes = data.developers.sum(axis=1)
        assert all(size in known for size in sizes[sizes <= TAIL.threshold])


def test_a_redrawn_developer_keeps_the_proportions_of_its_repositories() -> None:
    """Ten large developers of 100 have two repositories, one three times as large as the other."""
    count = np.repeat([1, 2], [90, 10])
    sizes = np.concatenate([np.arange(1.0, 91), np.tile([3000.0, 1000.0], 10)])
    made = Population(sizes, np.repeat(np.arange(100), count), np.arange(100) % 3)
    for data in draw(PARETO, 20, made):
        totals, parts = (cells.sum(axis=1) for cells in (data.developers, data.repositories))
        first = np.cumsum(1 + (totals > 90)) - 1 - (totals > 90)
        large = first[totals > 90]
        assert len(parts) == 100 + len(large)
        assert np.allclose(parts[large], 3 * parts[large + 1], atol=2)


@pytest.mark.slow
@pytest.mark.parametrize("model", INDEPENDENT)
@pytest.mark.parametrize("power", [1.0, 0.0])
def test_the_stated_truth_is_the_mean_share(model: str, power: float) -> None:
    """Of every class, and so of the lead, within four standard errors of 4,000 data sets."""
    population = POPULATION.flattened(power)
    held = np.array([d.developers.sum(axis=0) for d in draw(model, 4000, population)])
    shares = held / held.sum(axis=1, keepdims=True)
    both = np.column_stack([shares, shares[:, 0] - shares[:, 1]])
    truth = np.append(population.shares, population.shares[0] - population.shares[1])
    error = both.std(axis=0) / np.sqrt(len(both))
    assert (np.abs(both.mean(axis=0) - truth) < 4 * error).all()


@pytest.mark.slow
def test_where_developers_are_drawn_the_truth_is_the_ratio_of_means() -> None:
    """A mean of ratios would be biased: the mean total of a class over the mean total is not."""
    held = np.array([d.developers.sum(axis=0) for d in draw(DEVELOPERS, 4000)], dtype=float)
    off = held - POPULATION.shares * held.sum(axis=1, keepdims=True)
    assert (np.abs(off.mean(axis=0)) < 4 * off.std(axis=0) / np.sqrt(len(off))).all()


def test_flattened_to_nothing_all_developers_are_equal() -> None:
    """Of the same size together, with the proportions of their repositories kept."""
    flat = POPULATION.flattened(0)
    assert np.allclose(flat.totals, POPULATION.totals.mean(), rtol=1e-12)
    before = POPULATION.sizes / POPULATION.totals[POPULATION.developer]
    after = flat.sizes / flat.totals[flat.developer]
    assert np.allclose(before, after, rtol=1e-12)
    assert np.allclose(flat.shares, np.bincount(POPULATION.classes) / N, rtol=1e-12)


@EXAMPLES
@given(st.lists(repositories, min_size=2, max_size=8), st.floats(0, 1))
def test_flattening_keeps_the_total_and_the_order(rows: list[list[int]], power: float) -> None:
    """Ratios of developers are raised to the power; the first power changes nothing."""
    developer = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    made = Population(np.concatenate(rows).astype(float), developer, np.arange(len(rows)) % 3)
    flat = made.flattened(power)
    assert flat.totals.sum() == pytest.approx(made.totals.sum(), rel=1e-9)
    ratios = flat.totals / flat.totals[0]
    assert np.allclose(ratios, (made.totals / made.totals[0]) ** power, rtol=1e-9)
    assert np.allclose(made.flattened(1).sizes, made.sizes, rtol=1e-12)
