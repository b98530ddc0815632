"""A lognormal beside the Pareto tail: against scipy's laws, and on simulated tails of known law."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from replication.errors import DegenerateDataError
from replication.inference import tail_models
from replication.inference.tail_models import Comparison, compare, excesses


def drawn_lognormal(n: int, seed: int, spread: float = 2.5) -> np.ndarray:
    """Synthetic lognormal sizes, as spread out as the developers' downloads."""
    return np.exp(np.random.default_rng(seed).normal(10, spread, n))


def drawn_pareto(n: int, seed: int, index: float = 0.6) -> np.ndarray:
    """Synthetic sizes of a Pareto law."""
    return np.random.default_rng(seed).pareto(index, n) + 1


def compared(sizes: np.ndarray, k: int, replicates: int = 99, seed: int = 5) -> Comparison:
    """The comparison of the k largest of some sizes."""
    return compare(excesses(sizes, k), replicates, np.random.default_rng(seed))


def refused(tails: list[Comparison], *, by_vuong: bool = False) -> int:
    """In how many tails the Pareto law is refused for the lognormal at 5 %."""
    chances = [t.vuong_p if by_vuong else t.variation_p for t in tails]
    return sum(p <= 0.05 and t.likelihood_ratio > 0 for p, t in zip(chances, tails, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize(("n", "k", "seed"), [(120, 40, 1), (300, 150, 2), (80, 9, 3)])
def test_the_fit_is_scipys_largest_likelihood(n: int, k: int, seed: int) -> None:
    """A search over scipy's lognormal, cut off at the threshold, ends at the same law and likelihood."""
    sizes = np.sort(drawn_lognormal(n, seed))[::-1]
    above, threshold = sizes[:k], sizes[k]
    found = compared(sizes, k)

    def log_likelihoods(place: float, spread: float) -> np.ndarray:
        law = stats.lognorm(spread, scale=threshold * np.exp(place))
        return np.asarray(law.logpdf(above) - law.logsf(threshold))

    searched = optimize.minimize(
        lambda at: -log_likelihoods(at[0], np.exp(at[1])).sum(), [0.0, 0.0], method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-10, "maxiter": 10_000, "maxfev": 10_000},
    )  # fmt: skip
    assert found.place == pytest.approx(searched.x[0], abs=1e-4)
    assert found.spread == pytest.approx(np.exp(searched.x[1]), rel=1e-4)
    pareto = stats.pareto(found.index, scale=threshold).logpdf(above)
    ratios = log_likelihoods(*(found.place, found.spread)) - pareto
    assert found.index == pytest.approx(stats.pareto.fit(above, floc=0, fscale=threshold)[0])
    assert found.likelihood_ratio == pytest.approx(ratios.sum(), abs=1e-7)
    assert found.likelihood_ratio == pytest.approx(-searched.fun - pareto.sum(), abs=1e-6)
    score = ratios.sum() / (np.sqrt(k) * ratios.std())
    assert found.vuong == pytest.approx(score, rel=1e-6)
    assert found.vuong_p == pytest.approx(2 * stats.norm.cdf(-score), rel=1e-5)


def test_distances_are_those_of_scipys_kolmogorov_and_smirnov() -> None:
    """Of either fitted law, by scipy's test against its distribution."""
    above = excesses(drawn_lognormal(90, 4), 30)
    found = compare(above, 9, np.random.default_rng(1))
    exponential = stats.kstest(above, stats.expon(scale=above.mean()).cdf).statistic
    law = stats.truncnorm(-found.place / found.spread, np.inf, found.place, found.spread)
    assert tail_models._distance(above, normal=False) == pytest.approx(exponential)
    assert tail_models._distance(above, normal=True) == pytest.approx(
        stats.kstest(above, law.cdf).statistic
    )


def test_a_tail_more_spread_than_pareto_is_its_own_limit() -> None:
    """No lognormal is heavier than a Pareto law: both are then the same, and nothing is refused."""
    found = compare(np.array([9.0, 0.2, 0.1, 0.1, 0.05]), 99, np.random.default_rng(1))
    assert found.variation > 1
    assert (found.likelihood_ratio, found.vuong, found.vuong_p) == (0, 0, 1)
    assert np.isnan([found.place, found.spread]).all()
    assert found.pareto_p == found.lognormal_p
    assert found.variation_p > 0.5


def test_neither_order_nor_unit_matters() -> None:
    """Shuffled sizes in thousands give the same numbers."""
    sizes = drawn_lognormal(60, 6)
    shuffled = np.random.default_rng(1).permutation(sizes) * 1000
    plain, other = compared(sizes, 20), compared(shuffled, 20)
    for name, value in vars(plain).items():
        assert vars(other)[name] == pytest.approx(value, rel=1e-9), name


def test_equal_sizes_have_no_tail() -> None:
    """A named error rather than a division by nothing."""
    with pytest.raises(DegenerateDataError, match="equal"):
        excesses(np.full(40, 7), 6)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "k"), [(107, 10), (107, 53), (369, 19)])
def test_of_pareto_tails_no_more_than_a_twentieth_is_refused(n: int, k: int) -> None:
    """In two hundred samples as large as ours, by the variation and all the more by Vuong's statistic."""
    tails = [compared(drawn_pareto(n, seed), k, 99, seed) for seed in range(200)]
    exact, vuong = refused(tails), refused(tails, by_vuong=True)
    assert stats.binomtest(exact, 200, 0.05).pvalue > 0.001
    assert vuong <= exact
    assert vuong <= 10


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "k", "least", "most"), [(107, 10, 0.02, 0.25), (107, 53, 0.55, 0.95), (369, 184, 0.97, 1)]
)
def test_how_often_a_lognormal_is_told(n: int, k: int, least: float, most: float) -> None:
    """Hardly ever in a tail of ten, mostly in one of fifty, always in one of two hundred."""
    tails = [compared(drawn_lognormal(n, seed), k, 99, seed) for seed in range(100)]
    told = refused(tails) / 100
    assert least <= told <= most
    assert refused(tails, by_vuong=True) / 100 <= told


@pytest.mark.slow
def test_the_fit_of_the_true_law_is_refused_at_its_level() -> None:
    """Of lognormal tails the lognormal's fit is refused in a twentieth, of a two-humped one both are."""
    tails = [compared(drawn_lognormal(200, seed), 60, 99, seed) for seed in range(100)]
    bad = sum(t.lognormal_p <= 0.05 for t in tails)
    assert stats.binomtest(bad, 100, 0.05).pvalue > 0.001
    humps = np.concatenate([np.full(40, 0.1), np.full(40, 5.0)]) + np.linspace(0, 0.05, 80)
    found = compare(humps, 199, np.random.default_rng(1))
    assert (found.pareto_p, found.lognormal_p) == (1 / 200, 1 / 200)


def test_movement_by_hand() -> None:
    """Of indices 8, 1, 2, 3 from tails of two units on: three to one."""
    assert tail_models.movement(np.array([8.0, 1.0, 2.0, 3.0]), 2) == 3.0


def test_the_index_of_a_straight_tail_has_a_plateau_and_a_bent_one_none() -> None:
    """Quantiles of a Pareto law keep their index; those of a lognormal do not."""
    upper = (np.arange(1, 2001) - 0.5) / 2000
    straight, bent = upper**-1.5, np.exp(2.5 * stats.norm.isf(upper))
    draws = 199, np.random.default_rng(1)
    index, moves, chance = tail_models.plateau(straight, 45, *draws)
    assert index.shape == (956,)
    assert moves < 1.2
    assert chance > 0.9
    _, moves, chance = tail_models.plateau(bent, 45, *draws)
    assert moves > 2
    assert chance <= 0.05


@pytest.mark.slow
def test_the_chance_of_a_movement_is_a_p_value() -> None:
    """Over samples of a Pareto law it is uniform, and one twentieth moves by more than a factor of two."""
    found = [
        tail_models.plateau(drawn_pareto(100, seed), 10, 199, np.random.default_rng(seed))
        for seed in range(400)
    ]
    assert stats.kstest([chance for _, _, chance in found], "uniform").pvalue > 0.001
    over = sum(moves > 2 for _, moves, _ in found)
    assert stats.binomtest(over, 400, 0.05).pvalue > 0.001
